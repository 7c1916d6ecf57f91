//! What rules of the family are told besides messages, triggered by REST of both dialects and by clients.
//! Source: easemob-callbacks fact sheet 5.

use std::collections::BTreeSet;

use http::Method;
use ringback_e2e::app::platform;
use ringback_e2e::client::Login;
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::{Act, Call, Receiver, without_repeats};
use ringback_e2e::setup::Setup;
use ringback_e2e::{QUIET, SOON, curl, skip};
use serde_json::{Value, json};

fn rule(dialect: &str, events: &[&str], url: &str) -> Value {
    json!({ "name": "events", "dialect": dialect, "phase": "after", "events": events, "url": url })
}

fn address(user: &str) -> String {
    format!("demo#demo_{user}@easemob.com")
}

/// What tells events of groups apart.
fn operation(call: &Call) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let payload = &call.body["payload"];
    match call.command.as_str() {
        callback::GROUP => format!("{} {}", call.text("operation"), text(&payload["type"])).trim().to_owned(),
        _ => text(&payload["operation"]),
    }
}

fn operations(calls: &[Call]) -> Vec<String> {
    calls.iter().map(operation).collect()
}

#[tokio::test]
async fn contacts_are_told_to_both_sides() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    family.rule(&rule("easemob", &["roster"], &receiver.url())).await;
    let (alice, bob) = (family.app.rest_of("alice").await, family.app.rest_of("bob").await);
    let ask = json!({ "fromUserID": "alice", "toUserID": "bob", "reqMsg": "met at the fair", "ex": "" });
    alice.post("/friend/add_friend", &ask).await.data();
    let yes = json!({ "fromUserID": "alice", "toUserID": "bob", "handleResult": 1, "handleMsg": "" });
    bob.post("/friend/add_friend_response", &yes).await.data();
    let gone = json!({ "ownerUserID": "alice", "friendUserID": "bob" });
    alice.post("/friend/delete_friend", &gone).await.data();
    let block = json!({ "ownerUserID": "alice", "blackUserID": "bob" });
    alice.post("/friend/add_black", &block).await.data();
    alice.post("/friend/remove_black", &block).await.data();

    let calls = receiver.wait_for("roster", 6).await;
    let told: Vec<_> =
        calls.iter().map(|call| (operation(call), call.text("from"), call.text("to"))).collect();
    let expected = [
        ("add", "alice", "bob"),
        ("accept", "bob", "bob"),
        ("remote_accept", "bob", "alice"),
        ("remove", "alice", "bob"),
        ("ban", "alice", "bob"),
        ("allow", "alice", "bob"),
    ];
    for ((operation, from, to), expected) in told.iter().zip(expected) {
        assert_eq!(
            (operation.as_str(), (*from).to_owned(), *to),
            (expected.0, address(expected.1), expected.2)
        );
    }
    assert_eq!(calls[0].body["payload"]["reason"], json!("met at the fair"));
    assert_eq!(calls[4].body["payload"]["status"], json!({ "error_code": "ok" }));
    for call in &calls {
        assert_eq!((call.text("eventType"), call.text("appkey")), ("chat", "demo#demo"));
        assert_eq!(call.text("callId"), format!("demo#demo_{}", call.text("msg_id")), "{}", call.body);
    }
}

#[tokio::test]
async fn a_callback_besides_messages_is_signed_too() {
    if !curl::installed().await {
        return skip::note(
            "family_events::a_callback_besides_messages_is_signed_too",
            "curl or md5sum is not installed",
        );
    }
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let made = family.rule(&rule("shengwang", &[], &receiver.url())).await;
    family.app.group("alice", &["bob"]).await;
    let call = receiver.wait_for_one(callback::GROUP).await;
    let secret = made["secret"].as_str().unwrap();
    let signed = format!("{}{secret}{}", call.text("callId"), call.number("timestamp"));
    assert_eq!(call.text("security"), curl::md5sum(&signed).await);
}

