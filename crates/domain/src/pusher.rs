//! Pushes committed messages to those who are online: a reader of the log beside the callback dispatcher, so
//! that pushes of a conversation leave in the order of its commits, whichever task committed them.
//!
//! Messages to few go out at once. Messages to many go out in rounds: what comes while a round is being written goes
//! out together in the next one, so that each connection is woken and written to once per round, not once per message.
//!
//! Where before-rules are about pushes, each is asked about beside the others and waits for the verdict in its lane:
//! the order of a conversation stays, and other conversations are not held. Without such rules nothing is paid for it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use ringback_model::event::Event;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::ports::Sessions;
use tokio_util::sync::CancellationToken;

use crate::Im;
use crate::handover::Handovers;
use asking::{Asker, Cause, Leave, push_of};
use lanes::{Freight, Lanes, Next, Step};
use rounds::Rounds;

pub(crate) mod asking;
pub(crate) mod board;
mod echoes;
pub(crate) mod lanes;
pub(crate) mod line;
mod rounds;

use board::Board;
use echoes::Echoes;

/// Events that are read, and messages that are pushed, before others get their turn: the tasks that write to
/// connections must run before their queues are full, or clients that read fast would be cut for slowness.
const AT_ONCE: usize = 64;
// A turn ends with the read or the lane that passes the bound; a round may have been waiting.
const _: () = assert!(2 * AT_ONCE + rounds::ROUND_MESSAGES + echoes::MOST < limits::SOCKET_QUEUE);
/// Recipients from which on a message goes out in rounds.
const MANY: usize = 64;
/// Wait after a read that failed.
const RETRY_READ: Duration = Duration::from_secs(1);

