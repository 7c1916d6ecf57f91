//! Members of answers: absent and `null` mean "unchanged", whatever their type.
//! Source: openim-callbacks fact sheet 1.4, 4.6 (wrappers), 4.8 (spellings).

use std::collections::BTreeSet;

use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use serde::Deserialize;

use super::json::Object;

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
    object.member(name, "a list of objects")
}

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

/// Users, each once.
///
/// # Errors
/// Names the member, and what is wrong with it.
pub(super) fn users(name: &str, texts: &[String]) -> Result<Vec<UserId>, String> {
    check_length(name, texts.len())?;
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

/// Whether a list has at most [`limits::BATCH_RECEIVERS`] entries.
///
/// # Errors
/// Names it.
pub(super) fn check_length(name: &str, length: usize) -> Result<(), String> {
    if length > limits::BATCH_RECEIVERS {
        return Err(format!("{name} has more than {} entries", limits::BATCH_RECEIVERS));
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
    fn lists_of_users_hold_each_once() {
        let list = |ids: &[&str]| users("l", &ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(list(&["a", "b"]).map(|users| users.len()), Ok(2));
        assert_eq!(list(&["a", "A"]), Err("l names A twice".to_owned()));
        assert_eq!(list(&["a", ""]), Err("an id in l is empty".to_owned()));
        let many: Vec<String> = (0..=limits::BATCH_RECEIVERS).map(|n| n.to_string()).collect();
        assert!(users("l", &many).is_err());
    }
}
