//! What the content of a message sent by REST must hold, by content type. Source: REST sheet 7.1.
//!
//! Lenient about scalars, as the original is: a number may come as text, a text as a number.

use serde_json::{Map, Value, json};

use super::body::Reject;
use crate::openim::content::{AT_TEXT, CUSTOM, MARKDOWN, OA_NOTIFICATION, TEXT, argument};
use ringback_model::limits;

/// What a key must hold.
enum Need {
    /// A text that is not empty.
    Text,
    /// A number greater than 0.
    Positive,
    /// A number other than 0.
    NonZero,
    /// A list; may be empty.
    List,
    /// A number from 0 to this, or nothing.
    UpTo(i32),
    /// An object with these.
    Object(&'static [(&'static str, Need)]),
}

use Need::{List, NonZero, Object, Positive, Text, UpTo};

static PICTURE: [(&str, Need); 4] =
    [("type", Text), ("width", Positive), ("height", Positive), ("url", Text)];
static WORDS: [(&str, Need); 1] = [("content", Text)];
static PICTURES: [(&str, Need); 3] = [
    ("sourcePicture", Object(&PICTURE)),
    ("bigPicture", Object(&PICTURE)),
    ("snapshotPicture", Object(&PICTURE)),
];
static VOICE: [(&str, Need); 2] = [("sourceUrl", Text), ("duration", Positive)];
static VIDEO: [(&str, Need); 7] = [
    ("videoUrl", Text),
    ("videoType", Text),
    ("videoSize", Positive),
    ("duration", Positive),
    ("snapshotUrl", Text),
    ("snapshotWidth", Positive),
    ("snapshotHeight", Positive),
];
static FILE: [(&str, Need); 3] = [("sourceUrl", Text), ("fileName", Text), ("fileSize", Positive)];
static AT: [(&str, Need); 1] = [("atUserList", List)];
static APPS_OWN: [(&str, Need); 1] = [("data", Text)];
static NOTICE: [(&str, Need); 4] =
    [("notificationName", Text), ("notificationType", NonZero), ("text", Text), ("mixType", UpTo(5))];

/// Content types that may be sent, each with what it needs.
static TYPES: [(i32, &[(&str, Need)]); 10] = [
    (TEXT, &WORDS),
    (102, &PICTURES),
    (103, &VOICE),
    (104, &VIDEO),
    (105, &FILE),
    (AT_TEXT, &AT),
    (CUSTOM, &APPS_OWN),
    (114, &[]),
    (MARKDOWN, &WORDS),
    (OA_NOTIFICATION, &NOTICE),
];

fn needs(code: i32) -> Option<&'static [(&'static str, Need)]> {
    TYPES.iter().find(|(known, _)| *known == code).map(|(_, needs)| *needs)
}

/// The content types that may be sent.
pub(super) fn codes() -> impl Iterator<Item = i32> {
    TYPES.iter().map(|(code, _)| *code)
}

/// Each content type, with the schema of its content.
pub(super) fn schemas() -> impl Iterator<Item = (i32, Value)> {
    TYPES.iter().filter(|(_, needs)| !needs.is_empty()).map(|(code, needs)| (*code, object_schema(needs)))
}

/// Scalars are described as what they should be; that text is taken for a number and the other way round is for
/// callers who know no better.
fn object_schema(needs: &[(&str, Need)]) -> Value {
    let members: Map<String, Value> =
        needs.iter().map(|(key, need)| ((*key).to_owned(), schema(need))).collect();
    let required = needs.iter().filter(|(_, need)| !matches!(need, UpTo(_))).map(|(key, _)| *key);
    json!({"type": "object", "properties": members, "required": required.collect::<Vec<_>>()})
}

fn schema(need: &Need) -> Value {
    match need {
        Text => json!({"type": "string", "minLength": 1}),
        Positive => json!({"type": "number", "exclusiveMinimum": 0}),
        NonZero => json!({"type": "number", "not": {"const": 0}}),
        List => json!({"type": "array", "items": {"type": "string"}}),
        UpTo(most) => json!({"type": "number", "minimum": 0, "maximum": most}),
        Object(needs) => object_schema(needs),
    }
}

/// Checks a content; answers who is mentioned in it.
pub(super) fn check(code: i32, raw: &str) -> Result<Vec<String>, Reject> {
    let needs =
        needs(code).ok_or_else(|| argument(format!("contentType {code} is not supported by this route")))?;
    let content: Map<String, Value> =
        serde_json::from_str(raw).map_err(|wrong| argument(format!("content is not usable: {wrong}")))?;
    check_keys("content", &content, needs)?;
    if code == AT_TEXT { mentions(&content) } else { Ok(Vec::new()) }
}

