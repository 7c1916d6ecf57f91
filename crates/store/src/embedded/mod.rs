//! The embedded store: one SQLite file in a data folder.
//!
//! One thread writes ([`writer`]), one brings its log into the file ([`folding`]), a few read ([`readers`]). The newest
//! events ([`recent`]), what sends ask about ([`facts`]) and how far senders have read ([`own_reads`]) are shared in
//! memory.
//! The message log and the event log are one family of tables ([`segments`]), in order of arrival.

mod callback_ports;
mod chore;
mod directory;
mod expiry;
mod facts;
mod filter;
mod folder;
mod folding;
mod gaps;
mod history;
mod journal;
mod lanes;
mod log;
mod own_reads;
mod pages;
mod parked;
mod ports;
mod progress;
mod readers;
mod recent;
mod records;
mod requirements;
mod schema;
mod segments;
mod sends;
mod shelf;
mod sql;
mod versions;
mod writer;
mod writes;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ringback_model::failure::Fault;
use ringback_model::limits;
use ringback_model::ports::Fut;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::settings::StoreSettings;
use chore::Asked;
use facts::Facts;
use folding::Folding;
use journal::Journal;
use own_reads::OwnReads;
use readers::Readers;
use recent::Recent;
use sends::Sends;
use sql::Outcome;
use writer::{Job, Writer};

/// The embedded store. Dropping it without closing loses nothing that was acknowledged.
pub(crate) struct Embedded {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    readers: Readers,
    recent: Arc<Recent>,
    facts: Arc<Facts>,
    sends: Arc<Sends>,
    own_reads: Arc<OwnReads>,
}

impl Embedded {
    /// Opens or creates the store in a folder.
    pub(crate) fn open(path: &Path, settings: StoreSettings) -> Result<Self, Fault> {
        let lock = folder::claim(path)?;
        let file = folder::database(path)?;
        let connection = schema::open_writer(&file, settings.file_max_bytes)?;
        let load = |broken: sql::Broken| broken.into_fault("read the state of the log");
        let facts = Arc::<Facts>::default();
        let journal = Journal::load(&connection, facts.clone()).map_err(load)?;
        let start = schema::meta(&connection, "start").map_err(load)?;
        let recent = Arc::new(Recent::new(start, journal.tail()));
        let (sends, own_reads) = (journal.sends(), journal.own_reads());
        let readers = Readers::start(&file, settings.readers)?;
        let folding = Folding::start(&file, settings.fold_pages)?;
        let writer = Writer { connection, journal, recent: recent.clone(), settings, folding, lock };
        let (queue, jobs) = mpsc::channel(limits::COMMIT_QUEUE);
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(jobs))
            .map_err(|error| Fault::from_error("start the writer thread", error))?;
        Ok(Self { queue: Mutex::new(Some(queue)), readers, recent, facts, sends, own_reads })
    }

    /// Not closed, and its writer is alive.
    fn is_open(&self) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().is_some_and(|queue| !queue.is_closed())
    }

    fn forget_writer(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Gives the writer a job and waits for its answer.
    async fn order<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Result<T, Fault> {
        let closed = || Fault::new("the store is closed");
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
        let (reply, answer) = oneshot::channel();
        queue.send(job(reply)).await.map_err(|_| closed())?;
        drop(queue);
        answer.await.map_err(|_| Fault::new("the store was closed before it answered"))
    }

    /// Has the writer write something beside the log, and waits until it is durable. The work is done again where
    /// others broke the transaction that it was part of.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Fut<'_, Result<T, Fault>> {
        Box::pin(async move { self.order(|reply| Job::Chore(Box::new(Asked::new(work, reply)))).await? })
    }
}
