//! Why a callback came, or did not: what is durable and what is remembered, put together and put into words.
//!
//! | file | holds |
//! |---|---|
//! | [`report`] | the answer |
//! | [`search`] | what an id names |
//! | [`pairs`] | what was asked about an action, and what was logged of it |
//! | [`asked`] | what before-rules said, and why others were not asked |
//! | [`told`] | what after-rules were told, and why others were not |
//! | [`advice`], [`missing`] | what to do |
//! | [`dry`] | the same about something made up |
//! | [`words`] | sentences |

mod advice;
mod asked;
mod dry;
mod missing;
mod pairs;
pub mod report;
mod search;
mod told;
pub(crate) mod words;

use std::sync::Arc;

use ringback_model::action::{Action, GroupAction};
use ringback_model::event::{Event, EventKind, Fact, Phase};
use ringback_model::failure::Fault;
use ringback_model::ids::MessageId;
use ringback_model::rule::{Rule, RuleOrigin};
use ringback_model::trace::{QuestionEnd, Questioned, Trace, Traced};

use crate::engine::Engine;
use crate::live::LiveRule;
use report::{About, End, Line, Report, State};
use search::Known;

pub use dry::Hypothesis;

impl Engine {
    /// What became of everything with this id, rule by rule: a message's number in either text form, or the id of a
    /// call, an operation or a client. An id that names nothing has an empty answer.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn why(&self, id: &str) -> Result<Report, Fault> {
        // What happened a moment ago is looked at as well.
        self.recorder.write().await;
        self.checkpoints.flush().await;
        let rules = self.rules_for_why().await;
        let found = self.look_up(id).await?;
        let mut report = Report { more: found.more, ..Report::default() };
        for (number, known) in found.known {
            report.subjects.extend(self.explain(number, &known, &rules).await?);
        }
        // Beside what rules had to do with, that there is none for a by-product of it is no news.
        if report.subjects.iter().any(|about| !about.lines.is_empty()) {
            report
                .subjects
                .iter_mut()
                .filter(|about| about.lines.is_empty())
                .for_each(|about| about.advice.clear());
        }
        if let Some(traces) = self.recorder.traces().filter(|traces| traces.remembers()) {
            report.remembered_since = traces.forget(self.shared.clock.now()).await?.oldest;
        } else {
            report.notes.push(
                "nothing is remembered of calls: `why.record` is off. What is said here is read from the log alone"
                    .to_owned(),
            );
        }
        if found.cut && report.subjects.is_empty() {
            report.notes.push("only the newest part of the log was looked through for it".to_owned());
        }
        Ok(report)
    }

    /// Every rule that may have had to do with something: those that are there, and those that were.
    pub(crate) async fn rules_for_why(&self) -> Vec<Arc<LiveRule>> {
        let mut rules = self.in_use().rules.clone();
        let book = self.versions.lock().await;
        let gone = book.iter().filter(|(id, _)| !rules.iter().any(|live| live.id() == *id));
        let gone: Vec<Arc<LiveRule>> = gone.filter_map(|(_, versions)| self.build_from(versions)).collect();
        drop(book);
        rules.extend(gone);
        rules
    }

    async fn explain(
        &self,
        number: MessageId,
        known: &Known,
        rules: &[Arc<LiveRule>],
    ) -> Result<Option<About>, Fault> {
        let questions: Vec<&Questioned> = known.traces.iter().filter_map(questioned).collect();
        let Some(mut about) = about(number, known, &questions) else { return Ok(None) };
        for live in rules {
            match live.rule.phase {
                Phase::Before => about.lines.extend(self.asked(live, known, &questions)),
                Phase::After => about.lines.extend(self.told(live, known, &about).await?),
            }
        }
        let in_use = self.in_use().rules.clone();
        let is_gone = |line: &Line| !in_use.iter().any(|live| *live.id() == line.rule);
        // One that is off in its file is not there either; it is there for whoever reads the file.
        let is_in_file =
            |line: &Line| rules.iter().any(|live| *live.id() == line.rule && of_file(&live.rule));
        about.lines.retain(|line| {
            let is_off = line.state == State::Off && is_in_file(line);
            is_worth_saying(line) && (was_called(line) || is_off || !is_gone(line))
        });
        for line in about.lines.iter_mut().filter(|line| is_gone(line) && line.state != State::Off) {
            let what = if is_in_file(line) { "is off in its file" } else { "has been removed" };
            line.words.push_str("; the rule ");
            line.words.push_str(what);
        }
        let advised: Vec<Arc<LiveRule>> = rules
            .iter()
            .filter(|live| of_file(&live.rule) || in_use.iter().any(|it| it.id() == live.id()))
            .cloned()
            .collect();
        let came_in = about.at;
        about.lines.sort_by_key(|line| (line.phase, line.at.unwrap_or(came_in)));
        about.advice = advice::of(&about, &about.lines, &advised);
        if let Some(event) = &known.event {
            about.advice.extend(self.missing(event, &about.lines, &in_use));
        }
        Ok(Some(about))
    }
}

