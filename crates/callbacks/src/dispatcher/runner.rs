//! The task of one after-rule.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, Gap, GapReason, RuleProgress};
use ringback_model::event::Event;
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::ports::{Clock, Dice, Handover, Log, ParkedBook, Progress};
use ringback_model::rule::{Ban, Order};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::admit::Expanding;
use super::attempt::Done;
use super::causes::Causes;
use super::lines::{LaneKey, Lines, Phase, Stuck, marker_of, whole};
use super::notices::{Listeners, Notices, Sweep};
use super::pacer::Pacer;
use super::resume::LanePage;
use super::rows::{Row, Rows};
use super::window::Window;
use crate::app_ban::{AppBan, Banned};
use crate::breaker::Breaker;
use crate::caller::Caller;
use crate::checkpoint::Checkpoints;
use crate::ledger::{Ledger, Staged, View};
use crate::live::LiveRule;
use crate::retry;
use crate::steady::Steady;
use crate::tail::{Batch, READ_EVENTS, RETRY_READ, Tail};

/// A future that the runner owns.
pub(super) type Owned<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What all runners share.
pub(crate) struct Shared {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) progress: Arc<dyn Progress>,
    pub(crate) parked_book: Arc<dyn ParkedBook>,
    /// Locked by whoever takes parked deliveries out of the store.
    pub(crate) listeners: tokio::sync::Mutex<Listeners>,
    pub(crate) handover: Arc<dyn Handover>,
    /// Wall time, for what is written down and shown.
    pub(crate) clock: Arc<dyn Clock>,
    /// Time for retries and probes.
    pub(crate) steady: Steady,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) caller: Arc<dyn Caller>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) ban: Arc<AppBan>,
    pub(crate) bounds: Bounds,
    /// Milliseconds that calls under way are given when a rule stops.
    pub(crate) grace_ms: AtomicU64,
}

impl Shared {
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_millis(self.grace_ms.load(Ordering::Relaxed))
    }
}

/// Bounds of one rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) window_deliveries: usize,
    pub(crate) window_bytes: usize,
    /// Deliveries that wait for a retry.
    pub(crate) exceptions: usize,
    /// Deliveries that are parked.
    pub(crate) parked: u64,
}

/// Deliveries that came to nothing before a run began.
#[derive(Default)]
pub(crate) struct GivenUp {
    single: HashSet<DeliveryKey>,
    /// Few: each is a time at which the rule was off.
    wide: Vec<Gap>,
}

impl GivenUp {
    pub(crate) fn of(gaps: Vec<Gap>) -> Self {
        let (single, wide): (Vec<_>, Vec<_>) = gaps.into_iter().partition(|gap| gap.first == gap.last);
        let wide = wide.into_iter().filter(|gap| gap.lane.is_none()).collect();
        Self { single: single.into_iter().map(|gap| gap.first).collect(), wide }
    }

    pub(crate) fn contains(&self, key: DeliveryKey) -> bool {
        self.single.contains(&key) || self.wide.iter().any(|gap| gap.first <= key && key <= gap.last)
    }
}

/// The state of the task. Everything in it happens between two awaits of one loop; nothing is shared but the ledger.
pub(crate) struct Runner {
    pub(super) live: Arc<LiveRule>,
    pub(super) shared: Arc<Shared>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) staged: Staged,
    pub(super) delivered: bool,
    pub(super) window: Window,
    pub(super) lines: Lines,
    /// Lanes whose first delivery may go.
    pub(super) ready: VecDeque<LaneKey>,
    pub(super) rows: Rows,
    pub(super) parked: u64,
    /// Parked before this run began: not to be tried again where the cursor is still before them.
    pub(super) set_aside: HashSet<DeliveryKey>,
    /// Came to nothing before this run began: not to be tried again either.
    pub(super) given_up: GivenUp,
    pub(super) breaker: Breaker,
    pub(super) probe_rows_next: bool,
    /// Where the app's ban is the rule's business.
    banned: Option<Banned>,
    pub(super) pacer: Pacer,
    pub(super) inbox: VecDeque<Arc<Event>>,
    pub(super) inbox_upto: LogPos,
    pub(super) expanding: Option<Expanding>,
    pub(super) calls: FuturesUnordered<Owned<Done>>,
    pub(super) row_calls: usize,
    pub(super) row_went_last: bool,
    pub(super) handovers: FuturesUnordered<Owned<(LaneKey, DeliveryKey)>>,
    pub(super) lane_reads: FuturesUnordered<Owned<LanePage>>,
    pub(super) to_resume: VecDeque<LaneKey>,
    pub(super) resuming: usize,
    pub(super) checkpoints: Checkpoints,
    /// Under way where parked deliveries have left and lanes may be held by them.
    pub(super) sweep: Option<Sweep>,
    notices: Arc<Notices>,
    intake: Intake,
}

enum Intake {
    Tail(mpsc::Receiver<Batch>),
    Behind(Owned<Result<Vec<Arc<Event>>, Fault>>),
}

