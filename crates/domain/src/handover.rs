//! Messages between their commit and their after-callbacks.
//!
//! Three things happen to a message after its commit, in this order: its sender is answered, it is pushed to
//! those who are online, its after-callbacks become due. Each step is bounded in time, so that a client that
//! reads slowly delays nobody's callbacks: `limits::ANSWER_FIRST_WAIT`, `limits::HANDOVER_WAIT`.
//! All of this is lost in a crash, and may be: after a restart callbacks are due at once and clients pull.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ringback_model::hashing::FastMap;
use ringback_model::ids::{MessageId, UserId};
use ringback_model::limits;
use ringback_model::ports::{Fut, Handover};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

/// All messages on their way, by number.
#[derive(Debug, Default)]
pub struct Handovers {
    on_their_way: Mutex<FastMap<MessageId, Arc<OnItsWay>>>,
}

/// One message on its way.
#[derive(Debug)]
pub(crate) struct OnItsWay {
    /// Who gets it pushed.
    pub(crate) recipients: Arc<[UserId]>,
    /// Until when it is held at least; of several in a conversation each counts from its own beginning.
    held_until: Instant,
    answered: AtomicBool,
    pushed: AtomicBool,
    changed: Notify,
}

impl OnItsWay {
    fn raise(&self, flag: &AtomicBool) {
        flag.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    async fn wait(&self, flag: &AtomicBool) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Registered before the flag is read: a change in between wakes us.
            changed.as_mut().enable();
            if flag.load(Ordering::Acquire) {
                return;
            }
            changed.await;
        }
    }

    /// Whether nothing holds it back.
    pub(crate) fn is_free(&self) -> bool {
        self.answered.load(Ordering::Acquire) && Instant::now() >= self.held_until
    }

    /// Resolves once the sender has his answer, or has had time enough to get it, and it need not be held any longer.
    pub(crate) async fn free(self: Arc<Self>) {
        let _ = timeout(limits::ANSWER_FIRST_WAIT, self.wait(&self.answered)).await;
        if Instant::now() < self.held_until {
            sleep_until(self.held_until).await;
        }
    }
}

impl Handovers {
    /// Nothing on its way.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// To be called before the commit, so that no reader of the log is faster than this.
    pub(crate) fn begin(&self, message: MessageId, recipients: Arc<[UserId]>) {
        self.begin_held(message, recipients, Duration::ZERO);
    }

    /// The same for a message that is pushed so much later. What is said in its conversation meanwhile waits behind it.
    pub(crate) fn begin_held(&self, message: MessageId, recipients: Arc<[UserId]>, hold: Duration) {
        let entry = OnItsWay {
            recipients,
            held_until: Instant::now() + hold,
            answered: AtomicBool::new(false),
            pushed: AtomicBool::new(false),
            changed: Notify::new(),
        };
        self.lock().insert(message, Arc::new(entry));
    }

    pub(crate) fn get(&self, message: MessageId) -> Option<Arc<OnItsWay>> {
        self.lock().get(&message).cloned()
    }

    /// The message has arrived, or never will.
    pub(crate) fn end(&self, message: MessageId) {
        let entry = self.lock().remove(&message);
        if let Some(entry) = entry {
            entry.raise(&entry.pushed);
        }
    }

    /// A guard that ends the message's way when its last clone is dropped; `round`, where it belongs to one, is dropped
    /// with it.
    pub(crate) fn until_written(
        self: &Arc<Self>,
        message: MessageId,
        round: Option<Round>,
    ) -> Arc<dyn Send + Sync> {
        Arc::new(Written { handovers: Arc::clone(self), message, _round: round })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FastMap<MessageId, Arc<OnItsWay>>> {
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handover for Handovers {
    fn handed_over(&self, message: MessageId) -> Fut<'_, ()> {
        let entry = self.get(message);
        Box::pin(async move {
            if let Some(entry) = entry {
                let _ = timeout(limits::HANDOVER_WAIT, entry.wait(&entry.pushed)).await;
            }
        })
    }
}

/// Messages that are pushed together; whoever waits for them waits for the last clone to be dropped.
pub(crate) type Round = Arc<oneshot::Sender<()>>;

struct Written {
    handovers: Arc<Handovers>,
    message: MessageId,
    _round: Option<Round>,
}

impl Drop for Written {
    fn drop(&mut self) {
        self.handovers.end(self.message);
    }
}

/// Held while the answer to a send is being written; dropping it lets the push go ahead.
#[derive(Debug)]
pub struct AnswerTicket {
    message: Option<Arc<OnItsWay>>,
}

impl AnswerTicket {
    pub(crate) const fn none() -> Self {
        Self { message: None }
    }

    pub(crate) const fn of(message: Option<Arc<OnItsWay>>) -> Self {
        Self { message }
    }
}

impl Drop for AnswerTicket {
    fn drop(&mut self) {
        if let Some(message) = &self.message {
            message.raise(&message.answered);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    fn on_its_way() -> (Arc<Handovers>, MessageId) {
        let handovers = Arc::new(Handovers::new());
        handovers.begin(MessageId(7), Arc::from([]));
        (handovers, MessageId(7))
    }

    #[tokio::test(start_paused = true)]
    async fn callbacks_wait_for_the_push() {
        let (handovers, message) = on_its_way();
        let written = handovers.until_written(message, None);
        let waiting = tokio::spawn({
            let handovers = Arc::clone(&handovers);
            async move { handovers.handed_over(message).await }
        });
        sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        let second_connection = Arc::clone(&written);
        drop(written);
        sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished(), "one connection has not been written to");
        drop(second_connection);
        waiting.await.unwrap();
        assert!(handovers.get(message).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_delays_callbacks_by_a_bounded_time() {
        let (handovers, message) = on_its_way();
        let start = Instant::now();
        handovers.handed_over(message).await;
        assert_eq!(start.elapsed(), limits::HANDOVER_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_restart_nothing_is_waited_for() {
        let start = Instant::now();
        Handovers::new().handed_over(MessageId(9)).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn the_push_waits_for_the_answer() {
        let (handovers, message) = on_its_way();
        let entry = handovers.get(message).unwrap();
        let ticket = AnswerTicket::of(Some(Arc::clone(&entry)));
        let waiting = tokio::spawn(Arc::clone(&entry).free());
        sleep(Duration::from_millis(10)).await;
        assert!(!waiting.is_finished());
        drop(ticket);
        waiting.await.unwrap();
        assert!(entry.is_free());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_waits_besides() {
        let handovers = Arc::new(Handovers::new());
        let start = Instant::now();
        let held = |number| {
            handovers.begin_held(MessageId(number), Arc::from([]), Duration::from_millis(300));
            let entry = handovers.get(MessageId(number)).unwrap();
            drop(AnswerTicket::of(Some(Arc::clone(&entry))));
            assert!(!entry.is_free());
            entry
        };
        let first = held(7);
        sleep(Duration::from_millis(100)).await;
        let second = held(8);
        first.free().await;
        assert_eq!(start.elapsed(), Duration::from_millis(300));
        Arc::clone(&second).free().await;
        assert_eq!(start.elapsed(), Duration::from_millis(400), "each from its own beginning");
        assert!(second.is_free());
    }
}
