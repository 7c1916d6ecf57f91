//! One call that sends to many targets.

use ringback_model::command::{Command, Draft, Outcome, Sent};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::{CallbackRefusal, Failure, Refusal, RefusalCode};
use ringback_model::ids::LogPos;

use crate::world::{World, draft, group, new_user, refused, user};

fn to_all(draft: Draft, recipients: Vec<Target>) -> Command {
    Command::SendToMany { draft: Box::new(draft), recipients, everyone: false }
}

fn text(text: &str) -> Draft {
    draft("alice", Target::User(user("alice")), text)
}

fn users(names: &[&str]) -> Vec<Target> {
    names.iter().map(|name| Target::User(user(name))).collect()
}

/// What came of it, ordered by target.
async fn sent_to_many(world: &World, command: Command) -> (Vec<(Target, Sent)>, Vec<(Target, RefusalCode)>) {
    let Outcome::SentToMany { mut sent, failed } = world.admin(command).await.unwrap() else {
        panic!("many")
    };
    sent.sort_by_key(|(target, _)| format!("{target:?}"));
    let mut failed: Vec<(Target, RefusalCode)> =
        failed.into_iter().map(|(target, why)| (target, refused::<()>(Err(why)))).collect();
    failed.sort_by_key(|(target, _)| format!("{target:?}"));
    (sent, failed)
}

#[tokio::test]
async fn each_target_gets_its_own_message_or_a_reason() {
    let world = World::new().await;
    let (sent, failed) = sent_to_many(&world, to_all(text("all"), users(&["bob", "nobody", "carol"]))).await;
    let targets: Vec<Target> = sent.iter().map(|(target, _)| target.clone()).collect();
    assert_eq!(targets, users(&["bob", "carol"]));
    assert_eq!(failed, [(Target::User(user("nobody")), RefusalCode::UserNotFound)]);
    let (bobs, carols) = (&sent[0].1.message, &sent[1].1.message);
    assert_eq!(bobs.client_id, carols.client_id);
    assert_ne!(bobs.id, carols.id);
    assert_eq!(bobs.content.raw, "", "not a copy for each receiver");
    let found = world.pulled("bob", ConversationId::single(&user("alice"), &user("bob"))).await;
    assert_eq!(found, [(1, "all".to_owned())]);
}

#[tokio::test]
async fn results_come_in_the_order_asked_for_and_share_one_time() {
    let world = World::new().await;
    let names: Vec<String> = (0..70).rev().map(|number| format!("user{number}")).collect();
    let many = names.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users: many }).await.unwrap();
    let slow = world.gate.shut();
    slow.add_permits(1000);
    let targets: Vec<Target> = names.iter().map(|name| Target::User(user(name))).collect();
    let command = to_all(text("all"), targets.clone());
    let Outcome::SentToMany { sent, .. } = world.admin(command).await.unwrap() else { panic!("many") };
    assert_eq!(sent.iter().map(|(target, _)| target.clone()).collect::<Vec<_>>(), targets);
    let first = sent[0].1.message.sent_at;
    assert!(sent.iter().all(|(_, sent)| sent.message.sent_at == first));
}

#[tokio::test]
async fn notification_accounts_speak_to_everyone_as_such() {
    let world = World::new().await;
    let everyone =
        Draft { target: Target::Notice(user("root")), ..draft("root", Target::Notice(user("root")), "n") };
    let command = Command::SendToMany { draft: Box::new(everyone), recipients: Vec::new(), everyone: true };
    let (sent, failed) = sent_to_many(&world, command).await;
    let to: Vec<Target> = sent.into_iter().map(|(target, _)| target).collect();
    let wanted = ["alice", "bob", "carol", "second"].map(|name| Target::Notice(user(name)));
    assert_eq!((to, failed.len()), (wanted.to_vec(), 0));
}

#[tokio::test]
async fn groups_and_rooms_are_targets_too() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let room = world.room_of("alice", &["bob"]).await;
    let targets = vec![Target::Group(crew.clone()), Target::Room(room.clone()), Target::Room(group("404"))];
    let (sent, failed) = sent_to_many(&world, to_all(text("all"), targets.clone())).await;
    let asked: Vec<Target> = sent.iter().map(|(target, _)| target.clone()).collect();
    assert_eq!(asked, targets[..2]);
    assert_eq!(failed, [(Target::Room(group("404")), RefusalCode::GroupNotFound)]);
    for id in [crew, room] {
        assert_eq!(world.pulled("bob", ConversationId::Group(id)).await, [(1, "all".to_owned())]);
    }
    let draft = Draft { strangers: true, ..text("to whomever") };
    let (sent, failed) = sent_to_many(&world, to_all(draft, targets)).await;
    assert_eq!((sent.len(), failed.len()), (3, 0));
}

