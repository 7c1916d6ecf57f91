//! Ways into a group.

use std::sync::{Arc, Mutex};

use ringback_model::action::{Action, ChatAction, GroupAction};
use ringback_model::command::{Command, GroupCommand, GroupOutcome, Page, RequestsOf};
use ringback_model::event::EventKind;
use ringback_model::failure::RefusalCode;
use ringback_model::group::{GroupKind, Role};
use ringback_model::ids::GroupId;
use ringback_model::notice::GroupNews;
use ringback_model::record::{Handled, Record, RecordKey};
use ringback_model::time::UnixMs;
use ringback_model::version::VersionLog;

use super::*;
use crate::world::{refused, user};

fn answer(group: &GroupId, applicant: &str, agree: bool) -> GroupCommand {
    GroupCommand::Answer {
        group: group.clone(),
        applicant: user(applicant),
        agree,
        message: "well".to_owned(),
    }
}

async fn request(world: &World, group: &GroupId, name: &str) -> Option<ringback_model::record::GroupRequest> {
    let key = RecordKey::group_request(group, &user(name));
    match world.store.records(&[key]).await.unwrap().remove(0)? {
        Record::GroupRequest(request) => Some(request),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_group_is_told_once_with_each_member_once() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob", "carol"]).await;
    assert_eq!(kinds(&world).await[..], [EventKind::GroupCreated, EventKind::ConversationStarted]);
    let told = told(&world).await;
    let [GroupAction::Create(made)] = told.as_slice() else { panic!("{told:?}") };
    let members: Vec<_> = made.members.iter().map(|one| (one.user.as_str(), one.role)).collect();
    assert_eq!(members, [("alice", Role::Owner), ("bob", Role::Member), ("carol", Role::Member)]);
    assert_eq!((&made.group.id, made.group.member_count), (&group, 3));
    let (notice, recipients) = last_notice(&world);
    assert!(matches!(&notice.news, GroupNews::Created { members, .. } if members.len() == 3));
    assert_eq!(recipients, ["alice", "bob", "carol"]);
    assert_eq!(notice.version.number, number(&world, VersionLog::Members(group.clone())).await);
    for name in ["alice", "bob", "carol"] {
        assert_eq!(number(&world, VersionLog::Groups(user(name))).await, 2, "{name}");
        assert_eq!(number(&world, VersionLog::Conversations(user(name))).await, 2, "{name}");
    }
}

#[tokio::test]
async fn rules_shape_a_new_group_and_its_members_but_make_no_second_owner() {
    let world = World::new().await;
    world.gate.opine(EventKind::GroupCreating, |action| {
        let Action::Group(GroupAction::Draft(draft)) = action else { panic!("{action:?}") };
        assert!(draft.id.is_empty(), "asked before there is an id");
        (draft.id, draft.name, draft.apply_member_friend) =
            ("crew-7".to_owned(), "named by us".to_owned(), 1);
        Ok(())
    });
    world.gate.opine(EventKind::GroupEntering, |action| {
        let Action::Group(GroupAction::Enter(entry)) = action else { panic!("{action:?}") };
        assert_eq!(entry.group.as_str(), "crew-7");
        entry.entrants[1].nickname = "Bobby".to_owned();
        entry.entrants[1].role = Role::Admin;
        entry.entrants[1].muted_until = UnixMs(7);
        Ok(())
    });
    world.gate.opine(EventKind::ConversationStarting, |action| {
        let Action::Chat(ChatAction::Start(start)) = action else { panic!("{action:?}") };
        assert_eq!(start.owners, ["alice", "bob"].map(user));
        start.pinned = true;
        Ok(())
    });
    let group = world.group_of("alice", &["bob"]).await;
    let made = group_of(&world, &group).await;
    assert_eq!(
        (made.id.as_str(), made.name.as_str(), made.apply_member_friend),
        ("crew-7", "named by us", 1)
    );
    let bob = member(&world, &group, "bob").await.unwrap();
    assert_eq!((bob.nickname.as_str(), bob.role, bob.muted_until), ("Bobby", Role::Admin, UnixMs(7)));
    let key =
        RecordKey::conversation(&user("bob"), &ringback_model::conversation::ConversationId::Group(group));
    let kept = world.store.records(&[key]).await.unwrap().remove(0);
    assert!(matches!(kept, Some(Record::Conversation(settings)) if settings.pinned));
    world.gate.opine(EventKind::GroupEntering, |action| {
        let Action::Group(GroupAction::Enter(entry)) = action else { panic!("{action:?}") };
        entry.entrants[1].role = Role::Owner;
        Ok(())
    });
    world.gate.opine(EventKind::GroupCreating, |_| Ok(()));
    let second = world.create(GroupKind::Group, "alice", &["bob"], 0).await;
    assert_eq!(refused(second), RefusalCode::CallbackUnusable);
}

#[tokio::test]
async fn a_refusal_on_the_way_in_leaves_nothing_behind() {
    let world = World::new().await;
    let group = world.group_of("alice", &[]).await;
    let before = (world.store.tail(), notices(&world).len());
    for kind in [EventKind::GroupInviting, EventKind::GroupEntering, EventKind::ConversationStarting] {
        world.gate.opine(kind, |_| Err(no()));
        let code = refused(world.by("alice", invite(&group, &["bob"])).await);
        assert!(is_no(&code), "{kind}: {code:?}");
        assert!(member(&world, &group, "bob").await.is_none());
        world.gate.opine(kind, |_| Ok(()));
    }
    assert_eq!((world.store.tail(), notices(&world).len()), before);
    world.by("alice", invite(&group, &["bob"])).await.unwrap();
    assert!(member(&world, &group, "bob").await.is_some());
}

#[tokio::test]
async fn joining_an_open_group_is_told_and_shown() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    verify(&world, &group, 2).await;
    act(&world, "carol", join(&group, "carol")).await.unwrap();
    let carol = member(&world, &group, "carol").await.unwrap();
    assert_eq!((carol.join_source, carol.inviter.as_str()), (3, ""));
    let told = told(&world).await;
    let Some(GroupAction::Join(join_told)) = told.last() else { panic!("{told:?}") };
    assert_eq!((join_told.users.as_slice(), join_told.message.as_str()), (&[user("carol")][..], "let me in"));
    let (notice, mut recipients) = last_notice(&world);
    recipients.sort();
    assert!(matches!(&notice.news, GroupNews::Entered { member } if member.user == user("carol")));
    assert_eq!(
        (recipients, notice.group.member_count),
        (["alice", "bob", "carol"].map(str::to_owned).to_vec(), 3)
    );
    assert_eq!(refused(act(&world, "carol", join(&group, "carol")).await), RefusalCode::BadArgument);
    assert_eq!(refused(act(&world, "bob", join(&group, "carol")).await), RefusalCode::NoPermission);
}

