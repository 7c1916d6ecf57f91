//! Writes progress down: all rules in one durable write, or a few where there is much of it, every little while.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ringback_model::delivery::ProgressChange;
use ringback_model::ports::{Clock, Progress};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::task::AbortOnDropHandle;

use crate::ledger::Ledger;
use crate::tail::Tail;
use crate::telemetry;

/// Asks for a save now; answered with whether everything is saved.
type Flush = oneshot::Sender<bool>;
/// Flushes that may wait.
const FLUSHES: usize = 1024;
/// Rows of several rules that share a durable write at most: whoever wants to commit meanwhile waits for all of it.
/// One rule's change is never divided.
const ROWS_PER_WRITE: usize = 512;
/// Wait after a save that failed, while somebody waits for it.
const RETRY_SAVE: Duration = Duration::from_millis(500);

/// The checkpointer's handle.
#[derive(Clone)]
pub(crate) struct Checkpoints {
    ledgers: Arc<Mutex<Vec<Arc<Ledger>>>>,
    flush: mpsc::Sender<Flush>,
}

/// How often what is saved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// What deliveries changed.
    pub(crate) every: Duration,
    /// Cursors that only followed the log.
    pub(crate) idle_every: Duration,
}

impl Checkpoints {
    /// Starts the task that saves; it ends when its handle is dropped.
    pub(crate) fn start(
        progress: Arc<dyn Progress>,
        tail: Arc<Tail>,
        clock: Arc<dyn Clock>,
        pace: Pace,
    ) -> (Self, AbortOnDropHandle<()>) {
        let ledgers = Arc::new(Mutex::default());
        let (flush, flushes) = mpsc::channel(FLUSHES);
        let saver = Saver { progress, tail, clock, ledgers: Arc::clone(&ledgers) };
        let task = AbortOnDropHandle::new(tokio::spawn(saver.run(pace, flushes)));
        (Self { ledgers, flush }, task)
    }

    pub(crate) fn add(&self, ledger: Arc<Ledger>) {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).push(ledger);
    }

    pub(crate) fn remove(&self, ledger: &Arc<Ledger>) {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        ledgers.retain(|other| !Arc::ptr_eq(other, ledger));
    }

    /// Saves now. False where the store did not take it, or the checkpointer has ended.
    pub(crate) async fn flush(&self) -> bool {
        let (done, waits) = oneshot::channel();
        self.flush.send(done).await.is_ok() && waits.await.unwrap_or(false)
    }

    /// Saves, as often as it takes; false where the checkpointer has ended.
    pub(crate) async fn flush_until_saved(&self) -> bool {
        while !self.flush().await {
            if self.flush.is_closed() {
                return false;
            }
            tokio::time::sleep(RETRY_SAVE).await;
        }
        true
    }
}

struct Saver {
    progress: Arc<dyn Progress>,
    tail: Arc<Tail>,
    clock: Arc<dyn Clock>,
    ledgers: Arc<Mutex<Vec<Arc<Ledger>>>>,
}

impl Saver {
    async fn run(self, pace: Pace, mut flushes: mpsc::Receiver<Flush>) {
        let mut ticks = tokio::time::interval(pace.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut idle_next = Instant::now() + pace.idle_every;
        loop {
            tokio::select! {
                flush = flushes.recv() => {
                    let Some(flush) = flush else { return };
                    // Nobody may wait for the answer any more; that is fine.
                    flush.send(self.save(true).await).ok();
                }
                _ = ticks.tick() => {
                    let idle_too = Instant::now() >= idle_next;
                    if idle_too {
                        idle_next = Instant::now() + pace.idle_every;
                    }
                    self.save(idle_too).await;
                }
            }
        }
    }

    async fn save(&self, idle_too: bool) -> bool {
        self.tail.let_follow();
        let ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = self.clock.now();
        let mut owed = Vec::new();
        for ledger in ledgers {
            ledger.show_lag(self.tail.end_of_log(), now);
            if let Some(change) = ledger.take(idle_too) {
                owed.push((ledger, change));
            }
        }
        let mut saved = true;
        for batch in batches(owed) {
            // After a fault nothing more is tried now, but everything is given back.
            saved = saved && self.write(&batch).await;
            for (ledger, change) in batch {
                if saved { ledger.was_saved() } else { ledger.give_back(change) }
            }
        }
        saved
    }

    async fn write(&self, batch: &[Owed]) -> bool {
        let changes = batch.iter().map(|(_, change)| change.clone()).collect();
        let Err(fault) = self.progress.save(changes).await else { return true };
        telemetry::save_failed();
        tracing::error!(target: "ringback::callback", %fault, "progress of rules was not saved; trying again");
        false
    }
}

/// What a rule has to write down.
type Owed = (Arc<Ledger>, ProgressChange);

/// Divides changes into durable writes, in their order.
fn batches(owed: Vec<Owed>) -> Vec<Vec<Owed>> {
    let mut batches: Vec<Vec<Owed>> = Vec::new();
    let mut rows = 0;
    for (ledger, change) in owed {
        let more = change.put.len() + change.remove.len() + change.gaps.len();
        rows += more;
        match batches.last_mut() {
            Some(batch) if rows <= ROWS_PER_WRITE => batch.push((ledger, change)),
            _ => {
                rows = more;
                batches.push(vec![(ledger, change)]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use metrics::Gauge;
    use ringback_model::delivery::DeliveryKey;
    use ringback_model::ids::{LogPos, RuleId};

    use super::*;
    use crate::ledger::LagGauges;

    fn owed(rows: usize) -> Owed {
        let rule = RuleId::new("r");
        let gauges = LagGauges { events: Gauge::noop(), oldest: Gauge::noop() };
        let ledger = Ledger::new(rule.clone(), gauges, LogPos::ZERO, LogPos::ZERO);
        let remove = vec![DeliveryKey { pos: LogPos(1), copy: 0 }; rows];
        (Arc::new(ledger), ProgressChange { remove, ..ProgressChange::none(rule) })
    }

    #[test]
    fn small_changes_share_a_write_and_large_ones_have_their_own() {
        for (rows, expected) in [
            (vec![], vec![]),
            (vec![0, 0, 0, 0], vec![4]),
            (vec![256, 256], vec![2]),
            (vec![256, 257], vec![1, 1]),
            (vec![5000], vec![1]),
            (vec![1, 5000, 1, 1], vec![1, 1, 2]),
            (vec![500, 500, 500, 12], vec![1, 1, 2]),
        ] {
            let batches = batches(rows.iter().copied().map(owed).collect());
            assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{rows:?}");
        }
    }
}
