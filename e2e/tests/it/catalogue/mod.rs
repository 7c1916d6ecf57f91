//! Every callback of the family, triggered by what triggers it in real life, with the members that the sheet gives it: what
//! a rule can name comes.
//! Source: easemob-callbacks fact sheet 5, easemob-rest fact sheet 16 (what triggers what).

mod deeds;
mod names;

use std::collections::BTreeSet;

use http::Method;
use ringback_e2e::SOON;
use ringback_e2e::family::Family;
use ringback_e2e::receiver::{Call, Receiver};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

use self::deeds::Deeds;

const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// Names of rules that nothing here brings about: bodies of types that the server does not know come from receivers only.
const NEVER: [&str; 3] = ["chat:user:unknown", "chat:group:unknown", "chat:room:unknown"];

/// The most exact names that rules can have, as the server itself lists them with its schemas.
async fn catalogue(family: &Family) -> BTreeSet<String> {
    let listed = family.ok(Method::GET, "/admin/v1/schemas", None).await;
    let mut all = BTreeSet::new();
    for entry in listed["schemas"].as_array().unwrap() {
        if entry["dialect"] == "easemob" && entry["phase"] == "after" {
            let names = entry["events"].as_array().unwrap().iter().filter_map(Value::as_str);
            all.extend(names.map(str::to_owned));
        }
    }
    let is_part = |name: &str| all.iter().any(|other| other.starts_with(&format!("{name}:")));
    // Older names of messages, and names of all reactions and threads, and of all alerts, stand for the others.
    let is_older = |name: &str| {
        let parts: Vec<_> = name.split(':').collect();
        matches!(parts.as_slice(), ["chat" | "groupchat" | "chatroom", _] | ["notify" | "keyword_alert"])
    };
    let exact = all.iter().filter(|name| !is_part(name) && !is_older(name) && !name.ends_with('*'));
    let mut exact: BTreeSet<String> = exact.cloned().collect();
    exact.insert("chat_offline".to_owned());
    exact.retain(|name| !NEVER.contains(&name.as_str()));
    exact
}

#[tokio::test]
async fn all_that_rules_can_name_comes_with_the_members_of_the_sheet() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &USERS).await;
    let expected = catalogue(&family).await;
    assert!(expected.len() > 90, "{expected:?}");
    let families: BTreeSet<&str> = expected
        .iter()
        .filter_map(|name| name.split(':').next())
        .filter(|name| *name != "chat_offline")
        .collect();
    let mut events: Vec<&str> = families.into_iter().collect();
    events.extend(["groupchat", "chatroom"]);
    let rule = json!({ "name": "all", "dialect": "easemob", "phase": "after", "url": receiver.url(),
        "events": events });
    family.rule(&rule).await;

    let deeds = Deeds(&family);
    deeds.messages().await;
    deeds.follow_ups().await;
    deeds.manage("chatgroups").await;
    deeds.manage("chatrooms").await;
    deeds.group_life().await;
    deeds.contacts().await;
    deeds.presence().await;
    deeds.words().await;

    let missing = |calls: &[Call]| -> Vec<String> {
        let seen: BTreeSet<String> = calls.iter().map(|call| names::name(&call.body)).collect();
        expected.difference(&seen).cloned().collect()
    };
    let all = receiver.wait(SOON, |calls| missing(calls).is_empty().then_some(())).await;
    assert!(all.is_some(), "missing: {:?}", missing(&receiver.calls()));
    for call in receiver.calls() {
        names::compare(&names::name(&call.body), &call.body);
    }
}
