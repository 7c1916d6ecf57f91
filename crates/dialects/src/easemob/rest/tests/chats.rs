//! `/chatgroups`, `/chatrooms` and their members.

use ringback_model::command::{
    GroupCommand, GroupOutcome, Managing, ManagingDeed, ManagingOutcome, MembersByAge, NewGroup,
};
use ringback_model::group::{Group, GroupKind, GroupStatus, Member, Role};
use ringback_model::page::Page;

use super::*;

const ID: &str = "270011223344556";

fn made(kind: GroupKind) -> Group {
    Group {
        id: group(ID),
        name: "team".to_owned(),
        notification: String::new(),
        introduction: "demo".to_owned(),
        face_url: "https://im.example.test/a.png".to_owned(),
        owner: user("Alice"),
        creator: user("admin"),
        created_at: UnixMs(1_730_000_000_000),
        ex: "c".to_owned(),
        status: GroupStatus::Open,
        verification: 2,
        look_member_info: 0,
        apply_member_friend: 0,
        notification_at: UnixMs(0),
        notification_by: String::new(),
        member_count: 3,
        kind,
        max_members: 200,
        invite_confirm: false,
        thread: None,
    }
}

fn member(name: &str, role: Role) -> Member {
    Member {
        group: group(ID),
        user: user(name),
        role,
        nickname: String::new(),
        face_url: String::new(),
        joined_at: AT,
        join_source: 1,
        operator: String::new(),
        inviter: String::new(),
        muted_until: UnixMs(0),
        ex: String::new(),
    }
}

#[test]
fn ways_into_a_group_are_shown() {
    for (verification, membersonly, allowinvites, public) in
        [(0, true, true, false), (1, true, false, false), (2, false, false, true)]
    {
        let group = Group { verification, ..made(GroupKind::Group) };
        let outcome = Outcome::Members { group: Box::new(group), members: vec![] };
        let shown = &answer(&get(&format!("/app-id/4711/chatgroups/{ID}")), outcome)["data"][0];
        assert_eq!(
            (&shown["membersonly"], &shown["allowinvites"], &shown["public"]),
            (&json!(membersonly), &json!(allowinvites), &json!(public))
        );
    }
}

fn members(kind: GroupKind, members: Vec<Member>) -> Outcome {
    Outcome::Members { group: Box::new(made(kind)), members }
}

fn all_roles() -> Vec<Member> {
    vec![member("Alice", Role::Owner), member("bob", Role::Admin), member("carol", Role::Member)]
}

fn new(path: &str, body: &Value) -> NewGroup {
    match decode(&post(path, body)) {
        Ok(Command::CreateGroup(new)) => new,
        other => panic!("{other:?} from {body}"),
    }
}

fn path(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Group => "/app-id/4711/chatgroups",
        GroupKind::Room => "/app-id/4711/chatrooms",
    }
}

#[test]
fn groups_are_made() {
    let body = json!({
        "groupname": "team", "description": "demo", "public": true, "maxusers": 300, "owner": "Alice",
        "members": ["bob", "alice", "BOB"], "custom": "c", "avatar": "a", "allowinvites": true, "scale": "large",
    });
    let group_path = path(GroupKind::Group);
    let made = new(group_path, &body);
    assert_eq!((made.name.as_str(), made.introduction.as_str(), made.ex.as_str()), ("team", "demo", "c"));
    assert_eq!((made.owner, made.members, made.max_members), (user("alice"), vec![user("bob")], 300));
    assert_eq!((made.kind, made.id, made.verification), (GroupKind::Group, None, 2));
    let old = json!({"desc": "d", "public": true, "owner": "a", "members_only": true, "groupid": "77"});
    let made = new(group_path, &old);
    assert_eq!((made.introduction.as_str(), made.verification, made.max_members), ("d", 1, 200));
    assert_eq!(made.id, Some(group("77")));
    assert_eq!(new(group_path, &json!({"public": false, "owner": "a"})).verification, 1);
    let by_members = json!({"public": false, "owner": "a", "allowinvites": true});
    assert_eq!(new(group_path, &by_members).verification, 0);

    let created = |kind| answer(&post(path(kind), &body), Outcome::Group(Box::new(self::made(kind))));
    let shown = created(GroupKind::Group);
    assert_eq!((&shown["data"], &shown["entities"]), (&json!({"groupid": ID}), &json!([])));
    assert_eq!(created(GroupKind::Room)["data"], json!({"id": ID}));
}

