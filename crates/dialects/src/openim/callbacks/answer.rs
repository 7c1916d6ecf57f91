//! What an answer to a before-callback means.
//! Source: openim-callbacks fact sheet 1.4 (what is an answer) and 3.2-3.5 (what it says).

use ringback_model::action::Action;
use ringback_model::delivery::Answer;
use ringback_model::dialect::WrongAnswer;
use ringback_model::failure::CallbackRefusal;
use ringback_model::rule::Rule;
use ringback_model::verdict::{Change, Verdict};

use super::call::Matter;
use super::commands::{Command, Effect};
use super::generation::Generation;
use super::json::Object;
use super::members::{number, text};
use super::switches::Compat;
use crate::json::{Noted, Notes};

/// The fields that all answers may have; absent ones are zero or empty.
struct Common {
    action: i32,
    code: i32,
    next: i32,
    text: String,
    detail: String,
}

impl Common {
    fn read(object: &Object, generation: Generation) -> Result<Self, String> {
        let number = |name| number(object, name).map(Option::unwrap_or_default);
        let text = |name| text(object, name).map(Option::unwrap_or_default);
        let has_detail = generation != Generation::V2;
        let has_next = matches!(generation, Generation::V35 | Generation::V38);
        Ok(Self {
            action: number("actionCode")?,
            code: number("errCode")?,
            next: if has_next { number("nextCode")? } else { 0 },
            text: text("errMsg")?,
            detail: if has_detail { text("errDlt")? } else { String::new() },
        })
    }

    /// Whether these codes refuse.
    ///
    /// # Errors
    /// Says why they mean neither yes nor no (v2).
    fn refuses(&self, generation: Generation) -> Result<bool, String> {
        match generation {
            Generation::V38 => Ok(self.action == 0 && self.next == 1),
            Generation::V35 => Ok(self.action != 0 || self.next == 1),
            Generation::V30 => Ok(self.action != 0 || self.code != 0),
            Generation::V2 => match (self.action, self.code) {
                (0, 0) => Ok(false),
                (1, 0) => Ok(true),
                (action, code) => Err(format!(
                    "actionCode {action} with errCode {code} is neither yes (0, 0) nor no (1, 0)"
                )),
            },
        }
    }

    fn into_refusal(self, generation: Generation, show: bool) -> CallbackRefusal {
        let code = if self.code > 0 { self.code } else { generation.default_refusal_code() };
        CallbackRefusal { code: Some(code), text: self.text, detail: self.detail, show }
    }
}

/// What an answer wants to change, with its types checked and nothing else.
pub(super) trait Proposal {
    /// The changes to what was asked about; what it says already is left out.
    ///
    /// # Errors
    /// Names the first field whose value cannot be applied.
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String>;
}

/// Reads what an answer wants to change.
pub(super) type ReadAnswer = fn(&Object) -> Result<Box<dyn Proposal>, String>;

/// What an answer is an answer to.
pub(super) struct Asked<'a> {
    pub(super) generation: Generation,
    pub(super) matter: Matter<'a>,
}

impl Asked<'_> {
    /// The change that `edit` makes to the action; none where it makes no difference.
    pub(super) fn edited(
        &self,
        edit: impl FnOnce(&mut Action) -> Result<(), String>,
    ) -> Result<Vec<Change>, String> {
        let Matter::Action(before) = self.matter else { return Err(ELSEWHERE.to_owned()) };
        let mut action = before.clone();
        edit(&mut action)?;
        if action == *before {
            return Ok(Vec::new());
        }
        Ok(vec![Change::Action(Box::new(action))])
    }
}

/// An answer reached a command that the question is not about.
pub(super) const ELSEWHERE: &str = "the callback is about something else";

/// An answer that can only refuse.
pub(super) fn nothing(_: &Object) -> Result<Box<dyn Proposal>, String> {
    Ok(Box::new(Nothing))
}

/// No changes.
pub(super) struct Nothing;

impl Proposal for Nothing {
    fn changes(self: Box<Self>, _: &Asked<'_>) -> Result<Vec<Change>, String> {
        Ok(Vec::new())
    }
}

/// Types are checked first, of refusals too: an answer with a wrong type is no answer at all.
fn read(
    command: &Command,
    generation: Generation,
    object: &Object,
) -> Result<(Common, Box<dyn Proposal>), String> {
    let common = Common::read(object, generation)?;
    let proposal = match command.effect {
        Effect::Nothing => nothing(object),
        Effect::Decide { read, .. } => read(object),
    };
    Ok((common, proposal?))
}

/// What is read of answers to a command, by asking who reads them.
pub(super) fn members(command: &Command, generation: Generation) -> Vec<Noted> {
    let notes = Notes::default();
    // Nothing is there, so nothing is wrong.
    drop(read(command, generation, &Object::noting(&notes)));
    notes.members()
}

/// Whether it can be read; whether it can be carried out is another question.
#[cfg(test)]
pub(super) fn is_read(command: &Command, generation: Generation, body: &[u8]) -> Result<(), String> {
    read(command, generation, &Object::read(body)?).map(drop)
}

/// Reads an answer to a question.
pub(super) fn verdict(
    rule: &Rule,
    command: &Command,
    asked: &Asked<'_>,
    answer: &Answer,
) -> Result<Verdict, WrongAnswer> {
    check_transport(Compat::of(rule), answer).map_err(WrongAnswer)?;
    let object = Object::read(&answer.body).map_err(WrongAnswer)?;
    let (common, proposal) = read(command, asked.generation, &object).map_err(WrongAnswer)?;
    if common.refuses(asked.generation).map_err(WrongAnswer)? {
        return Ok(Verdict::Refuse(common.into_refusal(asked.generation, rule.policy.show_error)));
    }
    Ok(Verdict::Allow { changes: proposal.changes(asked).map_err(WrongAnswer)? })
}

fn check_transport(compat: Compat, answer: &Answer) -> Result<(), String> {
    let status = answer.status;
    if (300..400).contains(&status) {
        return Err(format!("the answer has status {status}; redirects are not followed"));
    }
    if compat.status_check && !(200..300).contains(&status) {
        return Err(format!("the answer has status {status}, not one of 200 to 299"));
    }
    if answer.cut {
        return Err("the answer is too long".to_owned());
    }
    Ok(())
}
