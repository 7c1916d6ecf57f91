//! Ways out of a group.

use ringback_model::action::GroupAction;
use ringback_model::command::{Command, GroupCommand, GroupOutcome, Page};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::RefusalCode;
use ringback_model::group::{GroupKind, GroupStatus, Role};
use ringback_model::notice::GroupNews;
use ringback_model::version::VersionLog;

use super::*;
use crate::world::{draft, refused, user};

fn quit(group: &GroupId) -> GroupCommand {
    GroupCommand::Quit { group: group.clone(), user: None }
}

fn dismiss(group: &GroupId, empty: bool) -> GroupCommand {
    GroupCommand::Dismiss { group: group.clone(), empty, said: true }
}

#[tokio::test]
async fn a_member_leaves_and_all_hear_of_it_he_too() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob", "carol"]).await;
    let lists = number(&world, VersionLog::Groups(user("bob"))).await;
    act(&world, "bob", quit(&group)).await.unwrap();
    assert!(matches!(told(&world).await.last(), Some(GroupAction::Quit(left)) if left.user == user("bob")));
    let (notice, recipients) = last_notice(&world);
    assert!(matches!(&notice.news, GroupNews::Quit { member } if member.user == user("bob")));
    assert_eq!((recipients.len(), notice.group.member_count), (3, 2));
    assert_eq!(number(&world, VersionLog::Groups(user("bob"))).await, lists + 1);
    assert_eq!(refused(act(&world, "alice", quit(&group)).await), RefusalCode::NoPermission);
    assert_eq!(refused(act(&world, "bob", quit(&group)).await), RefusalCode::NotInGroup);
    let other = GroupCommand::Quit { group: group.clone(), user: Some(user("alice")) };
    assert_eq!(refused(act(&world, "carol", other).await), RefusalCode::NoPermission);
    assert_eq!(
        refused(world.send(draft("bob", Target::Group(group), "still here?")).await),
        RefusalCode::NotInGroup
    );
}

#[tokio::test]
async fn who_may_remove_whom() {
    let world = World::new().await;
    for name in ["dave", "erin"] {
        world.admin(Command::RegisterUsers { users: vec![crate::world::new_user(name)] }).await.unwrap();
    }
    let group = world.group_of("alice", &["bob", "carol", "dave"]).await;
    for name in ["bob", "carol"] {
        promote(&world, &group, name).await;
    }
    let cases: [(&str, &[&str], RefusalCode); 8] = [
        ("alice", &[], RefusalCode::BadArgument),
        ("alice", &["dave", "DAVE"], RefusalCode::BadArgument),
        ("alice", &["alice"], RefusalCode::BadArgument),
        ("bob", &["alice"], RefusalCode::BadArgument),
        ("bob", &["carol"], RefusalCode::NoPermission),
        ("dave", &["carol"], RefusalCode::NoPermission),
        ("erin", &["dave"], RefusalCode::NoPermission),
        ("alice", &["dave", "erin"], RefusalCode::UserNotFound),
    ];
    for (name, kicked, code) in cases {
        assert_eq!(refused(act(&world, name, kick(&group, kicked)).await), code, "{name} removes {kicked:?}");
    }
    act(&world, "bob", kick(&group, &["dave"])).await.unwrap();
    let told = told(&world).await;
    assert!(
        matches!(told.last(), Some(GroupAction::Kick(kick)) if kick.reason == "spam" && kick.kicked == [user("dave")])
    );
    let (notice, recipients) = last_notice(&world);
    assert!(matches!(&notice.news, GroupNews::Kicked { members } if members.len() == 1));
    assert!(recipients.contains(&"dave".to_owned()), "who was removed hears of it");
    world.admin(Command::Group(kick(&group, &["bob", "carol"]))).await.unwrap();
    assert_eq!(group_of(&world, &group).await.member_count, 1);
}

#[tokio::test]
async fn a_dismissal_is_told_once_and_stays_readable_unless_the_group_is_emptied() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    world.send(draft("bob", Target::Group(group.clone()), "the last word")).await.unwrap();
    assert_eq!(refused(act(&world, "bob", dismiss(&group, false)).await), RefusalCode::NoPermission);
    act(&world, "alice", dismiss(&group, false)).await.unwrap();
    assert_eq!(group_of(&world, &group).await.status, GroupStatus::Dismissed);
    assert!(matches!(news(&world).last(), Some(GroupNews::Dismissed)));
    let told_of = told(&world).await;
    let Some(GroupAction::Dismiss(dismissal)) = told_of.last() else { panic!("{told_of:?}") };
    assert_eq!((&dismissal.owner, dismissal.members.len()), (&user("alice"), 2));
    let found = world.pulled("bob", ConversationId::Group(group.clone())).await;
    assert_eq!(found.len(), 2, "what was said, and that it is over");
    let joined = GroupCommand::Joined { user: user("bob"), page: Page { skip: 0, limit: 9 } };
    assert!(matches!(asked(&world, "bob", joined).await.unwrap(), GroupOutcome::Groups { total: 0, .. }));
    assert_eq!(refused(act(&world, "alice", dismiss(&group, false)).await), RefusalCode::GroupDismissed);
    act(&world, "alice", dismiss(&group, true)).await.unwrap();
    assert!(member(&world, &group, "bob").await.is_none());
    let times = kinds(&world).await.into_iter().filter(|kind| *kind == EventKind::GroupDismissed).count();
    assert_eq!(times, 1);
}

#[tokio::test]
async fn an_emptied_group_is_not_shown_but_its_members_lists_change() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let (shown, lists) = (notices(&world).len(), number(&world, VersionLog::Groups(user("bob"))).await);
    act(&world, "alice", dismiss(&group, true)).await.unwrap();
    assert_eq!(notices(&world).len(), shown);
    assert_eq!(number(&world, VersionLog::Groups(user("bob"))).await, lists + 1);
    assert_eq!(kinds(&world).await.last(), Some(&EventKind::GroupDismissed));
}

#[tokio::test]
async fn rooms_are_left_and_dismissed_with_a_word_to_the_backend_alone() {
    let world = World::new().await;
    let room = world.room_of("alice", &["bob"]).await;
    let remove =
        Command::RemoveMembers { kind: GroupKind::Room, group: room.clone(), users: vec![user("bob")] };
    world.admin(remove).await.unwrap();
    world.admin(Command::Dismiss { kind: GroupKind::Room, group: room }).await.unwrap();
    assert_eq!(
        kinds(&world).await,
        [EventKind::GroupCreated, EventKind::GroupKicked, EventKind::GroupDismissed]
    );
    assert!(notices(&world).is_empty());
}

#[tokio::test]
async fn who_goes_and_is_sent_away_at_once_goes_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let group = world.group_of("alice", &["bob"]).await;
    let both =
        futures_util::join!(act(&world, "bob", quit(&group)), act(&world, "alice", kick(&group, &["bob"])));
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    assert_eq!(role(&world, &group, "bob").await, None::<Role>);
    let gone = told(&world).await;
    let gone = gone.iter().filter(|one| matches!(one, GroupAction::Quit(_) | GroupAction::Kick(_)));
    assert_eq!(gone.count(), 1);
}
