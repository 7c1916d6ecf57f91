//! What the writer writes beside the log: small pieces of work that share a transaction with commits.

use ringback_model::failure::Fault;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::sql::Outcome;

/// Some work, and somebody who waits for it.
pub(super) trait Chore: Send {
    /// Does the work in the running transaction. It may be rolled back and done again.
    fn work(&mut self, connection: &Connection) -> Outcome<()>;
    /// Tells the asker what came out, once that is durable. He may be gone; then nobody wants to know.
    fn answer(self: Box<Self>, written: Result<(), Fault>);
}

/// A chore whose work is a function.
pub(super) struct Asked<T, F> {
    work: F,
    /// Of the last time that it was done.
    result: Option<T>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, F> Asked<T, F> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, Fault>>) -> Self {
        Self { work, result: None, reply }
    }
}

impl<T: Send, F: FnMut(&Connection) -> Outcome<T> + Send> Chore for Asked<T, F> {
    fn work(&mut self, connection: &Connection) -> Outcome<()> {
        self.result = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, written: Result<(), Fault>) {
        let result = self.result.ok_or_else(|| Fault::new("answer for work that was not done"));
        drop(self.reply.send(written.and(result)));
    }
}
