//! Random commits: both backends and a model of a few lines agree on everything.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ringback_model::action::{Action, FriendAction, FriendPair};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Done, Fact, Lane};
use ringback_model::ids::{LogPos, MessageId};
use ringback_model::message::Origin;
use ringback_model::record::{Friend, Record, RecordKey, RecordKind};
use ringback_model::time::UnixMs;
use ringback_model::user::Block;
use ringback_model::version::{Touch, VersionLog};

use crate::world::*;

const PEOPLE: [&str; 4] = ["ann", "Bob", "cy", "dee"];

/// One step of a history.
#[derive(Debug, Clone)]
enum Step {
    Say { from: usize, target: usize, client_id: u8, kept: bool, later: u16 },
    Join(usize),
    Leave(usize),
    Block(usize, usize),
    Unblock(usize, usize),
    Read { who: usize, with: usize, seq: u64 },
    List(usize, usize),
    Forget { who: usize, with: usize, seq: u64 },
    Befriend(usize, usize),
    Part(usize, usize),
    Expire { hours: u8 },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..PEOPLE.len();
    prop_oneof![
        12 => (who.clone(), 0..=PEOPLE.len(), 0u8..40, prop::bool::weighted(0.8), 0u16..5_000)
            .prop_map(|(from, target, client_id, kept, later)| Step::Say { from, target, client_id, kept, later }),
        1 => who.clone().prop_map(Step::Join),
        1 => who.clone().prop_map(Step::Leave),
        1 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::Block(one, other)),
        1 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::Unblock(one, other)),
        2 => (who.clone(), who.clone(), 0u64..30).prop_map(|(who, with, seq)| Step::Read { who, with, seq }),
        1 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::List(one, other)),
        1 => (who.clone(), who.clone(), 0u64..30).prop_map(|(who, with, seq)| Step::Forget { who, with, seq }),
        2 => (who.clone(), who.clone()).prop_map(|(one, other)| Step::Befriend(one, other)),
        1 => (who.clone(), who).prop_map(|(one, other)| Step::Part(one, other)),
        1 => (0u8..100).prop_map(|hours| Step::Expire { hours }),
        1 => Just(Step::Reopen),
    ]
}

/// What must come out, in a few lines: the seqs of each conversation.
#[derive(Default)]
struct Expected {
    seqs: BTreeMap<ConversationId, u64>,
    tail: u64,
}

fn commit_of(step: &Step, now: i64) -> Option<Commit> {
    let commit = Commit::at(UnixMs(now));
    Some(match step {
        Step::Say { from, target, client_id, kept, .. } => {
            let (from, peer) = (PEOPLE[*from], PEOPLE.get(*target));
            let target = peer.map_or_else(|| to_group("g"), |peer| to(peer));
            let message = message(from, target, &client_id.to_string());
            let require = match (&message.target, peer) {
                (Target::Group(group), _) => Require::InGroup(group.clone(), user(from)),
                (_, Some(peer)) => Require::NotBlocked(user(peer), user(from)),
                (_, None) => Require::User(user(from)),
            };
            saying(if *kept { message } else { unkept(message) }, now).require(require)
        }
        Step::Join(who) => commit.write(Write::PutMember(member_of("g", PEOPLE[*who]))),
        Step::Leave(who) => commit.write(Write::RemoveMember(group_id("g"), user(PEOPLE[*who]))),
        Step::Block(one, other) => {
            let owner = user(PEOPLE[*one]);
            let by = owner.clone();
            commit.write(Write::PutBlock(Block {
                owner,
                by,
                blocked: user(PEOPLE[*other]),
                at: UnixMs(now),
                ex: String::new(),
            }))
        }
        Step::Unblock(one, other) => {
            commit.write(Write::RemoveBlock(user(PEOPLE[*one]), user(PEOPLE[*other])))
        }
        Step::Read { who, with, seq } => {
            let conversation = single(PEOPLE[*who], PEOPLE[*with]);
            commit.write(Write::MarkRead { user: user(PEOPLE[*who]), conversation, seq: *seq })
        }
        Step::List(who, with) => {
            let conversation = single(PEOPLE[*who], PEOPLE[*with]);
            commit.write(Write::List { user: user(PEOPLE[*who]), conversation })
        }
        Step::Forget { who, with, seq } => {
            let conversation = single(PEOPLE[*who], PEOPLE[*with]);
            commit.write(Write::ForgetBefore { user: user(PEOPLE[*who]), conversation, seq: *seq })
        }
        Step::Befriend(one, other) => befriend(commit, PEOPLE[*one], PEOPLE[*other]),
        Step::Part(one, other) => part(commit, PEOPLE[*one], PEOPLE[*other]),
        Step::Expire { .. } | Step::Reopen => return None,
    })
}

/// A record, a change of a list, and an event that is no message.
fn befriend(commit: Commit, owner: &str, other: &str) -> Commit {
    let (owner, friend) = (user(owner), user(other));
    let record = Friend {
        owner: owner.clone(),
        friend: friend.clone(),
        remark: String::new(),
        since: commit.at,
        source: 1,
        operator: owner.clone(),
        ex: String::new(),
        pinned: false,
    };
    let action =
        Action::Friend(FriendAction::Remove(FriendPair { owner: owner.clone(), friend: friend.clone() }));
    let lane = action.lane();
    let done = Done {
        number: MessageId(1),
        action,
        actor: None,
        operation_id: "op".into(),
        origin: Origin::Rest,
        by_admin: false,
        room: false,
    };
    commit
        .require(Require::NotKept(RecordKey::friend(&owner, &friend)))
        .write(Write::Keep(Box::new(Record::Friend(record))))
        .touch(VersionLog::Friends(owner), friend.as_str(), Touch::Inserted)
        .event(lane, Fact::Done(Box::new(done)))
}

