//! What is owed to receivers: deliveries that left the stream, and how far each rule has come.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::event::Lane;
use crate::ids::{LogPos, RuleId};
use crate::rule::Rule;
use crate::time::UnixMs;

/// A request to a receiver, rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbound {
    /// Full URL, query included.
    pub url: String,
    /// Headers besides those that every call has. Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; the same bytes on every attempt, shared by all of them.
    #[serde(with = "body_text")]
    pub body: Bytes,
}

/// Bodies are UTF-8 in every dialect; as text they stay readable in the store.
mod body_text {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(body: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&String::from_utf8_lossy(body))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        String::deserialize(from).map(Bytes::from)
    }
}

/// What came back from a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, cut at the limit.
    pub body: Vec<u8>,
    /// The body was longer than the limit.
    pub cut: bool,
}

/// Which delivery: one event for one rule, and which copy of it (0 where there is only one).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    /// The event.
    pub pos: LogPos,
    /// The copy.
    pub copy: u32,
}

/// A delivery that left the stream. Durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Which delivery.
    pub key: DeliveryKey,
    /// Its lane: later events of it wait in the log while it is [`ExceptionState::Waiting`] in an ordered rule.
    pub lane: Lane,
    /// What is to become of it.
    pub state: ExceptionState,
    /// When it first failed.
    pub since: UnixMs,
    /// What the last attempt ran into, in words; no secrets.
    pub last_error: String,
    /// The request, as it was rendered; `None` for [`ExceptionState::Resume`].
    pub outbound: Option<Outbound>,
}

/// What is to become of an [`Exception`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionState {
    /// It is tried again.
    Waiting {
        /// Attempts so far, 1 or more.
        attempts: u32,
        /// When next.
        due: UnixMs,
    },
    /// It is done, but later events of its lane (after its position) have not been sent yet.
    Resume,
    /// It is not tried again by itself.
    Parked {
        /// Attempts so far.
        attempts: u32,
        /// When it was parked.
        at: UnixMs,
        /// Why.
        reason: ParkReason,
    },
}

/// Why a delivery was parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParkReason {
    /// Its retries are used up.
    Exhausted,
    /// It fell into a ban.
    Banned,
}

impl ParkReason {
    /// Stable name, for metrics and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Banned => "banned",
        }
    }
}

/// How far a rule has come. Everything up to and including `cursor` is delivered, dropped by policy, or among
/// its exceptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleProgress {
    /// See above.
    pub cursor: LogPos,
    /// Waiting and resuming ones; parked ones are asked for separately.
    pub exceptions: Vec<Exception>,
    /// How many are parked.
    pub parked: u64,
}

/// A change of one rule's progress; all parts become durable together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressChange {
    /// Whose.
    pub rule: RuleId,
    /// Where the cursor is now; `None` = unchanged.
    pub cursor: Option<LogPos>,
    /// New or changed exceptions.
    pub put: Vec<Exception>,
    /// Exceptions that are over.
    pub remove: Vec<DeliveryKey>,
}

/// One version of a rule, and the position after which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleVersion {
    /// The rule as it was then.
    pub rule: Arc<Rule>,
    /// Events after this position are rendered with it.
    pub since: LogPos,
}
