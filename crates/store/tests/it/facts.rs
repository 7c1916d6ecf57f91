//! What has to be known before a message is sent follows every change at once, however often it was asked before.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::group::{GroupStatus, Role};
use ringback_model::ports::{SendFacts, Store};
use ringback_model::time::UnixMs;
use ringback_model::user::Block;

use crate::world::*;

promises!(
    a_single_chats_facts_follow_every_change,
    a_groups_facts_follow_every_change,
    a_commit_that_was_refused_changes_no_facts,
    requirements_see_what_shares_their_durable_write,
    facts_are_never_older_than_what_was_answered,
);

fn block(owner: &str, blocked: &str) -> Write {
    let (owner, blocked) = (user(owner), user(blocked));
    Write::PutBlock(Block { by: owner.clone(), owner, blocked, at: UnixMs(NOON), ex: String::new() })
}

fn not_blocked() -> Commit {
    Commit::at(UnixMs(NOON)).require(Require::NotBlocked(user("you"), user("me")))
}

impl World {
    /// Asks twice: what was found once may be remembered.
    async fn facts(&self, from: &str, target: ringback_model::conversation::Target) -> SendFacts {
        self.store.send_facts(&user(from), &target).await.unwrap();
        self.store.send_facts(&user(from), &target).await.unwrap()
    }
}

async fn a_single_chats_facts_follow_every_change(kind: Kind) {
    let world = kind.open();
    let facts = world.facts("me", to("you")).await;
    assert!(facts.sender.is_none() && facts.recipient.is_none() && !facts.blocked);
    world.write(Write::PutUser(someone("Me"))).await;
    world.write(Write::PutUser(someone("you"))).await;
    let facts = world.facts("me", to("YOU")).await;
    assert_eq!(
        (facts.sender.as_deref(), facts.recipient.as_deref()),
        (Some(&someone("Me")), Some(&someone("you")))
    );
    let deaf = ringback_model::user::User { receive_option: 1, ..someone("you") };
    world.write(Write::PutUser(deaf.clone())).await;
    assert_eq!(world.facts("me", to("you")).await.recipient.as_deref(), Some(&deaf));
    for _ in 0..2 {
        world.write(block("You", "ME")).await;
        assert!(world.facts("me", to("you")).await.blocked);
        assert!(!world.facts("you", to("me")).await.blocked, "only one side blocks");
        world.write(Write::RemoveBlock(user("YOU"), user("me"))).await;
        assert!(!world.facts("me", to("you")).await.blocked);
    }
}

async fn a_groups_facts_follow_every_change(kind: Kind) {
    let world = kind.open();
    assert!(world.facts("a", to_group("g")).await.group.is_none());
    world.group("g", &["a", "b"]).await;
    let facts = world.facts("A", to_group("g")).await;
    assert_eq!((*facts.members).to_vec(), [user("a"), user("b")]);
    assert_eq!(facts.membership.as_deref(), Some(&member_of("g", "a")));
    let muted = ringback_model::group::Member { role: Role::Admin, ..member_of("g", "a") };
    world.write(Write::PutMember(muted.clone())).await;
    assert_eq!(world.facts("a", to_group("g")).await.membership.as_deref(), Some(&muted));
    world.write(Write::PutMember(member_of("g", "c"))).await;
    assert_eq!(world.facts("a", to_group("g")).await.members.len(), 3);
    world.write(Write::RemoveMember(group_id("g"), user("A"))).await;
    let facts = world.facts("a", to_group("g")).await;
    assert_eq!((facts.membership, (*facts.members).to_vec()), (None, vec![user("b"), user("c")]));
    assert_eq!(facts.group.map(|group| group.member_count), Some(2));
    let dismissed = ringback_model::group::Group { status: GroupStatus::Dismissed, ..group("g") };
    world.write(Write::PutGroup(dismissed)).await;
    let facts = world.facts("b", to_group("g")).await;
    assert_eq!(facts.group.map(|group| group.status), Some(GroupStatus::Dismissed));
    let live = Commit::at(UnixMs(NOON)).require(Require::LiveGroup(group_id("g")));
    world.store.commit(live).await.unwrap_err();
}

async fn a_commit_that_was_refused_changes_no_facts(kind: Kind) {
    let world = kind.open();
    assert!(!world.facts("me", to("you")).await.blocked);
    let refused = Commit::at(UnixMs(NOON)).require(Require::User(user("nobody"))).write(block("you", "me"));
    world.store.commit(refused).await.unwrap_err();
    assert!(!world.facts("me", to("you")).await.blocked);
    world.commit(not_blocked()).await;
}

/// Commits that wait together are written together: each must see the ones before it, though nobody was told of
/// them yet.
async fn requirements_see_what_shares_their_durable_write(kind: Kind) {
    let world = kind.open();
    for _ in 0..20 {
        assert!(!world.facts("me", to("you")).await.blocked);
        let store = &world.store;
        let write = |write| store.commit(Commit::at(UnixMs(NOON)).write(write));
        let (first, blocked, refused, freed, taken) = tokio::join!(
            write(Write::PutUser(someone("first"))),
            write(block("you", "me")),
            store.commit(not_blocked()),
            write(Write::RemoveBlock(user("you"), user("me"))),
            store.commit(not_blocked()),
        );
        assert!(first.is_ok() && blocked.is_ok() && freed.is_ok());
        assert!(matches!(refused, Err(CommitError::Broken(Require::NotBlocked(..)))), "{refused:?}");
        taken.unwrap();
    }
}

async fn facts_are_never_older_than_what_was_answered(kind: Kind) {
    const CHANGES: u64 = 300;
    let world = kind.open();
    world.write(Write::PutUser(someone("me"))).await;
    // On threads of their own: what is asked and what is written meet at any instant.
    let store = world.store.clone();
    tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        runtime.block_on(change_while_others_ask(store, CHANGES));
    })
    .await
    .unwrap();
}

/// The nickname counts up; whoever asks after an answer must find at least what was answered.
async fn change_while_others_ask(store: Arc<dyn Store>, changes: u64) {
    let (answered, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let asking = (0..3).map(|_| {
        let (store, answered, over) = (store.clone(), answered.clone(), over.clone());
        tokio::spawn(async move {
            while !over.load(Ordering::Acquire) {
                let least = answered.load(Ordering::Acquire);
                let facts = store.send_facts(&user("you"), &to("me")).await.unwrap();
                let found = facts.recipient.unwrap().nickname.parse().unwrap_or(0);
                assert!(found >= least, "{found} was found after {least} was answered");
                tokio::task::yield_now().await;
            }
        })
    });
    let asking: Vec<_> = asking.collect();
    for change in 1..=changes {
        let changed = ringback_model::user::User { nickname: change.to_string(), ..someone("me") };
        store.commit(Commit::at(UnixMs(NOON)).write(Write::PutUser(changed))).await.unwrap();
        answered.store(change, Ordering::Release);
        let facts = store.send_facts(&user("you"), &to("me")).await.unwrap();
        assert_eq!(facts.recipient.unwrap().nickname, change.to_string());
    }
    over.store(true, Ordering::Release);
    for task in asking {
        task.await.unwrap();
    }
}
