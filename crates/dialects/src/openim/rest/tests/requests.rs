//! Bodies as commands, and what is wrong with them.

use ringback_model::command::{Command, PullOrder};
use ringback_model::conversation::ConversationId;
use ringback_model::dialect::{Edge as _, EdgeRequest};
use ringback_model::failure::RefusalCode;
use ringback_model::ids::UserId;
use ringback_model::user::{AccountLevel, Platform};
use serde_json::{Value, json};

use super::super::OpenImEdge;
use super::{admin, body, decode, refused, request};

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

#[test]
fn fields_that_are_required() {
    for (path, whole, fields) in [
        ("/auth/get_admin_token", json!({"secret": "s", "userID": "imAdmin"}), vec!["secret", "userID"]),
        ("/auth/get_user_token", json!({"platformID": 5, "userID": "u1"}), vec!["platformID", "userID"]),
        ("/auth/force_logout", json!({"platformID": 5, "userID": "u1"}), vec!["platformID", "userID"]),
        ("/auth/parse_token", json!({"token": "t"}), vec!["token"]),
        ("/user/user_register", json!({"users": []}), vec!["users"]),
        ("/user/get_users_info", json!({"userIDs": []}), vec!["userIDs"]),
        ("/user/get_users_online_status", json!({"userIDs": []}), vec!["userIDs"]),
        (
            "/group/create_group",
            json!({"groupInfo": {"groupName": "g"}, "ownerUserID": "u1"}),
            vec!["groupInfo", "ownerUserID"],
        ),
        ("/group/get_groups_info", json!({"groupIDs": []}), vec!["groupIDs"]),
        (
            "/group/invite_user_to_group",
            json!({"groupID": "7", "invitedUserIDs": []}),
            vec!["groupID", "invitedUserIDs"],
        ),
        (
            "/friend/add_black",
            json!({"ownerUserID": "u1", "blackUserID": "u2"}),
            vec!["ownerUserID", "blackUserID"],
        ),
        (
            "/friend/remove_black",
            json!({"ownerUserID": "u1", "blackUserID": "u2"}),
            vec!["ownerUserID", "blackUserID"],
        ),
        ("/msg/newest_seq", json!({"userID": "u1"}), vec!["userID"]),
        ("/msg/pull_msg_by_seq", json!({"userID": "u1", "seqRanges": null}), vec!["userID"]),
        ("/msg/get_server_time", json!({}), vec![]),
    ] {
        assert!(decode(path, &whole).is_ok(), "{path}");
        let mut with_more = whole.clone();
        with_more["unknownKey"] = json!({"deep": [1]});
        assert!(decode(path, &with_more).is_ok(), "{path}: unknown keys are skipped");
        for field in fields {
            let mut without = whole.clone();
            without[field] = Value::Null;
            let refusal = refused(path, &without);
            assert_eq!(refusal.code, RefusalCode::BadArgument);
            assert_eq!(refusal.detail, format!("{field} is empty"), "{path}");
        }
    }
}

#[test]
fn tokens() {
    let Ok(Command::AdminToken { secret, user }) =
        decode("/auth/get_admin_token", &json!({"secret": "openIM123", "userID": "imAdmin"}))
    else {
        panic!("not an admin token");
    };
    assert_eq!((secret.reveal(), user.as_str()), ("openIM123", "imAdmin"));
    let asked = decode("/auth/get_user_token", &json!({"platformID": 5, "userID": "u1"}));
    assert!(matches!(asked, Ok(Command::UserToken { platform: Platform::WEB, .. })));
    let admin = refused("/auth/get_user_token", &json!({"platformID": 10, "userID": "u1"}));
    assert_eq!(admin.code, RefusalCode::NoPermission);
    let unknown = refused("/auth/force_logout", &json!({"platformID": 12, "userID": "u1"}));
    assert_eq!(unknown.detail, "platformID is 12; known are 1 to 11");
    let asked = decode("/auth/force_logout", &json!({"platformID": 10, "userID": "imAdmin"}));
    assert!(matches!(asked, Ok(Command::ForceLogout { platform: Platform::ADMIN, .. })));
}

#[test]
fn users() {
    let asked = json!({"users": [
        {"userID": "u_1", "nickname": "Ann", "faceURL": null, "ex": "x", "appMangerLevel": 3, "globalRecvMsgOpt": 2},
    ]});
    let Ok(Command::RegisterUsers { users }) = decode("/user/user_register", &asked) else {
        panic!("not a registration");
    };
    let one = &users[0];
    assert_eq!(
        (one.id.as_str(), one.nickname.as_str(), one.face_url.as_str(), one.ex.as_str()),
        ("u_1", "Ann", "", "x")
    );
    assert_eq!((one.level, one.receive_option), (AccountLevel::NOTIFICATION, 2));
    for (users, said) in [
        (json!([{"userID": "u-1", "nickname": "A"}]), "userID \"u-1\" holds something else"),
        (json!([{"userID": "é", "nickname": "A"}]), "userID \"é\" holds something else"),
        (json!([{"userID": "a:b", "nickname": "A"}]), "userID holds white space"),
        (json!([{"userID": "", "nickname": "A"}]), "userID is empty"),
        (json!([{"userID": "u1"}]), "nickname is empty"),
        (
            json!([{"userID": "u1", "nickname": "A"}, {"userID": "u1", "nickname": "B"}]),
            "users names \"u1\" twice",
        ),
    ] {
        let refusal = refused("/user/user_register", &json!({"users": users}));
        assert!(refusal.detail.starts_with(said), "{}", refusal.detail);
    }
    let asked = json!({"userIDs": ["u1", "", "not an id", "u2"]});
    let Ok(Command::Users { ids }) = decode("/user/get_users_info", &asked) else { panic!("not profiles") };
    assert_eq!(ids, [user("u1"), user("u2")], "ids that cannot exist are left out");
    let Ok(Command::OnlineStatus { ids }) = decode("/user/get_users_online_status", &asked) else {
        panic!("states")
    };
    assert_eq!(ids, [user("u1"), user("u2")]);
}

