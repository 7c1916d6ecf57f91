//! Streams beside chats, events that are no messages, and whose lists a chat is on.

use ringback_model::action::{Action, FriendAction, FriendPair};
use ringback_model::commit::{Commit, Write};
use ringback_model::event::{Done, Event, Fact, Lane};
use ringback_model::ids::{LogPos, MessageId};
use ringback_model::message::{Handling, Message, Origin};
use ringback_model::time::UnixMs;

use crate::world::*;

promises!(
    a_stream_beside_a_chat_has_numbers_of_its_own,
    events_that_are_no_messages_stand_in_their_lane,
    facts_say_whose_lists_a_chat_is_on,
    what_a_user_forgot_stays_forgotten,
);

fn aside(message: Message) -> Message {
    Message { handling: Handling { aside: true, ..message.handling }, ..message }
}

async fn a_stream_beside_a_chat_has_numbers_of_its_own(kind: Kind) {
    let mut world = kind.open();
    let chat = single("ann", "bob");
    for number in 0..3 {
        world.say(message("ann", to("bob"), &format!("said {number}")), NOON).await;
        world.say(aside(message("ann", to("bob"), &format!("told {number}"))), NOON).await;
    }
    world.say(message("ann", to("bob"), "last"), NOON).await;
    world = world.reopen().await;
    assert_eq!(world.seqs(&chat).await, [1, 2, 3, 4]);
    assert_eq!(world.seqs(&chat.aside()).await, [1, 2, 3]);
    let asked = [chat.aside(), chat.clone(), single("ann", "cy")];
    assert_eq!(world.store.newest(&asked).await.unwrap(), [3, 4, 0]);
    let lists = world.store.conversations(&user("ann")).await.unwrap();
    assert_eq!(lists.len(), 1, "nobody lists the stream: {lists:?}");
    assert_eq!(world.state("bob", &chat.aside()).await, None);
}

fn removal(number: u64) -> Fact {
    let action = Action::Friend(FriendAction::Remove(FriendPair { owner: user("ann"), friend: user("bob") }));
    Fact::Done(Box::new(Done {
        number: MessageId(number),
        action,
        actor: Some(user("ann")),
        operation_id: "op".into(),
        origin: Origin::Rest,
        by_admin: false,
        room: false,
    }))
}

async fn events_that_are_no_messages_stand_in_their_lane(kind: Kind) {
    let mut world = kind.open();
    let lane = Lane::conversation(&single("ann", "bob"));
    let done = |number| Commit::at(UnixMs(NOON)).event(lane.clone(), removal(number));
    world.commit(done(1_000)).await;
    for number in 0..4 {
        world.say(message("ann", to("bob"), &format!("said {number}")), NOON).await;
        world.commit(done(2_000 + number)).await;
    }
    world.commit(Commit::at(UnixMs(NOON)).event(Lane::server(), removal(3_000))).await;
    world = world.reopen().await;
    let log = world.whole_log().await;
    let is_message = |event: &Event| event.sent().is_some();
    let kinds: Vec<bool> = log.iter().map(|event| is_message(event)).collect();
    assert_eq!(kinds, [false, true, false, true, false, true, false, true, false, false]);
    assert_eq!(log[9].fact, removal(3_000));
    for after in 0..9 {
        let found = world.store.read_lane(&lane, LogPos(after), 100).await.unwrap();
        let first = usize::try_from(after).unwrap();
        assert_eq!(found, log[first..9], "after {after}");
    }
    assert_eq!(world.seqs(&single("ann", "bob")).await, [1, 2, 3, 4], "history holds messages alone");
    assert_eq!(world.store.highest_message().await.unwrap(), MessageId(3_000), "numbers are one row");
}

async fn facts_say_whose_lists_a_chat_is_on(kind: Kind) {
    let world = kind.open();
    let listed =
        async |from: &str, other: &str| world.store.send_facts(&user(from), &to(other)).await.unwrap().listed;
    // Asked twice: what is not there is remembered too.
    assert_eq!(listed("bob", "ann").await, (false, false));
    assert_eq!(listed("bob", "ann").await, (false, false));
    world.write(Write::List { user: user("ann"), conversation: single("ann", "bob") }).await;
    assert_eq!(listed("ann", "bob").await, (true, false));
    assert_eq!(listed("bob", "ann").await, (false, true));
    world.say(message("bob", to("ann"), "hello"), NOON).await;
    assert_eq!(listed("bob", "ann").await, (true, true));
    world.group("g", &["ann"]).await;
    let of_group = world.store.send_facts(&user("ann"), &to_group("g")).await.unwrap();
    assert_eq!(of_group.listed, (true, true), "members have their group's");
}

async fn what_a_user_forgot_stays_forgotten(kind: Kind) {
    let world = kind.open();
    let chat = single("ann", "bob");
    for number in 0..5 {
        world.say(message("ann", to("bob"), &format!("said {number}")), NOON).await;
    }
    let forget = |seq| Write::ForgetBefore { user: user("bob"), conversation: single("ann", "bob"), seq };
    world.write(forget(4)).await;
    world.write(forget(2)).await;
    assert_eq!(world.state("bob", &chat).await.unwrap().min_seq, 4);
    assert_eq!(world.state("ann", &chat).await.unwrap().min_seq, 0);
}
