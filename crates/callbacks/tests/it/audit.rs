//! What an audit counts, where that is hard to bring about from outside.

use std::collections::BTreeMap;

use ringback_callbacks::Engine;
use ringback_callbacks::audit::{AuditOrder, AuditPage, Fate};
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::Clock as _;
use ringback_model::rule::{Ban, Retry, Rule};

use crate::support::{Reaction, World, seconds, told};

async fn audit(engine: &Engine) -> AuditPage {
    let page =
        engine.audit(AuditOrder { limit: 1000, before_log: true, ..AuditOrder::default() }).await.unwrap();
    assert!(!page.more);
    page
}

/// A rule's sums, whatever the details.
fn sums(page: &AuditPage, rule: &str) -> BTreeMap<Fate, u64> {
    let mut sums = BTreeMap::new();
    let of_rule = page.rules.iter().filter(|it| *it.rule.0 == *rule);
    for (sum, count) in of_rule.flat_map(|rule| &rule.sums) {
        *sums.entry(sum.fate).or_default() += count;
    }
    sums
}

#[tokio::test(start_paused = true)]
async fn pages_add_up_to_the_log_as_it_was_while_traffic_goes_on() {
    let world = World::new(1);
    world
        .caller
        .react(|request, _| Reaction::Answer(if request.body.starts_with(b"7/") { 500 } else { 200 }, "ok"));
    let mut once = told("r");
    once.policy.retry = Retry::None;
    let engine = world.engine_with(vec![once]).await;
    for number in 0..50 {
        world.send(&format!("lane{}", number % 4));
    }
    seconds(2).await;
    let mut order = AuditOrder { limit: 7, ..AuditOrder::default() };
    let (mut whole, mut lanes, mut pages, mut more) = (BTreeMap::new(), 0, 0, true);
    while more {
        let page = engine.audit(order.clone()).await.unwrap();
        assert_eq!((page.upto, page.events), (LogPos(50), page.events.min(7)), "{page:?}");
        for (fate, count) in sums(&page, "r") {
            *whole.entry(fate).or_insert(0) += count;
        }
        lanes += page.lanes.iter().map(|lane| lane.delivered + lane.open).sum::<u64>();
        (more, order.after, order.upto, pages) = (page.more, page.last, Some(page.upto), pages + 1);
        // What comes meanwhile is another audit's.
        world.send("lane0");
        seconds(1).await;
    }
    assert_eq!((pages, lanes), (8, 50));
    assert_eq!(whole, BTreeMap::from([(Fate::Delivered, 49), (Fate::Parked, 1)]));
    let all = audit(&engine).await;
    assert_eq!(sums(&all, "r"), BTreeMap::from([(Fate::Delivered, 57), (Fate::Parked, 1)]));
    let stretch = &all.rules[0].open[0];
    assert_eq!(
        (stretch.first, stretch.last, stretch.count, stretch.sum.detail.as_str()),
        (LogPos(7), LogPos(7), 1, "exhausted")
    );
}

#[tokio::test(start_paused = true)]
async fn what_left_the_log_before_its_rule_came_to_it_is_expired() {
    let world = World::new(1);
    let engine = world.engine_with(vec![told("r")]).await;
    world.send("a");
    seconds(2).await;
    drop(engine);
    for _ in 0..5 {
        world.send("a");
    }
    world.store.expire_before(LogPos(5));
    let engine = world.engine_with(vec![told("r")]).await;
    seconds(2).await;
    let page = audit(&engine).await;
    let found = sums(&page, "r");
    assert_eq!(found, BTreeMap::from([(Fate::Delivered, 2), (Fate::Expired, 3)]), "{page:?}");
    let stretch = &page.rules[0].open[0];
    assert_eq!(
        (stretch.first, stretch.last, stretch.sum.detail.as_str()),
        (LogPos(2), LogPos(4), "left_log")
    );
    assert!(found.keys().any(|fate| fate.is_loss()), "a loss, for the exit code");
    // Of a part that begins later it is no business.
    let later = AuditOrder { after: LogPos(4), limit: 1000, ..AuditOrder::default() };
    assert_eq!(sums(&engine.audit(later).await.unwrap(), "r"), BTreeMap::from([(Fate::Delivered, 2)]));
}

