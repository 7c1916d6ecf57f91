//! What a run has shown: medians with their bounds, ratios to the bare client of the same round, as a table for people
//! and as JSON for later.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::machine::{self, Machine};
use crate::rounds::{OTHERS_MAX, Round, STOLEN_MAX};
use crate::scenarios::{self, Case, Via, figure};
use crate::settings::Options;
use crate::stats::{Spread, ratio};

/// A run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    scenario: String,
    /// UTC.
    date: String,
    commit: String,
    machine: Machine,
    settings: Options,
    /// In the order in which they ran.
    cases: Vec<Summary>,
    before: Vec<Added>,
    rounds: Vec<Round>,
}

/// A case over all rounds that count.
#[derive(Debug, Serialize)]
struct Summary {
    case: String,
    /// The bare case to which `of_bare` compares; none for open loops, whose rate is a setting.
    compared_to: Option<String>,
    /// Rate by rate of the bare case in the same round; for after-callbacks their rate of delivery.
    of_bare: Option<Spread>,
    figures: BTreeMap<&'static str, Spread>,
    /// Rounds in which it was disturbed and counts all the same.
    disturbed_rounds: usize,
}

/// What a before-callback adds to a send.
#[derive(Debug, Serialize)]
struct Added {
    pace: String,
    /// Latency of a send with the rule minus latency without, in the same round: milliseconds.
    p50_ms: Option<Spread>,
    /// The same, 99 of 100.
    p99_ms: Option<Spread>,
    /// A bare call's own latency: what the receiver and the way to it take.
    bare_p50_ms: Option<Spread>,
    /// The same, 99 of 100.
    bare_p99_ms: Option<Spread>,
    /// `p50_ms` minus `bare_p50_ms`: what the server takes for asking, beyond the call itself.
    beyond_bare_p50_ms: Option<Spread>,
    /// `p50_ms` by `bare_p50_ms`.
    bare_round_trips: Option<Spread>,
}

impl Report {
    /// Sums the rounds up.
    pub(crate) async fn new(scenario: &str, settings: &Options, cases: &[Case], rounds: Vec<Round>) -> Self {
        let now = machine::wall_us();
        Self {
            scenario: scenario.to_owned(),
            date: format!("{} {}", machine::date(now), machine::time_of_day(now)),
            commit: machine::commit().await,
            machine: Machine::here(),
            cases: cases.iter().map(|case| summary(case, settings, &rounds)).collect(),
            before: added(settings, cases, &rounds),
            settings: settings.clone(),
            rounds,
        }
    }

    /// Whether every request ended well and every message was told of, once.
    pub(crate) fn is_clean(&self) -> bool {
        let clean = |summary: &Summary| {
            [figure::FAILED, figure::UNDELIVERED, figure::REPEATED]
                .iter()
                .all(|name| summary.figures.get(name).is_none_or(|spread| spread.max == 0.0))
        };
        self.cases.iter().all(clean)
    }

