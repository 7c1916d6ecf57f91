//! Work that somebody ordered and that goes on by itself: sending slices again, replays.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::{JoinError, JoinSet};

/// All work of one kind that is under way. Dropping it cuts it off, like a crash.
pub(crate) struct Errands {
    /// `None` once closed.
    tasks: Mutex<Option<JoinSet<()>>>,
    /// What is said of one that panics.
    broke: &'static str,
}

impl Errands {
    pub(crate) fn new(broke: &'static str) -> Self {
        Self { tasks: Mutex::new(Some(JoinSet::new())), broke }
    }

    fn tasks(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False where nothing may be begun any more.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> bool {
        let mut tasks = self.tasks();
        let Some(tasks) = tasks.as_mut() else { return false };
        while let Some(ended) = tasks.try_join_next() {
            self.log_panic(ended);
        }
        tasks.spawn(work);
        true
    }

    /// Takes no more work, and waits for what is under way.
    pub(crate) async fn drain(&self) {
        let tasks = self.tasks().take();
        let Some(mut tasks) = tasks else { return };
        while let Some(ended) = tasks.join_next().await {
            self.log_panic(ended);
        }
    }

    fn log_panic(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended {
            tracing::error!(target: "ringback::callback", %error, "{}. Please report this", self.broke);
        }
    }
}
