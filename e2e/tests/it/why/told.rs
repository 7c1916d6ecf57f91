//! Rules that are told of events, and why they were not.

use http::Method;
use ringback_e2e::app::{App, conversation};
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::{binary, until};
use serde_json::{Value, json};

use super::{hello, of_type, run, send_as, sent, why};

const AFTER: &str = "afterSendSingleMsg";
const RULES: &str = "/admin/v1/rules";

fn chat(name: &str, url: &str) -> Value {
    json!({ "name": name, "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": url, "copies": ["chat"] })
}

#[tokio::test]
async fn a_rule_that_is_off_says_since_when() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    family.rule(&chat("record", &receiver.url())).await;
    family.ok(Method::PATCH, &format!("{RULES}/record"), Some(&json!({ "enabled": false }))).await;
    let id = hello(&family.app).await;
    let number = why(&family.app, &[&id]).await.json["number"].as_str().unwrap().to_owned();
    let said = why(&family.app, &[&number]).await;
    said.says("record", "off", &["is off, since "]);
    said.advises(&[
        "ringback rules enable record",
        "ringback replay --rule record --conversation u:alice:bob --seq 1..1 --missed",
    ]);

    // It is on again: of what passed meanwhile it is said that it was off then.
    family.ok(Method::PATCH, &format!("{RULES}/record"), Some(&json!({ "enabled": true }))).await;
    let said = why(&family.app, &[&number]).await;
    said.says("record", "off", &["was off then"]);
    said.advises(&["record is on again", "--seq 1..1 --missed"]);
    assert!(!said.text.contains("rules enable"), "{}", said.text);
}

#[tokio::test]
async fn a_callback_that_was_never_switched_on_is_named_in_the_advice() {
    let receiver = Receiver::start().await;
    let rules =
        webhooks(&receiver.url(), &[(AFTER, "enable: false"), ("beforeSendSingleMsg", "enable: false")]);
    let app = App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    hello(&app).await;
    let said = why(&app, &["--conversation", &conversation("alice", "bob"), "--seq", "1"]).await;
    said.prints(&["before: no rule is about it", "after: no rule is about it"]);
    said.advises(&[
        "no after-rule is about it",
        "in the rule file",
        "(afterMsgSaveDB, afterSendSingleMsg",
        "beforeSendSingleMsg",
    ]);

    // On for a while: then it is a rule, and that it is off is said as of any other.
    app.server.replace_file("webhooks.yml", &webhooks(&receiver.url(), &[(AFTER, ON)]));
    until("the rule is on", async || {
        hello(&app).await;
        (!receiver.calls_of(command::AFTER_SINGLE).is_empty()).then_some(())
    })
    .await;
    app.server.replace_file("webhooks.yml", &webhooks(&receiver.url(), &[(AFTER, "enable: false")]));
    let id = until("the rule is off", async || {
        let id = hello(&app).await;
        let json = run(&app, &[&id, "--json"]).await.out;
        json.contains(r#""state":"off""#).then_some(id)
    })
    .await;
    let said = why(&app, &[&id]).await;
    said.says(AFTER, "off", &["is off, since "]);
    said.advises(&["rule afterSendSingleMsg is off: enable it in its file", "--missed"]);
}

#[tokio::test]
async fn selectors_that_said_no_are_named_with_what_they_saw() {
    let receiver = Receiver::start().await;
    let rules = webhooks(
        &receiver.url(),
        &[
            ("beforeSendSingleMsg", "enable: true, deniedTypes: [101]"),
            (AFTER, "enable: true, attentionIds: [\"carol\", \"dave\"]"),
            ("afterMsgSaveDB", "enable: true, deniedTypes: [110]"),
        ],
    );
    let app = App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    let id = hello(&app).await;
    receiver.wait_for_one(command::SAVED).await;
    let said = why(&app, &[&id]).await;
    said.says("beforeSendSingleMsg", "filtered", &["denied_types", "101"]);
    said.says(AFTER, "filtered", &["attention", "carol, dave", "bob"]);
    said.says("afterMsgSaveDB", "delivered", &[]);
    said.advises(&["change its selectors in its file", "ringback why --dry"]);
    assert!(receiver.calls_of(command::AFTER_SINGLE).is_empty());

    let custom = of_type(110, &json!({ "data": "x", "description": "", "extension": "" }));
    let id = sent(&send_as(&app, "op-custom", &custom).await);
    let said = why(&app, &[&id]).await;
    said.says("afterMsgSaveDB", "filtered", &["denied_types", "110"]);
}

#[tokio::test]
async fn a_rule_that_was_made_later_begins_with_what_comes_then() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let id = hello(&family.app).await;
    family.rule(&chat("late", &receiver.url())).await;
    let said = why(&family.app, &[&id]).await;
    said.says("late", "not_there", &["was made later, at "]);
    said.advises(&["ringback replay --rule late --conversation u:alice:bob --seq 1..1 --missed"]);
    let replay =
        ["replay", "--rule", "late", "--conversation", "u:alice:bob", "--seq", "1..1", "--missed", "--yes"];
    let mut command = binary::command();
    command.args(replay).args(["--server", &format!("http://{}", family.app.server.addr()), "--dev"]);
    let replayed = binary::finish(command).await;
    assert_eq!(
        (replayed.code, receiver.wait_for(callback::CHAT, 1).await.len()),
        (Some(0), 1),
        "{replayed:?}"
    );

    family.ok(Method::DELETE, &format!("{RULES}/late"), None).await;
    let said = why(&family.app, &[&id]).await;
    assert!(said.lines("late").is_empty(), "it had nothing to do with it: {}", said.text);
}

