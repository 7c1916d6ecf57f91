//! When a whole app's receivers are left alone: after so many failures in a time window, each ban of a day longer
//! than the one before. Pure; whoever knows the time tells it what happened. Source of the numbers: post-send sheet
//! 3.6.

use std::collections::VecDeque;
use std::time::Duration;

use ringback_model::storage::BanRecord;
use ringback_model::time::UnixMs;

/// Starts of bans that are remembered at most. More than fit into a day at the default policy, unless bans are lifted
/// by hand; then the oldest are forgotten first, which changes nothing: a ban's length stops growing long before.
pub const STARTS_KEPT: usize = 300;

/// The numbers of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BanPolicy {
    /// Failures inside [`BanPolicy::window`] that begin a ban; 0 counts as 1.
    pub failures: u32,
    /// The time in which they count. A failure exactly this old counts still.
    pub window: Duration,
    /// What each ban is longer than the one before; the length of the first.
    pub step: Duration,
    /// Steps of the longest ban.
    pub most_steps: u32,
    /// How long a ban makes later ones longer, from its start. One that began exactly this long ago does still.
    pub memory: Duration,
}

impl Default for BanPolicy {
    fn default() -> Self {
        Self {
            failures: 90,
            window: Duration::from_secs(30),
            step: Duration::from_secs(5 * 60),
            most_steps: 5,
            memory: Duration::from_secs(24 * 3600),
        }
    }
}

impl BanPolicy {
    /// How long the `number`th ban inside the memory lasts; `number` counts from 1.
    #[must_use]
    pub fn length(&self, number: u32) -> Duration {
        self.step.saturating_mul(number.clamp(1, self.most_steps.max(1)))
    }
}

/// A ban begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Began {
    /// When it ends by itself.
    pub until: UnixMs,
    /// How long that is.
    pub length: Duration,
    /// Which ban it is of those inside the memory, counted from 1.
    pub number: u32,
    /// Failures that it rests on.
    pub failures: u32,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanState {
    policy: BanPolicy,
    /// Failures that count, oldest first; fewer than [`BanPolicy::failures`].
    stamps: VecDeque<UnixMs>,
    /// When bans began, oldest first.
    starts: VecDeque<UnixMs>,
    until: Option<UnixMs>,
}

impl BanState {
    /// One that has seen nothing.
    #[must_use]
    pub const fn new(policy: BanPolicy) -> Self {
        Self { policy, stamps: VecDeque::new(), starts: VecDeque::new(), until: None }
    }

    /// Goes on from what was kept. Failures are not kept: the window begins empty. Where the clock was set back
    /// meanwhile, a ban ends one length of it from `now`, not when the old clock would have said.
    #[must_use]
    pub fn restored(policy: BanPolicy, record: &BanRecord, now: UnixMs) -> Self {
        let mut starts: VecDeque<UnixMs> = record.starts.iter().copied().collect();
        while starts.len() > STARTS_KEPT {
            starts.pop_front();
        }
        let number = u32::try_from(starts.len()).unwrap_or(u32::MAX);
        let latest = now.plus(policy.length(number));
        let until = record.until.map(|until| until.min(latest));
        Self { policy, stamps: VecDeque::new(), starts, until }
    }

    /// An attempt failed, at `now`. `Some` where that began a ban. While banned nothing counts: what comes back then
    /// is from calls that were under way.
    pub fn failed(&mut self, now: UnixMs) -> Option<Began> {
        if self.until(now).is_some() {
            return None;
        }
        // The clock was set back: what seems to come from the future happened before now, that much is sure.
        for stamp in self.stamps.iter_mut().rev().take_while(|stamp| **stamp > now) {
            *stamp = now;
        }
        self.stamps.push_back(now);
        let window = self.policy.window;
        while self.stamps.front().is_some_and(|stamp| now.since(*stamp) > window) {
            self.stamps.pop_front();
        }
        let failures = self.failures_in_window();
        (failures >= self.policy.failures.max(1)).then(|| self.begin(now, failures))
    }

    fn begin(&mut self, now: UnixMs, failures: u32) -> Began {
        self.stamps.clear();
        let memory = self.policy.memory;
        self.starts.retain(|start| now.since(*start) <= memory);
        while self.starts.len() >= STARTS_KEPT {
            self.starts.pop_front();
        }
        self.starts.push_back(now);
        let number = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        let length = self.policy.length(number);
        let until = now.plus(length);
        self.until = Some(until);
        Began { until, length, number, failures }
    }

