//! `ringback audit`: its sums are those of the receivers' own logs, whatever fails and however often the server dies.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use ringback_e2e::app::single;
use ringback_e2e::binary::{self, Ended};
use ringback_e2e::family::{self, Family, callback};
use ringback_e2e::receiver::{Act, Call, Receiver};
use ringback_e2e::setup::{CONFIG, Setup};
use ringback_e2e::{until, until_within};
use serde_json::{Value, json};

const RULES: &str = "/admin/v1/rules";
/// Conversations of alice.
const OTHERS: [&str; 4] = ["bob", "carol", "dave", "erin"];
/// Lives of the server that end in a kill, and messages of each to each of the others.
const LIVES: usize = 4;
const MESSAGES: usize = 15;

/// Failed calls are tried again after a second each, one behind the other in each conversation, and a receiver that fails
/// three times in a row is left alone for a while: how long that takes is a matter of the dice.
const SETTLED: Duration = Duration::from_secs(120);

async fn audit(family: &Family, args: &[&str]) -> Ended {
    let mut command = binary::command();
    command.arg("audit").args(args);
    command.args(["--server", &format!("http://{}", family.app.server.addr())]);
    command.args(["--token", family.app.admin_token()]);
    binary::finish(command).await
}

async fn audited(family: &Family, args: &[&str]) -> Value {
    let ended = audit(family, &[args, &["--json"]].concat()).await;
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// A rule's part of an audit.
fn rule_of<'a>(audit: &'a Value, name: &str) -> &'a Value {
    let rules = audit["rules"].as_array().unwrap();
    rules.iter().find(|rule| rule["name"] == name).unwrap_or_else(|| panic!("no {name}: {audit}"))
}

/// What a rule's audit counts as this, with whatever detail.
fn sum(audit: &Value, rule: &str, fate: &str) -> u64 {
    let sums = rule_of(audit, rule)["sums"].as_array().unwrap();
    sums.iter().filter(|sum| sum["fate"] == fate).map(|sum| sum["count"].as_u64().unwrap()).sum()
}

fn rule(name: &str, url: &str, changes: &Value) -> Value {
    let mut rule = json!({ "name": name, "dialect": "easemob", "phase": "after", "events": family::MESSAGES, "url": url,
        "copies": ["chat"], "ban": "breaker", "timeout_ms": 20_000 });
    rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    rule
}

/// What a receiver has seen: by the id of each callback, its conversation and the answers that it was given.
#[derive(Default)]
struct Book(Mutex<BTreeMap<String, (String, Vec<u16>)>>);

impl Book {
    /// A receiver that keeps this book and fails so many calls of a hundred, by a seed.
    async fn keeper(self: &Arc<Self>, seed: u64, percent: u64) -> Receiver {
        let book = Arc::clone(self);
        Receiver::start_handled(move |call| Act::text(book.answer(&call, seed, percent), "")).await
    }

    fn answer(&self, call: &Call, seed: u64, percent: u64) -> u16 {
        let id = call.header("webhook-id").unwrap().to_owned();
        let mut users = [call.text("from"), call.text("to")];
        users.sort_unstable();
        let mut book = self.0.lock().unwrap();
        let lane = || format!("u:{}:{}", users[0], users[1]);
        let (_, answers) = book.entry(id.clone()).or_insert_with(|| (lane(), Vec::new()));
        let mut dice = DefaultHasher::new();
        (seed, &id, answers.len()).hash(&mut dice);
        let status = if dice.finish() % 100 < percent { 503 } else { 200 };
        answers.push(status);
        status
    }

    /// By conversation, how many callbacks were taken and how many were not.
    ///
    /// A callback that was taken may be sent again, where the server was killed before it had written that down, and then be
    /// refused. Then it is the last answer that the server knows and goes by: it does not count as taken.
    fn taken(&self) -> (HashMap<String, u64>, u64) {
        let (mut taken, mut refused) = (HashMap::new(), 0);
        for (lane, answers) in self.0.lock().unwrap().values() {
            match answers.last() {
                Some(200) => *taken.entry(lane.clone()).or_default() += 1,
                _ => refused += 1,
            }
        }
        (taken, refused)
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().values().map(|(_, answers)| answers.len()).sum()
    }
}

