//! The one thread that writes. It takes everything that waits into one transaction (group commit), and answers
//! after the transaction is durable.

use std::fs::File;
use std::sync::Arc;

use ringback_model::commit::{Commit, CommitError, Committed};
use ringback_model::failure::Fault;
use ringback_model::limits;
use ringback_model::time::UnixMs;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::chore::Chore;
use super::expiry;
use super::folding::Folding;
use super::journal::Journal;
use super::recent::Recent;
use super::requirements::Stop;
use super::sql::Outcome;
use crate::settings::StoreSettings;

/// Room that there must be before a full store calls itself writable: many commits of the largest kind.
const ROOM_BYTES: usize = 1024 * 1024;

/// What the writer can be asked.
pub(super) enum Job {
    Commit(Box<Commit>, oneshot::Sender<Result<Committed, CommitError>>),
    Chore(Box<dyn Chore>),
    /// Alone in its transaction.
    Expire(UnixMs, oneshot::Sender<Result<u64, Fault>>),
    /// The last one: what waits behind it is still written.
    Close(oneshot::Sender<Result<(), Fault>>),
}

impl Job {
    /// Tells the asker. He may be gone; then nobody wants to know.
    fn answer(self, result: Result<Committed, CommitError>) {
        match self {
            Self::Commit(_, reply) => drop(reply.send(result)),
            Self::Chore(chore) => chore.answer(result.map(drop).map_err(as_fault)),
            Self::Expire(_, reply) => drop(reply.send(result.map(|_| 0).map_err(as_fault))),
            Self::Close(reply) => drop(reply.send(result.map(drop).map_err(as_fault))),
        }
    }
}

fn as_fault(error: CommitError) -> Fault {
    match error {
        CommitError::Fault(fault) => fault,
        other => Fault::new(other.to_string()),
    }
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) journal: Journal,
    pub(super) recent: Arc<Recent>,
    pub(super) settings: StoreSettings,
    pub(super) folding: Folding,
    /// Held for as long as the file may be written.
    pub(super) lock: File,
}