fn check_keys(path: &str, object: &Map<String, Value>, needs: &[(&str, Need)]) -> Result<(), Reject> {
    for (key, need) in needs {
        let path = format!("{path}.{key}");
        check_value(&path, object.get(*key).unwrap_or(&Value::Null), need)?;
    }
    Ok(())
}

fn check_value(path: &str, value: &Value, need: &Need) -> Result<(), Reject> {
    let met = match need {
        Text => text(value).is_some_and(|text| !text.is_empty()),
        Positive => number(value).is_some_and(|number| number > 0.0),
        NonZero => number(value).is_some_and(|number| number != 0.0),
        List => value.is_array(),
        UpTo(most) => value.is_null() || number(value).is_some_and(|n| (0.0..=f64::from(*most)).contains(&n)),
        Object(needs) => {
            return match value {
                Value::Object(object) => check_keys(path, object, needs),
                _ => Err(argument(format!("{path} is missing")).into()),
            };
        }
    };
    if met { Ok(()) } else { Err(argument(format!("{path} is missing or not what it should be")).into()) }
}

/// A scalar as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(i32::from(*flag).to_string()),
        _ => None,
    }
}

/// A scalar as number.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn mentions(content: &Map<String, Value>) -> Result<Vec<String>, Reject> {
    let list = content.get("atUserList").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    super::body::at_most("content.atUserList", list.len(), limits::LIST_ITEMS)?;
    list.iter()
        .map(|item| {
            text(item).ok_or_else(|| argument("content.atUserList holds something else than texts").into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn detail(code: i32, content: &Value) -> Result<Vec<String>, String> {
        check(code, &content.to_string())
            .map_err(|reject| ringback_model::failure::Refusal::from(reject).detail)
    }

    fn full(code: i32) -> Value {
        let picture = json!({"type": "png", "width": 1, "height": "2", "url": "http://p"});
        match code {
            101 | 118 => json!({"content": "hi"}),
            102 => json!({"sourcePicture": picture, "bigPicture": picture, "snapshotPicture": picture}),
            103 => json!({"sourceUrl": "http://v", "duration": "3"}),
            104 => {
                json!({"videoUrl": "v", "videoType": "mp4", "videoSize": 9, "duration": 1, "snapshotUrl": "s",
                          "snapshotWidth": 1, "snapshotHeight": 1})
            }
            105 => json!({"sourceUrl": "http://f", "fileName": 7, "fileSize": 1}),
            106 => json!({"atUserList": ["u1", 7]}),
            110 => json!({"data": "d"}),
            114 => json!({}),
            _ => json!({"notificationName": "n", "notificationType": -1, "text": "t", "mixType": 5}),
        }
    }

    #[test]
    fn every_required_key_is_missed() {
        for code in [101, 102, 103, 104, 105, 106, 110, 114, 118, 1400] {
            let whole = full(code);
            assert!(detail(code, &whole).is_ok(), "{code}");
            let optional = "mixType";
            for key in whole.as_object().unwrap().keys().filter(|key| *key != optional) {
                let mut part = whole.clone();
                part.as_object_mut().unwrap().remove(key);
                let said = detail(code, &part).unwrap_err();
                assert!(said.starts_with(&format!("content.{key} is missing")), "{code}: {said}");
            }
        }
    }

    #[test]
    fn values_that_are_refused() {
        for (code, content, said) in [
            (101, json!({"content": ""}), "content.content is missing or not"),
            (103, json!({"sourceUrl": "v", "duration": 0}), "content.duration is missing or not"),
            (106, json!({"atUserList": null}), "content.atUserList is missing"),
            (106, json!({"atUserList": [{}]}), "content.atUserList holds"),
            (106, json!({"atUserList": vec!["u"; 1001]}), "content.atUserList has more than 1000"),
            (102, json!({"sourcePicture": {"type": "png"}}), "content.sourcePicture.width is missing"),
            (
                1400,
                json!({"notificationName": "n", "notificationType": 1, "text": "t", "mixType": 6}),
                "content.mixType",
            ),
            (107, json!({}), "contentType 107 is not supported"),
            (2001, json!({}), "contentType 2001 is not supported"),
        ] {
            let wrong = detail(code, &content).unwrap_err();
            assert!(wrong.starts_with(said), "{wrong}");
        }
        assert_eq!(detail(106, &full(106)).unwrap(), ["u1", "7"]);
    }

    proptest! {
        #[test]
        fn any_content_is_checked_without_panic(code in 95i32..125, raw in "\\PC{0,60}") {
            let _ = check(code, &raw);
            let _ = check(code, &json!({"content": raw, "atUserList": [raw]}).to_string());
        }
    }
}
