//! `/admin/v1/dialects`: what rules may say; and the descriptions for machines.

use std::sync::OnceLock;

use bytes::Bytes;
use http::StatusCode;
use ringback_model::dialect::Contract;
use ringback_model::event::Phase;
use serde_json::{Map, Value};

use super::Admin;
use super::error::ApiError;
use super::input::Input;
use super::openapi;
use super::reply::Reply;
use super::views::{DialectList, DialectView, EventView, PhaseView};
use crate::rules::draft::preset_rule;
use crate::rules::fields::{FIELDS, Initially};

pub(super) async fn list(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let dialects = admin.desk.workshop().contracts.iter().map(|contract| view(contract.as_ref())).collect();
    Reply::json(StatusCode::OK, &DialectList { dialects })
}

fn view(contract: &dyn Contract) -> DialectView {
    DialectView {
        name: contract.name(),
        storage_service: contract.storage().is_some(),
        before: phase_view(contract, Phase::Before),
        after: phase_view(contract, Phase::After),
    }
}

fn phase_view(contract: &dyn Contract, phase: Phase) -> PhaseView {
    let preset = contract.preset(phase);
    let rule = preset_rule(contract.name(), phase, &preset);
    let mut defaults = Map::new();
    for field in
        FIELDS.iter().filter(|field| field.initially == Initially::Preset && field.belongs(phase, &preset))
    {
        defaults.extend(field.shown(&rule, Some(contract)).map(|value| (field.name.to_owned(), value)));
    }
    let without = FIELDS.iter().filter(|field| !field.belongs(phase, &preset)).map(|field| field.name);
    let events = contract.event_names(phase).into_iter();
    PhaseView {
        events: events.map(|event| EventView { name: event.name, doc: event.doc }).collect(),
        defaults,
        without: without.collect(),
    }
}

/// The descriptions as text, made when the first caller asks: anybody may ask for them, and making one takes more than
/// a send does.
#[derive(Default)]
pub(super) struct Descriptions {
    own: OnceLock<Bytes>,
    edges: OnceLock<Vec<(&'static str, Bytes)>>,
}

fn text_of(document: &Value) -> Bytes {
    format!("{document}\n").into()
}

pub(super) async fn own_description(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    let contracts = || &admin.desk.workshop().contracts;
    let text = admin.descriptions.own.get_or_init(|| text_of(&openapi::document(contracts())));
    Ok(Reply::written(StatusCode::OK, text.clone()))
}

pub(super) async fn edge_description(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let wanted = input.param("edge").strip_suffix(".json").unwrap_or_default();
    let write = || admin.edges.iter().map(|(name, edge)| (*name, text_of(&edge.openapi()))).collect();
    let known = admin.descriptions.edges.get_or_init(write);
    match known.iter().find(|(name, _)| *name == wanted) {
        Some((_, text)) => Ok(Reply::written(StatusCode::OK, text.clone())),
        None => {
            let known: Vec<String> = admin.edges.iter().map(|(name, _)| format!("{name}.json")).collect();
            let message = format!("there is no such description; there are {}", known.join(", "));
            Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message))
        }
    }
}
