//! What an answer means. Source: easemob-callbacks fact sheet 2.4, 2.5 (row by row), 3.6, 3.7.

use std::collections::BTreeMap;

use ringback_model::conversation::Target;
use ringback_model::delivery::Answer;
use ringback_model::dialect::Acceptance;
use ringback_model::limits;
use ringback_model::message::{Message, Priority};
use ringback_model::rule::Rule;
use ringback_model::verdict::{Change, Verdict};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{REPLACEMENT_BYTES, refusal};
use crate::content;
use crate::easemob::content::{BodyType, COMBINED_SUBTYPE};
use crate::json::kind_of;

/// Reads the answer to a pre-send callback.
///
/// # Errors
/// Rows 7 and 8 of the decision table, in words.
pub(super) fn verdict(rule: &Rule, message: &Message, answer: &Answer) -> Result<Verdict, String> {
    if answer.status != 200 {
        return Err(format!("the answer has status {}, not 200", answer.status));
    }
    if is_too_long(answer) {
        return Err(format!("the answer is longer than {} characters", limits::ANSWER_CHARS));
    }
    let reply = Reply::read(&answer.body)?;
    if !reply.valid {
        return Ok(Verdict::Refuse(refusal(
            rule,
            match reply.code.as_deref() {
                None => "custom logic denied",
                Some("") => "Message blocked by external logic",
                Some(text) => text,
            },
        )));
    }
    let mut changes = match &reply.payload {
        Some(payload) => replacement(message, payload)?,
        None => Vec::new(),
    };
    if let (Some(level), Target::Room(_)) = (reply.level, &message.target)
        && level != message.priority
    {
        changes.push(Change::Priority(level));
    }
    Ok(Verdict::Allow { changes })
}

/// Reads the answer to a post-send callback: its status, and its length.
pub(super) fn accepted(answer: &Answer) -> Acceptance {
    if answer.status != 200 {
        return Acceptance::Failed(format!("the answer has status {}, not 200", answer.status));
    }
    if is_too_long(answer) {
        return Acceptance::DeliveredBadly("the answer is longer than 1,000 characters");
    }
    Acceptance::Delivered
}

/// Characters are Unicode scalar values. An answer that was cut while it was read is longer than any that may be.
fn is_too_long(answer: &Answer) -> bool {
    answer.cut || String::from_utf8_lossy(&answer.body).chars().count() > limits::ANSWER_CHARS
}

/// The documented members of an answer; `null` stands for an absent one.
struct Reply {
    valid: bool,
    code: Option<String>,
    payload: Option<Box<RawValue>>,
    level: Option<Priority>,
}

type Members = BTreeMap<String, Box<RawValue>>;

impl Reply {
    fn read(body: &[u8]) -> Result<Self, String> {
        let members: Members = match serde_json::from_slice(body) {
            Ok(members) => members,
            Err(error) if error.is_data() => return Err("the answer is JSON, but not an object".to_owned()),
            Err(_) => return Err("the answer is not JSON".to_owned()),
        };
        let payload: Option<Box<RawValue>> = member(&members, "payload", "an object")?;
        if let Some(payload) = payload.as_deref().map(RawValue::get).filter(|text| !text.starts_with('{')) {
            return Err(format!("payload is {}, not an object", kind_of(payload)));
        }
        Ok(Self {
            valid: member(&members, "valid", "a boolean")?.ok_or("the answer has no valid")?,
            code: member(&members, "code", "a string")?,
            payload,
            level: match member::<String>(&members, "chatroom_msg_level", "a string")?.as_deref() {
                None => None,
                Some("high") => Some(Priority::High),
                Some("normal") => Some(Priority::Normal),
                Some("low") => Some(Priority::Low),
                Some(_) => return Err("chatroom_msg_level is none of high, normal and low".to_owned()),
            },
        })
    }
}

fn member<T: DeserializeOwned>(members: &Members, name: &str, wanted: &str) -> Result<Option<T>, String> {
    let Some(raw) = members.get(name).filter(|raw| raw.get() != "null") else { return Ok(None) };
    let read = serde_json::from_str(raw.get());
    read.map(Some).map_err(|_| format!("{name} is {}, not {wanted}", kind_of(raw.get())))
}

/// What a replacement changes; nothing where it repeats what the message says already.
fn replacement(message: &Message, payload: &RawValue) -> Result<Vec<Change>, String> {
    if payload.get().len() > REPLACEMENT_BYTES {
        return Err(format!("payload is longer than {REPLACEMENT_BYTES} bytes"));
    }
    if content::body_type(&message.content) != BodyType::Text {
        return Err("payload replaces a message that is not a text".to_owned());
    }
    let members: Members =
        serde_json::from_str(payload.get()).map_err(|_| "payload is not an object".to_owned())?;
    let mut changes = Vec::new();
    if let Some(words) = words(&members)?
        && content::words(&message.content).as_deref() != Some(words.as_str())
    {
        changes.push(Change::Content(content::with_words(&message.content, &words)?));
    }
    if let Some(ext) = member::<Map<String, Value>>(&members, "ext", "an object")?
        && serde_json::from_str(&content::ext(&message.ex)).ok().as_ref() != Some(&ext)
    {
        changes.push(Change::Ex(content::ex_from(&message.ex, &ext)));
    }
    Ok(changes)
}

/// The new text, from either shape of a payload: bodies in a list, or the body itself.
/// Source: easemob-callbacks fact sheet 2.3.
fn words(payload: &Members) -> Result<Option<String>, String> {
    if let Some(bodies) = member::<Vec<Members>>(payload, "bodies", "a list of objects")? {
        let [body] = bodies.as_slice() else {
            return Err(format!("payload has {} bodies, not one", bodies.len()));
        };
        return text_of(body).map(Some);
    }
    match member::<String>(payload, "type", "a string")?.as_deref() {
        // What stands beside bodies is the type of the conversation.
        None | Some("chat" | "groupchat" | "group" | "chatroom") if !payload.contains_key("msg") => Ok(None),
        None | Some(_) => text_of(payload).map(Some),
    }
}

fn text_of(body: &Members) -> Result<String, String> {
    let kind: Option<String> = member(body, "type", "a string")?;
    let sub_type: Option<String> = member(body, "subType", "a string")?;
    let is_text = kind.is_none_or(|kind| kind == BodyType::Text.wire_name());
    if !is_text || sub_type.as_deref() == Some(COMBINED_SUBTYPE) {
        return Err("payload replaces the text by something else".to_owned());
    }
    member(body, "msg", "a string")?.ok_or_else(|| "payload has no msg".to_owned())
}
