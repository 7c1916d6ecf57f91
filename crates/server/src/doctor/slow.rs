//! Callers on slow lines, and whether others have to wait for them.

use std::time::Duration;

use ringback_callbacks::pace::{self, Pace, Way};
use ringback_model::limits;
use tokio::time::Instant;

use super::bench::{Bench, Manner};
use super::call::Called;
use super::case::Case;
use super::check::Check;
use super::finding::Outcome;
use super::texts::NO_TEXT;
use super::times::shown;

/// Pieces of a slow request, and of a short answer.
const PIECES: u32 = 8;
/// Bytes of a request's head, roughly; an answer's has half of it.
const HEAD_BYTES: usize = 600;
/// Bytes that a receiver sends before its first answer over TLS, roughly.
const HANDSHAKE_BYTES: usize = 8 * 1024;

/// Sends a request slowly.
pub(super) async fn sending(bench: &Bench<'_>) -> Outcome {
    let Some(case) = bench.text("sent slowly", Duration::ZERO) else {
        return Outcome::skipped(Check::SlowSending, bench.phase(), NO_TEXT);
    };
    let piece = (case.tried.outbound.body.len() + HEAD_BYTES).div_ceil(PIECES as usize);
    let pace = Pace { way: Way::Sending, piece, pause: limits::DOCTOR_SLOW / PIECES };
    let mend = "read requests as they come, whatever their pace: a timeout for a body of some seconds, one worker for \
                more than one connection, or a proxy before it that collects them";
    beside(bench, Check::SlowSending, case, pace, mend).await
}

/// Reads an answer slowly; `plain` is one like it.
pub(super) async fn reading(bench: &Bench<'_>, plain: &Called) -> Outcome {
    let Some(case) = bench.text("read slowly", Duration::ZERO) else {
        return Outcome::skipped(Check::SlowReading, bench.phase(), NO_TEXT);
    };
    // Over TLS the handshake is read as slowly: its certificates are longer than most answers.
    let handshake = if bench.is_https() { HANDSHAKE_BYTES } else { 0 };
    let length = plain.answer.as_ref().map_or(0, |answer| answer.body.len()) + HEAD_BYTES / 2 + handshake;
    // However long it is, it is read in about the same time.
    let pieces = u32::try_from(length.div_ceil(pace::READ_AT_ONCE)).unwrap_or(u32::MAX).max(PIECES);
    let piece = length.div_ceil(pieces as usize);
    let pace = Pace { way: Way::Reading, piece, pause: limits::DOCTOR_SLOW / pieces };
    let mend = "keep a connection until its answer has been read, and serve others meanwhile";
    beside(bench, Check::SlowReading, case, pace, mend).await
}

/// Makes the slow call, and an ordinary one beside it.
async fn beside(bench: &Bench<'_>, check: Check, slow: Case, pace: Pace, mend: &str) -> Outcome {
    let mut outcome = Outcome::new(check, bench.phase());
    let Some(quick) = bench.fresh(&slow) else { return Outcome::skipped(check, bench.phase(), NO_TEXT) };
    let slowly = async {
        let called = bench.send(&slow, Manner { pace: Some(pace), ..Manner::default() }).await;
        (called, Instant::now())
    };
    let quickly = async {
        // By then the slow one is under way.
        tokio::time::sleep(pace.pause * 2).await;
        let called = bench.call(&quick).await;
        (called, Instant::now())
    };
    let ((slow, slow_done), (quick, quick_done)) = tokio::join!(slowly, quickly);
    if !slow.reading.is_taken() {
        outcome.failure(&slow, format!("a slow caller {}", slow.fate()), mend);
    }
    if !quick.reading.is_taken() {
        let what = format!("while a slow caller is served another one {}", quick.fate());
        outcome.failure(&quick, what, mend);
    } else if slow.reading.is_taken() && quick_done >= slow_done && quick.took >= pace.pause * 2 {
        let what =
            format!("while a slow caller is served another one waits, {} this time", shown(quick.took));
        outcome.failure(&quick, what, mend);
    }
    outcome.noted(format!(
        "{} for the slow one, {} for another one beside it",
        shown(slow.took),
        shown(quick.took)
    ))
}
