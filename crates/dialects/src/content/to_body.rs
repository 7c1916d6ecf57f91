//! Bodies from elements.

use serde_json::{Map, Value, json};

use super::to_element;
use crate::easemob::content::{BodyType, COMBINED_SUBTYPE, written};
use crate::json::Object;
use crate::openim::content::{CUSTOM, MARKDOWN, TEXT};

pub(super) type Members = Map<String, Value>;

/// How a `custom` body says which element is in it; fits the family's pattern for names of events.
pub(super) fn event_of(code: i32) -> String {
    format!("openim/{code}")
}

/// The body of this type that an element becomes. What an element does not hold, the body lacks.
pub(super) fn body(code: i32, kind: BodyType, raw: &str) -> String {
    let element: Option<Members> = serde_json::from_str(raw).ok();
    match (kind, element) {
        (BodyType::Text, Some(element)) => {
            let key = if matches!(code, TEXT | MARKDOWN) { "content" } else { "text" };
            text(string(&element, key))
        }
        (BodyType::Text, None) => text(raw),
        (BodyType::Custom, Some(element)) if matches!(code, CUSTOM | 119 | 120) => custom(code, &element),
        (BodyType::Custom, _) => opaque("openim", code, raw),
        (kind, element) => written(kind, &members(kind, &element.unwrap_or_default())),
    }
}

/// A text.
pub(super) fn text(words: &str) -> String {
    json_of(BodyType::Text, json!({ "msg": words }))
}

/// Content that nobody here looks into.
pub(super) fn opaque(form: &str, code: i32, raw: &str) -> String {
    let event = if form == "openim" { event_of(code) } else { format!("other/{code}") };
    json_of(
        BodyType::Custom,
        json!({"customEvent": event, "customExts": [{"content": raw}], "v2:customExts": {"content": raw}}),
    )
}

/// The app's own kind. A `custom` body that an element carries comes out as it was.
fn custom(code: i32, element: &Members) -> String {
    let inside = serde_json::from_str::<Members>(string(element, "data")).ok();
    if let Some(body) = inside.filter(|body| string(body, "type") == BodyType::Custom.wire_name()) {
        return written(BodyType::Custom, &body);
    }
    let parts = ["data", "description", "extension"].map(|key| (key, string(element, key)));
    let old: Vec<Value> = parts.iter().map(|(key, text)| json!({ *key: text })).collect();
    let new: Members = parts.iter().map(|(key, text)| ((*key).to_owned(), Value::from(*text))).collect();
    json_of(BodyType::Custom, json!({"customEvent": event_of(code), "customExts": old, "v2:customExts": new}))
}

/// A body after a receiver has changed the element that it was shown as: what the element can say comes from the
/// element, the rest stays.
///
/// # Errors
/// Names what the element lacks.
pub(super) fn changed(kind: BodyType, raw: &str, given: &Members) -> Result<String, String> {
    if serde_json::from_str::<Members>(&to_element::element(kind, raw)).is_ok_and(|shown| shown == *given) {
        return Ok(raw.to_owned());
    }
    match kind {
        BodyType::Text => {
            let words = given.get("content").and_then(Value::as_str);
            let words = words.ok_or("content has no text in content, which this message needs")?;
            Ok(Object::read(raw.as_bytes()).map_or_else(|_| text(words), |old| old.with_text("msg", words)))
        }
        BodyType::Custom => Ok(custom(CUSTOM, given)),
        BodyType::Command | BodyType::Unknown => {
            let inside = serde_json::from_str::<Members>(string(given, "data")).ok();
            let body = inside.filter(|body| BodyType::of_body(string(body, "type"), body) == kind);
            let body = body.ok_or_else(|| format!("content has no {} body in data", kind.name()))?;
            Ok(written(kind, &body))
        }
        _ => {
            let mut body: Members = serde_json::from_str(raw).unwrap_or_default();
            body.extend(members(kind, given));
            Ok(written(kind, &body))
        }
    }
}

