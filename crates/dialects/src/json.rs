//! JSON objects that stay as they came, member by member.

mod notes;

use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::schemas::Shape;
pub(crate) use notes::{Noted, Notes};

/// A JSON object with its members in order, each still as text. A repeated name is kept as often as it came.
#[derive(Debug, Default)]
pub(crate) struct Object {
    members: Vec<(String, Box<RawValue>)>,
    /// Where nobody has sent an object and what is asked of one is written down; see [`Object::noting`].
    notes: Option<Notes>,
}

impl Object {
    /// Reads an object, or the literal `null` as an empty one; nothing may follow it.
    ///
    /// # Errors
    /// A sentence that says what the text is instead.
    pub(crate) fn read(text: &[u8]) -> Result<Self, String> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err("the answer is empty".to_owned());
        }
        match serde_json::from_slice::<Option<Self>>(text) {
            Ok(object) => Ok(object.unwrap_or_default()),
            Err(error) if error.is_data() => Err("the answer is JSON, but not an object".to_owned()),
            Err(error) if error.is_syntax() && error.to_string().starts_with("trailing characters") => {
                Err("something follows the JSON object of the answer".to_owned())
            }
            Err(_) => Err("the answer is not JSON".to_owned()),
        }
    }

    /// The names of its members, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// An object that has no members and notes which ones its reader asks for: a reader that is given it says what it
    /// reads.
    pub(crate) fn noting(notes: &Notes) -> Self {
        Self { members: Vec::new(), notes: Some(notes.clone()) }
    }

    /// A member, whatever the letter case of its name; `null` counts as absent. Where a name is repeated, every
    /// value must have the type, and the last one holds.
    ///
    /// # Errors
    /// A sentence that names the member and what it is instead of `T`.
    pub(crate) fn member<T>(&self, name: &str, wanted: &str) -> Result<Option<T>, String>
    where
        T: DeserializeOwned + Shape,
    {
        if let Some(notes) = &self.notes {
            notes.value(name, T::shape());
        }
        let mut found = None;
        for (key, raw) in &self.members {
            if key.eq_ignore_ascii_case(name) && raw.get() != "null" {
                let value = serde_json::from_str::<T>(raw.get())
                    .map_err(|_| format!("{name} is {}, not {wanted}", kind_of(raw.get())))?;
                found = Some(value);
            }
        }
        Ok(found)
    }

    /// [`Object::member`] that is a list of objects, whose readers are noted too.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn objects(&self, name: &str) -> Result<Option<Vec<Self>>, String> {
        match &self.notes {
            Some(notes) => Ok(Some(vec![Self::noting(&notes.entries(name))])),
            None => self.member(name, "a list of objects"),
        }
    }

    /// The object's text with one member set and all others as they were.
    pub(crate) fn with_text(&self, name: &str, text: &str) -> String {
        let value = serde_json::Value::from(text).to_string();
        let mut out = String::from("{");
        let mut done = false;
        for (key, raw) in &self.members {
            let hit = key == name;
            if hit && done {
                continue;
            }
            push_member(&mut out, key, if hit { &value } else { raw.get() });
            done |= hit;
        }
        if !done {
            push_member(&mut out, name, &value);
        }
        out.push('}');
        out
    }
}

fn push_member(out: &mut String, key: &str, value: &str) {
    if out.len() > 1 {
        out.push(',');
    }
    out.push_str(&serde_json::Value::from(key).to_string());
    out.push(':');
    out.push_str(value);
}

/// What a JSON text is, for sentences.
pub(crate) fn kind_of(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list of another kind",
        Some(b't' | b'f') => "a boolean",
        _ if raw.contains(['.', 'e', 'E']) => "a fraction",
        _ => "a number",
    }
}

/// A value in a sentence: what is long is not repeated.
pub(crate) fn shown(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::String(text) if text.chars().count() <= 12 => format!("the text {text:?}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push(member);
                }
                Ok(Object { members, notes: None })
            }
        }
        from.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_meet_in_any_letter_case_and_the_last_one_holds() {
        let object = Object::read(br#"{"NextCode":1,"nextcode":null,"nextCode":2}"#).unwrap();
        assert_eq!(object.member::<i32>("nextCode", "an integer"), Ok(Some(2)));
        assert_eq!(object.member::<i32>("errCode", "an integer"), Ok(None));
    }

    #[test]
    fn every_occurrence_must_have_the_type() {
        let object = Object::read(br#"{"nextCode":"1","nextCode":1}"#).unwrap();
        assert_eq!(
            object.member::<i32>("nextCode", "an integer"),
            Err("nextCode is a string, not an integer".into())
        );
    }

    #[test]
    fn what_is_not_an_object_says_so() {
        for (text, says) in [
            ("", "the answer is empty"),
            (" \n", "the answer is empty"),
            ("<html>", "the answer is not JSON"),
            ("[]", "the answer is JSON, but not an object"),
            ("\"x\"", "the answer is JSON, but not an object"),
            ("{} {}", "something follows the JSON object of the answer"),
            ("{", "the answer is not JSON"),
        ] {
            assert_eq!(Object::read(text.as_bytes()).unwrap_err(), says, "{text:?}");
        }
        assert!(Object::read(b" null \n").is_ok());
    }

    #[test]
    fn one_member_changes_and_the_others_stay_as_they_were() {
        let object = Object::read(br#"{"z":1.50,"content":"old","a":{"k":[1,2]}}"#).unwrap();
        assert_eq!(object.with_text("content", "n\"w"), r#"{"z":1.50,"content":"n\"w","a":{"k":[1,2]}}"#);
        assert_eq!(Object::read(b"{}").unwrap().with_text("content", ""), r#"{"content":""}"#);
    }
}
