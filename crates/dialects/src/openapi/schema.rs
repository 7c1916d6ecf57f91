//! Schemas made from types.

use schemars::generate::{Contract, SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::SCHEMAS;

/// Describes a type, and adds what it consists of to the generator's definitions.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The [`SchemaOf`] of a type.
pub(crate) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Marks a member that a request must have, in types whose members may all be absent because the reader itself looks
/// what is missing and says so in the words of its protocol.
const NEEDED: &str = "x-required";

pub(super) fn for_requests() -> SchemaGenerator {
    generator(Contract::Deserialize)
}

pub(super) fn for_answers() -> SchemaGenerator {
    generator(Contract::Serialize)
}

fn generator(contract: Contract) -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = SCHEMAS.into();
    settings.meta_schema = None;
    settings.contract = contract;
    settings.into_generator()
}

/// A request's schema as it is published: with the members that it needs, and without null, which means absence
/// wherever it is taken at all.
pub(super) fn settled(schema: Schema) -> Value {
    settled_value(schema.to_value())
}

pub(super) fn settled_value(mut schema: Value) -> Value {
    settle(&mut schema);
    schema
}

/// An answer's schema as it is published: a member that may be absent is left out rather than null.
pub(super) fn written(mut schema: Value) -> Value {
    each_object(&mut schema, write_members);
    schema
}

fn settle(value: &mut Value) {
    each_object(value, settle_members);
}

fn each_object(value: &mut Value, change: fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(schema) => {
            change(schema);
            for (name, inner) in schema {
                match inner {
                    // Names of members, one of which may be `properties` itself.
                    Value::Object(members) if name == "properties" => {
                        members.values_mut().for_each(|member| each_object(member, change));
                    }
                    inner => each_object(inner, change),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_object(item, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn write_members(schema: &mut Map<String, Value>) {
    let required = schema.get("required").cloned();
    let required = required.as_ref().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    for (name, member) in members.iter_mut().filter(|(name, _)| !required.contains(&json!(name))) {
        match member {
            Value::Object(member) => without_null(member),
            _ => debug_assert!(member.is_boolean(), "{name} is no schema"),
        }
    }
}

fn settle_members(schema: &mut Map<String, Value>) {
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return };
    let mut needed = Vec::new();
    for (name, member) in members.iter_mut() {
        let Value::Object(member) = member else { continue };
        let is_needed = member.remove(NEEDED).is_some();
        without_null(member);
        if is_needed {
            member.remove("default");
            if member.get("type") == Some(&json!("string")) && !member.contains_key("enum") {
                member.entry("minLength").or_insert(json!(1));
            }
            needed.push(json!(name));
        }
    }
    if !needed.is_empty() {
        schema.insert("required".to_owned(), Value::Array(needed));
    }
}

fn without_null(member: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = member.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            member.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = member.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    if let Some(Value::Array(forms)) = member.get_mut("anyOf") {
        forms.retain(|form| form.get("type") != Some(&json!("null")));
        if let [Value::Object(only)] = forms.as_slice() {
            let only = only.clone();
            member.remove("anyOf");
            member.extend(only);
        }
    }
    if member.get("default") == Some(&Value::Null) {
        member.remove("default");
    }
}
