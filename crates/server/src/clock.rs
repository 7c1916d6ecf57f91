//! The machine's time and luck: the only place that asks for either.

use ringback_model::ports::{Clock, Dice};
use ringback_model::time::UnixMs;

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMs {
        #[allow(clippy::disallowed_methods, reason = "this is where the process reads the clock")]
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 is a machine that was not set yet.
        let ms = since.map_or(0, |since| since.as_millis());
        UnixMs(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

/// The operating system's randomness, by way of the thread's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    fn roll(&self) -> u64 {
        rand::random()
    }
}
