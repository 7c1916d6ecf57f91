//! The work of one order: a slice, rule by rule, page by page. What the receiver takes leaves the slice, the rest stays
//! under its key.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, Outbound, ProgressChange};
use ringback_model::failure::Fault;
use ringback_model::limits::{self, RESEND_PAGE};
use ringback_model::storage::Bucket;
use tokio::sync::Semaphore;

use super::catalog::show_parked;
use super::resend::{Claim, Orders};
use super::throttle::Throttle;
use crate::caller::CallPolicy;
use crate::dispatcher::attempt::{Attempted, Cause, Delivery, Source, send_once};
use crate::dispatcher::causes::{Causes, causes_of};
use crate::dispatcher::lines::{LaneKey, by_lane};
use crate::dispatcher::notices::Left;
use crate::dispatcher::runner::Shared;
use crate::live::LiveRule;
use crate::telemetry::{self, Why};

/// See the module.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) orders: Arc<Orders>,
    pub(super) claim: Claim,
    /// Which order of this slice it is, from 1.
    pub(super) retry: u32,
    /// `None` = each rule's own URL.
    pub(super) target: Option<String>,
    pub(super) private_targets: bool,
    pub(super) parts: Vec<Assigned>,
}

/// What one rule has in the slice.
pub(super) struct Assigned {
    pub(super) live: Arc<LiveRule>,
    pub(super) bucket: Bucket,
    /// As it was when the order came; what is parked later is not meant.
    pub(super) count: u64,
}

/// A delivery that was sent: what became of it, and its row as it was.
struct Sent {
    row: Exception,
    /// `None` = taken; else what it ran into.
    error: Option<String>,
}

/// What has become of a part.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    delivered: u64,
    failed: u64,
}

impl Worker {
    /// Ends early, with what it has begun, where the engine drains or a ban comes.
    pub(super) async fn run(self) {
        let turn = tokio::select! {
            biased;
            () = self.orders.stop.cancelled() => return,
            turn = self.orders.turns.acquire() => turn,
        };
        let mut total = Tally::default();
        let rules = Semaphore::new(limits::RESEND_RULES_AT_ONCE);
        let mut parts: FuturesUnordered<_> =
            self.parts.iter().map(|part| self.send_part(part, &rules)).collect();
        while let Some(tally) = parts.next().await {
            total.delivered += tally.delivered;
            total.failed += tally.failed;
        }
        drop((parts, turn));
        self.say_done(total);
    }

    /// What stays is worth a warning: nobody sends it again by himself.
    fn say_done(&self, total: Tally) {
        let deliveries: u64 = self.parts.iter().map(|part| part.count).sum();
        let unsent = deliveries.saturating_sub(total.delivered).saturating_sub(total.failed);
        macro_rules! line {
            ($level:ident, $words:literal) => {
                tracing::$level!(
                    target: "ringback::callback",
                    date = self.claim.date(),
                    retry = self.retry,
                    rules = self.parts.len(),
                    deliveries,
                    delivered = total.delivered,
                    failed = total.failed,
                    unsent,
                    other_target = self.target.is_some(),
                    $words
                )
            };
        }
        if total.failed + unsent == 0 {
            line!(info, "a slice of parked deliveries was sent again");
        } else {
            line!(
                warn,
                "a slice of parked deliveries was sent again, and some of it stays: see the attempts before this \
                 line, mend the receiver and send the slice again"
            );
        }
    }

    async fn send_part(&self, part: &Assigned, rules: &Semaphore) -> Tally {
        // Nobody closes it.
        let _turn = rules.acquire().await.ok();
        let throttle = self.orders.throttles.of(&part.live);
        let how = self.policy(&part.live);
        let mut tally = Tally::default();
        let mut after = None;
        let mut left = part.count;
        while left > 0 && self.may_go_on(&part.live) {
            match self.send_page(part, &throttle, &how, after, left).await {
                Ok(Some(page)) => {
                    tally.delivered += page.tally.delivered;
                    tally.failed += page.tally.failed;
                    after = Some(page.last);
                    left = left.saturating_sub(page.rows);
                }
                Ok(None) => break,
                Err(fault) => {
                    tracing::error!(
                        target: "ringback::callback",
                        rule = %part.live.id(),
                        date = self.claim.date(),
                        %fault,
                        "sending a slice again ends early; what was not written down stays parked"
                    );
                    break;
                }
            }
        }
        tally
    }

    /// How the rule is called; where somebody named the URL, at addresses of that policy.
    fn policy(&self, live: &LiveRule) -> CallPolicy {
        let allow_private = live.how.allow_private || (self.target.is_some() && self.private_targets);
        CallPolicy { allow_private, ..live.how.clone() }
    }

    fn may_go_on(&self, live: &LiveRule) -> bool {
        let banned = self.target.is_none() && live.shares_ban() && self.shared.ban.is_active();
        !banned && !self.orders.stop.is_cancelled()
    }

