//! The newest contract: URL, headers, body, verdicts, filters, order.
//! Source: openim-callbacks fact sheet 1-4.2, 9; documents 001 and 002.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringback_e2e::app::{App, content, conversation, platform, single};
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::rules::{ALL, ON, command, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

/// The fields of every message callback. Source: fact sheet 4.1.
const COMMON: [&str; 18] = [
    "sendID",
    "callbackCommand",
    "serverMsgID",
    "clientMsgID",
    "operationID",
    "senderPlatformID",
    "senderNickname",
    "sessionType",
    "msgFrom",
    "contentType",
    "status",
    "sendTime",
    "createTime",
    "content",
    "seq",
    "atUserList",
    "faceURL",
    "ex",
];

async fn start(receiver: &Receiver, rules: &[(&str, &str)], users: &[&str]) -> App {
    App::start(Setup::dev().webhooks(&webhooks(&receiver.url(), rules)), users).await
}

fn has_fields(call: &Call, more: &[&str]) {
    let mut wanted: Vec<&str> = COMMON.iter().chain(more).copied().collect();
    let mut found: Vec<&str> = call.body.as_object().unwrap().keys().map(String::as_str).collect();
    wanted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, wanted, "{}", call.command);
}

/// What every call of this contract has in common.
fn is_well_formed(call: &Call) {
    assert_eq!(call.method, "POST");
    assert_eq!(call.path, format!("/callbackExample/{}", call.command));
    assert_eq!(call.query("contenttype"), Some("json"));
    assert!(call.header("content-type").unwrap().starts_with("application/json"), "{:?}", call.headers);
    let operation = call.header("operationid").unwrap();
    assert!(!operation.is_empty());
    assert_eq!(call.text("operationID"), operation);
    assert!(call.header("webhook-id").is_some_and(|id| !id.is_empty()), "{:?}", call.headers);
    assert_eq!(call.bytes.last(), Some(&b'\n'), "one newline after the object");
}

/// The place in the log that a call names.
fn place(call: &Call) -> Option<u64> {
    call.header("ringback-pos").map(|pos| pos.parse().unwrap())
}

#[tokio::test]
async fn what_is_told_says_what_happened_when() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, ALL, &["alice", "bob"]).await;
    // The first one's callback comes last.
    receiver.next(command::AFTER_SINGLE, vec![Act::text(500, "")]);
    app.send("alice", "bob", "first").await.data();
    app.send("bob", "alice", "second").await.data();
    let told = receiver.wait_for(command::AFTER_SINGLE, 3).await;
    let saved = receiver.wait_for(command::SAVED, 2).await;
    let said = |calls: &[Call], text: &str| {
        let last = calls.iter().rfind(|call| call.text("content").contains(text)).unwrap();
        place(last).unwrap()
    };
    for text in ["first", "second"] {
        assert_eq!(said(&told, text), said(&saved, text), "one event, told twice");
    }
    assert!(said(&told, "first") < said(&told, "second"));
    let asked = receiver.calls_of(command::MODIFY);
    assert_eq!(asked.iter().map(place).collect::<Vec<_>>(), [None, None], "nothing has happened yet");
}