#[tokio::test]
async fn a_group_message_has_a_line_for_each_copy_in_trouble() {
    let receiver = Receiver::start().await;
    let names: Vec<String> = (0..30).map(|number| format!("user{number}")).collect();
    let users: Vec<&str> = ["alice"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let family = Family::start(Setup::dev(), &users).await;
    let mut rule = chat("offline", &receiver.url());
    rule["copies"] = json!(["chat_offline"]);
    family.rule(&rule).await;
    let group = family.app.group("alice", &users[1..]).await;
    let id = sent(&family.app.send_to_group("alice", &group, "hello").await);
    let calls = receiver.wait_for(callback::OFFLINE, 30).await;
    let said = until("all are told", async || {
        let said = why(&family.app, &[&id]).await;
        said.lines("offline").iter().all(|line| line["state"] == "delivered").then_some(said)
    })
    .await;
    let lines = said.lines("offline");
    assert_eq!(lines.len(), 21, "so many in full, and a sum: {}", said.text);
    said.prints(&["has 10 more copies of it: 10 delivered"]);
    // Any of them is found by the receiver's own id for it.
    let call = &calls[17];
    let by_id = why(&family.app, &[call.header("webhook-id").unwrap()]).await;
    assert_eq!(by_id.json["number"], said.json["number"]);
    let by_call = why(&family.app, &[call.text("callId")]).await;
    assert_eq!(by_call.json["number"], said.json["number"]);
    let whom = &call.text("to");
    for said in [by_id, by_call] {
        let is_it = |line: &&Value| line["webhook_id"].as_str() == call.header("webhook-id");
        assert_eq!(said.lines("offline").into_iter().filter(is_it).count(), 1, "{}", said.text);
        said.prints(&[&format!("about {whom})")]);
    }
}

#[tokio::test]
async fn actions_are_asked_for_by_their_operation() {
    let receiver = Receiver::start().await;
    let rules = webhooks(
        &receiver.url(),
        &[
            ("beforeCreateGroup", ON),
            ("afterCreateGroup", ON),
            ("beforeUserRegister", ON),
            ("afterUserRegister", ON),
        ],
    );
    let app = App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    let group = json!({
        "ownerUserID": "alice", "memberUserIDs": ["bob"], "groupInfo": { "groupName": "Tea", "groupType": 2 },
        "sendMessage": false,
    });
    let user = json!({ "users": [{ "userID": "carol", "nickname": "carol" }] });
    for (operation, path, body, name) in [
        ("op-group", "/group/create_group", group, "CreateGroup"),
        ("op-user", "/user/user_register", user, "UserRegister"),
    ] {
        let headers =
            [("operationID", operation), ("token", app.admin_token()), ("content-type", "application/json")];
        app.server.rest().send(Method::POST, path, &headers, body.to_string()).await.data();
        let told = format!("callbackAfter{name}Command");
        let calls = receiver
            .wait(ringback_e2e::SOON, |calls| calls.iter().any(|call| call.command == told).then_some(()))
            .await;
        calls.expect("the rule is told");
        let said = why(&app, &[operation]).await;
        said.says(&format!("before{name}"), "allowed", &["was asked, and allowed it"]);
        said.says(&format!("after{name}"), "delivered", &["is delivered: attempt 1"]);
        assert_eq!(said.json["operation_id"], json!(operation));
    }
}
