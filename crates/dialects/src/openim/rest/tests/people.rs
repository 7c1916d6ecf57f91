//! Friends and users: bodies as commands, and answers with their exact fields.

use std::collections::BTreeMap;

use ringback_model::command::{
    Command, FriendCommand, FriendOutcome, FriendShown, Outcome, Relation, RequestShown, UserCommand,
    UserOutcome,
};
use ringback_model::failure::RefusalCode;
use ringback_model::ids::UserId;
use ringback_model::page::{Found, Page};
use ringback_model::record::{ClientSetting, Favourite, Friend, FriendRequest, Handled};
use ringback_model::sample;
use ringback_model::statistics::Growth;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Block, Connection, Platform, User};
use ringback_model::version::{Delta, Version};
use serde_json::{Value, json};

use super::{data, data_for, decode, refused};

fn user(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

fn friend_command(path: &str, body: &Value) -> FriendCommand {
    match decode(path, body) {
        Ok(Command::Friend(command)) => command,
        other => panic!("{path}: {other:?}"),
    }
}

fn user_command(path: &str, body: &Value) -> UserCommand {
    match decode(path, body) {
        Ok(Command::User(command)) => command,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn fields_that_are_required() {
    let page = json!({"pageNumber": 1, "showNumber": 10});
    let two = json!({"ownerUserID": "u1", "friendUserID": "u2"});
    let list = json!({"userID": "u1", "pagination": page});
    let thing = json!({"userID": "u1", "type": 1, "uuid": "x"});
    let pair = json!({"fromUserID": "u1", "toUserID": "u2"});
    for (path, whole, fields) in [
        ("/friend/add_friend", pair.clone(), vec!["fromUserID", "toUserID"]),
        (
            "/friend/add_friend_response",
            json!({"fromUserID": "u1", "toUserID": "u2", "handleResult": -1}),
            vec!["fromUserID", "toUserID", "handleResult"],
        ),
        ("/friend/delete_friend", two.clone(), vec!["ownerUserID", "friendUserID"]),
        ("/friend/set_friend_remark", two, vec!["ownerUserID", "friendUserID"]),
        (
            "/friend/update_friends",
            json!({"ownerUserID": "u1", "friendUserIDs": []}),
            vec!["ownerUserID", "friendUserIDs"],
        ),
        (
            "/friend/import_friend",
            json!({"ownerUserID": "u1", "friendUserIDs": []}),
            vec!["ownerUserID", "friendUserIDs"],
        ),
        ("/friend/get_friend_list", list.clone(), vec!["userID", "pagination"]),
        ("/friend/get_black_list", list.clone(), vec!["userID", "pagination"]),
        ("/friend/get_friend_apply_list", list.clone(), vec!["userID", "pagination"]),
        ("/friend/get_self_friend_apply_list", list, vec!["userID", "pagination"]),
        ("/friend/get_designated_friend_apply", pair, vec!["fromUserID", "toUserID"]),
        (
            "/friend/get_specified_friends_info",
            json!({"ownerUserID": "u1", "userIDList": []}),
            vec!["ownerUserID", "userIDList"],
        ),
        ("/friend/is_friend", json!({"userID1": "u1", "userID2": "u2"}), vec!["userID1", "userID2"]),
        ("/friend/get_incremental_friends", json!({"userID": "u1"}), vec!["userID"]),
        ("/friend/get_full_friend_user_ids", json!({"userID": "u1"}), vec!["userID"]),
        ("/user/update_user_info", json!({"userInfo": {"userID": "u1"}}), vec!["userInfo"]),
        ("/user/update_user_info_ex", json!({"userInfo": {"userID": "u1"}}), vec!["userInfo"]),
        ("/user/set_global_msg_recv_opt", json!({"userID": "u1"}), vec!["userID"]),
        ("/user/get_users", json!({"pagination": page}), vec!["pagination"]),
        ("/user/account_check", json!({"checkUserIDs": []}), vec!["checkUserIDs"]),
        ("/user/get_users_status", json!({"userIDs": ["u1"]}), vec!["userIDs"]),
        ("/user/process_user_command_add", thing.clone(), vec!["userID", "type", "uuid"]),
        ("/user/process_user_command_delete", thing, vec!["userID", "type", "uuid"]),
        ("/user/add_notification_account", json!({"nickName": "n"}), vec!["nickName"]),
        ("/statistics/user/register", json!({"start": 1, "end": 2}), vec!["start", "end"]),
    ] {
        assert!(decode(path, &whole).is_ok(), "{path}");
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
fn values_that_are_out_of_range() {
    let many: Vec<String> = (0..1001).map(|number| format!("u{number}")).collect();
    for (path, body, said) in [
        (
            "/friend/add_friend_response",
            json!({"fromUserID": "u1", "toUserID": "u2", "handleResult": 2}),
            "handleResult is 2; known are 1 and -1",
        ),
        (
            "/friend/get_friend_apply_list",
            json!({"userID": "u1", "pagination": {"pageNumber": 1, "showNumber": 1}, "handleResults": [7]}),
            "handleResults holds 7; known are 0, 1 and -1",
        ),
        (
            "/friend/get_friend_list",
            json!({"userID": "u1", "pagination": {"pageNumber": 0, "showNumber": 1}}),
            "pageNumber is 0; it begins at 1",
        ),
        (
            "/friend/get_friend_list",
            json!({"userID": "u1", "pagination": {"pageNumber": -1, "showNumber": 1}}),
            "pageNumber is -1; it begins at 1",
        ),
        (
            "/friend/update_friends",
            json!({"ownerUserID": "u1", "friendUserIDs": ["u2", "u2"]}),
            "friendUserIDs names \"u2\" twice",
        ),
        (
            "/friend/import_friend",
            json!({"ownerUserID": "u1", "friendUserIDs": many}),
            "friendUserIDs has more than 1000 items",
        ),
        (
            "/user/set_global_msg_recv_opt",
            json!({"userID": "u1", "globalRecvMsgOpt": 3}),
            "globalRecvMsgOpt is 3; known are 0, 1 and 2",
        ),
        ("/user/get_users_status", json!({"userIDs": []}), "userIDs is empty"),
        (
            "/user/subscribe_users_status",
            json!({"userID": "u1", "userIDs": [], "genre": 3}),
            "genre is 3; known are 1 and 2",
        ),
        (
            "/statistics/user/register",
            json!({"start": 3, "end": 2}),
            "start must not be after end, nor before 1970",
        ),
    ] {
        let refusal = refused(path, &body);
        assert_eq!((refusal.code, refusal.detail.as_str()), (RefusalCode::BadArgument, said), "{path}");
    }
}

#[test]
fn absent_is_not_empty_where_fields_are_named() {
    let asked = json!({"userInfo": {"userID": "u1", "nickname": "", "ex": null}});
    let UserCommand::Edit(edit) = user_command("/user/update_user_info_ex", &asked) else {
        panic!("an edit")
    };
    assert_eq!((edit.whole, edit.nickname.as_deref(), edit.ex), (false, Some(""), None));
    let UserCommand::Edit(edit) = user_command("/user/update_user_info", &asked) else { panic!("an edit") };
    assert_eq!((edit.whole, edit.nickname, edit.receive_option), (true, None, None));
    let asked = json!({"ownerUserID": "u1", "friendUserIDs": ["u2"], "remark": "", "isPinned": false});
    let FriendCommand::Update { pinned, remark, ex, .. } = friend_command("/friend/update_friends", &asked)
    else {
        panic!("an update")
    };
    assert_eq!((pinned, remark.as_deref(), ex), (Some(false), Some(""), None));
}

#[test]
fn what_a_client_knows_of_a_list() {
    let changes = |version: u64, id: &str| {
        let asked = json!({"userID": "u1", "version": version, "versionID": id});
        match friend_command("/friend/get_incremental_friends", &asked) {
            FriendCommand::Changes { known, .. } => known,
            other => panic!("{other:?}"),
        }
    };
    let id = "0123456789abcdef01234567";
    assert_eq!(changes(3, id), Some(Version { log: 0x0123_4567_89ab_cdef_0123_4567, number: 3 }));
    assert_eq!(changes(0, id), None);
    assert_eq!(changes(3, ""), None);
    let asked = json!({"userID": "u1", "idHash": u64::MAX});
    let FriendCommand::Ids { hash, .. } = friend_command("/friend/get_full_friend_user_ids", &asked) else {
        panic!("ids")
    };
    assert_eq!(hash, u64::MAX);
    let asked = json!({"userID": "u1", "pagination": {"pageNumber": 3, "showNumber": 100}});
    let FriendCommand::List { page, .. } = friend_command("/friend/get_friend_list", &asked) else {
        panic!("a page")
    };
    assert_eq!(page, Page { skip: 200, limit: 100 });
}

fn person(id: &str, name: &str) -> User {
    User { nickname: name.to_owned(), created_at: UnixMs(7), ..sample::user(user(id)) }
}

fn friend() -> Friend {
    Friend {
        owner: user("u1"),
        friend: user("u2"),
        remark: "Benny".to_owned(),
        since: UnixMs(9),
        source: 2,
        operator: user("u1"),
        ex: "e".to_owned(),
        pinned: true,
    }
}

fn profile_json(id: &str, name: &str) -> Value {
    json!({"userID": id, "nickname": name, "faceURL": "", "ex": "", "createTime": 7, "appMangerLevel": 0,
           "globalRecvMsgOpt": 0})
}

fn friend_json() -> Value {
    json!({"ownerUserID": "u1", "remark": "Benny", "createTime": 9, "friendUser": profile_json("u2", "Ben"),
           "addSource": 2, "operatorUserID": "u1", "ex": "e", "isPinned": true})
}

fn block() -> Block {
    Block { owner: user("u1"), blocked: user("u2"), at: UnixMs(8), by: user("imAdmin"), ex: String::new() }
}

fn block_json() -> Value {
    json!({"ownerUserID": "u1", "createTime": 8, "addSource": 0, "operatorUserID": "imAdmin", "ex": "",
           "blackUserInfo": {"userID": "u2", "nickname": "Ben", "faceURL": "", "ex": ""}})
}

fn of_friend(path: &str, outcome: FriendOutcome) -> Value {
    data(path, Outcome::OfFriend(outcome))
}

fn of_user(path: &str, outcome: UserOutcome) -> Value {
    data(path, Outcome::OfUser(outcome))
}

#[test]
fn friends_in_full() {
    let shown = FriendShown { friend: friend(), profile: person("u2", "Ben") };
    let found = Found { total: 5, items: vec![shown.clone()] };
    assert_eq!(
        of_friend("/friend/get_friend_list", FriendOutcome::Friends(found.clone())),
        json!({"friendsInfo": [friend_json()], "total": 5})
    );
    assert_eq!(
        of_friend("/friend/get_designated_friends", FriendOutcome::Friends(found)),
        json!({"friendsInfo": [friend_json()]})
    );
    let now = Version { log: 0xab, number: 4 };
    let id = "0000000000000000000000ab";
    let delta =
        Delta { deleted: vec!["u9".to_owned()], inserted: vec![shown], order: 3, ..Delta::empty(now, false) };
    assert_eq!(
        of_friend("/friend/get_incremental_friends", FriendOutcome::Changes(delta)),
        json!({"version": 4, "versionID": id, "full": false, "delete": ["u9"], "insert": [friend_json()],
               "update": null, "sortVersion": 3})
    );
    let ids = |hash| FriendOutcome::Ids { now, ids: vec![user("u2"), user("u1")], hash };
    assert_eq!(
        of_friend("/friend/get_full_friend_user_ids", ids(0)),
        json!({"version": 4, "versionID": id, "equal": false, "userIDs": ["u2", "u1"]})
    );
    let hash = super::super::sync::id_hash(&["u2".to_owned(), "u1".to_owned()]);
    assert_eq!(
        of_friend("/friend/get_full_friend_user_ids", ids(hash)),
        json!({"version": 4, "versionID": id, "equal": true, "userIDs": []})
    );
    assert_eq!(of_friend("/friend/get_friend_id", ids(0)), json!({"friendIDs": ["u2", "u1"]}));
    let mutual = FriendOutcome::Mutual { one_has_other: true, other_has_one: false };
    assert_eq!(
        of_friend("/friend/is_friend", mutual),
        json!({"inUser1Friends": true, "inUser2Friends": false})
    );
}

#[test]
fn blocks_and_relations_in_full() {
    let found = Found { total: 2, items: vec![(block(), person("u2", "Ben"))] };
    for path in ["/friend/get_black_list", "/friend/get_specified_blacks"] {
        assert_eq!(
            of_friend(path, FriendOutcome::Blocks(found.clone())),
            json!({"blacks": [block_json()], "total": 2})
        );
    }
    let whole = Relation { user: person("u2", "Ben"), friend: Some(friend()), block: Some(block()) };
    let stranger = Relation { user: person("u3", "Cat"), friend: None, block: None };
    assert_eq!(
        of_friend("/friend/get_specified_friends_info", FriendOutcome::Relations(vec![whole, stranger])),
        json!({"infos": [
            {"userInfo": profile_json("u2", "Ben"), "friendInfo": friend_json(), "blackInfo": block_json()},
            {"userInfo": profile_json("u3", "Cat")},
        ]})
    );
}

#[test]
fn requests_in_full_under_the_names_of_their_routes() {
    let request = FriendRequest {
        from: user("u1"),
        to: user("u2"),
        message: "hello".to_owned(),
        at: UnixMs(5),
        handled: Handled::Agreed,
        handler: "u2".to_owned(),
        answer: "yes".to_owned(),
        handled_at: UnixMs(6),
        ex: "x".to_owned(),
    };
    let shown = RequestShown { request, from: person("u1", "Ann"), to: person("u2", "Ben") };
    let found = || FriendOutcome::Requests(Found { total: 3, items: vec![shown.clone()] });
    let printed = json!({"fromUserID": "u1", "fromNickname": "Ann", "fromFaceURL": "", "toUserID": "u2",
        "toNickname": "Ben", "toFaceURL": "", "handleResult": 1, "reqMsg": "hello", "createTime": 5,
        "handlerUserID": "u2", "handleMsg": "yes", "handleTime": 6, "ex": "x"});
    assert_eq!(
        of_friend("/friend/get_friend_apply_list", found()),
        json!({"FriendRequests": [printed], "total": 3})
    );
    assert_eq!(
        of_friend("/friend/get_self_friend_apply_list", found()),
        json!({"friendRequests": [printed], "total": 3})
    );
    assert_eq!(
        of_friend("/friend/get_designated_friend_apply", found()),
        json!({"friendRequests": [printed]})
    );
    assert_eq!(
        of_friend("/friend/get_self_unhandled_apply_count", FriendOutcome::Count(4)),
        json!({"count": 4})
    );
}

#[test]
fn users_in_full() {
    let found = || UserOutcome::Found(Found { total: 9, items: vec![person("u2", "Ben")] });
    assert_eq!(of_user("/user/get_all_users_uid", found()), json!({"total": 9, "userIDs": ["u2"]}));
    assert_eq!(
        of_user("/user/get_users", found()),
        json!({"total": 9, "users": [profile_json("u2", "Ben")]})
    );
    let account = User { level: AccountLevel(3), ..person("news", "News") };
    let printed = json!({"userID": "news", "faceURL": "", "nickName": "News", "appMangerLevel": 3});
    let accounts = UserOutcome::Found(Found { total: 1, items: vec![account.clone()] });
    assert_eq!(
        of_user("/user/search_notification_account", accounts),
        json!({"total": 1, "notificationAccounts": [printed]})
    );
    assert_eq!(of_user("/user/add_notification_account", UserOutcome::Account(Box::new(account))), printed);
    assert_eq!(
        data_for(
            "/user/account_check",
            &json!({"checkUserIDs": ["u1", "u2"]}),
            Outcome::OfUser(UserOutcome::Exist(vec![(user("u1"), true), (user("u2"), false)]))
        ),
        json!({"results": [{"userID": "u1", "accountStatus": 1}, {"userID": "u2", "accountStatus": 0}]})
    );
    let platforms = vec![(user("u1"), vec![Platform(2), Platform(5)]), (user("u2"), vec![])];
    assert_eq!(
        data_for(
            "/user/get_users_status",
            &json!({"userIDs": ["u1", "u2"]}),
            Outcome::OfUser(UserOutcome::Platforms(platforms))
        ),
        json!({"statusList": [{"userID": "u1", "status": 1, "platformIDs": [2, 5]},
                              {"userID": "u2", "status": 0, "platformIDs": []}]})
    );
    for path in ["/user/subscribe_users_status", "/user/get_subscribe_users_status"] {
        assert_eq!(data(path, Outcome::Done), json!({"statusList": []}));
    }
    let days = BTreeMap::from([(20_666, 3), (20_668, 5)]);
    let growth = Growth { total: 12, before: 4, days: days.clone() };
    assert_eq!(
        of_user("/statistics/user/register", UserOutcome::Made(growth)),
        json!({"total": 12, "before": 4, "count": {"2026-08-01": 3, "2026-08-03": 5}})
    );
    let busiest = vec![(person("u2", "Ben"), 6)];
    assert_eq!(
        of_user("/statistics/user/active", UserOutcome::Busy { messages: 8, users: 2, days, busiest }),
        json!({"msgCount": 8, "userCount": 2, "dateCount": {"2026-08-01": 3, "2026-08-03": 5},
               "users": [{"user": profile_json("u2", "Ben"), "count": 6}]})
    );
}

#[test]
fn connections_by_platform_are_a_bare_list() {
    let connection = |platform, token: &str| Connection {
        platform: Platform(platform),
        id: "c".to_owned(),
        background: false,
        token_id: token.to_owned(),
    };
    let of_u1 = vec![connection(5, "t1"), connection(2, "t2"), connection(5, "t1"), connection(5, "t3")];
    let online = Outcome::Online(vec![(user("u1"), of_u1), (user("u2"), vec![])]);
    assert_eq!(
        data_for("/user/get_users_online_token_detail", &json!({"userIDs": ["u1", "u2"]}), online),
        json!([
            {"userID": "u1", "status": 1, "singlePlatformToken": [
                {"platformID": 2, "total": 1, "token": ["t2"]},
                {"platformID": 5, "total": 3, "token": ["t1", "t3"]},
            ]},
            {"userID": "u2", "status": 0, "singlePlatformToken": []},
        ])
    );
}

#[test]
fn what_users_keep_and_what_clients_are_told() {
    let kept = Favourite {
        user: user("u1"),
        kind: 2,
        id: "note".to_owned(),
        at: UnixMs(1_760_000_000_999),
        value: "v".to_owned(),
        ex: "e".to_owned(),
    };
    for path in ["/user/process_user_command_get", "/user/process_user_command_get_all"] {
        assert_eq!(
            of_user(path, UserOutcome::Favourites(vec![kept.clone()])),
            json!({"CommandResp": [
                {"type": 2, "createTime": 1_760_000_000, "uuid": "note", "value": "v", "ex": "e"},
            ]})
        );
    }
    let setting = |of: Option<&str>, key: &str| ClientSetting {
        user: of.map(user),
        key: key.to_owned(),
        value: "on".to_owned(),
    };
    let found = || {
        let items = vec![setting(None, "a"), setting(Some("u1"), "b")];
        UserOutcome::ClientSettings(Found { total: 2, items })
    };
    assert_eq!(of_user("/user/get_user_client_config", found()), json!({"configs": {"a": "on", "b": "on"}}));
    assert_eq!(
        of_user("/user/page_user_client_config", found()),
        json!({"total": 2, "configs": [{"key": "a", "userID": "", "value": "on"},
                                       {"key": "b", "userID": "u1", "value": "on"}]})
    );
}

#[test]
fn a_page_of_members_beyond_the_last_one_is_null() {
    let group = ringback_model::ids::GroupId::parse("77").unwrap();
    let people = ringback_model::command::GroupOutcome::People { group, total: 2, people: Vec::new() };
    let page = data("/group/get_group_member_list", Outcome::OfGroup(people));
    assert_eq!(page, json!({"total": 2, "members": null}));
}
