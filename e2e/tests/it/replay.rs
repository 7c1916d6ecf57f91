//! Past callbacks that are sent again, by the command line and by the admin API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use ringback_e2e::app::App;
use ringback_e2e::binary::{self, Ended};
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::{QUIET, SOON, until};
use serde_json::{Value, json};

const REPLAYS: &str = "/admin/v1/replays";
const RULE: &str = "file:webhooks:afterSendSingleMsg";

/// `ringback replay` with these arguments, at this server.
fn command_of(app: &App, args: &[&str]) -> tokio::process::Command {
    let mut command = binary::command();
    command.arg("replay").args(args);
    command.args(["--server", &format!("http://{}", app.server.addr()), "--token", app.admin_token()]);
    command
}

async fn replay(app: &App, args: &[&str]) -> Ended {
    binary::finish(command_of(app, args)).await
}

/// Calls that a replay has made, and all others.
fn apart(calls: Vec<Call>) -> (Vec<Call>, Vec<Call>) {
    calls.into_iter().partition(|call| call.header("ringback-replay").is_some())
}

/// Waits until the receiver was called so often by replays.
async fn replayed(receiver: &Receiver, count: usize) -> Vec<Call> {
    let all = receiver.wait(SOON, |calls| {
        let (again, _) = apart(calls.to_vec());
        (again.len() >= count).then_some(again)
    });
    all.await.unwrap_or_else(|| panic!("not {count}: {}", apart(receiver.calls()).0.len()))
}

/// What makes two calls the same for a receiver.
fn sameness(call: &Call) -> (&str, Vec<u8>, &str) {
    (call.header("webhook-id").unwrap(), call.bytes.to_vec(), &call.path)
}