/// What an element says, in members of a body.
fn members(kind: BodyType, element: &Members) -> Members {
    let mut body = Members::new();
    match kind {
        BodyType::Image => {
            let none = Members::new();
            let picture = element.get("sourcePicture").and_then(Value::as_object).unwrap_or(&none);
            file(&mut body, picture, ["uuid", "size", "url"]);
            put_pixels(&mut body, picture, ["width", "height"]);
        }
        BodyType::Voice => {
            file(&mut body, element, ["uuid", "dataSize", "sourceUrl"]);
            put_number(&mut body, "length", element, "duration");
        }
        BodyType::Video => {
            file(&mut body, element, ["videoUUID", "videoSize", "videoUrl"]);
            put_number(&mut body, "length", element, "duration");
            put_address(&mut body, ["thumb", "thumb_secret"], string(element, "snapshotUrl"));
            put_pixels(&mut body, element, ["snapshotWidth", "snapshotHeight"]);
        }
        BodyType::File => {
            file(&mut body, element, ["uuid", "fileSize", "sourceUrl"]);
            put_text(&mut body, "filename", string(element, "fileName"));
        }
        BodyType::Location => {
            put_number(&mut body, "lat", element, "latitude");
            put_number(&mut body, "lng", element, "longitude");
            body.insert("addr".to_owned(), Value::from(string(element, "description")));
        }
        BodyType::Combined => combined(&mut body, element),
        BodyType::Text | BodyType::Command | BodyType::Custom | BodyType::Unknown => {}
    }
    body
}

fn combined(body: &mut Members, element: &Members) {
    let title = string(element, "title");
    let lines = element.get("abstractList").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
    body.extend([
        ("msg".to_owned(), Value::from(title)),
        ("subType".to_owned(), Value::from(COMBINED_SUBTYPE)),
        ("title".to_owned(), Value::from(title)),
        ("summary".to_owned(), Value::from(lines.join("\n"))),
        ("combineLevel".to_owned(), Value::from(1)),
    ]);
}

/// Name, size and address of a file; the keys are those of the element.
fn file(body: &mut Members, element: &Members, [id, size, url]: [&str; 3]) {
    let address = string(element, url);
    let id = string(element, id);
    // Ids with a dot are names: this family's elements are made so.
    let name = if id.contains('.') { id } else { last_segment(address).unwrap_or(id) };
    put_text(body, "filename", name);
    put_number(body, "file_length", element, size);
    put_address(body, ["url", "secret"], address);
}

/// An address; a share secret at its end goes into a member of its own.
/// Source: easemob-callbacks fact sheet 5.2 (how restricted attachments are fetched).
fn put_address(body: &mut Members, [url, secret]: [&str; 2], address: &str) {
    let (address, key) = address.split_once(to_element::SHARE_SECRET).unwrap_or((address, ""));
    put_text(body, url, address);
    put_text(body, secret, key);
}

fn put_text(body: &mut Members, name: &str, text: &str) {
    if !text.is_empty() {
        body.insert(name.to_owned(), Value::from(text));
    }
}

fn put_number(body: &mut Members, name: &str, element: &Members, key: &str) {
    if let Some(number) = element.get(key).and_then(as_number) {
        body.insert(name.to_owned(), number);
    }
}

fn put_pixels(body: &mut Members, element: &Members, [width, height]: [&str; 2]) {
    if let (Some(width), Some(height)) =
        (element.get(width).and_then(as_number), element.get(height).and_then(as_number))
    {
        body.insert("size".to_owned(), json!({ "width": width, "height": height }));
    }
}

/// The last segment of an address' path.
pub(super) fn last_segment(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('/').map(|(_, last)| last).filter(|last| !last.is_empty())
}

/// A number, also where it came as text.
pub(super) fn as_number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => {
            let whole = text.parse::<i64>().ok().map(Value::from);
            whole.or_else(|| text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from))
        }
        _ => None,
    }
}

/// A text; empty where there is none.
pub(super) fn string<'a>(object: &'a Members, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn json_of(kind: BodyType, body: Value) -> String {
    match body {
        Value::Object(body) => written(kind, &body),
        _ => written(kind, &Members::new()),
    }
}
