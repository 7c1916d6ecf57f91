//! What only a store on disk promises.

use std::os::unix::fs::PermissionsExt as _;

use ringback_model::commit::{CommitError, Write};
use ringback_model::ids::LogPos;
use ringback_model::time::UnixMs;
use ringback_store::StoreSettings;

use crate::world::*;

#[tokio::test]
async fn one_folder_is_open_once() {
    let world = Kind::Embedded.open();
    let refused = ringback_store::open(world.path(), settings()).err().unwrap().to_string();
    assert!(refused.contains("in use by another process"), "{refused}");
    let world = world.reopen().await;
    world.say(message("me", to("you"), "1"), NOON).await;
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let world = Kind::Embedded.open();
    world.say(message("me", to("you"), "1"), NOON).await;
    for file in std::fs::read_dir(world.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let world = Kind::Embedded.open();
    world.store.close().await.unwrap();
    let database = rusqlite::Connection::open(world.path().join("ringback.db")).unwrap();
    database.execute("UPDATE meta SET value = value + 1 WHERE key = 'schema'", []).unwrap();
    drop(database);
    let refused = ringback_store::open(world.path(), settings()).err().unwrap().to_string();
    assert!(refused.contains("newer version"), "{refused}");
}

#[tokio::test]
async fn a_missing_folder_is_made_and_a_bad_one_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = ringback_store::open(&folder.path().join("deep/er"), settings()).unwrap();
    store.close().await.unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = ringback_store::open(&file, settings()).err().unwrap().to_string();
    assert!(refused.contains("data folder"), "{refused}");
}

#[tokio::test]
async fn everything_is_there_again() {
    let mut world = Kind::Embedded.open();
    let mut events = Vec::new();
    world.write(Write::PutUser(someone("me"))).await;
    for round in 0..5 {
        for number in 0..5 {
            events.push(world.say(message("me", to("you"), &format!("{round}-{number}")), NOON).await);
        }
        world = world.reopen().await;
        assert_eq!(world.whole_log().await, events);
        assert_eq!(world.store.tail(), LogPos(events.len() as u64));
        let state = world.state("me", &single("me", "you")).await.unwrap();
        assert_eq!((state.max_seq, state.read_seq), (events.len() as u64, events.len() as u64));
    }
    assert_eq!(world.store.users(&[user("me")]).await.unwrap(), [Some(someone("me"))]);
}

/// Read marks of senders are written in one go, and more often than once here.
#[tokio::test]
async fn what_senders_have_read_is_there_before_and_after_it_is_written() {
    let plenty = StoreSettings { segment_events: 100_000, ..settings() };
    let mut world = Kind::Embedded.open_with(plenty);
    let peers: Vec<String> = (0..1500).map(|number| format!("peer{number}")).collect();
    for round in 1..=2 {
        let said = peers.iter().map(|peer| world.say(message("me", to(peer), &round.to_string()), NOON));
        futures_util::future::join_all(said).await;
        for _ in 0..2 {
            let states = world.store.conversations(&user("me")).await.unwrap();
            assert_eq!(states.len(), peers.len());
            assert!(states.iter().all(|state| (state.max_seq, state.read_seq) == (round, round)));
            let other = world.state("peer7", &single("me", "peer7")).await.unwrap();
            assert_eq!((other.max_seq, other.read_seq), (round, 0), "he has said nothing");
            world = world.reopen().await;
        }
    }
}

#[tokio::test]
async fn a_full_store_refuses_writes_and_goes_on_reading() {
    let full = StoreSettings { file_max_bytes: Some(400 * 1024), ..settings() };
    let world = Kind::Embedded.open_with(full);
    let mut stored = 0;
    let error = loop {
        assert!(stored < 2_000, "the bound holds");
        match world.store.commit(saying(message("me", to("you"), &format!("{stored}")), NOON)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CommitError::Full), "{error}");
    assert!(world.store.forget_parked(UnixMs(NOON), 10, UnixMs(NOON)).await.unwrap().is_empty());
    assert!(world.store.writable().is_err(), "forgetting nothing needs no room");
    assert_eq!(world.seqs(&single("me", "you")).await, (1..=stored).collect::<Vec<_>>());
    world.store.close().await.unwrap();
    let store = ringback_store::open(world.path(), settings()).unwrap();
    let done = store.commit(saying(message("me", to("you"), "more room"), NOON)).await.unwrap();
    assert_eq!((done.events[0].pos.0, message_of(&done.events[0]).seq), (stored + 1, stored + 1));
    assert_eq!(store.writable(), Ok(()));
}

#[tokio::test]
async fn a_group_that_does_not_fit_is_stored_as_far_as_it_fits() {
    let full = StoreSettings { file_max_bytes: Some(400 * 1024), ..settings() };
    let world = Kind::Embedded.open_with(full);
    let mut big = message("me", to("you"), "");
    big.content.raw = "x".repeat(10_000);
    let sends = (0..200).map(|_| {
        let (store, commit) = (world.store.clone(), saying(big.clone(), NOON));
        tokio::spawn(async move { store.commit(commit).await })
    });
    let mut seqs = Vec::new();
    let mut refused = 0;
    for send in sends.collect::<Vec<_>>() {
        match send.await.unwrap() {
            Ok(done) => seqs.push(message_of(&done.events[0]).seq),
            Err(CommitError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0 && !seqs.is_empty(), "{refused} refused, {} stored", seqs.len());
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "what was refused used no numbers up");
    assert_eq!(world.seqs(&single("me", "you")).await, seqs);
    let world = world.reopen().await;
    assert_eq!(world.seqs(&single("me", "you")).await, seqs);
}

#[tokio::test]
async fn a_full_store_finds_out_by_itself_that_there_is_room_again() {
    let keep = Some(std::time::Duration::from_secs(4 * 24 * 3600));
    let full = StoreSettings { file_max_bytes: Some(4 * 1024 * 1024), history_keep: keep, ..settings() };
    let world = Kind::Embedded.open_with(full);
    let mut big = message("me", to("you"), "");
    big.content.raw = "x".repeat(60_000);
    let mut stored = 0;
    while world.store.commit(saying(big.clone(), NOON + stored)).await.is_ok() {
        stored += 1;
        assert!(stored < 200, "the bound holds");
    }
    world.store.expire(UnixMs(NOON).plus(DAY)).await.unwrap();
    assert!(world.store.writable().is_err(), "nothing has changed");
    world.store.expire(UnixMs(NOON).plus(DAY * 10)).await.unwrap();
    assert_eq!(world.store.writable(), Ok(()));
    world.store.commit(saying(big, NOON)).await.unwrap();
}
