//! Slices that are sent again.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_slice_is_sent_again_to_the_rules_own_url_and_disappears() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let world = world();
    let engine = world.engine_with(vec![served("r")]).await;
    fail(&world, &["a", "b", "a"]).await;
    let before = seen(&world);
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(3));
    ended(&engine).await;
    assert_eq!(served_slices(&engine).await, []);
    let again = &seen(&world)[3..];
    assert_eq!(again.len(), 3);
    for first in &before {
        let second = again.iter().find(|second| second.body == first.body).unwrap();
        assert_eq!((&second.url, &second.webhook_id), (&first.url, &first.webhook_id));
        assert_eq!((first.attempt, second.attempt), (1, 2));
    }
    assert_eq!(counters.of("ringback_storage_resent_total"), 3);
    seconds(1).await;
    assert_eq!(engine.status()[0].parked, 0, "the rule's task has heard of it");
    let (code, why) = refusal(engine.resend(order(EAST)).await);
    assert_eq!(code, RefusalCode::BadArgument);
    assert!(why.contains(EAST), "{why}");
}

#[tokio::test(start_paused = true)]
async fn what_fails_again_stays_under_its_key_and_goes_elsewhere_the_next_time() {
    let world = world();
    let engine = world.engine_with(vec![served("r")]).await;
    fail(&world, &["a", "b", "c"]).await;
    // It is the next slice by now: the key must not move.
    seconds(700).await;
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.body.starts_with(b"2/") { 502 } else { 299 }, ""));
    let from = seen(&world).len();
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(3));
    ended(&engine).await;
    assert_eq!(seen(&world).len() - from, 3, "one attempt each");
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 1, 1)]);
    let parked = engine.parked(EAST, None, None, 10).await.unwrap().remove(0);
    assert_eq!((parked.attempts, parked.last_error.as_str()), (2, "status 502"));
    assert!(parked.at.0 < EPOCH + 10_000, "it is kept no longer for that");
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    let from = seen(&world).len();
    assert_eq!(engine.resend(order_to(EAST, ELSEWHERE)).await.unwrap(), ResendStart::Started(1));
    ended(&engine).await;
    assert_eq!(calls(&world, from), [(ELSEWHERE.to_owned(), 2, 3)]);
    assert_eq!(served_slices(&engine).await, []);
    assert_eq!(world.store.saved("r").rows.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn orders_are_looked_at_before_anything_is_sent() {
    let world = world();
    let engine = world.engine_with(vec![served("r"), plain("p")]).await;
    fail(&world, &["a"]).await;
    let from = seen(&world).len();
    let to = |url: &str| order_to(EAST, url);
    let of = |rule: &str| Resend { rule: Some(RuleId::new(rule)), ..order(EAST) };
    for (order, expected) in [
        (order("2023111506"), "10 characters"),
        (order("20231115061"), "11 characters"),
        (order("20231115061x"), "'x'"),
        (order("202311150615"), "minute 15"),
        (order("202302310610"), "day 31"),
        (order("202311150600"), "nothing is stored"),
        (order(UTC), "nothing is stored"),
        (of("nobody"), "rule nobody"),
        (of("p"), "rule p"),
        (to("ftp://93.184.216.34/"), "http://"),
        (to("http://127.0.0.1:8000/test"), "may not be called"),
        (to("http://[::1]:8000/test"), "may not be called"),
        (to("http://169.254.169.254/latest"), "may not be called"),
    ] {
        let (code, why) = refusal(engine.resend(order.clone()).await);
        assert_eq!(code, RefusalCode::BadArgument, "{order:?}");
        assert!(why.contains(expected), "{order:?}: {why}");
    }
    seconds(5).await;
    assert_eq!(calls(&world, from), []);
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 1, 0)]);
    assert_eq!(engine.resend(to("")).await.unwrap(), ResendStart::Started(1), "an empty URL is none");
}

#[tokio::test(start_paused = true)]
async fn private_targets_are_the_rules_or_the_settings_to_allow() {
    for (by_rule, by_setting) in [(true, false), (false, true)] {
        let mut world = world();
        world.settings.private_targets = by_setting;
        let mut rule = served("r");
        rule.policy.allow_private = by_rule;
        let engine = world.engine_with(vec![rule]).await;
        fail(&world, &["a"]).await;
        let started = engine.resend(order_to(EAST, "http://127.0.0.1:9/x")).await.unwrap();
        assert_eq!(started, ResendStart::Started(1));
        ended(&engine).await;
        let (code, _) = refusal(engine.resend(order_to(EAST, "http://169.254.169.254/")).await);
        assert_eq!(code, RefusalCode::BadArgument, "never");
        engine.resend(order(EAST)).await.unwrap();
        ended(&engine).await;
        let allowed: Vec<bool> = seen(&world)[1..].iter().map(|seen| seen.allow_private).collect();
        assert_eq!(allowed, [true, by_rule], "the setting is about named URLs alone");
    }
}

