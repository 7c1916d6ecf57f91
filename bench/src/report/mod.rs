//! What a run has shown: medians with their bounds, ratios to the bare client of the same round, as a table for people
//! and as JSON for later.

mod added;
mod summary;
mod table;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::machine::{self, Machine};
use crate::plan::Plan;
use crate::rounds::{OTHERS_MAX, Round, STALLED_MAX, STOLEN_MAX};
use crate::settings::Options;
use crate::stats::Spread;
use crate::targets::Verdict;
use added::Added;
use summary::{Summary, summary};
pub(crate) use table::between;
use table::with_bounds;

/// Writes a result as JSON: to this file, or into this folder under a name of its own.
pub(crate) fn write(
    result: &impl Serialize,
    date: &str,
    commit: &str,
    scenario: &str,
    to: &Path,
) -> anyhow::Result<PathBuf> {
    let path = if to.is_dir() {
        let day = date.split(' ').next().unwrap_or_default();
        to.join(format!("{day}-{commit}-{scenario}.json"))
    } else {
        to.to_owned()
    };
    let text = serde_json::to_string_pretty(result)? + "\n";
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// A run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    scenario: String,
    /// UTC.
    date: String,
    commit: String,
    /// As it was run.
    command: String,
    machine: Machine,
    settings: Options,
    /// In the order in which they ran.
    cases: Vec<Summary>,
    before: Vec<Added>,
    /// Of the cases that ran.
    targets: Vec<Verdict>,
    rounds: Vec<Round>,
}

impl Report {
    /// Sums the rounds up.
    pub(crate) async fn new(plan: &Plan, settings: &Options, rounds: Vec<Round>) -> Self {
        let now = machine::wall_us();
        Self {
            scenario: plan.name.to_owned(),
            date: format!("{} {}", machine::date(now), machine::time_of_day(now)),
            commit: machine::commit().await,
            command: machine::command(),
            machine: Machine::here(),
            cases: plan
                .cases
                .iter()
                .map(|case| summary(plan.scenario_of(case), case, settings, &rounds))
                .collect(),
            before: added::added(settings, &plan.cases, &rounds),
            targets: plan.targets.iter().filter_map(|(part, target)| target.verdict(part, &rounds)).collect(),
            settings: settings.clone(),
            rounds,
        }
    }

    /// Whether every request ended well and every message was told of, once.
    pub(crate) fn is_clean(&self) -> bool {
        self.cases.iter().all(Summary::is_clean)
    }

    /// Writes it as JSON: to this file, or into this folder under a name of its own.
    pub(crate) fn write(&self, to: &Path) -> anyhow::Result<PathBuf> {
        write(self, &self.date, &self.commit, &self.scenario, to)
    }

    /// The table.
    pub(crate) fn print(&self) {
        println!("\nringback-bench {} at {}, {} UTC", self.scenario, self.commit, self.date);
        println!("{}", self.machine.sentence());
        println!(
            "{} rounds of {} s per case; {} runs were repeated because over {:.0} % of the processor time was stolen or \
             over {:.0} % went to others or the disk stood still for over {:.0} % of the time, {} count although they were disturbed (~ where most rounds were)",
            self.settings.rounds,
            self.settings.seconds,
            self.rounds.iter().map(|round| round.repeated).sum::<u32>(),
            STOLEN_MAX * 100.0,
            OTHERS_MAX * 100.0,
            STALLED_MAX * 100.0,
            self.rounds.iter().map(|round| round.disturbed.len()).sum::<usize>(),
        );
        let share = |of: fn(&Round) -> f64| Spread::of(self.rounds.iter().map(|round| of(round) * 100.0));
        println!(
            "processor time stolen: {} %; taken by other processes: {} %; the disk stood still: {} % of the time (median, \
             min-max over rounds)",
            with_bounds(share(|round| round.stolen), 1),
            with_bounds(share(|round| round.others), 1),
            with_bounds(share(|round| round.stalled), 1)
        );
        table::print(&self.cases, self.rounds.len());
        added::print(&self.before);
        self.print_targets();
        if !self.is_clean() {
            println!(
                "\nNot clean: requests failed, or pushes or after-callbacks are missing, or some came twice (marked !)."
            );
        }
    }

    fn print_targets(&self) {
        if self.targets.is_empty() {
            return;
        }
        let met = self.targets.iter().filter(|verdict| verdict.is_met()).count();
        let disturbed = self.targets.iter().filter(|verdict| verdict.is_disturbed()).count();
        println!(
            "\nTargets: {met} of {} met; {disturbed} verdicts are from disturbed rounds (median, in brackets min-max)",
            self.targets.len()
        );
        for verdict in &self.targets {
            println!("  {verdict}");
        }
    }
}
