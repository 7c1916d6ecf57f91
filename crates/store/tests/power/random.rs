//! Long lives and cuts anywhere, as many as one likes.

use std::process::Command;

use powercut::{Cut, Disk, Loss};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::cuts::{Report, examine, go_through, live};

/// Cuts where nobody says how many.
const CUTS: usize = 160;
const CUTS_PER_LIFE: usize = 80;
const ROUNDS: usize = 30;
/// Cuts between two words of progress.
const PROGRESS: usize = 10 * CUTS_PER_LIFE;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn random_cuts_lose_nothing_acknowledged() {
    powercut::install().unwrap();
    let seed = number("RINGBACK_POWER_SEED").unwrap_or_else(rand::random);
    let wanted = number("RINGBACK_POWER_CUTS").map_or(CUTS, |cuts| cuts as usize);
    println!("RINGBACK_POWER_SEED={seed} RINGBACK_POWER_CUTS={wanted} repeats this run");
    let mut report = Report::default();
    let mut dice = StdRng::seed_from_u64(seed);
    while report.cuts < wanted {
        let life = dice.random();
        let (trace, ledger) = live(life, ROUNDS);
        let cuts: Vec<Cut> = (0..CUTS_PER_LIFE.min(wanted - report.cuts))
            .map(|_| Cut {
                position: dice.random_range(0..=trace.len()),
                loss: Loss::WAYS[dice.random_range(0..Loss::WAYS.len())],
                disk: Disk::Honest,
            })
            .collect();
        report.add(go_through(&cuts, life, |cut, dice| examine(&trace, &ledger, cut, dice)));
        if report.cuts.is_multiple_of(PROGRESS) {
            println!("{} of {wanted} cuts, {} violations", report.cuts, report.violations);
        }
    }
    println!(
        "power cuts: {} cuts, {} acknowledged commits looked for, {} violations, seed {seed}",
        report.cuts, report.acknowledged, report.violations
    );
    write_down(&report, seed);
    report.assert_clean();
}

/// Leaves the result where a report is made of it.
fn write_down(report: &Report, seed: u64) {
    let Some(folder) = std::env::var_os("RINGBACK_RESULTS") else { return };
    let head = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output();
    let commit =
        head.map_or_else(|_| String::new(), |head| String::from_utf8_lossy(&head.stdout).into_owned());
    let result = serde_json::json!({
        "commit": commit.trim(),
        "command": format!(
            "RINGBACK_POWER_SEED={seed} RINGBACK_POWER_CUTS={} cargo test -p ringback-store --test power -- random::",
            report.cuts
        ),
        "seed": seed,
        "cuts": report.cuts,
        "acknowledged": report.acknowledged,
        "violations": report.violations,
    });
    let text = serde_json::to_string_pretty(&result).unwrap() + "\n";
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(std::path::Path::new(&folder).join("power-cut.json"), text).unwrap();
}
