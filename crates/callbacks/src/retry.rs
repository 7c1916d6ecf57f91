//! What becomes of a delivery after an attempt. Pure: schedule, attempt, outcome, time and dice go in, a decision
//! comes out.

use std::time::Duration;

use ringback_model::delivery::ParkReason;
use ringback_model::limits;
use ringback_model::rule::Retry;
use ringback_model::time::UnixMs;

/// Share of a wait that jitter may add, so that what failed together is not tried again together.
const JITTER: f64 = 0.2;

/// How an attempt ended, as far as the schedule cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has taken it.
    Delivered,
    /// It has not.
    Failed {
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is over.
    Done,
    /// Another attempt at once.
    Again,
    /// Another attempt at this time, not earlier.
    RetryAt(UnixMs),
    /// It is set aside.
    Park(ParkReason),
    /// It is dropped, because nothing is parked for the rule; it is counted.
    Drop,
}

/// Decides. `parks` says whether what is given up is parked; `attempts` counts the attempts that were made, this one
/// included; `dice` is in `0.0..1.0`.
#[must_use]
pub fn step(retry: &Retry, parks: bool, attempts: u32, outcome: Outcome, now: UnixMs, dice: f64) -> Next {
    let Outcome::Failed { retry_after } = outcome else {
        return Next::Done;
    };
    match retry {
        Retry::Once if attempts <= 1 => Next::Again,
        Retry::Schedule(waits) => match wait(waits, attempts, retry_after, dice) {
            Some(wait) => Next::RetryAt(now.plus(wait)),
            None => give_up(parks),
        },
        Retry::None | Retry::Once => give_up(parks),
    }
}

const fn give_up(parks: bool) -> Next {
    if parks { Next::Park(ParkReason::Exhausted) } else { Next::Drop }
}

/// When a delivery that was kept over a restart is due: at once where its time lies further ahead than any schedule
/// or receiver could have asked for, because the clock was set back meanwhile.
#[must_use]
pub fn restored(retry: &Retry, attempts: u32, due: UnixMs, now: UnixMs) -> UnixMs {
    let scheduled = match retry {
        Retry::Schedule(waits) => wait(waits, attempts, None, 1.0).unwrap_or_default(),
        Retry::None | Retry::Once => Duration::ZERO,
    };
    if due.since(now) > scheduled.max(limits::RETRY_AFTER_MAX) { now } else { due }
}

/// The wait after this attempt: the schedule's, lengthened by jitter, or what the receiver asks for where that is
/// longer; `None` once the schedule is used up.
fn wait(schedule_s: &[u32], attempts: u32, retry_after: Option<Duration>, dice: f64) -> Option<Duration> {
    let index = usize::try_from(attempts.checked_sub(1)?).ok()?;
    let scheduled = Duration::from_secs(u64::from(*schedule_s.get(index)?));
    let jittered = scheduled.mul_f64(1.0 + JITTER * dice.clamp(0.0, 1.0));
    let asked = retry_after.unwrap_or_default().min(limits::RETRY_AFTER_MAX);
    Some(jittered.max(asked))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FAILED: Outcome = Outcome::Failed { retry_after: None };
    const NOW: UnixMs = UnixMs(1_000_000);

    #[test]
    fn the_table() {
        let parked = Next::Park(ParkReason::Exhausted);
        let schedule = || Retry::Schedule(vec![1, 5]);
        for (retry, parks, attempts, expected) in [
            (Retry::None, true, 1, parked),
            (Retry::None, false, 1, Next::Drop),
            (Retry::Once, true, 1, Next::Again),
            (Retry::Once, true, 2, parked),
            (Retry::Once, false, 2, Next::Drop),
            (schedule(), true, 1, Next::RetryAt(UnixMs(1_001_000))),
            (schedule(), true, 2, Next::RetryAt(UnixMs(1_005_000))),
            (schedule(), true, 3, parked),
            (schedule(), false, 3, Next::Drop),
            (Retry::Schedule(Vec::new()), true, 1, parked),
        ] {
            let next = |outcome| step(&retry, parks, attempts, outcome, NOW, 0.0);
            assert_eq!(next(FAILED), expected, "{retry:?} {parks} {attempts}");
            assert_eq!(next(Outcome::Delivered), Next::Done);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_over_a_restart_delays_nothing_for_longer_than_anybody_asked() {
        let long = 2 * i64::from(u32::try_from(limits::RETRY_AFTER_MAX.as_millis()).unwrap());
        for (retry, ahead, kept) in [
            (Retry::Schedule(vec![1, 5]), 5_000, true),
            (Retry::Schedule(vec![1, 5]), long, false),
            (Retry::Schedule(vec![7_200]), long, true),
            (Retry::Once, long, false),
        ] {
            let due = UnixMs(NOW.0 + ahead);
            let expected = if kept { due } else { NOW };
            assert_eq!(restored(&retry, 1, due, NOW), expected, "{retry:?} {ahead}");
        }
    }

    proptest! {
        #[test]
        fn never_earlier_than_the_schedule_and_never_much_later(
            attempts in 0u32..20,
            dice in 0.0f64..1.0,
            asked in proptest::option::of(0u64..100_000),
        ) {
            let schedule = Retry::default_schedule_s();
            let retry = Retry::Schedule(schedule.clone());
            let retry_after = asked.map(Duration::from_secs);
            match step(&retry, true, attempts, Outcome::Failed { retry_after }, NOW, dice) {
                Next::RetryAt(at) => {
                    let wait = at.since(NOW);
                    let base = Duration::from_secs(u64::from(schedule[attempts as usize - 1]));
                    let asked = retry_after.unwrap_or_default().min(limits::RETRY_AFTER_MAX);
                    prop_assert!(wait >= base && wait >= asked);
                    prop_assert!(wait <= base.mul_f64(1.0 + JITTER).max(asked));
                }
                Next::Park(_) => prop_assert!(attempts == 0 || attempts as usize > schedule.len()),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