#[tokio::test]
async fn groups_and_rooms_in_the_current_form() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob", "carol"]).await;
    family.rule(&rule("shengwang", &["group_op_event"], &receiver.url())).await;
    let group = family.app.group("alice", &["bob"]).await;
    let alice = family.app.rest_of("alice").await;
    let invite = json!({ "groupID": group, "invitedUserIDs": ["carol"], "reason": "new" });
    alice.post("/group/invite_user_to_group", &invite).await.data();
    let role = json!({ "members": [{ "groupID": group, "userID": "bob", "roleLevel": 60 }] });
    alice.post("/group/set_group_member_info", &role).await.data();
    let words = json!({ "groupID": group, "notification": "Welcome", "introduction": "tea" });
    alice.post("/group/set_group_info_ex", &words).await.data();
    let kick = json!({ "groupID": group, "kickedUserIDs": ["carol"], "reason": "" });
    alice.post("/group/kick_group", &kick).await.data();
    alice.post("/group/dismiss_group", &json!({ "groupID": group, "deleteMember": false })).await.data();

    let calls = receiver.wait_for(callback::GROUP, 9).await;
    let expected = [
        "CREATE",
        "JOIN DIRECT",
        "JOIN INVITE",
        "ADMIN ADD",
        "UPDATE INFO",
        "UPDATE ANNOUNCEMENT",
        "LEAVE KICK",
        "DELETE",
        "LEAVE DELETE",
    ];
    assert_eq!(operations(&calls), expected);
    for call in &calls {
        assert_eq!((call.text("id"), call.text("type")), (group.as_str(), "GROUP"), "{}", call.body);
        let by_app = call.text("operation") == "CREATE" || operation(call) == "JOIN DIRECT";
        assert_eq!(call.text("operator"), if by_app { "@ppAdmin" } else { "alice" }, "{}", call.body);
    }
    assert_eq!(calls[0].body["payload"]["role"], json!({ "alice": "owner" }));
    assert_eq!(calls[0].body["payload"]["info"]["title"], json!("Tea"));
    assert_eq!(calls[5].body["payload"]["announcement"], json!("Welcome"));
    assert!(calls[7].body.get("payload").is_none(), "{}", calls[7].body);

    let room = json!({ "name": "stage", "description": "d", "owner": "alice", "members": ["bob"] });
    let made = family.ok(Method::POST, "/app-id/demo/chatrooms", Some(&room)).await;
    let calls = receiver.wait_for(callback::GROUP, 11).await.split_off(9);
    assert_eq!(operations(&calls), ["CREATE", "JOIN DIRECT"]);
    for call in calls {
        assert_eq!(call.text("type"), "CHATROOM");
        assert_eq!(call.body["id"], made["data"]["id"], "{made}");
        assert_eq!(call.text("operator"), "@ppAdmin");
    }
}

#[tokio::test]
async fn parts_of_one_event_keep_their_order_over_a_failure() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice", "bob", "carol"]).await;
    family.rule(&rule("agora", &["muc:kick", "muc:absence", "muc:destroy"], &receiver.url())).await;
    let group = family.app.group("alice", &["bob", "carol"]).await;
    let alice = family.app.rest_of("alice").await;
    receiver.next("muc", vec![Act::text(200, ""), Act::text(503, "")]);
    let kick = json!({ "groupID": group, "kickedUserIDs": ["bob", "carol"], "reason": "" });
    alice.post("/group/kick_group", &kick).await.data();
    alice.post("/group/dismiss_group", &json!({ "groupID": group, "deleteMember": false })).await.data();

    let calls = receiver.wait_for("muc", 6).await;
    assert_eq!(operations(&calls), ["kick", "absence", "absence", "kick", "absence", "destroy"]);
    assert_eq!(calls[1].bytes, calls[2].bytes, "the same callback, once more");
    assert_eq!(calls[1].text("from"), address("bob"));
    assert_eq!((calls[3].text("from"), calls[3].text("to")), (address("alice").as_str(), "carol"));
    let mut ids: Vec<&str> = calls.iter().map(|call| call.text("callId")).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5, "{ids:?}");
}

#[tokio::test]
async fn who_comes_and_goes_and_who_is_cut() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice"]).await;
    family.rule(&rule("easemob", &["userStatus"], &receiver.url())).await;
    let token = family.app.token("alice", platform::ANDROID).await;
    let login = Login::new("alice", &token, platform::ANDROID).change("sdkVersion", "3.8.3");
    let first = family.app.connect(&login).await;
    let call = receiver.wait_for_one(callback::STATUS).await;
    assert_eq!((call.text("status"), call.text("reason"), call.text("os")), ("online", "login", "android"));
    assert_eq!(call.text("version"), "3.8.3");
    let ip: std::net::SocketAddr = call.text("ip").parse().unwrap();
    assert!(ip.ip().is_loopback() && ip.port() > 0);
    assert!(call.text("user").starts_with(&format!("{}/android_", address("alice"))), "{}", call.body);

    let out = json!({ "userID": "alice", "platformID": platform::ANDROID });
    family.app.admin().post("/auth/force_logout", &out).await.data();
    first.closed().await;
    let second = family.app.login("alice", platform::IOS).await;
    drop(second);
    let calls = receiver.wait_for(callback::STATUS, 4).await;
    let told: Vec<_> = calls.iter().map(|call| (call.text("reason"), call.text("os"))).collect();
    let expected = [("login", "android"), ("replaced", "android"), ("login", "ios"), ("logout", "ios")];
    assert_eq!(told, expected, "who is cut does not log out too");
    assert_eq!(calls[1].text("status"), "offline");
}

