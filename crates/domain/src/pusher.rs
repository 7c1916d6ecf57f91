//! Pushes committed messages to those who are online: a reader of the log beside the callback dispatcher, so
//! that pushes of a conversation leave in the order of its commits, whichever task committed them.
//!
//! Messages to few go out at once. Messages to many go out in rounds: what comes while a round is being written goes
//! out together in the next one, so that each connection is woken and written to once per round, not once per message.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use ringback_model::event::{Event, Lane};
use ringback_model::limits;
use ringback_model::ports::{Push, Sessions};
use tokio_util::sync::CancellationToken;

use crate::Im;
use crate::handover::{Handovers, OnItsWay};
use rounds::Rounds;

mod rounds;

/// Events that are read, and messages that are pushed, before others get their turn: the tasks that write to
/// connections must run before their queues are full, or clients that read fast would be cut for slowness.
const AT_ONCE: usize = 64;
// A turn ends with the read or the lane that passes the bound; a round may have been waiting.
const _: () = assert!(2 * AT_ONCE + rounds::ROUND_MESSAGES < limits::SOCKET_QUEUE);
/// Recipients from which on a message goes out in rounds.
const MANY: usize = 64;
/// Wait after a read that failed.
const RETRY_READ: Duration = Duration::from_secs(1);

impl Im {
    /// Pushes until it is stopped. Run it once, as a worker of its own.
    pub async fn run_pusher(&self, stop: CancellationToken) {
        let mut seen = self.store.tail();
        let mut pusher = Pusher::new(Arc::clone(&self.sessions), Arc::clone(&self.handovers));
        loop {
            if pusher.this_turn >= AT_ONCE {
                pusher.this_turn = 0;
                tokio::task::yield_now().await;
            }
            if pusher.rounds.is_late() {
                pusher.rounds.push();
            }
            tokio::select! {
                // In this order: a round takes along what is ready when it begins.
                biased;
                () = stop.cancelled() => return,
                Some(lane) = pusher.answers.next() => pusher.go_on(&lane),
                _ = self.store.wait_past(seen) => match self.store.read(seen, AT_ONCE).await {
                    Ok(events) => {
                        seen = events.last().map_or_else(|| self.store.tail(), |event| event.pos);
                        for event in events {
                            pusher.take(event);
                        }
                    }
                    Err(fault) => {
                        // Skipping them would leave their callbacks waiting for pushes that never come.
                        tracing::error!(%fault, from = %seen, "messages are not pushed: the log cannot be read");
                        tokio::time::sleep(RETRY_READ).await;
                    }
                },
                () = pusher.rounds.turn() => pusher.rounds.push(),
            }
        }
    }
}

type Waiting = VecDeque<(Arc<Event>, Arc<OnItsWay>)>;

struct Pusher {
    sessions: Arc<dyn Sessions>,
    handovers: Arc<Handovers>,
    rounds: Rounds,
    /// Lanes whose head waits for its sender to be answered. Bounded by the sends under way.
    waiting: HashMap<Lane, Waiting>,
    answers: FuturesUnordered<BoxFuture<'static, Lane>>,
    /// Messages pushed since others had their turn.
    this_turn: usize,
}

impl Pusher {
    fn new(sessions: Arc<dyn Sessions>, handovers: Arc<Handovers>) -> Self {
        let answers = FuturesUnordered::new();
        // Never empty, so that polling it does not end the stream.
        answers.push(Box::pin(std::future::pending()) as BoxFuture<'static, Lane>);
        let rounds = Rounds::new(Arc::clone(&sessions), Arc::clone(&handovers));
        Self { sessions, handovers, rounds, waiting: HashMap::new(), answers, this_turn: 0 }
    }

    fn take(&mut self, event: Arc<Event>) {
        let Some(entry) = event.sent().and_then(|sent| self.handovers.get(sent.message.id)) else {
            return;
        };
        if let Some(queue) = self.waiting.get_mut(&event.lane) {
            queue.push_back((event, entry));
        } else if entry.is_answered() {
            self.push(&event, &entry);
        } else {
            self.wait_for(event.lane.clone(), Arc::clone(&entry));
            self.waiting.insert(event.lane.clone(), VecDeque::from([(event, entry)]));
        }
    }

    /// The head of the lane has been answered. What is too much for this turn goes on in the next one.
    fn go_on(&mut self, lane: &Lane) {
        let Some(mut queue) = self.waiting.remove(lane) else {
            return;
        };
        if let Some((event, entry)) = queue.pop_front() {
            self.push(&event, &entry);
        }
        while let Some((event, entry)) = queue.pop_front() {
            if entry.is_answered() && self.this_turn < AT_ONCE {
                self.push(&event, &entry);
            } else {
                self.wait_for(lane.clone(), Arc::clone(&entry));
                queue.push_front((event, entry));
                self.waiting.insert(lane.clone(), queue);
                return;
            }
        }
    }

    fn wait_for(&self, lane: Lane, head: Arc<OnItsWay>) {
        self.answers.push(Box::pin(async move {
            head.answered().await;
            lane
        }));
    }

    fn push(&mut self, event: &Arc<Event>, entry: &OnItsWay) {
        self.this_turn += 1;
        if entry.recipients.len() >= MANY || self.rounds.holds(&event.lane) {
            return self.rounds.add(event, &entry.recipients);
        }
        let Some(push) = push_of(event) else { return };
        let written = self.handovers.until_written(push.message.id, None);
        self.sessions.push(&push, &entry.recipients, written);
    }
}

/// What an event pushes; `None` for those that are no messages.
fn push_of(event: &Event) -> Option<Push> {
    let sent = event.sent()?;
    Some(Push { message: Arc::clone(&sent.message), operation_id: Arc::clone(&sent.operation_id) })
}
