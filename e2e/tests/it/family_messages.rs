//! What follows messages on Shengwang / Agora / Easemob: recall, edit, reactions, the export of history.

use http::Method;
use ringback_e2e::app::{self, conversation, platform};
use ringback_e2e::family::Family;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ON, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

const BASE: &str = "/app-id/demo";

async fn post(family: &Family, path: &str, body: &Value) -> (u16, Value) {
    let reply = family.call(Method::POST, &format!("{BASE}{path}"), Some(body)).await;
    (reply.status, reply.body)
}

async fn put(family: &Family, path: &str, body: &Value) -> (u16, Value) {
    let reply = family.call(Method::PUT, &format!("{BASE}{path}"), Some(body)).await;
    (reply.status, reply.body)
}

fn text(id: &Value) -> &str {
    id.as_str().unwrap()
}

#[tokio::test]
async fn messages_are_taken_back() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev()
        .webhooks(&webhooks(&receiver.url(), &[("afterRevokeMsg", ON)]))
        .setting("messages.recall_window", "1s");
    let family = Family::start(setup, &["alice", "bob"]).await;
    let bob = family.app.login("bob", platform::WEB).await;
    let ids = family.send("alice", &["bob", "nobody_registered"], "a mistake").await;
    bob.wait_for_messages(1).await;

    let order = |id: &Value| json!({ "msg_id": id, "to": "bob", "chat_type": "chat", "from": "alice", "force": true });
    let (status, body) = post(&family, "/messages/msg_recall", &order(&ids["bob"])).await;
    assert_eq!(status, 200, "{body}");
    let expected =
        json!({ "recalled": "yes", "chattype": "chat", "from": "alice", "to": "bob", "msg_id": ids["bob"] });
    assert_eq!(body["data"], expected);
    let told = receiver.wait_for_one("callbackBeforeAfterMsgCommand").await;
    assert_eq!(told.text("userID"), "alice");
    let pulled = family.app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(pulled[0]["contentType"], 2101, "{pulled:?}");

    // Once is enough; and nothing is taken back that is not there, or somewhere else.
    for (why, wrong, status, said) in [
        ("again", order(&ids["bob"]), 403, "not_found msg"),
        ("unknown", order(&json!("17")), 403, "not_found msg"),
        ("another chat", order(&ids["nobody_registered"]), 403, "not_found msg"),
        ("no id", json!({ "to": "bob", "chat_type": "chat" }), 400, "param msg_id can't be empty"),
        ("no receiver", json!({ "msg_id": "1", "chat_type": "chat" }), 400, "param to can't be empty"),
        ("no type", json!({ "msg_id": "1", "to": "bob" }), 400, "param chat_type can't be empty"),
    ] {
        let (got, body) = post(&family, "/messages/msg_recall", &wrong).await;
        assert_eq!((got, &body["error"]), (status, &json!("message_recall_error")), "{why}: {body}");
        assert_eq!(body["error_description"], said, "{why}");
    }

    // Too late, unless it is forced.
    let late = family.send("alice", &["bob"], "a second one").await;
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    let mut unforced = order(&late["bob"]);
    unforced["force"] = json!(false);
    let (status, body) = post(&family, "/messages/msg_recall", &unforced).await;
    assert_eq!((status, &body["error_description"]), (403, &json!("exceed recall time limit")));
    let batch = json!({ "msgs": [order(&json!("17")), order(&late["bob"])] });
    let (status, body) = post(&family, "/messages/batch_recall", &batch).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        (&body["data"][0]["recalled"], &body["data"][0]["reason"], &body["data"][1]["recalled"]),
        (&json!("no"), &json!("not_found msg"), &json!("yes")),
    );
    let (status, body) = post(&family, "/messages/recall", &batch).await;
    assert_eq!((status, &body["error"]), (403, &json!("message_recall_error")), "all are gone: {body}");
    receiver.wait_for("callbackBeforeAfterMsgCommand", 2).await;

    // In a group.
    let group = json!({ "groupname": "g", "public": true, "owner": "alice", "members": ["bob"] });
    let group = post(&family, "/chatgroups", &group).await.1["data"]["groupid"].clone();
    let said = family.send_to("chatgroups", "bob", &[text(&group)], "to all").await;
    let order = json!({ "msg_id": said[text(&group)], "to": group, "chat_type": "groupchat", "from": "bob" });
    let (status, body) = post(&family, "/messages/msg_recall", &order).await;
    assert_eq!((status, &body["data"]["recalled"]), (200, &json!("yes")), "{body}");
}

