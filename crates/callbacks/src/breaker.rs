//! When a receiver is left alone: after failures in a row, until a probe succeeds. Pure; the engine tells it what
//! happened and asks what it may do. An app-wide ban is another machine behind the same questions.

use std::time::Duration;

use ringback_model::limits;
use ringback_model::time::UnixMs;

/// Failures in a row that open the breaker; first attempts and retries count alike.
pub const OPENS_AFTER: u32 = 10;
/// Failures in a row that open it when each says that nobody is there. Fewer, because they are no fault of any
/// delivery: with little traffic a receiver that is down must not use up the retries of the one that waits, and
/// must not be looked for at the pace of a long schedule.
pub const OPENS_AFTER_ABSENCES: u32 = 3;
/// Waits before the first probes, seconds; the last one repeats.
const PROBE_WAITS_S: [u64; 5] = [1, 2, 5, 10, 30];
/// Share of a wait that jitter may add.
const JITTER: f64 = 0.2;
/// Calls in flight right after a probe has succeeded; every success doubles it.
const RAMP_START: usize = 2;

/// What the receiver may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// Attempts, so many in flight at once.
    Flow(usize),
    /// One probe.
    Probe,
    /// Nothing until this time.
    Wait(UnixMs),
    /// Nothing until the probe in flight is back.
    Probing,
}

/// Consecutive-failure breaker of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    enabled: bool,
    failures: u32,
    absences: u32,
    state: State,
}

/// What a failure says about the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symptom {
    /// It answered, or took too long: the delivery may be at fault.
    Answers,
    /// Nobody is there to answer: no connection, or a proxy says so (429, 502, 503, 504).
    Absent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Closed { in_flight: usize },
    Open { probes: usize, next: UnixMs, probing: bool },
}

impl Breaker {
    /// A closed one. One that is not `enabled` counts and never opens.
    #[must_use]
    pub const fn new(enabled: bool) -> Self {
        Self { enabled, failures: 0, absences: 0, state: State::Closed { in_flight: usize::MAX } }
    }

    /// What may be sent.
    #[must_use]
    pub const fn permit(&self, now: UnixMs) -> Permit {
        match self.state {
            State::Closed { in_flight } => Permit::Flow(in_flight),
            State::Open { probing: true, .. } => Permit::Probing,
            State::Open { next, .. } if next.0 <= now.0 => Permit::Probe,
            State::Open { next, .. } => Permit::Wait(next),
        }
    }

    /// Whether nothing but probes may be sent.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Failures in a row so far.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// When the next probe may go; `None` while closed.
    #[must_use]
    pub const fn next_probe(&self) -> Option<UnixMs> {
        match self.state {
            State::Open { next, .. } => Some(next),
            State::Closed { .. } => None,
        }
    }

    /// The probe that [`Permit::Probe`] allowed is on its way.
    pub const fn probe_started(&mut self) {
        if let State::Open { probing, .. } = &mut self.state {
            *probing = true;
        }
    }

    /// A call succeeded. True where that closed the breaker: what waits is due now.
    pub fn succeeded(&mut self) -> bool {
        self.failures = 0;
        self.absences = 0;
        match &mut self.state {
            State::Closed { in_flight } => {
                *in_flight = in_flight.saturating_mul(2);
                false
            }
            State::Open { .. } => {
                self.state = State::Closed { in_flight: RAMP_START };
                true
            }
        }
    }

    /// A call that was not a probe failed. True where that opened the breaker.
    pub fn failed(
        &mut self,
        symptom: Symptom,
        now: UnixMs,
        retry_after: Option<Duration>,
        dice: f64,
    ) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.absences = match symptom {
            Symptom::Answers => 0,
            Symptom::Absent => self.absences.saturating_add(1),
        };
        let enough = self.failures >= OPENS_AFTER || self.absences >= OPENS_AFTER_ABSENCES;
        match &mut self.state {
            State::Closed { .. } if self.enabled && enough => {
                self.state = State::Open {
                    probes: 0,
                    next: now.plus(probe_wait(0, retry_after, dice)),
                    probing: false,
                };
                true
            }
            State::Closed { .. } => false,
            State::Open { next, .. } => {
                // Calls that were under way when it opened; what the receiver asks for still counts.
                *next = (*next).max(now.plus(asked(retry_after)));
                false
            }
        }
    }

    /// The probe failed: the next one waits longer.
    pub fn probe_failed(&mut self, now: UnixMs, retry_after: Option<Duration>, dice: f64) {
        if let State::Open { probes, next, probing } = &mut self.state {
            *probing = false;
            *probes = probes.saturating_add(1);
            *next = now.plus(probe_wait(*probes, retry_after, dice));
        }
    }
}

