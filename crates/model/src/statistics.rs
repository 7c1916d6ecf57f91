//! Numbers that operators look at.

use std::collections::BTreeMap;

use crate::time::UnixMs;

/// Milliseconds of a day.
pub const DAY_MS: i64 = 24 * 3600 * 1000;

/// A time: from its first instant up to before its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First instant.
    pub from: UnixMs,
    /// First instant after it.
    pub to: UnixMs,
}

/// How many things of a kind were made, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Growth {
    /// Ever.
    pub total: u64,
    /// Before the time asked about.
    pub before: u64,
    /// On each day of that time on which there were any, as days since 1970.
    pub days: BTreeMap<i64, u64>,
}

impl Growth {
    /// Counts one more, made at this instant.
    pub fn count(&mut self, made_at: UnixMs, period: Period) {
        self.total += 1;
        if made_at < period.from {
            self.before += 1;
        } else if made_at < period.to {
            *self.days.entry(made_at.0.div_euclid(DAY_MS)).or_default() += 1;
        }
    }
}
