//! Bounds on calls that send something again: a rule's own ones, kept by all orders for its parked deliveries, or a
//! replay's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ringback_model::ids::RuleId;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::dispatcher::pacer::Pacer;
use crate::live::LiveRule;

/// Calls under way at once, and calls started per second.
#[derive(Debug)]
pub(crate) struct Throttle {
    slots: Semaphore,
    pacer: Mutex<Pacer>,
}

impl Throttle {
    /// So many calls at once, and so many started per second; `None` = no bound.
    pub(crate) fn new(at_once: u16, per_second: Option<u32>) -> Self {
        Self {
            slots: Semaphore::new(usize::from(at_once)),
            pacer: Mutex::new(Pacer::new(per_second, Instant::now())),
        }
    }

    /// Waits until a call may start; it is under way until the permit is dropped.
    pub(crate) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        let slot = self.slots.acquire().await.ok()?;
        while let Some(later) = self.start() {
            tokio::time::sleep_until(later).await;
        }
        Some(slot)
    }

    /// Starts a call, or says when to ask again.
    fn start(&self) -> Option<Instant> {
        let mut pacer = self.pacer.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let later = pacer.wait_until(now);
        if later.is_none() {
            pacer.started(now);
        }
        later
    }
}

/// Throttles in use, by rule and version.
#[derive(Debug, Default)]
pub(super) struct Throttles(Mutex<HashMap<(RuleId, u64), Weak<Throttle>>>);

impl Throttles {
    pub(super) fn of(&self, live: &LiveRule) -> Arc<Throttle> {
        let mut throttles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        throttles.retain(|_, throttle| throttle.strong_count() > 0);
        let key = (live.id().clone(), live.rule.version);
        if let Some(known) = throttles.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        let policy = &live.rule.policy;
        let throttle = Arc::new(Throttle::new(policy.concurrency, policy.rate_limit));
        throttles.insert(key, Arc::downgrade(&throttle));
        throttle
    }
}
