//! The far end of the callbacks: reads any of them, in all four contracts, and writes answers that are valid for
//! it. For receivers that stand in for an app's backend.
//! Source: openim-callbacks fact sheet 0.2 (contracts), 3 (answers), 4 (commands), 7 (word filter).

use std::sync::Arc;

use ringback_model::dialect::{Answered, Described, EdgeRequest, Effect, Instruction, Receiver};
use ringback_model::event::Phase;
use serde_json::{Map, Value, json};

use super::callbacks::commands;

const V3_8: &str = "openim";
const V3_5: &str = "openim-v3.5";
const V3_0: &str = "openim-v3.0";
const V2: &str = "openim-v2";

/// The receiver of all contracts of this dialect.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenImReceiver;

impl Receiver for OpenImReceiver {
    fn contracts(&self) -> &'static [&'static str] {
        &[V3_8, V3_5, V3_0, V2]
    }

    fn describe(&self, request: &EdgeRequest, contract: Option<&str>) -> Option<Described> {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        let command = body.get("callbackCommand")?.as_str()?.to_owned();
        let contract = match contract {
            Some(name) => self.contracts().iter().copied().find(|known| *known == name)?,
            None => guess_contract(request, &body, &command),
        };
        let (to, to_group) = whom(&body);
        Some(Described {
            contract,
            title: title(&command).to_owned(),
            phase: phase(&command),
            from: first_text(&body, &ACTING),
            to,
            to_group,
            text: readable(&body),
            operation_id: operation_id(request, &body),
            client_message_id: first_text(&body, &["clientMsgID"]),
            body: Arc::new(body),
            command,
        })
    }

    fn answer(&self, described: &Described, instruction: &Instruction) -> Answered {
        if described.phase == Phase::After {
            let remark = (*instruction != Instruction::Allow).then_some("it has happened already");
            return Answered { body: written(&passing(described)), effect: Effect::Noted, remark };
        }
        match instruction {
            Instruction::Allow => {
                Answered { body: written(&passing(described)), effect: Effect::Allowed, remark: None }
            }
            Instruction::Deny { code, text } => deny(described, *code, text),
            Instruction::Replace { text } => replace(described, text),
        }
    }
}

/// Where the command stands in the request tells three contracts apart; the newest two differ in `sendTime`, which messages
/// have.
fn guess_contract(request: &EdgeRequest, body: &Value, command: &str) -> &'static str {
    if request.query("command").is_some() {
        V3_0
    } else if request.path.rsplit('/').next() != Some(command) {
        V2
    } else if body.get("msgFrom").is_some() && body.get("sendTime").is_none() {
        V3_5
    } else {
        V3_8
    }
}

/// The command without the parts that all of them share.
fn title(command: &str) -> &str {
    let short =
        command.strip_prefix("callback").or_else(|| command.strip_prefix("Callback")).unwrap_or(command);
    short.strip_suffix("Command").unwrap_or(short)
}

/// Only answers to questions decide. Of commands that nobody knows the name has to tell.
fn phase(command: &str) -> Phase {
    let known = commands::named(command).map(commands::Command::phase);
    known.unwrap_or(if title(command).starts_with("Before") { Phase::Before } else { Phase::After })
}

/// Where a body says who acts, the most telling first.
const ACTING: [&str; 9] = [
    "sendID",
    "fromUserID",
    "oldOwnerUserID",
    "applyID",
    "userID",
    "opUserID",
    "ownerUserID",
    "ownerUserId",
    "ownerID",
];
/// Where it says on whom.
const CONCERNED: [&str; 7] =
    ["recvID", "toUserID", "blackUserID", "friendUserID", "newOwnerUserID", "userId", "receiveID"];

fn whom(body: &Value) -> (String, bool) {
    let user = first_text(body, &CONCERNED);
    if !user.is_empty() {
        return (user, false);
    }
    let group = first_text(body, &["groupID", "groupId"]);
    let is_group = !group.is_empty();
    (group, is_group)
}

fn first_text(body: &Value, keys: &[&str]) -> String {
    let found = keys.iter().filter_map(|key| body.get(key)?.as_str()).find(|text| !text.is_empty());
    found.unwrap_or_default().to_owned()
}

/// Callbacks that carry no `operationID` in the body have it in the header.
fn operation_id(request: &EdgeRequest, body: &Value) -> String {
    let inside = first_text(body, &["operationID"]);
    if inside.is_empty() { request.header("operationid").unwrap_or_default().to_owned() } else { inside }
}

// ---------------------------------------------------------------- what a message says

/// The key of a message element that holds its text; `None` for elements without one.
/// Source: openim-client-protocol fact sheet 5.4.
fn text_key(content_type: i64) -> Option<&'static str> {
    match content_type {
        101 | 118 => Some("content"),
        106 | 114 | 117 => Some("text"),
        _ => None,
    }
}

