//! The keyword filter: lists by API and file, every action, both ways in, what is told of it, and what is not asked.

use http::Method;
use ringback_e2e::QUIET;
use ringback_e2e::app::{conversation, platform, texts};
use ringback_e2e::family::Family;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::setup::Setup;
use ringback_e2e::until;
use serde_json::{Value, json};

const LISTS: &str = "/admin/v1/keywords";

async fn put(family: &Family, name: &str, action: &str, words: &[&str]) -> Value {
    let body = json!({ "action": action, "words": words });
    family.ok(Method::PUT, &format!("{LISTS}/{name}"), Some(&body)).await
}

async fn verdict(family: &Family, text: &str) -> Value {
    family.ok(Method::POST, &format!("{LISTS}/check"), Some(&json!({ "text": text }))).await
}

/// Waits until a text is judged like this; the file is looked at every second.
async fn wait_for_verdict(family: &Family, text: &str, wanted: &str) {
    until(&format!("{text:?} becomes {wanted}"), async || {
        (verdict(family, text).await["verdict"] == wanted).then_some(())
    })
    .await;
}

#[tokio::test]
async fn words_are_refused_replaced_and_reported_both_ways_in() {
    let asked = Receiver::start().await;
    let told = Receiver::start().await;
    let mut family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let before = json!({ "name": "screen", "dialect": "easemob", "phase": "before", "url": asked.url(), "enabled": true });
    family.rule(&before).await;
    let after = json!({ "name": "record", "dialect": "easemob", "phase": "after", "url": told.url(), "enabled": true,
        "events": ["sensitiveWords"] });
    family.rule(&after).await;
    assert_eq!(put(&family, "never", "refuse", &["forbidden", "禁词"]).await["count"], json!(2));
    put(&family, "stars", "replace", &["rude"]).await;
    put(&family, "notes", "report", &["watch"]).await;

    let alice = family.app.login("alice", platform::WEB).await;
    let bob = family.app.login("bob", platform::WEB).await;
    let refused = alice.send(&alice.text_to("bob", "this is ＦＯＲＢＩＤＤＥＮ")).await;
    assert_ne!(refused.told.code, 0, "{:?}", refused.told);
    assert_eq!(asked.calls().len(), 0, "nobody is asked about what is refused here");
    let by_rest = json!({ "from": "alice", "to": ["bob"], "type": "txt", "body": { "msg": "有禁词吗" } });
    let path = "/app-id/demo/messages/users";
    let reply = family.call(Method::POST, path, Some(&by_rest)).await;
    assert_eq!((reply.status, &reply.body["error"]), (403, &json!("message_send_error")), "{}", reply.body);
    assert_eq!(asked.calls().len(), 0);

    alice.send(&alice.text_to("bob", "how RUDE of you")).await.taken();
    family.send("alice", &["bob"], "rude again").await;
    family.send("alice", &["bob"], "watch this").await;
    let seen = texts(&bob.wait_for_messages(3).await);
    assert_eq!(seen.len(), 3, "{seen:?}");
    for said in ["how *** of you", "*** again", "watch this"] {
        assert!(seen.iter().any(|text| text.contains(said)), "{said}: {seen:?}");
    }
    assert_eq!(
        asked.calls().len(),
        1,
        "of those that pass, what a client says is asked about, as it is then"
    );

    // One event per message, in both cases durable: five of them.
    until("five are told of", async || (told.calls().len() >= 5).then_some(())).await;
    let mut told: Vec<(String, Value)> = told
        .calls()
        .iter()
        .map(|call| {
            (call.body["status"].as_str().unwrap_or_default().to_owned(), call.body["sensitiveWords"].clone())
        })
        .collect();
    told.sort_by_key(|(status, words)| (status.clone(), words.to_string()));
    let expected = [
        ("pass", "watch"),
        ("refuse", "forbidden"),
        ("refuse", "禁词"),
        ("replace", "rude"),
        ("replace", "rude"),
    ];
    assert_eq!(told, expected.map(|(status, word)| (status.to_owned(), json!([word]))));

    // After a restart the lists are in force, and what was refused was never stored.
    assert!(family.app.server.stop().await.success());
    family.app.server.restart().await;
    family.log_in().await;
    assert_eq!(verdict(&family, "a forbidden word").await["verdict"], json!("refuse"));
    let history = family.app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(history.len(), 3, "{history:?}");
    family.ok(Method::DELETE, &format!("{LISTS}/never"), None).await;
    assert_eq!(verdict(&family, "a forbidden word").await["verdict"], json!("pass"));
    assert_eq!(family.call(Method::GET, &format!("{LISTS}/never"), None).await.status, 404);
}