/// A server on which alice has written so many messages to each of so many others, and all of it was told.
async fn talkative(receiver: &Receiver, others: usize, messages: usize) -> App {
    let rules = webhooks(&receiver.url(), &[("afterSendSingleMsg", ON)]);
    let names: Vec<String> = (0..others).map(|number| format!("user_{number}")).collect();
    let users: Vec<&str> = ["alice"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let app = App::start(Setup::dev().webhooks(&rules), &users).await;
    let talks = names.iter().map(async |name| {
        for number in 0..messages {
            app.send("alice", name, &number.to_string()).await.data();
        }
    });
    join_all(talks).await;
    receiver.wait_for(command::AFTER_SINGLE, others * messages).await;
    app
}

#[tokio::test]
async fn one_conversation_of_many_is_sent_and_nothing_else() {
    let receiver = Receiver::start().await;
    let app = talkative(&receiver, 20, 25).await;
    // As clients know it; the ids may be cut in several ways, and the log knows one of them.
    let chat = "si_alice_user_7";
    let dry = replay(&app, &["--rule", RULE, "--conversation", chat, "--dry"]).await;
    assert_eq!(dry.code, Some(0), "{dry:?}");
    assert!(dry.out.starts_with("25 callbacks of rule ") && dry.out.contains("only counted"), "{dry:?}");
    let all = replay(&app, &["--rule", RULE, "--dry", "--json"]).await;
    let counted: Value = serde_json::from_str(&all.out).unwrap();
    assert_eq!(counted["counts"]["deliveries"], json!(500), "{counted}");
    assert_eq!(apart(receiver.calls()).0.len(), 0, "nothing is sent by counting");

    let sent = replay(&app, &["--rule", RULE, "--conversation", chat, "--rate", "500/s", "--yes"]).await;
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(sent.out.contains("all 25 callbacks were taken"), "{sent:?}");
    tokio::time::sleep(QUIET).await;
    let (again, first) = apart(receiver.calls());
    let first: Vec<_> = first.iter().filter(|call| call.text("recvID") == "user_7").collect();
    assert_eq!((again.len(), first.len(), receiver.calls().len()), (25, 25, 525));
    for (first, again) in first.iter().zip(&again) {
        assert_eq!(sameness(first), sameness(again), "that conversation, in its order, as the first time");
    }
    let ids: BTreeSet<_> = again.iter().map(|call| call.header("ringback-replay").unwrap()).collect();
    let listed = replay(&app, &["list"]).await;
    assert_eq!(ids.len(), 1);
    assert!(listed.out.contains(ids.first().unwrap()) && listed.out.contains("done (dry)"), "{listed:?}");
    app.wait_for_metric("ringback_replay_sent_total", |sent| (sent - 25.0).abs() < 0.5).await;

    // What is live went by it: the next message is told once, as ever.
    app.send("alice", "user_7", "live").await.data();
    let live = receiver.wait_for(command::AFTER_SINGLE, 526).await;
    assert_eq!(live.last().unwrap().header("ringback-replay"), None);
    let by_seq = replay(&app, &["--rule", RULE, "--conversation", chat, "--seq", "3..4", "--yes"]).await;
    assert!(by_seq.out.contains("all 2 callbacks"), "{by_seq:?}");
    assert_eq!(replayed(&receiver, 27).await[25].text("content"), r#"{"content":"2"}"#);
}

#[tokio::test]
async fn one_conversation_out_of_ten_thousand_events_is_all_that_is_sent() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice"]).await;
    let app = &family.app;
    let names: Vec<String> = (0..1000).map(|number| format!("u{number}")).collect();
    app.register(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let many = json!({ "sendID": "alice", "senderPlatformID": 1, "content": { "content": "x" }, "contentType": 101,
        "sessionType": 1, "recvIDs": names });
    // Ten messages to each of a thousand users.
    for _ in 0..10 {
        app.admin().post("/msg/batch_send_msg", &many).await.data();
    }
    // It comes when everything is over: nothing of it was told before.
    let rule = json!({ "name": "late", "dialect": "openim", "phase": "after", "url": receiver.url(),
        "events": ["afterSendSingleMsg"] });
    family.rule(&rule).await;
    let dry = replay(app, &["--rule", "late", "--dry", "--json"]).await;
    let counted: Value = serde_json::from_str(&dry.out).unwrap_or_else(|_| panic!("{dry:?}"));
    assert_eq!(counted["counts"]["deliveries"], json!(10_000), "{counted}");
    assert_eq!(counted["counts"]["before_versions"], json!(10_000), "and that is said: {counted}");
    let sent =
        replay(app, &["--rule", "late", "--conversation", "u:alice:u500", "--rate", "1000/s", "--yes"]).await;
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(sent.out.contains("all 10 callbacks were taken"), "{sent:?}");
    assert!(
        sent.out.contains("of 12 events"),
        "the chat and its two beginnings; others are not even looked at: {sent:?}"
    );
    tokio::time::sleep(QUIET).await;
    let calls = receiver.calls();
    let ids: BTreeSet<_> = calls.iter().map(|call| call.header("webhook-id").unwrap()).collect();
    assert_eq!((calls.len(), ids.len()), (10, 10));
    assert!(
        calls.iter().all(|call| call.text("recvID") == "u500" && call.header("ringback-replay").is_some())
    );
}

#[tokio::test]
async fn what_cannot_be_replayed_is_said() {
    let receiver = Receiver::start().await;
    let app = talkative(&receiver, 1, 1).await;
    for (args, code, expected) in [
        (&["--rule", "nobody", "--dry"][..], 1, "nobody"),
        (&["--rule", RULE, "--conversation", "tea", "--dry"], 2, "g:GROUP"),
        (&["--rule", RULE, "--from", "yesterday", "--dry"], 2, "2h"),
        (&["--rule", RULE, "--from", "1h", "--to", "2h", "--dry"], 2, "later than"),
        (&["--rule", RULE, "--event", "afterSendGroup", "--dry"], 2, "did you mean afterSendGroupMsg"),
        (&["--rule", RULE, "--seq", "1..2", "--dry"], 2, "needs a conversation"),
        (&["--rule", RULE, "--user", "a b", "--dry"], 2, "user"),
        (&["--rule", RULE, "--rate", "0", "--dry"], 2, "1 to 10000"),
        (&["--rule", RULE, "--target", "ftp://x/", "--yes"], 2, "http://"),
        (&["--rule", RULE, "--target", "http://169.254.169.254/", "--yes"], 2, "may not be called"),
        (&["pause", "rp_0"], 1, "no replay has the id"),
    ] {
        let ended = replay(&app, args).await;
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        assert!(ended.err.contains(expected), "{args:?}: {ended:?}");
    }
    let nothing = replay(&app, &["--rule", RULE, "--user", "nobody", "--yes"]).await;
    assert_eq!(nothing.code, Some(0), "{nothing:?}");
    assert!(nothing.out.contains("nothing to send"), "{nothing:?}");
    assert_eq!(receiver.calls().len(), 1);
}

#[tokio::test]
async fn whoever_interrupts_it_is_told_where_to_go_on() {
    let receiver = Receiver::start().await;
    let app = talkative(&receiver, 5, 8).await;
    let child = command_of(&app, &["--rule", RULE, "--rate", "20/s", "--yes"]).spawn().unwrap();
    let id = child.id().unwrap();
    replayed(&receiver, 3).await;
    let kill = format!("kill -INT {id}");
    tokio::process::Command::new("sh").arg("-c").arg(kill).status().await.unwrap();
    let ended = tokio::time::timeout(SOON, child.wait_with_output()).await.unwrap().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let out = String::from_utf8(ended.stdout).unwrap();
    let position = out.split("--after ").nth(1).unwrap_or_else(|| panic!("{out}"));
    let position = position.split(' ').next().unwrap();
    let before = apart(receiver.calls()).0.len();
    assert!(before < 40, "{before}: it was interrupted");
    let rest = replay(&app, &["--rule", RULE, "--after", position, "--rate", "500", "--yes"]).await;
    assert_eq!(rest.code, Some(0), "{rest:?}");
    let (again, first) = apart(receiver.calls());
    let ids = |calls: &[Call]| -> BTreeSet<String> {
        calls.iter().map(|call| call.header("webhook-id").unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&again), ids(&first), "nothing is left out");
}

/// One answer of the admin API that must be given.
async fn ok(family: &Family, method: Method, path: &str, body: Option<Value>) -> Value {
    family.ok(method, &format!("{REPLAYS}{path}"), body.as_ref()).await
}

async fn ended(family: &Family, id: &str) -> Value {
    until("the replay ends", async || {
        let replay = ok(family, Method::GET, &format!("/{id}"), None).await;
        replay["ended_at"].is_string().then_some(replay)
    })
    .await
}

#[tokio::test]
async fn bytes_are_those_of_the_first_time_though_the_secret_has_changed() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let rule = json!({ "name": "record", "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": receiver.url(),
        "copies": ["chat"], "standard_webhooks": true });
    family.rule(&rule).await;
    for text in ["one", "two"] {
        family.send("alice", &["bob"], text).await;
    }
    receiver.wait_for(callback::CHAT, 2).await;
    family.ok(Method::POST, "/admin/v1/rules/record/secret/rotate", None).await;
    family.ok(Method::PATCH, "/admin/v1/rules/record", Some(&json!({ "enabled": false }))).await;
    let order = json!({ "rule": "record", "from": "1h" });
    let begun = family.call(Method::POST, REPLAYS, Some(&order)).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    let id = begun.body["id"].as_str().unwrap().to_owned();
    let location = begun.headers.get("location").unwrap().to_str().unwrap();
    assert_eq!(location, format!("{REPLAYS}/{id}"));
    let done = ended(&family, &id).await;
    assert_eq!((&done["state"], &done["delivered"]), (&json!("done"), &json!(2)), "{done}");
    let (again, first) = apart(receiver.calls());
    for (first, again) in first.iter().zip(&again) {
        assert_eq!(sameness(first), sameness(again));
        assert_eq!(again.header("ringback-replay"), Some(id.as_str()));
        let signed = again.header("webhook-signature").unwrap();
        assert_ne!(first.header("webhook-signature"), Some(signed), "signed as the rule signs now");
    }
    assert_eq!(again.len(), 2);
}

#[tokio::test]
async fn events_are_named_as_rules_name_them() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let rule = json!({ "name": "both", "dialect": "openim", "phase": "after", "url": receiver.url(),
        "events": ["afterSendSingleMsg", "afterMsgSaveDB"] });
    family.rule(&rule).await;
    family.app.send("alice", "bob", "x").await.data();
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    receiver.wait_for_one(command::SAVED).await;
    for (names, expected) in [
        (json!(["afterMsgSaveDB"]), &[command::SAVED][..]),
        (json!(["afterSendGroupMsg"]), &[]),
        (json!(["message_sent"]), &[command::SAVED, command::AFTER_SINGLE]),
        (json!(["user_online"]), &[]),
    ] {
        let seen = receiver.calls().len();
        let order = json!({ "rule": "both", "events": names, "dry": true });
        let counted = family.call(Method::POST, REPLAYS, Some(&order)).await;
        assert_eq!((counted.status, &counted.body["state"]), (200, &json!("done")), "{}", counted.body);
        assert_eq!(counted.body["counts"]["deliveries"], json!(expected.len()), "{}", counted.body);
        let begun = ok(&family, Method::POST, "", Some(json!({ "rule": "both", "events": names }))).await;
        ended(&family, begun["id"].as_str().unwrap()).await;
        let mut told: Vec<String> =
            receiver.calls()[seen..].iter().map(|call| call.command.clone()).collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{names}");
    }
}

