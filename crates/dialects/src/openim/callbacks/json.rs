//! JSON as the original's runtime writes it; how it reads is [`crate::json`].
//! Source: openim-callbacks fact sheet 1.2 (writing) and 1.4 (reading).

use std::io;

use serde::Serialize;

pub(super) use crate::json::Object;

/// Compact JSON with `<`, `>`, `&`, U+2028 and U+2029 escaped inside strings. Receivers that sign or compare
/// raw bytes expect this.
pub(super) fn write<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    append(&mut out, value);
    out
}

/// [`write()`], behind what is there already.
pub(super) fn append<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    let mut serializer = serde_json::Serializer::with_formatter(out, GoStrings);
    // Writing our own structs into memory cannot fail: no maps with odd keys, no I/O.
    let written = value.serialize(&mut serializer);
    debug_assert!(written.is_ok(), "callback bodies are plain structs");
}

struct GoStrings;

impl serde_json::ser::Formatter for GoStrings {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, to: &mut W, fragment: &str) -> io::Result<()> {
        // Most hold nothing of the kind. Looked at as bytes, without an early end, many are looked at at once.
        if !fragment.bytes().fold(false, |seen, byte| seen | matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
            return to.write_all(fragment.as_bytes());
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_like_the_original_does() {
        let body = String::from_utf8(write(&"a<b>&\u{2028}\u{2029}\"\n\u{8}é")).unwrap();
        assert_eq!(body, r#""a\u003cb\u003e\u0026\u2028\u2029\"\n\bé""#);
    }
}
