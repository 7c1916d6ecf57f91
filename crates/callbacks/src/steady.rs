//! The time that schedules run on. It begins where the wall clock stands at the start and then runs by itself, so that
//! a wall clock that is set back, or forward, neither delays retries and probes nor brings them early.

use ringback_model::time::UnixMs;
use tokio::time::Instant;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steady {
    start: UnixMs,
    from: Instant,
}

impl Steady {
    /// Begins at `now`, the wall clock's time.
    pub(crate) fn new(now: UnixMs) -> Self {
        Self { start: now, from: Instant::now() }
    }

    /// Now.
    pub(crate) fn now(&self) -> UnixMs {
        self.start.plus(self.from.elapsed())
    }
}
