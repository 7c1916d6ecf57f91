//! Made-up messages in every form that clients and backends send: what rules are tried out with.

use ringback_model::conversation::Target;
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::message::{Content, ContentClass, Message};
use ringback_model::sample;
use ringback_model::time::UnixMs;
use serde_json::{Map, Value, json};

use crate::easemob::content::COMBINED_SUBTYPE;
use crate::{easemob, openim};

/// One message of each type in each form, texts and the family's types in every kind of conversation. All were sent at
/// `at`; each has an id of its own.
#[must_use]
pub fn samples(at: UnixMs) -> Vec<Message> {
    let Some((alice, [single, group, room])) = cast() else { return Vec::new() };
    let first = openim_contents().into_iter().map(|content| (content, String::new()));
    let second = family_contents().into_iter().map(|content| (content, r#"{"order":"A-17"}"#.to_owned()));
    let mut made = Vec::new();
    for (content, ex) in first.chain(second) {
        // Rules of the family name type and conversation together.
        let everywhere = content.class == ContentClass::Text || content.form == easemob::FORM;
        let targets = [&single, &group, &room];
        for target in targets.into_iter().take(if everywhere { 3 } else { 1 }) {
            let message = sample::message(alice.clone(), target.clone(), content.clone(), at);
            let id = MessageId(made.len() as u64 + 1);
            made.push(Message { id, ex: ex.clone(), ..message });
        }
    }
    made
}

/// A text with these words to one user, once in each form; sent at `at`, each with an id of its own.
#[must_use]
pub fn texts(words: &str, at: UnixMs) -> Vec<Message> {
    let Some((alice, [single, ..])) = cast() else { return Vec::new() };
    let first = openim::content::content(openim::content::TEXT, json!({ "content": words }).to_string());
    let second = easemob::content::content("txt", &members(json!({ "msg": words })));
    let numbered = (1..).zip([first, second]);
    let message = |content| sample::message(alice.clone(), single.clone(), content, at);
    numbered.map(|(number, content)| Message { id: MessageId(number), ..message(content) }).collect()
}

/// Who sends, and to whom: a user, a group, a room.
fn cast() -> Option<(UserId, [Target; 3])> {
    let alice = UserId::parse("alice").ok()?;
    let bob = UserId::parse("bob").ok()?;
    let place = GroupId::parse("270011223344556").ok()?;
    Some((alice, [Target::User(bob), Target::Group(place.clone()), Target::Room(place)]))
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

/// One of every type. Source of their fields: easemob-callbacks fact sheet 5.2.
fn family_contents() -> Vec<Content> {
    let url = "https://im.example.test/demo/demo/chatfiles/0d1c2b3a-0001-4002-8003-a0b0c0d0e0f0";
    [
        ("txt", json!({"msg": "hello bob"})),
        (
            "img",
            json!({
                "filename": "cat.jpg", "file_length": 20480, "size": {"width": 640, "height": 480}, "url": url,
            }),
        ),
        ("audio", json!({"filename": "hello.amr", "file_length": 4096, "length": 3, "url": url})),
        (
            "video",
            json!({
                "filename": "cat.mp4", "file_length": 409_600, "length": 12, "thumb": url, "url": url,
                "size": {"width": 640, "height": 480},
            }),
        ),
        ("file", json!({"filename": "plan.pdf", "file_length": 10240, "url": url})),
        ("loc", json!({"lat": 31.23, "lng": 121.47, "addr": "The Bund"})),
        ("cmd", json!({"action": "refresh"})),
        ("custom", json!({"customEvent": "order", "customExts": {"number": "A-17"}})),
        (
            "txt",
            json!({
                "msg": "two messages", "subType": COMBINED_SUBTYPE, "title": "Chat", "summary": "alice: hi",
                "combineLevel": 1, "filename": "combined", "file_length": 512, "url": url,
            }),
        ),
        ("hologram", json!({"msg": "of a type that is not known"})),
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
    use crate::easemob::content::BodyType;

    #[test]
    fn every_type_of_the_family_is_in_every_conversation() {
        let samples = samples(UnixMs(1));
        for kind in BodyType::ALL {
            let of_kind = samples.iter().filter(|message| {
                message.content.form == easemob::FORM && message.content.code == kind.code()
            });
            assert_eq!(of_kind.count(), 3, "{kind:?}");
        }
    }

    #[test]
    fn texts_say_what_they_are_given() {
        let texts = texts("a \"quote\" 声", UnixMs(7));
        let said: Vec<_> = texts
            .iter()
            .map(|message| crate::content::words(&message.content).unwrap().into_owned())
            .collect();
        assert_eq!(said, ["a \"quote\" 声"; 2]);
        assert_ne!(texts[0].id, texts[1].id);
    }

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
            assert!(["Custom", "Image", "Text"].iter().all(|class| classes.contains(*class)), "{form}");
        }
        for message in &samples {
            assert_eq!(message.sent_at, UnixMs(1_731_000_000_123));
            assert!(serde_json::from_str::<Map<String, Value>>(&message.content.raw).is_ok(), "{message:?}");
        }
    }
}
