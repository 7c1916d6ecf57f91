//! Deliveries read ahead, and the contiguous low-water mark below which nothing is owed.

use std::collections::VecDeque;

use ringback_model::ids::LogPos;
use ringback_model::time::UnixMs;

/// Read-ahead of one rule.
#[derive(Debug)]
pub(crate) struct Window {
    slots: VecDeque<Slot>,
    read: LogPos,
    held: usize,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

/// An event with deliveries that are not over.
#[derive(Debug)]
struct Slot {
    pos: LogPos,
    at: UnixMs,
    open: usize,
}

impl Window {
    /// An empty one after `cursor`, for `most` deliveries and `most_bytes` of bodies.
    pub(crate) const fn new(cursor: LogPos, most: usize, most_bytes: usize) -> Self {
        Self { slots: VecDeque::new(), read: cursor, held: 0, bytes: 0, most, most_bytes }
    }

    pub(crate) const fn has_room(&self) -> bool {
        self.held < self.most && self.bytes < self.most_bytes
    }

    /// Everything up to here was read and is over, or has a slot.
    pub(crate) const fn read(&self) -> LogPos {
        self.read
    }

    pub(crate) fn set_read(&mut self, pos: LogPos) {
        self.read = self.read.max(pos);
    }

    /// Opens an event's slot; it stays open until [`Window::close`], however few deliveries it has.
    pub(crate) fn open(&mut self, pos: LogPos, at: UnixMs) {
        self.slots.push_back(Slot { pos, at, open: 1 });
    }

    /// All deliveries of the newest event have been added.
    pub(crate) fn close(&mut self, pos: LogPos) {
        self.set_read(pos);
        self.end_one(pos);
    }

    /// Adds a delivery.
    pub(crate) fn hold(&mut self, pos: LogPos, bytes: usize) {
        if let Ok(index) = self.slots.binary_search_by_key(&pos, |slot| slot.pos) {
            self.slots[index].open += 1;
            self.held += 1;
            self.bytes += bytes;
        }
    }

    /// A delivery is over, or has a row.
    pub(crate) fn release(&mut self, pos: LogPos, bytes: usize) {
        self.held = self.held.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.end_one(pos);
    }

    fn end_one(&mut self, pos: LogPos) {
        if let Ok(index) = self.slots.binary_search_by_key(&pos, |slot| slot.pos) {
            self.slots[index].open = self.slots[index].open.saturating_sub(1);
        }
        while self.slots.front().is_some_and(|slot| slot.open == 0) {
            self.slots.pop_front();
        }
    }

    /// Up to here nothing is owed but what has a row.
    pub(crate) fn cursor(&self) -> LogPos {
        self.slots.front().map_or(self.read, |slot| LogPos(slot.pos.0.saturating_sub(1)))
    }

    /// Events that hold the cursor.
    pub(crate) fn outstanding(&self) -> usize {
        self.slots.len()
    }

    /// When the oldest event that holds the cursor was committed.
    pub(crate) fn oldest(&self) -> Option<UnixMs> {
        self.slots.front().map(|slot| slot.at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_event_without_deliveries_moves_the_cursor() {
        let mut window = Window::new(LogPos(4), 8, 100);
        window.open(LogPos(7), UnixMs(1));
        assert_eq!((window.cursor(), window.oldest()), (LogPos(6), Some(UnixMs(1))));
        window.close(LogPos(7));
        assert_eq!((window.cursor(), window.outstanding()), (LogPos(7), 0));
    }

    #[test]
    fn both_bounds_hold() {
        let mut window = Window::new(LogPos(0), 2, 100);
        window.open(LogPos(1), UnixMs(0));
        window.hold(LogPos(1), 10);
        assert!(window.has_room());
        window.hold(LogPos(1), 10);
        assert!(!window.has_room());
        window.release(LogPos(1), 10);
        window.hold(LogPos(1), 90);
        window.release(LogPos(1), 10);
        assert!(window.has_room());
    }

    proptest! {
        #[test]
        fn the_cursor_never_passes_what_is_open(copies in prop::collection::vec(0usize..4, 1..40), order in any::<prop::sample::Index>()) {
            let mut window = Window::new(LogPos(0), 1000, 1000);
            let mut open = Vec::new();
            for (index, copies) in copies.iter().enumerate() {
                let pos = LogPos(index as u64 + 1);
                window.open(pos, UnixMs(0));
                for _ in 0..*copies {
                    window.hold(pos, 1);
                    open.push(pos);
                }
                window.close(pos);
            }
            while !open.is_empty() {
                let lowest = open.iter().min().copied().unwrap();
                prop_assert_eq!(window.cursor(), LogPos(lowest.0 - 1));
                let gone = open.swap_remove(order.index(open.len()));
                window.release(gone, 1);
            }
            prop_assert_eq!(window.cursor(), LogPos(copies.len() as u64));
        }
    }
}
