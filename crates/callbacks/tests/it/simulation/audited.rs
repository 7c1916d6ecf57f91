//! The audit, held against what receivers saw.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ringback_callbacks::audit::{AuditOrder, Fate};

use super::{Simulation, position};
use crate::support::is_parked;

impl Simulation {
    /// What the audit says of each delivery is what its receiver saw: of those that it calls delivered every one was
    /// taken, and nothing is without an explanation.
    pub(super) async fn check_audit(&self) {
        let events = self.events();
        let seen = self.world.caller.seen.lock().unwrap().clone();
        let mut order = AuditOrder { limit: 100, before_log: true, ..AuditOrder::default() };
        let mut open: HashMap<String, BTreeSet<u64>> = HashMap::new();
        let mut delivered: HashMap<String, u64> = HashMap::new();
        let (mut looked_at, mut more) = (0, true);
        while more {
            let page = self.engine().audit(order.clone()).await.unwrap();
            assert_eq!(page.holes, []);
            looked_at += page.events;
            for rule in &page.rules {
                for (sum, count) in &rule.sums {
                    assert!(!sum.fate.is_loss(), "{}: {sum:?} {count}", rule.rule);
                    if sum.fate == Fate::Delivered {
                        *delivered.entry(rule.rule.to_string()).or_default() += count;
                    }
                }
                for stretch in &rule.open {
                    let inside = events.iter().filter(|event| {
                        event.lane == stretch.lane && (stretch.first..=stretch.last).contains(&event.pos)
                    });
                    let before = open.entry(rule.rule.to_string()).or_default();
                    let size = before.len() as u64;
                    before.extend(inside.map(|event| event.pos.0));
                    assert_eq!(before.len() as u64 - size, stretch.count, "{}: {stretch:?}", rule.rule);
                }
            }
            (more, order.after, order.upto) = (page.more, page.last, Some(page.upto));
            order.before_log = false;
        }
        assert_eq!(looked_at, events.len() as u64);
        for rule in &self.rules {
            let id = rule.id.to_string();
            let prefix = format!("http://{id}.test/");
            let mut last: BTreeMap<u64, Option<u16>> = BTreeMap::new();
            let mut taken = BTreeSet::new();
            for call in seen.iter().filter(|seen| seen.url.starts_with(&prefix)) {
                last.insert(position(call), call.status);
                if call.status == Some(200) {
                    taken.insert(position(call));
                }
            }
            let open = open.remove(&id).unwrap_or_default();
            let said: BTreeSet<u64> =
                events.iter().map(|event| event.pos.0).filter(|pos| !open.contains(pos)).collect();
            assert_eq!(said.len() as u64, delivered.get(&id).copied().unwrap_or(0), "{id}: sums");
            let untrue: Vec<_> = said.difference(&taken).collect();
            assert!(untrue.is_empty(), "{id}: never delivered: {untrue:?}");
            // Taken, and sent again because a crash came before it was written down: then it failed.
            let unsaid = taken.difference(&said).filter(|pos| last[pos] == Some(200)).count();
            let ahead = open.iter().filter(|pos| !last.contains_key(pos)).count();
            assert!(unsaid == 0 || ahead > 0 || self.waits(&id), "{id}: {unsaid} were delivered, unsaid");
        }
    }

    fn waits(&self, id: &str) -> bool {
        self.world.store.saved(id).rows.values().any(|row| !is_parked(row))
    }
}