#[test]
fn groups() {
    let asked = json!({
        "groupInfo": {"groupName": "g", "notification": "n", "introduction": "i", "faceURL": "f", "ex": "e",
                      "groupType": 2, "needVerification": 2, "lookMemberInfo": 1, "applyMemberFriend": 1},
        "ownerUserID": "u1", "memberUserIDs": ["u2"], "adminUserIDs": ["u3"], "sendMessage": true,
    });
    let Ok(Command::CreateGroup(group)) = decode("/group/create_group", &asked) else {
        panic!("not a group")
    };
    assert_eq!(group.id, None);
    assert_eq!((group.owner, group.members, group.admins), (user("u1"), vec![user("u2")], vec![user("u3")]));
    assert_eq!((group.verification, group.look_member_info, group.apply_member_friend), (2, 1, 1));
    assert_eq!(
        [group.name, group.notification, group.introduction, group.face_url, group.ex],
        ["g", "n", "i", "f", "e"]
    );
    for (change, code, said) in [
        (json!({"groupType": 0}), RefusalCode::GroupTypeUnsupported, "groupType is 0"),
        (json!({"groupType": 3}), RefusalCode::BadArgument, "groupType is 3"),
        (json!({"needVerification": 3}), RefusalCode::BadArgument, "needVerification is 3"),
        (json!({"groupID": "a b"}), RefusalCode::BadArgument, "groupID holds"),
    ] {
        let refusal = refused("/group/create_group", &json!({"groupInfo": change, "ownerUserID": "u1"}));
        assert!(refusal.code == code && refusal.detail.starts_with(said), "{refusal}");
    }
    let twice = json!({"groupInfo": {}, "ownerUserID": "u1", "memberUserIDs": ["u1"]});
    assert!(refused("/group/create_group", &twice).detail.contains("names \"u1\" twice"));
    let many: Vec<_> = (0..1001).map(|n| format!("u{n}")).collect();
    let crowd = json!({"groupInfo": {}, "ownerUserID": "x", "memberUserIDs": many});
    assert!(refused("/group/create_group", &crowd).detail.contains("more than 1000"));
    let invite = json!({"groupID": "7", "invitedUserIDs": many});
    assert!(refused("/group/invite_user_to_group", &invite).detail.contains("more than 1000"));
    let invite = json!({"groupID": "7", "invitedUserIDs": ["u1", "u1"]});
    assert!(refused("/group/invite_user_to_group", &invite).detail.contains("twice"));
}

#[test]
fn block_lists() {
    let body = json!({"ownerUserID": "u1", "blackUserID": "u2", "ex": "e"});
    let Ok(Command::Block { owner, blocked, ex }) = decode("/friend/add_black", &body) else {
        panic!("no block")
    };
    assert_eq!((owner, blocked, ex.as_str()), (user("u1"), user("u2"), "e"));
    assert!(matches!(decode("/friend/remove_black", &body), Ok(Command::Unblock { .. })));
}

#[test]
fn pulls() {
    let body = json!({"userID": "u1", "order": 1, "seqRanges": [
        {"conversationID": "si_u1_u2", "begin": -3, "end": 9, "num": 5},
        {"conversationID": "n_u1_u2", "begin": 1, "end": 2, "num": 0},
    ]});
    let Ok(Command::PullRanges { user: who, ranges, order }) = decode("/msg/pull_msg_by_seq", &body) else {
        panic!("not a pull");
    };
    assert_eq!((who, order), (user("u1"), PullOrder::Descending));
    let first = &ranges[0];
    assert_eq!(first.conversation.id, Some(ConversationId::single(&user("u1"), &user("u2"))));
    assert_eq!((first.begin, first.end, first.num), (0, 9, 5));
    let aside = ConversationId::single(&user("u1"), &user("u2")).aside();
    assert_eq!((ranges[1].conversation.text.as_str(), &ranges[1].conversation.id), ("n_u1_u2", &Some(aside)));
    assert!(
        refused("/msg/pull_msg_by_seq", &json!({"userID": "u1", "order": 2}))
            .detail
            .starts_with("order is 2")
    );
}

#[test]
fn bodies_that_are_no_objects_are_called_what_they_are() {
    for (text, said) in [
        ("", "the body is empty"),
        ("  \n", "the body is empty"),
        ("not json", "the body is not JSON: "),
        ("{\"userIDs\":[", "the body is not JSON: "),
        (" [[\"u1\"]]", "the body is a list"),
        ("5", "the body does not fit: "),
        ("{\"userIDs\":\"u1\"}", "the body does not fit: "),
    ] {
        let refusal = OpenImEdge.decode(&request("/user/get_users_info", text), Some(&admin())).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::BadArgument, "{text}");
        assert!(refusal.detail.starts_with(said), "{text}: {}", refusal.detail);
    }
}

#[test]
fn a_path_that_takes_posts_says_so_to_other_methods() {
    let asked = |path: &str| EdgeRequest { route: "", ..request_to(path) };
    let said = |path: &str| body(&OpenImEdge.unknown(&asked(path)))["errDlt"].clone();
    assert_eq!(said("/msg/send_msg"), "/msg/send_msg takes POST requests only");
    assert_eq!(said("/nope"), "there is no /nope");
}

fn request_to(path: &str) -> EdgeRequest {
    EdgeRequest { path: path.to_owned(), ..request("/msg/send_msg", "") }
}
