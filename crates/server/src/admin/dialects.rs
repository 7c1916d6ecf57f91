//! `/admin/v1/dialects`: what rules may say; and the descriptions for machines.

use http::StatusCode;
use ringback_model::dialect::Contract;
use ringback_model::event::Phase;
use serde_json::Map;

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

pub(super) async fn own_description(admin: &Admin, _: &Input) -> Result<Reply, ApiError> {
    Reply::json(StatusCode::OK, &openapi::document(&admin.desk.workshop().contracts))
}

pub(super) async fn edge_description(admin: &Admin, input: &Input) -> Result<Reply, ApiError> {
    let wanted = input.param("edge").strip_suffix(".json").unwrap_or_default();
    match admin.edges.iter().find(|(name, _)| *name == wanted) {
        Some((_, edge)) => Reply::json(StatusCode::OK, &edge.openapi()),
        None => {
            let known: Vec<String> = admin.edges.iter().map(|(name, _)| format!("{name}.json")).collect();
            let message = format!("there is no such description; there are {}", known.join(", "));
            Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message))
        }
    }
}
