//! How far a replay is, on standard error: one line that changes on a terminal, else a line now and then.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Characters of the bar.
const WIDTH: usize = 30;
/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Progress {
    terminal: bool,
    last: Instant,
    shown: bool,
}

impl Progress {
    pub(super) fn start() -> Self {
        Self { terminal: io::stderr().is_terminal(), last: Instant::now(), shown: false }
    }

    pub(super) fn counting(&mut self, replay: &Value) {
        let events = replay["counts"]["looked_at"].as_u64().unwrap_or(0);
        self.show(&format!("counting: {events} events looked at"));
    }

    pub(super) fn sending(&mut self, replay: &Value) {
        self.show(&line(replay));
    }

    fn show(&mut self, line: &str) {
        if self.terminal {
            eprint!("\r{line}\x1b[K");
            self.shown = true;
        } else if self.last.elapsed() >= LINE_EVERY {
            eprintln!("{line}");
            self.last = Instant::now();
        }
    }

    /// Takes the line off the terminal.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\x1b[K");
        }
    }
}

fn line(replay: &Value) -> String {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    let (total, failed) = (number(&replay["counts"]["deliveries"]), number(&replay["failed"]));
    let done = number(&replay["delivered"]) + failed;
    let rate = number(&replay["rate"]).max(1);
    let share = done.min(total) * 100 / total.max(1);
    let full = usize::try_from(share).unwrap_or(0) * WIDTH / 100;
    let mut line = format!("[{:<WIDTH$}] {share:>3}%  {done} of {total}", "#".repeat(full));
    if failed > 0 {
        line.push_str(&format!(", {failed} failed"));
    }
    if replay["state"] == "running" {
        line.push_str(&format!(", at least {} s to go", total.saturating_sub(done).div_ceil(rate)));
    } else if let Some(state) = replay["state"].as_str() {
        line.push_str(&format!(", {state}"));
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bar_fills() {
        let replay = |delivered: u64, failed: u64, state: &str| json!({"state": state, "rate": 50, "delivered": delivered, "failed": failed, "counts": {"deliveries": 1000}});
        for (replay, expected) in [
            (
                replay(0, 0, "running"),
                "[                              ]   0%  0 of 1000, at least 20 s to go",
            ),
            (
                replay(498, 2, "running"),
                "[###############               ]  50%  500 of 1000, 2 failed, at least 10 s to go",
            ),
            (replay(1000, 0, "done"), "[##############################] 100%  1000 of 1000, done"),
            (replay(100, 0, "paused"), "[###                           ]  10%  100 of 1000, paused"),
        ] {
            assert_eq!(line(&replay), expected);
        }
        assert!(line(&json!({"counts": {"deliveries": 0}})).contains("0 of 0"));
    }
}
