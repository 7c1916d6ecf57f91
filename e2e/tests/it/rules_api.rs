//! Rules by API and command line: made, changed, tried out and removed while the server runs.

use http::Method;
use ringback_e2e::app::platform;
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::{QUIET, binary};
use serde_json::{Value, json};

const RULES: &str = "/admin/v1/rules";

fn chat(name: &str, url: &str) -> Value {
    json!({ "name": name, "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": url, "copies": ["chat"] })
}

/// The rules of a list answer.
fn listed(body: &Value) -> Vec<Value> {
    body["rules"].as_array().unwrap_or_else(|| panic!("{body}")).clone()
}

#[tokio::test]
async fn a_rule_lives_and_dies_without_a_restart() {
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let draft = chat("record", &receiver.url());
    let made = family.ok(Method::POST, RULES, Some(&draft)).await;
    assert_eq!(made["enabled"], json!(false), "off when created, as documented");
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert!(secret.len() >= 32);
    family.send("alice", &["bob"], "while it is off").await;

    family.ok(Method::PATCH, &format!("{RULES}/record"), Some(&json!({ "enabled": true }))).await;
    family.send("alice", &["bob"], "on").await;
    let told = receiver.wait_for_one(callback::CHAT).await;
    assert_eq!(
        told.body["payload"]["bodies"][0]["msg"],
        json!("on"),
        "what passed while it was off is not sent"
    );

    // By id; to another URL at once.
    let changed =
        family.ok(Method::PATCH, &format!("{RULES}/{id}"), Some(&json!({ "url": other.url() }))).await;
    assert!(changed["version"].as_u64() > made["version"].as_u64(), "{changed}");
    family.send("alice", &["bob"], "elsewhere").await;
    other.wait_for_one(callback::CHAT).await;
    assert_eq!(receiver.calls().len(), 1);

    // The secret: shown once, then only when asked for; the old one stays while it is being changed.
    assert!(family.ok(Method::GET, &format!("{RULES}/record"), None).await.get("secret").is_none());
    let shown = family.ok(Method::GET, &format!("{RULES}/record/secret"), None).await;
    assert_eq!(shown["secret"], json!(secret), "{shown}");
    family
        .ok(
            Method::PATCH,
            &format!("{RULES}/record"),
            Some(&json!({ "secret": "a-secret-of-my-own-choice" })),
        )
        .await;
    let shown = family.ok(Method::GET, &format!("{RULES}/record/secret"), None).await;
    assert_eq!(
        (&shown["secret"], &shown["previous_secret"]),
        (&json!("a-secret-of-my-own-choice"), &json!(secret))
    );

    // Two editors: the second one is told.
    let reply = family.call(Method::GET, &format!("{RULES}/record"), None).await;
    let etag = reply.headers.get("etag").expect("an ETag").to_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", family.token());
    let patch = |timeout: u32| json!({ "timeout_ms": timeout }).to_string();
    let rest = family.app.server.rest();
    let headers = [
        ("authorization", bearer.as_str()),
        ("if-match", etag.as_str()),
        ("content-type", "application/json"),
    ];
    assert_eq!(rest.send(Method::PATCH, &format!("{RULES}/record"), &headers, patch(900)).await.status, 200);
    assert_eq!(rest.send(Method::PATCH, &format!("{RULES}/record"), &headers, patch(800)).await.status, 412);

    family.ok(Method::DELETE, &format!("{RULES}/record"), None).await;
    assert_eq!(family.call(Method::GET, &format!("{RULES}/record"), None).await.status, 404);
    family.send("alice", &["bob"], "nobody is told").await;
    tokio::time::sleep(QUIET).await;
    assert_eq!((receiver.calls().len(), other.calls().len()), (1, 1));
}

