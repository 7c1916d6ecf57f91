//! The official Java server SDK of the Easemob family against this server: each call as it makes it, in the order in
//! which a program would, and of each answer exactly what it reads. Source: easemob-rest fact sheet 15; repository
//! `easemob/easemob-im-server-sdk` (November 2024), module `im-sdk-core`, packages below `com/easemob/im/server/api`:
//! `user`, `token`, `message`, `contact`, `block`, `mute`, `push`, `metadata`, `loadbalance`.

mod chats;
mod sdk;

use http::Method;
use ringback_e2e::app::{content, conversation, platform};
use ringback_e2e::client::What;
use ringback_e2e::setup::Setup;
use sdk::{APP, Sdk, Thrown, cursor, entity, int, names, text, texts};
use serde_json::{Value, json};

#[tokio::test]
async fn accounts_and_tokens() {
    let sdk = Sdk::start(Setup::dev()).await;
    // Whatever a program calls its user, the entity is found under the name in lower case.
    let account = json!({ "username": "Alice", "password": "pw-1", "nickname": "Al" });
    let made = sdk.post("/users", &account).await;
    assert_eq!(entity(&made, "alice").unwrap()["nickname"], json!("Al"));
    let two = json!([{ "username": "bob", "password": "pw-1" }, { "username": "carol", "password": "pw-1" }]);
    assert_eq!(names(&sdk.post("/users", &two).await), ["bob", "carol"]);
    assert_eq!(sdk.call(Method::POST, "/users", Some(&account)).await, Err(Thrown::BadRequest));
    assert!(entity(&sdk.get("/users/Alice").await, "alice").is_some());
    assert_eq!(sdk.call(Method::GET, "/users/nobody", None).await, Err(Thrown::NotFound));

    let login =
        |password: &str| json!({ "grant_type": "password", "username": "alice", "password": password });
    sdk.bought(&login("pw-1")).await;
    // `ttl` 0 is for ever, which is more than an int holds.
    for ttl in [0_i64, 600] {
        let mut grant = login("pw-1");
        grant["ttl"] = json!(ttl);
        sdk.bought(&grant).await;
        sdk.bought(
            &json!({ "grant_type": "inherit", "username": "dave", "autoCreateUser": true, "ttl": ttl }),
        )
        .await;
    }
    sdk.put("/users/alice/password", &json!({ "newpassword": "pw-2" })).await;
    assert_eq!(sdk.call(Method::POST, "/token", Some(&login("pw-1"))).await, Err(Thrown::BadRequest));
    sdk.bought(&login("pw-2")).await;

    let alice = sdk.app.login("alice", platform::WEB).await;
    // The name that the program has asked for is the one that it looks for.
    for name in ["alice", "Alice"] {
        let status = sdk.get(&format!("/users/{name}/status")).await;
        assert_eq!(text(&status["data"][name]), "online", "{status}");
    }
    let several = sdk.post("/users/batch/status", &json!({ "usernames": ["Alice", "bob", "nobody"] })).await;
    assert_eq!(
        several["data"],
        json!([{ "Alice": "online" }, { "bob": "offline" }, { "nobody": "offline" }])
    );
    // It disconnects by `GET`, and believes nothing but the result.
    assert_eq!(sdk.get("/users/alice/disconnect").await["data"]["result"], json!(true));
    alice.saw(|arrived| arrived.what == What::Kicked).await;
    let again = sdk.app.login("alice", platform::ANDROID).await;
    let devices = sdk.get("/users/alice/resources").await;
    let device = text(&devices["data"][0]["res"]);
    assert_eq!(sdk.get(&format!("/users/alice/disconnect/{device}")).await["data"]["result"], json!(true));
    again.saw(|arrived| arrived.what == What::Kicked).await;

    sdk.poke("/users/bob/deactivate").await;
    sdk.poke("/users/bob/activate").await;
    // Page by page, until there is no cursor.
    let mut listed = Vec::new();
    let mut path = "/users?limit=2".to_owned();
    loop {
        let page = sdk.get(&path).await;
        listed.extend(names(&page));
        let Some(next) = cursor(&page) else { break };
        path = format!("/users?limit=2&cursor={next}");
    }
    listed.retain(|name| name != "imadmin");
    listed.sort_unstable();
    assert_eq!(listed, ["alice", "bob", "carol", "dave"]);
    sdk.delete("/users/carol").await;
    let gone = sdk.delete("/users?limit=20").await;
    assert_eq!((names(&gone).len(), cursor(&gone)), (3, None));
}

