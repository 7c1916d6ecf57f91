//! How a replay sends: ids, bytes, header, order, rate, and beside everything that is live.

use super::*;

#[tokio::test(start_paused = true)]
async fn it_is_the_same_delivery_again_with_a_header() {
    let (world, engine, first) = told(&["g:a", "g:b", "g:a"]).await;
    let status = replayed(&engine, everything()).await;
    let mut again = calls(&world);
    again.sort_by_key(|seen| seen.body.clone());
    assert_eq!(again.len(), 3);
    for (first, again) in first.iter().zip(&again) {
        assert_eq!(
            (&first.url, &first.body, &first.webhook_id, first.attempt),
            (&again.url, &again.body, &again.webhook_id, again.attempt)
        );
        assert_eq!((&first.replay, again.replay.as_deref()), (&None, Some(status.id.as_str())));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_live_hears_of_it() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let (world, engine, _) = told(&["g:a", "g:b", "g:a", "g:c"]).await;
    let attempts = counters.of("ringback_callback_attempts_total");
    let before = (engine.status().remove(0), world.store.saved("r"));
    // Enough failures to open a breaker, were they its business.
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    let status = replayed(&engine, everything()).await;
    assert_eq!((status.delivered, status.failed), (0, 4));
    seconds(60).await;
    let after = (engine.status().remove(0), world.store.saved("r"));
    assert_eq!((before.0.cursor, before.0.delivered), (after.0.cursor, after.0.delivered));
    assert_eq!((after.0.waiting, after.0.parked, after.0.breaker.open), (0, 0, false));
    assert_eq!((before.1.cursor, before.1.rows.len()), (after.1.cursor, after.1.rows.len()));
    assert_eq!(counters.of("ringback_callback_attempts_total"), attempts, "its own counters count it");
    assert_eq!(counters.labelled("ringback_replay_sent_total", "failed"), 4);
    assert!(counters.gauge("ringback_replays_running").abs() < f64::EPSILON);
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    calls(&world);
    world.send("g:a");
    seconds(1).await;
    assert_eq!(positions(&calls(&world)), [5], "live deliveries go on");
}

#[tokio::test(start_paused = true)]
async fn lanes_go_side_by_side_each_in_its_order_and_not_faster_than_the_rate() {
    let world = World::new(1);
    for number in 0..300 {
        world.send(&format!("g:{}", (number / 3) % 20));
    }
    let engine = world.engine_with(vec![after("r")]).await;
    world.caller.react(|_, _| Reaction::After(Duration::from_millis(100), 200));
    let began = world.clock.now();
    let status = replayed(&engine, ReplayOrder { rate: Some(100), ..everything() }).await;
    let took = world.clock.now().since(began);
    assert_eq!(status.delivered, 300);
    assert!((Duration::from_millis(2900)..Duration::from_secs(5)).contains(&took), "{took:?} at 100/s");
    assert_eq!(world.caller.twice.lock().unwrap().len(), 0, "never two of one lane");
    let calls = calls(&world);
    for lane in 0..20 {
        let url = format!("http://r.test/g:{lane}");
        let of_lane: Vec<Seen> = calls.iter().filter(|seen| seen.url == url).cloned().collect();
        assert!(positions(&of_lane).is_sorted(), "lane {lane}");
    }
    let seconds: Vec<usize> = (0..3)
        .map(|second| {
            let inside = |seen: &&Seen| seen.at.since(began).as_secs() == second;
            calls.iter().filter(inside).count()
        })
        .collect();
    assert!(seconds.iter().all(|calls| *calls <= 102), "{seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rules_own_bounds_hold_where_they_are_lower() {
    let world = World::new(1);
    for number in 0..60 {
        world.send(&format!("g:{number}"));
    }
    let mut rule = after("r");
    rule.policy.concurrency = 3;
    rule.policy.rate_limit = Some(20);
    let engine = world.engine_with(vec![rule]).await;
    world.caller.react(|_, _| Reaction::After(Duration::from_millis(400), 200));
    let began = world.clock.now();
    let status = replayed(&engine, everything()).await;
    assert_eq!((status.rate, status.delivered), (20, 60));
    assert_eq!(world.caller.most_under_way.load(std::sync::atomic::Ordering::SeqCst), 3);
    assert!(world.clock.now().since(began) >= Duration::from_secs(8), "60 calls of 400 ms, three at a time");
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_then_named_and_the_rest_goes_on() {
    let (world, engine, first) = told(&["g:a", "g:b", "g:a"]).await;
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.body.starts_with(b"1/") { 503 } else { 200 }, ""));
    let status = replayed(&engine, everything()).await;
    assert_eq!((status.state, status.delivered, status.failed), (ReplayState::Done, 2, 1));
    let failure = &status.failures[0];
    assert_eq!((failure.key.pos, failure.attempts, failure.reason.as_str()), (LogPos(1), 4, "status 503"));
    assert_eq!(failure.webhook_id, first[0].webhook_id);
    let calls = calls(&world);
    let attempts: Vec<u32> =
        calls.iter().filter(|seen| seen.body.starts_with("1/")).map(|seen| seen.attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4]);
    let of_a: Vec<Seen> = calls.into_iter().filter(|seen| seen.url.ends_with("g:a")).collect();
    assert_eq!(positions(&of_a), [1, 1, 1, 1, 3], "its conversation waits for it");
    assert_eq!(status.position, LogPos(3));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_asks_for_a_while_gets_no_more_than_the_longest_wait() {
    let (world, engine, _) = told(&["g:a"]).await;
    world.caller.react(|_, _| Reaction::Retry(429, Duration::from_secs(3600)));
    let began = world.clock.now();
    replayed(&engine, everything()).await;
    let took = world.clock.now().since(began).as_secs();
    assert!((30..=37).contains(&took), "three waits of 10 s and their jitter: {took} s");
}

#[tokio::test(start_paused = true)]
async fn copies_keep_their_ids_and_recipients() {
    let world = World::new(1);
    let mut rule = after("r");
    rule.switches = vec![("copies".to_owned(), "300".to_owned())];
    let engine = world.engine_with(vec![rule]).await;
    world.send("g:a");
    seconds(5).await;
    let ids = |calls: Vec<Seen>| {
        let mut ids: Vec<(String, String)> =
            calls.into_iter().map(|seen| (seen.webhook_id, seen.url)).collect();
        ids.sort();
        ids
    };
    let first = ids(calls(&world));
    assert_eq!(first.len(), 300, "more than one page");
    let status = replayed(&engine, ReplayOrder { rate: Some(1000), ..everything() }).await;
    assert_eq!((status.counts.deliveries, status.delivered), (300, 300));
    assert_eq!(ids(calls(&world)), first);
}