#[tokio::test]
async fn who_asks_is_let_in_by_a_manager_once() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    act(&world, "carol", join(&group, "carol")).await.unwrap();
    assert!(member(&world, &group, "carol").await.is_none());
    let asked_of: Vec<_> = notices(&world)
        .into_iter()
        .filter(|(notice, _)| matches!(notice.news, GroupNews::Asked { .. }))
        .flat_map(|(_, users)| users)
        .collect();
    assert_eq!(asked_of, ["alice", "carol"]);
    assert_eq!(refused(act(&world, "bob", answer(&group, "carol", true)).await), RefusalCode::NoPermission);
    assert_eq!(refused(act(&world, "alice", answer(&group, "bob", true)).await), RefusalCode::NotFound);
    act(&world, "alice", answer(&group, "carol", true)).await.unwrap();
    assert!(member(&world, &group, "carol").await.is_some());
    let kept = request(&world, &group, "carol").await.unwrap();
    assert_eq!(
        (kept.handled, kept.handler.as_str(), kept.answer.as_str()),
        (Handled::Agreed, "alice", "well")
    );
    assert_eq!(
        refused(act(&world, "alice", answer(&group, "carol", false)).await),
        RefusalCode::GroupRequestHandled
    );
    let told = told(&world).await;
    assert!(matches!(told.last(), Some(GroupAction::Join(join)) if join.message == "let me in"));
    let news = news(&world);
    assert!(news.iter().any(|one| matches!(one, GroupNews::Entered { .. })));
    let answers: Vec<bool> = news
        .iter()
        .filter_map(|one| match one {
            GroupNews::Answered { to_manager, .. } => Some(*to_manager),
            _ => None,
        })
        .collect();
    assert_eq!(answers, [true, false], "the owner, and who asked");
}

