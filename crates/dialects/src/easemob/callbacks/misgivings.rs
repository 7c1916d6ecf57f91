//! Where an answer reads like another verdict than it is.
//! Source: easemob-callbacks fact sheet 2.4, 2.5.

use ringback_model::conversation::Target;
use ringback_model::delivery::Answer;
use ringback_model::message::Message;
use ringback_model::rule::Rule;
use ringback_model::verdict::{Change, Verdict};
use serde_json::{Map, Value};

use super::answer::verdict;
use crate::json::shown;

/// What does not mean what it seems to.
pub(super) fn of(rule: &Rule, message: &Message, answer: &Answer) -> Vec<String> {
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(&answer.body) else {
        return unreadable(&answer.body);
    };
    let member = |name| object.get(name).filter(|value| !value.is_null());
    let mut found: Vec<String> = match member("valid") {
        Some(Value::Bool(_)) => None,
        Some(valid) => Some(format!(
            "valid is {}, and the whole answer counts for nothing: write true or false, without quotes",
            shown(valid)
        )),
        None => elsewhere(&object),
    }
    .into_iter()
    .collect();
    if let Some(code) = member("code").filter(|code| !code.is_string()) {
        found.push(format!(
            "code is {}, and the whole answer counts for nothing: it is the text that the sender is shown",
            shown(code)
        ));
    }
    if answer.status != 200 && (refuses(&object) || matches!(answer.status, 401 | 403 | 451)) {
        found.push(format!(
            "status {} does not refuse, it makes the answer none: answer status 200 with \"valid\": false",
            answer.status
        ));
    }
    match verdict(rule, message, answer) {
        Ok(Verdict::Refuse(_)) if member("payload").is_some() => {
            found.push(
                "the answer refuses and replaces: where it refuses the payload is not looked at".to_owned(),
            );
        }
        Ok(Verdict::Allow { changes }) => found.extend(of_pass(message, &object, &changes)),
        Ok(Verdict::Refuse(_)) | Err(_) => {}
    }
    found
}

/// An answer that lets pass, with members that do nothing then.
fn of_pass(message: &Message, object: &Map<String, Value>, changes: &[Change]) -> Vec<String> {
    let member = |name| object.get(name).filter(|value| !value.is_null());
    let mut found = Vec::new();
    if member("code").and_then(Value::as_str).is_some_and(|code| !code.is_empty()) {
        found.push("code does not refuse, and nobody is shown it: \"valid\": false refuses, and shows it");
    }
    if member("chatroom_msg_level").is_some() && !matches!(message.target, Target::Room(_)) {
        found.push("chatroom_msg_level changes nothing: the message does not go to a chat room");
    }
    let known = ["bodies", "msg", "ext"];
    let is_idle = |payload: &Value| known.iter().all(|name| payload.get(name).is_none());
    if changes.is_empty() && member("payload").is_some_and(is_idle) {
        found.push("payload changes nothing: it has neither bodies nor ext, which are what can be replaced");
    }
    found.into_iter().map(str::to_owned).collect()
}

/// What is no JSON object.
fn unreadable(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let said = match text.trim_start().chars().next() {
        Some('<') => {
            "the answer is a page of HTML or XML: perhaps a proxy answered, or an error page; a receiver answers a \
             JSON object, and the least is {\"valid\": true}"
        }
        _ => "the answer is no JSON object: the least that an answer can be is {\"valid\": true}",
    };
    vec![said.to_owned()]
}

/// An answer without the member that decides, which says something in other members.
fn elsewhere(object: &Map<String, Value>) -> Option<String> {
    let another = ["actionCode", "nextCode", "errCode"].into_iter().find(|name| object.contains_key(*name));
    if let Some(name) = another {
        return Some(format!(
            "{name} is a member of another contract, and without valid the whole answer counts for nothing: \
             \"valid\": false refuses here, \"valid\": true lets pass"
        ));
    }
    let spelt = object.keys().find(|name| name.eq_ignore_ascii_case("valid") && *name != "valid");
    if let Some(name) = spelt {
        return Some(format!("{name} is not read: the member is called valid, in small letters"));
    }
    let around = object.iter().find(|(_, value)| value.get("valid").is_some());
    around.map(|(name, _)| format!("valid inside {name} is not read: it stands at the top of the answer"))
}

/// What the writer of an answer meant.
fn refuses(object: &Map<String, Value>) -> bool {
    match object.get("valid") {
        Some(Value::Bool(valid)) => !valid,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("false"),
        _ => false,
    }
}
