//! What would happen to something made up: nobody is called, nothing is counted.

use std::sync::Arc;

use ringback_model::action::Action;
use ringback_model::event::{Event, EventKind, Phase, Question, Subject};
use ringback_model::ids::{LogPos, UserId};
use ringback_model::message::{Message, Origin};
use ringback_model::sample;

use super::asked::{is_typing, moments_of, would_ask};
use super::report::{About, End, Line, Report, State};
use super::told::{line, not_told, would_be_about};
use super::words::instant;
use super::{advice, is_worth_saying, of_event};
use crate::engine::Engine;
use crate::live::LiveRule;

/// Something made up.
#[derive(Debug, Clone)]
pub enum Hypothesis {
    /// A message, and which of its recipients are offline.
    Message {
        /// It.
        message: Box<Message>,
        /// How it comes in.
        origin: Origin,
        /// Its sender is an administrator.
        admin: bool,
        /// Whom no push reaches.
        offline: Vec<UserId>,
    },
    /// An action.
    Action(Box<Action>),
}

impl Engine {
    /// What the rules as they are now would make of it.
    #[must_use]
    pub fn why_dry(&self, hypothesis: Hypothesis) -> Report {
        let now = self.shared.clock.now();
        // Behind everything there is: the newest version of each rule meets it.
        let pos = LogPos(u64::MAX);
        let (event, questions) = match hypothesis {
            Hypothesis::Message { message, origin, admin, offline } => {
                let asked = |kind| Question {
                    origin,
                    actor_is_admin: admin,
                    at: now,
                    ..sample::question(kind, message.as_ref().clone())
                };
                let subject = Subject::Message(message.clone());
                let questions: Vec<Question> = moments_of(&subject).into_iter().map(asked).collect();
                let mut event = sample::sent(pos, message.as_ref().clone(), origin, offline);
                if let ringback_model::event::Fact::MessageSent(sent) = &mut event.fact {
                    sent.sender_is_admin = admin;
                }
                (event, questions)
            }
            Hypothesis::Action(action) => {
                let question = sample::action_question(action.as_ref().clone(), now);
                (sample::done(pos, *action, now), question.into_iter().collect())
            }
        };
        let rules = self.in_use().rules.clone();
        let mut lines: Vec<Line> = Vec::new();
        for live in &rules {
            match live.rule.phase {
                Phase::Before => {
                    lines.extend(questions.iter().filter_map(|question| self.would_be_asked(live, question)));
                }
                Phase::After => lines.extend(self.would_be_told(live, &event)),
            }
        }
        lines.retain(is_worth_saying);
        let mut report = Report::default();
        if let Some(about) = made_up(&event, &questions) {
            let mut advice = advice::of(&about, &lines, &rules);
            advice.extend(self.missing(&event, &lines, &rules));
            report.subjects.push(About { at: now, advice, lines, ..about });
        }
        report
    }

    fn would_be_asked(&self, live: &Arc<LiveRule>, question: &Question) -> Option<Line> {
        let version = live.newest()?;
        let kind = question.kind;
        if !live.rule.enabled {
            let would = version.contract.kinds(&version.rule).is_ok_and(|kinds| kinds.contains(&kind));
            let words = format!("is off, since {}", instant(live.rule.changed_at));
            let would = would && version.contract.question(&version.rule, question).is_ok();
            return would.then(|| line(live, kind, State::Off, words));
        }
        if !version.kinds.contains(&kind) {
            return None;
        }
        let (state, words) = would_ask(version, question);
        Some(line(live, kind, state, words))
    }

    fn would_be_told(&self, live: &Arc<LiveRule>, event: &Event) -> Option<Line> {
        let kind = event.kind()?;
        if is_typing(event.fact.facets().content) {
            let about_it = live.newest().is_some_and(|version| version.kinds.contains(&kind));
            let words = "would not be told: \"is typing\" is handed to devices alone".to_owned();
            return about_it.then(|| line(live, kind, State::Untold, words));
        }
        let (version, concern) = live.concern(event);
        if live.rule.enabled || version.is_none() {
            let told = not_told((live, version), kind, &concern);
            let words = match told.state {
                State::Matched => format!("{}, at {}", told.words, live.rule.url),
                _ => told.words.clone(),
            };
            return Some(Line { words, ..told });
        }
        // A rule that is off knows no moments; what it would be about is asked of its contract.
        would_be_about(live, version, event).then(|| not_told((live, version), kind, &concern))
    }
}

/// What is said of it whatever rules there are.
fn made_up(event: &Event, questions: &[Question]) -> Option<About> {
    let known = of_event(event)?;
    let kind =
        event.kind().or(questions.first().map(|question| question.kind)).unwrap_or(EventKind::MessageSent);
    Some(About { kind, pos: None, end: End::Hypothetical, ..known })
}
