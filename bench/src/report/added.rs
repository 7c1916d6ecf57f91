//! What a before-callback adds to a send: latency with it minus latency without, in the same round.

use serde::Serialize;

use super::table::{middle, with_bounds};
use crate::rounds::Round;
use crate::scenarios::{self, Case, figure};
use crate::settings::Options;
use crate::stats::{Spread, ratio};

/// What a before-callback adds at one pace. Quantiles are subtracted, not latencies of single sends: a send happens
/// either with the rule or without.
#[derive(Debug, Serialize)]
pub(super) struct Added {
    pace: String,
    /// Latency of a send with the rule minus latency without, in the same round: milliseconds.
    p50_ms: Option<Spread>,
    /// The same, 99 of 100.
    p99_ms: Option<Spread>,
    /// The same, 999 of 1,000.
    p999_ms: Option<Spread>,
    /// A bare call's own latency: what the receiver and the way to it take.
    bare_p50_ms: Option<Spread>,
    /// The same, 99 of 100.
    bare_p99_ms: Option<Spread>,
    /// The same, 999 of 1,000.
    bare_p999_ms: Option<Spread>,
    /// `p50_ms` minus `bare_p50_ms`: what the server takes for asking, beyond the call itself.
    beyond_bare_p50_ms: Option<Spread>,
    /// The same, 99 of 100.
    beyond_bare_p99_ms: Option<Spread>,
    /// The same, 999 of 1,000.
    beyond_bare_p999_ms: Option<Spread>,
    /// `p50_ms` by `bare_p50_ms`.
    bare_round_trips: Option<Spread>,
}

/// At each pace at which a pair was measured.
pub(super) fn added(settings: &Options, cases: &[Case], rounds: &[Round]) -> Vec<Added> {
    let measured = |name: &String| cases.iter().any(|case| case.name() == *name);
    let mut all = Vec::new();
    for pace in scenarios::before_paces(settings) {
        let ([without, with], bare) = scenarios::before_names(pace);
        if ![&without, &with, &bare].into_iter().all(measured) {
            continue;
        }
        let over = |value: &dyn Fn(&Round) -> Option<f64>| Spread::of(rounds.iter().filter_map(value));
        let adds =
            |round: &Round, name: &str| Some(round.figure(&with, name)? - round.figure(&without, name)?);
        let bares = |round: &Round, name: &str| round.figure(&bare, name);
        let more = |name: &'static str| over(&|round| adds(round, name));
        let bare_call = |name: &'static str| over(&|round| bares(round, name));
        let beyond = |name: &'static str| over(&|round| Some(adds(round, name)? - bares(round, name)?));
        all.push(Added {
            pace: bare.trim_start_matches("bare call, ").to_owned(),
            p50_ms: more(figure::P50),
            p99_ms: more(figure::P99),
            p999_ms: more(figure::P999),
            bare_p50_ms: bare_call(figure::P50),
            bare_p99_ms: bare_call(figure::P99),
            bare_p999_ms: bare_call(figure::P999),
            beyond_bare_p50_ms: beyond(figure::P50),
            beyond_bare_p99_ms: beyond(figure::P99),
            beyond_bare_p999_ms: beyond(figure::P999),
            bare_round_trips: over(&|round| ratio(adds(round, figure::P50)?, bares(round, figure::P50)?)),
        });
    }
    all
}

/// Prints them, where there are any.
pub(super) fn print(all: &[Added]) {
    if all.is_empty() {
        return;
    }
    println!("\nAdded by a before-callback (REST, immediate receiver), ms: median (min-max)");
    for added in all {
        println!("  {}: {} bare round trips", added.pace, middle(added.bare_round_trips, 2));
        for (quantile, adds, bare, beyond) in [
            ("p50", added.p50_ms, added.bare_p50_ms, added.beyond_bare_p50_ms),
            ("p99", added.p99_ms, added.bare_p99_ms, added.beyond_bare_p99_ms),
            ("p99.9", added.p999_ms, added.bare_p999_ms, added.beyond_bare_p999_ms),
        ] {
            println!(
                "    {quantile:<5}  {:<24}  a bare call takes {}; beyond it {}",
                with_bounds(adds, 3),
                middle(bare, 3),
                middle(beyond, 3)
            );
        }
    }
}
