//! How far readers of the log besides the dispatcher have come, over restarts.

use std::time::Duration;

use ringback_model::commit::{Commit, CommitError, Write};
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

    /// Writes down how far a reader has come.
    pub(crate) async fn move_bookmark(&self, reader: &str, pos: LogPos) -> Result<(), Fault> {
        match self.store.commit(Commit::at(self.clock.now()).write(at(reader, pos))).await {
            Ok(_) => Ok(()),
            Err(CommitError::Fault(fault)) => Err(fault),
            Err(error) => Err(Fault::from_error("moving a bookmark", error)),
        }
    }
}
