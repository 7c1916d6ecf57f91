//! Receivers that fail, and what senders and the backend see of it. Source: design, "What failures look like";
//! openim-callbacks fact sheet 1.4, 6.2.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use ringback_e2e::QUIET;
use ringback_e2e::app::{App, conversation, platform};
use ringback_e2e::receiver::act::Deed;
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::json;

const GO_ON: &str = "enable: true, timeout: 1, failedContinue: true";
const STOP: &str = "enable: true, timeout: 1, failedContinue: false";

async fn start(receiver: &Receiver, rules: &[(&str, &str)]) -> App {
    let rules = webhooks(&receiver.url(), rules);
    App::start(Setup::dev().webhooks(&rules), &["alice", "bob", "carol"]).await
}

/// Ways to fail, and the code that the sender sees where failing means refusing.
fn failures(elsewhere: &Receiver) -> Vec<(&'static str, Act, i64)> {
    vec![
        ("hang", Deed::Hang.into(), 90_004),
        ("too slow", Act::allow().after(Duration::from_secs(3)), 90_004),
        ("closed", Deed::Close.into(), 90_004),
        ("cut", Deed::Cut.into(), 90_004),
        ("endless", Deed::Endless.into(), 90_004),
        ("status 500", Act::text(500, "{}"), 90_007),
        ("status 404", Act::text(404, "{}"), 90_007),
        ("redirect", Act::redirect(307, elsewhere.url()), 90_007),
        ("html", Act::text(200, "<html>"), 90_007),
        ("empty", Act::text(200, ""), 90_007),
        ("array", Act::text(200, "[]"), 90_007),
        ("text code", Act::text(200, r#"{"nextCode":""}"#), 90_007),
        ("trailing", Act::text(200, "{} {}"), 90_007),
    ]
}

#[tokio::test]
async fn failed_continue_false_refuses() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let app = start(&receiver, &[("beforeSendSingleMsg", STOP), ("afterSendSingleMsg", ON)]).await;
    for (name, act, code) in failures(&elsewhere) {
        receiver.next(command::BEFORE_SINGLE, vec![act]);
        let begun = Instant::now();
        let reply = app.send("alice", "bob", name).await;
        let known = [90_004, 90_007].contains(&reply.code());
        assert!(known, "{name}: {}", reply.body);
        // A status and an endless body are both "no answer" and "a wrong answer"; the sheet fixes only the rest.
        if !["endless", "status 500", "status 404", "redirect"].contains(&name) {
            assert_eq!(reply.code(), code, "{name}: {}", reply.body);
        }
        assert!(begun.elapsed() < Duration::from_millis(2500), "{name} ended at the timeout");
        let shown = reply.body.to_string();
        assert!(!shown.contains("127.0.0.1") && !shown.contains("http:"), "the URL stays inside: {shown}");
    }
    assert!(app.history("alice", &conversation("alice", "bob")).await.is_empty());
    assert!(receiver.calls_of(command::AFTER_SINGLE).is_empty());
    assert!(elsewhere.calls().is_empty(), "redirects are not followed");
    let client = app.login("alice", platform::IOS).await;
    receiver.next(command::BEFORE_SINGLE, vec![Deed::Close.into()]);
    assert_eq!(client.send(&client.text_to("bob", "x")).await.told.code, 90_004);
}

#[tokio::test]
async fn failed_continue_true_goes_on() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let app = start(&receiver, &[("beforeSendSingleMsg", GO_ON), ("afterSendSingleMsg", ON)]).await;
    let failures = failures(&elsewhere);
    let count = failures.len();
    for (name, act, _) in failures {
        receiver.next(command::BEFORE_SINGLE, vec![act]);
        assert_eq!(app.send("alice", "bob", name).await.code(), 0, "{name}");
    }
    assert_eq!(app.history("alice", &conversation("alice", "bob")).await.len(), count);
    receiver.wait_for(command::AFTER_SINGLE, count).await;
    assert!(elsewhere.calls().is_empty(), "redirects are not followed");
}

#[tokio::test]
async fn a_refusal_counts_also_where_failures_go_on() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, &[("beforeSendSingleMsg", GO_ON)]).await;
    receiver.always(command::BEFORE_SINGLE, Act::refuse(5001, "no", ""));
    assert_eq!(app.send("alice", "bob", "x").await.code(), 5001);
}