#[tokio::test]
async fn a_replay_is_paused_resumed_and_cancelled_and_goes_elsewhere() {
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let rules = webhooks(&receiver.url(), &[("afterSendSingleMsg", ON)]);
    let family = Family::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    for number in 0..30 {
        family.app.send("alice", "bob", &number.to_string()).await.data();
    }
    receiver.wait_for(command::AFTER_SINGLE, 30).await;
    other.otherwise(Act::text(200, "{}").after(Duration::from_millis(50)));
    let order = json!({ "rule": RULE, "target_url": format!("{}?late=1", other.url()), "rate": 1000 });
    let begun = ok(&family, Method::POST, "", Some(order.clone())).await;
    let id = begun["id"].as_str().unwrap();
    other.wait_for(command::AFTER_SINGLE, 2).await;
    let twice = family.call(Method::POST, REPLAYS, Some(&order)).await;
    assert_eq!((twice.status, &twice.body["error"]["code"]), (409, &json!("running")), "{}", twice.body);
    let paused = ok(&family, Method::POST, &format!("/{id}/pause"), None).await;
    assert_eq!(paused["state"], json!("paused"), "{paused}");
    // The call under way comes to its end.
    tokio::time::sleep(QUIET).await;
    let before = other.calls().len();
    tokio::time::sleep(QUIET).await;
    assert_eq!(other.calls().len(), before, "it stands still");
    assert!(before < 30, "{before}");
    ok(&family, Method::POST, &format!("/{id}/resume"), None).await;
    other.wait_for(command::AFTER_SINGLE, before + 2).await;
    ok(&family, Method::DELETE, &format!("/{id}"), None).await;
    let cancelled = ended(&family, id).await;
    assert_eq!(cancelled["state"], json!("cancelled"), "{cancelled}");
    let over = family.call(Method::DELETE, &format!("{REPLAYS}/{id}"), None).await;
    assert_eq!((over.status, &over.body["error"]["code"]), (409, &json!("over")), "{}", over.body);

    let mut order = order;
    order["after"] = cancelled["position"].clone();
    let begun = ok(&family, Method::POST, "", Some(order)).await;
    let done = ended(&family, begun["id"].as_str().unwrap()).await;
    assert_eq!(done["state"], json!("done"), "{done}");
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    for call in other.calls() {
        *texts.entry(call.text("content").to_owned()).or_default() += 1;
        assert_eq!(call.query("late"), Some("1"), "the target's own query stays");
        assert!(call.path.ends_with(command::AFTER_SINGLE), "{}", call.path);
    }
    assert_eq!(texts.len(), 30, "all of them");
    assert!(texts.values().all(|times| *times == 1), "each once: {texts:?}");
    assert_eq!(receiver.calls().len(), 30, "the rule's own receiver was left alone");
}
