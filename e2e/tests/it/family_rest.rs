//! REST of the Shengwang / Agora / Easemob family: tokens, both path prefixes, messages, rooms, rates, and one core
//! for both dialects.

use http::Method;
use ringback_e2e::QUIET;
use ringback_e2e::app::{conversation, platform};
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

/// App id, certificate and tokens. Source: easemob-rest fact sheet 3.2; those tokens ended long ago, so only their
/// refusal can be seen here.
const APP_ID: &str = "0123456789abcdef0123456789abcdef";
const CERTIFICATE: &str = "fedcba9876543210fedcba9876543210";
const OLD_APP_TOKEN: &str = "007eJxTYDCzaXJ9F1R8WJVvhV5N0Kortz8sU5rZfqMo57p0yLEPF1oVGAwMjYxNTM3MLSwTk5JTUtPQ+Qe+6aQL8DEwJDMwMDAysAIxEwOIz8AAAKduHLQ=";

/// An AccessToken2 for chat, built as a customer's server would. Source: easemob-rest fact sheet 3.2.
fn access_token(app_id: &str, certificate: &str, user: &str, privilege: u16, life_s: u32) -> String {
    use base64::Engine as _;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use std::io::Write as _;
    let sign = |key: &[u8], data: &[u8]| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(data);
        mac.finalize().into_bytes().to_vec()
    };
    let text = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_le_bytes()[..], bytes].concat();
    let issued = u32::try_from(ringback_e2e::token::now_s()).unwrap();
    let salt = 77_u32;
    let mut body = text(app_id.as_bytes());
    body.extend(issued.to_le_bytes());
    body.extend(life_s.to_le_bytes());
    body.extend(salt.to_le_bytes());
    body.extend(1_u16.to_le_bytes());
    body.extend(5_u16.to_le_bytes());
    body.extend(1_u16.to_le_bytes());
    body.extend(privilege.to_le_bytes());
    body.extend(life_s.to_le_bytes());
    body.extend(text(user.as_bytes()));
    let key = sign(&salt.to_le_bytes(), &sign(&issued.to_le_bytes(), certificate.as_bytes()));
    let mut whole = text(&sign(&key, &body));
    whole.extend(body);
    let mut zip = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zip.write_all(&whole).unwrap();
    format!("007{}", base64::engine::general_purpose::STANDARD.encode(zip.finish().unwrap()))
}

async fn call(
    family: &Family,
    method: Method,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let headers = if token.is_empty() { &headers[1..] } else { &headers[..] };
    let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let reply = family.app.server.rest().send(method, path, headers, bytes).await;
    (reply.status, reply.body)
}

