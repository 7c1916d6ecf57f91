//! Notes what was decided and tried, off the path of those who decide and try: they leave a note, and once in a while
//! all notes are written together. Under too much load notes are shed, and counted; nothing else is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, counter, gauge};
use ringback_model::action::{Action, ChatAction};
use ringback_model::event::{Event, Fact};
use ringback_model::failure::Fault;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::ports::{Clock, Log, Traces};
use ringback_model::trace::{Logged, Names, Trace, Traced};
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

use crate::telemetry;

/// How often notes are written; those who ask why do not wait for it.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// How often old notes are forgotten, in writes.
const FORGET_EVERY: u32 = 60;
/// How long new events gather before their ids are noted: the log has them in memory still, and they are many at once.
const GATHER: Duration = Duration::from_millis(20);
/// Events whose ids are noted in one go.
const READ_EVENTS: usize = 256;

/// See the module.
pub(crate) struct Recorder {
    traces: Option<Arc<dyn Traces>>,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    waiting: Mutex<Vec<Trace>>,
    /// Events up to here have had their ids noted; locked by whoever writes.
    noted_upto: tokio::sync::Mutex<LogPos>,
    /// The last write failed, and somebody was told.
    failing: AtomicBool,
    shed: Counter,
    bytes: Gauge,
}

impl Recorder {
    /// Begins at the end of the log. `None` = nothing is noted.
    fn new(traces: Option<Arc<dyn Traces>>, log: Arc<dyn Log>, clock: Arc<dyn Clock>) -> Self {
        let tail = log.tail();
        Self {
            traces,
            log,
            clock,
            waiting: Mutex::default(),
            noted_upto: tokio::sync::Mutex::new(tail),
            failing: AtomicBool::new(false),
            shed: counter!(telemetry::TRACES_SHED),
            bytes: gauge!(telemetry::TRACE_BYTES),
        }
    }

    /// One, and the task that writes what it is left; it ends when its handle is dropped.
    pub(crate) fn start(
        traces: Option<Arc<dyn Traces>>,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
    ) -> (Arc<Self>, AbortOnDropHandle<()>) {
        let recorder = Arc::new(Self::new(traces, log, clock));
        let noting = tokio::spawn(Arc::clone(&recorder).run());
        (recorder, AbortOnDropHandle::new(noting))
    }

    /// What is noted, for those who look for it; `None` = nothing is.
    pub(crate) fn traces(&self) -> Option<&Arc<dyn Traces>> {
        self.traces.as_ref()
    }

    /// Leaves a note. Costs little, and never waits.
    pub(crate) fn note(&self, trace: impl FnOnce() -> Trace) {
        if self.traces.is_none() {
            return;
        }
        let trace = trace();
        let mut waiting = self.waiting();
        if waiting.len() < limits::TRACE_QUEUE {
            waiting.push(trace);
            return;
        }
        drop(waiting);
        self.shed.increment(1);
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Trace>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes for ever.
    async fn run(self: Arc<Self>) {
        let Some(traces) = self.traces.clone() else { return std::future::pending().await };
        let mut ticks = tokio::time::interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut writes = 0_u32;
        loop {
            let upto = *self.noted_upto.lock().await;
            tokio::select! {
                _ = ticks.tick() => self.write().await,
                _ = self.log.wait_past(upto) => {
                    tokio::time::sleep(GATHER).await;
                    let mut noted_upto = self.noted_upto.lock().await;
                    self.note_events(&mut noted_upto).await;
                    // A log that cannot be read is looked at again with the next write.
                    if *noted_upto == upto {
                        drop(noted_upto);
                        ticks.tick().await;
                        self.write().await;
                    }
                    continue;
                }
            }
            if writes.is_multiple_of(FORGET_EVERY) {
                match traces.forget(self.clock.now()).await {
                    // A gauge is a float.
                    #[allow(clippy::cast_precision_loss, reason = "bytes stay far below 2^53")]
                    Ok(bounds) => self.bytes.set(bounds.bytes as f64),
                    Err(fault) => self.failed(&fault),
                }
            }
            writes = writes.wrapping_add(1);
        }
    }

    /// Writes everything that was left until now.
    pub(crate) async fn write(&self) {
        let Some(traces) = &self.traces else { return };
        let mut noted_upto = self.noted_upto.lock().await;
        self.note_events(&mut noted_upto).await;
        let batch = std::mem::take(&mut *self.waiting());
        if batch.is_empty() {
            return;
        }
        let size = batch.len();
        match traces.note(batch).await {
            Ok(()) => self.failing.store(false, Ordering::Relaxed),
            Err(fault) => {
                self.shed.increment(size as u64);
                self.failed(&fault);
            }
        }
    }

    /// Adds the ids of events that have gone into the log since, as far as there is room.
    async fn note_events(&self, upto: &mut LogPos) {
        let tail = self.log.tail();
        let behind = tail.0.saturating_sub(upto.0);
        if behind > limits::TRACE_LAG_EVENTS {
            self.shed.increment(behind);
            *upto = tail;
        }
        while *upto < tail && self.waiting().len() < limits::TRACE_QUEUE {
            match self.log.read(*upto, READ_EVENTS).await {
                Ok(events) => {
                    let Some(last) = events.last() else { break };
                    *upto = last.pos;
                    self.waiting().extend(events.iter().map(|event| logged(event)));
                }
                Err(fault) => {
                    self.failed(&fault);
                    break;
                }
            }
        }
    }

    /// Said once: a full disk fails every second.
    fn failed(&self, fault: &Fault) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                target: "ringback::callback",
                %fault,
                "what is decided and tried cannot be noted; `ringback why` will know less. Callbacks go on"
            );
        }
    }
}

/// The note of an event: by what it may be asked for.
fn logged(event: &Event) -> Trace {
    let fact = &event.fact;
    let operation = fact.operation_id();
    let mut names = vec![&**operation];
    match fact {
        Fact::MessageSent(sent) => {
            names.push(&sent.message.client_id);
            names.extend(sent.message.public_id.as_deref());
        }
        Fact::Done(done) => {
            let (client_id, public_id) = match &done.action {
                Action::Chat(ChatAction::Revoke(one)) => (Some(&one.client_id), &one.public_id),
                Action::Chat(ChatAction::Edit(one)) => (Some(&one.client_id), &one.message.public_id),
                Action::Chat(ChatAction::React(one)) => (None, &one.message.public_id),
                Action::Chat(ChatAction::Filter(hit)) => (Some(&hit.client_id), &None),
                _ => (None, &None),
            };
            names.extend(client_id.map(String::as_str));
            names.extend(public_id.as_deref());
        }
    }
    let mut names = Names::of(&names);
    if let Fact::Done(done) = fact {
        let number = match &done.action {
            Action::Chat(ChatAction::Revoke(one)) => Some(one.message),
            Action::Chat(ChatAction::Edit(one)) => Some(one.message.message),
            Action::Chat(ChatAction::React(one)) => Some(one.message.message),
            Action::Chat(ChatAction::Filter(hit)) => Some(hit.message),
            _ => None,
        };
        names.0.extend(number.map(|number| Names::hash(&number.to_string())));
    }
    Trace {
        at: event.at,
        number: Some(fact.number()),
        operation_id: Some(operation.clone()),
        names,
        what: Traced::Logged(Logged { pos: event.pos }),
    }
}

/// As much of a text as is remembered.
pub(crate) fn cut(text: &str) -> &str {
    let most = limits::TRACE_TEXT_BYTES.min(text.len());
    (0..=most).rev().find_map(|end| text.get(..end)).unwrap_or_default()
}

/// A duration as it is noted.
pub(crate) fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
