//! Threads by REST of the family: what each call answers, what is told of what is said in them, and who is in them.
//! Source: easemob-rest fact sheet 12, easemob-callbacks fact sheet 5.9.

use http::Method;
use ringback_e2e::QUIET;
use ringback_e2e::app::platform;
use ringback_e2e::family::Family;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

const P: &str = "/demo/demo";
const USERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

async fn ok(family: &Family, method: Method, path: &str, body: Value) -> Value {
    let body = Some(&body).filter(|body| !body.is_null());
    family.ok(method, &format!("{P}{path}"), body).await
}

/// A group with all but dave in it, and the id of a message in it.
async fn group_with_message(family: &Family) -> (String, String) {
    let new = json!({ "groupname": "team", "public": true, "owner": "alice", "members": ["bob", "carol"] });
    let made = ok(family, Method::POST, "/chatgroups", new).await;
    let group = made["data"]["groupid"].as_str().unwrap().to_owned();
    let said = family.send_to("chatgroups", "alice", &[&group], "what do we drink?").await;
    let message = said[&group].as_str().unwrap().to_owned();
    (group, message)
}

async fn make(family: &Family, group: &str, message: &str) -> String {
    let new = json!({ "group_id": group, "name": "drinks", "owner": "bob", "msg_id": message });
    let made = ok(family, Method::POST, "/thread", new).await;
    made["data"]["thread_id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

async fn members(family: &Family, thread: &str) -> Value {
    ok(family, Method::GET, &format!("/thread/{thread}/users"), Value::Null).await["data"]["affiliations"]
        .clone()
}

#[tokio::test]
async fn what_is_said_in_a_thread_is_told() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &USERS).await;
    let rule = json!({ "name": "threads", "dialect": "easemob", "phase": "after", "url": receiver.url(),
        "events": ["thread", "group_op_event", "groupchat"] });
    family.rule(&rule).await;
    let (group, message) = group_with_message(&family).await;
    let thread = make(&family, &group, &message).await;
    ok(&family, Method::POST, &format!("/thread/{thread}/users"), json!({ "usernames": ["carol"] })).await;
    let carol = family.app.login("carol", platform::WEB).await;

    let said = family.send_to("chatgroups", "bob", &[&thread], "tea").await;
    let id = said[&thread].as_str().unwrap();
    carol.pushed(|pushed| pushed.group_id == thread).await;
    let edit = json!({ "user": "bob", "new_msg": { "type": "txt", "msg": "green tea" } });
    ok(&family, Method::PUT, &format!("/messages/rewrite/{id}"), edit).await;
    let back = json!({ "msg_id": id, "to": thread, "chat_type": "groupchat", "from": "bob", "force": true });
    ok(&family, Method::POST, "/messages/msg_recall", back).await;

    let calls = receiver.wait_for("notify", 3).await;
    for (call, text) in calls.iter().zip([Some("tea"), Some("green tea"), None]) {
        assert_eq!(
            (call.text("from"), call.text("to"), call.text("eventType")),
            ("admin", group.as_str(), "chat")
        );
        let payload = &call.body["payload"];
        assert_eq!(payload["type"], json!("thread"));
        let data = &payload["data"];
        assert_eq!((&data["id"], &data["name"]), (&json!(thread), &json!("drinks")), "{data}");
        assert_eq!((&data["operation"], &data["message_count"]), (&json!("update_msg"), &json!(1)), "{data}");
        assert_eq!(
            (&data["msg_parent_id"], &data["muc_parent_id"]),
            (&json!(message), &json!(group)),
            "{data}"
        );
        let last = &data["last_message"];
        let Some(text) = text else { continue };
        assert_eq!((&last["id"], &last["from"]), (&json!(id), &json!("demo#demo_bob")), "{data}");
        assert_eq!(last["to"], json!(format!("demo#demo_{thread}")));
        assert_eq!(last["payload"]["bodies"], json!([{ "type": "txt", "msg": text }]));
        let meta = json!({ "msg_parent_id": message, "thread_name": "drinks", "muc_parent_id": group });
        assert_eq!(last["payload"]["meta"]["thread"], meta);
    }
    // The message itself is told, too; that the thread was made is not.
    tokio::time::sleep(QUIET).await;
    let all = receiver.calls();
    let of = |command: &str| all.iter().filter(|call| call.command == command).count();
    assert_eq!((of("chat"), of("group_op_event"), of("notify")), (2, 2, 3));
}

