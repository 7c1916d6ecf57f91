//! Events that mean several callbacks in one lane.

use ringback_model::event::Phase;
use ringback_model::rule::{Ban, Order, Retry, Rule};

use crate::support::{EPOCH, Reaction, World, rule, seconds};

fn in_parts(retry: Retry) -> Rule {
    let mut rule = rule("r", Phase::After);
    rule.policy.ban = Ban::None;
    rule.policy.retry = retry;
    rule.switches = vec![("parts".to_owned(), "3".to_owned())];
    rule
}

/// Event and part of every call.
fn called(world: &World) -> Vec<String> {
    world.caller.bodies().iter().map(|body| body.split(' ').next().unwrap().to_owned()).collect()
}

/// All parts of so many events, in order.
fn all(events: u32) -> Vec<String> {
    (1..=events).flat_map(|pos| (0..3).map(move |part| format!("{pos}/{part}"))).collect()
}

#[tokio::test(start_paused = true)]
async fn parts_go_out_in_order_one_after_the_other() {
    let world = World::new(1);
    let _engine = world.engine_with(vec![in_parts(Retry::None)]).await;
    for _ in 0..4 {
        world.send("lane");
    }
    seconds(1).await;
    assert_eq!(called(&world), all(4));
    assert_eq!(*world.caller.twice.lock().unwrap(), Vec::<String>::new(), "one call at a time");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_is_tried_again_before_the_next_one() {
    for (retry, order) in [
        (Retry::Once, Order::Conversation),
        (Retry::Schedule(vec![1, 5, 30]), Order::Conversation),
        (Retry::Schedule(vec![1, 5, 30]), Order::Strict),
    ] {
        let world = World::new(1);
        let failed = std::sync::atomic::AtomicBool::new(false);
        world.caller.react(move |request, _| {
            let fails =
                request.body.starts_with(b"2/1") && !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
            Reaction::Answer(if fails { 500 } else { 200 }, "")
        });
        let mut rule = in_parts(retry);
        rule.policy.order = order;
        let _engine = world.engine_with(vec![rule]).await;
        for _ in 0..3 {
            world.send("lane");
        }
        seconds(60).await;
        let mut got = called(&world);
        assert_eq!(got.iter().filter(|call| *call == "2/1").count(), 2);
        got.dedup();
        assert_eq!(got, all(3), "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn parts_that_wait_over_a_restart_come_once_and_in_order() {
    let world = World::new(1);
    world.caller.react(|request, now| {
        let down = request.body.starts_with(b"1/1") && now.0 < EPOCH + 20_000;
        Reaction::Answer(if down { 500 } else { 200 }, "")
    });
    let rule = in_parts(Retry::Schedule(vec![30, 30]));
    let engine = world.engine_with(vec![rule.clone()]).await;
    world.send("lane");
    world.send("lane");
    seconds(5).await;
    assert_eq!(called(&world), ["1/0", "1/1"], "the rest waits");
    drop(engine);
    let _engine = world.engine_with(vec![rule]).await;
    seconds(120).await;
    let mut got = called(&world);
    got.dedup();
    assert_eq!(got, all(2));
}
