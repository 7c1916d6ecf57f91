//! Lanes with something to do.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use ringback_model::delivery::DeliveryKey;
use ringback_model::event::Lane;
use ringback_model::hashing::FastMap;
use ringback_model::ids::LogPos;

use super::attempt::Delivery;

/// Stands for "all copies of the event" in a key. Copies are numbered below it; markers lie above it.
pub(crate) const ALL_COPIES: u32 = u32::MAX >> 1;

/// What is kept in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum LaneKey {
    /// All deliveries of a lane.
    Named(Lane),
    /// One delivery of a rule that keeps no order.
    Single(DeliveryKey),
}

impl LaneKey {
    /// The lane under which a row is kept; empty for those that have none.
    pub(crate) fn to_lane(&self) -> Lane {
        match self {
            Self::Named(lane) => lane.clone(),
            Self::Single(_) => Lane("".into()),
        }
    }
}

/// One lane's deliveries in memory.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pub(crate) queue: VecDeque<Delivery>,
    /// A call of it is under way.
    pub(crate) busy: bool,
    pub(crate) stuck: Option<Stuck>,
}

/// A lane whose later events are not kept in memory: they pass, and are read again when it moves on.
#[derive(Debug)]
pub(crate) struct Stuck {
    pub(crate) phase: Phase,
    /// Up to here the lane's deliveries are over or have rows of their own.
    pub(crate) done: DeliveryKey,
    /// Up to here the lane's deliveries were let pass.
    pub(crate) passed: DeliveryKey,
    /// Up to here the page in the queue reaches.
    pub(crate) covered: DeliveryKey,
    /// The row that says durably where to go on.
    pub(crate) marker: Option<DeliveryKey>,
    /// The lane of its events in the log; `None` = to be found out.
    pub(crate) base: Option<Lane>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its head has a row and waits for the next attempt.
    Waiting,
    /// Waits for its turn to be read.
    Queued,
    /// Is being read.
    Reading,
    /// A page of it is being sent.
    Sending,
    /// Its head is parked, and the rule wants it to wait for that.
    Held,
}

/// Lanes by key.
pub(crate) type Lines = FastMap<LaneKey, Line>;

/// The whole of an event.
pub(crate) const fn whole(pos: LogPos) -> DeliveryKey {
    DeliveryKey { pos, copy: ALL_COPIES }
}

/// The key of the marker that says "go on after this": a mirror image, so that it never meets a delivery's row.
pub(crate) const fn marker_of(key: DeliveryKey) -> DeliveryKey {
    DeliveryKey { pos: key.pos, copy: !key.copy }
}

/// Groups what was read by lane, each in its order; what has no lane stands alone.
pub(crate) fn by_lane<T, K: Eq + Hash>(items: Vec<T>, lane: impl Fn(&T) -> Option<K>) -> Vec<Vec<T>> {
    let mut lanes: Vec<Vec<T>> = Vec::new();
    let mut places: HashMap<K, usize> = HashMap::new();
    for item in items {
        let place = lane(&item).map_or(lanes.len(), |lane| *places.entry(lane).or_insert(lanes.len()));
        match lanes.get_mut(place) {
            Some(lane) => lane.push(item),
            None => lanes.push(vec![item]),
        }
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_keep_their_order_and_what_has_none_stands_alone() {
        let items = vec![(1, "a"), (2, "b"), (3, ""), (4, "a"), (5, ""), (6, "b")];
        let lanes = by_lane(items, |(_, lane)| (!lane.is_empty()).then_some(*lane));
        let numbers: Vec<Vec<i32>> =
            lanes.iter().map(|lane| lane.iter().map(|(number, _)| *number).collect()).collect();
        assert_eq!(numbers, [vec![1, 4], vec![2, 6], vec![3], vec![5]]);
    }

    #[test]
    fn markers_never_meet_deliveries() {
        for copy in [0, 1, ALL_COPIES] {
            let key = DeliveryKey { pos: LogPos(3), copy };
            let marker = marker_of(key);
            assert!(marker.copy > ALL_COPIES);
            assert_eq!(marker_of(marker), key);
        }
    }
}
