//! The one reader at the end of the log, for all rules that keep up: an event is read and decoded once, matched
//! against the rules of its kind, and shared by those that want it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_model::event::{Event, EventKind};
use ringback_model::ids::LogPos;
use ringback_model::ports::Log;
use tokio::sync::{Notify, mpsc};

use crate::ledger::Ledger;
use crate::live::LiveRule;

/// Events read at once.
pub(crate) const READ_EVENTS: usize = 256;
/// Batches that may wait for one rule; beyond, it reads by itself until it has caught up.
const MAILBOX_BATCHES: usize = 32;
/// Wait after a read that failed.
pub(crate) const RETRY_READ: Duration = Duration::from_secs(1);

/// Events for one rule, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Those that it wants.
    pub(crate) events: Vec<Arc<Event>>,
    /// All of its events up to here are in this batch or were in earlier ones.
    pub(crate) upto: LogPos,
}

/// See the module.
pub(crate) struct Tail {
    log: Arc<dyn Log>,
    state: Mutex<State>,
    joined: Notify,
}

#[derive(Default)]
struct State {
    pos: LogPos,
    subscribers: Vec<Subscriber>,
    /// Indexes of subscribers, per kind in the order of [`EventKind::ALL`].
    by_kind: [Vec<usize>; EventKind::ALL.len()],
}

struct Subscriber {
    rule: Arc<LiveRule>,
    ledger: Arc<Ledger>,
    mailbox: mpsc::Sender<Batch>,
    last_sent: LogPos,
}

impl Tail {
    pub(crate) fn new(log: Arc<dyn Log>) -> Self {
        Self { log, state: Mutex::default(), joined: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Subscribes a rule that has read everything up to `read`; `None` where the tail is further already.
    pub(crate) fn join(
        &self,
        rule: &Arc<LiveRule>,
        ledger: &Arc<Ledger>,
        read: LogPos,
    ) -> Option<mpsc::Receiver<Batch>> {
        let mut state = self.state();
        if read < state.pos {
            return None;
        }
        if state.subscribers.is_empty() {
            state.pos = read;
        }
        let (mailbox, batches) = mpsc::channel(MAILBOX_BATCHES);
        state.subscribers.push(Subscriber {
            rule: Arc::clone(rule),
            ledger: Arc::clone(ledger),
            mailbox,
            last_sent: read,
        });
        state.reindex();
        drop(state);
        self.joined.notify_one();
        Some(batches)
    }

    /// Ends a rule's subscription, if it has one.
    pub(crate) fn leave(&self, ledger: &Arc<Ledger>) {
        let mut state = self.state();
        state.subscribers.retain(|other| !Arc::ptr_eq(&other.ledger, ledger));
        state.reindex();
    }

    /// Position of the newest event.
    pub(crate) fn end_of_log(&self) -> LogPos {
        self.log.tail()
    }

    /// Moves the cursors of rules that have nothing to do.
    pub(crate) fn let_follow(&self) {
        let state = self.state();
        for subscriber in &state.subscribers {
            subscriber.ledger.follow(subscriber.last_sent, state.pos);
        }
    }

    /// Reads for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let joined = self.joined.notified();
            let pos = {
                let state = self.state();
                (!state.subscribers.is_empty()).then_some(state.pos)
            };
            let Some(pos) = pos else {
                joined.await;
                continue;
            };
            self.log.wait_past(pos).await;
            match self.log.read(pos, READ_EVENTS).await {
                Ok(events) => {
                    let moved = self.state().hand_out(pos, &events, self.log.start());
                    if !moved {
                        tokio::time::sleep(RETRY_READ).await;
                    }
                }
                Err(fault) => {
                    tracing::error!(target: "ringback::callback", %fault, "the log could not be read");
                    tokio::time::sleep(RETRY_READ).await;
                }
            }
        }
    }
}

impl State {
    fn reindex(&mut self) {
        for (kind, indexes) in EventKind::ALL.into_iter().zip(&mut self.by_kind) {
            let about = self.subscribers.iter().enumerate();
            *indexes = about
                .filter(|(_, subscriber)| subscriber.rule.is_about(kind))
                .map(|(index, _)| index)
                .collect();
        }
    }

    /// False where there was nothing to hand out.
    fn hand_out(&mut self, after: LogPos, events: &[Arc<Event>], start: LogPos) -> bool {
        if after != self.pos {
            // Everybody left and somebody joined elsewhere meanwhile.
            return true;
        }
        let Some(last) = events.last() else {
            // Nothing is left to read up to here: what there was has expired.
            self.pos = self.pos.max(LogPos(start.0.saturating_sub(1)));
            return self.pos > after;
        };
        let upto = last.pos;
        let mut batches: Vec<Vec<Arc<Event>>> = vec![Vec::new(); self.subscribers.len()];
        for event in events {
            let slot = EventKind::ALL.iter().position(|kind| *kind == event.kind());
            let about = slot.and_then(|slot| self.by_kind.get(slot));
            for &index in about.into_iter().flatten() {
                if self.subscribers[index].rule.wanting(event).is_some()
                    && event.pos > self.subscribers[index].last_sent
                {
                    batches[index].push(Arc::clone(event));
                }
            }
        }
        let mut left = false;
        let mut batches = batches.into_iter();
        self.subscribers.retain_mut(|subscriber| {
            let kept = batches.next().is_none_or(|events| subscriber.send(events, upto));
            left |= !kept;
            kept
        });
        self.pos = upto;
        if left {
            self.reindex();
        }
        true
    }
}

impl Subscriber {
    /// False where the rule does not keep up or has gone.
    fn send(&mut self, events: Vec<Arc<Event>>, upto: LogPos) -> bool {
        if events.is_empty() {
            return true;
        }
        self.last_sent = upto;
        self.mailbox.try_send(Batch { events, upto }).is_ok()
    }
}
