//! Headers that every attempt gets besides the contract's own.

use ringback_model::ids::LogPos;
use ringback_model::rule::Rule;
use ringback_model::time::UnixMs;

use crate::{signature, webhook_id};

/// Header with the number of the attempt, from the second one on.
pub const ATTEMPT_HEADER: &str = "ringback-attempt";

/// Header with the place of an after-callback's event in the log. Rules are delivered beside each other, so one that is
/// tried again is overtaken by another one's later event; what has the greater number happened later, whichever comes
/// first.
pub const PLACE_HEADER: &str = "ringback-pos";

/// Header with the id of the replay that sends what has been sent before; absent on everything else.
pub const REPLAY_HEADER: &str = "ringback-replay";

/// What is said of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// The callback's id.
    pub(crate) id: &'a str,
    /// The event's place in the log; nothing has happened yet when a before-callback asks.
    pub(crate) pos: Option<LogPos>,
    /// The number of the attempt, from 1.
    pub(crate) attempt: u32,
    /// The replay that makes it.
    pub(crate) replay: Option<&'a str>,
}

/// Id, place, number of the attempt and, for rules that want them, time and signature.
pub(crate) fn of_attempt(rule: &Rule, said: Said<'_>, now: UnixMs, body: &[u8]) -> Vec<(String, String)> {
    let Said { id, pos, attempt, replay } = said;
    let mut headers = vec![(webhook_id::HEADER.to_owned(), id.to_owned())];
    if let Some(pos) = pos {
        headers.push((PLACE_HEADER.to_owned(), pos.to_string()));
    }
    if attempt > 1 {
        headers.push((ATTEMPT_HEADER.to_owned(), attempt.to_string()));
    }
    if let Some(replay) = replay {
        headers.push((REPLAY_HEADER.to_owned(), replay.to_owned()));
    }
    if rule.policy.standard_webhooks {
        let at_s = now.seconds();
        headers.push((signature::TIMESTAMP_HEADER.to_owned(), at_s.to_string()));
        if let Some(signature) = signature::sign(&rule.secrets, id, at_s, body) {
            headers.push((signature::SIGNATURE_HEADER.to_owned(), signature));
        }
    }
    headers
}
