//! Bodies of messages in this family's form: their types, and content made of them.
//! Source: easemob-callbacks fact sheet 5.1 (names) and 5.2 (fields); easemob-rest fact sheet 6.1.

use ringback_model::message::{Content, ContentClass};
use serde_json::{Map, Value};

/// The name of this family's content form in [`Content::form`].
pub const FORM: &str = "easemob";

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyType {
    /// Text.
    Text,
    /// A picture.
    Image,
    /// Recorded speech.
    Voice,
    /// A film.
    Video,
    /// A file.
    File,
    /// A place.
    Location,
    /// An order to clients, not shown.
    Command,
    /// The app's own kind.
    Custom,
    /// Messages forwarded as one: on the wire a text with a `subType`.
    Combined,
    /// A type that this server does not know.
    Unknown,
}

/// `subType` of a combined message.
pub const COMBINED_SUBTYPE: &str = "sub_combine";

impl BodyType {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Image,
        Self::Voice,
        Self::Video,
        Self::File,
        Self::Location,
        Self::Command,
        Self::Custom,
        Self::Combined,
        Self::Unknown,
    ];

    /// Its name in rules; all but `combined` are the names that bodies carry.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Image => "img",
            Self::Voice => "audio",
            Self::Video => "video",
            Self::File => "file",
            Self::Location => "loc",
            Self::Command => "cmd",
            Self::Custom => "custom",
            Self::Combined => "combined",
            Self::Unknown => "unknown",
        }
    }

    /// What stands in `type` of a body.
    #[must_use]
    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Combined => "txt",
            other => other.name(),
        }
    }

    /// Its word at the end of `content_type`: combined messages have `txt` there, plain texts `text`.
    #[must_use]
    pub const fn fine_name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Location => "location",
            Self::Command => "command",
            Self::Combined => "txt",
            other => other.name(),
        }
    }

    /// The type of this [`BodyType::name`].
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The type of this [`BodyType::code`].
    #[must_use]
    pub fn of_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Our number for it in [`Content::code`] and in rules. Stored: numbers are added, never changed.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Text => 1,
            Self::Image => 2,
            Self::Voice => 3,
            Self::Video => 4,
            Self::File => 5,
            Self::Location => 6,
            Self::Command => 7,
            Self::Custom => 8,
            Self::Combined => 9,
            Self::Unknown => 10,
        }
    }

    /// The same in nobody's dialect.
    #[must_use]
    pub const fn class(self) -> ContentClass {
        match self {
            Self::Text => ContentClass::Text,
            Self::Image => ContentClass::Image,
            Self::Voice => ContentClass::Voice,
            Self::Video => ContentClass::Video,
            Self::File => ContentClass::File,
            Self::Location => ContentClass::Location,
            Self::Command => ContentClass::Command,
            Self::Custom => ContentClass::Custom,
            Self::Combined => ContentClass::Combined,
            Self::Unknown => ContentClass::Other,
        }
    }

    /// The type of a body, from its `type` and `subType`.
    #[must_use]
    pub fn of_body(name: &str, body: &Map<String, Value>) -> Self {
        let combined = body.get("subType").and_then(Value::as_str) == Some(COMBINED_SUBTYPE);
        match Self::of_name(name) {
            Some(Self::Text) if combined => Self::Combined,
            // Combined messages say that they are one by their `subType` alone.
            Some(Self::Combined) | None => Self::Unknown,
            Some(kind) => kind,
        }
    }
}

/// Content of a message: `kind` is the `type` that the caller named (it wins over one inside the body), `body` the
/// body's members. They are kept as they are; `type` comes first, the known ones follow in the documents' order.
#[must_use]
pub fn content(kind: &str, body: &Map<String, Value>) -> Content {
    let of = BodyType::of_body(kind, body);
    Content { form: FORM.to_owned(), class: of.class(), code: of.code(), raw: written(of, body) }
}

/// Order of a body's members after `type`. Source: easemob-callbacks fact sheet 5.2 and its examples.
const ORDER: &[&str] = &[
    "msg",
    "subType",
    "title",
    "summary",
    "combineLevel",
    "filename",
    "file_length",
    "size",
    "length",
    "thumb",
    "thumb_secret",
    "secret",
    "url",
    "lat",
    "lng",
    "addr",
    "action",
    "customEvent",
    "customExts",
    "v2:customExts",
];

/// A body as compact JSON text in its fixed order; members without a place in it come last, by name.
#[must_use]
pub fn written(kind: BodyType, body: &Map<String, Value>) -> String {
    let known = ORDER.iter().copied().filter_map(|name| body.get_key_value(name));
    let others = body.iter().filter(|(name, _)| *name != "type" && !ORDER.contains(&name.as_str()));
    let mut out = format!("{{\"type\":{}", Value::from(kind.wire_name()));
    for (name, value) in known.chain(others) {
        out.push(',');
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        out.push_str(&value.to_string());
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn body(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn names_and_numbers_are_unique_and_come_back() {
        let codes: BTreeSet<_> = BodyType::ALL.iter().map(|kind| kind.code()).collect();
        let fine: BTreeSet<_> = BodyType::ALL.iter().map(|kind| kind.fine_name()).collect();
        assert_eq!((codes.len(), fine.len()), (BodyType::ALL.len(), BodyType::ALL.len()));
        for kind in BodyType::ALL {
            assert_eq!(BodyType::of_name(kind.name()), Some(kind));
            assert_eq!(BodyType::of_code(kind.code()), Some(kind));
        }
    }

    #[test]
    fn a_body_is_kept_in_the_order_of_the_documents() {
        let image = content(
            "img",
            &body(&json!({"url": "u", "zz": [1], "filename": "f", "type": "txt", "aa": null})),
        );
        assert_eq!(image.raw, r#"{"type":"img","filename":"f","url":"u","aa":null,"zz":[1]}"#);
        assert_eq!((image.form.as_str(), image.code, image.class), (FORM, 2, ContentClass::Image));
    }

    #[test]
    fn combined_messages_are_texts_with_a_sub_type() {
        let combined =
            content("txt", &body(&json!({"msg": "old client", "subType": "sub_combine", "title": "t"})));
        assert_eq!((combined.code, combined.class), (9, ContentClass::Combined));
        assert!(combined.raw.starts_with(r#"{"type":"txt","msg":"old client","subType":"sub_combine""#));
        for stranger in ["combined", "", "TXT", "sticker"] {
            assert_eq!(content(stranger, &Map::new()).code, BodyType::Unknown.code(), "{stranger}");
        }
    }
}
