//! Chat rooms: made, entered, left, spoken in.

use futures_util::future::join_all;
use ringback_model::command::{Command, Outcome};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::group::{GroupKind, Role};
use ringback_model::ids::GroupId;
use ringback_model::message::Priority;

use crate::world::{World, draft, group, new_user, refused, user};

fn add(room: &GroupId, names: &[&str]) -> Command {
    Command::AddMembers {
        kind: GroupKind::Room,
        group: room.clone(),
        users: names.iter().map(|name| user(name)).collect(),
    }
}

fn remove(room: &GroupId, names: &[&str]) -> Command {
    Command::RemoveMembers {
        kind: GroupKind::Room,
        group: room.clone(),
        users: names.iter().map(|name| user(name)).collect(),
    }
}

fn dismiss(room: &GroupId) -> Command {
    Command::Dismiss { kind: GroupKind::Room, group: room.clone() }
}

/// The same command about something of this kind.
fn about(kind: GroupKind, command: Command) -> Command {
    match command {
        Command::AddMembers { group, users, .. } => Command::AddMembers { kind, group, users },
        Command::RemoveMembers { group, users, .. } => Command::RemoveMembers { kind, group, users },
        Command::Dismiss { group, .. } => Command::Dismiss { kind, group },
        other => other,
    }
}

fn page(room: &GroupId, skip: usize, limit: usize) -> Command {
    Command::Members { group: room.clone(), skip, limit }
}

/// How many members there are now, and the names in the answer.
fn members(result: Result<Outcome, Failure>) -> (u32, Vec<String>) {
    match result.unwrap() {
        Outcome::Members { group, members } => {
            (group.member_count, members.iter().map(|member| member.user.to_string()).collect())
        }
        other => panic!("members are answered with {other:?}"),
    }
}

#[tokio::test]
async fn members_come_and_go() {
    let world = World::new().await;
    let room = world.room_of("alice", &[]).await;
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    assert_eq!(members(world.admin(add(&room, &["BOB", "alice", "bob"])).await), (2, named(&["bob"])));
    assert_eq!(members(world.admin(add(&room, &["bob"])).await), (2, named(&[])));
    assert_eq!(members(world.admin(add(&room, &["carol"])).await), (3, named(&["carol"])));
    let left = world.admin(remove(&room, &["Bob", "bob", "alice", "nobody"])).await;
    assert_eq!(members(left), (2, named(&["bob"])), "the owner stays");
    assert_eq!(members(world.admin(remove(&room, &["bob"])).await), (2, named(&[])));
    assert_eq!(members(world.admin(page(&room, 0, 10)).await), (2, named(&["alice", "carol"])));
    let stranger = draft("bob", Target::Room(room), "still here?");
    assert_eq!(refused(world.send(stranger).await), RefusalCode::NotInGroup);
}

#[tokio::test]
async fn adding_somebody_again_does_not_change_what_he_is() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob"]).await;
    world.admin(add(&room, &["alice"])).await.unwrap();
    let alice = world.store.member(&room, &user("alice")).await.unwrap().unwrap();
    assert_eq!(alice.role, Role::Owner);
}

#[tokio::test]
async fn additions_at_the_same_time_add_each_member_once_and_no_more_than_fit() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let names: Vec<String> = (10..30).map(|number| format!("user{number}")).collect();
    let users = names.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users }).await.unwrap();
    let room = world.create(GroupKind::Room, "alice", &[], 8).await.unwrap();
    let twice = join_all(["bob", "bob", "bob"].map(|name| world.admin(add(&room, &[name])))).await;
    assert_eq!(twice.into_iter().map(|result| members(result).1.len()).sum::<usize>(), 1);
    let additions = names.iter().map(|name| world.admin(add(&room, &[name])));
    let added = join_all(additions).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(added, 6, "8 places, alice and bob have two of them");
    assert_eq!(members(world.admin(page(&room, 0, 100)).await).0, 8);
}