fn content_type(body: &Value) -> i64 {
    body.get("contentType").and_then(Value::as_i64).unwrap_or_default()
}

/// The element of a message; `None` where the content is not JSON text of an object (plain text in v2).
fn element(body: &Value) -> Option<Map<String, Value>> {
    serde_json::from_str(body.get("content")?.as_str()?).ok()
}

/// Where a body that is not about a message says something in somebody's words.
const SPOKEN: [&str; 8] =
    ["reqMsg", "HandleMsg", "reqMessage", "reason", "remark", "groupName", "nickName", "conversationId"];

fn readable(body: &Value) -> String {
    let Some(content) = body.get("content").and_then(Value::as_str) else {
        return first_text(body, &SPOKEN);
    };
    let code = content_type(body);
    match (text_key(code), element(body)) {
        (Some(key), Some(element)) => match element.get(key).and_then(Value::as_str) {
            Some(text) => text.to_owned(),
            None => content.to_owned(),
        },
        (Some(_), None) => content.to_owned(),
        (None, _) => format!("[{}]", kind(code)),
    }
}

/// Source: openim-callbacks fact sheet 5.3.
fn kind(content_type: i64) -> String {
    let name = match content_type {
        102 => "picture",
        103 => "voice",
        104 => "video",
        105 => "file",
        107 => "merged messages",
        108 => "card",
        109 => "location",
        110 => "custom",
        113 => "typing",
        115 => "face",
        1000..=5000 => "notification",
        _ => return format!("content type {content_type}"),
    };
    name.to_owned()
}

// ---------------------------------------------------------------- answers

/// The answer that changes nothing.
///
/// A bare "go on" would empty the fields of a group whose information is being set, and in v2 the text of a
/// message, so these are repeated. Source: openim-callbacks fact sheet 4.6 (38, 40), 7.
fn passing(described: &Described) -> Map<String, Value> {
    let mut answer = common(described, 0, 0, "", 0);
    if described.command == "callbackWordFilterCommand" {
        copy(&described.body, &mut answer, &["content"]);
    }
    if described.title.starts_with("BeforeSetGroupInfo") {
        let repeated = [
            "groupID",
            "groupName",
            "introduction",
            "faceURL",
            "ex",
            "needVerification",
            "lookMemberInfo",
            "applyMemberFriend",
        ];
        copy(&described.body, &mut answer, &repeated);
    }
    answer
}

fn copy(from: &Value, to: &mut Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if let Some(value) = from.get(key) {
            to.insert((*key).to_owned(), value.clone());
        }
    }
}

/// Source: openim-callbacks fact sheet 3.1, 3.4.
fn common(described: &Described, action: i32, code: i32, text: &str, next: i32) -> Map<String, Value> {
    let mut answer = Map::new();
    answer.insert("actionCode".to_owned(), json!(action));
    answer.insert("errCode".to_owned(), json!(code));
    answer.insert("errMsg".to_owned(), json!(text));
    if described.contract == V2 {
        answer.insert("operationID".to_owned(), json!(described.operation_id));
        return answer;
    }
    answer.insert("errDlt".to_owned(), json!(""));
    if described.contract != V3_0 {
        answer.insert("nextCode".to_owned(), json!(next));
    }
    answer
}

/// What stops an operation differs from contract to contract. Source: openim-callbacks fact sheet 3.5; the v2
/// contract refuses only with an error code of 0, so it carries no code of the receiver's own.
fn deny(described: &Described, code: i32, text: &str) -> Answered {
    let (answer, remark) = match described.contract {
        V2 => (
            common(described, 1, 0, text, 0),
            (code > 0).then_some("this contract carries no code: the sender sees 201"),
        ),
        V3_0 => (common(described, 1, code, text, 0), None),
        _ => (common(described, 0, code, text, 1), None),
    };
    let remark = remark
        .or((described.contract != V2 && code <= 0).then_some("a code below 1 reaches the sender as 500"));
    Answered { body: written(&answer), effect: Effect::Refused, remark }
}

fn replace(described: &Described, text: &str) -> Answered {
    match replacement(described, text) {
        Ok((field, value)) => {
            let mut answer = passing(described);
            answer.insert(field.to_owned(), value);
            Answered { body: written(&answer), effect: Effect::Replaced, remark: None }
        }
        Err(remark) => {
            Answered { body: written(&passing(described)), effect: Effect::Allowed, remark: Some(remark) }
        }
    }
}

