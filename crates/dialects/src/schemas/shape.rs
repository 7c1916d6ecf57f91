//! What values look like in JSON, by their types.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use schemars::JsonSchema;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

use crate::json::Object;

/// A type whose values look alike in JSON.
pub(crate) trait Shape {
    /// The schema of every value.
    fn shape() -> Value;
}

impl Shape for str {
    fn shape() -> Value {
        json!({"type": "string"})
    }
}

impl Shape for bool {
    fn shape() -> Value {
        json!({"type": "boolean"})
    }
}

impl Shape for i32 {
    fn shape() -> Value {
        json!({"type": "integer", "minimum": Self::MIN, "maximum": Self::MAX})
    }
}

/// Its bounds are those of what programs can count at all: numbers near them are no longer told apart by many.
impl Shape for i64 {
    fn shape() -> Value {
        json!({"type": "integer"})
    }
}

impl Shape for u64 {
    fn shape() -> Value {
        json!({"type": "integer", "minimum": 0})
    }
}

impl Shape for u32 {
    fn shape() -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": Self::MAX})
    }
}

/// Bytes are no fewer than characters.
fn id() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": limits::ID_BYTES})
}

impl Shape for UserId {
    fn shape() -> Value {
        id()
    }
}

impl Shape for GroupId {
    fn shape() -> Value {
        id()
    }
}

impl Shape for String {
    fn shape() -> Value {
        str::shape()
    }
}

impl<T: Shape + ToOwned + ?Sized> Shape for Cow<'_, T> {
    fn shape() -> Value {
        T::shape()
    }
}

impl<T: Shape + ?Sized> Shape for &T {
    fn shape() -> Value {
        T::shape()
    }
}

impl<T: Shape> Shape for Option<T> {
    fn shape() -> Value {
        or_null(T::shape())
    }
}

impl<T: Shape> Shape for [T] {
    fn shape() -> Value {
        json!({"type": "array", "items": T::shape()})
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn shape() -> Value {
        <[T]>::shape()
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    fn shape() -> Value {
        json!({"type": "object", "additionalProperties": T::shape()})
    }
}

/// Anything.
impl Shape for Value {
    fn shape() -> Value {
        json!(true)
    }
}

impl Shape for Object {
    fn shape() -> Value {
        json!({"type": "object"})
    }
}

/// One of these, each a schema.
pub(crate) fn any_of(forms: &[Value]) -> Value {
    json!({"anyOf": forms})
}

/// The same, or null.
pub(crate) fn or_null(mut shape: Value) -> Value {
    if let Some(list) = shape.get_mut("enum").and_then(Value::as_array_mut) {
        list.push(Value::Null);
    }
    if let Some(kind) = shape.get_mut("type") {
        if kind.is_string() {
            *kind = json!([kind.take(), "null"]);
        }
    } else if let Some(forms) = shape.get_mut("anyOf").and_then(Value::as_array_mut) {
        forms.push(json!({"type": "null"}));
    }
    shape
}

/// The schema of a type that is written, with what it consists of in place.
pub(crate) fn written<T: JsonSchema>() -> Value {
    derived::<T>(Contract::Serialize)
}

/// The schema of a type that is read: every member may be absent or null.
pub(crate) fn read<T: JsonSchema>() -> Value {
    derived::<T>(Contract::Deserialize)
}

fn derived<T: JsonSchema>(contract: Contract) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.contract = contract;
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = settings.into_generator().subschema_for::<T>().to_value();
    plain(&mut schema);
    schema
}

/// Leaves out what says nothing about a value, and writes the bounds of numbers in words that everybody reads.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.remove("default");
            numbers(members);
            members.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn numbers(members: &mut Map<String, Value>) {
    let format = match members.get("format").and_then(Value::as_str) {
        Some("int32") => i32::shape(),
        Some("int64") => i64::shape(),
        Some("uint64") => u64::shape(),
        Some("uint32") => u32::shape(),
        _ => return,
    };
    members.remove("format");
    for (keyword, bound) in format.as_object().into_iter().flatten().filter(|(keyword, _)| *keyword != "type")
    {
        members.insert(keyword.clone(), bound.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_say_what_their_values_look_like() {
        assert_eq!(Option::<&str>::shape(), json!({"type": ["string", "null"]}));
        assert_eq!(
            Option::<&[UserId]>::shape(),
            json!({"type": ["array", "null"], "items": {"type": "string", "minLength": 1, "maxLength": 64}})
        );
        assert_eq!(or_null(json!({"enum": [1, 2]})), json!({"enum": [1, 2, null]}));
        assert_eq!(
            or_null(any_of(&[bool::shape()])),
            json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]})
        );
    }

    #[test]
    fn types_of_several_members_have_them_in_place() {
        #[derive(JsonSchema, serde::Serialize)]
        struct Outer {
            number: i32,
            at: Option<i64>,
        }
        let schema = written::<Outer>();
        assert_eq!(schema["properties"]["number"], i32::shape());
        assert_eq!(schema["properties"]["at"]["type"], json!(["integer", "null"]));
        assert_eq!(schema["required"], json!(["number", "at"]));
        let value = serde_json::to_value(Outer { number: 1, at: None }).unwrap();
        assert!(value.as_object().unwrap().keys().all(|name| schema["properties"].get(name).is_some()));
        assert!(schema.get("$defs").is_none() && schema.get("title").is_none(), "{schema}");
    }
}
