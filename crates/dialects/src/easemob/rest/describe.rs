//! The description of the interface for machines. Source: easemob-rest fact sheet 1 to 4, 6, 8, 9, 13.

mod examples;

use ringback_model::app::App;
use ringback_model::dialect::Method;
use ringback_model::limits::THUMBNAIL_PIXELS;
use serde_json::{Value, json};

use super::envelope::{Envelope, ErrorEnvelope};
use super::problem::{self, Kind};
use super::rates;
use super::routes::{self, BY_ID, Entry, Needs, Shape, Topic, resource};
use crate::openapi::{
    About, Answer, Body, Bytes, Document, Operation, Parameter, Place, Security, camel, in_path, pascal,
    schema_of,
};

const ABOUT: &str = "The same resources below `/app-id/{app_id}` and below `/{org}/{app}`. Bodies are JSON, whatever \
    the request says of them; a member that is null counts as absent, except `ext`; members that nobody knows are \
    skipped. Ids of users do not differ in letter case alone. Every answer has a JSON body, and every error the form \
    of `Error`.";

/// Where pages are counted from 0.
const FROM_0: &str = "/chatgroups/user/{user}";
/// Where the order depends on how pages are turned.
const MEMBERS: &str = "/chatgroups/{id}/users";

/// Headers of answers that ask the caller to come again.
const LATER: &[(&str, &str)] =
    &[("Retry-After", "Seconds after which trying again makes sense; where waiting helps.")];

