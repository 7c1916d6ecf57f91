//! Parked deliveries over all rules, by the ten minutes in which they were parked.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, ParkReason, ProgressChange};
use ringback_model::event::Lane;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::Store;
use ringback_model::storage::{Bucket, ParkedCount, SLICE_MS};
use ringback_model::time::UnixMs;

use crate::world::*;

promises!(
    parked_deliveries_are_counted_by_bucket_and_rule,
    a_bucket_comes_in_pages,
    only_what_was_parked_before_the_instant_is_forgotten,
    no_more_is_forgotten_than_was_asked_for,
    what_one_rule_has_parked_is_purged,
    slices_count_how_often_they_were_sent_again,
    counters_that_are_not_used_are_forgotten,
    ten_thousand_are_parked_and_forgotten,
);

/// The first instant of some slice.
const SLICE: i64 = NOON / SLICE_MS * SLICE_MS;

fn parked(pos: u64, at: i64) -> Exception {
    let reason = ParkReason::Banned;
    exception(pos, ExceptionState::Parked { attempts: 1, at: UnixMs(at), reason })
}

fn exception(pos: u64, state: ExceptionState) -> Exception {
    Exception {
        key: DeliveryKey { pos: LogPos(pos), copy: 0 },
        lane: Lane::conversation(&single("a", "b")),
        state,
        since: UnixMs(NOON),
        last_error: "the app is banned".to_owned(),
        outbound: None,
    }
}

fn waiting(pos: u64) -> Exception {
    exception(pos, ExceptionState::Waiting { attempts: 1, due: UnixMs(NOON) })
}

fn change(rule: &str, put: Vec<Exception>) -> ProgressChange {
    ProgressChange { put, ..ProgressChange::none(RuleId::new(rule)) }
}

async fn counts(store: &dyn Store) -> Vec<(i64, String, u64)> {
    let counts = store.parked_counts().await.unwrap().into_iter();
    counts
        .map(|ParkedCount { rule, bucket, count }| {
            (bucket.0 - Bucket::of(UnixMs(SLICE)).0, rule.to_string(), count)
        })
        .collect()
}

fn expected(list: &[(i64, &str, u64)]) -> Vec<(i64, String, u64)> {
    list.iter().map(|(bucket, rule, count)| (*bucket, (*rule).to_owned(), *count)).collect()
}

fn positions(page: &[Exception]) -> Vec<u64> {
    page.iter().map(|exception| exception.key.pos.0).collect()
}

async fn parked_deliveries_are_counted_by_bucket_and_rule(kind: Kind) {
    let world = kind.open();
    assert_eq!(counts(world.store.as_ref()).await, []);
    let of_b = vec![parked(1, SLICE), parked(2, SLICE + SLICE_MS - 1), parked(3, SLICE - 1), waiting(4)];
    let of_a = vec![parked(1, SLICE + SLICE_MS), parked(9, SLICE)];
    world.store.save(vec![change("b", of_b), change("a", of_a)]).await.unwrap();
    let world = world.reopen().await;
    let before = expected(&[(-1, "b", 1), (0, "a", 1), (0, "b", 2), (1, "a", 1)]);
    assert_eq!(counts(world.store.as_ref()).await, before);
    // One is over, one waits again, one is parked again later, one that waited is parked.
    let remove = vec![parked(1, 0).key];
    let put = vec![waiting(2), parked(3, SLICE + 2 * SLICE_MS), parked(4, SLICE)];
    world.store.save(vec![ProgressChange { remove, ..change("b", put) }]).await.unwrap();
    let after = expected(&[(0, "a", 1), (0, "b", 1), (1, "a", 1), (2, "b", 1)]);
    assert_eq!(counts(world.store.as_ref()).await, after);
    assert_eq!(world.store.load(&RuleId::new("b")).await.unwrap().unwrap().parked, 2);
}