/// The one field of an answer that holds the words of what is asked about: the name that a group, a friend or a
/// profile is to have, or the first line of an offline push.
fn named_by(title: &str) -> Option<&'static str> {
    match title {
        "BeforeSetFriendRemark" => Some("remark"),
        "BeforeCreateGroup" | "BeforeSetGroupInfo" | "BeforeSetGroupInfoEx" => Some("groupName"),
        "BeforeSetGroupMemberInfo" | "BeforeUpdateUserInfo" | "BeforeUpdateUserInfoEx" => Some("nickName"),
        _ => None,
    }
}

/// The field to answer and its value, in the form that this callback takes.
fn replacement(described: &Described, text: &str) -> Result<(&'static str, Value), &'static str> {
    let body = &described.body;
    match described.title.as_str() {
        "WordFilter" | "BeforeSetFriendRemark" | "BeforeCreateGroup" if text.is_empty() => {
            Err("this callback ignores an empty text")
        }
        "WordFilter" => Ok(("content", json!(text))),
        "BeforeMsgModify" | "MsgModify" => {
            let key = text_key(content_type(body)).ok_or("the message has no text to replace")?;
            if described.contract == V2 && content_type(body) == 101 {
                return Ok(("content", json!(text)));
            }
            let mut element = element(body).unwrap_or_default();
            element.insert(key.to_owned(), Value::String(text.to_owned()));
            Ok(("content", Value::String(Value::Object(element).to_string())))
        }
        "BeforeOfflinePush" | "OfflinePush" => Ok(("offlinePushInfo", json!({ "title": text }))),
        title => {
            let field = named_by(title).ok_or("this callback has no text to replace")?;
            if title == "BeforeUpdateUserInfoEx" && body.get(field).is_none_or(Value::is_null) {
                return Err("the user does not set his name");
            }
            Ok((field, json!(text)))
        }
    }
}

fn written(answer: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ringback_model::dialect::Method;
    use ringback_model::time::UnixMs;

    use super::*;

    fn request(path: &str, query: &[(&str, &str)], body: &Value) -> EdgeRequest {
        EdgeRequest {
            route: "",
            method: Method::Post,
            path: path.to_owned(),
            params: Vec::new(),
            file: None,
            at: UnixMs(0),
            secure: false,
            query: query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            headers: vec![("operationid".to_owned(), "op-header".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    fn message(command: &str, content: &str) -> Value {
        json!({
            "sendID": "alice", "recvID": "bob", "callbackCommand": command, "clientMsgID": "c1", "msgFrom": 100,
            "operationID": "op-1", "contentType": 101, "sendTime": 1, "content": content,
        })
    }

    fn described(contract: &str, command: &str) -> Described {
        let content = if contract == V2 { "plain words" } else { r#"{"content":"plain words","extra":7}"# };
        let request = request("/x", &[], &message(command, content));
        OpenImReceiver.describe(&request, Some(contract)).unwrap()
    }

    fn answer(
        contract: &str,
        command: &str,
        instruction: &Instruction,
    ) -> (Value, Effect, Option<&'static str>) {
        let answered = OpenImReceiver.answer(&described(contract, command), instruction);
        (serde_json::from_slice(&answered.body).unwrap(), answered.effect, answered.remark)
    }

    const BEFORE_SINGLE: &str = "callbackBeforeSendSingleMsgCommand";
    const MODIFY: &str = "callbackBeforeMsgModifyCommand";
    const FILTER: &str = "callbackWordFilterCommand";

    #[test]
    fn the_shape_of_a_request_tells_its_contract() {
        let new = message(BEFORE_SINGLE, "{}");
        let mut old = new.clone();
        old.as_object_mut().unwrap().remove("sendTime");
        let path = format!("/callbackExample/{BEFORE_SINGLE}");
        for (path, query, body, contract) in [
            (path.as_str(), &[("contenttype", "json")][..], &new, V3_8),
            (&path, &[], &old, V3_5),
            ("/callbackExample", &[("command", BEFORE_SINGLE)], &old, V3_0),
            ("/callback", &[], &old, V2),
        ] {
            let described = OpenImReceiver.describe(&request(path, query, body), None).unwrap();
            assert_eq!(described.contract, contract, "{path} {query:?}");
        }
    }

    #[test]
    fn a_message_is_read() {
        let it = described(V3_8, BEFORE_SINGLE);
        assert_eq!((it.from.as_str(), it.to.as_str(), it.to_group), ("alice", "bob", false));
        assert_eq!((it.title.as_str(), it.phase), ("BeforeSendSingleMsg", Phase::Before));
        assert_eq!((it.text.as_str(), it.operation_id.as_str()), ("plain words", "op-1"));
        assert_eq!(it.client_message_id, "c1");
    }

    #[test]
    fn what_has_no_text_is_named_and_what_is_no_callback_is_refused() {
        let body = json!({"callbackCommand": "callbackBeforeSendGroupMsgCommand", "sendID": "a", "groupID": "77",
            "contentType": 102, "content": "{}"});
        let it = OpenImReceiver.describe(&request("/x", &[], &body), None).unwrap();
        assert_eq!((it.text.as_str(), it.to.as_str(), it.to_group), ("[picture]", "77", true));
        assert_eq!(it.operation_id, "op-header", "the header speaks where the body does not");
        for body in [json!([]), json!({"callbackCommand": 5}), json!(null), json!({"x": 1})] {
            assert_eq!(OpenImReceiver.describe(&request("/x", &[], &body), None), None, "{body}");
        }
        assert_eq!(OpenImReceiver.describe(&request("/x", &[], &message(FILTER, "")), Some("other")), None);
    }

    #[test]
    fn phases_follow_the_catalogue_and_not_the_name() {
        for (command, expected) in [
            ("callbackAfterSendSingleMsgCommand", Phase::After),
            ("callbackBeforeAfterMsgCommand", Phase::After),
            ("callbackSingleMsgRead", Phase::After),
            (FILTER, Phase::Before),
            ("callbackMsgModifyCommand", Phase::Before),
            ("CallbackBeforeSetGroupMemberInfoCommand", Phase::Before),
        ] {
            assert_eq!(phase(command), expected, "{command}");
        }
    }

    #[test]
    fn each_contract_is_refused_in_its_own_way() {
        let no = Instruction::Deny { code: 5001, text: "no".to_owned() };
        for (contract, expected) in [
            (V3_8, json!({"actionCode": 0, "errCode": 5001, "errMsg": "no", "errDlt": "", "nextCode": 1})),
            (V3_5, json!({"actionCode": 0, "errCode": 5001, "errMsg": "no", "errDlt": "", "nextCode": 1})),
            (V3_0, json!({"actionCode": 1, "errCode": 5001, "errMsg": "no", "errDlt": ""})),
            (V2, json!({"actionCode": 1, "errCode": 0, "errMsg": "no", "operationID": "op-1"})),
        ] {
            let (body, effect, _) = answer(contract, BEFORE_SINGLE, &no);
            assert_eq!((body, effect), (expected, Effect::Refused), "{contract}");
        }
        assert!(answer(V2, BEFORE_SINGLE, &no).2.unwrap().contains("201"));
        let senseless = Instruction::Deny { code: 0, text: String::new() };
        assert!(answer(V3_8, BEFORE_SINGLE, &senseless).2.unwrap().contains("500"));
    }

    #[test]
    fn a_rewritten_text_keeps_the_rest_of_its_element() {
        let other = Instruction::Replace { text: "other".to_owned() };
        let (body, effect, remark) = answer(V3_8, MODIFY, &other);
        assert_eq!((effect, remark), (Effect::Replaced, None));
        let element: Value = serde_json::from_str(body["content"].as_str().unwrap()).unwrap();
        assert_eq!(element, json!({"content": "other", "extra": 7}));
        assert_eq!(body["actionCode"], json!(0));

        let (body, effect, _) = answer(V2, FILTER, &other);
        assert_eq!((&body["content"], effect), (&json!("other"), Effect::Replaced));
    }

    #[test]
    fn what_cannot_be_rewritten_passes_and_says_so() {
        let other = Instruction::Replace { text: "other".to_owned() };
        let (body, effect, remark) = answer(V3_8, BEFORE_SINGLE, &other);
        assert_eq!(effect, Effect::Allowed);
        assert!(remark.is_some() && body.get("content").is_none());
    }

    #[test]
    fn a_filter_that_allows_repeats_the_text() {
        assert_eq!(answer(V2, FILTER, &Instruction::Allow).0["content"], json!("plain words"));
    }

    #[test]
    fn setting_group_information_is_allowed_by_repeating_it() {
        let body = json!({"callbackCommand": "callbackBeforeSetGroupInfoExCommand", "groupID": "g1",
            "groupName": "New", "introduction": null, "notification": "n"});
        let it = OpenImReceiver.describe(&request("/x", &[], &body), Some(V3_8)).unwrap();
        let answered = OpenImReceiver.answer(&it, &Instruction::Allow);
        let body: Value = serde_json::from_slice(&answered.body).unwrap();
        assert_eq!((&body["groupID"], &body["groupName"]), (&json!("g1"), &json!("New")));
        assert_eq!((body.get("introduction"), body.get("notification")), (Some(&json!(null)), None));
    }

    #[test]
    fn what_has_happened_cannot_be_refused() {
        let no = Instruction::Deny { code: 5001, text: "no".to_owned() };
        let (body, effect, remark) = answer(V3_8, "callbackAfterSendSingleMsgCommand", &no);
        assert_eq!((body["errCode"].clone(), effect), (json!(0), Effect::Noted));
        assert!(remark.is_some());
    }
}
