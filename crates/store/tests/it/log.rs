//! The event log, as rules read it.

use std::time::Duration;

use ringback_model::event::Lane;
use ringback_model::ids::LogPos;
use ringback_model::time::UnixMs;

use crate::world::*;

promises!(
    reads_go_on_where_they_stopped,
    a_lane_is_read_in_log_order,
    waiting_ends_with_the_next_event,
    positions_are_found_by_time,
    time_in_the_log_never_runs_backwards,
    an_empty_log_has_bounds,
);

async fn reads_go_on_where_they_stopped(kind: Kind) {
    let world = kind.open();
    for number in 0..40 {
        world.say(message("me", to("you"), &format!("{number}")), NOON).await;
    }
    read_in_pages(&world).await;
    // Once more from the tables: what was in memory is gone.
    read_in_pages(&world.reopen().await).await;
}

async fn read_in_pages(world: &World) {
    for page in [1, 6, 7, 8, 100] {
        let mut seen = Vec::new();
        loop {
            let after = seen.last().copied().unwrap_or(LogPos::ZERO);
            let events = world.store.read(after, page).await.unwrap();
            assert!(events.len() <= page);
            if events.is_empty() {
                break;
            }
            seen.extend(events.iter().map(|event| event.pos));
        }
        assert_eq!(seen, (1..=40).map(LogPos).collect::<Vec<_>>(), "pages of {page}");
    }
    assert!(world.store.read(LogPos(41), 5).await.unwrap().is_empty());
}

async fn a_lane_is_read_in_log_order(kind: Kind) {
    let world = kind.open();
    let mut expected = Vec::new();
    for number in 0..60 {
        let peer = if number % 3 == 0 { "you" } else { "other" };
        let message = message("me", to(peer), &format!("{number}"));
        let message = if number % 4 == 1 || number < 5 { unkept(message) } else { message };
        let event = world.say(message, NOON + number).await;
        if peer == "you" {
            expected.push(event);
        }
    }
    let lane = Lane::conversation(&single("me", "you"));
    let world = world.reopen().await;
    for after in 0..=61 {
        for limit in [1, 3, 100] {
            let found = world.store.read_lane(&lane, LogPos(after), limit).await.unwrap();
            let later = expected.iter().filter(|event| event.pos.0 > after).take(limit).cloned();
            assert_eq!(found, later.collect::<Vec<_>>(), "after {after}, {limit}");
        }
    }
    let nobody = Lane::conversation(&single("a", "b"));
    assert!(world.store.read_lane(&nobody, LogPos::ZERO, 9).await.unwrap().is_empty());
}

async fn waiting_ends_with_the_next_event(kind: Kind) {
    let world = kind.open();
    let store = world.store.clone();
    let waiting = tokio::spawn(async move { store.wait_past(LogPos(1)).await });
    world.say(message("me", to("you"), "1"), NOON).await;
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    world.say(message("me", to("you"), "2"), NOON).await;
    let woken = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
    assert_eq!(woken, LogPos(2));
    assert_eq!(world.store.wait_past(LogPos::ZERO).await, LogPos(2), "at once where it is past already");
    assert_eq!(world.store.read(LogPos(1), 9).await.unwrap().len(), 1, "who is woken can read it");
}

async fn positions_are_found_by_time(kind: Kind) {
    let world = kind.open();
    for number in 1..=25 {
        world.say(message("me", to("you"), &format!("{number}")), NOON + 10 * (number / 2)).await;
    }
    for (at, expected) in [
        (0, 0),
        (NOON, 0),
        (NOON + 1, 1),
        (NOON + 10, 1),
        (NOON + 11, 3),
        (NOON + 120, 23),
        (NOON + 121, 25),
        (NOON + HOUR, 25),
    ] {
        assert_eq!(world.store.position_at(UnixMs(at)).await.unwrap(), LogPos(expected), "{}", at - NOON);
    }
}

async fn time_in_the_log_never_runs_backwards(kind: Kind) {
    let world = kind.open();
    world.say(message("me", to("you"), "1"), NOON + 50).await;
    let world = world.reopen().await;
    let event = world.say(message("me", to("you"), "2"), NOON).await;
    assert_eq!(event.at, UnixMs(NOON + 50));
    assert_eq!(world.store.position_at(UnixMs(NOON + 50)).await.unwrap(), LogPos::ZERO);
}

async fn an_empty_log_has_bounds(kind: Kind) {
    let world = kind.open();
    assert_eq!((world.store.tail(), world.store.start()), (LogPos::ZERO, LogPos(1)));
    assert!(world.whole_log().await.is_empty());
    assert_eq!(world.store.position_at(UnixMs(NOON)).await.unwrap(), LogPos::ZERO);
    assert_eq!(world.store.expire(UnixMs(NOON)).await.unwrap(), 0);
}