#[tokio::test]
async fn one_who_leaves_at_the_same_time_as_others_send_him_away_leaves_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let room = world.room_of("alice", &["bob", "carol"]).await;
    let goodbyes = [["bob", "carol"], ["carol", "bob"], ["bob", "alice"]];
    let left = join_all(goodbyes.each_ref().map(|names| world.admin(remove(&room, names)))).await;
    assert_eq!(left.into_iter().map(|result| members(result).1.len()).sum::<usize>(), 2);
    assert_eq!(members(world.admin(page(&room, 0, 100)).await), (1, vec!["alice".to_owned()]));
}

#[tokio::test]
async fn members_are_paged() {
    let world = World::new().await;
    let names: Vec<String> = (10..20).map(|number| format!("user{number}")).collect();
    let users = names.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users }).await.unwrap();
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    let room = world.room_of("alice", &named).await;
    let mut all = vec!["alice".to_owned()];
    all.extend(names.iter().cloned());
    for (skip, limit) in [(0, 3), (1, 3), (9, 3), (10, 3), (11, 3), (500, 3), (2500, 1), (0, 1000), (4, 0)] {
        let expected: Vec<String> = all.iter().skip(skip).take(limit).cloned().collect();
        assert_eq!(members(world.admin(page(&room, skip, limit)).await), (11, expected), "{skip}, {limit}");
    }
    assert_eq!(refused(world.admin(page(&room, 0, 1001)).await), RefusalCode::BadArgument);
}

#[tokio::test]
async fn a_full_room_takes_nobody() {
    let world = World::new().await;
    for kind in [GroupKind::Group, GroupKind::Room] {
        let too_many = world.create(kind, "alice", &["bob", "carol"], 2).await;
        assert_eq!(refused(too_many), RefusalCode::TooManyMembers);
        let ask = async |command: Command| world.admin(about(kind, command)).await;
        let room = world.create(kind, "alice", &[], 2).await.unwrap();
        assert_eq!(refused(ask(add(&room, &["bob", "carol"])).await), RefusalCode::TooManyMembers);
        assert_eq!(members(world.admin(page(&room, 0, 10)).await).0, 1, "none or all of them");
        assert_eq!(members(ask(add(&room, &["bob", "alice"])).await).0, 2);
        assert_eq!(refused(ask(add(&room, &["carol"])).await), RefusalCode::TooManyMembers);
        let invite = Command::Invite {
            group: room.clone(),
            users: vec![user("carol")],
            reason: String::new(),
            said: true,
        };
        assert_eq!(refused(world.by("alice", invite).await), RefusalCode::TooManyMembers);
        assert_eq!(members(ask(add(&room, &["bob"])).await).0, 2, "who is in needs no place");
    }
}