fn probe_wait(probes: usize, retry_after: Option<Duration>, dice: f64) -> Duration {
    let base = PROBE_WAITS_S[probes.min(PROBE_WAITS_S.len() - 1)];
    let jittered = Duration::from_secs(base).mul_f64(1.0 + JITTER * dice.clamp(0.0, 1.0));
    jittered.max(asked(retry_after))
}

fn asked(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(limits::RETRY_AFTER_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opened(now: UnixMs) -> Breaker {
        let mut breaker = Breaker::new(true);
        for n in 1..=OPENS_AFTER {
            assert_eq!(breaker.failed(Symptom::Answers, now, None, 0.0), n == OPENS_AFTER, "failure {n}");
        }
        breaker
    }

    #[test]
    fn opens_probes_and_closes() {
        let mut now = UnixMs(0);
        let mut breaker = opened(now);
        for wait_s in [1, 2, 5, 10, 30, 30, 30] {
            let next = now.plus(Duration::from_secs(wait_s));
            assert_eq!(breaker.permit(now), Permit::Wait(next));
            assert_eq!(breaker.permit(next), Permit::Probe);
            breaker.probe_started();
            assert_eq!(breaker.permit(next), Permit::Probing);
            now = next;
            breaker.probe_failed(now, None, 0.0);
        }
        breaker.probe_started();
        assert!(breaker.succeeded());
        assert_eq!(breaker.permit(now), Permit::Flow(RAMP_START));
        assert!(!breaker.succeeded());
        assert_eq!(breaker.permit(now), Permit::Flow(RAMP_START * 2));
        assert_eq!(breaker.next_probe(), None);
    }

    #[test]
    fn a_receiver_that_is_not_there_is_left_alone_sooner() {
        let mut breaker = Breaker::new(true);
        for symptom in [Symptom::Absent, Symptom::Absent, Symptom::Answers, Symptom::Absent, Symptom::Absent]
        {
            assert!(
                !breaker.failed(symptom, UnixMs(0), None, 0.0),
                "an answer in between starts the count anew"
            );
        }
        assert!(breaker.failed(Symptom::Absent, UnixMs(0), None, 0.0));
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let mut breaker = Breaker::new(true);
        for _ in 0..100 {
            for _ in 1..OPENS_AFTER {
                assert!(!breaker.failed(Symptom::Answers, UnixMs(0), None, 0.5));
            }
            breaker.succeeded();
        }
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it() {
        let mut breaker = opened(UnixMs(0));
        breaker.failed(Symptom::Answers, UnixMs(0), Some(Duration::from_secs(60)), 0.0);
        assert_eq!(breaker.next_probe(), Some(UnixMs(60_000)));
        breaker.probe_failed(UnixMs(60_000), Some(Duration::from_secs(1_000_000)), 0.0);
        assert_eq!(breaker.next_probe(), Some(UnixMs(60_000 + 3_600_000)));
    }

    #[test]
    fn one_that_is_off_never_opens() {
        let mut breaker = Breaker::new(false);
        for _ in 0..1000 {
            assert!(!breaker.failed(Symptom::Answers, UnixMs(0), None, 0.0));
        }
        assert_eq!(breaker.failures(), 1000);
    }

    proptest! {
        #[test]
        fn whatever_happens_it_gives_a_way_forward(steps in prop::collection::vec((0u8..3, 0i64..100_000, 0.0f64..1.0), 1..300)) {
            let mut breaker = Breaker::new(true);
            let mut now = UnixMs(0);
            for (what, ahead, dice) in steps {
                now = UnixMs(now.0 + ahead);
                match (what, breaker.permit(now)) {
                    (0, Permit::Probe) => { breaker.probe_started(); breaker.probe_failed(now, None, dice); }
                    (0, _) => { breaker.failed(Symptom::Answers, now, None, dice); }
                    (1, _) => { breaker.failed(Symptom::Absent, now, None, dice); }
                    _ => { breaker.succeeded(); prop_assert!(!breaker.is_open()); }
                }
                match breaker.permit(now) {
                    Permit::Wait(next) => prop_assert!(next.since(now) <= Duration::from_secs(36)),
                    Permit::Flow(most) => prop_assert!(most >= RAMP_START),
                    Permit::Probe => prop_assert!(breaker.failures() >= OPENS_AFTER_ABSENCES),
                    Permit::Probing => prop_assert!(false, "no probe is in flight"),
                }
            }
        }
    }
}
