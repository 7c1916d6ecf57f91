//! How long traces are kept, and how much of them.

use std::time::Duration;

use ringback_model::limits;

/// Settings of the record of decisions and attempts.
#[derive(Debug, Clone, Copy)]
pub struct TraceSettings {
    /// How long a trace is kept. Setting `why.keep`.
    pub keep: Duration,
    /// Bytes of traces; the oldest go first. Setting `why.max_bytes`.
    pub max_bytes: u64,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self { keep: limits::TRACE_KEEP, max_bytes: limits::TRACE_MAX_BYTES }
    }
}
