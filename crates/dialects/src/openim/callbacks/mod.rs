//! The callback contracts, v2 to v3.8.
//!
//! [`commands`] says what a row of the register is, [`register`] holds the rows; the other files each hold one step from
//! a matter to a request ([`exclusion`], [`call`], [`target_url`]) or from an answer to a verdict ([`answer`],
//! [`members`], [`modify`]); [`misgivings`] says where an answer reads like another verdict.

mod answer;
mod call;
pub mod commands;
pub(crate) mod exclusion;
mod fields;
pub mod generation;
mod json;
mod members;
mod misgivings;
mod modify;
pub(crate) mod numbers;
mod preset;
mod reference;
mod register;
mod schema;
mod specimens;
pub mod switches;
mod target_url;

use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use ringback_model::app::App;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{
    Acceptance, CallbackSchema, Contract, EventName, Preset, Rendered, Skip, WrongAnswer,
};
use ringback_model::event::{Event, EventKind, Fact, Phase, Question};
use ringback_model::ids::{MessageId, UserId};
use ringback_model::message::Content;
use ringback_model::rule::Rule;
use ringback_model::verdict::Verdict;

use answer::Asked;
use call::{Call, Matter};
use commands::Command;
use generation::Generation;
use switches::Compat;

pub use reference::table;

/// One contract of this dialect.
#[derive(Debug, Clone, Copy)]
pub struct OpenImContract {
    generation: Generation,
}

/// All four contracts, newest first.
#[must_use]
pub fn contracts() -> Vec<Arc<dyn Contract>> {
    Generation::ALL.map(|generation| Arc::new(OpenImContract::new(generation)) as Arc<dyn Contract>).to_vec()
}

/// What happened, or is about to: everything that requests are rendered from besides the rule.
struct Occasion<'a> {
    kind: EventKind,
    matter: Matter<'a>,
    number: MessageId,
    operation_id: &'a str,
    actor: Option<&'a UserId>,
    actor_is_admin: bool,
    done: bool,
}

impl<'a> Occasion<'a> {
    fn of_question(question: &'a Question) -> Self {
        Self {
            kind: question.kind,
            matter: Matter::of_subject(&question.subject),
            number: question.number,
            operation_id: &question.operation_id,
            actor: question.actor.as_ref(),
            actor_is_admin: question.actor_is_admin,
            done: false,
        }
    }

    fn of_event(event: &'a Event) -> Result<Self, Skip> {
        let (actor, actor_is_admin) = match &event.fact {
            Fact::MessageSent(sent) => (Some(&sent.message.sender), sent.sender_is_admin),
            Fact::Done(done) => (done.actor.as_ref(), false),
        };
        Ok(Self {
            kind: event.kind().ok_or(NOBODY)?,
            matter: Matter::of_fact(&event.fact),
            number: event.fact.number(),
            operation_id: event.fact.operation_id(),
            actor,
            actor_is_admin,
            done: true,
        })
    }
}

const NOBODY: Skip = Skip("nobody is ever told of this");
const NOT_NAMED: Skip = Skip("the rule names no callback that is about this");

impl OpenImContract {
    /// The contract of this generation.
    #[must_use]
    pub const fn new(generation: Generation) -> Self {
        Self { generation }
    }

    /// Whether a rule wants a command.
    fn wants(self, rule: &Rule, command: &Command) -> bool {
        let named = || rule.events.iter().any(|name| command.is_called(name, self.generation));
        command.phase() == rule.phase
            && command.generations.contains(&self.generation)
            && (rule.events.is_empty() || named())
    }

    /// The commands that a rule wants and that are about this occasion, in the order of the register, each with the
    /// number of calls that it means.
    fn matching(self, rule: &Rule, about: &Occasion<'_>) -> Result<Vec<(&'static Command, usize)>, Skip> {
        let mut skip = NOT_NAMED;
        let mut found = Vec::new();
        let of_kind = commands::all().filter(|command| command.kind == about.kind);
        for command in of_kind.filter(|command| self.wants(rule, command)) {
            match exclusion::calls(command, about.matter, about.actor_is_admin) {
                Ok(calls) => found.push((command, calls)),
                Err(reason) => skip = reason,
            }
        }
        if found.is_empty() { Err(skip) } else { Ok(found) }
    }

    /// The command that asks about an occasion: never more than one does.
    fn asking(self, rule: &Rule, about: &Occasion<'_>) -> Result<&'static Command, Skip> {
        self.matching(rule, about)?.first().map(|(command, _)| *command).ok_or(NOT_NAMED)
    }

    fn render(
        self,
        rule: &Rule,
        command: &'static Command,
        about: &Occasion<'_>,
        copy: usize,
    ) -> Option<Outbound> {
        let compat = Compat::of(rule);
        let operation_id = operation_id(about.operation_id, about.number);
        let name = command.name_in(self.generation)?;
        let call = Call {
            generation: self.generation,
            command,
            name,
            matter: about.matter,
            copy,
            operation_id: &operation_id,
            actor: about.actor,
            done: about.done,
            compat,
        };
        let body = call.rendered()?.into();
        let key = self.reply_key(command, about.matter);
        let mut headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        if self.generation != Generation::V2 {
            headers.push(("operationid".to_owned(), header_text(&operation_id)));
        }
        let query = compat.content_type_query;
        let url = target_url::build(self.generation, &rule.url, name, query, key.as_deref());
        Some(Outbound { url, headers, body })
    }

    /// After a message was sent, newer receivers get what they need to answer in the same conversation.
    fn reply_key(self, command: &Command, matter: Matter<'_>) -> Option<String> {
        let wanted = self.generation == Generation::V38 && command.kind == EventKind::MessageSent;
        let message = matter.message().filter(|_| wanted)?;
        let (recipient, group) = register::message::address(&message.target);
        Some(target_url::reply_key(message.sender.as_str(), recipient, group))
    }
}

impl Contract for OpenImContract {
    fn name(&self) -> &'static str {
        self.generation.contract()
    }

