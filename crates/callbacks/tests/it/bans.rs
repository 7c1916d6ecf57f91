//! The app's ban, on paused time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ringback_callbacks::ban::BanPolicy;
use ringback_model::delivery::{ExceptionState, ParkReason};
use ringback_model::event::Phase;
use ringback_model::ids::LogPos;
use ringback_model::limits;
use ringback_model::ports::{BanBook as _, Clock as _};
use ringback_model::rule::{Ban, Order, Retry, Rule};
use ringback_model::time::UnixMs;

use crate::support::{Counters, EPOCH, Reaction, World, rule};

const MINUTE: u64 = 60;

fn sharing(id: &str) -> Rule {
    let mut rule = rule(id, Phase::After);
    rule.contract = "served".to_owned();
    rule.policy.ban = Ban::App;
    rule.policy.retry = Retry::Once;
    rule
}

/// Calls of one host fail.
fn failing(world: &World, host: &'static str) {
    world.caller.react(move |request, _| {
        Reaction::Answer(if request.url.contains(&format!("//{host}.")) { 500 } else { 200 }, "")
    });
}

fn send(world: &World, events: usize) {
    for n in 0..events {
        world.send(&format!("lane{n}"));
    }
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn calls(world: &World, rule: &str) -> usize {
    let seen = world.caller.seen.lock().unwrap();
    seen.iter().filter(|seen| seen.url.contains(&format!("//{rule}."))).count()
}

/// Attempts and reasons of what a rule has parked, in the order of the log.
fn parked(world: &World, rule: &str) -> Vec<(u32, ParkReason)> {
    let rows = world.store.saved(rule).rows;
    let parked = rows.values().map(|row| match row.state {
        ExceptionState::Parked { attempts, reason, .. } => (attempts, reason),
        ref other => panic!("{other:?}"),
    });
    parked.collect()
}

fn single(world: &mut World) {
    world.settings.ban = BanPolicy { failures: 1, ..BanPolicy::default() };
}

#[tokio::test(start_paused = true)]
async fn forty_five_dead_callbacks_ban_every_rule_that_shares_and_no_other() {
    let mut world = World::new(1);
    world.settings.storage_enabled = true;
    world.caller.react(|request, _| {
        let dead = request.url.contains("//dead.");
        if dead { Reaction::After(Duration::from_millis(10), 500) } else { Reaction::Answer(200, "") }
    });
    let mut other = rule("other", Phase::After);
    other.policy.ban = Ban::Breaker;
    let engine = world.engine_with(vec![sharing("dead"), sharing("healthy"), other]).await;
    send(&world, 44);
    seconds(1).await;
    assert_eq!(calls(&world, "dead"), 88);
    assert_eq!((engine.bans().active_until, engine.bans().failures_in_window), (None, 88));
    send(&world, 1);
    seconds(1).await;
    let bans = engine.bans();
    assert_eq!(bans.active_until, bans.starts.first().map(|start| UnixMs(start.0 + 300_000)));
    assert_eq!(
        (bans.failures_in_window, bans.rules.as_slice()),
        (0, ["dead".into(), "healthy".into()].as_slice())
    );
    assert_eq!(bans.evidence, "ban 1 within a day, after 90 failures; 90 of dead, the last: status 500");
    let status = |rule: usize| {
        let status = engine.status().swap_remove(rule);
        (status.banned_until, status.parks)
    };
    let until = bans.active_until;
    assert_eq!([0, 1, 2].map(status), [(until, true), (until, true), (None, true)], "whom it covers");
    send(&world, 10);
    seconds(1).await;
    assert_eq!(["dead", "healthy", "other"].map(|rule| calls(&world, rule)), [90, 45, 55]);
    assert_eq!(parked(&world, "healthy"), [(0, ParkReason::Banned); 10]);
    let dead = parked(&world, "dead");
    assert_eq!(dead[..45], [(2, ParkReason::Exhausted); 45]);
    assert_eq!(dead[45..], [(0, ParkReason::Banned); 10]);
    assert_eq!(world.store.saved("dead").cursor, LogPos(55), "it does not wait: it is parked");
    seconds(5 * MINUTE).await;
    assert_eq!(engine.bans().active_until, None);
    send(&world, 1);
    seconds(1).await;
    assert_eq!(["dead", "healthy"].map(|rule| calls(&world, rule)), [92, 46], "over by itself");
    assert_eq!(status(0), (None, true));
}

#[tokio::test(start_paused = true)]
async fn a_ban_that_begins_between_two_attempts_takes_the_second() {
    let mut world = World::new(1);
    single(&mut world);
    failing(&world, "r");
    let mut rule = sharing("r");
    rule.contract = "test".to_owned();
    let _engine = world.engine_with(vec![rule]).await;
    send(&world, 3);
    seconds(1).await;
    assert_eq!(calls(&world, "r"), 1, "the others were about to be called when it began");
    assert_eq!(
        parked(&world, "r"),
        [(1, ParkReason::Banned), (0, ParkReason::Banned), (0, ParkReason::Banned)]
    );
    let rows = world.store.saved("r").rows;
    let errors: Vec<&str> = rows.values().map(|row| row.last_error.as_str()).collect();
    assert_eq!(errors[0], "status 500");
    assert!(errors[1].starts_with("not called"), "{errors:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_when_a_ban_begins_come_to_their_end_and_count_no_more() {
    let mut world = World::new(1);
    world.settings.storage_enabled = true;
    single(&mut world);
    world.caller.react(|request, _| {
        let wait = if request.body.starts_with(b"1/") { 1 } else { 2 };
        Reaction::After(Duration::from_secs(wait), if request.body.starts_with(b"3/") { 200 } else { 500 })
    });
    let engine = world.engine_with(vec![sharing("r")]).await;
    send(&world, 3);
    seconds(3).await;
    assert_eq!(calls(&world, "r"), 3);
    assert_eq!(parked(&world, "r"), [(1, ParkReason::Banned); 2]);
    assert_eq!(world.store.saved("r").cursor, LogPos(3), "the third was taken");
    assert_eq!(engine.bans().starts.len(), 1);
    seconds(5 * MINUTE).await;
    assert_eq!((engine.bans().active_until, engine.bans().failures_in_window), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn without_storage_it_is_dropped_and_counted_by_reason() {
    for (contract, enabled, storage, parks) in [
        ("served", false, true, false),
        ("served", true, false, false),
        ("served", true, true, true),
        ("test", false, true, true),
        ("test", true, false, false),
    ] {
        let counters = Counters::default();
        let _guard = metrics::set_default_local_recorder(&counters);
        let mut world = World::new(1);
        world.settings.storage_enabled = enabled;
        world.settings.ban.failures = 4;
        failing(&world, "r");
        let mut rule = sharing("r");
        rule.contract = contract.to_owned();
        rule.policy.storage = storage;
        let engine = world.engine_with(vec![rule]).await;
        send(&world, 2);
        seconds(1).await;
        send(&world, 5);
        seconds(1).await;
        let dropped = |reason| counters.labelled("ringback_callback_dropped_total", reason);
        let expected = if parks { (7, 0, 0) } else { (0, 2, 5) };
        let got = (parked(&world, "r").len(), dropped("exhausted"), dropped("banned"));
        assert_eq!(got, expected, "{contract} {enabled} {storage}");
        let saved = world.store.saved("r");
        assert_eq!((saved.cursor, calls(&world, "r")), (LogPos(7), 4));
        assert_eq!(engine.status()[0].late, 7, "none of them came in time");
        assert_eq!(counters.gauge("ringback_app_ban_active").to_bits(), 1f64.to_bits());
        assert_eq!(counters.of("ringback_app_bans_total"), 1);
        assert_eq!(counters.of("ringback_app_ban_failures_total"), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_retry_waits_until_the_ban_is_over() {
    let mut world = World::new(1);
    world.settings.ban.failures = 3;
    failing(&world, "dead");
    let mut waiting = sharing("waiting");
    waiting.policy.retry = Retry::Schedule(vec![60, 60]);
    world.caller.react(|request, now| {
        let down = request.url.contains("//dead.") || now.0 < EPOCH + 10_000;
        Reaction::Answer(if down { 500 } else { 200 }, "")
    });
    let engine = world.engine_with(vec![waiting.clone()]).await;
    world.send("lane");
    seconds(1).await;
    engine.set_rules(vec![waiting, sharing("dead")]).await.unwrap();
    world.send("lane");
    seconds(1).await;
    assert!(engine.bans().active_until.is_some());
    seconds(4 * MINUTE).await;
    assert_eq!(calls(&world, "waiting"), 1);
    assert_eq!(engine.status()[0].waiting, 1);
    seconds(MINUTE).await;
    let bodies = world.caller.bodies();
    let last: Vec<&str> = bodies.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(last, ["2/0 lane v1", "1/0 lane v1"], "the lane moved on in order");
    assert_eq!((engine.status()[0].waiting, engine.status()[0].parked), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn answers_taken_badly_count_once_and_are_not_sent_again() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(299, ""));
    let engine = world.engine_with(vec![sharing("r")]).await;
    send(&world, 89);
    seconds(1).await;
    assert_eq!((calls(&world, "r"), engine.bans().failures_in_window), (89, 89));
    send(&world, 1);
    seconds(1).await;
    assert_eq!(calls(&world, "r"), 90);
    assert_eq!(engine.bans().evidence, "ban 1 within a day, after 90 failures; 90 of r, the last: odd");
    let status = engine.status();
    assert_eq!((status[0].delivered, status[0].on_time, status[0].late), (90, 90, 0));
}

#[tokio::test(start_paused = true)]
async fn a_ban_outlives_a_crash_and_the_next_one_is_longer() {
    let mut world = World::new(1);
    world.settings.storage_enabled = true;
    single(&mut world);
    failing(&world, "r");
    world.store.failing_saves.store(3, Ordering::SeqCst);
    let engine = world.engine_with(vec![sharing("r")]).await;
    world.send("lane");
    seconds(10).await;
    let until = engine.bans().active_until.unwrap();
    drop(engine);
    seconds(MINUTE).await;
    let engine = world.engine_with(vec![sharing("r")]).await;
    let bans = engine.bans();
    assert_eq!((bans.active_until, bans.starts.len()), (Some(until), 1));
    assert_eq!(bans.evidence, "ban 1 within a day, after 1 failures; 1 of r, the last: status 500");
    world.send("lane");
    seconds(1).await;
    assert_eq!((calls(&world, "r"), parked(&world, "r").len()), (1, 2));
    tokio::time::sleep(until.since(world.clock.now())).await;
    world.send("lane");
    seconds(1).await;
    assert_eq!(calls(&world, "r"), 2, "the first ban ended in time");
    let second = engine.bans().active_until.unwrap();
    assert!(second.since(until) >= Duration::from_secs(600), "ten minutes now");
    assert!(engine.drain(Duration::from_secs(1)).await.complete);
    assert_eq!(world.store.ban().await.unwrap().starts.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_ban_can_be_lifted_once() {
    let mut world = World::new(1);
    single(&mut world);
    failing(&world, "r");
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let engine = world.engine_with(vec![sharing("r")]).await;
    assert!(!engine.lift_ban());
    world.send("lane");
    seconds(1).await;
    assert!(engine.lift_ban() && !engine.lift_ban());
    assert_eq!(counters.gauge("ringback_app_ban_active").to_bits(), 0f64.to_bits());
    failing(&world, "nobody");
    world.send("lane");
    seconds(1).await;
    assert_eq!((calls(&world, "r"), engine.bans().active_until), (2, None));
    assert_eq!(world.store.ban().await.unwrap().until, None, "the end is saved too");
    drop(engine);
    let engine = world.engine_with(vec![sharing("r")]).await;
    assert_eq!(engine.bans().active_until, None);
}

#[tokio::test(start_paused = true)]
async fn a_strict_lane_is_held_by_what_fell_into_a_ban() {
    let mut world = World::new(1);
    world.settings.storage_enabled = true;
    single(&mut world);
    failing(&world, "r");
    let mut strict = sharing("r");
    strict.policy.order = Order::Strict;
    let engine = world.engine_with(vec![strict]).await;
    world.send("a");
    seconds(1).await;
    failing(&world, "nobody");
    world.send("b");
    world.send("b");
    seconds(6 * MINUTE).await;
    for lane in ["a", "b", "c"] {
        world.send(lane);
    }
    seconds(1).await;
    assert_eq!(world.caller.bodies(), ["1/0 a v1", "6/0 c v1"]);
    assert_eq!(engine.status()[0].parked, 2, "the heads; what waits behind them does so in the log");
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_during_a_ban_stops_the_stream_and_nothing_else() {
    const EVENTS: usize = 20_000;
    let mut world = World::new(1);
    world.settings.storage_enabled = true;
    single(&mut world);
    failing(&world, "r");
    let engine = world.engine_with(vec![sharing("r"), rule("other", Phase::After)]).await;
    world.send("lane");
    seconds(1).await;
    world.store.failing_saves.store(u64::MAX, Ordering::SeqCst);
    send(&world, EVENTS);
    seconds(MINUTE).await;
    let unsaved = usize::try_from(engine.status()[0].parked).unwrap();
    let turn = 256;
    assert!((limits::UNSAVED_ROWS..=limits::UNSAVED_ROWS + turn).contains(&unsaved), "{unsaved}");
    assert_eq!(calls(&world, "other"), EVENTS + 1);
    world.store.failing_saves.store(0, Ordering::SeqCst);
    seconds(MINUTE).await;
    assert_eq!(parked(&world, "r").len(), EVENTS + 1);
    assert_eq!(world.store.saved("r").cursor, LogPos(EVENTS as u64 + 1));
    assert!(engine.bans().active_until.is_some(), "all of it inside the ban");
}

#[tokio::test(start_paused = true)]
async fn setting_the_clock_lengthens_no_ban() {
    const HOUR_MS: i64 = 3_600_000;
    for set_by in [-HOUR_MS, HOUR_MS] {
        let mut world = World::new(1);
        single(&mut world);
        failing(&world, "r");
        let engine = world.engine_with(vec![sharing("r")]).await;
        world.send("lane");
        seconds(MINUTE).await;
        assert!(engine.bans().active_until.is_some());
        world.clock.set_by.store(set_by, Ordering::SeqCst);
        failing(&world, "nobody");
        // Back: the ban lasts as long as it was to. Forward: the clock says that it is over, at the next look.
        seconds(if set_by < 0 { 4 * MINUTE + 1 } else { MINUTE + 1 }).await;
        assert_eq!(engine.bans().active_until, None, "{set_by}");
        world.send("lane");
        seconds(1).await;
        assert_eq!(calls(&world, "r"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_contract_counts_deliveries_a_dead_one_is_one_failure_after_two_long_calls() {
    for (contract, failures, took) in [("served", 2, 2 * 5), ("patient", 1, 2 * 60)] {
        let world = World::new(1);
        world.caller.react(|_, _| Reaction::Hang);
        let mut rule = sharing("r");
        rule.contract = contract.to_owned();
        let engine = world.engine_with(vec![rule]).await;
        send(&world, 1);
        seconds(took - 1).await;
        assert_eq!(calls(&world, "r"), 2, "{contract}: the second call is under way");
        assert_eq!(engine.bans().failures_in_window, failures - 1, "{contract}");
        seconds(2).await;
        assert_eq!(calls(&world, "r"), 2, "{contract}: it is given up");
        assert_eq!(engine.bans().failures_in_window, failures, "{contract}");
    }
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(59), 200));
    let mut rule = sharing("r");
    rule.contract = "patient".to_owned();
    let engine = world.engine_with(vec![rule]).await;
    send(&world, 1);
    seconds(60).await;
    assert_eq!((calls(&world, "r"), engine.bans().failures_in_window), (1, 0), "it was waited for");
}
