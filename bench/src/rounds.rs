//! Rounds: every case once per round, so that what changes on the machine changes for all of them. Odd rounds run
//! backwards. What is divided by bare calls runs between two short runs of these: within a round of a minute, what a
//! processor does in a second drifts by a quarter. A case during which too much processor time was stolen, or went to
//! other processes, or the disk stood still, is repeated at once, a bounded number of times; the least disturbed run
//! counts. Disturbances come and go within seconds: to repeat whole rounds would throw good runs away, and a mean over a
//! round would hide the bad one.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;

use crate::load::Pace;
use crate::machine;
use crate::pulse::Pulse;
use crate::scenarios::{self, Case, Figures, Lab, figure};
use crate::stats::ratio;

/// Share of all processor time that may be stolen during a case.
pub(crate) const STOLEN_MAX: f64 = 0.05;
/// Share that processes outside of the run may take. The kernel's own threads, which write to disk, are among them.
pub(crate) const OTHERS_MAX: f64 = 0.15;
/// Share of the time for which the disk may stand still: p99 is what a hundredth of the time decides.
pub(crate) const STALLED_MAX: f64 = 0.01;
/// Repetitions of one case in one round; the settings bound those of a round.
const REPEATS_OF_A_CASE: u32 = 2;

/// One round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Round {
    /// UTC, `HH:MM:SS`.
    pub(crate) started: String,
    /// Share of all processor time that was stolen: the mean of its cases.
    pub(crate) stolen: f64,
    /// Share that processes outside of the run took.
    pub(crate) others: f64,
    /// Share of the time for which the disk stood still, where that mattered.
    pub(crate) stalled: f64,
    /// Runs that were repeated.
    pub(crate) repeated: u32,
    /// Cases that count although they were disturbed: there were no repetitions left.
    pub(crate) disturbed: Vec<String>,
    /// Figures by case.
    pub(crate) cases: BTreeMap<String, Figures>,
}

impl Round {
    /// A figure of a case.
    pub(crate) fn figure(&self, case: &str, figure: &str) -> Option<f64> {
        self.cases.get(case)?.get(figure).copied()
    }

    /// A case's rate by that of the bare calls beside it; where there were none, by the bare case of the round.
    pub(crate) fn of_bare(&self, case: &str, rate: &str, bare: &str) -> Option<f64> {
        let beside = self.figure(case, figure::BARE_BESIDE);
        ratio(self.figure(case, rate)?, beside.or_else(|| self.figure(bare, figure::RATE))?)
    }
}

