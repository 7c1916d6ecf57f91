//! Rule files in the documents' own words, the environment, and changes while the server runs.
//! Source: documents 000 and 002; openim-callbacks fact sheet 2.

use std::time::Duration;

use ringback_e2e::QUIET;
use ringback_e2e::app::App;
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::server::refused_start;
use ringback_e2e::setup::Setup;
use serde_json::json;

const USERS: &[&str] = &["alice", "bob"];

/// Document 002's sample with its switches on.
fn document_002(url: &str) -> String {
    format!(
        "url: {url}\n\
         beforeSendSingleMsg:\n  enable: true\n  timeout: 5\n  failedContinue: true\n  deniedTypes: []\n\
         beforeUpdateUserInfoEx:\n  enable: true\n  timeout: 5\n  failedContinue: true\n"
    )
}

/// Document 000's sample with its switch on, indented as it is there.
fn document_000(url: &str) -> String {
    format!(
        "   callbackUrl : \"{url}\"\n   \
         # whether anybody is asked\n   \
         callbackbeforeSendSingleMsg:\n     enable: true # on\n     callbackTimeOut: 2 # seconds\n     \
         callbackFailedContinue: true # go on\n"
    )
}

#[tokio::test]
async fn document_002_works_as_printed() {
    let receiver = Receiver::start().await;
    let app = App::start(Setup::dev().webhooks(&document_002(&receiver.url())), USERS).await;
    receiver.next(command::BEFORE_SINGLE, vec![Act::refuse(5001, "no", "")]);
    assert_eq!(app.send("alice", "bob", "x").await.code(), 5001);
    let call = receiver.wait_for_one(command::BEFORE_SINGLE).await;
    assert_eq!(call.path, format!("/callbackExample/{}", command::BEFORE_SINGLE));
}

#[tokio::test]
async fn document_000_works_as_printed() {
    let receiver = Receiver::start().await;
    for text in [document_000(&receiver.url()), format!("callback:\n{}", document_000(&receiver.url()))] {
        let app = App::start(Setup::dev().callback_block(&text), USERS).await;
        receiver.next(
            command::BEFORE_SINGLE,
            vec![Act::json(&json!({ "actionCode": 1, "errCode": 0, "errMsg": "no" }))],
        );
        assert_eq!(app.send("alice", "bob", "x").await.code(), 201);
        assert_eq!(app.send("alice", "bob", "x").await.code(), 0);
    }
    assert_eq!(receiver.calls_of(command::BEFORE_SINGLE)[0].path, "/callbackExample");
}

#[tokio::test]
async fn rules_may_stand_inside_the_settings() {
    let receiver = Receiver::start().await;
    let inline =
        format!("{{ url: \"{}\", beforeSendSingleMsg: {{ enable: true, timeout: 5 }} }}", receiver.url());
    let app = App::start(Setup::dev().setting("webhooks", &inline), USERS).await;
    app.send("alice", "bob", "x").await.data();
    receiver.wait_for_one(command::BEFORE_SINGLE).await;
}

#[tokio::test]
async fn the_environment_wins_over_the_file() {
    let receiver = Receiver::start().await;
    let rules = webhooks(
        "http://127.0.0.1:9/nobody",
        &[
            ("beforeSendSingleMsg", "enable: false, timeout: 5, failedContinue: true"),
            ("afterSendSingleMsg", "enable: false, timeout: 5, attentionIds: [], deniedTypes: []"),
        ],
    );
    for ids in ["carol,bob", r#"["carol","bob"]"#] {
        let before = receiver.calls_of(command::AFTER_SINGLE).len();
        let setup = Setup::dev()
            .webhooks(&rules)
            .env("IMENV_WEBHOOKS_URL", &receiver.url())
            .env("IMENV_WEBHOOKS_BEFORESENDSINGLEMSG_ENABLE", "true")
            .env("IMENV_WEBHOOKS_BEFORESENDSINGLEMSG_FAILEDCONTINUE", "false")
            .env("IMENV_WEBHOOKS_AFTERSENDSINGLEMSG_ENABLE", "true")
            .env("IMENV_WEBHOOKS_AFTERSENDSINGLEMSG_ATTENTIONIDS", ids);
        let app = App::start(setup, &["alice", "bob", "dave"]).await;
        receiver.next(command::BEFORE_SINGLE, vec![Act::text(500, "")]);
        assert_ne!(app.send("alice", "bob", "x").await.code(), 0, "failedContinue is false there");
        app.send("alice", "dave", "x").await.data();
        app.send("alice", "bob", "x").await.data();
        let told = receiver.wait_for(command::AFTER_SINGLE, before + 1).await;
        assert_eq!((told.len(), told[before].text("recvID")), (before + 1, "bob"), "{ids}");
    }
}

#[tokio::test]
async fn settings_come_from_the_environment_too() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev()
        .webhooks(&webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON)]))
        .setting("openim.contract", "v3.5")
        .env("RINGBACK_OPENIM_CONTRACT", "v3.0");
    let app = App::start(setup, USERS).await;
    app.send("alice", "bob", "x").await.data();
    assert_eq!(
        receiver.wait_for_one(command::BEFORE_SINGLE).await.query("command"),
        Some(command::BEFORE_SINGLE)
    );
}

