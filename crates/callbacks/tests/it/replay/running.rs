//! Replays that are refused, paused, cancelled, cut short, or too many.

use super::*;

/// A replay of 60 conversations whose calls take 100 ms, ten a second.
async fn slow() -> (World, Arc<Engine>, String) {
    let lanes: Vec<String> = (0..60).map(|number| format!("g:{number}")).collect();
    let lanes: Vec<&str> = lanes.iter().map(String::as_str).collect();
    let (world, engine, _) = told(&lanes).await;
    world.caller.react(|_, _| Reaction::After(Duration::from_millis(100), 200));
    let id = engine.start_replay(ReplayOrder { rate: Some(10), ..everything() }).await.unwrap().id;
    seconds(2).await;
    (world, engine, id)
}

#[tokio::test(start_paused = true)]
async fn a_paused_replay_starts_no_calls_until_it_is_resumed() {
    let (world, engine, id) = slow().await;
    let running = engine.replay(&id).unwrap();
    assert_eq!(running.state, ReplayState::Running);
    assert!((18..=22).contains(&running.delivered), "{}", running.delivered);
    assert_eq!(engine.pause_replay(&id).unwrap().state, ReplayState::Paused);
    seconds(1).await;
    let paused = engine.replay(&id).unwrap();
    calls(&world);
    seconds(600).await;
    assert_eq!((calls(&world).len(), engine.replay(&id).unwrap().delivered), (0, paused.delivered));
    engine.resume_replay(&id).unwrap();
    let status = ended(&engine, &id).await;
    assert_eq!((status.state, status.delivered), (ReplayState::Done, 60), "each once");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_replay_says_where_to_go_on() {
    let (world, engine, id) = slow().await;
    engine.cancel_replay(&id).unwrap();
    let status = ended(&engine, &id).await;
    assert_eq!(status.state, ReplayState::Cancelled);
    assert_eq!(status.position, LogPos(status.delivered), "those under way were finished");
    assert!(status.delivered < 30);
    let over = engine.resume_replay(&id).unwrap_err();
    assert!(over.to_string().contains("is over (cancelled)"), "{over}");
    let first = positions(&calls(&world));
    let order = ReplayOrder { after: Some(status.position), rate: Some(100), ..everything() };
    assert_eq!(replayed(&engine, order).await.delivered, 60 - status.delivered);
    let all: Vec<u64> = first.into_iter().chain(positions(&calls(&world))).collect();
    assert_eq!(all, (1..=60).collect::<Vec<u64>>(), "each once");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_waits_holds_the_position_back() {
    let (world, engine, _) = told(&["g:a", "g:b", "g:a", "g:b"]).await;
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.body.starts_with(b"2/") { 500 } else { 200 }, ""));
    let id = engine.start_replay(everything()).await.unwrap().id;
    let waiting = wait(&engine, &id, |status| status.delivered == 2).await;
    assert_eq!(waiting.position, LogPos(1), "the second is not over");
    engine.cancel_replay(&id).unwrap();
    let status = ended(&engine, &id).await;
    assert_eq!((status.position, status.failed), (LogPos(1), 0));
}

