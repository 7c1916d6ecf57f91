//! When the answer under way must have gone out. A peer that takes a few bytes now and then never stalls, and would
//! otherwise hold what its answer holds for as long as it likes.

use tokio::sync::watch;
use tokio::time::Instant;

/// Sets when the answer of one connection must have gone out.
#[derive(Debug, Clone)]
pub struct Due {
    at: watch::Sender<Option<Instant>>,
}

impl Due {
    pub(super) fn new() -> Self {
        Self { at: watch::Sender::new(None) }
    }

    /// From now on the connection is cut at this instant, until the guard is dropped.
    #[must_use]
    pub fn at(&self, at: Instant) -> DueGuard {
        self.at.send_replace(Some(at));
        DueGuard { due: self.clone() }
    }

    /// Ends when an answer is overdue.
    pub(super) async fn passed(&self) {
        let mut changes = self.at.subscribe();
        loop {
            let at = *changes.borrow_and_update();
            let changed = changes.changed();
            let Some(at) = at else {
                if changed.await.is_err() {
                    return std::future::pending().await;
                }
                continue;
            };
            tokio::select! {
                biased;
                _ = changed => {}
                () = tokio::time::sleep_until(at) => return,
            }
        }
    }
}

/// An answer that has its time; dropped with it.
pub struct DueGuard {
    due: Due,
}

impl Drop for DueGuard {
    fn drop(&mut self) {
        self.due.at.send_replace(None);
    }
}
