//! Cutting, looking, and counting.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use powercut::{Cut, Disk, Loss, Trace};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::ledger::Ledger;
use crate::workload::Life;

/// Violations that are kept word by word.
const TOLD: usize = 5;

/// What came of many cuts.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) cuts: usize,
    /// Commits that had been acknowledged when the power went, added up over all cuts.
    pub(crate) acknowledged: usize,
    pub(crate) violations: usize,
    pub(crate) told: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.acknowledged += other.acknowledged;
        self.violations += other.violations;
        self.told.extend(other.told);
        self.told.truncate(TOLD);
    }

    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.violations, 0, "violations in {} cuts:\n{}", self.cuts, self.told.join("\n"));
    }
}

/// A folder for a disk's image: in memory where there is such a place, because nobody pulls that plug.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// A life of a store, from an empty folder on.
pub(crate) fn live(seed: u64, rounds: usize) -> (Trace, Ledger) {
    let folder = folder();
    let mut life = Life::begin(folder.path(), seed).unwrap();
    life.work(rounds);
    life.end()
}

/// Goes through cuts with all processors, each with dice of its own that `seed` and its place decide.
pub(crate) fn go_through(
    cuts: &[Cut],
    seed: u64,
    examine: impl Fn(&Cut, &mut StdRng) -> Result<usize, String> + Sync,
) -> Report {
    let next = AtomicUsize::new(0);
    let report = Mutex::new(Report::default());
    let work = || {
        while let Some((number, cut)) = Some(next.fetch_add(1, Ordering::Relaxed))
            .and_then(|number| cuts.get(number).map(|cut| (number, cut)))
        {
            let mut dice = StdRng::seed_from_u64(seed.wrapping_add((number as u64) << 32));
            // A store that cannot even be opened is a violation like any other.
            let came = catch_unwind(AssertUnwindSafe(|| examine(cut, &mut dice)))
                .unwrap_or_else(|_| Err("the store, or what looks at it, panicked".to_owned()));
            let (acknowledged, told) = match came {
                Ok(acknowledged) => (acknowledged, Vec::new()),
                Err(why) => (0, vec![format!("seed {seed}, cut {number}, {cut:?}: {why}")]),
            };
            let one = Report { cuts: 1, acknowledged, violations: told.len(), told };
            report.lock().unwrap().add(one);
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    report.into_inner().unwrap()
}

/// Looks at what a cut leaves: it must be possible, SQLite must find it sound, and the store must go on with it.
/// Now and then the power goes again while it does. Answers how many commits were acknowledged.
pub(crate) fn examine(trace: &Trace, ledger: &Ledger, cut: &Cut, dice: &mut StdRng) -> Result<usize, String> {
    let folder = folder();
    trace.image(cut, dice).write_to(folder.path()).unwrap();
    let (again, known) = go_on(folder.path(), ledger, cut.position, dice)?;
    if cut.disk == Disk::Honest && dice.random_ratio(1, 2) {
        let second = Cut {
            position: dice.random_range(0..=again.len()),
            loss: Loss::WAYS[dice.random_range(0..Loss::WAYS.len())],
            disk: Disk::Honest,
        };
        let folder = self::folder();
        again.image(&second, dice).write_to(folder.path()).unwrap();
        go_on(folder.path(), &known, second.position, dice)
            .map_err(|why| format!("then {second:?}: {why}"))?;
    }
    Ok(ledger.written.acknowledged(cut.position))
}

/// Opens what a cut left, checks it, lets the store work on, and checks again.
fn go_on(
    folder: &Path,
    ledger: &Ledger,
    position: usize,
    dice: &mut StdRng,
) -> Result<(Trace, Ledger), String> {
    let mut life = Life::begin(folder, dice.random())?;
    let seen = life.seen()?;
    ledger.check(&seen, position)?;
    life.resume(ledger.resume(&seen));
    life.work(1);
    life.ledger.check(&life.seen()?, usize::MAX)?;
    let ended = life.end();
    sound(folder)?;
    Ok(ended)
}

/// SQLite's own opinion of a database.
pub(crate) fn sound(folder: &Path) -> Result<(), String> {
    let connection = Connection::open(folder.join("ringback.db")).map_err(|error| error.to_string())?;
    let verdict: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .map_err(|error| error.to_string())?;
    if verdict == "ok" { Ok(()) } else { Err(format!("integrity_check: {verdict}")) }
}

/// Every cut between two steps, each in every way.
pub(crate) fn every_cut(trace: &Trace, disk: Disk) -> Vec<Cut> {
    let ways = |position| Loss::WAYS.map(|loss| Cut { position, loss, disk });
    (0..=trace.len()).flat_map(ways).collect()
}
