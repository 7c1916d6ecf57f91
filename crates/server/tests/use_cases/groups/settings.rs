//! Settings of a group, what members show, roles, mutes.

use ringback_model::action::{Action, GroupAction, GroupEdit, MemberEdit};
use ringback_model::command::{Command, GroupCommand};
use ringback_model::conversation::Target;
use ringback_model::event::EventKind;
use ringback_model::failure::RefusalCode;
use ringback_model::group::{GroupStatus, Role};
use ringback_model::notice::GroupNews;
use ringback_model::version::VersionLog;

use super::*;
use crate::world::{draft, refused, user};

pub(super) fn edit(group: &GroupId, change: impl Fn(&mut GroupEdit)) -> GroupCommand {
    let mut edit = GroupEdit::nothing(group.clone());
    change(&mut edit);
    GroupCommand::Edit(Box::new(edit))
}

pub(super) fn member_edit(group: &GroupId, name: &str, change: impl Fn(&mut MemberEdit)) -> MemberEdit {
    let mut edit = MemberEdit {
        group: group.clone(),
        user: user(name),
        nickname: None,
        face_url: None,
        role: None,
        ex: None,
    };
    change(&mut edit);
    edit
}

fn with_role(group: &GroupId, name: &str, role: Role) -> GroupCommand {
    GroupCommand::EditMembers(vec![member_edit(group, name, |edit| edit.role = Some(role))])
}

fn called(group: &GroupId, name: &str, nickname: &str) -> GroupCommand {
    let edit = member_edit(group, name, |edit| edit.nickname = Some(nickname.to_owned()));
    GroupCommand::EditMembers(vec![edit])
}

#[tokio::test]
async fn texts_have_bounds_wherever_they_come_in() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let long = "x".repeat(ringback_model::limits::NOTE_BYTES + 1);
    let kick =
        |reason| GroupCommand::Kick { group: group.clone(), users: vec![user("bob")], reason, said: true };
    let application = GroupApplication {
        group: group.clone(),
        applicant: user("alice"),
        message: long.clone(),
        source: 3,
        ex: String::new(),
    };
    for command in [
        edit(&group, |edit| edit.notification = Some(long.clone())),
        edit(&group, |edit| edit.introduction = Some(long.clone())),
        edit(&group, |edit| edit.ex = Some(long.clone())),
        called(&group, "alice", &long),
        GroupCommand::Join(application),
        kick(long.clone()),
    ] {
        let what = format!("{command:.60?}");
        assert_eq!(
            refused(world.by("alice", Command::Group(command)).await),
            RefusalCode::BadArgument,
            "{what}"
        );
    }
    let invite = Command::Invite { group, users: vec![user("carol")], reason: long.clone(), said: true };
    assert_eq!(refused(world.by("alice", invite).await), RefusalCode::BadArgument);
    let mut named = crate::world::new_user("dave");
    named.nickname = long;
    let register = Command::RegisterUsers { users: vec![named] };
    assert_eq!(refused(world.admin(register).await), RefusalCode::BadArgument);
}

#[tokio::test]
async fn settings_change_as_far_as_they_are_named() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let all = edit(&group, |edit| {
        edit.name = Some("new name".to_owned());
        edit.notification = Some("be kind".to_owned());
        edit.introduction = Some("about us".to_owned());
    });
    assert_eq!(refused(act(&world, "bob", all.clone()).await), RefusalCode::NoPermission);
    let before = news(&world).len();
    act(&world, "alice", all.clone()).await.unwrap();
    let shown = news(&world).split_off(before);
    assert!(matches!(shown[..], [GroupNews::Edited, GroupNews::Renamed, GroupNews::Announced]), "{shown:?}");
    let is = group_of(&world, &group).await;
    assert_eq!((is.notification_by.as_str(), is.introduction.as_str()), ("alice", "about us"));
    let told_before = told(&world).await.len();
    act(&world, "alice", all).await.unwrap();
    assert_eq!(told(&world).await.len(), told_before, "nothing has changed");
    // An empty text empties where only what changes is named, and leaves where all is.
    let emptied = edit(&group, |edit| edit.introduction = Some(String::new()));
    act(&world, "alice", emptied).await.unwrap();
    assert_eq!(group_of(&world, &group).await.introduction, "");
    let whole = edit(&group, |edit| {
        (edit.whole, edit.name, edit.notification) = (true, Some(String::new()), Some(String::new()));
        edit.introduction = Some("again".to_owned());
    });
    act(&world, "alice", whole).await.unwrap();
    let is = group_of(&world, &group).await;
    assert_eq!(
        (is.name.as_str(), is.notification.as_str(), is.introduction.as_str()),
        ("new name", "be kind", "again")
    );
    let nameless = edit(&group, |edit| edit.name = Some(String::new()));
    assert_eq!(refused(act(&world, "alice", nameless).await), RefusalCode::BadArgument);
}

