//! A rule's own bounds on calls, kept by all orders that send deliveries of it again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ringback_model::ids::RuleId;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use crate::dispatcher::pacer::Pacer;
use crate::live::LiveRule;

/// Bounds of one rule: calls under way at once, and calls started per second.
#[derive(Debug)]
pub(super) struct Throttle {
    slots: Semaphore,
    pacer: Mutex<Pacer>,
}

impl Throttle {
    fn new(live: &LiveRule) -> Self {
        let policy = &live.rule.policy;
        Self {
            slots: Semaphore::new(usize::from(policy.concurrency)),
            pacer: Mutex::new(Pacer::new(policy.rate_limit, Instant::now())),
        }
    }

    /// Waits until a call may start; it is under way until the permit is dropped.
    pub(super) async fn slot(&self) -> Option<SemaphorePermit<'_>> {
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
        let throttle = Arc::new(Throttle::new(live));
        throttles.insert(key, Arc::downgrade(&throttle));
        throttle
    }
}
