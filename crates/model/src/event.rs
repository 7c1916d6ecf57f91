//! What happened, and what is about to happen. Facts of the domain, in nobody's dialect.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::ids::{LogPos, UserId};
use crate::message::{Message, Origin};
use crate::time::UnixMs;

/// The catalogue: every moment a rule can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Before: a text message has come in and nothing was checked yet. Its text may be replaced.
    MessageScreening,
    /// Before: a message wants to be sent; single chats before the block list, groups after membership.
    MessageSending,
    /// Before: a message is about to be stored; the last chance to change it.
    MessageRewriting,
    /// After: a message was stored (or, if it is not kept, taken) and handed to those who are online.
    MessageSent,
}

impl EventKind {
    /// All of them, in the order in which a message meets them.
    pub const ALL: [Self; 4] =
        [Self::MessageScreening, Self::MessageSending, Self::MessageRewriting, Self::MessageSent];

    /// Whether rules are asked, or told.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            Self::MessageScreening | Self::MessageSending | Self::MessageRewriting => Phase::Before,
            Self::MessageSent => Phase::After,
        }
    }

    /// Stable name, for logs, metrics and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessageScreening => "message_screening",
            Self::MessageSending => "message_sending",
            Self::MessageRewriting => "message_rewriting",
            Self::MessageSent => "message_sent",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a callback asks or tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Asks, and waits for a verdict.
    Before,
    /// Tells; the answer changes nothing.
    After,
}

impl Phase {
    /// Its word, in rules, metrics and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// What a before-rule is asked about.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which moment.
    pub kind: EventKind,
    /// The message as it is now, earlier rules' changes included.
    pub message: Message,
    /// The caller's id for the call that carries it.
    pub operation_id: Arc<str>,
    /// How it came in.
    pub origin: Origin,
    /// The sender is an administrator of the app.
    pub sender_is_admin: bool,
    /// When the message came in: the bound on its total time at the gate counts from here.
    pub at: UnixMs,
}

/// Deliveries with the same lane go to a receiver in order. One lane per conversation; other kinds of events
/// bring lanes of their own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lane(pub Arc<str>);

impl Lane {
    /// The lane of a conversation.
    #[must_use]
    pub fn conversation(id: &ConversationId) -> Self {
        Self(Arc::from(id.to_string()))
    }

    /// This lane, for one recipient of several.
    #[must_use]
    pub fn of_recipient(&self, user: &UserId) -> Self {
        Self(Arc::from(format!("{}>{user}", self.0)))
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entry of the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place.
    pub pos: LogPos,
    /// When it was committed.
    pub at: UnixMs,
    /// Its lane.
    pub lane: Lane,
    /// What happened.
    pub fact: Fact,
}

impl Event {
    /// Which moment of the catalogue it is.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self.fact {
            Fact::MessageSent(_) => EventKind::MessageSent,
        }
    }
}

/// What happened, with everything that after-rules need. Stored as JSON: fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A message was sent.
    MessageSent(Box<MessageSent>),
}

/// A message was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSent {
    /// The message as stored. Shared, so that history readers and rules need no copy.
    pub message: Arc<Message>,
    /// The caller's id for the call that carried it.
    pub operation_id: Arc<str>,
    /// How it came in.
    pub origin: Origin,
    /// The sender is an administrator of the app.
    #[serde(default)]
    pub sender_is_admin: bool,
    /// Recipients who had no connection when it was sent.
    #[serde(default)]
    pub offline: Vec<UserId>,
}