pub(super) fn document(app: &App) -> Value {
    let security = json!({
        "type": "http", "scheme": "bearer",
        "description": "An app token: bought with `POST token`, or made with the app's certificate (AccessToken2).",
    });
    let mut document = Document::new(About {
        title: "Shengwang, Agora Chat and Easemob REST interface",
        description: ABOUT.to_owned(),
        security: ("bearer", security),
        tags: Topic::ALL.iter().map(|topic| (topic.name(), about(*topic))).collect(),
    });
    let envelope = document.answer(schema_of::<Envelope<'_>>);
    let error = document.answer(schema_of::<ErrorEnvelope<'_>>);
    let errors = errors(&mut document, &error);
    for entry in routes::all() {
        let name = pascal(&format!("{}/{}", entry.method.name(), entry.resource()));
        let success = Answer {
            status: 200,
            meaning: "Done.".to_owned(),
            schema: success(&mut document, entry, &envelope),
            headers: &[],
            bytes: match entry.shape {
                Shape::Bytes => Bytes::Always,
                Shape::DataOrBytes(_) => Bytes::Sometimes,
                _ => Bytes::Never,
            },
        };
        let mut answers = vec![(200, document.shared_answer(&name, &success))];
        answers.extend(errors.iter().cloned());
        let body = body(&mut document, entry);
        for path in entry.paths.iter().copied() {
            let body = body.as_ref().map(|body| shared(&mut document, &name, path, body));
            document.add_with(&operation(entry, path, app), body, answers.clone());
        }
    }
    document.finish()
}

pub(super) const fn about(topic: Topic) -> &'static str {
    match topic {
        Topic::Token => "Tokens for apps and users.",
        Topic::Discovery => "Where clients find the server.",
        Topic::Users => "Accounts, what is known of users, and what is forbidden to them.",
        Topic::Contacts => "Contacts and block lists of users.",
        Topic::Messages => "Messages from the app's backend.",
        Topic::Recall => "Messages that are taken back.",
        Topic::Rewrite => "What messages say is changed.",
        Topic::History => "Messages of past hours.",
        Topic::Reactions => "Reactions to messages.",
        Topic::Threads => "Conversations that hang on messages of groups; messages go to them as to groups.",
        Topic::Groups => "Groups and their members.",
        Topic::Rooms => "Chat rooms and their members.",
        Topic::MemberMetadata => "What the app notes about members of groups.",
        Topic::RoomMetadata => "What the app notes about chat rooms.",
        Topic::Files => "Files that messages carry the addresses of.",
        Topic::Storage => "Callbacks that could not be delivered and are kept, in slices of ten minutes.",
    }
}

/// The answers that every operation may give, each with the names of the errors that come with its status.
fn errors(document: &mut Document, error: &Value) -> Vec<(u16, Value)> {
    let known = [
        (400, "BadRequest"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (413, "TooLarge"),
        (429, "TooManyRequests"),
        (500, "Internal"),
        (503, "Unavailable"),
    ];
    let mut answers = Vec::new();
    for (status, name) in known {
        let answer = Answer {
            status,
            meaning: meaning(status),
            schema: error.clone(),
            headers: if matches!(status, 403 | 429 | 503) { LATER } else { &[] },
            bytes: Bytes::Never,
        };
        answers.push((status, document.shared_answer(name, &answer)));
    }
    answers
}

fn meaning(status: u16) -> String {
    let mut names: Vec<&str> = Vec::new();
    for Kind { error, .. } in problem::ALL.into_iter().filter(|kind| kind.status == status) {
        if !names.contains(error) {
            names.push(error);
        }
    }
    format!("`error` is one of: {}.", names.join(", "))
}

fn success(document: &mut Document, entry: &Entry, envelope: &Value) -> Value {
    let within = |member: &str, schema: Value| json!({"allOf": [envelope, {"type": "object", "properties": {member: schema}, "required": [member]}]});
    match entry.shape {
        Shape::Plain | Shape::Bytes => envelope.clone(),
        Shape::Bare(schema) => document.answer(schema),
        Shape::Data(schema) | Shape::DataOrBytes(schema) => within("data", document.answer(schema)),
        Shape::Entities(schema) => {
            within("entities", json!({"type": "array", "items": document.answer(schema)}))
        }
        Shape::Partly(schema, failed) => {
            let mut partly = within("entities", json!({"type": "array", "items": document.answer(schema)}));
            partly["allOf"][1]["properties"]["data"] = document.answer(failed);
            partly
        }
    }
}

fn body(document: &mut Document, entry: &Entry) -> Option<Body> {
    let (form, required) = (entry.form, !entry.body_optional);
    let Some(schema) = entry.body else {
        return form.then(|| Body { schema: None, required, examples: Vec::new(), form });
    };
    let schema = Some(document.request(schema));
    Some(Body { schema, required, examples: examples::of(entry.method, entry.resource()), form })
}

/// Who names the app by organization and name must give users passwords; the rest is the same for both.
fn shared(document: &mut Document, name: &str, path: &str, body: &Body) -> Value {
    if path != "/{org}/{app}/users" {
        return document.shared_body(name, body);
    }
    let password = json!({"required": ["password"], "properties": {"password": {"minLength": 1}}});
    let mut strict = body.clone();
    strict.schema = Some(json!({"allOf": [body.schema, password, {"items": password}]}));
    document.shared_body(&format!("{name}WithPasswords"), &strict)
}

fn operation(entry: &Entry, path: &'static str, app: &App) -> Operation {
    let base = camel(&format!("{}/{}", entry.method.name(), resource(path)));
    let by_id = path.starts_with(BY_ID);
    let mut parameters: Vec<Parameter> =
        in_path(path).map(|name| path_parameter(entry.topic, name, app)).collect();
    let (topic, resource) = (entry.topic, entry.resource());
    let asked = entry.query.iter();
    parameters.extend(asked.map(|(name, doc)| query_parameter(topic, resource, name, doc, app)));
    parameters.extend(entry.headers.iter().map(|(name, doc)| header(name, doc)));
    Operation {
        id: if by_id { format!("{base}ByAppId") } else { base },
        method: entry.method,
        path,
        tag: entry.topic.name(),
        summary: entry.summary,
        description: often(entry.method, path),
        security: match entry.needs {
            Needs::AppToken | Needs::AnyToken => Security::Needed,
            Needs::MaybeToken => Security::Sometimes,
            Needs::Nothing => Security::None,
        },
        parameters,
        body: None,
        answers: Vec::new(),
    }
}

fn header(name: &'static str, doc: &'static str) -> Parameter {
    let (schema, example) = match name {
        "thumbnail-height" | "thumbnail-width" => {
            (json!({"type": "integer", "minimum": 1, "default": THUMBNAIL_PIXELS}), json!(200))
        }
        "share-secret" => (json!({"type": "string"}), json!("9f86d081884c7d659a2feaa0c55ad015")),
        _ => (json!({"type": "boolean", "default": false}), json!(true)),
    };
    Parameter { name, place: Place::Header, required: false, doc, schema, example }
}

/// How often it may be called, unless the settings say otherwise.
fn often(method: Method, path: &str) -> String {
    let charged = rates::ALL.iter().filter(|rate| rates::of_route(method, path).contains(&rate.key));
    let told = charged.map(|rate| {
        format!(
            "At most {} in {} s, counted with all {} (setting `{}`).",
            rate.count,
            rate.per.as_secs(),
            rate.doc,
            rate.key
        )
    });
    told.collect::<Vec<_>>().join(" ")
}

fn path_parameter(topic: Topic, name: &'static str, app: &App) -> Parameter {
    let (doc, example) = match name {
        "app_id" => ("The id of the app.", json!(app.id)),
        "org" => ("The app's organization.", json!(app.org)),
        "app" => ("The app's name.", json!(app.name)),
        "user" => ("The id of a user.", json!("alice")),
        "other" => ("The id of the other user.", json!("bob")),
        "resource" => ("A device, as `resources` shows it.", json!("android_7")),
        "msg_id" => ("The id of a message.", json!("1357924680135792470")),
        "kind" => ("What kind of conversation: `user` or `chatgroup`.", json!("user")),
        "key" => ("The other user, the group, or the user himself.", json!("bob")),
        "time" => ("An hour: `yyyyMMddHH`.", json!("2024110714")),
        "uuid" => ("The id of a file.", json!("0c9b8f3e-5a51-4d0a-9a53-2f6f0f6f7a11")),
        "file" => ("The id of a file.", json!("1357924680135792470")),
        "users" => ("Ids of users, separated by commas; where one is added, a single one.", json!("bob")),
        _ if matches!(topic, Topic::Rooms | Topic::RoomMetadata) => (
            "The id of a room; where rooms are shown, several, separated by commas.",
            json!("270011223344557"),
        ),
        _ => (
            "The id of a group; where groups are shown, several, separated by commas.",
            json!("270011223344556"),
        ),
    };
    let schema = json!({"type": "string"});
    Parameter { name, place: Place::Path, required: true, doc, schema, example }
}

fn query_parameter(
    topic: Topic,
    resource: &str,
    name: &'static str,
    doc: &'static str,
    app: &App,
) -> Parameter {
    let (schema, example) = match name {
        "pagenum" if resource == FROM_0 => (json!({"type": "integer", "minimum": 0, "default": 0}), json!(0)),
        "pagesize" if resource == FROM_0 => {
            (json!({"type": "integer", "minimum": 1, "default": 5}), json!(20))
        }
        "pagenum" => (json!({"type": "integer", "minimum": 1, "default": 1}), json!(1)),
        "pagesize" => {
            (json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000}), json!(100))
        }
        "limit" | "pageSize" => (json!({"type": "integer", "minimum": 1}), json!(10)),
        "cursor" => (json!({"type": "string"}), json!("")),
        "sort" if resource == MEMBERS => (json!({"type": "string", "enum": ["asc", "desc"]}), json!("asc")),
        "sort" => (json!({"type": "string", "enum": ["asc", "desc"], "default": "desc"}), json!("asc")),
        "app_key" => (json!({"type": "string"}), json!(app.key())),
        "msgId" | "msgIdList" => (json!({"type": "string", "minLength": 1}), json!("1357924680135792401")),
        "message" => (json!({"type": "string", "minLength": 1}), json!("emoji_3")),
        "version" => (json!({"type": "string", "enum": ["v3"]}), json!("v3")),
        "msgType" => (json!({"type": "string"}), json!("chat")),
        "userId" => (json!({"type": "string", "minLength": 1}), json!("bob")),
        "delTime" => (json!({"type": "integer", "minimum": 0}), json!(1_731_000_000_000_i64)),
        "groupId" => (json!({"type": "string"}), json!("270011223344556")),
        "share-secret" => (json!({"type": "string"}), json!("9f86d081884c7d659a2feaa0c55ad015")),
        _ => (json!({"type": "boolean", "default": false}), json!(true)),
    };
    let required = match name {
        "app_key" | "msgId" | "msgIdList" | "message" | "userId" | "delTime" => true,
        "groupId" => topic != Topic::Reactions,
        _ => false,
    };
    Parameter { name, place: Place::Query, required, doc, schema, example }
}
