//! Texts of the app about rooms, and about members of groups.

use std::collections::BTreeMap;

use ringback_model::action::{Action, GroupAction, GroupAttributes};
use ringback_model::command::{
    AccountCommand, AccountOutcome, Command, GroupCommand, GroupOutcome, Managing, ManagingDeed,
    ManagingOutcome, Outcome, WhyNot,
};
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::group::GroupKind;
use ringback_model::ids::GroupId;
use ringback_model::limits;

use crate::world::{World, refused, user};

type Texts = BTreeMap<String, String>;

fn texts(all: &[(&str, &str)]) -> Texts {
    all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

async fn manage(
    world: &World,
    kind: GroupKind,
    group: &GroupId,
    deed: ManagingDeed,
) -> Result<ManagingOutcome, Failure> {
    let managing = Managing { kind, group: group.clone(), deed };
    match world.admin(Command::Group(GroupCommand::Manage(managing))).await? {
        Outcome::OfGroup(GroupOutcome::Managed(outcome)) => Ok(outcome),
        other => panic!("{other:?}"),
    }
}

fn set(by: Option<&str>, all: &[(&str, &str)], leave: bool, forced: bool) -> ManagingDeed {
    ManagingDeed::SetAttributes { by: by.map(user), texts: texts(all), leave, forced }
}

fn remove(by: Option<&str>, keys: &[&str], forced: bool) -> ManagingDeed {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    ManagingDeed::RemoveAttributes { by: by.map(user), keys, forced }
}

async fn of_room(
    world: &World,
    room: &GroupId,
    deed: ManagingDeed,
) -> (Vec<String>, BTreeMap<String, WhyNot>) {
    match manage(world, GroupKind::Room, room, deed).await.unwrap() {
        ManagingOutcome::Keys { done, failed } => (done, failed),
        other => panic!("{other:?}"),
    }
}

async fn about_room(world: &World, room: &GroupId) -> Texts {
    match manage(world, GroupKind::Room, room, ManagingDeed::Attributes(Vec::new())).await.unwrap() {
        ManagingOutcome::Attributes(texts) => texts,
        other => panic!("{other:?}"),
    }
}

async fn told(world: &World) -> Vec<GroupAttributes> {
    let done = world.done().await.into_iter();
    done.filter_map(|action| match action {
        Action::Group(GroupAction::SetAttributes(one)) => Some(*one),
        _ => None,
    })
    .collect()
}

#[tokio::test]
async fn who_set_a_text_about_a_room_keeps_it() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob", "carol"]).await;
    let (done, failed) =
        of_room(&world, &room, set(Some("BOB"), &[("seat", "1"), ("song", "x")], true, false)).await;
    assert_eq!((done.as_slice(), failed.len()), (["seat".to_owned(), "song".to_owned()].as_slice(), 0));
    let (done, failed) =
        of_room(&world, &room, set(Some("carol"), &[("seat", "2"), ("topic", "t")], true, false)).await;
    assert_eq!(
        (done, failed),
        (vec!["topic".to_owned()], [("seat".to_owned(), WhyNot::SetByAnother)].into())
    );
    let (done, failed) =
        of_room(&world, &room, remove(Some("carol"), &["seat", "none", "none"], false)).await;
    let why = [("none".to_owned(), WhyNot::NotThere), ("seat".to_owned(), WhyNot::SetByAnother)];
    assert_eq!((done.len(), failed), (0, why.into()));
    assert_eq!(told(&world).await.len(), 2, "what changes nothing tells nobody");
    of_room(&world, &room, set(Some("carol"), &[("seat", "3")], true, true)).await;
    of_room(&world, &room, remove(Some("carol"), &["song"], true)).await;
    of_room(&world, &room, set(None, &[("topic", "u")], false, false)).await;
    assert_eq!(about_room(&world, &room).await, texts(&[("seat", "3"), ("topic", "u")]));
    let told = told(&world).await;
    let seen: Vec<_> =
        told.iter().map(|one| (one.by.as_ref().map(ToString::to_string), one.forced)).collect();
    let by = |name: &str| Some(name.to_owned());
    let expected =
        [(by("bob"), false), (by("carol"), false), (by("carol"), true), (by("carol"), true), (None, false)];
    assert_eq!(seen, expected);
    assert_eq!(
        (&told[0].set, &told[3].removed),
        (&texts(&[("seat", "1"), ("song", "x")]), &vec!["song".to_owned()])
    );
}

