//! The life of one after-rule's task: after the one before it, from what is saved, until it is stopped.

use std::any::Any;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use ringback_model::delivery::{DeliveryKey, ExceptionState, Gap, GapReason, ProgressChange, RuleProgress};
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::rule::Order;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::causes::causes_of;
use super::lines::{marker_of, whole};
use super::notices::still_parked;
use super::runner::{GivenUp, Loaded, Runner, Shared};
use crate::checkpoint::Checkpoints;
use crate::ledger::{LagGauges, Ledger};
use crate::live::LiveRule;

/// Wait after progress could not be read.
const RETRY_LOAD: Duration = Duration::from_secs(1);
/// Wait after a panic, so that an event that nobody can work on does not keep a processor busy.
const RETRY_BROKEN: Duration = Duration::from_secs(10);
/// Parked deliveries looked at in one go.
const PARKED_PAGE: usize = 500;

type Panic = Box<dyn Any + Send>;

/// A running rule; dropping it cuts it off.
pub(crate) struct RuleTask {
    pub(crate) live: Arc<LiveRule>,
    stop: CancellationToken,
    halted: CancellationToken,
    gone: CancellationToken,
    ledger: Arc<Mutex<Option<Arc<Ledger>>>>,
    task: AbortOnDropHandle<usize>,
}

impl RuleTask {
    /// Starts a rule once the task before it, if any, has ended and everything of it is saved.
    pub(crate) fn start(
        live: Arc<LiveRule>,
        shared: Arc<Shared>,
        checkpoints: Checkpoints,
        before: Option<RuleTask>,
    ) -> Self {
        let (stop, halted) = (CancellationToken::new(), CancellationToken::new());
        let gone = CancellationToken::new();
        let ledger = Arc::new(Mutex::new(None));
        let life = Life {
            live: Arc::clone(&live),
            shared,
            checkpoints,
            stop: stop.clone(),
            halted: halted.clone(),
            gone: gone.clone(),
            ledger: Arc::clone(&ledger),
        };
        let task = AbortOnDropHandle::new(tokio::spawn(life.live_on(before)));
        Self { live, stop, halted, gone, ledger, task }
    }

    /// Tells it to stop.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Resolves once it admits nothing more.
    pub(crate) async fn halted(&self) {
        self.halted.cancelled().await;
    }

    /// Resolves once it has ended and is saved: how many calls were cut.
    pub(crate) async fn ended(self) -> usize {
        self.task.await.unwrap_or(0)
    }

