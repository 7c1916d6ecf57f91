//! Waking devices that are offline, over HTTP to the app's backend. Source: docs/push.md.

use std::time::Duration;

use ringback_e2e::app::{App, platform};
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::setup::Setup;
use serde_json::json;

/// Longer than the first wait between two attempts.
const RETRIED: Duration = Duration::from_secs(20);

fn setup(receiver: &Receiver) -> Setup {
    let url = format!("http://{}/wake", receiver.addr());
    let setup = Setup::dev().setting("push.provider", "http").setting("push.url", &url);
    setup.setting("push.secret", "hush").setting("push.title", "News")
}

/// Waits until so many requests have come.
async fn wakes(receiver: &Receiver, count: usize) -> Vec<Call> {
    let wakes = receiver.wait(RETRIED, |calls| {
        let wakes: Vec<Call> = calls.iter().filter(|call| call.path == "/wake").cloned().collect();
        (wakes.len() >= count).then_some(wakes)
    });
    wakes.await.expect("the requests come")
}

#[tokio::test]
async fn who_is_offline_is_woken_and_who_is_online_is_not() {
    let receiver = Receiver::start().await;
    let app = App::start(setup(&receiver), &["u1", "u2", "u3"]).await;
    let _online = app.login("u3", platform::WEB).await;
    for to in ["u3", "u2"] {
        assert_eq!(app.send("u1", to, "hello").await.code(), 0);
    }
    let call = wakes(&receiver, 1).await.remove(0);
    assert_eq!(call.body["users"], json!(["u2"]));
    assert_eq!(call.body["show"]["title"], "News");
    assert_eq!(
        (call.body["message"]["from"].as_str(), call.body["message"]["to_user"].as_str()),
        (Some("u1"), Some("u2"))
    );
    assert_eq!(call.header("webhook-id"), Some(call.text("id")));
    assert!(call.header("webhook-signature").is_some_and(|text| text.starts_with("v1,")));
    assert!(!String::from_utf8_lossy(&call.bytes).contains("hello"), "what was said is not sent");
    app.wait_for_metric("ringback_offline_pushes_total{outcome=\"taken\"}", |count| count >= 1.0).await;
}

#[tokio::test]
async fn a_provider_that_refuses_or_is_down_is_tried_again_also_after_a_crash() {
    let mut receiver = Receiver::start().await;
    let mut app = App::start(setup(&receiver), &["u1", "u2"]).await;
    receiver.otherwise(Act::text(503, "busy"));
    assert_eq!(app.send("u1", "u2", "one").await.code(), 0);
    let refused = wakes(&receiver, 1).await.remove(0);
    receiver.go_down().await;
    assert_eq!(app.send("u1", "u2", "two").await.code(), 0);
    app.server.kill().await;
    app.server.restart().await;
    receiver.otherwise(Act::allow());
    receiver.come_back().await;
    let both = receiver.wait(RETRIED, |calls| {
        let ids: std::collections::BTreeSet<String> =
            calls.iter().skip(1).map(|call| call.text("id").to_owned()).collect();
        (ids.len() >= 2).then_some(ids)
    });
    let ids = both.await.expect("both are handed over");
    assert!(ids.contains(refused.text("id")), "by the same id as before");
    let again = receiver.calls().into_iter().rev().find(|call| call.text("id") == refused.text("id"));
    assert_eq!(again.unwrap().bytes, refused.bytes, "and in the same words");
}