#[tokio::test]
async fn an_unreachable_backend_is_asked_in_vain() {
    let mut receiver = Receiver::start().await;
    let app = start(&receiver, &[("beforeSendSingleMsg", STOP), ("beforeSendGroupMsg", GO_ON)]).await;
    let group = app.group("alice", &["bob"]).await;
    receiver.go_down().await;
    assert_eq!(app.send("alice", "bob", "x").await.code(), 90_004);
    assert_eq!(app.send_to_group("alice", &group, "x").await.code(), 0);
    receiver.come_back().await;
    assert_eq!(app.send("alice", "bob", "x").await.code(), 0);
}

/// Senders' texts per receiver of the message, in the order in which the backend first heard of them.
fn first_deliveries(calls: &[Call]) -> HashMap<String, Vec<String>> {
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for call in calls {
        let texts = found.entry(call.text("recvID").to_owned()).or_default();
        let text = call.text("content").to_owned();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    found
}

#[tokio::test]
async fn what_happened_while_the_receiver_was_down_arrives_in_order() {
    let mut receiver = Receiver::start().await;
    let app = start(&receiver, &[("afterSendSingleMsg", ON)]).await;
    app.send("alice", "bob", "0").await.data();
    receiver.wait_for(command::AFTER_SINGLE, 1).await;
    receiver.go_down().await;
    let down = Instant::now();
    for number in 1..=30 {
        for to in ["bob", "carol"] {
            let begun = Instant::now();
            app.send("alice", to, &number.to_string()).await.data();
            assert!(begun.elapsed() < Duration::from_secs(2), "senders do not wait for after-callbacks");
        }
    }
    // Long enough for the breaker to open and for a probe to fail.
    tokio::time::sleep(Duration::from_secs(3).saturating_sub(down.elapsed())).await;
    receiver.come_back().await;
    let all = receiver
        .wait(Duration::from_secs(60), |calls| {
            let found = first_deliveries(calls);
            (found.get("bob").map_or(0, Vec::len) == 31 && found.get("carol").map_or(0, Vec::len) == 30)
                .then_some(found)
        })
        .await
        .unwrap_or_else(|| panic!("not everything arrived: {:?}", first_deliveries(&receiver.calls())));
    let text = |number: i32| format!(r#"{{"content":"{number}"}}"#);
    assert_eq!(all["bob"], (0..=30).map(text).collect::<Vec<_>>());
    assert_eq!(all["carol"], (1..=30).map(text).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_delivery_is_tried_again_with_the_same_id_and_body() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, &[("afterSendSingleMsg", "enable: true, timeout: 1")]).await;
    let elsewhere = Receiver::start().await;
    for act in [
        Act::text(500, "{}"),
        Act::redirect(302, elsewhere.url()),
        Act::text(404, ""),
        Deed::Close.into(),
        Deed::Hang.into(),
        Act::text(429, "{}").with_header("retry-after", "1"),
    ] {
        let before = receiver.calls_of(command::AFTER_SINGLE).len();
        let shown = format!("{act:?}");
        receiver.next(command::AFTER_SINGLE, vec![act]);
        app.send("alice", "bob", "again").await.data();
        let calls = receiver.wait_for(command::AFTER_SINGLE, before + 2).await;
        let (first, second) = (&calls[before], &calls[before + 1]);
        assert_eq!(first.bytes, second.bytes, "{shown}");
        assert_eq!(first.path, second.path);
        assert_eq!(first.query, second.query);
        for name in ["webhook-id", "ringback-pos", "operationid", "content-type"] {
            assert_eq!(first.header(name), second.header(name), "{shown}: {name}");
        }
        let pause = second.at - first.at;
        assert!(pause >= Duration::from_millis(900), "{shown}: not before its time, but after {pause:?}");
    }
    assert!(elsewhere.calls().is_empty());
    let ids: Vec<_> = receiver
        .calls_of(command::AFTER_SINGLE)
        .iter()
        .map(|c| c.header("webhook-id").unwrap().to_owned())
        .collect();
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), distinct.len()), (12, 6), "one id per message");
}

