//! When the server is killed, and at what it is. Drawn from a seed, so that a run can be repeated as far as the
//! machine's own timing allows.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Longest load between a restart and the next kill, milliseconds.
const LIFE_MS: u64 = 800;
/// Longest time between a request and the kill, milliseconds; three times that where an order (to stop, to send
/// again) takes longer to carry out, so that kills fall before, into and after that.
const ORDER_MS: u64 = 40;
/// Longest pause of a sender between two messages in a paced life, milliseconds.
const PAUSE_MS: u64 = 60;
/// Of so many lives, one has no pauses.
const BURST_EVERY: u32 = 5;

/// At what the server is killed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// Work as usual.
    Load,
    /// Work as usual; and once more while it starts again, at this share (`0.0..1.2`) of the time that its last
    /// start took.
    StartUp(f64),
    /// Going down after SIGTERM, so long after the signal.
    Drain(Duration),
    /// A change of a rule by API, so long after the request was sent; `None` = right after its answer.
    RuleChange(Option<Duration>),
    /// Sending parked deliveries again, so long after the order.
    Resend(Duration),
}

/// One life of the server and its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    /// From the start on.
    pub(super) length: Duration,
    /// Longest pause of each sender.
    pub(super) pause: Duration,
    pub(super) end: Moment,
}

/// Draws lives.
pub(super) struct Plan(StdRng);

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(super) fn next(&mut self) -> Life {
        let length = Duration::from_millis(self.0.random_range(0..LIFE_MS));
        let burst = self.0.random_range(0..BURST_EVERY) == 0;
        let pause = if burst { Duration::ZERO } else { Duration::from_millis(PAUSE_MS) };
        Life { length, pause, end: self.moment() }
    }

    /// Half of the kills hit work as usual.
    fn moment(&mut self) -> Moment {
        let soon = Duration::from_micros(self.0.random_range(0..ORDER_MS * 1000));
        match self.0.random_range(0..20_u32) {
            0..=2 => Moment::StartUp(self.0.random_range(0.0..1.2)),
            3..=5 => Moment::Drain(soon * 3),
            6..=7 => Moment::RuleChange(self.0.random_bool(0.5).then_some(soon / 10)),
            8..=9 => Moment::Resend(soon * 3),
            _ => Moment::Load,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_plan_and_every_moment_occurs() {
        let draw = |seed| {
            let mut plan = Plan::new(seed);
            (0..200).map(|_| plan.next().end).collect::<Vec<_>>()
        };
        let moments = draw(7);
        assert_eq!(moments, draw(7));
        assert_ne!(moments, draw(8));
        let occurs = |pick: fn(&Moment) -> bool| moments.iter().any(pick);
        assert!(occurs(|moment| matches!(moment, Moment::Load)));
        assert!(occurs(|moment| matches!(moment, Moment::StartUp(_))));
        assert!(occurs(|moment| matches!(moment, Moment::Drain(_))));
        assert!(occurs(|moment| matches!(moment, Moment::RuleChange(None))));
        assert!(occurs(|moment| matches!(moment, Moment::RuleChange(Some(_)))));
        assert!(occurs(|moment| matches!(moment, Moment::Resend(_))));
    }
}
