//! How a replay is doing, and what somebody wishes it to do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_model::conversation::ConversationId;
use ringback_model::delivery::DeliveryKey;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::time::UnixMs;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::order::ReplayOrder;

/// What a replay is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayState {
    /// It finds out how much there is. Nothing is sent yet.
    Counting,
    /// It sends.
    Running,
    /// It starts no more calls until somebody resumes it.
    Paused,
    /// Everything was tried, or, where it only counts, counted.
    Done,
    /// Somebody has ended it, or the server goes down.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl ReplayState {
    /// Stable name, for the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counting => "counting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// How much a replay means. Complete once it does not count any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayCounts {
    /// Events that were looked at.
    pub looked_at: u64,
    /// Events of these that the order means.
    pub meant: u64,
    /// Events of these that were not the rule's business when they happened: they are not sent.
    pub not_wanted: u64,
    /// Events of these that passed while the rule was off.
    pub while_off: u64,
    /// Deliveries that are sent.
    pub deliveries: u64,
    /// Events that are sent and are older than every known version of the rule: the one valid then is gone, or there was
    /// no such rule. They are rendered with [`ReplayCounts::oldest_version`].
    pub before_versions: u64,
    /// The oldest known version of the rule.
    pub oldest_version: Option<u64>,
}

/// A delivery that failed for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayFailure {
    /// Which.
    pub key: DeliveryKey,
    /// Its id.
    pub webhook_id: String,
    /// Attempts of this replay.
    pub attempts: u32,
    /// What the last one ran into.
    pub reason: String,
}

/// How a replay is doing.
#[derive(Debug, Clone)]
pub struct ReplayStatus {
    /// Its id; the header of its calls holds it.
    pub id: String,
    /// What was ordered.
    pub order: Arc<ReplayOrder>,
    /// The conversation that is meant.
    pub conversation: Option<ConversationId>,
    /// The rule's name when it began.
    pub rule_name: String,
    /// Where to; the contract adds to it.
    pub url: String,
    /// Calls started per second at most.
    pub rate: u32,
    /// What it is doing.
    pub state: ReplayState,
    /// Why it paused by itself, was cut short, or failed.
    pub why: Option<String>,
    /// When it began.
    pub began: UnixMs,
    /// When it ended.
    pub ended: Option<UnixMs>,
    /// How much there is.
    pub counts: ReplayCounts,
    /// Deliveries that were taken.
    pub delivered: u64,
    /// Deliveries that were not, however often they were tried.
    pub failed: u64,
    /// The first of those, at most [`limits::REPLAY_FAILURES`].
    pub failures: Vec<ReplayFailure>,
    /// Everything up to here is over: a replay that ended early goes on after it.
    pub position: LogPos,
    /// It looks no further than here: the end of the log when it was ordered, or less.
    pub upto: LogPos,
    /// The oldest event that the log still has, where older ones were asked for: those are gone.
    pub log_start: Option<LogPos>,
}

/// What somebody wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Go,
    Pause,
    /// Somebody has cancelled it.
    End,
    /// The engine drains.
    Stop,
}

/// What is known of a replay from the beginning.
pub(super) struct Given {
    pub(super) id: String,
    pub(super) order: Arc<ReplayOrder>,
    pub(super) conversation: Option<ConversationId>,
    pub(super) rule_name: String,
    pub(super) url: String,
    pub(super) rate: u32,
    pub(super) began: UnixMs,
    pub(super) after: LogPos,
    pub(super) upto: LogPos,
    pub(super) log_start: Option<LogPos>,
}

/// A replay, as its work and those who ask about it share it.
pub(super) struct Replay {
    pub(super) given: Given,
    wish: watch::Sender<Wish>,
    figures: Mutex<Figures>,
    /// Cancelled once it is over.
    pub(super) over: CancellationToken,
}

struct Figures {
    counted: bool,
    counts: ReplayCounts,
    delivered: u64,
    failed: u64,
    failed_in_a_row: usize,
    failures: Vec<ReplayFailure>,
    /// Deliveries in memory that are not over, by their events.
    open: BTreeMap<LogPos, usize>,
    /// Everything up to here is over but those.
    read: LogPos,
    why: Option<String>,
    ended: Option<(ReplayState, UnixMs)>,
}

impl Replay {
    pub(super) fn new(given: Given) -> Self {
        let figures = Figures {
            counted: false,
            counts: ReplayCounts::default(),
            delivered: 0,
            failed: 0,
            failed_in_a_row: 0,
            failures: Vec::new(),
            open: BTreeMap::new(),
            read: given.after,
            why: None,
            ended: None,
        };
        let wish = if given.order.hold { Wish::Pause } else { Wish::Go };
        Self {
            given,
            wish: watch::Sender::new(wish),
            figures: Mutex::new(figures),
            over: CancellationToken::new(),
        }
    }

    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn status(&self) -> ReplayStatus {
        let wish = *self.wish.borrow();
        let figures = self.figures();
        let given = &self.given;
        ReplayStatus {
            id: given.id.clone(),
            order: Arc::clone(&given.order),
            conversation: given.conversation.clone(),
            rule_name: given.rule_name.clone(),
            url: given.url.clone(),
            rate: given.rate,
            state: figures.state(wish),
            why: figures.why.clone(),
            began: given.began,
            ended: figures.ended.map(|(_, at)| at),
            counts: figures.counts.clone(),
            delivered: figures.delivered,
            failed: figures.failed,
            failures: figures.failures.clone(),
            position: figures.position(),
            upto: given.upto,
            log_start: given.log_start,
        }
    }

