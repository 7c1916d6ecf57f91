//! Everything at random.

use super::*;

/// Orders all slices, here or elsewhere; those that are under way refuse.
async fn order_all(engine: &Engine, dice: &TestDice) {
    for (date, ..) in served_slices(engine).await {
        let url = (dice.below(2) == 0).then(|| ELSEWHERE.to_owned());
        engine.resend(Resend { target_url: url, ..order(&date) }).await.ok();
    }
}

/// Everything at random: a strict rule, a receiver that fails often, orders, crashes, changes; with `forget` also purges
/// and expiry. Then the receiver recovers.
async fn storm(seed: u64, forget: bool) {
    const LANES: u64 = 12;
    let mut world = world();
    world.settings.window_deliveries = 16;
    world.settings.parked_per_rule = 40;
    world.settings.checkpoint_every = Duration::from_millis(300);
    let dice = Arc::new(TestDice::new(seed));
    let mut rule = served("r");
    rule.policy.order = Order::Strict;
    rule.policy.retry = Retry::Once;
    rule.policy.concurrency = 6;
    let luck = Arc::clone(&dice);
    world.caller.react(move |_, _| {
        let status = if luck.below(3) == 0 { 500 } else { 200 };
        Reaction::After(Duration::from_millis(luck.below(50)), status)
    });
    let mut engine = world.engine_with(vec![rule.clone()]).await;
    for _ in 0..300 {
        tokio::time::sleep(Duration::from_millis(dice.below(400))).await;
        match dice.below(20) {
            0 => {
                drop(engine);
                engine = world.engine_with(vec![rule.clone()]).await;
            }
            1 => {
                rule.policy.timeout_ms += 1;
                engine.set_rules(vec![rule.clone()]).await.unwrap();
            }
            2 if forget => {
                engine.purge(&rule.id).await.unwrap();
            }
            3 if forget => {
                let some = Duration::from_secs(3 * 24 * 3600 - 20);
                engine.expire_parked(world.clock.now().plus(some)).await.unwrap();
            }
            4..8 => order_all(&engine, &dice).await,
            _ => {
                for _ in 0..dice.below(4) {
                    world.send(&format!("lane{}", dice.below(LANES)));
                }
            }
        }
    }
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    let mut rounds = 0;
    loop {
        seconds(30).await;
        let slices = served_slices(&engine).await;
        let parked: u64 = slices.iter().map(|(_, size, _)| size).sum();
        assert_eq!(engine.status()[0].parked, parked, "seed {seed}: the count and the store");
        if slices.is_empty() {
            break;
        }
        for (date, ..) in slices {
            engine.resend(order(&date)).await.unwrap();
        }
        ended(&engine).await;
        rounds += 1;
        assert!(rounds < 100, "seed {seed}");
    }
    let (saved, status) = (world.store.saved("r"), engine.status().remove(0));
    assert_eq!((saved.rows.len(), status.lag_events, status.waiting), (0, 0, 0), "seed {seed}");
    if !forget {
        delivered_in_order(&world, LANES, seed);
    }
}

/// Every event was delivered, and the first time after all earlier ones of its lane.
fn delivered_in_order(world: &World, lanes: u64, seed: u64) {
    let taken: Vec<Seen> = seen(world).into_iter().filter(|seen| seen.status == Some(200)).collect();
    let mut all = BTreeSet::new();
    for lane in 0..lanes {
        let name = format!(" lane{lane} ");
        let mut first = Vec::new();
        for seen in taken.iter().filter(|seen| seen.body.contains(&name)) {
            let position: u64 = seen.body.split_once('/').unwrap().0.parse().unwrap();
            if !first.contains(&position) {
                first.push(position);
            }
        }
        assert!(first.is_sorted(), "seed {seed}, lane {lane}: {first:?}");
        all.extend(first);
    }
    let expected: BTreeSet<u64> = (1..=ringback_model::ports::Log::tail(world.store.as_ref()).0).collect();
    assert_eq!(all, expected, "seed {seed}");
}

#[tokio::test(start_paused = true)]
async fn strict_lanes_lose_nothing_whatever_is_sent_again_and_crashes() {
    for seed in 1..=25 {
        storm(seed, false).await;
    }
}

#[tokio::test(start_paused = true)]
async fn counts_and_lanes_hold_whatever_is_forgotten() {
    for seed in 1..=25 {
        storm(seed, true).await;
    }
}
