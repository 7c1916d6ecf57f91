//! REST of the family about groups and chat rooms: what each call answers, and what it raises. Source: easemob-rest fact
//! sheet 8, 9, 16.

use http::Method;
use ringback_e2e::app::platform;
use ringback_e2e::family::{Family, callback};
use ringback_e2e::receiver::Receiver;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

const P: &str = "/demo/demo";

/// A server with a rule that is told of everything about groups in the current form.
async fn start(setup: Setup) -> (Family, Receiver) {
    let receiver = Receiver::start().await;
    let family = Family::start(setup, &["alice", "bob", "carol"]).await;
    let rule = json!({ "name": "groups", "dialect": "easemob", "phase": "after", "url": receiver.url(),
        "events": ["group_op_event"] });
    family.rule(&rule).await;
    (family, receiver)
}

async fn make(family: &Family, kind: &str) -> String {
    let body = match kind {
        "chatgroups" => json!({ "groupname": "team", "public": true, "owner": "alice", "members": ["bob"] }),
        _ => json!({ "name": "hall", "owner": "alice", "members": ["bob"] }),
    };
    let made = family.ok(Method::POST, &format!("{P}/{kind}"), Some(&body)).await;
    let id = if kind == "chatgroups" { &made["data"]["groupid"] } else { &made["data"]["id"] };
    id.as_str().unwrap().to_owned()
}

/// `operation`, and `type` of the payload, of the callbacks so far, in order.
async fn told(receiver: &Receiver, count: usize) -> Vec<String> {
    let calls = receiver.wait_for(callback::GROUP, count).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    calls
        .iter()
        .map(|call| {
            format!("{} {}", call.text("operation"), text(&call.body["payload"]["type"])).trim().to_owned()
        })
        .collect()
}

