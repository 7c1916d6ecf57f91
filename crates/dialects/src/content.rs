//! One map of message types, both ways: elements of OpenIM, which have a number, and bodies of the
//! Shengwang / Agora / Easemob family, which have a `type`. Whoever shows a message to the other side goes through here.
//! Source: openim-client-protocol fact sheet 5.4, openim-callbacks fact sheet 5.3, easemob-callbacks fact sheet 5.2.
//!
//! [`ROWS`] is the map; `to_body` and `to_element` carry it out, `page` prints it.

mod page;
mod to_body;
mod to_element;

use std::borrow::Cow;

use ringback_model::limits;
use ringback_model::message::{Content, ContentClass};
use ringback_model::notice;
use serde_json::{Map, Value, json};

use crate::easemob::content::BodyType;
use crate::json::Object;
use crate::openim::content::{AT_TEXT, CUSTOM, MARKDOWN, TEXT};
use crate::{easemob, openim};

pub use page::table;

/// Which way a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Both.
    Both,
    /// From an element to a body only: the body comes back as another element.
    ToBody,
    /// From a body to an element only: the element comes back as another body.
    ToElement,
}

/// One pair of message types.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Content type of the element.
    pub element: i32,
    /// What it is, in words.
    pub name: &'static str,
    /// Type of the body.
    pub body: BodyType,
    /// Which way the row goes.
    pub way: Way,
    /// What an element loses on its way to a body.
    pub lost_as_body: &'static str,
    /// What a body loses on its way to an element.
    pub lost_as_element: &'static str,
}

const NOTHING: &str = "nothing";

const fn row(element: i32, name: &'static str, body: BodyType) -> Row {
    Row { element, name, body, way: Way::Both, lost_as_body: NOTHING, lost_as_element: NOTHING }
}

const fn there(element: i32, name: &'static str, body: BodyType, lost_as_body: &'static str) -> Row {
    Row { element, name, body, way: Way::ToBody, lost_as_body, lost_as_element: "" }
}

/// The map. An element that is not in it becomes a `custom` body.
pub const ROWS: &[Row] = &[
    Row { lost_as_element: "members besides `msg`", ..row(TEXT, "text", BodyType::Text) },
    Row {
        lost_as_body: "`sourcePath`, `bigPicture`, `snapshotPicture`, `type`",
        lost_as_element: "nothing: `filename` is in `uuid`, `secret` in the address; all three pictures are the same",
        ..row(102, "picture", BodyType::Image)
    },
    Row {
        lost_as_body: "`soundPath`, `soundType`",
        lost_as_element: "nothing: `filename` is in `uuid`, `secret` in the address",
        ..row(103, "voice", BodyType::Voice)
    },
    Row {
        lost_as_body: "`videoPath`, `videoType`, everything about the snapshot but its address and size in pixels",
        lost_as_element: "nothing: `filename` is in `videoUUID`, `secret` and `thumb_secret` in the addresses",
        ..row(104, "video", BodyType::Video)
    },
    Row {
        lost_as_body: "`filePath`, `uuid`, `fileType`",
        lost_as_element: "nothing: `secret` is in the address",
        ..row(105, "file", BodyType::File)
    },
    there(AT_TEXT, "text with mentions", BodyType::Text, "who is mentioned, the quoted message"),
    Row {
        lost_as_body: "the forwarded messages; title and abstract stay",
        lost_as_element: "`msg`, `combineLevel` and the file with the forwarded messages; title and summary stay",
        ..row(107, "merged messages", BodyType::Combined)
    },
    there(108, "card", BodyType::Custom, "nothing: the element is in `content`"),
    row(109, "location", BodyType::Location),
    row(CUSTOM, "custom", BodyType::Custom),
    Row {
        way: Way::ToElement,
        lost_as_body: "",
        lost_as_element: "that clients do not show it; the body is in `data`",
        ..row(CUSTOM, "custom", BodyType::Command)
    },
    Row {
        way: Way::ToElement,
        lost_as_body: "",
        lost_as_element: "nothing: the body is in `data`",
        ..row(CUSTOM, "custom", BodyType::Unknown)
    },
    there(114, "quote", BodyType::Text, "the quoted message, emphasis"),
    there(115, "face", BodyType::Custom, "nothing: the element is in `content`"),
    there(117, "advanced text", BodyType::Text, "emphasis and links"),
    there(MARKDOWN, "marked-up text", BodyType::Text, "that the text is marked up"),
    there(119, "custom, does not move the conversation up", BodyType::Custom, "that it does not"),
    there(120, "custom, only for those who are online", BodyType::Custom, "that it is"),
];

/// The `type` of a content as the family's receivers see it.
#[must_use]
pub fn body_type(content: &Content) -> BodyType {
    match form(content) {
        Form::Body => BodyType::of_code(content.code).unwrap_or(BodyType::Unknown),
        Form::Element => {
            let mut rows = ROWS.iter().filter(|row| row.way != Way::ToElement);
            rows.find(|row| row.element == content.code).map_or(BodyType::Custom, |row| row.body)
        }
        Form::Other if content.class == ContentClass::Text => BodyType::Text,
        Form::Other | Form::Notice => BodyType::Custom,
    }
}

/// The content type of a content as OpenIM's clients and receivers see it.
#[must_use]
pub fn element_code(content: &Content) -> i32 {
    match form(content) {
        Form::Element => content.code,
        Form::Body => {
            let of = body_type(content);
            let mut rows = ROWS.iter().filter(|row| row.way != Way::ToBody);
            rows.find(|row| row.body == of).map_or(CUSTOM, |row| row.element)
        }
        Form::Notice => openim::notices::code(content),
        Form::Other if content.class == ContentClass::Text => TEXT,
        Form::Other => CUSTOM,
    }
}

