//! Reading JSON bodies. Source: REST sheet 1.2, 1.3.
//!
//! Missing and null mean the zero value, unknown keys are skipped, a required field must not be zero; a required
//! list may be empty, but not null.

use std::collections::BTreeSet;

use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use crate::openim::content::{argument, group, user};

/// Why a request is not a command.
#[derive(Debug)]
pub(super) enum Reject {
    /// The body is not JSON, has wrong types, or lacks something.
    Malformed(String),
    /// The body is complete, and still not acceptable.
    Refused(Refusal),
}

impl Reject {
    pub(super) fn new(code: RefusalCode, detail: impl Into<String>) -> Self {
        Self::Refused(Refusal::new(code, detail))
    }
}

impl From<Reject> for Refusal {
    fn from(reject: Reject) -> Self {
        match reject {
            Reject::Malformed(detail) => argument(detail),
            Reject::Refused(refusal) => refusal,
        }
    }
}

impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Declares the struct of a body: every key may be missing or null, as far as reading goes. `required` after a key
/// tells the description of the interface what the route checks afterwards.
macro_rules! body {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$about:meta])* $field:ident: $kind:ty = $key:literal $($need:ident)?),* $(,)?
    }) => {
        #[derive(Default, serde::Deserialize, schemars::JsonSchema)]
        $(#[$doc])*
        #[serde(default)]
        pub(in crate::openim::rest) struct $name {
            $(
                $(#[$about])*
                $(#[schemars(extend("x-required" = stringify!($need)))])?
                #[serde(rename = $key, deserialize_with = "crate::openim::rest::body::or_default")]
                pub(in crate::openim::rest) $field: $kind,
            )*
        }
    };
}
pub(super) use body;

/// Null as the zero value.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Reject> {
    // A struct may be read from a list too, item by item; nobody means that.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        return Err(Reject::Malformed("the body is a list, not a JSON object".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|wrong| Reject::Malformed(clause(first.is_none(), &wrong)))
}

/// What is wrong with a body, for whoever sent it.
fn clause(is_empty: bool, wrong: &serde_json::Error) -> String {
    match wrong.classify() {
        _ if is_empty => "the body is empty; a JSON object is expected".to_owned(),
        Category::Syntax | Category::Eof => format!("the body is not JSON: {wrong}"),
        Category::Data | Category::Io => format!("the body does not fit: {wrong}"),
    }
}

/// A text that must not be empty.
pub(super) fn required<'a>(field: &str, text: &'a str) -> Result<&'a str, Reject> {
    if text.is_empty() { Err(empty(field)) } else { Ok(text) }
}

/// A number that must not be 0.
pub(super) fn required_number(field: &str, number: i32) -> Result<i32, Reject> {
    if number == 0 { Err(empty(field)) } else { Ok(number) }
}

/// A list or object that must be given.
pub(super) fn given<T>(field: &str, value: Option<T>) -> Result<T, Reject> {
    value.ok_or_else(|| empty(field))
}

/// A user id that must be given.
pub(super) fn user_id(field: &str, text: &str) -> Result<UserId, Reject> {
    required(field, text)?;
    Ok(user(field, text)?)
}

/// A group id that must be given.
pub(super) fn group_id(field: &str, text: &str) -> Result<GroupId, Reject> {
    required(field, text)?;
    Ok(group(field, text)?)
}

/// User ids, every one of them well-formed.
pub(super) fn user_ids(field: &str, texts: &[String]) -> Result<Vec<UserId>, Reject> {
    texts.iter().map(|text| user_id(field, text)).collect()
}

/// Those of the texts that can be ids: what cannot exist is as unknown as any other.
pub(super) fn possible_ids(texts: &[String]) -> Vec<UserId> {
    texts.iter().filter_map(|text| UserId::parse(text).ok()).collect()
}

/// What is known of each text, in their order: `known` is of [`possible_ids`], the others have nothing.
pub(super) fn of_each<T>(
    texts: &[String],
    known: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = (&str, Option<T>)> {
    let mut known = known.into_iter();
    texts.iter().map(move |text| (text.as_str(), UserId::parse(text).ok().and_then(|_| known.next())))
}

/// A list of at most [`limits::LIST_ITEMS`] items, each once.
pub(super) fn short_and_distinct(field: &str, texts: &[String]) -> Result<(), Reject> {
    at_most(field, texts.len(), limits::LIST_ITEMS)?;
    distinct(field, texts.iter())
}

/// A list of at most so many items.
pub(super) fn at_most(field: &str, items: usize, most: usize) -> Result<(), Reject> {
    if items > most {
        return Err(argument(format!("{field} has more than {most} items")).into());
    }
    Ok(())
}

/// Every item once.
pub(super) fn distinct<'a>(field: &str, texts: impl Iterator<Item = &'a String>) -> Result<(), Reject> {
    let mut seen = BTreeSet::new();
    for text in texts {
        if !seen.insert(text) {
            return Err(argument(format!("{field} names {text:?} twice")).into());
        }
    }
    Ok(())
}

fn empty(field: &str) -> Reject {
    Reject::Malformed(format!("{field} is empty"))
}
