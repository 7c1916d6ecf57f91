//! Lines of exported history: what the callback about a message holds, without what belongs to the call.
//! Source: easemob-rest fact sheet 10; easemob-callbacks fact sheet 5.2.

use std::borrow::Cow;

use ringback_model::conversation::Target;
use ringback_model::message::Message;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::content;

#[derive(Serialize)]
struct Line<'a> {
    msg_id: Cow<'a, str>,
    timestamp: i64,
    direction: &'static str,
    from: &'a str,
    to: &'a str,
    chat_type: &'static str,
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct Payload<'a> {
    bodies: [Box<RawValue>; 1],
    ext: Box<RawValue>,
    from: &'a str,
    to: &'a str,
}

/// A message as one line of JSON, without its end.
#[must_use]
pub fn line(message: &Message) -> Vec<u8> {
    let (to, chat_type) = match &message.target {
        Target::User(user) | Target::Notice(user) => (user.as_str(), "chat"),
        Target::Group(group) => (group.as_str(), "groupchat"),
        Target::Room(room) => (room.as_str(), "chatroom"),
    };
    let from = message.sender.as_str();
    let id = message.public_id.as_deref();
    let line = Line {
        msg_id: id.map_or_else(|| Cow::Owned(message.id.to_string()), Cow::Borrowed),
        timestamp: message.sent_at.0,
        direction: "outgoing",
        from,
        to,
        chat_type,
        payload: Payload {
            bodies: [raw(content::as_body(&message.content))],
            ext: raw(content::ext(&message.ex)),
            from,
            to,
        },
    };
    // Writing our own structs into memory cannot fail.
    serde_json::to_vec(&line).unwrap_or_default()
}

/// JSON text as it is; what is none goes out as null. A line has no line breaks: they may stand between values only.
fn raw(json: Cow<'_, str>) -> Box<RawValue> {
    let json = if json.contains(['\n', '\r']) { Cow::Owned(json.replace(['\n', '\r'], " ")) } else { json };
    RawValue::from_string(json.into_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::{GroupId, UserId};
    use ringback_model::sample;
    use ringback_model::time::UnixMs;
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn a_line_holds_a_message() {
        let alice = UserId::parse("alice").unwrap();
        let body = Map::from_iter([("msg".to_owned(), json!("a\nb"))]);
        let content = crate::easemob::content::content("txt", &body);
        let target = Target::Group(GroupId::parse("77").unwrap());
        let mut message = sample::message(alice, target, content, UnixMs(5));
        message.ex = "{\n\"k\": 1}".to_owned();
        let text = line(&message);
        assert!(!text.contains(&b'\n'));
        let expected = json!({
            "msg_id": "1", "timestamp": 5, "direction": "outgoing", "from": "alice", "to": "77",
            "chat_type": "groupchat",
            "payload": {"bodies": [{"type": "txt", "msg": "a\nb"}], "ext": {"k": 1}, "from": "alice", "to": "77"},
        });
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), expected);
    }
}
