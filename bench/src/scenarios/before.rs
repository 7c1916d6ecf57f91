//! What a before-callback adds to a send: pairs of sends with and without one, beside bare calls.

use super::{Case, Send, Via, figure, many};
use crate::load::Pace;
use crate::server::Rules;
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// Added latency that is always allowed, in milliseconds, whatever a bare round trip takes.
const ALLOWED_MS: f64 = 0.150;
/// Bare round trips that asking may take.
const ROUND_TRIPS: f64 = 1.5;

/// Pairs of sends, and the bare call beside them.
pub(super) fn cases(options: &Options) -> Vec<Case> {
    let mut cases = vec![Case::Bare(Pace::Open(options.rate))];
    for pace in paces(options) {
        for rules in pair() {
            cases.push(Case::Send(Send::new(Via::Rest, rules, pace)));
        }
    }
    cases
}

/// The paces at which a before-callback is measured.
pub(crate) fn paces(options: &Options) -> [Pace; 3] {
    [Pace::Closed(1), Pace::Open(options.rate), many(options)]
}

/// Names of the sends without and with a before-callback, and of the bare call beside them.
pub(crate) fn names(pace: Pace) -> ([String; 2], String) {
    (pair().map(|rules| Send::new(Via::Rest, rules, pace).name()), Case::Bare(pace).name())
}

fn pair() -> [Rules; 2] {
    [Rules::NONE, Rules { before: true, ..Rules::NONE }]
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let rate = options.rate;
    let added = move |round: &crate::rounds::Round, name: &str| {
        let ([without, with], bare) = names(Pace::Open(rate));
        let added = round.figure(&with, name)? - round.figure(&without, name)?;
        Some((added, round.figure(&bare, name)?))
    };
    let ([without, with], bare) = names(Pace::Open(rate));
    let cases = [without, with, bare];
    vec![
        Target::new(
            &format!(
                "added p50 of a before-callback at {rate}/s, by 150 µs or 1.5 bare round trips, the larger"
            ),
            Bound::AtMost(1.0),
            cases.clone(),
            move |round| {
                let (added, bare) = added(round, figure::P50)?;
                Some(added / ALLOWED_MS.max(ROUND_TRIPS * bare))
            },
        ),
        Target::new(
            &format!("added p99 of a before-callback at {rate}/s, by a bare call's p99"),
            Bound::AtMost(3.0),
            cases,
            move |round| {
                let (added, bare) = added(round, figure::P99)?;
                crate::stats::ratio(added, bare)
            },
        ),
    ]
}
