//! Waking those whom no push reached: a reader of the log with a bookmark of its own.
//!
//! What lies between the bookmark and a crash is handed over once more, with the same id. A provider that is down holds
//! the reader when too much waits, nobody else; what is older than [`Waker::keep`] wakes nobody any more.

mod handing;
mod sleepers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use ringback_model::event::{Event, EventKind};
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::time::UnixMs;
use ringback_model::wake::PushProvider;
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::Im;

/// Name of the bookmark.
const READER: &str = "offline_push";
/// Events read at once.
const AT_ONCE: usize = 64;
/// How often the bookmark is moved: a durable write each time, so not as often as rules' progress.
const BOOKMARK_EVERY: Duration = Duration::from_secs(1);
/// Wait after the store failed.
const AGAIN: Duration = Duration::from_secs(1);

/// How sleeping devices are woken.
pub struct Waker {
    /// Who wakes them; `None` = nobody does, but rules are asked about it all the same.
    pub provider: Option<Arc<dyn PushProvider>>,
    /// Age from which on a message wakes nobody any more.
    pub keep: Duration,
    /// What is shown where neither the message nor a rule says anything.
    pub title: String,
}

/// A [`Waker`] at work.
struct Work {
    waker: Waker,
    /// Calls of the provider under way.
    slots: Semaphore,
}

impl Im {
    /// Wakes devices until it is stopped. Run it once, as a worker of its own.
    pub async fn run_waker(self: Arc<Self>, waker: Waker, stop: CancellationToken) {
        self.board.keep();
        let work = Arc::new(Work { waker, slots: Semaphore::new(limits::WAKES_IN_FLIGHT) });
        let start = tokio::select! {
            () = stop.cancelled() => return,
            start = self.wakes_from(&work.waker) => start,
        };
        let lasts = work.waker.provider.is_some();
        let mut reader = Reader::new(start);
        let mut ticks = tokio::time::interval(BOOKMARK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Where nobody is woken and no rule is about it, the log is not read, only passed.
            let idle = !lasts && !self.gate.asks(EventKind::OfflinePushing);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(pos) = reader.under_way.next() => reader.is_over(pos),
                _ = ticks.tick(), if idle || reader.has_moved() => {
                    // Asked again: a rule made meanwhile is about what was said since.
                    if idle && !self.gate.asks(EventKind::OfflinePushing) {
                        reader.read = self.store.tail();
                    }
                    if lasts {
                        self.save_bookmark(&mut reader).await;
                    } else {
                        self.board.forget(reader.done());
                    }
                }
                _ = self.store.wait_past(reader.read), if !idle && reader.has_room() => {
                    match self.read_past(reader.read, AT_ONCE).await {
                        Ok((events, end)) => {
                            reader.read = end;
                            self.take_up(&work, &mut reader, events);
                        }
                        Err(fault) => {
                            tracing::error!(%fault, "nobody is woken: the log cannot be read");
                            tokio::time::sleep(AGAIN).await;
                        }
                    }
                }
            }
        }
        if lasts && reader.has_moved() {
            self.save_bookmark(&mut reader).await;
        }
    }

    fn take_up(self: &Arc<Self>, work: &Arc<Work>, reader: &mut Reader, events: Vec<Arc<Event>>) {
        for event in events.into_iter().filter(|event| self.may_wake(event)) {
            let (im, work, pos) = (Arc::clone(self), Arc::clone(work), event.pos);
            reader.begin(
                pos,
                Box::pin(async move {
                    im.wake_for(&work, &event).await;
                    pos
                }),
            );
        }
    }

    /// Whether anybody may have to be woken. Where rules choose who gets a push, they may choose somebody who sleeps.
    fn may_wake(&self, event: &Event) -> bool {
        event.sent().is_some_and(|sent| {
            sent.message.handling.offline_push
                && (!sent.offline.is_empty() || self.gate.asks(EventKind::OnlinePushing))
        })
    }

    /// After which place to begin: the bookmark, but not what is too old to wake anybody. At the first start, and where
    /// nobody is woken: the end.
    async fn wakes_from(&self, waker: &Waker) -> LogPos {
        if waker.provider.is_none() {
            return self.store.tail();
        }
        let start = self.bookmark_or_end(READER).await;
        let age = i64::try_from(waker.keep.as_millis()).unwrap_or(i64::MAX);
        let oldest = UnixMs(self.clock.now().0.saturating_sub(age));
        loop {
            match self.store.position_at(oldest).await {
                Ok(young) => return start.max(young),
                Err(fault) => tracing::error!(%fault, "nobody is woken: the log cannot be read"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// What is not saved is handed over once more after a crash.
    async fn save_bookmark(&self, reader: &mut Reader) {
        let done = reader.done();
        self.board.forget(done);
        match self.move_bookmark(READER, done).await {
            Ok(()) => reader.saved = done,
            Err(fault) => {
                tracing::warn!(%fault, "how far waking has come cannot be written down");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// How far waking has come.
struct Reader {
    /// Everything up to here was read.
    read: LogPos,
    saved: LogPos,
    /// Places that are worked on, and whether they are over.
    window: BTreeMap<LogPos, bool>,
    under_way: FuturesUnordered<BoxFuture<'static, LogPos>>,
}

impl Reader {
    fn new(start: LogPos) -> Self {
        Self { read: start, saved: start, window: BTreeMap::new(), under_way: FuturesUnordered::new() }
    }

    fn begin(&mut self, pos: LogPos, work: BoxFuture<'static, LogPos>) {
        self.window.insert(pos, false);
        self.under_way.push(work);
        self.show();
    }

    fn is_over(&mut self, pos: LogPos) {
        self.window.insert(pos, true);
        while let Some(first) = self.window.first_entry()
            && *first.get()
        {
            first.remove();
        }
        self.show();
    }

    /// Everything up to here is over.
    fn done(&self) -> LogPos {
        match self.window.first_key_value() {
            Some((first, _)) => LogPos(first.0.saturating_sub(1)),
            None => self.read,
        }
    }

    fn has_moved(&self) -> bool {
        self.done() > self.saved
    }

    fn has_room(&self) -> bool {
        self.window.len() < limits::WAKES_WAITING
    }

    #[allow(clippy::cast_precision_loss, reason = "exact for any window")]
    fn show(&self) {
        metrics::gauge!("ringback_offline_pushes_waiting").set(self.under_way.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_passed_before_it_is_over() {
        let mut reader = Reader::new(LogPos(10));
        reader.read = LogPos(15);
        assert_eq!(reader.done(), LogPos(15), "nothing there woke anybody");
        for pos in [11, 13, 14] {
            reader.begin(LogPos(pos), Box::pin(std::future::pending()));
        }
        assert_eq!(reader.done(), LogPos(10));
        assert!(!reader.has_moved());
        reader.is_over(LogPos(13));
        assert_eq!(reader.done(), LogPos(10));
        reader.is_over(LogPos(11));
        assert_eq!(reader.done(), LogPos(13));
        assert!(reader.has_moved());
        reader.is_over(LogPos(14));
        assert_eq!(reader.done(), LogPos(15));
    }
}
