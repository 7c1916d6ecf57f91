//! A wall clock that jumps an hour, forward and back, under a running server: by libfaketime, which changes what the
//! process reads and leaves its monotonic clock alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Method;
use ringback_e2e::app::{App, conversation};
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::skip;
use serde_json::json;

/// Where Debian puts the library, per architecture.
const PLACES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
];

/// A clock that a test sets.
struct Clock {
    library: &'static str,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Clock {
    /// `None` where the library is not installed.
    fn new() -> Option<Self> {
        let library = PLACES.into_iter().find(|place| Path::new(place).exists())?;
        let folder = tempfile::tempdir().unwrap();
        let clock = Self { library, file: folder.path().join("time"), _folder: folder };
        clock.set("+0");
        Some(clock)
    }

    /// By how much it is wrong, such as `-1h`.
    fn set(&self, by: &str) {
        let next = self.file.with_extension("next");
        std::fs::write(&next, by).unwrap();
        std::fs::rename(next, &self.file).unwrap();
    }

    /// A server that reads it.
    fn shown_to(&self, setup: Setup) -> Setup {
        setup
            .env("LD_PRELOAD", self.library)
            .env("FAKETIME_TIMESTAMP_FILE", &self.file.display().to_string())
            .env("FAKETIME_NO_CACHE", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }
}

async fn server_time_s(app: &App) -> i64 {
    let data = app.admin().post("/msg/get_server_time", &json!({})).await.data();
    data["serverTime"].as_i64().unwrap_or_else(|| panic!("{data}")) / 1000
}

/// Sets the clock and checks that the server sees it.
async fn jump(clock: &Clock, app: &App, by: &str, seconds: i64) {
    clock.set(by);
    ringback_e2e::until("the server sees the clock", async || {
        let wrong = server_time_s(app).await - ringback_e2e::token::now_s();
        ((wrong - seconds).abs() < 60).then_some(())
    })
    .await;
}

const JUMPS: [(&str, i64); 4] = [("-1h", -3600), ("+0", 0), ("+1h", 3600), ("+0", 0)];

#[tokio::test]
async fn order_ids_and_retries_do_not_follow_the_clock() {
    let Some(clock) = Clock::new() else {
        return skip::note(
            "clock::order_ids_and_retries_do_not_follow_the_clock",
            "libfaketime is not installed",
        );
    };
    let receiver = Receiver::start().await;
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON), ("afterSendSingleMsg", ON)]);
    let app = App::start(clock.shown_to(Setup::dev().webhooks(&rules)), &["alice", "bob"]).await;
    let mut sent = 0;
    for (by, seconds) in JUMPS {
        // Its first attempt before the jump, its second after.
        receiver.next(command::AFTER_SINGLE, vec![Act::text(500, "")]);
        let before = receiver.calls_of(command::AFTER_SINGLE).len();
        app.send("alice", "bob", &format!("before {by} {sent}")).await.data();
        receiver.wait_for(command::AFTER_SINGLE, before + 1).await;
        jump(&clock, &app, by, seconds).await;
        for number in 0..5 {
            app.send("alice", "bob", &format!("after {by} {sent} {number}")).await.data();
        }
        sent += 6;
        receiver.wait_for(command::AFTER_SINGLE, before + 7).await;
    }
    let history = app.history("bob", &conversation("alice", "bob")).await;
    let seqs: Vec<u64> = history.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=sent).collect::<Vec<_>>());
    let ids: HashSet<&str> = history.iter().map(|message| message["serverMsgID"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), seqs.len(), "ids are unique");
    let mut told: Vec<String> = Vec::new();
    for call in receiver.calls_of(command::AFTER_SINGLE) {
        if told.last().map(String::as_str) != Some(call.text("serverMsgID")) {
            told.push(call.text("serverMsgID").to_owned());
        }
    }
    let stored: Vec<&str> = history.iter().map(|message| message["serverMsgID"].as_str().unwrap()).collect();
    assert_eq!(told, stored, "told in order");
}

#[tokio::test]
async fn a_breaker_heals_and_a_ban_ends_whatever_the_clock_says() {
    let Some(clock) = Clock::new() else {
        let test = "clock::a_breaker_heals_and_a_ban_ends_whatever_the_clock_says";
        return skip::note(test, "libfaketime is not installed");
    };
    let mut receiver = Receiver::start().await;
    let rules = webhooks(&receiver.url(), &[("afterSendSingleMsg", ON)]);
    let setup = Setup::dev()
        .webhooks(&rules)
        .setting("storage.enabled", "true")
        .setting("ban.failures", "2")
        .setting("ban.step", "2s")
        .setting("ban.most_steps", "1");
    let family = Family::start(clock.shown_to(setup), &["alice", "b1", "b2", "b3", "b4"]).await;
    let rule = json!({
        "name": "record", "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": receiver.url(), "copies": ["chat"],
    });
    family.rule(&rule).await;
    receiver.go_down().await;
    for to in ["b1", "b2", "b3", "b4"] {
        family.app.send("alice", to, "while it is down").await.data();
    }
    family.app.wait_for_metric("ringback_callback_breaker_open{", |open| open >= 1.0).await;
    family.app.wait_for_metric("ringback_app_ban_active", |active| active >= 1.0).await;
    jump(&clock, &family.app, "-1h", -3600).await;
    receiver.come_back().await;
    family.app.wait_for_metric("ringback_app_ban_active", |active| active == 0.0).await;
    let told = receiver.wait(Duration::from_secs(40), |calls| {
        let to: HashSet<&str> = calls
            .iter()
            .filter(|call| call.command == command::AFTER_SINGLE)
            .map(|call| call.text("recvID"))
            .collect();
        (to.len() == 4).then_some(())
    });
    assert!(told.await.is_some(), "probes go on although the clock was set back");
    // What fell into the ban is in slices that are named by the clock as it was, and can be sent again.
    let slices = family.wait_for_stored(4).await;
    for slice in &slices {
        let order = json!({ "date": slice["date"] });
        family.ok(Method::POST, "/app-id/demo/callbacks/storage/retry", Some(&order)).await;
    }
    receiver.wait_for(callback::CHAT, 4).await;
    family.wait_for_stored(0).await;
}

#[tokio::test]
async fn tokens_end_by_the_wall_clock() {
    let Some(clock) = Clock::new() else {
        return skip::note("clock::tokens_end_by_the_wall_clock", "libfaketime is not installed");
    };
    let setup = Setup::dev().setting("token.app_validity", "30m");
    let family = Family::start(clock.shown_to(setup), &["alice"]).await;
    let asked = async || family.call(Method::GET, "/app-id/demo/callbacks/storage/info", None).await.status;
    let fresh = asked().await;
    assert_ne!(fresh, 401);
    jump(&clock, &family.app, "+1h", 3600).await;
    assert_eq!(asked().await, 401, "an hour later it is over");
    jump(&clock, &family.app, "+0", 0).await;
    assert_eq!(asked().await, fresh, "and not, when the clock was wrong");
}
