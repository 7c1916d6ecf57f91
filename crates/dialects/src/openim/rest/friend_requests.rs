//! `/friend`: requests for friendship as those concerned read them. Source: REST sheet 5, 12.

use ringback_model::command::{Command, FriendCommand, FriendOutcome, Outcome, RequestShown};
use ringback_model::dialect::EdgeRequest;
use ringback_model::limits;
use ringback_model::record::Handled;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, at_most, body, parse, user_id};
use super::page::{Pagination, page};
use super::reply::{Data, data};
use crate::openim::content::argument;
use crate::openim::handled;

body! {
    /// A page of somebody's requests for friendship.
    #[schemars(rename = "FriendRequestPage")]
    Requests {
        /// Whose.
        user: String = "userID" required,
        /// Which page.
        pagination: Option<Pagination> = "pagination" required,
        /// 0 those not answered, 1 those that got a yes, -1 those that got a no; empty = all.
        #[schemars(length(max = 1000), inner(range(min = -1, max = 1)))]
        results: Vec<i32> = "handleResults",
    }
}

pub(super) fn received(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Requests = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    let (handled, page) = (results(&asked.results)?, page(asked.pagination)?);
    Ok(Command::Friend(FriendCommand::Received { user, handled, page }))
}

pub(super) fn sent(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Requests = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    let (handled, page) = (results(&asked.results)?, page(asked.pagination)?);
    Ok(Command::Friend(FriendCommand::Asked { user, handled, page }))
}

/// Ways in which requests end, each once.
pub(super) fn results(numbers: &[i32]) -> Result<Vec<Handled>, Reject> {
    at_most("handleResults", numbers.len(), limits::LIST_ITEMS)?;
    let mut wanted = Vec::new();
    for number in numbers {
        let Some(one) = handled::read(*number) else {
            return Err(argument(format!("handleResults holds {number}; known are 0, 1 and -1")).into());
        };
        if !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    Ok(wanted)
}

body! {
    /// Who asked whom.
    #[schemars(rename = "FriendRequestName")]
    Between {
        /// Who asked.
        from: String = "fromUserID" required,
        /// Who was asked.
        to: String = "toUserID" required,
    }
}

pub(super) fn between(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Between = parse(&request.body)?;
    let from = user_id("fromUserID", &asked.from)?;
    let to = user_id("toUserID", &asked.to)?;
    Ok(Command::Friend(FriendCommand::RequestOf { from, to }))
}

body! {
    /// Whose requests are counted, and since when.
    #[schemars(rename = "FriendRequestsSince")]
    Unhandled {
        /// Whose.
        user: String = "userID" required,
        /// Milliseconds since 1970.
        since: i64 = "time",
    }
}

pub(super) fn unhandled(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Unhandled = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Friend(FriendCommand::Open { user, since: UnixMs(asked.since) }))
}

/// A request as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FriendRequest")]
struct RequestJson<'a> {
    #[serde(rename = "fromUserID")]
    from: &'a str,
    #[serde(rename = "fromNickname")]
    from_nickname: &'a str,
    #[serde(rename = "fromFaceURL")]
    from_face_url: &'a str,
    #[serde(rename = "toUserID")]
    to: &'a str,
    #[serde(rename = "toNickname")]
    to_nickname: &'a str,
    #[serde(rename = "toFaceURL")]
    to_face_url: &'a str,
    /// 0 not answered, 1 yes, -1 no.
    #[serde(rename = "handleResult")]
    result: i32,
    #[serde(rename = "reqMsg")]
    message: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    at: i64,
    #[serde(rename = "handlerUserID")]
    handler: &'a str,
    #[serde(rename = "handleMsg")]
    answer: &'a str,
    /// Milliseconds since 1970; 0 = not answered.
    #[serde(rename = "handleTime")]
    handled_at: i64,
    ex: &'a str,
}

impl<'a> From<&'a RequestShown> for RequestJson<'a> {
    fn from(shown: &'a RequestShown) -> Self {
        let RequestShown { request, from, to } = shown;
        Self {
            from: from.id.as_str(),
            from_nickname: &from.nickname,
            from_face_url: &from.face_url,
            to: to.id.as_str(),
            to_nickname: &to.nickname,
            to_face_url: &to.face_url,
            result: handled::number(request.handled),
            message: &request.message,
            at: request.at.0,
            handler: &request.handler,
            answer: &request.answer,
            handled_at: request.handled_at.0,
            ex: &request.ex,
        }
    }
}

/// A page of requests that somebody got. The capital letter is the wire's own.
#[derive(Serialize, JsonSchema)]
pub(super) struct Received<'a> {
    #[serde(rename = "FriendRequests")]
    requests: Vec<RequestJson<'a>>,
    /// Requests on all pages.
    total: u64,
}

pub(super) fn received_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Requests(found)) = outcome else { return None };
    data(&Received { requests: found.items.iter().map(RequestJson::from).collect(), total: found.total })
}

/// A page of requests that somebody has sent.
#[derive(Serialize, JsonSchema)]
pub(super) struct SentRequests<'a> {
    #[serde(rename = "friendRequests")]
    requests: Vec<RequestJson<'a>>,
    /// Requests on all pages.
    total: u64,
}

pub(super) fn sent_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Requests(found)) = outcome else { return None };
    data(&SentRequests { requests: found.items.iter().map(RequestJson::from).collect(), total: found.total })
}

/// Requests between two users.
#[derive(Serialize, JsonSchema)]
pub(super) struct RequestsBetween<'a> {
    #[serde(rename = "friendRequests")]
    requests: Vec<RequestJson<'a>>,
}

pub(super) fn between_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Requests(found)) = outcome else { return None };
    data(&RequestsBetween { requests: found.items.iter().map(RequestJson::from).collect() })
}

/// How many.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UnhandledFriendRequests")]
pub(super) struct Count {
    count: u64,
}

pub(super) fn unhandled_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfFriend(FriendOutcome::Count(count)) = outcome else { return None };
    data(&Count { count: *count })
}
