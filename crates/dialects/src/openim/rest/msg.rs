//! `/msg`: answers to sends, and reading. Source: REST sheet 7.

use std::collections::BTreeMap;

use ringback_model::command::{Command, Outcome, Sent, SeqRange};
use ringback_model::conversation::Target;
use ringback_model::dialect::EdgeRequest;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::body::{Reject, at_most, body, parse, user_id};
use super::reply::{Data, data};
use super::shown::{MsgDataJson, modify};
use crate::openim::content::{seq_in, server_msg_id};
use crate::openim::conversation_id::named;
use crate::openim::socket::answers;
use crate::openim::socket::requests::pull_order;
use crate::openim::wire::PullMsgs;

/// A message that was sent.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SentMessage")]
pub(super) struct SentJson<'a> {
    #[serde(rename = "serverMsgID")]
    server_msg_id: String,
    #[serde(rename = "clientMsgID")]
    client_msg_id: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "sendTime")]
    send_time: i64,
    /// To whom; where it was sent to many.
    #[serde(rename = "recvID", skip_serializing_if = "Option::is_none")]
    recv_id: Option<&'a str>,
    /// The fields that before-callbacks changed, as they are now; `content` as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    modify: Option<Map<String, Value>>,
}

impl<'a> SentJson<'a> {
    fn new(sent: &'a Sent, recv_id: Option<&'a str>) -> Self {
        Self {
            server_msg_id: server_msg_id(&sent.message),
            client_msg_id: &sent.message.client_id,
            send_time: sent.message.sent_at.0,
            recv_id,
            modify: sent.before.as_ref().and_then(|before| modify(before, &sent.message)),
        }
    }
}

pub(super) fn sent(outcome: &Outcome) -> Option<Data> {
    let Outcome::Sent(sent) = outcome else { return None };
    data(&SentJson::new(sent, None))
}

/// What became of a message to many.
#[derive(Serialize, JsonSchema)]
pub(super) struct SentToMany<'a> {
    results: Vec<SentJson<'a>>,
    #[serde(rename = "failedUserIDs")]
    failed: Vec<&'a str>,
}

fn named_by(target: &Target) -> &str {
    match target {
        Target::User(user) | Target::Notice(user) => user.as_str(),
        Target::Group(group) | Target::Room(group) => group.as_str(),
    }
}

pub(super) fn sent_to_many(outcome: &Outcome) -> Option<Data> {
    let Outcome::SentToMany { sent, failed } = outcome else { return None };
    data(&SentToMany {
        results: sent.iter().map(|(to, sent)| SentJson::new(sent, Some(named_by(to)))).collect(),
        failed: failed.iter().map(|(to, _)| named_by(to)).collect(),
    })
}

body! {
    /// Whose conversations are asked about.
    #[schemars(rename = "NewestSeqsRequest")]
    NewestSeq {
        /// A user id.
        user: String = "userID" required,
    }
}

pub(super) fn newest_seq(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: NewestSeq = parse(&request.body)?;
    Ok(Command::NewestSeqs { user: user_id("userID", &asked.user)? })
}

/// Numbers by conversation id.
#[derive(Serialize, JsonSchema)]
pub(super) struct NewestSeqs {
    /// The highest number of each conversation that has messages.
    #[serde(rename = "maxSeqs")]
    max_seqs: BTreeMap<String, i64>,
    #[serde(rename = "minSeqs")]
    min_seqs: BTreeMap<String, i64>,
}

pub(super) fn newest_seq_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Seqs(states) = outcome else { return None };
    let newest = answers::newest(states);
    data(&NewestSeqs { max_seqs: newest.max_seqs, min_seqs: newest.min_seqs })
}

body! {
    /// A range of numbers of one conversation, both ends included.
    #[schemars(rename = "SeqRange")]
    RangeJson {
        conversation: String = "conversationID",
        begin: i64 = "begin",
        end: i64 = "end",
        /// At most so many messages; 0 = as many as the server gives at once.
        num: i64 = "num",
    }
}

body! {
    /// Messages that are asked for.
    #[schemars(rename = "PullRequest")]
    Pull {
        /// Who asks.
        user: String = "userID" required,
        /// At most 1000.
        ranges: Vec<RangeJson> = "seqRanges",
        /// 0 upwards, 1 downwards.
        #[schemars(range(min = 0, max = 1))]
        order: i32 = "order",
    }
}

pub(super) fn pull(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Pull = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    at_most("seqRanges", asked.ranges.len(), limits::LIST_ITEMS)?;
    let order = pull_order(asked.order)?;
    let ranges = asked
        .ranges
        .iter()
        .map(|range| SeqRange {
            conversation: named(&user, &range.conversation),
            begin: seq_in(range.begin),
            end: seq_in(range.end),
            num: usize::try_from(range.num).unwrap_or(0),
        })
        .collect();
    Ok(Command::PullRanges { user, ranges, order })
}

/// Messages of one conversation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PulledMessages")]
struct PulledJson {
    #[serde(rename = "Msgs")]
    msgs: Vec<MsgDataJson>,
    /// Nothing more is in the range.
    #[serde(rename = "isEnd")]
    is_end: bool,
    /// Where the next range begins.
    #[serde(rename = "endSeq")]
    end_seq: i64,
}

impl From<PullMsgs> for PulledJson {
    fn from(pulled: PullMsgs) -> Self {
        Self {
            msgs: pulled.msgs.into_iter().map(MsgDataJson::pulled).collect(),
            is_end: pulled.is_end,
            end_seq: pulled.end_seq,
        }
    }
}

/// Messages by conversation id.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Pulled")]
pub(super) struct PulledAll<'a> {
    msgs: BTreeMap<&'a str, PulledJson>,
    #[serde(rename = "notificationMsgs")]
    notification_msgs: BTreeMap<&'a str, PulledJson>,
}

pub(super) fn pulled(outcome: &Outcome) -> Option<Data> {
    let Outcome::Pulled(pulled) = outcome else { return None };
    let (notification_msgs, msgs) = answers::by_conversation(pulled)
        .into_iter()
        .map(|(conversation, msgs)| (conversation, PulledJson::from(msgs)))
        .partition(|(conversation, _): &(&str, PulledJson)| conversation.starts_with("n_"));
    data(&PulledAll { msgs, notification_msgs })
}

/// The body does not matter, and may be missing.
#[allow(clippy::unnecessary_wraps, reason = "the type of every entry of the route table")]
pub(super) fn server_time(_request: &EdgeRequest) -> Result<Command, Reject> {
    Ok(Command::ServerTime)
}

/// The server's clock.
#[derive(Serialize, JsonSchema)]
pub(super) struct ServerTime {
    /// Milliseconds since 1970.
    #[serde(rename = "serverTime")]
    now_ms: i64,
}

pub(super) fn server_time_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Time(now) = outcome else { return None };
    data(&ServerTime { now_ms: now.0 })
}