    /// Writes it as JSON: to this file, or into this folder under a name of its own.
    pub(crate) fn write(&self, to: &Path) -> anyhow::Result<PathBuf> {
        let path = if to.is_dir() {
            let day = self.date.split(' ').next().unwrap_or_default();
            to.join(format!("{day}-{}-{}.json", self.commit, self.scenario))
        } else {
            to.to_owned()
        };
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    /// The table.
    pub(crate) fn print(&self) {
        println!("\nringback-bench {} at {}, {} UTC", self.scenario, self.commit, self.date);
        println!("{}", self.machine.sentence());
        println!(
            "{} rounds of {} s per case; {} runs were repeated because over {:.0} % of the processor time was stolen or \
             over {:.0} % went to others, {} count although they were disturbed (~ where most rounds were)",
            self.settings.rounds,
            self.settings.seconds,
            self.rounds.iter().map(|round| round.repeated).sum::<u32>(),
            STOLEN_MAX * 100.0,
            OTHERS_MAX * 100.0,
            self.rounds.iter().map(|round| round.disturbed.len()).sum::<usize>(),
        );
        let share = |of: fn(&Round) -> f64| Spread::of(self.rounds.iter().map(|round| of(round) * 100.0));
        println!(
            "processor time stolen: {} %; taken by other processes: {} % (median, min-max over rounds)",
            with_bounds(share(|round| round.stolen), 1),
            with_bounds(share(|round| round.others), 1)
        );
        for (title, columns) in tables() {
            self.print_table(title, &columns);
        }
        self.print_before();
        if !self.is_clean() {
            println!(
                "\nNot clean: requests failed, or after-callbacks are missing or came twice (marked !)."
            );
        }
    }

    fn print_table(&self, title: &str, columns: &[Column]) {
        let first = columns.first().map_or("", |column| column.figure);
        let rows: Vec<&Summary> = self.cases.iter().filter(|row| row.figures.contains_key(first)).collect();
        if rows.is_empty() {
            return;
        }
        let width = rows.iter().map(|row| row.case.chars().count()).max().unwrap_or(0);
        print!("\n{title:width$} ");
        for column in columns {
            print!("  {:>w$}", column.title, w = column.width());
        }
        println!();
        for row in rows {
            let mostly_disturbed = row.disturbed_rounds * 2 > self.rounds.len();
            print!("{:width$}{}", row.case, if mostly_disturbed { '~' } else { ' ' });
            for column in columns {
                print!("  {:>w$}", column.cell(row), w = column.width());
            }
            println!();
        }
    }

    fn print_before(&self) {
        if self.before.is_empty() {
            return;
        }
        println!("\nAdded by a before-callback (REST, immediate receiver): median (min-max), ms");
        for added in &self.before {
            println!(
                "  {:<14} p50 {}  p99 {}  beside a bare call of p50 {}, p99 {}; beyond it {}: {} bare round trips",
                added.pace,
                with_bounds(added.p50_ms, 3),
                with_bounds(added.p99_ms, 2),
                middle(added.bare_p50_ms, 3),
                middle(added.bare_p99_ms, 2),
                middle(added.beyond_bare_p50_ms, 3),
                middle(added.bare_round_trips, 2),
            );
        }
    }
}

fn summary(case: &Case, settings: &Options, rounds: &[Round]) -> Summary {
    let (name, yardstick) = (case.name(), case.yardstick(settings));
    let names: std::collections::BTreeSet<&'static str> = rounds
        .iter()
        .filter_map(|round| round.cases.get(&name))
        .flat_map(|of_case| of_case.keys().copied())
        .collect();
    let figures = names.into_iter().filter_map(|figure| {
        let spread = Spread::of(rounds.iter().filter_map(|round| round.figure(&name, figure)))?;
        Some((figure, spread))
    });
    let of_bare = |round: &Round| {
        let rate = round.figure(&name, figure::DELIVERED).or_else(|| round.figure(&name, figure::RATE))?;
        ratio(rate, round.figure(yardstick.as_deref()?, figure::RATE)?)
    };
    Summary {
        figures: figures.collect(),
        disturbed_rounds: rounds.iter().filter(|round| round.disturbed.contains(&name)).count(),
        of_bare: Spread::of(rounds.iter().filter_map(of_bare)),
        case: name,
        compared_to: yardstick,
    }
}

/// What a before-callback adds, at each pace at which a pair was measured.
fn added(settings: &Options, cases: &[Case], rounds: &[Round]) -> Vec<Added> {
    let measured = |name: &String| cases.iter().any(|case| case.name() == *name);
    let mut all = Vec::new();
    for pace in scenarios::before_paces(settings) {
        let [without, with] = scenarios::before_pair()
            .map(|rules| Case::Send(scenarios::Send::new(Via::Rest, rules, pace)).name());
        let bare = Case::Bare(pace).name();
        if ![&without, &with, &bare].into_iter().all(measured) {
            continue;
        }
        let over_rounds = |value: &dyn Fn(&Round) -> Option<f64>| Spread::of(rounds.iter().filter_map(value));
        let adds = |round: &Round, figure: &str| {
            Some(round.figure(&with, figure)? - round.figure(&without, figure)?)
        };
        all.push(Added {
            pace: bare.trim_start_matches("bare call, ").to_owned(),
            p50_ms: over_rounds(&|round| adds(round, figure::P50)),
            p99_ms: over_rounds(&|round| adds(round, figure::P99)),
            bare_p50_ms: over_rounds(&|round| round.figure(&bare, figure::P50)),
            bare_p99_ms: over_rounds(&|round| round.figure(&bare, figure::P99)),
            beyond_bare_p50_ms: over_rounds(&|round| {
                Some(adds(round, figure::P50)? - round.figure(&bare, figure::P50)?)
            }),
            bare_round_trips: over_rounds(&|round| {
                ratio(adds(round, figure::P50)?, round.figure(&bare, figure::P50)?)
            }),
        });
    }
    all
}

/// A column of a table.
struct Column {
    title: &'static str,
    figure: &'static str,
    digits: usize,
    bounds: bool,
}

impl Column {
    /// With its bounds.
    const fn wide(title: &'static str, figure: &'static str, digits: usize) -> Self {
        Self { title, figure, digits, bounds: true }
    }