#[test]
fn rooms_are_made() {
    let room = |body: &Value| new(path(GroupKind::Room), body);
    let made =
        room(&json!({"name": "n", "description": "d", "owner": "alice", "members": ["bob"], "custom": "c"}));
    assert_eq!((made.kind, made.max_members, made.members.len()), (GroupKind::Room, 1000, 1));
    assert_eq!((made.name.as_str(), made.introduction.as_str(), made.ex.as_str()), ("n", "d", "c"));
    assert_eq!(room(&json!({"owner": "alice", "maxusers": 10_000})).max_members, 10_000);
}

#[test]
fn what_cannot_be_made() {
    let (groups, rooms) = (path(GroupKind::Group), path(GroupKind::Room));
    let parameter = "invalid_parameter";
    let body = ("invalid_request_body", "Request body is invalid. Please check body is correct.");
    for (path, asked, error, text) in [
        (groups, json!({"owner": "a"}), parameter, "group must contain public field!"),
        (groups, json!({"public": true}), parameter, "owner must be provided"),
        (groups, json!({"public": true, "owner": ""}), parameter, "owner must be provided"),
        (groups, json!({"public": "true", "owner": "a"}), body.0, body.1),
        (groups, json!({"public": true, "owner": "a b"}), "illegal_argument", "username [a b] is not legal"),
        (
            groups,
            json!({"public": true, "owner": "a", "maxusers": 0}),
            parameter,
            "maxusers must be at least 1",
        ),
        (groups, json!({"public": true, "owner": "a", "maxusers": -1}), body.0, body.1),
        (
            groups,
            json!({"public": true, "owner": "a", "groupid": "7 7"}),
            "illegal_argument",
            "group ID [7 7] is not legal",
        ),
        (
            groups,
            json!({"public": true, "owner": "a", "groupid": "team"}),
            "illegal_argument",
            "group ID [team] is not legal",
        ),
        (
            groups,
            json!({"public": true, "owner": "a", "groupid": "01"}),
            "illegal_argument",
            "group ID [01] is not legal",
        ),
        (
            rooms,
            json!({"owner": "a", "custom": "é".repeat(4097)}),
            parameter,
            "custom is longer than 8192 bytes",
        ),
        (
            groups,
            json!({"public": true, "owner": "a", "groupname": "n".repeat(129)}),
            parameter,
            "groupname is longer than 128 characters",
        ),
        (rooms, json!({"name": "n"}), parameter, "owner must be provided"),
        (rooms, json!({"owner": "a", "maxusers": 10_001}), parameter, "maxusers must be 1 to 10000"),
        (rooms, json!({"owner": "a", "maxusers": 0}), parameter, "maxusers must be 1 to 10000"),
        (rooms, json!({"owner": "a", "members": []}), parameter, "members must name at least one user"),
        (rooms, json!({"owner": "a", "members": "bob"}), body.0, body.1),
    ] {
        assert_eq!(rejected(&post(path, &asked)), owned((400, error, text)), "{asked:.120}");
    }
}

#[test]
fn one_is_shown_with_its_members() {
    let asked = get(&format!("/app-id/4711/chatgroups/{ID}"));
    let command = decode(&asked).unwrap();
    assert!(matches!(command, Command::Members { group: id, skip: 0, limit: 1000 } if id == group(ID)));
    let shown = answer(&asked, members(GroupKind::Group, all_roles()));
    assert_eq!(
        shown["data"],
        json!([{
            "id": ID, "name": "team", "avatar": "https://im.example.test/a.png", "description": "demo",
            "membersonly": false, "allowinvites": false, "maxusers": 200, "owner": "alice",
            "created": 1_730_000_000_000_i64, "custom": "c", "mute": false, "affiliations_count": 3,
            "affiliations": [{"owner": "alice"}, {"member": "bob"}, {"member": "carol"}],
            "disabled": false, "public": true,
        }])
    );
    assert_eq!(shown["count"], json!(1));
    let asked = get(&format!("/app-id/4711/chatrooms/{ID}"));
    let room = answer(&asked, members(GroupKind::Room, all_roles()));
    assert_eq!((&room["data"][0]["avatar"], &room["data"][0]["disabled"]), (&Value::Null, &Value::Null));
    for (asked, kind) in [
        (asked, GroupKind::Group),
        (get(&format!("/app-id/4711/chatgroups/{ID}")), GroupKind::Room),
        (get(&format!("/app-id/4711/chatgroups/{ID}/users")), GroupKind::Room),
    ] {
        let reply = edge().encode(&asked, &Ok(members(kind, vec![])), NOW);
        let text = format!("do not find this group:{ID}");
        assert_eq!(told(&reply), owned((404, "service_resource_not_found", &text)));
    }
}

