//! What the receiver has seen, per last segment of the path: callbacks name their command there, or the rule does.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::stats::Latency;

/// What stands before a delivery's identity in a callback's body, and a quote behind it: the id of the call where the
/// contract has one, else that of the message.
const IDENTITIES: [&[u8]; 2] = [b"\"callId\":\"", b"\"serverMsgID\":\""];
/// Marks the instant in a message's text at which its sending was meant to start: microseconds since 1970.
pub(crate) const MEANT_AT: &str = "meant-at:";

/// Calls of one command.
#[derive(Debug)]
struct Calls {
    answered: u64,
    /// Hashes of path and identity: 64 bits tell a million apart with a chance of 1 in 30 million to be wrong.
    messages: HashSet<u64>,
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
    /// Deliveries among them, each counted once however often it came: a message, or its copy, to one path.
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
    pub(crate) fn arrived(&mut self, path: &str, body: &[u8], wall_us: u64) -> anyhow::Result<()> {
        if let Some(meant_us) = number_behind(body, MEANT_AT.as_bytes()) {
            let late_us = wall_us.saturating_sub(meant_us);
            self.calls(command(path))?.since_meant.record(Duration::from_micros(late_us));
        }
        Ok(())
    }

    /// It was answered.
    pub(crate) fn answered(&mut self, path: &str, body: &[u8], now: Instant) -> anyhow::Result<()> {
        let calls = self.calls(command(path))?;
        calls.answered += 1;
        calls.first.get_or_insert(now);
        calls.last = Some(now);
        if let Some(identity) = IDENTITIES.iter().find_map(|mark| text_behind(body, mark)) {
            let mut hasher = DefaultHasher::new();
            (path, identity).hash(&mut hasher);
            calls.messages.insert(hasher.finish());
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

/// The last segment of a path.
fn command(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// What follows the first occurrence of `mark`.
fn behind<'a>(body: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let (&first, rest) = mark.split_first()?;
    body.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == first)
        .find_map(|(at, _)| body.get(at + 1..)?.strip_prefix(rest))
}

/// The text from the first occurrence of `mark` to the next quote.
fn text_behind<'a>(body: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    behind(body, mark)?.split(|byte| *byte == b'"').next().filter(|text| !text.is_empty())
}

/// The number whose decimal digits follow the first occurrence of `mark`.
fn number_behind(body: &[u8], mark: &[u8]) -> Option<u64> {
    let start = behind(body, mark)?;
    let digits = start.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(start.len());
    std::str::from_utf8(start.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_found_behind_their_mark() {
        let body =
            br#"{"a":"serverMsg","serverMsgID":"00ff","content":"{\"content\":\"meant-at:1234 xx\"}"}"#;
        assert_eq!(text_behind(body, IDENTITIES[1]), Some(&b"00ff"[..]));
        assert_eq!(text_behind(body, IDENTITIES[0]), None);
        assert_eq!(number_behind(body, MEANT_AT.as_bytes()), Some(1234));
        assert_eq!(number_behind(b"meant-at:", MEANT_AT.as_bytes()), None);
        assert_eq!(number_behind(b"", b"x"), None);
    }

    #[test]
    fn a_message_that_comes_twice_is_one_message() {
        let mut record = Record::default();
        let opened = Instant::now();
        for body in [br#""serverMsgID":"1a""#, br#""serverMsgID":"1b""#, br#""serverMsgID":"1a""#] {
            record.arrived("/callbacks/after", body, 0).unwrap();
            record.answered("/callbacks/after", body, opened + Duration::from_millis(5)).unwrap();
        }
        let seen = record.seen("after", opened);
        assert_eq!((seen.answered, seen.messages), (3, 2));
        assert_eq!((seen.since_open_us, seen.between_us), (5000, 0));
        assert_eq!(record.seen("before", opened).answered, 0);
    }

    #[test]
    fn one_message_to_two_paths_is_two_deliveries_and_a_call_has_its_own_identity() {
        let mut record = Record::default();
        let now = Instant::now();
        for path in ["/r1/after", "/r2/after"] {
            record.answered(path, br#""serverMsgID":"1a""#, now).unwrap();
        }
        assert_eq!(record.messages("after"), 2);
        for body in [br#"{"callId":"a_1","msg_id":"7"}"#, br#"{"callId":"a_2","msg_id":"7"}"#] {
            record.answered("/copies", body, now).unwrap();
        }
        assert_eq!(record.messages("copies"), 2);
    }

    #[test]
    fn the_way_of_a_message_counts_from_the_instant_it_carries() {
        let mut record = Record::default();
        record.arrived("/after", b"meant-at:1000000 ", 1_250_000).unwrap();
        let seen = record.seen("after", Instant::now());
        assert!((seen.p50_ms - 250.0).abs() < 1.0, "{}", seen.p50_ms);
    }
}
