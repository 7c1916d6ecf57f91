//! What a run measures: the cases of its scenarios, each once, and what their figures are held against.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::scenarios::{self, Case, Part};
use crate::settings::Options;
use crate::targets::Target;

/// A run to come.
#[derive(Debug)]
pub(crate) struct Plan {
    /// As on the command line.
    pub(crate) name: &'static str,
    /// In the order in which they run.
    pub(crate) cases: Vec<Case>,
    /// Which scenario a case belongs to, by the case's name.
    scenarios: BTreeMap<String, &'static str>,
    /// By their scenario.
    pub(crate) targets: Vec<(&'static str, Target)>,
}

impl Plan {
    /// The cases of some scenarios as far as the settings want them, and the bare ones, which are part of each.
    pub(crate) fn new(name: &'static str, options: &Options, parts: &[Part]) -> Self {
        let mut plan = Self { name, cases: Vec::new(), scenarios: BTreeMap::new(), targets: Vec::new() };
        for case in scenarios::reference(options) {
            plan.add("reference", case);
        }
        let only = options.only.as_deref().unwrap_or_default();
        for part in parts {
            for case in (part.cases)(options) {
                if case.is_reference() || case.name().contains(only) {
                    plan.add(part.name, case);
                }
            }
            plan.targets.extend((part.targets)(options).into_iter().map(|target| (part.name, target)));
        }
        plan
    }

    /// Scenarios share cases; each is measured once.
    fn add(&mut self, scenario: &'static str, case: Case) {
        if let Entry::Vacant(vacant) = self.scenarios.entry(case.name()) {
            vacant.insert(scenario);
            self.cases.push(case);
        }
    }

    /// Which scenario a case belongs to: the first one that names it.
    pub(crate) fn scenario_of(&self, case: &Case) -> &'static str {
        self.scenarios.get(&case.name()).copied().unwrap_or(self.name)
    }
}
