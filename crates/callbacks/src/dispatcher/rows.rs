//! Deliveries that wait for a retry.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, Outbound, ParkReason};
use ringback_model::time::UnixMs;

use super::attempt::Cause;
use super::lines::LaneKey;

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) lane: LaneKey,
    /// Attempts so far.
    pub(crate) attempts: u32,
    pub(crate) due: UnixMs,
    /// When its event was committed; after a restart, when it first failed.
    pub(crate) at: UnixMs,
    pub(crate) since: UnixMs,
    pub(crate) last_error: String,
    pub(crate) outbound: Arc<Outbound>,
    /// Not known after a restart.
    pub(crate) cause: Option<Cause>,
}

impl Row {
    /// As the store keeps it while it waits.
    pub(crate) fn waiting(&self, key: DeliveryKey) -> Exception {
        self.exception(key, ExceptionState::Waiting { attempts: self.attempts, due: self.due })
    }

    /// As the store keeps it once it is parked.
    pub(crate) fn parked(&self, key: DeliveryKey, at: UnixMs, reason: ParkReason) -> Exception {
        self.exception(key, ExceptionState::Parked { attempts: self.attempts, at, reason })
    }

    fn exception(&self, key: DeliveryKey, state: ExceptionState) -> Exception {
        Exception {
            key,
            lane: self.lane.to_lane(),
            state,
            since: self.since,
            last_error: self.last_error.clone(),
            outbound: Some(self.outbound.as_ref().clone()),
        }
    }
}

/// All of a rule's.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: BTreeMap<DeliveryKey, Row>,
    /// Those that are not under way.
    due: BTreeSet<(UnixMs, DeliveryKey)>,
    probed: Option<DeliveryKey>,
}

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn contains(&self, key: DeliveryKey) -> bool {
        self.rows.contains_key(&key)
    }

    /// When the one with the lowest position first failed.
    pub(crate) fn oldest(&self) -> Option<UnixMs> {
        self.rows.values().next().map(|row| row.since)
    }

    pub(crate) fn put(&mut self, key: DeliveryKey, row: Row) {
        self.due.insert((row.due, key));
        self.rows.insert(key, row);
    }

    pub(crate) fn remove(&mut self, key: DeliveryKey) -> Option<Row> {
        let row = self.rows.remove(&key)?;
        self.due.remove(&(row.due, key));
        Some(row)
    }

    /// When the next one is due.
    pub(crate) fn next_due(&self) -> Option<UnixMs> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Takes the first that is due; it stays a row.
    pub(crate) fn take_due(&mut self, now: UnixMs) -> Option<(DeliveryKey, Row)> {
        let &(due, key) = self.due.first().filter(|(due, _)| *due <= now)?;
        self.due.remove(&(due, key));
        self.rows.get(&key).map(|row| (key, row.clone()))
    }

    /// Takes one, due or not: another one each time, so that one that can never succeed does not stand for all.
    pub(crate) fn take_probe(&mut self) -> Option<(DeliveryKey, Row)> {
        let after = self.probed.map_or(Bound::Unbounded, Bound::Excluded);
        let idle = |(key, row): (&DeliveryKey, &Row)| self.due.contains(&(row.due, *key)).then_some(*key);
        let next = self.rows.range((after, Bound::Unbounded)).find_map(idle);
        let key = next.or_else(|| self.rows.iter().find_map(idle))?;
        self.probed = Some(key);
        let row = self.rows.get(&key)?;
        self.due.remove(&(row.due, key));
        Some((key, row.clone()))
    }

    /// Gives one back that was taken.
    pub(crate) fn give_back(&mut self, key: DeliveryKey) {
        if let Some(row) = self.rows.get(&key) {
            self.due.insert((row.due, key));
        }
    }

    /// Makes all due.
    pub(crate) fn all_due(&mut self, now: UnixMs) {
        for (due, key) in std::mem::take(&mut self.due) {
            let due = due.min(now);
            if let Some(row) = self.rows.get_mut(&key) {
                row.due = due;
            }
            self.due.insert((due, key));
        }
    }
}
