//! The work of one replay: count, then page by page, the lanes of a page side by side and each in its order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ringback_model::failure::Fault;
use ringback_model::ids::RuleId;
use ringback_model::limits;
use ringback_model::rule::Retry;

use super::business::Business;
use super::count::count;
use super::page::{Page, Pager};
use super::scope::Scope;
use super::state::{Replay, ReplayFailure, ReplayState};
use crate::dispatcher::attempt::{Attempted, Delivery, send_once};
use crate::dispatcher::lines::by_lane;
use crate::dispatcher::runner::Shared;
use crate::retry::{self, Next, Outcome};
use crate::storage::throttle::Throttle;
use crate::telemetry::{self, Why};
use crate::webhook_id;

/// See the module.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) replay: Arc<Replay>,
    pub(super) business: Business,
    pub(super) scope: Scope,
    pub(super) throttle: Throttle,
}

impl Worker {
    pub(super) async fn run(self) {
        let guard = Guard(&self);
        let (state, why) = match self.work().await {
            Ok(()) if self.replay.is_ending() => (ReplayState::Cancelled, None),
            Ok(()) => match self.replay.unsent() {
                0 => (ReplayState::Done, None),
                unsent => {
                    let why = format!("{unsent} of its deliveries left the log before it came to them");
                    (ReplayState::Failed, Some(why))
                }
            },
            Err(fault) => {
                tracing::error!(
                    target: "ringback::callback",
                    replay = self.replay.given.id,
                    %fault,
                    "a replay ends early: the log could not be read"
                );
                (ReplayState::Failed, Some("the log could not be read; the server's log says why".to_owned()))
            }
        };
        self.replay.end(state, why, self.shared.clock.now());
        drop(guard);
        self.say_ended();
    }

    fn say_ended(&self) {
        let status = self.replay.status();
        tracing::info!(
            target: "ringback::callback",
            replay = status.id,
            rule = %status.order.rule,
            state = status.state.name(),
            dry = status.order.dry,
            deliveries = status.counts.deliveries,
            delivered = status.delivered,
            failed = status.failed,
            position = status.position.0,
            "a replay is over"
        );
    }

    async fn work(&self) -> Result<(), Fault> {
        let log = self.shared.log.as_ref();
        count(log, &self.scope, &self.business, &self.replay).await?;
        if self.replay.given.order.dry {
            return Ok(());
        }
        let mut pager = Pager::new(log, &self.scope, &self.business);
        while self.replay.may_go_on().await {
            let Some(page) = pager.next(&self.replay).await? else {
                self.replay.opened(BTreeMap::new(), self.scope.upto);
                break;
            };
            self.send_page(page).await;
        }
        Ok(())
    }

    async fn send_page(&self, page: Page) {
        self.replay.opened(page.open(), page.read);
        for key in page.unrendered {
            self.failed(ReplayFailure {
                key,
                webhook_id: String::new(),
                attempts: 0,
                reason: "its contract gives no request for it".to_owned(),
            });
        }
        let lanes = by_lane(page.deliveries, |delivery| Some(delivery.lane.clone()));
        let lanes: FuturesUnordered<_> = lanes.into_iter().map(|lane| self.send_lane(lane)).collect();
        tokio::select! {
            () = lanes.collect::<()>() => {}
            () = self.grace_over() => {}
        }
    }

    /// Resolves once the engine drains and the time for calls under way is over.
    async fn grace_over(&self) {
        self.replay.stopping().await;
        tokio::time::sleep(self.shared.grace()).await;
    }

    /// Sends what one lane has in the page, one after the other.
    async fn send_lane(&self, lane: Vec<Delivery>) {
        for delivery in lane {
            if !self.send(delivery).await {
                return;
            }
        }
    }

    /// Sends a delivery until it is over; false where the replay ends before that.
    async fn send(&self, mut delivery: Delivery) -> bool {
        if let Some(cause) = &delivery.cause {
            // The newest messages may be on their way to devices still, and those come first.
            tokio::select! {
                biased;
                () = self.shared.handover.handed_over(cause.message) => {}
                () = self.replay.ending() => return false,
            }
        }
        loop {
            self.heed_ban();
            if !self.replay.may_go_on().await {
                return false;
            }
            let slot = tokio::select! {
                biased;
                () = self.replay.ending() => return false,
                slot = self.throttle.slot() => slot,
            };
            // A ban may have begun meanwhile.
            self.heed_ban();
            if !self.replay.goes_on() {
                continue;
            }
            let live = &self.business.live;
            let (caller, clock) = (self.shared.caller.as_ref(), self.shared.clock.as_ref());
            let why = Why::Replay(&self.replay.given.id);
            let attempted = send_once(live, caller, clock, &delivery, &live.how, why).await;
            drop(slot);
            let (error, retry_after) = match attempted {
                Attempted::Delivered | Attempted::DeliveredBadly(_) => {
                    telemetry::replayed(self.rule(), "delivered");
                    self.replay.delivered(delivery.key.pos);
                    return true;
                }
                Attempted::Failed { error, retry_after, .. } => (error, retry_after),
                // Nobody holds back what a replay sends.
                Attempted::HeldBack => continue,
            };
            delivery.attempts = delivery.attempts.saturating_add(1);
            let Some(wait) = self.wait(delivery.attempts, retry_after) else {
                self.failed(ReplayFailure {
                    key: delivery.key,
                    webhook_id: webhook_id::of_delivery(self.rule(), delivery.key, &delivery.outbound.body),
                    attempts: delivery.attempts,
                    reason: error,
                });
                return true;
            };
            tokio::select! {
                () = self.replay.ending() => return false,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn rule(&self) -> &RuleId {
        self.business.live.id()
    }

    fn failed(&self, failure: ReplayFailure) {
        telemetry::replayed(self.rule(), "failed");
        self.replay.failed(failure);
    }

    /// A receiver that is left alone is left alone by replays, too; another URL is not the one that is banned.
    fn heed_ban(&self) {
        let own_url = self.replay.given.order.target_url.is_none();
        if own_url && self.business.live.shares_ban() && self.shared.ban.is_active() {
            self.replay.pause_because(
                "the rule's receiver is banned now: resume it after the end of the ban, or lift that",
            );
        }
    }

    /// How long to wait before the next attempt; `None` = there is none.
    fn wait(&self, attempts: u32, retry_after: Option<Duration>) -> Option<Duration> {
        let waits = limits::REPLAY_WAITS_S;
        // Its lane waits: no longer than for the last attempt.
        let longest = waits.last().map_or(Duration::ZERO, |wait| Duration::from_secs(u64::from(*wait)));
        let outcome = Outcome::Failed { retry_after: retry_after.map(|wait| wait.min(longest)) };
        let (now, dice) = (self.shared.steady.now(), self.shared.dice.fraction());
        match retry::step(&Retry::Schedule(waits.to_vec()), false, attempts, outcome, now, dice) {
            Next::RetryAt(due) => Some(due.since(now)),
            Next::Again => Some(Duration::ZERO),
            Next::Done | Next::Park(_) | Next::Drop => None,
        }
    }
}

/// Ends a replay whose work breaks off, so that nobody waits for it.
struct Guard<'a>(&'a Worker);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let now = self.0.shared.clock.now();
        let why = "it broke off; the server's log says why".to_owned();
        self.0.replay.end(ReplayState::Failed, Some(why), now);
    }
}
