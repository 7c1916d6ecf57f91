//! What happened long ago, told once more: by the operator, who may, and by somebody who recorded it, who may not.

use std::time::Duration;

use ringback_callbacks::headers::REPLAY_HEADER;
use ringback_model::time::UnixMs;

use super::bench::{Bench, Manner};
use super::call::Called;
use super::check::Check;
use super::finding::Outcome;
use super::texts::NO_TEXT;

/// How long ago it was.
const YESTERDAY: Duration = Duration::from_secs(24 * 3600);

/// Sends a callback about yesterday, marked as a replay, twice.
pub(super) async fn replay(bench: &Bench<'_>) -> Outcome {
    let Some(case) = bench.text("said yesterday", YESTERDAY) else {
        return Outcome::skipped(Check::Replay, bench.phase(), NO_TEXT);
    };
    let marked =
        || Manner { headers: vec![(REPLAY_HEADER.to_owned(), "doctor".to_owned())], ..Manner::default() };
    let first = bench.send(&case, marked()).await;
    let second = bench.send(&case, marked()).await;
    let mut outcome = Outcome::new(Check::Replay, bench.phase());
    let is_turned_away = |called: &Called| called.reading.is_turned_away(called.status());
    if first.reading.is_taken() && second.reading.is_taken() {
        return outcome.noted("taken");
    }
    if is_turned_away(&first) && is_turned_away(&second) {
        return outcome.noted(format!("refused with status {}, both times", first.status()));
    }
    let mend = "take what is old like what is new, by its id; or refuse every callback with the header ringback-replay \
                with a 4xx";
    let (shown, what) = if first.reading.is_taken() {
        let what = format!("a replay is taken the first time, the second time it {}", second.fate());
        (&second, what)
    } else {
        (&first, format!("a replay {}", first.fate()))
    };
    outcome.failure(shown, what, mend);
    outcome
}

/// Sends a callback that was signed yesterday.
pub(super) async fn stale(bench: &Bench<'_>) -> Outcome {
    let skipped = |why| Outcome::skipped(Check::Stale, bench.phase(), why);
    if bench.rule.secrets.current.is_none() {
        return skipped("needs --secret");
    }
    if !bench.rule.policy.standard_webhooks {
        return skipped("the contract's own signature covers no time of sending");
    }
    let Some(case) = bench.text("signed yesterday", YESTERDAY) else { return skipped(NO_TEXT) };
    let age = i64::try_from(YESTERDAY.as_millis()).unwrap_or(0);
    let at = UnixMs(bench.clock.now().0.saturating_sub(age));
    let called = bench.send(&case, Manner { at: Some(at), ..Manner::default() }).await;
    let mut outcome = Outcome::new(Check::Stale, bench.phase());
    let mend = "refuse a webhook-timestamp that is more than five minutes off: the published libraries do";
    if called.reading.is_taken() {
        let what = "a signature of yesterday is accepted: a recorded callback can be sent again at any time";
        outcome.warning(&called, what, mend);
    } else if !called.reading.is_turned_away(called.status()) {
        outcome.failure(&called, format!("a callback with a signature of yesterday {}", called.fate()), mend);
    }
    outcome.noted(format!("refused with status {}", called.status()))
}
