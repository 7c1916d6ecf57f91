//! The newest events, decoded, shared by all readers that keep up; and where the log begins and ends.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ringback_model::event::{Event, Fact};
use ringback_model::ids::LogPos;
use ringback_model::limits;
use tokio::sync::watch;

/// What the writer tells the readers without a trip to the tables.
pub(super) struct Recent {
    /// Never held over an await.
    ring: Mutex<Ring>,
    tail: watch::Sender<u64>,
    start: AtomicU64,
    /// Why commits are not accepted.
    unwritable: Mutex<Option<&'static str>>,
}

/// Events with dense positions.
#[derive(Default)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Ring {
    /// Adds the newest event; the oldest make room. The newest is always there.
    fn push(&mut self, event: Arc<Event>) {
        let bytes = weight(&event);
        while self.events.len() >= limits::LOG_CACHE_EVENTS || self.bytes + bytes > limits::LOG_CACHE_BYTES {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= weight(&oldest);
        }
        self.bytes += bytes;
        self.events.push_back(event);
    }
}

/// Bytes that an event holds in memory, roughly.
fn weight(event: &Event) -> usize {
    const FIXED: usize = 1024;
    const PER_NAME: usize = 48;
    match &event.fact {
        Fact::MessageSent(sent) => {
            let message = &sent.message;
            let texts = message.content.raw.len() + message.attached_info.len() + message.ex.len();
            let names = sent.offline.len() + message.mentions.len() + message.hidden_from.len();
            FIXED + texts + PER_NAME * names
        }
        // Rare beside messages, so it may cost a look: some name a thousand users.
        Fact::Done(done) => FIXED + serde_json::to_string(&done.action).map_or(0, |text| text.len()),
    }
}

impl Recent {
    pub(super) fn new(start: u64, tail: u64) -> Self {
        Self {
            ring: Mutex::default(),
            tail: watch::Sender::new(tail),
            start: AtomicU64::new(start),
            unwritable: Mutex::new(None),
        }
    }

    /// Adds durable events, in order.
    pub(super) fn publish(&self, events: impl Iterator<Item = Arc<Event>>) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            ring.push(event);
        }
        let newest = ring.events.back().map(|event| event.pos.0);
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
        let oldest = ring.events.front()?.pos.0;
        let skip = usize::try_from(after.next().0.checked_sub(oldest)?).ok()?;
        Some(ring.events.iter().skip(skip).take(limit).cloned().collect())
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

#[cfg(test)]
mod tests {
    use ringback_model::conversation::Target;
    use ringback_model::ids::UserId;
    use ringback_model::message::{ContentClass, Origin};
    use ringback_model::sample;
    use ringback_model::time::UnixMs;

    use super::*;

    fn event(pos: u64, bytes: usize) -> Arc<Event> {
        let user = |id| UserId::parse(id).unwrap();
        let content = sample::content(ContentClass::Text, 1, &"x".repeat(bytes));
        let message = sample::message(user("me"), Target::User(user("you")), content, UnixMs(0));
        Arc::new(sample::sent(LogPos(pos), message, Origin::Client, Vec::new()))
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes_and_what_is_not_is_looked_up() {
        let recent = Recent::new(1, 0);
        for pos in 1..=200 {
            recent.publish(std::iter::once(event(pos, 1024 * 1024)));
            assert_eq!(recent.tail(), LogPos(pos));
        }
        let kept = recent.ring.lock().unwrap().events.len();
        assert!((50..=64).contains(&kept), "{kept}");
        assert!(recent.read(LogPos(0), 10).is_none());
        assert_eq!(recent.read(LogPos(198), 10).unwrap().len(), 2);
        recent.publish(std::iter::once(event(201, limits::LOG_CACHE_BYTES + 1)));
        assert_eq!(recent.read(LogPos(200), 10).unwrap().len(), 1, "the newest is always there");
    }
}