#[tokio::test]
async fn a_rule_changes_settings_and_cannot_break_them() {
    let world = World::new().await;
    let group = world.group_of("alice", &[]).await;
    world.gate.opine(EventKind::GroupEditing, |action| {
        let Action::Group(GroupAction::Edit(edit)) = action else { panic!("{action:?}") };
        edit.introduction = Some("by the rule".to_owned());
        Ok(())
    });
    act(&world, "alice", edit(&group, |edit| edit.name = Some("x".to_owned()))).await.unwrap();
    assert_eq!(group_of(&world, &group).await.introduction, "by the rule");
    let told = told(&world).await;
    assert!(
        matches!(told.last(), Some(GroupAction::Edit(edit)) if edit.introduction.as_deref() == Some("by the rule"))
    );
    world.gate.opine(EventKind::GroupEditing, |action| {
        let Action::Group(GroupAction::Edit(edit)) = action else { panic!("{action:?}") };
        edit.verification = Some(9);
        Ok(())
    });
    let broken = act(&world, "alice", edit(&group, |edit| edit.name = Some("y".to_owned()))).await;
    assert_eq!(refused(broken), RefusalCode::CallbackUnusable);
    assert_eq!(group_of(&world, &group).await.name, "x");
}

#[tokio::test]
async fn roles_bound_who_changes_whom() {
    let world = World::new().await;
    world.admin(Command::RegisterUsers { users: vec![crate::world::new_user("dave")] }).await.unwrap();
    let group = world.group_of("alice", &["bob", "carol", "dave"]).await;
    for name in ["bob", "carol"] {
        promote(&world, &group, name).await;
    }
    let cases = [
        ("dave", called(&group, "bob", "B"), RefusalCode::NoPermission),
        ("dave", with_role(&group, "dave", Role::Admin), RefusalCode::NoPermission),
        ("bob", called(&group, "alice", "A"), RefusalCode::NoPermission),
        ("bob", called(&group, "carol", "C"), RefusalCode::NoPermission),
        ("bob", with_role(&group, "dave", Role::Admin), RefusalCode::NoPermission),
        ("alice", with_role(&group, "bob", Role::Owner), RefusalCode::NoPermission),
        ("alice", with_role(&group, "alice", Role::Member), RefusalCode::BadArgument),
        ("alice", called(&group, "nobody", "N"), RefusalCode::BadArgument),
        ("alice", GroupCommand::EditMembers(vec![]), RefusalCode::BadArgument),
    ];
    for (name, command, code) in cases {
        let what = format!("{name}: {command:?}");
        assert_eq!(refused(act(&world, name, command).await), code, "{what}");
    }
    act(&world, "dave", called(&group, "dave", "Dee")).await.unwrap();
    act(&world, "bob", called(&group, "dave", "Davy")).await.unwrap();
    act(&world, "bob", with_role(&group, "bob", Role::Member)).await.unwrap();
    assert_eq!(role(&world, &group, "bob").await, Some(Role::Member), "he has stepped down");
    let (notice, _) = last_notice(&world);
    assert!(matches!(notice.news, GroupNews::MemberEdited { role: true, .. }));
}

#[tokio::test]
async fn a_rules_role_is_not_bound_by_the_rights_of_who_is_asked_about() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob", "carol"]).await;
    promote(&world, &group, "carol").await;
    let answered = |role: Role| {
        world.gate.opine(EventKind::MemberEditing, move |action| {
            let Action::Group(GroupAction::EditMember(edit)) = action else { panic!("{action:?}") };
            edit.role = Some(role);
            Ok(())
        });
    };
    // The role that they have already is no change, whatever it is.
    for (name, own) in [("bob", Role::Member), ("carol", Role::Admin), ("alice", Role::Owner)] {
        answered(own);
        act(&world, name, called(&group, name, "Nick")).await.unwrap();
        assert_eq!(role(&world, &group, name).await, Some(own));
        assert!(
            matches!(told(&world).await.last(), Some(GroupAction::EditMember(edit)) if edit.role.is_none())
        );
    }
    answered(Role::Admin);
    act(&world, "bob", called(&group, "bob", "Bob")).await.unwrap();
    assert_eq!(role(&world, &group, "bob").await, Some(Role::Admin), "the backend's own choice");
    for (name, other) in [("bob", Role::Owner), ("alice", Role::Member)] {
        answered(other);
        let broken = act(&world, name, called(&group, name, "again")).await;
        assert_eq!(refused(broken), RefusalCode::CallbackUnusable, "{name}");
    }
    assert_eq!(role(&world, &group, "alice").await, Some(Role::Owner));
}