#[tokio::test]
async fn what_is_said_of_a_group_does_not_touch_a_room_nor_the_other_way_round() {
    let world = World::new().await;
    for (is, taken_for) in [(GroupKind::Group, GroupKind::Room), (GroupKind::Room, GroupKind::Group)] {
        let id = world.create(is, "alice", &["bob"], 9).await.unwrap();
        for command in [add(&id, &["carol"]), remove(&id, &["bob"]), dismiss(&id)] {
            let command = about(taken_for, command);
            let what = format!("{command:?}");
            assert_eq!(refused(world.admin(command).await), RefusalCode::GroupNotFound, "{what}");
        }
        let (count, names) = members(world.admin(page(&id, 0, 10)).await);
        assert_eq!((count, names), (2, vec!["alice".to_owned(), "bob".to_owned()]), "nothing has changed");
        world.admin(about(is, dismiss(&id))).await.unwrap();
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let world = World::new().await;
    let room = world.room_of("alice", &[]).await;
    let gone = world.room_of("alice", &["bob"]).await;
    world.admin(dismiss(&gone)).await.unwrap();
    let many: Vec<String> = (0..1001).map(|number| format!("u{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases = [
        (add(&room, &[]), RefusalCode::BadArgument),
        (add(&room, &many), RefusalCode::BadArgument),
        (add(&room, &["bob", "nobody"]), RefusalCode::UserNotFound),
        (add(&group("404"), &["bob"]), RefusalCode::GroupNotFound),
        (add(&gone, &["carol"]), RefusalCode::GroupDismissed),
        (remove(&room, &[]), RefusalCode::BadArgument),
        (remove(&group("404"), &["bob"]), RefusalCode::GroupNotFound),
        (remove(&gone, &["bob"]), RefusalCode::GroupDismissed),
        (page(&group("404"), 0, 1), RefusalCode::GroupNotFound),
        (page(&gone, 0, 1), RefusalCode::GroupDismissed),
        (dismiss(&group("404")), RefusalCode::GroupNotFound),
        (dismiss(&gone), RefusalCode::GroupDismissed),
    ];
    for (command, code) in cases {
        let what = format!("{command:?}");
        assert_eq!(refused(world.admin(command).await), code, "{what}");
    }
    let only_for_administrators =
        [add(&room, &["bob"]), remove(&room, &["bob"]), page(&room, 0, 1), dismiss(&room)];
    for command in only_for_administrators {
        let what = format!("{command:?}");
        assert_eq!(refused(world.by("alice", command).await), RefusalCode::NoPermission, "{what}");
    }
    let dismissed = draft("bob", Target::Room(gone), "anybody?");
    assert_eq!(refused(world.send(dismissed).await), RefusalCode::GroupDismissed);
}

#[tokio::test]
async fn a_room_is_a_room_whatever_the_caller_takes_it_for() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob"]).await;
    let crew = world.group_of("alice", &["bob"]).await;
    for (id, kind) in [(&room, GroupKind::Room), (&crew, GroupKind::Group)] {
        let right = match kind {
            GroupKind::Room => Target::Room(id.clone()),
            GroupKind::Group => Target::Group(id.clone()),
        };
        for asked in [Target::Group(id.clone()), Target::Room(id.clone())] {
            let text = format!("{kind:?} as {asked:?}");
            let sent = world.send(draft("bob", asked, &text)).await.unwrap();
            assert_eq!(sent.message.target, right, "{text}");
            assert!(sent.before.is_none(), "no rule has changed it");
        }
        let found = world.pulled("alice", ConversationId::Group(id.clone())).await;
        assert_eq!(found.iter().map(|(seq, _)| *seq).collect::<Vec<u64>>(), [1, 2], "{kind:?}");
    }
}

#[tokio::test]
async fn rules_are_asked_about_a_room_by_its_kind() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob"]).await;
    let expected = Target::Room(room.clone());
    world.gate.judge(EventKind::MessageSending, move |message| {
        assert_eq!(message.target, expected);
        message.priority = Priority::Low;
        Ok(())
    });
    let mut urgent = draft("bob", Target::Group(room), "hi");
    urgent.priority = Priority::High;
    let sent = world.send(urgent).await.unwrap();
    assert_eq!(sent.message.priority, Priority::Low);
    assert_eq!(sent.before.unwrap().priority, Priority::High);
}

#[tokio::test]
async fn a_rooms_message_is_pushed_to_its_members_and_nobody_counts_as_offline() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob"]).await;
    let crew = world.group_of("alice", &["bob"]).await;
    world.send(draft("alice", Target::Room(room), "in the room")).await.unwrap();
    world.send(draft("alice", Target::Group(crew.clone()), "in the group")).await.unwrap();
    let mut online_only = draft("alice", Target::Group(crew), "in passing");
    online_only.handling.store = false;
    world.send(online_only).await.unwrap();
    let offline: Vec<_> = world.told().await.into_iter().map(|sent| sent.offline).collect();
    assert_eq!(offline, [vec![], vec![user("bob")], vec![]], "room, group, group without keeping");
    assert_eq!(world.sessions.texts(3).await, ["in the room", "in the group", "in passing"]);
    let pushed = world.sessions.pushed.lock().unwrap();
    assert_eq!(pushed[0].1, [user("alice"), user("bob")]);
}
