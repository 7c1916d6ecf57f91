//! What rules hear of, and what becomes of answers that cannot be applied.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use ringback_model::action::{Action, FriendAction, GroupAction, MemberEdit, UserAction, UserEdit};
use ringback_model::command::{Command, FriendCommand, GroupCommand, UserCommand};
use ringback_model::conversation::Target;
use ringback_model::event::EventKind;
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::group::Role;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::time::UnixMs;
use ringback_model::user::User;

use crate::world::{World, draft, new_user, refused, user};

fn ask(from: &str, to: &str) -> Command {
    let message = "hello".to_owned();
    Command::Friend(FriendCommand::Ask { from: user(from), to: user(to), message, ex: String::new() })
}

fn agree(from: &str, to: &str) -> Command {
    let message = "fine".to_owned();
    Command::Friend(FriendCommand::Answer { from: user(from), to: user(to), agree: true, message })
}

fn remark(owner: &str, friend: &str, remark: &str) -> Command {
    let remark = remark.to_owned();
    Command::Friend(FriendCommand::Remark { owner: user(owner), friend: user(friend), remark })
}

fn import(owner: &str, friend: &str) -> Command {
    Command::Friend(FriendCommand::Import { owner: user(owner), friends: vec![user(friend)] })
}

fn block(owner: &str, blocked: &str) -> Command {
    Command::Block { owner: user(owner), blocked: user(blocked), ex: String::new() }
}

fn renamed(name: &str) -> Command {
    let nickname = Some("new".to_owned());
    let (face_url, ex, receive_option) = (None, None, None);
    let edit = UserEdit { user: user(name), whole: false, nickname, face_url, ex, receive_option };
    Command::User(UserCommand::Edit(edit))
}

fn called(group: &GroupId, name: &str) -> Command {
    let (group, user, nickname) = (group.clone(), user(name), Some("Nick".to_owned()));
    let edit = MemberEdit { group, user, nickname, face_url: None, role: None, ex: None };
    Command::Group(GroupCommand::EditMembers(vec![edit]))
}