enum Got {
    Batch(Option<Batch>),
    Read(Result<Vec<Arc<Event>>, Fault>),
}

impl Intake {
    async fn next(&mut self) -> Got {
        match self {
            Self::Tail(batches) => Got::Batch(batches.recv().await),
            Self::Behind(read) => Got::Read(read.await),
        }
    }
}

/// What a runner starts from.
pub(crate) struct Loaded {
    pub(crate) cursor: LogPos,
    pub(crate) progress: RuleProgress,
    /// Keys of parked deliveries: of those after the cursor, and of those that hold lanes.
    pub(crate) parked: HashSet<DeliveryKey>,
    /// Deliveries that came to nothing, as far as they may be met again.
    pub(crate) given_up: GivenUp,
    /// What those that wait are about.
    pub(crate) causes: Causes,
    pub(crate) notices: Arc<Notices>,
    pub(crate) checkpoints: Checkpoints,
}

impl Runner {
    pub(crate) fn new(live: Arc<LiveRule>, shared: Arc<Shared>, ledger: Arc<Ledger>, loaded: Loaded) -> Self {
        let now = Instant::now();
        let policy = &live.rule.policy;
        let bounds = shared.bounds;
        let mut runner = Self {
            window: Window::new(loaded.cursor, bounds.window_deliveries, bounds.window_bytes),
            breaker: Breaker::new(policy.ban == Ban::Breaker),
            banned: live.shares_ban().then(|| shared.ban.watch()),
            pacer: Pacer::new(policy.rate_limit, now),
            intake: Intake::Behind(read_log(&shared, loaded.cursor)),
            parked: loaded.progress.parked,
            set_aside: loaded.parked,
            given_up: loaded.given_up,
            live,
            shared,
            ledger,
            staged: Staged::default(),
            delivered: false,
            lines: Lines::default(),
            ready: VecDeque::new(),
            rows: Rows::default(),
            probe_rows_next: false,
            inbox: VecDeque::new(),
            inbox_upto: LogPos::ZERO,
            expanding: None,
            calls: FuturesUnordered::new(),
            row_calls: 0,
            row_went_last: false,
            handovers: FuturesUnordered::new(),
            lane_reads: FuturesUnordered::new(),
            to_resume: VecDeque::new(),
            resuming: 0,
            checkpoints: loaded.checkpoints,
            sweep: None,
            notices: loaded.notices,
        };
        for exception in loaded.progress.exceptions {
            runner.restore(exception, loaded.cursor, &loaded.causes);
        }
        runner
    }

    /// Takes a row over from the store.
    fn restore(&mut self, exception: Exception, cursor: LogPos, causes: &Causes) {
        let named = !exception.lane.0.is_empty();
        let key = exception.key;
        let (phase, done, marker) = match exception.state {
            ExceptionState::Waiting { attempts, due } => {
                let Some(outbound) = exception.outbound else { return };
                let free = named && !self.lines.contains_key(&LaneKey::Named(exception.lane.clone()));
                let lane = if free { LaneKey::Named(exception.lane.clone()) } else { LaneKey::Single(key) };
                let row = Row {
                    lane,
                    attempts,
                    due: retry::restored(
                        &self.live.rule.policy.retry,
                        attempts,
                        due,
                        self.shared.steady.now(),
                    ),
                    at: exception.since,
                    since: exception.since,
                    last_error: exception.last_error,
                    outbound: Arc::new(outbound),
                    cause: causes.get(&key.pos).cloned(),
                };
                self.rows.put(key, row);
                if !free {
                    return;
                }
                (Phase::Waiting, key, None)
            }
            ExceptionState::Resume => {
                let done = marker_of(key);
                let held = self.live.rule.policy.order == Order::Strict && self.set_aside.contains(&done);
                let phase = if held { Phase::Held } else { Phase::Queued };
                (phase, done, Some(key))
            }
            ExceptionState::Parked { .. } => return,
        };
        let lane = LaneKey::Named(exception.lane);
        if phase == Phase::Queued {
            self.to_resume.push_back(lane.clone());
        }
        let stuck = Stuck { phase, done, passed: whole(cursor).max(done), covered: done, marker, base: None };
        self.lines.entry(lane).or_default().stuck = Some(stuck);
    }

    /// Runs until `stop`; says through `halted` that it admits nothing more, then gives calls under way until `grace`
    /// has passed. Answers how many were cut.
    pub(crate) async fn run(
        mut self,
        stop: CancellationToken,
        halted: CancellationToken,
        grace: impl Fn() -> Duration + Send,
    ) -> usize {
        while !stop.is_cancelled() {
            self.admit_all();
            self.start_resumes();
            self.pump();
            self.commit();
            if self.has_to_divert() {
                tokio::task::yield_now().await;
            }
            self.wait_for_something(&stop).await;
        }
        // In this order: once others know that it has halted, its cursor must not follow the log any more.
        self.shared.tail.leave(&self.ledger);
        halted.cancel();
        let deadline = Instant::now() + grace();
        while !self.calls.is_empty() {
            match tokio::time::timeout_at(deadline, self.calls.next()).await {
                Ok(Some(done)) => self.settle(done),
                Ok(None) | Err(_) => break,
            }
        }
        self.commit();
        self.calls.len()
    }

