//! What an attempt's outcome means.

use ringback_model::delivery::ParkReason;
use ringback_model::rule::Order;
use ringback_model::time::UnixMs;

use super::attempt::{Attempted, Delivery, Done, Source};
use super::lines::LaneKey;
use super::rows::Row;
use super::runner::Runner;
use crate::breaker::Symptom;
use crate::retry::{self, Next, Outcome};

impl Runner {
    /// An attempt is back.
    pub(super) fn settle(&mut self, done: Done) {
        let Done { mut delivery, probe, result } = done;
        if delivery.source == Source::Row {
            self.row_calls = self.row_calls.saturating_sub(1);
        }
        let now = self.shared.clock.now();
        if probe && matches!(result, Attempted::Failed { .. }) {
            self.tell_breaker(&result, probe, now);
            self.put_back(delivery);
            return;
        }
        self.tell_breaker(&result, probe, now);
        delivery.attempts = delivery.attempts.saturating_add(1);
        let (outcome, error) = match result {
            Attempted::Delivered | Attempted::DeliveredBadly => (Outcome::Delivered, String::new()),
            Attempted::Failed { error, retry_after, .. } => (Outcome::Failed { retry_after }, error),
        };
        if outcome != Outcome::Delivered {
            delivery.since.get_or_insert(now);
        }
        let dice = self.shared.dice.fraction();
        self.delivered = true;
        match retry::step(&self.live.rule.policy, delivery.attempts, outcome, now, dice) {
            Next::Done => self.over(&delivery),
            Next::Again => self.again(delivery, error, now),
            Next::RetryAt(due) => self.wait(&delivery, error, due, now),
            Next::Park(reason) => self.park(&delivery, error, reason, now),
            Next::Drop => {
                self.live.metrics.dropped.increment(1);
                self.over(&delivery);
            }
        }
    }

    fn tell_breaker(&mut self, result: &Attempted, probe: bool, now: UnixMs) {
        let dice = self.shared.dice.fraction();
        let (symptom, retry_after) = match result {
            Attempted::Delivered => {
                if self.breaker.succeeded() {
                    tracing::info!(target: "ringback::callback", rule = %self.live.id(), "receiver is back");
                    self.rows.all_due(now);
                }
                return;
            }
            Attempted::DeliveredBadly => (Symptom::Answers, None),
            Attempted::Failed { symptom, retry_after, .. } => (*symptom, *retry_after),
        };
        if probe {
            self.breaker.probe_failed(now, retry_after, dice);
        } else if self.breaker.failed(symptom, now, retry_after, dice) {
            tracing::warn!(
                target: "ringback::callback",
                rule = %self.live.id(),
                failures = self.breaker.failures(),
                "receiver is left alone until a probe succeeds"
            );
        }
    }

    /// A probe failed: nothing has happened to its delivery.
    fn put_back(&mut self, delivery: Delivery) {
        if delivery.source == Source::Row {
            self.rows.give_back(delivery.key);
            if let Some(line) = self.lines.get_mut(&delivery.lane) {
                line.busy = false;
            }
            return;
        }
        let lane = delivery.lane.clone();
        if let Some(line) = self.lines.get_mut(&lane) {
            line.queue.push_front(delivery);
        }
        self.next_in_line(&lane);
    }

    /// The delivery needs nothing more.
    fn over(&mut self, delivery: &Delivery) {
        match delivery.source {
            Source::Row => {
                self.rows.remove(delivery.key);
                self.staged.remove(delivery.key);
                self.after_row(&delivery.lane, delivery.key);
            }
            Source::Stream => {
                self.release(delivery);
                self.next_in_line(&delivery.lane);
            }
            Source::Lane => self.resumed_one(&delivery.lane, delivery.key),
        }
    }

    /// A second attempt at once; while the receiver is left alone it waits as a row instead.
    fn again(&mut self, delivery: Delivery, error: String, now: UnixMs) {
        if self.breaker.is_open() || delivery.source == Source::Row {
            self.wait(&delivery, error, now, now);
            return;
        }
        let lane = delivery.lane.clone();
        if let Some(line) = self.lines.get_mut(&lane) {
            line.busy = false;
            line.queue.push_front(delivery);
            self.ready.push_front(lane);
        }
    }

    /// It is tried again later: it becomes a row, and its lane waits.
    fn wait(&mut self, delivery: &Delivery, error: String, due: UnixMs, now: UnixMs) {
        let row = row_of(delivery, error, due, now);
        self.staged.put(row.waiting(delivery.key));
        self.rows.remove(delivery.key);
        self.rows.put(delivery.key, row);
        match delivery.source {
            Source::Row => {
                if let Some(line) = self.lines.get_mut(&delivery.lane) {
                    line.busy = false;
                }
            }
            Source::Stream => {
                self.release(delivery);
                self.stick(delivery);
            }
            Source::Lane => self.stick_again(&delivery.lane, delivery.key),
        }
    }

    /// It is set aside for good.
    fn park(&mut self, delivery: &Delivery, error: String, reason: ParkReason, now: UnixMs) {
        let row = row_of(delivery, error, now, now);
        self.staged.put(row.parked(delivery.key, now, reason));
        self.rows.remove(delivery.key);
        self.parked = self.parked.saturating_add(1);
        if delivery.source == Source::Stream {
            self.release(delivery);
        }
        let named = matches!(delivery.lane, LaneKey::Named(_));
        if named && self.live.rule.policy.order == Order::Strict {
            self.hold(delivery);
            return;
        }
        match delivery.source {
            Source::Row => self.after_row(&delivery.lane, delivery.key),
            Source::Stream => self.next_in_line(&delivery.lane),
            Source::Lane => self.resumed_one(&delivery.lane, delivery.key),
        }
    }

    pub(super) fn release(&mut self, delivery: &Delivery) {
        self.window.release(delivery.key.pos, delivery.outbound.body.len());
    }
}

fn row_of(delivery: &Delivery, error: String, due: UnixMs, now: UnixMs) -> Row {
    Row {
        lane: delivery.lane.clone(),
        attempts: delivery.attempts,
        due,
        since: delivery.since.unwrap_or(now),
        last_error: error,
        outbound: std::sync::Arc::clone(&delivery.outbound),
        cause: delivery.cause.clone(),
    }
}
