//! Where no rule is about something: what a rule would have to name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ringback_model::dialect::{Contract, EventName};
use ringback_model::event::{Event, Phase};
use ringback_model::rule::Rule;
use ringback_model::sample;

use super::asked::question_of;
use super::report::{Line, State};
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
        // A rule whose contract has no callback for it is not about it.
        let is_about = |line: &Line| !matches!(line.state, State::Skipped);
        let nobody = |phase: &Phase| !lines.iter().any(|line| line.phase == *phase && is_about(line));
        let phases = [Phase::After, Phase::Before].into_iter().filter(nobody);
        let advice = phases.filter_map(|phase| {
            let names = without_synonyms(
                contracts().flat_map(|contract| names_about(contract.as_ref(), phase, event)).collect(),
            );
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
fn names_about(contract: &dyn Contract, phase: Phase, event: &Event) -> Vec<EventName> {
    let is_about = |name: &EventName| {
        let rule = sample::rule("missing", contract.name(), phase, "http://127.0.0.1");
        let rule = Rule { events: vec![name.name.to_owned()], ..rule };
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
    contract.event_names(phase).into_iter().filter(is_about).collect()
}

/// Of names for the same, which say the same of themselves up to a semicolon, the shortest: it is the one that rule files
/// have.
fn without_synonyms(names: Vec<EventName>) -> BTreeSet<&'static str> {
    let mut shortest: BTreeMap<String, &'static str> = BTreeMap::new();
    for EventName { name, doc } in names {
        let about = doc.split(';').next().unwrap_or_default().to_owned();
        let known = shortest.entry(about).or_insert(name);
        if name.len() < known.len() {
            *known = name;
        }
    }
    shortest.into_values().collect()
}
