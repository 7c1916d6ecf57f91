//! REST of the family about attributes of chat rooms and of members, what it raises, and lists as the server SDK asks for
//! them. Source: easemob-rest fact sheet 4, 8, 9; easemob-callbacks fact sheet 5.5.

use http::Method;
use ringback_e2e::app::platform;
use ringback_e2e::family::Family;
use ringback_e2e::receiver::{Call, Receiver};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

const P: &str = "/demo/demo";

/// A server with a rule that is told of attributes, and one that is told of groups in the current form.
async fn start() -> (Family, Receiver) {
    let receiver = Receiver::start().await;
    let family =
        Family::start(Setup::dev().setting("rooms.leave_after", "2s"), &["alice", "bob", "carol"]).await;
    let names = ["muc:set_metadata", "muc:delete_metadata", "muc:group_member_metadata_update"];
    let rule = json!({ "name": "attributes", "dialect": "agora", "phase": "after", "url": receiver.url(),
        "events": names });
    family.rule(&rule).await;
    (family, receiver)
}

async fn make(family: &Family, kind: &str) -> String {
    let body = json!({ "groupname": "team", "name": "hall", "public": true, "owner": "alice", "members": ["bob", "carol"] });
    let made = family.ok(Method::POST, &format!("{P}/{kind}"), Some(&body)).await;
    let id = if kind == "chatgroups" { &made["data"]["groupid"] } else { &made["data"]["id"] };
    id.as_str().unwrap().to_owned()
}

fn operation(call: &Call) -> &str {
    call.body["payload"]["operation"].as_str().unwrap()
}

/// What `event_info` of a callback says.
fn details(call: &Call) -> Value {
    let info = &call.body["payload"]["event_info"];
    assert_eq!(info["type"], json!("event_none"), "{}", call.body);
    serde_json::from_str(info["ext"].as_str().unwrap()).unwrap()
}

/// What every callback about attributes has.
fn check_envelope(call: &Call, id: &str, room: bool, to: &str) {
    assert_eq!(
        (call.text("chat_type"), call.text("eventType"), call.text("appkey")),
        ("muc", "chat", "demo#demo")
    );
    assert_eq!((call.text("group_id"), call.text("from"), call.text("to")), (id, id, to), "{}", call.body);
    assert_eq!(call.text("callId"), format!("demo#demo_{}", call.text("msg_id")), "{}", call.body);
    assert_eq!(call.text("security").len(), 32);
    let payload = &call.body["payload"];
    assert_eq!(payload["muc_id"], json!(format!("demo#demo_{id}@conference.easemob.com")));
    assert_eq!(payload["is_chatroom"], json!(room));
    assert_eq!(payload["status"], json!({ "description": "", "error_code": "ok" }));
}

/// `result`, `properties`, `operator` and `is_forced`.
fn check_details(call: &Call, properties: &Value, operator: &str, forced: bool) {
    let details = details(call);
    let keys: Vec<&String> = properties.as_object().unwrap().keys().collect();
    assert_eq!(details["result"], json!({ "successKeys": keys, "errorKeys": {} }), "{details}");
    assert_eq!((&details["properties"], &details["operator"]), (properties, &json!(operator)), "{details}");
    assert_eq!((&details["is_forced"], &details["need_notify"]), (&json!(forced), &json!(true)), "{details}");
    assert!(details["identify"].is_string(), "{details}");
}