#[tokio::test]
async fn what_is_to_go_with_a_member_goes_with_him() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob", "carol"]).await;
    of_room(&world, &room, set(Some("bob"), &[("seat", "1")], true, false)).await;
    of_room(&world, &room, set(Some("bob"), &[("song", "x")], false, false)).await;
    of_room(&world, &room, set(Some("carol"), &[("topic", "t")], true, false)).await;
    of_room(&world, &room, set(None, &[("theme", "dark")], true, false)).await;
    let users = vec![user("bob"), user("carol")];
    let kind = GroupKind::Room;
    world.admin(Command::RemoveMembers { kind, group: room.clone(), users: users.clone() }).await.unwrap();
    assert_eq!(about_room(&world, &room).await, texts(&[("song", "x"), ("theme", "dark")]));
    let told = told(&world).await;
    let gone: Vec<_> = told[4..].iter().map(|one| (one.by.clone().unwrap(), one.removed.clone())).collect();
    assert_eq!(gone, [(user("bob"), vec!["seat".to_owned()]), (user("carol"), vec!["topic".to_owned()])]);
    world.admin(Command::AddMembers { kind, group: room.clone(), users }).await.unwrap();
    of_room(&world, &room, set(Some("bob"), &[("seat", "2")], true, false)).await;
    let quit = GroupCommand::Quit { group: room.clone(), user: None };
    world.by("bob", Command::Group(quit)).await.unwrap();
    assert_eq!(about_room(&world, &room).await, texts(&[("song", "x"), ("theme", "dark")]));
}

#[tokio::test]
async fn what_cannot_be_noted_about_rooms() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob"]).await;
    let ask = async |kind, deed| refused(manage(&world, kind, &room, deed).await);
    for forced in [false, true] {
        let stranger = ask(GroupKind::Room, set(Some("carol"), &[("a", "b")], true, forced)).await;
        assert_eq!(stranger, RefusalCode::NotInGroup);
        let stranger = ask(GroupKind::Room, remove(Some("carol"), &["a"], forced)).await;
        assert_eq!(stranger, RefusalCode::NotInGroup);
    }
    let one = || set(None, &[("a", "b")], true, false);
    assert_eq!(ask(GroupKind::Group, one()).await, RefusalCode::GroupNotFound, "a room is no group");
    assert_eq!(ask(GroupKind::Room, set(None, &[], true, false)).await, RefusalCode::BadArgument);
    assert_eq!(ask(GroupKind::Room, remove(None, &[], true)).await, RefusalCode::BadArgument);
    let names: Vec<String> = (0..limits::ROOM_ATTRIBUTES).map(|n| format!("k{n}")).collect();
    let pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    assert_eq!(ask(GroupKind::Room, set(None, &pairs[..11], true, false)).await, RefusalCode::BadArgument);
    for some in pairs.chunks(10) {
        assert_eq!(of_room(&world, &room, set(None, some, true, false)).await.0.len(), 10);
    }
    let (done, failed) =
        of_room(&world, &room, set(None, &[("k0", "w"), ("one-more", "v")], true, false)).await;
    assert_eq!((done, failed), (vec!["k0".to_owned()], [("one-more".to_owned(), WhyNot::TooMany)].into()));
    assert_eq!(about_room(&world, &room).await.len(), limits::ROOM_ATTRIBUTES);
    world.admin(Command::Dismiss { kind: GroupKind::Room, group: room.clone() }).await.unwrap();
    assert_eq!(ask(GroupKind::Room, one()).await, RefusalCode::GroupDismissed);
}

fn describe(member: &str, all: &[(&str, &str)]) -> ManagingDeed {
    ManagingDeed::Describe { member: user(member), texts: texts(all) }
}