#[test]
fn several_are_shown_with_their_owners() {
    let asked = get(&format!("/app-id/4711/chatgroups/{ID},no group,78"));
    let command = decode(&asked).unwrap();
    assert!(matches!(command, Command::Groups { ids } if ids == [group(ID), group("78")]));
    let gone = Group { status: GroupStatus::Dismissed, ..made(GroupKind::Group) };
    let muted = Group { status: GroupStatus::Muted, verification: 1, ..made(GroupKind::Group) };
    let found = vec![muted, gone.clone(), made(GroupKind::Room)];
    let shown = answer(&asked, Outcome::Groups(found));
    assert_eq!((shown["data"].as_array().map(Vec::len), &shown["count"]), (Some(1), &json!(1)));
    let first = &shown["data"][0];
    assert_eq!(
        (&first["affiliations"], &first["mute"], &first["public"]),
        (&json!([{"owner": "alice"}]), &json!(true), &json!(false))
    );
    let reply = edge().encode(&asked, &Ok(Outcome::Groups(vec![gone])), NOW);
    assert_eq!(told(&reply).0, 404);
    let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
    let asked = get(&format!("/app-id/4711/chatgroups/{}", many.join(",")));
    assert_eq!(rejected(&asked), owned((400, "invalid_parameter", "groupIds is more than max limit : 100")));
    let asked = get("/app-id/4711/chatgroups/no group");
    let text = "do not find this group:no group";
    assert_eq!(rejected(&asked), owned((404, "service_resource_not_found", text)));
}

#[test]
fn they_are_dismissed() {
    for (kind, key) in [(GroupKind::Group, "groupid"), (GroupKind::Room, "id")] {
        let asked = delete(&format!("{}/{ID}", path(kind)));
        assert!(
            matches!(decode(&asked), Ok(Command::Dismiss { kind: of, group: id }) if of == kind && id == group(ID))
        );
        assert_eq!(answer(&asked, Outcome::Done)["data"], json!({"success": true, key: ID}));
    }
}

#[test]
fn members_are_listed_by_pages() {
    for (query, expected) in
        [("", (0, 1000)), ("?pagenum=3&pagesize=10", (20, 10)), ("?pagesize=5000", (0, 1000))]
    {
        let asked = get(&format!("/app-id/4711/chatrooms/{ID}/users{query}"));
        let Ok(Command::Members { skip, limit, .. }) = decode(&asked) else { panic!("{query}") };
        assert_eq!((skip, limit), expected, "{query}");
    }
    let asked = get(&format!("/app-id/4711/chatrooms/{ID}/users?pagenum=2&pagesize=3"));
    let shown = answer(&asked, members(GroupKind::Room, all_roles()));
    assert_eq!(shown["data"], json!([{"owner": "alice"}, {"member": "bob"}, {"member": "carol"}]));
    assert_eq!(
        (&shown["count"], &shown["params"]),
        (&json!(3), &json!({"pagenum": ["2"], "pagesize": ["3"]}))
    );
    let asked = get(&format!("/app-id/4711/chatgroups/{ID}/users"));
    let shown = answer(&asked, members(GroupKind::Group, all_roles()));
    assert_eq!(shown["data"][1], json!({"admin": "bob"}));
    for query in ["?pagenum=0", "?pagenum=x", "?pagesize=-1", "?pagesize=", "?pagenum=99999999999999999999"] {
        let asked = get(&format!("/app-id/4711/chatrooms/{ID}/users{query}"));
        assert_eq!(rejected(&asked).1, "illegal_argument", "{query}");
    }
}

