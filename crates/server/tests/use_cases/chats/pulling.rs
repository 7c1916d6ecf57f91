//! Messages in answers that hold so many and no more.

use ringback_model::command::{
    ChatCommand, ChatOutcome, Chosen, Command, Draft, Outcome, Overview, PullOrder, Pulled, SeqList,
};
use ringback_model::commit::Commit;
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Fact, Lane, MessageSent};
use ringback_model::failure::RefusalCode;
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::ports::Clock as _;

use super::{chat, named, say};
use crate::world::{World, draft, new_user, refused, user};

fn chosen(seqs: Vec<u64>, order: PullOrder, bytes: usize) -> Command {
    let lists = vec![SeqList { conversation: named(&chat()), seqs }];
    Command::PullSeqs { user: user("bob"), lists, order, bytes }
}

async fn pulled(world: &World, command: Command) -> Pulled {
    match world.by("bob", command).await.unwrap() {
        Outcome::Pulled(mut pulled) => pulled.remove(0),
        other => panic!("{other:?}"),
    }
}

fn seqs(pulled: &Pulled) -> Vec<u64> {
    pulled.messages.iter().map(|seen| seen.message.seq).collect()
}

/// Says as much as one message may say.
async fn say_much(world: &World, from: &str, name: &str) {
    let mut draft = draft(from, Target::User(user("bob")), name);
    draft.content.raw = "x".repeat(limits::CONTENT_BYTES);
    world.send(draft).await.unwrap();
}

/// A message that was stored before there were bounds.
async fn stored_long_ago(world: &World, bytes: usize) {
    let mut message =
        (*world.send(draft("alice", Target::User(user("bob")), "model")).await.unwrap().message).clone();
    message.id = ringback_model::ids::MessageId(message.id.0 + 1);
    message.client_id = "long".to_owned();
    message.ex = "x".repeat(bytes);
    message.seq = 0;
    let sent = MessageSent {
        message: message.into(),
        operation_id: "op".into(),
        origin: Origin::Client,
        sender_is_admin: false,
        offline: Vec::new(),
    };
    let commit =
        Commit::at(world.clock.now()).event(Lane::conversation(&chat()), Fact::MessageSent(Box::new(sent)));
    world.store.commit(commit).await.unwrap();
}

#[tokio::test]
async fn a_message_too_large_for_any_answer_is_a_gap_and_hides_nothing_else() {
    let world = World::new().await;
    say(&world, "alice", "bob", "1").await;
    stored_long_ago(&world, limits::PULL_BYTES).await;
    say(&world, "alice", "bob", "4").await;
    let found = world.found("bob", &chat()).await;
    assert_eq!((seqs(&found), found.gaps.as_slice(), found.is_end), (vec![1, 2, 4], [3].as_slice(), true));
    for order in [PullOrder::Ascending, PullOrder::Descending] {
        let found = pulled(&world, chosen(vec![1, 2, 3, 4], order, limits::PULL_BYTES)).await;
        assert_eq!((seqs(&found), found.gaps.as_slice()), (vec![1, 2, 4], [3].as_slice()));
    }
}

#[tokio::test]
async fn thousands_of_chosen_messages_come_at_once() {
    let world = World::new().await;
    for number in 0..1_101 {
        say(&world, "alice", "bob", &number.to_string()).await;
    }
    let all: Vec<u64> = (1..=1_101).collect();
    let found = pulled(&world, chosen(all.clone(), PullOrder::Ascending, limits::PULL_BYTES_UNLIMITED)).await;
    assert_eq!((seqs(&found), found.gaps.len()), (all, 0));
    let too_many = chosen(vec![1; limits::READ_SEQS + 1], PullOrder::Ascending, limits::PULL_BYTES_UNLIMITED);
    assert_eq!(refused(world.by("bob", too_many).await), RefusalCode::BadArgument);
}

#[tokio::test]
async fn what_does_not_fit_is_what_the_caller_is_farthest_from() {
    let world = World::new().await;
    for number in 1..=20 {
        say_much(&world, "alice", &number.to_string()).await;
    }
    let upwards: Vec<u64> = (1..=20).collect();
    let downwards: Vec<u64> = (1..=20).rev().collect();
    for (asked, order, wanted) in [
        (&upwards, PullOrder::Descending, 10..=20),
        (&upwards, PullOrder::Ascending, 1..=11),
        (&downwards, PullOrder::Ascending, 10..=20),
    ] {
        let found = pulled(&world, chosen(asked.clone(), order, limits::PULL_BYTES)).await;
        assert_eq!(seqs(&found), wanted.collect::<Vec<u64>>(), "{order:?} from {}", asked[0]);
        assert!(found.gaps.is_empty(), "what is left out is asked for again");
    }
}

async fn overview(world: &World, only_with_messages: bool) -> Vec<Overview> {
    let (which, page) = (Chosen::All, Some((0, 500)));
    let command = ChatCommand::Overview { owner: None, which, page, only_with_messages, some: false };
    match world.chat_outcome("bob", command).await {
        ChatOutcome::Overview { conversations, .. } => conversations,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_list_keeps_the_chats_whose_newest_message_has_no_room() {
    const CHATS: usize = 100;
    let world = World::new().await;
    let people = (0..CHATS).map(|number| new_user(&format!("user{number}"))).collect();
    world.admin(Command::RegisterUsers { users: people }).await.unwrap();
    for number in 0..CHATS {
        say_much(&world, &format!("user{number}"), "x").await;
    }
    let all = overview(&world, true).await;
    let shown = all.iter().filter(|one| one.last.is_some()).count();
    assert_eq!((all.len(), shown < CHATS, shown > 50), (CHATS, true, true), "{shown} are shown");
    assert!(all.iter().all(|one| one.last.is_some() != one.last_left_out));
}

#[tokio::test]
async fn what_a_message_carries_besides_has_bounds() {
    let world = World::new().await;
    let to_bob = || draft("alice", Target::User(user("bob")), "x");
    let long = "x".repeat(limits::NOTE_BYTES + 1);
    for (what, draft) in [
        ("ex", Draft { ex: long.clone(), ..to_bob() }),
        ("attachedInfo", Draft { attached_info: long.clone(), ..to_bob() }),
        ("senderNickname", Draft { nickname: long.clone(), ..to_bob() }),
        ("mentions", Draft { mentions: vec![long.clone()], ..to_bob() }),
    ] {
        assert_eq!(refused(world.send(draft).await), RefusalCode::BadArgument, "{what}");
    }
    assert!(world.pulled("bob", ConversationId::single(&user("alice"), &user("bob"))).await.is_empty());
}
