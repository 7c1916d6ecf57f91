//! The app's ban: one for all rules whose policy says so. Its state, who is told of it, and its record in the store.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_model::failure::Fault;
use ringback_model::ports::{BanBook, Clock};
use ringback_model::storage::BanRecord;
use ringback_model::time::UnixMs;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::ban::{BanPolicy, BanState, Began};
use crate::status::BanStatus;
use crate::telemetry::BanMetrics;

/// Wait after a record could not be saved.
const RETRY_SAVE: Duration = Duration::from_secs(1);
/// Longest sleep while banned: wall time may be set forward, and then the ban is over earlier.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// Characters of a failure's text that the evidence shows.
const ERROR_CHARS: usize = 200;

/// When the ban in force ends; `None` = there is none.
pub(crate) type Banned = watch::Receiver<Option<UnixMs>>;

/// See the module.
pub(crate) struct AppBan {
    state: Mutex<State>,
    banned: watch::Sender<Option<UnixMs>>,
    /// Counts what changed; the saver follows it.
    changed: watch::Sender<u64>,
    saved: watch::Sender<u64>,
    book: Arc<dyn BanBook>,
    clock: Arc<dyn Clock>,
    metrics: BanMetrics,
}

struct State {
    machine: BanState,
    /// The failures that the machine counts, in its order.
    failures: VecDeque<Failure>,
    evidence: String,
    /// When the ban is over by a clock that nobody sets.
    deadline: Option<Instant>,
}

struct Failure {
    /// Name of its rule, as people know it.
    rule: Box<str>,
    error: Box<str>,
}

