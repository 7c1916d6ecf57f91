//! Messages that a caller wants to read, and those that he gets.

use crate::conversation::ConversationId;
use crate::ids::Seq;
use crate::record::Seen;

/// A conversation as a caller named it: answered under the same text, also when we do not know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationRef {
    /// The caller's name for it.
    pub text: String,
    /// What it means for the user whose view is asked for; `None` = no conversation of ours.
    pub id: Option<ConversationId>,
}

/// A range of messages, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeqRange {
    /// Where.
    pub conversation: ConversationRef,
    /// First seq; below the first visible one is fine.
    pub begin: Seq,
    /// Last seq; above the newest one is fine.
    pub end: Seq,
    /// At most so many, the newest ones of the range; 0 = as many as fit.
    pub num: usize,
}

/// Chosen messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeqList {
    /// Where.
    pub conversation: ConversationRef,
    /// Which.
    pub seqs: Vec<Seq>,
}

/// Which end of a range the caller walks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullOrder {
    /// Towards newer messages.
    Ascending,
    /// Towards older messages.
    Descending,
}

/// Messages of one conversation.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// The caller's name for it.
    pub conversation: String,
    /// Oldest first.
    pub messages: Vec<Seen>,
    /// Seqs that were asked for, and under which the user finds nothing.
    pub gaps: Vec<Seq>,
    /// Nothing more in the direction asked for.
    pub is_end: bool,
    /// The bound that was met, where one was; else 0.
    pub end_seq: Seq,
}
