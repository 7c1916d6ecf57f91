//! Pre-send callbacks: the decision table of the easemob-callbacks fact sheet 2.5 row by row, as a real client sees
//! it.

use std::time::{Duration, Instant};

use http::Method;
use ringback_e2e::app::{conversation, platform};
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::act::Deed;
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::SendMsgResp;
use ringback_e2e::{QUIET, app};
use serde_json::{Value, json};

const USERS: [&str; 3] = ["alice", "bob", "carol"];

fn before(url: &str, changes: &Value) -> Value {
    let mut rule = json!({ "name": "审核/规则", "dialect": "easemob", "phase": "before", "url": url });
    rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    rule
}

fn after(url: &str) -> Value {
    json!({ "name": "record", "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": url, "copies": ["chat"] })
}

#[tokio::test]
async fn the_decision_table() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &USERS).await;
    family.rule(&after(&receiver.url())).await;
    let made =
        family.rule(&before(&receiver.url(), &json!({ "show_error": true, "on_failure": "refuse" }))).await;
    assert_eq!(made["timeout_ms"], json!(200), "the documented default");
    let client = family.app.login("alice", platform::WEB).await;
    let bob = family.app.login("bob", platform::WEB).await;
    let long = json!({ "valid": true, "code": "x".repeat(1000) }).to_string();
    let wide =
        |text: &str| json!({ "valid": true, "payload": { "bodies": [{ "type": "txt", "msg": text }] } });
    let internal = "custom internal error";
    // What the receiver does; the text that bob gets or the error that alice gets.
    let table: Vec<(&str, Act, Result<&str, &str>)> = vec![
        ("row 1", Act::json(&json!({ "valid": true })), Ok("row 1")),
        (
            "row 1, a code means nothing",
            Act::json(&json!({ "valid": true, "code": "no" })),
            Ok("row 1, a code means nothing"),
        ),
        ("row 2", Act::json(&wide("b** now")), Ok("b** now")),
        (
            "row 2, flat",
            Act::json(&json!({ "valid": true, "payload": { "type": "txt", "msg": "flat" } })),
            Ok("flat"),
        ),
        (
            "row 3",
            Act::json(&json!({ "valid": false, "code": "AD-01 advertising" })),
            Err("AD-01 advertising"),
        ),
        ("row 4", Act::json(&json!({ "valid": false })), Err("custom logic denied")),
        (
            "row 5",
            Act::json(&json!({ "valid": false, "code": "" })),
            Err("Message blocked by external logic"),
        ),
        ("row 6", Deed::Hang.into(), Err(internal)),
        ("row 7, no valid", Act::json(&json!({ "code": "x" })), Err(internal)),
        ("row 7, wrong type", Act::json(&json!({ "valid": "true" })), Err(internal)),
        ("row 7, wrong code", Act::json(&json!({ "valid": false, "code": 7 })), Err(internal)),
        ("row 7, not JSON", Act::text(200, "ok"), Err(internal)),
        ("row 7, an array", Act::text(200, "[]"), Err(internal)),
        ("row 7, too long", Act::text(200, &long), Err(internal)),
        // The whole answer has at most 1,000 characters: only wide ones make a payload of more than 1,024 bytes.
        ("row 7, payload too long", Act::json(&wide(&"字".repeat(400))), Err(internal)),
        (
            "row 7, payload of another type",
            Act::json(
                &json!({ "valid": true, "payload": { "bodies": [{ "type": "img", "url": "http://x" }] } }),
            ),
            Err(internal),
        ),
        ("row 8", Act::text(500, "{\"valid\":true}"), Err(internal)),
        ("row 8, 201", Act::text(201, "{\"valid\":true}"), Err(internal)),
        ("row 8, redirect", Act::redirect(302, receiver.url()), Err(internal)),
        ("row 8, closed", Deed::Close.into(), Err(internal)),
    ];
    let mut delivered = 0;
    for (name, act, wanted) in table {
        let calls = receiver.calls_of(callback::BEFORE).len();
        receiver.next(callback::BEFORE, vec![act]);
        let told = client.send(&client.text_to("bob", name)).await.told;
        match wanted {
            Ok(text) => {
                let sent: SendMsgResp = told.expect();
                delivered += 1;
                let call = receiver.wait_for(callback::CHAT, delivered).await.remove(delivered - 1);
                assert_eq!(
                    call.body["payload"]["bodies"][0]["msg"],
                    json!(text),
                    "{name}: told as delivered"
                );
                assert!(!sent.server_msg_id.is_empty());
                assert_eq!(bob.wait_for_messages(delivered).await[delivered - 1].text(), text, "{name}");
            }
            Err(text) => assert_eq!((told.code, told.text.as_str()), (508, text), "{name}"),
        }
        assert_eq!(receiver.calls_of(callback::BEFORE).len(), calls + 1, "{name}: asked once, never again");
    }
    tokio::time::sleep(QUIET).await;
    assert_eq!(receiver.calls_of(callback::CHAT).len(), delivered, "what was blocked is not told");
    let history = family.app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(history.len(), delivered);
    let seqs: Vec<i64> = history.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=i64::try_from(delivered).unwrap()).collect::<Vec<_>>(), "no seq is used up");
}

