//! Which delivery goes next.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::delivery::DeliveryKey;
use ringback_model::time::UnixMs;
use tokio::time::Instant;

use super::attempt::{Attempted, Delivery, Done, Source, attempt};
use super::lines::LaneKey;
use super::rows::Row;
use super::runner::Runner;
use crate::breaker::Permit;

/// Longest sleep: a wait that was missed for whatever reason ends then.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

impl Runner {
    /// Starts as many attempts as may be started.
    pub(super) fn pump(&mut self) {
        while self.may_stage() {
            if self.is_banned() {
                self.divert();
                return;
            }
            let now = self.shared.steady.now();
            let started = match self.breaker.permit(now) {
                Permit::Flow(most) => self.start_next(now, most),
                Permit::Probe => self.start_probe(),
                Permit::Wait(_) | Permit::Probing => false,
            };
            if !started {
                return;
            }
        }
    }

    fn limit(&self, most: usize) -> usize {
        most.min(usize::from(self.live.rule.policy.concurrency))
    }

    fn start_next(&mut self, now: UnixMs, most: usize) -> bool {
        let limit = self.limit(most);
        if self.calls.len() >= limit || self.pacer.wait_until(Instant::now()).is_some() {
            return false;
        }
        // Retries leave half of the room to lanes that are in order; where there is room for one, they take turns.
        let row_first = self.row_calls < (limit / 2).max(1) && (limit > 1 || !self.row_went_last);
        (row_first && self.start_due_row(now)) || self.start_ready(false) || self.start_due_row(now)
    }

    fn start_due_row(&mut self, now: UnixMs) -> bool {
        let Some((key, row)) = self.rows.take_due(now) else {
            return false;
        };
        self.start_row(key, row, false);
        true
    }

    /// Rows and lanes take turns, and among each another one each time: a delivery that can never succeed must not
    /// be the only one that is tried.
    fn start_probe(&mut self) -> bool {
        let rows_first = self.probe_rows_next;
        self.probe_rows_next = !rows_first;
        let started = (rows_first && self.start_row_probe())
            || self.start_ready(true)
            || (!rows_first && self.start_row_probe());
        if started {
            self.breaker.probe_started();
        }
        started
    }

    fn start_row_probe(&mut self) -> bool {
        let Some((key, row)) = self.rows.take_probe() else {
            return false;
        };
        self.start_row(key, row, true);
        true
    }

    fn start_row(&mut self, key: DeliveryKey, row: Row, probe: bool) {
        if let Some(line) = self.lines.get_mut(&row.lane) {
            line.busy = true;
        }
        self.row_calls += 1;
        let delivery = Delivery {
            key,
            outbound: self.live.redirect(&row.outbound),
            lane: row.lane,
            cause: row.cause,
            attempts: row.attempts,
            at: row.at,
            since: Some(row.since),
            last_error: row.last_error,
            source: Source::Row,
            handed: true,
        };
        self.start(delivery, probe);
    }

    /// Starts the first delivery of the next lane that is ready.
    fn start_ready(&mut self, probe: bool) -> bool {
        if self.is_full() {
            return false;
        }
        while let Some(lane) = self.ready.pop_front() {
            let Some(delivery) = self.take_front(&lane) else { continue };
            self.start(delivery, probe);
            return true;
        }
        false
    }

    /// The lane may have got stuck, or busy, since it was noted as ready.
    pub(super) fn take_front(&mut self, lane: &LaneKey) -> Option<Delivery> {
        let line = self.lines.get_mut(lane)?;
        if line.busy || !line.queue.front()?.handed {
            return None;
        }
        line.busy = true;
        line.queue.pop_front()
    }

    fn start(&mut self, delivery: Delivery, probe: bool) {
        self.row_went_last = delivery.source == Source::Row;
        self.pacer.started(Instant::now());
        let (live, shared) = (Arc::clone(&self.live), Arc::clone(&self.shared));
        self.calls.push(Box::pin(async move {
            // A call that came back just now may have begun a ban.
            if live.shares_ban() && shared.ban.is_active() {
                return Done { delivery, probe, result: Attempted::HeldBack };
            }
            attempt(live, Arc::clone(&shared.caller), Arc::clone(&shared.clock), delivery, probe).await
        }));
    }

    /// Whether another failure might not find room, be it to wait or to be parked: then nothing new is tried and the
    /// cursor stops. Those that wait already are tried on, so as many of them may still be parked beyond the bound.
    pub(super) fn is_full(&self) -> bool {
        let fresh = self.calls.len().saturating_sub(self.row_calls);
        let waiting = self.rows.len().saturating_add(fresh);
        let parked = self.parked.saturating_add(u64::try_from(fresh).unwrap_or(u64::MAX));
        let bounds = self.shared.bounds;
        waiting >= bounds.exceptions || parked >= bounds.parked
    }

    /// When something may be started that may not now; `None` where only an event can change that.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let now = self.shared.steady.now();
        let instant = Instant::now();
        if self.is_banned() {
            return self.has_to_divert().then_some(instant);
        }
        let wait = match self.breaker.permit(now) {
            Permit::Wait(next) if self.rows.len() > 0 || !self.ready.is_empty() => next.since(now),
            Permit::Wait(_) | Permit::Probing | Permit::Probe => return None,
            Permit::Flow(most) if self.calls.len() >= self.limit(most) => return None,
            Permit::Flow(_) => {
                let due = self.rows.next_due();
                let waits_for_pace = !self.ready.is_empty() || due.is_some_and(|due| due <= now);
                if let Some(pace) = self.pacer.wait_until(instant).filter(|_| waits_for_pace) {
                    return Some(pace);
                }
                due.filter(|due| *due > now)?.since(now)
            }
        };
        Some(instant + wait.min(LONGEST_SLEEP))
    }
}
