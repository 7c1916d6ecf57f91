//! The three routes that send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_model::command::{Actor, Command, Draft};
use ringback_model::conversation::Target;
use ringback_model::dialect::Edge;
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::message::ContentClass;
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use serde_json::{Value, json};

use super::{OpenImEdge, admin, decode, refused, request};

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn text_to_u2() -> Value {
    json!({"sendID": "u1", "recvID": "u2", "senderPlatformID": 5, "content": {"content": "hi"},
           "contentType": 101, "sessionType": 1})
}

fn draft(result: Result<Command, Refusal>) -> Draft {
    match result {
        Ok(Command::Send(draft)) => *draft,
        other => panic!("not a send: {other:?}"),
    }
}

#[test]
fn a_text() {
    let draft = draft(decode("/msg/send_msg", &text_to_u2()));
    assert_eq!((draft.sender, draft.target), (user("u1"), Target::User(user("u2"))));
    assert_eq!(draft.content.raw, r#"{"content":"hi"}"#);
    assert_eq!(
        (draft.content.form.as_str(), draft.content.class, draft.content.code),
        ("openim", ContentClass::Text, 101)
    );
    assert!(draft.system && draft.client_id.is_none());
    assert_eq!((draft.platform, draft.sent_at, draft.created_at), (Platform::WEB, None, None));
    assert!(draft.handling.store && draft.options.is_empty());
}

#[test]
fn content_stays_byte_for_byte() {
    let raw = "{ \"zeta\" : 1.50,\n \"content\":\"h\\u00e9\", \"extra\":[ {} ] }";
    let body = format!(
        r#"{{"content": {raw}  ,"sendID":"u1","recvID":null,"groupID":"77","contentType":101,"sessionType":3,"futureKey":null}}"#
    );
    let draft = draft(OpenImEdge.decode(&request("/msg/send_msg", body), Some(&admin())));
    assert_eq!(draft.content.raw, raw);
    assert_eq!(draft.target, Target::Group(GroupId::parse("77").unwrap()));
}

#[test]
fn everything_that_can_be_said() {
    let mut body = text_to_u2();
    for (key, value) in [
        ("senderNickname", json!("Ann")),
        ("senderFaceURL", json!("http://f")),
        ("sendTime", json!(1_760_000_000_000_i64)),
        ("ex", json!("e")),
        ("isOnlineOnly", json!(true)),
        ("notOfflinePush", json!(true)),
        (
            "offlinePushInfo",
            json!({"title": "t", "desc": "d", "ex": "x", "iOSPushSound": "s", "iOSBadgeCount": true,
                                   "signalInfo": null}),
        ),
        ("contentType", json!(106)),
        ("content", json!({"text": "@u2", "atUserList": ["u2", "AtAllTag"]})),
    ] {
        body[key] = value;
    }
    let draft = draft(decode("/msg/send_msg", &body));
    assert_eq!([draft.nickname, draft.face_url, draft.ex], ["Ann", "http://f", "e"]);
    assert_eq!(draft.sent_at, Some(UnixMs(1_760_000_000_000)));
    assert_eq!(draft.mentions, ["u2", "AtAllTag"]);
    let off: Vec<_> = draft.options.keys().map(String::as_str).collect();
    assert_eq!(off, ["conversationUpdate", "history", "offlinePush", "persistent", "senderSync"]);
    assert!(draft.options.values().all(|on| !on));
    assert!(!draft.handling.store && !draft.handling.sync_sender && !draft.handling.offline_push);
    let push = draft.offline_push.unwrap();
    assert_eq!((push.title.as_str(), push.ios_sound.as_str(), push.ios_badge), ("t", "s", true));
}

#[test]
fn notifications_of_accounts_are_wrapped_and_go_their_own_way() {
    let body = r#"{"sendID":"sys","recvID":"u2","contentType":1400,"sessionType":1,
        "content":{"notificationName":"n","notificationType":1,"text":"t", "own":true}}"#;
    let draft = draft(OpenImEdge.decode(&request("/msg/send_msg", body), Some(&admin())));
    assert_eq!(draft.target, Target::Notice(user("u2")));
    let wrapped: Value = serde_json::from_str(&draft.content.raw).unwrap();
    assert_eq!(wrapped["detail"], r#"{"notificationName":"n","notificationType":1,"text":"t", "own":true}"#);
    assert_eq!(draft.content.class, ContentClass::Notification);
}

#[test]
fn what_may_not_be_sent() {
    for (key, value, said) in [
        ("sendID", json!(""), "sendID is empty"),
        ("recvID", Value::Null, "recvID is empty"),
        ("contentType", json!(0), "contentType is empty"),
        ("sessionType", json!(0), "sessionType is empty"),
        ("sessionType", json!(2), "sessionType is 2"),
        ("sessionType", json!(3), "groupID is empty"),
        ("content", json!("hi"), "content is not a JSON object"),
        ("content", Value::Null, "content is empty"),
        ("content", json!({"text": "hi"}), "content.content is missing"),
        ("recvID", json!("a b"), "recvID holds"),
    ] {
        let mut body = text_to_u2();
        body[key] = value;
        let refusal = refused("/msg/send_msg", &body);
        assert_eq!(refusal.code, RefusalCode::BadArgument);
        assert!(refusal.detail.starts_with(said), "{key}: {}", refusal.detail);
    }
}

#[test]
fn a_batch() {
    let mut body = text_to_u2();
    body["recvIDs"] = json!(["u2", "u3"]);
    body["recvID"] = Value::Null;
    let Ok(Command::SendToMany { draft, recipients, everyone }) = decode("/msg/batch_send_msg", &body) else {
        panic!("not a batch");
    };
    assert_eq!((recipients, everyone), (vec![Target::User(user("u2")), Target::User(user("u3"))], false));
    assert_eq!((draft.sender, draft.system), (user("u1"), true));
    body["isSendAll"] = json!(true);
    let asked = decode("/msg/batch_send_msg", &body);
    assert!(
        matches!(asked, Ok(Command::SendToMany { everyone: true, recipients, .. }) if recipients.is_empty())
    );
    let notice = json!({"notificationName": "n", "notificationType": 1, "text": "t"});
    let mut to_all = body.clone();
    (to_all["contentType"], to_all["content"], to_all["isSendAll"]) = (json!(1400), notice, json!(false));
    let Ok(Command::SendToMany { draft, recipients, .. }) = decode("/msg/batch_send_msg", &to_all) else {
        panic!("notifications go to many as well");
    };
    assert!(matches!(draft.target, Target::Notice(_)), "also where everybody is meant");
    assert_eq!(recipients, [Target::Notice(user("u2")), Target::Notice(user("u3"))]);
    for (key, value, said) in [
        ("recvIDs", Value::Null, "recvIDs is empty"),
        ("recvIDs", json!(["u2", "u2"]), "recvIDs names"),
        ("sessionType", json!(3), "only single chats"),
        (
            "recvIDs",
            json!((0..10_001).map(|n| n.to_string()).collect::<Vec<_>>()),
            "recvIDs has more than 10000",
        ),
    ] {
        let mut body = body.clone();
        body[key] = value;
        assert!(refused("/msg/batch_send_msg", &body).detail.starts_with(said), "{said}");
    }
}

fn simple(key: &str, body: &Value) -> Result<Command, Refusal> {
    let mut asked = request("/msg/send_simple_msg", body.to_string());
    asked.query = vec![("key".to_owned(), key.to_owned())];
    OpenImEdge.decode(&asked, None)
}

#[test]
fn an_answer_to_a_callback() {
    let body = json!({"sendID": "bot", "content": "say \"hi\"", "ex": "e"});
    let key = STANDARD.encode(r#"{"sendID":"alice_01","recvID":"bot","groupID":""}"#);
    let back = draft(simple(&key, &body));
    assert_eq!(
        (back.sender, back.target),
        (user("bot"), Target::User(user("alice_01"))),
        "the other direction"
    );
    assert_eq!((back.content.code, back.content.raw.as_str()), (118, r#"{"content":"say \"hi\""}"#));
    assert!(!back.system && back.platform == Platform::ADMIN);

    let key = STANDARD.encode(r#"{"sendID":"alice_01","recvID":"","groupID":"77"}"#);
    let back = draft(simple(&key, &body));
    assert_eq!((back.sender, back.target), (user("bot"), Target::Group(GroupId::parse("77").unwrap())));
}

#[test]
fn keys_that_open_nothing() {
    let body = json!({"sendID": "bot", "content": "hi"});
    let plain = |json: &str| STANDARD.encode(json);
    for (key, said) in [
        (String::new(), "key is empty"),
        ("***".to_owned(), "key is not base64"),
        (plain("hello"), "key is not the JSON"),
        (plain(r#"{"recvID":"bot"}"#), "sendID of key is empty"),
        (plain(r#"{"sendID":"alice"}"#), "recvID of key is empty"),
    ] {
        assert!(simple(&key, &body).unwrap_err().detail.starts_with(said), "{key}");
    }
    let group = plain(r#"{"sendID":"alice","groupID":"7"}"#);
    assert_eq!(simple(&group, &json!({"content": "hi"})).unwrap_err().detail, "sendID is empty");
    assert_eq!(simple(&group, &json!({"sendID": "bot"})).unwrap_err().detail, "content is empty");
}

#[test]
fn a_plus_that_was_read_as_a_space_is_still_a_plus() {
    let json = r#"{"sendID":"a>~b","recvID":"bot>>>??"}"#;
    let key =
        (0..3).map(|pad| STANDARD.encode(format!("{}{json}", " ".repeat(pad)))).find(|key| key.contains('+'));
    let key = key.expect("one of the paddings yields a plus");
    assert!(simple(&key.replace('+', " "), &json!({"content": "hi"})).is_ok());
}

#[test]
fn only_administrators_send_in_other_peoples_names() {
    let user = Actor { admin: false, ..admin() };
    for path in ["/msg/send_msg", "/msg/batch_send_msg"] {
        let mut body = text_to_u2();
        body["recvIDs"] = json!(["u2"]);
        let asked = request(path, body.to_string());
        for actor in [None, Some(&user)] {
            let refusal = OpenImEdge.decode(&asked, actor).unwrap_err();
            assert_eq!(refusal.code, RefusalCode::NoPermission, "{path}");
        }
    }
}

#[test]
fn a_named_message_keeps_its_name() {
    let mut body = text_to_u2();
    body["clientMsgID"] = json!("mine-1");
    assert_eq!(draft(decode("/msg/send_msg", &body)).client_id.as_deref(), Some("mine-1"));
}