#[tokio::test]
async fn a_single_message_is_asked_about_and_told() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, ALL, &["alice", "bob"]).await;
    let client = app.login("alice", platform::ANDROID).await;
    let mut message = client.text_to("bob", "see you at 5 > cafe & <bar>");
    message.ex = "tag".to_owned();
    message.sender_face_url = "https://cdn.example.test/a.png".to_owned();
    let answered = client.send(&message).await;
    for command in [command::BEFORE_SINGLE, command::MODIFY, command::AFTER_SINGLE, command::SAVED] {
        let call = receiver.wait_for_one(command).await;
        is_well_formed(&call);
        for (key, value) in [
            ("sendID", json!("alice")),
            ("serverMsgID", json!(answered.sent.server_msg_id)),
            ("clientMsgID", json!(message.client_msg_id)),
            ("operationID", json!(answered.told.operation_id)),
            ("senderPlatformID", json!(platform::ANDROID)),
            ("senderNickname", json!("alice (shown)")),
            ("sessionType", json!(1)),
            ("msgFrom", json!(100)),
            ("contentType", json!(101)),
            ("createTime", json!(message.create_time)),
            ("sendTime", json!(answered.sent.send_time)),
            ("content", json!(String::from_utf8(message.content.clone()).unwrap())),
            ("atUserList", Value::Null),
            ("faceURL", json!("https://cdn.example.test/a.png")),
            ("ex", json!("tag")),
            ("recvID", json!("bob")),
        ] {
            assert_eq!(call.body[key], value, "{key} of {command}");
        }
        let raw = String::from_utf8_lossy(&call.bytes).into_owned();
        assert!(raw.contains(r"\u003e cafe \u0026 \u003cbar\u003e"), "escaped as receivers expect: {raw}");
    }
    has_fields(&receiver.wait_for_one(command::BEFORE_SINGLE).await, &["recvID"]);
    has_fields(&receiver.wait_for_one(command::AFTER_SINGLE).await, &["recvID"]);
    has_fields(&receiver.wait_for_one(command::MODIFY).await, &["recvID", "groupID"]);
    has_fields(&receiver.wait_for_one(command::SAVED).await, &["recvID", "groupID"]);
    for (command, seq) in [(command::BEFORE_SINGLE, 0), (command::AFTER_SINGLE, 1), (command::SAVED, 1)] {
        assert_eq!(receiver.wait_for_one(command).await.number("seq"), seq, "{command}");
    }
    assert_eq!(receiver.wait_for_one(command::SAVED).await.number("status"), 2);
    for command in [command::BEFORE_GROUP, command::AFTER_GROUP] {
        assert!(receiver.calls_of(command).is_empty(), "{command} is not for single chats");
    }
}

#[tokio::test]
async fn a_group_message_is_asked_about_and_told() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, ALL, &["alice", "bob"]).await;
    let group = app.group("alice", &["bob"]).await;
    let client = app.login("alice", platform::WEB).await;
    let mut message = client.text_to_group(&group, "");
    message.content_type = 106;
    message.content =
        json!({ "text": "@bob ready?", "atUserList": ["bob"], "isAtSelf": false }).to_string().into_bytes();
    message.at_user_id_list = vec!["bob".to_owned()];
    client.send(&message).await;
    for command in [command::BEFORE_GROUP, command::AFTER_GROUP, command::MODIFY, command::SAVED] {
        let call = receiver.wait_for_one(command).await;
        is_well_formed(&call);
        assert_eq!((call.text("groupID"), call.number("sessionType")), (group.as_str(), 3), "{command}");
        assert_eq!(call.body["atUserList"], json!(["bob"]), "{command}");
        assert_eq!(call.text("content"), String::from_utf8_lossy(&message.content));
    }
    has_fields(&receiver.wait_for_one(command::BEFORE_GROUP).await, &["groupID"]);
    has_fields(&receiver.wait_for_one(command::AFTER_GROUP).await, &["groupID"]);
    for command in [command::BEFORE_SINGLE, command::AFTER_SINGLE] {
        assert!(receiver.calls_of(command).is_empty(), "{command} is not for groups");
    }
}