#[tokio::test]
async fn rules_survive_a_restart_and_keep_their_place() {
    let receiver = Receiver::start().await;
    let mut family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    for name in ["first", "second"] {
        family.rule(&chat(name, &receiver.url())).await;
    }
    family.ok(Method::PATCH, &format!("{RULES}/first"), Some(&json!({ "timeout_ms": 1234 }))).await;
    family.send("alice", &["bob"], "one").await;
    receiver.wait_for(callback::CHAT, 2).await;
    family.app.server.kill().await;
    family.app.server.restart().await;
    let rules = listed(&family.ok(Method::GET, RULES, None).await);
    let names: Vec<_> = rules.iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["first", "second"]);
    assert_eq!((&rules[0]["timeout_ms"], &rules[0]["enabled"]), (&json!(1234), &json!(true)));
    family.send("alice", &["bob"], "two").await;
    let two = receiver.wait(ringback_e2e::SOON, |calls| {
        let two = calls.iter().filter(|call| call.body["payload"]["bodies"][0]["msg"] == json!("two"));
        (two.count() == 2).then_some(())
    });
    two.await.expect("both rules go on");
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_said_field_by_field() {
    let family = Family::start(Setup::dev().setting("rules.max", "2"), &[]).await;
    let good = chat("good", "http://127.0.0.1:1/x");
    let with = |changes: Value| {
        let mut rule = good.clone();
        rule.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        rule
    };
    for (rule, field) in [
        (with(json!({ "name": "a b" })), "name"),
        (with(json!({ "name": "" })), "name"),
        (with(json!({ "name": 7 })), "name"),
        (with(json!({ "dialect": "esaemob" })), "dialect"),
        (with(json!({ "phase": "during" })), "phase"),
        (with(json!({ "url": "ftp://x" })), "url"),
        (with(json!({ "url": "nowhere" })), "url"),
        (with(json!({ "events": ["chat:tx"] })), "events"),
        (with(json!({ "copies": ["offline"] })), "copies"),
        (with(json!({ "origins": ["web"] })), "origins"),
        (with(json!({ "timeout_ms": 0 })), "timeout_ms"),
        (with(json!({ "timeout_ms": 60_001 })), "timeout_ms"),
        (with(json!({ "retry": "often" })), "retry"),
        (with(json!({ "retry": [1, -2] })), "retry"),
        (with(json!({ "ban": "ever" })), "ban"),
        (with(json!({ "order": "random" })), "order"),
        (with(json!({ "concurrency": 0 })), "concurrency"),
        (with(json!({ "rate_limit": 0 })), "rate_limit"),
        (with(json!({ "denied_types": ["gif"] })), "denied_types"),
        (with(json!({ "timout_ms": 5 })), "timeout_ms"),
        (with(json!({ "show_error": true })), "show_error"),
        (with(json!({ "start_at": "yesterday" })), "start_at"),
    ] {
        let reply = family.call(Method::POST, RULES, Some(&rule)).await;
        assert_eq!(reply.status, 400, "{rule}: {}", reply.body);
        assert!(reply.body["error"].to_string().contains(field), "{field}: {}", reply.body);
    }
    let both = with(json!({ "name": "a b", "timeout_ms": 0 }));
    let reply = family.call(Method::POST, RULES, Some(&both)).await;
    let details = reply.body["error"]["details"].as_array().unwrap_or_else(|| panic!("{}", reply.body));
    assert_eq!(details.len(), 2, "all that is wrong at once: {}", reply.body);

    let bearer = format!("Bearer {}", family.token());
    let rest = family.app.server.rest();
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    for body in ["", "{", "[]", "7", "{\"name\": \"x\", \"name\""] {
        let reply = rest.send(Method::POST, RULES, &headers, body).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.body);
        assert!(reply.body["error"]["message"].is_string(), "{body}: {}", reply.body);
    }
    assert_eq!(rest.get(RULES).await.status, 401);
    assert_eq!(rest.send(Method::GET, RULES, &[("authorization", "Bearer x")], "").await.status, 401);
    assert_eq!(family.call(Method::DELETE, RULES, None).await.status, 405);
    assert_eq!(family.call(Method::GET, "/admin/v1/nothing", None).await.status, 404);

    // Names are unique; there are so many and no more.
    family.rule(&good).await;
    let twice = family.call(Method::POST, RULES, Some(&good)).await;
    assert_eq!((twice.status, &twice.body["error"]["code"]), (409, &json!("name_taken")), "{}", twice.body);
    family.rule(&chat("other", "http://127.0.0.1:1/x")).await;
    let third = family.call(Method::POST, RULES, Some(&chat("third", "http://127.0.0.1:1/x"))).await;
    assert_eq!(third.status, 403, "{}", third.body);
    assert!(third.body.to_string().contains("rules.max"), "{}", third.body);
}