impl AppBan {
    /// Goes on from what was kept.
    ///
    /// # Errors
    /// Where that cannot be read.
    pub(crate) async fn load(
        policy: BanPolicy,
        book: Arc<dyn BanBook>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Fault> {
        let record = book.ban().await?;
        let now = clock.now();
        let machine = BanState::restored(policy, &record, now);
        let until = machine.until(now);
        let metrics = BanMetrics::new();
        metrics.active(until.is_some());
        let state = State {
            machine,
            failures: VecDeque::new(),
            evidence: record.evidence,
            deadline: until.map(|until| Instant::now() + until.since(now)),
        };
        Ok(Self {
            state: Mutex::new(state),
            banned: watch::Sender::new(until),
            changed: watch::Sender::new(0),
            saved: watch::Sender::new(0),
            book,
            clock,
            metrics,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears of every beginning and end.
    pub(crate) fn watch(&self) -> Banned {
        self.banned.subscribe()
    }

    /// When the ban in force ends; `None` = there is none.
    pub(crate) fn until(&self) -> Option<UnixMs> {
        *self.banned.borrow()
    }

    /// Whether nothing may be called now.
    pub(crate) fn is_active(&self) -> bool {
        self.until().is_some()
    }

    /// An attempt of the rule of this name failed. May begin a ban, of which everybody knows when this returns.
    pub(crate) fn failed(&self, rule: &str, error: &str) {
        let mut state = self.state();
        // Until the task of the ban says that it is over, it is not: one end for all.
        if state.deadline.is_some() {
            return;
        }
        self.metrics.failed();
        let error = error.chars().take(ERROR_CHARS).collect();
        state.failures.push_back(Failure { rule: rule.into(), error });
        let began = state.machine.failed(self.clock.now());
        let counting = began.map_or(state.machine.failures_in_window(), |began| began.failures);
        let counting = usize::try_from(counting).unwrap_or(usize::MAX);
        while state.failures.len() > counting {
            state.failures.pop_front();
        }
        if let Some(began) = began {
            self.begin(&mut state, &began);
        }
    }

    fn begin(&self, state: &mut State, began: &Began) {
        state.evidence = evidence(began, &std::mem::take(&mut state.failures));
        state.deadline = Some(Instant::now() + began.length);
        self.metrics.began();
        tracing::warn!(
            target: "ringback::callback",
            ban = began.number,
            until_ms = began.until.0,
            seconds = began.length.as_secs(),
            failures = began.failures,
            evidence = %state.evidence,
            "after-callbacks are banned: no rule that shares the ban is called until it is over; what falls into it \
             is parked or dropped, as its rule says. Mend the receivers, then wait or lift the ban"
        );
        self.banned.send_replace(Some(began.until));
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// Ends the ban. False where there is none.
    pub(crate) fn lift(&self) -> bool {
        let mut state = self.state();
        let lifted = state.deadline.is_some();
        if lifted {
            self.end(&mut state, "the ban on after-callbacks was lifted");
            self.changed.send_modify(|changes| *changes += 1);
        }
        lifted
    }

    fn end(&self, state: &mut State, how: &'static str) {
        state.machine.lift(self.clock.now());
        state.deadline = None;
        self.metrics.active(false);
        tracing::info!(
            target: "ringback::callback",
            evidence = %state.evidence,
            "{how}; what was parked meanwhile stays in its slices until it is sent again"
        );
        self.banned.send_replace(None);
    }

    /// How things are; `rules` are the names of those that share the ban.
    pub(crate) fn status(&self, rules: Vec<String>) -> BanStatus {
        let state = self.state();
        let now = self.clock.now();
        BanStatus {
            active_until: self.until(),
            starts: state.machine.starts(now),
            evidence: state.evidence.clone(),
            failures_in_window: state.machine.failures_at(now),
            rules,
        }
    }

    /// Ends bans in time and saves what changed, for ever. Neither waits for the other.
    pub(crate) async fn keep(self: Arc<Self>) {
        tokio::join!(self.end_in_time(), self.save_changes());
    }

    async fn end_in_time(&self) {
        let mut changes = self.changed.subscribe();
        loop {
            let wake = self.end_if_over();
            tokio::select! {
                // Its sender is in `self`.
                _ = changes.changed() => {}
                () = sleep_until(wake) => {}
            }
        }
    }

    async fn save_changes(&self) {
        let mut changes = self.changed.subscribe();
        loop {
            let change = *changes.borrow_and_update();
            if change == *self.saved.borrow() {
                // Its sender is in `self`.
                changes.changed().await.ok();
            } else if let Err(fault) = self.book.save_ban(self.record()).await {
                tracing::error!(target: "ringback::callback", %fault, "the ban was not saved; trying again");
                tokio::time::sleep(RETRY_SAVE).await;
            } else {
                self.saved.send_replace(change);
            }
        }
    }

    fn record(&self) -> BanRecord {
        let state = self.state();
        BanRecord { evidence: state.evidence.clone(), ..state.machine.record() }
    }

    /// When to look again.
    fn end_if_over(&self) -> Option<Instant> {
        let mut state = self.state();
        let deadline = state.deadline?;
        let by_the_clock = state.machine.until(self.clock.now());
        let now = Instant::now();
        match by_the_clock {
            Some(until) if now < deadline => {
                let left = until.since(self.clock.now()).min(LONGEST_SLEEP);
                // At least a moment: wall time and timers may differ by less than a millisecond.
                Some((now + left.max(Duration::from_millis(1))).min(deadline))
            }
            _ => {
                self.end(&mut state, "the ban on after-callbacks is over");
                None
            }
        }
    }

    /// Resolves once everything up to now is saved.
    pub(crate) async fn all_saved(&self) {
        let changes = *self.changed.borrow();
        // Its sender is in `self`.
        self.saved.subscribe().wait_for(|saved| *saved >= changes).await.ok();
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

/// What a ban rests on, in words.
fn evidence(began: &Began, failures: &VecDeque<Failure>) -> String {
    let mut by_rule: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for failure in failures {
        let (count, last) = by_rule.entry(&failure.rule).or_default();
        *count += 1;
        *last = &failure.error;
    }
    let mut text = format!("ban {} within a day, after {} failures", began.number, began.failures);
    for (rule, (count, last)) in by_rule {
        // Writing to a text cannot fail.
        write!(text, "; {count} of {rule}, the last: {last}").ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_names_every_rule_with_its_count_and_last_error() {
        let failure = |rule: &str, error: &str| Failure { rule: rule.into(), error: error.into() };
        let failures =
            VecDeque::from([failure("b", "timeout"), failure("a", "status 500"), failure("b", "status 502")]);
        let length = Duration::from_secs(600);
        let began = Began { until: UnixMs(0), length, number: 2, failures: 3 };
        assert_eq!(
            evidence(&began, &failures),
            "ban 2 within a day, after 3 failures; 1 of a, the last: status 500; 2 of b, the last: status 502"
        );
    }
}