#[tokio::test]
async fn after_callbacks_carry_the_key_of_the_conversation() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, ALL, &["alice", "bob", "carol"]).await;
    let group = app.group("alice", &["bob"]).await;
    app.send("alice", "bob", "hi").await.data();
    app.send_to_group("alice", &group, "hi").await.data();
    let saved = receiver.wait_for(command::SAVED, 2).await;
    let single = receiver.wait_for_one(command::AFTER_SINGLE).await;
    let to_group = receiver.wait_for_one(command::AFTER_GROUP).await;
    let to_bob = r#"{"sendID":"alice","recvID":"bob","groupID":""}"#.to_owned();
    let to_all = format!(r#"{{"sendID":"alice","recvID":"","groupID":"{group}"}}"#);
    let decode =
        |call: &Call| String::from_utf8(STANDARD.decode(call.query("key").unwrap()).unwrap()).unwrap();
    assert_eq!((decode(&single), decode(&to_group)), (to_bob.clone(), to_all.clone()));
    let mut keys: Vec<_> = saved.iter().map(decode).collect();
    let mut wanted = vec![to_bob, to_all];
    keys.sort();
    wanted.sort();
    assert_eq!(keys, wanted);
    for command in [command::BEFORE_SINGLE, command::BEFORE_GROUP, command::MODIFY] {
        assert_eq!(receiver.wait_for_one(command).await.query("key"), None, "{command}");
    }

    let key = percent_encoding::utf8_percent_encode(
        single.query("key").unwrap(),
        percent_encoding::NON_ALPHANUMERIC,
    );
    let bot = app.rest_of("bob").await;
    bot.post(&format!("/msg/send_simple_msg?key={key}"), &json!({ "content": "beep" })).await.data();
    let history = app.history("alice", &conversation("alice", "bob")).await;
    assert_eq!((&history[1]["sendID"], content(&history[1])), (&json!("bob"), json!({ "content": "beep" })));

    // Everybody can write such a key: it lets nobody speak in another's name.
    let other = app.rest_of("carol").await;
    let refused = other.post(&format!("/msg/send_simple_msg?key={key}"), &json!({ "content": "boop" })).await;
    assert_eq!(refused.code(), 1002, "{}", refused.body);
    let told = format!("/msg/send_simple_msg?key={key}");
    app.admin().post(&told, &json!({ "content": "from the backend" })).await.data();
}

