//! Made-up messages in every form that clients and backends send: what rules are tried out with.

use ringback_model::conversation::Target;
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::message::{Content, ContentClass, Message};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use serde_json::{Map, Value, json};

use crate::{easemob, openim};

/// One message for each kind of conversation in each form, and some that are no texts. All were sent at `at`; each has an
/// id of its own.
#[must_use]
pub fn samples(at: UnixMs) -> Vec<Message> {
    let (Ok(alice), Ok(bob), Ok(place)) =
        (UserId::parse("alice"), UserId::parse("bob"), GroupId::parse("270011223344556"))
    else {
        return Vec::new();
    };
    let (single, group, room) = (Target::User(bob), Target::Group(place.clone()), Target::Room(place));
    let first = openim_contents().into_iter().map(|content| (content, String::new()));
    let second = family_contents().into_iter().map(|content| (content, r#"{"order":"A-17"}"#.to_owned()));
    let mut made = Vec::new();
    for (content, ex) in first.chain(second) {
        let is_text = content.class == ContentClass::Text;
        let targets = [&single, &group, &room];
        for target in targets.into_iter().take(if is_text { 3 } else { 1 }) {
            let message = sample::message(alice.clone(), target.clone(), content.clone(), at);
            let id = MessageId(made.len() as u64 + 1);
            made.push(Message { id, ex: ex.clone(), ..message });
        }
    }
    made
}

fn openim_contents() -> Vec<Content> {
    let picture = json!({
        "uuid": "1", "type": "image/jpeg", "size": 20480, "width": 640, "height": 480,
        "url": "https://im.example.test/cat.jpg",
    });
    [
        (openim::content::TEXT, json!({"content": "hello bob"})),
        (
            102,
            json!({"sourcePath": "", "sourcePicture": picture, "bigPicture": picture, "snapshotPicture": picture}),
        ),
        (openim::content::CUSTOM, json!({"data": r#"{"order":"A-17"}"#, "description": "order", "extension": ""})),
    ]
    .into_iter()
    .map(|(code, element)| openim::content::content(code, element.to_string()))
    .collect()
}

fn family_contents() -> Vec<Content> {
    [
        ("txt", json!({"msg": "hello bob"})),
        (
            "img",
            json!({
                "filename": "cat.jpg", "file_length": 20480, "size": {"width": 640, "height": 480},
                "url": "https://im.example.test/demo/demo/chatfiles/0d1c2b3a-0001-4002-8003-a0b0c0d0e0f0",
            }),
        ),
        ("custom", json!({"customEvent": "order", "customExts": {"number": "A-17"}})),
    ]
    .into_iter()
    .map(|(kind, body)| easemob::content::content(kind, &members(body)))
    .collect()
}

fn members(body: Value) -> Map<String, Value> {
    match body {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn both_forms_have_every_conversation_and_some_other_content() {
        let samples = samples(UnixMs(1_731_000_000_123));
        let ids: BTreeSet<_> = samples.iter().map(|message| message.id).collect();
        assert_eq!(ids.len(), samples.len(), "every sample has an id of its own");
        for form in [openim::FORM, easemob::FORM] {
            let of_form = || samples.iter().filter(|message| message.content.form == form);
            let texts: BTreeSet<String> = of_form()
                .filter(|message| message.content.class == ContentClass::Text)
                .map(|message| format!("{:?}", std::mem::discriminant(&message.target)))
                .collect();
            assert_eq!(texts.len(), 3, "{form}: single, group, room");
            let classes: BTreeSet<String> =
                of_form().map(|message| format!("{:?}", message.content.class)).collect();
            assert_eq!(classes.into_iter().collect::<Vec<_>>(), ["Custom", "Image", "Text"], "{form}");
        }
        for message in &samples {
            assert_eq!(message.sent_at, UnixMs(1_731_000_000_123));
            assert!(serde_json::from_str::<Map<String, Value>>(&message.content.raw).is_ok(), "{message:?}");
        }
    }
}
