//! The shim under real connections.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::{fs, thread};

use powercut::{Cut, Disk, Loss, Recording, Step, Trace};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rusqlite::Connection;
use tempfile::TempDir;

fn watched() -> (TempDir, Arc<Recording>) {
    powercut::install().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let recording = Recording::start(folder.path()).unwrap();
    (folder, recording)
}

fn open(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("test.db")).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
    connection
}

fn rows(folder: &Path) -> i64 {
    let connection = Connection::open(folder.join("test.db")).unwrap();
    connection.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0)).unwrap()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let found =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()));
    found.filter(|(name, _)| !name.ends_with("-shm")).collect()
}

fn everything_kept(trace: &Trace) -> BTreeMap<String, Vec<u8>> {
    let cut = Cut { position: trace.len(), loss: Loss::None, disk: Disk::Honest };
    let mut image = trace.image(&cut, &mut StdRng::seed_from_u64(0)).0;
    image.retain(|name, _| !name.ends_with("-shm"));
    image
}

#[test]
fn the_trace_is_what_happened_to_the_files() {
    let (folder, recording) = watched();
    let connection = open(folder.path());
    connection.execute_batch("CREATE TABLE numbers (n INTEGER)").unwrap();
    let reader = open(folder.path());
    for number in 0..50 {
        connection.execute("INSERT INTO numbers VALUES (?1)", [number]).unwrap();
        if number % 20 == 10 {
            reader.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
        assert_eq!(everything_kept(&recording.trace()), files(folder.path()), "after {number}");
    }
    assert_eq!(rows(folder.path()), 50);
    drop((connection, reader));
    recording.wait_for_handles(0).unwrap();
    let trace = recording.trace();
    assert_eq!(everything_kept(&trace), files(folder.path()));
    let text = trace.to_string();
    for step in [
        "make test.db\n",
        "make test.db-wal\n",
        "sync folder\n",
        "truncate test.db-wal 0",
        "delete test.db-wal",
    ] {
        assert!(text.contains(step), "{step}\n{text}");
    }
}

#[test]
fn what_was_there_before_is_there_first() {
    powercut::install().unwrap();
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).execute_batch("CREATE TABLE numbers (n INTEGER)").unwrap();
    let before = files(folder.path());
    let recording = Recording::start(folder.path()).unwrap();
    assert_eq!(everything_kept(&recording.trace()), before);
    open(folder.path()).execute_batch("INSERT INTO numbers VALUES (1)").unwrap();
    assert_eq!(everything_kept(&recording.trace()), files(folder.path()));
}

#[test]
fn other_folders_are_left_alone() {
    let (_folder, recording) = watched();
    let other = tempfile::tempdir().unwrap();
    open(other.path()).execute_batch("CREATE TABLE numbers (n INTEGER)").unwrap();
    assert_eq!(rows(other.path()), 0);
    assert_eq!(recording.position(), 0);
}

#[test]
fn others_wait_while_one_holds() {
    let (folder, recording) = watched();
    open(folder.path()).execute_batch("CREATE TABLE numbers (n INTEGER)").unwrap();
    let hold = recording.hold(1);
    let path = folder.path().to_owned();
    let writer = thread::spawn(move || open(&path).execute("INSERT INTO numbers VALUES (1)", []).unwrap());
    let before = recording.position();
    hold.wait_for_somebody().unwrap();
    assert_eq!(recording.position(), before + 1, "one step was let through");
    assert_eq!(rows(folder.path()), 0, "the holder goes on, and the row is not committed");
    drop(hold);
    writer.join().unwrap();
    assert_eq!(rows(folder.path()), 1);
}

/// SQLite itself, cut at every step: the model takes nothing away that SQLite could count on.
#[test]
fn committed_rows_survive_every_cut() {
    let (folder, recording) = watched();
    let mut committed = vec![recording.position()];
    let connection = open(folder.path());
    connection.execute_batch("CREATE TABLE numbers (n INTEGER)").unwrap();
    let made = recording.position();
    for number in 0..12 {
        connection.execute("INSERT INTO numbers VALUES (?1)", [number]).unwrap();
        committed.push(recording.position());
        if number % 5 == 4 {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
    }
    drop(connection);
    recording.wait_for_handles(0).unwrap();
    let trace = recording.trace();
    assert!(trace.steps().iter().filter(|step| **step == Step::SyncFolder).count() > 0);
    for position in made..=trace.len() {
        for (seed, loss) in Loss::WAYS.into_iter().enumerate() {
            let image = tempfile::tempdir().unwrap();
            let cut = Cut { position, loss, disk: Disk::Honest };
            let mut dice = StdRng::seed_from_u64((position * 4 + seed) as u64);
            trace.image(&cut, &mut dice).write_to(image.path()).unwrap();
            let least = committed.iter().filter(|at| **at <= position).count() - 1;
            let found = usize::try_from(rows(image.path())).unwrap();
            assert!(found == least || found == least + 1, "{cut:?}: {found} of {least}");
        }
    }
}
