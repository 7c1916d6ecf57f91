//! Asking a store something, and knowing at which step of the disk the answer came.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use powercut::Recording;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A question on its way. Polled by hand, so that questions are queued in the order in which they were asked, and
/// woken on the thread that answers, before that thread takes its next step.
pub(crate) struct Asked<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    note: Arc<Note>,
    answer: Option<(T, usize)>,
}

struct Note {
    recording: Arc<Recording>,
    asker: Thread,
    woken_at: Mutex<Option<usize>>,
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        *self.woken_at.lock().unwrap() = Some(self.recording.position());
        self.asker.unpark();
    }
}

impl<T> Asked<T> {
    /// Asks. The store has queued it when this returns.
    pub(crate) fn ask(recording: &Arc<Recording>, future: impl Future<Output = T> + Send + 'static) -> Self {
        let note =
            Note { recording: recording.clone(), asker: thread::current(), woken_at: Mutex::default() };
        let mut asked = Self { future: Box::pin(future), note: Arc::new(note), answer: None };
        asked.poll(None);
        asked
    }

    fn poll(&mut self, woken_at: Option<usize>) {
        let waker = Waker::from(self.note.clone());
        if let Poll::Ready(answer) = self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            let position = woken_at.unwrap_or_else(|| self.note.recording.position());
            self.answer = Some((answer, position));
        }
    }

    /// Waits for the answer. With it comes how many steps the disk had been told when it was given.
    pub(crate) fn wait(mut self) -> (T, usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = self.answer {
                return answer;
            }
            let woken = self.note.woken_at.lock().unwrap().take();
            if woken.is_some() {
                self.poll(woken);
            } else {
                assert!(Instant::now() < deadline, "no answer");
                thread::park_timeout(PATIENCE);
            }
        }
    }
}

/// Waits for something that leaves no trace.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
