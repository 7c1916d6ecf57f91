//! What operators are shown of a rule.

use std::time::Duration;

use ringback_model::event::Phase;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::time::UnixMs;

use crate::ledger::Ledger;
use crate::live::LiveRule;

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
    /// Deliveries that were taken since the engine started.
    pub delivered: u64,
    /// Of the promised ones: those taken within [`ringback_model::limits::DELAY_PROMISE`] of their event.
    pub on_time: u64,
    /// Of the promised ones: those taken later, parked or dropped. Events from before the rule was switched on are
    /// promised to nobody.
    pub late: u64,
    /// Whether the receiver is left alone, and on what evidence.
    pub breaker: BreakerStatus,
    /// When the app's ban ends; `None` = there is none, or the rule does not share it.
    pub banned_until: Option<UnixMs>,
    /// What cannot be delivered is parked; else it is dropped and counted.
    pub parks: bool,
}

/// The app's ban, shared by all rules whose policy says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BanStatus {
    /// When the ban in force ends, by the clock as it was when it began; `None` = there is none.
    pub active_until: Option<UnixMs>,
    /// When the bans began that make the next one longer, oldest first; those of the last day.
    pub starts: Vec<UnixMs>,
    /// What the newest one rests on, in words; empty = there was none.
    pub evidence: String,
    /// Names of the rules that share it.
    pub rules: Vec<String>,
    /// Failures that count towards the next one.
    pub failures_in_window: u32,
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
    /// Share of promised deliveries that came in time, `0.0..=1.0`; `None` before the first.
    #[must_use]
    pub fn on_time_share(&self) -> Option<f64> {
        let promised = self.on_time.saturating_add(self.late);
        #[allow(clippy::cast_precision_loss, reason = "a share for people to read")]
        let share = self.on_time as f64 / promised as f64;
        (promised > 0).then_some(share)
    }

    /// `banned` = when the app's ban in force ends.
    pub(crate) fn of(
        live: &LiveRule,
        ledger: Option<&Ledger>,
        tail: LogPos,
        now: UnixMs,
        banned: Option<UnixMs>,
    ) -> Self {
        let rule = live.rule.as_ref();
        let kept = live.promise.kept();
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
            delivered: kept.delivered,
            on_time: kept.on_time,
            late: kept.late,
            breaker: BreakerStatus {
                open: view.breaker_open,
                failures_in_a_row: view.failures_in_a_row,
                next_probe: view.next_probe,
            },
            banned_until: banned.filter(|_| rule.enabled && live.shares_ban()),
            parks: rule.phase == Phase::After && live.parks,
        }
    }
}
