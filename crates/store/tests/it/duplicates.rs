//! Sending the same thing twice.

use ringback_model::commit::{Require, Write};
use ringback_model::ids::LogPos;
use ringback_model::time::UnixMs;
use ringback_model::user::Block;

use crate::world::*;

promises!(
    a_repeat_is_answered_with_the_first_message,
    of_concurrent_sends_one_is_stored,
    the_window_ends_after_a_day,
    the_key_is_sender_conversation_and_client_id,
    a_repeat_is_recognised_although_the_sender_was_blocked_since,
    messages_that_are_not_kept_are_recognised_too,
);

async fn a_repeat_is_answered_with_the_first_message(kind: Kind) {
    let mut world = kind.open();
    let first = world.say(message("me", to("you"), "same"), NOON).await;
    let first = message_of(first.as_ref());
    // Later events push the first one into older segments; a restart forgets what was in memory.
    for round in 0..4 {
        let again = world.store.commit(saying(message("ME", to("you"), "other-case"), NOON)).await;
        assert_eq!(again.is_ok(), round == 0, "another message, then its own repeat");
        let repeat = saying(message("me", to("you"), "same"), NOON + HOUR);
        assert_eq!(duplicate(world.store.commit(repeat).await.unwrap_err()), first);
        let found = world.store.sent_before(&user("me"), &single("me", "you"), "same").await.unwrap();
        assert_eq!(found, Some(first.clone()));
        for filler in 0..9 {
            world.say(message("me", to("else"), &format!("{round}-{filler}")), NOON + HOUR).await;
        }
        world = world.reopen().await;
    }
    assert_eq!(world.seqs(&single("me", "you")).await, [1]);
    let unknown = world.store.sent_before(&user("me"), &single("me", "you"), "never").await.unwrap();
    assert_eq!(unknown, None);
}

async fn of_concurrent_sends_one_is_stored(kind: Kind) {
    let world = kind.open();
    let sends = (0..32).map(|_| {
        let store = world.store.clone();
        tokio::spawn(async move { store.commit(saying(message("me", to("you"), "same"), NOON)).await })
    });
    let mut stored = Vec::new();
    let mut repeats = Vec::new();
    for send in sends.collect::<Vec<_>>() {
        match send.await.unwrap() {
            Ok(done) => stored.extend(done.events),
            Err(error) => repeats.push(duplicate(error)),
        }
    }
    assert_eq!(stored.len(), 1);
    assert_eq!(repeats.len(), 31);
    assert!(repeats.iter().all(|repeat| *repeat == message_of(&stored[0])));
}

async fn the_window_ends_after_a_day(kind: Kind) {
    let world = kind.open();
    world.say(message("me", to("you"), "same"), NOON).await;
    let day = DAY.as_millis() as i64;
    let inside = world.store.commit(saying(message("me", to("you"), "same"), NOON + day - 1)).await;
    assert_eq!(duplicate(inside.unwrap_err()).seq, 1);
    let outside = world.say(message("me", to("you"), "same"), NOON + day).await;
    assert_eq!(message_of(&outside).seq, 2);
    // From now on the second one is what a repeat meets.
    let again = world.store.commit(saying(message("me", to("you"), "same"), NOON + day + 1)).await;
    assert_eq!(duplicate(again.unwrap_err()).seq, 2);
}

async fn the_key_is_sender_conversation_and_client_id(kind: Kind) {
    let world = kind.open();
    for (from, target) in [("me", to("you")), ("you", to("me")), ("me", to("other")), ("me", to_group("g"))] {
        world.say(message(from, target, "same"), NOON).await;
    }
    // Without a client message id nothing is the same.
    for _ in 0..2 {
        world.say(message("me", to("you"), ""), NOON).await;
    }
    assert_eq!(world.store.tail(), LogPos(6));
}

async fn a_repeat_is_recognised_although_the_sender_was_blocked_since(kind: Kind) {
    let world = kind.open();
    let send = || {
        saying(message("me", to("you"), "same"), NOON).require(Require::NotBlocked(user("you"), user("me")))
    };
    world.commit(send()).await;
    let owner = user("you");
    let block = Block { by: owner.clone(), owner, blocked: user("me"), at: UnixMs(NOON), ex: String::new() };
    world.write(Write::PutBlock(block)).await;
    assert_eq!(duplicate(world.store.commit(send()).await.unwrap_err()).seq, 1);
}

async fn messages_that_are_not_kept_are_recognised_too(kind: Kind) {
    let world = kind.open();
    world.say(unkept(message("me", to("you"), "same")), NOON).await;
    let repeat = world.store.commit(saying(unkept(message("me", to("you"), "same")), NOON)).await;
    assert_eq!(duplicate(repeat.unwrap_err()).seq, 0);
}
