//! What it costs to remember calls for those who ask why: the same loads, with and without.

use std::time::Duration;

use super::after::Drain;
use super::{Case, Send, Via, figure, many};
use crate::server::Rules;
use crate::settings::Options;
use crate::targets::{Bound, Target};

/// What remembering may leave of a rate.
const LEFT: f64 = 0.9;

fn sends(rules: Rules, options: &Options) -> [Send; 2] {
    let with = Send::new(Via::Rest, rules, many(options));
    [with, Send { remembers: false, ..with }]
}

fn drains() -> [Drain; 2] {
    let with = Drain::to(Duration::ZERO);
    [with, Drain { remembers: false, ..with }]
}

/// Pairs, one behind the other.
pub(super) fn cases(options: &Options) -> Vec<Case> {
    let sends = Rules::ALL.into_iter().flat_map(|rules| sends(rules, options));
    sends.map(Case::Send).chain(drains().map(Case::Drain)).collect()
}

pub(super) fn targets(options: &Options) -> Vec<Target> {
    let of_rules = |rules: Rules| {
        let [with, without] = sends(rules, options).map(|send| (send.name(), figure::RATE));
        let what = format!(
            "sends over REST ({}) while calls are remembered, by those while they are not",
            rules.name()
        );
        Target::ratio(&what, Bound::AtLeast(LEFT), with, without)
    };
    let [with, without] = drains().map(|drain| (drain.name(), figure::DELIVERED));
    let drained = Target::ratio(
        "after-callbacks out of a full log while calls are remembered, by those while they are not",
        Bound::AtLeast(LEFT),
        with,
        without,
    );
    Rules::ALL.into_iter().map(of_rules).chain([drained]).collect()
}