/// Who keeps a list of devices finds it right: each connection comes and goes by itself, also those that a crash has cut.
#[tokio::test]
async fn every_device_is_told_to_come_and_to_go() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev().setting("multi_login.policy", "unlimited");
    let mut family = Family::start(setup, &["alice"]).await;
    family.rule(&rule("easemob", &["userStatus"], &receiver.url())).await;
    let mut connected = Vec::new();
    for number in 1..=3 {
        connected.push(family.app.login("alice", platform::WEB).await);
        receiver.wait_for(callback::STATUS, number).await;
    }
    drop(connected.remove(0));
    receiver.wait_for(callback::STATUS, 4).await;
    family.app.server.kill().await;
    family.app.server.restart().await;
    let told = receiver.wait(SOON, |calls| {
        let calls = without_repeats(calls);
        (calls.len() >= 6).then_some(calls)
    });
    let calls = told.await.unwrap_or_else(|| panic!("{:?}", receiver.calls()));
    let reasons: Vec<&str> = calls.iter().map(|call| call.text("reason")).collect();
    assert_eq!(reasons, ["login", "login", "login", "logout", "logout", "logout"]);
    let devices = |from: usize| -> BTreeSet<String> {
        calls[from..from + 3].iter().map(|call| call.text("user").to_owned()).collect()
    };
    assert_eq!((devices(0).len(), devices(0)), (3, devices(3)), "whoever came has gone");
}

#[tokio::test]
async fn a_login_that_takes_the_place_of_another_is_told_too() {
    let receiver = Receiver::start().await;
    let family = Family::start(Setup::dev(), &["alice"]).await;
    family.rule(&rule("easemob", &["userStatus"], &receiver.url())).await;
    let first = family.app.login("alice", platform::WEB).await;
    let second = family.app.login("alice", platform::WEB).await;
    first.closed().await;
    let calls = receiver.wait_for(callback::STATUS, 3).await;
    let mut told: Vec<&str> = calls.iter().map(|call| call.text("reason")).collect();
    told.sort_unstable();
    assert_eq!(told, ["login", "login", "replaced"]);
    drop(second);
    assert_eq!(receiver.wait_for(callback::STATUS, 4).await[3].text("reason"), "logout");
}

#[tokio::test]
async fn rules_are_told_what_they_name_and_nothing_else() {
    let (all, messages) = (Receiver::start().await, Receiver::start().await);
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    family.rule(&rule("easemob", &[], &all.url())).await;
    let mut other = rule("easemob", &MESSAGES, &messages.url());
    other["name"] = json!("messages");
    family.rule(&other).await;
    let block = json!({ "ownerUserID": "alice", "blackUserID": "bob" });
    family.app.admin().post("/friend/add_black", &block).await.data();
    family.app.group("alice", &["bob"]).await;
    let _client = family.app.login("alice", platform::WEB).await;
    family.send("alice", &["bob"], "hello").await;
    all.wait(SOON, |calls| {
        let of = |command: &str| calls.iter().filter(|call| call.command == command).count();
        let met = [of("roster"), of(callback::GROUP), of(callback::STATUS), of(callback::CHAT)];
        (met == [1, 2, 1, 1]).then_some(())
    })
    .await
    .unwrap_or_else(|| panic!("{:?}", all.calls()));
    messages.wait_for_one(callback::CHAT).await;
    tokio::time::sleep(QUIET).await;
    assert!(messages.calls().iter().all(|call| ["chat", "chat_offline"].contains(&call.command.as_str())));
}

#[tokio::test]
async fn names_of_what_never_happens_are_refused_with_the_reason() {
    let family = Family::start(Setup::dev(), &["alice"]).await;
    for (phase, name, says) in [
        ("after", "moderation", "never happens"),
        ("after", "delivery_ack", "only what was read"),
        ("after", "rooster", "did you mean roster?"),
        ("before", "roster:add", "told and not asked"),
    ] {
        let rule = json!({ "name": "r", "dialect": "agora", "phase": phase, "url": "http://192.0.2.1/",
            "events": [name] });
        let reply = family.call(Method::POST, "/admin/v1/rules", Some(&rule)).await;
        assert_eq!(reply.status, 400, "{}", reply.body);
        assert!(reply.body.to_string().contains(says), "{}", reply.body);
    }
}