    /// When the ban in force at `now` ends; `None` where there is none, and at the very end of one. Never further away
    /// than the longest ban is long.
    #[must_use]
    pub fn until(&self, now: UnixMs) -> Option<UnixMs> {
        let until = self.until.filter(|until| now < *until)?;
        Some(until.min(now.plus(self.policy.length(u32::MAX))))
    }

    /// Ends the ban. It counts for the length of later ones all the same. False where there was none at `now`.
    pub fn lift(&mut self, now: UnixMs) -> bool {
        let was = self.until(now).is_some();
        self.until = None;
        was
    }

    /// Failures that count towards the next ban, as of the last one that came.
    #[must_use]
    pub fn failures_in_window(&self) -> u32 {
        u32::try_from(self.stamps.len()).unwrap_or(u32::MAX)
    }

    /// Failures that count towards the next ban at `now`.
    #[must_use]
    pub fn failures_at(&self, now: UnixMs) -> u32 {
        let counting = self.stamps.iter().filter(|stamp| now.since(**stamp) <= self.policy.window);
        u32::try_from(counting.count()).unwrap_or(u32::MAX)
    }

    /// When bans began that still make the next one longer at `now`, oldest first.
    #[must_use]
    pub fn starts(&self, now: UnixMs) -> Vec<UnixMs> {
        let counting = self.starts.iter().filter(|start| now.since(**start) <= self.policy.memory);
        counting.copied().collect()
    }