/// The users whom an action names.
fn named(action: &Action) -> String {
    match action {
        Action::Friend(FriendAction::Ask(one)) => format!("{} {}", one.from, one.to),
        Action::Friend(FriendAction::Agree(one)) => format!("{} {}", one.from, one.to),
        Action::Friend(FriendAction::Remark(one)) => format!("{} {}", one.owner, one.friend),
        Action::Friend(FriendAction::Import(one)) => format!("{} {}", one.owner, one.friends[0]),
        Action::Friend(FriendAction::Block(one)) => format!("{} {}", one.owner, one.blocked),
        Action::User(UserAction::Edit(one)) => one.user.to_string(),
        Action::Group(GroupAction::EditMember(one)) => one.user.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rules_hear_of_users_by_the_names_with_which_they_are_registered() {
    let world = World::new().await;
    let group = world.group_of("alice", &["carol"]).await;
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    for kind in [
        EventKind::FriendRequesting,
        EventKind::FriendAgreeing,
        EventKind::FriendRemarking,
        EventKind::FriendsImporting,
        EventKind::UserBlocking,
        EventKind::UserEditing,
        EventKind::MemberEditing,
    ] {
        let heard = Arc::clone(&heard);
        world.gate.opine(kind, move |action| {
            heard.lock().unwrap().push(named(action));
            Ok(())
        });
    }
    for (command, hears) in [
        (ask("ALICE", "BOB"), "alice bob"),
        (agree("Alice", "Bob"), "alice bob"),
        (remark("ALICE", "BOB", "pal"), "alice bob"),
        (import("ALICE", "CAROL"), "alice carol"),
        (block("ALICE", "BOB"), "alice bob"),
        (renamed("ALICE"), "alice"),
        (called(&group, "CAROL"), "carol"),
    ] {
        world.admin(command).await.unwrap();
        assert_eq!(heard.lock().unwrap().split_off(0), [hears]);
    }
    let told = world.done().await;
    assert_eq!(named(told.last().unwrap()), "carol", "and are told of them so");
    assert_eq!(refused(world.by("alice", ask("alice", "Nobody")).await), RefusalCode::UserNotFound);
    assert_eq!(heard.lock().unwrap().split_off(0), ["alice Nobody"], "who does not exist is named as given");
}

#[tokio::test]
async fn a_veto_holds_however_the_name_is_written() {
    let world = World::new().await;
    world.admin(Command::RegisterUsers { users: vec![new_user("boss")] }).await.unwrap();
    for kind in [EventKind::FriendRequesting, EventKind::UserBlocking] {
        world.gate.opine(kind, |action| match named(action).ends_with(" boss") {
            true => Err(Refusal::new(RefusalCode::CannotAddYourself, "not the boss")),
            false => Ok(()),
        });
    }
    for name in ["boss", "BOSS", "Boss"] {
        for command in [ask("alice", name), block("alice", name)] {
            assert_eq!(refused(world.by("alice", command).await), RefusalCode::CannotAddYourself, "{name}");
        }
    }
}

/// An answer that cannot be applied, and what it is an answer to.
struct Case {
    kind: EventKind,
    answer: fn(&mut Action),
    by: &'static str,
    command: Command,
}

fn import_of(action: &mut Action) -> &mut Vec<UserId> {
    let Action::Friend(FriendAction::Import(import)) = action else { panic!("{action:?}") };
    &mut import.friends
}

fn new_users(action: &mut Action) -> &mut Vec<User> {
    let Action::User(UserAction::Register(new)) = action else { panic!("{action:?}") };
    &mut new.users
}

fn edit_of(action: &mut Action) -> &mut MemberEdit {
    let Action::Group(GroupAction::EditMember(edit)) = action else { panic!("{action:?}") };
    edit
}

fn too_long(action: &mut Action) {
    let Action::User(UserAction::Edit(edit)) = action else { panic!("{action:?}") };
    edit.nickname = Some("x".repeat(limits::NOTE_BYTES + 1));
}

fn cases(group: &GroupId) -> Vec<Case> {
    let register = |name| Command::RegisterUsers { users: vec![new_user(name)] };
    let case = |kind, by, command, answer| Case { kind, answer, by, command };
    vec![
        case(EventKind::FriendsImporting, "root", import("carol", "bob"), |action| {
            import_of(action).push(user("ghost"));
        }),
        case(EventKind::UsersRegistering, "root", register("gus"), |action| {
            new_users(action).push(new_user("ALICE"));
        }),
        case(EventKind::UsersRegistering, "root", register("hal"), |action| {
            *new_users(action) = (0..=limits::LIST_ITEMS).map(|n| new_user(&format!("n{n}"))).collect();
        }),
        case(EventKind::UserEditing, "bob", renamed("bob"), too_long),
        case(EventKind::MemberEditing, "bob", called(group, "bob"), |action| {
            edit_of(action).role = Some(Role::Owner);
        }),
        case(EventKind::MemberEditing, "alice", called(group, "alice"), |action| {
            edit_of(action).role = Some(Role::Member);
        }),
    ]
}

#[tokio::test]
async fn an_answer_that_cannot_be_applied_is_a_matter_of_the_rules_policy() {
    let world = World::new().await;
    let group = world.group_of("alice", &["bob"]).await;
    for goes_on in [false, true] {
        world.gate.goes_on.store(goes_on, Ordering::Relaxed);
        for Case { kind, answer, by, command } in cases(&group) {
            world.gate.opine(kind, move |action| {
                answer(action);
                Ok(())
            });
            let done = if by == "root" { world.admin(command).await } else { world.by(by, command).await };
            if goes_on {
                assert!(done.is_ok(), "{kind}: {done:?}");
            } else {
                assert_eq!(refused(done), RefusalCode::CallbackUnusable, "{kind}");
            }
        }
    }
    let found = world.store.users(&[user("gus"), user("hal"), user("n1")]).await.unwrap();
    assert!(found[0].is_some() && found[1].is_some() && found[2].is_none(), "as the caller wanted it");
    let member = world.store.member(&group, &user("bob")).await.unwrap().unwrap();
    assert_eq!((member.nickname.as_str(), member.role), ("Nick", Role::Member));
}

#[tokio::test]
async fn a_message_cannot_be_sent_by_a_rule_where_its_sender_cannot_send_it() {
    let world = World::new().await;
    let foreign = world.group_of("carol", &[]).await;
    let elsewhere = [Target::User(user("nobody")), Target::Group(foreign)];
    for target in elsewhere {
        let there = target.clone();
        world.gate.judge(EventKind::MessageRewriting, move |message: &mut Message| {
            message.target = there.clone();
            Ok(())
        });
        world.gate.goes_on.store(false, Ordering::Relaxed);
        let text = format!("{target:?}");
        let sent = world.send(draft("alice", Target::User(user("bob")), &text)).await;
        assert_eq!(refused(sent), RefusalCode::CallbackUnusable, "{text}");
        world.gate.goes_on.store(true, Ordering::Relaxed);
        let sent = world.send(draft("alice", Target::User(user("bob")), &text)).await.unwrap();
        assert_eq!(sent.message.target, Target::User(user("bob")), "{text}");
    }
    world.gate.judge(EventKind::MessageRewriting, |message: &mut Message| {
        message.target = Target::User(user("CAROL"));
        Ok(())
    });
    let sent = world.send(draft("alice", Target::User(user("bob")), "to carol")).await.unwrap();
    assert_eq!(sent.message.target, Target::User(user("carol")));
}

#[tokio::test]
async fn a_group_is_made_by_somebody_who_exists() {
    let world = World::new().await;
    let shown = |name: &'static str| {
        move |action: &mut Action| {
            let Action::Group(GroupAction::Draft(draft)) = action else { panic!("{action:?}") };
            draft.creator = name.to_owned();
            Ok(())
        }
    };
    let create = || world.create(ringback_model::group::GroupKind::Group, "alice", &["bob"], 0);
    world.gate.opine(EventKind::GroupCreating, shown("nobody"));
    assert_eq!(refused(create().await), RefusalCode::CallbackUnusable);
    world.gate.opine(EventKind::GroupCreating, shown("CAROL"));
    let group = create().await.unwrap();
    let made = world.store.groups(&[group]).await.unwrap().remove(0).unwrap();
    assert_eq!(made.creator, user("carol"));
}

#[tokio::test]
async fn a_rule_says_since_when_a_user_is_there() {
    let world = World::new().await;
    world.gate.opine(EventKind::UsersRegistering, |action| {
        let Action::User(UserAction::Register(new)) = action else { panic!("{action:?}") };
        new.users[0].created_at = UnixMs(1_600_000_000_000);
        new.users[1].created_at = UnixMs(0);
        Ok(())
    });
    world.admin(Command::RegisterUsers { users: vec![new_user("old"), new_user("young")] }).await.unwrap();
    let found = world.store.users(&[user("old"), user("young")]).await.unwrap();
    let since: Vec<i64> = found.into_iter().map(|user| user.unwrap().created_at.0).collect();
    assert_eq!(since, [1_600_000_000_000, 1_800_000_000_000]);
}

#[tokio::test]
async fn the_questions_of_one_call_are_asked_together_and_share_their_time() {
    let world = World::new().await;
    let names: Vec<String> = (0..20).map(|number| format!("m{number}")).collect();
    let users = names.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users }).await.unwrap();
    let members: Vec<&str> = names.iter().map(String::as_str).collect();
    let group = world.group_of("alice", &members).await;
    let edit = |name: &&str| MemberEdit {
        group: group.clone(),
        user: user(name),
        nickname: Some("Nick".to_owned()),
        face_url: None,
        role: None,
        ex: None,
    };
    let edits = Command::Group(GroupCommand::EditMembers(members.iter().map(edit).collect()));
    let imports = Command::Friend(FriendCommand::Import {
        owner: user("alice"),
        friends: members.iter().map(|name| user(name)).collect(),
    });
    for (kind, command, questions) in
        [(EventKind::MemberEditing, edits, 20), (EventKind::ConversationStarting, imports, 40)]
    {
        world.gate.opine(kind, |_| Ok(()));
        world.gate.asked_at.lock().unwrap().clear();
        let held = world.gate.shut();
        let holding = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let under_way = world.gate.asked_at.lock().unwrap().len();
            assert_eq!(under_way, limits::QUESTIONS_OF_ONE_CALL, "{kind}");
            world.clock.advance(std::time::Duration::from_secs(3));
            held.add_permits(1);
        };
        let (done, ()) = tokio::join!(world.admin(command), holding);
        done.unwrap();
        let times = world.gate.asked_at.lock().unwrap().clone();
        assert_eq!(times.len(), questions, "{kind}");
        assert!(times.iter().all(|at| *at == times[0]), "{kind}: one deadline for all of them");
    }
}

#[tokio::test]
async fn rules_are_asked_once_per_side_about_the_chat_of_new_friends() {
    let world = World::new().await;
    world.gate.opine(EventKind::ConversationStarting, |_| Ok(()));
    let starts = || {
        let asked = world.gate.asked.lock().unwrap();
        asked.iter().filter(|kind| **kind == EventKind::ConversationStarting).count()
    };
    world.by("alice", ask("alice", "bob")).await.unwrap();
    let held = world.gate.shut();
    let meanwhile = async {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(starts(), 1, "those who agree at the same moment wait for one answer");
        // What they agree to is another request now: it is decided anew, and not asked about again.
        world.by("alice", ask("alice", "bob")).await.unwrap();
        held.add_permits(1);
    };
    let agreeing = || world.by("bob", agree("alice", "bob"));
    let (one, other, third, ()) = tokio::join!(agreeing(), agreeing(), agreeing(), meanwhile);
    let done = [one, other, third].into_iter().filter(Result::is_ok).count();
    assert_eq!(done, 1);
    let told = world.deeds().await;
    let started = told.iter().filter(|action| matches!(action, Action::Chat(_))).count();
    assert_eq!(started, 2, "once per side");
    assert!(starts() <= 4, "{}", starts());
}
