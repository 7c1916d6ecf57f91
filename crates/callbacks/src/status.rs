//! What operators are shown of a rule.

use std::time::Duration;

use ringback_model::event::Phase;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::rule::Rule;
use ringback_model::time::UnixMs;

use crate::ledger::Ledger;

/// How a rule is doing. Numbers of before-rules, and of rules that are off, are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleStatus {
    /// Which rule.
    pub id: RuleId,
    /// What people call it.
    pub name: String,
    /// Asks or tells.
    pub phase: Phase,
    /// On or off.
    pub enabled: bool,
    /// Counts its changes.
    pub version: u64,
    /// Everything up to here is delivered, dropped by policy, waiting or parked.
    pub cursor: LogPos,
    /// Events between the cursor and the end of the log, whether they are the rule's business or not.
    pub lag_events: u64,
    /// Age of the oldest delivery that is neither over nor parked, as far as it was read; `None` = there is none.
    pub oldest_undelivered: Option<Duration>,
    /// Deliveries that wait for a retry.
    pub waiting: usize,
    /// Deliveries that are parked.
    pub parked: u64,
    /// Calls under way.
    pub in_flight: usize,
    /// Whether the receiver is left alone, and on what evidence.
    pub breaker: BreakerStatus,
}

/// See [`crate::breaker`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BreakerStatus {
    /// Nothing but probes is sent.
    pub open: bool,
    /// Calls in a row that failed.
    pub failures_in_a_row: u32,
    /// When the next probe may go; `None` while closed.
    pub next_probe: Option<UnixMs>,
}

impl RuleStatus {
    pub(crate) fn of(rule: &Rule, ledger: Option<&Ledger>, tail: LogPos, now: UnixMs) -> Self {
        let view = ledger.map(Ledger::view).unwrap_or_default();
        let cursor = ledger.map_or(LogPos::ZERO, Ledger::cursor);
        Self {
            id: rule.id.clone(),
            name: rule.name.clone(),
            phase: rule.phase,
            enabled: rule.enabled,
            version: rule.version,
            cursor,
            lag_events: ledger.map_or(0, |_| tail.0.saturating_sub(cursor.0)),
            oldest_undelivered: view.oldest.map(|oldest| now.since(oldest)),
            waiting: view.waiting,
            parked: view.parked,
            in_flight: view.in_flight,
            breaker: BreakerStatus {
                open: view.breaker_open,
                failures_in_a_row: view.failures_in_a_row,
                next_probe: view.next_probe,
            },
        }
    }
}
