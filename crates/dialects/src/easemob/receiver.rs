//! The far end of the callbacks: reads those of both phases, checks their signature, and writes answers that are valid
//! for them. For receivers that stand in for an app's backend.
//! Source: easemob-callbacks fact sheet 2.2 to 2.4, 3.2, 3.4.

use std::sync::Arc;

use ringback_model::dialect::{Answered, Described, EdgeRequest, Effect, Instruction, Receiver};
use ringback_model::event::Phase;
use ringback_model::limits;
use serde_json::{Value, json};

use super::callbacks::{BLOCKED, Product, REPLACEMENT_BYTES, signature};
use super::content::BodyType;

const SHENGWANG: &str = Product::Shengwang.contract();
const AGORA: &str = Product::Agora.contract();
const EASEMOB: &str = Product::Easemob.contract();

/// What a callback before an event is called; on the wire it has no name.
const PRE_SEND: &str = "pre-send";

/// The receiver of all contracts of this family.
#[derive(Debug, Clone, Copy, Default)]
pub struct FamilyReceiver;

impl Receiver for FamilyReceiver {
    fn contracts(&self) -> &'static [&'static str] {
        &[SHENGWANG, AGORA, EASEMOB]
    }

    /// The three contracts look alike; where none is named, the first one it is.
    fn describe(&self, request: &EdgeRequest, contract: Option<&str>) -> Option<Described> {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        body.get("callId")?.as_str()?;
        body.get("timestamp")?.as_i64()?;
        let contract = match contract {
            Some(name) => self.contracts().iter().copied().find(|known| *known == name)?,
            None => SHENGWANG,
        };
        let phase = phase(&body);
        let command = if phase == Phase::Before { PRE_SEND.to_owned() } else { command(&body) };
        let (to, to_group) = whom(&body);
        Some(Described {
            contract,
            title: command.clone(),
            command,
            phase,
            from: text(&body, "from").to_owned(),
            to,
            to_group,
            text: readable(&body),
            operation_id: String::new(),
            client_message_id: String::new(),
            body: Arc::new(body),
        })
    }

    fn answer(&self, described: &Described, instruction: &Instruction) -> Answered {
        if described.phase == Phase::After {
            let remark = (*instruction != Instruction::Allow).then_some("it has happened already");
            return Answered { body: b"{}".to_vec(), effect: Effect::Noted, remark };
        }
        match instruction {
            Instruction::Allow => passing(None),
            Instruction::Deny { code, text } => deny(*code, text),
            Instruction::Replace { text } => replace(described, text),
        }
    }

    fn callback_id(&self, described: &Described) -> Option<String> {
        Some(text(&described.body, "callId")).filter(|id| !id.is_empty()).map(str::to_owned)
    }

    fn signature(&self, request: &EdgeRequest, secret: &str) -> Option<bool> {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        let security = body.get("security")?.as_str()?;
        let (call_id, timestamp) = (body.get("callId")?.as_str()?, body.get("timestamp")?.as_i64()?);
        Some(signature::security(call_id, secret, timestamp) == security)
    }
}

fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    body.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Only pre-send callbacks decide, and only they are about a message without saying which event it is or for which
/// app. Source: easemob-callbacks fact sheet 2.2 and 3.2.
fn phase(body: &Value) -> Phase {
    let about_a_message = body.get("payload").is_some() && !text(body, "msg_id").is_empty();
    let tells = ["eventType", "appkey", "event", "status"].iter().any(|key| body.get(key).is_some());
    if about_a_message && !tells { Phase::Before } else { Phase::After }
}

/// `chat` and `chat_offline` for messages, else whatever tells the event best.
fn command(body: &Value) -> String {
    let event = text(body, "eventType");
    let chat_type = text(body, "chat_type");
    let name = match chat_type {
        "" if event.is_empty() => {
            ["event", "status"].iter().map(|key| text(body, key)).find(|it| !it.is_empty())
        }
        "" | "chat" | "groupchat" => Some(event).filter(|event| !event.is_empty()),
        other => Some(other),
    };
    name.unwrap_or("event").to_owned()
}

fn whom(body: &Value) -> (String, bool) {
    let (to, group) = (text(body, "to"), text(body, "group_id"));
    let to = if to.is_empty() { group } else { to };
    (to.to_owned(), !group.is_empty() && to == group)
}