#[tokio::test]
async fn names_may_hold_what_paths_may_not() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let before = |name: &str| json!({ "name": name, "dialect": "shengwang", "phase": "before", "url": receiver.url() });
    for (name, path) in
        [("审核 / 规则", "%E5%AE%A1%E6%A0%B8%20%2F%20%E8%A7%84%E5%88%99"), ("a?b#c", "a%3Fb%23c")]
    {
        family.rule(&before(name)).await;
        let shown = family.ok(Method::GET, &format!("{RULES}/{path}"), None).await;
        assert_eq!(shown["name"], json!(name));
        family.ok(Method::DELETE, &format!("{RULES}/{path}"), None).await;
    }
}

#[tokio::test]
async fn rules_from_files_are_listed_and_read_only() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev().webhooks(&webhooks(&receiver.url(), &[("afterSendSingleMsg", ON)]));
    let family = Family::start(setup, &["alice", "bob"]).await;
    let rules = listed(&family.ok(Method::GET, RULES, None).await);
    let from_file: Vec<_> =
        rules.iter().filter(|rule| rule["origin"].to_string().contains("webhooks")).collect();
    assert_eq!(from_file.len(), 1, "{rules:?}");
    let id = from_file[0]["id"].as_str().unwrap().replace(':', "%3A");
    let refused =
        family.call(Method::PATCH, &format!("{RULES}/{id}"), Some(&json!({ "enabled": false }))).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["code"]),
        (409, &json!("read_only")),
        "{}",
        refused.body
    );
    assert_eq!(family.call(Method::DELETE, &format!("{RULES}/{id}"), None).await.status, 409);
    // Both kinds of rules are told of one message, each in its own dialect.
    family.rule(&chat("record", &receiver.url())).await;
    family.app.send("alice", "bob", "hello").await.data();
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    receiver.wait_for_one(callback::CHAT).await;
}

#[tokio::test]
async fn an_openim_rule_by_api() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let rule = json!({ "name": "old", "dialect": "openim", "phase": "before", "url": receiver.url(),
        "events": ["beforeSendSingleMsg"], "on_failure": "refuse" });
    family.rule(&rule).await;
    receiver.next(command::BEFORE_SINGLE, vec![Act::refuse(5001, "no", "")]);
    let client = family.app.login("alice", platform::WEB).await;
    assert_eq!(client.send(&client.text_to("bob", "x")).await.told.code, 5001);
    client.send(&client.text_to("bob", "y")).await.taken();
}

#[tokio::test]
async fn a_rule_can_be_tried_and_can_start_in_the_past() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    for text in ["one", "two", "three"] {
        family.send("alice", &["bob"], text).await;
    }
    let mut late = chat("late", &receiver.url());
    late["start_at"] = json!("earliest");
    family.rule(&late).await;
    let told = receiver.wait_for(callback::CHAT, 3).await;
    let texts: Vec<_> =
        told.iter().map(|call| call.body["payload"]["bodies"][0]["msg"].as_str().unwrap()).collect();
    assert_eq!(texts, ["one", "two", "three"], "the past, in order");

    let before =
        json!({ "name": "moderate", "dialect": "easemob", "phase": "before", "url": receiver.url() });
    family.rule(&before).await;
    receiver.next(callback::BEFORE, vec![Act::json(&json!({ "valid": false, "code": "because" }))]);
    let tried = family.ok(Method::POST, &format!("{RULES}/moderate/test"), None).await;
    assert_eq!(tried["answer"]["status"], json!(200), "{tried}");
    assert!(tried.to_string().contains("because"), "what came back: {tried}");
    receiver.wait_for_one(callback::BEFORE).await;
    receiver.otherwise(Act::text(500, "broken"));
    let tried = family.ok(Method::POST, &format!("{RULES}/late/test"), None).await;
    assert_eq!(tried["answer"]["status"], json!(500), "{tried}");
    assert!(tried.to_string().contains("broken"), "{tried}");
}