#[tokio::test]
async fn contacts_block_lists_and_mutes() {
    let sdk = Sdk::start(Setup::dev()).await;
    for name in ["alice", "bob"] {
        sdk.create_user(name).await;
    }
    sdk.poke("/users/alice/contacts/users/bob").await;
    assert_eq!(texts(&sdk.get("/users/alice/contacts/users").await["data"]), ["bob"]);
    sdk.put("/user/alice/contacts/users/bob", &json!({ "remark": "Bobby" })).await;
    let page = sdk.get("/user/alice/contacts?limit=10").await;
    assert_eq!(text(&page["data"]["contacts"][0]["username"]), "bob");
    sdk.delete("/users/alice/contacts/users/bob").await;
    assert!(texts(&sdk.get("/users/alice/contacts/users").await["data"]).is_empty());

    sdk.post("/users/alice/blocks/users", &json!({ "usernames": ["bob"] })).await;
    assert_eq!(texts(&sdk.get("/users/alice/blocks/users").await["data"]), ["bob"]);
    sdk.delete("/users/alice/blocks/users/bob").await;

    let mute = json!({ "username": "bob", "chat": 60, "groupchat": -1, "chatroom": 0 });
    sdk.post("/mutes", &mute).await;
    let detail = sdk.get("/mutes/bob").await["data"].clone();
    assert_eq!((text(&detail["userid"]), int(&detail["groupchat"])), ("bob".to_owned(), -1));
    assert!((1..=60).contains(&int(&detail["chat"])), "{detail}");
    // All of them are ints, the time too: it is in seconds.
    assert!(int(&detail["chatroom"]) == 0 && int(&detail["unixtime"]) > 1_700_000_000, "{detail}");
    assert!(sdk.get("/mutes").await["data"].is_array());
}

