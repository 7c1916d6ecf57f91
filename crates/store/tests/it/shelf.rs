//! Rules that are kept here, and the ban.

use ringback_model::event::Phase;
use ringback_model::ids::RuleId;
use ringback_model::rule::{Rule, Secrets};
use ringback_model::sample;
use ringback_model::storage::BanRecord;
use ringback_model::time::UnixMs;

use crate::world::*;

promises!(
    kept_rules_stay_in_the_order_of_first_keeping,
    a_discarded_rule_loses_its_place,
    the_ban_is_what_was_saved_last,
);

pub(crate) fn rule(id: &str, version: u64) -> Rule {
    Rule {
        name: format!("{id}, {version}"),
        secrets: Secrets { current: Some("s".to_owned()), previous: None },
        version,
        changed_at: UnixMs(NOON),
        switches: vec![("copies".to_owned(), "all".to_owned())],
        ..sample::rule(id, "some", Phase::After, "http://localhost/")
    }
}

async fn kept_rules_stay_in_the_order_of_first_keeping(kind: Kind) {
    let world = kind.open();
    assert!(world.store.kept().await.unwrap().is_empty());
    for id in ["m", "z", "a"] {
        world.store.keep(rule(id, 1)).await.unwrap();
    }
    world.store.keep(rule("m", 2)).await.unwrap();
    let world = world.reopen().await;
    assert_eq!(world.store.kept().await.unwrap(), [rule("m", 2), rule("z", 1), rule("a", 1)]);
    world.store.keep(rule("z", 2)).await.unwrap();
    world.store.keep(rule("b", 1)).await.unwrap();
    let world = world.reopen().await;
    let expected = [rule("m", 2), rule("z", 2), rule("a", 1), rule("b", 1)];
    assert_eq!(world.store.kept().await.unwrap(), expected);
}

async fn a_discarded_rule_loses_its_place(kind: Kind) {
    let world = kind.open();
    for id in ["a", "b", "c"] {
        world.store.keep(rule(id, 1)).await.unwrap();
    }
    world.store.discard(&RuleId::new("none")).await.unwrap();
    world.store.discard(&RuleId::new("a")).await.unwrap();
    world.store.discard(&RuleId::new("c")).await.unwrap();
    assert_eq!(world.store.kept().await.unwrap(), [rule("b", 1)]);
    world.store.keep(rule("a", 2)).await.unwrap();
    let world = world.reopen().await;
    assert_eq!(world.store.kept().await.unwrap(), [rule("b", 1), rule("a", 2)]);
}

async fn the_ban_is_what_was_saved_last(kind: Kind) {
    let world = kind.open();
    assert_eq!(world.store.ban().await.unwrap(), BanRecord::default());
    let first = BanRecord {
        starts: vec![UnixMs(NOON), UnixMs(NOON + HOUR)],
        until: Some(UnixMs(NOON + HOUR + 600_000)),
        evidence: "90 failures in 30 s".to_owned(),
    };
    world.store.save_ban(first.clone()).await.unwrap();
    let world = world.reopen().await;
    assert_eq!(world.store.ban().await.unwrap(), first);
    let lifted = BanRecord { until: None, ..first };
    world.store.save_ban(lifted.clone()).await.unwrap();
    assert_eq!(world.store.ban().await.unwrap(), lifted);
    let world = world.reopen().await;
    assert_eq!(world.store.ban().await.unwrap(), lifted);
}