fn by_age(query: &str) -> MembersByAge {
    let asked = get(&format!("/app-id/4711/chatgroups/{ID}/users{query}"));
    match decode(&asked) {
        Ok(Command::Group(GroupCommand::Manage(Managing {
            deed: ManagingDeed::ByAge(wanted),
            kind,
            ..
        }))) => {
            assert_eq!(kind, GroupKind::Group);
            wanted
        }
        other => panic!("{query}: {other:?}"),
    }
}

fn listed(members: Vec<Member>) -> Outcome {
    Outcome::OfGroup(GroupOutcome::Managed(ManagingOutcome::Members(members)))
}

#[test]
fn members_are_listed_by_cursor_as_the_sdk_asks() {
    let first = by_age("?version=v3&limit=2&sort=desc");
    let page = Page { skip: 0, limit: 2 };
    assert_eq!(first, MembersByAge { owner: false, newest_first: true, after: None, page });
    assert!(!by_age("?version=v3").newest_first);
    let asked = get(&format!("/app-id/4711/chatgroups/{ID}/users?version=v3&limit=2"));
    let members = || vec![member("bob", Role::Admin), member("Carol", Role::Member)];
    let shown = answer(&asked, listed(members()));
    assert_eq!((&shown["data"], &shown["count"]), (&json!(["bob", "carol"]), &json!(2)));
    let cursor = shown["cursor"].as_str().unwrap();
    let next = by_age(&format!("?version=v3&limit=2&cursor={cursor}")).after.unwrap();
    assert_eq!((next.at, next.user.folded()), (AT, "carol".to_owned()));
    let last = answer(&asked, listed(vec![member("dave", Role::Member)]));
    assert_eq!((&last["data"], &last["cursor"]), (&json!(["dave"]), &Value::Null));
    for query in ["?version=v3&cursor=x", "?version=v3&limit=0", "?sort=up", "?joined_time=yes"] {
        let asked = get(&format!("/app-id/4711/chatgroups/{ID}/users{query}"));
        let (status, error, _) = rejected(&asked);
        assert_eq!((status, error.as_str()), (400, "illegal_argument"), "{query}");
    }
}

#[test]
fn members_are_listed_in_the_order_in_which_they_came() {
    let wanted = by_age("?pagenum=2&pagesize=3&sort=asc");
    assert_eq!((wanted.owner, wanted.newest_first, wanted.page), (true, false, Page::numbered(2, 3)));
    let asked = get(&format!("/app-id/4711/chatgroups/{ID}/users?joined_time=true"));
    let shown = answer(&asked, members(GroupKind::Group, all_roles()));
    let at = AT.0;
    let expected = json!([
        {"owner": "alice", "joined_time": at}, {"admin": "bob", "joined_time": at},
        {"member": "carol", "joined_time": at},
    ]);
    assert_eq!((&shown["data"], &shown["params"]["joined_time"]), (&expected, &json!(["true"])));
    assert_eq!(shown["params"]["pagesize"], json!(["1000"]));
}

#[test]
fn the_groups_of_a_user_are_shown_with_their_settings() {
    for (query, skip, limit) in
        [("", 0, 5), ("?pagenum=0&pagesize=50", 0, 20), ("?pagenum=2&pagesize=3", 6, 3)]
    {
        let asked = get(&format!("/app-id/4711/chatgroups/user/Bob{query}"));
        let Ok(Command::Group(GroupCommand::Joined { user: of, page })) = decode(&asked) else {
            panic!("{query}")
        };
        assert_eq!((of, page), (user("bob"), Page { skip, limit }), "{query}");
    }
    let asked = get("/app-id/4711/chatgroups/user/bob?pagenum=1");
    let groups = vec![made(GroupKind::Group)];
    let shown = answer(&asked, Outcome::OfGroup(GroupOutcome::Groups { total: 6, groups }));
    let expected = json!([{
        "id": ID, "groupId": ID, "name": "team", "avatar": "https://im.example.test/a.png", "description": "demo",
        "owner": "alice", "disabled": false, "public": true, "allowinvites": false, "membersonly": false,
        "maxusers": 200, "created": 1_730_000_000_000_i64,
    }]);
    assert_eq!((&shown["entities"], &shown["total"]), (&expected, &json!(6)));
    for query in ["?pagenum=-1", "?pagenum=x", "?pagesize=0"] {
        let asked = get(&format!("/app-id/4711/chatgroups/user/bob{query}"));
        assert_eq!(rejected(&asked).1, "illegal_argument", "{query}");
    }
}