/// Bodies as the SDK writes them: numbers of pictures are doubles, members of its own need not be texts.
fn bodies() -> [(&'static str, Value); 8] {
    let file = |name: &str| json!({ "filename": name, "url": "http://x/f", "secret": "s", "file_length": 5 });
    let with = |name: &str, more: &[(&str, Value)]| {
        let mut body = file(name);
        for (key, value) in more {
            body[*key] = value.clone();
        }
        body
    };
    [
        ("txt", json!({ "msg": "hello" })),
        ("img", with("a.png", &[("size", json!({ "width": 100.0, "height": 50.0 }))])),
        ("audio", with("a.amr", &[("length", json!(3))])),
        (
            "video",
            with(
                "a.mp4",
                &[("length", json!(3)), ("thumb", json!("http://x/t")), ("thumb_secret", json!("s"))],
            ),
        ),
        ("file", file("a.zip")),
        ("loc", json!({ "lng": 116.3, "lat": 39.9, "addr": "here" })),
        ("cmd", json!({ "action": "blink", "param": { "times": 3, "loud": true } })),
        (
            "custom",
            json!({ "customEvent": "gift", "customExts": { "price": 1.5, "wrapped": true, "to": "b" } }),
        ),
    ]
}

#[tokio::test]
async fn messages() {
    let sdk = Sdk::start(Setup::dev()).await;
    for name in ["alice", "bob"] {
        sdk.create_user(name).await;
    }
    let bob = sdk.app.login("bob", platform::WEB).await;
    for (count, (kind, body)) in bodies().into_iter().enumerate() {
        let message = json!({ "from": "alice", "type": kind, "to": ["bob"], "body": body,
            "ext": { "k": "v", "n": 7, "o": { "list": [1] } }, "sync_device": true });
        let new = sdk.post("/messages/users", &message).await;
        assert!(text(&new["data"]["bob"]).parse::<i64>().is_ok(), "{kind}: {new}");
        // The same by the call that is out of favour, with the type in the body.
        let mut msg = body.clone();
        msg["type"] = json!(kind);
        let old = json!({ "from": "alice", "target_type": "users", "target": ["bob"], "msg": msg });
        let with_id = sdk.post("/messages?useMsgId=true", &old).await;
        assert!(text(&with_id["data"]["bob"]).parse::<i64>().is_ok(), "{kind}: {with_id}");
        let without = sdk.post("/messages", &old).await;
        assert_eq!(without["data"], json!({ "bob": "success" }), "{kind}");
        bob.wait_for_messages(3 * (count + 1)).await;
    }
    let online = json!({ "from": "alice", "type": "txt", "to": ["bob"], "body": { "msg": "now" }, "routetype": "ROUTE_ONLINE" });
    sdk.post("/messages/users", &online).await;

    let said = json!({ "from": "alice", "type": "txt", "to": ["bob"], "body": { "msg": "helo" } });
    let id = text(&sdk.post("/messages/users", &said).await["data"]["bob"]);
    let waits = sdk.get("/users/bob/offline_msg_count").await;
    assert!(int(&waits["data"]["bob"]) > 0, "{waits}");
    let status = sdk.get(&format!("/users/bob/offline_msg_status/{id}")).await;
    assert_eq!(text(&status["data"][&id]), "undelivered");
    let change = json!({ "user": "alice", "new_msg": { "type": "txt", "msg": "hello" },
        "new_ext": { "k": "v" }, "is_combine_ext": true });
    sdk.put(&format!("/messages/rewrite/{id}"), &change).await;
    let recall = json!({ "msg_id": id, "chat_type": "chat", "from": "alice", "to": "bob", "force": true });
    sdk.post("/messages/msg_recall", &recall).await;
    let id = text(&sdk.post("/messages/users", &said).await["data"]["bob"]);
    let recall = json!({ "msg_id": id, "chat_type": "chat", "from": "alice", "to": "bob", "force": true });
    sdk.post("/messages/recall", &json!({ "msgs": [recall] })).await;
    assert_eq!(sdk.call(Method::GET, "/chatmessages/2024110710", None).await, Err(Thrown::NotFound));
}

#[tokio::test]
async fn what_users_are_told_of_by_their_phones() {
    let sdk = Sdk::start(Setup::dev()).await;
    for name in ["alice", "bob"] {
        sdk.create_user(name).await;
    }
    let renamed = sdk.put("/users/alice", &json!({ "nickname": "Al" })).await;
    assert_eq!(entity(&renamed, "alice").unwrap()["nickname"], json!("Al"));
    let names = json!([{ "username": "alice", "push_nickname": "Ally" }, { "username": "bob", "push_nickname": "Bobby" }]);
    sdk.put("/push/nickname", &names).await;
    for (name, shown) in [("alice", "Ally"), ("bob", "Bobby")] {
        let user = entity(&sdk.get(&format!("/users/{name}")).await, name).unwrap();
        assert_eq!(user["nickname"], json!(shown));
    }
    let strangers = json!([{ "username": "alice", "push_nickname": "A" }, { "username": "nobody", "push_nickname": "N" }]);
    assert_eq!(sdk.call(Method::PUT, "/push/nickname", Some(&strangers)).await, Err(Thrown::NotFound));
    assert_eq!(
        entity(&sdk.get("/users/alice").await, "alice").unwrap()["nickname"],
        json!("Ally"),
        "none is changed"
    );

    let quiet = json!({ "type": "NONE", "ignoreInterval": "", "ignoreDuration": 0 });
    sdk.put("/users/alice/notification/user/bob", &quiet).await;
    let conversation = json!({ "ownerUserID": "alice", "conversationID": conversation("alice", "bob") });
    let set = sdk.app.admin().post("/conversation/get_conversation", &conversation).await.data();
    assert_eq!(set["conversation"]["recvMsgOpt"], json!(2), "{set}");
    sdk.put("/users/alice/notification/user/alice", &quiet).await;
    for (path, body) in [
        (
            "/users/alice/notification/user/bob",
            json!({ "type": "ALL", "ignoreInterval": "08:00-10:00", "ignoreDuration": 0 }),
        ),
        ("/users/alice", json!({ "notification_display_style": "1" })),
        (
            "/users/alice",
            json!({ "notification_no_disturbing": true, "notification_no_disturbing_start": "8", "notification_no_disturbing_end": "10" }),
        ),
    ] {
        assert_eq!(sdk.call(Method::PUT, path, Some(&body)).await, Err(Thrown::Forbidden), "{body}");
    }
    sdk.put_form("/metadata/user/alice", "nickname=Al+Ice&avatarurl=http%3A%2F%2Fx%2Fa.png").await;
    let noted = sdk.get("/metadata/user/alice").await;
    assert_eq!(noted["data"], json!({ "nickname": "Al Ice", "avatarurl": "http://x/a.png" }));
    assert_eq!(sdk.delete("/metadata/user/alice").await["data"], json!(true));
}

#[tokio::test]
async fn histories_go_from_one_view() {
    let sdk = Sdk::start(Setup::dev()).await;
    for name in ["alice", "bob"] {
        sdk.create_user(name).await;
    }
    let group = json!({ "groupname": "g", "desc": "", "public": true, "owner": "alice", "members": ["bob"], "maxusers": 200 });
    let group = text(&sdk.post("/chatgroups", &group).await["data"]["groupid"]);
    let say = async |kind: &str, to: &str, words: &str| {
        let message = json!({ "from": "alice", "type": "txt", "to": [to], "body": { "msg": words } });
        let at = sdk.post(&format!("/messages/{kind}"), &message).await["timestamp"].as_i64().unwrap();
        // What comes next is of a later millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        at
    };
    let texts_of = async |name: &str, id: &str| -> Vec<String> {
        let kept = sdk.app.history(name, id).await;
        let texts = kept.iter().filter_map(|one| content(one)["content"].as_str().map(str::to_owned));
        texts.filter(|words| words.starts_with("said ")).collect()
    };
    let (chat, crew) = (conversation("alice", "bob"), format!("sg_{group}"));
    let until = say("users", "bob", "said first").await;
    say("users", "bob", "said next").await;
    let path = format!("/rest/message/roaming/chat/user/bob/time?userId=alice&delTime={until}");
    sdk.delete(&path).await;
    assert_eq!(texts_of("bob", &chat).await, ["said next"]);
    assert_eq!(texts_of("alice", &chat).await, ["said first", "said next"]);
    let until = say("chatgroups", &group, "said to all").await;
    say("chatgroups", &group, "said to all again").await;
    let path = format!("/rest/message/roaming/group/user/bob/time?groupId={group}&delTime={until}");
    sdk.delete(&path).await;
    assert_eq!(texts_of("bob", &crew).await, ["said to all again"]);

    let channel =
        |delete_roam: bool| json!({ "channel": "alice", "type": "chat", "delete_roam": delete_roam });
    for (with_messages, left) in [(false, vec!["said next"]), (true, vec![])] {
        let answer = sdk.call(Method::DELETE, "/users/bob/user_channel", Some(&channel(with_messages))).await;
        assert_eq!(answer.unwrap()["data"]["result"], json!("ok"));
        assert_eq!(texts_of("bob", &chat).await, left);
    }
    sdk.poke("/rest/message/roaming/user/bob/delete/all").await;
    assert!(texts_of("bob", &crew).await.is_empty());
    let waits = sdk.get("/users/bob/offline_msg_count").await;
    assert_eq!(int(&waits["data"]["bob"]), 0);
    assert_eq!(texts_of("alice", &crew).await.len(), 2);
    let nobody = sdk.call(Method::POST, "/rest/message/roaming/user/nobody/delete/all", None).await;
    assert_eq!(nobody, Err(Thrown::NotFound));
}

/// Some calls take an unknown path for done: what is not offered has to be refused.
#[tokio::test]
async fn what_is_not_offered_is_said() {
    let sdk = Sdk::start(Setup::dev()).await;
    sdk.create_user("alice").await;
    let users = json!({ "usernames": ["alice"] });
    let msg = json!({ "from": "alice", "target": "bob", "msg": { "type": "text", "msg": "x" } });
    for (method, path, body) in [
        (Method::POST, "/users/alice/presence/web/1", Some(json!({ "ext": "busy" }))),
        (Method::POST, "/users/alice/presence/1000", Some(users.clone())),
        (Method::POST, "/users/alice/presence", Some(users)),
        (Method::DELETE, "/users/alice/presence", Some(json!(["alice"]))),
        (Method::GET, "/users/alice/presence/sublist?pageNum=1&pageSize=10", None),
        (Method::GET, "/presence/online/77/type/0", None),
        (Method::POST, "/moderation/record/message/export", Some(json!({ "dateFrom": 1, "dateTo": 2 }))),
        (Method::GET, "/moderation/export/files?page=1&size=10&uuid=x", None),
        (Method::GET, "/moderationfiles/x?type=record", None),
        (Method::POST, "/messages/users/import", Some(msg.clone())),
        (Method::POST, "/messages/chatgroups/import", Some(msg.clone())),
        (Method::POST, "/messages/chatrooms/broadcast", Some(msg.clone())),
        (Method::POST, "/messages/chatgroups/users", Some(msg.clone())),
        (Method::POST, "/messages/chatrooms/users", Some(msg)),
    ] {
        assert_eq!(sdk.call(method, path, body.as_ref()).await, Err(Thrown::Forbidden), "{path}");
    }
}

#[tokio::test]
async fn the_server_is_found_by_the_key_of_the_app() {
    let sdk = Sdk::start(Setup::dev()).await;
    let reply = sdk.app.server.rest();
    let reply = reply.send(Method::GET, "/easemob/server.json?app_key=demo%23demo", &[], Vec::new()).await;
    let named = ["deploy_name", "file_version"].map(|member| text(&reply.body[member]));
    assert!(named.iter().all(|text| !text.is_empty()), "{named:?}");
    let host = &reply.body["rest"]["hosts"][0];
    let addr = sdk.app.server.addr();
    assert_eq!((text(&host["protocol"]), text(&host["domain"])), ("http".to_owned(), addr.ip().to_string()));
    assert_eq!(int(&host["port"]), i32::from(addr.port()));
}

#[tokio::test]
async fn every_error_says_what_is_wrong() {
    let sdk = Sdk::start(Setup::dev()).await;
    for token in ["", "YWMtnothing"] {
        assert_eq!(sdk.thrown_with(token, "/users/alice").await, Thrown::Unauthorized);
    }
    for (method, path, body, thrown) in [
        (Method::GET, "/users/nobody", None, Thrown::NotFound),
        (Method::GET, "/chatgroups/999", None, Thrown::NotFound),
        (Method::GET, "/chatrooms/999", None, Thrown::NotFound),
        (Method::GET, "/no/such/path", None, Thrown::NotFound),
        (Method::GET, "", None, Thrown::NotFound),
        (Method::DELETE, "/messages/users", None, Thrown::BadRequest),
        (Method::POST, "/users", Some(json!(7)), Thrown::BadRequest),
        (Method::POST, "/chatgroups", Some(json!({ "owner": "nobody", "public": true })), Thrown::NotFound),
        (Method::POST, "/chatrooms", Some(json!({ "owner": "nobody" })), Thrown::NotFound),
        (Method::POST, "/messages/users", None, Thrown::BadRequest),
        (Method::POST, "/users", Some(json!({ "username": "x".repeat(2 << 20) })), Thrown::BadRequest),
    ] {
        assert_eq!(sdk.call(method, path, body.as_ref()).await, Err(thrown), "{path}");
    }
    // The app of another.
    let path = "/other/app/users";
    let reply = sdk.app.server.rest().send(Method::GET, path, &[], Vec::new()).await;
    assert_eq!((reply.status, reply.body["error_description"].is_string()), (404, true), "{APP}");
}
