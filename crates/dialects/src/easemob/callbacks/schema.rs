//! JSON Schemas of this family's callbacks and answers: here those of messages, in `told` the others. What bodies hold is
//! read off their type and off bodies about made-up messages; what answers may say stands here, and tests compare it with what is taken.

#[cfg(test)]
mod tests;
pub(super) mod told;

use ringback_model::conversation::Target;
use ringback_model::delivery::Outbound;
use ringback_model::dialect::{CallbackSchema, Contract as _};
use ringback_model::event::Phase;
use ringback_model::ids::{LogPos, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::time::UnixMs;
use serde_json::{Map, Value, json};

use super::body::{self, Body, Copy};
use super::selectors::{self, Conversation};
use super::{FamilyContract, REPLACEMENT_BYTES, switches};
use crate::easemob::content::{BodyType, COMBINED_SUBTYPE};
use crate::easemob::receiver::FamilyReceiver;
use crate::json::Object;
use crate::schemas::{self, Document, Property, Side};

/// A callback of the family. On the wire only those that tell have a name: `eventType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Callback {
    PreSend,
    Chat,
    ChatOffline,
}

impl Callback {
    const ALL: [Self; 3] = [Self::PreSend, Self::Chat, Self::ChatOffline];

    const fn name(self) -> &'static str {
        match self {
            Self::PreSend => "pre-send",
            Self::Chat => "chat",
            Self::ChatOffline => "chat_offline",
        }
    }

    const fn phase(self) -> Phase {
        match self {
            Self::PreSend => Phase::Before,
            Self::Chat | Self::ChatOffline => Phase::After,
        }
    }

    const fn trigger(self) -> &'static str {
        match self {
            Self::PreSend => "a client wants to send a message",
            Self::Chat => "a message was sent; once for each message",
            Self::ChatOffline => "a message was sent; once for each recipient who was offline, not in rooms",
        }
    }

    /// Kinds of conversations that it is about.
    fn conversations(self) -> impl Iterator<Item = Conversation> {
        let everywhere = self != Self::ChatOffline;
        Conversation::ALL.into_iter().filter(move |kind| everywhere || *kind != Conversation::Room)
    }

    fn outbound(self, rule: &Rule, message: &Message) -> Option<Outbound> {
        match self {
            Self::PreSend => Some(body::question(rule, message)),
            Self::Chat => Some(body::delivery(rule, LogPos(1), message, Copy::Chat)),
            Self::ChatOffline => {
                let Target::User(to) = &message.target else {
                    let carol = UserId::parse("carol").ok()?;
                    return Some(body::delivery(rule, LogPos(1), message, Copy::Offline(&carol)));
                };
                Some(body::delivery(rule, LogPos(1), message, Copy::Offline(to)))
            }
        }
    }
}

/// All of a contract.
pub(super) fn of_contract(contract: FamilyContract) -> Vec<CallbackSchema> {
    let of_messages = Callback::ALL.into_iter().filter_map(|callback| of_callback(contract, callback));
    of_messages.chain(told::of_contract(contract)).collect()
}

fn of_callback(contract: FamilyContract, callback: Callback) -> Option<CallbackSchema> {
    let calls = calls(contract, callback);
    let example = calls.first()?.clone();
    let document = |side, description, kind, properties, more, examples| {
        let (contract, name) = (contract.name(), callback.name());
        Document { contract, name, side, description, kind, properties, more, examples }.text()
    };
    let verb = if callback.phase() == Phase::Before { "Asked" } else { "Told" };
    let request = document(
        Side::Request,
        format!("{verb} when {}.", callback.trigger()),
        json!("object"),
        sent(callback, &calls),
        Map::new(),
        vec![String::from_utf8_lossy(&example.body).into_owned()],
    );
    let answer = match callback.phase() {
        Phase::Before => document(
            Side::Answer,
            deciding(),
            json!("object"),
            taken(),
            replacing(),
            schemas::answers(&FamilyReceiver, contract.name(), &example),
        ),
        Phase::After => document(Side::Answer, noted(), Value::Null, Vec::new(), Map::new(), Vec::new()),
    };
    Some(CallbackSchema {
        name: callback.name(),
        phase: callback.phase(),
        trigger: callback.trigger().to_owned(),
        events: callback.conversations().flat_map(selectors::names_in).collect(),
        example,
        request,
        answer,
    })
}