#[tokio::test]
async fn who_is_turned_down_may_ask_again() {
    let world = World::new().await;
    let group = world.group_of("alice", &[]).await;
    for _ in 0..2 {
        act(&world, "bob", join(&group, "bob")).await.unwrap();
        act(&world, "alice", answer(&group, "bob", false)).await.unwrap();
        assert_eq!(request(&world, &group, "bob").await.unwrap().handled, Handled::Refused);
    }
    assert!(member(&world, &group, "bob").await.is_none());
    let asked: Vec<EventKind> = kinds(&world).await.into_iter().skip(2).collect();
    assert_eq!(
        asked,
        [EventKind::GroupRequested, EventKind::GroupDeclined].repeat(2),
        "behind the group itself"
    );
}

#[tokio::test]
async fn ordinary_members_of_a_closed_group_only_ask_for_others() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    verify(&world, &group, 1).await;
    world.by("bob", invite(&group, &["carol"])).await.unwrap();
    assert!(member(&world, &group, "carol").await.is_none());
    let kept = request(&world, &group, "carol").await.unwrap();
    assert_eq!((kept.inviter.as_str(), kept.source, kept.message.as_str()), ("bob", 2, "why not"));
    // He has come in by another way before the answer: that is fine.
    world.by("alice", invite(&group, &["carol"])).await.unwrap();
    act(&world, "alice", answer(&group, "carol", true)).await.unwrap();
    let joins = told(&world).await.into_iter().filter(|action| matches!(action, GroupAction::Join(_)));
    assert_eq!(joins.count(), 1);
}

#[tokio::test]
async fn a_rule_may_take_users_off_an_invitation() {
    let world = World::new().await;
    let group = world.group_of("alice", &[]).await;
    world.gate.opine(EventKind::GroupInviting, |action| {
        let Action::Group(GroupAction::Invite(invitation)) = action else { panic!("{action:?}") };
        invitation.invited.retain(|user| user.as_str() != "bob");
        Ok(())
    });
    world.by("alice", invite(&group, &["bob", "carol"])).await.unwrap();
    assert_eq!(
        (role(&world, &group, "bob").await, role(&world, &group, "carol").await),
        (None, Some(Role::Member))
    );
}

#[tokio::test]
async fn whoever_adds_members_is_told_and_shown_alike() {
    let world = World::new().await;
    let group = world.group_of("alice", &[]).await;
    let add = Command::AddMembers { kind: GroupKind::Group, group: group.clone(), users: vec![user("bob")] };
    world.admin(add).await.unwrap();
    let told = told(&world).await;
    assert!(
        matches!(told.last(), Some(GroupAction::Join(join)) if join.source == 1 && join.inviter == "root")
    );
    assert!(matches!(news(&world).last(), Some(GroupNews::Invited { .. })));
    let room = world.room_of("alice", &[]).await;
    let (shown, lists) = (notices(&world).len(), number(&world, VersionLog::Groups(user("bob"))).await);
    let add = Command::AddMembers { kind: GroupKind::Room, group: room, users: vec![user("bob")] };
    world.admin(add).await.unwrap();
    assert_eq!(kinds(&world).await.last(), Some(&EventKind::GroupJoined), "rooms are told of");
    assert_eq!(notices(&world).len(), shown, "and not shown");
    assert_eq!(number(&world, VersionLog::Groups(user("bob"))).await, lists);
}

