//! The callback contracts, v2 to v3.8.
//!
//! [`commands`] is the register of what is served; the other files each hold one step from a message to a request
//! ([`exclusion`], [`target_url`], [`body`]) or from an answer to a verdict ([`answer`], [`modify`]).

mod answer;
mod body;
pub mod commands;
pub(crate) mod exclusion;
pub mod generation;
mod json;
mod modify;
mod preset;
mod reference;
pub mod switches;
mod target_url;

use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use ringback_model::app::App;
use ringback_model::delivery::{Answer, Outbound};
use ringback_model::dialect::{Acceptance, Contract, EventName, Preset, Rendered, Skip, WrongAnswer};
use ringback_model::event::{Event, EventKind, MessageSent, Phase, Question};
use ringback_model::message::{Content, Message};
use ringback_model::rule::Rule;
use ringback_model::verdict::Verdict;

use commands::{COMMANDS, Command, Service};
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

impl OpenImContract {
    /// The contract of this generation.
    #[must_use]
    pub const fn new(generation: Generation) -> Self {
        Self { generation }
    }

    /// The served commands that a rule wants, in the order of the register.
    fn wanted<'a>(self, rule: &'a Rule) -> impl Iterator<Item = (&'static Command, &'static Service)> + 'a {
        COMMANDS.iter().filter(|command| command.phase == rule.phase).filter_map(move |command| {
            let service = command.served_in(self.generation)?;
            let wanted = rule.events.is_empty() || rule.events.iter().any(|name| command.is_called(name));
            wanted.then_some((command, service))
        })
    }

    /// Those of them that are about this message at this moment.
    fn matching(
        self,
        rule: &Rule,
        kind: EventKind,
        message: &Message,
        sender_is_admin: bool,
    ) -> Result<Vec<(&'static Command, &'static Service)>, Skip> {
        let mut skip = Skip("the rule names no callback that is about this");
        let mut found = Vec::new();
        for (command, service) in self.wanted(rule).filter(|(_, service)| service.kind == kind) {
            match exclusion::check(command, service, message, sender_is_admin) {
                Ok(()) => found.push((command, service)),
                Err(reason) => skip = reason,
            }
        }
        if found.is_empty() { Err(skip) } else { Ok(found) }
    }

    fn render(self, rule: &Rule, call: &CallOf<'_>) -> Outbound {
        let compat = Compat::of(rule);
        let message = call.message;
        let operation_id = operation_id(call.operation_id, message);
        let with_key = self.generation == Generation::V38 && call.command.phase == Phase::After;
        let key = with_key.then(|| {
            let (recipient, group) = body::address(&message.target);
            target_url::reply_key(message.sender.as_str(), recipient, group)
        });
        let name = call.command.name;
        let mut headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        if self.generation != Generation::V2 {
            headers.push(("operationid".to_owned(), header_text(&operation_id)));
        }
        let source = body::Source {
            generation: self.generation,
            command: name,
            addressing: call.service.addressing,
            message,
            operation_id: &operation_id,
            sent: call.sent,
            filled: compat.filled_fields,
        };
        Outbound {
            url: target_url::build(
                self.generation,
                &rule.url,
                name,
                compat.content_type_query,
                key.as_deref(),
            ),
            headers,
            body: body::render(&source),
        }
    }
}

/// One call of one command.
struct CallOf<'a> {
    command: &'a Command,
    service: &'a Service,
    message: &'a Message,
    operation_id: &'a str,
    sent: bool,
}

impl Contract for OpenImContract {
    fn name(&self) -> &'static str {
        self.generation.contract()
    }

    fn kinds(&self, rule: &Rule) -> Result<Vec<EventKind>, String> {
        for name in &rule.events {
            self.check_name(rule, name)?;
        }
        let mut kinds: Vec<_> = self.wanted(rule).map(|(_, service)| service.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(kinds)
    }

    fn content_code(&self, content: &Content) -> i32 {
        crate::content::element_code(content)
    }

    fn question(&self, rule: &Rule, question: &Question) -> Result<Outbound, Skip> {
        let (command, service) = self.asked(rule, question)?;
        Ok(self.render(
            rule,
            &CallOf {
                command,
                service,
                message: message_of(question)?,
                operation_id: &question.operation_id,
                sent: false,
            },
        ))
    }

    fn verdict(&self, rule: &Rule, question: &Question, answer: &Answer) -> Result<Verdict, WrongAnswer> {
        let (_, service) = self.asked(rule, question).map_err(|Skip(why)| WrongAnswer(why.to_owned()))?;
        let message = message_of(question).map_err(|Skip(why)| WrongAnswer(why.to_owned()))?;
        answer::verdict(rule, self.generation, service, message, answer)
    }

    fn copies(&self, rule: &Rule, event: &Event) -> Result<u32, Skip> {
        let matching = self.told(rule, event)?.1;
        Ok(u32::try_from(matching.len()).unwrap_or(u32::MAX))
    }

    fn delivery(&self, rule: &Rule, event: &Event, copy: u32) -> Option<Rendered> {
        let (sent, matching) = self.told(rule, event).ok()?;
        let &(command, service) = matching.get(usize::try_from(copy).ok()?)?;
        let outbound = self.render(
            rule,
            &CallOf {
                command,
                service,
                message: &sent.message,
                operation_id: &sent.operation_id,
                sent: true,
            },
        );
        Some(Rendered { outbound, recipient: None })
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

    fn switches(&self, settings: &[(String, String)], _app: &App) -> Vec<(String, String)> {
        switches::compat(settings)
    }
}

const NO_MESSAGE: Skip = Skip("the contract calls back about messages alone");

fn message_of(question: &Question) -> Result<&Message, Skip> {
    question.subject.message().ok_or(NO_MESSAGE)
}

type Matching = Vec<(&'static Command, &'static Service)>;

impl OpenImContract {
    fn asked(self, rule: &Rule, question: &Question) -> Result<(&'static Command, &'static Service), Skip> {
        let message = message_of(question)?;
        let matching = self.matching(rule, question.kind, message, question.actor_is_admin)?;
        matching.first().copied().ok_or(Skip("the rule names no callback that is about this"))
    }

    fn told<'a>(self, rule: &Rule, event: &'a Event) -> Result<(&'a MessageSent, Matching), Skip> {
        let sent = event.sent().ok_or(NO_MESSAGE)?;
        let matching = self.matching(rule, EventKind::MessageSent, &sent.message, sent.sender_is_admin)?;
        Ok((sent, matching))
    }

    fn check_name(self, rule: &Rule, name: &str) -> Result<(), String> {
        let contract = self.generation.contract();
        let mut rows = COMMANDS.iter().filter(|command| command.is_called(name)).peekable();
        if rows.peek().is_none() {
            let hint = commands::nearest(name, commands::all_names())
                .map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
            return Err(format!("{name} is not a callback of {contract}{hint}"));
        }
        let Some(row) = rows.clone().find(|row| row.served_in(self.generation).is_some()) else {
            let why =
                if rows.any(|row| row.service.is_some()) { "is not part of" } else { "is not served yet in" };
            return Err(format!("{name} {why} {contract}"));
        };
        if row.phase == rule.phase {
            return Ok(());
        }
        Err(match row.phase {
            Phase::Before => format!("{name} asks before the event, the rule tells after it"),
            Phase::After => format!("{name} tells after the event, the rule asks before it"),
        })
    }
}

/// The caller's id, or, for messages that no call brought, the message's own number: never empty, and the same
/// on every attempt.
fn operation_id(given: &str, message: &Message) -> String {
    if given.is_empty() { message.id.to_string() } else { given.to_owned() }
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
