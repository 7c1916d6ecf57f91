//! The file of traces: chunks in the order of writing. One thread has it; whoever looks for something waits for the
//! batch before it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use ringback_model::failure::Fault;
use ringback_model::ports::{Fut, Traces};
use ringback_model::time::UnixMs;
use ringback_model::trace::{Trace, TraceBounds, TraceQuery};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::coding::{self, Chunk};
use super::settings::TraceSettings;
use crate::settings::millis;

/// Its name in the data folder.
const FILE: &str = "why.db";
/// Version of the tables and of what is in them; a file of another one is begun anew.
const VERSION: i64 = 1;
/// Traces of one chunk: what is decoded at once.
const CHUNK_TRACES: usize = 1024;
/// Jobs that may wait; askers wait beyond.
const QUEUE: usize = 64;

const TABLES: &str = "
CREATE TABLE chunks (
    n INTEGER PRIMARY KEY, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, first_pos INTEGER NOT NULL,
    last_pos INTEGER NOT NULL, body BLOB NOT NULL
);
";

type Job = Box<dyn FnOnce(&mut Shelf) + Send>;

/// See the module. Dropping it ends the thread.
pub(super) struct TraceFile {
    jobs: Mutex<mpsc::Sender<Job>>,
}

/// What the thread has.
struct Shelf {
    connection: Connection,
    path: PathBuf,
    settings: TraceSettings,
    /// Of all chunks.
    bytes: u64,
}

impl TraceFile {
    pub(super) fn open(folder: &Path, settings: TraceSettings) -> Result<Self, Fault> {
        let path = folder.join(FILE);
        let shelf = Shelf::open(&path, settings).or_else(|error| {
            tracing::warn!(%error, file = %path.display(), "what was tried until now cannot be read, and is forgotten");
            remove(&path);
            Shelf::open(&path, settings)
        });
        let mut shelf =
            shelf.map_err(|error| Fault::from_error(format!("open {}", path.display()), error))?;
        let (jobs, mut orders) = mpsc::channel::<Job>(QUEUE);
        thread::Builder::new()
            .name("store-traces".to_owned())
            .spawn(move || {
                while let Some(job) = orders.blocking_recv() {
                    job(&mut shelf);
                }
            })
            .map_err(|error| Fault::from_error("start the thread of traces", error))?;
        Ok(Self { jobs: Mutex::new(jobs) })
    }

    fn order<'a, T: Send + 'static>(
        &'a self,
        doing: &'static str,
        job: impl FnOnce(&mut Shelf) -> rusqlite::Result<T> + Send + 'static,
    ) -> Fut<'a, Result<T, Fault>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            let ended = || Fault::new("the thread of traces has ended");
            let (reply, answer) = oneshot::channel();
            let job: Job = Box::new(move |shelf| drop(reply.send(job(shelf))));
            jobs.send(job).await.map_err(|_| ended())?;
            let done = answer.await.map_err(|_| ended())?;
            done.map_err(|error| Fault::from_error(doing, error))
        })
    }
}

impl Traces for TraceFile {
    fn note(&self, batch: Vec<Trace>) -> Fut<'_, Result<(), Fault>> {
        let note = move |shelf: &mut Shelf| match shelf.note(&batch) {
            Err(error) => shelf.mend(error).and_then(|()| shelf.note(&batch)),
            done => done,
        };
        self.order("note what was tried", note)
    }

    fn find<'a>(&'a self, query: &'a TraceQuery, limit: usize) -> Fut<'a, Result<Vec<Trace>, Fault>> {
        let query = query.clone();
        self.order("look for what was tried", move |shelf| shelf.find(&query, limit))
    }

    fn forget(&self, now: UnixMs) -> Fut<'_, Result<TraceBounds, Fault>> {
        self.order("forget what was tried", move |shelf| shelf.forget(now))
    }
}

