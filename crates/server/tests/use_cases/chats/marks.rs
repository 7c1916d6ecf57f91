//! What becomes of messages: read, taken back, deleted, cleared.

use ringback_model::action::ChatAction;
use ringback_model::command::{ChatCommand, ChatOutcome, Command, ConversationRef, Outcome, Reach, Reading};
use ringback_model::commit::{Commit, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::EventKind;
use ringback_model::failure::RefusalCode;
use ringback_model::group::{Member, Role};
use ringback_model::ids::GroupId;
use ringback_model::notice::ChatNotice;
use ringback_model::record::{Fate, Seen};

use super::{chat, named, say};
use crate::world::{World, draft, refused, user};

const NOBODY_ELSE: Reach = Reach { own_devices: true, everybody: false };
const EVERYBODY: Reach = Reach { own_devices: false, everybody: true };

fn read(name: &str, id: &ConversationId, reading: Reading) -> ChatCommand {
    ChatCommand::MarkRead { user: user(name), conversation: named(id), reading }
}

fn revoke(name: &str, id: &ConversationId, seq: u64) -> ChatCommand {
    ChatCommand::Revoke { user: user(name), conversation: named(id), readings: Vec::new(), seq }
}

fn reads(found: &[Seen]) -> Vec<bool> {
    found.iter().map(|seen| seen.read).collect()
}

async fn position(world: &World, name: &str, id: &ConversationId) -> u64 {
    world.store.conversation_states(&user(name), std::slice::from_ref(id)).await.unwrap()[0]
        .clone()
        .unwrap()
        .read_seq
}

#[tokio::test]
async fn who_has_sent_a_message_learns_that_it_was_read() {
    let world = World::new().await;
    for text in ["1", "2", "3"] {
        say(&world, "alice", "bob", text).await;
    }
    // One's own message moves one's position; it says nothing about the others.
    say(&world, "bob", "alice", "4").await;
    assert_eq!(position(&world, "bob", &chat()).await, 4);
    assert_eq!(reads(&world.found("alice", &chat()).await.messages), [false; 4]);
    world.chat("bob", read("bob", &chat(), Reading::Messages(vec![2]))).await.unwrap();
    assert_eq!(reads(&world.found("alice", &chat()).await.messages), [false, true, false, false]);
    world.chat("bob", read("bob", &chat(), Reading::UpTo(3, vec![]))).await.unwrap();
    assert_eq!(reads(&world.found("alice", &chat()).await.messages), [true, true, true, false]);
    let told = world.chat_actions().await;
    let ChatAction::Read(of_two) = &told[told.len() - 2] else { panic!("{told:?}") };
    assert_eq!((of_two.seqs.as_slice(), of_two.up_to, of_two.read_seq), ([2].as_slice(), false, 4));
    assert!(matches!(told.last(), Some(ChatAction::Read(all)) if all.up_to && all.seqs.is_empty()));
    let beside = world.found("alice", &chat().aside()).await;
    assert_eq!(beside.messages.len(), 2, "both receipts are kept beside the chat, for both");
    assert_eq!(world.found("bob", &chat().aside()).await.messages.len(), 2);
    assert_eq!(world.found("carol", &chat().aside()).await.messages.len(), 0);
    let notices = world.noticed(2).await;
    let (ChatNotice::Read { seqs, .. }, to) = &notices[1] else { panic!("{notices:?}") };
    assert_eq!(
        (seqs.as_slice(), to.as_slice()),
        ([1, 2, 3].as_slice(), ["alice".to_owned(), "bob".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn in_groups_only_ones_own_devices_learn_it() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let id = ConversationId::Group(crew.clone());
    world.send(draft("alice", Target::Group(crew), "x")).await.unwrap();
    world.sessions.texts(1).await;
    world.chat("bob", read("bob", &id, Reading::UpTo(1, vec![]))).await.unwrap();
    assert_eq!(position(&world, "bob", &id).await, 1);
    assert_eq!(world.noticed(1).await[0].1, ["bob"]);
    assert!(matches!(world.chat_actions().await.last(), Some(ChatAction::Read(read)) if read.read_seq == 1));
    world.chat("bob", read("bob", &id, Reading::Position(1))).await.unwrap();
    let told =
        world.chat_actions().await.into_iter().filter(|one| matches!(one, ChatAction::Read(_))).count();
    assert_eq!(told, 1, "moving a position is told to no rule");
    assert_eq!(world.found("bob", &id.aside()).await.messages.len(), 0);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_read() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    world.chat("bob", read("bob", &chat(), Reading::Messages(vec![]))).await.unwrap();
    assert_eq!((position(&world, "bob", &chat()).await, world.notices().len()), (0, 0), "nothing was read");
    for reading in [Reading::Messages(vec![2]), Reading::Position(2)] {
        let what = format!("{reading:?}");
        let refusal = refused(world.chat("bob", read("bob", &chat(), reading)).await);
        assert_eq!(refusal, RefusalCode::BadArgument, "{what}");
    }
    let others = world.chat("carol", read("bob", &chat(), Reading::Position(1))).await;
    assert_eq!(refused(others), RefusalCode::NoPermission);
    let unknown = world.chat("carol", read("carol", &chat(), Reading::Position(1))).await;
    assert_eq!(refused(unknown), RefusalCode::NotFound);
}

#[tokio::test]
async fn a_message_that_was_taken_back_says_who_did_it() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    let by_peer = world.chat("bob", revoke("bob", &chat(), 1)).await;
    assert_eq!(refused(by_peer), RefusalCode::NoPermission, "in single chats only the sender");
    world.chat("alice", revoke("alice", &chat(), 1)).await.unwrap();
    assert_eq!(refused(world.chat("alice", revoke("alice", &chat(), 1)).await), RefusalCode::AlreadyRevoked);
    assert_eq!(refused(world.chat("alice", revoke("alice", &chat(), 2)).await), RefusalCode::NotFound);
    for name in ["alice", "bob"] {
        let found = world.found(name, &chat()).await.messages;
        assert!(
            matches!(&found[0].fate, Some(Fate::Revoked(how)) if how.by == user("alice") && !how.as_admin)
        );
        assert_eq!(world.found(name, &chat().aside()).await.messages.len(), 1, "{name}");
    }
    let told = world.chat_actions().await;
    assert!(
        matches!(told.last(), Some(ChatAction::Revoke(one)) if one.seq == 1 && one.sender == user("alice"))
    );
}

#[tokio::test]
async fn a_message_that_is_taken_back_is_named_as_it_was_when_it_was_sent() {
    let world = World::new().await;
    world.gate.judge(EventKind::MessageRewriting, |message| {
        message.public_id = Some("SM-1".to_owned());
        Ok(())
    });
    say(&world, "alice", "bob", "one").await;
    world.chat("alice", revoke("alice", &chat(), 1)).await.unwrap();
    let told = world.chat_actions().await;
    assert!(matches!(told.last(), Some(ChatAction::Revoke(one)) if one.public_id.as_deref() == Some("SM-1")));
}

#[tokio::test]
async fn administrators_take_back_what_they_have_no_part_in() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    let wrong = ConversationId::single(&user("al"), &user("ice_bob"));
    let by = |name: &str| ChatCommand::Revoke {
        user: user(name),
        conversation: ConversationRef { text: "c".to_owned(), id: None },
        readings: vec![wrong.clone(), chat()],
        seq: 1,
    };
    assert_eq!(refused(world.chat("carol", by("carol")).await), RefusalCode::NotFound);
    world.admin(Command::Chat(by("root"))).await.unwrap();
    let found = world.found("alice", &chat()).await.messages;
    assert!(matches!(&found[0].fate, Some(Fate::Revoked(how)) if how.as_admin && how.by == user("root")));
    assert_eq!(world.found("bob", &chat().aside()).await.messages.len(), 1, "both sides are told");
}

async fn role(world: &World, group: &GroupId, name: &str, role: Role) {
    let member = world.store.member(group, &user(name)).await.unwrap().unwrap();
    let commit = Commit::default().write(Write::PutMember(Member { role, ..member }));
    world.store.commit(commit).await.unwrap();
}

#[tokio::test]
async fn what_goes_from_one_view_stays_in_the_other() {
    let world = World::new().await;
    for text in ["1", "2", "3", "4", "5"] {
        say(&world, "alice", "bob", text).await;
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    let forget = |conversation: Option<ConversationRef>, until| ChatCommand::Forget {
        user: user("bob"),
        conversation,
        until,
    };
    let seqs = async |name: &str| -> Vec<u64> {
        world.found(name, &chat()).await.messages.iter().map(|seen| seen.message.seq).collect()
    };
    let own = world.chat("bob", forget(None, None)).await;
    assert_eq!(refused(own), RefusalCode::NoPermission, "it is for administrators");
    let sent_at = world.found("alice", &chat()).await.messages[2].message.sent_at;
    for (until, left) in [
        (ringback_model::time::UnixMs(0), vec![1, 2, 3, 4, 5]),
        (sent_at, vec![4, 5]),
        // What is gone stays gone.
        (ringback_model::time::UnixMs(0), vec![4, 5]),
    ] {
        world.admin(Command::Chat(forget(Some(named(&chat())), Some(until)))).await.unwrap();
        assert_eq!(seqs("bob").await, left, "{until:?}");
    }
    let listed = async || {
        let ids = ChatCommand::Ids { owner: user("bob") };
        let ChatOutcome::Ids { ids, .. } = world.chat_outcome("bob", ids).await else { panic!("ids") };
        ids
    };
    assert_eq!(listed().await, [chat()]);
    let ever = ringback_model::time::UnixMs(i64::MAX);
    world.admin(Command::Chat(forget(Some(named(&chat())), Some(ever)))).await.unwrap();
    assert_eq!((seqs("bob").await, listed().await), (vec![], vec![]), "nothing is left of it");
    say(&world, "alice", "bob", "6").await;
    assert_eq!((seqs("bob").await, listed().await), (vec![6], vec![chat()]), "it begins again");
    world.admin(Command::Chat(forget(None, None))).await.unwrap();
    assert_eq!((seqs("bob").await, listed().await), (vec![], vec![]));
    assert_eq!(seqs("alice").await, [1, 2, 3, 4, 5, 6]);
    // A conversation that never was is nothing to forget; a user who is not there is unknown.
    let none = named(&ConversationId::single(&user("bob"), &user("carol")));
    world.admin(Command::Chat(forget(Some(none), None))).await.unwrap();
    let unknown = ChatCommand::Forget { user: user("nobody"), conversation: None, until: None };
    assert_eq!(refused(world.admin(Command::Chat(unknown)).await), RefusalCode::UserNotFound);
}

#[tokio::test]
async fn in_groups_those_above_the_sender_take_back() {
    for (sender, by, allowed) in [
        ("carol", "carol", true),
        ("carol", "bob", true),
        ("carol", "alice", true),
        ("bob", "carol", false),
        ("bob", "alice", true),
        ("alice", "bob", false),
    ] {
        let world = World::new().await;
        let crew = world.group_of("alice", &["bob", "carol"]).await;
        role(&world, &crew, "bob", Role::Admin).await;
        let id = ConversationId::Group(crew.clone());
        world.send(draft(sender, Target::Group(crew.clone()), "x")).await.unwrap();
        let result = world.chat(by, revoke(by, &id, 1)).await;
        if allowed {
            result.unwrap();
            assert_eq!(world.noticed(1).await[0].1.len(), 3, "all members are told");
        } else {
            assert_eq!(refused(result), RefusalCode::NoPermission, "{by} takes back what {sender} said");
            // The app's administrators may, in anybody's name.
            world.admin(Command::Chat(revoke(by, &id, 1))).await.unwrap();
        }
    }
}

#[tokio::test]
async fn who_has_left_takes_nothing_back_and_sees_nothing_beside_the_group() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let id = ConversationId::Group(crew.clone());
    world.send(draft("bob", Target::Group(crew.clone()), "x")).await.unwrap();
    world.send(draft("alice", Target::Group(crew.clone()), "y")).await.unwrap();
    world.chat("alice", revoke("alice", &id, 2)).await.unwrap();
    assert_eq!(world.found("bob", &id.aside()).await.messages.len(), 1);
    let leave = Command::RemoveMembers {
        kind: ringback_model::group::GroupKind::Group,
        group: crew,
        users: vec![user("bob")],
    };
    world.admin(leave).await.unwrap();
    assert_eq!(refused(world.chat("bob", revoke("bob", &id, 1)).await), RefusalCode::NoPermission);
    assert_eq!(world.found("bob", &id.aside()).await.messages.len(), 0);
    assert_eq!(world.found("bob", &id).await.messages.len(), 2, "what he saw he still sees");
}

fn delete(name: &str, seqs: Vec<u64>, reach: Reach) -> ChatCommand {
    ChatCommand::DeleteMessages { user: user(name), conversation: named(&chat()), seqs, reach }
}

#[tokio::test]
async fn deleting_is_for_oneself_or_for_everybody() {
    let world = World::new().await;
    for text in ["1", "2", "3"] {
        say(&world, "alice", "bob", text).await;
    }
    world.chat("bob", delete("bob", vec![1, 9], NOBODY_ELSE)).await.unwrap();
    world.chat("bob", delete("bob", vec![2], EVERYBODY)).await.unwrap();
    let there = async |name: &str| {
        let found = world.found(name, &chat()).await;
        found.messages.iter().map(Seen::is_there).collect::<Vec<bool>>()
    };
    assert_eq!(
        (there("bob").await, there("alice").await),
        (vec![false, false, true], vec![true, false, true])
    );
    let own = ConversationId::AsideSingle(user("bob"), user("bob"));
    assert_eq!(world.found("bob", &own).await.messages.len(), 1, "kept for his other devices");
    assert_eq!(world.found("alice", &own).await.messages.len(), 0);
    assert_eq!(world.found("alice", &chat().aside()).await.messages.len(), 1);
    let newest = Command::NewestSeqs { user: user("bob") };
    let Outcome::Seqs(seqs) = world.by("bob", newest).await.unwrap() else { panic!("seqs") };
    assert_eq!(seqs, [(chat(), 3), (chat().aside(), 1), (own, 1)]);
    world.chat("bob", delete("bob", vec![3], Reach::default())).await.unwrap();
    let last = ChatCommand::LastMessages { user: user("alice"), conversations: vec![named(&chat())] };
    let ChatOutcome::LastMessages(found) = world.chat_outcome("alice", last).await else { panic!("last") };
    assert_eq!(found[0].1.message.seq, 3);
    let last = ChatCommand::LastMessages { user: user("bob"), conversations: vec![named(&chat())] };
    let ChatOutcome::LastMessages(found) = world.chat_outcome("bob", last).await else { panic!("last") };
    assert!(found.is_empty(), "none of them is there for bob any more");
    assert_eq!(refused(world.chat("alice", revoke("alice", &chat(), 2)).await), RefusalCode::NotFound);
}

#[tokio::test]
async fn clearing_hides_what_was_said_so_far() {
    let world = World::new().await;
    for text in ["1", "2"] {
        say(&world, "alice", "bob", text).await;
    }
    let clear = |name: &str, reach| ChatCommand::Clear {
        user: user(name),
        conversations: Some(vec![named(&chat())]),
        reach,
    };
    world.chat("bob", clear("bob", NOBODY_ELSE)).await.unwrap();
    assert_eq!(world.found("bob", &chat()).await.messages.len(), 0);
    assert_eq!(world.found("alice", &chat()).await.messages.len(), 2);
    say(&world, "alice", "bob", "3").await;
    assert_eq!(world.pulled("bob", chat()).await, [(3, "3".to_owned())]);
    world.chat("bob", clear("bob", EVERYBODY)).await.unwrap();
    assert_eq!(world.found("alice", &chat()).await.messages.len(), 0);
    say(&world, "bob", "alice", "4").await;
    let all = ChatCommand::Clear { user: user("alice"), conversations: None, reach: Reach::default() };
    world.chat("alice", all).await.unwrap();
    assert_eq!(world.found("alice", &chat()).await.messages.len(), 0);
    assert_eq!(world.pulled("bob", chat()).await.len(), 1);
    let cleared = |(notice, _): &(ChatNotice, Vec<String>)| matches!(notice, ChatNotice::Cleared { .. });
    let all = world.noticed(6).await;
    let told: Vec<_> = all.iter().filter(|one| cleared(one)).map(|(_, to)| to.clone()).collect();
    assert_eq!(told, [vec!["bob".to_owned()], vec!["alice".to_owned(), "bob".to_owned()]]);
    let changed = |(notice, _): &&(ChatNotice, Vec<String>)| matches!(notice, ChatNotice::Configured { .. });
    let told: Vec<_> = all.iter().filter(changed).map(|(_, to)| to.concat()).collect();
    assert_eq!(told, ["bob", "alice", "bob", "alice"], "whoever's list changes looks at it again");
    assert_eq!(position(&world, "alice", &chat()).await, 4, "nothing is left to be read");
}

#[tokio::test]
async fn in_groups_those_above_the_sender_delete_for_everybody() {
    for (sender, by, allowed) in [
        ("carol", "carol", true),
        ("carol", "bob", true),
        ("bob", "alice", true),
        ("bob", "carol", false),
        ("alice", "bob", false),
    ] {
        let world = World::new().await;
        let crew = world.group_of("alice", &["bob", "carol"]).await;
        role(&world, &crew, "bob", Role::Admin).await;
        let id = ConversationId::Group(crew.clone());
        world.send(draft(by, Target::Group(crew.clone()), "own")).await.unwrap();
        world.send(draft(sender, Target::Group(crew.clone()), "x")).await.unwrap();
        let delete = |reach| ChatCommand::DeleteMessages {
            user: user(by),
            conversation: named(&id),
            seqs: vec![1, 2],
            reach,
        };
        let result = world.chat(by, delete(EVERYBODY)).await;
        if !allowed {
            assert_eq!(refused(result), RefusalCode::NoPermission, "{by} deletes what {sender} said");
            assert!(world.found("alice", &id).await.messages.iter().all(Seen::is_there), "not even his own");
            world.chat(by, delete(NOBODY_ELSE)).await.unwrap();
            world.admin(Command::Chat(delete(EVERYBODY))).await.unwrap();
        }
        assert!(!world.found("alice", &id).await.messages.iter().any(Seen::is_there));
    }
}

#[tokio::test]
async fn who_has_left_deletes_nothing_for_others() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let id = ConversationId::Group(crew.clone());
    world.send(draft("bob", Target::Group(crew.clone()), "x")).await.unwrap();
    let kind = ringback_model::group::GroupKind::Group;
    world.admin(Command::RemoveMembers { kind, group: crew, users: vec![user("bob")] }).await.unwrap();
    let delete = |reach| ChatCommand::DeleteMessages {
        user: user("bob"),
        conversation: named(&id),
        seqs: vec![1],
        reach,
    };
    assert_eq!(refused(world.chat("bob", delete(EVERYBODY)).await), RefusalCode::NoPermission);
    assert!(world.found("alice", &id).await.messages[0].is_there());
    world.chat("bob", delete(NOBODY_ELSE)).await.unwrap();
    assert!(!world.found("bob", &id).await.messages[0].is_there(), "his own view stays his");
}

#[tokio::test]
async fn nobody_takes_back_what_the_server_says() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob"]).await;
    let id = ConversationId::Group(crew.clone());
    let mute = ringback_model::command::GroupCommand::Mute { group: crew, muted: true };
    world.by("alice", Command::Group(mute)).await.unwrap();
    let seq = world.found("alice", &id).await.messages.last().unwrap().message.seq;
    assert_eq!(refused(world.chat("alice", revoke("alice", &id, seq)).await), RefusalCode::NoPermission);
    let by_admin = world.admin(Command::Chat(revoke("alice", &id, seq))).await;
    assert_eq!(refused(by_admin), RefusalCode::NoPermission);
}

#[tokio::test]
async fn administrators_erase_without_telling() {
    let world = World::new().await;
    for text in ["1", "2", "3"] {
        say(&world, "alice", "bob", text).await;
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    let wrong = ConversationId::single(&user("al"), &user("ice_bob"));
    let erase = ChatCommand::Erase { conversation: vec![wrong.clone(), chat()], seqs: vec![3, 99] };
    assert_eq!(refused(world.chat("alice", erase.clone()).await), RefusalCode::NoPermission);
    world.admin(Command::Chat(erase)).await.unwrap();
    let before = world.found("alice", &chat()).await.messages[1].message.sent_at;
    let old = ChatCommand::EraseBefore { conversations: vec![vec![chat()]], before };
    world.admin(Command::Chat(old.clone())).await.unwrap();
    world.admin(Command::Chat(old)).await.unwrap();
    let found = world.found("bob", &chat()).await;
    let there: Vec<bool> = found.messages.iter().map(Seen::is_there).collect();
    assert_eq!(there, [false, true, false]);
    let nothing = ChatCommand::Erase { conversation: vec![wrong], seqs: vec![1] };
    assert_eq!(refused(world.admin(Command::Chat(nothing)).await), RefusalCode::NotFound);
    assert!(world.notices().is_empty());
}
