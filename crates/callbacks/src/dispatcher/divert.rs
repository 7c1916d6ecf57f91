//! What becomes of deliveries while the app is banned: nothing is called; what comes out of the stream is parked, or
//! dropped and counted. What waits for a retry just waits until the ban is over.

use ringback_model::delivery::ParkReason;
use ringback_model::limits;
use ringback_model::time::UnixMs;

use super::attempt::{Attempted, Delivery, Source};
use super::runner::Runner;

/// Deliveries that leave the stream before others on the same thread have their turn.
const PER_TURN: usize = 256;
/// What is said of a delivery that was never called.
const NOT_CALLED: &str = "not called: after-callbacks were banned";

impl Runner {
    /// Whether nothing may be called now.
    pub(super) fn is_banned(&self) -> bool {
        self.live.shares_ban() && self.shared.ban.is_active()
    }

    /// Tells the ban of a failure. The second attempt of a delivery is another one, unless the contract counts
    /// deliveries: then [`Runner::tell_ban_of_end`] hears of it.
    pub(super) fn tell_ban(&self, delivery: &Delivery, result: &Attempted) {
        if !self.live.shares_ban() {
            return;
        }
        match result {
            Attempted::Failed { .. } if self.counts_once(delivery) => {}
            Attempted::Failed { error, .. } => self.shared.ban.failed(&self.live.rule.name, error),
            Attempted::DeliveredBadly(why) => self.shared.ban.failed(&self.live.rule.name, why),
            Attempted::Delivered | Attempted::HeldBack => {}
        }
    }

    /// Tells the ban of a delivery that is given up, where the contract counts deliveries rather than attempts.
    pub(super) fn tell_ban_of_end(&self, delivery: &Delivery) {
        if self.live.shares_ban() && self.counts_once(delivery) {
            self.shared.ban.failed(&self.live.rule.name, &delivery.last_error);
        }
    }

    fn counts_once(&self, delivery: &Delivery) -> bool {
        self.live.manner(delivery.moment()).is_some_and(|manner| manner.counts_once)
    }

    /// Takes some of what is ready out of the stream.
    pub(super) fn divert(&mut self) {
        let now = self.shared.clock.now();
        for _ in 0..PER_TURN {
            if !self.may_divert() {
                return;
            }
            let Some(lane) = self.ready.pop_front() else { return };
            if let Some(delivery) = self.take_front(&lane) {
                self.divert_one(&delivery, now);
            }
        }
    }

    /// Whether there is more for [`Runner::divert`].
    pub(super) fn has_to_divert(&self) -> bool {
        self.is_banned() && !self.ready.is_empty() && self.may_divert()
    }

    fn may_divert(&self) -> bool {
        self.may_stage() && (!self.live.parks || !self.is_full())
    }

    /// Whether more rows may be waiting to be saved; else the stream waits for the next save.
    pub(super) fn may_stage(&self) -> bool {
        self.staged.len() + self.ledger.unsaved() < limits::UNSAVED_ROWS
    }

    /// A delivery falls into the ban.
    fn divert_one(&mut self, delivery: &Delivery, now: UnixMs) {
        self.delivered = true;
        if !self.live.parks {
            self.give_up(delivery, ParkReason::Banned);
        } else if delivery.attempts == 0 {
            let told = Delivery { last_error: NOT_CALLED.to_owned(), ..delivery.clone() };
            self.park(&told, ParkReason::Banned, now);
        } else {
            self.park(delivery, ParkReason::Banned, now);
        }
    }

    /// An attempt was not made, because a ban began: like [`Runner::divert`], but a row stays one.
    pub(super) fn hold_back(&mut self, delivery: Delivery, now: UnixMs) {
        if delivery.source == Source::Row || !self.is_banned() {
            self.put_back(delivery);
        } else {
            self.divert_one(&delivery, now);
        }
    }
}
