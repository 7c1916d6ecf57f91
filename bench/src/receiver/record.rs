//! What the receiver has seen, per last segment of the path: callbacks name their command there.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::stats::Latency;

/// Key of the message number in a callback's body; the number is 32 hexadecimal digits in quotes.
const MESSAGE_KEY: &[u8] = b"\"serverMsgID\":\"";
/// Marks the instant in a message's text at which its sending was meant to start: microseconds since 1970.
pub(crate) const MEANT_AT: &str = "meant-at:";

/// Calls of one command.
#[derive(Debug)]
struct Calls {
    answered: u64,
    messages: HashSet<u128>,
    first: Option<Instant>,
    last: Option<Instant>,
    since_meant: Latency,
}

/// Everything that was seen since the last reset.
#[derive(Debug, Default)]
pub(crate) struct Record {
    commands: HashMap<String, Calls>,
}

/// What was seen of one command.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Calls that were answered.
    pub(crate) answered: u64,
    /// Messages among them, each counted once.
    pub(crate) messages: u64,
    /// From the first answer to the last one, in microseconds.
    pub(crate) between_us: u64,
    /// From the opening of the gate (or the reset) to the last answer, in microseconds.
    pub(crate) since_open_us: u64,
    /// From the instant at which sending was meant to start to the callback's arrival: median, milliseconds.
    pub(crate) p50_ms: f64,
    /// The same, 99 of 100.
    pub(crate) p99_ms: f64,
    /// The same, the longest.
    pub(crate) longest_ms: f64,
}

impl Record {
    /// A callback has come.
    pub(crate) fn arrived(&mut self, command: &str, body: &[u8], wall_us: u64) -> anyhow::Result<()> {
        if let Some(meant_us) = number_behind(body, MEANT_AT.as_bytes(), 10) {
            let late_us = wall_us.saturating_sub(u64::try_from(meant_us).unwrap_or(u64::MAX));
            self.calls(command)?.since_meant.record(Duration::from_micros(late_us));
        }
        Ok(())
    }

    /// It was answered.
    pub(crate) fn answered(&mut self, command: &str, body: &[u8], now: Instant) -> anyhow::Result<()> {
        let calls = self.calls(command)?;
        calls.answered += 1;
        calls.first.get_or_insert(now);
        calls.last = Some(now);
        if let Some(message) = number_behind(body, MESSAGE_KEY, 16) {
            calls.messages.insert(message);
        }
        Ok(())
    }

    /// How many messages are known of a command.
    pub(crate) fn messages(&self, command: &str) -> u64 {
        self.commands.get(command).map_or(0, |calls| calls.messages.len() as u64)
    }

    /// What was seen of a command.
    pub(crate) fn seen(&self, command: &str, opened: Instant) -> Seen {
        let Some(calls) = self.commands.get(command) else { return Seen::default() };
        let microseconds = |from: Option<Instant>| {
            let span = calls.last.zip(from).map(|(last, from)| last.saturating_duration_since(from));
            u64::try_from(span.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
        };
        Seen {
            answered: calls.answered,
            messages: calls.messages.len() as u64,
            between_us: microseconds(calls.first),
            since_open_us: microseconds(Some(opened)),
            p50_ms: calls.since_meant.quantile_ms(0.5),
            p99_ms: calls.since_meant.quantile_ms(0.99),
            longest_ms: calls.since_meant.quantile_ms(1.0),
        }
    }

    fn calls(&mut self, command: &str) -> anyhow::Result<&mut Calls> {
        // Looked up twice rather than allocating the name for each call.
        if !self.commands.contains_key(command) {
            let calls = Calls {
                answered: 0,
                messages: HashSet::new(),
                first: None,
                last: None,
                since_meant: Latency::new()?,
            };
            self.commands.insert(command.to_owned(), calls);
        }
        self.commands.get_mut(command).ok_or_else(|| anyhow::anyhow!("{command} was put in just now"))
    }
}

/// The number whose digits follow the first occurrence of `mark`.
fn number_behind(body: &[u8], mark: &[u8], radix: u32) -> Option<u128> {
    let (&first, rest) = mark.split_first()?;
    let start = body
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == first)
        .find_map(|(at, _)| body.get(at + 1..)?.strip_prefix(rest))?;
    let digits = start.iter().position(|byte| !char::from(*byte).is_digit(radix)).unwrap_or(start.len());
    let text = std::str::from_utf8(start.get(..digits)?).ok()?;
    u128::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_their_mark() {
        let body =
            br#"{"a":"serverMsg","serverMsgID":"00ff","content":"{\"content\":\"meant-at:1234 xx\"}"}"#;
        assert_eq!(number_behind(body, MESSAGE_KEY, 16), Some(255));
        assert_eq!(number_behind(body, MEANT_AT.as_bytes(), 10), Some(1234));
        assert_eq!(number_behind(b"meant-at:", MEANT_AT.as_bytes(), 10), None);
        assert_eq!(number_behind(b"", MESSAGE_KEY, 16), None);
    }

    #[test]
    fn a_message_that_comes_twice_is_one_message() {
        let mut record = Record::default();
        let opened = Instant::now();
        for body in [br#""serverMsgID":"1a""#, br#""serverMsgID":"1b""#, br#""serverMsgID":"1a""#] {
            record.arrived("after", body, 0).unwrap();
            record.answered("after", body, opened + Duration::from_millis(5)).unwrap();
        }
        let seen = record.seen("after", opened);
        assert_eq!((seen.answered, seen.messages), (3, 2));
        assert_eq!((seen.since_open_us, seen.between_us), (5000, 0));
        assert_eq!(record.seen("before", opened).answered, 0);
    }

    #[test]
    fn the_way_of_a_message_counts_from_the_instant_it_carries() {
        let mut record = Record::default();
        record.arrived("after", b"meant-at:1000000 ", 1_250_000).unwrap();
        let seen = record.seen("after", Instant::now());
        assert!((seen.p50_ms - 250.0).abs() < 1.0, "{}", seen.p50_ms);
    }
}