    /// Says when it has ended, however that comes.
    pub(crate) fn gone(&self) -> CancellationToken {
        self.gone.clone()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// `None` while it is starting.
    pub(crate) fn ledger(&self) -> Option<Arc<Ledger>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Life {
    live: Arc<LiveRule>,
    shared: Arc<Shared>,
    checkpoints: Checkpoints,
    stop: CancellationToken,
    halted: CancellationToken,
    gone: CancellationToken,
    ledger: Arc<Mutex<Option<Arc<Ledger>>>>,
}

impl Life {
    async fn live_on(self, before: Option<RuleTask>) -> usize {
        // However this ends, those who wait for it to halt, or to be gone, hear of it.
        let _gone = self.gone.clone().drop_guard();
        let _halted = self.halted.clone().drop_guard();
        if let Some(before) = before {
            let mut ended = pin!(before.ended());
            tokio::select! {
                biased;
                _ = &mut ended => {}
                () = self.stop.cancelled() => {
                    // This one never began; what the one before it owes still has to be saved.
                    self.halted.cancel();
                    return ended.await;
                }
            }
        }
        while let Some(loaded) = self.load_until_stopped().await {
            if let Ok(cut) = self.run(loaded).await {
                return cut;
            }
            self.live.metrics.broke.increment(1);
            tracing::error!(
                target: "ringback::callback",
                rule = %self.live.id(),
                "the task of a rule panicked; it goes on from what is saved. Please report this"
            );
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(RETRY_BROKEN) => {}
            }
        }
        0
    }

    /// Runs until stopped, and saves. An error is a panic.
    async fn run(&self, loaded: Loaded) -> Result<usize, Panic> {
        let metrics = &self.live.metrics;
        let gauges = LagGauges { events: metrics.lag.clone(), oldest: metrics.oldest.clone() };
        let saved = loaded.progress.cursor;
        let ledger = Arc::new(Ledger::new(self.live.id().clone(), gauges, loaded.cursor, saved));
        *self.ledger.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ledger));
        self.checkpoints.add(Arc::clone(&ledger));
        let running = async {
            let (live, shared) = (Arc::clone(&self.live), Arc::clone(&self.shared));
            let runner = Runner::new(live, shared, Arc::clone(&ledger), loaded);
            runner.run(self.stop.clone(), self.halted.clone(), || self.shared.grace()).await
        };
        let ran = AssertUnwindSafe(running).catch_unwind().await;
        self.shared.tail.leave(&ledger);
        self.checkpoints.flush_until_saved().await;
        self.checkpoints.remove(&ledger);
        self.live.metrics.stopped();
        ran
    }

    async fn load_until_stopped(&self) -> Option<Loaded> {
        loop {
            let fault = tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                loaded = self.load() => match loaded {
                    Ok(loaded) => return Some(loaded),
                    Err(fault) => fault,
                },
            };
            tracing::error!(target: "ringback::callback", rule = %self.live.id(), %fault, "progress could not be read");
            tokio::time::sleep(RETRY_LOAD).await;
        }
    }

    async fn load(&self) -> Result<Loaded, Fault> {
        let (notices, known) = {
            let mut listeners = self.shared.listeners.lock().await;
            (listeners.listen(self.live.id()), self.shared.progress.load(self.live.id()).await?)
        };
        // A rule that never had anything to save has come as far as where it began.
        let began = self.live.versions.first().map_or(self.live.started, |first| first.since);
        let missed = self.missed(known.as_ref().map_or(began, |known| known.cursor));
        let progress = known.unwrap_or_default();
        let lowest = progress.exceptions.iter().map(|row| row.key.pos).min();
        let parked = if progress.parked > 0 { self.parked_keys(&progress).await? } else { HashSet::new() };
        let cursor = progress.cursor.max(self.live.started);
        if let Some(missed) = missed {
            self.note_missed(&missed, &progress, &parked).await?;
        }
        // Lanes that catch up read from where they stand.
        let from = lowest.map_or(cursor.next(), |lowest| lowest.min(cursor.next()));
        let gaps = self.shared.progress.gaps(self.live.id(), from, LogPos(u64::MAX)).await?;
        let given_up = GivenUp::of(gaps);
        let checkpoints = self.checkpoints.clone();
        let causes = causes_of(self.shared.log.as_ref(), &progress.exceptions).await;
        Ok(Loaded { cursor, progress, parked, given_up, causes, notices, checkpoints })
    }

    /// A rule that was off does not send what it missed; it says so.
    fn missed(&self, cursor: LogPos) -> Option<Gap> {
        let missed = self.live.started.0.saturating_sub(cursor.0);
        (missed > 0).then(|| {
            self.live.metrics.missed_off.increment(missed);
            tracing::warn!(
                target: "ringback::callback",
                rule = %self.live.id(),
                events = missed,
                after = %cursor,
                upto = %self.live.started,
                "the rule is on again; events that it had not sent when it was switched off, or that passed \
                 meanwhile, are not sent"
            );
            Gap::whole(cursor, self.live.started, GapReason::SwitchedOff, self.shared.clock.now())
        })
    }

    /// Writes down what is not sent because the rule was off, before the cursor passes it. What has a row has a fate of
    /// its own.
    async fn note_missed(
        &self,
        missed: &Gap,
        progress: &RuleProgress,
        parked: &HashSet<DeliveryKey>,
    ) -> Result<(), Fault> {
        let waiting = progress.exceptions.iter().filter(|row| row.state != ExceptionState::Resume);
        let mut keys: Vec<DeliveryKey> = waiting.map(|row| row.key).chain(parked.iter().copied()).collect();
        keys.sort_unstable();
        let gaps = missed.without(keys);
        let change = ProgressChange { gaps, ..ProgressChange::none(self.live.id().clone()) };
        self.shared.progress.save(vec![change]).await
    }

    /// Keys of parked deliveries that the runner must know: all others cost it no memory.
    async fn parked_keys(&self, progress: &RuleProgress) -> Result<HashSet<DeliveryKey>, Fault> {
        let (store, rule) = (self.shared.progress.as_ref(), self.live.id());
        let mut keys = HashSet::new();
        if self.live.rule.policy.order == Order::Strict {
            let held = progress.exceptions.iter().filter(|row| row.state == ExceptionState::Resume);
            let heads: Vec<DeliveryKey> = held.map(|row| marker_of(row.key)).collect();
            keys = still_parked(store, rule, &heads).await?;
        }
        let mut after = Some(whole(progress.cursor));
        loop {
            let page = store.parked(rule, after, PARKED_PAGE).await?;
            let full = page.len() == PARKED_PAGE;
            after = page.last().map(|exception| exception.key);
            keys.extend(page.into_iter().map(|exception| exception.key));
            if !full {
                return Ok(keys);
            }
        }
    }
}