/// The content as JSON text of a body object.
#[must_use]
pub fn as_body(content: &Content) -> Cow<'_, str> {
    match form(content) {
        Form::Body => Cow::Borrowed(&content.raw),
        Form::Element => Cow::Owned(to_body::body(content.code, body_type(content), &content.raw)),
        Form::Other if content.class == ContentClass::Text => Cow::Owned(to_body::text(&content.raw)),
        Form::Other | Form::Notice => Cow::Owned(to_body::opaque(&content.form, content.code, &content.raw)),
    }
}

/// The content as JSON text of an element.
#[must_use]
pub fn as_element(content: &Content) -> Cow<'_, str> {
    match form(content) {
        Form::Element => Cow::Borrowed(&content.raw),
        Form::Body => Cow::Owned(to_element::element(body_type(content), &content.raw)),
        Form::Notice => Cow::Owned(openim::notices::element(content)),
        Form::Other if content.class == ContentClass::Text => {
            Cow::Owned(json!({ "content": content.raw }).to_string())
        }
        Form::Other => {
            let element = json!({"data": content.raw, "description": content.form, "extension": ""});
            Cow::Owned(element.to_string())
        }
    }
}

/// The words of a content, where a person wrote words; text that is no JSON object is its own words.
#[must_use]
pub fn words(content: &Content) -> Option<Cow<'_, str>> {
    if body_type(content) != BodyType::Text {
        return None;
    }
    let Some(key) = words_key(content) else { return Some(Cow::Borrowed(&content.raw)) };
    let inside = serde_json::from_str::<Map<String, Value>>(&content.raw).ok()?;
    Some(Cow::Owned(inside.get(key)?.as_str()?.to_owned()))
}

/// The content with other words, in the form that it has; what else it holds stays (mentions, quotes).
///
/// # Errors
/// Says that it has no words, or that it would be too long.
pub fn with_words(content: &Content, words: &str) -> Result<String, String> {
    if body_type(content) != BodyType::Text {
        return Err("the message is not a text".to_owned());
    }
    let Some(key) = words_key(content) else { return bounded(words.to_owned()) };
    bounded(match Object::read(content.raw.as_bytes()) {
        Ok(inside) => inside.with_text(key, words),
        Err(_) if form(content) == Form::Body => to_body::text(words),
        Err(_) => json!({ key: words }).to_string(),
    })
}

/// The content that an OpenIM receiver wants instead, given as the JSON text of an element of the type that it saw,
/// brought into the form that the content has.
///
/// # Errors
/// Says why it cannot be its content.
pub fn with_element(content: &Content, element: String) -> Result<String, String> {
    let given = serde_json::from_str::<Option<Map<String, Value>>>(&element)
        .map_err(|_| "content is not the JSON text of an object".to_owned())?
        .unwrap_or_default();
    match form(content) {
        Form::Element => bounded(element),
        Form::Body => bounded(to_body::changed(body_type(content), &content.raw, &given)?),
        Form::Other | Form::Notice => {
            let key = if content.class == ContentClass::Text { "content" } else { "data" };
            let inside = given.get(key).and_then(Value::as_str);
            bounded(
                inside
                    .ok_or_else(|| format!("content has no text in {key}, which this message needs"))?
                    .to_owned(),
            )
        }
    }
}

/// The app's own text of a message as the family's `ext`, JSON text of an object. A text that is no object is kept in
/// an object with the one member `ex`.
#[must_use]
pub fn ext(ex: &str) -> Cow<'_, str> {
    if ex.is_empty() {
        Cow::Borrowed("{}")
    } else if serde_json::from_str::<Map<String, Value>>(ex).is_ok() {
        Cow::Borrowed(ex)
    } else {
        Cow::Owned(json!({ "ex": ex }).to_string())
    }
}

/// The other way: what becomes of the app's own text where an `ext` object replaces it. One that has only the member
/// that [`ext`] makes goes back to the text that it was.
#[must_use]
pub fn ex_from(old: &str, ext: &Map<String, Value>) -> String {
    let wrapped = !old.is_empty() && serde_json::from_str::<Map<String, Value>>(old).is_err();
    match ext.get("ex") {
        Some(Value::String(text)) if wrapped && ext.len() == 1 => text.clone(),
        _ if ext.is_empty() => String::new(),
        _ => json!(ext).to_string(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Element,
    Body,
    /// What the server tells devices.
    Notice,
    /// Of neither family.
    Other,
}

fn form(content: &Content) -> Form {
    match content.form.as_str() {
        openim::FORM => Form::Element,
        easemob::FORM => Form::Body,
        notice::FORM => Form::Notice,
        _ => Form::Other,
    }
}

/// The member that holds the words; `None` where the content is nothing but words.
fn words_key(content: &Content) -> Option<&'static str> {
    match form(content) {
        Form::Element if matches!(content.code, TEXT | MARKDOWN) => Some("content"),
        Form::Element => Some("text"),
        Form::Body => Some("msg"),
        Form::Other | Form::Notice => None,
    }
}

fn bounded(raw: String) -> Result<String, String> {
    if raw.len() > limits::CONTENT_BYTES {
        return Err(format!("content is longer than {} bytes", limits::CONTENT_BYTES));
    }
    Ok(raw)
}

#[cfg(test)]
mod tests;
