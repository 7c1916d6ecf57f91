//! Replays: what is meant, how it is sent, and what it leaves alone.

mod running;
mod scope;
mod sending;

use std::sync::Arc;
use std::time::Duration;

use ringback_callbacks::Engine;
use ringback_callbacks::replay::{ReplayError, ReplayOrder, ReplayState, ReplayStatus};
use ringback_model::conversation::ConversationId;
use ringback_model::event::Phase;
use ringback_model::ids::{GroupId, LogPos, RuleId, UserId};
use ringback_model::ports::Clock as _;
use ringback_model::rule::{Ban, Rule};

use crate::support::{Counters, Reaction, Seen, World, rule};

/// A receiver elsewhere.
const ELSEWHERE: &str = "http://93.184.216.34/late";

fn after(id: &str) -> Rule {
    rule(id, Phase::After)
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn everything() -> ReplayOrder {
    ReplayOrder::of(RuleId::new("r"))
}

fn group(id: &str) -> ConversationId {
    ConversationId::Group(GroupId::parse(id).unwrap())
}

/// What was called since the last time; it is forgotten.
fn calls(world: &World) -> Vec<Seen> {
    std::mem::take(&mut *world.caller.seen.lock().unwrap())
}

fn positions(calls: &[Seen]) -> Vec<u64> {
    calls.iter().map(|seen| seen.body.split_once('/').unwrap().0.parse().unwrap()).collect()
}

/// Waits until nothing of a replay is under way.
async fn ended(engine: &Engine, id: &str) -> ReplayStatus {
    tokio::time::timeout(Duration::from_secs(36_000), engine.replay_over(id)).await.unwrap().unwrap()
}

async fn wait(engine: &Engine, id: &str, fits: impl Fn(&ReplayStatus) -> bool) -> ReplayStatus {
    let waiting = async {
        loop {
            let status = engine.replay(id).unwrap();
            if fits(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(36_000), waiting).await.unwrap()
}

/// Begins a replay and waits for its end.
async fn replayed(engine: &Engine, order: ReplayOrder) -> ReplayStatus {
    let status = engine.start_replay(order).await.unwrap();
    ended(engine, &status.id).await
}

/// A world in which these lanes were sent to, one after the other, and delivered for the first time.
async fn told(lanes: &[&str]) -> (World, Arc<Engine>, Vec<Seen>) {
    let world = World::new(1);
    let engine = world.engine_with(vec![after("r")]).await;
    for lane in lanes {
        world.send(lane);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    seconds(5).await;
    let first = calls(&world);
    assert_eq!(first.len(), lanes.len());
    (world, engine, first)
}
