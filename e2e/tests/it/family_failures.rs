//! Shengwang / Agora / Easemob rules whose receiver fails: what counts as an answer, and what keeps its bytes.

use std::time::Duration;

use http::Method;
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::act::Deed;
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::setup::{CONFIG, Setup};
use ringback_e2e::{QUIET, until};
use serde_json::{Value, json};

fn rule(url: &str, changes: &Value) -> Value {
    let mut rule = json!({
        "name": "record", "dialect": "shengwang", "phase": "after", "events": MESSAGES, "url": url, "copies": ["chat"],
        "timeout_ms": 500,
    });
    rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    rule
}

async fn failures(family: &Family) -> u64 {
    let bans = family.ok(Method::GET, "/admin/v1/bans", None).await;
    bans["failures_in_window"].as_u64().unwrap_or_else(|| panic!("{bans}"))
}

/// Calls, failures towards a ban, and whether the callback is stored in the end.
#[tokio::test]
async fn what_counts_as_an_answer() {
    let elsewhere = Receiver::start().await;
    let face = "\u{1f600}";
    let table: Vec<(&str, Act, usize, u64, bool)> = vec![
        ("200 and nothing", Act::text(200, ""), 1, 0, false),
        ("1,000 characters", Act::text(200, &"a".repeat(1000)), 1, 0, false),
        ("1,001 characters", Act::text(200, &"a".repeat(1001)), 1, 1, false),
        ("1,000 characters of four bytes", Act::text(200, &face.repeat(1000)), 1, 0, false),
        ("1,001 characters of four bytes", Act::text(200, &face.repeat(1001)), 1, 1, false),
        ("a body without end", Deed::Endless.into(), 1, 1, false),
        ("201", Act::text(201, ""), 2, 2, true),
        ("204", Act::text(204, ""), 2, 2, true),
        ("a redirect", Act::redirect(302, elsewhere.url()), 2, 2, true),
        ("500", Act::text(500, ""), 2, 2, true),
        ("no answer in time", Deed::Hang.into(), 2, 2, true),
        ("an answer that comes too late", Act::allow().after(Duration::from_secs(1)), 2, 2, true),
        ("a closed connection", Deed::Close.into(), 2, 2, true),
        ("half a body", Deed::Cut.into(), 2, 2, true),
    ];
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev().setting("storage.enabled", "true"), &["alice"]).await;
    family.rule(&rule(&receiver.url(), &json!({}))).await;
    let mut stored = 0;
    for (name, act, calls, counted, kept) in table {
        receiver.always(callback::CHAT, act);
        let (called_before, failed_before) = (receiver.calls().len(), failures(&family).await);
        family.send("alice", &["bob"], name).await;
        receiver.wait_for(callback::CHAT, called_before + calls).await;
        stored += u64::from(kept);
        family.wait_for_stored(stored).await;
        until(name, async || (failures(&family).await == failed_before + counted).then_some(())).await;
        let made = &receiver.calls()[called_before..];
        assert_eq!(made.len(), calls, "{name}");
        assert!(made.iter().all(|call| call.bytes == made[0].bytes), "{name}: one body");
    }
    assert!(elsewhere.calls().is_empty(), "redirects are not followed");
}

/// The second attempt comes at once, and is the last one when it is taken.
#[tokio::test]
async fn a_failure_and_a_success_leave_nothing_behind() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev().setting("storage.enabled", "true"), &["alice"]).await;
    family.rule(&rule(&receiver.url(), &json!({}))).await;
    receiver.next(callback::CHAT, vec![Act::text(500, "")]);
    family.send("alice", &["bob"], "first").await;
    let calls = receiver.wait_for(callback::CHAT, 2).await;
    assert!(calls[1].at - calls[0].at < QUIET, "at once");
    tokio::time::sleep(QUIET).await;
    assert_eq!((receiver.calls().len(), family.slices().await.len()), (2, 0));
    assert_eq!(failures(&family).await, 1);
}

/// What waits and what is stored was rendered once; what comes later carries the new name.
#[tokio::test]
async fn an_app_that_is_renamed_does_not_change_what_waits() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev().setting("storage.enabled", "true");
    let mut family = Family::start(setup, &["alice"]).await;
    family.rule(&rule(&receiver.url(), &json!({}))).await;
    family.rule(&rule(&receiver.url(), &json!({ "name": "patient", "retry": [2, 2] }))).await;
    receiver.always(callback::CHAT, Act::text(500, ""));
    family.send("alice", &["bob"], "old").await;
    family.wait_for_stored(1).await;
    let before = receiver.wait_for(callback::CHAT, 3).await;
    family.app.server.kill().await;
    receiver.always(callback::CHAT, Act::text(200, ""));
    let path = family.app.server.folder().join(CONFIG);
    let settings = std::fs::read_to_string(&path).unwrap();
    family.app.server.replace_file(CONFIG, &format!("{settings}app:\n  name: renamed\n"));
    family.app.server.restart().await;
    family.log_in().await;

    let again = receiver.wait_for(callback::CHAT, 4).await;
    let date = &family.slices().await[0]["date"];
    family.ok(Method::POST, "/app-id/demo/callbacks/storage/retry", Some(&json!({ "date": date }))).await;
    let again = [&again[3..], &receiver.wait_for(callback::CHAT, 5).await[4..]].concat();
    for call in &again {
        let first = before.iter().find(|first| first.text("callId") == call.text("callId"));
        assert_eq!(first.map(|first| &first.bytes), Some(&call.bytes), "{}", call.body);
        assert_eq!(call.text("appkey"), "demo#demo");
    }
    family.send("alice", &["bob"], "new").await;
    for call in &receiver.wait_for(callback::CHAT, 7).await[5..] {
        assert_eq!(call.text("appkey"), "demo#renamed");
        assert!(call.text("callId").starts_with("demo#renamed_"), "{}", call.body);
    }
}