impl Writer {
    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut held = None;
        let mut closing = Vec::new();
        while let Some(first) = held.take().or_else(|| queue.blocking_recv()) {
            match first {
                Job::Expire(now, reply) => drop(reply.send(self.expire(now))),
                Job::Close(reply) => {
                    queue.close();
                    closing.push(reply);
                }
                job => {
                    let mut group = vec![job];
                    held = fill(&mut group, &mut queue);
                    self.write(group);
                }
            }
            self.folding.look_after(&self.connection);
        }
        let closed = self.shut();
        for reply in closing {
            drop(reply.send(closed.clone()));
        }
    }

    fn write(&mut self, mut group: Vec<Job>) {
        self.seal_if_due(&group);
        metrics::histogram!("ringback_store_group_commits")
            .record(f64::from(u32::try_from(group.len()).unwrap_or(0)));
        match self.transaction(&mut group) {
            Ok(results) => self.publish(group, results),
            // One of them broke the transaction: alone each meets its own fate.
            Err(_) if group.len() > 1 => {
                for job in group {
                    self.write_alone(job);
                }
            }
            Err(error) => self.fail(group, &error),
        }
    }

    fn write_alone(&mut self, job: Job) {
        let mut group = vec![job];
        match self.transaction(&mut group) {
            Ok(results) => self.publish(group, results),
            Err(error) => self.fail(group, &error),
        }
    }

    /// Writes a group. Each job's own result, or the error that undid them all.
    fn transaction(&mut self, group: &mut [Job]) -> Result<Vec<Result<Committed, CommitError>>, CommitError> {
        let Self { connection, journal, .. } = self;
        let written = begin(connection).map_err(Stop::from).and_then(|()| {
            let mut results = Vec::with_capacity(group.len());
            for job in group {
                match step(connection, journal, job) {
                    Ok(events) => results.push(Ok(events)),
                    Err(Stop::Refused(error)) => results.push(Err(*error)),
                    Err(broken) => return Err(broken),
                }
            }
            journal.finish(connection)?;
            end(connection)?;
            Ok(results)
        });
        match written {
            Ok(results) => {
                journal.keep();
                Ok(results)
            }
            Err(stop) => {
                roll_back(connection);
                journal.undo();
                Err(match stop {
                    Stop::Refused(error) => *error,
                    Stop::Broken(broken) => broken.into_commit_error(),
                })
            }
        }
    }

    fn publish(&self, group: Vec<Job>, results: Vec<Result<Committed, CommitError>>) {
        let durable = results.iter().flatten().flat_map(|committed| &committed.events).cloned();
        self.recent.publish(durable);
        // A chore may need no room at all; only a commit shows that there is some.
        let committed =
            |(job, result): (&Job, &Result<_, _>)| matches!(job, Job::Commit(..)) && result.is_ok();
        if group.iter().zip(&results).any(committed) {
            self.recent.set_unwritable(None);
        }
        for (job, result) in group.into_iter().zip(results) {
            job.answer(result);
        }
    }

    fn fail(&self, group: Vec<Job>, error: &CommitError) {
        let why = match error {
            CommitError::Full => "the storage is full: free disk space or raise the store's bound",
            _ => "the last write to the storage failed",
        };
        if self.recent.writable().is_ok() {
            tracing::error!(%error, "{why}");
        }
        self.recent.set_unwritable(Some(why));
        for job in group {
            job.answer(Err(error.clone()));
        }
    }

    /// A segment that cannot be sealed now (no room) simply goes on growing.
    fn seal_if_due(&mut self, group: &[Job]) {
        let newest = group
            .iter()
            .filter_map(|job| if let Job::Commit(commit, _) = job { Some(commit.at) } else { None });
        let Some(at) = newest.max() else { return };
        if !self.journal.wants_seal(at, &self.settings) {
            return;
        }
        let Self { connection, journal, settings, .. } = self;
        let sealed = begin(connection).and_then(|()| journal.seal(connection)).and_then(|()| end(connection));
        match sealed {
            Ok(()) => journal.sealed(),
            Err(broken) => {
                roll_back(connection);
                journal.seal_failed(settings);
                tracing::warn!(error = %broken.into_fault("seal a log segment"), "the log segment stays open");
            }
        }
    }

    fn expire(&mut self, now: UnixMs) -> Result<u64, Fault> {
        let expired = self.expire_log(now);
        if self.recent.writable().is_err() {
            self.look_for_room();
        }
        expired
    }

    /// A store that says it is full is perhaps sent nothing any more, and has to find out by itself.
    fn look_for_room(&self) {
        // Each statement is a transaction of its own: what is dropped in the one that made it is never written.
        let tried = self.connection.execute_batch(&format!(
            "DROP TABLE IF EXISTS room; CREATE TABLE room (filler BLOB NOT NULL);
             INSERT INTO room VALUES (zeroblob({ROOM_BYTES})); DROP TABLE room;"
        ));
        if tried.is_ok() {
            tracing::info!("the storage takes writes again");
            self.recent.set_unwritable(None);
        }
    }

    fn expire_log(&mut self, now: UnixMs) -> Result<u64, Fault> {
        let Self { connection, journal, recent, settings, .. } = self;
        let start = recent.start().0;
        let expired = begin(connection)
            .and_then(|()| expiry::expire(connection, journal, start, now, settings))
            .and_then(|expired| end(connection).map(|()| expired));
        match expired {
            Ok(expired) => {
                journal.dropped(&expired.dropped);
                recent.set_start(expired.start);
                Ok(expired.start.saturating_sub(start))
            }
            Err(broken) => {
                roll_back(connection);
                Err(broken.into_fault("expire the log"))
            }
        }
    }

    /// Folds the write-ahead log into the file and closes both.
    fn shut(self) -> Result<(), Fault> {
        let Self { connection, folding, lock, .. } = self;
        drop(folding);
        let folded = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let closed = folded.and_then(|()| connection.close().map_err(|(_, error)| error));
        // Not merely dropped: a process that is just being started may hold a copy of the handle.
        let unlocked = lock.unlock();
        closed.map_err(|error| Fault::from_error("close the database", error))?;
        unlocked.map_err(|error| Fault::from_error("release the data folder", error))
    }
}

/// Adds what waits to a group. A job that must be alone is handed back.
fn fill(group: &mut Vec<Job>, queue: &mut mpsc::Receiver<Job>) -> Option<Job> {
    while group.len() < limits::COMMIT_GROUP {
        match queue.try_recv() {
            Ok(alone @ (Job::Expire(..) | Job::Close(..))) => return Some(alone),
            Ok(job) => group.push(job),
            Err(_) => break,
        }
    }
    None
}

fn step(connection: &Connection, journal: &mut Journal, job: &mut Job) -> Result<Committed, Stop> {
    match job {
        Job::Commit(commit, _) => journal.commit(connection, commit),
        Job::Chore(chore) => {
            chore.work(connection)?;
            Ok(Committed::default())
        }
        Job::Expire(..) | Job::Close(..) => Ok(Committed::default()),
    }
}

fn begin(connection: &Connection) -> Outcome<()> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    Ok(())
}

fn end(connection: &Connection) -> Outcome<()> {
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

/// Some errors have rolled back already; then there is nothing left to do.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "cannot roll a transaction back");
    }
}