// ---------------------------------------------------------------- what goes out

/// When it all happens.
const AT: UnixMs = UnixMs(1_731_000_000_123);

/// Where it is sent to.
const RECEIVER: &str = "https://receiver.example.test/callback";

/// Calls about made-up messages, with every setting.
fn calls(contract: FamilyContract, callback: Callback) -> Vec<Outbound> {
    let app_key = (switches::APP_KEY.to_owned(), "demo-org#demo-app".to_owned());
    let rule = |setting: &str| Rule {
        switches: vec![app_key.clone(), (switches::PRE_SEND_CHAT_TYPE.to_owned(), setting.to_owned())],
        ..sample::rule("schema", contract.name(), callback.phase(), RECEIVER)
    };
    let rules: Vec<Rule> =
        switches::SETTINGS.iter().flat_map(|setting| setting.values).map(|value| rule(value)).collect();
    let mut messages = crate::samples(AT);
    // Those in this family's form first: the first call is the example.
    messages.sort_by_key(|message| message.content.form != crate::easemob::FORM);
    messages.retain(|message| {
        Conversation::of(&message.target).is_some_and(|of| callback.conversations().any(|known| known == of))
    });
    let of_rule = |rule: &Rule| -> Vec<_> {
        messages.iter().filter_map(|message| callback.outbound(rule, message)).collect()
    };
    rules.iter().flat_map(of_rule).collect()
}

/// The members of a callback's bodies, in order: those that the type has, as far as they are ever there.
fn sent(callback: Callback, calls: &[Outbound]) -> Vec<Property> {
    let schema = schemas::written::<Body<'_>>();
    let bodies: Vec<Vec<String>> =
        calls.iter().map(|call| Object::read(&call.body)).map(|body| names(body.ok().as_ref())).collect();
    let longest = bodies.iter().max_by_key(|body| body.len()).cloned().unwrap_or_default();
    longest
        .into_iter()
        .map(|name| {
            let required = bodies.iter().all(|body| body.contains(&name));
            let mut looks = schema["properties"][&name].clone();
            without_null(&mut looks);
            if name == "eventType" {
                looks = json!({"type": "string", "const": callback.name()});
            }
            describe(&mut looks);
            let mut property = Property { name, schema: looks, required };
            property.says(words(SENT, &property.name));
            property
        })
        .collect()
}

fn names(body: Option<&Object>) -> Vec<String> {
    body.iter().flat_map(|body| body.names()).map(str::to_owned).collect()
}

/// What is not there is left out rather than null.
fn without_null(schema: &mut Value) {
    if let Some(Value::Array(kinds)) = schema.get("type")
        && let [kind, _] = kinds.as_slice()
    {
        schema["type"] = kind.clone();
    }
    let alone = match schema.get("anyOf") {
        Some(Value::Array(forms)) => match forms.as_slice() {
            [form, null] if null["type"] == "null" => Some(form.clone()),
            _ => None,
        },
        _ => None,
    };
    if let (Some(Value::Object(form)), Value::Object(keywords)) = (alone, schema) {
        keywords.remove("anyOf");
        // What is said of the member comes before what is said of its type.
        for (keyword, value) in form {
            keywords.entry(keyword).or_insert(value);
        }
    }
}

fn describe(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::Object(members)) = keywords.get_mut("properties") {
                for (name, member) in members {
                    member["description"] = json!(words(INSIDE, name));
                }
            }
            keywords.values_mut().for_each(describe);
        }
        Value::Array(items) => items.iter_mut().for_each(describe),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What members say.
type Words = &'static [(&'static str, &'static str)];

fn words(table: Words, name: &str) -> &'static str {
    table.iter().find(|(known, _)| *known == name).map_or("", |(_, says)| says)
}

