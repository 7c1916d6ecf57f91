//! The line in which notices wait that are kept nowhere and that before-rules are asked about: the pusher takes them to
//! their lanes.

use std::sync::{Mutex, PoisonError};

use ringback_model::limits;
use tokio::sync::mpsc;

use super::lanes::Passing;

/// Both ends of the line; the taking one until the pusher has it.
pub(crate) struct PassingLine {
    enter: mpsc::Sender<Passing>,
    take: Mutex<Option<mpsc::Receiver<Passing>>>,
}

impl Default for PassingLine {
    fn default() -> Self {
        let (enter, take) = mpsc::channel(limits::NOTICES_WAITING);
        Self { enter, take: Mutex::new(Some(take)) }
    }
}

impl PassingLine {
    /// Waits for room, which the pusher makes. Once it has ended nobody is online any more: nothing happens then.
    pub(crate) async fn put(&self, notice: Passing) {
        if self.enter.send(notice).await.is_err() {
            tracing::debug!("a notice is not pushed: the server goes down");
        }
    }

    /// The taking end, once.
    pub(super) fn taker(&self) -> Option<mpsc::Receiver<Passing>> {
        self.take.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The next notice; never where somebody else takes them.
pub(super) async fn next(taker: &mut Option<mpsc::Receiver<Passing>>) -> Passing {
    if let Some(taker) = taker
        && let Some(notice) = taker.recv().await
    {
        return notice;
    }
    std::future::pending().await
}