#[tokio::test]
async fn tokens_of_every_kind() {
    let setup = Setup::dev().setting("app.id", APP_ID).setting("app.certificate", CERTIFICATE);
    let family = Family::start(setup, &["alice"]).await;
    let info = format!("/app-id/{APP_ID}/chatgroups/1");
    let is_known = |status: u16| status != 401;
    let good = access_token(APP_ID, CERTIFICATE, "", 2, 600);
    assert!(is_known(call(&family, Method::GET, &info, &good, None).await.0));
    for (why, token) in [
        ("expired", OLD_APP_TOKEN.to_owned()),
        ("another certificate", access_token(APP_ID, "00000000000000000000000000000000", "", 2, 600)),
        ("another app", access_token("00000000000000000000000000000000", CERTIFICATE, "", 2, 600)),
        ("a user's", access_token(APP_ID, CERTIFICATE, "alice", 1, 600)),
        ("cut", good[..good.len() - 8].to_owned()),
        ("nonsense", "007AAAA".to_owned()),
        ("none", String::new()),
    ] {
        let (status, body) = call(&family, Method::GET, &info, &token, None).await;
        assert_eq!(status, 401, "{why}: {body}");
        assert!(body["error"].is_string() && body["error_description"].is_string(), "{why}: {body}");
    }
    // Exchanged for one of the server's own.
    let grant = json!({ "grant_type": "agora" });
    let (status, body) =
        call(&family, Method::POST, &format!("/app-id/{APP_ID}/token"), &good, Some(&grant)).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["expire_timestamp"].as_i64().unwrap() > ringback_e2e::token::now_s() * 1000, "{body}");
    let own = body["access_token"].as_str().unwrap();
    assert!(is_known(call(&family, Method::GET, &info, own, None).await.0));
    // And good for the admin API, as is the other dialect's.
    assert_eq!(call(&family, Method::GET, "/admin/v1/rules", own, None).await.0, 200);
    assert_eq!(call(&family, Method::GET, "/admin/v1/rules", family.app.admin_token(), None).await.0, 200);
    let user = family.app.token("alice", platform::WEB).await;
    assert_eq!(call(&family, Method::GET, "/admin/v1/rules", &user, None).await.0, 403);

    let token = "/demo/demo/token";
    for (body, status) in [
        (json!({ "grant_type": "client_credentials", "client_id": "demo", "client_secret": "wrong" }), 400),
        (json!({ "grant_type": "client_credentials", "client_id": "wrong", "client_secret": "demo" }), 400),
        (json!({ "grant_type": "client_credentials", "client_id": "demo" }), 400),
        (json!({ "grant_type": "something" }), 400),
        (json!({}), 400),
    ] {
        assert_eq!(call(&family, Method::POST, token, "", Some(&body)).await.0, status, "{body}");
    }
    let (status, body) = call(&family, Method::POST, "/demo/other/token", "", Some(&grant)).await;
    assert_eq!((status, &body["error"]), (404, &json!("organization_application_not_found")));

    // A user with a password, and one that is inherited.
    let account = json!({ "username": "Dora", "password": "pw-demo" });
    family.ok(Method::POST, "/demo/demo/users", Some(&account)).await;
    let login =
        |password: &str| json!({ "grant_type": "password", "username": "dora", "password": password });
    let (status, body) = call(&family, Method::POST, token, "", Some(&login("pw-demo"))).await;
    assert_eq!(status, 200, "{body}");
    assert!(
        body["access_token"].is_string() && body["expires_in"].is_i64() && body["user"].is_object(),
        "{body}"
    );
    assert_eq!(call(&family, Method::POST, token, "", Some(&login("wrong"))).await.0, 400);
    let inherit = json!({ "grant_type": "inherit", "username": "eve", "autoCreateUser": true });
    assert_eq!(call(&family, Method::POST, token, "", Some(&inherit)).await.0, 401, "needs the app's token");
    let (status, body) = call(&family, Method::POST, token, family.token(), Some(&inherit)).await;
    assert_eq!((status, &body["user"]["username"]), (200, &json!("eve")), "{body}");
}

#[tokio::test]
async fn one_core_for_both_dialects() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev().webhooks(&webhooks(&receiver.url(), &[("afterSendSingleMsg", ON)]));
    let family = Family::start(setup, &["alice", "bob"]).await;
    let chat = json!({ "name": "record", "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": receiver.url(), "copies": ["chat"] });
    family.rule(&chat).await;
    let bob = family.app.login("bob", platform::WEB).await;
    let ids = family.send("alice", &["bob"], "from the one to the other").await;
    let pushed = bob.wait_for_messages(1).await.remove(0);
    assert_eq!((pushed.content_type, pushed.text().as_str()), (101, "from the one to the other"));
    let told = receiver.wait_for_one(callback::CHAT).await;
    assert_eq!(ids["bob"], json!(told.text("msg_id")));
    let other = receiver.wait_for_one(command::AFTER_SINGLE).await;
    assert_eq!(other.number("contentType"), 101);
    bob.send(&bob.text_to("alice", "and back")).await.taken();
    let back = receiver.wait_for(callback::CHAT, 2).await.remove(1);
    assert_eq!(back.body["payload"]["bodies"], json!([{ "type": "txt", "msg": "and back" }]));

    // Every body type is an element that clients know.
    for (kind, body, content_type) in [
        (
            "img",
            json!({ "url": "http://x/i.png", "filename": "i.png", "size": { "width": 4, "height": 3 } }),
            102,
        ),
        ("audio", json!({ "url": "http://x/a.amr", "filename": "a.amr", "length": 3 }), 103),
        (
            "video",
            json!({ "url": "http://x/v.mp4", "filename": "v.mp4", "length": 3, "thumb": "http://x/t" }),
            104,
        ),
        ("file", json!({ "url": "http://x/f.zip", "filename": "f.zip" }), 105),
        ("loc", json!({ "lat": 39.9, "lng": "116.3", "addr": "here" }), 109),
        ("custom", json!({ "customEvent": "gift", "customExts": { "n": "1" } }), 110),
        ("cmd", json!({ "action": "blink" }), 110),
    ] {
        let message =
            json!({ "from": "alice", "to": ["bob"], "type": kind, "body": body, "ext": { "k": "v" } });
        let answer = family.ok(Method::POST, "/demo/demo/messages/users", Some(&message)).await;
        let id: u64 = answer["data"]["bob"].as_str().unwrap().parse().unwrap();
        let pushed = bob.pushed(|pushed| pushed.server_msg_id.starts_with(&format!("{id:016x}"))).await;
        assert_eq!(pushed.content_type, content_type, "{kind}");
        assert_eq!(pushed.ex, json!({ "k": "v" }).to_string(), "{kind}");
        let told = receiver.wait(ringback_e2e::SOON, |calls| {
            calls
                .iter()
                .find(|call| call.command == callback::CHAT && call.text("msg_id") == id.to_string())
                .cloned()
        });
        let told = told.await.unwrap();
        assert_eq!(told.body["payload"]["bodies"][0]["type"], json!(kind), "{}", told.body);
        assert_eq!(told.body["payload"]["ext"], json!({ "k": "v" }));
    }
}

