//! What is promised in numbers: nothing parked is lost over kills, 30 seconds for offline copies and for 99.95 %.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use http::Method;
use ringback_e2e::app::platform;
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

fn chat(url: &str) -> Value {
    json!({ "name": "record", "dialect": "shengwang", "phase": "after", "events": MESSAGES, "url": url, "copies": ["chat"] })
}

#[tokio::test]
async fn nothing_parked_is_lost_over_kills() {
    const ROUNDS: usize = 6;
    const MESSAGES: usize = 25;
    let receiver = Receiver::start().await;
    let setup = Setup::dev()
        .setting("storage.enabled", "true")
        .setting("ban.failures", "60")
        .setting("ban.step", "1s");
    let mut family = Family::start(setup, &["alice"]).await;
    family.rule(&chat(&receiver.url())).await;
    receiver.always(callback::CHAT, Act::text(500, ""));
    let mut sent: HashSet<String> = HashSet::new();
    for round in 0..ROUNDS {
        for n in 0..MESSAGES {
            let to = format!("u{n}");
            let ids = family.send("alice", &[&to], &format!("{round} {n}")).await;
            sent.insert(ids[&to].as_str().unwrap().to_owned());
        }
        family.app.server.kill().await;
        family.app.server.restart().await;
    }
    let total = sent.len() as u64;
    let slices = family.wait_for_stored(total).await;
    // The receiver is mended; a kill in the middle of the re-send loses nothing either.
    receiver.always(callback::CHAT, Act::text(200, "").after(Duration::from_millis(20)));
    let before = receiver.calls().len();
    for slice in &slices {
        let retry = json!({ "date": slice["date"], "targetUrl": receiver.url() });
        let answer = family.ok(Method::POST, "/app-id/demo/callbacks/storage/retry", Some(&retry)).await;
        assert_eq!(answer["data"], json!("success"));
    }
    receiver
        .wait(ringback_e2e::SOON, |calls| (calls.len() > before + 10).then_some(()))
        .await
        .expect("it has begun");
    family.app.server.kill().await;
    family.app.server.restart().await;
    ringback_e2e::until("everything is re-sent", async || {
        let left = family.slices().await;
        for slice in &left {
            let retry = json!({ "date": slice["date"], "targetUrl": receiver.url() });
            family.ok(Method::POST, "/app-id/demo/callbacks/storage/retry", Some(&retry)).await;
        }
        left.is_empty().then_some(())
    })
    .await;
    let calls = receiver.calls();
    let told: HashSet<&str> = calls[before..].iter().map(|call| call.text("msg_id")).collect();
    assert_eq!(told.len(), sent.len(), "every message is told in the end");
    assert!(sent.iter().all(|id| told.contains(id.as_str())));
    let mut bodies: std::collections::HashMap<&str, &[u8]> = std::collections::HashMap::new();
    for call in &calls {
        let body = bodies.entry(call.text("callId")).or_insert(&call.bytes);
        assert_eq!(*body, &call.bytes[..], "one id, one body");
    }
    assert_eq!(bodies.len(), sent.len());
}

#[tokio::test]
async fn offline_copies_of_a_large_group_arrive_within_30_seconds() {
    const MEMBERS: usize = 2000;
    let receiver = Receiver::start().await;
    receiver.always(callback::OFFLINE, Act::text(200, "").after(Duration::from_millis(20)));
    let family = Family::start(Setup::dev(), &[]).await;
    let users: Vec<String> = (0..MEMBERS).map(|n| format!("m{n}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    for some in names.chunks(500) {
        family.app.register(some).await;
    }
    let group = family.app.group(names[0], &names[1..900]).await;
    for some in names[900..].chunks(500) {
        let body = json!({ "groupID": group, "invitedUserIDs": some, "reason": "" });
        family.app.admin().post("/group/invite_user_to_group", &body).await.data();
    }
    let rule = json!({ "name": "push", "dialect": "shengwang", "phase": "after", "events": MESSAGES, "url": receiver.url(), "copies": ["chat_offline"] });
    family.rule(&rule).await;
    let client = family.app.login(names[0], platform::WEB).await;
    let begun = Instant::now();
    client.send(&client.text_to_group(&group, "to all")).await.taken();
    let calls = receiver
        .wait(Duration::from_secs(30), |calls| (calls.len() >= MEMBERS - 1).then(|| calls.to_vec()))
        .await
        .expect("all copies within 30 seconds");
    eprintln!("{} offline copies in {:?}", calls.len(), begun.elapsed());
    let to: HashSet<&str> = calls.iter().map(|call| call.text("to")).collect();
    let ids: HashSet<&str> = calls.iter().map(|call| call.text("callId")).collect();
    assert_eq!((to.len(), ids.len()), (MEMBERS - 1, MEMBERS - 1), "one for each but the sender");
}

/// 500 messages a second for a while, each told within 30 seconds, as the metric says and as the receiver sees it.
#[tokio::test]
async fn callbacks_are_in_time_at_500_a_second() {
    const SECONDS: u64 = 5;
    const PER_TICK: u64 = 5;
    let receiver = Receiver::start().await;
    let setup =
        Setup::dev().setting("rates.messages_users", "off").setting("rates.messages_users_per_minute", "off");
    let family = Family::start(setup, &["alice"]).await;
    family.rule(&chat(&receiver.url())).await;
    let family = std::sync::Arc::new(family);
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let mut sends = tokio::task::JoinSet::new();
    for tick in 0..SECONDS * 100 {
        ticks.tick().await;
        for n in 0..PER_TICK {
            let family = std::sync::Arc::clone(&family);
            sends.spawn(async move { family.send("alice", &[&format!("u{n}")], &format!("{tick}")).await });
        }
    }
    while let Some(sent) = sends.join_next().await {
        sent.unwrap();
    }
    let total = usize::try_from(SECONDS * 100 * PER_TICK).unwrap();
    let calls = receiver.wait_for(callback::CHAT, total).await;
    assert_eq!(calls.len(), total);
    family.app.wait_for_metric("ringback_callback_on_time_total", |on_time| on_time >= 2500.0).await;
    let text = String::from_utf8_lossy(&family.app.server.rest().get("/metrics").await.bytes).into_owned();
    let late = text.lines().find(|line| line.starts_with("ringback_callback_late_total"));
    assert!(late.is_none_or(|line| line.ends_with(" 0")), "{late:?}");
    let shown = family.ok(Method::GET, "/admin/v1/rules/record", None).await;
    assert_eq!(shown["status"]["on_time_share"], json!(1.0), "{shown}");
}
