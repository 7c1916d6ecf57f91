//! Where an answer reads like another verdict than it is.
//! Source: openim-callbacks fact sheet 3.3 to 3.5 (what refuses in which contract), 1.4 (what is an answer).

use ringback_model::delivery::Answer;
use ringback_model::event::EventKind;
use ringback_model::rule::Rule;
use ringback_model::verdict::{Change, Verdict};
use serde_json::{Map, Value};

use super::answer::{Asked, verdict};
use super::call::Matter;
use super::commands::{self, Command, Effect};
use super::generation::Generation;
use super::json::Object;
use super::register::message::{is_plain, said};
use super::switches::Compat;
use crate::content;
use crate::json::shown;

/// The codes of an answer, read as kindly as possible: what their writer meant.
struct Meant {
    action: i32,
    code: i32,
    next: i32,
}

impl Meant {
    fn read(object: &Object) -> Self {
        let number = |name| {
            let value: Option<Value> = object.member(name, "a value").ok().flatten();
            value.and_then(|value| as_meant(&value)).unwrap_or_default()
        };
        Self { action: number("actionCode"), code: number("errCode"), next: number("nextCode") }
    }

    /// Whether somebody who has read about any of the contracts takes it for a refusal.
    const fn seems_to_refuse(&self) -> bool {
        self.action != 0 || self.code != 0 || self.next != 0
    }

    /// The codes that differ from 0, for sentences.
    fn named(&self) -> String {
        let all = [("actionCode", self.action), ("nextCode", self.next), ("errCode", self.code)];
        let said: Vec<String> =
            all.iter().filter(|(_, code)| *code != 0).map(|(name, code)| format!("{name} {code}")).collect();
        said.join(" with ")
    }
}

/// A number, also one in quotes, or a flag.
fn as_meant(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(number) => i32::try_from(number).ok(),
            // Some runtimes know no other numbers.
            None => format!("{:.0}", number.as_f64()?).parse().ok(),
        },
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(i32::from(*flag)),
        _ => None,
    }
}

/// What refuses in a contract, for sentences.
const fn refusal(generation: Generation) -> &'static str {
    match generation {
        Generation::V38 => "actionCode 0 with nextCode 1 does",
        Generation::V35 => "an actionCode other than 0 does, and so does nextCode 1",
        Generation::V30 => "an actionCode or an errCode other than 0 does",
        Generation::V2 => "actionCode 1 with errCode 0 does",
    }
}

/// What does not mean what it seems to.
pub(super) fn of(rule: &Rule, command: &Command, asked: &Asked<'_>, answer: &Answer) -> Vec<String> {
    let Ok(object) = Object::read(&answer.body) else { return unreadable(&answer.body) };
    let meant = Meant::read(&object);
    let mut found = wrong_types(&object, asked.generation);
    found.extend(status(rule, asked.generation, &meant, answer.status));
    match verdict(rule, command, asked, answer) {
        Ok(Verdict::Refuse(_)) => found.extend(of_refusal(command, asked, &object, &meant)),
        Ok(Verdict::Allow { changes }) => {
            found.extend(does_not_refuse(asked.generation, &object, &meant));
            found.extend(of_content(command, asked, &object, &changes));
        }
        // Of codes that are neither yes nor no the verdict says so; not what they should have been.
        Err(_) if found.is_empty() && asked.generation == Generation::V2 && meant.seems_to_refuse() => {
            found.extend(does_not_refuse(asked.generation, &object, &meant));
        }
        Err(_) => {}
    }
    found
}

/// What is no JSON object.
fn unreadable(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let said = match text.trim_start().chars().next() {
        None => "the answer is empty: the least that an answer can be is {}, which lets everything pass",
        Some('<') => {
            "the answer is a page of HTML or XML: perhaps a proxy answered, or an error page; a receiver answers a \
             JSON object, and the least is {}"
        }
        Some(_) => {
            "the answer is no JSON object: the least that an answer can be is {}, which lets everything pass"
        }
    };
    vec![said.to_owned()]
}

/// Codes that are no numbers, and texts that are none: the whole answer counts for nothing then.
fn wrong_types(object: &Object, generation: Generation) -> Vec<String> {
    let numbers: &[&str] = match generation {
        Generation::V38 | Generation::V35 => &["actionCode", "errCode", "nextCode"],
        Generation::V30 | Generation::V2 => &["actionCode", "errCode"],
    };
    let texts: &[&str] = if generation == Generation::V2 { &["errMsg"] } else { &["errMsg", "errDlt"] };
    let value = |name| object.member::<Value>(name, "a value").ok().flatten();
    let numbers = numbers.iter().filter_map(|name| {
        let value = value(name).filter(|_| object.member::<i32>(name, "a whole number").is_err())?;
        let instead = match as_meant(&value) {
            Some(number) => format!("write {number}, without quotes or a fraction"),
            None => "write a whole number".to_owned(),
        };
        Some(format!("{name} is {}, and the whole answer counts for nothing: {instead}", shown(&value)))
    });
    let texts = texts.iter().filter_map(|name| {
        let value = value(name).filter(|_| object.member::<String>(name, "a text").is_err())?;
        Some(format!("{name} is {}, and the whole answer counts for nothing: write a text", shown(&value)))
    });
    numbers.chain(texts).collect()
}

