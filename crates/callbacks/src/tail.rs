//! The one reader at the end of the log, for all rules that keep up: an event is read and decoded once, looked up
//! once among the rules of its kind, and shared by those that want it. The others are not touched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_model::event::Event;
use ringback_model::ids::LogPos;
use ringback_model::ports::Log;
use tokio::sync::{Notify, mpsc};

use crate::index::{Index, Place};
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
    /// By their places in the index, which are never given twice.
    subscribers: BTreeMap<Place, Subscriber>,
    next_place: Place,
    /// Of every version that may be wanted still.
    index: Index,
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
        state.add(Subscriber {
            rule: Arc::clone(rule),
            ledger: Arc::clone(ledger),
            mailbox,
            last_sent: read,
        });
        drop(state);
        self.joined.notify_one();
        Some(batches)
    }

    /// Ends a rule's subscription, if it has one.
    pub(crate) fn leave(&self, ledger: &Arc<Ledger>) {
        let mut state = self.state();
        let mut places = state.subscribers.iter();
        let place = places.find(|(_, other)| Arc::ptr_eq(&other.ledger, ledger)).map(|(place, _)| *place);
        if let Some(place) = place {
            state.remove(place);
        }
    }

    /// Position of the newest event.
    pub(crate) fn end_of_log(&self) -> LogPos {
        self.log.tail()
    }

    /// Moves the cursors of rules that have nothing to do.
    pub(crate) fn let_follow(&self) {
        let state = self.state();
        for subscriber in state.subscribers.values() {
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
    fn add(&mut self, subscriber: Subscriber) {
        let place = self.next_place;
        self.next_place += 1;
        for version in subscriber.rule.versions_told() {
            self.index.add(place, &version.selectors);
        }
        self.subscribers.insert(place, subscriber);
    }

    fn remove(&mut self, place: Place) {
        let Some(gone) = self.subscribers.remove(&place) else { return };
        for version in gone.rule.versions_told() {
            self.index.remove(place, &version.selectors);
        }
    }

    /// False where there was nothing to hand out.
    fn hand_out(&mut self, after: LogPos, events: &[Arc<Event>], start: LogPos) -> bool {
        if after != self.pos {
            // Everybody left and somebody joined elsewhere meanwhile.
            return true;
        }
        let first = events.first().map_or(LogPos(u64::MAX), |event| event.pos);
        if start > after.next() && first > after.next() {
            // Events have left the log unseen: each rule finds out by itself, and says which.
            self.subscribers.clear();
            self.index = Index::default();
            return true;
        }
        let Some(last) = events.last() else {
            // Nothing is left to read up to here: what there was has expired.
            self.pos = self.pos.max(LogPos(start.0.saturating_sub(1)));
            return self.pos > after;
        };
        let upto = last.pos;
        let mut batches: BTreeMap<Place, Vec<Arc<Event>>> = BTreeMap::new();
        for event in events {
            for place in self.index.find(event.fact.facets()) {
                let subscriber = self.subscribers.get(&place);
                if subscriber.is_some_and(|subscriber| subscriber.wants(event)) {
                    batches.entry(place).or_default().push(Arc::clone(event));
                }
            }
        }
        for (place, events) in batches {
            let kept =
                self.subscribers.get_mut(&place).is_none_or(|subscriber| subscriber.send(events, upto));
            if !kept {
                self.remove(place);
            }
        }
        self.pos = upto;
        true
    }
}

impl Subscriber {
    fn wants(&self, event: &Event) -> bool {
        event.pos > self.last_sent && self.rule.wanting(event).is_some()
    }

    /// False where the rule does not keep up or has gone.
    fn send(&mut self, events: Vec<Arc<Event>>, upto: LogPos) -> bool {
        self.last_sent = upto;
        self.mailbox.try_send(Batch { events, upto }).is_ok()
    }
}
