//! Parked deliveries as operators see them: slices of ten minutes, what is done with them, and bans.

use serde::{Deserialize, Serialize};

use crate::delivery::DeliveryKey;
use crate::ids::RuleId;
use crate::time::UnixMs;

/// Milliseconds of a slice.
pub const SLICE_MS: i64 = 600_000;

/// Ten minutes, by their number since 1970 (UTC): where a delivery parked at an instant belongs. Zones whose offset
/// is a multiple of ten minutes cut time in the same places, so a slice is named in a zone but does not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bucket(pub i64);

impl Bucket {
    /// The one that an instant lies in.
    #[must_use]
    pub const fn of(at: UnixMs) -> Self {
        Self(at.0.div_euclid(SLICE_MS))
    }

    /// Its first instant.
    #[must_use]
    pub const fn start(self) -> UnixMs {
        UnixMs(self.0.saturating_mul(SLICE_MS))
    }
}

/// What one rule has parked in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedCount {
    /// Which rule; it may be gone by now.
    pub rule: RuleId,
    /// When they were parked.
    pub bucket: Bucket,
    /// How many there are; never 0.
    pub count: u64,
}

/// Which slices are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SliceScope {
    /// Those of rules whose dialect has a storage service ([`crate::dialect::Contract::storage`]); refused while the
    /// service is switched off.
    Service,
    /// All.
    Everything,
}

/// One slice, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its date key: `yyyyMMddHHmm` of its start, in the zone of its rules.
    pub date: String,
    /// Parked deliveries in it.
    pub size: u64,
    /// How often it was sent again.
    pub retries: u32,
    /// It is being sent again now.
    pub running: bool,
    /// The rules that it holds deliveries of, with how many each.
    pub rules: Vec<(RuleId, u64)>,
}

/// An order to send a slice again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resend {
    /// [`Slice::date`].
    pub date: String,
    /// Where to instead of the rule's own URL.
    pub target_url: Option<String>,
    /// Only the deliveries of this rule.
    pub rule: Option<RuleId>,
    /// Whose slices.
    pub scope: SliceScope,
}

/// What became of a [`Resend`]. Its outcome shows in the slice: what was taken is gone, the rest stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResendStart {
    /// It has begun, with so many deliveries.
    Started(u64),
    /// The slice is being sent again already.
    Running,
    /// The rules' own receivers are banned now; another URL may be named.
    Banned,
}

/// A parked delivery, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Whose.
    pub rule: RuleId,
    /// Which.
    pub key: DeliveryKey,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was parked.
    pub at: UnixMs,
    /// Why: [`crate::delivery::ParkReason::name`].
    pub reason: &'static str,
    /// What the last attempt ran into.
    pub last_error: String,
    /// Its body.
    pub body: String,
}

/// What is kept of a ban over restarts. Source: second callback sheet 3.6.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BanRecord {
    /// When the bans of the last 24 hours began, oldest first.
    pub starts: Vec<UnixMs>,
    /// When the newest one ends; `None` = it was lifted, or there was none.
    #[serde(default)]
    pub until: Option<UnixMs>,
    /// What it rests on, in words: failures, time, rules, their last errors.
    #[serde(default)]
    pub evidence: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_ten_minutes_long() {
        for (at, bucket) in [(0, 0), (599_999, 0), (600_000, 1), (-1, -1), (1_631_193_031_254, 2_718_655)] {
            assert_eq!(Bucket::of(UnixMs(at)), Bucket(bucket), "{at}");
        }
        assert_eq!(Bucket(2_718_655).start(), UnixMs(1_631_193_000_000));
    }
}
