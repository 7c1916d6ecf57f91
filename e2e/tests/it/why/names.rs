//! What can be asked for, and what cannot: ids, made-up events, servers that forget.

use std::process::Stdio;

use ringback_e2e::app::{App, single};
use ringback_e2e::binary::{self, Ended};
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use super::{command_of, hello, run, send_as, sent, why};

const AFTER: &str = "afterSendSingleMsg";

async fn start(setup: Setup, receiver: &Receiver) -> App {
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON), (AFTER, ON)]);
    App::start(setup.webhooks(&rules), &["alice", "bob"]).await
}

#[tokio::test]
async fn what_nobody_knows_is_said_in_a_sentence() {
    let receiver = Receiver::start().await;
    let app = start(Setup::dev(), &receiver).await;
    hello(&app).await;
    for id in ["nobody-knows-me", "7301442233445566", "65536e4d0e1f2a3b9c8d7e6f5a4b3c2d"] {
        let ended = run(&app, &[id]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.out.is_empty() && ended.err.contains("nothing is known of"), "{ended:?}");
        assert!(ended.err.contains(id), "{ended:?}");
    }
    let ended = run(&app, &["nobody-knows-me", "--json"]).await;
    let body: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, body["error"]["code"].as_str()), (Some(1), Some("not_found")));
    for (args, code, words) in [
        (&["--conversation", "si_alice_bob", "--seq", "99"][..], 1, "has no message with this number"),
        (&["--conversation", "si_alice_bob", "--seq", "0"], 2, "seq"),
        (&["--conversation", "nonsense", "--seq", "1"], 2, "g:GROUP"),
        (&["--conversation", "si_alice_bob"], 2, "--seq"),
        (&["--seq", "1"], 2, "--conversation"),
        (&[], 2, "ID"),
        (&[""], 2, "empty"),
    ] {
        let ended = run(&app, args).await;
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        assert!(ended.err.contains(words), "{args:?}: {ended:?}");
    }
}

/// `why --dry -` with this on its standard input.
async fn dry(app: &App, text: &str, more: &[&str]) -> Ended {
    let mut command = command_of(app, &[&["--dry", "-"], more].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    child.wait_with_output().await.unwrap().into()
}

#[tokio::test]
async fn what_would_happen_is_tried_without_a_call() {
    let receiver = Receiver::start().await;
    let rules = webhooks(
        &receiver.url(),
        &[("beforeSendSingleMsg", "enable: true, deniedTypes: [110]"), (AFTER, ON), ("afterCreateGroup", ON)],
    );
    let app = App::start(Setup::dev().webhooks(&rules), &["alice"]).await;
    let said = dry(&app, r#"{"from": "alice", "to": "bob"}"#, &[]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    for words in
        ["made up, nobody was called", "would be asked, at http", "would be told: 1 callback, at http"]
    {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
    let file = app.server.folder().join("event.json");
    std::fs::write(&file, r#"{"content_type": 110, "content": "{}"}"#).unwrap();
    let said = run(&app, &["--dry", file.to_str().unwrap()]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("denied_types") && said.out.contains("110"), "{}", said.out);
    let said = dry(&app, r#"{"event": "group_created"}"#, &["--json"]).await;
    let json: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["subjects"][0]["end"], "hypothetical", "{json}");
    assert!(said.out.contains("afterCreateGroup"), "{json}");
    let said = dry(&app, r#"{"group": "tea"}"#, &[]).await;
    assert!(said.out.contains("afterSendGroupMsg"), "what is not switched on is named: {}", said.out);
    for (text, words) in [
        ("", "standard input is no JSON"),
        ("{", "no JSON"),
        ("[1]", "no event can be read"),
        (r#"{"form": "alice"}"#, "form"),
        (r#"{"from": "a b"}"#, "from"),
        (r#"{"to": "bob", "group": "tea"}"#, "to"),
        (r#"{"event": "tea_time"}"#, "tea_time"),
        (r#"{"event": "group_created", "from": "alice"}"#, "event"),
        (r#"{"origin": "moon"}"#, "origin"),
        (r#"{"content_type": "text"}"#, "content_type"),
    ] {
        let ended = dry(&app, text, &[]).await;
        assert_eq!(ended.code, Some(2), "{text}: {ended:?}");
        assert!(ended.err.contains(words) && ended.out.is_empty(), "{text}: {ended:?}");
    }
    let missing = run(&app, &["--dry", "nowhere.json"]).await;
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.err.contains("nowhere.json"), "{missing:?}");
    assert!(receiver.calls().is_empty(), "nobody is called");
}

#[tokio::test]
async fn a_restart_forgets_nothing_and_a_crash_only_the_last_second() {
    let receiver = Receiver::start().await;
    let mut app = start(Setup::dev(), &receiver).await;
    let id = hello(&app).await;
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    assert!(app.server.stop().await.success());
    app.server.restart().await;
    let said = why(&app, &[&id]).await;
    said.says("beforeSendSingleMsg", "allowed", &["was asked, and allowed it"]);
    said.says(AFTER, "delivered", &["attempt 1 was answered 200"]);

    let id = hello(&app).await;
    receiver.wait_for(command::AFTER_SINGLE, 2).await;
    app.server.kill().await;
    app.server.restart().await;
    // Whether its calls were written down in time or not: the log knows the message, and what was owed is told.
    let said = why(&app, &[&id]).await;
    assert_eq!(said.json["end"], "logged");
    receiver.wait_for(command::AFTER_SINGLE, 2).await;
    ringback_e2e::until("it is delivered", async || {
        let said = why(&app, &[&id]).await;
        (said.line(AFTER)["state"] == "delivered").then_some(())
    })
    .await;
}

#[tokio::test]
async fn where_nothing_is_remembered_the_log_explains() {
    let receiver = Receiver::start().await;
    let app = start(Setup::dev().setting("why.record", "false"), &receiver).await;
    let id = sent(&send_as(&app, "op-unheard", &single("alice", "bob", "hello")).await);
    let call = receiver.wait_for_one(command::AFTER_SINGLE).await;
    let said = why(&app, &[&id]).await;
    said.says(AFTER, "delivered", &["is delivered; nothing more is remembered of it"]);
    said.says("beforeSendSingleMsg", "not_asked", &["nothing is remembered of its being asked"]);
    said.prints(&["`why.record` is off"]);
    let by_client = why(&app, &[said.json["client_id"].as_str().unwrap()]).await;
    assert_eq!(by_client.json["number"], said.json["number"]);
    let by_operation = run(&app, &["op-unheard"]).await;
    assert!(by_operation.code == Some(0) && by_operation.out.contains(&id), "{by_operation:?}");
    let unknown = binary::finish(command_of(&app, &[call.header("webhook-id").unwrap()])).await;
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.err.contains("nothing is remembered of calls"), "{unknown:?}");
}
