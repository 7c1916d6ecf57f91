//! JSON as the original's runtime writes and reads it.
//! Source: openim-callbacks fact sheet 1.2 (writing) and 1.4 (reading).

use std::fmt;
use std::io;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Compact JSON with `<`, `>`, `&`, U+2028 and U+2029 escaped inside strings. Receivers that sign or compare
/// raw bytes expect this.
pub(super) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, GoStrings);
    // Writing our own structs into memory cannot fail: no maps with odd keys, no I/O.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "callback bodies are plain structs");
    out
}

struct GoStrings;

impl serde_json::ser::Formatter for GoStrings {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, to: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (plain, special) = rest.split_at(at);
            to.write_all(plain.as_bytes())?;
            let mut letters = special.chars();
            if let Some(letter) = letters.next() {
                write!(to, "\\u{:04x}", u32::from(letter))?;
            }
            rest = letters.as_str();
        }
        to.write_all(rest.as_bytes())
    }
}

/// A JSON object with its members in order, each still as text. A repeated name is kept as often as it came.
#[derive(Debug)]
pub(super) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// Reads an object, or the literal `null` as an empty one; nothing may follow it.
    ///
    /// # Errors
    /// A sentence that says what the text is instead.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err("the answer is empty".to_owned());
        }
        match serde_json::from_slice::<Option<Self>>(text) {
            Ok(object) => Ok(object.unwrap_or(Self(Vec::new()))),
            Err(error) if error.is_data() => Err("the answer is JSON, but not an object".to_owned()),
            Err(error) if error.is_syntax() && error.to_string().starts_with("trailing characters") => {
                Err("something follows the JSON object of the answer".to_owned())
            }
            Err(_) => Err("the answer is not JSON".to_owned()),
        }
    }

    /// A member, whatever the letter case of its name; `null` counts as absent. Where a name is repeated, every
    /// value must have the type, and the last one holds.
    ///
    /// # Errors
    /// A sentence that names the member and what it is instead of `T`.
    pub(super) fn member<T: DeserializeOwned>(&self, name: &str, wanted: &str) -> Result<Option<T>, String> {
        let mut found = None;
        for (key, raw) in &self.0 {
            if key.eq_ignore_ascii_case(name) && raw.get() != "null" {
                let value = serde_json::from_str::<T>(raw.get())
                    .map_err(|_| format!("{name} is {}, not {wanted}", kind_of(raw.get())))?;
                found = Some(value);
            }
        }
        Ok(found)
    }

    /// The object's text with one member set and all others as they were.
    pub(super) fn with_text(&self, name: &str, text: &str) -> String {
        let value = serde_json::Value::from(text).to_string();
        let mut out = String::from("{");
        let mut done = false;
        for (key, raw) in &self.0 {
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
fn kind_of(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "a list of another kind",
        Some(b't' | b'f') => "a boolean",
        _ if raw.contains(['.', 'e', 'E']) => "a fraction",
        _ => "a number",
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
                Ok(Object(members))
            }
        }
        from.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_like_the_original_does() {
        let body = String::from_utf8(write(&"a<b>&\u{2028}\u{2029}\"\n\u{8}é")).unwrap();
        assert_eq!(body, r#""a\u003cb\u003e\u0026\u2028\u2029\"\n\bé""#);
    }

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