    /// The median alone.
    const fn narrow(title: &'static str, figure: &'static str, digits: usize) -> Self {
        Self { bounds: false, ..Self::wide(title, figure, digits) }
    }

    fn width(&self) -> usize {
        self.title.chars().count().max(if self.bounds { 23 } else { 7 })
    }

    fn cell(&self, row: &Summary) -> String {
        let spread = if self.figure == OF_BARE { row.of_bare } else { row.figures.get(self.figure).copied() };
        let text = if self.bounds { with_bounds(spread, self.digits) } else { middle(spread, self.digits) };
        let is_fault = [figure::FAILED, figure::UNDELIVERED, figure::REPEATED].contains(&self.figure);
        if is_fault && spread.is_some_and(|spread| spread.max > 0.0) { format!("{text} !") } else { text }
    }
}

/// Stands for [`Summary::of_bare`] in a column.
const OF_BARE: &str = "of_bare";

fn tables() -> [(&'static str, Vec<Column>); 2] {
    let requests = vec![
        Column::wide("per second (min-max)", figure::RATE, 0),
        Column::narrow("of bare", OF_BARE, 3),
        Column::narrow("p50 ms", figure::P50, 3),
        Column::narrow("p99 ms", figure::P99, 2),
        Column::narrow("server µs", figure::SERVER_CPU, 0),
        Column::narrow("receiver µs", figure::RECEIVER_CPU, 0),
        Column::narrow("load µs", figure::LOAD_CPU, 0),
        Column::narrow("disk B", figure::DISK, 0),
        Column::narrow("failed", figure::FAILED, 0),
    ];
    let deliveries = vec![
        Column::wide("delivered/s (min-max)", figure::DELIVERED, 0),
        Column::narrow("of bare", OF_BARE, 3),
        Column::narrow("of bound", figure::OF_CONCURRENCY, 3),
        Column::narrow("p50 ms", figure::DELIVERY_P50, 2),
        Column::narrow("p99 ms", figure::DELIVERY_P99, 2),
        Column::narrow("longest ms", figure::DELIVERY_MAX, 0),
        Column::narrow("server µs", figure::SERVER_CPU, 0),
        Column::narrow("RSS MiB", figure::RESIDENT, 0),
        Column::narrow("missing", figure::UNDELIVERED, 0),
        Column::narrow("twice", figure::REPEATED, 0),
    ];
    [("Requests", requests), ("After-callbacks", deliveries)]
}

fn with_bounds(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(
        || "-".to_owned(),
        |Spread { median, min, max }| format!("{median:.digits$} ({min:.digits$}-{max:.digits$})"),
    )
}

fn middle(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(|| "-".to_owned(), |spread| format!("{:.digits$}", spread.median))
}
