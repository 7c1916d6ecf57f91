//! Schemas of what is told besides messages: the types of bodies, narrowed to what callbacks about made-up events have.

use std::collections::BTreeMap;

use ringback_model::delivery::Outbound;
use ringback_model::dialect::{CallbackSchema, Contract as _};
use ringback_model::event::{Event, Fact, Phase};
use ringback_model::ids::LogPos;
use ringback_model::message::Origin;
use ringback_model::rule::Rule;
use ringback_model::sample;
use serde_json::{Map, Value, json};

use super::{AT, RECEIVER, names, noted, without_null};
use crate::easemob::callbacks::FamilyContract;
use crate::easemob::callbacks::families::{Calls, Row, Told, rows};
use crate::easemob::callbacks::{selectors, switches};
use crate::json::Object;
use crate::schemas::{Document, Property, Side};

/// Members that say which callback it is.
const TELLING: &[&str] = &["chat_type", "eventType", "event", "operation", "type", "step"];

/// The schemas of all rows, each once, in their order.
pub(super) fn of_contract(contract: FamilyContract) -> Vec<CallbackSchema> {
    let mut calls = calls(contract);
    let mut names: Vec<&'static str> = Vec::new();
    for (_, row) in rows() {
        if !names.contains(&row.schema) {
            names.push(row.schema);
        }
    }
    let known = selectors::told_names();
    let known: Vec<&'static str> = known.map(|(name, _)| name).collect();
    let schema =
        |name: &&'static str| of_rows(contract, name, &known, &calls.remove(name).unwrap_or_default());
    names.iter().filter_map(schema).collect()
}

fn of_rows(
    contract: FamilyContract,
    name: &'static str,
    known: &[&'static str],
    calls: &[Outbound],
) -> Option<CallbackSchema> {
    let example = calls.first()?.clone();
    let of_schema = || rows().filter(|(_, row)| row.schema == name);
    let shape = of_schema().map(|(_, row)| (row.shape)()).next()?;
    let whens: Vec<&str> = of_schema().map(|(_, row)| row.when).collect();
    let trigger = whens.join("; or ");
    let document = |side, description, kind, properties, examples| {
        let contract = contract.name();
        Document { contract, name, side, description, kind, properties, more: Map::new(), examples }.text()
    };
    let request = document(
        Side::Request,
        format!("Told when {trigger}."),
        json!("object"),
        members(&shape, calls),
        vec![String::from_utf8_lossy(&example.body).into_owned()],
    );
    let answer = document(Side::Answer, noted(), Value::Null, Vec::new(), Vec::new());
    let leads_here =
        |known: &&&'static str| of_schema().any(|(family, row)| selectors::selects(known, family, row.name));
    let events = known.iter().filter(leads_here).copied().collect();
    Some(CallbackSchema { name, phase: Phase::After, trigger, events, example, request, answer })
}

/// The first call of a row about something made-up.
pub(in crate::easemob::callbacks) fn example(contract: FamilyContract, row: &Row) -> Option<Outbound> {
    let rule = rule(contract);
    events().iter().find_map(|event| {
        let told = Told::of(&rule, event)?;
        let found = Calls::of(&told, |_, call| call.name == row.name).rendered(0)?;
        Some(found.outbound)
    })
}

fn rule(contract: FamilyContract) -> Rule {
    Rule {
        switches: vec![(switches::APP_KEY.to_owned(), "demo-org#demo-app".to_owned())],
        ..sample::rule("schema", contract.name(), Phase::After, RECEIVER)
    }
}

/// Everything that may be told, by a user, then in rooms and by the app.
fn events() -> Vec<Event> {
    let variant = |room: bool, by_admin: bool| {
        let events = sample::actions(AT).into_iter().map(|action| sample::done(LogPos(1), action, AT));
        events.map(move |mut event| {
            if let Fact::Done(done) = &mut event.fact {
                done.room |= room;
                done.by_admin = by_admin;
                done.origin = if by_admin { Origin::Rest } else { Origin::Client };
            }
            event
        })
    };
    variant(false, false).chain(variant(true, false)).chain(variant(false, true)).collect()
}

/// Calls about all of that, by the name of their schema.
fn calls(contract: FamilyContract) -> BTreeMap<&'static str, Vec<Outbound>> {
    let rule = rule(contract);
    let mut found: BTreeMap<&'static str, Vec<Outbound>> = BTreeMap::new();
    for event in events() {
        let Some(told) = Told::of(&rule, &event) else { continue };
        let all = Calls::of(&told, |_, _| true);
        for (row, rendered) in all.with_rows() {
            found.entry(row.schema).or_default().push(rendered.outbound);
        }
    }
    found
}

/// The members of bodies in order: those that the type has, as far as they are ever there.
fn members(shape: &Value, calls: &[Outbound]) -> Vec<Property> {
    let read = |call: &Outbound| serde_json::from_slice::<Value>(&call.body).ok();
    let bodies: Vec<Value> = calls.iter().filter_map(read).collect();
    let narrowed = narrowed(shape.clone(), &bodies.iter().collect::<Vec<_>>());
    let mut order: Vec<String> = Vec::new();
    for call in calls {
        for name in names(Object::read(&call.body).ok().as_ref()) {
            if !order.contains(&name) {
                order.push(name);
            }
        }
    }
    let required = |name: &str| bodies.iter().all(|body| body.get(name).is_some());
    order
        .into_iter()
        .map(|name| Property {
            required: required(&name),
            schema: narrowed["properties"][&name].clone(),
            name,
        })
        .collect()
}

/// A schema without what none of these values has; what all of them have is required.
fn narrowed(mut schema: Value, values: &[&Value]) -> Value {
    without_null(&mut schema);
    if let Some(items) = schema.get_mut("items") {
        let inside: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        if !inside.is_empty() {
            *items = narrowed(items.take(), &inside);
        }
    }
    let Some(Value::Object(members)) = schema.get_mut("properties") else { return schema };
    members.retain(|name, _| values.iter().any(|value| value.get(name).is_some()));
    for (name, member) in members.iter_mut() {
        let inside: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
        *member = narrowed(member.take(), &inside);
        if TELLING.contains(&name.as_str()) {
            only(member, &inside);
        }
    }
    let required: Vec<&String> =
        members.keys().filter(|name| values.iter().all(|value| value.get(name.as_str()).is_some())).collect();
    let required = json!(required);
    schema["required"] = required;
    schema
}

/// Of a text: no other than these.
fn only(schema: &mut Value, values: &[&Value]) {
    if schema["type"] != "string" || schema.get("enum").is_some() {
        return;
    }
    let mut seen: Vec<&Value> = Vec::new();
    for value in values {
        if !seen.contains(value) {
            seen.push(value);
        }
    }
    schema["enum"] = json!(seen);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::easemob::callbacks::Product;

    #[test]
    fn every_row_has_an_example() {
        for (_, row) in rows() {
            assert!(example(FamilyContract::new(Product::Agora), row).is_some(), "{}", row.name);
        }
    }
}
