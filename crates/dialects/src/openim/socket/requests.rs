//! Frames from clients, read as commands. Source: client protocol sheet 1.4, 2.1, 3.

use std::sync::Arc;

use prost::Message;
use ringback_model::command::{Actor, ChatCommand, Command, DeviceCommand, PullOrder, SeqList, SeqRange};
use ringback_model::dialect::{Correlation, Frame, Incoming};
use ringback_model::failure::Refusal;
use ringback_model::limits;
use ringback_model::presence::Subscription;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::envelope::{Codec, Request};
use crate::openim::content::{argument, draft, seq_in, user};
use crate::openim::conversation_id::named;
use crate::openim::wire::{
    GetConversationsHasReadAndMaxSeqReq, GetLastMessageReq, GetMaxSeqReq, GetSeqMessageReq, MsgData,
    PullMessageBySeqsReq, SetAppBackgroundStatusReq, SubUserOnlineStatus, request,
};

/// A text frame: pings only.
#[derive(Deserialize)]
struct Beat {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Pong {
    #[serde(rename = "type")]
    kind: &'static str,
    body: Option<Box<RawValue>>,
}

pub(super) fn read_text(text: &str) -> Incoming {
    let Ok(beat) = serde_json::from_str::<Beat>(text) else {
        return Incoming::Close("text frame is not a ping".to_owned());
    };
    match beat.kind.as_str() {
        "ping" => {
            let pong = Pong { kind: "pong", body: beat.body };
            // The body is JSON already: writing it again does not fail.
            Incoming::Reply(Frame::Text(serde_json::to_string(&pong).unwrap_or_default()))
        }
        "pong" => Incoming::Ignore,
        _ => Incoming::Close("text frame is neither ping nor pong".to_owned()),
    }
}

pub(super) fn read_binary(codec: Codec, actor: &Actor, bytes: &[u8]) -> Incoming {
    let asked = match codec.decode_request(bytes) {
        Ok(asked) => asked,
        Err(wrong) => return Incoming::Close(format!("binary frame is {wrong}")),
    };
    if asked.send_id != actor.user.as_str() {
        return Incoming::Close("sendID of a frame is not the connection's user".to_owned());
    }
    let to = correlation(&asked);
    if asked.req_identifier == request::LOGOUT {
        return Incoming::Bye(to, Box::new(Command::Device(DeviceCommand::ForgetPushToken)));
    }
    match asked.req_identifier {
        request::BACKGROUND => return about_connection(to, background(&asked.data), Incoming::Background),
        request::SUBSCRIBE_ONLINE => {
            return about_connection(to, subscription(&asked.data), Incoming::Follow);
        }
        _ => {}
    }
    match command(codec, actor, &asked) {
        Some(Ok(command)) => Incoming::Request(to, Box::new(command)),
        Some(Err(refusal)) => Incoming::Malformed(to, refusal),
        None => Incoming::Close(format!("reqIdentifier {} is unknown", asked.req_identifier)),
    }
}

fn about_connection<T>(
    to: Correlation,
    asked: Result<T, Refusal>,
    incoming: impl FnOnce(Correlation, T) -> Incoming,
) -> Incoming {
    match asked {
        Ok(asked) => incoming(to, asked),
        Err(refusal) => Incoming::Malformed(to, refusal),
    }
}

/// An operation id is never empty from here on: callbacks carry it.
fn correlation(asked: &Request) -> Correlation {
    let operation_id = match (asked.operation_id.as_str(), asked.msg_incr.as_str()) {
        ("", "") => format!("{}-{}", asked.send_id, asked.req_identifier),
        ("", key) => key.to_owned(),
        (given, _) => given.to_owned(),
    };
    Correlation {
        request: asked.req_identifier,
        key: asked.msg_incr.clone(),
        operation_id: Arc::from(operation_id),
    }
}

/// What a request asks for; `None` for a number that nobody knows.
fn command(codec: Codec, actor: &Actor, asked: &Request) -> Option<Result<Command, Refusal>> {
    let data = asked.data.as_slice();
    Some(match asked.req_identifier {
        request::NEWEST_SEQ => newest_seqs(data),
        request::PULL_RANGES => pull_ranges(data),
        request::SEND => send(actor, data),
        request::PULL_SEQS => pull_seqs(data, codec.readable_bytes()),
        request::READ_SEQS => read_seqs(data),
        request::LAST_MESSAGES => last_messages(data),
        request::SIGNAL => Err(argument("signalling messages are not offered")),
        _ => return None,
    })
}

fn decode<M: Message + Default>(data: &[u8]) -> Result<M, Refusal> {
    M::decode(data).map_err(|wrong| argument(format!("data is not the message it should be: {wrong}")))
}

/// The connection is the user's: whom the request names does not matter.
fn background(data: &[u8]) -> Result<bool, Refusal> {
    let asked: SetAppBackgroundStatusReq = decode(data)?;
    Ok(asked.is_background)
}

fn subscription(data: &[u8]) -> Result<Subscription, Refusal> {
    let asked: SubUserOnlineStatus = decode(data)?;
    few("subscribeUserID", asked.subscribe_user_id.len())?;
    few("unsubscribeUserID", asked.unsubscribe_user_id.len())?;
    let users = |field, ids: &[String]| ids.iter().map(|id| user(field, id)).collect::<Result<_, _>>();
    Ok(Subscription {
        add: users("subscribeUserID", &asked.subscribe_user_id)?,
        remove: users("unsubscribeUserID", &asked.unsubscribe_user_id)?,
    })
}

fn newest_seqs(data: &[u8]) -> Result<Command, Refusal> {
    let asked: GetMaxSeqReq = decode(data)?;
    Ok(Command::NewestSeqs { user: user("userID", &asked.user_id)? })
}

fn pull_ranges(data: &[u8]) -> Result<Command, Refusal> {
    let asked: PullMessageBySeqsReq = decode(data)?;
    few("seqRanges", asked.seq_ranges.len())?;
    let user = user("userID", &asked.user_id)?;
    let ranges = asked
        .seq_ranges
        .iter()
        .map(|range| SeqRange {
            conversation: named(&user, &range.conversation_id),
            begin: seq_in(range.begin),
            end: seq_in(range.end),
            num: usize::try_from(range.num).unwrap_or(0),
        })
        .collect();
    Ok(Command::PullRanges { order: pull_order(asked.order)?, user, ranges })
}

fn send(actor: &Actor, data: &[u8]) -> Result<Command, Refusal> {
    let data: MsgData = decode(data)?;
    draft(data, actor.admin).map(|draft| Command::Send(Box::new(draft)))
}

fn pull_seqs(data: &[u8], bytes: usize) -> Result<Command, Refusal> {
    let asked: GetSeqMessageReq = decode(data)?;
    few("conversations", asked.conversations.len())?;
    let user = user("userID", &asked.user_id)?;
    let lists = asked
        .conversations
        .iter()
        .map(|list| SeqList {
            conversation: named(&user, &list.conversation_id),
            seqs: list.seqs.iter().copied().map(seq_in).collect(),
        })
        .collect();
    Ok(Command::PullSeqs { order: pull_order(asked.order)?, user, lists, bytes })
}

fn read_seqs(data: &[u8]) -> Result<Command, Refusal> {
    let asked: GetConversationsHasReadAndMaxSeqReq = decode(data)?;
    let user = user("userID", &asked.user_id)?;
    let conversations = asked.conversation_ids.iter().map(|text| named(&user, text)).collect();
    Ok(Command::ReadSeqs { user, conversations, pinned: asked.return_pinned })
}

fn last_messages(data: &[u8]) -> Result<Command, Refusal> {
    let asked: GetLastMessageReq = decode(data)?;
    few("conversationIDs", asked.conversation_ids.len())?;
    let user = user("userID", &asked.user_id)?;
    let conversations = asked.conversation_ids.iter().map(|text| named(&user, text)).collect();
    Ok(Command::Chat(ChatCommand::LastMessages { user, conversations }))
}

/// Direction of a pull.
pub(in crate::openim) fn pull_order(order: i32) -> Result<PullOrder, Refusal> {
    match order {
        0 => Ok(PullOrder::Ascending),
        1 => Ok(PullOrder::Descending),
        other => Err(argument(format!("order is {other}; known are 0 (ascending) and 1 (descending)"))),
    }
}

fn few(field: &str, items: usize) -> Result<(), Refusal> {
    if items > limits::LIST_ITEMS {
        return Err(argument(format!("{field} has more than {} items", limits::LIST_ITEMS)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
