//! `/metadata`: what the app notes about rooms, members of groups, and users.

use ringback_model::command::{
    AccountOutcome, GroupCommand, GroupOutcome, Managing, ManagingDeed, ManagingOutcome, WhyNot,
};
use ringback_model::group::GroupKind;

use super::*;

const ROOM: &str = "/app-id/4711/metadata/chatroom/77";
const GROUP: &str = "/app-id/4711/metadata/chatgroup/77";

fn put(path: &str, body: &Value) -> EdgeRequest {
    request(Method::Put, path, body.to_string())
}

fn delete_with(path: &str, body: &Value) -> EdgeRequest {
    request(Method::Delete, path, body.to_string())
}

fn deed(asked: &EdgeRequest) -> (GroupKind, ManagingDeed) {
    match decode(asked) {
        Ok(Command::Group(GroupCommand::Manage(Managing { kind, deed, .. }))) => (kind, deed),
        other => panic!("{other:?}"),
    }
}

fn managed(outcome: ManagingOutcome) -> Outcome {
    Outcome::OfGroup(GroupOutcome::Managed(outcome))
}

fn texts(all: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn attributes_of_rooms_are_set() {
    for (path, auto_delete, by, goes, forces) in [
        ("user/Bob", json!(null), Some("bob"), true, false),
        ("user/bob", json!("DELETE"), Some("bob"), true, false),
        ("user/bob/forced", json!("NO_DELETE"), Some("bob"), false, true),
        ("user/admin/forced", json!("NO_DELETE"), None, false, true),
    ] {
        let body = json!({"metaData": {"theme": "dark"}, "autoDelete": auto_delete, "notificationExt": null});
        let (kind, deed) = deed(&put(&format!("{ROOM}/{path}"), &body));
        let ManagingDeed::SetAttributes { by: setter, texts: told, leave, forced } = deed else {
            panic!("{path}")
        };
        assert_eq!(
            (kind, setter, told),
            (GroupKind::Room, by.map(user), texts(&[("theme", "dark")])),
            "{path}"
        );
        assert_eq!((leave, forced), (goes, forces), "{path}");
    }
    let failed = [
        ("a", WhyNot::SetByAnother, "others are not allowed to be set"),
        ("b", WhyNot::KeyTooLong, "properties key 'b' is exceeding maximum limit 128"),
        ("c", WhyNot::KeyNotLegal, "properties key 'c' is not legal"),
        ("d", WhyNot::TooLong, "properties value of 'd' is exceeding maximum limit 4096"),
        ("e", WhyNot::TooMany, "properties of the chatroom are exceeding maximum limit 100"),
        ("f", WhyNot::NotThere, "properties key 'f' does not exist"),
    ];
    let asked = put(&format!("{ROOM}/user/bob"), &json!({"metaData": {"x": "y"}}));
    let keys = ManagingOutcome::Keys {
        done: vec!["x".to_owned()],
        failed: failed.map(|(key, why, _)| (key.to_owned(), why)).into(),
    };
    let shown = answer(&asked, managed(keys));
    let errors: serde_json::Map<String, Value> =
        failed.iter().map(|(key, _, text)| ((*key).to_owned(), json!(text))).collect();
    assert_eq!(shown["data"], json!({"successKeys": ["x"], "errorKeys": errors}));
    assert_eq!((&shown["path"], &shown["status"]), (&json!("/metadata/chatroom"), &json!("ok")));
}

#[test]
fn attributes_of_rooms_are_taken_away_and_read() {
    let body = json!({"keys": ["b", "a"], "autoDelete": "DELETE"});
    let (_, gone) = deed(&delete_with(&format!("{ROOM}/user/bob"), &body));
    assert!(matches!(gone, ManagingDeed::RemoveAttributes { by: Some(by), keys, forced: false }
        if by == user("bob") && keys == ["b", "a"]));
    let (_, gone) = deed(&delete_with(&format!("{ROOM}/user/admin/forced"), &body));
    assert!(matches!(gone, ManagingDeed::RemoveAttributes { by: None, forced: true, .. }));
    let (kind, wanted) = deed(&post(ROOM, &json!({"keys": ["a"]})));
    assert!(matches!(wanted, ManagingDeed::Attributes(keys) if keys == ["a"]) && kind == GroupKind::Room);
    // Clients that want all of them send no body.
    let all = request(Method::Post, ROOM, "");
    assert!(matches!(deed(&all).1, ManagingDeed::Attributes(keys) if keys.is_empty()));
    let shown = answer(&all, managed(ManagingOutcome::Attributes(texts(&[("a", "1")]))));
    assert_eq!(shown["data"], json!({"a": "1"}));
}

#[test]
fn what_is_wrong_about_attributes_of_rooms() {
    let invalid = ("invalid_request_body", "Request body is invalid. Please check body is correct.");
    let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    let many_texts: Value =
        many.iter().map(|key| (key.clone(), json!(""))).collect::<serde_json::Map<_, _>>().into();
    let one = format!("{ROOM}/user/bob");
    for (asked, error, text) in [
        (put(&one, &json!({})), "metadata_error", "metaData must be provided"),
        (put(&one, &json!({"metaData": {}})), "metadata_error", "metaData must be provided"),
        (put(&one, &json!({"metaData": many_texts})), "metadata_error", "exceed allowed batch size 10"),
        (put(&one, &json!({"metaData": {"a": 1}})), invalid.0, invalid.1),
        (put(&one, &json!({"metaData": {"a": "b"}, "autoDelete": "MAYBE"})), invalid.0, invalid.1),
        (
            put(&format!("{ROOM}/user/b b"), &json!({"metaData": {"a": "b"}})),
            "illegal_argument",
            "username [b b] is not legal",
        ),
        (delete(&one), invalid.0, invalid.1),
        (delete_with(&one, &json!({"keys": []})), "metadata_error", "keys must be provided"),
        (delete_with(&one, &json!({"keys": many})), "metadata_error", "exceed allowed batch size 10"),
        (post(ROOM, &json!({"keys": vec!["k"; 101]})), "metadata_error", "exceed allowed batch size 100"),
        (post(ROOM, &json!({"keys": "a"})), invalid.0, invalid.1),
    ] {
        assert_eq!(rejected(&asked), owned((400, error, text)));
    }
    let asked = put(&one, &json!({"metaData": {"a": "b"}}));
    let stranger = refusal(RefusalCode::NotInGroup, "bob is not in group 77");
    assert_eq!(failed(&asked, stranger), owned((401, "MetadataException", "user is not in chatroom")));
    let unknown = refusal(RefusalCode::GroupNotFound, "group 77");
    assert_eq!(failed(&asked, unknown), owned((404, "resource_not_found", "grpID 77 does not exist!")));
}

#[test]
fn attributes_of_members() {
    let one = format!("{GROUP}/user/Bob");
    let asked = put(&one, &json!({"metaData": {"card": "Bobby", "old": ""}}));
    let (kind, set) = deed(&asked);
    assert!(matches!(set, ManagingDeed::Describe { member, texts: told }
        if member == user("bob") && told == texts(&[("card", "Bobby"), ("old", "")])));
    assert_eq!(kind, GroupKind::Group);
    let shown = answer(&asked, managed(ManagingOutcome::Attributes(texts(&[("card", "Bobby")]))));
    assert_eq!(shown["data"], json!({"card": "Bobby"}));

    let of_bob = Some(texts(&[("card", "Bobby")]));
    let asked = get(&one);
    let (_, wanted) = deed(&asked);
    assert!(matches!(wanted, ManagingDeed::Descriptions { members, keys }
        if members == [user("bob")] && keys.is_empty()));
    let found = |texts| managed(ManagingOutcome::Descriptions(vec![(user("bob"), texts)]));
    assert_eq!(answer(&asked, found(of_bob.clone()))["data"], json!({"card": "Bobby"}));
    let reply = edge().encode(&asked, &Ok(found(None)), NOW);
    assert_eq!(told(&reply), owned((404, "MetadataException", "user not in group")));

    let asked = post(&format!("{GROUP}/get"), &json!({"targets": ["bob", "carol"], "properties": ["card"]}));
    let (_, wanted) = deed(&asked);
    assert!(matches!(wanted, ManagingDeed::Descriptions { members, keys }
        if members == [user("bob"), user("carol")] && keys == ["card"]));
    let both = ManagingOutcome::Descriptions(vec![(user("bob"), of_bob), (user("carol"), None)]);
    assert_eq!(answer(&asked, managed(both))["data"], json!({"bob": {"card": "Bobby"}, "carol": {}}));

    let many: Vec<String> = (0..11).map(|n| format!("u{n}")).collect();
    for (asked, text) in [
        (put(&one, &json!({"metaData": {}})), "metaData must be provided"),
        (post(&format!("{GROUP}/get"), &json!({"targets": []})), "targets must be provided"),
        (post(&format!("{GROUP}/get"), &json!({"targets": many})), "query param reaches limit."),
    ] {
        assert_eq!(rejected(&asked), owned((400, "metadata_error", text)));
    }
    let too_long = refusal(RefusalCode::BadArgument, "an attribute takes 513 bytes, at most 512 are allowed");
    let asked = put(&one, &json!({"metaData": {"a": "b"}}));
    assert_eq!(failed(&asked, too_long).0, 400);
    let stranger = refusal(RefusalCode::NotInGroup, "bob is not in group 77");
    assert_eq!(failed(&asked, stranger), owned((404, "MetadataException", "user not in group")));
}

#[test]
fn attributes_of_all_users_are_weighed() {
    let asked = get("/app-id/4711/metadata/user/capacity");
    assert!(matches!(
        decode(&asked),
        Ok(Command::Account(ringback_model::command::AccountCommand::AttributesSize))
    ));
    let shown = answer(&asked, Outcome::OfAccount(AccountOutcome::AttributesSize(1673)));
    assert_eq!(shown["data"], json!(1673));
}