/// The body of the message, in either shape of the payload.
fn message_body(body: &Value) -> Option<&Value> {
    let payload = body.get("payload")?;
    match payload.get("bodies") {
        Some(bodies) => bodies.get(0),
        None => Some(payload).filter(|payload| payload.get("msg").is_some()),
    }
}

fn message_type(body: &Value) -> Option<BodyType> {
    let inside = message_body(body)?.as_object()?;
    Some(BodyType::of_body(inside.get("type").and_then(Value::as_str).unwrap_or_default(), inside))
}

fn readable(body: &Value) -> String {
    match (message_type(body), message_body(body)) {
        (Some(BodyType::Text), Some(inside)) => text(inside, "msg").to_owned(),
        (Some(BodyType::Combined), Some(inside)) => format!("[combined] {}", text(inside, "title")),
        (Some(kind), _) => format!("[{}]", kind.fine_name()),
        (None, _) => String::new(),
    }
}

// ---------------------------------------------------------------- answers

fn passing(remark: Option<&'static str>) -> Answered {
    Answered { body: br#"{"valid":true}"#.to_vec(), effect: Effect::Allowed, remark }
}

/// An answer that is too long would let the message pass: the text is cut instead.
fn deny(code: i32, text: &str) -> Answered {
    let mut remark =
        (code != BLOCKED).then_some("this contract carries a text and no number: the sender sees 508");
    let mut said = text;
    let mut body = json!({ "valid": false, "code": said }).to_string();
    while body.chars().count() > limits::ANSWER_CHARS {
        remark = Some("the text was cut: answers have at most 1,000 characters");
        let over = body.chars().count() - limits::ANSWER_CHARS;
        let end = said.char_indices().rev().nth(over.div_ceil(6).saturating_sub(1)).map_or(0, |(at, _)| at);
        said = said.get(..end).unwrap_or_default();
        body = json!({ "valid": false, "code": said }).to_string();
    }
    Answered { body: body.into_bytes(), effect: Effect::Refused, remark }
}

fn replace(described: &Described, words: &str) -> Answered {
    if message_type(&described.body) != Some(BodyType::Text) {
        return passing(Some("the message has no text to replace"));
    }
    let mut payload = json!({ "bodies": [{ "type": BodyType::Text.wire_name(), "msg": words }] });
    if let (Some(payload), Some(ext)) =
        (payload.as_object_mut(), described.body.pointer("/payload/ext").filter(|ext| ext.is_object()))
    {
        payload.insert("ext".to_owned(), ext.clone());
    }
    let answer = json!({ "valid": true, "payload": payload }).to_string();
    if payload.to_string().len() > REPLACEMENT_BYTES || answer.chars().count() > limits::ANSWER_CHARS {
        return passing(Some(
            "the text is too long: a replacement has at most 1,000 characters and 1,024 bytes",
        ));
    }
    Answered { body: answer.into_bytes(), effect: Effect::Replaced, remark: None }
}

#[cfg(test)]
mod tests {
    use ringback_model::dialect::Method;
    use ringback_model::time::UnixMs;

    use super::*;

    fn request(body: &Value) -> EdgeRequest {
        EdgeRequest {
            route: "",
            method: Method::Post,
            path: "/x".to_owned(),
            params: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
            file: None,
            at: UnixMs(0),
            secure: false,
        }
    }

    fn asked(inside: &Value) -> Described {
        let body = json!({"callId": "a#b_1", "timestamp": 5, "chat_type": "groupchat", "group_id": "77",
            "from": "alice", "to": "77", "msg_id": "9", "security": "x",
            "payload": {"bodies": [inside], "ext": {"k": 1}, "from": "alice", "to": "77", "type": "groupchat"}});
        FamilyReceiver.describe(&request(&body), None).unwrap()
    }

    fn written(answered: &Answered) -> Value {
        serde_json::from_slice(&answered.body).unwrap()
    }

    #[test]
    fn both_phases_are_recognised_and_strangers_are_not() {
        let it = asked(&json!({"type": "txt", "msg": "hi"}));
        assert_eq!((it.phase, it.command.as_str(), it.text.as_str()), (Phase::Before, "pre-send", "hi"));
        assert_eq!((it.from.as_str(), it.to.as_str(), it.to_group), ("alice", "77", true));
        assert_eq!(FamilyReceiver.callback_id(&it).as_deref(), Some("a#b_1"));

        let mut told = (*it.body).clone();
        let members = told.as_object_mut().unwrap();
        members.extend([("eventType".to_owned(), json!("chat_offline")), ("to".to_owned(), json!("carol"))]);
        let it = FamilyReceiver.describe(&request(&told), Some("agora")).unwrap();
        assert_eq!((it.phase, it.command.as_str(), it.contract), (Phase::After, "chat_offline", "agora"));
        assert_eq!((it.to.as_str(), it.to_group), ("carol", false));

        for body in
            [json!([]), json!({"callbackCommand": "x"}), json!({"callId": 1, "timestamp": 5}), json!(null)]
        {
            assert_eq!(FamilyReceiver.describe(&request(&body), None), None, "{body}");
        }
        assert_eq!(FamilyReceiver.describe(&request(&told), Some("openim")), None);
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(asked(&json!({"type": "img", "url": "u"})).text, "[image]");
        let combined = json!({"type": "txt", "msg": "x", "subType": "sub_combine", "title": "talk"});
        assert_eq!(asked(&combined).text, "[combined] talk");
    }

    #[test]
    fn answers_are_those_of_the_documents() {
        let it = asked(&json!({"type": "txt", "msg": "hi"}));
        let allowed = FamilyReceiver.answer(&it, &Instruction::Allow);
        assert_eq!((written(&allowed), allowed.effect), (json!({"valid": true}), Effect::Allowed));

        let no = |code| Instruction::Deny { code, text: "AD-01".to_owned() };
        let refused = FamilyReceiver.answer(&it, &no(508));
        assert_eq!((written(&refused), refused.remark), (json!({"valid": false, "code": "AD-01"}), None));
        assert!(FamilyReceiver.answer(&it, &no(5001)).remark.unwrap().contains("508"));

        let other = FamilyReceiver.answer(&it, &Instruction::Replace { text: "ho".to_owned() });
        let expected =
            json!({"valid": true, "payload": {"bodies": [{"type": "txt", "msg": "ho"}], "ext": {"k": 1}}});
        assert_eq!((written(&other), other.effect), (expected, Effect::Replaced));
    }

    #[test]
    fn what_cannot_be_done_passes_and_says_so() {
        let replace = |text: String| Instruction::Replace { text };
        let picture = FamilyReceiver.answer(&asked(&json!({"type": "img"})), &replace("x".to_owned()));
        assert_eq!(picture.effect, Effect::Allowed);
        assert!(picture.remark.is_some());
        let long =
            FamilyReceiver.answer(&asked(&json!({"type": "txt", "msg": ""})), &replace("x".repeat(1000)));
        assert_eq!((written(&long), long.effect), (json!({"valid": true}), Effect::Allowed));
    }

    #[test]
    fn a_refusal_is_never_too_long_to_count() {
        let it = asked(&json!({"type": "txt", "msg": "hi"}));
        for text in ["x".repeat(5000), "\u{1}".repeat(990), "声".repeat(2000), "\"".repeat(999)] {
            let refused = FamilyReceiver.answer(&it, &Instruction::Deny { code: 508, text });
            let chars = String::from_utf8(refused.body.clone()).unwrap().chars().count();
            assert!((990..=limits::ANSWER_CHARS).contains(&chars), "{chars}");
            assert!(refused.effect == Effect::Refused && refused.remark.is_some());
        }
    }

    #[test]
    fn a_signature_is_right_wrong_or_absent() {
        let mut body = json!({"callId": "demo-org#demo-app_0f8fad5b-d9cb-469f-a165-70867728950e",
            "timestamp": 1_731_000_000_123_i64, "security": "3457561f7ee148b65eaf5908ac1a69b2"});
        assert_eq!(FamilyReceiver.signature(&request(&body), "s3cr3t-demo"), Some(true));
        assert_eq!(FamilyReceiver.signature(&request(&body), "other"), Some(false));
        body.as_object_mut().unwrap().remove("security");
        assert_eq!(FamilyReceiver.signature(&request(&body), "s3cr3t-demo"), None);
    }
}
