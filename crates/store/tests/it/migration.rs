//! A database of an older version is brought forward when it is opened, wholly or not at all.

use ringback_model::delivery::{DeliveryKey, ExceptionState};
use ringback_model::group::GroupKind;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::storage::{Bucket, ParkedCount};
use ringback_model::time::UnixMs;
use ringback_model::user::Platform;
use ringback_store::StoreSettings;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::world::*;

/// What version 1 wrote.
const VERSION_1: &str = include_str!("version_1.sql");
const RULE: &str = "file:webhooks:afterSendSingleMsg";

/// A folder as version 1 left it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("ringback.db")).unwrap();
    database.execute_batch(VERSION_1).unwrap();
    folder
}

fn schema(folder: &std::path::Path) -> Vec<(String, Option<String>)> {
    let database = Connection::open(folder.join("ringback.db")).unwrap();
    let mut statement = database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// What came out of version 1's rows: keys of the waiting and of the parked ones.
async fn check(store: &dyn ringback_model::ports::Store) {
    let key = |pos, copy| DeliveryKey { pos: LogPos(pos), copy };
    let progress = store.load(&RuleId::new(RULE)).await.unwrap().unwrap();
    assert_eq!((progress.cursor, progress.parked), (LogPos(8), 3));
    let waiting: Vec<_> = progress.exceptions.iter().map(|row| (row.key, row.state.clone())).collect();
    let due = UnixMs(NOON + 5_000);
    let expected =
        [(key(4, 0), ExceptionState::Waiting { attempts: 2, due }), (key(5, 0), ExceptionState::Resume)];
    assert_eq!(waiting, expected);
    let count = |rule: &str, bucket, count| ParkedCount { rule: RuleId::new(rule), bucket, count };
    let (first, second) = (Bucket::of(UnixMs(NOON)), Bucket::of(UnixMs(NOON + 400_000)));
    assert_ne!(first, second, "the rows lie in two buckets");
    let expected = [count("api:other", first, 1), count(RULE, first, 2), count(RULE, second, 1)];
    assert_eq!(store.parked_counts().await.unwrap(), expected);
    let parked = store.parked(&RuleId::new(RULE), None, 10).await.unwrap();
    assert_eq!(parked.iter().map(|row| row.key).collect::<Vec<_>>(), [key(1, 0), key(2, 0), key(3, 0)]);
    let body = String::from_utf8(parked[1].outbound.clone().unwrap().body.to_vec()).unwrap();
    assert_eq!(body, r#"{"pos":2,"text":"it's \"parked\":{\"at\":1}"}"#);
    let in_first = store.parked_in(&RuleId::new(RULE), first, None, 10).await.unwrap();
    assert_eq!(in_first, parked[..2]);
}

#[tokio::test]
async fn what_version_1_wrote_is_all_there() {
    let folder = folder();
    let store = ringback_store::open(folder.path(), settings()).unwrap();
    check(store.as_ref()).await;
    assert_eq!((store.start(), store.tail()), (LogPos(1), LogPos(9)));
    assert_eq!(store.read(LogPos::ZERO, 100).await.unwrap().len(), 9);
    let chat = store.range(&single("Ann", "bob"), 1, 100, 100).await.unwrap();
    assert_eq!(chat.iter().map(|message| message.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(chat[5].content.raw, "it's number 8 \u{1F600}");
    let group = store.groups(&[group_id("42")]).await.unwrap().remove(0).unwrap();
    assert_eq!((group.kind, group.max_members, group.member_count), (GroupKind::Group, 0, 2));
    assert_eq!(store.members(&group_id("42"), None, 9).await.unwrap().len(), 2);
    assert_eq!(store.tokens(&user("ann"), Platform::WEB, UnixMs(NOON)).await.unwrap().len(), 1);
    assert_eq!(store.password(&user("ann")).await.unwrap(), None);
    assert_eq!(store.versions().await.unwrap().len(), 1);
    assert!(store.kept().await.unwrap().is_empty());
    // A client that sends again what version 1 took is answered with that.
    let again = store.commit(saying(message("Ann", to("bob"), "8"), NOON + 60_000)).await.unwrap_err();
    assert_eq!(duplicate(again).seq, 6);
    let next = store.commit(saying(message("Ann", to("bob"), "10"), NOON + 60_000)).await.unwrap();
    assert_eq!((next.events[0].pos, message_of(&next.events[0]).seq), (LogPos(10), 7));
}

#[tokio::test]
async fn a_second_opening_finds_it_done() {
    let folder = folder();
    for _ in 0..3 {
        let store = ringback_store::open(folder.path(), settings()).unwrap();
        check(store.as_ref()).await;
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn old_and_new_folders_have_the_same_tables() {
    let (old, new) = (folder(), tempfile::tempdir().unwrap());
    for folder in [&old, &new] {
        ringback_store::open(folder.path(), settings()).unwrap().close().await.unwrap();
    }
    let segment = |name: &str| name.starts_with("log_");
    let tables = |folder: &TempDir| -> Vec<_> {
        schema(folder.path()).into_iter().filter(|(name, _)| !segment(name)).collect()
    };
    assert_eq!(tables(&old), tables(&new));
    assert!(tables(&new).iter().any(|(name, _)| name == "kept_rules"));
}

#[tokio::test]
async fn without_room_nothing_is_changed() {
    let folder = folder();
    let before = schema(folder.path());
    // The file is larger than this already: not one page may be added.
    let full = StoreSettings { file_max_bytes: Some(4096), ..settings() };
    let refused = ringback_store::open(folder.path(), full).err().unwrap().to_string();
    assert!(refused.contains("bring the database up to date"), "{refused}");
    assert_eq!(schema(folder.path()), before);
    let store = ringback_store::open(folder.path(), settings()).unwrap();
    check(store.as_ref()).await;
}
