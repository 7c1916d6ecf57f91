//! Many callbacks at once.

use std::time::Duration;

use futures_util::future::join_all;
use ringback_model::event::Phase;
use tokio::time::Instant;

use super::bench::Bench;
use super::case::Case;
use super::check::Check;
use super::finding::{Level, Outcome};
use super::times::{Times, shown};

/// Share of the work of all calls, one after the other, above which a burst was not served in parallel.
const SERIAL: f64 = 0.7;
/// Answers sooner than this are too quick to tell whether they were given in parallel.
const TELLING: Duration = Duration::from_millis(10);

/// Sends them; `cases` are callbacks that the receiver takes, `alone` is how long one takes.
pub(super) async fn burst(bench: &Bench<'_>, cases: &[Case], alone: Option<Duration>) -> Outcome {
    let check = Check::Burst;
    let several = cases.iter().cycle().take(bench.burst).filter_map(|case| bench.fresh(case));
    let several: Vec<Case> = several.collect();
    if several.is_empty() {
        return Outcome::skipped(check, bench.phase(), "no callback is taken when it comes alone");
    }
    let began = Instant::now();
    let called = join_all(several.iter().map(|case| bench.call(case))).await;
    let whole = began.elapsed();
    let mut outcome = Outcome::new(check, bench.phase());
    let mend = "serve requests beside each other: more workers, more connections to your database, no lock around the \
                whole; where a bound is needed let callers wait instead of failing them";
    let many = called.len();
    for one in called.iter().filter(|called| !called.reading.is_taken()) {
        outcome.failure(one, format!("of {many} callbacks at once one {}", one.fate()), mend);
    }
    outcome.times = Times::of(called.iter().filter(|one| one.answer.is_ok()).map(|one| one.took).collect());
    let Some(times) = outcome.times else { return outcome };
    if times.max > bench.timeout {
        let what = format!("of {many} callbacks at once one is answered after {}", shown(times.max));
        outcome.overall(Level::Failure, what, mend);
    } else if bench.phase() == Phase::Before && times.p99 > bench.timeout / 2 {
        let what = format!(
            "with {many} callbacks at once p99 is {}, more than half of the timeout",
            shown(times.p99)
        );
        outcome.overall(Level::Warning, what, mend);
    } else if alone.is_some_and(|alone| {
        alone >= TELLING && many > 1 && whole.as_secs_f64() > alone.as_secs_f64() * many as f64 * SERIAL
    }) {
        let what = format!("{many} callbacks at once take as long as one after the other: {}", shown(whole));
        outcome.overall(Level::Warning, what, mend);
    }
    outcome.noted(times.to_string())
}
