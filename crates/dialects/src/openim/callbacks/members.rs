//! Members of answers: absent and `null` mean "unchanged", whatever their type.
//! Source: openim-callbacks fact sheet 1.4, 4.6 (wrappers), 4.8 (spellings).

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::json::Object;
use crate::schemas::Shape;

/// A text.
pub(super) fn text(object: &Object, name: &str) -> Result<Option<String>, String> {
    object.member(name, "a text")
}

/// A whole number.
pub(super) fn number(object: &Object, name: &str) -> Result<Option<i32>, String> {
    object.member(name, "a whole number")
}

/// True or false.
pub(super) fn flag(object: &Object, name: &str) -> Result<Option<bool>, String> {
    object.member(name, "true or false")
}

/// A list of texts.
pub(super) fn texts(object: &Object, name: &str) -> Result<Option<Vec<String>>, String> {
    object.member(name, "a list of texts")
}

/// A list of objects.
pub(super) fn objects(object: &Object, name: &str) -> Result<Option<Vec<Object>>, String> {
    object.objects(name)
}

/// Members that stand in an object. By itself, what reads members takes a list of their values in order too.
pub(super) struct AsObject<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for AsObject<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = AsObject<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AsObject<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(AsObject)
            }
        }
        from.deserialize_map(Members(PhantomData))
    }
}

impl<T: Shape> Shape for AsObject<T> {
    fn shape() -> Value {
        T::shape()
    }
}

/// Bytes as base64, padded.
pub(super) fn bytes(object: &Object, name: &str) -> Result<Option<Vec<u8>>, String> {
    let text: Option<Base64> = object.member(name, "a text")?;
    text.map(|text| STANDARD.decode(text.0)).transpose().map_err(|_| format!("{name} is not base64"))
}

#[derive(Deserialize)]
struct Base64(String);

impl Shape for Base64 {
    fn shape() -> Value {
        json!({"type": "string", "contentEncoding": "base64", "pattern": BASE64})
    }
}

/// Source: RFC 4648, section 4.
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

/// A value, or an object around it, as one revision of the documents shows it.
#[derive(Deserialize)]
#[serde(untagged, bound = "T: Deserialize<'de>")]
enum Wrapped<T> {
    Plain(T),
    Inside {
        // Without this a missing member would be no value instead of a mistake.
        #[serde(deserialize_with = "Option::deserialize")]
        value: Option<T>,
    },
}

impl<T: Shape> Shape for Wrapped<T> {
    fn shape() -> Value {
        let inside = json!({
            "type": "object",
            "properties": {"value": Option::<T>::shape()},
            "required": ["value"],
        });
        json!({"anyOf": [T::shape(), inside]})
    }
}

impl<T> Wrapped<T> {
    fn into_inner(self) -> Option<T> {
        match self {
            Self::Plain(value) => Some(value),
            Self::Inside { value } => value,
        }
    }
}

/// A text, as it is or in a wrapper.
pub(super) fn wrapped_text(object: &Object, name: &str) -> Result<Option<String>, String> {
    let wrapped: Option<Wrapped<String>> = object.member(name, "a text")?;
    Ok(wrapped.and_then(Wrapped::into_inner))
}

/// A whole number, as it is or in a wrapper.
pub(super) fn wrapped_number(object: &Object, name: &str) -> Result<Option<i32>, String> {
    let wrapped: Option<Wrapped<i32>> = object.member(name, "a whole number")?;
    Ok(wrapped.and_then(Wrapped::into_inner))
}

/// A value under either of two spellings; the first holds where both are given. Both must have the type.
pub(super) fn either<T>(
    object: &Object,
    names: [&str; 2],
    read: fn(&Object, &str) -> Result<Option<T>, String>,
) -> Result<Option<T>, String> {
    let second = read(object, names[1])?;
    Ok(read(object, names[0])?.or(second))
}

/// Puts an answered value in its place.
pub(super) fn replace<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}

/// Puts an answered text in its place.
///
/// # Errors
/// Where it is longer than what users may set; what was sent and comes back never is.
pub(super) fn set_text(name: &str, place: &mut String, given: Option<String>) -> Result<(), String> {
    if let Some(given) = given.filter(|given| given != place) {
        *place = within_bounds(name, given)?;
    }
    Ok(())
}

/// [`set_text`] where the text may be none at all.
///
/// # Errors
/// As there.
pub(super) fn set_optional_text(
    name: &str,
    place: &mut Option<String>,
    given: Option<String>,
) -> Result<(), String> {
    if let Some(given) = given.filter(|given| place.as_ref() != Some(given)) {
        *place = Some(within_bounds(name, given)?);
    }
    Ok(())
}

/// A text, if it has at most [`limits::NOTE_BYTES`] bytes.
///
/// # Errors
/// Names it.
pub(super) fn within_bounds(name: &str, text: String) -> Result<String, String> {
    if text.len() > limits::NOTE_BYTES {
        return Err(format!("{name} has {} bytes, at most {} are allowed", text.len(), limits::NOTE_BYTES));
    }
    Ok(text)
}