#[tokio::test]
async fn attributes_of_rooms_are_told() {
    let (family, receiver) = start().await;
    // Whoever asks for one member's hears of what was done in his name.
    let of_carol = Receiver::start().await;
    let rule = json!({ "name": "carol", "dialect": "agora", "phase": "after", "url": of_carol.url(),
        "events": ["muc:set_metadata"], "from": ["carol"] });
    family.rule(&rule).await;
    let id = make(&family, "chatrooms").await;
    let at = |rest: &str| format!("{P}/metadata/chatroom/{id}{rest}");
    let call = async |method: Method, rest: &str, body: Option<Value>| -> Value {
        family.ok(method, &at(rest), body.as_ref()).await["data"].clone()
    };
    let both = json!({ "seat": "1", "song": "x" });
    let done = call(Method::PUT, "/user/Bob", Some(json!({ "metaData": both }))).await;
    assert_eq!(done, json!({ "successKeys": ["seat", "song"], "errorKeys": {} }));
    let long = "k".repeat(129);
    let wanted =
        json!({ "metaData": { "seat": "2", long.clone(): "v", "topic": "t" }, "autoDelete": "NO_DELETE" });
    let done = call(Method::PUT, "/user/carol", Some(wanted)).await;
    assert_eq!(done["successKeys"], json!(["topic"]));
    assert_eq!(done["errorKeys"]["seat"], json!("others are not allowed to be set"));
    assert_eq!(
        done["errorKeys"][&long],
        json!(format!("properties key '{long}' is exceeding maximum limit 128"))
    );
    call(Method::PUT, "/user/carol/forced", Some(json!({ "metaData": { "seat": "3" } }))).await;
    assert_eq!(
        call(Method::POST, "", Some(json!({ "keys": ["seat", "none"] }))).await,
        json!({ "seat": "3" })
    );
    let gone = call(Method::DELETE, "/user/bob", Some(json!({ "keys": ["seat", "none"] }))).await;
    assert_eq!(gone["successKeys"], json!([]), "{gone}");
    // As the SDK forces it: in the app's name.
    let gone = call(Method::DELETE, "/user/admin/forced", Some(json!({ "keys": ["topic"] }))).await;
    assert_eq!(gone, json!({ "successKeys": ["topic"], "errorKeys": {} }));
    // Without a body: all.
    assert_eq!(call(Method::POST, "", None).await, json!({ "seat": "3", "song": "x" }));
    family.ok(Method::DELETE, &format!("{P}/chatrooms/{id}/users/carol"), None).await;
    assert_eq!(call(Method::POST, "", None).await, json!({ "song": "x" }));

    let calls = receiver.wait_for("muc", 5).await;
    let told: Vec<&str> = calls.iter().map(operation).collect();
    assert_eq!(told, ["set_metadata", "set_metadata", "set_metadata", "delete_metadata", "delete_metadata"]);
    let expected = [
        ("bob", both, "bob", false),
        ("carol", json!({ "topic": "t" }), "carol", false),
        ("carol", json!({ "seat": "3" }), "carol", true),
        (id.as_str(), json!({ "topic": "" }), "@ppAdmin", true),
        ("carol", json!({ "seat": "" }), "carol", false),
    ];
    for (call, (to, properties, operator, forced)) in calls.iter().zip(expected) {
        check_envelope(call, &id, true, to);
        check_details(call, &properties, operator, forced);
    }
    assert_eq!(details(&calls[0])["muc_name"], json!("hall"));
    let hers = of_carol.wait_for("muc", 2).await;
    assert_eq!((hers[0].text("to"), hers[1].text("to")), ("carol", "carol"));
}

#[tokio::test]
async fn attributes_go_with_who_is_offline_too_long() {
    let (family, receiver) = start().await;
    let id = make(&family, "chatrooms").await;
    let path = format!("{P}/metadata/chatroom/{id}/user/bob");
    family
        .ok(Method::PUT, &path, Some(&json!({ "metaData": { "seat": "1" }, "autoDelete": "DELETE" })))
        .await;
    family
        .ok(Method::PUT, &path, Some(&json!({ "metaData": { "song": "x" }, "autoDelete": "NO_DELETE" })))
        .await;
    drop(family.app.login("bob", platform::WEB).await);
    let calls = receiver.wait_for("muc", 3).await;
    assert_eq!(operation(&calls[2]), "delete_metadata");
    check_envelope(&calls[2], &id, true, "bob");
    check_details(&calls[2], &json!({ "seat": "" }), "bob", false);
    let left = family.ok(Method::POST, &format!("{P}/metadata/chatroom/{id}"), None).await;
    assert_eq!(left["data"], json!({ "song": "x" }));
}

#[tokio::test]
async fn attributes_of_members_are_told() {
    let (family, receiver) = start().await;
    let id = make(&family, "chatgroups").await;
    let bob = format!("{P}/metadata/chatgroup/{id}/user/bob");
    let set = async |texts: Value| family.ok(Method::PUT, &bob, Some(&json!({ "metaData": texts }))).await;
    assert_eq!(
        set(json!({ "card": "Bobby", "team": "red" })).await["data"],
        json!({ "card": "Bobby", "team": "red" })
    );
    assert_eq!(set(json!({ "card": "Bob", "team": "" })).await["data"], json!({ "card": "Bob" }));
    assert_eq!(family.ok(Method::GET, &bob, None).await["data"], json!({ "card": "Bob" }));
    let ask = json!({ "targets": ["bob", "alice", "nobody"], "properties": ["card"] });
    let all = family.ok(Method::POST, &format!("{P}/metadata/chatgroup/{id}/get"), Some(&ask)).await;
    assert_eq!(all["data"], json!({ "bob": { "card": "Bob" }, "alice": {}, "nobody": {} }));

    let calls = receiver.wait_for("muc", 2).await;
    for (call, properties) in
        calls.iter().zip([json!({ "card": "Bobby", "team": "red" }), json!({ "card": "Bob", "team": "" })])
    {
        assert_eq!(operation(call), "group_member_metadata_update");
        check_envelope(call, &id, false, "bob");
        check_details(call, &properties, "@ppAdmin", false);
    }
}

