//! What an attempt's outcome means.

use ringback_model::delivery::{Gap, ParkReason};
use ringback_model::rule::Order;
use ringback_model::time::UnixMs;
use ringback_model::trace::{Ended, Names, Trace, Traced};

use super::attempt::{Attempted, Delivery, Done, Source};
use super::lines::LaneKey;
use super::rows::Row;
use super::runner::Runner;
use crate::breaker::Symptom;
use crate::retry::{self, Next, Outcome};
use crate::telemetry::EndLine;
use crate::webhook_id;

impl Runner {
    /// An attempt is back.
    pub(super) fn settle(&mut self, done: Done) {
        let Done { mut delivery, probe, result } = done;
        if delivery.source == Source::Row {
            self.row_calls = self.row_calls.saturating_sub(1);
        }
        let now = self.shared.clock.now();
        self.tell_ban(&delivery, &result);
        let steady = self.shared.steady.now();
        self.tell_breaker(&result, probe, steady);
        let outcome = match result {
            Attempted::HeldBack => {
                self.hold_back(delivery, now);
                return;
            }
            Attempted::Failed { .. } if probe => {
                self.put_back(delivery);
                return;
            }
            Attempted::Delivered | Attempted::DeliveredBadly(_) => Outcome::Delivered,
            Attempted::Failed { error, retry_after, .. } => {
                delivery.since.get_or_insert(now);
                delivery.last_error = error;
                Outcome::Failed { retry_after }
            }
        };
        delivery.attempts = delivery.attempts.saturating_add(1);
        self.delivered = true;
        let dice = self.shared.dice.fraction();
        let (retry, parks) = (&self.live.rule.policy.retry, self.live.parks);
        match retry::step(retry, parks, delivery.attempts, outcome, steady, dice) {
            Next::Done => {
                self.live.was_delivered(delivery.at, now);
                self.over(&delivery);
            }
            Next::Again => self.again(delivery, steady, now),
            Next::RetryAt(due) => self.wait(&delivery, due, now),
            Next::Park(reason) => {
                self.tell_ban_of_end(&delivery);
                self.park(&delivery, reason, now);
            }
            Next::Drop => {
                self.tell_ban_of_end(&delivery);
                self.give_up(&delivery, ParkReason::Exhausted);
            }
        }
    }

    fn tell_breaker(&mut self, result: &Attempted, probe: bool, now: UnixMs) {
        let dice = self.shared.dice.fraction();
        let (symptom, retry_after) = match result {
            Attempted::HeldBack => return,
            Attempted::Delivered => {
                if self.breaker.succeeded() {
                    tracing::info!(target: "ringback::callback", rule = %self.live.id(), "receiver is back");
                    self.rows.all_due(now);
                }
                return;
            }
            Attempted::DeliveredBadly(_) => (Symptom::Answers, None),
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

    /// A probe failed, or the attempt was not made: nothing has happened to its delivery.
    pub(super) fn put_back(&mut self, delivery: Delivery) {
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

    /// It is dropped, and counted: nothing is parked for the rule.
    pub(super) fn give_up(&mut self, delivery: &Delivery, reason: ParkReason) {
        self.live.metrics.dropped(reason);
        self.staged.gap(Gap::one(delivery.key, reason.into(), self.shared.clock.now()));
        self.live.was_given_up(delivery.at);
        self.say_ended(delivery, reason, false);
        self.over(delivery);
    }

    /// A second attempt at once; where the app is banned by now, it falls into the ban like everything that is ready.
    /// While the receiver is left alone it waits as a row.
    fn again(&mut self, delivery: Delivery, due: UnixMs, now: UnixMs) {
        if self.breaker.is_open() || delivery.source == Source::Row {
            self.wait(&delivery, due, now);
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
    fn wait(&mut self, delivery: &Delivery, due: UnixMs, now: UnixMs) {
        let row = row_of(delivery, due, now);
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
    pub(super) fn park(&mut self, delivery: &Delivery, reason: ParkReason, now: UnixMs) {
        self.live.metrics.parked(delivery.moment(), reason);
        self.live.was_given_up(delivery.at);
        self.say_ended(delivery, reason, true);
        let row = row_of(delivery, now, now);
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

    fn say_ended(&self, delivery: &Delivery, reason: ParkReason, parked: bool) {
        self.live.recorder.note(|| Trace {
            at: self.shared.clock.now(),
            number: delivery.cause.as_ref().map(|cause| cause.message),
            operation_id: None,
            names: Names::default(),
            what: Traced::Ended(Ended { rule: self.live.id().clone(), key: delivery.key, reason, parked }),
        });
        EndLine {
            rule: &self.live.rule,
            webhook_id: &webhook_id::of_delivery(self.live.id(), delivery.key, &delivery.outbound.body),
            message: delivery.cause.as_ref().map(|cause| cause.message),
            pos: delivery.key.pos.0,
            attempts: delivery.attempts,
            reason,
            error: &delivery.last_error,
            parked,
        }
        .log();
    }

    pub(super) fn release(&mut self, delivery: &Delivery) {
        self.window.release(delivery.key.pos, delivery.outbound.body.len());
    }
}

fn row_of(delivery: &Delivery, due: UnixMs, now: UnixMs) -> Row {
    Row {
        lane: delivery.lane.clone(),
        attempts: delivery.attempts,
        due,
        at: delivery.at,
        since: delivery.since.unwrap_or(now),
        last_error: delivery.last_error.clone(),
        outbound: std::sync::Arc::clone(&delivery.outbound),
        cause: delivery.cause.clone(),
    }
}