#[tokio::test]
async fn any_2xx_delivers_whatever_the_body_says() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, &[("afterSendSingleMsg", "enable: true, timeout: 2")]).await;
    let acts = vec![
        Act::text(204, ""),
        Act::text(200, "<html>"),
        Act::text(202, r#"{"actionCode":0,"nextCode":1,"errCode":5001}"#),
        Act::text(200, &"x".repeat(300 * 1024)),
    ];
    let count = acts.len();
    receiver.next(command::AFTER_SINGLE, acts);
    for number in 0..count {
        app.send("alice", "bob", &number.to_string()).await.data();
        receiver.wait_for(command::AFTER_SINGLE, number + 1).await;
    }
    // The first retry would come after a second at most and some jitter; a later message shows that none came.
    tokio::time::sleep(Duration::from_millis(1600)).await;
    app.send("alice", "carol", "marker").await.data();
    let all = receiver.wait(ringback_e2e::SOON, |calls| {
        calls.iter().any(|call| call.text("recvID") == "carol").then(|| calls.to_vec())
    });
    assert_eq!(all.await.unwrap().len(), count + 1, "nothing was sent twice");
}

#[tokio::test]
async fn one_stuck_conversation_does_not_hold_the_others() {
    let receiver = Receiver::start().await;
    let app = start(&receiver, &[("afterSendSingleMsg", "enable: true, timeout: 5")]).await;
    receiver.next(command::AFTER_SINGLE, vec![Deed::Hang.into()]);
    app.send("alice", "bob", "stuck").await.data();
    receiver.wait_for(command::AFTER_SINGLE, 1).await;
    app.send("alice", "bob", "behind").await.data();
    for number in 0..20 {
        app.send("alice", "carol", &number.to_string()).await.data();
    }
    let calls = receiver.wait_for(command::AFTER_SINGLE, 21).await;
    assert!(
        calls.iter().skip(1).all(|call| call.text("recvID") == "carol"),
        "bob's second waits for his first"
    );
    let all = receiver.wait_for(command::AFTER_SINGLE, 23).await;
    let to_bob: Vec<_> = all
        .iter()
        .filter(|call| call.text("recvID") == "bob")
        .map(|c| c.text("content").to_owned())
        .collect();
    assert_eq!(to_bob, [r#"{"content":"stuck"}"#, r#"{"content":"stuck"}"#, r#"{"content":"behind"}"#]);
}

#[tokio::test]
async fn a_dead_rule_does_not_slow_a_healthy_one() {
    let mut receiver = Receiver::start().await;
    let healthy = Receiver::start().await;
    let setup =
        Setup::dev().webhooks(&webhooks(&receiver.url(), &[("afterSendSingleMsg", ON)])).callback_block(
            &ringback_e2e::rules::callback_block(&healthy.url(), &[("callbackAfterSendSingleMsg", ON)]),
        );
    let app = App::start(setup, &["alice", "bob"]).await;
    receiver.go_down().await;
    for number in 0..30 {
        app.send("alice", "bob", &number.to_string()).await.data();
    }
    let calls =
        healthy.wait(Duration::from_secs(5), |calls| (calls.len() >= 30).then(|| calls.to_vec())).await;
    let texts: Vec<_> =
        calls.expect("told in time").iter().map(|call| call.text("content").to_owned()).collect();
    assert_eq!(texts, (0..30).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_breaker_opens_visibly_and_heals() {
    let mut receiver = Receiver::start().await;
    let app = start(&receiver, &[("afterSendSingleMsg", ON)]).await;
    let names: Vec<String> = (0..20).map(|number| format!("friend{number}")).collect();
    app.register(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    receiver.go_down().await;
    for name in &names {
        app.send("alice", name, "are you there?").await.data();
    }
    app.wait_for_metric("ringback_callback_breaker_open{", |open| open >= 1.0).await;
    assert_eq!(app.server.rest().get("/readyz").await.status, 200, "the server itself is well");
    receiver.come_back().await;
    let told = receiver.wait(Duration::from_secs(60), |calls| {
        let told: HashSet<String> = calls.iter().map(|call| call.text("recvID").to_owned()).collect();
        (told.len() == names.len()).then_some(())
    });
    assert!(told.await.is_some(), "everybody's message is told");
    app.wait_for_metric("ringback_callback_breaker_open{", |open| open == 0.0).await;
    app.wait_for_metric("ringback_callback_lag_events{", |lag| lag == 0.0).await;
    app.wait_for_metric("ringback_callback_parked{", |parked| parked == 0.0).await;
}

#[tokio::test]
async fn undelivered_callbacks_survive_a_crash() {
    let mut receiver = Receiver::start().await;
    let mut app = start(&receiver, &[("afterSendSingleMsg", ON)]).await;
    receiver.go_down().await;
    for number in 0..12 {
        app.send("alice", "bob", &number.to_string()).await.data();
    }
    app.server.kill().await;
    receiver.come_back().await;
    app.server.restart().await;
    let found = receiver
        .wait(Duration::from_secs(60), |calls| {
            let found = first_deliveries(calls).remove("bob").unwrap_or_default();
            (found.len() == 12).then_some(found)
        })
        .await
        .expect("everything is told after the restart");
    assert_eq!(found, (0..12).map(|number| format!(r#"{{"content":"{number}"}}"#)).collect::<Vec<_>>());
}

#[tokio::test]
async fn files_may_name_loopback_addresses_and_metadata_addresses_never() {
    let receiver = Receiver::start().await;
    let secret = "a secret of this test's own, 32 b.";
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", STOP)]);
    let app = App::with_secret(Setup::production(secret).webhooks(&rules), secret, &["alice", "bob"]).await;
    app.send("alice", "bob", "x").await.data();
    receiver.wait_for_one(command::BEFORE_SINGLE).await;

    for dev in [false, true] {
        let rules = webhooks("http://169.254.169.254/latest", &[("beforeSendSingleMsg", STOP)]);
        let mut setup = Setup::production(secret).webhooks(&rules);
        setup.dev = dev;
        let app = App::with_secret(setup, secret, &["alice", "bob"]).await;
        let begun = Instant::now();
        assert_eq!(app.send("alice", "bob", "x").await.code(), 90_004, "dev: {dev}");
        assert!(begun.elapsed() < Duration::from_millis(900), "refused, not timed out");
    }
}

#[tokio::test]
async fn the_gate_has_a_total_cap() {
    let receiver = Receiver::start().await;
    let rules = webhooks(
        &receiver.url(),
        &[
            ("beforeSendSingleMsg", "enable: true, timeout: 5, failedContinue: true"),
            ("beforeMsgModify", "enable: true, failedContinue: false"),
        ],
    );
    let setup = Setup::dev().setting("gate.max_wait", "1s").webhooks(&rules);
    let app = App::start(setup, &["alice", "bob"]).await;
    receiver.always(command::BEFORE_SINGLE, Deed::Hang.into());
    let begun = Instant::now();
    let reply = app.send("alice", "bob", "x").await;
    assert_eq!(reply.code(), 90_004, "the cap is a timeout of the rules that remain: {}", reply.body);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_client_that_leaves_does_not_stop_its_message() {
    let receiver = Receiver::start().await;
    receiver.always(command::BEFORE_SINGLE, Act::allow().after(Duration::from_millis(500)));
    let app = start(&receiver, &[("beforeSendSingleMsg", ON), ("afterSendSingleMsg", ON)]).await;
    let client = app.login("alice", platform::IOS).await;
    let message = client.text_to("bob", "bye");
    let ask = client.ask(1003, prost::Message::encode_to_vec(&message));
    client.post(&ask);
    receiver.wait_for_one(command::BEFORE_SINGLE).await;
    drop(client);
    // Either outcome is right, as long as history and the backend agree about it.
    let told = receiver.wait(Duration::from_secs(3), |calls| {
        calls.iter().any(|call| call.command == command::AFTER_SINGLE).then_some(())
    });
    let told = told.await.is_some();
    let stored = app.history("alice", &conversation("alice", "bob")).await.len();
    assert_eq!(stored, usize::from(told));
    assert!(receiver.wait(QUIET, |calls| (calls.len() > 2).then_some(())).await.is_none());
    let reply = app.send("alice", "bob", "next").await;
    assert_eq!(reply.body["errCode"], json!(0));
}
