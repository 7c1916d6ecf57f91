//! The dispatcher with scripted receivers, on paused time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ringback_model::delivery::ExceptionState;
use ringback_model::event::Phase;
use ringback_model::ids::LogPos;
use ringback_model::rule::{Ban, Order, Retry, Rule};

use crate::support::{Counters, Reaction, World, rule};

fn after(id: &str) -> Rule {
    rule(id, Phase::After)
}

fn retrying(id: &str, schedule: &[u32]) -> Rule {
    let mut rule = after(id);
    rule.policy.retry = Retry::Schedule(schedule.to_vec());
    rule.policy.ban = Ban::None;
    rule
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn positions(bodies: &[String]) -> Vec<u64> {
    bodies.iter().map(|body| body.split_once('/').unwrap().0.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_happy_path_moves_only_the_cursor() {
    let world = World::new(1);
    let engine = world.engine_with(vec![after("r")]).await;
    for n in 0..500 {
        world.send(&format!("lane{}", n % 7));
    }
    seconds(1).await;
    assert_eq!(world.caller.bodies().len(), 500);
    let saved = world.store.saved("r");
    assert_eq!((saved.cursor, saved.rows.len()), (LogPos(500), 0));
    let status = engine.status();
    assert_eq!((status[0].lag_events, status[0].waiting, status[0].in_flight), (0, 0, 0));
    assert!(world.store.saves.load(Ordering::SeqCst) < 10, "saves are shared");
}

#[tokio::test(start_paused = true)]
async fn a_stuck_lane_holds_only_itself_and_catches_up_in_order() {
    let world = World::new(1);
    world.caller.react(|request, now| {
        let down = request.url.ends_with("/bad") && now.0 < crate::support::EPOCH + 8_000;
        Reaction::Answer(if down { 500 } else { 200 }, "")
    });
    let engine = world.engine_with(vec![retrying("r", &[1, 5, 30])]).await;
    for _ in 0..100 {
        world.send("bad");
        world.send("good");
    }
    seconds(2).await;
    let good = world.caller.bodies().iter().filter(|body| body.contains("good")).count();
    assert_eq!(good, 100);
    let saved = world.store.saved("r");
    assert_eq!(saved.cursor, LogPos(200), "the cursor passes what has a row");
    assert_eq!(saved.rows.len(), 1, "one row for the whole lane");
    seconds(60).await;
    world.send("bad");
    seconds(1).await;
    let mut bad = world.caller.bodies();
    bad.retain(|body| body.contains("bad"));
    bad.dedup();
    let expected: Vec<u64> = (0..100).map(|n| 2 * n + 1).chain([201]).collect();
    assert_eq!(positions(&bad), expected);
    assert_eq!(world.store.saved("r").rows.len(), 0);
    assert_eq!(engine.status()[0].waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn when_retries_are_used_up_it_is_parked_and_the_lane_goes_on() {
    let world = World::new(1);
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.body.starts_with(b"1/") { 500 } else { 200 }, ""));
    let engine = world.engine_with(vec![retrying("r", &[1, 5])]).await;
    for _ in 0..3 {
        world.send("lane");
    }
    seconds(30).await;
    let seen = world.caller.seen.lock().unwrap().clone();
    let attempts: Vec<(u64, u32)> =
        seen.iter().map(|seen| (positions(std::slice::from_ref(&seen.body))[0], seen.attempt)).collect();
    assert_eq!(attempts, [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1)]);
    let saved = world.store.saved("r");
    let row = saved.rows.values().next().unwrap();
    assert!(matches!(row.state, ExceptionState::Parked { attempts: 3, .. }), "{row:?}");
    assert_eq!((saved.rows.len(), engine.status()[0].parked), (1, 1));
    assert_eq!(row.last_error, "status 500");
}

#[tokio::test(start_paused = true)]
async fn a_strict_lane_is_held_by_its_parked_head_over_restarts() {
    let world = World::new(1);
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.body.starts_with(b"1/") { 500 } else { 200 }, ""));
    let mut rule = retrying("r", &[1]);
    rule.policy.order = Order::Strict;
    let engine = world.engine_with(vec![rule.clone()]).await;
    for lane in ["lane", "lane", "other"] {
        world.send(lane);
    }
    seconds(30).await;
    drop(engine);
    let _engine = world.engine_with(vec![rule]).await;
    world.send("lane");
    seconds(30).await;
    assert_eq!(positions(&world.caller.bodies()), [1, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn policies_without_storage_drop_and_go_on() {
    for (retry, attempts) in [(Retry::None, 1), (Retry::Once, 2)] {
        let world = World::new(1);
        world.caller.react(|_, _| Reaction::Answer(500, ""));
        let mut rule = after("r");
        rule.policy.retry = retry;
        rule.policy.storage = false;
        rule.policy.ban = Ban::None;
        let engine = world.engine_with(vec![rule]).await;
        for _ in 0..20 {
            world.send("lane");
        }
        seconds(1).await;
        assert_eq!(world.caller.bodies().len(), 20 * attempts);
        let saved = world.store.saved("r");
        assert_eq!((saved.cursor, saved.rows.len()), (LogPos(20), 0));
        assert_eq!(engine.status()[0].parked, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_breaker_is_open_the_log_waits_and_nothing_is_parked() {
    let world = World::new(1);
    let back = crate::support::EPOCH + 24 * 3_600_000;
    world.caller.react(move |_, now| Reaction::Answer(if now.0 < back { 503 } else { 200 }, ""));
    let engine = world.engine_with(vec![after("r")]).await;
    for n in 0..3000 {
        world.send(&format!("lane{}", n % 500));
    }
    seconds(23 * 3600).await;
    let status = engine.status().remove(0);
    assert!(status.breaker.open && status.breaker.next_probe.is_some(), "{status:?}");
    assert_eq!(status.parked, 0);
    assert!(status.waiting < 100 && status.lag_events > 2000, "{status:?}");
    let probes = world.caller.bodies().len();
    assert!(probes < 23 * 3600 / 30 + 200, "{probes} calls to a dead receiver");
    seconds(2 * 3600).await;
    let status = engine.status().remove(0);
    assert_eq!((status.lag_events, status.waiting, status.parked), (0, 0, 0), "{status:?}");
    let mut delivered: Vec<u64> = world
        .caller
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|seen| seen.status == Some(200))
        .map(|seen| positions(std::slice::from_ref(&seen.body))[0])
        .collect();
    delivered.sort_unstable();
    assert_eq!(delivered, (1..=3000).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn at_the_bound_of_waiting_deliveries_the_cursor_stops() {
    let mut world = World::new(1);
    world.settings.exceptions_per_rule = 10;
    world.settings.parked_per_rule = 1000;
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    let mut rule = retrying("r", &[60]);
    rule.policy.concurrency = 4;
    let engine = world.engine_with(vec![rule]).await;
    for n in 0..100 {
        world.send(&format!("lane{n}"));
    }
    seconds(30).await;
    let saved = world.store.saved("r");
    assert_eq!((saved.rows.len(), saved.cursor), (10, LogPos(10)));
    assert_eq!(engine.status()[0].lag_events, 90);
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    seconds(60).await;
    assert_eq!(world.store.saved("r").cursor, LogPos(100), "room was made, so it goes on");
}

#[tokio::test(start_paused = true)]
async fn a_crash_sends_again_what_was_not_saved_with_the_same_id_and_bytes() {
    let mut world = World::new(1);
    world.settings.checkpoint_every = Duration::from_secs(3600);
    let engine = world.engine_with(vec![after("r")]).await;
    for _ in 0..5 {
        world.send("lane");
    }
    seconds(1).await;
    drop(engine);
    let engine = world.engine_with(vec![after("r")]).await;
    seconds(1).await;
    let drained = engine.drain(Duration::from_secs(1)).await;
    assert!(drained.complete && drained.cut == 0);
    let seen = world.caller.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 10);
    for (first, second) in seen[..5].iter().zip(&seen[5..]) {
        assert_eq!((&first.webhook_id, &first.body), (&second.webhook_id, &second.body));
    }
    assert_eq!(world.store.saved("r").cursor, LogPos(5));
}

#[tokio::test(start_paused = true)]
async fn a_save_that_fails_is_tried_again() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    world.store.failing_saves.store(8, Ordering::SeqCst);
    let _engine = world.engine_with(vec![retrying("r", &[3600])]).await;
    world.send("lane");
    seconds(1).await;
    assert_eq!(world.store.saved("r").cursor, LogPos(0));
    seconds(10).await;
    let saved = world.store.saved("r");
    assert_eq!((saved.cursor, saved.rows.len()), (LogPos(1), 1));
}

#[tokio::test(start_paused = true)]
async fn drain_waits_for_calls_and_counts_those_it_cuts() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        let slow = request.url.ends_with("/slow");
        Reaction::After(Duration::from_secs(if slow { 4 } else { 1 }), 200)
    });
    let engine = world.engine_with(vec![after("r")]).await;
    for lane in ["quick", "slow"] {
        world.send(lane);
    }
    tokio::time::sleep(Duration::from_millis(10)).await;
    let drained = engine.drain(Duration::from_secs(2)).await;
    assert_eq!((drained.cut, drained.complete), (1, true));
    assert_eq!(world.store.saved("r").cursor, LogPos(1));
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_before_its_push_and_waiting_takes_no_slot() {
    let world = World::new(1);
    world.handover.held.send_replace(true);
    let mut rule = after("r");
    rule.policy.concurrency = 1;
    let _engine = world.engine_with(vec![rule]).await;
    for n in 0..10 {
        world.send(&format!("lane{n}"));
    }
    seconds(1).await;
    assert!(world.caller.bodies().is_empty());
    world.handover.held.send_replace(false);
    seconds(1).await;
    assert_eq!(world.caller.bodies().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn concurrency_and_rate_are_bounds() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(1), 200));
    let mut narrow = after("r");
    narrow.policy.concurrency = 3;
    let engine = world.engine_with(vec![narrow.clone()]).await;
    for n in 0..30 {
        world.send(&format!("lane{n}"));
    }
    seconds(20).await;
    assert_eq!(world.caller.most_under_way.load(Ordering::SeqCst), 3);
    assert_eq!(world.caller.bodies().len(), 30);
    let mut slow = narrow;
    slow.policy.concurrency = 64;
    slow.policy.rate_limit = Some(10);
    engine.set_rules(vec![slow]).await.unwrap();
    for n in 0..100 {
        world.send(&format!("lane{n}"));
    }
    seconds(5).await;
    let calls = world.caller.bodies().len() - 30;
    assert!((45..=52).contains(&calls), "{calls} calls in 5 s at 10 a second");
}

#[tokio::test(start_paused = true)]
async fn a_slow_rule_reads_by_itself_and_holds_nobody() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        if request.url.contains("//slow.") {
            Reaction::After(Duration::from_millis(100), 200)
        } else {
            Reaction::Answer(200, "")
        }
    });
    let mut slow = after("slow");
    slow.policy.concurrency = 10;
    let engine = world.engine_with(vec![slow, after("fast")]).await;
    for n in 0..20_000 {
        world.send(&format!("lane{}", n % 50));
        if n % 100 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    seconds(1).await;
    let status = engine.status();
    assert_eq!((status[1].lag_events, status[1].name.as_str()), (0, "fast"));
    assert!(status[0].lag_events > 10_000);
    seconds(300).await;
    assert_eq!(engine.status()[0].lag_events, 0);
    let mut slow = world.caller.bodies().len();
    slow -= 20_000;
    assert_eq!(slow, 20_000);
}

