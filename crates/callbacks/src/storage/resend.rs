//! Orders to send a slice again: which are taken, and which are under way.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::ports::{Fut, Storage};
use ringback_model::storage::{Resend, ResendStart, Slice, SliceScope};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::catalog::Part;
use super::target;
use super::throttle::Throttles;
use super::worker::{Assigned, Worker};
use crate::engine::Engine;
use crate::errands::Errands;
use crate::telemetry;

/// All orders under way. Dropping it cuts them off, like a crash: what was not written down is sent again.
pub(crate) struct Resends {
    orders: Arc<Orders>,
    errands: Errands,
}

const BROKE: &str = "sending a slice again broke off; what was not written down stays parked";

/// What orders share.
pub(super) struct Orders {
    /// Keys of slices that are being sent again, or wait for that.
    dates: Mutex<HashSet<String>>,
    pub(super) turns: Semaphore,
    pub(super) throttles: Throttles,
    pub(super) stop: CancellationToken,
}

impl Orders {
    fn new() -> Self {
        Self {
            dates: Mutex::default(),
            turns: Semaphore::new(limits::RESENDS_AT_ONCE),
            throttles: Throttles::default(),
            stop: CancellationToken::new(),
        }
    }

    fn dates(&self) -> MutexGuard<'_, HashSet<String>> {
        self.dates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slice that nobody else sends again until this is dropped.
pub(super) struct Claim {
    orders: Arc<Orders>,
    date: String,
}

/// Why a slice was not claimed.
#[derive(Debug, PartialEq, Eq)]
enum Unclaimed {
    /// It is being sent again already.
    Running,
    /// Too many others are.
    Full,
}

impl Claim {
    fn new(orders: &Arc<Orders>, date: &str) -> Result<Self, Unclaimed> {
        let mut dates = orders.dates();
        if dates.contains(date) {
            return Err(Unclaimed::Running);
        }
        if dates.len() >= limits::RESENDS_TAKEN {
            return Err(Unclaimed::Full);
        }
        dates.insert(date.to_owned());
        telemetry::slices_running(dates.len());
        Ok(Self { orders: Arc::clone(orders), date: date.to_owned() })
    }

    pub(super) fn date(&self) -> &str {
        &self.date
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut dates = self.orders.dates();
        dates.remove(&self.date);
        telemetry::slices_running(dates.len());
    }
}

impl Resends {
    pub(crate) fn new() -> Self {
        Self { orders: Arc::new(Orders::new()), errands: Errands::new(BROKE) }
    }

    /// Keys of slices that are being sent again.
    pub(super) fn running(&self) -> HashSet<String> {
        self.orders.dates().clone()
    }

    /// Starts no more calls, and takes no more orders; resolves once those under way are back and written down. What was
    /// not sent stays parked.
    pub(crate) async fn drain(&self) {
        self.orders.stop.cancel();
        self.errands.drain().await;
    }
}

impl Storage for Engine {
    fn slices(&self, scope: SliceScope) -> Fut<'_, Result<Vec<Slice>, Failure>> {
        Box::pin(self.list_slices(scope))
    }

    fn resend(&self, order: Resend) -> Fut<'_, Result<ResendStart, Failure>> {
        Box::pin(self.start_resend(order))
    }
}

impl Engine {
    async fn start_resend(&self, order: Resend) -> Result<ResendStart, Failure> {
        self.check_scope(order.scope)?;
        let parts = self.slice(&order.date, order.rule.as_ref(), order.scope).await?;
        let assigned = self.assign(parts).await;
        if assigned.is_empty() {
            let why = format!("date {}: its rules are not known any more", order.date);
            return Err(Refusal::new(RefusalCode::BadArgument, why).into());
        }
        let target = order.target_url.filter(|url| !url.is_empty());
        match &target {
            Some(url) => self.check_target(url, &assigned).await?,
            None if self.is_banned(&assigned) => return Ok(ResendStart::Banned),
            None => {}
        }
        let orders = &self.resends.orders;
        let claim = match Claim::new(orders, &order.date) {
            Ok(claim) => claim,
            Err(Unclaimed::Running) => return Ok(ResendStart::Running),
            Err(Unclaimed::Full) => {
                let why = format!(
                    "{} slices are being sent again; wait for some of them to end",
                    limits::RESENDS_TAKEN
                );
                return Err(Refusal::new(RefusalCode::Overloaded, why).into());
            }
        };
        if orders.stop.is_cancelled() {
            return Err(shutting_down());
        }
        let retry = self.shared.parked_book.count_slice_retry(&order.date, self.shared.clock.now()).await?;
        let deliveries = assigned.iter().map(|part| part.count).sum();
        let worker = Worker {
            shared: Arc::clone(&self.shared),
            orders: Arc::clone(orders),
            claim,
            retry,
            target,
            private_targets: self.storage.private_targets,
            parts: assigned,
        };
        if !self.resends.errands.spawn(worker.run()) {
            return Err(shutting_down());
        }
        Ok(ResendStart::Started(deliveries))
    }

    /// Parts of rules that can be called.
    async fn assign(&self, parts: Vec<Part>) -> Vec<Assigned> {
        let mut assigned = Vec::with_capacity(parts.len());
        for Part { rule, bucket, count, .. } in parts {
            if let Some(live) = self.callable(&rule).await {
                assigned.push(Assigned { live, bucket, count });
            }
        }
        assigned
    }

    async fn check_target(&self, url: &str, parts: &[Assigned]) -> Result<(), Failure> {
        let by_rule = parts.iter().any(|part| part.live.rule.policy.allow_private);
        let checked = target::check(url, by_rule || self.storage.private_targets).await;
        checked.map_err(|why| Refusal::new(RefusalCode::BadArgument, why).into())
    }

    fn is_banned(&self, parts: &[Assigned]) -> bool {
        self.shared.ban.is_active() && parts.iter().any(|part| part.live.shares_ban())
    }
}

fn shutting_down() -> Failure {
    Refusal::new(RefusalCode::ShuttingDown, "the server is going down").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_claimed_once_and_not_more_than_so_many() {
        let orders = Arc::new(Orders::new());
        let first = Claim::new(&orders, "0").unwrap();
        assert_eq!(Claim::new(&orders, "0").err(), Some(Unclaimed::Running));
        let others: Vec<Claim> =
            (1..limits::RESENDS_TAKEN).map(|n| Claim::new(&orders, &n.to_string()).unwrap()).collect();
        assert_eq!(Claim::new(&orders, "one more").err(), Some(Unclaimed::Full));
        assert_eq!(Claim::new(&orders, "0").err(), Some(Unclaimed::Running));
        drop(first);
        assert!(Claim::new(&orders, "one more").is_ok());
        drop(others);
        assert!(orders.dates().is_empty());
    }
}
