//! The newest events, decoded, shared by all readers that keep up; and where the log begins and ends.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ringback_model::event::Event;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use tokio::sync::watch;

/// What the writer tells the readers without a trip to the tables.
pub(super) struct Recent {
    /// Dense positions. Never held over an await.
    ring: Mutex<VecDeque<Arc<Event>>>,
    tail: watch::Sender<u64>,
    start: AtomicU64,
    /// Why commits are not accepted.
    unwritable: Mutex<Option<&'static str>>,
}

impl Recent {
    pub(super) fn new(start: u64, tail: u64) -> Self {
        Self {
            ring: Mutex::new(VecDeque::new()),
            tail: watch::Sender::new(tail),
            start: AtomicU64::new(start),
            unwritable: Mutex::new(None),
        }
    }

    /// Adds durable events, in order.
    pub(super) fn publish(&self, events: impl Iterator<Item = Arc<Event>>) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            if ring.len() >= limits::LOG_CACHE_EVENTS {
                ring.pop_front();
            }
            ring.push_back(event);
        }
        let newest = ring.back().map(|event| event.pos.0);
        drop(ring);
        if let Some(newest) = newest {
            self.tail.send_if_modified(|tail| std::mem::replace(tail, newest) != newest);
        }
    }

    /// Events after a position, if the oldest of them is still here.
    pub(super) fn read(&self, after: LogPos, limit: usize) -> Option<Vec<Arc<Event>>> {
        if after >= self.tail() {
            return Some(Vec::new());
        }
        let after = self.inside(after);
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = ring.front()?.pos.0;
        let skip = usize::try_from(after.next().0.checked_sub(oldest)?).ok()?;
        Some(ring.iter().skip(skip).take(limit).cloned().collect())
    }

    /// A position to read after, moved ahead to where the log begins.
    pub(super) fn inside(&self, after: LogPos) -> LogPos {
        after.max(LogPos(self.start().0.saturating_sub(1)))
    }

    pub(super) fn tail(&self) -> LogPos {
        LogPos(*self.tail.borrow())
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.tail.subscribe()
    }

    pub(super) fn start(&self) -> LogPos {
        LogPos(self.start.load(Ordering::Acquire))
    }

    pub(super) fn set_start(&self, start: u64) {
        self.start.store(start, Ordering::Release);
    }

    pub(super) fn set_unwritable(&self, why: Option<&'static str>) {
        *self.unwritable.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(super) fn writable(&self) -> Result<(), String> {
        match *self.unwritable.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why.to_owned()),
            None => Ok(()),
        }
    }
}