#[tokio::test]
async fn the_file_is_read_again_and_a_broken_one_changes_nothing() {
    let file = "lists:\n  - name: house\n    action: replace\n    words: [rude]\n  - name: long\n    file: long.txt\n";
    let setup = Setup::dev()
        .setting("keywords.path", "words.yml")
        .file("words.yml", file)
        .file("long.txt", "# remark\nforbidden\n");
    let mut family = Family::start(setup, &["alice", "bob"]).await;
    let tried = verdict(&family, "how rude").await;
    assert_eq!((&tried["verdict"], &tried["text"]), (&json!("replace"), &json!("how ***")));
    assert_eq!(verdict(&family, "forbidden").await["lists"], json!(["long"]));
    let body = json!({ "action": "report", "words": ["x"] });
    let taken = family.call(Method::PUT, &format!("{LISTS}/house"), Some(&body)).await;
    assert_eq!((taken.status, &taken.body["error"]["code"]), (409, &json!("read_only")));

    family.app.server.replace_file("long.txt", "forbidden\nbanished\n");
    wait_for_verdict(&family, "banished", "refuse").await;
    family.app.server.replace_file("words.yml", "lists:\n  - name: house\n    action: shout\n");
    family.app.server.wait_for_log(&["words.yml:3", "refuse, replace or report"]).await;
    assert_eq!(verdict(&family, "banished").await["verdict"], json!("refuse"), "the old lists stay");
    family.app.server.replace_file("words.yml", "lists:\n  - name: house\n    words: [polite]\n");
    wait_for_verdict(&family, "polite", "refuse").await;
    assert_eq!(verdict(&family, "banished").await["verdict"], json!("pass"));
    assert!(family.app.server.stop().await.success());
    family.app.server.restart().await;
    family.log_in().await;
    assert_eq!(verdict(&family, "polite").await["verdict"], json!("refuse"));
}

#[tokio::test]
async fn lists_that_cannot_be_used_are_refused_and_change_nothing() {
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    put(&family, "house", "refuse", &["rude"]).await;
    for (path, body, said) in [
        ("house", json!({ "action": "shout", "words": ["a"] }), "refuse, replace or report"),
        ("house", json!({ "action": "refuse", "words": ["fine", " "] }), "number 2"),
        ("house", json!({ "action": "refuse", "words": ["x".repeat(300)] }), "300 bytes"),
        ("house", json!({ "action": "refuse", "wrods": ["a"] }), "wrods"),
        ("house", json!({ "action": "refuse", "words": [], "chats": ["shop"] }), "single, group and room"),
        ("check", json!({ "action": "refuse", "words": ["a"] }), "PUT"),
        ("a%20b", json!({ "action": "refuse", "words": ["a"] }), "letters"),
    ] {
        let reply = family.call(Method::PUT, &format!("{LISTS}/{path}"), Some(&body)).await;
        assert!((400..500).contains(&reply.status), "{path} {body}: {}", reply.status);
        assert!(path == "check" || reply.body.to_string().contains(said), "{}", reply.body);
    }
    assert_eq!(verdict(&family, "rude").await["verdict"], json!("refuse"));
    assert_eq!(verdict(&family, "fine").await["verdict"], json!("pass"));
    // Rooms only: what is said between two is not looked at.
    let rooms = json!({ "action": "refuse", "words": ["secret"], "chats": ["room"] });
    family.ok(Method::PUT, &format!("{LISTS}/rooms"), Some(&rooms)).await;
    family.send("alice", &["bob"], "a secret").await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(family.app.history("bob", &conversation("alice", "bob")).await.len(), 1);
}
