//! `/metadata/chatgroup`: texts of the app about members of groups. Source: easemob-rest fact sheet 8; the vendor's
//! server-side document `group_member_attribute.md` for limits and errors.

use std::collections::BTreeMap;

use ringback_model::command::{Command, ManagingDeed, ManagingOutcome, Outcome};
use ringback_model::ids::UserId;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Asked;
use super::body::{parse, users};
use super::envelope::Answer;
use super::managing::{data, managed, managing};
use super::problem::{METADATA, Problem, Reject, not_in_group};
use super::user_metadata::ByUser;
use super::user_pages::named;

/// Members of one call.
const AT_ONCE: usize = 10;

/// Texts about a member that are to be set.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct MemberAttributes {
    /// By key. Keys: at most 16 bytes; texts: at most 512 bytes, an empty one takes the old one away; all of a member: at
    /// most 4 KB.
    #[serde(rename = "metaData")]
    #[schemars(extend("x-required" = true, "minProperties" = 1))]
    meta_data: Option<BTreeMap<String, String>>,
}

/// About whom, and which.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct MemberAttributesOf {
    /// Ids of members; at most 10.
    #[schemars(length(min = 1, max = 10), extend("x-required" = true), inner(length(min = 1, max = 64)))]
    targets: Option<Vec<String>>,
    /// Keys; none = all.
    #[schemars(length(max = 100))]
    properties: Option<Vec<String>>,
}

pub(super) fn set(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: MemberAttributes = parse(&asked.request.body)?;
    let texts = wanted.meta_data.unwrap_or_default();
    if texts.is_empty() {
        return Err(Reject::new(&METADATA, "metaData must be provided"));
    }
    managing(asked, ManagingDeed::Describe { member: named(asked)?, texts })
}

pub(super) fn noted(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    match managed(outcome)? {
        ManagingOutcome::Attributes(texts) => Some(data(texts)),
        _ => None,
    }
}

pub(super) fn get(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Descriptions { members: vec![named(asked)?], keys: Vec::new() })
}

type Found = (UserId, Option<BTreeMap<String, String>>);

fn descriptions(outcome: &Outcome) -> Option<&[Found]> {
    match managed(outcome)? {
        ManagingOutcome::Descriptions(found) => Some(found),
        _ => None,
    }
}

pub(super) fn one(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let [(_, texts)] = descriptions(outcome)? else { return None };
    Some(texts.as_ref().map_or_else(|| Err(not_in_group()), data))
}

pub(super) fn get_many(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: MemberAttributesOf = parse(&asked.request.body)?;
    let names = wanted.targets.unwrap_or_default();
    if names.is_empty() {
        return Err(Reject::new(&METADATA, "targets must be provided"));
    }
    let keys = wanted.properties.unwrap_or_default();
    if names.len() > AT_ONCE || keys.len() > limits::MEMBER_ATTRIBUTES {
        return Err(Reject::new(&METADATA, "query param reaches limit."));
    }
    managing(asked, ManagingDeed::Descriptions { members: users(names.iter().map(String::as_str))?, keys })
}

/// Nothing is said about who is no member.
pub(super) fn many(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let found = descriptions(outcome)?.iter();
    let all: ByUser = found.map(|(user, texts)| (user.folded(), texts.clone().unwrap_or_default())).collect();
    Some(data(&all))
}
