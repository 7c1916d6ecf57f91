//! JSON Schemas of every command's body and answers: read off bodies that are written about made-up things, and off
//! what the readers of answers ask for.

mod words;

#[cfg(test)]
mod tests;

use ringback_model::dialect::{CallbackSchema, Contract as _};
use ringback_model::event::Phase;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::commands::{self, Command, Effect};
use super::fields::Member;
use super::generation::Generation;
use super::switches::{Compat, FILLED_FIELDS};
use super::{Occasion, OpenImContract, answer, exclusion, operation_id, preset, specimens};
use crate::json::Noted;
use crate::openim::receiver::OpenImReceiver;
use crate::schemas::{self, Document, Property, Side, any_of, or_null};

/// All of a contract, in the order of the register.
pub(super) fn of_contract(contract: OpenImContract) -> Vec<CallbackSchema> {
    commands::all().filter_map(|command| of_command(contract, command)).collect()
}

fn of_command(contract: OpenImContract, command: &'static Command) -> Option<CallbackSchema> {
    let generation = contract.generation;
    let name = command.name_in(generation)?;
    let example = specimens::call(contract, command)?;
    let document = |side, description, kind, properties, examples| {
        let more = Map::new();
        Document { contract: contract.name(), name, side, description, kind, properties, more, examples }
            .text()
    };
    let body = String::from_utf8_lossy(&example.body).into_owned();
    let request = document(
        Side::Request,
        sentence(command),
        json!("object"),
        sent(contract, command, name),
        vec![body],
    );
    let answer = match command.effect {
        Effect::Nothing => document(Side::Answer, IGNORED.to_owned(), Value::Null, Vec::new(), Vec::new()),
        Effect::Decide { .. } => document(
            Side::Answer,
            words::answering(command, generation),
            json!(["object", "null"]),
            asked_for(command, generation),
            schemas::answers(&OpenImReceiver, contract.name(), &example),
        ),
    };
    let known = preset::event_names(generation, command.phase());
    let events =
        known.into_iter().map(|event| event.name).filter(|event| command.is_called(event, generation));
    Some(CallbackSchema {
        name,
        phase: command.phase(),
        trigger: command.trigger.to_owned(),
        events: events.collect(),
        example,
        request,
        answer,
    })
}

const IGNORED: &str = "Only the status counts: 200 to 299 means delivered, anything else is tried again. The body is not \
                       read; it may be anything, or nothing.";

fn sentence(command: &Command) -> String {
    let verb = match command.phase() {
        Phase::Before => "Asked",
        Phase::After => "Told",
    };
    let differs = if command.difference.is_empty() { "" } else { " " };
    format!("{verb} when {}.{differs}{}", command.trigger, command.difference)
}

// ---------------------------------------------------------------- what goes out

/// What is different from one body of a command to the next.
struct Body {
    filled: bool,
    members: Vec<Member>,
}

/// A body about everything that the command is about, with every setting, with and without somebody who acts.
fn bodies(contract: OpenImContract, command: &'static Command, name: &'static str) -> Vec<Body> {
    let (questions, events) = match command.phase() {
        Phase::Before => (specimens::questions(command), Vec::new()),
        Phase::After => (Vec::new(), specimens::events()),
    };
    let asked = questions.iter().map(Occasion::of_question);
    let told = events.iter().filter_map(|event| Occasion::of_event(event).ok());
    let mut written = Vec::new();
    for about in asked.chain(told).filter(|about| about.kind == command.kind) {
        if exclusion::calls(command, about.matter, about.actor_is_admin).is_err() {
            continue;
        }
        let operation_id = operation_id(about.operation_id, about.number);
        for (filled_fields, actor) in [(true, about.actor), (true, None), (false, about.actor), (false, None)]
        {
            let call = Call {
                generation: contract.generation,
                command,
                name,
                matter: about.matter,
                copy: 0,
                operation_id: &operation_id,
                actor,
                done: about.done,
                compat: Compat {
                    content_type_query: true,
                    filled_fields,
                    status_check: true,
                    wrappers: false,
                },
            };
            let members = call.written().map(|fields| fields.members().to_vec());
            written.extend(members.map(|members| Body { filled: filled_fields, members }));
        }
    }
    written
}