/// Whether an answer is one that nobody has filled in, as a receiver's runtime writes it: every one of `values` is there
/// and empty, 0 or false, and of `others` none says anything. It is a bare allow: such a text is no wish to have it empty.
pub(super) fn is_unfilled(object: &Object, values: &[&str], others: &[&str]) -> bool {
    let zero = |name: &&str| -> Option<bool> {
        let value: Option<Value> = object.member(name, "a value").ok()?;
        value.map(|value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Bool(true) => false,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(members) => members.is_empty(),
        })
    };
    values.iter().all(|name| zero(name) == Some(true)) && others.iter().all(|name| zero(name) != Some(false))
}

/// A user's id.
///
/// # Errors
/// Names the member and what is wrong with the id.
pub(super) fn user(name: &str, text: &str) -> Result<UserId, String> {
    UserId::parse(text).map_err(|wrong| format!("{name} {wrong}"))
}

/// A group's id.
///
/// # Errors
/// Names the member and what is wrong with the id.
pub(super) fn group(name: &str, text: &str) -> Result<GroupId, String> {
    GroupId::parse(text).map_err(|wrong| format!("{name} {wrong}"))
}

/// Users, each once, and at most so many.
///
/// # Errors
/// Names the member, and what is wrong with it.
pub(super) fn users(name: &str, texts: &[String], most: usize) -> Result<Vec<UserId>, String> {
    check_length(name, texts.len(), most)?;
    let one = |text: &String| UserId::parse(text).map_err(|wrong| format!("an id in {name} {wrong}"));
    let users = texts.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    distinct(name, &users)?;
    Ok(users)
}

/// Whether each user is there once, in whichever letter case.
///
/// # Errors
/// Names the first who is not.
pub(super) fn distinct<'u>(name: &str, users: impl IntoIterator<Item = &'u UserId>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match users.into_iter().find(|user| !seen.insert(user.folded())) {
        Some(twice) => Err(format!("{name} names {twice} twice")),
        None => Ok(()),
    }
}

/// Whether a list has at most so many entries.
///
/// # Errors
/// Names it.
pub(super) fn check_length(name: &str, length: usize, most: usize) -> Result<(), String> {
    if length > most {
        return Err(format!("{name} has more than {most} entries"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_taken_off() {
        let object =
            Object::read(br#"{"a":"x","b":{"value":"y"},"c":{"value":null},"d":{},"n":{"value":2}}"#)
                .unwrap();
        assert_eq!(wrapped_text(&object, "a"), Ok(Some("x".to_owned())));
        assert_eq!(wrapped_text(&object, "b"), Ok(Some("y".to_owned())));
        assert_eq!(wrapped_text(&object, "c"), Ok(None));
        assert_eq!(wrapped_text(&object, "d"), Err("d is an object, not a text".to_owned()));
        assert_eq!(wrapped_text(&object, "missing"), Ok(None));
        assert_eq!(wrapped_number(&object, "n"), Ok(Some(2)));
        assert_eq!(wrapped_number(&object, "b"), Err("b is an object, not a whole number".to_owned()));
    }

    #[test]
    fn two_spellings_are_one_member() {
        let object = Object::read(br#"{"recvMsgOpt":1,"recv_msg_opt":2,"is_pinned":true,"ex":5}"#).unwrap();
        assert_eq!(either(&object, ["recvMsgOpt", "recv_msg_opt"], number), Ok(Some(1)));
        assert_eq!(either(&object, ["isPinned", "is_pinned"], flag), Ok(Some(true)));
        assert!(either(&object, ["attachedInfo", "ex"], text).is_err());
    }

    #[test]
    fn texts_are_as_long_as_users_may_set_them() {
        let long = "x".repeat(limits::NOTE_BYTES + 1);
        let mut place = String::new();
        assert!(set_text("t", &mut place, Some(long.clone())).is_err());
        assert!(set_optional_text("t", &mut None, Some(long.clone())).is_err());
        assert_eq!(place, "");
        let mut sent = long.clone();
        assert_eq!(set_text("t", &mut sent, Some(long.clone())), Ok(()), "what was sent may come back");
        assert_eq!(set_text("t", &mut place, Some("y".to_owned())), Ok(()));
        assert_eq!(place, "y");
    }

    #[test]
    fn an_answer_that_nobody_has_filled_in_is_known_by_its_values() {
        let unfilled = |text: &str| {
            is_unfilled(&Object::read(text.as_bytes()).unwrap(), &["name", "number"], &["list", "flag"])
        };
        for text in [
            r#"{"name":"","number":0}"#,
            r#"{"name":"","number":0,"list":null,"flag":false}"#,
            r#"{"Name":"","number":0,"list":[],"nextCode":0}"#,
        ] {
            assert!(unfilled(text), "{text}");
        }
        for text in [
            "{}",
            r#"{"name":""}"#,
            r#"{"name":"","number":null}"#,
            r#"{"name":"","number":1}"#,
            r#"{"name":"","number":0,"flag":true}"#,
            r#"{"name":"","number":0,"list":["a"]}"#,
        ] {
            assert!(!unfilled(text), "{text}");
        }
    }

    #[test]
    fn lists_of_users_hold_each_once() {
        let list = |ids: &[&str]| users("l", &ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(), 3);
        assert_eq!(list(&["a", "b"]).map(|users| users.len()), Ok(2));
        assert_eq!(list(&["a", "A"]), Err("l names A twice".to_owned()));
        assert_eq!(list(&["a", ""]), Err("an id in l is empty".to_owned()));
        assert_eq!(list(&["a", "b", "c", "d"]), Err("l has more than 3 entries".to_owned()));
    }
}