#[tokio::test(start_paused = true)]
async fn a_drain_finishes_the_calls_under_way() {
    let (world, engine, id) = slow().await;
    let drained = engine.drain(Duration::from_secs(5)).await;
    assert!(drained.complete);
    let status = engine.replay(&id).unwrap();
    assert_eq!(status.state, ReplayState::Cancelled);
    assert_eq!(status.position, LogPos(status.delivered));
    assert!(world.caller.seen.lock().unwrap().iter().all(|seen| seen.status == Some(200)), "none was cut");
    let refused = engine.start_replay(everything()).await.unwrap_err();
    assert!(matches!(refused, ReplayError::ShuttingDown), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_drain_cuts_calls_that_do_not_come_back() {
    let (world, engine, _) = told(&["g:a", "g:a"]).await;
    world.caller.react(|_, _| Reaction::Hang);
    let id = engine.start_replay(everything()).await.unwrap().id;
    wait(&engine, &id, |_| !world.caller.seen.lock().unwrap().is_empty()).await;
    let began = world.clock.now();
    engine.drain(Duration::from_secs(1)).await;
    assert!(world.clock.now().since(began) < Duration::from_secs(3));
    assert_eq!(engine.replay(&id).unwrap().position, LogPos(0), "what was cut is not over");
}

#[tokio::test(start_paused = true)]
async fn a_rule_has_one_replay_at_a_time_and_the_server_four() {
    let world = World::new(1);
    let rules = ["r", "s", "t", "u", "v"];
    let engine = world.engine_with(rules.iter().map(|id| after(id)).collect()).await;
    world.send("g:a");
    let held = |rule: &str| ReplayOrder { hold: true, ..ReplayOrder::of(RuleId::new(rule)) };
    let first = engine.start_replay(held("r")).await.unwrap().id;
    let refused = engine.start_replay(held("r")).await.unwrap_err();
    assert!(matches!(&refused, ReplayError::Running(id) if *id == first), "{refused}");
    let dry = replayed(&engine, ReplayOrder { dry: true, ..everything() }).await;
    assert_eq!(dry.state, ReplayState::Done, "counting is in nobody's way");
    for rule in &rules[1..4] {
        engine.start_replay(held(rule)).await.unwrap();
    }
    assert!(matches!(engine.start_replay(held("v")).await.unwrap_err(), ReplayError::Full));
    engine.cancel_replay(&first).unwrap();
    ended(&engine, &first).await;
    engine.start_replay(held("v")).await.unwrap();
    assert!(matches!(engine.replay("nobody").unwrap_err(), ReplayError::NotFound(_)));
}

#[tokio::test(start_paused = true)]
async fn those_that_are_over_are_forgotten_after_a_while() {
    let (_world, engine, _) = told(&["g:a"]).await;
    let mut ids = Vec::new();
    for _ in 0..60 {
        ids.push(replayed(&engine, ReplayOrder { dry: true, ..everything() }).await.id);
    }
    let known: Vec<String> = engine.replays().into_iter().map(|status| status.id).collect();
    assert!(known.len() <= 51, "{}", known.len());
    let newest: Vec<String> = ids.into_iter().rev().take(50).collect();
    assert_eq!(known[..50], newest[..], "newest first");
}

#[tokio::test(start_paused = true)]
async fn orders_are_looked_at_before_anything_is_sent() {
    let world = World::new(1);
    let engine = world.engine_with(vec![after("r"), rule("asks", Phase::Before)]).await;
    world.send("g:a");
    seconds(1).await;
    calls(&world);
    let to = |url: &str| ReplayOrder { target_url: Some(url.to_owned()), ..everything() };
    let events = |name: &str| ReplayOrder { events: vec![name.to_owned()], ..everything() };
    let now = world.clock.now();
    for (order, expected) in [
        (ReplayOrder::of(RuleId::new("nobody")), "no rule is named nobody"),
        (ReplayOrder::of(RuleId::new("asks")), "asks before an event"),
        (ReplayOrder { rate: Some(0), ..everything() }, "1 to 10000"),
        (ReplayOrder { rate: Some(10_001), ..everything() }, "1 to 10000"),
        (ReplayOrder { seqs: Some((1, 2)), ..everything() }, "needs a conversation"),
        (
            ReplayOrder { seqs: Some((3, 2)), conversations: vec![group("a")], ..everything() },
            "the first not above the last",
        ),
        (ReplayOrder { from: Some(now), to: Some(now), ..everything() }, "later than"),
        (events("told"), "no event is named \"told\""),
        (events("message_sending"), "no event is named"),
        (ReplayOrder { events: vec!["sent".to_owned(); 101], ..everything() }, "more than 100"),
        (to("ftp://93.184.216.34/"), "http://"),
        (to("http://127.0.0.1:8000/test"), "may not be called"),
        (to("http://169.254.169.254/latest"), "may not be called"),
    ] {
        let why = engine.start_replay(order.clone()).await.unwrap_err().to_string();
        assert!(why.contains(expected), "{order:?}: {why}");
    }
    seconds(5).await;
    assert_eq!((calls(&world).len(), engine.replays().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn another_target_keeps_what_the_contract_adds_and_obeys_the_address_policy() {
    for (by_rule, by_setting) in [(false, false), (true, false), (false, true)] {
        let mut world = World::new(1);
        world.settings.private_targets = by_setting;
        let mut rule = after("r");
        rule.policy.allow_private = by_rule;
        let engine = world.engine_with(vec![rule]).await;
        world.send("g:a");
        seconds(1).await;
        let first = calls(&world).remove(0);
        let private = by_rule || by_setting;
        let url = if private { "http://127.0.0.1:9/x" } else { ELSEWHERE };
        let order = ReplayOrder { target_url: Some(url.to_owned()), ..everything() };
        assert_eq!(replayed(&engine, order).await.delivered, 1);
        let again = calls(&world).remove(0);
        assert_eq!(again.url, format!("{url}/g:a"));
        assert_eq!((&again.body, &again.webhook_id), (&first.body, &first.webhook_id));
        assert_eq!(again.allow_private, private);
        replayed(&engine, everything()).await;
        let own = calls(&world).remove(0);
        assert_eq!(own.allow_private, by_rule, "the setting is about named URLs alone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_takes_nothing_pauses_it() {
    let lanes: Vec<String> = (0..60).map(|number| format!("g:{number}")).collect();
    let lanes: Vec<&str> = lanes.iter().map(String::as_str).collect();
    let (world, engine, _) = told(&lanes).await;
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    let id = engine.start_replay(everything()).await.unwrap().id;
    let status = wait(&engine, &id, |status| status.state == ReplayState::Paused).await;
    assert!(status.why.unwrap().contains("20 deliveries in a row"));
    seconds(60).await;
    let failed = engine.replay(&id).unwrap().failed;
    assert!((20..=60).contains(&failed), "those under way come to their end: {failed}");
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    engine.resume_replay(&id).unwrap();
    let status = ended(&engine, &id).await;
    assert_eq!((status.delivered + status.failed, status.why), (60, None));
    assert!(status.delivered > 0);
}

#[tokio::test(start_paused = true)]
async fn a_ban_keeps_it_from_the_rules_receiver_and_from_no_other() {
    let mut world = World::new(1);
    world.settings.ban.failures = 3;
    let mut shared = after("r");
    shared.policy.ban = Ban::App;
    shared.policy.retry = ringback_model::rule::Retry::None;
    let engine = world.engine_with(vec![shared]).await;
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    for number in 0..4 {
        world.send(&format!("g:{number}"));
    }
    let held = engine.start_replay(ReplayOrder { hold: true, ..everything() }).await.unwrap().id;
    seconds(5).await;
    assert!(engine.bans().active_until.is_some());
    calls(&world);
    engine.resume_replay(&held).unwrap();
    let paused =
        wait(&engine, &held, |status| status.state == ReplayState::Paused && status.why.is_some()).await;
    assert!(paused.why.unwrap().contains("banned"));
    seconds(5).await;
    assert_eq!(calls(&world).len(), 0);
    engine.cancel_replay(&held).unwrap();
    ended(&engine, &held).await;
    assert!(matches!(engine.start_replay(everything()).await.unwrap_err(), ReplayError::Banned));
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    let order = ReplayOrder { target_url: Some(ELSEWHERE.to_owned()), ..everything() };
    assert_eq!(replayed(&engine, order).await.delivered, 4);
}
