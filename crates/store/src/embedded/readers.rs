//! Threads that read, each with its own connection, so that no query runs on an async thread.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ringback_model::failure::Fault;
use ringback_model::ports::Fut;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::schema;
use super::sql::Outcome;

/// Questions that may wait; askers wait beyond.
const QUEUE: usize = 1024;

type Question = Box<dyn FnOnce(&mut Connection) + Send>;

pub(super) struct Readers {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Question>>>,
}

impl Readers {
    pub(super) fn start(file: &Path, threads: usize) -> Result<Self, Fault> {
        let (queue, questions) = mpsc::channel::<Question>(QUEUE);
        let questions = Arc::new(Mutex::new(questions));
        for number in 0..threads.clamp(1, 16) {
            let mut connection = schema::open_reader(file)?;
            let questions = questions.clone();
            thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || {
                    while let Some(question) = next(&questions) {
                        question(&mut connection);
                    }
                })
                .map_err(|error| Fault::from_error("start a reader thread", error))?;
        }
        Ok(Self { queue: Mutex::new(Some(queue)) })
    }

    pub(super) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Asks one question of one snapshot. `doing` says what for, where it fails.
    pub(super) fn ask<'a, T: Send + 'static>(
        &'a self,
        doing: &'static str,
        question: impl FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    ) -> Fut<'a, Result<T, Fault>> {
        Box::pin(async move {
            let closed = || Fault::new("the store is closed");
            let queue =
                self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
            let (reply, answer) = oneshot::channel();
            let job: Question = Box::new(move |connection| {
                if !reply.is_closed() {
                    drop(reply.send(in_snapshot(connection, question)));
                }
            });
            queue.send(job).await.map_err(|_| closed())?;
            drop(queue);
            answer.await.map_err(|_| closed())?.map_err(|broken| broken.into_fault(doing))
        })
    }
}

/// The lock is held while waiting: one idle thread waits for the question, the others for the lock.
fn next(questions: &Mutex<mpsc::Receiver<Question>>) -> Option<Question> {
    questions.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

fn in_snapshot<T>(
    connection: &mut Connection,
    question: impl FnOnce(&Connection) -> Outcome<T>,
) -> Outcome<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let answer = question(connection);
    connection.prepare_cached("COMMIT")?.execute([])?;
    answer
}