/// Waits until nothing is on its way any more, and answers the audit.
async fn settled(family: &Family) -> Value {
    until_within(SETTLED, "everything has come to an end", async || {
        let audit = audited(family, &[]).await;
        let rules = audit["rules"].as_array().unwrap();
        let moving = ["ahead", "waiting", "behind"];
        let is_moving =
            |rule: &Value| moving.iter().any(|fate| sum(&audit, rule["name"].as_str().unwrap(), fate) > 0);
        (!rules.iter().any(is_moving)).then(|| audit.clone())
    })
    .await
}

/// Sends to everybody, until all is sent or the server is killed: after so many calls of a receiver.
async fn live_and_die(family: &mut Family, life: usize, book: &Book, calls: usize) {
    let rest = family.app.admin();
    let talks = OTHERS.iter().map(async |to| {
        for number in 0..MESSAGES {
            let text = format!("{life} {number}");
            if rest.try_post("/msg/send_msg", &single("alice", to, &text)).await.is_err() {
                return;
            }
        }
    });
    let server = &mut family.app.server;
    let killing = async {
        until("the receiver is called", async || (book.calls() >= calls).then_some(())).await;
        server.kill().await;
    };
    tokio::join!(join_all(talks), killing);
    server.restart().await;
}

#[tokio::test]
async fn its_sums_are_those_of_the_receivers_over_failures_and_kills() {
    let seed: u64 = std::env::var("RINGBACK_AUDIT_SEED")
        .map_or_else(|_| rand::random(), |text| text.parse().expect("RINGBACK_AUDIT_SEED is a number"));
    eprintln!("RINGBACK_AUDIT_SEED={seed}");
    let setup = Setup::dev()
        .setting("storage.enabled", "true")
        .setting("storage.keep", "1h")
        .setting("rules.max", "0");
    let mut family = Family::start(setup, &["alice", "bob", "carol", "dave", "erin"]).await;
    let mut books: BTreeMap<&str, Arc<Book>> = BTreeMap::new();
    let mut receivers = Vec::new();
    for (name, percent, changes) in [
        ("steady", 20, json!({ "retry": [1, 1, 1, 1] })),
        ("selective", 20, json!({ "retry": [1, 1], "to": ["bob", "dave"] })),
        ("parking", 30, json!({ "retry": "none" })),
        ("lossy", 30, json!({ "retry": "none", "storage": false })),
        ("pausing", 10, json!({ "retry": [1, 1, 1, 1] })),
    ] {
        let book = Arc::new(Book::default());
        let receiver = book.keeper(seed, percent).await;
        family.rule(&rule(name, &receiver.url(), &changes)).await;
        receivers.push(receiver);
        books.insert(name, book);
    }
    let steady = Arc::clone(&books["steady"]);
    for life in 0..LIVES {
        if life == 2 {
            // What is on its way when a rule is switched off is not sent again: nothing may be, for the sums to be equal.
            settled(&family).await;
            family.ok(Method::PATCH, &format!("{RULES}/pausing"), Some(&json!({ "enabled": false }))).await;
        }
        let calls = steady.calls() + 7 + usize::try_from(seed % 13).unwrap() * (life + 1);
        live_and_die(&mut family, life, &steady, calls).await;
        if life == 2 {
            family.ok(Method::PATCH, &format!("{RULES}/pausing"), Some(&json!({ "enabled": true }))).await;
        }
    }
    let audit_of_all = settled(&family).await;
    let shown = audit(&family, &["--conversations"]).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.out.contains("everything is accounted for"), "{}", shown.out);
    assert_eq!((&audit_of_all["lost"], &audit_of_all["holes"]), (&json!(0), &json!([])), "{audit_of_all}");

    let (mut by_lane, mut kept): (HashMap<String, u64>, u64) = (HashMap::new(), 0);
    for (name, book) in &books {
        let (taken, refused) = book.taken();
        let count = |fate| sum(&audit_of_all, name, fate);
        assert_eq!(count("delivered"), taken.values().sum::<u64>(), "{name}, delivered: {audit_of_all}");
        assert_eq!(count("parked") + count("dropped"), refused, "{name}, the rest: {audit_of_all}");
        taken.into_iter().for_each(|(lane, taken)| *by_lane.entry(lane).or_default() += taken);
        kept += count("parked");
    }
    let stored: u64 = family.slices().await.iter().map(|slice| slice["size"].as_u64().unwrap()).sum();
    assert_eq!(stored, kept, "what is parked is what the storage lists");
    assert!(sum(&audit_of_all, "parking", "parked") > 0 && sum(&audit_of_all, "parking", "dropped") == 0);
    assert!(sum(&audit_of_all, "lossy", "dropped") > 0 && sum(&audit_of_all, "lossy", "parked") == 0);
    assert!(sum(&audit_of_all, "selective", "filtered") > 0 && sum(&audit_of_all, "pausing", "off") > 0);
    // Conversation by conversation, and message by message in each.
    let mut messages = 0;
    for lane in audit_of_all["lanes"].as_array().unwrap() {
        let name = lane["lane"].as_str().unwrap();
        assert_eq!(lane["delivered"].as_u64(), Some(by_lane.remove(name).unwrap_or(0)), "{lane}");
        assert_eq!(lane["missing"], json!([]), "{lane}");
        messages += lane["last_seq"].as_u64().unwrap();
        assert!(shown.out.contains(&format!("{name}: ")), "{}", shown.out);
    }
    assert!(by_lane.is_empty(), "{by_lane:?}");
    let of_steady = ["delivered", "parked"].map(|fate| sum(&audit_of_all, "steady", fate));
    assert_eq!(of_steady.iter().sum::<u64>(), messages, "each message, once");

    // What was parked expires: then something is lost, and it is said what.
    assert!(family.app.server.stop().await.success());
    let path = family.app.server.folder().join(CONFIG);
    let settings = std::fs::read_to_string(path).unwrap().replace("keep: 1h", "keep: 1s");
    family.app.server.replace_file(CONFIG, &settings);
    family.app.server.restart().await;
    family.wait_for_stored(0).await;
    let lost = audit(&family, &[]).await;
    assert_eq!(lost.code, Some(1), "{lost:?}");
    assert!(lost.out.contains(&format!("{kept} expired or unaccounted for")), "{}", lost.out);
    assert!(lost.out.contains("expired: parked_too_long"), "{}", lost.out);
    let lost = audited(&family, &["--rule", "parking"]).await;
    assert_eq!(lost["rules"].as_array().unwrap().len(), 1, "{lost}");
    assert_eq!(sum(&lost, "parking", "expired"), sum(&audit_of_all, "parking", "parked"));
    assert_eq!(sum(&lost, "parking", "delivered"), sum(&audit_of_all, "parking", "delivered"));
    assert_eq!(lost["lost"].as_u64(), Some(sum(&lost, "parking", "expired")));
}

