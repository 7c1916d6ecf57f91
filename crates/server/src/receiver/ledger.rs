//! What a receiver remembers: counts for its summary, ids to recognise duplicates.

use std::collections::{BTreeMap, HashMap, VecDeque};

use ringback_model::limits;

use super::call::Call;
use super::signature::Signature;

/// Counts and ids.
#[derive(Debug, Default)]
pub struct Ledger {
    summary: Summary,
    seen: HashMap<String, u32>,
    /// Ids by age, for [`limits::RECEIVER_IDS_KEPT`].
    order: VecDeque<String>,
}

/// What came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// All calls, duplicates included.
    pub calls: u64,
    /// Calls by callback name, short form.
    pub by_title: BTreeMap<String, u64>,
    /// Calls whose id had come before.
    pub duplicates: u64,
    /// Calls that are no callback of any dialect.
    pub unknown: u64,
    /// Calls whose signature is missing or wrong, where a secret was given.
    pub badly_signed: u64,
}

/// Names counted one by one; a flood of invented names ends in one bucket.
const TITLES: usize = 256;

impl Ledger {
    /// Notes an id; answers how often it has come, this time included.
    pub fn meet(&mut self, id: &str) -> u32 {
        if let Some(times) = self.seen.get_mut(id) {
            *times = times.saturating_add(1);
            return *times;
        }
        if self.order.len() >= limits::RECEIVER_IDS_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        self.seen.insert(id.to_owned(), 1);
        self.order.push_back(id.to_owned());
        1
    }

    /// The number that the next call gets, counted from 1.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.summary.calls + 1
    }

    /// Counts a call.
    pub fn count(&mut self, call: &Call) {
        let summary = &mut self.summary;
        summary.calls += 1;
        summary.duplicates += u64::from(call.is_duplicate());
        summary.badly_signed +=
            u64::from(matches!(call.signature, Signature::Missing | Signature::Invalid(_)));
        let Some(described) = &call.described else {
            summary.unknown += 1;
            return;
        };
        let title = &described.title;
        let known = summary.by_title.contains_key(title) || summary.by_title.len() < TITLES;
        let bucket = if known { title.as_str() } else { "(others)" };
        *summary.by_title.entry(bucket.to_owned()).or_default() += 1;
    }

    /// The counts so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_counted_and_the_oldest_forgotten() {
        let mut ledger = Ledger::default();
        assert_eq!((ledger.meet("a"), ledger.meet("b"), ledger.meet("a")), (1, 1, 2));
        for number in 0..limits::RECEIVER_IDS_KEPT {
            ledger.meet(&format!("id {number}"));
        }
        assert_eq!(ledger.meet("a"), 1, "forgotten by now");
        assert!(
            ledger.seen.len() <= limits::RECEIVER_IDS_KEPT && ledger.order.len() <= limits::RECEIVER_IDS_KEPT
        );
    }
}