/// That a rule is about something else altogether is no news.
fn is_worth_saying(line: &Line) -> bool {
    !matches!(line.state, State::OtherEvents)
}

/// Whether the rule was called for it, or was to be. That one which is gone was not is no news.
fn was_called(line: &Line) -> bool {
    !matches!(
        line.state,
        State::NotThere | State::Off | State::Filtered | State::Skipped | State::NotAsked | State::Untold
    )
}

/// Whether a rule is kept in a file of the operator's.
pub(super) fn of_file(rule: &Rule) -> bool {
    matches!(rule.origin, RuleOrigin::File(_))
}

fn questioned(trace: &Trace) -> Option<&Questioned> {
    match &trace.what {
        Traced::Questioned(questioned) => Some(questioned),
        _ => None,
    }
}

/// What is said of it whatever rules there are; `None` where nothing is known but calls of rules.
fn about(number: MessageId, known: &Known, questions: &[&Questioned]) -> Option<About> {
    if let Some(event) = &known.event {
        return of_event(event);
    }
    let asked_at = |question: &Questioned| {
        let same = |trace: &&Trace| questioned(trace).is_some_and(|other| std::ptr::eq(other, question));
        known.traces.iter().find(same).map(|trace| trace.at)
    };
    let last = questions.last()?;
    let refused = questions.iter().any(|question| question.end == QuestionEnd::Refused);
    let handed = questions.iter().any(|question| question.kind.phase() == Phase::After);
    Some(About {
        number,
        kind: last.kind,
        operation_id: last.operation_id.to_string(),
        client_id: last.client_id.clone(),
        lane: last.lane.clone(),
        from: last.from.clone(),
        user: last.user.clone(),
        group: last.group.clone(),
        origin: last.origin,
        seq: 0,
        pos: None,
        at: asked_at(last).unwrap_or_default(),
        end: match (refused, handed) {
            (true, _) => End::Refused,
            (false, true) => End::HandedOnly,
            (false, false) => End::Unknown,
        },
        lines: Vec::new(),
        advice: Vec::new(),
    })
}

/// `None` for events that nobody is told of.
pub(super) fn of_event(event: &Event) -> Option<About> {
    let facets = event.fact.facets();
    let sent = event.sent();
    Some(About {
        number: event.fact.number(),
        kind: event.kind().or_else(|| asked_as(event))?,
        operation_id: event.fact.operation_id().to_string(),
        client_id: sent.map(|sent| sent.message.client_id.clone()).unwrap_or_default(),
        lane: event.lane.clone(),
        from: facets.from.to_owned(),
        user: facets.user.map(str::to_owned),
        group: facets.group.map(str::to_owned),
        origin: event.fact.origin(),
        seq: sent.map_or(0, |sent| sent.message.seq),
        pos: Some(event.pos),
        at: event.at,
        end: End::Logged,
        lines: Vec::new(),
        advice: Vec::new(),
    })
}

/// The moment at which rules were asked about what was done.
pub(super) fn asked_as(event: &Event) -> Option<EventKind> {
    match &event.fact {
        // A group is asked about before it has an id, as something of its own.
        Fact::Done(done) => match &done.action {
            Action::Group(GroupAction::Create(_)) => Some(EventKind::GroupCreating),
            action => action.asked_as(),
        },
        Fact::MessageSent(_) => None,
    }
}
