//! Receivers that were asked, and what was made of their answers.

use std::time::Duration;

use http::Method;
use ringback_e2e::app::{App, conversation, platform, single};
use ringback_e2e::family::Family;
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::json;

use super::{hello, send_as, why};

const BEFORE: &str = "beforeSendSingleMsg";
const GO_ON: &str = "enable: true, timeout: 2, failedContinue: true";
const STOP: &str = "enable: true, timeout: 2, failedContinue: false";

async fn start(receiver: &Receiver, before: &str) -> App {
    let rules = webhooks(&receiver.url(), &[(BEFORE, before), ("afterSendSingleMsg", ON)]);
    App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await
}

#[tokio::test]
async fn a_veto_of_another_contract_lets_pass_and_that_is_said() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, GO_ON).await;
    receiver.next(command::BEFORE_SINGLE, vec![Act::json(&json!({ "actionCode": 1, "nextCode": 1 }))]);
    let id = hello(&app).await;
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    let said = why(&app, &[&id]).await;
    said.says(
        BEFORE,
        "allowed",
        &[
            "was asked, and allowed it",
            "actionCode 1 with nextCode 1 does not refuse in this contract",
            "actionCode 0 with nextCode 1 does",
        ],
    );
    said.says("afterSendSingleMsg", "delivered", &["is delivered: attempt 1 was answered 200"]);
    said.advises(&["mend the answer of the receiver", "ringback doctor http"]);
}

#[tokio::test]
async fn a_code_in_quotes_makes_the_answer_none() {
    let receiver = Receiver::start().await;
    let quoted = || Act::json(&json!({ "actionCode": 0, "errCode": "5001", "errMsg": "no", "nextCode": 1 }));
    let app = start(&receiver, GO_ON).await;
    receiver.next(command::BEFORE_SINGLE, vec![quoted()]);
    let id = hello(&app).await;
    let said = why(&app, &[&id]).await;
    let words = [
        "gave no verdict: errCode is the text \"5001\"",
        "the whole answer counts for nothing: write 5001, without quotes",
    ];
    said.says(BEFORE, "failed_passed", &words);
    said.advises(&["passed unmoderated", "failedContinue: false", "ringback rules test"]);
}

#[tokio::test]
async fn an_answer_of_html_is_no_verdict() {
    let receiver = Receiver::start().await;
    let html = || Act::text(200, "<html><body>502 Bad Gateway</body></html>");
    let app = start(&receiver, GO_ON).await;
    receiver.next(command::BEFORE_SINGLE, vec![html()]);
    let id = hello(&app).await;
    let said = why(&app, &[&id]).await;
    let words = [
        "gave no verdict",
        "<html><body>502 Bad Gateway",
        "page of HTML",
        "By the rule's policy it passed all the same",
    ];
    said.says(BEFORE, "failed_passed", &words);
    said.advises(&["failedContinue: false"]);

    let app = start(&receiver, STOP).await;
    receiver.next(command::BEFORE_SINGLE, vec![html()]);
    assert_eq!(send_as(&app, "op-html", &single("alice", "bob", "x")).await.code(), 90_007);
    let said = why(&app, &["op-html"]).await;
    assert_eq!((&said.json["end"], &said.json["operation_id"]), (&json!("refused"), &json!("op-html")));
    said.says(
        BEFORE,
        "failed_refused",
        &["<html><body>502 Bad Gateway", "page of HTML", "By the rule's policy it was refused"],
    );
    said.says("afterSendSingleMsg", "untold", &["it was refused, so it never happened"]);
    said.advises(&["failedContinue: true"]);
}

#[tokio::test]
async fn a_receiver_that_is_too_slow_is_named_with_its_times_and_what_the_policy_made_of_it() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let rule = |name: &str, phase: &str, event: &str, more: serde_json::Value| {
        let mut rule = json!({ "name": name, "dialect": "openim", "phase": phase, "url": receiver.url(), "events": [event] });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    let patient = json!({ "timeout_ms": 500, "on_failure": "continue" });
    family.rule(&rule("slow", "before", BEFORE, patient)).await;
    family.rule(&rule("record", "after", "afterSendSingleMsg", json!({}))).await;
    receiver.always(command::BEFORE_SINGLE, Act::allow().after(Duration::from_secs(5)));
    let app = &family.app;
    let client = app.login("alice", platform::IOS).await;
    let message = client.text_to("bob", "x");
    client.send(&message).await.taken();
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    let said = why(app, &[&message.client_msg_id]).await;
    assert_eq!((&said.json["end"], &said.json["origin"]), (&json!("logged"), &json!("client")));
    said.says(
        "slow",
        "failed_passed",
        &[
            "the answer took more than ",
            "the rule's timeout is 500 ms",
            "By the rule's policy it passed all the same",
        ],
    );
    said.says("record", "delivered", &[]);
    said.advises(&["passed unmoderated", "on_failure: refuse"]);

    family.ok(Method::PATCH, "/admin/v1/rules/slow", Some(&json!({ "on_failure": "refuse" }))).await;
    let message = client.text_to("bob", "y");
    assert_eq!(client.send(&message).await.told.code, 90_004);
    assert_eq!(app.history("alice", &conversation("alice", "bob")).await.len(), 1);
    let said = why(app, &[&message.client_msg_id]).await;
    assert_eq!((&said.json["end"], &said.json["position"]), (&json!("refused"), &json!(null)));
    said.says(
        "slow",
        "failed_refused",
        &[
            "the answer took more than ",
            "the rule's timeout is 500 ms",
            "By the rule's policy it was refused",
        ],
    );
    said.says("record", "untold", &["it was refused, so it never happened"]);
    said.advises(&["on_failure: continue"]);
}

#[tokio::test]
async fn a_refusal_is_a_refusal_and_an_answer_that_changes_is_named() {
    let receiver = Receiver::start().await;
    let rules = webhooks(&receiver.url(), &[(BEFORE, GO_ON), ("beforeMsgModify", ON)]);
    let app = App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    receiver.next(command::BEFORE_SINGLE, vec![Act::refuse(5001, "not here", "")]);
    assert_eq!(send_as(&app, "op-refused", &single("alice", "bob", "x")).await.code(), 5001);
    let said = why(&app, &["op-refused"]).await;
    said.says(BEFORE, "refused", &["was asked, and refused it: answered 200", "not here"]);
    said.says("beforeMsgModify", "not_asked", &["another rule had refused it before"]);
    assert_eq!(said.json["advice"], json!([]), "{said:?}");

    let words = json!({ "content": json!({ "content": "mild" }).to_string() });
    receiver.next(command::MODIFY, vec![Act::json(&words)]);
    let id = hello(&app).await;
    let said = why(&app, &[&id]).await;
    said.says("beforeMsgModify", "changed", &["was asked, and changed content"]);
    said.says(BEFORE, "allowed", &["was asked, and allowed it"]);
}

#[tokio::test]
async fn that_somebody_is_typing_is_never_called_back() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, ON).await;
    let (client, bob) = (app.login("alice", platform::IOS).await, app.login("bob", platform::IOS).await);
    let mut typing = client.text_to("bob", "");
    typing.content_type = 113;
    typing.content = br#"{"msgTips":"yes"}"#.to_vec();
    client.send(&typing).await;
    bob.pushed_id(&typing.client_msg_id).await;
    let said = why(&app, &[&typing.client_msg_id]).await;
    assert_eq!(said.json["end"], json!("handed_only"));
    said.says(BEFORE, "skipped", &[]);
    said.says("afterSendSingleMsg", "untold", &["\"is typing\" is handed to devices alone"]);
    assert!(receiver.calls().is_empty());
}
