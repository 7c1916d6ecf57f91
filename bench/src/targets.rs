//! Targets: what a figure must reach, and whether it does. Each is a ratio, or a figure with an absolute bound.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::report::between;
use crate::rounds::Round;
use crate::stats::{Spread, ratio};

/// Which side of the target is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// The median must be at least this.
    AtLeast(f64),
    /// The median must be at most this.
    AtMost(f64),
    /// Every round must be at most this.
    Always(f64),
}

type Value = Box<dyn Fn(&Round) -> Option<f64>>;

/// A target.
pub(crate) struct Target {
    what: String,
    bound: Bound,
    aim: Option<f64>,
    /// The cases whose figures it is about.
    cases: Vec<String>,
    value: Value,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("what", &self.what).field("bound", &self.bound).finish_non_exhaustive()
    }
}

impl Target {
    /// A target for what a round says; a round that says nothing does not count.
    pub(crate) fn new(
        what: &str,
        bound: Bound,
        cases: impl Into<Vec<String>>,
        value: impl Fn(&Round) -> Option<f64> + 'static,
    ) -> Self {
        Self { what: what.to_owned(), bound, aim: None, cases: cases.into(), value: Box::new(value) }
    }

    /// A figure of a case as it stands.
    pub(crate) fn figure(what: &str, bound: Bound, case: String, figure: &'static str) -> Self {
        Self::new(what, bound, [case.clone()], move |round| round.figure(&case, figure))
    }

    /// One case's figure by another's.
    pub(crate) fn ratio(
        what: &str,
        bound: Bound,
        (case, figure): (String, &'static str),
        (by, by_figure): (String, &'static str),
    ) -> Self {
        Self::new(what, bound, [case.clone(), by.clone()], move |round| {
            ratio(round.figure(&case, figure)?, round.figure(&by, by_figure)?)
        })
    }

    /// A case's rate by that of bare calls: see [`Round::of_bare`].
    pub(crate) fn of_bare(
        what: &str,
        bound: Bound,
        case: String,
        figure: &'static str,
        bare: String,
    ) -> Self {
        Self::new(what, bound, [case.clone(), bare.clone()], move |round| round.of_bare(&case, figure, &bare))
    }

    /// What would be better still.
    pub(crate) fn aiming_at(mut self, aim: f64) -> Self {
        self.aim = Some(aim);
        self
    }

    /// What it is about.
    #[cfg(test)]
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// What the rounds say of it; `None` where its cases did not run.
    pub(crate) fn verdict(&self, scenario: &str, rounds: &[Round]) -> Option<Verdict> {
        let value = Spread::of(rounds.iter().filter_map(|round| (self.value)(round)))?;
        let (side, target, met) = match self.bound {
            Bound::AtLeast(target) => (Side::AtLeast, target, value.median >= target),
            Bound::AtMost(target) => (Side::AtMost, target, value.median <= target),
            Bound::Always(target) => (Side::Always, target, value.max <= target),
        };
        let was_disturbed = |round: &&Round| round.disturbed.iter().any(|name| self.cases.contains(name));
        let disturbed = rounds.iter().filter(was_disturbed).count() * 2 > rounds.len();
        let (scenario, what) = (scenario.to_owned(), self.what.clone());
        Some(Verdict { scenario, what, side, target, aim: self.aim, value, met, disturbed })
    }
}

/// Which side of the target is good, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    /// Of the median.
    #[serde(rename = "at least")]
    AtLeast,
    /// Of the median.
    #[serde(rename = "at most")]
    AtMost,
    /// Of every round.
    #[serde(rename = "always at most")]
    Always,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtLeast => "at least",
            Self::AtMost => "at most",
            Self::Always => "always at most",
        })
    }
}

/// What a run says of a target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) scenario: String,
    pub(crate) what: String,
    pub(crate) side: Side,
    pub(crate) target: f64,
    pub(crate) aim: Option<f64>,
    pub(crate) value: Spread,
    met: bool,
    /// In most rounds one of its cases was disturbed: it says little.
    disturbed: bool,
}

impl Verdict {
    /// Whether the target is met.
    pub(crate) fn is_met(&self) -> bool {
        self.met
    }

    /// What is compared with the target: the median, or the worst round.
    pub(crate) fn decisive(&self) -> f64 {
        if self.side == Side::Always { self.value.max } else { self.value.median }
    }

    /// Whether most rounds were disturbed where it matters.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.disturbed
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread { min, max, .. } = self.value;
        let met = if self.met { "met" } else { "MISSED" };
        write!(f, "target {}: {} {met}", short(self.target), short(self.decisive()))?;
        write!(f, "  ({}{}{}; {}", short(min), between(min), short(max), self.side)?;
        if let Some(aim) = self.aim {
            write!(f, ", aim {}", short(aim))?;
        }
        if self.disturbed {
            write!(f, "; ~ disturbed")?;
        }
        write!(f, ")  {}", self.what)
    }
}

/// As many digits as say something.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::figure;

    fn rounds(rates: &[f64]) -> Vec<Round> {
        let round = |rate: &f64| Round::with(&[("case", figure::RATE, *rate), ("bare", figure::RATE, 100.0)]);
        rates.iter().map(round).collect()
    }

    fn of_bare(bound: Bound) -> Target {
        let side = |case: &str| (case.to_owned(), figure::RATE);
        Target::ratio("sends by bare calls", bound, side("case"), side("bare"))
    }

    #[test]
    fn the_median_decides_and_says_so() {
        let verdict = of_bare(Bound::AtLeast(0.2))
            .aiming_at(0.3)
            .verdict("send", &rounds(&[23.0, 10.0, 25.0]))
            .unwrap();
        assert!(verdict.is_met());
        let said = verdict.to_string();
        assert_eq!(said, "target 0.20: 0.23 met  (0.10-0.25; at least, aim 0.30)  sends by bare calls");
        let missed = of_bare(Bound::AtLeast(0.2)).verdict("send", &rounds(&[23.0, 10.0, 11.0])).unwrap();
        assert!(missed.to_string().starts_with("target 0.20: 0.11 MISSED"), "{missed}");
        assert!(of_bare(Bound::AtMost(0.2)).verdict("send", &rounds(&[20.0])).unwrap().is_met());
    }

    #[test]
    fn one_round_is_enough_to_miss_what_must_always_hold() {
        let verdict = of_bare(Bound::Always(0.2)).verdict("send", &rounds(&[1.0, 1.0, 21.0])).unwrap();
        assert!(!verdict.is_met());
        assert!(verdict.to_string().starts_with("target 0.20: 0.21 MISSED"), "{verdict}");
    }

    #[test]
    fn a_verdict_from_disturbed_rounds_says_so() {
        let mut rounds = rounds(&[23.0, 24.0, 25.0]);
        rounds[0].disturbed.push("bare".to_owned());
        rounds[1].disturbed.push("another case".to_owned());
        let said =
            |rounds: &[Round]| of_bare(Bound::AtLeast(0.2)).verdict("send", rounds).unwrap().to_string();
        assert!(!said(&rounds).contains('~'), "one of three");
        rounds[2].disturbed.push("case".to_owned());
        assert!(said(&rounds).contains("~ disturbed"), "two of three");
    }

    #[test]
    fn what_did_not_run_has_no_verdict() {
        assert!(of_bare(Bound::AtLeast(0.2)).verdict("send", &[]).is_none());
        let other = Target::figure("x", Bound::AtMost(1.0), "absent".to_owned(), figure::RATE);
        assert!(other.verdict("send", &rounds(&[1.0])).is_none());
    }
}
