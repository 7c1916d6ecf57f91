//! Waking those whom no push reached: a reader of the log with a bookmark of its own.
//!
//! What lies between the bookmark and a crash is handed over once more, with the same id; what became of it is written
//! down with the bookmark, so it is told once. A provider that is down holds
//! the reader when too much waits, nobody else; what is older than [`Waker::keep`] wakes nobody any more.

mod handing;
mod sleepers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use ringback_model::action::{Action, ChatAction, MessageRef, PushEnded, PushResult};
use ringback_model::commit::{Commit, Write};
use ringback_model::event::{Done, Event, EventKind, Fact};
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::record::RecordKey;
use ringback_model::time::UnixMs;
use ringback_model::wake::PushProvider;
use tokio::sync::Semaphore;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{Im, bookmark};

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
        let mut reader = Reader::new(start);
        let mut ticks = tokio::time::interval(BOOKMARK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // Where nobody is woken and no rule is about it, the log is not read, only passed.
            let lasts = self.lasts(&work.waker);
            let idle = !lasts && !self.gate.asks(EventKind::OfflinePushing);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some((pos, ended)) = reader.under_way.next() => reader.is_over(pos, ended),
                _ = ticks.tick(), if idle || reader.has_moved() => {
                    // Asked again: a rule made meanwhile is about what was said since.
                    if idle && !self.lasts(&work.waker) && !self.gate.asks(EventKind::OfflinePushing) {
                        reader.read = self.store.tail();
                    }
                    if lasts {
                        self.save_bookmark(&mut reader).await;
                    } else {
                        self.board.forget(reader.done());
                        self.drop_bookmark(&mut reader).await;
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
        if self.lasts(&work.waker) && reader.has_moved() {
            self.save_bookmark(&mut reader).await;
        }
    }

    /// Whether it matters over a restart how far waking has come.
    fn lasts(&self, waker: &Waker) -> bool {
        waker.provider.is_some() || self.gate.tells(EventKind::PushEnded)
    }

    fn take_up(self: &Arc<Self>, work: &Arc<Work>, reader: &mut Reader, events: Vec<Arc<Event>>) {
        for event in events.into_iter().filter(|event| self.may_wake(event)) {
            let (im, work, pos) = (Arc::clone(self), Arc::clone(work), event.pos);
            reader.begin(
                pos,
                Box::pin(async move {
                    let results = im.wake_for(&work, &event).await;
                    (pos, im.to_be_told(&event, &results))
                }),
            );
        }
    }

    /// Whether anybody may have to be woken, or somebody is told that nobody is. Where rules choose who gets a push, they
    /// may choose somebody who sleeps.
    fn may_wake(&self, event: &Event) -> bool {
        event.sent().is_some_and(|sent| {
            let sleeps = !sent.offline.is_empty();
            if sent.message.handling.offline_push {
                sleeps || self.gate.asks(EventKind::OnlinePushing)
            } else {
                sleeps && self.gate.tells(EventKind::PushEnded)
            }
        })
    }

    /// What rules are told of it, where any is.
    fn to_be_told(&self, event: &Event, results: &[PushResult]) -> Vec<Done> {
        let Some(sent) = event.sent().filter(|_| self.gate.tells(EventKind::PushEnded)) else {
            return Vec::new();
        };
        let done = |results: &[PushResult]| {
            let ended = PushEnded {
                conversation: sent.message.conversation(),
                message: MessageRef::of(&sent.message),
                results: results.to_vec(),
            };
            Done {
                number: self.number(),
                action: Action::Chat(ChatAction::Push(ended)),
                actor: Some(sent.message.sender.clone()),
                operation_id: Arc::clone(&sent.operation_id),
                origin: sent.origin,
                by_admin: sent.sender_is_admin,
                room: false,
            }
        };
        results.chunks(limits::WAKE_USERS).map(done).collect()
    }

    /// After which place to begin: the bookmark, but not what is too old to wake anybody, unless rules are told of that too.
    /// At the first start, and where nobody is woken: the end.
    async fn wakes_from(&self, waker: &Waker) -> LogPos {
        if !self.lasts(waker) {
            return self.store.tail();
        }
        let start = self.bookmark_or_end(READER).await;
        if self.gate.tells(EventKind::PushEnded) {
            return start;
        }
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

    /// A bookmark that is not kept up would lead far back where it is needed again.
    async fn drop_bookmark(&self, reader: &mut Reader) {
        if !reader.is_kept {
            return;
        }
        let commit = Commit::at(self.clock.now()).write(Write::Discard(RecordKey::bookmark(READER)));
        match self.store.commit(commit).await {
            Ok(_) => (reader.is_kept, reader.saved) = (false, LogPos(0)),
            Err(error) => tracing::warn!(%error, "a bookmark of the log cannot be removed"),
        }
    }

    /// What is not saved is handed over once more after a crash; what became of it is told with the bookmark, or not yet.
    async fn save_bookmark(&self, reader: &mut Reader) {
        let done = reader.done();
        self.board.forget(done);
        let mut commit = Commit::at(self.clock.now()).write(bookmark::at(READER, done));
        for told in &reader.ended {
            commit = commit.event(told.action.lane(), Fact::Done(Box::new(told.clone())));
        }
        match self.store.commit(commit).await {
            Ok(_) => {
                (reader.is_kept, reader.saved) = (true, done);
                reader.ended.clear();
            }
            Err(error) => {
                tracing::warn!(%error, "how far waking has come cannot be written down");
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
    /// There may be a bookmark.
    is_kept: bool,
    /// Places that are worked on; what rules are told of those that are over.
    window: BTreeMap<LogPos, Option<Vec<Done>>>,
    /// What rules are told of places up to which everything is over.
    ended: Vec<Done>,
    under_way: FuturesUnordered<BoxFuture<'static, (LogPos, Vec<Done>)>>,
}

impl Reader {
    fn new(start: LogPos) -> Self {
        let (window, under_way) = (BTreeMap::new(), FuturesUnordered::new());
        Self { read: start, saved: start, is_kept: true, window, ended: Vec::new(), under_way }
    }

    fn begin(&mut self, pos: LogPos, work: BoxFuture<'static, (LogPos, Vec<Done>)>) {
        self.window.insert(pos, None);
        self.under_way.push(work);
        self.show();
    }

    fn is_over(&mut self, pos: LogPos, told: Vec<Done>) {
        self.window.insert(pos, Some(told));
        while let Some(mut first) = self.window.first_entry()
            && let Some(told) = first.get_mut()
        {
            self.ended.append(told);
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
        self.window.len() < limits::WAKES_WAITING && self.ended.len() < limits::WAKES_WAITING
    }

    #[allow(clippy::cast_precision_loss, reason = "exact for any window")]
    fn show(&self) {
        metrics::gauge!("ringback_offline_pushes_waiting").set(self.under_way.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::MessageId;
    use ringback_model::sample;

    use super::*;

    /// Something to be told, that has this number.
    fn told(number: u64) -> Done {
        let action = sample::actions(UnixMs(0)).remove(0);
        let Fact::Done(done) = sample::done(LogPos(1), action, UnixMs(0)).fact else { unreachable!() };
        Done { number: MessageId(number), ..*done }
    }

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
        reader.is_over(LogPos(13), vec![told(13)]);
        assert_eq!(reader.done(), LogPos(10));
        assert!(reader.ended.is_empty(), "what would be done again is not told yet");
        reader.is_over(LogPos(11), vec![told(11)]);
        assert_eq!(reader.ended, [told(11), told(13)]);
        assert_eq!(reader.done(), LogPos(13));
        assert!(reader.has_moved());
        reader.is_over(LogPos(14), Vec::new());
        assert_eq!(reader.done(), LogPos(15));
    }
}