#[tokio::test]
async fn what_is_wrong_about_attributes_says_so_and_changes_nothing() {
    let (family, receiver) = start().await;
    let (room, group) = (make(&family, "chatrooms").await, make(&family, "chatgroups").await);
    family.ok(Method::DELETE, &format!("{P}/chatrooms/{room}/users/carol"), None).await;
    family.ok(Method::DELETE, &format!("{P}/chatgroups/{group}/users/carol"), None).await;
    let of_room = |rest: &str| format!("{P}/metadata/chatroom/{room}{rest}");
    let of_group = |rest: &str| format!("{P}/metadata/chatgroup/{group}{rest}");
    let one = json!({ "metaData": { "a": "b" } });
    let many: Value = (0..11).map(|n| (n.to_string(), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    let huge = json!({ "metaData": { "a": "b", "k": "v".repeat(513) } });
    for (method, path, body, status, error) in [
        (Method::PUT, of_room("/user/bob"), json!({}), 400, "metadata_error"),
        (Method::PUT, of_room("/user/bob"), json!({ "metaData": many }), 400, "metadata_error"),
        (Method::PUT, of_room("/user/bob"), json!({ "metaData": { "a": 1 } }), 400, "invalid_request_body"),
        (Method::PUT, of_room("/user/bob"), json!([]), 400, "invalid_request_body"),
        (Method::PUT, of_room("/user/carol"), one.clone(), 401, "MetadataException"),
        (Method::PUT, of_room("/user/carol/forced"), one.clone(), 401, "MetadataException"),
        (Method::DELETE, of_room("/user/bob"), json!({ "keys": [] }), 400, "metadata_error"),
        (Method::POST, of_room(""), json!({ "keys": 7 }), 400, "invalid_request_body"),
        (Method::PUT, of_group("/user/bob"), huge, 400, "metadata_error"),
        (
            Method::PUT,
            of_group("/user/bob"),
            json!({ "metaData": { "seventeen-letters": "" } }),
            400,
            "metadata_error",
        ),
        (Method::PUT, of_group("/user/carol"), one.clone(), 404, "MetadataException"),
        (Method::PUT, of_group("/user/bob").replace(&group, &room), one.clone(), 404, "resource_not_found"),
        (Method::PUT, of_room("/user/bob").replace(&room, &group), one.clone(), 404, "resource_not_found"),
        (Method::PUT, of_room("/user/bob").replace(&room, "9"), one, 404, "resource_not_found"),
    ] {
        let reply = family.call(method.clone(), &path, Some(&body)).await;
        assert_eq!((reply.status, reply.text("error")), (status, error), "{method} {path}: {}", reply.body);
        assert!(!reply.text("error_description").is_empty(), "{}", reply.body);
    }
    let stranger = family.call(Method::GET, &of_group("/user/carol"), None).await;
    assert_eq!((stranger.status, stranger.text("error")), (404, "MetadataException"), "{}", stranger.body);
    assert_eq!(family.ok(Method::POST, &of_room(""), None).await["data"], json!({}));
    assert_eq!(family.ok(Method::GET, &of_group("/user/bob"), None).await["data"], json!({}));
    // The first that is told of is the one that was done at last.
    family.ok(Method::PUT, &of_group("/user/bob"), Some(&json!({ "metaData": { "z": "1" } }))).await;
    let calls = receiver.wait_for("muc", 1).await;
    check_details(&calls[0], &json!({ "z": "1" }), "@ppAdmin", false);
}

#[tokio::test]
async fn lists_as_the_server_sdk_asks_for_them() {
    let (family, _receiver) = start().await;
    let id = make(&family, "chatgroups").await;
    let path = format!("{P}/chatgroups/{id}/users");
    family.ok(Method::DELETE, &format!("{path}/bob"), None).await;
    family.ok(Method::POST, &format!("{path}/bob"), None).await;
    for (sort, expected) in
        [("", ["carol", "bob"]), ("&sort=asc", ["carol", "bob"]), ("&sort=desc", ["bob", "carol"])]
    {
        // Until there is no cursor, as the SDK turns pages.
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page =
                family.ok(Method::GET, &format!("{path}?version=v3&limit=1{sort}{cursor}"), None).await;
            found.extend(page["data"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
            let Some(next) = page["cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            assert!(found.len() < 5, "{page}");
        }
        assert_eq!(found, expected, "{sort}");
    }
    let page = family
        .ok(Method::GET, &format!("{path}?pagenum=1&pagesize=2&sort=desc&joined_time=true"), None)
        .await;
    assert_eq!(
        (&page["data"][0]["member"], &page["data"][1]["member"]),
        (&json!("bob"), &json!("carol")),
        "{page}"
    );
    assert!(page["data"][0]["joined_time"].as_i64().unwrap() > 1_700_000_000_000, "{page}");

    let second = make(&family, "chatgroups").await;
    let path = format!("{P}/chatgroups/user/bob?pagesize=1");
    let mut found = Vec::new();
    for number in 0..3 {
        let page = family.ok(Method::GET, &format!("{path}&pagenum={number}"), None).await;
        assert_eq!(page["total"], json!(2), "{page}");
        found.extend(page["entities"].as_array().unwrap().clone());
    }
    let mut ids: Vec<&str> = found.iter().map(|group| group["groupId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut expected = [id.as_str(), second.as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert_eq!((&found[0]["owner"], &found[0]["name"]), (&json!("alice"), &json!("team")));

    for (name, value) in [("alice", "1"), ("bob", "22")] {
        family.ok(Method::PUT, &format!("{P}/metadata/user/{name}"), Some(&json!({ "k": value }))).await;
    }
    assert_eq!(family.ok(Method::GET, &format!("{P}/metadata/user/capacity"), None).await["data"], json!(5));
}