    pub(super) fn state(&self) -> ReplayState {
        let wish = *self.wish.borrow();
        self.figures().state(wish)
    }

    /// Whether nothing of it is under way any more.
    pub(super) fn has_ended(&self) -> bool {
        self.figures().ended.is_some()
    }

    /// False where it is to end, which nobody takes back.
    pub(super) fn wish(&self, wish: Wish) -> bool {
        self.wish.send_if_modified(|known| {
            let open = matches!(known, Wish::Go | Wish::Pause);
            if open {
                *known = wish;
            }
            open
        })
    }

    /// Resumes it; what made it pause by itself is forgotten.
    pub(super) fn resume(&self) -> bool {
        {
            let mut figures = self.figures();
            figures.why = None;
            figures.failed_in_a_row = 0;
        }
        self.wish(Wish::Go)
    }

    /// It pauses by itself.
    pub(super) fn pause_because(&self, why: &str) {
        if *self.wish.borrow() != Wish::Go {
            return;
        }
        tracing::warn!(target: "ringback::callback", replay = self.given.id, why, "a replay has paused by itself");
        self.figures().why = Some(why.to_owned());
        self.wish(Wish::Pause);
    }

    pub(super) fn is_ending(&self) -> bool {
        matches!(*self.wish.borrow(), Wish::End | Wish::Stop)
    }

    pub(super) fn goes_on(&self) -> bool {
        *self.wish.borrow() == Wish::Go
    }

    /// Waits while it is paused; false where it is to end.
    pub(super) async fn may_go_on(&self) -> bool {
        let mut wish = self.wish.subscribe();
        let wish = wish.wait_for(|wish| *wish != Wish::Pause).await;
        wish.is_ok_and(|wish| *wish == Wish::Go)
    }

    /// Resolves once it is to end.
    pub(super) async fn ending(&self) {
        let mut wish = self.wish.subscribe();
        // The sender is here.
        drop(wish.wait_for(|wish| matches!(wish, Wish::End | Wish::Stop)).await);
    }

    /// Resolves once the engine drains.
    pub(super) async fn stopping(&self) {
        let mut wish = self.wish.subscribe();
        if wish.wait_for(|wish| *wish == Wish::Stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn count(&self, counts: &ReplayCounts) {
        self.figures().counts.clone_from(counts);
    }

    pub(super) fn counted(&self) {
        self.figures().counted = true;
    }

    /// Deliveries of these events are in memory; up to `read` there are no others.
    pub(super) fn opened(&self, open: BTreeMap<LogPos, usize>, read: LogPos) {
        let mut figures = self.figures();
        figures.open = open;
        figures.read = read;
    }

    pub(super) fn delivered(&self, pos: LogPos) {
        let mut figures = self.figures();
        figures.delivered += 1;
        figures.failed_in_a_row = 0;
        figures.over(pos);
    }

    /// Deliveries that were counted and never came; 0 where it only counts.
    pub(super) fn unsent(&self) -> u64 {
        let figures = self.figures();
        if self.given.order.dry {
            return 0;
        }
        figures.counts.deliveries.saturating_sub(figures.delivered).saturating_sub(figures.failed)
    }

    pub(super) fn failed(&self, failure: ReplayFailure) {
        let down = {
            let mut figures = self.figures();
            figures.failed += 1;
            // A receiver that was not called has not failed.
            figures.failed_in_a_row += usize::from(failure.attempts > 0);
            figures.over(failure.key.pos);
            if figures.failures.len() < limits::REPLAY_FAILURES {
                figures.failures.push(failure);
            }
            figures.failed_in_a_row >= limits::REPLAY_FAILED_IN_A_ROW
        };
        if down {
            let most = limits::REPLAY_FAILED_IN_A_ROW;
            self.pause_because(&format!(
                "{most} deliveries in a row have failed: mend the receiver, then resume it; it goes on behind them"
            ));
        }
    }

    /// It is over. The first end holds.
    pub(super) fn end(&self, state: ReplayState, why: Option<String>, now: UnixMs) {
        let mut figures = self.figures();
        if figures.ended.is_some() {
            return;
        }
        if why.is_some() || state == ReplayState::Done {
            figures.why = why;
        }
        figures.ended = Some((state, now));
        drop(figures);
        self.over.cancel();
    }
}

impl Figures {
    fn state(&self, wish: Wish) -> ReplayState {
        match (self.ended, wish) {
            (Some((state, _)), _) => state,
            (None, Wish::End | Wish::Stop) => ReplayState::Cancelled,
            (None, _) if !self.counted => ReplayState::Counting,
            (None, Wish::Pause) => ReplayState::Paused,
            (None, Wish::Go) => ReplayState::Running,
        }
    }

    fn position(&self) -> LogPos {
        self.open.keys().next().map_or(self.read, |first| LogPos(first.0.saturating_sub(1)))
    }

    fn over(&mut self, pos: LogPos) {
        if let Some(open) = self.open.get_mut(&pos) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&pos);
            }
        }
    }
}
