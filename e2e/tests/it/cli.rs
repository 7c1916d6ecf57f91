//! The other commands: `demo`, `listen`, `token`, `config`, help and exit codes.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ringback_e2e::app::{App, platform};
use ringback_e2e::binary::{self, run};
use ringback_e2e::inbox::Inbox;
use ringback_e2e::rules::{ALL, command, webhooks};
use ringback_e2e::setup::{CONFIG, Setup};
use ringback_e2e::skip;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

#[tokio::test]
async fn every_command_explains_itself() {
    for args in [
        &["--help"][..],
        &["serve", "--help"],
        &["demo", "--help"],
        &["listen", "--help"],
        &["doctor", "--help"],
        &["config", "--help"],
        &["config", "check", "--help"],
        &["config", "print", "--help"],
        &["schemas", "--help"],
        &["token", "--help"],
        &["token", "admin", "--help"],
        &["token", "user", "--help"],
        &["replay", "--help"],
        &["replay", "pause", "--help"],
    ] {
        let ended = run(args).await;
        assert_eq!(ended.code, Some(0), "{args:?}: {ended:?}");
        assert!(ended.out.contains("Usage:") && ended.err.is_empty(), "{args:?}: {ended:?}");
        assert!(!ended.out.contains('\u{1b}'), "no colours in a pipe");
    }
    let version = run(&["--version"]).await;
    assert_eq!(version.code, Some(0));
    assert!(version.out.starts_with("ringback "), "{}", version.out);
}

#[tokio::test]
async fn wrong_use_is_2() {
    for args in [
        &[][..],
        &["sing"],
        &["serve", "--no-such-flag"],
        &["serve", "--listen", "nowhere"],
        &["token"],
        &["token", "user", "alice"],
        &["listen", "--status", "99"],
        &["listen", "--dialect", "klingon"],
        &["config", "check"],
        &["replay"],
        &["replay", "pause"],
        &["replay", "--rule", "history", "--seq", "3-4", "--dry"],
        &["replay", "--rule", "history", "--rate", "fast", "--dry"],
        &["replay", "--rule", "history", "list"],
        // Nobody can be asked in a pipe.
        &["replay", "--rule", "history"],
    ] {
        let ended = run(args).await;
        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(!ended.err.is_empty(), "{args:?} says why");
    }
}

