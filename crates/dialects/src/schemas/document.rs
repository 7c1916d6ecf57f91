//! One schema: of what goes out, or of what comes back.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Which half of a callback a schema is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Answer,
}

impl Side {
    /// As names of files and schemas have it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
        }
    }
}

/// A member of an object.
#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) schema: Value,
    pub(crate) required: bool,
}

/// A schema in the making. Its text has the members in the order in which bodies have them.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) contract: &'static str,
    pub(crate) name: &'static str,
    pub(crate) side: Side,
    pub(crate) description: String,
    /// `type` of the whole; null = anything at all.
    pub(crate) kind: Value,
    pub(crate) properties: Vec<Property>,
    /// Keywords besides.
    pub(crate) more: Map<String, Value>,
    /// JSON texts, as they are sent.
    pub(crate) examples: Vec<String>,
}

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Version of the shape that `$id`s name. It is raised where values that fitted fit no longer.
const VERSION: u32 = 1;

impl Document {
    /// The schema as text, with a newline at the end.
    pub(crate) fn text(&self) -> String {
        // Writing our own struct into memory cannot fail: no maps with odd keys, no I/O.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// What the schema is called, wherever it is served from.
    fn id(&self) -> String {
        format!("urn:ringback:schema:{}:{}:{}:{VERSION}", self.contract, self.name, self.side.name())
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("$schema", DRAFT)?;
        map.serialize_entry("$id", &self.id())?;
        map.serialize_entry("title", &format!("{} {}, {}", self.name, self.side.name(), self.contract))?;
        map.serialize_entry("description", &self.description)?;
        if !self.kind.is_null() {
            map.serialize_entry("type", &self.kind)?;
            map.serialize_entry("properties", &Properties(&self.properties))?;
        }
        let required: Vec<&str> =
            self.properties.iter().filter(|it| it.required).map(|it| it.name.as_str()).collect();
        if !required.is_empty() {
            map.serialize_entry("required", &required)?;
        }
        for (keyword, value) in &self.more {
            map.serialize_entry(keyword, value)?;
        }
        let examples: Vec<&RawValue> =
            self.examples.iter().filter_map(|text| serde_json::from_str(text.trim()).ok()).collect();
        if !examples.is_empty() {
            map.serialize_entry("examples", &examples)?;
        }
        map.end()
    }
}

struct Properties<'a>(&'a [Property]);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|property| (&property.name, &property.schema)))
    }
}

impl Property {
    /// The schema with a description, unless it has one.
    pub(crate) fn says(&mut self, words: &str) {
        match &mut self.schema {
            Value::Object(keywords) => {
                keywords.entry("description").or_insert_with(|| json!(words));
            }
            other => *other = json!({"description": words}),
        }
    }
}
