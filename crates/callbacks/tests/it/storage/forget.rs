//! What is forgotten, and the bound on what is parked.

use super::*;

#[tokio::test(start_paused = true)]
async fn what_nobody_knows_any_more_is_shown_and_purged_but_not_sent() {
    let world = world();
    let engine = world.engine_with(vec![plain("r")]).await;
    fail(&world, &["a"]).await;
    drop(engine);
    world.store.versions.lock().unwrap().clear();
    let engine = world.engine_with(Vec::new()).await;
    assert_eq!(slices(&engine, SliceScope::Everything).await, [(UTC.to_owned(), 1, 0)]);
    let order = Resend { scope: SliceScope::Everything, ..order(UTC) };
    let (code, why) = refusal(engine.resend(order).await);
    assert!(code == RefusalCode::BadArgument && why.contains("not known"), "{why}");
    assert_eq!(engine.purge(&RuleId::new("r")).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_long_enough_is_forgotten_piece_by_piece() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let mut world = world();
    world.settings.storage_keep = Duration::from_secs(3600);
    let engine = world.engine_with(vec![served("r")]).await;
    for n in 0..2500 {
        world.send(&format!("lane{}", n % 100));
    }
    seconds(1800).await;
    fail(&world, &["late"]).await;
    assert_eq!(engine.expire_parked(world.clock.now()).await.unwrap(), 0);
    engine.resend(order(EAST)).await.unwrap();
    ended(&engine).await;
    // The bucket is over 400 s after the beginning, and all of it has been kept long enough an hour later.
    seconds(1800 + 400).await;
    assert_eq!(served_slices(&engine).await.len(), 1, "hidden before it is forgotten");
    let (_, why) = refusal(engine.resend(order(EAST)).await);
    assert!(why.contains("nothing is stored"), "{why}");
    assert_eq!(world.store.saved("r").rows.len(), 2501);
    assert_eq!(engine.expire_parked(world.clock.now()).await.unwrap(), 2500);
    assert_eq!(counters.of("ringback_callback_parked_expired_total"), 2500);
    seconds(1).await;
    assert_eq!((world.store.saved("r").rows.len(), engine.status()[0].parked), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_purge_forgets_what_one_rule_has_parked_also_what_its_last_calls_park() {
    let world = world();
    let engine = world.engine_with(vec![served("r"), served("other")]).await;
    fail(&world, &["a", "b"]).await;
    assert_eq!(engine.purge(&RuleId::new("r")).await.unwrap(), 2);
    assert_eq!(engine.purge(&RuleId::new("nobody")).await.unwrap(), 0);
    seconds(1).await;
    assert_eq!(engine.status().iter().map(|status| status.parked).collect::<Vec<_>>(), [0, 2]);
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(3), 500));
    world.send("a");
    seconds(1).await;
    engine.set_rules(vec![served("other")]).await.unwrap();
    assert_eq!(engine.purge(&RuleId::new("r")).await.unwrap(), 1, "its last call came back meanwhile");
    seconds(10).await;
    assert_eq!(world.store.saved("r").rows.len(), 0);
    let left = engine.slices(SliceScope::Service).await.unwrap();
    assert!(left.iter().all(|slice| slice.rules.iter().all(|(rule, _)| *rule == RuleId::new("other"))));
}

#[tokio::test(start_paused = true)]
async fn what_is_purged_while_it_is_sent_again_does_not_come_back() {
    let world = world();
    let engine = world.engine_with(vec![served("r")]).await;
    fail(&world, &["a", "b", "c"]).await;
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(2), 500));
    engine.resend(order(EAST)).await.unwrap();
    seconds(1).await;
    assert_eq!(engine.purge(&RuleId::new("r")).await.unwrap(), 3);
    ended(&engine).await;
    seconds(5).await;
    assert_eq!(world.store.saved("r").rows.len(), 0);
    assert_eq!(engine.status()[0].parked, 0);
    fail(&world, &["d"]).await;
    seconds(2).await;
    assert_eq!(engine.status()[0].parked, 1, "counted once");
}

#[tokio::test(start_paused = true)]
async fn at_the_bound_of_parked_deliveries_the_cursor_stops_until_some_leave() {
    let mut world = world();
    world.settings.parked_per_rule = 10;
    let mut rule = served("r");
    rule.policy.concurrency = 4;
    let engine = world.engine_with(vec![rule.clone()]).await;
    for n in 0..100 {
        world.send(&format!("lane{n}"));
    }
    seconds(60).await;
    let cursor = |engine: &Engine| engine.status()[0].cursor;
    assert_eq!((world.store.saved("r").rows.len(), cursor(&engine)), (10, LogPos(10)));
    assert_eq!(engine.purge(&RuleId::new("r")).await.unwrap(), 10);
    seconds(1).await;
    assert_eq!((world.store.saved("r").rows.len(), cursor(&engine)), (10, LogPos(20)));
    let later = world.clock.now().plus(Duration::from_secs(4 * 24 * 3600));
    assert_eq!(engine.expire_parked(later).await.unwrap(), 10);
    seconds(1).await;
    assert_eq!(cursor(&engine), LogPos(30));
    drop(engine);
    let engine = world.engine_with(vec![rule]).await;
    seconds(1).await;
    assert_eq!(cursor(&engine), LogPos(30), "a restart counts them");
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    assert_eq!(engine.resend(order(EAST)).await.unwrap(), ResendStart::Started(10));
    ended(&engine).await;
    seconds(1).await;
    assert_eq!((world.store.saved("r").rows.len(), cursor(&engine)), (0, LogPos(100)));
}