/// The members of a command's bodies.
fn sent(contract: OpenImContract, command: &'static Command, name: &'static str) -> Vec<Property> {
    let bodies = bodies(contract, command, name);
    let has = |body: &Body, name: &str| body.members.iter().any(|member| member.name == name);
    let in_order = in_order(&bodies);
    in_order
        .into_iter()
        .map(|member| {
            let required = bodies.iter().all(|body| has(body, member));
            let by_setting = !required && bodies.iter().all(|body| body.filled || !has(body, member));
            let looks = looks(&bodies, member, contract.generation);
            let schema =
                if member == "callbackCommand" { json!({"type": "string", "const": name}) } else { looks };
            let mut property = Property { name: member.to_owned(), schema, required };
            let mut says = words::sent(command, member).to_owned();
            if by_setting {
                says = format!("{says} Absent where `{FILLED_FIELDS}` is `coded`.").trim_start().to_owned();
            }
            property.says(&says);
            describe(&mut property.schema, &|inner| words::sent(command, inner));
            property
        })
        .collect()
}

/// The names of all members, each behind those that it is behind in a body.
fn in_order(bodies: &[Body]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    for body in bodies {
        let mut place = 0;
        for member in &body.members {
            match names.iter().position(|name| *name == member.name) {
                Some(at) => place = at + 1,
                None => {
                    names.insert(place, member.name);
                    place += 1;
                }
            }
        }
    }
    names
}

/// What a member looks like in all bodies together.
fn looks(bodies: &[Body], name: &str, generation: Generation) -> Value {
    let members = bodies.iter().flat_map(|body| &body.members).filter(|member| member.name == name);
    let mut forms: Vec<Value> = Vec::new();
    for form in members.map(|member| (member.looks)(generation)) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    match forms.as_slice() {
        [only] => only.clone(),
        several => any_of(several),
    }
}

/// Gives members of objects inside a schema their descriptions.
fn describe(schema: &mut Value, words: &dyn Fn(&str) -> &'static str) {
    let Value::Object(keywords) = schema else { return };
    if let Some(Value::Object(members)) = keywords.get_mut("properties") {
        for (name, member) in members {
            let says = words(name);
            if let Value::Object(member) = member
                && !says.is_empty()
            {
                member.insert("description".to_owned(), json!(says));
            }
            describe(member, words);
        }
    }
    for inside in ["items", "anyOf"] {
        match keywords.get_mut(inside) {
            Some(Value::Array(forms)) => forms.iter_mut().for_each(|form| describe(form, words)),
            Some(form) => describe(form, words),
            None => {}
        }
    }
}

// ---------------------------------------------------------------- what comes back

/// The members that are read of answers to a command.
fn asked_for(command: &Command, generation: Generation) -> Vec<Property> {
    properties(command, answer::members(command, generation))
}

fn properties(command: &Command, members: Vec<Noted>) -> Vec<Property> {
    let one = |member: Noted| {
        let word = words::answered(command, &member.name);
        let mut schema = member.looks;
        if let Some(entries) = &member.entries {
            schema["items"] = object(properties(command, entries.members()));
        }
        word.bounds.narrow(&mut schema);
        let schema = if word.needed { schema } else { or_null(schema) };
        let mut property = Property { name: member.name, schema, required: word.needed };
        property.says(word.says);
        describe(&mut property.schema, &|inner| words::answered(command, inner).says);
        property
    };
    members.into_iter().map(one).collect()
}

/// An object inside another.
fn object(properties: Vec<Property>) -> Value {
    let required: Vec<Value> = properties.iter().filter(|it| it.required).map(|it| json!(it.name)).collect();
    let members: Map<String, Value> = properties.into_iter().map(|it| (it.name, it.schema)).collect();
    let mut object = json!({"type": "object", "properties": members});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}