#[tokio::test]
async fn only_action_0_with_next_1_refuses() {
    let receiver = Receiver::start().await;
    let app =
        start(&receiver, &[("beforeSendSingleMsg", ON), ("afterSendSingleMsg", ON)], &["alice", "bob"]).await;
    let answer = |action: i64, next: Value| {
        Act::json(
            &json!({ "actionCode": action, "errCode": 5001, "errMsg": "blocked word", "errDlt": "rule 17", "nextCode": next }),
        )
    };
    let table = [
        ("refused", answer(0, json!(1)), 5001),
        (
            "case",
            Act::json(&json!({ "ActionCode": 0, "NextCode": 1, "ErrCode": 5002, "errMsg": "no" })),
            5002,
        ),
        ("no code", Act::json(&json!({ "nextCode": 1, "errMsg": "no" })), 500),
        ("negative", Act::json(&json!({ "nextCode": 1, "errCode": -3, "errMsg": "no" })), 500),
        ("action 1", answer(1, json!(1)), 0),
        ("next 2", answer(0, json!(2)), 0),
        ("next null", answer(0, Value::Null), 0),
        ("empty", Act::json(&json!({})), 0),
        ("null", Act::json(&Value::Null), 0),
        ("created", Act::text(201, "{}"), 0),
    ];
    let mut allowed = Vec::new();
    for (name, act, code) in table {
        receiver.next(command::BEFORE_SINGLE, vec![act]);
        let reply = app.send("alice", "bob", name).await;
        assert_eq!(reply.code(), code, "{name}: {}", reply.body);
        if code == 5001 {
            assert_eq!(reply.body, json!({ "errCode": 5001, "errMsg": "blocked word", "errDlt": "rule 17" }));
            assert_eq!(reply.status, 200);
        }
        if code == 0 {
            allowed.push(name);
        }
    }
    let history = app.history("bob", &conversation("alice", "bob")).await;
    let texts: Vec<String> =
        history.iter().map(|m| content(m)["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, allowed, "what was refused is not stored");
    let told = receiver.wait_for(command::AFTER_SINGLE, allowed.len()).await;
    assert_eq!(told.len(), allowed.len(), "what was refused is not told");

    receiver.next(command::BEFORE_SINGLE, vec![answer(0, json!(1))]);
    let client = app.login("alice", platform::IOS).await;
    let answered = client.send(&client.text_to("bob", "no")).await.told;
    assert_eq!((answered.code, answered.text.as_str()), (5001, "blocked word"));
}

#[tokio::test]
async fn a_group_message_can_be_refused() {
    let receiver = Receiver::start().await;
    receiver.always(command::BEFORE_GROUP, Act::refuse(5003, "quiet hours", "until 8"));
    let app = start(&receiver, ALL, &["alice", "bob"]).await;
    let group = app.group("alice", &["bob"]).await;
    let reply = app.send_to_group("alice", &group, "hi").await;
    assert_eq!((reply.code(), reply.text("errMsg"), reply.text("errDlt")), (5003, "quiet hours", "until 8"));
    assert!(app.history("alice", &format!("sg_{group}")).await.is_empty());
    assert!(receiver.calls_of(command::MODIFY).is_empty(), "a refused message is not asked about again");
}

#[tokio::test]
async fn a_message_is_rewritten_before_it_is_stored() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, ALL, &["alice", "bob", "carol"]).await;
    let changes = json!({
        "actionCode": 0, "errCode": 0, "nextCode": 0,
        "content": "{\"content\":\"my pin is ****\"}", "ex": "masked", "senderNickname": "A.", "senderFaceURL": "f",
    });
    receiver.always(command::MODIFY, Act::json(&changes));
    let client = app.login("alice", platform::IOS).await;
    let bob = app.login("bob", platform::IOS).await;
    let message = client.text_to("bob", "my pin is 4711");
    let answered = client.send(&message).await;
    let modify = answered.sent.modify.expect("the sender learns about the change");
    assert_eq!((modify.text().as_str(), modify.ex.as_str()), ("my pin is ****", "masked"));
    let pushed = bob.pushed_id(&message.client_msg_id).await;
    assert_eq!((pushed.text().as_str(), pushed.ex.as_str()), ("my pin is ****", "masked"));
    assert_eq!((pushed.sender_nickname.as_str(), pushed.sender_face_url.as_str()), ("A.", "f"));
    let history = app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(content(&history[0]), json!({ "content": "my pin is ****" }));
    assert_eq!(
        receiver.wait_for_one(command::BEFORE_SINGLE).await.text("content"),
        r#"{"content":"my pin is 4711"}"#
    );
    for command in [command::AFTER_SINGLE, command::SAVED] {
        let call = receiver.wait_for_one(command).await;
        assert_eq!(
            call.text("content"),
            r#"{"content":"my pin is ****"}"#,
            "{command} tells what was stored"
        );
        assert_eq!(call.text("ex"), "masked");
    }
    let sent = app.admin().post("/msg/send_msg", &single("alice", "bob", "my pin is 0815")).await.data();
    assert_eq!(sent["modify"]["content"], json!("{\"content\":\"my pin is ****\"}"), "{sent}");
    assert_eq!(sent["modify"]["ex"], json!("masked"));
    for key in ["serverMsgID", "clientMsgID", "sendTime", "contentType"] {
        assert!(sent["modify"].get(key).is_none(), "{key} did not change: {sent}");
    }
    // A message can be sent elsewhere.
    receiver.next(command::MODIFY, vec![Act::json(&json!({ "recvID": "carol" }))]);
    app.send("alice", "bob", "rerouted").await.data();
    assert_eq!(app.history("carol", &conversation("alice", "carol")).await.len(), 1);
    assert_eq!(app.history("bob", &conversation("alice", "bob")).await.len(), 2);
}

#[tokio::test]
async fn notifications_typing_and_administrators_are_left_out() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, ALL, &["alice", "bob"]).await;
    let client = app.login("alice", platform::IOS).await;
    for number in [113, 1400, 2001, 5000] {
        let mut message = client.text_to("bob", "x");
        message.content_type = number;
        client.send(&message).await;
    }
    app.send("imAdmin", "bob", "from the administrator").await.data();
    let marker = client.text_to("bob", "marker");
    client.send(&marker).await;
    let told = receiver.wait_for(command::AFTER_SINGLE, 2).await;
    let senders: Vec<_> = told.iter().map(|call| call.text("sendID").to_owned()).collect();
    assert_eq!(told.len(), 2, "{senders:?}");
    assert!(senders.contains(&"imAdmin".to_owned()) && senders.contains(&"alice".to_owned()), "{senders:?}");
    let asked = receiver.calls_of(command::BEFORE_SINGLE);
    assert_eq!(asked.len(), 1, "an administrator's single messages are not asked about");
    assert_eq!(asked[0].text("clientMsgID"), marker.client_msg_id);
    let codes: Vec<i64> = receiver.calls().iter().map(|call| call.number("contentType")).collect();
    assert!(codes.iter().all(|code| *code == 101), "{codes:?}");
}