#[tokio::test]
async fn who_enters_while_a_rule_thinks_is_let_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let group = world.group_of("alice", &["bob"]).await;
    let asked: Arc<Mutex<usize>> = Arc::default();
    let count = Arc::clone(&asked);
    world.gate.opine(EventKind::GroupEntering, move |_| {
        *count.lock().unwrap() += 1;
        Ok(())
    });
    let add =
        || Command::AddMembers { kind: GroupKind::Group, group: group.clone(), users: vec![user("carol")] };
    let both =
        futures_util::future::join_all([world.admin(add()), world.admin(add()), world.admin(add())]).await;
    assert!(both.iter().all(Result::is_ok), "who is in it already is left out");
    let joins = told(&world).await.into_iter().filter(|action| matches!(action, GroupAction::Join(_)));
    assert_eq!(joins.count(), 1);
    assert!(*asked.lock().unwrap() >= 1);
}

/// While the first question of a command is held, something else happens.
async fn meanwhile<T>(world: &World, command: impl Future<Output = T>, other: impl Future<Output = ()>) -> T {
    let held = world.gate.shut();
    let other = async {
        world.gate.reached.notified().await;
        other.await;
        held.add_permits(1);
    };
    tokio::join!(command, other).0
}

#[tokio::test]
async fn who_may_enter_is_decided_by_what_holds_once_rules_have_answered() {
    for kind in [EventKind::GroupApplying, EventKind::GroupEntering] {
        let world = World::new().await;
        world.gate.opine(kind, |_| Ok(()));
        let group = world.group_of("alice", &[]).await;
        verify(&world, &group, 2).await;
        // A permit of what was asked before is left over.
        let _ = tokio::time::timeout(std::time::Duration::ZERO, world.gate.reached.notified()).await;
        let joining = act(&world, "bob", join(&group, "bob"));
        meanwhile(&world, joining, verify(&world, &group, 0)).await.unwrap();
        assert!(member(&world, &group, "bob").await.is_none(), "{kind}: closed meanwhile");
        assert_eq!(request(&world, &group, "bob").await.unwrap().handled, Handled::Open, "{kind}");
    }
    for kind in [EventKind::GroupInviting, EventKind::GroupEntering] {
        let world = World::new().await;
        let group = world.group_of("alice", &["bob"]).await;
        promote(&world, &group, "bob").await;
        verify(&world, &group, 1).await;
        world.gate.opine(kind, |_| Ok(()));
        let demoted = async {
            let edit = settings::member_edit(&group, "bob", |edit| edit.role = Some(Role::Member));
            act(&world, "alice", GroupCommand::EditMembers(vec![edit])).await.unwrap();
        };
        meanwhile(&world, world.by("bob", invite(&group, &["carol"])), demoted).await.unwrap();
        assert!(member(&world, &group, "carol").await.is_none(), "{kind}: no manager any more");
        assert_eq!(request(&world, &group, "carol").await.unwrap().inviter, "bob", "{kind}");
    }
}