fn part(commit: Commit, owner: &str, other: &str) -> Commit {
    let (owner, friend) = (user(owner), user(other));
    let key = RecordKey::friend(&owner, &friend);
    let log = VersionLog::Friends(owner);
    commit.require(Require::Kept(key.clone())).write(Write::Discard(key)).touch(
        log,
        friend.as_str(),
        Touch::Deleted,
    )
}

/// A result in a form that two stores can be compared by.
fn verdict(result: &Result<ringback_model::commit::Committed, CommitError>) -> String {
    match result {
        Ok(done) => {
            let numbers: Vec<_> = done.versions.iter().map(|(log, version)| (log, version.number)).collect();
            format!("{:?} {numbers:?}", done.events)
        }
        Err(error) => format!("{error:?}"),
    }
}

async fn play(steps: Vec<Step>) {
    let (memory, mut embedded) = (Kind::Memory.open(), Kind::Embedded.open());
    let mut expected = Expected::default();
    memory.group("g", &["ann", "Bob"]).await;
    embedded.group("g", &["ann", "Bob"]).await;
    let mut now = NOON;
    for step in steps {
        match &step {
            Step::Say { later, .. } => now += i64::from(*later) * 1000,
            Step::Expire { hours } => {
                let at = UnixMs(now + i64::from(*hours) * HOUR);
                assert_eq!(memory.store.expire(at).await.unwrap(), embedded.store.expire(at).await.unwrap());
            }
            Step::Reopen => embedded = embedded.reopen().await,
            _ => {}
        }
        let Some(commit) = commit_of(&step, now) else { continue };
        let results = (memory.store.commit(commit.clone()).await, embedded.store.commit(commit).await);
        assert_eq!(verdict(&results.0), verdict(&results.1), "{step:?}");
        for event in results.0.into_iter().flat_map(|done| done.events) {
            expected.tail += 1;
            assert_eq!(event.pos, LogPos(expected.tail));
            let Some(message) = event.sent().map(|sent| &sent.message) else { continue };
            if message.handling.store {
                let seq = expected.seqs.entry(message.conversation()).or_default();
                *seq += 1;
                assert_eq!(message.seq, *seq);
            }
        }
    }
    compare(&memory, &embedded, &expected, now).await;
}

async fn compare(memory: &World, embedded: &World, expected: &Expected, now: i64) {
    assert_eq!(memory.store.tail(), embedded.store.tail());
    assert_eq!(memory.store.start(), embedded.store.start());
    assert_eq!(memory.whole_log().await, embedded.whole_log().await);
    for at in [NOON, (NOON + now) / 2, now, now + 1] {
        let at = UnixMs(at);
        assert_eq!(
            memory.store.position_at(at).await.unwrap(),
            embedded.store.position_at(at).await.unwrap()
        );
    }
    for (conversation, seq) in &expected.seqs {
        assert_eq!(memory.seqs(conversation).await, (1..=*seq).collect::<Vec<_>>());
        assert_eq!(embedded.seqs(conversation).await, (1..=*seq).collect::<Vec<_>>());
        let lane = Lane::conversation(conversation);
        for after in [0, expected.tail / 2] {
            let of_memory = memory.store.read_lane(&lane, LogPos(after), 10).await.unwrap();
            assert_eq!(of_memory, embedded.store.read_lane(&lane, LogPos(after), 10).await.unwrap());
        }
    }
    for person in PEOPLE {
        let of_memory = memory.store.conversations(&user(person)).await.unwrap();
        assert_eq!(of_memory, embedded.store.conversations(&user(person)).await.unwrap());
        let friends = memory.store.records_of(RecordKind::Friend, &user(person).folded(), "", 100).await;
        let same = embedded.store.records_of(RecordKind::Friend, &user(person).folded(), "", 100).await;
        assert_eq!(friends.unwrap(), same.unwrap());
        let list = VersionLog::Friends(user(person));
        for since in 0..4 {
            let changes = memory.store.list_changes(&list, since, 3).await.unwrap();
            let same = embedded.store.list_changes(&list, since, 3).await.unwrap();
            assert_eq!((changes.now.number, changes.changed), (same.now.number, same.changed));
        }
        for peer in PEOPLE {
            let facts = memory.store.send_facts(&user(person), &to(peer)).await.unwrap();
            let same = embedded.store.send_facts(&user(person), &to(peer)).await.unwrap();
            assert_eq!(format!("{facts:?}"), format!("{same:?}"), "{person} to {peer}");
        }
        let facts = memory.store.send_facts(&user(person), &to_group("g")).await.unwrap();
        let same = embedded.store.send_facts(&user(person), &to_group("g")).await.unwrap();
        assert_eq!(format!("{facts:?}"), format!("{same:?}"));
    }
}

#[test]
fn backends_agree_on_random_histories() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    runner
        .run(&prop::collection::vec(step(), 1..120), |steps| {
            runtime.block_on(play(steps));
            Ok(())
        })
        .unwrap();
}
