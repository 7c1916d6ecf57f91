//! A case over all rounds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::rounds::Round;
use crate::scenarios::{Case, figure};
use crate::settings::Options;
use crate::stats::{Spread, ratio};

/// A case over all rounds that count.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// The scenario that it belongs to.
    scenario: &'static str,
    pub(super) case: String,
    /// The bare case to which `of_bare` compares; none for open loops, whose rate is a setting.
    compared_to: Option<String>,
    /// Rate by rate of the bare case beside it, or else in the same round; for after-callbacks their rate of delivery,
    /// for a fan-out that of pushes.
    pub(super) of_bare: Option<Spread>,
    pub(super) figures: BTreeMap<&'static str, Spread>,
    /// Rounds in which it was disturbed and counts all the same.
    pub(super) disturbed_rounds: usize,
}

/// Figures that count what must not happen.
pub(super) const FAULTS: [&str; 4] =
    [figure::FAILED, figure::UNDELIVERED, figure::REPEATED, figure::UNPUSHED];

impl Summary {
    /// Whether every request ended well, and everything that was due came once.
    pub(super) fn is_clean(&self) -> bool {
        FAULTS.iter().all(|name| self.figures.get(name).is_none_or(|spread| spread.max == 0.0))
    }
}

/// Sums a case up.
pub(super) fn summary(scenario: &'static str, case: &Case, settings: &Options, rounds: &[Round]) -> Summary {
    let (name, yardstick) = (case.name(), case.yardstick(settings).map(|bare| bare.name()));
    let names: std::collections::BTreeSet<&'static str> = rounds
        .iter()
        .filter_map(|round| round.cases.get(&name))
        .flat_map(|of_case| of_case.keys().copied())
        .collect();
    let figures = names.into_iter().filter_map(|figure| {
        let spread = Spread::of(rounds.iter().filter_map(|round| round.figure(&name, figure)))?;
        Some((figure, spread))
    });
    let of_bare = |round: &Round| {
        let bare = yardstick.as_deref()?;
        if let Some(pushes) = round.figure(bare, figure::PUSHED) {
            return ratio(round.figure(&name, figure::PUSHED)?, pushes);
        }
        let done =
            if round.figure(&name, figure::DELIVERED).is_some() { figure::DELIVERED } else { figure::RATE };
        round.of_bare(&name, done, bare)
    };
    Summary {
        scenario,
        figures: figures.collect(),
        disturbed_rounds: rounds.iter().filter(|round| round.disturbed.contains(&name)).count(),
        of_bare: Spread::of(rounds.iter().filter_map(of_bare)),
        case: name,
        compared_to: yardstick,
    }
}