#[cfg(test)]
impl Round {
    /// A round with these figures of cases, undisturbed.
    pub(crate) fn with(figures: &[(&str, &'static str, f64)]) -> Self {
        let mut cases: BTreeMap<String, Figures> = BTreeMap::new();
        for (case, figure, value) in figures {
            cases.entry((*case).to_owned()).or_default().insert(figure, *value);
        }
        Self {
            started: String::new(),
            stolen: 0.0,
            others: 0.0,
            stalled: 0.0,
            repeated: 0,
            disturbed: Vec::new(),
            cases,
        }
    }
}

/// Runs all rounds.
pub(crate) async fn run(lab: &Lab, cases: &[Case]) -> anyhow::Result<Vec<Round>> {
    let wanted = lab.options.rounds;
    let mut rounds = Vec::new();
    for number in 0..wanted {
        eprintln!("round {} of {wanted}", number + 1);
        let round = run_round(lab, cases, number % 2 == 1).await?;
        eprintln!(
            "  the round: {:.1} % stolen, {:.1} % taken by other processes, the disk stood still for {:.1} %, {} runs repeated, {} count although disturbed",
            round.stolen * 100.0,
            round.others * 100.0,
            round.stalled * 100.0,
            round.repeated,
            round.disturbed.len()
        );
        rounds.push(round);
    }
    Ok(rounds)
}

async fn run_round(lab: &Lab, cases: &[Case], backwards: bool) -> anyhow::Result<Round> {
    let mut round = Round {
        started: machine::time_of_day(machine::wall_us()),
        stolen: 0.0,
        others: 0.0,
        stalled: 0.0,
        repeated: 0,
        disturbed: Vec::new(),
        cases: BTreeMap::new(),
    };
    let mut order: Vec<&Case> = cases.iter().collect();
    if backwards {
        order.reverse();
    }
    // What was measured after the case before is what is measured before the next one.
    let mut last_bare: Option<(Pace, f64)> = None;
    for case in order {
        let bare = case.bare_beside(&lab.options);
        let before = match bare {
            Some(pace) => Some(bare_before(lab, pace, last_bare.take()).await?),
            None => None,
        };
        let repeats_left = lab.options.repeats.saturating_sub(round.repeated).min(REPEATS_OF_A_CASE);
        let (repeated, mut figures) = run_undisturbed(lab, case, repeats_left).await?;
        round.repeated += repeated;
        if disturbance(&figures) > 1.0 {
            round.disturbed.push(case.name());
        }
        if let (Some(pace), Some(before)) = (bare, before) {
            let after = scenarios::bare_rate(&lab.options, pace).await?;
            figures.insert(figure::BARE_BESIDE, f64::midpoint(before, after));
            last_bare = Some((pace, after));
        } else {
            last_bare = None;
        }
        round.cases.insert(case.name(), figures);
    }
    round.stolen = mean(&round.cases, figure::STOLEN);
    round.others = mean(&round.cases, figure::OTHERS);
    round.stalled = mean(&round.cases, figure::STALLED);
    Ok(round)
}

/// The rate of bare calls before a case: what was measured just now, where that was at the same pace.
async fn bare_before(lab: &Lab, pace: Pace, last: Option<(Pace, f64)>) -> anyhow::Result<f64> {
    match last {
        Some((last, rate)) if last == pace => Ok(rate),
        _ => scenarios::bare_rate(&lab.options, pace).await,
    }
}

/// Runs a case until it was not disturbed; answers how often it was repeated, and the least disturbed run.
async fn run_undisturbed(lab: &Lab, case: &Case, repeats: u32) -> anyhow::Result<(u32, Figures)> {
    let name = case.name();
    let mut best = measure(lab, case, &name).await?;
    for repeated in 0..repeats {
        if disturbance(&best) <= 1.0 {
            return Ok((repeated, best));
        }
        let again = measure(lab, case, &name).await?;
        if disturbance(&again) < disturbance(&best) {
            best = again;
        }
    }
    Ok((repeats, best))
}

async fn measure(lab: &Lab, case: &Case, name: &str) -> anyhow::Result<Figures> {
    let began = Instant::now();
    let pulse = case.feels_the_disk().then(|| Pulse::start(&lab.root)).transpose()?;
    let mut figures = case.run(lab).await.with_context(|| name.to_owned())?;
    if let Some(pulse) = pulse {
        figures.insert(figure::STALLED, pulse.stop()?);
    }
    let disturbed = if disturbance(&figures) > 1.0 { "; disturbed" } else { "" };
    eprintln!("  {name}: {} ({:.1} s{disturbed})", in_short(&figures), began.elapsed().as_secs_f64());
    Ok(figures)
}

/// How much a run was disturbed; above 1, it should not count.
fn disturbance(figures: &Figures) -> f64 {
    let share = |name: &str| figures.get(name).copied().unwrap_or(0.0);
    (share(figure::STOLEN) / STOLEN_MAX)
        .max(share(figure::OTHERS) / OTHERS_MAX)
        .max(share(figure::STALLED) / STALLED_MAX)
}

fn mean(cases: &BTreeMap<String, Figures>, figure: &str) -> f64 {
    let values: Vec<f64> = cases.values().filter_map(|figures| figures.get(figure).copied()).collect();
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// A line of progress.
fn in_short(figures: &Figures) -> String {
    let parts = [
        (figure::RATE, "/s", 0),
        (figure::P50, " ms p50", 3),
        (figure::P99, " ms p99", 2),
        (figure::DELIVERED, " delivered/s", 0),
        (figure::UNDELIVERED, " undelivered", 0),
        (figure::LAST_COPY, " ms to the last copy", 0),
        (figure::PUSHED, " pushed/s", 0),
        (figure::UNPUSHED, " unpushed", 0),
        (figure::RULES_MADE, " ms to make the rules", 0),
        (figure::CAUGHT_UP, " ms until rules caught up", 0),
        (figure::RESUMED, " ms until resumed", 0),
        (figure::CONNECTION_BYTES, " bytes per connection", 0),
        (figure::READY, " ms until ready", 0),
        (figure::SERVER_CPU, " µs server CPU", 0),
    ];
    let of_part = |(name, unit, digits): (&str, &str, usize)| {
        let value = figures.get(name)?;
        (*value > 0.0).then(|| format!("{value:.digits$}{unit}"))
    };
    parts.into_iter().filter_map(of_part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_compared_with_what_ran_beside_it() {
        let rates = [("case", figure::RATE, 10.0), ("bare", figure::RATE, 100.0)];
        assert_eq!(Round::with(&rates).of_bare("case", figure::RATE, "bare"), Some(0.1));
        let beside = [rates.as_slice(), &[("case", figure::BARE_BESIDE, 50.0)]].concat();
        assert_eq!(Round::with(&beside).of_bare("case", figure::RATE, "bare"), Some(0.2));
        assert_eq!(Round::with(&beside).of_bare("bare", figure::RATE, "bare"), Some(1.0));
        assert_eq!(Round::with(&beside).of_bare("absent", figure::RATE, "bare"), None);
    }

    #[test]
    fn a_run_is_disturbed_by_any_share() {
        let disturbed = |stolen, others, stalled| {
            let shares = [(figure::STOLEN, stolen), (figure::OTHERS, others), (figure::STALLED, stalled)];
            disturbance(&Figures::from(shares)) > 1.0
        };
        assert!(!disturbed(0.0, 0.0, 0.0));
        assert!(!disturbed(0.05, 0.15, 0.01));
        assert!(disturbed(0.051, 0.0, 0.0));
        assert!(disturbed(0.0, 0.16, 0.0));
        assert!(disturbed(0.0, 0.0, 0.011));
    }
}
