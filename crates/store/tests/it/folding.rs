//! The write-ahead log comes into the file while the store works, and does not grow without bound.

use std::fs;

use ringback_store::StoreSettings;
use rusqlite::{Connection, OpenFlags};

use crate::world::*;

const FOLD_PAGES: u64 = 32;
/// A page and what the log says about it.
const FRAME_BYTES: u64 = 4096 + 24;
const MESSAGES: i64 = 400;

fn settings() -> StoreSettings {
    StoreSettings { fold_pages: FOLD_PAGES, readers: 1, ..StoreSettings::default() }
}

fn length(world: &World, name: &str) -> u64 {
    fs::metadata(world.path().join(name)).unwrap().len()
}

async fn say_much(world: &World, from: i64) {
    for number in from..from + MESSAGES {
        world.say(message("me", to("you"), &number.to_string()), NOON).await;
    }
}

#[tokio::test]
async fn a_log_that_is_written_to_stays_short() {
    let world = Kind::Embedded.open_with(settings());
    let empty = length(&world, "ringback.db");
    say_much(&world, 0).await;
    let folded = length(&world, "ringback.db");
    assert!(folded > empty + 50 * 4096, "{empty} to {folded} bytes without being closed");
    // Each message writes some pages: without folding there would be over a thousand.
    let log = length(&world, "ringback.db-wal");
    assert!(log < 16 * FOLD_PAGES * FRAME_BYTES, "{log} bytes");
}

#[tokio::test]
async fn a_reader_that_stays_delays_the_folding_and_nobody_else() {
    let world = Kind::Embedded.open_with(settings());
    say_much(&world, 0).await;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let stranger = Connection::open_with_flags(world.path().join("ringback.db"), flags).unwrap();
    let count = |table: &str| -> i64 {
        stranger.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    stranger.execute_batch("BEGIN").unwrap();
    assert_eq!(count("log_1"), MESSAGES);
    say_much(&world, MESSAGES).await;
    assert_eq!(count("log_1"), MESSAGES, "its view does not move");
    let long = length(&world, "ringback.db-wal");
    stranger.execute_batch("COMMIT").unwrap();
    say_much(&world, 2 * MESSAGES).await;
    assert_eq!(count("log_1"), 3 * MESSAGES);
    let longer = length(&world, "ringback.db-wal");
    assert!(
        longer < long + FOLD_PAGES * FRAME_BYTES,
        "the log begins anew in the room that it has: {long}, {longer}"
    );
}