#[test]
fn members_are_added() {
    for (kind, key) in [(GroupKind::Group, "groupid"), (GroupKind::Room, "id")] {
        let several =
            post(&format!("{}/{ID}/users", path(kind)), &json!({"usernames": ["Bob", "bob", "carol"]}));
        let command = decode(&several).unwrap();
        assert!(
            matches!(command, Command::AddMembers { users, .. } if users == [user("bob"), user("carol")])
        );
        let shown = answer(&several, members(kind, vec![member("carol", Role::Member)]));
        assert_eq!(shown["data"], json!({"newmembers": ["carol"], "action": "add_member", key: ID}));

        let one = request(Method::Post, &format!("{}/{ID}/users/Bob", path(kind)), "");
        assert!(matches!(decode(&one), Ok(Command::AddMembers { users, .. }) if users == [user("bob")]));
        let shown = answer(&one, members(kind, vec![member("bob", Role::Member)]));
        assert_eq!(shown["data"], json!({"result": true, "action": "add_member", "user": "bob", key: ID}));
        let reply = edge().encode(&one, &Ok(members(kind, vec![])), NOW);
        let text = format!("can not join this group, reason:user: Bob already in group: {ID}");
        assert_eq!(told(&reply), owned((403, "forbidden_op", &text)));
    }
    let many: Vec<String> = (0..61).map(|n| format!("u{n}")).collect();
    for (names, error, text) in [
        (json!([]), "invalid_parameter", "usernames must be provided"),
        (Value::Null, "invalid_parameter", "usernames must be provided"),
        (json!(many), "invalid_parameter", "addMembers: addMembers number more than maxSize : 60"),
        (json!(["a b"]), "illegal_argument", "username [a b] is not legal"),
        (json!("bob"), "invalid_request_body", "Request body is invalid. Please check body is correct."),
    ] {
        let asked = post(&format!("/app-id/4711/chatgroups/{ID}/users"), &json!({"usernames": names}));
        assert_eq!(rejected(&asked), owned((400, error, text)));
    }
}

#[test]
fn members_are_taken_out() {
    for (kind, key) in [(GroupKind::Group, "groupid"), (GroupKind::Room, "id")] {
        let asked = |names: &str| delete(&format!("{}/{ID}/users/{names}", path(kind)));
        let gone = || members(kind, vec![member("bob", Role::Member)]);
        assert_eq!(
            answer(&asked("Bob"), gone())["data"],
            json!({"result": true, "action": "remove_member", "user": "bob", key: ID})
        );
        let several = answer(&asked("bob,carol,Alice"), gone());
        let (not_there, owner) =
            ("users [carol] are not members of this group!", "forbidden operation on group owner!");
        assert_eq!(
            several["data"],
            json!([
                {"result": true, "action": "remove_member", "user": "bob", key: ID},
                {"result": false, "action": "remove_member", "user": "carol", key: ID, "reason": not_there},
                {"result": false, "action": "remove_member", "user": "alice", key: ID, "reason": owner},
            ])
        );
        for (name, text) in [("carol", not_there), ("alice", owner)] {
            let reply = edge().encode(&asked(name), &Ok(gone()), NOW);
            assert_eq!(told(&reply), owned((403, "forbidden_op", text)));
        }
    }
    let many: Vec<String> = (0..61).map(|n| format!("u{n}")).collect();
    let asked = delete(&format!("/app-id/4711/chatgroups/{ID}/users/{}", many.join(",")));
    assert_eq!(rejected(&asked), owned((400, "invalid_parameter", "userNames is more than max limit : 60")));
}
