//! A chat comes onto lists with its first message.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use ringback_model::action::{Action, ChatAction};
use ringback_model::commit::{Commit, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{EventKind, Fact};
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::ids::LogPos;
use ringback_model::record::{ConversationSettings, Record, RecordKey};
use ringback_model::user::AccountLevel;
use ringback_model::version::VersionLog;

use super::{chat, say};
use crate::world::{World, draft, new_user, user};

fn owners(done: &[ChatAction]) -> Vec<String> {
    let owner = |action: &ChatAction| match action {
        ChatAction::Start(start) => start.owners[0].to_string(),
        other => panic!("{other:?}"),
    };
    done.iter().map(owner).collect()
}

#[tokio::test]
async fn it_is_told_once_per_side_with_the_message() {
    let world = World::new().await;
    say(&world, "alice", "bob", "one").await;
    say(&world, "bob", "alice", "two").await;
    assert_eq!(owners(&world.chat_actions().await), ["alice", "bob"], "the sender first");
    let log = world.store.read(LogPos::ZERO, 10).await.unwrap();
    let kinds: Vec<_> = log.iter().map(|event| matches!(event.fact, Fact::MessageSent(_))).collect();
    assert_eq!(kinds, [true, false, false, true]);
    assert!(log.iter().all(|event| event.lane == log[0].lane), "in the order of the conversation");
    for name in ["alice", "bob"] {
        let list = VersionLog::Conversations(user(name));
        assert_eq!(world.store.list_versions(&[list]).await.unwrap()[0].number, 2, "{name}");
    }
}

#[tokio::test]
async fn rules_say_how_it_begins_on_each_list() {
    let world = World::new().await;
    world.gate.opine(EventKind::ConversationStarting, |action| {
        if let Action::Chat(ChatAction::Start(start)) = action
            && start.owners[0].as_str() == "bob"
        {
            start.pinned = true;
            start.receive_option = 2;
            // Which one it is, is not theirs to say.
            start.owners = vec![user("carol")];
        }
        Ok(())
    });
    say(&world, "alice", "bob", "one").await;
    say(&world, "alice", "bob", "two").await;
    let asked = world.gate.asked.lock().unwrap().clone();
    assert_eq!(asked, [EventKind::ConversationStarting; 2], "asked once per side");
    let keys = ["alice", "bob", "carol"].map(|name| RecordKey::conversation(&user(name), &chat()));
    let records = world.store.records(&keys).await.unwrap();
    assert!(matches!(records.as_slice(), [None, Some(Record::Conversation(of_bob)), None]
        if of_bob.pinned && of_bob.receive_option == 2));
    assert_eq!(owners(&world.chat_actions().await), ["alice", "bob"]);
}

#[tokio::test]
async fn a_no_keeps_it_off_that_list_until_a_rule_says_yes() {
    let world = World::new().await;
    let asked = Arc::new(AtomicUsize::new(0));
    world.gate.opine(EventKind::ConversationStarting, {
        let asked = Arc::clone(&asked);
        move |action| {
            let Action::Chat(ChatAction::Start(start)) = action else { panic!("{action:?}") };
            let of_bob = start.owners[0].as_str() == "bob";
            if of_bob && asked.fetch_add(1, Ordering::Relaxed) < 2 {
                return Err(Refusal::new(RefusalCode::NoPermission, "not on his list"));
            }
            Ok(())
        }
    });
    for number in 1..=2 {
        assert_eq!(say(&world, "alice", "bob", &format!("m{number}")).await, number, "the message goes on");
        assert_eq!(
            world.sessions.texts(usize::try_from(number).unwrap()).await.len(),
            usize::try_from(number).unwrap()
        );
        let views = world.store.conversation_states(&user("bob"), &[chat()]).await.unwrap();
        assert_eq!(views, [None]);
    }
    assert_eq!(owners(&world.chat_actions().await), ["alice"]);
    say(&world, "alice", "bob", "m3").await;
    assert_eq!(owners(&world.chat_actions().await), ["alice", "bob"]);
    assert_eq!(world.pulled("bob", chat()).await.len(), 3, "all of it is his now");
}

#[tokio::test]
async fn a_notice_comes_onto_its_recipients_list_alone() {
    let world = World::new().await;
    let mut account = new_user("news");
    account.level = AccountLevel::NOTIFICATION;
    world.admin(ringback_model::command::Command::RegisterUsers { users: vec![account] }).await.unwrap();
    let target = Target::Notice(user("bob"));
    world.send_for(draft("news", target.clone(), "hello")).await.unwrap();
    assert_eq!(owners(&world.chat_actions().await), ["bob"]);
    let id = ConversationId::of(&user("news"), &target);
    let views = world.store.conversation_states(&user("news"), &[id]).await.unwrap();
    assert_eq!(views, [None]);
}

#[tokio::test]
async fn two_who_begin_at_once_begin_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::on_disk(folder.path()).await;
    let texts: Vec<String> = (0..8).map(|number| format!("m{number}")).collect();
    let sends = texts.iter().enumerate().map(|(at, text)| {
        let (from, to) = if at % 2 == 0 { ("alice", "bob") } else { ("bob", "alice") };
        say(&world, from, to, text)
    });
    let mut seqs = join_all(sends).await;
    seqs.sort_unstable();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
    let mut told = owners(&world.chat_actions().await);
    told.sort();
    assert_eq!(told, ["alice", "bob"]);
}

#[tokio::test]
async fn what_its_owner_has_set_before_stays_but_for_what_a_rule_sets() {
    let world = World::new().await;
    let mut own = ConversationSettings::new(user("bob"), chat());
    (own.receive_option, own.ex) = (2, "mine".to_owned());
    let keep = Write::Keep(Box::new(Record::Conversation(own.clone())));
    world.store.commit(Commit::default().write(keep)).await.unwrap();
    world.gate.opine(EventKind::ConversationStarting, |action| {
        let Action::Chat(ChatAction::Start(start)) = action else { panic!("{action:?}") };
        start.pinned = true;
        Ok(())
    });
    say(&world, "alice", "bob", "one").await;
    own.pinned = true;
    let kept = world.store.records(&[RecordKey::conversation(&user("bob"), &chat())]).await.unwrap();
    assert_eq!(kept, [Some(Record::Conversation(own))]);
}

#[tokio::test]
async fn what_is_not_kept_begins_nothing() {
    let world = World::new().await;
    let mut fleeting = draft("alice", Target::User(user("bob")), "in passing");
    fleeting.handling.store = false;
    world.send(fleeting).await.unwrap();
    assert_eq!(world.chat_actions().await, []);
    assert_eq!(world.store.conversations(&user("bob")).await.unwrap(), []);
}