#[tokio::test]
async fn the_demo_shows_everything_and_ends_well() {
    let ended = run(&["demo"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.out.contains('\u{1b}'), "no colours in a pipe");
    let shown = ended.out.to_lowercase();
    for word in ["refused", "group", "down", "alice", "bob", "before", "after", "signature valid"] {
        assert!(shown.contains(word), "{word} in {}", ended.out);
    }
    let lines = run(&["demo", "--json"]).await;
    assert_eq!(lines.code, Some(0), "{lines:?}");
    assert!(lines.out.lines().count() > 5, "{}", lines.out);
    for line in lines.out.lines() {
        let _: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

/// Starts `ringback` with these arguments and reads its lines.
fn start(args: &[&str]) -> (Child, Arc<Inbox<String>>) {
    let mut child = binary::command().args(args).stderr(Stdio::inherit()).spawn().unwrap();
    let lines = Inbox::new();
    let mut reading = BufReader::new(child.stdout.take().unwrap()).lines();
    let filling = Arc::clone(&lines);
    tokio::spawn(async move {
        while let Ok(Some(line)) = reading.next_line().await {
            filling.push(line);
        }
    });
    (child, lines)
}

/// Ctrl-C.
async fn interrupt(mut child: Child) -> Option<i32> {
    let id = child.id().unwrap();
    tokio::process::Command::new("sh").arg("-c").arg(format!("kill -INT {id}")).status().await.unwrap();
    tokio::time::timeout(Duration::from_secs(30), child.wait()).await.expect("it ends").unwrap().code()
}

#[tokio::test]
async fn a_kept_demo_can_be_tried_with_curl() {
    let (child, lines) = start(&["demo", "--keep"]);
    let curl = lines.wait(ringback_e2e::SOON, |lines| {
        lines.iter().map(|line| line.trim()).find(|line| line.starts_with("curl ")).map(str::to_owned)
    });
    let curl = curl.await.expect("a line to try");
    let output = tokio::process::Command::new("sh").arg("-c").arg(&curl).output().await.unwrap();
    if output.status.code() == Some(127) {
        skip::note("cli::a_kept_demo_can_be_tried_with_curl", "curl is not installed");
    } else {
        let answer: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {curl}"));
        assert_eq!(answer["errCode"], json!(0), "{answer}");
    }
    assert_eq!(interrupt(child).await, Some(0));
}

/// `ringback listen --json` with more flags: the process, its URL and its later lines.
async fn listen(more: &[&str]) -> (Child, String, Arc<Inbox<String>>) {
    let args: Vec<&str> =
        ["listen", "--json", "--listen", "127.0.0.1:0"].iter().chain(more).copied().collect();
    let (child, lines) = start(&args);
    let url =
        lines.wait(ringback_e2e::SOON, |lines| parsed(lines.first()?)["url"].as_str().map(str::to_owned));
    let url = url.await.expect("it says where it listens");
    (child, url, lines)
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// Waits for a line that has this value under this key.
async fn line_with(lines: &Inbox<String>, key: &str, value: &str) -> Value {
    let found = lines.wait(ringback_e2e::SOON, |lines| {
        lines.iter().map(|line| parsed(line)).find(|line| line[key] == json!(value))
    });
    found.await.unwrap_or_else(|| panic!("{value} was not printed: {:?}", lines.all()))
}

#[tokio::test]
async fn listen_prints_every_callback_and_answers_as_told() {
    let (child, url, lines) = listen(&["--deny", "5001:not here"]).await;
    let app = App::start(Setup::dev().webhooks(&webhooks(&url, ALL)), &["alice", "bob"]).await;
    let reply = app.send("alice", "bob", "hello").await;
    assert_eq!((reply.code(), reply.text("errMsg")), (5001, "not here"));
    let line = line_with(&lines, "command", command::BEFORE_SINGLE).await;
    assert_eq!(
        (&line["from"], &line["to"], &line["text"]),
        (&json!("alice"), &json!("bob"), &json!("hello"))
    );
    assert_eq!(line["answer"]["effect"], json!("refused"), "{line}");
    assert_eq!(interrupt(child).await, Some(0));
    assert_eq!(line_with(&lines, "event", "summary").await["calls"], json!(1));
}

#[tokio::test]
async fn listen_follows_a_script_and_speaks_tls() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let script = "- when: { command: BeforeSendSingleMsg, text_contains: spam }\n  \
                  answer: { deny: { code: 5002, text: no spam } }\n\
                  - when: { command: BeforeMsgModify }\n  answer: { replace: \"(removed)\" }\n";
    std::fs::write(path("script.yml"), script).unwrap();
    let (_child, url, lines) =
        listen(&["--script", &path("script.yml"), "--tls", "--tls-dir", &path("tls")]).await;
    assert!(url.starts_with("https://"), "{url}");
    let ca_file = parsed(&lines.all()[0])["ca_file"].as_str().unwrap().to_owned();
    let setup = Setup::dev().webhooks(&webhooks(&url, ALL)).setting("tls.ca_file", &ca_file);
    let app = App::start(setup, &["alice", "bob"]).await;
    assert_eq!(app.send("alice", "bob", "buy spam").await.code(), 5002);
    let sent = app.send("alice", "bob", "hello").await.data();
    assert_eq!(sent["modify"]["content"], json!(r#"{"content":"(removed)"}"#), "{sent}");
    let told = line_with(&lines, "command", command::AFTER_SINGLE).await;
    assert_eq!((&told["text"], &told["seen"]), (&json!("(removed)"), &json!(1)));

    std::fs::write(path("broken.yml"), "- answer: perhaps\n").unwrap();
    let ended = run(&["listen", "--listen", "127.0.0.1:0", "--script", &path("broken.yml")]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("line 1"), "{}", ended.err);
}

#[tokio::test]
async fn tokens_are_made_on_the_command_line() {
    let app = App::start(Setup::dev(), &["alice"]).await;
    let server = format!("http://{}", app.server.addr());
    let made = run(&["token", "user", "alice", "--platform", "1", "--server", &server, "--dev"]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let reply = app.server.rest().with_token(made.out.trim()).post("/msg/get_server_time", &json!({})).await;
    assert_eq!(reply.code(), 0, "{}", reply.body);

    let made = run(&["token", "admin", "--dev", "--json"]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let admin = app.server.rest().with_token(made["token"].as_str().unwrap());
    let reply =
        admin.post("/auth/get_user_token", &json!({ "userID": "alice", "platformID": platform::WEB })).await;
    assert_eq!(reply.code(), 0, "{}", reply.body);

    let unknown = run(&["token", "user", "nobody", "--platform", "1", "--server", &server, "--dev"]).await;
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    let nobody =
        run(&["token", "user", "alice", "--platform", "1", "--server", "http://127.0.0.1:1", "--dev"]).await;
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    assert!(!nobody.err.trim().is_empty());
}

#[tokio::test]
async fn tokens_are_made_from_the_secret_of_a_data_folder() {
    let server = ringback_e2e::server::Server::start(Setup::default()).await;
    let data = server.folder().join("data").display().to_string();
    let made = run(&["token", "admin", "--data-dir", &data]).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let admin = server.rest().with_token(made.out.trim());
    let reply =
        admin.post("/user/user_register", &json!({ "users": [{ "userID": "a", "nickname": "A" }] })).await;
    assert_eq!(reply.code(), 0, "{}", reply.body);
}

#[tokio::test]
async fn config_check_explains_and_warns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("webhooks.yml").display().to_string();
    let text = "url: http://127.0.0.1:10006/callbackExample?x=1\n\
                beforeSendSingleMsg:\n  enable: true\n  timeout: 5\n  failedContinue: true\n  deniedTypes: []\n\
                beforeAddFriend:\n  enable: true\n\
                afterSendSingleMsg:\n  enable: true\n  timeout: 0\n  attentionIds: '[\"a\",\"b\"]'\n\
                afterSendSinglMsg:\n  enable: true\n";
    std::fs::write(&path, text).unwrap();
    let ended = run(&["config", "check", &path]).await;
    assert_eq!(ended.code, Some(0), "warnings are no errors: {ended:?}");
    assert!(!ended.out.contains('\u{1b}'));
    for part in [
        "query",
        "beforeSendSingleMsg",
        "5 s",
        "request for friendship",
        "timeout",
        "afterSendSinglMsg",
        "attentionIds",
    ] {
        assert!(ended.out.contains(part), "{part} in {}", ended.out);
    }
    let lines = run(&["config", "check", &path, "--json"]).await;
    assert_eq!(lines.code, Some(0), "{lines:?}");
    for line in lines.out.lines() {
        let _: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    for (broken, named) in [
        ("url: http://127.0.0.1:1\nbeforeSendSingleMsg: {enable: [tru\n", "not YAML"),
        ("url: http://127.0.0.1:1\nbeforeSendSingleMsg:\n  enable: maybe\n", "3"),
    ] {
        std::fs::write(&path, broken).unwrap();
        let ended = run(&["config", "check", &path]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.both().contains(named), "{named} in {}", ended.both());
    }
    let old = folder.path().join("old.yml").display().to_string();
    std::fs::write(&old, "callback:\n  callbackUrl: http://127.0.0.1:8080/callback\n  callbackbeforeSendSingleMsg:\n    enable: true\n").unwrap();
    let ended = run(&["config", "check", &old]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("callbackbeforeSendSingleMsg"), "{}", ended.out);
    assert_ne!(run(&["config", "check", "/no/such/file.yml"]).await.code, Some(0));
}

#[tokio::test]
async fn what_config_prints_can_be_used() {
    let printed = run(&["config", "print"]).await;
    assert_eq!(printed.code, Some(0));
    for key in ["listen:", "gate:", "max_wait:", "webhooks:", "compat:"] {
        assert!(printed.out.contains(key), "{key} in {}", printed.out);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(CONFIG).display().to_string();
    std::fs::write(&path, &printed.out).unwrap();
    let checked = run(&["config", "check", &path]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    std::fs::write(&path, "secret: deep-secret-text\ngate:\n  max_wait: 3s\n").unwrap();
    let effective = run(&["config", "print", "--effective", "--config", &path]).await;
    assert_eq!(effective.code, Some(0), "{effective:?}");
    assert!(
        effective.out.contains("max_wait: 3s") && !effective.out.contains("deep-secret-text"),
        "{}",
        effective.out
    );
}