#[rustfmt::skip]
const SENT: Words = &[
    ("callId", "Id of the callback: the same on every attempt, after restarts and when it is sent again."),
    ("eventType", "Which callback it is."),
    ("timestamp", "When the server took the message, in Unix milliseconds."),
    ("chat_type", "`chat` for two users; `groupchat` for groups and rooms, unless `easemob.pre_send_chat_type` tells them apart before sending."),
    ("group_id", "The group or room; absent in chats of two."),
    ("from", "Who sends."),
    ("to", "The recipient, the group or the room; of a copy for somebody who was offline, that user."),
    ("msg_id", "The server's id of the message."),
    ("content_type", "`chat:`, the kind of conversation (`user`, `group`, `room`), `:`, and the kind of content."),
    ("payload", "What the message says."),
    ("appkey", "The app: its organisation, `#`, its name."),
    ("host", "Who emits; it means nothing."),
    ("securityVersion", "Version of the signature."),
    ("security", "Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other."),
];

#[rustfmt::skip]
const INSIDE: Words = &[
    ("bodies", "The one body of the message; what it holds besides its type, such as `msg` of a text, is the sender's."),
    ("ext", "The app's own object."),
    ("from", "Who sends."),
    ("to", "The recipient, the group or the room."),
    ("type", "Of a payload the kind of conversation, of a body the kind of content."),
];

// ---------------------------------------------------------------- what comes back

fn deciding() -> String {
    format!(
        "An answer has status 200 and this as its body, of at most {} characters. `valid` true lets the message through, \
         with another text or `ext` where a `payload` of at most {REPLACEMENT_BYTES} bytes says so (texts only); false blocks it. \
         Members that nobody knows are ignored. What does not fit makes the call a failed one, and `on_failure` decides.",
        limits::ANSWER_CHARS
    )
}

fn noted() -> String {
    format!(
        "Only the status counts: 200 and no other means delivered. The body is not read; one of more than {} characters \
         counts as a failure towards a ban.",
        limits::ANSWER_CHARS
    )
}

/// The members that are read.
fn taken() -> Vec<Property> {
    let property = |name: &str, schema: Value, says: &str| {
        let mut property = Property { name: name.to_owned(), schema, required: name == "valid" };
        property.says(says);
        property
    };
    vec![
        property("valid", json!({"type": "boolean"}), "Whether the message goes out."),
        property(
            "code",
            json!({"type": ["string", "null"]}),
            "What the sender is told of a blocked message, where `show_error` is on.",
        ),
        property(
            "payload",
            json!({"type": ["object", "null"]}),
            "What the message says instead: `bodies` with one text, or the text's own members (`msg`), and `ext`.",
        ),
        property(
            "chatroom_msg_level",
            json!({"type": ["string", "null"], "enum": ["high", "normal", "low", null]}),
            "Priority of a message in a room; of no effect elsewhere.",
        ),
    ]
}

/// Of an answer that lets the message through, the payload is looked into: one body in a list, the body itself, or an
/// `ext` alone.
fn replacing() -> Map<String, Value> {
    let text = json!({
        "type": "object",
        "properties": {
            "type": {"enum": [BodyType::Text.wire_name(), null]},
            "subType": {"type": ["string", "null"], "not": {"const": COMBINED_SUBTYPE}},
            "msg": {"type": "string"},
        },
        "required": ["msg"],
    });
    let no_text = json!({
        "properties": {
            "type": {"enum": ["chat", "groupchat", "group", "chatroom", null]},
            "msg": false,
        },
    });
    let payload = json!({
        "type": ["object", "null"],
        "properties": {
            "ext": {"type": ["object", "null"]},
            "bodies": {"type": ["array", "null"], "items": text, "minItems": 1, "maxItems": 1},
        },
        "if": {"properties": {"bodies": {"type": "array"}}, "required": ["bodies"]},
        "else": {"anyOf": [no_text, text]},
    });
    let lets_through = json!({"properties": {"valid": {"const": true}}, "required": ["valid"]});
    [("if", lets_through), ("then", json!({"properties": {"payload": payload}}))]
        .map(|(keyword, schema)| (keyword.to_owned(), schema))
        .into_iter()
        .collect()
}
