//! A rule whose receiver refuses some callbacks for good, among rules that kills are tested with: it bans the app
//! again and again, and every message is delivered or parked for it, however often the server is killed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use http::Method;
use ringback_e2e::app::content;
use ringback_e2e::family::{Family, callback};
use ringback_e2e::receiver::{Call, Receiver};
use ringback_e2e::setup::Setup;
use ringback_e2e::until;
use serde_json::{Value, json};

use super::DRAIN;

const RULE: &str = "family";
/// Two attempts each: five callbacks that are refused begin a ban.
const FAILURES: &str = "10";
/// Messages among which some are refused, and a ban has begun.
const ENOUGH: usize = 500;
const RETRY: &str = "/app-id/demo/callbacks/storage/retry";

/// A server that stores, and bans soon and shortly.
pub(super) fn setup(setup: Setup) -> Setup {
    setup
        .setting("storage.enabled", "true")
        .setting("ban.failures", FAILURES)
        .setting("ban.step", "300ms")
        .setting("ban.most_steps", "1")
}

/// One of sixteen callbacks, the same at every attempt.
fn is_refused(call: &Call) -> bool {
    call.text("callId").ends_with('0')
}

pub(super) async fn make_rule(family: &Family, receiver: &Receiver) {
    receiver.refuse(callback::CHAT, is_refused);
    let rule = json!({
        "name": RULE, "dialect": "shengwang", "phase": "after", "url": receiver.url(), "copies": ["chat"],
    });
    family.rule(&rule).await;
}

/// What is parked, by callback id: its body, and the reason.
type Parked = BTreeMap<String, (String, String)>;

/// Each stored message was delivered, or is parked; with one id and one body, wherever it is seen. Then the receiver
/// is mended, and what is parked is delivered too.
pub(super) async fn check(
    family: &Family,
    receiver: &Receiver,
    history: &BTreeMap<String, Vec<Value>>,
    seed: u64,
) {
    let sent: BTreeSet<String> = history.values().flatten().map(text_of).collect();
    let parked = settled(family).await;
    let calls = receiver.calls_of(callback::CHAT);
    let mut bodies = Bodies::default();
    for (id, (body, _)) in &parked {
        bodies.see(id, body.as_bytes());
    }
    for call in &calls {
        bodies.see(call.text("callId"), &call.bytes);
    }
    let delivered: BTreeSet<String> =
        calls.iter().filter(|call| !is_refused(call)).map(|call| said(&call.body)).collect();
    let kept: BTreeSet<String> =
        parked.values().map(|(body, _)| said(&serde_json::from_str(body).unwrap())).collect();
    let count = |reason: &str| parked.values().filter(|(_, why)| why == reason).count();
    let (exhausted, banned) = (count("exhausted"), count("banned"));
    eprintln!(
        "of {} messages {} delivered, {exhausted} parked after two attempts, {banned} parked by bans, {} of both kinds",
        sent.len(),
        delivered.len(),
        delivered.intersection(&kept).count()
    );
    assert_eq!(kept.len(), parked.len(), "a message is parked twice, seed {seed}");
    let accounted: BTreeSet<String> = delivered.union(&kept).cloned().collect();
    assert_eq!(accounted, sent, "delivered or parked, and nothing else; seed {seed}");
    // A few lives of a slow machine may be too short for a ban.
    assert!(sent.len() < ENOUGH || (exhausted > 0 && banned > 0), "both happened");

    receiver.refuse(callback::CHAT, |_| false);
    tokio::time::timeout(DRAIN, resend_all(family)).await.expect("everything is sent again");
    let calls = receiver.calls_of(callback::CHAT);
    for call in &calls {
        bodies.see(call.text("callId"), &call.bytes);
    }
    let told: BTreeSet<String> = calls.iter().map(|call| said(&call.body)).collect();
    assert_eq!(told, sent);
    assert_eq!(bodies.0.len(), sent.len(), "one id for each message, seed {seed}");
}

/// Each callback's body, which must never change.
#[derive(Default)]
struct Bodies(HashMap<String, Vec<u8>>);

impl Bodies {
    fn see(&mut self, id: &str, body: &[u8]) {
        let known = self.0.entry(id.to_owned()).or_insert_with(|| body.to_owned());
        assert_eq!(known, body, "{id} has two bodies");
    }
}

/// Waits until the rule owes nothing and has written everything down; answers what is parked.
async fn settled(family: &Family) -> Parked {
    until("the rule has come to the end of the log", async || {
        let rule = family.ok(Method::GET, &format!("/admin/v1/rules/{RULE}"), None).await;
        let status = &rule["status"];
        let owes = ["lag_events", "in_flight", "waiting"].iter().any(|key| status[*key] != json!(0));
        let stored: u64 = family.slices().await.iter().map(|slice| slice["size"].as_u64().unwrap()).sum();
        (!owes && status["parked"] == json!(stored)).then_some(())
    })
    .await;
    let mut parked = Parked::new();
    for slice in family.slices().await {
        let date = slice["date"].as_str().unwrap();
        let mut after = String::new();
        loop {
            let path = format!("/admin/v1/storage/{date}?limit=200{after}");
            let page = family.ok(Method::GET, &path, None).await;
            for one in page["deliveries"].as_array().unwrap() {
                let text = |key: &str| one[key].as_str().unwrap().to_owned();
                let body: Value = serde_json::from_str(&text("body")).unwrap();
                if text("reason") == "exhausted" {
                    assert_eq!(one["attempts"], json!(2), "{one}");
                }
                parked.insert(body["callId"].as_str().unwrap().to_owned(), (text("body"), text("reason")));
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
    }
    parked
}

/// Orders slices again until none is left; while the app is banned, orders are refused.
async fn resend_all(family: &Family) {
    loop {
        let slices = family.slices().await;
        if slices.is_empty() {
            return;
        }
        for slice in slices {
            family.ok(Method::POST, RETRY, Some(&json!({ "date": slice["date"] }))).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The text of a stored message.
fn text_of(message: &Value) -> String {
    let content = content(message);
    content["content"].as_str().unwrap_or_else(|| panic!("{content}")).to_owned()
}

/// The text that a callback tells of.
fn said(body: &Value) -> String {
    body["payload"]["bodies"][0]["msg"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}
