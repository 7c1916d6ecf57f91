//! `/admin/v1/schemas`: what callbacks and their answers look like.

use std::sync::OnceLock;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use ringback_model::dialect::CallbackSchema;
use ringback_model::event::Phase;
use serde_json::value::RawValue;

use super::error::ApiError;
use super::input::Input;
use super::reply::Reply;
use super::views::{SchemaEntry, SchemaList, SchemaView};
use super::{Admin, ROOT};

/// Media type of a schema by itself. Source: JSON Schema 2020-12, core, 14.
pub(super) const SCHEMA_JSON: &str = "application/schema+json";

/// Those of all contracts, made when the first caller asks: anybody may ask for them, and making them takes more than a
/// send does.
#[derive(Default)]
pub(super) struct Schemas(OnceLock<Vec<Described>>);

/// A contract's name, and its callbacks.
type Described = (&'static str, Vec<CallbackSchema>);

impl Schemas {
    fn all(&self, admin: &Admin) -> &[Described] {
        self.0.get_or_init(|| {
            let contracts = &admin.desk.workshop().contracts;
            contracts.iter().map(|contract| (contract.name(), contract.schemas())).collect()
        })
    }
}

pub(super) async fn list(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let all = admin.schemas.all(admin).iter();
    let schemas =
        all.flat_map(|(dialect, callbacks)| callbacks.iter().map(|it| entry(dialect, it))).collect();
    Reply::json(StatusCode::OK, &SchemaList { schemas })
}

fn entry(dialect: &'static str, callback: &CallbackSchema) -> SchemaEntry {
    SchemaEntry {
        dialect,
        name: callback.name,
        phase: match callback.phase {
            Phase::Before => "before",
            Phase::After => "after",
        },
        trigger: callback.trigger.clone(),
        events: callback.events.clone(),
        href: format!("{ROOT}/schemas/{dialect}/{}", callback.name),
    }
}

pub(super) async fn show(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let (dialect, callback) = find(admin.schemas.all(admin), input.param("dialect"), input.param("callback"))
        .map_err(|message| ApiError::new(StatusCode::NOT_FOUND, "not_found", message))?;
    match input.query("part") {
        None => {
            let raw =
                |text| serde_json::from_str::<&RawValue>(text).map_err(|wrong| ApiError::internal(&wrong));
            let (request, answer) = (raw(&callback.request)?, raw(&callback.answer)?);
            Reply::json(StatusCode::OK, &SchemaView { entry: entry(dialect, callback), request, answer })
        }
        Some("request") => Ok(bare(&callback.request)),
        Some("answer") => Ok(bare(&callback.answer)),
        Some(_) => Err(ApiError::field("part", "must be request or answer")),
    }
}

fn bare(schema: &str) -> Reply {
    let reply = Reply::written(StatusCode::OK, schema.to_owned().into());
    reply.with(CONTENT_TYPE, SCHEMA_JSON.to_owned())
}

/// A callback by its name, or by a name in `events` that leads to it alone.
fn find<'a>(
    all: &'a [Described],
    dialect: &str,
    name: &str,
) -> Result<(&'static str, &'a CallbackSchema), String> {
    let Some((dialect, callbacks)) = all.iter().find(|(known, _)| *known == dialect) else {
        let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
        return Err(format!("there is no such dialect; there are {}", known.join(", ")));
    };
    if let Some(callback) = callbacks.iter().find(|callback| callback.name == name) {
        return Ok((dialect, callback));
    }
    let led: Vec<_> = callbacks.iter().filter(|callback| callback.events.contains(&name)).collect();
    match led.as_slice() {
        [only] => Ok((dialect, only)),
        [] => Err(format!("{dialect} has no such callback; {ROOT}/schemas lists them")),
        several => {
            let names: Vec<&str> = several.iter().map(|callback| callback.name).collect();
            Err(format!("{name} leads to several callbacks: {}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::delivery::Outbound;

    use super::*;

    fn callback(name: &'static str, events: &[&'static str]) -> CallbackSchema {
        let example = Outbound { url: String::new(), headers: Vec::new(), body: Vec::new().into() };
        let (trigger, request, answer) = ("x".to_owned(), "{}".to_owned(), "true".to_owned());
        CallbackSchema {
            name,
            phase: Phase::After,
            trigger,
            events: events.to_vec(),
            example,
            request,
            answer,
        }
    }

    #[test]
    fn callbacks_are_found_by_name_and_by_what_leads_to_one_of_them() {
        let all = [("first", vec![callback("one", &["a", "both"]), callback("two", &["both", "one"])])];
        let found = |name: &str| find(&all, "first", name).map(|(_, callback)| callback.name);
        assert_eq!((found("one"), found("a")), (Ok("one"), Ok("one")));
        assert_eq!(found("both").unwrap_err(), "both leads to several callbacks: one, two");
        assert!(found("c").unwrap_err().contains("/admin/v1/schemas lists them"));
        assert_eq!(find(&all, "second", "one").unwrap_err(), "there is no such dialect; there are first");
    }
}