#[tokio::test]
async fn a_changed_file_applies_without_a_restart() {
    let receiver = Receiver::start().await;
    let off = webhooks(&receiver.url(), &[("beforeSendSingleMsg", "enable: false")]);
    let on = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON)]);
    let app = App::start(Setup::dev().webhooks(&off), USERS).await;
    receiver.always(command::BEFORE_SINGLE, Act::refuse(5001, "no", ""));
    app.send("alice", "bob", "nobody is asked").await.data();
    app.server.replace_file("webhooks.yml", &on);
    until_code(&app, 5001).await;

    // A broken file changes nothing, and the log names line and file.
    app.server
        .replace_file("webhooks.yml", "url: http://127.0.0.1:9\nbeforeSendSingleMsg:\n  enable: [tru\n");
    app.server.wait_for_log(&["ERROR", "webhooks.yml:4"]).await;
    assert_eq!(app.send("alice", "bob", "x").await.code(), 5001, "the old rules stay");

    app.server.replace_file("webhooks.yml", &off);
    until_code(&app, 0).await;
}

/// Sends until the sender sees this code.
async fn until_code(app: &App, code: i64) {
    let trying = async {
        while app.send("alice", "bob", "x").await.code() != code {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(ringback_e2e::SOON, trying).await.unwrap_or_else(|_| panic!("{code} never came"));
}

#[tokio::test]
async fn a_hangup_signal_reloads_at_once_and_does_not_end_the_server() {
    let receiver = Receiver::start().await;
    let rules = |on: bool| {
        webhooks(&receiver.url(), &[("beforeSendSingleMsg", if on { ON } else { "enable: false" })])
    };
    let app = App::start(Setup::dev().webhooks(&rules(false)), USERS).await;
    receiver.always(command::BEFORE_SINGLE, Act::refuse(5001, "no", ""));
    app.server.replace_file("webhooks.yml", &rules(true));
    app.server.signal("HUP").await;
    until_code(&app, 5001).await;
}

#[tokio::test]
async fn a_rule_keeps_its_place_over_a_reload() {
    let mut receiver = Receiver::start().await;
    let rules = |timeout: u8| {
        webhooks(&receiver.url(), &[("afterSendSingleMsg", &format!("enable: true, timeout: {timeout}"))])
    };
    let (first, second) = (rules(5), rules(6));
    let app = App::start(Setup::dev().webhooks(&first), USERS).await;
    receiver.go_down().await;
    for number in 0..5 {
        app.send("alice", "bob", &number.to_string()).await.data();
    }
    app.server.replace_file("webhooks.yml", &second);
    app.server.signal("HUP").await;
    receiver.come_back().await;
    let calls = receiver.wait_for(command::AFTER_SINGLE, 5).await;
    let mut texts: Vec<_> = calls.iter().map(|call| call.text("content").to_owned()).collect();
    texts.dedup();
    assert_eq!(texts, (0..5).map(|number| format!(r#"{{"content":"{number}"}}"#)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_rule_that_was_off_starts_at_the_tail() {
    let receiver = Receiver::start().await;
    let rules = |on: bool| {
        let after = if on { ON } else { "enable: false" };
        webhooks(&receiver.url(), &[("afterSendSingleMsg", after), ("beforeSendSingleMsg", ON)])
    };
    let app = App::start(Setup::dev().webhooks(&rules(false)), USERS).await;
    app.send("alice", "bob", "while it was off").await.data();
    app.server.replace_file("webhooks.yml", &rules(true));
    app.server.signal("HUP").await;
    let told = async {
        while receiver.calls_of(command::AFTER_SINGLE).is_empty() {
            app.send("alice", "bob", "on").await.data();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(ringback_e2e::SOON, told).await.expect("the rule is on");
    receiver.wait(QUIET, |_| None::<()>).await;
    let texts: Vec<_> =
        receiver.calls_of(command::AFTER_SINGLE).iter().map(|c| c.text("content").to_owned()).collect();
    assert!(texts.iter().all(|text| text == r#"{"content":"on"}"#), "{texts:?}");
}

#[tokio::test]
async fn broken_files_stop_the_start_with_line_and_reason() {
    let table = [
        (
            Setup::dev().webhooks("url: http://127.0.0.1:9\nbeforeSendSingleMsg: {enable: [tru\n"),
            "webhooks.yml:",
        ),
        (Setup::dev().webhooks("url: http://127.0.0.1:9\nbeforeSendSingleMsg:\n  enable: maybe\n"), "3"),
        (Setup::dev().webhooks("beforeSendSingleMsg:\n  enable: true\n"), "url"),
        (Setup::dev().webhooks("url: ftp://127.0.0.1/x\nbeforeSendSingleMsg:\n  enable: true\n"), "1"),
        (Setup::dev().setting("webhooks", "no-such-file.yml"), "no-such-file.yml"),
        (Setup::dev().setting("gate.max_wiat", "1s"), "max_wait"),
        (Setup::dev().setting("gate.max_wait", "soon"), "max_wait"),
        (Setup::dev().setting("openim.contract", "v9"), "v3.8"),
    ];
    for (setup, named) in table {
        let ended = refused_start(&setup).await;
        assert_eq!(ended.code, Some(2), "{setup:?}: {ended:?}");
        assert!(ended.err.contains(named), "names {named}: {}", ended.err);
    }
}