async fn a_bucket_comes_in_pages(kind: Kind) {
    let world = kind.open();
    let put = (0..40u64).rev().map(|pos| match pos % 4 {
        0 => waiting(pos),
        1 => parked(pos, SLICE + SLICE_MS),
        // Parked in another order than that of the log.
        _ => parked(pos, SLICE + 40 - pos as i64),
    });
    world.store.save(vec![change("a", put.collect()), change("b", vec![parked(7, SLICE)])]).await.unwrap();
    let (rule, bucket) = (RuleId::new("a"), Bucket::of(UnixMs(SLICE)));
    let mut found: Vec<Exception> = Vec::new();
    loop {
        let after = found.last().map(|exception| exception.key);
        let page = world.store.parked_in(&rule, bucket, after, 7).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7);
        found.extend(page);
    }
    let wanted: Vec<u64> = (0..40).filter(|pos| pos % 4 >= 2).collect();
    assert_eq!(positions(&found), wanted);
    assert_eq!(found[0], parked(2, SLICE + 38), "whole");
    assert!(world.store.parked_in(&rule, Bucket(bucket.0 + 9), None, 7).await.unwrap().is_empty());
    assert!(world.store.parked_in(&RuleId::new("none"), bucket, None, 7).await.unwrap().is_empty());
}

async fn only_what_was_parked_before_the_instant_is_forgotten(kind: Kind) {
    let world = kind.open();
    let of_a = vec![
        parked(1, SLICE - SLICE_MS),
        parked(2, SLICE + 99),
        parked(3, SLICE + 100),
        parked(4, SLICE + SLICE_MS),
        waiting(5),
    ];
    world.store.save(vec![change("a", of_a), change("b", vec![parked(1, SLICE + 100)])]).await.unwrap();
    let gone = world.store.forget_parked(UnixMs(SLICE + 100), 100, UnixMs(NOON)).await.unwrap();
    assert_eq!(gone, [(RuleId::new("a"), 2)]);
    let world = world.reopen().await;
    let left = world.store.parked(&RuleId::new("a"), None, 9).await.unwrap();
    assert_eq!(positions(&left), [3, 4]);
    assert_eq!(world.store.load(&RuleId::new("a")).await.unwrap().unwrap().exceptions, [waiting(5)]);
    let gone = world.store.forget_parked(UnixMs(i64::MAX), 100, UnixMs(NOON)).await.unwrap();
    assert_eq!(gone, [(RuleId::new("a"), 2), (RuleId::new("b"), 1)]);
    assert!(world.store.forget_parked(UnixMs(i64::MAX), 100, UnixMs(NOON)).await.unwrap().is_empty());
    assert_eq!(world.store.load(&RuleId::new("a")).await.unwrap().unwrap().exceptions, [waiting(5)]);
}

async fn no_more_is_forgotten_than_was_asked_for(kind: Kind) {
    let world = kind.open();
    // The newest in the log were parked first.
    let of_a = (1..=5).map(|pos| parked(pos, SLICE - pos as i64 * SLICE_MS)).collect();
    let of_b = (1..=5).map(|pos| parked(pos, SLICE)).collect();
    world.store.save(vec![change("a", of_a), change("b", of_b)]).await.unwrap();
    let before = UnixMs(SLICE + 1);
    assert!(world.store.forget_parked(before, 0, UnixMs(NOON)).await.unwrap().is_empty());
    assert_eq!(world.store.forget_parked(before, 3, UnixMs(NOON)).await.unwrap(), [(RuleId::new("a"), 3)]);
    let left = world.store.parked(&RuleId::new("a"), None, 9).await.unwrap();
    assert_eq!(positions(&left), [1, 2], "the oldest go first");
    let gone = world.store.forget_parked(before, 3, UnixMs(NOON)).await.unwrap();
    assert_eq!(gone, [(RuleId::new("a"), 2), (RuleId::new("b"), 1)]);
    assert_eq!(world.store.forget_parked(before, 9, UnixMs(NOON)).await.unwrap(), [(RuleId::new("b"), 4)]);
}

async fn what_one_rule_has_parked_is_purged(kind: Kind) {
    let world = kind.open();
    let put = || vec![parked(1, SLICE), parked(2, SLICE + SLICE_MS), waiting(3)];
    world.store.save(vec![change("a", put()), change("b", put())]).await.unwrap();
    assert_eq!(world.store.purge_parked(&RuleId::new("a"), UnixMs(NOON)).await.unwrap(), 2);
    assert_eq!(world.store.purge_parked(&RuleId::new("a"), UnixMs(NOON)).await.unwrap(), 0);
    assert_eq!(world.store.purge_parked(&RuleId::new("none"), UnixMs(NOON)).await.unwrap(), 0);
    let world = world.reopen().await;
    assert_eq!(counts(world.store.as_ref()).await, expected(&[(0, "b", 1), (1, "b", 1)]));
    assert_eq!(world.store.load(&RuleId::new("a")).await.unwrap().unwrap().exceptions, [waiting(3)]);
}

