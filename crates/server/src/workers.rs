//! Background tasks with names. They run until the server stops; one that ends before is a bug, and is logged,
//! counted, and shown by `/readyz`.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Starts and watches background tasks.
#[derive(Clone)]
pub struct Workers {
    tracker: TaskTracker,
    stop: CancellationToken,
    dead: Arc<Mutex<Vec<&'static str>>>,
}

impl Workers {
    /// Workers that are expected to end once `stop` is cancelled, and not before.
    #[must_use]
    pub fn new(stop: CancellationToken) -> Self {
        Self { tracker: TaskTracker::new(), stop, dead: Arc::default() }
    }

    /// The token that tells workers to end.
    #[must_use]
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts one that runs until all stop.
    pub fn start(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.start_until(name, self.stop.clone(), work);
    }

    /// Starts one that has a stop of its own.
    pub fn start_until(
        &self,
        name: &'static str,
        stop: CancellationToken,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let this = self.clone();
        self.tracker.spawn(async move {
            let ended = AssertUnwindSafe(work).catch_unwind().await;
            if stop.is_cancelled() {
                return;
            }
            let how = if ended.is_ok() { "ended" } else { "panicked" };
            metrics::counter!("ringback_dead_workers_total", "worker" => name).increment(1);
            tracing::error!(worker = name, "a background task {how}; restart the server and report this");
            this.dead.lock().unwrap_or_else(PoisonError::into_inner).push(name);
        });
    }

    /// Names of those that ended before their time.
    #[must_use]
    pub fn dead(&self) -> Vec<&'static str> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Resolves once all have ended.
    pub async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_worker_that_dies_is_remembered() {
        let stop = CancellationToken::new();
        let workers = Workers::new(stop.clone());
        let until = stop.clone();
        workers.start("steady", async move { until.cancelled().await });
        workers.start("short", async {});
        workers.start("clumsy", async { panic!("on purpose") });
        while workers.dead().len() < 2 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        workers.ended().await;
        let mut dead = workers.dead();
        dead.sort_unstable();
        assert_eq!(dead, ["clumsy", "short"]);
    }
}
