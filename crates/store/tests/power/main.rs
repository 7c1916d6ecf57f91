//! Power cuts: whatever the disk forgets, what was acknowledged is there, once and wholly.
//!
//! A store works under a shim that records every step at its files. The power may go between any two steps; what the
//! disk may hold then is put into a new folder, and a store opened on that must hold what was acknowledged before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "tests"
)]

mod asking;
mod cuts;
mod ledger;
mod migration;
mod random;
mod seen;
mod workload;
#[allow(dead_code, unused_macros, unused_imports, reason = "the tests in `it` use all of it, these a part")]
#[path = "../it/world.rs"]
mod world;

use powercut::{Cut, Disk, Loss, Step};

use cuts::{every_cut, examine, go_through, live};

/// A short life with everything in it.
const ROUNDS: usize = 4;

#[test]
fn every_cut_of_a_short_life_loses_nothing_acknowledged() {
    go_through_every_cut(1);
}

/// The same while the log is folded all the time, beside the writer.
#[test]
fn every_cut_of_a_life_that_folds_loses_nothing_acknowledged() {
    go_through_every_cut(2);
}

#[track_caller]
fn go_through_every_cut(seed: u64) {
    powercut::install().unwrap();
    let (trace, ledger) = live(seed, ROUNDS);
    let report =
        go_through(&every_cut(&trace, Disk::Honest), seed, |cut, dice| examine(&trace, &ledger, cut, dice));
    println!("{} steps, {} cuts, {} violations", trace.len(), report.cuts, report.violations);
    report.assert_clean();
    assert!(report.acknowledged > report.cuts, "most cuts come after some commit");
    let folded = trace.to_string().lines().filter(|step| step.contains("write ringback.db ")).count();
    assert!(folded > 20, "checkpoints are among the steps: {folded}");
}

/// The check of the check: disks that do not keep their word.
#[test]
fn a_store_that_does_not_sync_is_found_out() {
    powercut::install().unwrap();
    let (trace, ledger) = live(5, ROUNDS);
    let liars = [
        Disk::IgnoresSync,
        Disk::IgnoresSyncOf("ringback.db"),
        Disk::IgnoresSyncOf("ringback.db-wal"),
        Disk::IgnoresSyncOfFolder,
    ];
    for disk in liars {
        let cuts: Vec<Cut> =
            every_cut(&trace, disk).into_iter().filter(|cut| cut.position % 9 == 0).collect();
        let report = go_through(&cuts, 5, |cut, dice| examine(&trace, &ledger, cut, dice));
        println!("{disk:?}: {} violations in {} cuts", report.violations, report.cuts);
        assert!(report.violations > 0, "{disk:?} was not found out in {} cuts", report.cuts);
        let killed: Vec<Cut> = cuts.into_iter().map(|cut| Cut { loss: Loss::None, ..cut }).take(8).collect();
        go_through(&killed, 2, |cut, dice| examine(&trace, &ledger, cut, dice)).assert_clean();
    }
}

#[test]
fn a_seed_repeats_its_steps() {
    powercut::install().unwrap();
    let ((one, _), (same, _)) = (live(3, ROUNDS), live(3, ROUNDS));
    assert_eq!(one.to_string(), same.to_string());
    let count = |wanted: fn(&Step) -> bool| one.steps().iter().filter(|step| wanted(step)).count();
    assert!(count(|step| matches!(step, Step::Sync { .. })) > ROUNDS);
}