    /// What must be kept; the words for [`BanRecord::evidence`] are the caller's.
    #[must_use]
    pub fn record(&self) -> BanRecord {
        BanRecord {
            starts: self.starts.iter().copied().collect(),
            until: self.until,
            evidence: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 24 * 60 * MINUTE;

    fn state() -> BanState {
        BanState::new(BanPolicy::default())
    }

    /// Fails so often, all at once; the last answer.
    fn fail(state: &mut BanState, times: u32, at: i64) -> Option<Began> {
        (0..times).map(|_| state.failed(UnixMs(at))).last().flatten()
    }

    fn minutes(began: Option<Began>) -> Option<u64> {
        began.map(|began| began.length.as_secs() / 60)
    }

    #[test]
    fn the_ninetieth_failure_begins_it() {
        let mut state = state();
        assert_eq!(fail(&mut state, 89, 0), None);
        assert_eq!((state.until(UnixMs(0)), state.failures_in_window()), (None, 89));
        let until = UnixMs(5 * MINUTE);
        let expected = Began { until, length: Duration::from_secs(300), number: 1, failures: 90 };
        assert_eq!(state.failed(UnixMs(0)), Some(expected));
        assert_eq!(state.until(UnixMs(5 * MINUTE - 1)), Some(until));
        assert_eq!(state.until(until), None, "at its end it is over");
    }

    #[test]
    fn the_window_holds_what_is_thirty_seconds_old_and_nothing_older() {
        for (last, banned) in [(29_999, true), (30_000, true), (30_001, false)] {
            let mut state = state();
            state.failed(UnixMs(0));
            fail(&mut state, 88, 15_000);
            assert_eq!(state.failed(UnixMs(last)).is_some(), banned, "{last}");
        }
    }

    #[test]
    fn three_a_second_are_too_many_and_a_little_less_is_not() {
        for (every, banned) in [(333, true), (338, false)] {
            let mut state = state();
            let bans = (0..10_000).filter(|n| state.failed(UnixMs(n * every)).is_some()).count();
            assert_eq!(bans > 0, banned, "one failure each {every} ms");
        }
    }

    #[test]
    fn each_is_longer_than_the_one_before_up_to_twenty_five_minutes() {
        let mut state = state();
        let mut now = 0;
        for expected in [5, 10, 15, 20, 25, 25, 25] {
            let began = fail(&mut state, 90, now);
            assert_eq!(minutes(began), Some(expected));
            now = began.unwrap().until.0;
        }
    }

    #[test]
    fn a_day_after_its_start_a_ban_is_forgotten() {
        for (second, expected) in [(DAY - 1, 10), (DAY, 10), (DAY + 1, 5)] {
            let mut state = state();
            fail(&mut state, 90, 0);
            assert_eq!(minutes(fail(&mut state, 90, second)), Some(expected), "{second}");
        }
        // Each by its own start: of three, one is forgotten.
        let mut state = state();
        for start in [0, 60 * MINUTE, 120 * MINUTE] {
            fail(&mut state, 90, start);
        }
        assert_eq!(minutes(fail(&mut state, 90, DAY + 30 * MINUTE)), Some(15));
        assert_eq!(minutes(fail(&mut state, 90, 3 * DAY)), Some(5), "a quiet day: from the beginning");
    }

    #[test]
    fn after_a_ban_the_window_is_empty_and_what_was_under_way_did_not_count() {
        let mut state = state();
        let end = fail(&mut state, 90, 0).unwrap().until.0;
        assert_eq!(fail(&mut state, 500, end - 1), None);
        assert_eq!(state.failures_in_window(), 0);
        assert_eq!(fail(&mut state, 89, end), None, "not even those of the last instant count");
        assert!(state.failed(UnixMs(end)).is_some());
    }

    #[test]
    fn a_lifted_ban_ends_and_still_counts() {
        let mut state = state();
        assert!(!state.lift(UnixMs(0)));
        fail(&mut state, 90, 0);
        assert!(state.lift(UnixMs(1)));
        assert_eq!((state.until(UnixMs(1)), state.record().until), (None, None));
        assert_eq!(minutes(fail(&mut state, 90, 2)), Some(10));
    }

    #[test]
    fn a_restart_goes_on_from_the_record() {
        let mut before = state();
        fail(&mut before, 90, 0);
        let until = fail(&mut before, 90, 10 * MINUTE).unwrap().until;
        let record = before.record();
        let mut after = BanState::restored(BanPolicy::default(), &record, UnixMs(12 * MINUTE));
        assert_eq!(after.until(UnixMs(12 * MINUTE)), Some(until));
        assert_eq!(after.record(), record);
        assert_eq!(minutes(fail(&mut after, 90, until.0)), Some(15));
        let late = BanState::restored(BanPolicy::default(), &record, until);
        assert_eq!(late.until(until), None);
    }

    #[test]
    fn a_clock_that_is_set_back_lengthens_nothing() {
        let mut state = state();
        fail(&mut state, 90, 100 * MINUTE);
        let record = state.record();
        let restored = BanState::restored(BanPolicy::default(), &record, UnixMs(0));
        assert_eq!(restored.until(UnixMs(0)), Some(UnixMs(5 * MINUTE)));
        assert_eq!(state.until(UnixMs(0)), Some(UnixMs(25 * MINUTE)), "at most the longest");
    }

    #[test]
    fn failures_from_before_the_clock_was_set_back_count_for_a_window_and_no_longer() {
        for (then, banned) in [(30_000, true), (30_001, false)] {
            let mut state = state();
            fail(&mut state, 88, 100 * MINUTE);
            state.failed(UnixMs(0));
            assert_eq!(state.failed(UnixMs(then)).is_some(), banned, "{then}");
        }
    }

    proptest! {
        #[test]
        fn bounded_whatever_happens(
            failures in 0u32..20,
            most_steps in 0u32..7,
            steps in prop::collection::vec((0u8..20, -100_000i64..400_000), 1..800),
        ) {
            let policy = BanPolicy { failures, most_steps, ..BanPolicy::default() };
            let mut state = BanState::new(policy);
            let mut now = UnixMs(1_000_000_000);
            for (what, ahead) in steps {
                now = UnixMs(now.0 + if what < 15 { ahead / 50 } else { ahead });
                match what {
                    0 => { state.lift(now); prop_assert_eq!(state.until(now), None); }
                    1 => { state = BanState::restored(policy, &state.record(), now); }
                    _ => {
                        let banned = state.until(now).is_some();
                        let began = state.failed(now);
                        prop_assert!(!(banned && began.is_some()));
                        if let Some(began) = began {
                            prop_assert_eq!(state.until(now), Some(began.until));
                            prop_assert_eq!(state.failures_in_window(), 0);
                        }
                    }
                }
                let longest = policy.step * policy.most_steps.max(1);
                prop_assert!(state.until(now).is_none_or(|until| until.since(now) <= longest));
                prop_assert!(state.failures_in_window() < policy.failures.max(1));
                prop_assert!(state.record().starts.len() <= STARTS_KEPT);
            }
        }

        #[test]
        fn it_begins_exactly_when_the_window_is_full(gaps in prop::collection::vec(0i64..8_000, 1..300)) {
            let policy = BanPolicy { failures: 10, ..BanPolicy::default() };
            let mut state = BanState::new(policy);
            let (mut now, mut until, mut counted) = (0i64, 0i64, Vec::new());
            for gap in gaps {
                now += gap;
                let began = state.failed(UnixMs(now));
                if now < until {
                    prop_assert_eq!(began, None);
                    continue;
                }
                counted.push(now);
                let inside = counted.iter().filter(|stamp| now - **stamp <= 30_000).count();
                prop_assert_eq!(began.is_some(), inside >= 10);
                if let Some(began) = began {
                    counted.clear();
                    until = began.until.0;
                }
            }
        }
    }
}
