//! All or nothing, and numbers without gaps.

use std::collections::BTreeSet;

use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::group::GroupStatus;
use ringback_model::ids::{LogPos, MessageId};
use ringback_model::time::UnixMs;
use ringback_model::user::{Block, Platform};

use crate::world::*;

promises!(
    a_broken_requirement_writes_nothing,
    requirements_that_hold_let_everything_through,
    concurrent_commits_number_without_gaps,
    a_malformed_commit_writes_nothing,
    the_highest_message_number_is_known,
    a_closed_store_says_so,
);

async fn prepare(world: &World) {
    world.write(Write::PutUser(someone("Alice"))).await;
    world.write(Write::PutUser(someone("bob"))).await;
    world.group("g1", &["Alice"]).await;
    world.group("gone", &["Alice"]).await;
    let mut gone = group("gone");
    gone.status = GroupStatus::Dismissed;
    world.write(Write::PutGroup(gone)).await;
    let by = user("bob");
    let block = Block { owner: by.clone(), blocked: user("Alice"), at: UnixMs(NOON), by, ex: String::new() };
    world.write(Write::PutBlock(block)).await;
    for id in ["good", "kicked"] {
        world.write(Write::PutToken(token("Alice", id, Platform::WEB, NOON + HOUR))).await;
    }
    let except = Some("good".to_owned());
    world.write(Write::KickTokens { user: user("alice"), platform: Platform::WEB, except }).await;
}

async fn a_broken_requirement_writes_nothing(kind: Kind) {
    let world = kind.open();
    prepare(&world).await;
    let broken = [
        Require::User(user("nobody")),
        Require::NoUser(user("ALICE")),
        Require::LiveGroup(group_id("g2")),
        Require::LiveGroup(group_id("gone")),
        Require::NoGroup(group_id("gone")),
        Require::InGroup(group_id("g1"), user("bob")),
        Require::NotInGroup(group_id("g1"), user("alice")),
        Require::NotBlocked(user("BOB"), user("alice")),
        Require::TokenValid(user("Alice"), "kicked".to_owned()),
        Require::TokenValid(user("Alice"), "unknown".to_owned()),
        Require::TokenValid(user("bob"), "good".to_owned()),
    ];
    for requirement in broken {
        let commit = saying(message("Alice", to("bob"), "m"), NOON)
            .write(Write::PutUser(someone("carol")))
            .require(Require::User(user("alice")))
            .require(requirement.clone());
        match world.store.commit(commit).await {
            Err(CommitError::Broken(named)) => assert_eq!(named, requirement),
            other => panic!("{requirement:?}: {other:?}"),
        }
        assert_eq!(world.store.tail(), LogPos::ZERO);
        assert_eq!(world.store.users(&[user("carol")]).await.unwrap(), [None]);
        assert!(world.store.conversations(&user("bob")).await.unwrap().is_empty());
    }
    let first = world.say(message("Alice", to("bob"), "m"), NOON).await;
    assert_eq!((first.pos, message_of(&first).seq), (LogPos(1), 1), "refused commits use no numbers up");
}

async fn requirements_that_hold_let_everything_through(kind: Kind) {
    let world = kind.open();
    prepare(&world).await;
    let commit = saying(message("Alice", to_group("g1"), "m"), NOON)
        .require(Require::User(user("ALICE")))
        .require(Require::NoUser(user("carol")))
        .require(Require::LiveGroup(group_id("g1")))
        .require(Require::NoGroup(group_id("g2")))
        .require(Require::InGroup(group_id("g1"), user("aLICE")))
        .require(Require::NotInGroup(group_id("g1"), user("bob")))
        .require(Require::NotBlocked(user("alice"), user("bob")))
        .require(Require::TokenValid(user("alice"), "good".to_owned()));
    assert_eq!(world.commit(commit).await.len(), 1);
}

async fn concurrent_commits_number_without_gaps(kind: Kind) {
    let world = kind.open_with(ringback_store::StoreSettings { segment_events: 50, ..settings() });
    let mut tasks = Vec::new();
    for number in 0..40 {
        let store = world.store.clone();
        tasks.push(tokio::spawn(async move {
            let mut events = Vec::new();
            for round in 0..10 {
                let peer = format!("peer{}", (number + round) % 3);
                let commit = saying(message("me", to(&peer), &format!("{number}-{round}")), NOON);
                let commit = match round % 5 {
                    0 => commit.require(Require::User(user("nobody"))),
                    _ => commit,
                };
                events.extend(store.commit(commit).await.map_or_else(|_| Vec::new(), |done| done.events));
            }
            events
        }));
    }
    let mut answered = Vec::new();
    for task in tasks {
        let mine = task.await.unwrap();
        assert!(mine.is_sorted_by_key(|event| event.pos), "one task's commits are in its order");
        answered.extend(mine);
    }
    answered.sort_by_key(|event| event.pos);
    let log = world.whole_log().await;
    assert_eq!(log, answered, "the log holds what was answered");
    let positions: Vec<u64> = log.iter().map(|event| event.pos.0).collect();
    assert_eq!(positions, (1..=320).collect::<Vec<_>>(), "positions are dense");
    for peer in ["peer0", "peer1", "peer2"] {
        let of_peer = log.iter().map(|event| message_of(event)).filter(|message| message.target == to(peer));
        let seqs: Vec<u64> = of_peer.map(|message| message.seq).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "log order is seq order, without gaps");
        assert_eq!(world.seqs(&single("me", peer)).await, seqs);
    }
    let ids: BTreeSet<String> = log.iter().map(|event| message_of(event).client_id.clone()).collect();
    assert_eq!(ids.len(), 320);
}

async fn a_malformed_commit_writes_nothing(kind: Kind) {
    let world = kind.open();
    let twice = message("me", to("you"), "same");
    let twice = saying(twice.clone(), NOON).event(lane(&twice), sent(twice));
    let astray = message("me", to("you"), "astray");
    let astray = Commit::at(UnixMs(NOON)).event(lane(&message("me", to("other"), "")), sent(astray));
    for malformed in [twice, astray] {
        let refused = world.store.commit(malformed).await;
        assert!(matches!(refused, Err(CommitError::Fault(_))), "{refused:?}");
    }
    assert_eq!(world.store.tail(), LogPos::ZERO);
}

async fn the_highest_message_number_is_known(kind: Kind) {
    let world = kind.open();
    assert_eq!(world.store.highest_message().await.unwrap(), MessageId(0));
    for (number, client_id) in [(7, "a"), (90, "b"), (8, "c")] {
        let message =
            ringback_model::message::Message { id: MessageId(number), ..message("me", to("you"), client_id) };
        world.say(message, NOON).await;
    }
    assert_eq!(world.store.highest_message().await.unwrap(), MessageId(90));
    let world = world.reopen().await;
    assert_eq!(world.store.highest_message().await.unwrap(), MessageId(90));
}

async fn a_closed_store_says_so(kind: Kind) {
    let world = kind.open();
    assert_eq!(world.store.writable(), Ok(()));
    world.store.close().await.unwrap();
    assert!(world.store.writable().is_err());
    assert!(matches!(world.store.commit(Commit::at(UnixMs(NOON))).await, Err(CommitError::Fault(_))));
    assert!(world.store.users(&[user("me")]).await.is_err());
    assert!(world.store.read(LogPos::ZERO, 1).await.is_err());
}
