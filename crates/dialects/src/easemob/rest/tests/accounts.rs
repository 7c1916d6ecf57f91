//! `/users/…`, `/mutes`, `/metadata/user` and the discovery of servers.

use ringback_model::command::{AccountCommand, AccountOutcome, AgeMark, MuteFor};
use ringback_model::user::{Connection, Standing};

use super::*;

/// Whether a request was read as it was meant.
type IsMeant = fn(AccountCommand) -> bool;

fn put(path: &str, body: &Value) -> EdgeRequest {
    request(Method::Put, path, body.to_string())
}

fn account(asked: &EdgeRequest) -> AccountCommand {
    match decode(asked) {
        Ok(Command::Account(command)) => command,
        other => panic!("{other:?}"),
    }
}

fn page(users: Vec<User>, next: Option<AgeMark>) -> Outcome {
    Outcome::OfAccount(AccountOutcome::Page { users, next })
}

#[test]
fn users_come_in_pages_until_there_is_no_cursor() {
    let first = get("/app-id/4711/users?limit=2");
    assert!(matches!(account(&first), AccountCommand::ByAge { after: None, limit: 2 }));
    let mark = AgeMark { at: UnixMs(77), user: user("bob") };
    let told = answer(&first, page(vec![registered("ann"), registered("bob")], Some(mark.clone())));
    assert_eq!((&told["count"], &told["params"]), (&json!(2), &json!({"limit": ["2"]})));
    let cursor = told["cursor"].as_str().unwrap();
    for (method, path) in [(Method::Get, "/app-id/4711/users"), (Method::Delete, "/demo-org/demo-app/users")]
    {
        let next = request(method, &format!("{path}?cursor={cursor}"), "");
        let after = match account(&next) {
            AccountCommand::ByAge { after, limit: 10 } | AccountCommand::RemovePage { after, limit: 10 } => {
                after
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(after, Some(mark.clone()));
        assert_eq!(answer(&next, page(vec![registered("cy")], None))["cursor"], Value::Null, "the last page");
    }
    let many = get("/app-id/4711/users?limit=1000");
    assert!(matches!(account(&many), AccountCommand::ByAge { limit: 100, .. }), "as many as fit");
    for query in ["limit=0", "limit=x", "limit=-1", "cursor=!", "cursor=Ym9i"] {
        let (status, error, _) = rejected(&get(&format!("/app-id/4711/users?{query}")));
        assert_eq!((status, error.as_str()), (400, "illegal_argument"), "{query}");
    }
}

#[test]
fn one_user_is_changed_and_shown() {
    let calls: [(EdgeRequest, IsMeant, &str); 5] = [
        (delete("/app-id/4711/users/Bob"), |c| matches!(c, AccountCommand::Remove { .. }), "delete"),
        (
            put("/app-id/4711/users/bob", &json!({"nickname": "B"})),
            |c| matches!(c, AccountCommand::Rename { names } if names == [(user("bob"), "B".to_owned())]),
            "put",
        ),
        (
            request(Method::Post, "/app-id/4711/users/bob/deactivate", ""),
            |c| matches!(c, AccountCommand::SetActive { active: false, .. }),
            "Deactivate user",
        ),
        (
            request(Method::Post, "/app-id/4711/users/bob/activate", ""),
            |c| matches!(c, AccountCommand::SetActive { active: true, .. }),
            "activate user",
        ),
        (delete("/app-id/4711/users/ann/blocks/users/bob"), |_| true, "delete"),
    ];
    for (asked, is_meant, action) in calls {
        if let Ok(Command::Account(command)) = decode(&asked) {
            assert!(is_meant(command), "{}", asked.path);
        }
        let standing = Standing { deactivated: true, ..Standing::default() };
        let told = answer(&asked, Outcome::Users(vec![User { standing, ..registered("bob") }]));
        let entity = &told["entities"][0];
        assert_eq!((&entity["username"], &entity["activated"]), (&json!("bob"), &json!(false)));
        assert_eq!(told["action"], action, "{}", asked.path);
        let unknown = failed(&asked, refusal(RefusalCode::UserNotFound, "no such user: bob"));
        assert_eq!(unknown, owned((404, "service_resource_not_found", "Service resource not found")));
    }
    for path in
        ["/app-id/4711/users/a b", "/app-id/4711/users/a b/status", "/app-id/4711/users/a b/disconnect"]
    {
        let asked = if path.ends_with(' ') || path.ends_with("a b") { delete(path) } else { get(path) };
        let told = rejected(&asked);
        assert_eq!(told, owned((404, "service_resource_not_found", "Service resource not found")), "{path}");
    }
    let long = put("/app-id/4711/users/bob", &json!({"nickname": "n".repeat(101)}));
    assert_eq!(rejected(&long), owned((400, "illegal_argument", "NICKNAME_TOO_LONG")));
}

#[test]
fn a_password_is_set() {
    let asked = put("/demo-org/demo-app/users/bob/password", &json!({"newpassword": "pw"}));
    assert!(
        matches!(account(&asked), AccountCommand::SetPassword { password, .. } if password.reveal() == "pw")
    );
    assert_eq!(answer(&asked, Outcome::Done)["action"], "set user password");
    let unknown = failed(&asked, refusal(RefusalCode::UserNotFound, "no such user: bob"));
    assert_eq!(unknown, owned((404, "entity_not_found", "User null not found")));
    for (body, text) in [
        (json!({}), "newpassword is required"),
        (json!({"newpassword": ""}), "newpassword is required"),
        (json!({"newpassword": "a b"}), "password is not legal"),
    ] {
        let asked = put("/app-id/4711/users/bob/password", &body);
        assert_eq!(rejected(&asked), owned((400, "illegal_argument", text)));
    }
}

#[test]
fn who_is_online_where() {
    let device = |id: &str, platform: i32| Connection {
        platform: Platform(platform),
        id: id.to_owned(),
        background: false,
        token_id: "t".to_owned(),
    };
    let asked = get("/app-id/4711/users/Bob/status");
    let online = Outcome::Online(vec![(user("bob"), vec![device("7", 2)])]);
    assert_eq!(answer(&asked, online.clone())["data"], json!({"Bob": "online"}), "as he was asked for");
    let offline = Outcome::Online(vec![(user("bob"), vec![])]);
    assert_eq!(answer(&asked, offline)["data"], json!({"Bob": "offline"}));
    let asked = get("/app-id/4711/users/bob/resources");
    assert_eq!(
        answer(&asked, online)["data"],
        json!([{"res": "android_7", "device_uuid": "7", "device_name": "android"}])
    );
    let asked = post("/app-id/4711/users/batch/status", &json!({"usernames": ["Bob", "a b", "cy"]}));
    assert!(matches!(decode(&asked), Ok(Command::OnlineStatus { ids }) if ids == [user("bob"), user("cy")]));
    let found = Outcome::Online(vec![(user("bob"), vec![device("7", 2)]), (user("cy"), vec![])]);
    let told = answer(&asked, found);
    assert_eq!(told["data"], json!([{"Bob": "online"}, {"a b": "offline"}, {"cy": "offline"}]));
    assert_eq!(told["action"], "get batch user status");
    let many: Vec<String> = (0..101).map(|number| format!("u{number}")).collect();
    let asked = post("/app-id/4711/users/batch/status", &json!({"usernames": many}));
    assert_eq!(rejected(&asked), owned((400, "invalid_parameter", "userNames is more than max limit : 100")));
}

#[test]
fn devices_are_logged_out() {
    let everywhere = get("/app-id/4711/users/bob/disconnect");
    assert!(matches!(account(&everywhere), AccountCommand::Disconnect { connection: None, .. }));
    for method in [Method::Get, Method::Delete] {
        let one = request(method, "/app-id/4711/users/bob/disconnect/web_42", "");
        let command = account(&one);
        assert!(matches!(command, AccountCommand::Disconnect { connection: Some(id), .. } if id == "42"));
        for result in [true, false] {
            let told = answer(&one, Outcome::OfAccount(AccountOutcome::Disconnected(result)));
            assert_eq!(told["data"], json!({"result": result}));
        }
    }
}

#[test]
fn what_waits_is_counted_under_the_users_name() {
    let asked = get("/app-id/4711/users/Bob/offline_msg_count");
    let told = answer(&asked, Outcome::OfAccount(AccountOutcome::Unread(3)));
    assert_eq!(told["data"], json!({"bob": 3}));
    let asked = get("/app-id/4711/users/bob/offline_msg_status/77");
    for (waits, word) in [(true, "undelivered"), (false, "delivered")] {
        let told = answer(&asked, Outcome::OfAccount(AccountOutcome::IsUnread(waits)));
        assert_eq!(told["data"], json!({"77": word}));
    }
    let (status, error, _) = rejected(&get("/app-id/4711/users/bob/offline_msg_status/x"));
    assert_eq!((status, error.as_str()), (400, "illegal_argument"));
}

#[test]
fn mutes_are_in_seconds() {
    let asked = post("/app-id/4711/mutes", &json!({"username": "Bob", "chat": 60, "groupchat": -1}));
    let AccountCommand::Mute { user: bob, to_users, in_groups, in_rooms } = account(&asked) else {
        panic!("a mute")
    };
    assert_eq!((bob, to_users), (user("bob"), MuteFor::Seconds(60)));
    assert_eq!((in_groups, in_rooms), (MuteFor::Ever, MuteFor::Unchanged));
    assert_eq!(answer(&asked, Outcome::Done)["data"], json!({"result": "ok"}));
    let (status, error, _) = rejected(&post("/app-id/4711/mutes", &json!({"username": "bob", "chat": -2})));
    assert_eq!((status, error.as_str()), (400, "illegal_argument"));
    let standing = Standing {
        muted_to_users: NOW.plus(std::time::Duration::from_millis(1_500)),
        muted_in_groups: Standing::FOR_EVER,
        muted_in_rooms: UnixMs(NOW.0 - 1),
        ..Standing::default()
    };
    let outcome = |next| {
        Outcome::OfAccount(AccountOutcome::Standings { users: vec![(user("Bob"), standing)], next, at: NOW })
    };
    let shown = json!({
        "userid": "bob", "chat": 2, "groupchat": -1, "chatroom": 0, "unixtime": NOW.seconds(),
    });
    assert_eq!(answer(&get("/app-id/4711/mutes/bob"), outcome(None))["data"], shown);
    let told = answer(&get("/app-id/4711/mutes"), outcome(Some(user("bob"))));
    assert_eq!((&told["data"], told["cursor"].is_string()), (&json!([shown]), true));
}

#[test]
fn attributes_come_as_a_form_or_as_json() {
    let form = request(Method::Put, "/app-id/4711/metadata/user/bob", "nickname=Bob+B%26&avatarurl=");
    let json = put("/app-id/4711/metadata/user/bob", &json!({"nickname": "Bob B&", "avatarurl": ""}));
    for asked in [form, json] {
        let AccountCommand::SetAttributes { attributes, .. } = account(&asked) else { panic!("attributes") };
        let told = Outcome::OfAccount(AccountOutcome::Attributes(vec![(user("bob"), attributes)]));
        assert_eq!(answer(&asked, told)["data"], json!({"nickname": "Bob B&", "avatarurl": ""}));
    }
    let asked = post("/app-id/4711/metadata/user/get", &json!({"targets": ["bob"], "properties": ["b"]}));
    let values = [("a", "1"), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let found = Outcome::OfAccount(AccountOutcome::Attributes(vec![(user("bob"), values.into())]));
    assert_eq!(answer(&asked, found)["data"], json!({"bob": {"b": "2"}}));
    for body in ["", "{", "novalue", "[]", "a=%FF"] {
        let asked = request(Method::Put, "/app-id/4711/metadata/user/bob", body);
        assert_eq!(rejected(&asked).1, "invalid_request_body", "{body}");
    }
}

#[test]
fn clients_are_told_where_they_are() {
    let asked = get("/easemob/server.json?app_key=demo-org#demo-app");
    let opening = edge().open(&asked).unwrap();
    assert_eq!(opening.token, None);
    let told = answer(&asked, Outcome::Time(NOW));
    let host = json!({"protocol": "https", "domain": "im.example.test", "port": 443});
    assert_eq!(told["rest"]["hosts"], json!([host]));
    assert!(matches!(decode(&asked), Ok(Command::ServerTime)));
    for query in ["", "?app_key=other%23app"] {
        let asked = get(&format!("/easemob/server.json{query}"));
        let told = rejected(&asked);
        assert_eq!((told.0, told.1.as_str()), (404, "organization_application_not_found"));
    }
}
