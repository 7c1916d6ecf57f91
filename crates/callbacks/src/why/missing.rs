//! Where no rule is about something: what a rule would have to name.

use std::collections::BTreeSet;
use std::sync::Arc;

use ringback_model::dialect::Contract;
use ringback_model::event::{Event, Phase};
use ringback_model::rule::Rule;
use ringback_model::sample;

use super::asked::question_of;
use super::report::Line;
use crate::engine::Engine;
use crate::live::LiveRule;

/// Most names that are listed.
const MOST: usize = 6;

impl Engine {
    /// For each phase in which no rule is about an event: what to switch on.
    pub(super) fn missing(&self, event: &Event, lines: &[Line], rules: &[Arc<LiveRule>]) -> Vec<String> {
        let spoken: BTreeSet<&str> = rules.iter().map(|live| live.contract.name()).collect();
        let contracts =
            || self.contracts.values().filter(|it| spoken.is_empty() || spoken.contains(it.name()));
        let nobody = |phase: &Phase| !lines.iter().any(|line| line.phase == *phase);
        let phases = [Phase::After, Phase::Before].into_iter().filter(nobody);
        let advice = phases.filter_map(|phase| {
            let names: BTreeSet<&str> =
                contracts().flat_map(|contract| names_about(contract.as_ref(), phase, event)).collect();
            // Nothing asks for having been asked: most messages are asked about nowhere.
            if names.is_empty() || (phase == Phase::Before && !lines.is_empty()) {
                return None;
            }
            let shown: Vec<&str> = names.iter().take(MOST).copied().collect();
            let more = if names.len() > shown.len() { " and others" } else { "" };
            Some(format!(
                "no {}-rule is about it: switch on a callback that is, in the rule file or with `ringback rules add` \
                 ({}{more})",
                phase.name(),
                shown.join(", ")
            ))
        });
        advice.collect()
    }
}

/// The contract's names of callbacks about an event.
fn names_about(contract: &dyn Contract, phase: Phase, event: &Event) -> Vec<&'static str> {
    let is_about = |name: &&'static str| {
        let rule = sample::rule("missing", contract.name(), phase, "http://127.0.0.1");
        let rule = Rule { events: vec![(**name).to_owned()], ..rule };
        let Ok(kinds) = contract.kinds(&rule) else { return false };
        match phase {
            Phase::After => {
                event.kind().is_some_and(|kind| kinds.contains(&kind))
                    && contract.copies(&rule, event).is_ok_and(|copies| copies > 0)
            }
            Phase::Before => kinds.iter().any(|kind| {
                let question = question_of(*kind, event);
                question.is_some_and(|question| contract.question(&rule, &question).is_ok())
            }),
        }
    };
    contract.event_names(phase).into_iter().map(|event| event.name).filter(|name| is_about(name)).collect()
}
