//! Contacts and block lists.

use ringback_model::command::{FriendCommand, FriendOutcome};
use ringback_model::record::Friend;
use ringback_model::user::Block;

use super::*;

fn friend(name: &str) -> Friend {
    Friend {
        owner: user("ann"),
        friend: user(name),
        remark: format!("my {name}"),
        since: NOW,
        source: 1,
        operator: user("admin"),
        ex: String::new(),
        pinned: false,
    }
}

fn command(asked: &EdgeRequest) -> FriendCommand {
    match decode(asked) {
        Ok(Command::Friend(command)) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn contacts_are_made_and_parted() {
    let path = "/app-id/4711/users/Ann/contacts/users/Bob";
    let add = request(Method::Post, path, "");
    assert!(matches!(command(&add), FriendCommand::Befriend { owner, friend }
        if owner == user("ann") && friend == user("bob")));
    assert!(matches!(command(&delete(path)), FriendCommand::Part { .. }));
    for asked in [add, delete(path)] {
        let told = answer(&asked, Outcome::Users(vec![registered("bob")]));
        let uuid = super::super::uuid::of_user("demo-org#demo-app", "ann");
        assert_eq!(told["path"], format!("/users/{uuid}/contacts"));
        assert_eq!(told["entities"][0]["username"], "bob");
        let unknown = failed(&asked, refusal(RefusalCode::UserNotFound, "no such user: bob"));
        assert_eq!(unknown, owned((404, "service_resource_not_found", "Service resource not found")));
    }
    let himself = request(Method::Post, "/app-id/4711/users/ann/contacts/users/ANN", "");
    assert_eq!(rejected(&himself).1, "illegal_argument");
}

#[test]
fn contacts_are_listed() {
    let all = get("/app-id/4711/users/ann/contacts/users");
    assert!(matches!(command(&all), FriendCommand::After { after: None, limit: None, .. }));
    let found = |next| Outcome::OfFriend(FriendOutcome::After(vec![friend("Bob"), friend("cy")], next));
    let told = answer(&all, found(None));
    assert_eq!((&told["data"], &told["count"]), (&json!(["bob", "cy"]), &json!(2)));
    let paged = get("/app-id/4711/user/ann/contacts?limit=2&needReturnRemark=true");
    let told = answer(&paged, found(Some(user("Cy"))));
    assert_eq!(told["data"]["contacts"][0], json!({"username": "bob", "remark": "my Bob"}));
    let next = get(&format!("/app-id/4711/user/ann/contacts?cursor={}", told["cursor"].as_str().unwrap()));
    let FriendCommand::After { after, limit, .. } = command(&next) else { panic!("a list") };
    assert_eq!((after, limit), (Some(user("cy")), Some(10)));
    let told = answer(&next, found(None));
    assert_eq!((&told["cursor"], &told["data"]["contacts"][0]), (&Value::Null, &json!({"username": "bob"})));
}

#[test]
fn contacts_get_names_and_are_imported() {
    let path = "/app-id/4711/user/ann/contacts/users/bob";
    let asked = request(Method::Put, path, json!({"remark": "B"}).to_string());
    assert!(matches!(command(&asked), FriendCommand::Remark { remark, .. } if remark == "B"));
    assert_eq!(answer(&asked, Outcome::Done)["status"], "ok");
    let long = request(Method::Put, path, json!({"remark": "r".repeat(101)}).to_string());
    assert_eq!(rejected(&long).1, "illegal_argument");
    let import =
        post("/app-id/4711/users/ann/contacts/import?isSendNotice=true", &json!({"usernames": ["b", "c"]}));
    assert!(matches!(command(&import), FriendCommand::BefriendMany { users, .. } if users.len() == 2));
    let outcome = FriendOutcome::Befriended {
        done: vec![user("b")],
        unknown: vec![user("c")],
        no_room: vec![],
        others: vec![],
    };
    assert_eq!(
        answer(&import, Outcome::OfFriend(outcome))["data"],
        json!({"success": ["b"], "NotExistFailed": ["c"], "maxLimitFailed": [], "UnKnowFailed": []})
    );
    let many: Vec<String> = (0..11).map(|number| format!("u{number}")).collect();
    let asked = post("/app-id/4711/users/ann/contacts/import", &json!({"usernames": many}));
    assert_eq!(rejected(&asked), owned((400, "invalid_parameter", "userNames is more than max limit : 10")));
}

#[test]
fn block_lists() {
    let path = "/app-id/4711/users/ann/blocks/users";
    let add = post(path, &json!({"usernames": ["Bob", "bob", "cy"]}));
    assert!(
        matches!(command(&add), FriendCommand::BlockMany { users, .. } if users == [user("bob"), user("cy")])
    );
    assert_eq!(answer(&add, Outcome::Done)["data"], json!(["bob", "cy"]));
    let block = |name: &str| Block {
        owner: user("ann"),
        blocked: user(name),
        at: NOW,
        by: user("admin"),
        ex: String::new(),
    };
    let found = |next| Outcome::OfFriend(FriendOutcome::BlocksAfter(vec![block("Bob")], next));
    assert!(matches!(command(&get(path)), FriendCommand::BlocksAfter { limit: None, .. }));
    let told = answer(&get(path), found(None));
    assert_eq!((&told["data"], &told["cursor"]), (&json!(["bob"]), &Value::Null));
    let paged = get(&format!("{path}?pageSize=1"));
    let cursor = answer(&paged, found(Some(user("Bob"))))["cursor"].as_str().unwrap().to_owned();
    let next = get(&format!("{path}?cursor={cursor}"));
    let FriendCommand::BlocksAfter { after, limit, .. } = command(&next) else { panic!("a list") };
    assert_eq!((after, limit), (Some(user("bob")), Some(50)));
    for body in [json!({}), json!({"usernames": []}), json!({"usernames": ["a b"]})] {
        assert_eq!(rejected(&post(path, &body)).1, "illegal_argument", "{body}");
    }
}