impl Shelf {
    /// Damage shows where everything is counted.
    fn open(path: &Path, settings: TraceSettings) -> rusqlite::Result<Self> {
        let mut shelf = Self { connection: open(path)?, path: path.to_owned(), settings, bytes: 0 };
        shelf.bytes = shelf.count_bytes()?;
        Ok(shelf)
    }

    /// Begins anew where the file turns out to be damaged.
    fn mend(&mut self, error: rusqlite::Error) -> rusqlite::Result<()> {
        let damaged = matches!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
        );
        if !damaged {
            return Err(error);
        }
        tracing::warn!(%error, file = %self.path.display(), "what was tried until now is damaged, and is forgotten");
        self.connection = Connection::open_in_memory()?;
        remove(&self.path);
        *self = Self::open(&self.path, self.settings)?;
        Ok(())
    }

    fn note(&mut self, batch: &[Trace]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let mut bytes = 0;
        for traces in batch.chunks(CHUNK_TRACES) {
            let chunk = Chunk::of(traces);
            let (first, last) = chunk.positions;
            let row = (chunk.first_at.0, chunk.last_at.0, int(first.0), int(last.0), &chunk.body);
            transaction
                .prepare_cached(
                    "INSERT INTO chunks (first_at, last_at, first_pos, last_pos, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(row)?;
            bytes += chunk.body.len() as u64;
        }
        transaction.commit()?;
        self.bytes += bytes;
        Ok(())
    }

    fn find(&self, query: &TraceQuery, limit: usize) -> rusqlite::Result<Vec<Trace>> {
        let (least, most) = match query {
            TraceQuery::Event(pos) => (int(pos.0), int(pos.0)),
            TraceQuery::Number(_) | TraceQuery::Name(_) => (0, i64::MAX),
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT body FROM chunks WHERE last_pos >= ?1 AND first_pos <= ?2 ORDER BY n DESC",
        )?;
        let mut rows = statement.query((least, most))?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let body = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            if coding::may_hold(body, query) {
                let traces = coding::decode(body);
                found.extend(traces.into_iter().rev().filter(|trace| trace.answers(query)));
            }
        }
        found.truncate(limit);
        found.reverse();
        Ok(found)
    }

    fn forget(&mut self, now: UnixMs) -> rusqlite::Result<TraceBounds> {
        let keep_from = now.0.saturating_sub(millis(self.settings.keep));
        let mut over = self.bytes.saturating_sub(self.settings.max_bytes);
        let transaction = self.connection.transaction()?;
        let mut bytes = self.bytes;
        loop {
            let oldest = transaction
                .prepare_cached("SELECT n, last_at, length(body) FROM chunks ORDER BY n LIMIT 1")?
                .query_row([], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, u32>(2)?))
                });
            let (n, last_at, length) = match oldest {
                Ok(oldest) => oldest,
                Err(rusqlite::Error::QueryReturnedNoRows) => break,
                Err(error) => return Err(error),
            };
            if last_at >= keep_from && over == 0 {
                break;
            }
            transaction.prepare_cached("DELETE FROM chunks WHERE n = ?1")?.execute([n])?;
            over = over.saturating_sub(length.into());
            bytes = bytes.saturating_sub(length.into());
        }
        let oldest: Option<i64> =
            transaction.query_row("SELECT min(first_at) FROM chunks", [], |row| row.get(0))?;
        transaction.commit()?;
        self.bytes = bytes;
        Ok(TraceBounds { oldest: oldest.map(UnixMs), bytes })
    }

    fn count_bytes(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(sum(length(body)), 0) FROM chunks";
        let bytes: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A power cut may take what was noted last, or all of it: nothing depends on it, and nothing waits for the disk.
    connection.pragma_update(None, "synchronous", "OFF")?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == VERSION {
        return Ok(connection);
    }
    if version != 0 {
        return Err(rusqlite::Error::InvalidParameterName(
            "another version of the program wrote it".to_owned(),
        ));
    }
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(connection)
}

/// What cannot be removed shows when the file is opened again.
fn remove(path: &Path) {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        fs::remove_file(PathBuf::from(name)).ok();
    }
}
