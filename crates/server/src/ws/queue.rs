//! What waits to be written to one connection, bounded in frames and bytes.
//!
//! A queue of its own rather than a channel with a semaphore beside it: an idle connection pays for no empty block of
//! slots, and what comes together is queued under one lock, with one waking, and taken as a whole.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use ringback_model::limits;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// Something whose dropping tells that a push was written, or given up.
pub type Written = Arc<dyn Send + Sync>;

/// Frames for which a queue keeps its memory once it is empty; what a burst took is given back.
const KEPT: usize = 16;

/// What waits to be written to a connection.
pub enum Outgoing {
    /// A message.
    Message {
        /// It.
        message: Message,
        /// Dropped once it was written.
        written: Option<Written>,
        /// It is left out where there is no room for all.
        spare: bool,
    },
    /// Nothing comes after this: close, for this reason.
    Close(CloseCode),
}

/// A message that is to be queued.
pub(super) struct Load {
    pub(super) message: Message,
    pub(super) written: Option<Written>,
    /// See [`Outgoing::Message`].
    pub(super) spare: bool,
}

impl Load {
    /// One that is not left out.
    pub(super) const fn needed(message: Message, written: Option<Written>) -> Self {
        Self { message, written, spare: false }
    }
}

/// Why something was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotQueued {
    /// There is no room.
    Full,
    /// Nobody takes anything any more.
    Closed,
}

/// The queue of one connection: anybody puts in, one takes out.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Held by the answer that waits for room: answers come in the order in which they were ready, and a large one is
    /// not overtaken by small ones for ever.
    turn: tokio::sync::Mutex<()>,
    /// Room was made, or the taker went.
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Outgoing>,
    /// Bytes that wait.
    waiting_bytes: usize,
    /// Bytes that were taken and are being written.
    taken_bytes: usize,
    closed: bool,
    /// Who takes, while there is nothing to take.
    taker: Option<Waker>,
    /// What was left out since somebody asked. Kept until the lock is given back: their tickets wake others.
    left_out: Vec<Option<Written>>,
}

impl State {
    /// Queues a message. Where there is no room, what may be left out is: itself, or the oldest of those that wait.
    fn put(&mut self, load: Load) -> Result<(), NotQueued> {
        if self.closed {
            return Err(NotQueued::Closed);
        }
        let Load { message, written, spare } = load;
        let size = size(&message);
        if !self.has_room(size) {
            if spare {
                self.left_out.push(written);
                return Ok(());
            }
            self.make_room(size);
            if !self.has_room(size) {
                return Err(NotQueued::Full);
            }
        }
        self.waiting_bytes += size;
        self.waiting.push_back(Outgoing::Message { message, written, spare });
        Ok(())
    }

    fn has_room(&self, bytes: usize) -> bool {
        let bytes = self.waiting_bytes + self.taken_bytes + bytes;
        self.waiting.len() < limits::SOCKET_QUEUE && bytes <= limits::SOCKET_QUEUE_BYTES
    }

    /// Leaves out what may be, the oldest first, until there is room, or nothing more that may be.
    fn make_room(&mut self, bytes: usize) {
        let mut at = 0;
        while at < self.waiting.len() && !self.has_room(bytes) {
            if matches!(self.waiting.get(at), Some(Outgoing::Message { spare: true, .. })) {
                if let Some(Outgoing::Message { message, written, .. }) = self.waiting.remove(at) {
                    self.waiting_bytes -= size(&message);
                    self.left_out.push(written);
                }
            } else {
                at += 1;
            }
        }
    }
}

/// Bytes of a message in the queue; a message larger than the whole queue takes all of it.
fn size(message: &Message) -> usize {
    message.len().min(limits::SOCKET_QUEUE_BYTES)
}

