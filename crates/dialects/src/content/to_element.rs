//! Elements from bodies.

use serde_json::{Value, json};

use super::to_body::{Members, as_number, event_of, last_segment, string};
use crate::easemob::content::BodyType;
use crate::openim::content::CUSTOM;

/// How an address carries the secret of a restricted attachment.
/// Source: easemob-callbacks fact sheet 5.2.
pub(super) const SHARE_SECRET: &str = "?share-secret=";

/// The element that a body of this type becomes.
pub(super) fn element(kind: BodyType, raw: &str) -> String {
    let body: Members = serde_json::from_str(raw).unwrap_or_default();
    match kind {
        BodyType::Text => json!({ "content": string(&body, "msg") }),
        BodyType::Image => image(&body),
        BodyType::Voice => voice(&body),
        BodyType::Video => video(&body),
        BodyType::File => json!({
            "filePath": "",
            "uuid": last_segment(string(&body, "url")).unwrap_or_default(),
            "sourceUrl": address(&body, ["url", "secret"]),
            "fileName": string(&body, "filename"),
            "fileSize": number(&body, "file_length"),
            "fileType": ending(string(&body, "filename")),
        }),
        BodyType::Location => json!({
            "description": string(&body, "addr"),
            "longitude": number(&body, "lng"),
            "latitude": number(&body, "lat"),
        }),
        BodyType::Combined => json!({
            "title": string(&body, "title"),
            "abstractList": string(&body, "summary").lines().collect::<Vec<_>>(),
            "multiMessage": [],
            "messageEntityList": [],
        }),
        BodyType::Custom => custom(&body, raw),
        BodyType::Command | BodyType::Unknown => {
            json!({ "data": raw, "description": kind.name(), "extension": "" })
        }
    }
    .to_string()
}

fn image(body: &Members) -> Value {
    let (width, height) = pixels(body);
    let picture = json!({
        "uuid": file_id(body),
        "type": ending(string(body, "filename")),
        "size": number(body, "file_length"),
        "width": width,
        "height": height,
        "url": address(body, ["url", "secret"]),
    });
    json!({ "sourcePath": "", "sourcePicture": picture, "bigPicture": picture, "snapshotPicture": picture })
}

fn voice(body: &Members) -> Value {
    json!({
        "uuid": file_id(body),
        "soundPath": "",
        "sourceUrl": address(body, ["url", "secret"]),
        "dataSize": number(body, "file_length"),
        "duration": number(body, "length"),
        "soundType": ending(string(body, "filename")),
    })
}

fn video(body: &Members) -> Value {
    let (width, height) = pixels(body);
    json!({
        "videoPath": "",
        "videoUUID": file_id(body),
        "videoUrl": address(body, ["url", "secret"]),
        "videoType": ending(string(body, "filename")),
        "videoSize": number(body, "file_length"),
        "duration": number(body, "length"),
        "snapshotPath": "",
        "snapshotUUID": last_segment(string(body, "thumb")).unwrap_or_default(),
        "snapshotSize": 0,
        "snapshotUrl": address(body, ["thumb", "thumb_secret"]),
        "snapshotWidth": width,
        "snapshotHeight": height,
        "snapshotType": "",
    })
}

/// An element that went through a body comes out as it was; of others the whole body is the data.
fn custom(body: &Members, raw: &str) -> Value {
    let event = string(body, "customEvent");
    let parts = body.get("v2:customExts").and_then(Value::as_object);
    match parts.filter(|parts| event == event_of(CUSTOM) && parts.contains_key("data")) {
        Some(parts) => json!({
            "data": string(parts, "data"),
            "description": string(parts, "description"),
            "extension": string(parts, "extension"),
        }),
        None => json!({ "data": raw, "description": event, "extension": "" }),
    }
}

/// The name of the file, or else what its address ends in.
fn file_id(body: &Members) -> &str {
    let name = string(body, "filename");
    if name.is_empty() { last_segment(string(body, "url")).unwrap_or_default() } else { name }
}

/// An address that can be fetched: restricted attachments need their secret.
fn address(body: &Members, [url, secret]: [&str; 2]) -> String {
    let (address, secret) = (string(body, url), string(body, secret));
    if address.is_empty() || secret.is_empty() || address.contains('?') {
        return address.to_owned();
    }
    format!("{address}{SHARE_SECRET}{secret}")
}

/// 0 where there is none.
fn number(body: &Members, key: &str) -> Value {
    body.get(key).and_then(as_number).unwrap_or_else(|| Value::from(0))
}

fn pixels(body: &Members) -> (Value, Value) {
    match body.get("size").and_then(Value::as_object) {
        Some(pixels) => (number(pixels, "width"), number(pixels, "height")),
        None => (Value::from(0), Value::from(0)),
    }
}

/// `jpg` of `cat.JPG`; empty where there is no ending.
fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}