async fn about_members(world: &World, group: &GroupId, names: &[&str]) -> Vec<Option<Texts>> {
    let members = names.iter().map(|name| user(name)).collect();
    let deed = ManagingDeed::Descriptions { members, keys: Vec::new() };
    match manage(world, GroupKind::Group, group, deed).await.unwrap() {
        ManagingOutcome::Descriptions(found) => found.into_iter().map(|(_, texts)| texts).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn members_are_described_until_they_leave() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let ask = async |deed| manage(&world, GroupKind::Group, &group, deed).await;
    ask(describe("BOB", &[("card", "Bobby"), ("team", "red")])).await.unwrap();
    let now = ask(describe("bob", &[("card", "Bob"), ("team", ""), ("none", "")])).await.unwrap();
    assert!(matches!(now, ManagingOutcome::Attributes(now) if now == texts(&[("card", "Bob")])));
    ask(describe("bob", &[("team", "")])).await.unwrap();
    let found = about_members(&world, &group, &["Bob", "alice", "carol"]).await;
    assert_eq!(found, [Some(texts(&[("card", "Bob")])), Some(Texts::new()), None]);
    let told = told(&world).await;
    assert_eq!(told.len(), 2, "what changes nothing tells nobody");
    assert_eq!((&told[1].set, &told[1].removed), (&texts(&[("card", "Bob")]), &vec!["team".to_owned()]));
    assert_eq!((&told[1].member, &told[1].by), (&Some(user("bob")), &None));

    let users = vec![user("bob")];
    let kind = GroupKind::Group;
    world.admin(Command::RemoveMembers { kind, group: group.clone(), users: users.clone() }).await.unwrap();
    world.admin(Command::AddMembers { kind, group: group.clone(), users }).await.unwrap();
    assert_eq!(about_members(&world, &group, &["bob"]).await, [Some(Texts::new())]);
}

#[tokio::test]
async fn of_too_much_about_a_member_nothing_is_noted() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let long = "v".repeat(limits::MEMBER_ATTRIBUTE_BYTES + 1);
    let full = "v".repeat(limits::MEMBER_ATTRIBUTE_BYTES);
    let keys: Vec<String> = (0..8).map(|n| format!("k{n}")).collect();
    let too_much: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), full.as_str())).collect();
    for (member, all, code) in [
        ("bob", vec![("card", "Bob"), ("k", long.as_str())], RefusalCode::BadArgument),
        ("bob", vec![("card", "Bob"), ("seventeen-letters", "v")], RefusalCode::BadArgument),
        ("bob", too_much, RefusalCode::BadArgument),
        ("bob", vec![], RefusalCode::BadArgument),
        ("carol", vec![("card", "Carol")], RefusalCode::NotInGroup),
        ("nobody", vec![("card", "Nobody")], RefusalCode::NotInGroup),
    ] {
        let refusal = refused(manage(&world, GroupKind::Group, &group, describe(member, &all)).await);
        assert_eq!(refusal, code, "{member}");
    }
    assert_eq!(about_members(&world, &group, &["bob"]).await, [Some(Texts::new())]);
    assert!(told(&world).await.is_empty());
    let by_bob = Managing { kind: GroupKind::Group, group, deed: describe("bob", &[("card", "Bob")]) };
    let by_bob = world.by("bob", Command::Group(GroupCommand::Manage(by_bob))).await;
    assert_eq!(refused(by_bob), RefusalCode::NoPermission, "the app's administrators alone");
}

#[tokio::test]
async fn attributes_of_all_users_are_weighed() {
    let world = World::new().await;
    let size = async || match world.admin(Command::Account(AccountCommand::AttributesSize)).await.unwrap() {
        Outcome::OfAccount(AccountOutcome::AttributesSize(bytes)) => bytes,
        other => panic!("{other:?}"),
    };
    assert_eq!(size().await, 0);
    for (name, value) in [("alice", "é"), ("bob", "abc")] {
        let attributes = texts(&[("k", value)]);
        world
            .admin(Command::Account(AccountCommand::SetAttributes { user: user(name), attributes }))
            .await
            .unwrap();
    }
    assert_eq!(size().await, 7);
}