impl Queue {
    /// Queues messages in this order, up to the first for which there is no room.
    pub(super) fn put_all(&self, loads: impl Iterator<Item = Load>) -> Result<(), NotQueued> {
        let mut state = self.lock();
        let mut result = Ok(());
        for load in loads {
            result = state.put(load);
            if result.is_err() {
                break;
            }
        }
        let taker = state.taker.take();
        let left_out = std::mem::take(&mut state.left_out);
        drop(state);
        if !left_out.is_empty() {
            metrics::counter!("ringback_room_messages_left_out_total").increment(left_out.len() as u64);
        }
        if let Some(taker) = taker {
            taker.wake();
        }
        result
    }

    /// Queues a message as soon as there is room; not at all if the taker goes before.
    pub(super) async fn put_when_room(&self, message: Message) {
        let _turn = self.turn.lock().await;
        loop {
            let mut changed = pin!(self.changed.notified());
            // Registered before the look: room that is made in between wakes us.
            changed.as_mut().enable();
            // The copy shares its bytes.
            match self.put_all(std::iter::once(Load::needed(message.clone(), None))) {
                Err(NotQueued::Full) => changed.await,
                Ok(()) | Err(NotQueued::Closed) => return,
            }
        }
    }

    /// Queues the end, for which there must be a place among the frames.
    pub(super) fn put_close(&self, why: CloseCode) -> Result<(), NotQueued> {
        let mut state = self.lock();
        if state.closed {
            return Err(NotQueued::Closed);
        }
        if state.waiting.len() >= limits::SOCKET_QUEUE {
            return Err(NotQueued::Full);
        }
        state.waiting.push_back(Outgoing::Close(why));
        let taker = state.taker.take();
        drop(state);
        if let Some(taker) = taker {
            taker.wake();
        }
        Ok(())
    }

    /// Waits until there is something, and takes all of it into `batch`, which must be empty. Its bytes count until
    /// [`Queue::give_back`].
    pub(super) async fn take_all(&self, batch: &mut VecDeque<Outgoing>) {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.waiting.is_empty() {
                state.taker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            state.swap(batch);
            Poll::Ready(())
        })
        .await;
        self.changed.notify_one();
    }

    /// Takes what there is.
    pub(super) fn take_now(&self, batch: &mut VecDeque<Outgoing>) {
        self.lock().swap(batch);
        self.changed.notify_one();
    }

    /// What was taken has been written.
    pub(super) fn give_back(&self, batch: &mut VecDeque<Outgoing>) {
        batch.clear();
        if batch.capacity() > KEPT {
            *batch = VecDeque::new();
        }
        self.lock().taken_bytes = 0;
        self.changed.notify_one();
    }

    /// Nothing is taken any more: what waits is dropped.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let dropped = std::mem::take(&mut state.waiting);
        (state.waiting_bytes, state.taken_bytes) = (0, 0);
        drop(state);
        // Outside the lock: their tickets wake others.
        drop(dropped);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Neither list is copied, and both keep their memory while there is much to do.
    fn swap(&mut self, batch: &mut VecDeque<Outgoing>) {
        std::mem::swap(&mut self.waiting, batch);
        self.taken_bytes += std::mem::take(&mut self.waiting_bytes);
    }
}

/// The end of a connection's queue that takes; what waits is dropped with it.
pub struct Waiting {
    peer: Arc<super::sessions::Peer>,
    batch: VecDeque<Outgoing>,
}

impl Waiting {
    pub(super) const fn new(peer: Arc<super::sessions::Peer>) -> Self {
        Self { peer, batch: VecDeque::new() }
    }

    /// Waits until something is queued and takes all of it.
    pub async fn next(&mut self) -> &mut VecDeque<Outgoing> {
        self.peer.queue.take_all(&mut self.batch).await;
        &mut self.batch
    }

    /// Takes what is queued now.
    pub fn now(&mut self) -> &mut VecDeque<Outgoing> {
        self.peer.queue.take_now(&mut self.batch);
        &mut self.batch
    }

    /// To be called once what was taken has been written: gives its room back and drops what is left of it.
    pub fn written(&mut self) {
        self.peer.queue.give_back(&mut self.batch);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.peer.queue.close();
    }
}
