//! `/metadata/chatroom`: texts of the app about rooms. Source: easemob-rest fact sheet 9; the vendor's server-side
//! documents `chatroom_custom_attribute_*.md` for limits, errors, and what is absent.

use std::collections::BTreeMap;

use ringback_model::command::{Command, ManagingDeed, ManagingOutcome, Outcome, WhyNot};
use ringback_model::ids::UserId;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{parse, user};
use super::envelope::{Answer, Contents};
use super::managing::{data, managed, managing};
use super::message::NOBODY;
use super::problem::{METADATA, Problem, Reject};

/// Texts about a room that are to be set.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RoomAttributes {
    /// By key, at most 10. Keys: ASCII letters, digits and `_ - .`, at most 128; texts: at most 4096 characters. What does
    /// not fit is not set, and does not keep the rest from being set.
    #[schemars(extend("x-required" = true, "minProperties" = 1, "maxProperties" = 10))]
    meta_data: Option<BTreeMap<String, String>>,
    /// Whether they go when the user leaves the room; `DELETE` if absent.
    auto_delete: Option<AutoDelete>,
}

/// Whether texts go with who has set them.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AutoDelete {
    Delete,
    NoDelete,
}

/// Which texts are to be taken away.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct RoomAttributeKeys {
    /// At most 10.
    #[schemars(length(min = 1, max = 10), extend("x-required" = true))]
    keys: Option<Vec<String>>,
}

/// Which texts are wanted.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct WantedRoomAttributes {
    /// Their keys, at most 100; none = all.
    #[schemars(length(max = 100))]
    keys: Option<Vec<String>>,
}

/// What became of each key.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoomAttributesDone<'a> {
    /// Where it was done.
    success_keys: &'a [String],
    /// Where it was not, each with the reason.
    error_keys: BTreeMap<&'a str, String>,
}

/// In whose name it is done; `None` = in the app's own.
fn setter(asked: &Asked<'_>) -> Result<Option<UserId>, Reject> {
    let by = user(asked.request.param("user"))?;
    Ok((by.as_str() != NOBODY).then_some(by))
}

fn is_forced(asked: &Asked<'_>) -> bool {
    asked.request.route.ends_with("/forced")
}

fn check_count(count: usize, needed: &str) -> Result<(), Reject> {
    let most = limits::ROOM_ATTRIBUTES_OF_ONE_CALL;
    match count {
        0 => Err(Reject::new(&METADATA, format!("{needed} must be provided"))),
        count if count > most => Err(Reject::new(&METADATA, format!("exceed allowed batch size {most}"))),
        _ => Ok(()),
    }
}

pub(super) fn set(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: RoomAttributes = parse(&asked.request.body)?;
    let texts = wanted.meta_data.unwrap_or_default();
    check_count(texts.len(), "metaData")?;
    let leave = wanted.auto_delete != Some(AutoDelete::NoDelete);
    let (by, forced) = (setter(asked)?, is_forced(asked));
    managing(asked, ManagingDeed::SetAttributes { by, texts, leave, forced })
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: RoomAttributeKeys = parse(&asked.request.body)?;
    let keys = wanted.keys.unwrap_or_default();
    check_count(keys.len(), "keys")?;
    let (by, forced) = (setter(asked)?, is_forced(asked));
    managing(asked, ManagingDeed::RemoveAttributes { by, keys, forced })
}

pub(super) fn done(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let ManagingOutcome::Keys { done, failed } = managed(outcome)? else { return None };
    let error_keys = failed.iter().map(|(key, why_not)| (key.as_str(), reason(key, *why_not))).collect();
    let told = RoomAttributesDone { success_keys: done, error_keys };
    Some(Ok(Contents::data(&told).without_entities().with_status("ok").answer()))
}

fn reason(key: &str, why_not: WhyNot) -> String {
    match why_not {
        WhyNot::SetByAnother => "others are not allowed to be set".to_owned(),
        WhyNot::NotThere => format!("properties key '{key}' does not exist"),
        WhyNot::KeyNotLegal => format!("properties key '{key}' is not legal"),
        WhyNot::KeyTooLong => {
            let most = limits::ROOM_ATTRIBUTE_KEY_CHARS;
            format!("properties key '{key}' is exceeding maximum limit {most}")
        }
        WhyNot::TooLong => {
            let most = limits::ROOM_ATTRIBUTE_CHARS;
            format!("properties value of '{key}' is exceeding maximum limit {most}")
        }
        WhyNot::TooMany => {
            let most = limits::ROOM_ATTRIBUTES;
            format!("properties of the chatroom are exceeding maximum limit {most}")
        }
    }
}

/// Without a body: all, as clients ask for them.
pub(super) fn get(asked: &Asked<'_>) -> Result<Command, Reject> {
    let body = &asked.request.body;
    let wanted: WantedRoomAttributes =
        if body.is_empty() { WantedRoomAttributes::default() } else { parse(body)? };
    let keys = wanted.keys.unwrap_or_default();
    let most = limits::ROOM_ATTRIBUTES;
    if keys.len() > most {
        return Err(Reject::new(&METADATA, format!("exceed allowed batch size {most}")));
    }
    managing(asked, ManagingDeed::Attributes(keys))
}

pub(super) fn found(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    match managed(outcome)? {
        ManagingOutcome::Attributes(texts) => Some(data(texts)),
        _ => None,
    }
}
