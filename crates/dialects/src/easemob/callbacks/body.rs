//! The bodies of callbacks. Fields and their order: easemob-callbacks fact sheet 2.2, 3.2, 6.

use std::borrow::Cow;

use ringback_model::conversation::Target;
use ringback_model::delivery::Outbound;
use ringback_model::ids::{GroupId, LogPos, UserId};
use ringback_model::message::Message;
use ringback_model::rule::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::families::HOST;
use super::selectors::Conversation;
use super::{signature, switches};
use crate::content;
use crate::easemob::content::BodyType;
use crate::easemob::uuid;

/// Which copy of a message a callback is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Copy<'a> {
    /// The message itself.
    Chat,
    /// The one for a recipient who was offline.
    Offline(&'a UserId),
}

/// Version of the signature, as messages carry it.
pub(super) const SECURITY_VERSION: &str = "1.0.0";
/// What groups and rooms are called before sending, where the settings tell them apart.
const GROUP: &str = "group";
const ROOM: &str = "chatroom";

#[derive(Serialize, JsonSchema)]
pub(super) struct Body<'a> {
    #[serde(rename = "callId")]
    call_id: &'a str,
    #[serde(rename = "eventType", skip_serializing_if = "Option::is_none")]
    event_type: Option<&'static str>,
    timestamp: i64,
    #[schemars(schema_with = "chat_types")]
    chat_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    from: &'a str,
    to: &'a str,
    msg_id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    payload: Payload<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appkey: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'static str>,
    #[serde(rename = "securityVersion")]
    security_version: &'static str,
    security: String,
}

#[derive(Serialize, JsonSchema)]
struct Payload<'a> {
    #[schemars(schema_with = "one_body")]
    bodies: [Box<RawValue>; 1],
    #[schemars(with = "Map<String, Value>")]
    ext: Box<RawValue>,
    from: &'a str,
    to: &'a str,
    #[serde(rename = "type")]
    #[schemars(schema_with = "conversation_types")]
    kind: &'static str,
}

fn chat_types(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": ["chat", "groupchat", GROUP, ROOM]})
}

fn conversation_types(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": Conversation::ALL.map(payload_type)})
}

/// What it holds besides its type is the sender's.
pub(super) fn one_body(_: &mut SchemaGenerator) -> Schema {
    let mut types = BodyType::ALL.map(BodyType::wire_name).to_vec();
    types.sort_unstable();
    types.dedup();
    let body = json!({"type": "object", "properties": {"type": {"type": "string", "enum": types, "description": "The kind of content."}}, "required": ["type"]});
    json_schema!({"type": "array", "items": body, "minItems": 1, "maxItems": 1})
}

/// The request that asks about a message.
pub(super) fn question(rule: &Rule, message: &Message) -> Outbound {
    let app_key = switches::app_key(rule);
    let id = uuid::derived(&["question", &rule.id.0, &message.id.to_string()]);
    let call_id = format!("{app_key}_{id}");
    let conversation = conversation(message);
    let chat_type = match conversation {
        Conversation::Group if switches::splits(rule) => GROUP,
        Conversation::Room if switches::splits(rule) => ROOM,
        other => chat_type(other),
    };
    outbound(rule, &Body { chat_type, ..common(rule, message, &call_id) })
}

/// The request that tells of a message.
pub(super) fn delivery(rule: &Rule, pos: LogPos, message: &Message, copy: Copy<'_>) -> Outbound {
    let app_key = switches::app_key(rule);
    let call_id = call_id(&app_key, rule, pos, message, copy);
    let conversation = conversation(message);
    let (event_type, recipient) = match copy {
        Copy::Chat => ("chat", None),
        Copy::Offline(user) => ("chat_offline", Some(user)),
    };
    let kind = content::body_type(&message.content);
    let common = common(rule, message, &call_id);
    outbound(
        rule,
        &Body {
            event_type: Some(event_type),
            to: recipient.map_or(common.to, UserId::as_str),
            content_type: Some(format!("chat:{}:{}", conversation.fine_name(), kind.fine_name())),
            appkey: Some(&app_key),
            host: Some(HOST),
            ..common
        },
    )
}

/// What every body begins with; no id has a character that JSON would escape.
pub(super) fn call_id_of(body: &[u8]) -> Option<&str> {
    let rest = body.strip_prefix(b"{\"callId\":\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()
}

/// Unique per callback, and the same on every attempt, after every restart and whenever it is sent again: the app's
/// key and a UUID of rule, event, message and copy. The message counts because places in the log begin anew in a
/// new data folder.
fn call_id(app_key: &str, rule: &Rule, pos: LogPos, message: &Message, copy: Copy<'_>) -> String {
    let (pos, message) = (pos.to_string(), message.id.to_string());
    let id = match copy {
        Copy::Chat => uuid::derived(&["chat", &rule.id.0, &pos, &message]),
        Copy::Offline(user) => uuid::derived(&["chat_offline", &rule.id.0, &pos, &message, user.as_str()]),
    };
    format!("{app_key}_{id}")
}

/// What both kinds of callbacks say. The time is the message's own, which clients and the history show too.
fn common<'a>(rule: &Rule, message: &'a Message, call_id: &'a str) -> Body<'a> {
    let conversation = conversation(message);
    let timestamp = message.sent_at.0;
    let to = match &message.target {
        Target::User(user) | Target::Notice(user) => user.as_str(),
        Target::Group(group) | Target::Room(group) => group.as_str(),
    };
    let secret = rule.secrets.current.as_deref().unwrap_or_default();
    Body {
        call_id,
        event_type: None,
        timestamp,
        chat_type: chat_type(conversation),
        group_id: message.target.group().map(GroupId::as_str),
        from: message.sender.as_str(),
        to,
        msg_id: message_id(message),
        content_type: None,
        payload: payload(message, conversation, to),
        appkey: None,
        host: None,
        security_version: SECURITY_VERSION,
        security: signature::security(call_id, secret, timestamp),
    }
}

fn payload<'a>(message: &'a Message, conversation: Conversation, to: &'a str) -> Payload<'a> {
    Payload {
        bodies: [raw(content::as_body(&message.content))],
        ext: raw(content::ext(&message.ex)),
        from: message.sender.as_str(),
        to,
        kind: payload_type(conversation),
    }
}

const fn payload_type(conversation: Conversation) -> &'static str {
    match conversation {
        Conversation::Single => "chat",
        Conversation::Group => "groupchat",
        Conversation::Room => "chatroom",
    }
}

/// JSON text as it is. What is no JSON cannot come out of the map of types, and goes out as null.
pub(super) fn raw(json: Cow<'_, str>) -> Box<RawValue> {
    RawValue::from_string(json.into_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn conversation(message: &Message) -> Conversation {
    Conversation::of(&message.target).unwrap_or(Conversation::Single)
}

const fn chat_type(conversation: Conversation) -> &'static str {
    match conversation {
        Conversation::Single => "chat",
        Conversation::Group | Conversation::Room => "groupchat",
    }
}

fn message_id(message: &Message) -> Cow<'_, str> {
    message.public_id.as_deref().map_or_else(|| Cow::Owned(message.id.to_string()), Cow::Borrowed)
}

fn outbound(rule: &Rule, body: &Body<'_>) -> Outbound {
    // Writing our own structs into memory cannot fail: no maps with odd keys, no I/O.
    request(rule, serde_json::to_vec(body).unwrap_or_default())
}

/// The request that carries a body.
pub(super) fn request(rule: &Rule, body: Vec<u8>) -> Outbound {
    Outbound {
        url: rule.url.clone(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.into(),
    }
}