#[tokio::test]
async fn several_members_change_together_or_not_at_all() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob", "carol"]).await;
    let both = || {
        let named = |name: &str| member_edit(&group, name, |edit| edit.nickname = Some("new".to_owned()));
        GroupCommand::EditMembers(vec![named("bob"), named("carol")])
    };
    world.gate.opine(EventKind::MemberEditing, |action| {
        let Action::Group(GroupAction::EditMember(edit)) = action else { panic!("{action:?}") };
        if edit.user == user("carol") { Err(no()) } else { Ok(()) }
    });
    assert!(is_no(&refused(act(&world, "alice", both()).await)));
    assert_eq!(member(&world, &group, "bob").await.unwrap().nickname, "");
    world.gate.opine(EventKind::MemberEditing, |_| Ok(()));
    let before = number(&world, VersionLog::Members(group.clone())).await;
    act(&world, "alice", both()).await.unwrap();
    let now = number(&world, VersionLog::Members(group.clone())).await;
    assert_eq!(now, before + 1);
    let (notice, _) = last_notice(&world);
    assert!(notice.version.number > now + 1, "one of two changes: clients read the list");
    let twice = GroupCommand::EditMembers(vec![
        member_edit(&group, "bob", |_| {}),
        member_edit(&group, "BOB", |_| {}),
    ]);
    assert_eq!(refused(act(&world, "alice", twice).await), RefusalCode::BadArgument);
}

#[tokio::test]
async fn a_group_is_handed_over() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let to = |from: &str, to: &str| GroupCommand::Transfer {
        group: group.clone(),
        from: user(from),
        to: user(to),
    };
    for (by, command, code) in [
        ("bob", to("alice", "bob"), RefusalCode::NoPermission),
        ("alice", to("alice", "carol"), RefusalCode::NotInGroup),
        ("alice", to("alice", "alice"), RefusalCode::BadArgument),
        ("alice", to("bob", "alice"), RefusalCode::NoPermission),
    ] {
        let what = format!("{by}: {command:?}");
        assert_eq!(refused(act(&world, by, command).await), code, "{what}");
    }
    act(&world, "alice", to("alice", "bob")).await.unwrap();
    assert_eq!(
        (role(&world, &group, "alice").await, role(&world, &group, "bob").await),
        (Some(Role::Member), Some(Role::Owner))
    );
    assert_eq!(group_of(&world, &group).await.owner, user("bob"));
    assert!(matches!(told(&world).await.last(), Some(GroupAction::Transfer(one)) if one.to == user("bob")));
    assert!(matches!(news(&world).last(), Some(GroupNews::Transferred { .. })));
}

#[tokio::test]
async fn who_is_muted_speaks_again_after_a_while_or_a_word() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob", "carol"]).await;
    let mute =
        |name: &str, seconds| GroupCommand::MuteMember { group: group.clone(), user: user(name), seconds };
    let say =
        async |name: &str, text: &str| world.send(draft(name, Target::Group(group.clone()), text)).await;
    for (by, whom) in [("bob", "carol"), ("bob", "alice"), ("alice", "alice")] {
        assert_eq!(refused(act(&world, by, mute(whom, 60)).await), RefusalCode::NoPermission, "{by}");
    }
    promote(&world, &group, "carol").await;
    act(&world, "carol", mute("bob", 60)).await.unwrap();
    assert!(matches!(news(&world).last(), Some(GroupNews::MemberMuted { seconds: 60, .. })));
    assert_eq!(refused(say("bob", "one").await), RefusalCode::MutedInGroup);
    world.clock.advance(std::time::Duration::from_secs(61));
    say("bob", "two").await.unwrap();
    act(&world, "alice", mute("carol", 60)).await.unwrap();
    assert_eq!(refused(say("carol", "three").await), RefusalCode::MutedInGroup);
    act(&world, "alice", mute("carol", 0)).await.unwrap();
    say("carol", "four").await.unwrap();
}

#[tokio::test]
async fn in_a_muted_group_only_managers_speak() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let mute = |muted| GroupCommand::Mute { group: group.clone(), muted };
    assert_eq!(refused(act(&world, "bob", mute(true)).await), RefusalCode::NoPermission);
    act(&world, "alice", mute(true)).await.unwrap();
    assert_eq!(group_of(&world, &group).await.status, GroupStatus::Muted);
    let text = |name: &str| draft(name, Target::Group(group.clone()), &format!("by {name}"));
    assert_eq!(refused(world.send(text("bob")).await), RefusalCode::GroupMuted);
    world.send(text("alice")).await.unwrap();
    act(&world, "alice", mute(false)).await.unwrap();
    world.send(text("bob")).await.unwrap();
    assert!(matches!(news(&world)[..], [.., GroupNews::Muted, GroupNews::Unmuted]));
}
