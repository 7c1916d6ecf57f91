//! Changes of the set of rules.

use std::time::Duration;

use ringback_callbacks::SetRulesError;
use ringback_model::event::Phase;
use ringback_model::ids::LogPos;
use ringback_model::rule::{Ban, Retry};

use crate::support::{Counters, Reaction, World, rule};

async fn second() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn sets_that_cannot_work_change_nothing() {
    let world = World::new(1);
    let good = rule("r", Phase::After);
    let engine = world.engine_with(vec![good.clone()]).await;
    let mut unknown = good.clone();
    unknown.contract = "nobody's".to_owned();
    let mut event = good.clone();
    event.events = vec!["dreamt".to_owned()];
    let mut never = good.clone();
    never.policy.concurrency = 0;
    let refused = engine.set_rules(vec![good.clone(), good.clone()]).await;
    assert!(matches!(refused, Err(SetRulesError::Twice(_))));
    let refused = engine.set_rules(vec![unknown]).await;
    assert!(matches!(refused, Err(SetRulesError::UnknownContract { .. })));
    let refused = engine.set_rules(vec![event]).await;
    assert!(matches!(refused, Err(SetRulesError::UnknownEvent { .. })));
    let refused = engine.set_rules(vec![never]).await;
    assert!(matches!(refused, Err(SetRulesError::BadPolicy { .. })));
    world.send("lane");
    second().await;
    assert_eq!(world.caller.bodies(), ["1/0 lane v1"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_holds_from_now_on_and_keeps_the_cursor() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    let mut first = rule("r", Phase::After);
    first.policy.retry = Retry::Schedule(vec![5, 5, 5]);
    first.policy.ban = Ban::None;
    let engine = world.engine_with(vec![first.clone()]).await;
    world.send("lane");
    world.send("lane");
    second().await;
    engine.set_rules(vec![first.clone()]).await.unwrap();
    assert_eq!(engine.status()[0].version, 1, "an unchanged rule keeps its version");
    let mut moved = first;
    moved.url = "http://elsewhere.test".to_owned();
    engine.set_rules(vec![moved]).await.unwrap();
    assert_eq!(engine.status()[0].version, 2);
    world.caller.react(|_, _| Reaction::Answer(200, ""));
    world.send("lane");
    tokio::time::sleep(Duration::from_secs(20)).await;
    let seen = world.caller.seen.lock().unwrap().clone();
    let calls: Vec<(&str, &str)> = seen.iter().map(|seen| (seen.url.as_str(), seen.body.as_str())).collect();
    let (old, new) = ("http://r.test/lane", "http://elsewhere.test/lane");
    assert_eq!(
        calls,
        [(old, "1/0 lane v1"), (new, "1/0 lane v1"), (new, "2/0 lane v1"), (new, "3/0 lane v2")]
    );
}

#[tokio::test(start_paused = true)]
async fn what_passes_while_a_rule_is_off_or_gone_is_counted_and_not_sent() {
    let counters = Counters::default();
    let _guard = metrics::set_default_local_recorder(&counters);
    let world = World::new(1);
    world.send("early");
    let on = rule("r", Phase::After);
    let mut off = on.clone();
    off.enabled = false;
    let engine = world.engine_with(vec![on.clone()]).await;
    for (rules, lane) in
        [(vec![off], "off"), (vec![on.clone()], "on"), (Vec::new(), "gone"), (vec![on.clone()], "back")]
    {
        engine.set_rules(rules).await.unwrap();
        world.send(lane);
        second().await;
    }
    drop(engine);
    world.send("down");
    let engine = world.engine_with(vec![on]).await;
    second().await;
    assert_eq!(world.caller.bodies(), ["3/0 on v3", "5/0 back v5", "6/0 down v5"]);
    assert_eq!(engine.status()[0].cursor, LogPos(6));
    assert_eq!(counters.of("ringback_callback_missed_off_total"), 2, "once off, once gone");
}

#[tokio::test(start_paused = true)]
async fn a_stuck_lane_does_not_send_the_gap_either() {
    let world = World::new(1);
    world
        .caller
        .react(|_, now| Reaction::Answer(if now.0 < crate::support::EPOCH + 5_500 { 500 } else { 200 }, ""));
    let mut on = rule("r", Phase::After);
    on.policy.retry = Retry::Schedule(vec![10, 10]);
    let mut off = on.clone();
    off.enabled = false;
    let engine = world.engine_with(vec![on.clone()]).await;
    world.send("lane");
    second().await;
    world.send("lane");
    second().await;
    engine.set_rules(vec![off]).await.unwrap();
    world.send("lane");
    second().await;
    engine.set_rules(vec![on]).await.unwrap();
    world.send("lane");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let bodies = world.caller.bodies();
    assert_eq!(bodies, ["1/0 lane v1", "1/0 lane v1", "2/0 lane v1", "4/0 lane v3"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_gives_calls_under_way_their_time() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::After(Duration::from_secs(3), 200));
    let first = rule("r", Phase::After);
    let engine = world.engine_with(vec![first.clone()]).await;
    world.send("lane");
    second().await;
    let mut second_version = first;
    second_version.name = "another".to_owned();
    let changed =
        tokio::time::timeout(Duration::from_millis(10), engine.set_rules(vec![second_version])).await;
    changed.expect("a change does not wait for receivers").unwrap();
    world.send("lane");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(world.caller.bodies(), ["1/0 lane v1", "2/0 lane v2"]);
    assert!(world.caller.twice.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_change_that_the_book_took_in_part_is_made_good_by_the_next_one() {
    let world = World::new(1);
    let (changed, gone) = (rule("changed", Phase::After), rule("gone", Phase::After));
    let engine = world.engine_with(vec![changed.clone(), gone]).await;
    let mut moved = changed;
    moved.url = "http://elsewhere.test".to_owned();
    world.store.remembers_before_failure.store(1, std::sync::atomic::Ordering::SeqCst);
    let refused = engine.set_rules(vec![moved.clone()]).await;
    assert!(matches!(refused, Err(SetRulesError::Fault(_))), "{refused:?}");
    engine.set_rules(vec![moved]).await.unwrap();
    world.send("lane");
    second().await;
    let seen = world.caller.seen.lock().unwrap().clone();
    let urls: Vec<&str> = seen.iter().map(|seen| seen.url.as_str()).collect();
    assert_eq!(urls, ["http://elsewhere.test/lane"]);
}

#[tokio::test(start_paused = true)]
async fn a_change_does_not_wait_for_saves_of_the_one_before() {
    let world = World::new(1);
    let first = rule("r", Phase::After);
    let engine = world.engine_with(vec![first.clone()]).await;
    world.send("lane");
    tokio::time::sleep(Duration::from_millis(10)).await;
    world.store.failing_saves.store(20, std::sync::atomic::Ordering::SeqCst);
    for name in ["second", "third"] {
        let mut next = first.clone();
        next.name = name.to_owned();
        let changed = tokio::time::timeout(Duration::from_millis(50), engine.set_rules(vec![next])).await;
        changed.expect("a full disk does not block changes").unwrap();
    }
    world.send("lane");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(world.caller.bodies(), ["1/0 lane v1", "2/0 lane v3"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_goes_to_the_new_address_also_where_that_is_the_beginning_of_the_old_one() {
    let world = World::new(1);
    world.caller.react(|request, _| {
        Reaction::Answer(if request.url.starts_with("http://r.test:8080/") { 500 } else { 200 }, "")
    });
    let mut wrong = rule("r", Phase::After);
    wrong.url = "http://r.test:8080".to_owned();
    wrong.policy.retry = Retry::Schedule(vec![5, 5]);
    let engine = world.engine_with(vec![wrong.clone()]).await;
    world.send("lane");
    second().await;
    let mut right = wrong;
    right.url = "http://r.test:80".to_owned();
    engine.set_rules(vec![right]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let seen = world.caller.seen.lock().unwrap().clone();
    let urls: Vec<&str> = seen.iter().map(|seen| seen.url.as_str()).collect();
    assert_eq!(urls, ["http://r.test:8080/lane", "http://r.test:80/lane"]);
}