    async fn wait_for_something(&mut self, stop: &CancellationToken) {
        let wants_more = self.inbox.is_empty() && self.expanding.is_none() && self.window.has_room();
        let wake = self.next_wake();
        let waits_for_save = !self.may_stage();
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            gone = next_of(&mut self.sweep), if self.sweep.is_some() => self.swept(gone),
            left = self.notices.next(), if self.sweep.is_none() => self.parked_left(left),
            Some(done) = self.calls.next(), if !self.calls.is_empty() => {
                self.settle(done);
                while let Some(Some(done)) = self.calls.next().now_or_never() {
                    self.settle(done);
                }
            }
            Some((lane, key)) = self.handovers.next(), if !self.handovers.is_empty() => self.handed(&lane, key),
            Some(page) = self.lane_reads.next(), if !self.lane_reads.is_empty() => self.page_read(page),
            got = self.intake.next(), if wants_more => self.take(got),
            () = self.ledger.next_save(), if waits_for_save => {}
            () = next_change(&mut self.banned), if self.banned.is_some() => {}
            () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
        }
    }

    fn take(&mut self, got: Got) {
        match got {
            Got::Batch(Some(batch)) => {
                self.inbox.extend(batch.events);
                self.inbox_upto = batch.upto;
            }
            Got::Read(Ok(events)) if !events.is_empty() => {
                self.count_expired(events.first().map(|event| event.pos));
                self.inbox_upto = events.last().map_or(self.inbox_upto, |event| event.pos);
                self.inbox.extend(events);
                self.intake = Intake::Behind(read_log(&self.shared, self.inbox_upto));
            }
            Got::Read(Ok(_)) => {
                self.count_expired(None);
                let read = self.window.read();
                self.intake = match self.shared.tail.join(&self.live, &self.ledger, read) {
                    Some(batches) => Intake::Tail(batches),
                    None => Intake::Behind(read_log(&self.shared, read)),
                };
            }
            Got::Batch(None) | Got::Read(Err(_)) => {
                self.intake = Intake::Behind(read_log(&self.shared, self.window.read()));
            }
        }
    }

    /// Events that left the log unseen are counted, not passed in silence. `next` is the event that was read after
    /// the last one seen; the log may have begun behind it by now.
    fn count_expired(&mut self, next: Option<LogPos>) {
        let start = self.shared.log.start();
        let before_start = next.map_or(start, |next| next.min(start)).0.saturating_sub(1);
        let gone = before_start.saturating_sub(self.window.read().0);
        if gone > 0 {
            self.live.metrics.expired.increment(gone);
            tracing::warn!(
                target: "ringback::callback",
                rule = %self.live.id(),
                events = gone,
                "events left the log before this rule came to them"
            );
            let upto = LogPos(before_start);
            let now = self.shared.clock.now();
            self.staged.gap(Gap::whole(self.window.read(), upto, GapReason::LeftLog, now));
            self.window.set_read(upto);
        }
    }

    /// Shows what has changed, in one step, to the checkpointer and to whoever asks.
    fn commit(&mut self) {
        let metrics = &self.live.metrics;
        self.ledger.advance(
            self.window.cursor(),
            self.window.read(),
            self.window.outstanding(),
            std::mem::take(&mut self.staged),
            std::mem::take(&mut self.delivered),
        );
        metrics.in_flight.set(count(self.calls.len()));
        metrics.waiting.set(count(self.rows.len()));
        metrics.parked.set(count(usize::try_from(self.parked).unwrap_or(usize::MAX)));
        metrics.breaker_open.set(if self.breaker.is_open() { 1.0 } else { 0.0 });
        self.ledger.set_view(View {
            waiting: self.rows.len(),
            parked: self.parked,
            in_flight: self.calls.len(),
            oldest: [self.window.oldest(), self.rows.oldest()].into_iter().flatten().min(),
            breaker_open: self.breaker.is_open(),
            failures_in_a_row: self.breaker.failures(),
            next_probe: self.breaker.next_probe(),
        });
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

async fn next_change(banned: &mut Option<Banned>) {
    if let Some(banned) = banned {
        // Its sender is among what all runners share.
        banned.changed().await.ok();
    }
}

async fn next_of(sweep: &mut Option<Sweep>) -> Option<HashSet<DeliveryKey>> {
    match sweep {
        Some(sweep) => sweep.await,
        None => None,
    }
}

fn read_log(shared: &Arc<Shared>, after: LogPos) -> Owned<Result<Vec<Arc<Event>>, Fault>> {
    let log = Arc::clone(&shared.log);
    Box::pin(async move {
        let read = log.read(after, READ_EVENTS).await;
        if let Err(fault) = &read {
            tracing::error!(target: "ringback::callback", %fault, "the log could not be read");
            tokio::time::sleep(RETRY_READ).await;
        }
        read
    })
}