#[tokio::test]
async fn threads_are_listed_renamed_and_dismissed() {
    let family = Family::start(Setup::dev(), &USERS).await;
    let (group, message) = group_with_message(&family).await;
    let thread = make(&family, &group, &message).await;
    let (other_group, other_message) = group_with_message(&family).await;
    let other = make(&family, &other_group, &other_message).await;

    let shown = |id: &str, of: &str, message: &str| {
        json!({ "id": id, "name": "drinks", "owner": "bob", "msgId": message,
        "groupId": of })
    };
    let listed = async |path: &str| -> Vec<Value> {
        let mut list =
            ok(&family, Method::GET, path, Value::Null).await["entities"].as_array().unwrap().clone();
        for one in &mut list {
            assert!(one.as_object_mut().unwrap().remove("created").unwrap().is_i64());
        }
        list
    };
    let both = [shown(&other, &other_group, &other_message), shown(&thread, &group, &message)];
    assert_eq!(listed("/threads/user/bob").await, both);
    assert_eq!(listed("/threads/user/bob?sort=asc&limit=1").await, both[1..]);
    assert_eq!(listed(&format!("/threads/chatgroups/{group}/user/bob")).await, both[1..]);
    assert!(listed("/threads/user/alice").await.is_empty());
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ok(&family, Method::GET, &format!("/thread?limit=1&cursor={cursor}"), Value::Null).await;
        ids.extend(
            page["entities"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        match page["properties"]["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let mut expected = [(&group, &thread), (&other_group, &other)];
    expected.sort();
    assert_eq!(ids, expected.map(|(_, thread)| thread.clone()), "by their groups");
    // They are no groups of their own.
    let groups = ok(&family, Method::GET, "/chatgroups?limit=10", Value::Null).await;
    assert_eq!(groups["count"], json!(2), "{groups}");

    let path = format!("/thread/{thread}");
    let renamed = ok(&family, Method::PUT, &path, json!({ "name": "food" })).await;
    assert_eq!(renamed["data"], json!({ "name": "food" }));
    assert_eq!(listed(&format!("/threads/chatgroups/{group}/user/bob")).await[0]["name"], json!("food"));
    let gone = ok(&family, Method::DELETE, &path, Value::Null).await;
    assert_eq!(gone["data"], json!({ "status": "ok" }));
    assert!(listed(&format!("/threads/chatgroups/{group}/user/bob")).await.is_empty());

    let new = |group: &str, message: &str, owner: &str, name: &str| json!({ "group_id": group, "name": name, "owner": owner, "msg_id": message });
    // Its message may have another one now.
    let again = make(&family, &group, &message).await;
    assert_eq!(listed(&format!("/threads/chatgroups/{group}/user/bob")).await[0]["id"], json!(again));
    let long = "n".repeat(65);
    for (method, path, body, status) in [
        (Method::POST, "/thread", new(&other_group, &other_message, "bob", "again"), 400),
        (Method::POST, "/thread", new(&other_group, "17", "bob", "no message"), 404),
        (Method::POST, "/thread", new("99", &other_message, "bob", "no group"), 404),
        (Method::POST, "/thread", new(&group, &message, "dave", "not in it"), 403),
        (Method::POST, "/thread", new(&group, &message, "bob", &long), 400),
        (Method::POST, "/thread", json!({ "group_id": group }), 400),
        (Method::PUT, path.as_str(), json!({ "name": "gone" }), 404),
        (Method::GET, "/threads/user/nobody", Value::Null, 404),
        (Method::GET, "/threads/user/bob?sort=up", Value::Null, 400),
    ] {
        let reply =
            family.call(method, &format!("{P}{path}"), Some(&body).filter(|body| !body.is_null())).await;
        assert_eq!(reply.status, status, "{path} {body}: {}", reply.body);
        assert!(!reply.text("error_description").is_empty(), "{}", reply.body);
    }
}

#[tokio::test]
async fn who_leaves_the_group_leaves_its_threads() {
    let family = Family::start(Setup::dev(), &USERS).await;
    let (group, message) = group_with_message(&family).await;
    let thread = make(&family, &group, &message).await;
    let path = format!("/thread/{thread}/users");
    let added = ok(&family, Method::POST, &path, json!({ "usernames": ["alice", "carol"] })).await;
    assert_eq!(added["data"], json!({ "status": "ok" }));
    assert_eq!(members(&family, &thread).await, json!(["alice", "bob", "carol"]));
    let stranger = json!({ "usernames": ["dave"] });
    assert_eq!(family.call(Method::POST, &format!("{P}{path}"), Some(&stranger)).await.status, 403);
    let out = ok(&family, Method::DELETE, &path, json!({ "usernames": ["alice", "bob", "dave"] })).await;
    let expected = json!([{ "result": true, "user": "alice" }, { "result": false, "user": "bob" },
        { "result": false, "user": "dave" }]);
    assert_eq!(out["data"], expected, "its owner stays");

    // Its owner goes: who is left owns it.
    ok(&family, Method::DELETE, &format!("/chatgroups/{group}/users/bob"), Value::Null).await;
    assert_eq!(members(&family, &thread).await, json!(["carol"]));
    let list = ok(&family, Method::GET, "/threads/user/carol", Value::Null).await;
    assert_eq!(list["entities"][0]["owner"], json!("carol"), "{list}");
    // The last one goes: it is dismissed.
    let carol = family.app.rest_of("carol").await;
    carol.post("/group/quit_group", &json!({ "groupID": group, "userID": "carol" })).await.data();
    let reply = family.call(Method::GET, &format!("{P}{path}"), None).await;
    assert_eq!(reply.status, 404, "{}", reply.body);

    // Who is deleted is out of everything; his thread passes on, his own group ends with its threads.
    let (group, message) = group_with_message(&family).await;
    let thread = make(&family, &group, &message).await;
    ok(&family, Method::POST, &format!("/thread/{thread}/users"), json!({ "usernames": ["carol"] })).await;
    ok(&family, Method::DELETE, "/users/bob", Value::Null).await;
    assert_eq!(members(&family, &thread).await, json!(["carol"]));
    ok(&family, Method::DELETE, "/users/alice", Value::Null).await;
    let list = ok(&family, Method::GET, "/threads/user/carol", Value::Null).await;
    assert_eq!(list["entities"], json!([]), "{list}");
    family.app.register(&["alice", "bob"]).await;

    // Where the group is gone, nobody speaks in its threads, and they are gone too.
    let (group, message) = group_with_message(&family).await;
    let thread = make(&family, &group, &message).await;
    family.app.send_to_group("bob", &thread, "still here?").await.data();
    ok(&family, Method::DELETE, &format!("/chatgroups/{group}"), Value::Null).await;
    let late = family.app.send_to_group("bob", &thread, "and now?").await;
    assert_ne!(late.code(), 0, "{}", late.body);
    let all = ok(&family, Method::GET, "/thread", Value::Null).await;
    assert_eq!(all["entities"], json!([]), "{all}");
}
