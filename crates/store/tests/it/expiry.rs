//! What leaves the log, and when.

use std::time::Duration;

use ringback_model::event::Lane;
use ringback_model::ids::LogPos;
use ringback_model::time::UnixMs;
use ringback_store::StoreSettings;

use crate::world::*;

promises!(
    old_events_leave_the_log_and_stay_in_the_history,
    dropped_history_leaves_numbers_behind,
    the_log_is_bounded_by_size,
);

async fn fill(world: &World, events: i64) {
    for number in 1..=events {
        world.say(message("me", to("you"), &format!("{number}")), NOON + number * HOUR).await;
    }
}

async fn old_events_leave_the_log_and_stay_in_the_history(kind: Kind) {
    let world = kind.open();
    fill(&world, 30).await;
    let now = UnixMs(NOON + 11 * HOUR).plus(DAY * 3);
    assert_eq!(world.store.expire(now).await.unwrap(), 10);
    assert_eq!(world.store.expire(now).await.unwrap(), 0, "each is counted once");
    let world = world.reopen().await;
    assert_eq!((world.store.start(), world.store.tail()), (LogPos(11), LogPos(30)));
    let kept: Vec<u64> = world.whole_log().await.iter().map(|event| event.pos.0).collect();
    assert_eq!(kept, (11..=30).collect::<Vec<_>>());
    let lane = Lane::conversation(&single("me", "you"));
    let lane = world.store.read_lane(&lane, LogPos::ZERO, 2).await.unwrap();
    assert_eq!(lane.iter().map(|event| event.pos.0).collect::<Vec<_>>(), [11, 12]);
    assert_eq!(world.store.position_at(UnixMs(NOON)).await.unwrap(), LogPos(10));
    assert_eq!(world.seqs(&single("me", "you")).await, (1..=30).collect::<Vec<_>>());
    // Everything leaves; the next event goes on counting.
    assert_eq!(world.store.expire(now.plus(DAY * 30)).await.unwrap(), 20);
    assert_eq!(world.store.start(), world.store.tail().next());
    let world = world.reopen().await;
    assert!(world.whole_log().await.is_empty());
    let next = world.say(message("me", to("you"), "next"), NOON + 40 * HOUR).await;
    assert_eq!((next.pos, message_of(&next).seq), (LogPos(31), 31));
    assert_eq!(world.whole_log().await, [next]);
}

async fn dropped_history_leaves_numbers_behind(kind: Kind) {
    let keep = Some(Duration::from_secs(5 * 24 * 3600));
    let world = kind.open_with(StoreSettings { history_keep: keep, ..settings() });
    fill(&world, 30).await;
    world.say(message("me", to("quiet"), "q"), NOON + 30 * HOUR).await;
    world.store.expire(UnixMs(NOON + 15 * HOUR).plus(DAY * 5)).await.unwrap();
    assert_eq!(world.store.start(), LogPos(32), "the log is kept for three days");
    let seqs = world.seqs(&single("me", "you")).await;
    let oldest = seqs[0];
    assert!((8..=15).contains(&oldest), "whole segments go, none too early: {oldest}");
    assert_eq!(seqs, (oldest..=30).collect::<Vec<_>>());
    let world = world.reopen().await;
    assert_eq!(world.seqs(&single("me", "you")).await, seqs);
    world.store.expire(UnixMs(NOON).plus(DAY * 90)).await.unwrap();
    let state = world.state("you", &single("me", "you")).await.unwrap();
    assert_eq!((state.max_seq, state.newest_at), (30, UnixMs(NOON + 30 * HOUR)), "numbers outlive messages");
    let world = world.reopen().await;
    let next = world.say(message("me", to("you"), "next"), NOON + 40 * HOUR).await;
    assert_eq!((next.pos, message_of(&next).seq), (LogPos(32), 31));
}

async fn the_log_is_bounded_by_size(kind: Kind) {
    let world = kind.open_with(StoreSettings { log_max_bytes: Some(10_000), ..settings() });
    fill(&world, 60).await;
    let gone = world.store.expire(UnixMs(NOON + 60 * HOUR)).await.unwrap();
    let kept = world.whole_log().await;
    assert_eq!(gone + kept.len() as u64, 60);
    let bytes: usize = kept.iter().map(|event| serde_json::to_vec(&event.fact).unwrap().len()).sum();
    assert!((3_000..=10_000).contains(&bytes), "{bytes} bytes in {} events are kept", kept.len());
    assert_eq!(world.seqs(&single("me", "you")).await.len(), 60, "the history is not bounded by it");
}
