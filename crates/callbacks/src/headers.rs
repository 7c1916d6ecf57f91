//! Headers that every attempt gets besides the contract's own.

use ringback_model::rule::Rule;
use ringback_model::time::UnixMs;

use crate::{signature, webhook_id};

/// Header with the number of the attempt, from the second one on.
pub const ATTEMPT_HEADER: &str = "ringback-attempt";

/// Id, number of the attempt and, for rules that want them, time and signature.
pub(crate) fn of_attempt(
    rule: &Rule,
    id: &str,
    now: UnixMs,
    attempt: u32,
    body: &[u8],
) -> Vec<(String, String)> {
    let mut headers = vec![(webhook_id::HEADER.to_owned(), id.to_owned())];
    if attempt > 1 {
        headers.push((ATTEMPT_HEADER.to_owned(), attempt.to_string()));
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
