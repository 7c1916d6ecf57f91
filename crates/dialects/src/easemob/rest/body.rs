//! Reading bodies and ids. Source: easemob-rest fact sheet 1.

use ringback_model::ids::{GroupId, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::problem::{ILLEGAL_ARGUMENT, INVALID_BODY, Kind, Reject};

/// What a body is told that is not JSON, or whose members have wrong types.
const INVALID: &str = "Request body is invalid. Please check body is correct.";

/// Reads a JSON object, whatever the request says about its type.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Reject> {
    // A struct may be read from a list too, item by item; nobody means that.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first != Some(&b'{') {
        return Err(invalid());
    }
    serde_json::from_slice(bytes).map_err(|_| invalid())
}

pub(super) fn invalid() -> Reject {
    Reject::new(&INVALID_BODY, INVALID)
}

/// Tells `null` (`Some(Value::Null)`) from absence (`None`).
pub(super) fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// A text that must be there and not be empty.
pub(super) fn required(text: Option<String>, kind: &'static Kind, wrong: &str) -> Result<String, Reject> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| Reject::new(kind, wrong))
}

/// A user's id in the form in which this family stores and compares ids: lower case.
pub(super) fn user(text: &str) -> Result<UserId, Reject> {
    UserId::parse(&text.to_lowercase())
        .map_err(|_| Reject::new(&ILLEGAL_ARGUMENT, format!("username [{text}] is not legal")))
}

/// Ids of users, each once, in the order in which they first come.
pub(super) fn users<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<UserId>, Reject> {
    let mut ids = Vec::new();
    for text in texts {
        let id = user(text)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// A user's id that is to be registered: letters, digits and `_ - .`.
pub(super) fn new_user(text: &str) -> Result<UserId, Reject> {
    if text.len() > ringback_model::limits::ID_BYTES {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "USERNAME_TOO_LONG"));
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, format!("username [{text}] is not legal")));
    }
    user(text)
}

/// The id of a group or room in a path or list; `None` for a text that cannot be one.
pub(super) fn chat(text: &str) -> Option<GroupId> {
    GroupId::parse(text).ok()
}

/// Parts of a list in a path.
pub(super) fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}
