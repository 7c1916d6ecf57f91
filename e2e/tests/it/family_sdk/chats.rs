//! Groups and chat rooms. Source: the packages `group`, `room`, `block` of the same repository.

use super::sdk::{Sdk, Thrown, chat_id, cursor, int, text, texts};
use http::Method;
use ringback_e2e::setup::Setup;
use serde_json::{Value, json};

async fn with_users(names: &[&str]) -> Sdk {
    let sdk = Sdk::start(Setup::dev()).await;
    for name in names {
        sdk.create_user(name).await;
    }
    sdk
}

/// `result` of the entry of a user in a list, as mutes are checked.
fn result_of(answer: &Value, user: &str) -> bool {
    let all = answer["data"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let found = all.iter().find(|one| text(&one["user"]) == user);
    found.and_then(|one| one["result"].as_bool()).unwrap_or_default()
}

/// Details as `GetGroupResponse` and `GetRoomDetailResponse` read them: a list, even of one.
fn detail(answer: &Value, id: &str) -> Value {
    let all = answer["data"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let found = all.iter().find(|one| text(&one["id"]) == id);
    let found = found.unwrap_or_else(|| panic!("{id} is not in {answer}"));
    for flag in ["membersonly", "allowinvites", "public", "mute"] {
        assert!(found[flag].is_boolean(), "{flag}: {found}");
    }
    for number in ["maxusers", "affiliations_count"] {
        assert!(int(&found[number]) > 0, "{number}: {found}");
    }
    for name in ["name", "description", "owner", "custom"] {
        assert!(found[name].is_string(), "{name}: {found}");
    }
    found.clone()
}

/// Affiliations: whoever is not the owner is a member.
fn members(detail: &Value) -> Vec<String> {
    let all = detail["affiliations"].as_array().unwrap();
    all.iter().filter(|one| one["owner"].is_null()).map(|one| text(&one["member"])).collect()
}

#[tokio::test]
async fn groups() {
    let sdk = with_users(&["alice", "bob", "carol", "dave"]).await;
    // As the SDK makes a private one: `desc`, `members_only`, and switches that nobody here knows.
    let new = json!({ "groupname": "crew", "desc": "of the ship", "public": false, "owner": "alice",
        "members": ["bob"], "maxusers": 200, "allowinvites": true, "invite_need_confirm": true,
        "members_only": false, "custom": "c", "need_verify": true, "avatar": "http://x/a.png" });
    let id = chat_id(&sdk.post("/chatgroups", &new).await["data"]["groupid"]);
    let own = json!({ "groupid": "123456", "groupname": "crowd", "desc": "", "scale": "large", "public": true,
        "owner": "alice", "members": [], "maxusers": 2000, "allowinvites": false, "invite_need_confirm": false,
        "members_only": true, "need_verify": true });
    assert_eq!(chat_id(&sdk.post("/chatgroups", &own).await["data"]["groupid"]), "123456");
    let found = detail(&sdk.get(&format!("/chatgroups/{id}")).await, &id);
    assert_eq!(
        (&found["name"], &found["description"], &found["disabled"], &found["avatar"]),
        (&json!("crew"), &json!("of the ship"), &json!(false), &json!("http://x/a.png"))
    );
    assert_eq!(members(&found), ["bob"]);
    let both = sdk.get(&format!("/chatgroups/{id},123456")).await;
    assert!(detail(&both, "123456")["maxusers"] == 2000 && detail(&both, &id)["owner"] == "alice");

    // Page by page, until there is no cursor.
    let mut listed = Vec::new();
    let mut path = "/chatgroups?limit=1".to_owned();
    loop {
        let page = sdk.get(&path).await;
        for one in page["data"].as_array().unwrap() {
            assert!(int(&one["affiliations"]) > 0 && one["owner"].is_string(), "{one}");
            listed.push((text(&one["groupid"]), text(&one["groupname"])));
        }
        let Some(next) = cursor(&page) else { break };
        path = format!("/chatgroups?limit=1&cursor={next}");
    }
    listed.sort_unstable_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(listed, [(id.clone(), "crew".to_owned()), ("123456".to_owned(), "crowd".to_owned())]);
    for path in ["/users/bob/joined_chatgroups", "/users/bob/joined_chatgroups?pagenum=1&pagesize=20"] {
        let joined = sdk.get(path).await;
        assert_eq!(
            (text(&joined["data"][0]["groupid"]), text(&joined["data"][0]["groupname"])),
            (id.clone(), "crew".to_owned())
        );
    }

    // Of these the SDK wants to hear that they were done.
    let change = json!({ "name": "the crew", "description": "d", "maxusers": 300, "allowinvites": true,
        "membersonly": true, "custom": "cc", "need_verify": false, "invite_need_confirm": true });
    let changed = sdk.put(&format!("/chatgroups/{id}"), &change).await;
    for name in ["maxusers", "membersonly", "allowinvites"] {
        assert_eq!(changed["data"][name], json!(true), "{changed}");
    }
    sdk.post(&format!("/chatgroups/{id}/announcement"), &json!({ "announcement": "at noon" })).await;
    assert_eq!(
        text(&sdk.get(&format!("/chatgroups/{id}/announcement")).await["data"]["announcement"]),
        "at noon"
    );

    sdk.poke(&format!("/chatgroups/{id}/users/carol")).await;
    sdk.post(&format!("/chatgroups/{id}/users"), &json!({ "usernames": ["dave"] })).await;
    for (name, is) in [("carol", true), ("nobody", false)] {
        assert_eq!(sdk.get(&format!("/chatgroups/{id}/user/{name}/is_joined")).await["data"], json!(is));
    }
    // With the owner, by numbers of pages: as long as pages are full.
    let mut all: Vec<Value> = Vec::new();
    let mut number = 1;
    loop {
        let page = sdk.get(&format!("/chatgroups/{id}/users?pagenum={number}&pagesize=2")).await;
        all.extend(page["data"].as_array().unwrap().iter().cloned());
        if int(&page["count"]) < 2 {
            break;
        }
        number = text(&page["params"]["pagenum"][0]).parse::<i32>().unwrap() + 1;
    }
    assert!(all.len() == 4 && all.contains(&json!({ "owner": "alice" })), "{all:?}");

    sdk.post(&format!("/chatgroups/{id}/admin"), &json!({ "newadmin": "bob" })).await;
    assert_eq!(texts(&sdk.get(&format!("/chatgroups/{id}/admin")).await["data"]), ["bob"]);
    sdk.delete(&format!("/chatgroups/{id}/admin/bob")).await;
    silenced(&sdk, "chatgroups", &id).await;
    kept_out(&sdk, "chatgroups", &id, "carol").await;

    sdk.delete(&format!("/chatgroups/{id}/users/bob")).await;
    let several = sdk.delete(&format!("/chatgroups/{id}/users/dave,bob")).await;
    let gone: Vec<(bool, String)> = several["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["result"].as_bool().unwrap(), text(&one["user"])))
        .collect();
    assert_eq!(gone, [(true, "dave".to_owned()), (false, "bob".to_owned())]);
    for (verb, is) in [("disable", true), ("enable", false)] {
        assert_eq!(sdk.poke(&format!("/chatgroups/{id}/{verb}")).await["data"]["disabled"], json!(is));
    }
    sdk.poke(&format!("/chatgroups/{id}/users/bob")).await;
    sdk.put(&format!("/chatgroups/{id}"), &json!({ "newowner": "bob" })).await;
    let message = json!({ "from": "bob", "type": "txt", "to": [id], "body": { "msg": "hi" } });
    assert!(text(&sdk.post("/messages/chatgroups", &message).await["data"][&id]).parse::<i64>().is_ok());
    sdk.delete(&format!("/chatgroups/{id}")).await;
    // What is not there any more is taken for done.
    let again = sdk.call(Method::DELETE, &format!("/chatgroups/{id}"), None).await;
    assert_eq!(again, Err(Thrown::NotFound));
}

/// Mutes of members, and of all.
async fn silenced(sdk: &Sdk, kind: &str, id: &str) {
    let mutes = format!("/{kind}/{id}/mute");
    // Without an end it is -1.
    let mute = json!({ "usernames": ["carol"], "mute_duration": -1 });
    assert!(result_of(&sdk.post(&mutes, &mute).await, "carol"));
    let listed = sdk.get(&mutes).await;
    assert_eq!(text(&listed["data"][0]["user"]), "carol");
    assert!(listed["data"][0]["expire"].as_i64().unwrap() > 4_000_000_000_000, "{listed}");
    assert!(result_of(&sdk.delete(&format!("{mutes}/carol")).await, "carol"));
    sdk.poke(&format!("/{kind}/{id}/ban")).await;
    sdk.delete(&format!("/{kind}/{id}/ban")).await;
}

/// The block list.
async fn kept_out(sdk: &Sdk, kind: &str, id: &str, user: &str) {
    let one = format!("/{kind}/{id}/blocks/users/{user}");
    assert_eq!(sdk.poke(&one).await["data"]["result"], json!(true));
    assert_eq!(texts(&sdk.get(&format!("/{kind}/{id}/blocks/users")).await["data"]), [user]);
    assert_eq!(sdk.delete(&one).await["data"]["result"], json!(true));
}

#[tokio::test]
async fn rooms() {
    let sdk = with_users(&["alice", "bob", "carol"]).await;
    let new = json!({ "name": "lounge", "description": "d", "maxusers": 100, "owner": "alice",
        "members": ["bob"], "scale": "large", "need_verify": true });
    let id = chat_id(&sdk.post("/chatrooms", &new).await["data"]["id"]);
    let found = detail(&sdk.get(&format!("/chatrooms/{id}")).await, &id);
    assert!(found["created"].is_i64() && members(&found) == ["bob"], "{found}");
    let listed = sdk.get("/chatrooms?limit=20").await;
    assert!(text(&listed["data"][0]["id"]) == id && int(&listed["data"][0]["affiliations_count"]) == 2);
    assert_eq!(cursor(&listed), None);
    assert_eq!(text(&sdk.get("/users/bob/joined_chatrooms").await["data"][0]["id"]), id);
    let change = json!({ "name": "the lounge", "description": "e", "maxusers": 200 });
    let changed = sdk.put(&format!("/chatrooms/{id}"), &change).await;
    for name in ["groupname", "description", "maxusers"] {
        assert_eq!(changed["data"][name], json!(true), "{changed}");
    }
    sdk.post(&format!("/chatrooms/{id}/announcement"), &json!({ "announcement": "at noon" })).await;
    assert_eq!(
        text(&sdk.get(&format!("/chatrooms/{id}/announcement")).await["data"]["announcement"]),
        "at noon"
    );

    assert_eq!(sdk.poke(&format!("/chatrooms/{id}/users/carol")).await["data"]["result"], json!(true));
    let page = sdk.get(&format!("/chatrooms/{id}/users?pagenum=1&pagesize=2")).await;
    assert_eq!((int(&page["count"]), text(&page["params"]["pagenum"][0])), (2, "1".to_owned()));
    let appointed = sdk.post(&format!("/chatrooms/{id}/admin"), &json!({ "newadmin": "carol" })).await;
    assert_eq!(
        (text(&appointed["data"]["result"]), text(&appointed["data"]["newadmin"])),
        ("success".to_owned(), "carol".to_owned())
    );
    assert_eq!(texts(&sdk.get(&format!("/chatrooms/{id}/admin")).await["data"]), ["carol"]);
    let discharged = sdk.delete(&format!("/chatrooms/{id}/admin/carol")).await;
    assert_eq!(
        (text(&discharged["data"]["result"]), text(&discharged["data"]["oldadmin"])),
        ("success".to_owned(), "carol".to_owned())
    );
    silenced(&sdk, "chatrooms", &id).await;
    kept_out(&sdk, "chatrooms", &id, "carol").await;

    let message = json!({ "from": "alice", "type": "txt", "to": [id], "body": { "msg": "hi" }, "chatroom_msg_level": "high" });
    assert!(text(&sdk.post("/messages/chatrooms", &message).await["data"][&id]).parse::<i64>().is_ok());
    assert_eq!(sdk.delete(&format!("/chatrooms/{id}/users/bob")).await["data"]["result"], json!(true));
    sdk.poke(&format!("/chatrooms/{id}/users/bob")).await;
    sdk.put(&format!("/chatrooms/{id}"), &json!({ "newowner": "bob" })).await;
    assert_eq!(sdk.delete(&format!("/chatrooms/{id}")).await["data"]["success"], json!(true));
}

/// Pages are counted on from the number that the answer repeats, as long as they are full.
#[tokio::test]
async fn who_manages_all_rooms() {
    let sdk = with_users(&["alice", "bob", "carol"]).await;
    for name in ["alice", "bob", "carol"] {
        let added = sdk.post("/chatrooms/super_admin", &json!({ "superadmin": name })).await;
        assert_eq!(text(&added["data"]["result"]), "success");
    }
    let mut all = Vec::new();
    let mut number = 1;
    loop {
        let page = sdk.get(&format!("/chatrooms/super_admin?pagenum={number}&pagesize=2")).await;
        let some = texts(&page["data"]);
        let is_last = some.len() < 2;
        all.extend(some);
        if is_last {
            break;
        }
        number = text(&page["params"]["pagenum"][0]).parse::<i32>().unwrap() + 1;
    }
    all.sort_unstable();
    assert_eq!(all, ["alice", "bob", "carol"]);
    let removed = sdk.delete("/chatrooms/super_admin/alice").await;
    assert!(removed["data"]["newSuperAdmin"].is_string() && removed["data"]["resource"].is_string());
}
