//! `/push/nickname`, `/users/{user}/notification`, `/rest/message/roaming`, `/users/{user}/user_channel`, and what is
//! not offered.

use ringback_model::command::{AccountCommand, ChatCommand, Unlisting, UserCommand};
use ringback_model::conversation::ConversationId;

use super::*;

fn put(path: &str, body: &Value) -> EdgeRequest {
    request(Method::Put, path, body.to_string())
}

fn chat_command(asked: &EdgeRequest) -> ChatCommand {
    match decode(asked) {
        Ok(Command::Chat(command)) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_of_several_users_change_at_once() {
    let path = "/app-id/4711/push/nickname";
    let list = json!([{"username": "Bob", "push_nickname": "B"}, {"username": "cy", "push_nickname": "C"},
        {"username": "bob", "push_nickname": "Bo"}]);
    let asked = put(path, &list);
    let Ok(Command::Account(AccountCommand::Rename { names })) = decode(&asked) else { panic!("renaming") };
    assert_eq!(names, [(user("cy"), "C".to_owned()), (user("bob"), "Bo".to_owned())], "the last name counts");
    let told = answer(&asked, Outcome::Users(vec![registered("cy"), registered("bob")]));
    assert_eq!((&told["entities"][0]["username"], &told["path"]), (&json!("cy"), &json!("/push/nickname")));
    let many: Vec<Value> =
        (0..61).map(|n| json!({"username": format!("u{n}"), "push_nickname": "x"})).collect();
    for (body, error) in [
        (json!([]), "illegal_argument"),
        (json!(many), "invalid_parameter"),
        (json!({"username": "bob", "push_nickname": "B"}), "invalid_request_body"),
        (json!([["bob", "B"]]), "invalid_request_body"),
        (json!([{"username": "bob"}]), "illegal_argument"),
        (json!([{"push_nickname": "B"}]), "illegal_argument"),
        (json!([{"username": "bob", "push_nickname": "x".repeat(101)}]), "illegal_argument"),
    ] {
        let (status, told, _) = rejected(&put(path, &body));
        assert_eq!((status, told.as_str()), (400, error), "{body}");
    }
}

#[test]
fn waking_is_set_for_a_conversation_or_for_all() {
    let set = |kind: &str, key: &str, body: &Value| {
        put(&format!("/app-id/4711/users/Bob/notification/{kind}/{key}"), body)
    };
    // As the Java SDK sends it.
    let none = json!({"type": "NONE", "ignoreInterval": "", "ignoreDuration": 0});
    for (kind, key, id) in [
        ("user", "Al", ConversationId::single(&user("al"), &user("bob"))),
        ("chatgroup", "77", ConversationId::Group(group("77"))),
    ] {
        let asked = set(kind, key, &none);
        let ChatCommand::Configure { users, change } = chat_command(&asked) else { panic!("settings") };
        assert_eq!((&users[0].0, users[0].1.id.as_ref()), (&user("bob"), Some(&id)));
        assert_eq!((users.len(), change.receive_option), (1, Some(2)));
        assert_eq!(answer(&asked, Outcome::Done)["status"], json!("ok"));
    }
    for (kind, option) in [("ALL", 0), ("DEFAULT", 0), ("NONE", 2)] {
        let own = decode(&set("user", "bob", &json!({ "type": kind })));
        assert!(
            matches!(own, Ok(Command::User(UserCommand::ReceiveOption { option: set, .. })) if set == option),
            "{kind}"
        );
    }
    for (kind, body, status) in [
        ("user", json!({}), 400),
        ("user", json!({"type": "AT"}), 400),
        ("room", json!({"type": "NONE"}), 400),
        ("user", json!({"type": "NONE", "ignoreInterval": "08:30-10:00"}), 403),
        ("user", json!({"type": "NONE", "ignoreDuration": 60_000}), 403),
    ] {
        assert_eq!(rejected(&set(kind, "al", &body)).0, status, "{kind} {body}");
    }
    for body in [json!({"notification_display_style": "1"}), json!({"notification_no_disturbing": false})] {
        let (status, error, text) = rejected(&put("/app-id/4711/users/bob", &body));
        assert_eq!((status, error.as_str()), (403, "forbidden_op"), "{body}");
        assert!(text.contains("not offered"), "{text}");
    }
}

#[test]
fn a_view_is_cleared_as_far_as_it_is_said() {
    let roaming = "/demo-org/demo-app/rest/message/roaming";
    let all = request(Method::Post, &format!("{roaming}/user/Bob/delete/all"), "");
    let ChatCommand::Forget { user: whose, conversation: None, until: None } = chat_command(&all) else {
        panic!("everything")
    };
    assert_eq!(whose, user("bob"));
    assert_eq!(answer(&all, Outcome::Done)["data"], json!({"result": "ok"}));
    for (path, id) in [
        ("chat/user/Bob/time?userId=Al&delTime=5", ConversationId::single(&user("al"), &user("bob"))),
        ("group/user/bob/time?groupId=77&delTime=5", ConversationId::Group(group("77"))),
    ] {
        let ChatCommand::Forget { conversation: Some(named), until: Some(UnixMs(5)), .. } =
            chat_command(&delete(&format!("{roaming}/{path}")))
        else {
            panic!("{path}")
        };
        assert_eq!(named.id, Some(id));
    }
    for path in [
        "chat/user/bob/time?delTime=5",
        "chat/user/bob/time?userId=al",
        "chat/user/bob/time?userId=al&delTime=x",
    ] {
        assert_eq!(rejected(&delete(&format!("{roaming}/{path}"))).0, 400, "{path}");
    }

    let channel =
        |body: &Value| request(Method::Delete, "/demo-org/demo-app/users/bob/user_channel", body.to_string());
    let with = |delete_roam: bool| json!({"channel": "al", "type": "chat", "delete_roam": delete_roam});
    let gone = chat_command(&channel(&with(true)));
    assert!(matches!(gone, ChatCommand::Forget { conversation: Some(_), until: None, .. }));
    let kept = chat_command(&channel(&with(false)));
    assert!(matches!(kept, ChatCommand::Unlist { which: Unlisting::These(these), .. } if these.len() == 1));
    for body in [
        json!({"type": "chat", "delete_roam": true}),
        json!({"channel": "al", "delete_roam": true}),
        json!({"channel": "al", "type": "room", "delete_roam": true}),
        json!({"channel": "al", "type": "chat"}),
    ] {
        assert_eq!(rejected(&channel(&body)).0, 400, "{body}");
    }
}

#[test]
fn what_is_not_offered_is_forbidden_and_not_unknown() {
    for (method, path, status) in [
        (Method::Post, "/users/bob/presence/web/1", 403),
        (Method::Delete, "/users/bob/presence", 403),
        (Method::Get, "/presence/online/77/type/0", 403),
        (Method::Post, "/moderation/record/message/export", 403),
        (Method::Post, "/messages/users/import", 403),
        (Method::Get, "/messages/users/import", 404),
        (Method::Get, "/nothing/of/ours", 404),
    ] {
        let asked = request(method, &format!("/app-id/4711{path}"), "");
        let reply = edge().unknown(&asked);
        assert_eq!(reply.status, status, "{path}");
        assert!(body(&reply)["error_description"].is_string(), "{path}");
    }
}
