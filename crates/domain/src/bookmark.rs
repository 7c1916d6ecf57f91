//! What readers of the log besides the dispatcher have in common: how far they have come, over restarts, and how they
//! wait for more.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::event::Event;
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::record::{Bookmark, Record, RecordKey};

use crate::Im;

/// Wait after the store failed.
const AGAIN: Duration = Duration::from_secs(1);

/// That a reader has done everything up to a place.
pub(crate) fn at(reader: &str, pos: LogPos) -> Write {
    Write::Keep(Box::new(Record::Bookmark(Bookmark { reader: reader.to_owned(), pos })))
}

impl Im {
    /// After which place a reader begins; `None` at its first start. Asks the store until it answers.
    pub(crate) async fn bookmark(&self, reader: &str) -> Option<LogPos> {
        loop {
            match self.store.records(&[RecordKey::bookmark(reader)]).await {
                Ok(kept) => {
                    let Some(Some(Record::Bookmark(bookmark))) = kept.into_iter().next() else { return None };
                    return Some(bookmark.pos);
                }
                Err(fault) => tracing::error!(%fault, reader, "a bookmark of the log cannot be read"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// The same for a reader that begins at the end of the log: the end becomes its bookmark.
    pub(crate) async fn bookmark_or_end(&self, reader: &str) -> LogPos {
        if let Some(pos) = self.bookmark(reader).await {
            return pos;
        }
        loop {
            let end = self.store.tail();
            match self.move_bookmark(reader, end).await {
                Ok(()) => return end,
                Err(fault) => tracing::error!(%fault, reader, "a bookmark of the log cannot be set"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Waits for events past a place, and so much longer for more of them: a busy server wakes a reader for many at once.
    pub(crate) async fn wait_for_some(&self, pos: LogPos, longer: Duration) {
        self.store.wait_past(pos).await;
        tokio::time::sleep(longer).await;
    }

    /// The next events past a place, and where the reader is then. Where nothing is left of what it has not read, that is
    /// the end as it was before it looked: what comes meanwhile is not passed over.
    pub(crate) async fn read_past(
        &self,
        pos: LogPos,
        most: usize,
    ) -> Result<(Vec<Arc<Event>>, LogPos), Fault> {
        let tail = self.store.tail();
        let events = self.store.read(pos, most).await?;
        let end = events.last().map_or(tail, |event| event.pos);
        Ok((events, end))
    }

    /// Writes down how far a reader has come.
    pub(crate) async fn move_bookmark(&self, reader: &str, pos: LogPos) -> Result<(), Fault> {
        match self.store.commit(Commit::at(self.clock.now()).write(at(reader, pos))).await {
            Ok(_) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
            Err(error) => Err(Fault::from_error("moving a bookmark", error)),
        }
    }
}