#[tokio::test]
async fn descriptions_for_machines() {
    let family = Family::start(Setup::dev(), &[]).await;
    let admin = family.ok(Method::GET, "/admin/v1/openapi.json", None).await;
    let others: Vec<Value> = [
        family.ok(Method::GET, "/admin/v1/openapi/openim.json", None).await,
        family.ok(Method::GET, "/admin/v1/openapi/easemob.json", None).await,
    ]
    .into();
    for document in std::iter::once(&admin).chain(&others) {
        assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{}", document["openapi"]);
        assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
        let paths = document["paths"].as_object().unwrap();
        assert!(!paths.is_empty());
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                if ["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                    assert!(operation["responses"].is_object(), "{method} {path}");
                }
            }
        }
    }
    let has = |document: &Value, path: &str| document["paths"].get(path).is_some();
    assert!(has(&admin, "/admin/v1/rules/{name}") && has(&admin, "/admin/v1/bans"));
    assert!(has(&others[0], "/msg/send_msg"));
    assert!(has(&others[1], "/app-id/{app_id}/callbacks/storage/retry"));
}

#[tokio::test]
async fn the_command_line_does_it_too() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev().setting("storage.enabled", "true"), &["alice", "bob"]).await;
    let server = format!("http://{}", family.app.server.addr());
    let run = |args: &[&str]| {
        let mut command = binary::command();
        command.args(args).args(["--server", &server, "--dev"]);
        binary::finish(command)
    };
    let url = receiver.url();
    let added = run(&[
        "rules",
        "add",
        "record",
        "--dialect",
        "easemob",
        "--phase",
        "after",
        "--url",
        &url,
        "--set",
        "copies=chat",
        "--enable",
        "--json",
    ])
    .await;
    assert_eq!(added.code, Some(0), "{added:?}");
    let added: Value =
        serde_json::from_str(added.out.trim()).unwrap_or_else(|error| panic!("{error}: {added:?}"));
    assert!(added["secret"].is_string(), "{added}");
    let list = run(&["rules", "list"]).await;
    assert!(list.code == Some(0) && list.out.contains("record"), "{list:?}");
    family.send("alice", &["bob"], "hello").await;
    receiver.wait_for_one(callback::CHAT).await;
    let bad = run(&["rules", "set", "record", "--set", "timeout_ms=0"]).await;
    assert!(bad.code == Some(2) && bad.err.contains("timeout_ms"), "{bad:?}");
    let tried = run(&["rules", "test", "record"]).await;
    assert!(tried.code == Some(0) && tried.out.contains("200"), "{tried:?}");

    receiver.always(callback::CHAT, Act::text(500, ""));
    family.send("alice", &["bob"], "parked").await;
    let date = family.wait_for_stored(1).await[0]["date"].as_str().unwrap().to_owned();
    let info = run(&["storage", "info"]).await;
    assert!(info.out.contains(&date), "{info:?}");
    let list = run(&["storage", "list", &date]).await;
    assert!(list.code == Some(0) && list.out.contains("500"), "{list:?}");
    receiver.always(callback::CHAT, Act::text(200, ""));
    let retried = run(&["storage", "retry", &date]).await;
    assert_eq!(retried.code, Some(0), "{retried:?}");
    assert!(family.slices().await.is_empty());
    let bans = run(&["bans", "list"]).await;
    assert_eq!(bans.code, Some(0), "{bans:?}");
    let removed = run(&["rules", "remove", "record"]).await;
    assert_eq!(removed.code, Some(0), "{removed:?}");
    let gone = run(&["rules", "show", "record"]).await;
    assert_eq!(gone.code, Some(1), "{gone:?}");
}
