//! Waking devices that are offline, over HTTP to the app's backend. Source: docs/push.md.

use std::time::Duration;

use ringback_e2e::app::{App, platform};
use ringback_e2e::family::{Family, callback};
use ringback_e2e::receiver::{Act, Call, Receiver, without_repeats};
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

/// Rules that name `push` hear what became of every one, once, whatever happens meanwhile.
#[tokio::test]
async fn rules_are_told_what_became_of_pushes_also_over_a_crash() {
    let (provider, receiver) = (Receiver::start().await, Receiver::start().await);
    let mut family = Family::start(setup(&provider), &["u1", "u2", "u3"]).await;
    let rule = json!({ "name": "pushes", "dialect": "easemob", "phase": "after", "url": receiver.url(),
        "events": ["push"] });
    family.rule(&rule).await;
    let push_token = json!({ "userID": "u2", "platformID": platform::IOS, "fcmToken": "t", "account": "u2", "expireTime": 0 });
    family.app.rest_of("u2").await.post("/third/fcm_update_token", &push_token).await.data();
    let _online = family.app.login("u3", platform::WEB).await;
    for to in ["u3", "u2"] {
        assert_eq!(family.app.send("u1", to, "hello").await.code(), 0);
    }
    let taken = receiver.wait_for_one(callback::PUSH).await;
    let said = |key: &str| taken.body[key].as_str().unwrap_or_default().to_owned();
    assert_eq!((said("status"), said("target"), said("from")), ("success".into(), "u2".into(), "u1".into()));
    assert_eq!(
        (said("channel"), said("chat_type"), said("step")),
        ("APNS".into(), "chat".into(), "push".into())
    );
    assert_eq!(said("callId"), format!("demo#demo_{}", said("msg_id")));
    assert!(taken.body.get("detail").is_none(), "{}", taken.body);

    provider.otherwise(Act::text(503, "busy"));
    assert_eq!(family.app.send("u1", "u2", "again").await.code(), 0);
    wakes(&provider, 2).await;
    family.app.server.kill().await;
    provider.otherwise(Act::allow());
    family.app.server.restart().await;
    let told = receiver.wait(RETRIED, |calls| {
        let calls = without_repeats(calls);
        (calls.len() >= 2).then_some(calls)
    });
    let both = told.await.unwrap_or_else(|| panic!("{:?}", receiver.calls()));
    assert_eq!(both[1].text("status"), "success");
    assert_ne!(both[0].text("msg_id"), both[1].text("msg_id"));
    family.app.server.kill().await;
    family.app.server.restart().await;
    tokio::time::sleep(ringback_e2e::QUIET).await;
    assert_eq!(without_repeats(&receiver.calls()).len(), 2, "nothing is told under another id");
}

#[tokio::test]
async fn who_cannot_be_woken_is_told_with_the_reason() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["u1", "u2", "u3"]).await;
    // A rule that names nothing is not told: there would be one for every user who is offline.
    let all = Receiver::start().await;
    for (name, url, events) in [("pushes", receiver.url(), json!(["push"])), ("all", all.url(), json!([]))] {
        let rule =
            json!({ "name": name, "dialect": "easemob", "phase": "after", "url": url, "events": events });
        family.rule(&rule).await;
    }
    let quiet = json!({ "userID": "u3", "globalRecvMsgOpt": 2 });
    family.app.rest_of("u3").await.post("/user/set_global_msg_recv_opt", &quiet).await.data();
    family.send("u1", &["u2", "u3"], "hello").await;
    let message = json!({ "from": "u1", "to": ["u2"], "type": "txt", "body": { "msg": "hush" },
        "ext": { "em_ignore_notification": true } });
    family.ok(http::Method::POST, "/demo/demo/messages/users", Some(&message)).await;
    let calls = receiver.wait_for(callback::PUSH, 3).await;
    let mut told: Vec<_> =
        calls.iter().map(|call| (call.text("target"), call.text("status"), call.text("detail"))).collect();
    told.sort_unstable();
    let expected = [
        ("u2", "fail", "message ignore push"),
        ("u2", "fail", "no push binding"),
        ("u3", "fail", "user ignore push"),
    ];
    assert_eq!(told, expected);
    all.wait_for(callback::CHAT, 3).await;
    assert!(all.calls().iter().all(|call| call.command != callback::PUSH));
}
