//! Deliveries that came to nothing.

use ringback_model::delivery::{
    DeliveryKey, Exception, ExceptionState, Gap, GapReason, ParkReason, ProgressChange,
};
use ringback_model::event::Lane;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::time::UnixMs;

use crate::world::*;

promises!(
    gaps_are_kept_and_found_by_the_events_that_they_touch,
    what_is_parked_leaves_a_gap_when_it_goes,
    what_is_opened_again_is_no_gap,
    gaps_leave_with_their_events,
);

fn rule() -> RuleId {
    RuleId::new("r")
}

fn key(pos: u64, copy: u32) -> DeliveryKey {
    DeliveryKey { pos: LogPos(pos), copy }
}

fn one(pos: u64, copy: u32) -> Gap {
    Gap::one(key(pos, copy), GapReason::Exhausted, UnixMs(NOON))
}

fn wide(after: u64, upto: u64) -> Gap {
    Gap::whole(LogPos(after), LogPos(upto), GapReason::SwitchedOff, UnixMs(NOON))
}

async fn save(world: &World, change: ProgressChange) {
    world.store.save(vec![change]).await.unwrap();
}

async fn between(world: &World, first: u64, last: u64) -> Vec<Gap> {
    let mut gaps = world.store.gaps(&rule(), LogPos(first), LogPos(last)).await.unwrap();
    gaps.sort_by_key(|gap| (gap.first, gap.lane.clone()));
    gaps
}

async fn gaps_are_kept_and_found_by_the_events_that_they_touch(kind: Kind) {
    let world = kind.open();
    let of_lane = Gap { lane: Some(Lane("l".into())), ..wide(9, 20) };
    let gaps = vec![one(4, 1), one(4, 0), one(30, 0), wide(9, 20), of_lane.clone()];
    save(&world, ProgressChange { cursor: Some(LogPos(40)), gaps, ..ProgressChange::none(rule()) }).await;
    let again = Gap::one(key(30, 0), GapReason::Banned, UnixMs(NOON + 1));
    save(&world, ProgressChange { gaps: vec![again.clone()], ..ProgressChange::none(rule()) }).await;
    let world = world.reopen().await;
    for (first, last, wanted) in [
        (1, 3, vec![]),
        (4, 4, vec![one(4, 0), one(4, 1)]),
        (5, 9, vec![]),
        (15, 16, vec![wide(9, 20), of_lane.clone()]),
        (20, 29, vec![wide(9, 20), of_lane.clone()]),
        (21, u64::MAX, vec![again]),
    ] {
        assert_eq!(between(&world, first, last).await, wanted, "{first}..={last}");
    }
    assert!(world.store.gaps(&RuleId::new("other"), LogPos(1), LogPos(50)).await.unwrap().is_empty());
}

fn parked(pos: u64, copy: u32, at: i64) -> Exception {
    Exception {
        key: key(pos, copy),
        lane: Lane("l".into()),
        state: ExceptionState::Parked { attempts: 2, at: UnixMs(at), reason: ParkReason::Exhausted },
        since: UnixMs(NOON),
        last_error: String::new(),
        outbound: None,
    }
}

async fn what_is_parked_leaves_a_gap_when_it_goes(kind: Kind) {
    let world = kind.open();
    let put = vec![parked(1, 0, NOON), parked(2, 7, NOON + 10), parked(3, 0, NOON + 20)];
    save(&world, ProgressChange { put, ..ProgressChange::none(rule()) }).await;
    world.store.forget_parked(UnixMs(NOON + 15), 100, UnixMs(NOON + 50)).await.unwrap();
    let gone = |pos, copy| Gap::one(key(pos, copy), GapReason::ParkedTooLong, UnixMs(NOON + 50));
    assert_eq!(between(&world, 1, 9).await, [gone(1, 0), gone(2, 7)]);
    world.store.purge_parked(&rule(), UnixMs(NOON + 60)).await.unwrap();
    let world = world.reopen().await;
    let purged = Gap::one(key(3, 0), GapReason::Purged, UnixMs(NOON + 60));
    assert_eq!(between(&world, 1, 9).await, [gone(1, 0), gone(2, 7), purged]);
}

async fn what_is_opened_again_is_no_gap(kind: Kind) {
    let world = kind.open();
    let gaps = vec![one(4, 0), wide(5, 20), one(30, 0)];
    save(&world, ProgressChange { gaps, ..ProgressChange::none(rule()) }).await;
    let reopen = ProgressChange { reopen: Some(LogPos(12)), ..ProgressChange::none(rule()) };
    save(&world, ProgressChange { gaps: vec![one(25, 0)], ..reopen }).await;
    assert_eq!(between(&world, 1, 50).await, [one(4, 0), wide(5, 12), one(25, 0)]);
}

async fn gaps_leave_with_their_events(kind: Kind) {
    let world = kind.open();
    let kept = i64::try_from(ringback_model::limits::LOG_KEEP.as_millis()).unwrap();
    for number in 0..4 {
        world.say(message("a", to("b"), &format!("{number}")), NOON + number).await;
    }
    let late = Gap { at: UnixMs(NOON + kept), ..one(2, 0) };
    let gaps = vec![one(1, 0), late.clone(), one(4, 0)];
    save(&world, ProgressChange { gaps, ..ProgressChange::none(rule()) }).await;
    world.store.expire(UnixMs(NOON + kept + 3)).await.unwrap();
    assert_eq!(between(&world, 1, 9).await, [late, one(4, 0)], "what was noted lately stays a while");
}
