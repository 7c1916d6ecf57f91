//! `/msg/search_msg`, `/msg/check_msg_is_send_success`. Source: REST sheet 7, 12.

use ringback_model::command::{
    ChatCommand, ChatOutcome, Command, Found, MessageSearch, Outcome, SearchPlace, SendState,
};
use ringback_model::dialect::EdgeRequest;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::Serialize;
use time::{Date, Month};

use super::body::{Reject, body, parse, user_id};
use super::page::{Pagination, page};
use super::reply::{Data, data};
use crate::openim::content::argument;
use crate::openim::seen;
use crate::openim::wire::session;
use ringback_model::command::Page;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 3_600_000;

body! {
    /// Messages that are looked for; what is absent does not matter.
    MessageSearchRequest {
        send_id: String = "sendID",
        /// A user or a group.
        recv_id: String = "recvID",
        content_type: i32 = "contentType",
        /// A day, as in 2026-01-31.
        day: String = "sendTime",
        /// 1 single, 3 group, 4 notification; 0 = any.
        #[schemars(extend("enum" = [0, 1, 3, 4]))]
        session_type: i32 = "sessionType",
        page: Option<Pagination> = "pagination" required,
    }
}

pub(super) fn search(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: MessageSearchRequest = parse(&request.body)?;
    let Page { skip, limit } = page(asked.page)?;
    let place = match asked.session_type {
        0 => None,
        session::SINGLE => Some(SearchPlace::Single),
        session::GROUP => Some(SearchPlace::Group),
        session::NOTICE => Some(SearchPlace::Notice),
        other => return Err(argument(format!("sessionType is {other}; known are 1, 3 and 4")).into()),
    };
    let sender = if asked.send_id.is_empty() { None } else { Some(user_id("sendID", &asked.send_id)?) };
    Ok(Command::Chat(ChatCommand::Search(MessageSearch {
        sender,
        recipient: Some(asked.recv_id).filter(|id| !id.is_empty()),
        place,
        content_code: Some(asked.content_type).filter(|code| *code != 0),
        sent: day(&asked.day)?,
        skip,
        limit,
    })))
}

/// A day, by universal time. A time of day behind it does not matter.
fn day(text: &str) -> Result<Option<(UnixMs, UnixMs)>, Reject> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || argument(format!("sendTime is {text:?}; a day is written like 2026-01-31"));
    let date = text.get(..10).and_then(date).ok_or_else(wrong)?;
    let first = date.midnight().assume_utc().unix_timestamp().saturating_mul(1000);
    Ok(Some((UnixMs(first), UnixMs(first.saturating_add(DAY_MS)))))
}

fn date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// A message that was found.
#[derive(Serialize, JsonSchema)]
struct ChatLog {
    #[serde(rename = "serverMsgID")]
    server_msg_id: String,
    #[serde(rename = "clientMsgID")]
    client_msg_id: String,
    #[serde(rename = "sendID")]
    send_id: String,
    #[serde(rename = "recvID")]
    recv_id: String,
    #[serde(rename = "groupID")]
    group_id: String,
    #[serde(rename = "recvNickname")]
    recv_nickname: String,
    #[serde(rename = "senderPlatformID")]
    sender_platform_id: i32,
    #[serde(rename = "senderNickname")]
    sender_nickname: String,
    #[serde(rename = "senderFaceURL")]
    sender_face_url: String,
    #[serde(rename = "groupName")]
    group_name: String,
    #[serde(rename = "sessionType")]
    session_type: i32,
    #[serde(rename = "msgFrom")]
    msg_from: i32,
    #[serde(rename = "contentType")]
    content_type: i32,
    content: String,
    status: i32,
    /// Milliseconds since 1970.
    #[serde(rename = "sendTime")]
    send_time: i64,
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    create_time: i64,
    ex: String,
    #[serde(rename = "groupFaceURL")]
    group_face_url: String,
    #[serde(rename = "groupMemberCount")]
    group_member_count: u32,
    seq: i64,
    #[serde(rename = "groupOwner")]
    group_owner: String,
    #[serde(rename = "groupType")]
    group_type: i32,
}

#[derive(Serialize, JsonSchema)]
struct FoundJson {
    #[serde(rename = "chatLog")]
    message: ChatLog,
    /// It was taken back.
    #[serde(rename = "isRevoked")]
    revoked: bool,
}

impl From<&Found> for FoundJson {
    fn from(found: &Found) -> Self {
        let data = seen::arrived(&found.message);
        let group = found.group.as_ref();
        let message = ChatLog {
            server_msg_id: data.server_msg_id,
            client_msg_id: data.client_msg_id,
            send_id: data.send_id,
            recv_id: data.recv_id,
            group_id: data.group_id,
            recv_nickname: found.recipient.as_ref().map_or_else(String::new, |user| user.nickname.clone()),
            sender_platform_id: data.sender_platform_id,
            sender_nickname: data.sender_nickname,
            sender_face_url: data.sender_face_url,
            group_name: group.map_or_else(String::new, |group| group.name.clone()),
            session_type: data.session_type,
            msg_from: data.msg_from,
            content_type: data.content_type,
            content: String::from_utf8_lossy(&data.content).into_owned(),
            status: data.status,
            send_time: data.send_time,
            create_time: data.create_time,
            ex: data.ex,
            group_face_url: group.map_or_else(String::new, |group| group.face_url.clone()),
            group_member_count: group.map_or(0, |group| group.member_count),
            seq: data.seq,
            group_owner: group.map_or_else(String::new, |group| group.owner.to_string()),
            group_type: group.map_or(0, |_| 2),
        };
        Self { message, revoked: found.revoked }
    }
}

/// Messages that were found.
#[derive(Serialize, JsonSchema)]
pub(super) struct FoundMessages {
    #[serde(rename = "chatLogs")]
    messages: Vec<FoundJson>,
    /// How many there are, as far as was looked.
    #[serde(rename = "chatLogsNum")]
    total: usize,
}

pub(super) fn found(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfChat(ChatOutcome::Found { total, messages }) = outcome else { return None };
    data(&FoundMessages { messages: messages.iter().map(FoundJson::from).collect(), total: *total })
}

/// The body does not matter, and may be missing.
#[allow(clippy::unnecessary_wraps, reason = "the type of every entry of the route table")]
pub(super) fn send_state(_request: &EdgeRequest) -> Result<Command, Reject> {
    Ok(Command::Chat(ChatCommand::SendState))
}

/// What became of a message.
#[derive(Serialize, JsonSchema)]
pub(super) struct SendStateJson {
    /// 0 nothing is known, 1 on its way, 2 sent, 3 not sent.
    status: i32,
}

pub(super) fn send_state_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfChat(ChatOutcome::SendState(state)) = outcome else { return None };
    let status = match state {
        SendState::Unknown => 0,
        SendState::Sending => 1,
        SendState::Sent => 2,
        SendState::Failed => 3,
    };
    data(&SendStateJson { status })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let start = |text| day(text).ok().flatten().map(|(from, before)| (from.0, before.0 - from.0));
        for (text, from) in [
            ("1970-01-01", Some(0)),
            ("2026-01-31", Some(1_769_817_600_000)),
            ("2026-01-31 12:00:00", Some(1_769_817_600_000)),
            ("1969-12-31", Some(-DAY_MS)),
            ("2024-02-29", Some(1_709_164_800_000)),
            ("2026-02-29", None),
            ("2026-13-01", None),
            ("yesterday", None),
            ("2026-01", None),
        ] {
            assert_eq!(start(text), from.map(|from| (from, DAY_MS)), "{text}");
        }
        assert!(day("").unwrap().is_none());
    }
}
