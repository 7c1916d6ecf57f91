//! Orders that meet bans, crashes, drains and other orders.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_slice_is_sent_again_by_one_order_at_a_time() {
    let world = world();
    let engine = world.engine_with(vec![served("r"), plain("p")]).await;
    fail(&world, &["a"]).await;
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(2), 500));
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(1));
    seconds(1).await;
    assert!(engine.slices(SliceScope::Service).await.unwrap()[0].running);
    let everything = |date| Resend { scope: SliceScope::Everything, ..order(date) };
    assert_eq!(engine.resend(everything(EAST)).await.unwrap(), ResendStart::Running);
    assert_eq!(engine.resend(order_to(EAST, ELSEWHERE)).await.unwrap(), ResendStart::Running);
    assert_eq!(engine.resend(everything(UTC)).await.unwrap(), ResendStart::Started(1), "another slice");
    ended(&engine).await;
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 1, 1)], "refused orders do not count");
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(1));
    ended(&engine).await;
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 1, 2)]);
}

#[tokio::test(start_paused = true)]
async fn during_a_ban_only_other_urls_are_called_and_failures_there_count_for_nothing() {
    let mut world = world();
    world.settings.ban.failures = 3;
    let mut rule = served("r");
    rule.policy.ban = Ban::App;
    let engine = world.engine_with(vec![rule]).await;
    fail(&world, &["a", "b", "c", "d"]).await;
    let breaker = engine.status().remove(0).breaker;
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Banned);
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 4, 0)]);
    assert_eq!(engine.resend(order_to(EAST, ELSEWHERE)).await.unwrap(), ResendStart::Started(4));
    ended(&engine).await;
    assert!(engine.lift_ban());
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(4));
    ended(&engine).await;
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 4, 2)]);
    let bans = engine.bans();
    assert_eq!((bans.active_until, bans.failures_in_window), (None, 0));
    assert_eq!(engine.status()[0].breaker, breaker);
}

#[tokio::test(start_paused = true)]
async fn a_ban_that_begins_meanwhile_ends_the_order() {
    let mut world = world();
    world.settings.ban.failures = 3;
    let mut rule = served("r");
    rule.policy.ban = Ban::App;
    rule.policy.concurrency = 1;
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.url.contains("/bad") { 500 } else { 200 }, ""));
    let engine = world.engine_with(vec![rule.clone()]).await;
    for lane in ["bad1", "bad2"] {
        fail(&world, &[lane]).await;
    }
    seconds(40).await;
    fail(&world, &["bad3", "bad4"]).await;
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(1), 500));
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(4));
    // The third failure in 30 s, while the second delivery is sent again.
    world.send("bad5");
    ended(&engine).await;
    assert!(engine.bans().active_until.is_some());
    let attempts: Vec<u32> =
        engine.parked(EAST, None, None, 10).await.unwrap().iter().map(|parked| parked.attempts).collect();
    assert!(attempts.iter().filter(|attempts| **attempts == 2).count() < 4, "{attempts:?}");
    assert_eq!(attempts.len(), 5, "nothing is lost");
}

#[tokio::test(start_paused = true)]
async fn a_crash_in_the_middle_loses_nothing() {
    let world = world();
    let mut rule = served("r");
    rule.policy.concurrency = 1;
    let engine = world.engine_with(vec![rule.clone()]).await;
    for n in 0..300 {
        world.send(&format!("lane{n}"));
    }
    seconds(30).await;
    let before = seen(&world);
    world.caller.react(|_, _| Reaction::After(Duration::from_millis(100), 200));
    engine.resend(order(EAST)).await.unwrap();
    // One page is written down, of the next one some are sent.
    seconds(15).await;
    drop(engine);
    let sent = seen(&world).len() - before.len();
    assert!((140..160).contains(&sent), "{sent}");
    let engine = world.engine_with(vec![rule]).await;
    let left = served_slices(&engine).await;
    assert_eq!(left, [(EAST.to_owned(), 300 - 128, 1)]);
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(172));
    ended(&engine).await;
    assert_eq!(served_slices(&engine).await, []);
    let all = seen(&world);
    let again = &all[before.len()..];
    for first in &before {
        let delivered: Vec<&Seen> = again.iter().filter(|second| second.body == first.body).collect();
        assert!(!delivered.is_empty(), "{first:?}");
        assert!(
            delivered.iter().all(|second| second.webhook_id == first.webhook_id && second.url == first.url)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_calls_under_way_finish_and_leaves_the_rest_parked() {
    let world = world();
    let mut rule = served("r");
    rule.policy.concurrency = 4;
    let engine = world.engine_with(vec![rule.clone()]).await;
    for n in 0..40 {
        world.send(&format!("lane{n}"));
    }
    seconds(5).await;
    world.caller.react(|request, _| {
        let slow = request.url.ends_with("/lane3");
        Reaction::After(Duration::from_secs(if slow { 4 } else { 1 }), 200)
    });
    engine.resend(order(EAST)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let drained = engine.drain(Duration::from_secs(2)).await;
    assert!(drained.complete, "{drained:?}");
    assert_eq!(world.store.saved("r").rows.len(), 37, "three came back in time");
    let (code, _) = refusal(engine.resend(order(EAST)).await);
    assert_eq!(code, RefusalCode::ShuttingDown);
    drop(engine);
    let engine = world.engine_with(vec![rule]).await;
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(37));
    ended(&engine).await;
    assert_eq!(world.store.saved("r").rows.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_down_stays_and_is_sent_again() {
    let world = world();
    let engine = world.engine_with(vec![served("r")]).await;
    fail(&world, &["a", "b"]).await;
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    world.store.failing_saves.store(1, Ordering::SeqCst);
    engine.resend(order(EAST)).await.unwrap();
    ended(&engine).await;
    assert_eq!(world.store.failing_saves.load(Ordering::SeqCst), 0);
    assert_eq!(served_slices(&engine).await, [(EAST.to_owned(), 2, 1)]);
    engine.resend(order(EAST)).await.unwrap();
    ended(&engine).await;
    assert_eq!(served_slices(&engine).await, []);
}
