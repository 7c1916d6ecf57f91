//! `ringback doctor`: a good receiver passes, and each fault of a bad one is found by its own name.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ringback_e2e::SOON;
use ringback_e2e::binary::{self, Ended, run};
use ringback_e2e::receiver::{Act, Call, Receiver};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

/// One event that is about messages keeps an examination short.
const SENDING: &[&str] = &["--event", "callbackBeforeSendSingleMsgCommand"];

/// The same where the receiver is told: only there does the same come twice.
const SENT: &[&str] = &["--event", "callbackAfterSendSingleMsgCommand"];

async fn doctor(url: &str, more: &[&str]) -> (Ended, Value) {
    let args: Vec<&str> = ["doctor", url, "--json"].iter().chain(more).copied().collect();
    let ended = run(&args).await;
    let report = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    (ended, report)
}

/// Names of the checks that came to this level.
fn at<'a>(report: &'a Value, level: &str) -> BTreeSet<&'a str> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["level"] == level).map(|check| check["check"].as_str().unwrap()).collect()
}

/// `ringback listen`, and where.
async fn listening(more: &[&str]) -> (Child, String) {
    let args = ["listen", "--json", "--listen", "127.0.0.1:0"].iter().chain(more);
    let mut child = binary::command().args(args).stderr(Stdio::inherit()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = tokio::time::timeout(SOON, lines.next_line()).await.unwrap().unwrap().unwrap();
    // Somebody has to read the rest, or it would wait for a reader.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let opening: Value = serde_json::from_str(&first).unwrap();
    (child, opening["url"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_good_receiver_passes() {
    let (_child, url) = listening(&[]).await;
    let (ended, report) = doctor(&url, &[]).await;
    assert_eq!((ended.code, &report["passed"]), (Some(0), &json!(true)), "{report}");
    assert_eq!((at(&report, "failure").len(), report["dialect"].as_str()), (0, Some("openim")), "{report}");
    assert!(
        report["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["check"] == "time" && it["times"]["answers"].as_u64() > Some(40))
    );

    let shown = run(&[
        "doctor",
        &url,
        "--dialect",
        "agora",
        "--phase",
        "before",
        "--event",
        "chat:txt",
        "--timeout",
        "5000",
    ])
    .await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.out.contains("ok       unicode") && !shown.out.contains('\u{1b}'), "{}", shown.out);
    assert!(shown.out.lines().last().unwrap().starts_with("0 failures, 0 warnings, "), "{}", shown.out);
    assert!(shown.err.is_empty(), "no progress where nobody watches: {}", shown.err);
}

/// What a receiver does wrong, the checks that show it, and flags besides [`SENDING`].
async fn is_found(
    what: &str,
    handler: impl Fn(Call) -> Act + Send + Sync + 'static,
    ids: &[&str],
    more: &[&str],
) {
    let more: Vec<&str> = SENDING.iter().chain(more).copied().collect();
    is_found_by(&more, what, handler, ids).await;
}

/// The same with these flags alone.
async fn is_found_by(
    flags: &[&str],
    what: &str,
    handler: impl Fn(Call) -> Act + Send + Sync + 'static,
    ids: &[&str],
) {
    let receiver = Receiver::start_handled(handler).await;
    let (ended, report) = doctor(&receiver.url(), flags).await;
    assert_eq!(at(&report, "failure"), ids.iter().copied().collect(), "{what}: {report:#}");
    assert_eq!(ended.code, Some(1), "{what}");
    let failed = report["checks"].as_array().unwrap().iter().filter(|check| check["level"] == "failure");
    for finding in failed.flat_map(|check| check["findings"].as_array().unwrap()) {
        assert!(!finding["what"].as_str().unwrap().is_empty(), "{what}");
        assert!(!finding["mend"].as_str().unwrap().is_empty(), "{what} says what to do");
    }
}

#[tokio::test]
async fn answers_that_are_none_are_found() {
    is_found("HTML", |_| Act::text(200, "<html>It works!</html>"), &["answer"], &[]).await;
    is_found("fails", |_| Act::text(500, "oh no"), &["status"], &[]).await;
    is_found("a number as text", |_| Act::json(&json!({"actionCode": 0, "nextCode": "0"})), &["answer"], &[])
        .await;
    let veto = |_| Act::json(&json!({"actionCode": 1, "nextCode": 1, "errCode": 5001, "errMsg": "no"}));
    is_found("another contract's veto", veto, &["meaning"], &[]).await;
    is_found("sends elsewhere", |_| Act::redirect(302, "http://127.0.0.1:9/".to_owned()), &["redirect"], &[])
        .await;
    let closed = { Receiver::start().await.url() };
    let (ended, report) = doctor(&closed, SENDING).await;
    assert_eq!((ended.code, at(&report, "failure")), (Some(1), BTreeSet::from(["reachable"])), "{report}");
}

#[tokio::test]
async fn answers_that_are_too_long_are_found() {
    let long = "x".repeat(1000);
    let family = json!({"valid": true, "x": long});
    let receiver = Receiver::start_handled(move |_| Act::json(&family)).await;
    let of_family = ["--dialect", "easemob", "--phase", "before", "--event", "chat:txt", "--timeout", "5000"];
    let (ended, report) = doctor(&receiver.url(), &of_family).await;
    assert_eq!((ended.code, at(&report, "failure")), (Some(1), BTreeSet::from(["length"])), "{report}");

    // The other contracts take it: then it is a warning.
    let other = json!({"x": "x".repeat(4000)});
    let receiver = Receiver::start_handled(move |_| Act::json(&other)).await;
    let (ended, report) = doctor(&receiver.url(), SENDING).await;
    assert_eq!((ended.code, at(&report, "warning")), (Some(0), BTreeSet::from(["length"])), "{report}");
    let strict: Vec<&str> = SENDING.iter().chain(&["--strict"]).copied().collect();
    assert_eq!(doctor(&receiver.url(), &strict).await.0.code, Some(1));
}

#[tokio::test]
async fn receivers_that_do_not_know_what_they_have_seen_are_found() {
    let seen = Mutex::new(HashSet::new());
    let conflict = move |call: Call| {
        let is_new = seen.lock().unwrap().insert(call.header("webhook-id").unwrap().to_owned());
        if is_new { Act::allow() } else { Act::text(409, "seen") }
    };
    is_found_by(SENT, "conflict", conflict, &["duplicates", "replay"]).await;
    let stored = AtomicUsize::new(0);
    let counts = move |_| Act::json(&json!({"stored": stored.fetch_add(1, Ordering::SeqCst)}));
    is_found_by(SENT, "counts", counts, &["duplicates"]).await;

    // Who is asked is asked once: there it is worth a word and no more.
    let stored = AtomicUsize::new(0);
    let receiver = Receiver::start_handled(move |_| {
        Act::json(&json!({"stored": stored.fetch_add(1, Ordering::SeqCst)}))
    })
    .await;
    let (ended, report) = doctor(&receiver.url(), SENDING).await;
    assert_eq!((ended.code, at(&report, "failure").len()), (Some(0), 0), "{report}");
    assert!(at(&report, "warning").contains("duplicates"), "{report}");
    assert!(at(&report, "skipped").contains("replay"), "{report}");
}

#[tokio::test]
async fn receivers_that_stumble_over_bodies_are_found() {
    let wide = |call: Call| {
        let is_wide = String::from_utf8_lossy(&call.bytes).chars().any(|letter| u32::from(letter) > 0xffff);
        if is_wide { Act::text(500, "Incorrect string value") } else { Act::allow() }
    };
    is_found("no emoji", wide, &["unicode"], &[]).await;
    let small = |call: Call| if call.bytes.len() > 100_000 { Act::text(413, "") } else { Act::allow() };
    is_found("small bodies", small, &["largest"], &[]).await;
    let refused = |call: Call| {
        let body = json!({"actionCode": 1, "nextCode": 1, "errCode": 5001});
        if call.text("content").contains("buy now") { Act::json(&body) } else { Act::allow() }
    };
    is_found("a refusal that is none", refused, &["refusal"], &["--refused", "buy now"]).await;
}

#[tokio::test]
async fn receivers_that_look_at_no_signature_are_found() {
    let ids = ["signature-wrong", "signature-missing"];
    is_found("takes all", |_| Act::allow(), &ids, &["--secret", "s3cret"]).await;
    let (ended, report) = {
        let receiver = Receiver::start_handled(|_| Act::json(&json!({"valid": true}))).await;
        let more =
            ["--dialect", "shengwang", "--event", "chat:txt", "--secret", "s3cret", "--timeout", "5000"];
        doctor(&receiver.url(), &more).await
    };
    assert_eq!((ended.code, at(&report, "failure")), (Some(1), BTreeSet::from(ids)), "{report}");
    let said = format!("{}{}", ended.both(), report);
    assert!(!said.contains("s3cret"), "the secret is nobody's business");
}

#[tokio::test]
async fn receivers_that_are_slow_or_serve_one_at_a_time_are_found() {
    let slow = |_| Act::allow().after(Duration::from_millis(600));
    is_found("slow", slow, &["time"], &["--timeout", "1000", "--burst", "2"]).await;

    let busy = Arc::new(AtomicUsize::new(0));
    let one_by_one = move |_| {
        if busy.fetch_add(1, Ordering::SeqCst) > 0 {
            busy.fetch_sub(1, Ordering::SeqCst);
            return Act::text(503, "busy");
        }
        let busy = Arc::clone(&busy);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            busy.fetch_sub(1, Ordering::SeqCst);
        });
        // Free again before it answers, so that who comes after the answer is served.
        Act::allow().after(Duration::from_millis(200))
    };
    is_found("one at a time", one_by_one, &["burst"], &[]).await;
}

/// The cases of a JUnit document: suite, name, and what came of it. Panics where tags do not fit together.
fn cases(document: &str) -> Vec<(String, String, &'static str)> {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{name} in {tag}")).1;
        value.split('"').next().unwrap().to_owned()
    };
    let (mut open, mut suite, mut cases) = (Vec::new(), String::new(), Vec::new());
    assert!(document.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    for part in document.split('<').skip(2) {
        let (tag, text) = part.split_once('>').expect("every tag ends");
        assert!(
            text.split('&')
                .skip(1)
                .all(|entity| entity.split(';').next().is_some_and(|name| name.len() <= 6))
        );
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()), "{document}");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap();
        match name {
            "testsuite" => suite = attribute(tag, "name"),
            "testcase" => cases.push((suite.clone(), attribute(tag, "name"), "ok")),
            "failure" => cases.last_mut().unwrap().2 = "failure",
            "skipped" => cases.last_mut().unwrap().2 = "skipped",
            _ => {}
        }
        if !tag.ends_with('/') {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    cases
}

#[tokio::test]
async fn the_report_for_ci_says_the_same() {
    let receiver = Receiver::start_handled(|_| Act::text(500, "<b>\"oh\" & no\u{1}</b>")).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.xml");
    let path = path.to_str().unwrap();
    let more = [SENDING, &["--event", "callbackAfterSendSingleMsgCommand", "--junit", path]].concat();
    let (ended, report) = doctor(&receiver.url(), &more).await;
    assert_eq!(ended.code, Some(1));
    let document = std::fs::read_to_string(Path::new(path)).unwrap();
    let cases = cases(&document);
    let checks = report["checks"].as_array().unwrap();
    assert_eq!(cases.len(), checks.len());
    for (check, (suite, name, came)) in checks.iter().zip(&cases) {
        assert_eq!(
            (check["phase"].as_str(), check["check"].as_str()),
            (Some(suite.as_str()), Some(name.as_str()))
        );
        let level = check["level"].as_str().unwrap();
        assert_eq!(*came, if level == "warning" { "ok" } else { level }, "{name}");
    }
    let failed: Vec<_> = cases
        .iter()
        .filter(|(_, _, came)| *came == "failure")
        .map(|(suite, name, _)| (suite.as_str(), name.as_str()))
        .collect();
    assert_eq!(failed, [("before", "status"), ("after", "status")]);
    assert!(
        document.contains("HTTP 500") && document.contains("&lt;b&gt;&quot;oh&quot; &amp; no"),
        "{document}"
    );

    let nowhere = ["--junit", "/nowhere/at/all.xml"];
    let url = receiver.url();
    let ended = run(&[&["doctor", &url][..], SENDING, &nowhere].concat()).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("cannot write /nowhere/at/all.xml"), "{ended:?}");
}

#[tokio::test]
async fn the_catalogue_is_shown_and_wrong_use_is_2() {
    let list = run(&["doctor", "--list"]).await;
    assert_eq!(list.code, Some(0), "{list:?}");
    for id in [
        "reachable",
        "status",
        "meaning",
        "duplicates",
        "unicode",
        "signature-wrong",
        "slow-sending",
        "burst",
    ] {
        assert!(list.out.lines().any(|line| line.starts_with(id)), "{id} in {}", list.out);
    }
    let machines: Value = serde_json::from_str(&run(&["doctor", "--list", "--json"]).await.out).unwrap();
    assert_eq!(machines["checks"].as_array().unwrap().len(), list.out.lines().count() - 1);
    for (args, says) in [
        (&["doctor"][..], "required"),
        (&["doctor", "not a url"], "not a URL"),
        (&["doctor", "ftp://x/"], "http://"),
        (&["doctor", "http://x/", "--dialect", "klingon"], "known are openim"),
        (&["doctor", "http://x/", "--event", "callbackBeforeSendSingelMsgCommand"], "did you mean"),
        (&["doctor", "http://x/", "--burst", "0"], "from 1 to"),
        (&["doctor", "http://x/", "--secret", "whsk_?"], "not base64"),
        (&["doctor", "http://x/", "--standard-webhooks"], "--secret"),
    ] {
        let ended = run(args).await;
        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(ended.err.contains(says), "{args:?}: {ended:?}");
    }
    let (ended, report) = doctor("http://169.254.169.254/latest", SENDING).await;
    assert_eq!((ended.code, at(&report, "failure")), (Some(1), BTreeSet::from(["reachable"])));
    assert!(ended.out.contains("may not call"), "{}", ended.out);
}
