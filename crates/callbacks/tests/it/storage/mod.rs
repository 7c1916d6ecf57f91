//! Parked deliveries: slices, sending them again, expiry, purge, bounds.

mod forget;
mod interrupted;
mod resend;
mod slices;
mod storm;
mod strict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ringback_callbacks::Engine;
use ringback_model::delivery::{DeliveryKey, ExceptionState};
use ringback_model::event::Phase;
use ringback_model::failure::{Failure, RefusalCode};
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::{Clock as _, Storage as _};
use ringback_model::rule::{Ban, Order, Retry, Rule};
use ringback_model::storage::{Resend, ResendStart, Slice, SliceScope};

use crate::support::{Counters, EPOCH, Reaction, Seen, TestDice, World, rule};

/// The slice that test time begins in, on clocks eight hours east of UTC, and in UTC. Its first 200 s are over.
const EAST: &str = "202311150610";
const UTC: &str = "202311142210";
/// A receiver elsewhere.
const ELSEWHERE: &str = "http://93.184.216.34/elsewhere?x=1";

/// An after-rule of a contract with a storage service, that tries once.
fn served(id: &str) -> Rule {
    let mut rule = plain(id);
    rule.contract = "served".to_owned();
    rule
}

/// An after-rule of a contract without one, that tries once.
fn plain(id: &str) -> Rule {
    let mut rule = rule(id, Phase::After);
    rule.policy.retry = Retry::None;
    rule.policy.ban = Ban::None;
    rule
}

fn world() -> World {
    let mut world = World::new(1);
    world.settings.storage_enabled = true;
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    world
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

fn order(date: &str) -> Resend {
    Resend { date: date.to_owned(), target_url: None, rule: None, scope: SliceScope::Service }
}

fn order_to(date: &str, url: &str) -> Resend {
    Resend { target_url: Some(url.to_owned()), ..order(date) }
}

async fn slices(engine: &Engine, scope: SliceScope) -> Vec<(String, u64, u32)> {
    let slices = engine.slices(scope).await.unwrap();
    slices.into_iter().map(|Slice { date, size, retries, .. }| (date, size, retries)).collect()
}

async fn served_slices(engine: &Engine) -> Vec<(String, u64, u32)> {
    slices(engine, SliceScope::Service).await
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> (RefusalCode, String) {
    match result.unwrap_err() {
        Failure::Refused(refusal) => (refusal.code, refusal.detail),
        Failure::Fault(fault) => panic!("{fault}"),
    }
}

fn seen(world: &World) -> Vec<Seen> {
    world.caller.seen.lock().unwrap().clone()
}

/// What was called from the `from`th call on: its URL, its position in the log, its attempt.
fn calls(world: &World, from: usize) -> Vec<(String, u64, u32)> {
    let position = |body: &str| body.split_once('/').unwrap().0.parse().unwrap();
    seen(world)[from..].iter().map(|seen| (seen.url.clone(), position(&seen.body), seen.attempt)).collect()
}

/// Sends to these lanes, and waits until everything that fails is parked.
async fn fail(world: &World, lanes: &[&str]) {
    for lane in lanes {
        world.send(lane);
    }
    seconds(2).await;
}

/// Waits until the slice is not being sent again any more.
async fn ended(engine: &Engine) {
    tokio::time::timeout(Duration::from_secs(3600), async {
        while engine.slices(SliceScope::Everything).await.unwrap().iter().any(|slice| slice.running) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}
