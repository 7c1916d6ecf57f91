//! Answers, pushes and kicks, ready for an envelope. Source: client protocol sheet 3.2, 4.4.

use std::collections::BTreeMap;

use prost::Message as _;
use ringback_model::command::{ChatOutcome, Outcome, Pulled, Sent};
use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::dialect::Correlation;
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::Seq;
use ringback_model::ports::Push;
use ringback_model::presence::UserPresence;
use ringback_model::record::Seen;

use super::envelope::Response;
use crate::openim::wire::{
    GetLastMessageResp, GetMaxSeqResp, MsgGroups, PullMsgs, ReadSeq, ReadSeqs, SendMsgResp, Seqs,
    SubUserOnlineStatusElem, SubUserOnlineStatusTips, request,
};
use crate::openim::{codes, content, conversation_id, seen};

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
    let told = match (asked, outcome) {
        (request::NEWEST_SEQ, Outcome::Seqs(states)) => newest(states).encode_to_vec(),
        (_, Outcome::OfChat(ChatOutcome::ReadSeqs { states, pinned })) => {
            read(states, pinned).encode_to_vec()
        }
        (_, Outcome::OfChat(ChatOutcome::LastMessages(found))) => last(found).encode_to_vec(),
        (_, Outcome::Pulled(pulled)) => groups(pulled).encode_to_vec(),
        (_, Outcome::Sent(sent)) => taken(sent).encode_to_vec(),
        (_, Outcome::Done) => return Ok(Vec::new()),
        _ => return Err(Fault::new(format!("request {asked} has no answer of this kind")).into()),
    };
    Ok(never_nothing(told))
}

/// An answer about nothing: a field that nobody knows, number 15 with the value 0. The TypeScript client takes an answer
/// without any bytes for none, and fails over it.
const NOTHING_TOLD: [u8; 2] = [15 << 3, 0];

fn never_nothing(told: Vec<u8>) -> Vec<u8> {
    if told.is_empty() { NOTHING_TOLD.to_vec() } else { told }
}

/// Newest seqs by conversation text; conversations without messages are left out.
pub(in crate::openim) fn newest(seqs: &[(ConversationId, Seq)]) -> GetMaxSeqResp {
    let max_seqs = seqs
        .iter()
        .filter(|(_, seq)| *seq > 0)
        .map(|(id, seq)| (conversation_id::text(id), content::seq_out(*seq)))
        .collect();
    GetMaxSeqResp { max_seqs, min_seqs: BTreeMap::new() }
}

pub(in crate::openim) fn read(
    states: &[(Option<String>, ConversationState)],
    pinned: &[ConversationId],
) -> ReadSeqs {
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
    ReadSeqs { seqs, pinned_conversation_ids: pinned.iter().map(conversation_id::text).collect() }
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
        let in_order = msgs.msgs.is_empty() && one.gaps.is_empty();
        msgs.msgs.extend(seen::row(one));
        msgs.is_end |= one.is_end;
        msgs.end_seq = msgs.end_seq.max(content::seq_out(one.end_seq));
        if !in_order {
            msgs.msgs.sort_by_key(|message| message.seq);
            msgs.msgs.dedup_by_key(|message| message.seq);
        }
    }
    all
}

fn last(found: &[(String, Seen)]) -> GetLastMessageResp {
    GetLastMessageResp { msgs: found.iter().map(|(name, seen)| (name.clone(), seen::shown(seen))).collect() }
}

fn taken(sent: &Sent) -> SendMsgResp {
    SendMsgResp {
        server_msg_id: content::server_msg_id(&sent.message),
        client_msg_id: sent.message.client_id.clone(),
        send_time: sent.message.sent_at.0,
        modify: sent.before.as_ref().map(|_| Box::new(content::to_wire(&sent.message))),
    }
}

/// One message per push.
pub(super) fn push(push: &Push) -> Response {
    let msgs = PullMsgs { msgs: vec![seen::arrived(&push.message)], is_end: false, end_seq: 0 };
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
        data: never_nothing(tips.encode_to_vec()),
        ..Response::default()
    }
}

pub(super) fn kicked() -> Response {
    Response { req_identifier: request::KICKED, ..Response::default() }
}

#[cfg(test)]
mod tests;