#[tokio::test]
async fn what_messages_say_is_changed() {
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let ids = family.send("alice", &["bob"], "helo").await;
    let path = format!("/messages/rewrite/{}", text(&ids["bob"]));
    let edit = |says: &str| json!({ "user": "alice", "new_msg": { "type": "txt", "msg": says }, "new_ext": { "a": 1 } });
    let (status, body) = put(&family, &path, &edit("hello")).await;
    assert_eq!((status, &body["data"]), (200, &json!("success")), "{body}");
    let pulled = family.app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(app::content(&pulled[0])["content"], "hello");
    assert_eq!(pulled[0]["ex"], r#"{"a":1}"#);

    for (why, wrong, status) in [
        ("not the sender", json!({ "user": "bob", "new_msg": { "type": "txt", "msg": "x" } }), 401),
        ("another type", json!({ "new_msg": { "type": "custom", "customEvent": "x" } }), 400),
        ("a picture", json!({ "new_msg": { "type": "img", "url": "x" } }), 400),
        ("nothing", json!({}), 400),
        ("ext is no object", json!({ "new_msg": { "type": "txt", "msg": "x" }, "new_ext": 1 }), 400),
    ] {
        let (got, body) = put(&family, &path, &wrong).await;
        assert_eq!((got, &body["error"]), (status, &json!("message_rewrite_error")), "{why}: {body}");
    }
    let (status, body) = put(&family, "/messages/rewrite/17", &edit("x")).await;
    assert_eq!((status, &body["exception"]), (404, &json!("MessageUnavailableException")), "{body}");
    for turn in 2..=10 {
        assert_eq!(put(&family, &path, &edit(&format!("turn {turn}"))).await.0, 200);
    }
    let (status, body) = put(&family, &path, &edit("too much")).await;
    assert_eq!((status, &body["error"]), (403, &json!("message_rewrite_error")), "{body}");
    let pulled = family.app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(app::content(&pulled[0])["content"], "turn 10");

    // What is taken back is changed no more.
    let order = json!({ "msg_id": ids["bob"], "to": "bob", "chat_type": "chat", "from": "alice" });
    assert_eq!(post(&family, "/messages/msg_recall", &order).await.0, 200);
    assert_eq!(put(&family, &path, &edit("late")).await.0, 404);
}

#[tokio::test]
async fn reactions_come_and_go() {
    let family = Family::start(Setup::dev(), &["alice", "bob", "carol"]).await;
    let ids = family.send("alice", &["bob"], "look").await;
    let id = text(&ids["bob"]);
    let new = json!({ "msgId": id, "message": "smile" });
    let (status, body) = post(&family, "/reaction/user/bob", &new).await;
    assert_eq!((status, &body["requestStatusCode"]), (200, &json!("ok")), "{body}");
    assert_eq!(
        (&body["data"]["msgId"], &body["data"]["reaction"], &body["data"]["msgType"]),
        (&json!(id), &json!("smile"), &json!("chat"))
    );
    assert_eq!(post(&family, "/reaction/user/alice", &new).await.0, 200);
    for (why, user, wrong) in [
        ("again", "bob", new.clone()),
        ("has no part in it", "carol", new.clone()),
        ("no message", "bob", json!({ "message": "smile" })),
        ("unknown message", "bob", json!({ "msgId": "17", "message": "smile" })),
        ("too long", "bob", json!({ "msgId": id, "message": "x".repeat(129) })),
    ] {
        let (status, body) = post(&family, &format!("/reaction/user/{user}"), &wrong).await;
        assert_eq!((status, &body["error"]), (400, &json!("illegal_argument")), "{why}: {body}");
    }
    let list = format!("{BASE}/reaction/user/bob?msgIdList={id},17&msgType=chat");
    let listed = family.ok(Method::GET, &list, None).await["data"].clone();
    let one = &listed[0]["reactionList"][0];
    assert_eq!(
        (listed.as_array().unwrap().len(), &one["count"], &one["state"], &one["userList"]),
        (1, &json!(2), &json!(true), &json!(["bob", "alice"]))
    );
    let detail = format!("{BASE}/reaction/user/bob/detail?msgId={id}&message=smile&limit=1");
    let first = family.ok(Method::GET, &detail, None).await["data"].clone();
    assert_eq!((&first["userList"], &first["cursor"]), (&json!(["bob"]), &json!("1")));
    let second = family.ok(Method::GET, &format!("{detail}&cursor=1"), None).await["data"].clone();
    assert_eq!((&second["userList"], &second["cursor"]), (&json!(["alice"]), &Value::Null));

    for user in ["bob", "alice"] {
        let path = format!("{BASE}/reaction/user/{user}?msgId={id}&message=smile");
        family.ok(Method::DELETE, &path, None).await;
        assert_eq!(family.call(Method::DELETE, &path, None).await.status, 400, "once is enough");
    }
    assert_eq!(family.ok(Method::GET, &list, None).await["data"][0]["reactionList"], json!([]));
}

/// The hour of an instant in the zone UTC+8, as paths name it.
fn hour(at_s: i64) -> String {
    let at = time::UtcDateTime::from_unix_timestamp(at_s + 8 * 3600).unwrap();
    format!("{:04}{:02}{:02}{:02}", at.year(), u8::from(at.month()), at.day(), at.hour())
}

#[tokio::test]
async fn the_messages_of_an_hour_are_fetched() {
    use std::io::Read as _;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    // Both hours, should one end meanwhile.
    let before = ringback_e2e::token::now_s();
    let ids = family.send("alice", &["bob"], "one of the hour").await;
    let group = json!({ "groupname": "g", "public": true, "owner": "alice", "members": ["bob"] });
    let group = post(&family, "/chatgroups", &group).await.1["data"]["groupid"].clone();
    let said = family.send_to("chatgroups", "bob", &[text(&group)], "to all").await;
    let mut lines: Vec<Value> = Vec::new();
    let mut hours = vec![hour(before), hour(ringback_e2e::token::now_s())];
    hours.dedup();
    for hour in &hours {
        let body = family.ok(Method::GET, &format!("/demo/demo/chatmessages/{hour}"), None).await;
        let url = body["data"][0]["url"].as_str().unwrap().to_owned();
        assert!(url.contains("Expires="), "{url}");
        let at = url.find("/history/").unwrap();
        // Whoever has the address needs no token.
        let rest = family.app.server.rest();
        let reply = rest.send(Method::GET, &url[at..], &[], Vec::new()).await;
        assert_eq!(reply.status, 200);
        let mut plain = String::new();
        flate2::read::GzDecoder::new(&reply.bytes[..]).read_to_string(&mut plain).unwrap();
        lines.extend(plain.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        let forged = format!("{}x", &url[at..]);
        assert_eq!(rest.send(Method::GET, &forged, &[], Vec::new()).await.status, 403);
    }
    let shown: Vec<_> = lines
        .iter()
        .map(|line| {
            (line["msg_id"].clone(), line["chat_type"].clone(), line["payload"]["bodies"][0]["msg"].clone())
        })
        .collect();
    let expected = [
        (ids["bob"].clone(), json!("chat"), json!("one of the hour")),
        (said[text(&group)].clone(), json!("groupchat"), json!("to all")),
    ];
    assert_eq!(shown, expected);

    for (time, status, error) in [
        ("2024110710", 404, "storage_object_not_found"),
        ("2024023010", 400, "illegal_argument"),
        ("now", 400, "illegal_argument"),
    ] {
        let reply = family.call(Method::GET, &format!("{BASE}/chatmessages/{time}"), None).await;
        assert_eq!((reply.status, &reply.body["error"]), (status, &json!(error)), "{}", reply.body);
    }
    let path = format!("{BASE}/chatmessages/2024110710");
    let statuses: Vec<u16> = {
        let mut all = Vec::new();
        for _ in 0..10 {
            all.push(family.call(Method::GET, &path, None).await.status);
        }
        all
    };
    assert!(statuses.contains(&429), "ten in a minute: {statuses:?}");
}
