//! REST of the family about users: what each call answers, and what clients of the other dialect see of it. Source:
//! easemob-rest fact sheet 4, 5, 12, 15.

use http::Method;
use ringback_e2e::QUIET;
use ringback_e2e::app::{content, conversation, platform};
use ringback_e2e::client::{Client, Login, What};
use ringback_e2e::family::Family;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ON, webhooks};
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

/// A call that must fail: status and `error`.
async fn refused(family: &Family, method: Method, path: &str, body: Option<&Value>) -> (u16, String) {
    let reply = family.call(method, path, body).await;
    (reply.status, reply.text("error").to_owned())
}

fn unknown() -> (u16, String) {
    (404, "service_resource_not_found".to_owned())
}

fn names(entities: &Value) -> Vec<&str> {
    entities.as_array().unwrap().iter().map(|one| one["username"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn users_are_listed_in_the_order_of_their_registration() {
    let family = Family::start(Setup::dev(), &[]).await;
    for name in ["Zoe", "ann", "mia"] {
        let account = json!({ "username": name, "password": "pw" });
        let made = family.ok(Method::POST, "/demo/demo/users", Some(&account)).await;
        assert_eq!(names(&made["entities"]), [name.to_lowercase()], "{made}");
        // Their order is that of their milliseconds.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    // A user who was registered here logs in there.
    drop(family.app.login("zoe", platform::WEB).await);
    let mut listed: Vec<String> = Vec::new();
    let mut path = "/demo/demo/users?limit=1".to_owned();
    loop {
        let page = family.ok(Method::GET, &path, None).await;
        listed.extend(names(&page["entities"]).into_iter().map(str::to_owned));
        assert_eq!((&page["count"], &page["params"]["limit"]), (&json!(1), &json!(["1"])));
        let Some(cursor) = page["cursor"].as_str() else { break };
        path = format!("/demo/demo/users?limit=1&cursor={cursor}");
    }
    listed.retain(|name| name != "imadmin");
    assert_eq!(listed, ["zoe", "ann", "mia"]);
    let (status, error) = refused(&family, Method::GET, "/demo/demo/users?cursor=x", None).await;
    assert_eq!((status, error.as_str()), (400, "illegal_argument"));

    // All of them go, page by page; administrators stay.
    let gone = family.ok(Method::DELETE, "/demo/demo/users?limit=100", None).await;
    assert_eq!(names(&gone["entities"]), ["zoe", "ann", "mia"]);
    assert_eq!(gone["cursor"], Value::Null);
    let left = family.ok(Method::GET, "/demo/demo/users", None).await;
    assert_eq!(names(&left["entities"]), ["imadmin"]);
    assert_eq!(refused(&family, Method::DELETE, "/demo/demo/users/imadmin", None).await.0, 403);
}

#[tokio::test]
async fn a_deleted_user_leaves_everything_but_his_words() {
    let receiver = Receiver::start().await;
    let told = [("afterDismissGroup", ON), ("afterQuitGroup", ON), ("afterUserKickOff", ON)];
    let setup = Setup::dev().webhooks(&webhooks(&receiver.url(), &told));
    let family = Family::start(setup, &["alice", "bob", "carol"]).await;
    let own = family.app.group("alice", &["bob"]).await;
    let others = family.app.group("bob", &["alice", "carol"]).await;
    family.ok(Method::POST, "/demo/demo/users/alice/contacts/users/bob", None).await;
    let alice = family.app.login("alice", platform::WEB).await;
    let bob = family.app.login("bob", platform::WEB).await;
    alice.send(&alice.text_to("bob", "remember me")).await.taken();

    let gone = family.ok(Method::DELETE, "/app-id/demo/users/Alice", None).await;
    assert_eq!(names(&gone["entities"]), ["alice"]);
    alice.saw(|arrived| arrived.what == What::Kicked).await;
    let dismissed = receiver.wait_for_one("callbackAfterDisMissGroupCommand").await;
    assert_eq!(dismissed.text("groupID"), own);
    let quit = receiver.wait_for_one("callbackAfterQuitGroupCommand").await;
    assert_eq!((quit.text("groupID"), quit.text("userID")), (others.as_str(), "alice"));
    receiver.wait_for_one("callbackAfterUserKickOffCommand").await;

    assert_eq!(refused(&family, Method::GET, "/demo/demo/users/alice", None).await, unknown());
    assert_eq!(refused(&family, Method::DELETE, "/demo/demo/users/alice", None).await, unknown());
    let contacts = family.ok(Method::GET, "/demo/demo/users/bob/contacts/users", None).await;
    assert_eq!(contacts["data"], json!([]));
    // Bob reads what she has said, and nobody writes to her any more.
    let chat = conversation("alice", "bob");
    let kept = family.app.history("bob", &chat).await;
    let texts: Vec<Value> = kept.iter().map(content).map(|one| one["content"].clone()).collect();
    assert!(texts.contains(&json!("remember me")), "{texts:?}");
    assert_ne!(bob.send(&bob.text_to("alice", "where are you")).await.told.code, 0);
    let members = family.ok(Method::GET, &format!("/demo/demo/chatgroups/{others}/users"), None).await;
    assert_eq!(members["count"], json!(2), "{members}");

    // Somebody of the same name starts with nothing.
    family.app.register(&["alice"]).await;
    assert!(family.app.history("alice", &chat).await.is_empty());
    let count = family.ok(Method::GET, "/demo/demo/users/alice/offline_msg_count", None).await;
    assert_eq!(count["data"], json!({ "alice": 0 }));
    let joined = json!({ "fromUserID": "alice", "pagination": { "pageNumber": 1, "showNumber": 10 } });
    let groups = family.app.admin().post("/group/get_joined_group_list", &joined).await.data();
    assert_eq!(groups["total"], json!(0), "{groups}");
    bob.send(&bob.text_to("alice", "hello again")).await.taken();
    let texts = family.app.history("alice", &chat).await.len();
    assert_eq!(texts, 1, "only what was said to her");
}

#[tokio::test]
async fn a_deactivated_user_is_out_until_he_is_activated() {
    let family = Family::start(Setup::dev(), &["alice"]).await;
    let account = json!({ "username": "bob", "password": "pw-demo" });
    family.ok(Method::POST, "/demo/demo/users", Some(&account)).await;
    let token = family.app.token("bob", platform::WEB).await;
    let bob = family.app.login("bob", platform::ANDROID).await;
    let out = family.ok(Method::POST, "/demo/demo/users/bob/deactivate", None).await;
    assert_eq!(
        (&out["action"], &out["entities"][0]["activated"]),
        (&json!("Deactivate user"), &json!(false))
    );
    bob.saw(|arrived| arrived.what == What::Kicked).await;
    let login = json!({ "grant_type": "password", "username": "bob", "password": "pw-demo" });
    let turned_away = family.call(Method::POST, "/demo/demo/token", Some(&login)).await;
    assert_eq!((turned_away.status, turned_away.text("error")), (400, "invalid_grant"));
    assert_eq!(turned_away.text("error_description"), "user not activated");
    let asked = json!({ "userID": "bob", "platformID": platform::WEB });
    assert_eq!(family.app.admin().post("/auth/get_user_token", &asked).await.code(), 1002);
    let old = Login::new("bob", &token, platform::WEB);
    assert!(Client::connect(family.app.server.addr(), &old).await.is_err(), "his tokens are gone");
    let shown = family.ok(Method::GET, "/demo/demo/users/bob", None).await;
    assert_eq!(shown["entities"][0]["activated"], json!(false));

    let back = family.ok(Method::POST, "/demo/demo/users/bob/activate", None).await;
    assert_eq!((&back["action"], &back["entities"][0]["activated"]), (&json!("activate user"), &json!(true)));
    family.ok(Method::POST, "/demo/demo/token", Some(&login)).await;
    drop(family.app.login("bob", platform::WEB).await);
    for action in ["activate", "deactivate"] {
        let path = format!("/demo/demo/users/nobody/{action}");
        assert_eq!(refused(&family, Method::POST, &path, None).await, unknown());
    }
}

#[tokio::test]
async fn passwords_and_names_are_changed() {
    let family = Family::start(Setup::dev(), &["alice"]).await;
    let path = "/demo/demo/users/alice/password";
    let body = json!({ "newpassword": "pw-new" });
    let set = family.ok(Method::PUT, path, Some(&body)).await;
    assert_eq!(set["action"], json!("set user password"));
    let login =
        |password: &str| json!({ "grant_type": "password", "username": "alice", "password": password });
    family.ok(Method::POST, "/demo/demo/token", Some(&login("pw-new"))).await;
    assert_eq!(family.call(Method::POST, "/demo/demo/token", Some(&login("pw"))).await.status, 400);
    let (status, error) = refused(&family, Method::PUT, "/demo/demo/users/x/password", Some(&body)).await;
    assert_eq!((status, error.as_str()), (404, "entity_not_found"));
    assert_eq!(refused(&family, Method::PUT, path, Some(&json!({}))).await.0, 400);

    let named = json!({ "nickname": "Alice A." });
    let changed = family.ok(Method::PUT, "/demo/demo/users/alice", Some(&named)).await;
    assert_eq!(changed["entities"][0]["nickname"], json!("Alice A."));
    let asked = json!({ "userIDs": ["alice"] });
    let profile = family.app.admin().post("/user/get_users_info", &asked).await.data();
    assert_eq!(profile["usersInfo"][0]["nickname"], json!("Alice A."));

    let attributes = json!({ "avatarurl": "https://example.test/a.png", "level": "7" });
    let noted = family.ok(Method::PUT, "/demo/demo/metadata/user/alice", Some(&attributes)).await;
    assert_eq!(noted["data"], attributes);
    let more = family.ok(Method::PUT, "/demo/demo/metadata/user/alice", Some(&json!({ "level": "8" }))).await;
    assert_eq!((&more["data"]["level"], &more["data"]["avatarurl"]), (&json!("8"), &attributes["avatarurl"]));
    let asked = json!({ "targets": ["alice", "bob"], "properties": ["level"] });
    let several = family.ok(Method::POST, "/demo/demo/metadata/user/get", Some(&asked)).await;
    assert_eq!(several["data"], json!({ "alice": { "level": "8" }, "bob": {} }));
    family.ok(Method::DELETE, "/demo/demo/metadata/user/alice", None).await;
    let none = family.ok(Method::GET, "/demo/demo/metadata/user/alice", None).await;
    assert_eq!(none["data"], json!({}));
    let path = "/demo/demo/metadata/user/nobody";
    assert_eq!(refused(&family, Method::PUT, path, Some(&attributes)).await, unknown());
}

#[tokio::test]
async fn who_is_online_is_told_and_ended() {
    let receiver = Receiver::start().await;
    let setup = Setup::dev().webhooks(&webhooks(&receiver.url(), &[("afterUserKickOff", ON)]));
    let family = Family::start(setup, &["alice", "bob"]).await;
    let status = async |user: &str| {
        let answer = family.ok(Method::GET, &format!("/demo/demo/users/{user}/status"), None).await;
        answer["data"][user].as_str().unwrap().to_owned()
    };
    assert_eq!(status("alice").await, "offline");
    let phone = family.app.login("alice", platform::ANDROID).await;
    let web = family.app.login("alice", platform::WEB).await;
    assert_eq!(status("alice").await, "online");
    let asked = json!({ "usernames": ["alice", "bob", "nobody"] });
    let several = family.ok(Method::POST, "/demo/demo/users/batch/status", Some(&asked)).await;
    assert_eq!(
        several["data"],
        json!([{ "alice": "online" }, { "bob": "offline" }, { "nobody": "offline" }])
    );

    let devices = family.ok(Method::GET, "/demo/demo/users/alice/resources", None).await;
    let devices: Vec<&str> =
        devices["data"].as_array().unwrap().iter().map(|one| one["res"].as_str().unwrap()).collect();
    assert_eq!(devices.len(), 2);
    let android = devices.iter().find(|name| name.starts_with("android_")).unwrap();
    let path = format!("/demo/demo/users/alice/disconnect/{android}");
    let cut = family.ok(Method::DELETE, &path, None).await;
    assert_eq!(cut["data"], json!({ "result": true }));
    phone.saw(|arrived| arrived.what == What::Kicked).await;
    assert_eq!(status("alice").await, "online", "the other device stays");
    let again = family.ok(Method::GET, &path, None).await;
    assert_eq!(again["data"], json!({ "result": false }), "there is no such device any more");

    let out = family.ok(Method::GET, "/demo/demo/users/alice/disconnect", None).await;
    assert_eq!(out["data"], json!({ "result": true }));
    web.saw(|arrived| arrived.what == What::Kicked).await;
    assert_eq!(status("alice").await, "offline");
    receiver.wait_for("callbackAfterUserKickOffCommand", 2).await;
    for path in ["status", "disconnect", "resources", "offline_msg_count", "disconnect/web_1"] {
        let path = format!("/demo/demo/users/nobody/{path}");
        assert_eq!(refused(&family, Method::GET, &path, None).await, unknown(), "{path}");
    }
}

#[tokio::test]
async fn what_waits_for_a_user_is_counted() {
    let family = Family::start(Setup::dev(), &["alice", "bob"]).await;
    let count = async || {
        let answer = family.ok(Method::GET, "/demo/demo/users/bob/offline_msg_count", None).await;
        answer["data"]["bob"].as_u64().unwrap()
    };
    assert_eq!(count().await, 0);
    let first = family.send("alice", &["bob"], "one").await["bob"].as_str().unwrap().to_owned();
    family.send("alice", &["bob"], "two").await;
    assert_eq!(count().await, 2);
    let path = format!("/demo/demo/users/bob/offline_msg_status/{first}");
    assert_eq!(family.ok(Method::GET, &path, None).await["data"][&first], json!("undelivered"));
    let read = json!({ "userID": "bob", "conversationID": conversation("alice", "bob"), "hasReadSeq": 2, "seqs": [] });
    family.app.rest_of("bob").await.post("/msg/mark_conversation_as_read", &read).await.data();
    assert_eq!(count().await, 0);
    assert_eq!(family.ok(Method::GET, &path, None).await["data"][&first], json!("delivered"));
}

#[tokio::test]
async fn contacts_are_made_listed_and_parted_on_both_sides() {
    let family = Family::start(Setup::dev(), &["ann", "bob", "cy", "dee"]).await;
    let bob = family.app.login("bob", platform::WEB).await;
    for friend in ["bob", "Cy"] {
        let path = format!("/demo/demo/users/ann/contacts/users/{friend}");
        let made = family.ok(Method::POST, &path, None).await;
        assert_eq!(names(&made["entities"]), [friend.to_lowercase()]);
        family.ok(Method::POST, &path, None).await;
    }
    bob.pushed(|message| message.content_type == 1201).await;
    let of = async |user: &str| {
        let path = format!("/demo/demo/users/{user}/contacts/users");
        family.ok(Method::GET, &path, None).await["data"].clone()
    };
    assert_eq!((of("ann").await, of("cy").await), (json!(["bob", "cy"]), json!(["ann"])));
    let named = json!({ "remark": "Bobby" });
    let path = "/demo/demo/user/ann/contacts/users/bob";
    assert_eq!(family.ok(Method::PUT, path, Some(&named)).await["status"], json!("ok"));
    let paged = "/demo/demo/user/ann/contacts?limit=1&needReturnRemark=true";
    let first = family.ok(Method::GET, paged, None).await;
    assert_eq!(first["data"]["contacts"], json!([{ "username": "bob", "remark": "Bobby" }]));
    let next = format!("{paged}&cursor={}", first["cursor"].as_str().unwrap());
    let last = family.ok(Method::GET, &next, None).await;
    assert_eq!(last["data"]["contacts"], json!([{ "username": "cy", "remark": "" }]));
    assert_eq!(last["cursor"], Value::Null);

    let wanted = json!({ "usernames": ["dee", "nobody", "ann"] });
    let imported = family.ok(Method::POST, "/demo/demo/users/ann/contacts/import", Some(&wanted)).await;
    assert_eq!(
        imported["data"],
        json!({ "success": ["dee"], "NotExistFailed": ["nobody"], "maxLimitFailed": [], "UnKnowFailed": ["ann"] })
    );
    let parted = family.ok(Method::DELETE, "/demo/demo/users/ann/contacts/users/bob", None).await;
    assert_eq!(names(&parted["entities"]), ["bob"]);
    assert_eq!((of("ann").await, of("bob").await), (json!(["cy", "dee"]), json!([])));
    family.ok(Method::DELETE, "/demo/demo/users/ann/contacts/users/bob", None).await;
    for (owner, friend) in [("nobody", "bob"), ("ann", "nobody")] {
        let path = format!("/demo/demo/users/{owner}/contacts/users/{friend}");
        for method in [Method::POST, Method::DELETE] {
            assert_eq!(refused(&family, method, &path, None).await, unknown(), "{path}");
        }
    }
    let himself = refused(&family, Method::POST, "/demo/demo/users/ann/contacts/users/ann", None).await;
    assert_eq!(himself, (400, "illegal_argument".to_owned()));
}

#[tokio::test]
async fn blocked_users_are_refused_until_they_are_let_in() {
    let family = Family::start(Setup::dev(), &["ann", "bob", "cy"]).await;
    let path = "/demo/demo/users/ann/blocks/users";
    let wanted = json!({ "usernames": ["bob", "Cy"] });
    for _ in 0..2 {
        let blocked = family.ok(Method::POST, path, Some(&wanted)).await;
        assert_eq!(blocked["data"], json!(["bob", "cy"]));
    }
    let bob = family.app.login("bob", platform::WEB).await;
    assert_eq!(bob.send(&bob.text_to("ann", "hi")).await.told.code, 1302);
    assert_eq!(family.ok(Method::GET, path, None).await["data"], json!(["bob", "cy"]));
    let first = family.ok(Method::GET, &format!("{path}?pageSize=1"), None).await;
    let next = format!("{path}?pageSize=1&cursor={}", first["cursor"].as_str().unwrap());
    let last = family.ok(Method::GET, &next, None).await;
    assert_eq!((&last["data"], &last["cursor"]), (&json!(["cy"]), &Value::Null));
    let free = family.ok(Method::DELETE, &format!("{path}/bob"), None).await;
    assert_eq!(names(&free["entities"]), ["bob"]);
    bob.send(&bob.text_to("ann", "hi")).await.taken();
    let one_unknown = json!({ "usernames": ["bob", "nobody"] });
    assert_eq!(refused(&family, Method::POST, path, Some(&one_unknown)).await, unknown());
    assert_eq!(family.ok(Method::GET, path, None).await["data"], json!(["cy"]), "nothing was done");
}

#[tokio::test]
async fn muted_users_say_nothing_where_they_are_muted() {
    let family = Family::start(Setup::dev(), &["ann", "bob"]).await;
    let group = family.app.group("ann", &["bob"]).await;
    let bob = family.app.login("bob", platform::WEB).await;
    let mute = json!({ "username": "bob", "chat": -1, "groupchat": 3600 });
    assert_eq!(family.ok(Method::POST, "/demo/demo/mutes", Some(&mute)).await["data"]["result"], json!("ok"));
    assert_eq!(bob.send(&bob.text_to("ann", "hi")).await.told.code, 1402);
    assert_eq!(bob.send(&bob.text_to_group(&group, "hi")).await.told.code, 1402);
    // The app still speaks in his name.
    family.send("bob", &["ann"], "by REST").await;
    let shown = family.ok(Method::GET, "/demo/demo/mutes/bob", None).await["data"].clone();
    assert_eq!(
        (&shown["userid"], &shown["chat"], &shown["chatroom"]),
        (&json!("bob"), &json!(-1), &json!(0))
    );
    assert!((3590..=3600).contains(&shown["groupchat"].as_i64().unwrap()), "{shown}");
    let all = family.ok(Method::GET, "/demo/demo/mutes", None).await["data"].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(1));
    let off = json!({ "username": "bob", "chat": 0 });
    family.ok(Method::POST, "/demo/demo/mutes", Some(&off)).await;
    bob.send(&bob.text_to("ann", "hi")).await.taken();
    assert_eq!(bob.send(&bob.text_to_group(&group, "hi")).await.told.code, 1402, "groups stay as they were");
    let off = json!({ "username": "bob", "groupchat": 0 });
    family.ok(Method::POST, "/demo/demo/mutes", Some(&off)).await;
    bob.send(&bob.text_to_group(&group, "hi")).await.taken();
    assert_eq!(family.ok(Method::GET, "/demo/demo/mutes", None).await["data"], json!([]));
    let nobody = json!({ "username": "nobody", "chat": 1 });
    assert_eq!(refused(&family, Method::POST, "/demo/demo/mutes", Some(&nobody)).await, unknown());
    tokio::time::sleep(QUIET).await;
}

#[tokio::test]
async fn clients_find_the_server_by_its_own_name() {
    let family = Family::start(Setup::dev(), &[]).await;
    let addr = family.app.server.addr();
    let rest = family.app.server.rest();
    let reply = rest.send(Method::GET, "/easemob/server.json?app_key=demo%23demo", &[], Vec::new()).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let host = &reply.body["rest"]["hosts"][0];
    assert_eq!((&host["protocol"], &host["port"]), (&json!("http"), &json!(addr.port())));
    assert_eq!(host["domain"], json!(addr.ip().to_string()));
    let other = rest.send(Method::GET, "/easemob/server.json?app_key=a%23b", &[], Vec::new()).await;
    assert_eq!((other.status, other.text("error")), (404, "organization_application_not_found"));
}
