//! The load of a fan-out: messages to many listeners, a bounded number on their way.

use std::cell::Cell;
use std::time::Duration;

use anyhow::ensure;

use crate::listeners::Listeners;
use crate::load::{self, Bounds, Pace, Tally};
use crate::scenarios::{Figures, figure};
use crate::stats::ratio;

/// Messages on their way at once, well below what a server keeps for a slow connection.
const ON_THEIR_WAY: usize = 16;
/// Longest wait for the pushes of one message.
const PUSH_WAIT: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Pushed {
    /// Pushes that were read.
    pub(crate) pushes: u64,
    bytes: u64,
    each: u64,
    tally: Tally,
}

impl Pushed {
    /// As figures. Latency is that of a whole message: from its sending until as many pushes were read as are due for
    /// all messages up to it.
    pub(crate) fn figures(&self) -> Figures {
        let seconds = self.tally.elapsed.as_secs_f64();
        let expected = (self.tally.done + self.tally.failed) * self.each;
        Figures::from([
            (figure::PUSHED, ratio(self.pushes as f64, seconds).unwrap_or(0.0)),
            (figure::UNPUSHED, expected.saturating_sub(self.pushes) as f64),
            (figure::FRAME, ratio(self.bytes as f64, self.pushes as f64).unwrap_or(0.0)),
            (figure::COUNT, self.tally.done as f64),
            (figure::FAILED, self.tally.failed as f64),
            (figure::P50, self.tally.latency.quantile_ms(0.5)),
            (figure::P99, self.tally.latency.quantile_ms(0.99)),
        ])
    }
}

/// Sends until the bounds are reached. A message is on its way until the listeners have read as many pushes as are due
/// up to it, so slow readers slow the load and are not cut off.
pub(crate) async fn run(
    listeners: &Listeners,
    bounds: Bounds,
    send: impl AsyncFn() -> anyhow::Result<()>,
) -> anyhow::Result<Pushed> {
    let each = listeners.count() as u64;
    let before = listeners.heard();
    let sent = Cell::new(0);
    let message = async |_| {
        send().await?;
        sent.set(sent.get() + 1);
        let due = before.pushes + sent.get() * each;
        let heard = listeners.wait(due, PUSH_WAIT).await;
        ensure!(heard.ended == 0, "{} connections were cut off", heard.ended);
        ensure!(heard.pushes >= due, "a push did not come in {PUSH_WAIT:?}");
        Ok(())
    };
    let tally = load::run(Pace::Closed(ON_THEIR_WAY), bounds, message).await?;
    if let Some(why) = &tally.first_failure {
        eprintln!("  {} of {} messages failed; the first: {why}", tally.failed, tally.failed + tally.done);
    }
    let heard = listeners.heard();
    Ok(Pushed { pushes: heard.pushes - before.pushes, bytes: heard.bytes - before.bytes, each, tally })
}