#[tokio::test]
async fn bad_messages_are_refused_in_the_documented_words() {
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let good = json!({ "from": "alice", "to": ["bob"], "type": "txt", "body": { "msg": "x" } });
    let with = |field: &str, value: Value| {
        let mut message = good.clone();
        if value.is_null() && field != "ext" {
            message.as_object_mut().unwrap().remove(field);
        } else {
            message[field] = value;
        }
        message
    };
    let many: Vec<String> = (0..601).map(|n| format!("u{n}")).collect();
    for (kind, message, words) in [
        ("users", with("from", json!("")), "param from can't be empty"),
        ("users", with("to", Value::Null), "param to can't be empty"),
        ("users", with("to", json!([])), "param to can't be empty"),
        ("users", with("type", Value::Null), "param type can't be empty"),
        ("users", with("body", Value::Null), "param body can't be empty"),
        ("users", with("ext", json!("text")), "param ext must be JSONObject"),
        ("users", with("ext", Value::Null), "param ext must be JSONObject"),
        ("users", with("to", json!(many)), "can't exceed limit 600"),
        ("chatgroups", with("to", json!(["11", "12", "13", "14"])), "can't exceed limit 3"),
        (
            "chatrooms",
            with("to", json!((10..21).map(|n| n.to_string()).collect::<Vec<_>>())),
            "can't exceed limit 10",
        ),
        ("users", with("body", json!({ "msg": "x".repeat(5_111) })), "message is too large"),
    ] {
        let reply = family.call(Method::POST, &format!("/demo/demo/messages/{kind}"), Some(&message)).await;
        assert_eq!(
            (reply.status, &reply.body["error"]),
            (400, &json!("message_send_error")),
            "{words}: {}",
            reply.body
        );
        assert!(reply.text("error_description").contains(words), "{words}: {}", reply.body);
    }
    for message in [json!([]), json!({ "from": 7, "to": "bob", "type": "txt", "body": {} })] {
        let reply = family.call(Method::POST, "/demo/demo/messages/users", Some(&message)).await;
        assert_eq!(
            (reply.status, &reply.body["error"]),
            (400, &json!("invalid_request_body")),
            "{}",
            reply.body
        );
    }
    for (path, status) in [
        ("/other/app/messages/users", 404),
        ("/app-id/other/messages/users", 404),
        ("/demo/demo/messages/nobody", 404),
    ] {
        let reply = family.call(Method::POST, path, Some(&good)).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        assert!(reply.body["error"].is_string(), "{path}: {}", reply.body);
    }
    assert_eq!(family.call(Method::DELETE, "/demo/demo/messages/users", None).await.status, 405);
    assert!(family.app.history("bob", &conversation("alice", "bob")).await.is_empty(), "nothing was stored");
}

#[tokio::test]
async fn rates_are_kept() {
    let receiver = Receiver::start().await;
    // Slow ones, so that nothing comes back while the test runs.
    let setup = Setup::dev()
        .setting("rates.messages_chatgroups", "2/day")
        .setting("rates.messages_users_per_minute", "1000/day");
    let family = Family::start(setup, &["alice", "bob"]).await;
    let chat = json!({ "name": "record", "dialect": "agora", "phase": "after", "events": MESSAGES, "url": receiver.url(), "copies": ["chat"] });
    family.rule(&chat).await;
    let group = family.app.group("alice", &["bob"]).await;
    let message = json!({ "from": "alice", "to": [group], "type": "txt", "body": { "msg": "x" } });
    for n in 0..2 {
        family.ok(Method::POST, "/demo/demo/messages/chatgroups", Some(&message)).await;
        receiver.wait_for(callback::CHAT, n + 1).await;
    }
    let reply = family.call(Method::POST, "/demo/demo/messages/chatgroups", Some(&message)).await;
    assert_eq!(reply.status, 429, "{}", reply.body);
    assert!(reply.body["error"].is_string());
    // Two calls are fewer than the calls' own rate allows, 1,200 messages more than theirs.
    let many: Vec<String> = (0..600).map(|n| format!("u{n}")).collect();
    let message = json!({ "from": "alice", "to": many, "type": "txt", "body": { "msg": "x" } });
    family.ok(Method::POST, "/demo/demo/messages/users", Some(&message)).await;
    let reply = family.call(Method::POST, "/demo/demo/messages/users", Some(&message)).await;
    assert_eq!((reply.status, reply.text("error_description")), (403, "message send reach limit"));
}

