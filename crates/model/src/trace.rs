//! What was decided, asked and tried, so that somebody can ask why. A record beside the product: it is bounded in time
//! and size, written in batches, and may be lost; the log, the cursors and what is owed may not.

use std::borrow::Cow;
use std::sync::Arc;

use crate::delivery::{DeliveryKey, ParkReason};
use crate::event::{EventKind, Lane};
use crate::failure::Fault;
use crate::ids::{LogPos, MessageId, RuleId};
use crate::message::{Content, Origin};
use crate::ports::Fut;
use crate::time::UnixMs;

/// One thing that was decided or tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// When; of calls, when they began.
    pub at: UnixMs,
    /// What the message, or the action, is known by; `None` = not known any more (an attempt after a restart).
    pub number: Option<MessageId>,
    /// The caller's id for the call that caused it, as long as it is known: questions keep it themselves, and of other
    /// traces it is not kept.
    pub operation_id: Option<Arc<str>>,
    /// Every text by which somebody may ask for it.
    pub names: Names,
    /// What.
    pub what: Traced,
}

/// What is noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Traced {
    /// An event went into the log.
    Logged(Logged),
    /// Rules were asked about something, or might have been.
    Questioned(Box<Questioned>),
    /// One rule was asked.
    Asked(Box<Asked>),
    /// A delivery was tried.
    Tried(Box<Tried>),
    /// A delivery is not tried any more.
    Ended(Ended),
}

/// An event went into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Where.
    pub pos: LogPos,
}

/// A question came to the gate, and at least one rule was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questioned {
    /// Which moment.
    pub kind: EventKind,
    /// The newest event of the log then: which versions of rules held.
    pub after: LogPos,
    /// How it came in.
    pub origin: Origin,
    /// The caller's id for the call that carried it.
    pub operation_id: Arc<str>,
    /// The client's id of the message; empty = there is none.
    pub client_id: String,
    /// Where it belongs.
    pub lane: Lane,
    /// Who acts or sends; empty = nobody in particular.
    pub from: String,
    /// To whom.
    pub user: Option<String>,
    /// In which group.
    pub group: Option<String>,
    /// The app's own text, cut to [`crate::limits::TRACE_TEXT_BYTES`]; a longer one is left out.
    pub ex: String,
    /// What it said, as far as its kind depends on it: a longer text than [`crate::limits::TRACE_TEXT_BYTES`] is left out.
    pub content: Option<Content>,
    /// How it ended.
    pub end: QuestionEnd,
    /// Microseconds that it spent at the gate.
    pub took_us: u64,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionEnd {
    /// It may happen.
    Passed,
    /// A rule refused it, or its policy did in its place.
    Refused,
    /// A fault of ours ended it.
    Broke,
}

/// One call of a before-rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which rule.
    pub rule: RuleId,
    /// In which version.
    pub version: u64,
    /// About which moment.
    pub kind: EventKind,
    /// Which call of a question that is asked one by one, from 0.
    pub part: u32,
    /// Microseconds until the answer, or until nobody waited for it any more.
    pub took_us: u64,
    /// Stable name of the outcome, as in metrics: `allowed`, `refused`, `unusable`, `timeout` and so on.
    pub outcome: Cow<'static, str>,
    /// HTTP status; 0 = there was no answer.
    pub status: u16,
    /// The answer, cut to [`crate::limits::TRACE_TEXT_BYTES`].
    pub answer: String,
    /// Why it is no verdict; empty where it is one.
    pub error: String,
    /// What the answer changed, by the names of fields.
    pub changes: Vec<String>,
}

/// One attempt of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Which rule.
    pub rule: RuleId,
    /// Which delivery.
    pub key: DeliveryKey,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Microseconds until the answer, or until nobody waited for it any more.
    pub took_us: u64,
    /// Stable name of the outcome, as in metrics.
    pub outcome: Cow<'static, str>,
    /// HTTP status; 0 = there was no answer.
    pub status: u16,
    /// Why it failed; empty where it did not.
    pub error: String,
    /// Somebody asked for it, after the delivery had left the stream or once more.
    pub resent: bool,
}

/// A delivery that is not tried any more, and was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Which rule.
    pub rule: RuleId,
    /// Which delivery.
    pub key: DeliveryKey,
    /// Why.
    pub reason: ParkReason,
    /// It is kept; else it is lost.
    pub parked: bool,
}

/// Hashes of the texts by which somebody may ask for a trace: ids of calls, operations and clients. Whoever looks for
/// one knows it, so the texts themselves need not be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub Vec<u64>);

impl Names {
    /// Of some texts; empty ones name nothing.
    #[must_use]
    pub fn of(texts: &[&str]) -> Self {
        Self(texts.iter().filter(|text| !text.is_empty()).map(|text| Self::hash(text)).collect())
    }

    /// 64 bits that are the same in every process and version: FNV-1a, with a finisher so that all bits count.
    #[must_use]
    pub fn hash(text: &str) -> u64 {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }
}

/// Which traces are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceQuery {
    /// Those about this message or action.
    Number(MessageId),
    /// Those of deliveries of this event.
    Event(LogPos),
    /// Those with this name.
    Name(u64),
}

impl Trace {
    /// Whether it is wanted.
    #[must_use]
    pub fn answers(&self, query: &TraceQuery) -> bool {
        match query {
            TraceQuery::Number(number) => self.number == Some(*number),
            TraceQuery::Event(pos) => self.pos() == Some(*pos),
            TraceQuery::Name(name) => self.names.0.contains(name),
        }
    }

    /// The event that it is about.
    #[must_use]
    pub const fn pos(&self) -> Option<LogPos> {
        match &self.what {
            Traced::Logged(logged) => Some(logged.pos),
            Traced::Tried(tried) => Some(tried.key.pos),
            Traced::Ended(ended) => Some(ended.key.pos),
            Traced::Questioned(_) | Traced::Asked(_) => None,
        }
    }
}

/// What the record has kept and lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TraceBounds {
    /// When the oldest trace was noted; `None` = there is none.
    pub oldest: Option<UnixMs>,
    /// Bytes on disk.
    pub bytes: u64,
}

/// Remembers what was decided and tried, for those who ask why. What it is given may be lost.
pub trait Traces: Send + Sync {
    /// Notes a batch, in order.
    fn note(&self, batch: Vec<Trace>) -> Fut<'_, Result<(), Fault>>;
    /// The newest traces that answer the query, oldest first; at most `limit`.
    fn find<'a>(&'a self, query: &'a TraceQuery, limit: usize) -> Fut<'a, Result<Vec<Trace>, Fault>>;
    /// Whether anything is remembered at all, and not only handed on.
    fn remembers(&self) -> bool {
        true
    }
    /// Forgets what is older than it is kept, and what there is too much of.
    fn forget(&self, now: UnixMs) -> Fut<'_, Result<TraceBounds, Fault>>;
}