    fn kinds(&self, rule: &Rule) -> Result<Vec<EventKind>, String> {
        for name in &rule.events {
            self.check_name(rule, name)?;
        }
        let wanted = commands::all().filter(|command| self.wants(rule, command));
        let mut kinds: Vec<_> = wanted.map(|command| command.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(kinds)
    }

    fn without(&self, kind: EventKind) -> Option<&'static str> {
        if kind == EventKind::MessageScreening && self.generation != Generation::V2 {
            return Some("the word filter is part of v2; its successor asks before a message is stored");
        }
        commands::WITHOUT.iter().find(|(without, _)| *without == kind).map(|(_, why)| *why)
    }

    fn content_code(&self, content: &Content) -> i32 {
        crate::content::element_code(content)
    }

    /// The older contracts have words for one new member at a time (openim-callbacks fact sheet 0.2).
    fn asks_singly(&self, _rule: &Rule, question: &Question) -> bool {
        self.generation != Generation::V38 && question.kind == EventKind::GroupEntering
    }

    fn question(&self, rule: &Rule, question: &Question) -> Result<Outbound, Skip> {
        let about = Occasion::of_question(question);
        let command = self.asking(rule, &about)?;
        self.render(rule, command, &about, 0).ok_or(NOT_NAMED)
    }

    fn verdict(&self, rule: &Rule, question: &Question, answer: &Answer) -> Result<Verdict, WrongAnswer> {
        let about = Occasion::of_question(question);
        let command = self.asking(rule, &about).map_err(|Skip(why)| WrongAnswer(why.to_owned()))?;
        answer::verdict(rule, command, &Asked { generation: self.generation, matter: about.matter }, answer)
    }

    fn misgivings(&self, rule: &Rule, question: &Question, answer: &Answer) -> Vec<String> {
        let about = Occasion::of_question(question);
        let asked = Asked { generation: self.generation, matter: about.matter };
        let command = self.asking(rule, &about).ok();
        command.map(|command| misgivings::of(rule, command, &asked, answer)).unwrap_or_default()
    }

    /// All calls of one command first, then those of the next.
    fn copies(&self, rule: &Rule, event: &Event) -> Result<u32, Skip> {
        let matching = self.matching(rule, &Occasion::of_event(event)?)?;
        let calls: usize = matching.iter().map(|(_, calls)| calls).sum();
        u32::try_from(calls).map_err(|_| Skip("the event means too many calls to be counted"))
    }

    fn delivery(&self, rule: &Rule, event: &Event, copy: u32) -> Option<Rendered> {
        let about = Occasion::of_event(event).ok()?;
        let mut copy = usize::try_from(copy).ok()?;
        for (command, calls) in self.matching(rule, &about).ok()? {
            if copy < calls {
                let outbound = self.render(rule, command, &about, copy)?;
                return Some(Rendered { outbound, recipient: None });
            }
            copy -= calls;
        }
        None
    }

    fn accepted(&self, _rule: &Rule, answer: &Answer) -> Acceptance {
        if (200..300).contains(&answer.status) {
            Acceptance::Delivered
        } else {
            Acceptance::Failed(format!("the answer has status {}, not one of 200 to 299", answer.status))
        }
    }

    fn preset(&self, phase: Phase) -> Preset {
        preset::preset(self.generation, phase)
    }

    fn event_names(&self, phase: Phase) -> Vec<EventName> {
        preset::event_names(self.generation, phase)
    }

    fn schemas(&self) -> Vec<CallbackSchema> {
        schema::of_contract(*self)
    }

    fn switches(&self, settings: &[(String, String)], _app: &App) -> Vec<(String, String)> {
        switches::compat(settings)
    }
}

impl OpenImContract {
    fn check_name(self, rule: &Rule, name: &str) -> Result<(), String> {
        let contract = self.generation.contract();
        let Some(command) = commands::all().find(|command| command.is_called(name, self.generation)) else {
            if commands::all_names().any(|known| known == name) {
                return Err(format!("{name} is not part of {contract}"));
            }
            let hint = commands::nearest(name, commands::all_names())
                .map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
            return Err(format!("{name} is not a callback of {contract}{hint}"));
        };
        if command.phase() == rule.phase {
            return Ok(());
        }
        Err(match command.phase() {
            Phase::Before => format!("{name} asks before the event, the rule tells after it"),
            Phase::After => format!("{name} tells after the event, the rule asks before it"),
        })
    }
}

/// The caller's id, or, for what no call brought, its own number: never empty, and the same on every attempt.
fn operation_id(given: &str, number: MessageId) -> String {
    if given.is_empty() { number.to_string() } else { given.to_owned() }
}

const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b'\x7f');

/// A text that may stand in a header: what may not is percent-encoded, everything else stays.
fn header_text(text: &str) -> String {
    utf8_percent_encode(text, NOT_IN_HEADERS).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_hold_any_operation_id() {
        assert_eq!(header_text("1646445464564"), "1646445464564");
        assert_eq!(header_text("a b\r\nx: y\u{e9}"), "a b%0D%0Ax: y%C3%A9");
    }
}
