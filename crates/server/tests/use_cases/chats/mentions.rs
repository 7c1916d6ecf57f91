//! Who is mentioned finds it on his list of conversations.

use std::sync::Arc;
use std::time::Duration;

use ringback_model::action::GroupEdit;
use ringback_model::command::{
    ChatCommand, ChatOutcome, Chosen, Command, Draft, GroupCommand, SettingsChange,
};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::ids::GroupId;
use ringback_model::message::{Mentions, Message};
use ringback_model::version::VersionLog;
use tokio_util::sync::CancellationToken;

use super::named;
use crate::world::{World, draft, new_user, user};

/// As a dialect would: `*` is everybody.
fn read(message: &Message) -> Mentions {
    Mentions {
        everybody: message.mentions.iter().any(|name| name == "*"),
        users: message.mentions.iter().filter(|name| *name != "*").map(|name| user(name)).collect(),
    }
}

/// Stops with the test.
struct Reader(CancellationToken);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn reader(world: &World) -> Reader {
    let stop = CancellationToken::new();
    tokio::spawn(Arc::clone(&world.im).run_mentions(read, stop.clone()));
    // It begins at the end of the log as it is now.
    tokio::time::sleep(Duration::from_millis(20)).await;
    Reader(stop)
}

async fn mention(world: &World, name: &str, crew: &GroupId) -> i32 {
    let these = Chosen::These(vec![named(&ConversationId::Group(crew.clone()))]);
    let ask = ChatCommand::Conversations { owner: user(name), which: these };
    match world.chat_outcome(name, ask).await {
        ChatOutcome::Conversations { conversations, .. } => conversations[0].settings.mention,
        other => panic!("{other:?}"),
    }
}

/// What everybody finds in the end.
async fn becomes(world: &World, crew: &GroupId, wanted: &[(&str, i32)]) {
    for (name, wanted) in wanted {
        let found = async {
            while mention(world, name, crew).await != *wanted {
                tokio::task::yield_now().await;
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(5), found).await;
        assert!(found.is_ok(), "{name} finds {}, not {wanted}", mention(world, name, crew).await);
    }
}

async fn say(world: &World, from: &str, crew: &GroupId, text: &str, mentions: &[&str]) {
    let mentions = mentions.iter().map(|name| (*name).to_owned()).collect();
    world.send(Draft { mentions, ..draft(from, Target::Group(crew.clone()), text) }).await.unwrap();
}

#[tokio::test]
async fn whoever_is_mentioned_finds_it_and_his_devices_are_told() {
    let world = World::new().await;
    let crew = world.group_of("alice", &["bob", "carol"]).await;
    let _reader = reader(&world).await;
    let bobs = [VersionLog::Conversations(user("bob"))];
    let before = world.store.list_versions(&bobs).await.unwrap()[0].number;
    say(&world, "alice", &crew, "1", &["bob", "alice", "stranger"]).await;
    becomes(&world, &crew, &[("bob", 1), ("alice", 0), ("carol", 0)]).await;
    assert_eq!(world.store.list_versions(&bobs).await.unwrap()[0].number, before + 1);
    assert_eq!(world.noticed(1).await[0].1, ["bob"]);
    say(&world, "alice", &crew, "2", &["*", "carol"]).await;
    becomes(&world, &crew, &[("bob", 2), ("carol", 3), ("alice", 0)]).await;
    // Once it was seen, the next message sets it anew.
    let seen = SettingsChange { mention: Some(0), ..SettingsChange::default() };
    let conversation = named(&ConversationId::Group(crew.clone()));
    let reset = ChatCommand::Configure { users: vec![(user("bob"), conversation)], change: seen };
    world.chat("bob", reset).await.unwrap();
    say(&world, "carol", &crew, "3", &["*"]).await;
    becomes(&world, &crew, &[("bob", 2), ("alice", 2), ("carol", 3)]).await;
}

#[tokio::test]
async fn an_announcement_is_found_by_all_but_the_one_that_a_group_begins_with() {
    let world = World::new().await;
    let _reader = reader(&world).await;
    let crew = world.group_of("alice", &["bob"]).await;
    world.clock.advance(Duration::from_secs(1));
    let edit = |notification: &str| GroupEdit {
        notification: Some(notification.to_owned()),
        ..GroupEdit::nothing(crew.clone())
    };
    let announce = |text| Command::Group(GroupCommand::Edit(Box::new(edit(text))));
    world.by("alice", announce("tomorrow")).await.unwrap();
    becomes(&world, &crew, &[("bob", 4), ("alice", 4)]).await;
}

#[tokio::test]
async fn what_a_stop_leaves_is_told_after_the_next_start() {
    let world = World::new().await;
    let many: Vec<String> = (0..450).map(|number| format!("user{number}")).collect();
    let people = many.iter().map(|name| new_user(name)).collect();
    world.admin(Command::RegisterUsers { users: people }).await.unwrap();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    let crew = world.group_of("alice", &names).await;
    drop(reader(&world).await);
    tokio::time::sleep(Duration::from_millis(20)).await;
    say(&world, "alice", &crew, "1", &["*"]).await;
    let _reader = reader(&world).await;
    becomes(&world, &crew, &[("user0", 2), ("user449", 2), ("alice", 0)]).await;
}
