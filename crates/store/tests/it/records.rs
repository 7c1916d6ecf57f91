//! Records, the lists that clients follow, and what commits may require of both.

use std::sync::Arc;

use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::group::{Group, Role};
use ringback_model::limits;
use ringback_model::record::{Friend, Record, RecordKey, RecordKind};
use ringback_model::time::UnixMs;
use ringback_model::user::{Block, User};
use ringback_model::version::{Changed, Touch, VersionLog};

use crate::world::*;

promises!(
    a_record_is_kept_until_it_is_discarded,
    records_are_found_from_both_ends_in_pages,
    a_list_grows_by_one_with_each_commit_that_changes_it,
    an_element_is_told_once_with_its_last_change,
    too_many_changes_are_not_told,
    a_client_that_is_ahead_or_far_behind_starts_over,
    what_was_read_is_required_again,
    groups_and_blocks_are_found_by_user,
);

fn friend(owner: &str, other: &str, remark: &str) -> Record {
    Record::Friend(Friend {
        owner: user(owner),
        friend: user(other),
        remark: remark.to_owned(),
        since: UnixMs(NOON),
        source: 2,
        operator: user(owner),
        ex: String::new(),
        pinned: false,
    })
}

fn keep(record: Record) -> Write {
    Write::Keep(Box::new(record))
}

fn key(owner: &str, other: &str) -> RecordKey {
    RecordKey::friend(&user(owner), &user(other))
}

async fn a_record_is_kept_until_it_is_discarded(kind: Kind) {
    let mut world = kind.open();
    world.write(keep(friend("Ann", "bob", "first"))).await;
    world.write(keep(friend("ann", "Bob", "second"))).await;
    world = world.reopen().await;
    let asked = [key("ANN", "BOB"), key("bob", "ann")];
    let found = world.store.records(&asked).await.unwrap();
    assert_eq!(found, [Some(friend("ann", "Bob", "second")), None]);
    world.write(Write::Discard(key("ann", "bob"))).await;
    world.write(Write::Discard(key("ann", "bob"))).await;
    assert_eq!(world.store.records(&asked).await.unwrap(), [None, None]);
}

async fn records_are_found_from_both_ends_in_pages(kind: Kind) {
    let world = kind.open();
    for (owner, other) in [("ann", "cy"), ("ann", "bob"), ("bob", "cy"), ("dee", "cy"), ("ann", "dee")] {
        world.write(keep(friend(owner, other, ""))).await;
    }
    let names = |records: Vec<Record>| -> Vec<(String, String)> {
        let keys = records.iter().map(Record::key);
        keys.map(|key| (key.owner, key.about)).collect()
    };
    let pair = |owner: &str, about: &str| (owner.to_owned(), about.to_owned());
    let store = Arc::clone(&world.store);
    let of = |after: &'static str, most| store.records_of(RecordKind::Friend, "ann", after, most);
    assert_eq!(names(of("", 2).await.unwrap()), [pair("ann", "bob"), pair("ann", "cy")]);
    assert_eq!(names(of("cy", 2).await.unwrap()), [pair("ann", "dee")]);
    let about = |after: &'static str, most| store.records_about(RecordKind::Friend, "cy", after, most);
    assert_eq!(names(about("", 2).await.unwrap()), [pair("ann", "cy"), pair("bob", "cy")]);
    assert_eq!(names(about("bob", 2).await.unwrap()), [pair("dee", "cy")]);
    assert!(store.records_of(RecordKind::Mark, "ann", "", 9).await.unwrap().is_empty(), "another kind");
}

fn friends_of(who: &str) -> VersionLog {
    VersionLog::Friends(user(who))
}

fn touch(log: &VersionLog, element: &str, touch: Touch) -> Commit {
    Commit::at(UnixMs(NOON)).touch(log.clone(), element, touch)
}

async fn a_list_grows_by_one_with_each_commit_that_changes_it(kind: Kind) {
    let mut world = kind.open();
    let (of_ann, of_bob) = (friends_of("ann"), friends_of("bob"));
    let before = world.store.list_versions(&[of_ann.clone(), of_bob.clone()]).await.unwrap();
    assert_eq!((before[0].number, before[1].number), (1, 1));
    assert_ne!(before[0].log, before[1].log, "each list has an id of its own");
    assert!(before[0].log < 1 << 96);
    let commit = touch(&of_ann, "x", Touch::Inserted).touch(of_bob.clone(), "y", Touch::Inserted).touch(
        of_ann.clone(),
        "z",
        Touch::Inserted,
    );
    let committed = world.store.commit(commit).await.unwrap();
    assert_eq!(committed.versions.len(), 2);
    assert_eq!(committed.version(&of_ann).map(|version| version.number), Some(2));
    assert_eq!(committed.version(&friends_of("cy")), None);
    world = world.reopen().await;
    let after = world.store.list_versions(&[friends_of("ANN"), of_bob]).await.unwrap();
    assert_eq!((after[0], after[1].number), (committed.version(&of_ann).unwrap(), 2));
    assert_eq!(after[0].log, before[0].log, "also after a restart");
    let unchanged = world.store.list_changes(&of_ann, 2, 10).await.unwrap();
    assert_eq!((unchanged.now, unchanged.changed), (after[0], Some(Vec::new())));
}

