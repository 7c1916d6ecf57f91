//! What one rule has to write down, until it is written down.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use metrics::Gauge;
use ringback_model::delivery::{DeliveryKey, Exception, Gap, ProgressChange};
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::time::UnixMs;
use tokio::sync::Notify;

/// Changes of a rule's progress that belong together: they reach the store in one save, or none does.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    put: HashMap<DeliveryKey, Exception>,
    remove: HashSet<DeliveryKey>,
    gaps: Vec<Gap>,
}

impl Staged {
    pub(crate) fn put(&mut self, exception: Exception) {
        self.remove.remove(&exception.key);
        self.put.insert(exception.key, exception);
    }

    pub(crate) fn remove(&mut self, key: DeliveryKey) {
        self.put.remove(&key);
        self.remove.insert(key);
    }

    /// Deliveries came to nothing.
    pub(crate) fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// Rows that it writes or removes.
    pub(crate) fn len(&self) -> usize {
        self.put.len() + self.remove.len() + self.gaps.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds later changes.
    fn then(&mut self, later: Self) {
        for key in later.remove {
            self.remove(key);
        }
        for exception in later.put.into_values() {
            self.put(exception);
        }
        self.gaps.extend(later.gaps);
    }
}

/// What a runner shows of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct View {
    pub(crate) waiting: usize,
    pub(crate) parked: u64,
    pub(crate) in_flight: usize,
    pub(crate) oldest: Option<UnixMs>,
    pub(crate) breaker_open: bool,
    pub(crate) failures_in_a_row: u32,
    pub(crate) next_probe: Option<UnixMs>,
}

/// Shared between a rule's runner, which writes, and the checkpointer, which saves.
pub(crate) struct Ledger {
    rule: RuleId,
    gauges: LagGauges,
    state: Mutex<State>,
    /// A save has ended well.
    saved: Notify,
}

/// What shows how far a rule is behind.
#[derive(Clone)]
pub(crate) struct LagGauges {
    /// In events.
    pub(crate) events: Gauge,
    /// In seconds.
    pub(crate) oldest: Gauge,
}

struct State {
    cursor: LogPos,
    saved: LogPos,
    /// Events up to here have been looked at by the runner.
    taken: LogPos,
    /// Deliveries that hold the cursor.
    outstanding: usize,
    /// The cursor was moved by a delivery, not only by events that are not the rule's business.
    urgent: bool,
    staged: Staged,
    /// Rows of the save under way.
    saving: usize,
    view: View,
}