#[tokio::test]
async fn who_comes_back_has_what_he_had_set_but_for_what_a_rule_sets() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    let id = ringback_model::conversation::ConversationId::Group(group.clone());
    let mut own = ringback_model::record::ConversationSettings::new(user("bob"), id.clone());
    (own.receive_option, own.pinned, own.attached_info) = (2, true, "mine".to_owned());
    let keep = ringback_model::commit::Write::Keep(Box::new(Record::Conversation(own.clone())));
    world.store.commit(ringback_model::commit::Commit::default().write(keep)).await.unwrap();
    act(&world, "bob", GroupCommand::Quit { group: group.clone(), user: Some(user("bob")) }).await.unwrap();
    world.gate.opine(EventKind::ConversationStarting, |action| {
        let Action::Chat(ChatAction::Start(start)) = action else { panic!("{action:?}") };
        (start.ex, start.attached_info) = ("x".to_owned(), "theirs".to_owned());
        Ok(())
    });
    world.by("alice", invite(&group, &["bob"])).await.unwrap();
    let kept = world.store.records(&[RecordKey::conversation(&user("bob"), &id)]).await.unwrap().remove(0);
    (own.ex, own.attached_info) = ("x".to_owned(), "theirs".to_owned());
    assert_eq!(kept, Some(Record::Conversation(own)));
}

#[tokio::test]
async fn of_those_who_answer_a_request_at_once_one_is_first_and_the_others_are_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let group = world.group_of("alice", &["bob"]).await;
    promote(&world, &group, "bob").await;
    for round in [[true; 4], [true, false, true, false]] {
        act(&world, "carol", join(&group, "carol")).await.unwrap();
        let answers = ["alice", "bob", "alice", "bob"].into_iter().zip(round);
        let answers = answers.map(|(name, agree)| act(&world, name, answer(&group, "carol", agree)));
        let done = futures_util::future::join_all(answers).await;
        let late: Vec<_> = done.into_iter().filter(Result::is_err).map(refused).collect();
        assert_eq!(late, vec![RefusalCode::GroupRequestHandled; 3], "{round:?}");
        if world.store.member(&group, &user("carol")).await.unwrap().is_some() {
            act(&world, "alice", kick(&group, &["carol"])).await.unwrap();
        }
    }
}

#[tokio::test]
async fn requests_are_listed_for_those_who_ask_and_those_who_answer() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    act(&world, "carol", join(&group, "carol")).await.unwrap();
    let page = Page { skip: 0, limit: 10 };
    let list = async |name: &str, of: RequestsOf, handled: Vec<Handled>| {
        let command = GroupCommand::Requests { of, groups: Vec::new(), handled, page };
        match asked(&world, name, command).await? {
            GroupOutcome::Requests { total, requests } => {
                assert_eq!(total, requests.len());
                Ok(requests.into_iter().map(|one| one.request.user.to_string()).collect::<Vec<_>>())
            }
            other => panic!("{other:?}"),
        }
    };
    let managed = |name: &str| RequestsOf::ManagedBy(user(name));
    assert_eq!(list("alice", managed("alice"), vec![]).await.unwrap(), ["carol"]);
    assert!(list("alice", managed("alice"), vec![Handled::Agreed]).await.unwrap().is_empty());
    assert!(list("bob", managed("bob"), vec![]).await.unwrap().is_empty(), "he decides nothing");
    assert_eq!(refused(list("bob", managed("alice"), vec![]).await), RefusalCode::NoPermission);
    assert_eq!(list("carol", RequestsOf::MadeBy(user("carol")), vec![]).await.unwrap(), ["carol"]);
    let one = || RequestsOf::One(group.clone(), user("carol"));
    assert_eq!(list("carol", one(), vec![]).await.unwrap(), ["carol"]);
    assert_eq!(refused(list("bob", one(), vec![]).await), RefusalCode::NoPermission);
    let users = RequestsOf::Users(group.clone(), vec![user("bob"), user("carol")]);
    assert_eq!(list("alice", users, vec![]).await.unwrap(), ["carol"]);
    let waiting = |since| GroupCommand::Waiting { user: user("alice"), since: UnixMs(since) };
    for (since, count) in [(0, 1), (i64::MAX, 0)] {
        let outcome = asked(&world, "alice", waiting(since)).await.unwrap();
        assert!(matches!(outcome, GroupOutcome::Count(found) if found == count));
    }
}
