//! The kill loop: campaigns of `ringback_e2e::crash`, one after the other, each with a data folder of its own so that
//! memory and disk stay bounded however many kills there are. Ends at the first violation.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use ringback_e2e::crash::{self, Campaign, Count, Failure, Progress};
use serde::Serialize;

use crate::machine::{self, Machine};
use crate::settings::Crash;
use crate::stats::Latency;
use crate::{report, server};

/// Kills of one campaign.
const CAMPAIGN: u64 = 100;
/// Progress is shown after so many kills.
const SHOWN_EVERY: u64 = 5;

/// What a run has shown.
#[derive(Debug, Serialize)]
struct Outcome {
    scenario: &'static str,
    /// UTC.
    date: String,
    commit: String,
    /// As it was run.
    command: String,
    machine: Machine,
    settings: Crash,
    /// Of the first campaign.
    seed: u64,
    seconds: f64,
    kills: u64,
    /// Starts that were killed before they were ready, besides.
    starts_killed: u64,
    /// Kills that came too late: the server had gone down by itself.
    drained: u64,
    acknowledged: u64,
    refused: u64,
    stored: u64,
    /// After-callbacks that must arrive, each counted once.
    callbacks: u64,
    /// Attempts beyond the first, of all after-callbacks.
    repeated: u64,
    parked_exhausted: u64,
    parked_banned: u64,
    /// Remembered at the ends of campaigns.
    bans: u64,
    rule_changes: u64,
    resends: u64,
    users: u64,
    groups: u64,
    steps: u64,
    /// From a start to "ready".
    ready_ms: Ready,
    /// 1 where a promise was broken: the run ends there.
    violations: u64,
    verdict: &'static str,
    /// What was wrong; `None` = nothing.
    violation: Option<String>,
}

#[derive(Debug, Serialize)]
struct Ready {
    p50: f64,
    p99: f64,
    max: f64,
}

/// Runs it.
pub(crate) async fn run(options: Crash) -> anyhow::Result<ExitCode> {
    let root = crate::data_root(options.places.data_root.as_deref())?;
    let binary = server::binary(options.places.server.as_deref(), !options.places.no_build).await?;
    // Nothing hangs on its quality: it only has to be another one each time.
    let seed = options.seed.unwrap_or_else(|| machine::wall_us() % 1_000_000_000);
    eprintln!("{} kills, seed {seed}", options.kills);
    let begun = Instant::now();
    let (mut count, mut failure) = (Count::default(), None);
    while count.kills < options.kills {
        let campaign = Campaign {
            kills: CAMPAIGN.min(options.kills - count.kills),
            seed: seed.wrapping_add(count.kills / CAMPAIGN),
            binary: Some(binary.clone()),
            root: Some(root.clone()),
        };
        let show = |told: &Progress| show(&count, told, options.kills, begun.elapsed());
        match crash::run(&campaign, show).await {
            Ok(counted) => count += counted,
            Err(found) => {
                count += found.count.as_ref().clone();
                failure = Some(found);
                break;
            }
        }
    }
    let outcome = outcome(options, seed, begun.elapsed(), count, failure).await?;
    outcome.print();
    if let Some(out) = &outcome.settings.places.out {
        let path = report::write(&outcome, &outcome.date, &outcome.commit, outcome.scenario, out)?;
        println!("\nwritten to {}", path.display());
    }
    Ok(if outcome.violation.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(before: &Count, told: &Progress, of: u64, elapsed: Duration) {
    let kill = before.kills + told.kill;
    if kill.is_multiple_of(SHOWN_EVERY) || kill == of {
        let left = elapsed.mul_f64((of - kill) as f64 / kill as f64);
        eprintln!(
            "kill {kill} of {of}: {} acknowledged, ready in {:.0} ms, about {} s left",
            before.acknowledged + told.acknowledged,
            told.ready.as_secs_f64() * 1000.0,
            left.as_secs()
        );
    }
}

async fn outcome(
    settings: Crash,
    seed: u64,
    took: Duration,
    count: Count,
    failure: Option<Failure>,
) -> anyhow::Result<Outcome> {
    let now = machine::wall_us();
    let mut ready = Latency::new()?;
    for start in &count.ready {
        ready.record(*start);
    }
    let ready_ms = Ready {
        p50: ready.quantile_ms(0.5),
        p99: ready.quantile_ms(0.99),
        max: count.ready.iter().max().map_or(0.0, |longest| longest.as_secs_f64() * 1000.0),
    };
    Ok(Outcome {
        scenario: "crash",
        date: format!("{} {}", machine::date(now), machine::time_of_day(now)),
        commit: machine::commit().await,
        command: machine::command(),
        machine: Machine::here(),
        settings,
        seed,
        seconds: took.as_secs_f64(),
        kills: count.kills,
        starts_killed: count.starts_killed,
        drained: count.drained,
        acknowledged: count.acknowledged,
        refused: count.refused,
        stored: count.stored,
        callbacks: count.callbacks,
        repeated: count.repeated,
        parked_exhausted: count.exhausted,
        parked_banned: count.banned,
        bans: count.bans,
        rule_changes: count.rule_changes,
        resends: count.resends,
        users: count.users,
        groups: count.groups,
        steps: count.steps,
        ready_ms,
        violations: u64::from(failure.is_some()),
        verdict: if failure.is_none() { "clean" } else { "violated" },
        violation: failure.map(|failure| failure.to_string()),
    })
}

impl Outcome {
    fn print(&self) {
        let Ready { p50, p99, max } = self.ready_ms;
        println!("\nringback-bench crash at {}, {} UTC, seed {}", self.commit, self.date, self.seed);
        println!("{}", self.machine.sentence());
        println!(
            "{} kills and {} of starting servers in {:.0} s; {} ends in order before the kill",
            self.kills, self.starts_killed, self.seconds, self.drained
        );
        println!(
            "{} messages acknowledged, {} refused by the backend, {} stored",
            self.acknowledged, self.refused, self.stored
        );
        println!(
            "{} after-callbacks that must arrive, {} attempts beyond the first; {} parked after all attempts, {} by bans, \
             all of them delivered at the end",
            self.callbacks, self.repeated, self.parked_exhausted, self.parked_banned
        );
        println!(
            "{} changes of a rule, {} orders to send again, {} users, {} groups and {} steps of friends and members acknowledged",
            self.rule_changes, self.resends, self.users, self.groups, self.steps
        );
        println!("ready after p50 {p50:.0} ms, p99 {p99:.0} ms, at most {max:.0} ms");
        match &self.violation {
            None => println!(
                "verdict: clean: nothing acknowledged was lost or doubled, nothing owed was not delivered"
            ),
            Some(violation) => println!("verdict: {violation}"),
        }
    }
}