impl Im {
    /// Pushes until it is stopped. Run it once, as a worker of its own.
    pub async fn run_pusher(&self, stop: CancellationToken) {
        let mut seen = self.store.tail();
        self.board.begin(seen);
        let mut notices = self.passing.taker();
        let mut pusher = Pusher::new(self);
        loop {
            if pusher.this_turn >= AT_ONCE {
                pusher.this_turn = 0;
                tokio::task::yield_now().await;
            }
            if pusher.rounds.is_late() {
                pusher.rounds.push();
            }
            // What waits beyond this stays in the log until there is room: receivers answer, or their time is over.
            let has_room = pusher.lanes.held() < limits::PUSHES_WAITING;
            tokio::select! {
                // In this order: a round takes along what is ready when it begins.
                biased;
                () = stop.cancelled() => return,
                Some(step) = pusher.steps.next() => pusher.go_on(step),
                () = pusher.echoes.turn() => pusher.this_turn += pusher.echoes.push(&*pusher.sessions),
                notice = line::next(&mut notices), if has_room => pusher.ask(Freight::Passing(notice)),
                _ = self.store.wait_past(seen), if has_room => match self.read_past(seen, AT_ONCE).await {
                    Ok((events, end)) => {
                        seen = end;
                        for event in events {
                            pusher.take(event);
                        }
                        self.board.saw(seen);
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

struct Pusher {
    sessions: Arc<dyn Sessions>,
    handovers: Arc<Handovers>,
    asker: Asker,
    board: Arc<Board>,
    rounds: Rounds,
    echoes: Echoes,
    lanes: Lanes,
    steps: FuturesUnordered<BoxFuture<'static, Step>>,
    /// Messages pushed since others had their turn.
    this_turn: usize,
}

impl Pusher {
    fn new(im: &Im) -> Self {
        let steps = FuturesUnordered::new();
        // Never empty, so that polling it does not end the stream.
        steps.push(Box::pin(std::future::pending()) as BoxFuture<'static, Step>);
        let (sessions, handovers) = (Arc::clone(&im.sessions), Arc::clone(&im.handovers));
        Self {
            rounds: Rounds::new(Arc::clone(&sessions), Arc::clone(&handovers)),
            asker: Asker {
                gate: Arc::clone(&im.gate),
                store: Arc::clone(&im.store),
                clock: Arc::clone(&im.clock),
            },
            board: Arc::clone(&im.board),
            sessions,
            handovers,
            echoes: Echoes::default(),
            lanes: Lanes::default(),
            steps,
            this_turn: 0,
        }
    }

    fn take(&mut self, event: Arc<Event>) {
        let Some(entry) = event.sent().and_then(|sent| self.handovers.get(sent.message.id)) else {
            return;
        };
        if self.asker.asks() {
            self.board.asks(event.pos);
            self.ask(Freight::Stored(event, entry));
        } else if self.lanes.holds(&event.lane) {
            self.lanes.behind(Freight::Stored(event, entry));
        } else if entry.is_free() {
            self.push_stored(&event, &entry.recipients);
        } else {
            let freight = Freight::Stored(event, entry);
            let number = self.lanes.watched(freight.clone());
            self.watch(number, freight);
        }
    }

    /// Asks as soon as the sender is answered, whatever else waits in the lane.
    fn ask(&mut self, freight: Freight) {
        let number = self.lanes.watched(freight.clone());
        let asker = self.asker.clone();
        self.steps.push(Box::pin(async move {
            let leave = match &freight {
                Freight::Passing(one) => {
                    if !one.hold.is_zero() {
                        tokio::time::sleep(one.hold).await;
                    }
                    asker.ask(&one.push, one.cause, &one.recipients).await
                }
                Freight::Stored(event, entry) => {
                    Arc::clone(entry).free().await;
                    match (push_of(event), event.sent()) {
                        (Some(push), Some(sent)) => {
                            asker.ask(&push, Cause::from(sent), &entry.recipients).await
                        }
                        _ => Leave::Stays,
                    }
                }
            };
            Step { lane: freight.lane().clone(), settled: Some((number, leave)) }
        }));
    }

    fn watch(&mut self, number: u64, freight: Freight) {
        self.steps.push(Box::pin(async move {
            if let Freight::Stored(_, entry) = &freight {
                Arc::clone(entry).free().await;
            }
            Step { lane: freight.lane().clone(), settled: Some((number, Leave::ToAll)) }
        }));
    }

    /// A lane may go on. What is too much for this turn goes on in the next one.
    fn go_on(&mut self, step: Step) {
        let Step { lane, settled } = step;
        if let Some((number, leave)) = settled {
            self.lanes.settle(&lane, number, leave);
        }
        while self.this_turn < AT_ONCE {
            match self.lanes.next(&lane) {
                Next::Push(freight, leave) => self.push(freight, leave),
                Next::Watch(number, freight) => return self.watch(number, freight),
                Next::Rest => return,
            }
        }
        self.steps.push(Box::pin(std::future::ready(Step { lane, settled: None })));
    }

    fn push(&mut self, freight: Freight, leave: Leave) {
        match freight {
            Freight::Stored(event, entry) => {
                self.board.decided(event.pos, &leave);
                match leave {
                    Leave::ToAll => self.push_stored(&event, &entry.recipients),
                    Leave::To(users) => self.push_stored(&event, &users),
                    Leave::Stays => self.give_up(&event),
                }
            }
            Freight::Passing(one) => {
                self.this_turn += 1;
                match leave {
                    Leave::ToAll => self.sessions.push(&one.push, &one.recipients, Arc::new(())),
                    Leave::To(users) => self.sessions.push(&one.push, &users, Arc::new(())),
                    Leave::Stays => {}
                }
            }
        }
    }

    fn push_stored(&mut self, event: &Arc<Event>, recipients: &Arc<[UserId]>) {
        self.this_turn += 1;
        if recipients.len() >= MANY || self.rounds.holds(&event.lane) {
            return self.rounds.add(event, recipients);
        }
        let (Some(push), Some(sent)) = (push_of(event), event.sent()) else { return };
        let written = self.handovers.until_written(push.message.id, None);
        match self.echoes.keep_back(&*self.sessions, &event.lane, sent, &push, recipients) {
            Some(others) => self.sessions.push(&push, &others, written),
            None => self.sessions.push(&push, recipients, written),
        }
    }

    /// Nobody waits any longer for a push that does not come.
    fn give_up(&self, event: &Event) {
        if let Some(sent) = event.sent() {
            self.handovers.end(sent.message.id);
        }
    }
}