async fn slices_count_how_often_they_were_sent_again(kind: Kind) {
    let world = kind.open();
    assert!(world.store.slice_retries().await.unwrap().is_empty());
    let (early, late) = ("202311142210", "202311142220");
    assert_eq!(world.store.count_slice_retry(late, UnixMs(NOON)).await.unwrap(), 1);
    assert_eq!(world.store.count_slice_retry(early, UnixMs(NOON)).await.unwrap(), 1);
    assert_eq!(world.store.count_slice_retry(early, UnixMs(NOON)).await.unwrap(), 2);
    let world = world.reopen().await;
    assert_eq!(world.store.count_slice_retry(early, UnixMs(NOON)).await.unwrap(), 3);
    let retries = world.store.slice_retries().await.unwrap();
    assert_eq!(retries, [(early.to_owned(), 3), (late.to_owned(), 1)]);
}

async fn counters_that_are_not_used_are_forgotten(kind: Kind) {
    let world = kind.open();
    for (date, at) in
        [("old", NOON), ("used", NOON), ("used", NOON + HOUR), ("used", NOON), ("new", NOON + 1)]
    {
        world.store.count_slice_retry(date, UnixMs(at)).await.unwrap();
    }
    world.store.forget_parked(UnixMs(NOON + 1), 100, UnixMs(NOON)).await.unwrap();
    let retries = world.store.slice_retries().await.unwrap();
    assert_eq!(
        retries,
        [("new".to_owned(), 1), ("used".to_owned(), 3)],
        "a step back of the clock is no matter"
    );
    assert_eq!(world.store.count_slice_retry("old", UnixMs(NOON)).await.unwrap(), 1, "from the start");
}

async fn ten_thousand_are_parked_and_forgotten(kind: Kind) {
    let world = kind.open();
    let put = |offset| (0..5_000).map(|pos| parked(pos, SLICE + offset)).collect();
    world.store.save(vec![change("a", put(0)), change("b", put(1))]).await.unwrap();
    assert_eq!(counts(world.store.as_ref()).await, expected(&[(0, "a", 5_000), (0, "b", 5_000)]));
    let gone = world.store.forget_parked(UnixMs(SLICE + 9), 6_500, UnixMs(NOON)).await.unwrap();
    assert_eq!(gone, [(RuleId::new("a"), 5_000), (RuleId::new("b"), 1_500)]);
    assert_eq!(world.store.purge_parked(&RuleId::new("b"), UnixMs(NOON)).await.unwrap(), 3_500);
    assert_eq!(counts(world.store.as_ref()).await, []);
}

/// One step of what the engine does with parked deliveries.
#[derive(Debug, Clone)]
enum Step {
    Park { rule: usize, pos: u64, at: i64 },
    Wait { rule: usize, pos: u64 },
    Remove { rule: usize, pos: u64 },
    Forget { before: i64, limit: usize },
    Purge { rule: usize },
    Reopen,
}

const RULES: [&str; 3] = ["a", "b", "ab"];

fn step() -> impl Strategy<Value = Step> {
    let (rule, pos) = (0..RULES.len(), 0u64..12);
    let at = (0i64..4 * SLICE_MS).prop_map(|offset| SLICE + offset);
    prop_oneof![
        8 => (rule.clone(), pos.clone(), at.clone()).prop_map(|(rule, pos, at)| Step::Park { rule, pos, at }),
        2 => (rule.clone(), pos.clone()).prop_map(|(rule, pos)| Step::Wait { rule, pos }),
        2 => (rule.clone(), pos).prop_map(|(rule, pos)| Step::Remove { rule, pos }),
        1 => (at, 0usize..6).prop_map(|(before, limit)| Step::Forget { before, limit }),
        1 => rule.prop_map(|rule| Step::Purge { rule }),
        1 => Just(Step::Reopen),
    ]
}

