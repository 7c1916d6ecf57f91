//! The promise of a delay, and how it is counted.

use std::time::Duration;

use ringback_model::event::Phase;
use ringback_model::limits;
use ringback_model::rule::{Ban, Order, Retry, Rule};

use crate::support::{Counters, EPOCH, Reaction, World, rule};

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn unbanned(id: &str) -> Rule {
    let mut rule = rule(id, Phase::After);
    rule.policy.ban = Ban::None;
    rule
}

#[tokio::test(start_paused = true)]
async fn thirty_seconds_are_on_time_and_a_millisecond_more_is_late() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let world = World::new(1);
    world.caller.react(|request, _| {
        let late = u64::from(request.body.starts_with(b"2/"));
        Reaction::After(limits::DELAY_PROMISE + Duration::from_millis(late), 200)
    });
    let mut slow = unbanned("r");
    slow.policy.timeout_ms = 60_000;
    let engine = world.engine_with(vec![slow]).await;
    world.send("a");
    world.send("b");
    seconds(40).await;
    let status = engine.status().remove(0);
    assert_eq!((status.delivered, status.on_time, status.late), (2, 1, 1));
    assert_eq!(status.on_time_share().map(|share| (share * 100.0).round()), Some(50.0));
    let mut delays = counters.recorded("ringback_callback_delay_seconds");
    delays.sort_by(f64::total_cmp);
    let millis: Vec<f64> = delays.iter().map(|delay| (delay * 1000.0).round()).collect();
    assert_eq!(millis, [30_000.0, 30_001.0]);
    assert_eq!(counters.of("ringback_callback_on_time_total"), 1);
    assert_eq!(counters.of("ringback_callback_late_total"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_counts_with_its_whole_delay_and_what_is_parked_as_late_once() {
    let world = World::new(1);
    world.caller.react(|request, now| {
        let down = request.body.starts_with(b"3/") || now.0 < EPOCH + 8_000;
        Reaction::Answer(if down { 500 } else { 200 }, "")
    });
    let mut quick = unbanned("quick");
    quick.policy.retry = Retry::Schedule(vec![10, 10]);
    let mut slow = unbanned("slow");
    slow.policy.retry = Retry::Schedule(vec![40, 40]);
    let engine = world.engine_with(vec![quick.clone(), slow]).await;
    assert_eq!(engine.status()[0].on_time_share(), None);
    for lane in ["a", "b", "c"] {
        world.send(lane);
    }
    seconds(200).await;
    let counts: Vec<(u64, u64, u64)> =
        engine.status().iter().map(|rule| (rule.delivered, rule.on_time, rule.late)).collect();
    assert_eq!(counts, [(2, 2, 1), (2, 0, 3)]);
    // A change of the rule keeps what was counted.
    quick.name = "renamed".to_owned();
    engine.set_rules(vec![quick]).await.unwrap();
    world.send("d");
    seconds(1).await;
    let status = &engine.status()[0];
    assert_eq!((status.delivered, status.on_time, status.late), (3, 3, 1));
}

#[tokio::test(start_paused = true)]
async fn an_event_for_1999_recipients_is_told_to_all_of_them_side_by_side_within_the_promise() {
    const RECIPIENTS: usize = 1999;
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::After(Duration::from_millis(20), 200));
    for order in [Order::Conversation, Order::None] {
        let mut rule = unbanned(if order == Order::None { "unordered" } else { "ordered" });
        rule.policy.order = order;
        rule.switches = vec![("copies".to_owned(), RECIPIENTS.to_string())];
        let engine = world.engine_with(vec![rule]).await;
        world.caller.seen.lock().unwrap().clear();
        world.send("group");
        seconds(30).await;
        let status = engine.status().remove(0);
        assert_eq!((status.delivered, status.on_time), (1999, 1999), "{order:?}");
        let seen = world.caller.seen.lock().unwrap().clone();
        let bodies: std::collections::HashSet<&str> = seen.iter().map(|seen| seen.body.as_str()).collect();
        assert_eq!((seen.len(), bodies.len()), (RECIPIENTS, RECIPIENTS));
        let took = seen.last().unwrap().at.since(seen[0].at);
        // 64 at once, 20 ms each: 32 rounds.
        assert!(took <= Duration::from_millis(1500), "{order:?}: {took:?}");
    }
    let most = world.caller.most_under_way.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(most, u64::from(limits::RULE_CONCURRENCY));
}