#[tokio::test(start_paused = true)]
async fn holes_in_the_log_and_in_a_conversation_are_found() {
    let world = World::new(1);
    let engine = world.engine_with(vec![told("r")]).await;
    for (lane, seq) in [("a", 1), ("b", 1), ("a", 2), ("a", 3), ("b", 3), ("a", 4)] {
        world.store.append_numbered(lane, seq, world.clock.now());
    }
    seconds(2).await;
    let page = audit(&engine).await;
    assert_eq!(page.holes, []);
    let missing = |page: &AuditPage| -> Vec<_> {
        page.lanes.iter().map(|lane| (lane.lane.clone(), lane.missing.clone())).collect()
    };
    assert_eq!(missing(&page), [("a".to_owned(), vec![]), ("b".to_owned(), vec![(2, 2)])]);
    world.store.lose(LogPos(3));
    world.store.lose(LogPos(4));
    let page = audit(&engine).await;
    assert_eq!(page.holes, [(LogPos(3), LogPos(4))]);
    assert_eq!(missing(&page)[0], ("a".to_owned(), vec![(2, 3)]));
    // At the end, too: nothing is there to be read, and that is what is wrong.
    world.store.lose(LogPos(6));
    let page =
        engine.audit(AuditOrder { limit: 1000, before_log: true, ..AuditOrder::default() }).await.unwrap();
    assert_eq!((page.last, page.upto, page.more), (LogPos(5), LogPos(6), true));
    let rest = AuditOrder { after: page.last, upto: Some(page.upto), limit: 1000, ..AuditOrder::default() };
    let rest = engine.audit(rest).await.unwrap();
    assert_eq!((rest.holes, rest.more), (vec![(LogPos(6), LogPos(6))], false));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_was_off_is_not_owed_what_passed() {
    let world = World::new(1);
    world.caller.react(|_, _| Reaction::Answer(500, ""));
    let engine = world.engine_with(vec![told("r")]).await;
    for _ in 0..4 {
        world.send("a");
    }
    seconds(2).await;
    assert_eq!(sums(&audit(&engine).await, "r"), BTreeMap::from([(Fate::Waiting, 1), (Fate::Behind, 3)]));
    engine.set_rules(vec![Rule { enabled: false, version: 0, ..told("r") }]).await.unwrap();
    world.send("a");
    world.caller.react(|_, _| Reaction::Answer(200, "ok"));
    engine.set_rules(vec![told("r")]).await.unwrap();
    world.send("a");
    seconds(600).await;
    let page = audit(&engine).await;
    let found = sums(&page, "r");
    let (delivered, off) = (found[&Fate::Delivered], found[&Fate::Off]);
    assert_eq!((found.len(), delivered + off), (2, 6), "{page:?}");
    let taken = world.caller.seen.lock().unwrap().iter().filter(|seen| seen.status == Some(200)).count();
    assert_eq!(delivered, taken as u64, "{page:?}");
}

#[tokio::test(start_paused = true)]
async fn rules_that_come_and_go_are_counted_as_far_as_they_matter() {
    let world = World::new(1);
    let mut copies = told("copies");
    copies.switches = vec![("copies".to_owned(), "3".to_owned())];
    let engine = world.engine_with(vec![told("first"), copies.clone()]).await;
    world.send("a");
    world.send("b");
    seconds(2).await;
    engine.set_rules(vec![copies, told("late")]).await.unwrap();
    world.send("a");
    seconds(2).await;
    let page = audit(&engine).await;
    assert_eq!(sums(&page, "copies"), BTreeMap::from([(Fate::Delivered, 9)]));
    assert_eq!(sums(&page, "late"), BTreeMap::from([(Fate::NotThere, 2), (Fate::Delivered, 1)]));
    assert_eq!(sums(&page, "first"), BTreeMap::from([(Fate::Delivered, 2), (Fate::Off, 1)]));
    let gone: Vec<&str> = page.rules.iter().filter(|rule| rule.gone).map(|rule| &*rule.rule.0).collect();
    assert_eq!(gone, ["first"]);
    let one = AuditOrder { rule: Some(RuleId::new("late")), limit: 1000, ..AuditOrder::default() };
    assert_eq!(engine.audit(one).await.unwrap().rules.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_with_a_rule_that_goes_off_is_not_sent_by_a_lane_that_catches_up() {
    let world = World::new(1);
    world.caller.react(|request, now| {
        let early = now.0 < crate::support::EPOCH + 60_000;
        match request.url.rsplit('/').next() {
            Some("bad") if early => Reaction::Answer(500, ""),
            Some("slow") if early => Reaction::Hang,
            _ => Reaction::Answer(200, ""),
        }
    });
    let mut rule = told("r");
    rule.policy.retry = Retry::Schedule(vec![120]);
    rule.policy.ban = Ban::None;
    rule.policy.timeout_ms = 30_000;
    let engine = world.engine_with(vec![rule.clone()]).await;
    for lane in ["bad", "bad", "slow", "bad"] {
        world.send(lane);
        seconds(1).await;
    }
    // The call under way is cut; the third event and the fourth lie before the cursor.
    engine.set_rules(vec![Rule { enabled: false, ..rule.clone() }]).await.unwrap();
    seconds(10).await;
    engine.set_rules(vec![rule]).await.unwrap();
    seconds(300).await;
    let taken = world.caller.seen.lock().unwrap().clone();
    let taken: Vec<String> =
        taken.into_iter().filter(|seen| seen.status == Some(200)).map(|seen| seen.body).collect();
    let page = audit(&engine).await;
    assert_eq!(sums(&page, "r"), BTreeMap::from([(Fate::Delivered, 2), (Fate::Off, 2)]), "{taken:?}");
    let positions: Vec<&str> = taken.iter().filter_map(|body| body.split('/').next()).collect();
    assert_eq!(positions, ["1", "2"]);
}
