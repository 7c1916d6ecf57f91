//! The description of the interface for machines. Source: REST sheet 1, 3 to 7.

mod examples;

use serde_json::{Value, json};

use super::super::codes;
use super::callers::{self, Caller};
use super::reply::Envelope;
use super::routes::{self, Entry};
use crate::openapi::{
    About, Answer, Body, Bytes, Document, Operation, Parameter, Place, Security, camel, schema_of,
};

const ABOUT: &str = "Every request is a POST with a JSON object; a member that is null counts as absent, members that \
    nobody knows are skipped. Every answer has the form of `Envelope`, and with few exceptions the status 200, success \
    or not: an `errCode` other than 0 is a refusal, and its name stands in `errMsg`.";

/// Headers of answers that ask the caller to come again.
const LATER: &[(&str, &str)] = &[("Retry-After", "Seconds after which trying again makes sense.")];

const TAGS: [(&str, &str); 10] = [
    ("auth", "Tokens."),
    ("user", "Profiles and presence, and what users keep."),
    ("group", "Groups, their members, requests to enter, and what has changed in their lists."),
    ("statistics", "Numbers that operators look at."),
    ("friend", "Friends and block lists."),
    ("msg", "Messages: sending them, reading them by their numbers, taking them back."),
    ("conversation", "Lists of conversations, and what users set for them."),
    ("jssdk", "Lists of conversations for browsers."),
    ("third", "Devices: where they are woken, what they have logged."),
    (
        "object",
        "Uploads. Parts go by PUT to the addresses in the answers; everybody may GET an object by its `url`.",
    ),
];

pub(super) fn document() -> Value {
    let security = json!({
        "type": "apiKey", "in": "header", "name": "token",
        "description": "The token as it was handed out, without a word before it.",
    });
    let mut document = Document::new(About {
        title: "OpenIM REST interface",
        description: ABOUT.to_owned(),
        security: ("token", security),
        tags: TAGS.to_vec(),
    });
    let envelope = document.answer(schema_of::<Envelope<'_>>);
    let refused = document.named(
        "Refusal",
        json!({
            "description": "Not done, and why.",
            "allOf": [envelope, {"properties": {"errCode": {"not": {"const": 0}, "description": codes()}}}],
        }),
    );
    for entry in routes::all() {
        let success = success(&mut document, entry, &envelope);
        let body = body(&mut document, entry);
        document.add(&operation(entry, body, &success, &refused));
    }
    document.finish()
}

/// What a refusal's number may be.
fn codes() -> String {
    let known = codes::table().into_iter().map(|(code, name)| format!("{code} {name}"));
    format!("The codes are {}. Others are those of the app's backend.", known.collect::<Vec<_>>().join(", "))
}

/// The envelope with what the route tells.
fn success(document: &mut Document, entry: &Entry, envelope: &Value) -> Value {
    let told = match entry.shape {
        Some(shape) => {
            json!({"properties": {"errCode": {"const": 0}, "data": document.answer(shape)}, "required": ["data"]})
        }
        None => json!({"properties": {"errCode": {"const": 0}}}),
    };
    json!({"allOf": [envelope, told]})
}

fn body(document: &mut Document, entry: &Entry) -> Option<Body> {
    let schema = document.request(entry.body?);
    let examples = examples::of(entry.route.path);
    Some(Body { schema: Some(schema), required: true, examples, form: false })
}

fn operation(entry: &Entry, body: Option<Body>, success: &Value, refused: &Value) -> Operation {
    let path = entry.route.path;
    let answer = |status, meaning: &str, headers| {
        let schema = if status == 200 { json!({"oneOf": [success, refused]}) } else { refused.clone() };
        Answer { status, meaning: meaning.to_owned(), schema, headers, bytes: Bytes::Never }
    };
    let mut answers = vec![answer(200, "Done, or refused: `errCode` says which.", &[])];
    if entry.answers_400 {
        answers.push(answer(400, "The body is malformed or incomplete.", &[]));
    }
    answers.push(answer(429, "Too many requests.", LATER));
    answers.push(answer(503, "The server is going down.", LATER));
    let mut parameters = vec![operation_id()];
    parameters.extend((path == "/msg/send_simple_msg").then(key));
    Operation {
        id: camel(&operation_name(path)),
        method: entry.route.method,
        path,
        tag: path.split('/').nth(1).unwrap_or_default(),
        summary: entry.summary,
        description: may(path).to_owned(),
        security: if entry.token { Security::Needed } else { Security::None },
        parameters,
        body,
        answers,
    }
}

/// The last part of a path; all of them where there are more than two, and where routes for browsers are named like
/// those of the resource that they show.
fn operation_name(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        [resource, last] if *resource != "jssdk" => (*last).to_owned(),
        all => all.join("_"),
    }
}

fn operation_id() -> Parameter {
    Parameter {
        name: "operationID",
        place: Place::Header,
        required: true,
        doc: "The caller's own id for the call; it goes through everything that the call causes.",
        schema: json!({"type": "string", "minLength": 1}),
        example: json!("op-1"),
    }
}

fn key() -> Parameter {
    Parameter {
        name: "key",
        place: Place::Query,
        required: true,
        doc: "The key that came with the callback: base64 of a JSON object with `sendID`, `recvID` and `groupID`.",
        schema: json!({"type": "string", "minLength": 1}),
        example: json!(examples::KEY),
    }
}

/// Who may call it.
pub(super) fn may(path: &str) -> &'static str {
    callers::of(path).map_or("", Caller::sentence)
}