#[tokio::test(start_paused = true)]
async fn rules_that_changed_went_or_are_off_are_called_as_they_were_last() {
    let world = world();
    let engine = world.engine_with(vec![served("moved"), served("off"), served("gone")]).await;
    fail(&world, &["a"]).await;
    let mut moved = served("moved");
    moved.url = "http://new.test".to_owned();
    let mut off = served("off");
    off.enabled = false;
    engine.set_rules(vec![moved, off.clone()]).await.unwrap();
    seconds(1).await;
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 3, 0)]);
    drop(engine);
    // A restart knows the rule that is gone from the book alone.
    let mut moved = served("moved");
    moved.url = "http://new.test".to_owned();
    let engine = world.engine_with(vec![moved, off]).await;
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    let from = seen(&world).len();
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(3));
    ended(&engine).await;
    let urls: BTreeSet<String> = calls(&world, from).into_iter().map(|(url, ..)| url).collect();
    assert_eq!(
        urls,
        ["http://gone.test/a", "http://new.test/a", "http://off.test/a"].map(str::to_owned).into()
    );
    assert_eq!(served_slices(&engine).await, []);
}

#[tokio::test(start_paused = true)]
async fn lanes_go_side_by_side_and_each_in_its_order() {
    let world = world();
    let mut rule = served("r");
    rule.policy.concurrency = 10;
    let engine = world.engine_with(vec![rule.clone()]).await;
    // More than one page, and lanes that reach over pages.
    for n in 0..400 {
        world.send(&format!("lane{}", (n / 5) % 40));
    }
    seconds(30).await;
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 400, 0)]);
    world.caller.react(|_, _| Reaction::After(Duration::from_millis(100), 200));
    world.caller.most_under_way.store(0, Ordering::SeqCst);
    let (from, began) = (seen(&world).len(), world.clock.now());
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(400));
    ended(&engine).await;
    let took = world.clock.now().since(began);
    assert!(took < Duration::from_secs(6), "{took:?} for 400 calls of 100 ms, ten at a time");
    assert_eq!(world.caller.most_under_way.load(Ordering::SeqCst), 10);
    assert_eq!(world.caller.twice.lock().unwrap().len(), 0, "never two of one lane");
    let calls = calls(&world, from);
    assert_eq!(calls.len(), 400);
    for lane in 0..40 {
        let url = format!("http://r.test/lane{lane}");
        let order: Vec<u64> = calls.iter().filter(|call| call.0 == url).map(|call| call.1).collect();
        assert_eq!(order.len(), 10);
        assert!(order.is_sorted(), "{order:?}");
    }
    assert_eq!(served_slices(&engine).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_rules_rate_holds_over_all_its_slices() {
    let world = world();
    let mut rule = served("r");
    rule.policy.rate_limit = Some(10);
    let engine = world.engine_with(vec![rule]).await;
    for _ in 0..2 {
        for n in 0..40 {
            world.send(&format!("lane{n}"));
        }
        seconds(600).await;
    }
    let dates: Vec<String> = served_slices(&engine).await.into_iter().map(|(date, ..)| date).collect();
    assert_eq!(dates.len(), 2);
    let from = seen(&world).len();
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    for date in &dates {
        assert_eq!(engine.resend(order(date)).await.unwrap(), ResendStart::Started(40));
    }
    seconds(4).await;
    let calls = seen(&world).len() - from;
    assert!((36..=42).contains(&calls), "{calls} calls in 4 s at 10 a second");
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_after_the_order_is_not_meant() {
    let world = world();
    let engine = world.engine_with(vec![served("r")]).await;
    fail(&world, &["a", "b"]).await;
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(3), 500));
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(2));
    // Its calls are under way; they take long enough for others to be parked meanwhile.
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    fail(&world, &["c", "d"]).await;
    assert!(engine.slices(SliceScope::Service).await.unwrap()[0].running);
    ended(&engine).await;
    let parked = engine.parked(EAST, None, None, 10).await.unwrap();
    let attempts: Vec<(u64, u32)> = parked.iter().map(|parked| (parked.key.pos.0, parked.attempts)).collect();
    assert_eq!(attempts, [(1, 2), (2, 2), (3, 1), (4, 1)]);
}
