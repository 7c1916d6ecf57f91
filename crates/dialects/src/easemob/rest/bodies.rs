//! What the bodies of messages must hold, by type. Source: easemob-rest fact sheet 6.1; easemob-callbacks fact sheet
//! 5.2.

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::body::invalid;
use super::problem::{NOT_SENDABLE, Reject};

/// Types of bodies, each with the texts that it must hold.
static TYPES: [(&str, &[&str]); 8] = [
    ("txt", &["msg"]),
    ("img", &["url"]),
    ("audio", &["url"]),
    ("video", &["url"]),
    ("file", &["url"]),
    (PLACE, &["addr"]),
    ("cmd", &["action"]),
    ("custom", &[]),
];
/// The type that must hold coordinates too.
const PLACE: &str = "loc";
/// Coordinates.
const COORDINATES: [&str; 2] = ["lat", "lng"];

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Object,
    /// An object, or a list of them.
    Objects,
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Object => value.is_object(),
            Self::Objects => value.is_object() || value.is_array(),
        }
    }

    const fn schema_type(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Object | Self::Objects => "object",
        }
    }
}

/// Members that may be absent.
const OPTIONAL: [(&str, Kind); 9] = [
    ("filename", Kind::Text),
    ("secret", Kind::Text),
    ("thumb", Kind::Text),
    ("thumb_secret", Kind::Text),
    ("customEvent", Kind::Text),
    ("length", Kind::Number),
    ("file_length", Kind::Number),
    ("size", Kind::Object),
    ("customExts", Kind::Objects),
];

/// What a type of body must hold.
pub(super) fn check(kind: &str, body: &Map<String, Value>) -> Result<(), Reject> {
    let known = TYPES.iter().find(|(name, _)| *name == kind);
    let unknown = || Reject::new(&NOT_SENDABLE, format!("param type {kind:.40} is not supported"));
    let (_, texts) = known.ok_or_else(unknown)?;
    let missing = |name: &str| Reject::new(&NOT_SENDABLE, format!("param {name} can't be empty"));
    for name in *texts {
        match body.get(*name) {
            Some(Value::String(_)) => {}
            None | Some(Value::Null) => return Err(missing(name)),
            Some(_) => return Err(invalid()),
        }
    }
    let coordinates: &[&str] = if kind == PLACE { &COORDINATES } else { &[] };
    for name in coordinates {
        match body.get(*name) {
            Some(Value::Number(_)) => {}
            Some(Value::String(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => {}
            None | Some(Value::Null) => return Err(missing(name)),
            Some(_) => return Err(invalid()),
        }
    }
    check_optional(body)
}

/// What [`check`] looks at, for the description of the interface, where the type stands beside the body.
pub(super) fn describe(schema: &mut Schema) {
    let rules = demanding().map(|(kind, texts)| {
        json!({
            "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
            "then": {"properties": {"body": body_schema(kind, texts)}},
        })
    });
    schema.insert("allOf".to_owned(), rules.collect());
    describe_types(schema.pointer_mut("/properties/type"));
    describe_members(schema.pointer_mut("/properties/body"));
}

/// The same where the type stands in the body.
pub(super) fn describe_old(schema: &mut Schema) {
    let rules = demanding().map(|(kind, texts)| {
        json!({
            "if": {"properties": {"msg": {"properties": {"type": {"const": kind}}, "required": ["type"]}}},
            "then": {"properties": {"msg": body_schema(kind, texts)}},
        })
    });
    schema.insert("allOf".to_owned(), rules.collect());
    describe_members(schema.pointer_mut("/properties/msg"));
    if let Some(body) = schema.pointer_mut("/properties/msg") {
        body["properties"]["type"] = json!({"type": "string"});
        body["required"] = json!(["type"]);
        describe_types(body.pointer_mut("/properties/type"));
    }
}

/// Types that demand something.
fn demanding() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TYPES.iter().copied().filter(|(_, texts)| !texts.is_empty())
}

fn describe_types(member: Option<&mut Value>) {
    if let Some(member) = member {
        member["enum"] = TYPES.iter().map(|(kind, _)| *kind).collect();
    }
}

/// Places need their coordinates; the other types need texts.
fn body_schema(kind: &str, texts: &[&str]) -> Value {
    let mut needed = texts.to_vec();
    if kind == PLACE {
        needed.extend(COORDINATES);
    }
    let text = |name: &&str| ((*name).to_owned(), json!({"type": "string"}));
    let members: Map<String, Value> = texts.iter().map(text).collect();
    json!({"properties": members, "required": needed})
}

/// What members are in bodies of all types. Coordinates may be texts too, and the app's own members a list; what is
/// described is what they should be.
fn describe_members(body: Option<&mut Value>) {
    let texts = TYPES.iter().flat_map(|(_, texts)| texts.iter().map(|name| (*name, Kind::Text)));
    let coordinates = COORDINATES.iter().map(|name| (*name, Kind::Number));
    let all = texts.chain(coordinates).chain(OPTIONAL);
    let members: Map<String, Value> =
        all.map(|(name, kind)| (name.to_owned(), json!({"type": kind.schema_type()}))).collect();
    if let Some(body) = body {
        body["properties"] = Value::Object(members);
    }
}

/// Members that may be absent, but have their type where they are present.
fn check_optional(body: &Map<String, Value>) -> Result<(), Reject> {
    let fits = |(name, kind): &(&str, Kind)| body.get(*name).is_none_or(|value| kind.takes(value));
    if OPTIONAL.iter().all(fits) { Ok(()) } else { Err(invalid()) }
}