async fn an_element_is_told_once_with_its_last_change(kind: Kind) {
    let world = kind.open();
    let log = VersionLog::Members(group_id("g"));
    for (element, what) in [
        ("a", Touch::Inserted),
        ("b", Touch::Inserted),
        ("a", Touch::Updated),
        ("c", Touch::Inserted),
        ("b", Touch::Deleted),
    ] {
        world.commit(touch(&log, element, what)).await;
    }
    let one = |element: &str, touch, version| Changed { element: element.to_owned(), touch, version };
    let all = [one("a", Touch::Updated, 4), one("c", Touch::Inserted, 5), one("b", Touch::Deleted, 6)];
    let found = world.store.list_changes(&log, 1, 10).await.unwrap();
    assert_eq!((found.now.number, found.changed.as_deref()), (6, Some(&all[..])));
    let later = world.store.list_changes(&log, 4, 10).await.unwrap();
    assert_eq!(later.changed.as_deref(), Some(&all[1..]));
}

async fn too_many_changes_are_not_told(kind: Kind) {
    let world = kind.open();
    let log = friends_of("ann");
    let mut commit = Commit::at(UnixMs(NOON));
    for number in 0..5 {
        commit = commit.touch(log.clone(), format!("u{number}"), Touch::Inserted);
    }
    world.commit(commit).await;
    assert_eq!(world.store.list_changes(&log, 1, 5).await.unwrap().changed.map(|all| all.len()), Some(5));
    assert_eq!(world.store.list_changes(&log, 1, 4).await.unwrap().changed, None);
}

async fn a_client_that_is_ahead_or_far_behind_starts_over(kind: Kind) {
    let world = kind.open();
    let log = friends_of("ann");
    for number in 0..limits::VERSIONS_KEPT + 300 {
        world.commit(touch(&log, if number < 3 { "old" } else { "new" }, Touch::Updated)).await;
    }
    let told = |since| {
        let (store, log) = (Arc::clone(&world.store), log.clone());
        async move { store.list_changes(&log, since, 10).await.unwrap().changed }
    };
    let now = limits::VERSIONS_KEPT + 301;
    assert_eq!(told(now + 1).await, None, "ahead");
    assert_eq!(told(299).await, None, "too far behind");
    let new = Changed { element: "new".to_owned(), touch: Touch::Updated, version: now };
    assert_eq!(told(301).await, Some(vec![new]));
}

async fn broken(world: &World, requirement: Require) -> bool {
    let commit = Commit::at(UnixMs(NOON)).require(requirement.clone());
    match world.store.commit(commit).await {
        Ok(_) => false,
        Err(CommitError::Broken(broken)) => {
            assert_eq!(broken, requirement);
            true
        }
        Err(other) => panic!("{other}"),
    }
}

async fn what_was_read_is_required_again(kind: Kind) {
    let world = kind.open();
    world.group("g", &["ann"]).await;
    world.write(Write::PutUser(someone("ann"))).await;
    world.write(keep(friend("ann", "bob", "old"))).await;
    let unchanged = || Require::Unchanged(Box::new(friend("ann", "bob", "old")));
    let same_user = || Require::SameUser(Box::new(someone("ann")));
    let same_member = || Require::SameMember(Box::new(member_of("g", "ann")));
    // The number of members is the store's: what was read with another one is the same group.
    let same_group = || Require::SameGroup(Box::new(Group { member_count: 7, ..group("g") }));
    let listed = || Require::NotListed(user("ann"), single("ann", "bob"));
    for holds in [
        Require::Kept(key("ann", "bob")),
        Require::NotKept(key("bob", "ann")),
        unchanged(),
        same_user(),
        same_member(),
        same_group(),
        listed(),
    ] {
        assert!(!broken(&world, holds.clone()).await, "{holds:?}");
    }
    world.write(keep(friend("ann", "bob", "new"))).await;
    world.write(Write::PutUser(User { nickname: "other".to_owned(), ..someone("ann") })).await;
    let admin = ringback_model::group::Member { role: Role::Admin, ..member_of("g", "ann") };
    world.write(Write::PutMember(admin)).await;
    world.write(Write::PutGroup(Group { name: "other".to_owned(), ..group("g") })).await;
    world.write(Write::List { user: user("ann"), conversation: single("ann", "bob") }).await;
    let gone = Require::Kept(key("bob", "ann"));
    let there = Require::NotKept(key("ann", "bob"));
    for fails in [gone, there, unchanged(), same_user(), same_member(), same_group(), listed()] {
        assert!(broken(&world, fails.clone()).await, "{fails:?}");
    }
    assert!(!broken(&world, Require::NotListed(user("bob"), single("ann", "bob"))).await, "the other side");
}

async fn groups_and_blocks_are_found_by_user(kind: Kind) {
    let world = kind.open();
    world.group("2", &["ann", "bob"]).await;
    world.group("1", &["Ann"]).await;
    world.group("3", &["bob"]).await;
    let groups = world.store.groups_of(&user("ANN")).await.unwrap();
    assert_eq!(groups, [group_id("1"), group_id("2")]);
    world.write(Write::RemoveMember(group_id("2"), user("ann"))).await;
    assert_eq!(world.store.groups_of(&user("ann")).await.unwrap(), [group_id("1")]);
    let block = |other: &str| Block {
        owner: user("ann"),
        by: user("ann"),
        blocked: user(other),
        at: UnixMs(NOON),
        ex: String::new(),
    };
    world.write(Write::PutBlock(block("cy"))).await;
    world.write(Write::PutBlock(block("Bob"))).await;
    assert_eq!(world.store.blocks_of(&user("Ann")).await.unwrap(), [block("Bob"), block("cy")]);
    assert!(world.store.blocks_of(&user("bob")).await.unwrap().is_empty());
}
