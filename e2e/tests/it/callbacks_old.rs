//! The three older contracts. Source: openim-callbacks fact sheet 0.2, 3.4, 3.5, 7; document 000.

use ringback_e2e::app::{App, content, conversation, platform};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ALL, ON, callback_block, command, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

async fn start(contract: &str, receiver: &Receiver) -> App {
    let rules = webhooks(&receiver.url(), ALL);
    App::start(Setup::dev().setting("openim.contract", contract).webhooks(&rules), &["alice", "bob"]).await
}

/// Answers with these codes and compares what the sender gets.
async fn verdicts(app: &App, receiver: &Receiver, table: &[(Value, i64)]) {
    for (answer, code) in table {
        receiver.next(command::BEFORE_SINGLE, vec![Act::json(answer)]);
        let reply = app.send("alice", "bob", "x").await;
        assert_eq!(reply.code(), *code, "{answer}: {}", reply.body);
    }
}

#[tokio::test]
async fn v35_refuses_by_action_or_next() {
    let receiver = Receiver::start().await;
    let app = start("v3.5", &receiver).await;
    let table = [
        (json!({ "actionCode": 0, "errCode": 0, "nextCode": 0 }), 0),
        (json!({ "actionCode": 0, "errCode": 5001 }), 0),
        (json!({ "actionCode": 1, "errCode": 5001, "errMsg": "no" }), 5001),
        (json!({ "actionCode": 0, "nextCode": 1, "errCode": 5002 }), 5002),
        (json!({ "actionCode": 1, "errMsg": "no" }), 500),
    ];
    verdicts(&app, &receiver, &table).await;
    let call = receiver.wait_for_one(command::BEFORE_SINGLE).await;
    assert_eq!(call.path, format!("/callbackExample/{}", command::BEFORE_SINGLE));
    assert!(!call.header("operationid").unwrap().is_empty());
    assert_ne!(call.bytes.last(), Some(&b'\n'), "this contract has no newline");
    let told = receiver.wait_for_one(command::AFTER_SINGLE).await;
    assert_eq!((told.text("recvID"), told.number("sessionType")), ("bob", 1));
    receiver.wait_for_one(command::MODIFY_OLD).await;
    assert!(receiver.calls_of(command::MODIFY).is_empty(), "the newer name is unknown there");
    assert_eq!(receiver.wait_for_one(command::SAVED).await.number("seq"), 1, "any contract may have it");
}

#[tokio::test]
async fn v30_names_the_command_in_the_query() {
    let receiver = Receiver::start().await;
    let app = start("v3.0", &receiver).await;
    let table = [
        (json!({ "actionCode": 0, "errCode": 0 }), 0),
        (json!({ "actionCode": 0, "errCode": 0, "nextCode": 1 }), 0),
        (json!({ "actionCode": 0, "errCode": 5001, "errMsg": "no" }), 5001),
        (json!({ "actionCode": 1, "errCode": 0, "errMsg": "no" }), 500),
    ];
    verdicts(&app, &receiver, &table).await;
    for command in [command::BEFORE_SINGLE, command::AFTER_SINGLE] {
        let call = receiver.wait_for_one(command).await;
        assert_eq!((call.path.as_str(), call.query("command")), ("/callbackExample", Some(command)));
    }
    let group = app.group("alice", &["bob"]).await;
    app.send_to_group("alice", &group, "hi").await.data();
    let call = receiver.wait_for_one(command::BEFORE_GROUP).await;
    assert_eq!((call.query("command"), call.number("sessionType")), (Some(command::BEFORE_GROUP), 3));
}

const V2: &[(&str, &str)] = &[
    ("callbackWordFilter", ON),
    ("callbackbeforeSendSingleMsg", "enable: true, callbackTimeOut: 2, callbackFailedContinue: false"),
    ("callbackAfterSendSingleMsg", ON),
    ("callbackBeforeSendGroupMsg", ON),
    ("callbackAfterSendGroupMsg", ON),
];

async fn start_v2(receiver: &Receiver) -> App {
    let setup = Setup::dev().callback_block(&callback_block(&receiver.url(), V2));
    App::start(setup, &["alice", "bob"]).await
}

