//! `/metadata/user`: what the app notes about users. Source: easemob-rest fact sheet 4.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use ringback_model::command::{AccountCommand, AccountOutcome, Command, Outcome};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Asked;
use super::body::{invalid, parse, users};
use super::envelope::{Answer, Contents};
use super::not_offered;
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject};
use super::user_pages::named;

/// Users of one call.
const AT_ONCE: usize = 100;
/// No user, but how much room there is.
const CAPACITY: &str = "capacity";

/// Attributes by name, as a form (`avatarurl=…&nickname=…`) or as JSON.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct UserAttributes(BTreeMap<String, String>);

pub(super) fn set(asked: &Asked<'_>) -> Result<Command, Reject> {
    let UserAttributes(attributes) = read(&asked.request.body)?;
    Ok(Command::Account(AccountCommand::SetAttributes { user: named(asked)?, attributes }))
}

fn read(body: &[u8]) -> Result<UserAttributes, Reject> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        return parse(body);
    }
    let text = std::str::from_utf8(body).map_err(|_| invalid())?.trim();
    let decoded = |text: &str| -> Result<String, Reject> {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(Into::into).map_err(|_| invalid())
    };
    let mut attributes = BTreeMap::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').ok_or_else(invalid)?;
        attributes.insert(decoded(name)?, decoded(value)?);
    }
    Ok(UserAttributes(attributes))
}

pub(super) fn get(asked: &Asked<'_>) -> Result<Command, Reject> {
    // The same path asks what all attributes of all users take.
    if asked.request.param("user") == CAPACITY {
        return Err(Reject::Problem(not_offered::told(not_offered::CAPACITY)));
    }
    Ok(Command::Account(AccountCommand::Attributes { users: vec![named(asked)?] }))
}

pub(super) fn one(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::Attributes(found)) = outcome else { return None };
    let [(_, attributes)] = found.as_slice() else { return None };
    Some(Ok(Contents::data(attributes).answer()))
}

/// Whose attributes, and which.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct AttributesOf {
    /// User ids; at most 100.
    #[schemars(length(min = 1, max = 100), extend("x-required" = true), inner(length(min = 1, max = 64)))]
    targets: Option<Vec<String>>,
    /// Names of attributes; none = all.
    properties: Option<Vec<String>>,
}

pub(super) fn get_many(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: AttributesOf = parse(&asked.request.body)?;
    let names = wanted.targets.unwrap_or_default();
    if names.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "targets must be provided"));
    }
    if names.len() > AT_ONCE {
        let text = format!("targets is more than max limit : {AT_ONCE}");
        return Err(Reject::new(&INVALID_PARAMETER, text));
    }
    Ok(Command::Account(AccountCommand::Attributes { users: users(names.iter().map(String::as_str))? }))
}

/// Users by id, each with his attributes.
pub(super) type ByUser = BTreeMap<String, BTreeMap<String, String>>;

pub(super) fn many(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::Attributes(found)) = outcome else { return None };
    let wanted: AttributesOf = parse(&asked.request.body).ok()?;
    let wanted = wanted.properties.unwrap_or_default();
    let chosen = |values: &BTreeMap<String, String>| {
        let meant = values.iter().filter(|(name, _)| wanted.is_empty() || wanted.contains(name));
        meant.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let all: ByUser = found.iter().map(|(user, values)| (user.folded(), chosen(values))).collect();
    Some(Ok(Contents::data(&all).answer()))
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::RemoveAttributes { user: named(asked)? }))
}

pub(super) fn removed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    Some(Ok(Contents::data(&Value::Bool(true)).answer()))
}
