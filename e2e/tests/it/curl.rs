//! A newcomer with `curl` and the documents' own configuration files.

use std::time::Duration;

use ringback_e2e::app::conversation;
use ringback_e2e::receiver::act::Deed;
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::command;
use ringback_e2e::server::Server;
use ringback_e2e::setup::Setup;
use ringback_e2e::skip;
use serde_json::{Value, json};
use tokio::process::Command;

/// Length of the receiver's absence: long enough for a breaker to open. `RINGBACK_OUTAGE_S` makes it a minute.
fn outage() -> Duration {
    let text = std::env::var("RINGBACK_OUTAGE_S").ok();
    Duration::from_secs(text.and_then(|text| text.parse().ok()).unwrap_or(6))
}

async fn curl(server: &Server, path: &str, token: &str, body: &Value) -> Value {
    let output = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            "--noproxy",
            "*",
            "-H",
            "operationID: 1646445464564",
        ])
        .args([
            "-H",
            "Content-Type: application/json",
            "-H",
            &format!("token: {token}"),
            "-d",
            &body.to_string(),
        ])
        .arg(format!("http://{}{path}", server.addr()))
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

async fn newcomers(server: &Server) -> String {
    let ask = json!({ "secret": "openIM123", "userID": "imAdmin" });
    let answer = curl(server, "/auth/get_admin_token", "", &ask).await;
    let token = answer["data"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let users = json!({ "users": [{ "userID": "user123", "nickname": "John" }, { "userID": "user456", "nickname": "Jane" }] });
    assert_eq!(curl(server, "/user/user_register", &token, &users).await["errCode"], json!(0));
    token
}

async fn send(server: &Server, token: &str, text: &str) -> Value {
    curl(server, "/msg/send_msg", token, &ringback_e2e::app::single("user123", "user456", text)).await
}

async fn stored(server: &Server, token: &str) -> usize {
    let name = conversation("user123", "user456");
    let range = json!({ "conversationID": name, "begin": 1, "end": 100, "num": 100 });
    let body = json!({ "userID": "user456", "seqRanges": [range], "order": 0 });
    let answer = curl(server, "/msg/pull_msg_by_seq", token, &body).await;
    answer["data"]["msgs"][&name]["Msgs"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn document_002_from_top_to_bottom() {
    if !ringback_e2e::curl::installed().await {
        return skip::note("curl::document_002_from_top_to_bottom", "curl or md5sum is not installed");
    }
    let mut receiver = Receiver::start().await;
    let rules = |go_on: bool| {
        format!(
            "url: {}\n\
             beforeSendSingleMsg:\n  enable: true\n  timeout: 1\n  failedContinue: {go_on}\n  deniedTypes: []\n\
             beforeMsgModify:\n  enable: true\n  timeout: 1\n  failedContinue: true\n\
             afterSendSingleMsg:\n  enable: true\n  timeout: 5\n",
            receiver.url()
        )
    };
    let (go_on, stop) = (rules(true), rules(false));
    let server = Server::start(Setup::dev().webhooks(&go_on)).await;
    let token = newcomers(&server).await;

    let sent = send(&server, &token, "Hello, how are you?").await;
    assert_eq!(sent["errCode"], json!(0), "{sent}");
    let told = receiver.wait_for_one(command::AFTER_SINGLE).await;
    assert_eq!(told.text("serverMsgID"), sent["data"]["serverMsgID"].as_str().unwrap());
    assert_eq!(told.header("operationid"), Some("1646445464564"));

    receiver.next(
        command::BEFORE_SINGLE,
        vec![Act::refuse(5001, "An error message", "Detailed error information")],
    );
    let refused = send(&server, &token, "refuse me").await;
    assert_eq!(
        refused,
        json!({ "errCode": 5001, "errMsg": "An error message", "errDlt": "Detailed error information" })
    );

    receiver.next(
        command::MODIFY,
        vec![Act::json(&json!({ "actionCode": 0, "nextCode": 0, "content": "{\"content\":\"rewritten\"}" }))],
    );
    let rewritten = send(&server, &token, "rewrite me").await;
    assert_eq!(rewritten["data"]["modify"]["content"], json!("{\"content\":\"rewritten\"}"), "{rewritten}");

    receiver.next(command::BEFORE_SINGLE, vec![Deed::Hang.into()]);
    assert_eq!(send(&server, &token, "goes on without an answer").await["errCode"], json!(0));
    server.replace_file("webhooks.yml", &stop);
    server.signal("HUP").await;
    let refusing = async {
        loop {
            receiver.next(command::BEFORE_SINGLE, vec![Deed::Hang.into()]);
            let answer = send(&server, &token, "needs an answer").await;
            if answer["errCode"] != json!(0) {
                return answer;
            }
        }
    };
    let answer = tokio::time::timeout(ringback_e2e::SOON, refusing).await.expect("the new file applies");
    assert_eq!(answer["errCode"], json!(90_004), "{answer}");

    server.replace_file("webhooks.yml", &go_on);
    server.signal("HUP").await;
    let before = stored(&server, &token).await;
    receiver.wait_for(command::AFTER_SINGLE, before).await;
    receiver.go_down().await;
    let going_on =
        async { while send(&server, &token, "while nobody listens").await["errCode"] != json!(0) {} };
    tokio::time::timeout(ringback_e2e::SOON, going_on).await.expect("the file applies again");
    for number in 0..5 {
        assert_eq!(
            send(&server, &token, &format!("while nobody listens {number}")).await["errCode"],
            json!(0)
        );
    }
    tokio::time::sleep(outage()).await;
    receiver.come_back().await;
    let all = stored(&server, &token).await;
    let told = receiver
        .wait(Duration::from_secs(90), |calls| {
            let mut seqs: Vec<i64> = calls
                .iter()
                .filter(|call| call.command == command::AFTER_SINGLE)
                .map(|call| call.number("seq"))
                .collect();
            seqs.dedup();
            let distinct: std::collections::BTreeSet<_> = seqs.iter().copied().collect();
            (distinct.len() == all).then_some(seqs)
        })
        .await
        .expect("everything is told in the end");
    assert!(told.is_sorted(), "in the order of the conversation: {told:?}");
}

#[tokio::test]
async fn document_000_from_top_to_bottom() {
    if !ringback_e2e::curl::installed().await {
        return skip::note("curl::document_000_from_top_to_bottom", "curl or md5sum is not installed");
    }
    let mut receiver = Receiver::start().await;
    let block = |go_on: bool| {
        format!(
            "callbackUrl : \"{}\"\n\
             callbackWordFilter:\n  enable: true\n  callbackTimeOut: 2\n  callbackFailedContinue: true\n\
             callbackbeforeSendSingleMsg:\n  enable: true\n  callbackTimeOut: 1\n  callbackFailedContinue: {go_on}\n\
             callbackAfterSendSingleMsg:\n  enable: true\n  callbackTimeOut: 2\n",
            receiver.url()
        )
    };
    let (go_on, stop) = (block(true), block(false));
    for (text, code) in [(go_on, 0), (stop, 90_004)] {
        let server = Server::start(Setup::dev().callback_block(&text)).await;
        let token = newcomers(&server).await;
        let sent = send(&server, &token, "buy cheap stuff").await;
        assert_eq!(sent["errCode"], json!(0), "{sent}");
        receiver.next(
            command::WORD_FILTER,
            vec![Act::json(&json!({ "actionCode": 0, "errCode": 0, "content": "buy ***** stuff" }))],
        );
        let filtered = send(&server, &token, "buy cheap stuff").await;
        assert!(
            filtered["data"]["modify"]["content"].as_str().unwrap().contains("buy ***** stuff"),
            "{filtered}"
        );
        receiver.next(
            command::BEFORE_SINGLE,
            vec![Act::json(&json!({ "actionCode": 1, "errCode": 0, "errMsg": "no" }))],
        );
        let refused = send(&server, &token, "refuse me").await;
        assert_eq!((&refused["errCode"], &refused["errMsg"]), (&json!(201), &json!("no")));
        receiver.next(command::BEFORE_SINGLE, vec![Deed::Hang.into()]);
        assert_eq!(send(&server, &token, "no answer").await["errCode"], json!(code));

        receiver.go_down().await;
        let lost = format!("while nobody listens {code}");
        assert_eq!(send(&server, &token, &lost).await["errCode"], json!(code));
        tokio::time::sleep(Duration::from_secs(1)).await;
        receiver.come_back().await;
        let marker = format!("back again {code}");
        let back = async { while send(&server, &token, &marker).await["errCode"] != json!(0) {} };
        tokio::time::timeout(ringback_e2e::SOON, back).await.expect("the receiver is found again");
        let told = receiver.wait(Duration::from_secs(60), |calls| {
            let told = calls.iter().filter(|call| call.command == command::AFTER_SINGLE);
            let texts: Vec<String> = told.map(|call| call.text("content").to_owned()).collect();
            texts.contains(&marker).then_some(texts)
        });
        let told = told.await.expect("told after the pause, behind what waited");
        assert_eq!(
            told.contains(&lost),
            code == 0,
            "what was sent is told, what was refused is not: {told:?}"
        );
    }
}
