//! Messages of administrators in which nobody named has to exist, and messages that some do not find.

use ringback_model::command::{Command, ConversationRef, Draft, Outcome, PullOrder, SeqList};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::RefusalCode;
use ringback_model::group::GroupKind;
use ringback_model::message::Priority;

use crate::world::{World, draft, group, refused, user};

fn unseen(sender: &str, target: Target, text: &str) -> Draft {
    Draft { strangers: true, ..draft(sender, target, text) }
}

#[tokio::test]
async fn nobody_named_in_it_has_to_exist() {
    let world = World::new().await;
    let nowhere = group("404404");
    let cases = [
        (Target::User(user("nobody")), vec![user("nobody")]),
        (Target::Group(nowhere.clone()), vec![]),
        (Target::Room(group("505505")), vec![]),
        (Target::User(user("bob")), vec![user("bob")]),
    ];
    for (target, _) in &cases {
        let sent = world.send_for(unseen("ghost", target.clone(), "boo")).await.unwrap();
        assert_eq!((&sent.message.target, sent.message.seq), (target, 1));
    }
    for (told, (target, offline)) in world.told().await.iter().zip(&cases) {
        assert_eq!((&told.message.target, &told.offline), (target, offline));
    }
    let again = world.send_for(unseen("ghost", Target::Room(nowhere), "again")).await.unwrap();
    assert_eq!(again.message.seq, 2, "groups and rooms share their ids");
    let found = world.pulled("bob", ConversationId::single(&user("bob"), &user("ghost"))).await;
    assert_eq!(found, [(1, "boo".to_owned())]);
}

#[tokio::test]
async fn only_administrators_send_like_that() {
    let world = World::new().await;
    let command = Command::Send(Box::new(unseen("alice", Target::User(user("bob")), "x")));
    assert_eq!(refused(world.by("alice", command).await), RefusalCode::NoPermission);
    let without = draft("ghost", Target::User(user("bob")), "x");
    assert_eq!(refused(world.send_for(without).await), RefusalCode::UserNotFound);
}

#[tokio::test]
async fn what_is_known_still_counts() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let sent = world.send_for(unseen("ghost", Target::Group(crew.clone()), "hi")).await.unwrap();
    assert_eq!(sent.message.target, Target::Group(crew.clone()));
    // One who is registered but not a member is no worse off than one who is not registered.
    world.send_for(unseen("carol", Target::Group(crew.clone()), "hello")).await.unwrap();
    let pushed_to = || world.sessions.pushed.lock().unwrap()[0].1.clone();
    world.sessions.texts(2).await;
    assert_eq!(pushed_to(), [user("alice"), user("bob")]);
    let block = Command::Block { owner: user("bob"), blocked: user("alice"), ex: String::new() };
    world.by("bob", block).await.unwrap();
    let blocked = unseen("ALICE", Target::User(user("Bob")), "x");
    assert_eq!(refused(world.send_for(blocked).await), RefusalCode::BlockedByPeer);
    world.admin(Command::Dismiss { kind: GroupKind::Group, group: crew.clone() }).await.unwrap();
    let dismissed = unseen("ghost", Target::Group(crew), "x");
    assert_eq!(refused(world.send_for(dismissed).await), RefusalCode::GroupDismissed);
}

#[tokio::test]
async fn a_rule_may_send_it_to_somebody_who_does_not_exist() {
    let world = World::new().await;
    world.gate.judge(EventKind::MessageRewriting, |message| {
        message.target = Target::User(user("elsewhere"));
        Ok(())
    });
    let sent = world.send_for(unseen("ghost", Target::User(user("nobody")), "x")).await.unwrap();
    assert_eq!(sent.message.target, Target::User(user("elsewhere")));
    assert_eq!(sent.before.unwrap().target, Target::User(user("nobody")));
    assert_eq!(world.told().await[0].offline, [user("elsewhere")]);
}

#[tokio::test]
async fn names_are_spelled_as_registered_and_that_is_no_change() {
    let world = World::new().await;
    let sent = world.send_for(unseen("ALICE", Target::User(user("Bob")), "x")).await.unwrap();
    assert_eq!((&sent.message.sender, &sent.message.target), (&user("alice"), &Target::User(user("bob"))));
    assert!(sent.before.is_none());
}

#[tokio::test]
async fn some_do_not_find_a_message_in_their_history() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob", "carol"]).await;
    world.send(draft("alice", Target::Group(crew.clone()), "for all")).await.unwrap();
    let mut secret = draft("alice", Target::Group(crew.clone()), "not for bob");
    secret.hidden_from = vec![user("BOB")];
    secret.priority = Priority::High;
    let sent = world.send(secret).await.unwrap();
    assert_eq!(sent.message.priority, Priority::High);
    world.send(draft("alice", Target::Group(crew.clone()), "for all again")).await.unwrap();
    let conversation = ConversationId::Group(crew);
    let seqs = |found: Vec<(u64, String)>| found.into_iter().map(|(seq, _)| seq).collect::<Vec<u64>>();
    assert_eq!(seqs(world.pulled("bob", conversation.clone()).await), [1, 3]);
    assert_eq!(seqs(world.pulled("carol", conversation.clone()).await), [1, 2, 3]);
    let list = SeqList {
        conversation: ConversationRef { text: "c".to_owned(), id: Some(conversation) },
        seqs: vec![2, 3],
    };
    let pull = Command::PullSeqs {
        user: user("bob"),
        lists: vec![list],
        order: PullOrder::Ascending,
        bytes: ringback_model::limits::PULL_BYTES,
    };
    let Outcome::Pulled(pulled) = world.by("bob", pull).await.unwrap() else { panic!("a pull") };
    assert_eq!(pulled[0].messages.iter().map(|seen| seen.message.seq).collect::<Vec<u64>>(), [3]);
    assert_eq!(pulled[0].gaps, [2]);
    let Outcome::Seqs(seqs) = world.by("bob", Command::NewestSeqs { user: user("bob") }).await.unwrap()
    else {
        panic!("seqs")
    };
    assert_eq!(seqs[0].1, 3);
    world.sessions.texts(3).await;
    let pushed = world.sessions.pushed.lock().unwrap();
    assert!(pushed[1].1.contains(&user("bob")), "who is online gets it all the same");
}

#[tokio::test]
async fn the_list_of_those_who_do_not_find_it_is_bounded() {
    let world = World::new().await;
    let mut long = draft("alice", Target::User(user("bob")), "x");
    long.hidden_from = (0..1001).map(|number| user(&format!("u{number}"))).collect();
    assert_eq!(refused(world.send(long).await), RefusalCode::BadArgument);
}
