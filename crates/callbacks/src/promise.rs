//! The promise that an after-callback comes within a certain time of its event, and how well a rule keeps it.
//!
//! What counts: a delivery that succeeds, at whatever attempt, with its whole delay; one that is parked, dropped or
//! falls into a ban is late, once, whatever becomes of it later. What does not: events from before the rule was switched
//! on (a late joiner is sent the past, but nobody promised him that), and what has expired or was not rendered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ringback_model::limits;
use ringback_model::time::UnixMs;

use crate::live::LiveRule;

/// Counts of one rule since the engine started; they outlast changes of the rule.
#[derive(Debug, Default)]
pub(crate) struct Promise {
    delivered: AtomicU64,
    on_time: AtomicU64,
    late: AtomicU64,
}

/// How well a rule kept the promise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) delivered: u64,
    pub(crate) on_time: u64,
    pub(crate) late: u64,
}

impl Promise {
    pub(crate) fn kept(&self) -> Kept {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Kept { delivered: read(&self.delivered), on_time: read(&self.on_time), late: read(&self.late) }
    }
}

impl LiveRule {
    /// An event's delivery was taken; `event_at` is when the event was committed.
    pub(crate) fn was_delivered(&self, event_at: UnixMs, now: UnixMs) {
        self.promise.delivered.fetch_add(1, Ordering::Relaxed);
        if event_at >= self.since {
            self.count(Some(now.since(event_at)));
        }
    }

    /// An event's delivery was parked, or dropped.
    pub(crate) fn was_given_up(&self, event_at: UnixMs) {
        if event_at >= self.since {
            self.count(None);
        }
    }

    fn count(&self, delay: Option<Duration>) {
        let on_time = delay.is_some_and(|delay| delay <= limits::DELAY_PROMISE);
        let counter = if on_time { &self.promise.on_time } else { &self.promise.late };
        counter.fetch_add(1, Ordering::Relaxed);
        self.metrics.promised(delay, on_time);
    }
}