/// What must come out, in a few lines: when each delivery was parked.
type Model = BTreeMap<(&'static str, u64), Option<i64>>;

async fn take(world: World, model: &mut Model, step: &Step) -> World {
    let store = &world.store;
    match *step {
        Step::Park { rule, pos, at } => {
            model.insert((RULES[rule], pos), Some(at));
            store.save(vec![change(RULES[rule], vec![parked(pos, at)])]).await.unwrap();
        }
        Step::Wait { rule, pos } => {
            model.insert((RULES[rule], pos), None);
            store.save(vec![change(RULES[rule], vec![waiting(pos)])]).await.unwrap();
        }
        Step::Remove { rule, pos } => {
            model.remove(&(RULES[rule], pos));
            let remove = vec![waiting(pos).key];
            store.save(vec![ProgressChange { remove, ..change(RULES[rule], Vec::new()) }]).await.unwrap();
        }
        Step::Forget { before, limit } => {
            let old = model.iter().filter(|(_, at)| at.is_some_and(|at| at < before));
            let mut old: Vec<_> =
                old.map(|((rule, pos), at)| (*rule, at.unwrap() / SLICE_MS, *pos)).collect();
            old.sort_unstable();
            let mut expected: BTreeMap<RuleId, u64> = BTreeMap::new();
            for (rule, _, pos) in old.into_iter().take(limit) {
                model.remove(&(rule, pos));
                *expected.entry(RuleId::new(rule)).or_default() += 1;
            }
            let gone = store.forget_parked(UnixMs(before), limit, UnixMs(NOON)).await.unwrap();
            assert_eq!(gone, expected.into_iter().collect::<Vec<_>>());
        }
        Step::Purge { rule } => {
            let before = model.len();
            model.retain(|(of, _), at| *of != RULES[rule] || at.is_none());
            let gone = store.purge_parked(&RuleId::new(RULES[rule]), UnixMs(NOON)).await.unwrap();
            assert_eq!(gone, (before - model.len()) as u64);
        }
        Step::Reopen => return world.reopen().await,
    }
    world
}

async fn agrees(store: &dyn Store, model: &Model) {
    let mut expected: BTreeMap<(i64, String), Vec<u64>> = BTreeMap::new();
    for ((rule, pos), at) in model {
        if let Some(at) = at {
            expected.entry(((at - SLICE) / SLICE_MS, (*rule).to_owned())).or_default().push(*pos);
        }
    }
    let numbers = expected.iter().map(|((bucket, rule), keys)| (*bucket, rule.clone(), keys.len() as u64));
    assert_eq!(counts(store).await, numbers.collect::<Vec<_>>());
    for ((bucket, rule), keys) in &expected {
        let bucket = Bucket(Bucket::of(UnixMs(SLICE)).0 + bucket);
        let page = store.parked_in(&RuleId::new(rule), bucket, None, 100).await.unwrap();
        assert_eq!(&positions(&page), keys);
    }
    for rule in RULES {
        let of_rule = model.iter().filter(|((of, _), _)| *of == rule);
        let (parked, waiting): (Vec<_>, Vec<_>) = of_rule.partition(|(_, at)| at.is_some());
        let keys = |list: Vec<(&(&str, u64), _)>| list.iter().map(|((_, pos), _)| *pos).collect::<Vec<_>>();
        let Some(progress) = store.load(&RuleId::new(rule)).await.unwrap() else {
            assert!(parked.is_empty() && waiting.is_empty());
            continue;
        };
        assert_eq!(progress.parked, parked.len() as u64);
        assert_eq!(positions(&progress.exceptions), keys(waiting));
        let page = store.parked(&RuleId::new(rule), None, 100).await.unwrap();
        assert_eq!(positions(&page), keys(parked));
    }
}

#[test]
fn parked_deliveries_are_what_a_few_lines_say_whatever_happens() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    runner
        .run(&prop::collection::vec(step(), 1..60), |steps| {
            runtime.block_on(async {
                for kind in [Kind::Memory, Kind::Embedded] {
                    let (mut world, mut model) = (kind.open(), Model::new());
                    for step in &steps {
                        world = take(world, &mut model, step).await;
                        agrees(world.store.as_ref(), &model).await;
                    }
                }
            });
            Ok(())
        })
        .unwrap();
}
