//! Deliveries that failed: bans, lanes that are stuck, what is parked, dropped and expired.

use std::time::Duration;

use ringback_e2e::app::App;
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::act::Deed;
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::until;
use serde_json::{Value, json};

use super::{Said, hello, run, why};

fn rule(name: &str, url: &str, changes: &Value) -> Value {
    let mut rule = json!({ "name": name, "dialect": "shengwang", "phase": "after", "events": MESSAGES, "url": url, "copies": ["chat"] });
    rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    rule
}

/// Asks until the rule's line has this state.
async fn comes_to(app: &App, id: &str, rule: &str, state: &str) -> Said {
    until(&format!("{rule} comes to {state}"), async || {
        let said = run(app, &[id, "--json"]).await;
        let is_it = |line: &Value| line["name"] == rule && line["state"] == state;
        let json: Value = serde_json::from_str(&said.out).ok()?;
        json["subjects"][0]["lines"].as_array()?.iter().any(is_it).then_some(())
    })
    .await;
    why(app, &[id]).await
}

/// A ban after two failures, long enough for a test.
fn easily_banned() -> Setup {
    Setup::dev().setting("ban.failures", "2").setting("ban.window", "30s").setting("ban.step", "60s")
}

#[tokio::test]
async fn what_falls_into_a_ban_is_parked_or_dropped_and_both_are_said() {
    let receiver = Receiver::start().await;
    let family = Family::start(easily_banned().setting("storage.enabled", "true"), &["alice", "bob"]).await;
    let app = &family.app;
    family.rule(&rule("record", &receiver.url(), &json!({ "retry": "none" }))).await;
    family.rule(&rule("lossy", &receiver.url(), &json!({ "retry": "none", "storage": false }))).await;
    receiver.always(callback::CHAT, Act::text(500, "broken"));
    hello(app).await;
    hello(app).await;
    app.wait_for_metric("ringback_app_ban_active", |active| active >= 1.0).await;
    let before = receiver.calls().len();
    let id = hello(app).await;
    let said = comes_to(app, &id, "record", "parked").await;
    said.says("record", "parked", &["is parked in slice ", "after-callbacks were banned"]);
    said.says("lossy", "dropped", &["was dropped: after-callbacks were banned", "storage is off"]);
    said.advises(&[
        "ringback bans lift",
        "ringback storage retry 2",
        "ringback replay --rule lossy --conversation u:alice:bob --seq 3..3",
    ]);
    assert_eq!(receiver.calls().len(), before, "nobody was called");
}

#[tokio::test]
async fn what_is_parked_says_why_and_where_and_later_that_it_has_expired() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev().setting("storage.enabled", "true").setting("storage.keep", "4s");
    let family = Family::start(setup, &["alice", "bob"]).await;
    let app = &family.app;
    family.rule(&rule("record", &receiver.url(), &json!({ "retry": "none" }))).await;
    receiver.always(callback::CHAT, Act::text(500, "broken"));
    let id = hello(app).await;
    let said = comes_to(app, &id, "record", "parked").await;
    said.says(
        "record",
        "parked",
        &["is parked in slice ", "its one attempt failed: the answer has status 500"],
    );
    said.advises(&["ringback storage retry 2"]);
    let call = receiver.wait_for_one(callback::CHAT).await;
    let said = comes_to(app, call.text("callId"), "record", "expired").await;
    said.says("record", "expired", &["was parked", "500", "expired"]);
    said.advises(&[
        "until it leaves the log, `ringback replay --rule record --conversation u:alice:bob --seq 1..1`",
    ]);

    // Nothing is parked for a rule that says so: it is lost, and nothing stands between.
    family.rule(&rule("lossy", &receiver.url(), &json!({ "retry": "none", "storage": false }))).await;
    let id = hello(app).await;
    let said = comes_to(app, &id, "lossy", "dropped").await;
    said.says("lossy", "dropped", &["was dropped: its attempts were used up", "500", "storage is off"]);
    said.advises(&["ringback replay --rule lossy --conversation u:alice:bob --seq 2..2"]);
}

#[tokio::test]
async fn a_lane_that_is_stuck_names_the_delivery_that_it_waits_for() {
    let receiver = Receiver::start().await;
    let rules = webhooks(&receiver.url(), &[("afterSendSingleMsg", ON)]);
    let app = App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    receiver.always(command::AFTER_SINGLE, Act::text(503, "later"));
    let first = hello(&app).await;
    receiver.wait_for(command::AFTER_SINGLE, 1).await;
    let second = hello(&app).await;
    let head = comes_to(&app, &first, "afterSendSingleMsg", "waiting").await;
    head.says("afterSendSingleMsg", "waiting", &["waits for attempt ", "503"]);
    let said = comes_to(&app, &second, "afterSendSingleMsg", "behind").await;
    let number = head.json["number"].as_str().unwrap();
    said.says(
        "afterSendSingleMsg",
        "behind",
        &["waits in its lane behind", number, "which waits for attempt ", " at 20", "because: ", "503"],
    );
    said.advises(&["mend the receiver of rule afterSendSingleMsg"]);

    // A call that hangs holds the lane just so.
    receiver.always(command::AFTER_SINGLE, Deed::Close.into());
    let said = why(&app, &[&second]).await;
    said.says("afterSendSingleMsg", "behind", &[number]);
    receiver.always(command::AFTER_SINGLE, Act::allow().after(Duration::from_millis(1)));
    let said = comes_to(&app, &second, "afterSendSingleMsg", "delivered").await;
    said.says("afterSendSingleMsg", "delivered", &["is delivered: attempt 1 was answered 200"]);
    assert_eq!(said.json["advice"], json!([]), "{said:?}");
    let said = why(&app, &[&first]).await;
    said.prints(&["attempt 1 at 20", "(503, ", "status 503"]);
}
