//! `/msg`: what was read. Source: REST sheet 7.

use std::collections::BTreeMap;

use ringback_model::command::{ChatCommand, ChatOutcome, Command, Outcome, Reading};
use ringback_model::dialect::EdgeRequest;
use ringback_model::ids::Seq;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, at_most, body, given, parse, required, user_id};
use super::reply::{Data, data};
use crate::openim::content::{argument, seq_in};
use crate::openim::conversation_id::named;
use crate::openim::socket::answers;

body! {
    /// Messages of a single chat that a user has read.
    ReadMessages {
        conversation: String = "conversationID" required,
        /// At most 10000.
        #[schemars(inner(range(min = 1)))]
        seqs: Option<Vec<i64>> = "seqs" required,
        /// Who has read them.
        user: String = "userID" required,
    }
}

pub(super) fn mark_messages(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ReadMessages = parse(&request.body)?;
    required("conversationID", &asked.conversation)?;
    let named = given("seqs", asked.seqs)?;
    at_most("seqs", named.len(), limits::READ_SEQS)?;
    let seqs = each_positive("seqs", &named)?;
    mark_read(&asked.user, &asked.conversation, Reading::Messages(seqs))
}

body! {
    /// A conversation that a user has read.
    ReadConversation {
        conversation: String = "conversationID" required,
        /// Who has read it.
        user: String = "userID" required,
        /// Up to which number.
        #[schemars(range(min = 1))]
        read_seq: i64 = "hasReadSeq" required,
        /// Which messages in particular; of more than 10000, the newest count.
        #[schemars(inner(range(min = 1)))]
        seqs: Vec<i64> = "seqs",
    }
}

pub(super) fn mark_conversation(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ReadConversation = parse(&request.body)?;
    required("conversationID", &asked.conversation)?;
    let up_to = positive("hasReadSeq", asked.read_seq)?;
    let seqs = each_positive("seqs", &asked.seqs)?;
    mark_read(&asked.user, &asked.conversation, Reading::UpTo(up_to, seqs))
}

body! {
    /// How far a user has read; nobody but his other devices is told.
    ReadPosition {
        conversation: String = "conversationID" required,
        /// Who has read.
        user: String = "userID" required,
        /// Up to which number.
        #[schemars(range(min = 1))]
        read_seq: i64 = "hasReadSeq" required,
        /// Does not matter: his other devices are told.
        _quiet: bool = "noNotification",
    }
}

pub(super) fn set_position(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ReadPosition = parse(&request.body)?;
    required("conversationID", &asked.conversation)?;
    let seq = positive("hasReadSeq", asked.read_seq)?;
    mark_read(&asked.user, &asked.conversation, Reading::Position(seq))
}

fn mark_read(user: &str, conversation: &str, reading: Reading) -> Result<Command, Reject> {
    let user = user_id("userID", user)?;
    let conversation = named(&user, conversation);
    Ok(Command::Chat(ChatCommand::MarkRead { user, conversation, reading }))
}

/// A number of a message.
pub(super) fn positive(field: &str, seq: i64) -> Result<Seq, Reject> {
    match seq {
        0 => Err(Reject::Malformed(format!("{field} is empty"))),
        seq if seq < 0 => Err(argument(format!("{field} is {seq}; the first message has 1")).into()),
        seq => Ok(seq_in(seq)),
    }
}

/// Numbers of messages.
pub(super) fn seqs(field: &str, seqs: &[i64]) -> Result<Vec<Seq>, Reject> {
    at_most(field, seqs.len(), limits::LIST_ITEMS)?;
    each_positive(field, seqs)
}

fn each_positive(field: &str, seqs: &[i64]) -> Result<Vec<Seq>, Reject> {
    seqs.iter().map(|seq| positive(field, *seq)).collect()
}

body! {
    /// Conversations whose numbers are asked for.
    ReadSeqsRequest {
        /// Whose view.
        user: String = "userID" required,
        /// At most 1000; all of them if empty.
        conversations: Vec<String> = "conversationIDs",
        /// Pinned conversations are asked for as well.
        pinned: bool = "returnPinned",
    }
}

pub(super) fn read_seqs(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ReadSeqsRequest = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    at_most("conversationIDs", asked.conversations.len(), limits::LIST_ITEMS)?;
    let conversations = asked.conversations.iter().map(|text| named(&user, text)).collect();
    Ok(Command::ReadSeqs { user, conversations, pinned: asked.pinned })
}

/// Numbers of one conversation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Seqs")]
struct SeqsJson {
    /// The newest message.
    #[serde(rename = "maxSeq")]
    max_seq: i64,
    /// He has read up to here.
    #[serde(rename = "hasReadSeq")]
    read_seq: i64,
    /// When the newest message came; milliseconds since 1970.
    #[serde(rename = "maxSeqTime")]
    newest_at_ms: i64,
}

/// Numbers by conversation id.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReadSeqs")]
pub(super) struct ReadSeqsJson {
    seqs: BTreeMap<String, SeqsJson>,
    #[serde(rename = "pinnedConversationIDs")]
    pinned: Vec<String>,
}

pub(super) fn read_seqs_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfChat(ChatOutcome::ReadSeqs { states, pinned }) = outcome else { return None };
    let read = answers::read(states, pinned);
    let seqs = read.seqs.into_iter().map(|one| {
        let seqs = one.value.unwrap_or_default();
        let json =
            SeqsJson { max_seq: seqs.max_seq, read_seq: seqs.has_read_seq, newest_at_ms: seqs.max_seq_time };
        (one.key, json)
    });
    data(&ReadSeqsJson { seqs: seqs.collect(), pinned: read.pinned_conversation_ids })
}
