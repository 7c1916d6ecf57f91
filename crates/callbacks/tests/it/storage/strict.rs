//! Lanes that are held by a parked delivery.

use super::*;

/// A strictly ordered rule whose lanes `held` and `free` have a parked head, with one more event each behind it.
async fn held(world: &World) -> Arc<Engine> {
    let bad = |request: &ringback_model::delivery::Outbound| {
        request.body.starts_with(b"1/") || request.body.starts_with(b"2/")
    };
    world.caller.react(move |request, _| Reaction::Answer(if bad(request) { 500 } else { 200 }, ""));
    let mut rule = served("r");
    rule.policy.order = Order::Strict;
    let engine = world.engine_with(vec![rule]).await;
    for lane in ["held", "free", "held", "free"] {
        world.send(lane);
    }
    seconds(2).await;
    assert_eq!(calls(world, 0).iter().map(|call| call.1).collect::<Vec<_>>(), [1, 2]);
    engine
}

#[tokio::test(start_paused = true)]
async fn a_strict_lane_moves_on_at_once_when_its_head_was_sent_again() {
    let world = world();
    let engine = held(&world).await;
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.body.starts_with(b"1/") { 500 } else { 200 }, ""));
    engine.resend(order(EAST)).await.unwrap();
    ended(&engine).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    let mut after: Vec<u64> = calls(&world, 2).iter().map(|call| call.1).collect();
    after.sort_unstable();
    assert_eq!(after, [1, 2, 4], "the lane whose head failed again is held still");
    world.send("free");
    seconds(1).await;
    assert_eq!(calls(&world, 5)[0].1, 5, "and the other one is an ordinary lane");
    seconds(1).await;
    let saved = world.store.saved("r");
    let states: Vec<&ExceptionState> = saved.rows.values().map(|row| &row.state).collect();
    assert!(
        matches!(states[..], [ExceptionState::Parked { attempts: 2, .. }, ExceptionState::Resume]),
        "{states:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_strict_lane_moves_on_at_once_when_its_head_is_purged_or_expires() {
    for purge in [true, false] {
        let world = world();
        let engine = held(&world).await;
        if purge {
            engine.purge(&RuleId::new("r")).await.unwrap();
        } else {
            let later = world.clock.now().plus(Duration::from_secs(4 * 24 * 3600));
            assert_eq!(engine.expire_parked(later).await.unwrap(), 2);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut after: Vec<u64> = calls(&world, 2).iter().map(|call| call.1).collect();
        after.sort_unstable();
        assert_eq!(after, [3, 4], "purge: {purge}");
        seconds(1).await;
        assert_eq!(world.store.saved("r").rows.len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn heads_that_left_while_the_rule_was_away_hold_nothing() {
    let world = world();
    let engine = held(&world).await;
    drop(engine);
    let mut rule = served("r");
    rule.policy.order = Order::Strict;
    world
        .store
        .progress
        .lock()
        .unwrap()
        .get_mut(&RuleId::new("r"))
        .unwrap()
        .rows
        .retain(|key, _| key.pos != LogPos(2) || key.copy != 0);
    let engine = world.engine_with(vec![rule]).await;
    seconds(2).await;
    assert_eq!(calls(&world, 2).iter().map(|call| call.1).collect::<Vec<_>>(), [4]);
    assert_eq!(engine.status()[0].parked, 1);
    assert_eq!(engine.purge(&RuleId::new("r")).await.unwrap(), 1);
    seconds(2).await;
    assert_eq!(calls(&world, 3).iter().map(|call| call.1).collect::<Vec<_>>(), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_lane_is_not_freed_because_its_head_is_not_written_down_yet() {
    let mut world = world();
    world.settings.checkpoint_every = Duration::from_secs(60);
    world.settings.storage_keep = Duration::from_secs(50);
    let mut rule = served("r");
    rule.policy.order = Order::Strict;
    let engine = world.engine_with(vec![rule]).await;
    fail(&world, &["old"]).await;
    seconds(100).await;
    fail(&world, &["held", "held"]).await;
    assert_eq!(world.store.saved("r").cursor, LogPos(1), "the newer head is parked in memory alone");
    // Nobody keeps a list of what expires: the rule's task must find out which of its heads are there still.
    assert_eq!(engine.expire_parked(world.clock.now()).await.unwrap(), 1);
    seconds(5).await;
    assert_eq!(calls(&world, 0).iter().map(|call| call.1).collect::<Vec<_>>(), [1, 2]);
    world.send("old");
    seconds(1).await;
    assert_eq!(calls(&world, 2).len(), 1, "the other lane goes on");
}
