//! What an answer to a before-callback means.
//! Source: openim-callbacks fact sheet 1.4 (what is an answer) and 3.2-3.5 (what it says).

use ringback_model::delivery::Answer;
use ringback_model::dialect::WrongAnswer;
use ringback_model::failure::CallbackRefusal;
use ringback_model::message::Message;
use ringback_model::rule::Rule;
use ringback_model::verdict::{Change, Verdict};

use super::commands::{Effect, Service};
use super::generation::Generation;
use super::json::Object;
use super::modify::Modification;
use super::switches::Compat;
use crate::content;

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
        let number = |name| object.member::<i32>(name, "a whole number").map(Option::unwrap_or_default);
        let text = |name| object.member::<String>(name, "a text").map(Option::unwrap_or_default);
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

/// Reads an answer to a question about `message`.
pub(super) fn verdict(
    rule: &Rule,
    generation: Generation,
    service: &Service,
    message: &Message,
    answer: &Answer,
) -> Result<Verdict, WrongAnswer> {
    check_transport(Compat::of(rule), answer).map_err(WrongAnswer)?;
    let object = Object::read(&answer.body).map_err(WrongAnswer)?;
    let common = Common::read(&object, generation).map_err(WrongAnswer)?;
    // Types are checked first, of refusals too: an answer with a wrong type is no answer at all.
    let proposal = Proposal::read(&object, service.effect).map_err(WrongAnswer)?;
    if common.refuses(generation).map_err(WrongAnswer)? {
        return Ok(Verdict::Refuse(common.into_refusal(generation, rule.policy.show_error)));
    }
    let changes = proposal.changes(message).map_err(WrongAnswer)?;
    Ok(Verdict::Allow { changes })
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

/// What an answer wants to change, with its types checked and nothing else.
enum Proposal {
    Nothing,
    Text(Option<String>),
    Message(Box<Modification>),
}

impl Proposal {
    fn read(object: &Object, effect: Effect) -> Result<Self, String> {
        Ok(match effect {
            Effect::Nothing | Effect::Refuse => Self::Nothing,
            Effect::ReplaceText => Self::Text(object.member("content", "a text")?),
            Effect::Modify => Self::Message(Box::new(Modification::read(object)?)),
        })
    }

    fn changes(self, message: &Message) -> Result<Vec<Change>, String> {
        match self {
            Self::Nothing => Ok(Vec::new()),
            Self::Text(text) => match text.filter(|text| !text.is_empty()) {
                Some(text) => Ok(vec![Change::Content(content::with_words(&message.content, &text)?)]),
                None => Ok(Vec::new()),
            },
            Self::Message(modification) => modification.changes(message),
        }
    }
}