    /// Sends the next page; `None` where there is none.
    async fn send_page(
        &self,
        part: &Assigned,
        throttle: &Throttle,
        how: &CallPolicy,
        after: Option<DeliveryKey>,
        left: u64,
    ) -> Result<Option<Page>, Fault> {
        let limit = usize::try_from(left).unwrap_or(RESEND_PAGE).min(RESEND_PAGE);
        let id = part.live.id();
        let rows = self.shared.parked_book.parked_in(id, part.bucket, after, limit).await?;
        let Some(last) = rows.last().map(|row| row.key) else { return Ok(None) };
        let read = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let sent = Mutex::new(Vec::with_capacity(rows.len()));
        let causes = causes_of(self.shared.log.as_ref(), &rows).await;
        let lanes = by_lane(rows, |row| (!row.lane.0.is_empty()).then(|| row.lane.clone()));
        let lanes: FuturesUnordered<_> = lanes
            .into_iter()
            .map(|lane| self.send_lane(part, throttle, how, (lane, &causes), &sent))
            .collect();
        tokio::select! {
            () = lanes.collect::<()>() => {}
            () = self.grace_over() => {}
        }
        let sent = sent.into_inner().unwrap_or_else(PoisonError::into_inner);
        let tally = self.write_down(part, after, last, sent).await?;
        Ok(Some(Page { last, rows: read, tally }))
    }

    /// Resolves once the engine drains and the time for calls under way is over.
    async fn grace_over(&self) {
        self.orders.stop.cancelled().await;
        tokio::time::sleep(self.shared.grace()).await;
    }

    /// Sends what one lane has in the page, one after the other.
    async fn send_lane(
        &self,
        part: &Assigned,
        throttle: &Throttle,
        how: &CallPolicy,
        (lane, causes): (Vec<Exception>, &Causes),
        sent: &Mutex<Vec<Sent>>,
    ) {
        for row in lane {
            let cause = causes.get(&row.key.pos).cloned();
            let Some(delivery) = self.delivery(&part.live, &row, cause) else { continue };
            let slot = tokio::select! {
                biased;
                () = self.orders.stop.cancelled() => return,
                slot = throttle.slot() => slot,
            };
            if !self.may_go_on(&part.live) {
                return;
            }
            let (caller, clock) = (self.shared.caller.as_ref(), self.shared.clock.as_ref());
            let attempted = send_once(&part.live, caller, clock, &delivery, how, Why::Resend).await;
            drop(slot);
            let error = match attempted {
                Attempted::Delivered | Attempted::DeliveredBadly(_) => None,
                Attempted::Failed { error, .. } => Some(error),
                Attempted::HeldBack => return,
            };
            sent.lock().unwrap_or_else(PoisonError::into_inner).push(Sent { row, error });
        }
    }

    /// The request as it was rendered once; only where it goes may have changed.
    fn delivery(&self, live: &LiveRule, row: &Exception, cause: Option<Cause>) -> Option<Delivery> {
        let ExceptionState::Parked { attempts, at, .. } = row.state else { return None };
        let outbound = Arc::new(row.outbound.clone()?);
        let outbound = match &self.target {
            Some(url) => Arc::new(Outbound { url: url.clone(), ..outbound.as_ref().clone() }),
            None => live.redirect(&outbound),
        };
        Some(Delivery {
            key: row.key,
            lane: LaneKey::Named(row.lane.clone()),
            outbound,
            cause,
            attempts,
            at,
            since: Some(row.since),
            last_error: String::new(),
            source: Source::Row,
            handed: true,
        })
    }

    /// What was taken leaves the slice; what failed stays under its key, with one attempt more. Nobody else takes parked
    /// deliveries out meanwhile, and what others have taken out already is not put back.
    async fn write_down(
        &self,
        part: &Assigned,
        after: Option<DeliveryKey>,
        last: DeliveryKey,
        sent: Vec<Sent>,
    ) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        if sent.is_empty() {
            return Ok(tally);
        }
        let listeners = self.shared.listeners.lock().await;
        let there = self.still_there(part, after, last).await?;
        let (mut put, mut remove) = (Vec::new(), HashSet::new());
        for Sent { mut row, error } in sent {
            tally.count(error.is_some());
            if !there.contains(&row.key) {
                continue;
            }
            match error {
                None => {
                    remove.insert(row.key);
                }
                Some(error) => {
                    if let ExceptionState::Parked { attempts, .. } = &mut row.state {
                        *attempts = attempts.saturating_add(1);
                    }
                    row.last_error = error;
                    put.push(row);
                }
            }
        }
        let rule = part.live.id();
        let remove_rows = remove.iter().copied().collect();
        let change = ProgressChange { put, remove: remove_rows, ..ProgressChange::none(rule.clone()) };
        self.shared.progress.save(vec![change]).await?;
        let heard = listeners.tell(rule, Left::these(remove));
        drop(listeners);
        if !heard {
            show_parked(&self.shared, &HashSet::from([rule.clone()])).await;
        }
        telemetry::resent("delivered", tally.delivered);
        telemetry::resent("failed", tally.failed);
        Ok(tally)
    }

    /// Keys of the page that are parked still.
    async fn still_there(
        &self,
        part: &Assigned,
        mut after: Option<DeliveryKey>,
        last: DeliveryKey,
    ) -> Result<HashSet<DeliveryKey>, Fault> {
        let mut there = HashSet::new();
        loop {
            let page =
                self.shared.parked_book.parked_in(part.live.id(), part.bucket, after, RESEND_PAGE).await?;
            let full = page.len() == RESEND_PAGE;
            after = page.last().map(|row| row.key);
            there.extend(page.into_iter().map(|row| row.key));
            if !full || after >= Some(last) {
                return Ok(there);
            }
        }
    }
}

/// A page that was sent.
struct Page {
    last: DeliveryKey,
    rows: u64,
    tally: Tally,
}

impl Tally {
    const fn count(&mut self, failed: bool) {
        if failed {
            self.failed += 1;
        } else {
            self.delivered += 1;
        }
    }
}