#[tokio::test]
async fn v2_posts_everything_to_one_url() {
    let receiver = Receiver::start().await;
    let app = start_v2(&receiver).await;
    let client = app.login("alice", platform::WEB).await;
    client.send(&client.text_to("bob", "hello there")).await;
    let group = app.group("alice", &["bob"]).await;
    client.send(&client.text_to_group(&group, "hello all")).await;
    for command in [command::BEFORE_SINGLE, command::AFTER_SINGLE, command::WORD_FILTER] {
        let call = receiver.wait_for_one(command).await;
        assert_eq!((call.path.as_str(), call.query.len()), ("/callbackExample", 0), "the URL as configured");
        assert_eq!(
            (call.text("content"), call.number("sessionType")),
            ("hello there", 1),
            "{command}: plain text"
        );
        assert_eq!(call.number("contentType"), 101);
        assert!(!call.text("operationID").is_empty());
    }
    for command in [command::BEFORE_GROUP, command::AFTER_GROUP] {
        let call = receiver.wait_for_one(command).await;
        assert_eq!((call.text("groupID"), call.number("sessionType")), (group.as_str(), 2), "{command}");
    }
    assert_eq!(receiver.wait_for_one(command::BEFORE_SINGLE).await.text("recvID"), "bob");
    let filter = receiver.wait_for_one(command::WORD_FILTER).await;
    assert!(filter.body.get("recvID").is_none() && filter.body.get("groupID").is_none(), "{}", filter.body);
    let order: Vec<_> = receiver.calls().into_iter().map(|call| call.command).take(2).collect();
    assert_eq!(order, [command::WORD_FILTER, command::BEFORE_SINGLE], "the word filter comes first");
}

#[tokio::test]
async fn v2_refuses_with_action_1_and_error_0() {
    let receiver = Receiver::start().await;
    let app = start_v2(&receiver).await;
    let table = [
        (json!({ "actionCode": 0, "errCode": 0, "errMsg": "", "operationID": "x" }), 0),
        (json!({ "actionCode": 1, "errCode": 0, "errMsg": "advertising" }), 201),
        // Neither an accepted answer nor a refusal: a failure, and this rule does not go on after one.
        (json!({ "actionCode": 1, "errCode": 7, "errMsg": "broken" }), 90_007),
        (json!({ "actionCode": 0, "errCode": 7, "errMsg": "broken" }), 90_007),
    ];
    verdicts(&app, &receiver, &table).await;
    receiver.next(command::BEFORE_SINGLE, vec![Act::json(&table[1].0)]);
    let reply = app.send("alice", "bob", "x").await;
    assert_eq!(reply.text("errMsg"), "advertising");
    assert_eq!(app.history("alice", &conversation("alice", "bob")).await.len(), 1);
}

#[tokio::test]
async fn the_word_filter_replaces_texts_when_both_codes_are_0() {
    let receiver = Receiver::start().await;
    let app = start_v2(&receiver).await;
    let answer = |action: i64, error: i64, content: &str| {
        Act::json(
            &json!({ "actionCode": action, "errCode": error, "errMsg": "", "operationID": "x", "content": content }),
        )
    };
    let table = [
        (answer(0, 0, "buy ***** stuff"), 0, Some("buy ***** stuff")),
        (answer(0, 0, ""), 0, Some("buy cheap stuff")),
        (answer(0, 3, "not applied"), 0, Some("buy cheap stuff")),
        (answer(1, 0, "refused"), 201, None),
    ];
    let mut stored = Vec::new();
    for (act, code, text) in table {
        receiver.next(command::WORD_FILTER, vec![act]);
        let reply = app.send("alice", "bob", "buy cheap stuff").await;
        assert_eq!(reply.code(), code, "{}", reply.body);
        stored.extend(text);
    }
    let history = app.history("bob", &conversation("alice", "bob")).await;
    let texts: Vec<_> = history.iter().map(|m| content(m)["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, stored);
    let asked = receiver.calls_of(command::BEFORE_SINGLE);
    assert_eq!(asked[0].text("content"), "buy ***** stuff", "the next rule sees the filtered text");
    let filters = receiver.calls_of(command::WORD_FILTER).len();
    let mut custom = ringback_e2e::app::single("alice", "bob", "");
    custom["contentType"] = json!(110);
    custom["content"] = json!({ "data": "d", "description": "", "extension": "" });
    app.admin().post("/msg/send_msg", &custom).await.data();
    assert_eq!(receiver.calls_of(command::WORD_FILTER).len(), filters, "only texts are filtered");
}

#[tokio::test]
async fn switches_bring_the_coded_behaviour_back() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev()
        .setting("openim.compat.content_type_query", "coded")
        .setting("openim.compat.failed_continue", "coded")
        .setting("openim.compat.filled_fields", "coded")
        .setting("openim.compat.status_check", "false")
        .webhooks(&webhooks(&receiver.url(), ALL));
    let app = App::start(setup, &["alice", "bob"]).await;
    receiver.next(command::BEFORE_SINGLE, vec![Act::text(500, "{}"), Act::text(200, "not json")]);
    app.send("alice", "bob", "a status of 500 with JSON is an answer there").await.data();
    let call = receiver.wait_for_one(command::BEFORE_SINGLE).await;
    assert_eq!(call.query("contenttype"), None);
    let told = receiver.wait_for_one(command::AFTER_SINGLE).await;
    assert_eq!(told.number("seq"), 0, "left empty there");
    let modify = receiver.wait_for_one(command::MODIFY).await;
    assert!(modify.body.get("recvID").is_none(), "{}", modify.body);
    let reply = app.send("alice", "bob", "failedContinue is not read there").await;
    assert_eq!(reply.code(), 90_007, "{}", reply.body);
}