#[tokio::test]
async fn what_passes_by_default() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &USERS).await;
    let made = family.rule(&before(&receiver.url(), &json!({}))).await;
    assert_eq!((&made["on_failure"], &made["show_error"]), (&json!("continue"), &json!(false)));
    let client = family.app.login("alice", platform::WEB).await;
    receiver.next(callback::BEFORE, vec![Deed::Hang.into(), Act::text(500, ""), Act::text(200, "{}")]);
    for text in ["late", "broken", "empty"] {
        let begun = Instant::now();
        client.send(&client.text_to("bob", text)).await.taken();
        assert!(begun.elapsed() < Duration::from_secs(2), "{text}: after 200 ms it goes on");
    }
    assert_eq!(family.app.history("bob", &conversation("alice", "bob")).await.len(), 3);
}

#[tokio::test]
async fn what_is_blocked_in_silence() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &USERS).await;
    family.rule(&after(&receiver.url())).await;
    family.rule(&before(&receiver.url(), &json!({ "on_failure": "refuse", "timeout_ms": 500 }))).await;
    let client = family.app.login("alice", platform::WEB).await;
    let bob = family.app.login("bob", platform::WEB).await;
    receiver.next(
        callback::BEFORE,
        vec![Act::json(&json!({ "valid": false, "code": "never shown" })), Act::text(500, "")],
    );
    for text in ["blocked", "blocked by policy"] {
        let sent: SendMsgResp = client.send(&client.text_to("bob", text)).await.taken();
        assert!(!sent.server_msg_id.is_empty() && sent.send_time > 0, "ids and time, as if it were sent");
    }
    receiver.next(callback::BEFORE, vec![Act::json(&json!({ "valid": true }))]);
    client.send(&client.text_to("bob", "passes")).await.taken();
    assert_eq!(app::texts(&bob.wait_for_messages(1).await), ["passes"]);
    assert_eq!(receiver.wait_for(callback::CHAT, 1).await.len(), 1);
    let history = family.app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(history.len(), 1, "nothing of what was blocked is stored");
    assert_eq!(history[0]["seq"], json!(1), "and no seq was used");
}

#[tokio::test]
async fn rest_messages_are_never_asked_about() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &USERS).await;
    family.rule(&after(&receiver.url())).await;
    family.rule(&before(&receiver.url(), &json!({ "on_failure": "refuse" }))).await;
    receiver.always(callback::BEFORE, Act::json(&json!({ "valid": false })));
    family.send("alice", &["bob"], "by REST").await;
    assert_eq!(family.app.send("alice", "bob", "by the other REST").await.code(), 0);
    receiver.wait_for(callback::CHAT, 2).await;
    assert!(receiver.calls_of(callback::BEFORE).is_empty());
}

#[tokio::test]
async fn the_request_is_as_documented_for_groups_and_types() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &USERS).await;
    let texts_only = json!({ "name": "texts", "dialect": "easemob", "phase": "before", "url": receiver.url(),
        "events": ["groupchat:txt"] });
    family.rule(&texts_only).await;
    receiver.always(callback::BEFORE, Act::json(&json!({ "valid": true })));
    let group = family.app.group("alice", &["bob"]).await;
    let client = family.app.login("alice", platform::WEB).await;
    client.send(&client.text_to("bob", "single: not selected")).await.taken();
    let sent: SendMsgResp = client.send(&client.text_to_group(&group, "to all")).await.taken();
    let call = receiver.wait_for_one(callback::BEFORE).await;
    assert_eq!(receiver.calls_of(callback::BEFORE).len(), 1);
    assert!(call.body.get("eventType").is_none(), "{}", call.body);
    assert_eq!((call.text("chat_type"), call.text("group_id")), ("groupchat", group.as_str()));
    assert_eq!((call.text("from"), call.text("to")), ("alice", group.as_str()));
    assert!(call.text("callId").starts_with("demo#demo_"));
    assert_eq!(call.body["payload"]["bodies"], json!([{ "type": "txt", "msg": "to all" }]));
    let number = u64::from_str_radix(&sent.server_msg_id[..16], 16).unwrap();
    assert_eq!(call.text("msg_id"), number.to_string(), "the id that the receiver gets");
    // The rule goes: at once, nobody is asked any more.
    family.ok(Method::DELETE, "/admin/v1/rules/texts", None).await;
    client.send(&client.text_to_group(&group, "unasked")).await.taken();
    assert_eq!(receiver.calls_of(callback::BEFORE).len(), 1);
}
