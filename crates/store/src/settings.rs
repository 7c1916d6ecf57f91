//! What an operator may choose about a store.

use std::time::Duration;

use ringback_model::limits;

/// Settings of a store; the defaults are right for most.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// How long an event stays readable for rules. Setting `log.keep`.
    pub log_keep: Duration,
    /// Bytes of events that stay readable for rules; the oldest segments leave the log beyond. `None` = no bound.
    /// Frees disk space only together with [`Self::history_keep`]. Setting `log.max_bytes`.
    pub log_max_bytes: Option<u64>,
    /// How long messages stay in the history. `None` = for ever. They go by segment, so up to
    /// [`Self::segment_age`] later.
    pub history_keep: Option<Duration>,
    /// Events of one segment, at least 1. Opening the store looks at up to this many; sealing a full segment holds
    /// commits for two to three microseconds per event.
    pub segment_events: u64,
    /// A segment that is not empty is sealed at this age, whatever its size.
    pub segment_age: Duration,
    /// Threads that read, 1..=16. Embedded store only.
    pub readers: usize,
    /// Bytes of the database file at which the store counts as full. `None` = as far as the disk goes. Embedded
    /// store only.
    pub file_max_bytes: Option<u64>,
    /// Pages of 4 KiB in the write-ahead log from which it is folded into the file, at least 1. Embedded store only.
    pub fold_pages: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            log_keep: limits::LOG_KEEP,
            log_max_bytes: None,
            history_keep: None,
            segment_events: 100_000,
            segment_age: Duration::from_secs(24 * 3600),
            readers: 3,
            file_max_bytes: None,
            // 16 MiB: a larger one makes the disk busy for longer at a time, a smaller one writes hot pages more often.
            fold_pages: 4_000,
        }
    }
}

/// A duration as the log's times count.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
