//! From an id that somebody has to the messages and actions that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ringback_model::delivery::DeliveryKey;
use ringback_model::event::{Event, Fact};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, MessageId, RuleId};
use ringback_model::limits;
use ringback_model::time::UnixMs;
use ringback_model::trace::{Names, Trace, TraceQuery, Traced};

use crate::engine::Engine;

/// Events read at once.
const READ_EVENTS: usize = 256;
/// Milliseconds that may lie between a message's number and its event: the time at the gate, and some.
pub(super) const LATE_MS: i64 = 120_000;
/// Milliseconds that an event may be older than its message's number: clocks step.
pub(super) const EARLY_MS: i64 = 5_000;

/// What is known of one message or action.
#[derive(Default)]
pub(super) struct Known {
    pub(super) event: Option<Arc<Event>>,
    /// About its number, and about its event.
    pub(super) traces: Vec<Trace>,
    /// Deliveries that the id itself names.
    pub(super) named: Vec<(RuleId, DeliveryKey)>,
}

/// Everything that an id names, by number; at most [`limits::WHY_SUBJECTS`], the newest.
pub(super) struct Found {
    pub(super) known: BTreeMap<MessageId, Known>,
    pub(super) more: bool,
    /// The log was looked through, and not all of it.
    pub(super) cut: bool,
}

impl Engine {
    /// Finds what an id names: a message's number in either of its text forms, or the id of a call, an operation or a
    /// client.
    pub(super) async fn look_up(&self, id: &str) -> Result<Found, Fault> {
        let mut numbers: BTreeSet<MessageId> = number_of(id).into_iter().collect();
        let mut events: BTreeSet<LogPos> = BTreeSet::new();
        let mut deliveries: Vec<(RuleId, DeliveryKey)> = Vec::new();
        for trace in self.traces(&TraceQuery::Name(Names::hash(id))).await? {
            numbers.extend(trace.number);
            events.extend(trace.pos());
            if let Traced::Tried(tried) = trace.what {
                deliveries.push((tried.rule, tried.key));
            }
        }
        let mut known: BTreeMap<MessageId, Known> = BTreeMap::new();
        for pos in events {
            if let Some(event) = self.event_at(pos).await? {
                let number = event.fact.number();
                known.entry(number).or_default().event = Some(event);
            }
        }
        let mut more = self.learn_all(numbers, &mut known).await?;
        let mut cut = false;
        if known.is_empty() {
            // Digits may be an operation's id as well as a number.
            let (found, all) = self.search_log(id).await?;
            cut = !all;
            for event in found {
                let number = event.fact.number();
                known.entry(number).or_default().event = Some(event);
            }
            more = self.learn_all(BTreeSet::new(), &mut known).await?;
        }
        self.pair(&mut known).await?;
        for known in known.values_mut() {
            let pos = known.event.as_ref().map(|event| event.pos);
            known.named = deliveries.iter().filter(|(_, key)| Some(key.pos) == pos).cloned().collect();
        }
        Ok(Found { known, more, cut })
    }

    /// Gathers what is known of these numbers and of those that are known already, as far as that is shown; whether there
    /// are more. A number that nothing is known of names nothing.
    async fn learn_all(
        &self,
        mut numbers: BTreeSet<MessageId>,
        known: &mut BTreeMap<MessageId, Known>,
    ) -> Result<bool, Fault> {
        numbers.extend(known.keys());
        let more = numbers.len() > limits::WHY_SUBJECTS;
        let newest: Vec<MessageId> = numbers.into_iter().rev().take(limits::WHY_SUBJECTS).collect();
        known.retain(|number, _| newest.contains(number));
        for number in newest {
            self.learn(number, known.entry(number).or_default()).await?;
        }
        known.retain(|_, known| known.event.is_some() || !known.traces.is_empty());
        Ok(more)
    }

    /// Gathers what is known of a number.
    pub(super) async fn learn(&self, number: MessageId, known: &mut Known) -> Result<(), Fault> {
        known.traces = self.traces(&TraceQuery::Number(number)).await?;
        let noted = known.traces.iter().find_map(|trace| match &trace.what {
            Traced::Logged(logged) => Some(logged.pos),
            _ => None,
        });
        if known.event.is_none() {
            let at = match noted {
                Some(pos) => self.event_at(pos).await?,
                None => self.event_by_number(number).await?,
            };
            known.event = at.filter(|event| event.fact.number() == number);
        }
        if let Some(event) = &known.event {
            for trace in self.traces(&TraceQuery::Event(event.pos)).await? {
                // Those without a number are of rows that outlived a restart.
                if trace.number.is_none() {
                    known.traces.push(trace);
                }
            }
        }
        known.traces.sort_by_key(|trace| trace.at);
        Ok(())
    }

    pub(super) async fn traces(&self, query: &TraceQuery) -> Result<Vec<Trace>, Fault> {
        match self.recorder.traces() {
            Some(traces) => traces.find(query, limits::TRACES_FOUND).await,
            None => Ok(Vec::new()),
        }
    }

    /// The event at a position; `None` where it has left the log.
    pub(super) async fn event_at(&self, pos: LogPos) -> Result<Option<Arc<Event>>, Fault> {
        let log = self.shared.log.as_ref();
        if pos < log.start() {
            return Ok(None);
        }
        let read = log.read(LogPos(pos.0.saturating_sub(1)), 1).await?;
        Ok(read.into_iter().next().filter(|event| event.pos == pos))
    }

    /// The event of a number, by the time that the number holds: its event was committed soon after.
    async fn event_by_number(&self, number: MessageId) -> Result<Option<Arc<Event>>, Fault> {
        let made = number.made_at();
        let log = self.shared.log.as_ref();
        let mut after = log.position_at(UnixMs(made.0.saturating_sub(EARLY_MS))).await?;
        for _ in 0..limits::WHY_SEARCH_EVENTS / READ_EVENTS {
            let events = log.read(after, READ_EVENTS).await?;
            if let Some(found) = events.iter().find(|event| event.fact.number() == number) {
                return Ok(Some(Arc::clone(found)));
            }
            let Some(last) = events.last() else { return Ok(None) };
            if last.at.0 > made.0.saturating_add(LATE_MS) {
                return Ok(None);
            }
            after = last.pos;
        }
        Ok(None)
    }

    /// The newest events with an id, where nothing is remembered of it; whether the whole log was looked through.
    async fn search_log(&self, id: &str) -> Result<(Vec<Arc<Event>>, bool), Fault> {
        let log = self.shared.log.as_ref();
        let most = limits::WHY_SEARCH_EVENTS as u64;
        let first = log.tail().0.saturating_sub(most).max(log.start().0.saturating_sub(1));
        let (mut after, mut found) = (LogPos(first), Vec::new());
        loop {
            let events = log.read(after, READ_EVENTS).await?;
            let Some(last) = events.last() else { break };
            after = last.pos;
            found.extend(events.into_iter().filter(|event| is_called(event, id)));
        }
        Ok((found, first < log.start().0))
    }
}

fn is_called(event: &Event, id: &str) -> bool {
    let of_message = match &event.fact {
        Fact::MessageSent(sent) => {
            sent.message.client_id == id || sent.message.public_id.as_deref() == Some(id)
        }
        Fact::Done(_) => false,
    };
    of_message || **event.fact.operation_id() == *id
}

/// The number that a text is in one of its two forms.
fn number_of(id: &str) -> Option<MessageId> {
    let decimal = || id.parse::<u64>().ok().filter(|number| *number > 0).map(MessageId);
    MessageId::from_hex(id).or_else(decimal)
}
