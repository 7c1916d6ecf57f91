//! Bound on calls started per second.

use std::time::Duration;

use tokio::time::Instant;

/// Calls may come this much early, so that timers of a millisecond do not halve high rates.
const TOLERANCE: Duration = Duration::from_millis(10);

/// Spaces starts evenly (the generic cell rate algorithm, ITU-T I.371).
#[derive(Debug)]
pub(crate) struct Pacer {
    interval: Option<Duration>,
    due: Instant,
}

impl Pacer {
    pub(crate) fn new(per_second: Option<u32>, now: Instant) -> Self {
        Self { interval: per_second.map(|rate| Duration::from_secs(1) / rate.max(1)), due: now }
    }

    /// When the next call may start; `None` = now.
    pub(crate) fn wait_until(&self, now: Instant) -> Option<Instant> {
        self.interval?;
        (self.due > now + TOLERANCE).then(|| self.due.checked_sub(TOLERANCE).unwrap_or(self.due))
    }

    /// A call starts.
    pub(crate) fn started(&mut self, now: Instant) {
        if let Some(interval) = self.interval {
            self.due = self.due.max(now) + interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_holds_more_than_the_rate_and_its_tolerance() {
        for rate in [1u32, 7, 100, 5000] {
            let start = Instant::now();
            let mut pacer = Pacer::new(Some(rate), start);
            let mut started = 0u32;
            for ms in 0..1000u64 {
                let now = start + Duration::from_millis(ms);
                while pacer.wait_until(now).is_none() {
                    pacer.started(now);
                    started += 1;
                }
            }
            let tolerated = rate / 100 + 1;
            assert!((rate..=rate + tolerated).contains(&started), "{rate}: {started}");
        }
    }
}