#[tokio::test(start_paused = true)]
async fn copies_run_side_by_side_and_keep_order_per_recipient() {
    let mut world = World::new(1);
    world.settings.window_deliveries = 16;
    let bad_until = crate::support::EPOCH + 500;
    world.caller.react(move |request, now| {
        let bad = String::from_utf8_lossy(&request.body).contains("/7 ") && now.0 < bad_until;
        Reaction::Answer(if bad { 500 } else { 200 }, "")
    });
    let mut rule = retrying("r", &[1, 1]);
    rule.switches = vec![("copies".to_owned(), "40".to_owned())];
    let engine = world.engine_with(vec![rule.clone()]).await;
    for _ in 0..5 {
        world.send("g:1");
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    drop(engine);
    // A restart must find the conversation's lane from the recipient's.
    let engine = world.engine_with(vec![rule]).await;
    seconds(20).await;
    let saved = world.store.saved("r");
    assert_eq!((saved.cursor, saved.rows.len()), (LogPos(5), 0), "{:?}", engine.status());
    let bodies = world.caller.bodies();
    let mut seventh: Vec<String> = bodies.iter().filter(|body| body.contains("/7 ")).cloned().collect();
    seventh.dedup();
    assert_eq!(positions(&seventh), [1, 2, 3, 4, 5]);
    assert_eq!(bodies.len(), 5 * 40 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_rule_without_order_waits_for_nobody() {
    let world = World::new(1);
    world.caller.react(|request, now| {
        let down = request.body.starts_with(b"1/") && now.0 < crate::support::EPOCH + 3_000;
        Reaction::Answer(if down { 500 } else { 200 }, "")
    });
    let mut rule = retrying("r", &[1, 5]);
    rule.policy.order = Order::None;
    let engine = world.engine_with(vec![rule.clone()]).await;
    for _ in 0..3 {
        world.send("lane");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    seconds(2).await;
    drop(engine);
    let _engine = world.engine_with(vec![rule]).await;
    seconds(20).await;
    assert_eq!(positions(&world.caller.bodies()), [1, 2, 3, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured() {
    let world = World::new(1);
    world.caller.react(|_, now| {
        if now.0 < crate::support::EPOCH + 60_000 {
            Reaction::Retry(429, Duration::from_secs(90))
        } else {
            Reaction::Answer(200, "")
        }
    });
    let _engine = world.engine_with(vec![retrying("r", &[1, 1])]).await;
    world.send("lane");
    seconds(89).await;
    assert_eq!(world.caller.bodies().len(), 1);
    seconds(3).await;
    assert_eq!(world.caller.bodies().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_left_the_log_is_passed_and_counted() {
    let world = World::new(1);
    let engine = world.engine_with(vec![after("r")]).await;
    world.send("lane");
    seconds(1).await;
    drop(engine);
    for _ in 0..10 {
        world.send("lane");
    }
    world.store.expire_before(LogPos(9));
    let engine = world.engine_with(vec![after("r")]).await;
    seconds(1).await;
    assert_eq!(positions(&world.caller.bodies()), [1, 9, 10, 11]);
    assert_eq!(engine.status()[0].cursor, LogPos(11));
}

#[tokio::test(start_paused = true)]
async fn what_left_the_log_unseen_is_counted_also_where_more_follows() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let world = World::new(1);
    let engine = world.engine_with(vec![after("r")]).await;
    world.send("lane");
    seconds(1).await;
    drop(engine);
    for _ in 0..9 {
        world.send("lane");
    }
    world.store.expire_before(LogPos(6));
    let _engine = world.engine_with(vec![after("r")]).await;
    seconds(1).await;
    assert_eq!(positions(&world.caller.bodies()), [1, 6, 7, 8, 9, 10]);
    assert_eq!(counters.of("ringback_callback_expired_total"), 4);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_panics_goes_on_and_does_not_block_changes() {
    let world = World::new(1);
    world.caller.react(|_, now| {
        assert!(now.0 > crate::support::EPOCH + 5_000, "on purpose");
        Reaction::Answer(200, "")
    });
    let engine = world.engine_with(vec![after("r")]).await;
    world.send("lane");
    seconds(30).await;
    assert_eq!(positions(&world.caller.bodies()), [1]);
    assert_eq!(world.store.saved("r").cursor, LogPos(1));
    assert!(engine.dead_tasks().is_empty());
    world.caller.react(|_, _| panic!("on purpose"));
    world.send("lane");
    seconds(1).await;
    tokio::time::timeout(Duration::from_secs(1), engine.set_rules(Vec::new())).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_stays_parked_where_a_crash_left_the_cursor_before_it() {
    let world = World::new(1);
    world.caller.react(|request, _| match request.url.ends_with("/slow") {
        true => Reaction::After(Duration::from_secs(4), 200),
        false => Reaction::Answer(500, ""),
    });
    let mut rule = after("r");
    rule.policy.retry = Retry::None;
    let engine = world.engine_with(vec![rule.clone()]).await;
    world.send("slow");
    world.send("bad");
    seconds(1).await;
    drop(engine);
    assert_eq!(world.store.saved("r").cursor, LogPos(0));
    let engine = world.engine_with(vec![rule]).await;
    seconds(10).await;
    assert_eq!(positions(&world.caller.bodies()), [1, 2, 1]);
    assert_eq!((engine.status()[0].parked, engine.status()[0].cursor), (1, LogPos(2)));
}

#[tokio::test(start_paused = true)]
async fn retries_do_not_hold_lanes_in_order_even_where_there_is_room_for_one_call() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        let bad = request.url.contains("/bad");
        Reaction::After(Duration::from_secs(1), if bad { 500 } else { 200 })
    });
    let mut rule = retrying("r", &[10; 6]);
    rule.policy.concurrency = 1;
    let _engine = world.engine_with(vec![rule]).await;
    for lane in 0..20 {
        world.send(&format!("bad{lane}"));
    }
    seconds(40).await;
    for lane in ["good1", "good2", "good3"] {
        world.send(lane);
    }
    seconds(10).await;
    let good = world.caller.bodies().iter().filter(|body| body.contains("good")).count();
    assert_eq!(good, 3);
}