#[tokio::test]
async fn a_part_of_the_log_is_audited_alone() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob", "carol"]).await;
    family.rule(&rule("record", &receiver.url(), &json!({}))).await;
    family.rule(&rule("another", &receiver.url(), &json!({ "to": ["carol"] }))).await;
    for to in ["bob", "carol"] {
        family.app.send("alice", to, "x").await.data();
    }
    receiver.wait_for(callback::CHAT, 3).await;
    let all = settled(&family).await;
    assert_eq!((sum(&all, "record", "delivered"), sum(&all, "another", "delivered")), (2, 1), "{all}");
    assert_eq!(sum(&all, "another", "filtered"), 1, "{all}");
    let one = audit(&family, &["--rule", "another"]).await;
    assert!(one.code == Some(0) && one.out.contains("another") && !one.out.contains("record"), "{one:?}");
    assert!(
        !one.out.contains("u:alice:bob"),
        "conversations are shown where they are asked for: {}",
        one.out
    );
    tokio::time::sleep(Duration::from_millis(1100)).await;
    family.app.send("alice", "bob", "y").await.data();
    receiver.wait_for(callback::CHAT, 4).await;
    settled(&family).await;
    let since = audited(&family, &["--since", "1s"]).await;
    assert_eq!(sum(&since, "record", "delivered"), 1, "{since}");
    assert!(rule_of(&since, "another")["sums"][0]["fate"] != "delivered", "{since}");
    for (args, code, words) in [
        (&["--rule", "nobody"][..], 1, "nobody"),
        (&["--since", "yesterday"], 2, "2h"),
        (&["--rule"], 2, "--rule"),
    ] {
        let ended = audit(&family, args).await;
        assert_eq!(ended.code, Some(code), "{args:?}: {ended:?}");
        assert!(ended.err.contains(words), "{args:?}: {ended:?}");
    }
}