#[tokio::test]
async fn chat_rooms() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob", "carol"]).await;
    let both = json!({ "name": "record", "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": receiver.url() });
    family.rule(&both).await;
    let make = json!({ "name": "Lounge", "description": "d", "owner": "alice", "members": ["bob"] });
    let room = family.ok(Method::POST, "/demo/demo/chatrooms", Some(&make)).await["data"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!((2..=18).contains(&room.len()) && room.bytes().all(|byte| byte.is_ascii_digit()), "{room}");
    let joined = family.ok(Method::POST, &format!("/demo/demo/chatrooms/{room}/users/carol"), None).await;
    assert_eq!(joined["data"]["result"], json!(true), "{joined}");
    let alice = family.app.login("alice", platform::WEB).await;
    let bob = family.app.login("bob", platform::WEB).await;
    alice.send(&alice.text_to_group(&room, "from a client")).await.taken();
    family.send_to("chatrooms", "alice", &[&room], "by REST").await;
    let texts: Vec<_> =
        bob.wait_for_messages(2).await.iter().map(ringback_e2e::wire::MsgData::text).collect();
    assert_eq!(texts, ["from a client", "by REST"]);
    for call in receiver.wait_for(callback::CHAT, 2).await {
        assert_eq!((call.text("chat_type"), call.text("to")), ("groupchat", room.as_str()));
        assert_eq!(call.text("content_type"), "chat:room:text", "{}", call.body);
    }
    tokio::time::sleep(QUIET).await;
    assert!(
        receiver.calls_of(callback::OFFLINE).is_empty(),
        "carol is offline, rooms have no offline copies"
    );
    let left = family.ok(Method::DELETE, &format!("/demo/demo/chatrooms/{room}/users/bob"), None).await;
    assert_eq!(left["data"]["result"], json!(true), "{left}");
    alice.send(&alice.text_to_group(&room, "without bob")).await.taken();
    receiver.wait_for(callback::CHAT, 3).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(bob.pushes().len(), 2);
    assert_eq!(bob.send(&bob.text_to_group(&room, "not any more")).await.told.code, 1203);
    let gone = family.ok(Method::DELETE, &format!("/demo/demo/chatrooms/{room}"), None).await;
    assert_eq!(gone["data"]["success"], json!(true), "{gone}");
    assert_eq!(alice.send(&alice.text_to_group(&room, "gone")).await.told.code, 1204);
}

#[tokio::test]
async fn unknown_targets_also_get_an_id_and_a_callback() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["bob"]).await;
    let both = json!({ "name": "record", "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": receiver.url() });
    family.rule(&both).await;
    let body = json!({ "to": ["stranger", "bob"], "type": "txt", "body": { "msg": "x" }, "roam_ignore_users": ["bob"] });
    let answer = family.ok(Method::POST, "/demo/demo/messages/users", Some(&body)).await;
    for user in ["stranger", "bob"] {
        assert!(answer["data"][user].as_str().unwrap().parse::<u64>().is_ok(), "{answer}");
    }
    let told = receiver.wait_for(callback::CHAT, 2).await;
    assert!(told.iter().all(|call| call.text("from") == "admin"));
    assert_eq!(receiver.wait_for(callback::OFFLINE, 2).await.len(), 2);
    let hidden = family.app.history("bob", &conversation("admin", "bob")).await;
    // Its number is taken all the same; what fills the place says nothing.
    let empty = |place: &Value| place["status"] == 4 && place["content"] == "";
    assert!(hidden.len() == 1 && hidden.iter().all(empty), "he does not find it: {hidden:?}");
    // Only for those who are there now: not stored, no offline copy.
    let online = json!({ "to": ["bob"], "type": "txt", "body": { "msg": "y" }, "routetype": "ROUTE_ONLINE" });
    family.ok(Method::POST, "/demo/demo/messages/users", Some(&online)).await;
    receiver.wait_for(callback::CHAT, 3).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(receiver.calls_of(callback::OFFLINE).len(), 2);
}
