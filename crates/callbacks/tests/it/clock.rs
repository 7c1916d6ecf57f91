//! Somebody sets the wall clock while the engine runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ringback_model::event::Phase;
use ringback_model::rule::{Ban, Retry};

use crate::support::{Reaction, World, rule};

const HOUR_MS: i64 = 3_600_000;

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// A world whose receiver answers 503 until the flag says otherwise.
fn world() -> (World, Arc<AtomicBool>) {
    let (world, is_up) = (World::new(1), Arc::new(AtomicBool::new(false)));
    let answer = Arc::clone(&is_up);
    world
        .caller
        .react(move |_, _| Reaction::Answer(if answer.load(Ordering::SeqCst) { 200 } else { 503 }, ""));
    (world, is_up)
}

#[tokio::test(start_paused = true)]
async fn a_retry_comes_in_its_time() {
    for set_by in [-HOUR_MS, HOUR_MS] {
        let (world, is_up) = world();
        let mut rule = rule("r", Phase::After);
        rule.policy.retry = Retry::Schedule(vec![60]);
        rule.policy.ban = Ban::None;
        let engine = world.engine_with(vec![rule]).await;
        world.send("lane");
        seconds(1).await;
        world.clock.set_by.store(set_by, Ordering::SeqCst);
        is_up.store(true, Ordering::SeqCst);
        seconds(57).await;
        assert_eq!(world.caller.bodies().len(), 1, "not before its time, clock set by {set_by} ms");
        seconds(20).await;
        assert_eq!(world.caller.bodies().len(), 2, "nor later, clock set by {set_by} ms");
        assert_eq!(engine.status()[0].waiting, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn probes_go_on() {
    for set_by in [-HOUR_MS, HOUR_MS] {
        let (world, is_up) = world();
        let engine = world.engine_with(vec![rule("r", Phase::After)]).await;
        for lane in 0..20 {
            world.send(&format!("lane{lane}"));
        }
        seconds(5).await;
        assert!(engine.status()[0].breaker.open);
        world.clock.set_by.store(set_by, Ordering::SeqCst);
        is_up.store(true, Ordering::SeqCst);
        seconds(40).await;
        let status = engine.status().remove(0);
        assert!(!status.breaker.open, "clock set by {set_by} ms: {status:?}");
        assert_eq!((status.lag_events, status.waiting, status.parked), (0, 0, 0), "{status:?}");
    }
}