impl Ledger {
    /// `saved` is the cursor as the store knows it, or zero.
    pub(crate) fn new(rule: RuleId, gauges: LagGauges, cursor: LogPos, saved: LogPos) -> Self {
        Self {
            rule,
            gauges,
            saved: Notify::new(),
            state: Mutex::new(State {
                cursor,
                saved,
                taken: cursor,
                outstanding: 0,
                urgent: cursor != saved,
                staged: Staged::default(),
                saving: 0,
                view: View::default(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runner has come so far: all in one step, so that a save never sees half of it.
    pub(crate) fn advance(
        &self,
        cursor: LogPos,
        taken: LogPos,
        outstanding: usize,
        staged: Staged,
        delivered: bool,
    ) {
        let mut state = self.state();
        state.urgent |= delivered;
        state.cursor = state.cursor.max(cursor);
        state.taken = state.taken.max(taken);
        state.outstanding = outstanding;
        state.staged.then(staged);
    }

    /// Everything up to `pos` was shown to this rule's tail subscription, whose last event for it was `last_sent`.
    /// Where the runner owes nothing, the cursor follows.
    pub(crate) fn follow(&self, last_sent: LogPos, pos: LogPos) {
        let mut state = self.state();
        if state.outstanding == 0 && state.taken >= last_sent {
            state.cursor = state.cursor.max(pos);
        }
    }

    pub(crate) fn cursor(&self) -> LogPos {
        self.state().cursor
    }

    /// Shows how far the rule is behind this end of the log, and since when.
    pub(crate) fn show_lag(&self, tail: LogPos, now: UnixMs) {
        let lag = tail.0.saturating_sub(self.cursor().0);
        self.gauges.events.set(f64::from(u32::try_from(lag).unwrap_or(u32::MAX)));
        let oldest = self.view().oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
        self.gauges.oldest.set(oldest);
    }

    pub(crate) fn view(&self) -> View {
        self.state().view.clone()
    }

    pub(crate) fn set_view(&self, view: View) {
        self.state().view = view;
    }

    /// Takes what is to be saved. A cursor that only followed the log waits, unless `idle_too`: losing it costs
    /// nothing but looking at those events again.
    pub(crate) fn take(&self, idle_too: bool) -> Option<ProgressChange> {
        let mut state = self.state();
        let moved = state.cursor > state.saved && (state.urgent || idle_too || !state.staged.is_empty());
        if !moved && state.staged.is_empty() {
            return None;
        }
        let staged = std::mem::take(&mut state.staged);
        state.saving = staged.len();
        state.urgent = false;
        let cursor = moved.then_some(state.cursor);
        state.saved = cursor.unwrap_or(state.saved);
        Some(ProgressChange {
            cursor,
            put: staged.put.into_values().collect(),
            remove: staged.remove.into_iter().collect(),
            gaps: staged.gaps,
            ..ProgressChange::none(self.rule.clone())
        })
    }

    /// What was taken is saved.
    pub(crate) fn was_saved(&self) {
        self.state().saving = 0;
        self.saved.notify_one();
    }

    /// Resolves after the next save. For one waiter.
    pub(crate) async fn next_save(&self) {
        self.saved.notified().await;
    }

    /// Rows that are not saved yet.
    pub(crate) fn unsaved(&self) -> usize {
        let state = self.state();
        state.saving + state.staged.len()
    }

    /// Puts back what could not be saved, under what has come since.
    pub(crate) fn give_back(&self, change: ProgressChange) {
        let mut staged = Staged::default();
        change.remove.into_iter().for_each(|key| staged.remove(key));
        change.put.into_iter().for_each(|exception| staged.put(exception));
        staged.gaps = change.gaps;
        let mut state = self.state();
        let later = std::mem::take(&mut state.staged);
        staged.then(later);
        state.staged = staged;
        state.saving = 0;
        if change.cursor.is_some() {
            state.saved = LogPos::ZERO;
            state.urgent = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::delivery::ExceptionState;
    use ringback_model::event::Lane;

    use super::*;

    fn key(pos: u64) -> DeliveryKey {
        DeliveryKey { pos: LogPos(pos), copy: 0 }
    }

    fn exception(pos: u64, error: &str) -> Exception {
        Exception {
            key: key(pos),
            lane: Lane("l".into()),
            state: ExceptionState::Resume,
            since: UnixMs(0),
            last_error: error.to_owned(),
            outbound: None,
        }
    }

    fn ledger() -> Ledger {
        let gauges = LagGauges { events: Gauge::noop(), oldest: Gauge::noop() };
        Ledger::new(RuleId::new("r"), gauges, LogPos(0), LogPos(0))
    }

    #[test]
    fn a_cursor_and_its_rows_go_together() {
        let ledger = ledger();
        let mut staged = Staged::default();
        staged.put(exception(1, "a"));
        ledger.advance(LogPos(5), LogPos(5), 0, staged, true);
        assert_eq!(ledger.unsaved(), 1);
        let change = ledger.take(false).unwrap();
        assert_eq!((change.cursor, change.put.len()), (Some(LogPos(5)), 1));
        assert_eq!(ledger.unsaved(), 1, "taken is not saved");
        ledger.was_saved();
        assert_eq!(ledger.unsaved(), 0);
        assert_eq!(ledger.take(true), None);
    }

    #[test]
    fn what_could_not_be_saved_is_saved_later_unless_it_is_out_of_date() {
        let ledger = ledger();
        let mut staged = Staged::default();
        staged.put(exception(1, "old"));
        staged.put(exception(2, "kept"));
        ledger.advance(LogPos(3), LogPos(3), 0, staged, true);
        let lost = ledger.take(false).unwrap();
        let mut staged = Staged::default();
        staged.remove(key(1));
        ledger.advance(LogPos(3), LogPos(3), 0, staged, false);
        ledger.give_back(lost);
        let change = ledger.take(false).unwrap();
        assert_eq!(change.cursor, Some(LogPos(3)));
        assert_eq!(change.put, vec![exception(2, "kept")]);
        assert_eq!(change.remove, vec![key(1)]);
    }

    #[test]
    fn following_the_log_is_not_urgent_and_waits_for_what_is_owed() {
        let ledger = ledger();
        ledger.follow(LogPos(0), LogPos(9));
        assert_eq!((ledger.cursor(), ledger.take(false)), (LogPos(9), None));
        ledger.advance(LogPos(9), LogPos(9), 1, Staged::default(), false);
        ledger.follow(LogPos(9), LogPos(20));
        assert_eq!(ledger.cursor(), LogPos(9), "a delivery is outstanding");
        ledger.advance(LogPos(9), LogPos(9), 0, Staged::default(), false);
        ledger.follow(LogPos(15), LogPos(20));
        assert_eq!(ledger.cursor(), LogPos(9), "an event is in the mailbox");
        assert_eq!(ledger.take(true).unwrap().cursor, Some(LogPos(9)));
    }
}
