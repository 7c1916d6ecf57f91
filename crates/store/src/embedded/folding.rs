//! Folding the write-ahead log into the database file, beside the writer.
//!
//! SQLite by itself folds inside a commit, and all commits behind that one wait until megabytes are on the disk. Here
//! a thread of its own copies what is committed, which holds up nobody. The few pages that were added meanwhile are
//! left to the writer, between two transactions: only a log that is folded to its end begins anew, and while somebody
//! writes, only the writer can see it end.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use ringback_model::failure::Fault;
use rusqlite::Connection;

use super::schema;

/// Share of the usual length that the writer folds itself: 2 MiB as a rule, a few milliseconds.
const SHORT: u64 = 8;
/// Share of the usual length by which the log grows between two attempts, so that a reader that is in the way does
/// not make every commit try.
const STEP: u64 = 16;
/// Times its usual length to which the log may grow before the writer waits for the thread, or does its work.
const MOST: u64 = 16;

/// Copies committed pages into the file as far as no reader needs the older ones. Never waits for a lock.
const FOLD: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// Says how long the log is, and does nothing.
const LOOK: &str = "PRAGMA wal_checkpoint(NOOP)";

/// Length of the write-ahead log in pages, and how many of them are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wal {
    pages: u64,
    folded: u64,
}

/// What is to be done about a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Nothing,
    /// The thread folds while the writer goes on.
    Beside,
    /// The writer folds the rest.
    Finish,
}

/// `at`: usual length of the log. `tried`: its length at the last attempt, 0 after it began anew.
fn plan(wal: Wal, at: u64, tried: u64) -> Plan {
    let due = wal.pages >= at && wal.pages >= tried + at / STEP;
    match wal.pages.saturating_sub(wal.folded) {
        _ if !due => Plan::Nothing,
        _ if wal.pages >= at * MOST => Plan::Finish,
        unfolded if unfolded <= at / SHORT => Plan::Finish,
        _ => Plan::Beside,
    }
}

/// The writer's hold on the thread that folds. Ends the thread when dropped.
pub(super) struct Folding {
    /// `None` once it is to end.
    orders: Option<SyncSender<()>>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
    running: bool,
    at: u64,
    tried: u64,
    failing: bool,
}

impl Folding {
    /// `at`: pages from which a log is folded.
    pub(super) fn start(file: &Path, at: u64) -> Result<Self, Fault> {
        let connection = schema::open_folder(file)?;
        // One order at a time, so neither side ever waits to be heard.
        let (orders, ordered) = sync_channel::<()>(1);
        let (tell, done) = sync_channel::<()>(1);
        let work = move || {
            while ordered.recv().is_ok() {
                // Its failure shows to the writer as a log that stays long.
                drop(fold(&connection));
                if tell.send(()).is_err() {
                    break;
                }
            }
        };
        let thread = thread::Builder::new()
            .name("store-folder".to_owned())
            .spawn(work)
            .map_err(|error| Fault::from_error("start the thread that folds the write-ahead log", error))?;
        let orders = Some(orders);
        Ok(Self {
            orders,
            done,
            thread: Some(thread),
            running: false,
            at: at.max(1),
            tried: 0,
            failing: false,
        })
    }

    /// Called by the writer between two transactions, when nobody waits for an answer any more.
    pub(super) fn look_after(&mut self, connection: &Connection) {
        let Ok(wal) = ask(connection, LOOK) else { return };
        if wal.pages < self.tried {
            self.tried = 0;
        }
        if self.running {
            if wal.pages >= self.at * MOST {
                // It is waited for, or it is gone.
                let _done = self.done.recv();
            } else if self.done.try_recv() == Err(TryRecvError::Empty) {
                return;
            }
            self.running = false;
        }
        match plan(wal, self.at, self.tried) {
            Plan::Nothing => return,
            Plan::Beside => self.running = self.orders.as_ref().is_some_and(|orders| orders.send(()).is_ok()),
            Plan::Finish => self.finish(connection),
        }
        self.tried = wal.pages;
    }

    fn finish(&mut self, connection: &Connection) {
        match fold(connection) {
            Ok(_) => self.failing = false,
            Err(error) => {
                if !self.failing {
                    tracing::warn!(%error, "the write-ahead log cannot be folded into the database; it goes on growing");
                }
                self.failing = true;
            }
        }
    }
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.orders.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that folds the write-ahead log has panicked");
        }
    }
}

fn fold(connection: &Connection) -> rusqlite::Result<Wal> {
    ask(connection, FOLD)
}

fn ask(connection: &Connection, pragma: &str) -> rusqlite::Result<Wal> {
    // Both numbers are -1 where there is no log.
    let pages = |number: i64| u64::try_from(number).unwrap_or(0);
    connection
        .prepare_cached(pragma)?
        .query_row([], |row| Ok(Wal { pages: pages(row.get(1)?), folded: pages(row.get(2)?) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_folded_beside_the_writer_and_ended_by_it() {
        let wal = |pages, folded| Wal { pages, folded };
        let table = [
            (wal(0, 0), 0, Plan::Nothing, "empty"),
            (wal(3_999, 0), 0, Plan::Nothing, "short"),
            (wal(4_000, 0), 0, Plan::Beside, "long"),
            (wal(4_200, 4_000), 4_000, Plan::Nothing, "just tried"),
            (wal(4_250, 4_000), 4_000, Plan::Finish, "the thread has come near its end"),
            (wal(4_501, 4_000), 4_000, Plan::Beside, "the thread has much left"),
            (wal(4_300, 4_300), 4_250, Plan::Nothing, "folded, and a reader keeps it from beginning anew"),
            (wal(4_500, 4_300), 4_250, Plan::Finish, "the same, later"),
            (wal(64_000, 0), 4_000, Plan::Finish, "out of bounds"),
            (wal(64_000, 0), 63_900, Plan::Nothing, "out of bounds and just tried"),
        ];
        for (wal, tried, expected, what) in table {
            assert_eq!(plan(wal, 4_000, tried), expected, "{what}");
        }
    }
}
