//! An action that rules are asked about has one number at the gate and another one in the log: it may still be refused, or
//! become several. Both belong to one operation, and by that they come together again.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ringback_model::action::{Action, GroupAction};
use ringback_model::event::{Event, EventKind, Fact};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, MessageId};
use ringback_model::time::UnixMs;
use ringback_model::trace::{Names, QuestionEnd, Questioned, Trace, TraceQuery, Traced};

use super::search::{EARLY_MS, Known, LATE_MS};
use super::{asked_as, questioned};
use crate::engine::Engine;

impl Engine {
    /// Gives each action that was logged what rules were asked about it; what was only asked about becomes what was logged
    /// of it.
    pub(super) async fn pair(&self, known: &mut BTreeMap<MessageId, Known>) -> Result<(), Fault> {
        let operations: BTreeSet<Arc<str>> = known.values().filter_map(operation).collect();
        for operation in operations {
            let traces = self.traces(&TraceQuery::Name(Names::hash(&operation))).await?;
            let mut events: BTreeMap<LogPos, Arc<Event>> = BTreeMap::new();
            let logged = traces.iter().filter(|trace| matches!(trace.what, Traced::Logged(_)));
            for pos in logged.filter_map(Trace::pos).collect::<BTreeSet<_>>() {
                events.extend(self.event_at(pos).await?.map(|event| (pos, event)));
            }
            let here = known.values().filter_map(|known| known.event.clone());
            events.extend(
                here.filter(|event| *event.fact.operation_id() == operation).map(|event| (event.pos, event)),
            );
            for (question, event) in pairs(&operation, &traces, &events) {
                self.join(known, question, event).await?;
            }
        }
        Ok(())
    }

    /// Makes one of two, where one of them was found.
    async fn join(
        &self,
        known: &mut BTreeMap<MessageId, Known>,
        question: MessageId,
        event: Arc<Event>,
    ) -> Result<(), Fault> {
        let number = event.fact.number();
        let asked = known.remove(&question);
        if asked.is_none() && !known.contains_key(&number) {
            return Ok(());
        }
        let asked = match asked {
            Some(asked) => asked.traces,
            None => self.traces(&TraceQuery::Number(question)).await?,
        };
        let one = match known.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let mut logged = Known { event: Some(event), ..Known::default() };
                self.learn(number, &mut logged).await?;
                place.insert(logged)
            }
        };
        one.traces.extend(asked);
        one.traces.sort_by_key(|trace| trace.at);
        Ok(())
    }
}

/// The operation of an action, if it is one; of a message everything has one number.
fn operation(known: &Known) -> Option<Arc<str>> {
    let operation = match known.event.as_deref() {
        Some(Event { fact: Fact::Done(done), .. }) => Arc::clone(&done.operation_id),
        Some(_) => return None,
        None => {
            let asked = known.traces.iter().find_map(questioned)?;
            is_action(asked).then(|| Arc::clone(&asked.operation_id))?
        }
    };
    (!operation.is_empty()).then_some(operation)
}

const fn is_action(question: &Questioned) -> bool {
    question.content.is_none()
}

/// Which question led to which event: of those that may follow it, soon after it, the one that is most like it, and the
/// first of several.
fn pairs(
    operation: &str,
    traces: &[Trace],
    events: &BTreeMap<LogPos, Arc<Event>>,
) -> Vec<(MessageId, Arc<Event>)> {
    let passed = traces.iter().filter_map(|trace| {
        let what = questioned(trace)?;
        let is_one = is_action(what) && what.end == QuestionEnd::Passed && *what.operation_id == *operation;
        is_one.then_some((trace.number?, trace.at, what))
    });
    let pair = |(number, at, what): (MessageId, UnixMs, &Questioned)| {
        let may_be = |event: &&Arc<Event>| {
            let later = event.at.0.saturating_sub(at.0);
            asked_before(event).contains(&what.kind) && (-EARLY_MS..=LATE_MS).contains(&later)
        };
        let likely = |event: &&Arc<Event>| (unlikeness(what, event), event.at.0.abs_diff(at.0));
        let best = events.values().filter(may_be).min_by_key(likely)?;
        Some((number, Arc::clone(best)))
    };
    passed.filter_map(pair).collect()
}

/// The moments at which rules may have been asked about what became this event.
fn asked_before(event: &Event) -> Vec<EventKind> {
    let Fact::Done(done) = &event.fact else { return Vec::new() };
    match &done.action {
        Action::Group(GroupAction::Create(_)) => vec![EventKind::GroupCreating, EventKind::GroupEntering],
        Action::Group(GroupAction::Join(_)) => {
            vec![EventKind::GroupEntering, EventKind::GroupApplying, EventKind::GroupInviting]
        }
        _ => asked_as(event).into_iter().collect(),
    }
}

/// In how many of its names an event differs from a question. Answers may have changed some, and groups get their ids late.
fn unlikeness(question: &Questioned, event: &Event) -> usize {
    let facets = event.fact.facets();
    let differs = [
        question.from != facets.from,
        question.user.as_deref() != facets.user,
        question.group.as_deref() != facets.group,
    ];
    differs.into_iter().filter(|differs| *differs).count()
}
