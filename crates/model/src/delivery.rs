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

/// Deliveries of a rule that came to an end without being taken, or that it never comes to: everything between two
/// places, both included, that was the rule's business and has no row of its own. Durable, so that whoever counts
/// what was sent does not take it for delivered. Kept as long as the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The first.
    pub first: DeliveryKey,
    /// The last.
    pub last: DeliveryKey,
    /// Only those of this lane; `None` = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    /// Why.
    pub reason: GapReason,
    /// When it came to that.
    pub at: UnixMs,
}

impl Gap {
    /// One delivery.
    #[must_use]
    pub const fn one(key: DeliveryKey, reason: GapReason, at: UnixMs) -> Self {
        Self { first: key, last: key, lane: None, reason, at }
    }

    /// Every delivery of the events after one position, up to and including another.
    #[must_use]
    pub const fn whole(after: LogPos, upto: LogPos, reason: GapReason, at: UnixMs) -> Self {
        let first = DeliveryKey { pos: LogPos(after.0.saturating_add(1)), copy: 0 };
        Self { first, last: DeliveryKey { pos: upto, copy: u32::MAX }, lane: None, reason, at }
    }

    /// What is left of it without these deliveries, which are given in order.
    #[must_use]
    pub fn without(&self, keys: impl IntoIterator<Item = DeliveryKey>) -> Vec<Self> {
        let mut rest = Some(self.clone());
        let mut parts = Vec::new();
        for key in keys {
            let Some(gap) = rest.take() else { break };
            if key < gap.first || key > gap.last {
                rest = Some(gap);
                continue;
            }
            let before = match key.copy.checked_sub(1) {
                Some(copy) => DeliveryKey { pos: key.pos, copy },
                None => DeliveryKey { pos: LogPos(key.pos.0.saturating_sub(1)), copy: u32::MAX },
            };
            let after = match key.copy.checked_add(1) {
                Some(copy) => DeliveryKey { pos: key.pos, copy },
                None => DeliveryKey { pos: key.pos.next(), copy: 0 },
            };
            if gap.first <= before {
                parts.push(Self { last: before, ..gap.clone() });
            }
            rest = (after <= gap.last).then_some(Self { first: after, ..gap });
        }
        parts.extend(rest);
        parts
    }

    /// Whether it holds this delivery of this lane.
    #[must_use]
    pub fn holds(&self, key: DeliveryKey, lane: &Lane) -> bool {
        self.first <= key && key <= self.last && self.lane.as_ref().is_none_or(|only| only == lane)
    }
}

/// Why a delivery was not taken, and never will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// Its retries were used up, and nothing is parked for its rule.
    Exhausted,
    /// It fell into a ban, and nothing is parked for its rule.
    Banned,
    /// It had not been sent when its rule was switched off.
    SwitchedOff,
    /// It left the log before its rule came to it.
    LeftLog,
    /// It was parked until that had lasted long enough.
    ParkedTooLong,
    /// It was parked, and somebody threw it away.
    Purged,
    /// The contract announced it and then had no request for it.
    Unrendered,
}

impl GapReason {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Exhausted,
        Self::Banned,
        Self::SwitchedOff,
        Self::LeftLog,
        Self::ParkedTooLong,
        Self::Purged,
        Self::Unrendered,
    ];

    /// Stable name, for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Banned => "banned",
            Self::SwitchedOff => "switched_off",
            Self::LeftLog => "left_log",
            Self::ParkedTooLong => "parked_too_long",
            Self::Purged => "purged",
            Self::Unrendered => "unrendered",
        }
    }
}

impl From<ParkReason> for GapReason {
    fn from(reason: ParkReason) -> Self {
        match reason {
            ParkReason::Exhausted => Self::Exhausted,
            ParkReason::Banned => Self::Banned,
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
    /// Deliveries that came to nothing; one that begins and ends where another did takes its place.
    pub gaps: Vec<Gap>,
    /// Gaps are forgotten first as far as they lie after this position: what was there is sent again.
    pub reopen: Option<LogPos>,
}

impl ProgressChange {
    /// No change.
    #[must_use]
    pub const fn none(rule: RuleId) -> Self {
        Self { rule, cursor: None, put: Vec::new(), remove: Vec::new(), gaps: Vec::new(), reopen: None }
    }
}

/// One version of a rule, and the position after which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleVersion {
    /// The rule as it was then.
    pub rule: Arc<Rule>,
    /// Events after this position are rendered with it.
    pub since: LogPos,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pos: u64, copy: u32) -> DeliveryKey {
        DeliveryKey { pos: LogPos(pos), copy }
    }

    #[test]
    fn a_gap_is_cut_where_deliveries_have_a_fate_of_their_own() {
        let gap = Gap::whole(LogPos(4), LogPos(9), GapReason::SwitchedOff, UnixMs(0));
        let all = u32::MAX;
        for (keys, left) in [
            (vec![], vec![((5, 0), (9, all))]),
            (vec![key(4, 0), key(10, 0)], vec![((5, 0), (9, all))]),
            (vec![key(5, 0)], vec![((5, 1), (9, all))]),
            (vec![key(7, 0)], vec![((5, 0), (6, all)), ((7, 1), (9, all))]),
            (vec![key(7, 1), key(7, 2)], vec![((5, 0), (7, 0)), ((7, 3), (9, all))]),
            (vec![key(9, all)], vec![((5, 0), (9, all - 1))]),
        ] {
            let parts = gap.without(keys.iter().copied());
            let ends = |gap: &Gap| ((gap.first.pos.0, gap.first.copy), (gap.last.pos.0, gap.last.copy));
            assert_eq!(parts.iter().map(ends).collect::<Vec<_>>(), left, "{keys:?}");
        }
    }
}