/// A status is no verdict.
fn status(rule: &Rule, generation: Generation, meant: &Meant, status: u16) -> Option<String> {
    if (200..300).contains(&status) {
        return None;
    }
    if !Compat::of(rule).status_check {
        return (status >= 400 && !meant.seems_to_refuse()).then(|| {
            format!("status {status} is not looked at: by its body the answer lets everything pass")
        });
    }
    (meant.seems_to_refuse() || matches!(status, 401 | 403 | 451)).then(|| {
        let how = refusal(generation);
        format!("status {status} does not refuse, it makes the answer none: answer status 200; there {how}")
    })
}

/// An answer that lets pass and looks like one that does not.
fn does_not_refuse(generation: Generation, object: &Object, meant: &Meant) -> Option<String> {
    if meant.seems_to_refuse() {
        return Some(format!("{} does not refuse in this contract: {}", meant.named(), refusal(generation)));
    }
    let names: Vec<&str> = object.names().collect();
    names.iter().find_map(|name| {
        let value = object.member::<Value>(name, "a value").ok().flatten()?;
        let instead = match *name {
            "action_code" | "next_code" | "err_code" | "errorCode" if as_meant(&value) != Some(0) => "",
            // Many backends wrap every answer so; 0 and 200 are their word for "fine".
            "code" if !matches!(as_meant(&value), None | Some(0 | 200)) => "",
            "valid" if value == Value::Bool(false) => " (it is a member of another contract)",
            _ => return inside(name, &value),
        };
        Some(format!("{name} is not read{instead}: {} here", refusal(generation)))
    })
}

/// Codes that stand one level too deep.
fn inside(name: &str, value: &Value) -> Option<String> {
    let members: &Map<String, Value> = value.as_object()?;
    let code = ["actionCode", "nextCode"]
        .into_iter()
        .find(|code| members.get(*code).and_then(as_meant).is_some_and(|number| number != 0))?;
    Some(format!("{code} inside {name} is not read: it stands at the top of the answer"))
}

/// An answer that refuses, and says more or less than the sender is told.
fn of_refusal(command: &Command, asked: &Asked<'_>, object: &Object, meant: &Meant) -> Vec<String> {
    let mut found = Vec::new();
    if meant.code <= 0 && asked.generation != Generation::V2 {
        found.push(format!(
            "the answer refuses with errCode {}, and the sender is told {} instead: the documents ask for an \
             errCode of 5000 to 9999",
            meant.code,
            asked.generation.default_refusal_code()
        ));
    }
    if let Effect::Decide { read, .. } = command.effect
        && let Ok(changes) = read(object).and_then(|proposal| proposal.changes(asked))
        && !changes.is_empty()
    {
        found
            .push("the answer refuses and changes something: where it refuses nothing is changed".to_owned());
    }
    found
}

/// Content that is not what it should be, or that nobody reads.
fn of_content(command: &Command, asked: &Asked<'_>, object: &Object, changes: &[Change]) -> Option<String> {
    let Matter::Message(message) = asked.matter else { return None };
    let given: String = object.member("content", "a text").ok().flatten()?;
    let changed = changes.iter().find_map(|change| match change {
        Change::Content(raw) => Some(raw),
        _ => None,
    });
    let Some(raw) = changed else {
        let decides = matches!(command.effect, Effect::Decide { fields: "", .. });
        if !decides || given.is_empty() || given == said(asked.generation, message) {
            return None;
        }
        let modify = commands::all().find(|command| command.kind == EventKind::MessageRewriting)?;
        let (this, modify) = (command.name_in(asked.generation)?, modify.name_in(asked.generation)?);
        return Some(format!(
            "content changes nothing in an answer to {this}: an answer to {modify} replaces it"
        ));
    };
    if is_plain(asked.generation, message) {
        return serde_json::from_str::<Map<String, Value>>(&given).is_ok().then(|| {
            "content is JSON: in this contract a text is the text itself, and users will read the braces"
                .to_owned()
        });
    }
    let mut after = message.content.clone();
    after.raw.clone_from(raw);
    let lost = content::words(&message.content).is_some() && content::words(&after).is_none();
    lost.then(|| {
        "content has lost the member that holds the words: users will see an empty text; answer the object that was \
         sent, with another text in it"
            .to_owned()
    })
}