#[tokio::test]
async fn a_target_is_answered_under_the_name_that_the_caller_gave_it() {
    let world = World::new().await;
    let room = world.room_of("alice", &[]).await;
    let targets = vec![Target::Group(room.clone()), Target::User(user("BOB"))];
    let (sent, _) = sent_to_many(&world, to_all(text("x"), targets.clone())).await;
    assert_eq!(sent.iter().map(|(target, _)| target.clone()).collect::<Vec<_>>(), targets);
    assert_eq!(sent[0].1.message.target, Target::Room(room));
    assert_eq!(sent[1].1.message.target, Target::User(user("bob")));
}

#[tokio::test]
async fn a_hidden_refusal_looks_like_success_to_one_who_sends_to_many() {
    let world = World::new().await;
    world.gate.judge(EventKind::MessageSending, |message| {
        if message.target != Target::User(user("bob")) {
            return Ok(());
        }
        let no = CallbackRefusal { code: None, text: String::new(), detail: String::new(), show: false };
        Err(Refusal::new(RefusalCode::ByCallback(no), "refused"))
    });
    let (sent, failed) = sent_to_many(&world, to_all(text("x"), users(&["bob", "carol"]))).await;
    assert!(failed.is_empty());
    let (bobs, carols) = (&sent[0].1, &sent[1].1);
    assert!(bobs.id().0 > 0 && bobs.id() != carols.id());
    assert_eq!((bobs.message.seq, bobs.message.sent_at), (0, carols.message.sent_at));
    assert!(bobs.before.is_none());
    assert_eq!(world.sessions.texts(1).await, ["x"], "carol's alone is pushed");
    let told = world.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message.target, Target::User(user("carol")));
    let bobs_chat = ConversationId::single(&user("alice"), &user("bob"));
    assert!(world.pulled("bob", bobs_chat).await.is_empty());
    let shown = CallbackRefusal { code: Some(7), text: "no".into(), detail: String::new(), show: true };
    let reason = shown.clone();
    world.gate.judge(EventKind::MessageSending, move |_| {
        Err(Refusal::new(RefusalCode::ByCallback(reason.clone()), "refused"))
    });
    let (_, failed) = sent_to_many(&world, to_all(text("y"), users(&["bob"]))).await;
    assert_eq!(failed, [(Target::User(user("bob")), RefusalCode::ByCallback(shown))]);
}

#[tokio::test]
async fn everyone_is_everyone_but_the_sender() {
    let world = World::new().await;
    let many = (0..70).map(|number| new_user(&format!("user{number}"))).collect();
    world.admin(Command::RegisterUsers { users: many }).await.unwrap();
    let to_everyone =
        |draft: Draft| Command::SendToMany { draft: Box::new(draft), recipients: Vec::new(), everyone: true };
    let (sent, failed) = sent_to_many(&world, to_everyone(text("all"))).await;
    // 70 and three users and two administrators, but not alice.
    assert_eq!((sent.len(), failed.len()), (74, 0));
    assert!(sent.iter().all(|(target, _)| *target != Target::User(user("alice"))));
    let by_alice = world.by("alice", to_everyone(text("x"))).await;
    assert_eq!(refused(by_alice), RefusalCode::NoPermission);
}

#[tokio::test]
async fn wrong_lists_are_refused_before_anything_is_sent() {
    let world = World::new().await;
    let twice = to_all(text("x"), users(&["bob", "carol", "bob"]));
    let result: Result<Outcome, Failure> = world.admin(twice).await;
    assert_eq!(refused(result), RefusalCode::BadArgument);
    let too_many = (0..10_001).map(|number| Target::User(user(&format!("u{number}")))).collect();
    assert_eq!(refused(world.admin(to_all(text("x"), too_many)).await), RefusalCode::BadArgument);
    assert_eq!(world.store.tail(), LogPos::ZERO);
}