/// Every call that changes a group or room, with what it raises; both kinds are managed alike.
async fn managed(kind: &str, id_name: &str, list_id: &str) {
    let (family, receiver) = start(Setup::dev()).await;
    let id = make(&family, kind).await;
    let at = |rest: &str| format!("{P}/{kind}/{id}{rest}");
    let mut expected: Vec<&str> = vec!["CREATE", "JOIN DIRECT"];
    let users = json!({ "usernames": ["carol"] });
    let settings = json!({ "name": "new name", "description": "d", "maxusers": 300 });
    let mute = json!({ "usernames": ["bob", "nobody"], "mute_duration": 60_000 });

    let call = async |method: Method, rest: &str, body: Option<&Value>| -> Value {
        family.ok(method, &at(rest), body).await["data"].clone()
    };
    let done = call(Method::PUT, "", Some(&settings)).await;
    assert_eq!(done, json!({ "groupname": true, "description": true, "maxusers": true }));
    call(Method::POST, "/users", Some(&users)).await;
    let admin = call(Method::POST, "/admin", Some(&json!({ "newadmin": "bob" }))).await;
    assert_eq!(admin, json!({ "result": "success", "newadmin": "bob" }));
    assert_eq!(call(Method::GET, "/admin", None).await, json!(["bob"]));
    let admin = call(Method::DELETE, "/admin/bob", None).await;
    assert_eq!(admin, json!({ "result": "success", "oldadmin": "bob" }));
    let muted = call(Method::POST, "/mute", Some(&mute)).await;
    assert_eq!((&muted[0]["result"], &muted[1]["result"]), (&json!(true), &json!(false)), "{muted}");
    let muted = call(Method::GET, "/mute", None).await;
    assert_eq!(muted[0]["user"], json!("bob"));
    assert!(muted[0]["expire"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(call(Method::DELETE, "/mute/bob", None).await, json!([{ "result": true, "user": "bob" }]));
    assert_eq!(call(Method::POST, "/ban", None).await, json!({ "mute": true }));
    assert_eq!(call(Method::DELETE, "/ban", None).await, json!({ "mute": false }));
    let white = call(Method::POST, "/white/users/bob", None).await;
    let expected_white =
        json!({ "result": true, "action": "add_user_whitelist", "user": "bob", list_id: id });
    assert_eq!(white, expected_white);
    assert_eq!(call(Method::GET, "/white/users", None).await, json!(["bob"]));
    call(Method::DELETE, "/white/users/bob", None).await;
    let text = json!({ "announcement": "Meet at ten." });
    assert_eq!(call(Method::POST, "/announcement", Some(&text)).await, json!({ "id": id, "result": true }));
    assert_eq!(call(Method::GET, "/announcement", None).await, text);
    let block = call(Method::POST, "/blocks/users/carol", None).await;
    assert_eq!(block, json!({ "result": true, "action": "add_blocks", "user": "carol", list_id: id }));
    assert_eq!(call(Method::GET, "/blocks/users", None).await, json!(["carol"]));
    // Who is on the block list does not come in again, and nothing is told.
    let reply = family.call(Method::POST, &at("/users/carol"), None).await;
    assert_eq!((reply.status, reply.text("error")), (403, "forbidden_op"), "{}", reply.body);
    call(Method::DELETE, "/blocks/users/carol", None).await;
    assert_eq!(call(Method::PUT, "", Some(&json!({ "newowner": "bob" }))).await, json!({ "newowner": true }));
    call(Method::DELETE, "/users/alice", None).await;
    expected.extend(["UPDATE INFO", "JOIN DIRECT", "ADMIN ADD", "ADMIN REMOVE", "MUTE ADD", "MUTE REMOVE"]);
    expected.extend(["UPDATE MUTE", "UPDATE MUTE", "WHITE ADD", "WHITE REMOVE", "UPDATE ANNOUNCEMENT"]);
    expected.extend(["BLOCK ADD", "LEAVE BLOCK", "BLOCK REMOVE", "UPDATE OWNER", "LEAVE KICK"]);
    assert_eq!(told(&receiver, expected.len()).await, expected);

    // What cannot be done says so, and tells nobody.
    for (method, rest, body, status) in [
        (Method::POST, "/mute", Some(json!({ "usernames": ["bob"] })), 400),
        (Method::POST, "/admin", Some(json!({})), 400),
        (Method::POST, "/admin", Some(json!({ "newadmin": "carol" })), 403),
        (Method::DELETE, "/blocks/users/carol", None, 403),
        (Method::POST, "/blocks/users/nobody", None, 404),
        (Method::PUT, "", Some(json!({})), 400),
        (Method::PUT, "", Some(json!({ "maxusers": 0 })), 400),
        (Method::GET, "9/admin", None, 404),
    ] {
        let reply = family.call(method.clone(), &at(rest), body.as_ref()).await;
        assert_eq!(reply.status, status, "{method} {rest}: {}", reply.body);
        assert!(!reply.text("error_description").is_empty(), "{}", reply.body);
    }
    let other = if kind == "chatgroups" { "chatrooms" } else { "chatgroups" };
    let reply = family.call(Method::GET, &format!("{P}/{other}/{id}/admin"), None).await;
    assert_eq!(reply.status, 404, "a room is no group: {}", reply.body);

    let listed = family.ok(Method::GET, &format!("{P}/{kind}?limit=1"), None).await;
    assert_eq!(listed["data"][0][id_name], json!(id), "{listed}");
    let joined = family.ok(Method::GET, &format!("{P}/users/bob/joined_{kind}"), None).await;
    assert_eq!(joined["data"][0][id_name], json!(id), "{joined}");
    family.ok(Method::DELETE, &at(""), None).await;
    expected.extend(["DELETE", "LEAVE DELETE"]);
    assert_eq!(told(&receiver, expected.len()).await, expected);
}

#[tokio::test]
async fn groups_are_managed() {
    managed("chatgroups", "groupid", "groupid").await;
}

#[tokio::test]
async fn rooms_are_managed() {
    managed("chatrooms", "id", "chatroomid").await;
}

#[tokio::test]
async fn groups_have_files_and_are_taken_out_of_use() {
    let (family, receiver) = start(Setup::dev()).await;
    let id = make(&family, "chatgroups").await;
    let at = |rest: &str| format!("{P}/chatgroups/{id}{rest}");
    let new = json!({ "file_name": "plan.pdf", "file_size": 20480, "file_owner": "bob" });
    let file = family.ok(Method::POST, &at("/share_files"), Some(&new)).await["data"].clone();
    assert_eq!((&file["file_name"], &file["file_owner"]), (&json!("plan.pdf"), &json!("bob")));
    let files = family.ok(Method::GET, &at("/share_files"), None).await;
    assert_eq!(files["data"], json!([file]));
    let path = at(&format!("/share_files/{}", file["file_id"].as_str().unwrap()));
    assert_eq!(family.ok(Method::GET, &path, None).await["data"], file);
    family.ok(Method::DELETE, &path, None).await;
    assert_eq!(family.call(Method::GET, &path, None).await.status, 404);
    assert_eq!(family.ok(Method::POST, &at("/disable"), None).await["data"], json!({ "disabled": true }));
    assert_eq!(family.ok(Method::POST, &at("/enable"), None).await["data"], json!({ "disabled": false }));
    let is_in = family.ok(Method::GET, &at("/user/bob/is_joined"), None).await;
    assert_eq!(is_in["data"], json!(true));
    let expected = ["SHARE_FILE ADD", "SHARE_FILE REMOVE", "UPDATE DISABLE", "UPDATE DISABLE"];
    assert_eq!(told(&receiver, 6).await[2..], expected);

    family
        .ok(Method::POST, &format!("{P}/chatrooms/super_admin"), Some(&json!({ "superadmin": "bob" })))
        .await;
    let admins = family.ok(Method::GET, &format!("{P}/chatrooms/super_admin"), None).await;
    assert_eq!(admins["data"], json!(["bob"]));
    family.ok(Method::DELETE, &format!("{P}/chatrooms/super_admin/bob"), None).await;
    assert_eq!(told(&receiver, 8).await[6..], ["ROOM_SUPER_ADMIN ADD", "ROOM_SUPER_ADMIN REMOVE"]);
}

#[tokio::test]
async fn rooms_let_go_who_is_offline_and_not_who_comes_back() {
    let (family, receiver) = start(Setup::dev().setting("rooms.leave_after", "2s")).await;
    let id = make(&family, "chatrooms").await;
    family.ok(Method::POST, &format!("{P}/chatrooms/{id}/users/carol"), None).await;
    // bob goes; carol goes and comes back.
    drop(family.app.login("bob", platform::WEB).await);
    drop(family.app.login("carol", platform::WEB).await);
    let _carol = family.app.login("carol", platform::WEB).await;
    let told = told(&receiver, 4).await;
    assert_eq!(told, ["CREATE", "JOIN DIRECT", "JOIN DIRECT", "LEAVE QUIT"]);
    let calls = receiver.wait_for(callback::GROUP, 4).await;
    assert_eq!(calls[3].body["payload"]["member"], json!(["bob"]));
    let members = family.ok(Method::GET, &format!("{P}/chatrooms/{id}/users"), None).await;
    assert_eq!(members["data"], json!([{ "owner": "alice" }, { "member": "carol" }]));
}

#[tokio::test]
async fn texts_about_rooms_and_members_are_kept() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob", "carol"]).await;
    let rule = json!({ "name": "texts", "dialect": "agora", "phase": "after", "url": receiver.url(), "events":
        ["muc:set_metadata", "muc:delete_metadata", "muc:group_member_metadata_update"] });
    family.rule(&rule).await;
    let (room, group) = (make(&family, "chatrooms").await, make(&family, "chatgroups").await);
    let of = |user: &str, end: &str| format!("{P}/metadata/chatroom/{room}/user/{user}{end}");
    let call = async |method: Method, path: &str, body: Value| -> Value {
        family.ok(method, path, Some(&body)).await["data"].clone()
    };
    let texts =
        |value: &str| json!({ "metaData": { "topic": value, "seat-1": "bob" }, "autoDelete": "DELETE" });
    let set = call(Method::PUT, &of("bob", ""), texts("tea")).await;
    assert_eq!(set, json!({ "successKeys": ["seat-1", "topic"], "errorKeys": {} }));
    // What somebody else has set stays, unless it is forced.
    let other =
        call(Method::PUT, &of("alice", ""), json!({ "metaData": { "topic": "coffee", "lamp": "on" } })).await;
    assert_eq!(other["successKeys"], json!(["lamp"]));
    assert_eq!(other["errorKeys"], json!({ "topic": "is not operator" }));
    let forced = json!({ "metaData": { "topic": "coffee" }, "autoDelete": "NO_DELETE" });
    assert_eq!(call(Method::PUT, &of("alice", "/forced"), forced).await["successKeys"], json!(["topic"]));
    let gone = call(Method::DELETE, &of("alice", ""), json!({ "keys": ["lamp", "none"] })).await;
    assert_eq!(gone, json!({ "successKeys": ["lamp"], "errorKeys": { "none": "key not exist" } }));
    let path = format!("{P}/metadata/chatroom/{room}");
    assert_eq!(call(Method::POST, &path, json!({})).await, json!({ "topic": "coffee", "seat-1": "bob" }));
    // Who leaves takes along what was to go with him.
    family.ok(Method::DELETE, &format!("{P}/chatrooms/{room}/users/bob"), None).await;
    assert_eq!(
        call(Method::POST, &path, json!({ "keys": ["topic", "seat-1"] })).await,
        json!({ "topic": "coffee" })
    );

    let bob = format!("{P}/metadata/chatgroup/{group}/user/bob");
    let texts = json!({ "metaData": { "role": "host", "team": "red" } });
    assert_eq!(call(Method::PUT, &bob, texts.clone()).await, texts["metaData"]);
    call(Method::PUT, &bob, json!({ "metaData": { "team": "" } })).await;
    assert_eq!(family.ok(Method::GET, &bob, None).await["data"], json!({ "role": "host" }));
    let asked = json!({ "targets": ["bob", "alice"], "properties": ["role"] });
    let found = call(Method::POST, &format!("{P}/metadata/chatgroup/{group}/get"), asked).await;
    assert_eq!(found, json!({ "bob": { "role": "host" }, "alice": {} }));

    let calls = receiver.wait_for("muc", 7).await;
    let told: Vec<_> = calls.iter().map(|call| call.body["payload"]["operation"].clone()).collect();
    let [set, gone, member] = ["set_metadata", "delete_metadata", "group_member_metadata_update"];
    assert_eq!(told, [set, set, set, gone, gone, member, member]);
    let info = &calls[0].body["payload"]["event_info"];
    let ext: Value = serde_json::from_str(info["ext"].as_str().unwrap()).unwrap();
    assert_eq!(ext["result"]["successKeys"], json!(["seat-1", "topic"]), "{ext}");
    assert_eq!(calls[0].text("group_id"), room);

    let room_text = |key: &str, value: &str| json!({ "metaData": { key: value } });
    for (path, body, status) in [
        (of("bob", ""), room_text("topic", "x"), 403),
        (of("alice", ""), json!({}), 400),
        (of("alice", ""), room_text("a key", "x"), 400),
        (of("alice", ""), room_text(&"k".repeat(129), "x"), 400),
        (of("alice", ""), room_text("k", &"x".repeat(4097)), 400),
        (bob.clone(), room_text(&"k".repeat(17), "x"), 400),
        (bob, room_text("k", &"x".repeat(513)), 400),
        (format!("{P}/metadata/chatgroup/{group}/user/carol"), room_text("k", "x"), 403),
    ] {
        let reply = family.call(Method::PUT, &path, Some(&body)).await;
        assert_eq!(reply.status, status, "{path} {body}: {}", reply.body);
    }
}
