//! Rules that begin somewhere in the past.

use std::collections::HashMap;
use std::time::Duration;

use ringback_callbacks::SetRulesError;
use ringback_model::event::Phase;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::rule::{Ban, Retry, Rule};

use crate::support::{Reaction, World, rule};

async fn second() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

fn after(id: &str) -> Rule {
    rule(id, Phase::After)
}

fn off(rule: &Rule) -> Rule {
    Rule { enabled: false, ..rule.clone() }
}

fn from(id: &str, pos: u64) -> HashMap<RuleId, LogPos> {
    HashMap::from([(RuleId::new(id), LogPos(pos))])
}

fn send(world: &World, events: usize) {
    for _ in 0..events {
        world.send("lane");
    }
}

/// Positions and versions of all calls so far, which are forgotten.
fn calls(world: &World) -> Vec<(u64, u64)> {
    let seen = std::mem::take(&mut *world.caller.seen.lock().unwrap());
    let parse = |body: &str| {
        let pos = body.split_once('/').unwrap().0.parse().unwrap();
        (pos, body.rsplit_once('v').unwrap().1.parse().unwrap())
    };
    seen.iter().map(|seen| parse(&seen.body)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_late_joiner_is_sent_the_past_in_order_with_ids_that_stay() {
    let mut world = World::new(1);
    world.settings.checkpoint_every = Duration::from_secs(3600);
    send(&world, 5);
    second().await;
    let engine = world.engine().await;
    engine.set_rules_from(vec![after("r")], &from("r", 2)).await.unwrap();
    send(&world, 1);
    second().await;
    let ids = || -> Vec<String> {
        world.caller.seen.lock().unwrap().iter().map(|seen| seen.webhook_id.clone()).collect()
    };
    let first = ids();
    assert_eq!(calls(&world), [(3, 1), (4, 1), (5, 1), (6, 1)]);
    let status = engine.status().remove(0);
    assert_eq!((status.delivered, status.on_time, status.late), (4, 1, 0), "the past was promised to nobody");
    drop(engine);
    let _engine = world.engine_with(vec![after("r")]).await;
    second().await;
    assert_eq!(ids(), first, "sent again after a crash, from where it began");
}

#[tokio::test(start_paused = true)]
async fn a_start_is_clamped_into_the_log() {
    let world = World::new(1);
    send(&world, 10);
    world.store.expire_before(LogPos(5));
    let engine = world.engine().await;
    let rules = vec![after("old"), after("new")];
    let starts = HashMap::from([(RuleId::new("old"), LogPos(0)), (RuleId::new("new"), LogPos(99))]);
    engine.set_rules_from(rules, &starts).await.unwrap();
    send(&world, 1);
    second().await;
    let seen = world.caller.seen.lock().unwrap().clone();
    let of = |rule: &str| seen.iter().filter(|seen| seen.url.contains(rule)).count();
    assert_eq!((of("//old."), of("//new.")), (7, 1));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_is_on_again_goes_back_to_where_it_is_told_to() {
    let world = World::new(1);
    let on = after("r");
    let engine = world.engine_with(vec![on.clone()]).await;
    send(&world, 4);
    second().await;
    engine.set_rules(vec![off(&on)]).await.unwrap();
    send(&world, 2);
    second().await;
    calls(&world);
    world.store.rewinds.store(1, std::sync::atomic::Ordering::SeqCst);
    engine.set_rules_from(vec![on.clone()], &from("r", 3)).await.unwrap();
    send(&world, 1);
    second().await;
    assert_eq!(
        calls(&world),
        [(4, 3), (5, 3), (6, 3), (7, 3)],
        "what it had sent, what it had missed, what came"
    );
    drop(engine);
    let engine = world.engine_with(vec![on.clone()]).await;
    send(&world, 1);
    second().await;
    assert_eq!(calls(&world), [(8, 3)], "a restart does not begin again");
    // Forward inside the gap: no cursor moves back.
    engine.set_rules(vec![off(&on)]).await.unwrap();
    send(&world, 4);
    engine.set_rules_from(vec![on], &from("r", 10)).await.unwrap();
    second().await;
    assert_eq!(calls(&world), [(11, 5), (12, 5)]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_is_sent_with_the_rest_and_what_is_parked_stays() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        let bad = request.body.starts_with(b"2/") || request.body.starts_with(b"3/");
        Reaction::Answer(if bad { 500 } else { 200 }, "")
    });
    let mut on = after("r");
    on.policy.ban = Ban::None;
    on.policy.retry = Retry::Schedule(vec![1]);
    let engine = world.engine_with(vec![on.clone()]).await;
    world.send("a");
    world.send("parked");
    tokio::time::sleep(Duration::from_secs(3)).await;
    for lane in ["stuck", "stuck", "a"] {
        world.send(lane);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let status = engine.status().remove(0);
    assert_eq!((status.parked, status.waiting), (1, 1));
    engine.set_rules(vec![off(&on)]).await.unwrap();
    calls(&world);
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    world.store.rewinds.store(1, std::sync::atomic::Ordering::SeqCst);
    engine.set_rules_from(vec![on], &from("r", 1)).await.unwrap();
    second().await;
    let mut sent = calls(&world);
    sent.sort_unstable();
    assert_eq!(sent, [(3, 3), (4, 3), (5, 3)]);
    let status = engine.status().remove(0);
    assert_eq!((status.parked, status.waiting, status.lag_events), (1, 0, 0));
    assert_eq!(world.store.saved("r").rows.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_after_rules_that_begin_can_begin_somewhere() {
    let world = World::new(1);
    let running = after("running");
    let engine = world.engine_with(vec![running.clone()]).await;
    send(&world, 2);
    second().await;
    calls(&world);
    let idle = off(&after("idle"));
    let rules = vec![running, idle, rule("asks", Phase::Before)];
    for id in ["running", "idle", "asks", "unknown"] {
        let refused = engine.set_rules_from(rules.clone(), &from(id, 0)).await;
        assert!(matches!(&refused, Err(SetRulesError::BadPolicy { rule, .. }) if rule.0.as_ref() == id));
    }
    assert_eq!(engine.status().len(), 1, "nothing has changed");
    second().await;
    assert_eq!(calls(&world), []);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_the_book_did_not_take_can_be_asked_for_again() {
    let world = World::new(1);
    let on = after("r");
    let engine = world.engine_with(vec![on.clone()]).await;
    send(&world, 3);
    second().await;
    engine.set_rules(vec![off(&on)]).await.unwrap();
    calls(&world);
    world.store.rewinds.store(1, std::sync::atomic::Ordering::SeqCst);
    world.store.remembers_before_failure.store(0, std::sync::atomic::Ordering::SeqCst);
    let refused = engine.set_rules_from(vec![on.clone()], &from("r", 1)).await;
    assert!(matches!(refused, Err(SetRulesError::Fault(_))));
    second().await;
    assert_eq!(calls(&world), []);
    world.store.remembers_before_failure.store(u64::MAX, std::sync::atomic::Ordering::SeqCst);
    engine.set_rules_from(vec![on], &from("r", 1)).await.unwrap();
    second().await;
    assert_eq!(calls(&world), [(2, 3), (3, 3)]);
}
