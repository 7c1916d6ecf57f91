//! How far rules have come, and their versions.

use std::sync::Arc;

use ringback_model::delivery::{
    DeliveryKey, Exception, ExceptionState, Outbound, ParkReason, ProgressChange, RuleProgress, RuleVersion,
};
use ringback_model::event::Lane;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::rule::Rule;
use ringback_model::time::UnixMs;

use crate::shelf::rule;
use crate::world::*;

promises!(
    progress_is_kept_per_rule,
    parked_deliveries_come_in_pages,
    an_exception_moves_between_states,
    versions_come_back_oldest_first,
    versions_leave_with_the_events_that_need_them,
);

fn exception(pos: u64, copy: u32, parked: bool) -> Exception {
    let state = if parked {
        ExceptionState::Parked { attempts: 8, at: UnixMs(NOON), reason: ParkReason::Exhausted }
    } else {
        ExceptionState::Waiting { attempts: 1, due: UnixMs(NOON + 1) }
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let outbound = Outbound { url: "http://localhost/".to_owned(), headers, body: b"{\"a\":1}"[..].into() };
    Exception {
        key: DeliveryKey { pos: LogPos(pos), copy },
        lane: Lane::conversation(&single("a", "b")),
        state,
        since: UnixMs(NOON),
        last_error: "status 503".to_owned(),
        outbound: Some(outbound),
    }
}

fn change(rule: &RuleId) -> ProgressChange {
    ProgressChange::none(rule.clone())
}

async fn progress_is_kept_per_rule(kind: Kind) {
    let world = kind.open();
    let (one, other) = (RuleId::new("one"), RuleId::new("other"));
    assert_eq!(world.store.load(&one).await.unwrap(), None);
    let put = vec![exception(4, 1, false), exception(4, 0, false), exception(3, 0, true)];
    let changes = vec![
        ProgressChange { cursor: Some(LogPos(5)), put, ..change(&one) },
        ProgressChange { put: vec![exception(9, 0, false)], ..change(&other) },
    ];
    world.store.save(changes).await.unwrap();
    let moved = ProgressChange { cursor: Some(LogPos(7)), ..change(&one) };
    let removed = ProgressChange { remove: vec![exception(4, 1, false).key], ..change(&one) };
    world.store.save(vec![moved, removed]).await.unwrap();
    let world = world.reopen().await;
    let expected = RuleProgress { cursor: LogPos(7), exceptions: vec![exception(4, 0, false)], parked: 1 };
    assert_eq!(world.store.load(&one).await.unwrap(), Some(expected));
    let expected = RuleProgress { cursor: LogPos::ZERO, exceptions: vec![exception(9, 0, false)], parked: 0 };
    assert_eq!(world.store.load(&other).await.unwrap(), Some(expected));
}

async fn parked_deliveries_come_in_pages(kind: Kind) {
    let world = kind.open();
    let rule = RuleId::new("rule");
    let put: Vec<_> =
        (0..10).rev().map(|number| exception(number / 2, number as u32 % 2, number != 4)).collect();
    world.store.save(vec![ProgressChange { put, ..change(&rule) }]).await.unwrap();
    let mut keys = Vec::new();
    loop {
        let page = world.store.parked(&rule, keys.last().copied(), 4).await.unwrap();
        if page.is_empty() {
            break;
        }
        keys.extend(page.into_iter().map(|exception| exception.key));
    }
    let expected = (0..10u64).filter(|number| *number != 4);
    let expected: Vec<_> =
        expected.map(|number| exception(number / 2, number as u32 % 2, true).key).collect();
    assert_eq!(keys, expected);
    assert!(world.store.parked(&RuleId::new("none"), None, 4).await.unwrap().is_empty());
}

async fn an_exception_moves_between_states(kind: Kind) {
    let world = kind.open();
    let rule = RuleId::new("rule");
    for (parked, waiting) in [(false, 1), (true, 0), (false, 1)] {
        let put = vec![exception(1, 0, parked)];
        world.store.save(vec![ProgressChange { put, ..change(&rule) }]).await.unwrap();
        let progress = world.store.load(&rule).await.unwrap().unwrap();
        assert_eq!((progress.exceptions.len(), progress.parked), (waiting, u64::from(parked)));
    }
    let resume = Exception { state: ExceptionState::Resume, outbound: None, ..exception(1, 0, false) };
    world.store.save(vec![ProgressChange { put: vec![resume.clone()], ..change(&rule) }]).await.unwrap();
    assert_eq!(world.store.load(&rule).await.unwrap().unwrap().exceptions, [resume]);
}

fn version(id: &str, version: u64, since: u64) -> RuleVersion {
    let rule = Rule { name: format!("{id} {version} since {since}"), ..rule(id, version) };
    RuleVersion { rule: Arc::new(rule), since: LogPos(since) }
}

async fn versions_come_back_oldest_first(kind: Kind) {
    let world = kind.open();
    for known in [version("b", 10, 7), version("b", 9, 5), version("a", 1, 0), version("b", 10, 8)] {
        world.store.remember(known).await.unwrap();
    }
    let world = world.reopen().await;
    let expected = [version("a", 1, 0), version("b", 9, 5), version("b", 10, 8)];
    assert_eq!(world.store.versions().await.unwrap(), expected, "saving a version again replaces it");
}

async fn versions_leave_with_the_events_that_need_them(kind: Kind) {
    let world = kind.open();
    for number in 1..=20 {
        world.say(message("me", to("you"), &format!("{number}")), NOON + number * HOUR).await;
    }
    for known in
        [version("a", 1, 0), version("b", 1, 0), version("b", 2, 3), version("b", 3, 15), version("b", 4, 16)]
    {
        world.store.remember(known).await.unwrap();
    }
    // Events up to 15 leave: version 2 ruled them, version 3 rules number 16.
    let gone = world.store.expire(UnixMs(NOON + 16 * HOUR).plus(DAY * 3)).await.unwrap();
    assert_eq!((gone, world.store.start()), (15, LogPos(16)));
    let expected = [version("a", 1, 0), version("b", 3, 15), version("b", 4, 16)];
    assert_eq!(world.store.versions().await.unwrap(), expected);
}