#[tokio::test]
async fn denied_types_and_attention_ids_choose_the_messages() {
    let receiver = Receiver::start().await;
    let rules = [
        ("beforeSendSingleMsg", "enable: true, deniedTypes: [101]"),
        ("afterSendSingleMsg", "enable: true, attentionIds: [\"bob\"]"),
        ("afterSendGroupMsg", "enable: true, attentionIds: [\"42424242\"]"),
        ("afterMsgSaveDB", "enable: true, deniedTypes: [110]"),
    ];
    let app = start(&receiver, &rules, &["alice", "bob", "carol"]).await;
    let group = json!({
        "ownerUserID": "alice", "memberUserIDs": ["bob"],
        "groupInfo": { "groupName": "T", "groupType": 2, "groupID": "42424242" },
    });
    app.admin().post("/group/create_group", &group).await.data();
    let other = app.group("alice", &["bob"]).await;
    app.send("alice", "carol", "1").await.data();
    app.send("alice", "bob", "2").await.data();
    let mut custom = single("alice", "bob", "");
    custom["contentType"] = json!(110);
    custom["content"] = json!({ "data": "3", "description": "", "extension": "" });
    app.admin().post("/msg/send_msg", &custom).await.data();
    app.send_to_group("alice", &other, "4").await.data();
    app.send_to_group("alice", "42424242", "5").await.data();
    app.send("alice", "bob", "6").await.data();

    let told = receiver.wait_for(command::AFTER_SINGLE, 3).await;
    let saved = receiver.wait_for(command::SAVED, 5).await;
    receiver.wait_for(command::AFTER_GROUP, 1).await;
    assert!(told.iter().all(|call| call.text("recvID") == "bob"));
    assert_eq!(told.len(), 3);
    assert_eq!((saved.len(), saved.iter().filter(|call| call.number("contentType") == 110).count()), (5, 0));
    let groups = receiver.calls_of(command::AFTER_GROUP);
    assert_eq!(groups.iter().map(|call| call.text("groupID")).collect::<Vec<_>>(), ["42424242"]);
    let asked = receiver.calls_of(command::BEFORE_SINGLE);
    assert_eq!(asked.iter().map(|call| call.number("contentType")).collect::<Vec<_>>(), [110]);
}

#[tokio::test]
async fn the_backend_is_told_after_the_push() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, &[("afterSendSingleMsg", ON)], &["alice", "bob"]).await;
    let (alice, bob) = (app.login("alice", platform::IOS).await, app.login("bob", platform::IOS).await);
    for number in 0..50 {
        let message = alice.text_to("bob", &format!("m{number}"));
        alice.send(&message).await;
        let told = receiver.wait_for(command::AFTER_SINGLE, number + 1).await.remove(number);
        assert_eq!(told.text("clientMsgID"), message.client_msg_id);
        bob.pushed_id(&message.client_msg_id).await;
    }
    // The reading tasks of the test share a thread: one message may be seen a little later than it arrived, so
    // the instants are compared over many messages. Told first would be the rule and not the exception.
    let arrived = bob.arrived.all();
    let told = receiver.calls_of(command::AFTER_SINGLE);
    assert_eq!((arrived.len(), told.len()), (50, 50));
    let too_early = arrived.iter().zip(&told).filter(|(push, call)| call.at < push.at).count();
    assert!(too_early <= 2, "{too_early} of 50 were told before the push arrived");
}

#[tokio::test]
async fn nobody_is_asked_without_rules() {
    let receiver = Receiver::start().await;
    let off: Vec<(&str, &str)> = ALL.iter().map(|(key, _)| (*key, "enable: false")).collect();
    let app = start(&receiver, &off, &["alice", "bob"]).await;
    app.send("alice", "bob", "hi").await.data();
    assert!(receiver.wait(ringback_e2e::QUIET, |calls| (!calls.is_empty()).then_some(())).await.is_none());
}
