//! Answers, pushes and kicks, ready for an envelope. Source: client protocol sheet 3.2, 4.4.

use std::collections::BTreeMap;

use prost::Message as _;
use ringback_model::command::{Outcome, Pulled, Sent};
use ringback_model::conversation::ConversationState;
use ringback_model::dialect::Correlation;
use ringback_model::failure::{Failure, Fault};
use ringback_model::message::Message;
use ringback_model::ports::Push;
use ringback_model::presence::UserPresence;

use super::envelope::Response;
use crate::openim::wire::{
    GetLastMessageResp, GetMaxSeqResp, MsgData, MsgGroups, PullMsgs, ReadSeq, ReadSeqs, STATUS_SENDING,
    STATUS_SENT, SendMsgResp, Seqs, SubUserOnlineStatusElem, SubUserOnlineStatusTips, request,
};
use crate::openim::{codes, content, conversation_id};

pub(super) fn answer(to: &Correlation, result: &Result<Outcome, Failure>) -> Response {
    let data = result.as_ref().map_err(Clone::clone).and_then(|outcome| data(to.request, outcome));
    let response = Response {
        req_identifier: to.request,
        msg_incr: to.key.clone(),
        operation_id: to.operation_id.to_string(),
        ..Response::default()
    };
    match data {
        Ok(data) => Response { data, ..response },
        Err(failure) => refused(response, &failure),
    }
}

/// The envelope has no place for a detail that every client shows, so our own details follow the short text.
/// A receiver's words stay exactly as they are.
fn refused(response: Response, failure: &Failure) -> Response {
    let coded = codes::of_failure(failure);
    let err_msg = if coded.quoted || coded.detail.is_empty() {
        coded.text
    } else {
        format!("{}: {}", coded.text, coded.detail)
    };
    Response { err_code: coded.code, err_msg, err_dlt: coded.detail, ..response }
}

fn data(asked: i32, outcome: &Outcome) -> Result<Vec<u8>, Failure> {
    Ok(match (asked, outcome) {
        (request::NEWEST_SEQ, Outcome::Seqs(states)) => newest(states).encode_to_vec(),
        (request::READ_SEQS, Outcome::Seqs(states)) => read(states).encode_to_vec(),
        (request::LAST_MESSAGES, Outcome::Pulled(pulled)) => last(pulled).encode_to_vec(),
        (_, Outcome::Pulled(pulled)) => groups(pulled).encode_to_vec(),
        (_, Outcome::Sent(sent)) => taken(sent).encode_to_vec(),
        (_, Outcome::Done) => Vec::new(),
        _ => return Err(Fault::new(format!("request {asked} has no answer of this kind")).into()),
    })
}

/// Newest seqs by conversation text; conversations without messages are left out.
pub(in crate::openim) fn newest(states: &[(Option<String>, ConversationState)]) -> GetMaxSeqResp {
    let max_seqs = states
        .iter()
        .filter(|(_, state)| state.max_seq > 0)
        .map(|(name, state)| (name_of(name.as_deref(), state), content::seq_out(state.max_seq)))
        .collect();
    GetMaxSeqResp { max_seqs, min_seqs: BTreeMap::new() }
}

fn read(states: &[(Option<String>, ConversationState)]) -> ReadSeqs {
    let seqs = states
        .iter()
        .map(|(name, state)| ReadSeq {
            key: name_of(name.as_deref(), state),
            value: Some(Seqs {
                max_seq: content::seq_out(state.max_seq),
                has_read_seq: content::seq_out(state.read_seq),
                max_seq_time: state.newest_at.0,
            }),
        })
        .collect();
    ReadSeqs { seqs }
}

fn name_of(asked: Option<&str>, state: &ConversationState) -> String {
    asked.map_or_else(|| conversation_id::text(&state.conversation), str::to_owned)
}

fn groups(pulled: &[Pulled]) -> MsgGroups {
    let mut groups = MsgGroups::default();
    for (conversation, msgs) in by_conversation(pulled) {
        groups.add(conversation, msgs);
    }
    groups
}

/// Messages as clients see them, under their conversations. A conversation that was asked for twice is answered
/// once: clients read a map, and would keep only one of the two.
pub(in crate::openim) fn by_conversation(pulled: &[Pulled]) -> BTreeMap<&str, PullMsgs> {
    let mut all: BTreeMap<&str, PullMsgs> = BTreeMap::new();
    for one in pulled {
        let msgs = all.entry(&one.conversation).or_default();
        let first = msgs.msgs.is_empty();
        msgs.msgs.extend(one.messages.iter().map(|message| shown(message)));
        msgs.is_end |= one.is_end;
        msgs.end_seq = msgs.end_seq.max(content::seq_out(one.end_seq));
        if !first {
            msgs.msgs.sort_by_key(|message| message.seq);
            msgs.msgs.dedup_by_key(|message| message.seq);
        }
    }
    all
}

fn last(pulled: &[Pulled]) -> GetLastMessageResp {
    let newest = |one: &Pulled| one.messages.last().map(|message| (one.conversation.clone(), shown(message)));
    GetLastMessageResp { msgs: pulled.iter().filter_map(newest).collect() }
}

fn taken(sent: &Sent) -> SendMsgResp {
    SendMsgResp {
        server_msg_id: content::server_msg_id(&sent.message),
        client_msg_id: sent.message.client_id.clone(),
        send_time: sent.message.sent_at.0,
        modify: sent.before.as_ref().map(|_| Box::new(content::to_wire(&sent.message))),
    }
}

/// A message that arrives is sent, also where the sender still wrote "sending".
fn shown(message: &Message) -> MsgData {
    let mut data = content::to_wire(message);
    if data.status == STATUS_SENDING {
        data.status = STATUS_SENT;
    }
    data
}

/// One message per push.
pub(super) fn push(push: &Push) -> Response {
    let msgs = PullMsgs { msgs: vec![shown(&push.message)], is_end: false, end_seq: 0 };
    let mut groups = MsgGroups::default();
    groups.add(&conversation_id::text(&push.message.conversation()), msgs);
    Response {
        req_identifier: request::PUSH,
        operation_id: push.operation_id.to_string(),
        data: groups.encode_to_vec(),
        ..Response::default()
    }
}

/// Where users are online: the answer to a request, or on their own.
pub(super) fn presences(to: Option<&Correlation>, presences: &[UserPresence]) -> Response {
    let element = |presence: &UserPresence| SubUserOnlineStatusElem {
        user_id: presence.user.to_string(),
        online_platform_ids: presence.platforms.iter().map(|platform| platform.0).collect(),
    };
    let tips = SubUserOnlineStatusTips { subscribers: presences.iter().map(element).collect() };
    Response {
        req_identifier: request::SUBSCRIBE_ONLINE,
        msg_incr: to.map(|to| to.key.clone()).unwrap_or_default(),
        operation_id: to.map(|to| to.operation_id.to_string()).unwrap_or_default(),
        data: tips.encode_to_vec(),
        ..Response::default()
    }
}

pub(super) fn kicked() -> Response {
    Response { req_identifier: request::KICKED, ..Response::default() }
}

#[cfg(test)]
mod tests;
