//! From the set of rules that is wanted to the rules in use and what the book must remember. Pure.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ringback_model::delivery::RuleVersion;
use ringback_model::dialect::Contract;
use ringback_model::event::{EventKind, Phase};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::rule::Rule;
use ringback_model::time::UnixMs;

use crate::caller::CallPolicy;
use crate::live::{LiveRule, LiveVersion};
use crate::matching::Compiled;
use crate::promise::Promise;
use crate::recorder::Recorder;
use crate::telemetry::RuleMetrics;

/// Why a set of rules was not taken; the rules before it stay in use.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SetRulesError {
    /// Two rules have the same id.
    #[error("rule {0} is there twice")]
    Twice(RuleId),
    /// Nobody speaks the rule's contract.
    #[error("rule {rule}: no contract is named {contract:?}")]
    UnknownContract {
        /// Which rule.
        rule: RuleId,
        /// What it names.
        contract: String,
    },
    /// The contract does not know one of the rule's events.
    #[error("rule {rule}: {text}")]
    UnknownEvent {
        /// Which rule.
        rule: RuleId,
        /// What is wrong, in the contract's words.
        text: String,
    },
    /// The rule cannot be called as it says.
    #[error("rule {rule}: {text}")]
    BadPolicy {
        /// Which rule.
        rule: RuleId,
        /// What is wrong.
        text: String,
    },
    /// There is nothing to try the rule with.
    #[error("rule {rule}: {text}")]
    NothingToTry {
        /// Which rule.
        rule: RuleId,
        /// Why, in the contract's words.
        text: String,
    },
    /// The book could not be written.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Contracts by name.
pub(crate) type Contracts = HashMap<&'static str, Arc<dyn Contract>>;

/// Versions per rule, oldest first.
pub(crate) type Book = HashMap<RuleId, Vec<RuleVersion>>;

/// What a change of the rules means.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What the book must remember before the change holds.
    pub(crate) remember: Vec<RuleVersion>,
    /// The wanted rules, with their versions, in the order given.
    pub(crate) rules: Vec<Arc<Rule>>,
    /// Rules that begin now, and not with the next event but after this one.
    pub(crate) starts: HashMap<RuleId, LogPos>,
}

/// Compares what is wanted with what the book knows. Unchanged rules keep their version; a changed one gets the next;
/// of one that is gone the book remembers that it is off. From which position new versions hold is decided later,
/// once the old ones have stopped reading.
pub(crate) fn plan(
    book: &Book,
    wanted: &[Arc<Rule>],
    starts: &HashMap<RuleId, LogPos>,
    now: UnixMs,
) -> Result<Plan, SetRulesError> {
    check_starts(book, wanted, starts)?;
    let mut plan = Plan { starts: starts.clone(), ..Plan::default() };
    let mut seen = HashSet::new();
    for rule in wanted {
        if !seen.insert(rule.id.clone()) {
            return Err(SetRulesError::Twice(rule.id.clone()));
        }
        let known = book.get(&rule.id).and_then(|versions| versions.last());
        match known {
            Some(known) if same(&known.rule, rule) => plan.rules.push(Arc::clone(&known.rule)),
            _ => {
                let next = next_version(rule.as_ref().clone(), known, now);
                plan.rules.push(Arc::clone(&next.rule));
                plan.remember.push(next);
            }
        }
    }
    let gone = book.values().filter_map(|versions| versions.last());
    for known in gone.filter(|known| known.rule.enabled && !seen.contains(&known.rule.id)) {
        let off = Rule { enabled: false, ..known.rule.as_ref().clone() };
        plan.remember.push(next_version(off, Some(known), now));
    }
    Ok(plan)
}

/// Only a rule that begins can begin somewhere: one that runs would send twice, or leave out, what nobody asked it to.
fn check_starts(
    book: &Book,
    wanted: &[Arc<Rule>],
    starts: &HashMap<RuleId, LogPos>,
) -> Result<(), SetRulesError> {
    for id in starts.keys() {
        let bad = |text: &str| Err(SetRulesError::BadPolicy { rule: id.clone(), text: text.to_owned() });
        let runs = book.get(id).and_then(|versions| versions.last()).is_some_and(|known| known.rule.enabled);
        match wanted.iter().find(|rule| rule.id == *id) {
            None => return bad("a start is named for it, but it is not among the rules"),
            Some(rule) if !rule.enabled => return bad("a start is named for it, but it is off"),
            Some(rule) if rule.phase == Phase::Before => {
                return bad("a start is named for it, but rules that ask have no place in the log");
            }
            Some(_) if runs => {
                return bad("a start is named for it, but it runs already; switch it off first");
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn next_version(rule: Rule, known: Option<&RuleVersion>, now: UnixMs) -> RuleVersion {
    let version = known.map_or(1, |known| known.rule.version.saturating_add(1));
    RuleVersion { rule: Arc::new(Rule { version, changed_at: now, ..rule }), since: LogPos::ZERO }
}

/// Whether two rules say the same, whatever their versions. Field by field: a copy of every rule at every change of
/// one would cost more than the change.
fn same(known: &Rule, wanted: &Rule) -> bool {
    let Rule {
        id,
        name,
        enabled,
        contract,
        phase,
        url,
        events,
        selectors,
        policy,
        secrets,
        origin,
        switches,
        version: _,
        changed_at: _,
    } = wanted;
    (&known.id, &known.name, known.enabled) == (id, name, *enabled)
        && (&known.contract, known.phase, &known.url) == (contract, *phase, url)
        && (&known.events, &known.selectors, &known.policy) == (events, selectors, policy)
        && (&known.secrets, &known.origin, &known.switches) == (secrets, origin, switches)
}

/// The version with which the present run of a rule began: it is off before that.
fn run_start(versions: &[RuleVersion]) -> Option<&RuleVersion> {
    let first = versions.iter().rposition(|version| !version.rule.enabled).map_or(0, |off| off + 1);
    versions.get(first)
}

/// The versions by which events are rendered. Where a run began in the past, what was valid then no longer is.
fn in_force(versions: &[RuleVersion]) -> Vec<&RuleVersion> {
    let mut in_force: Vec<&RuleVersion> = Vec::with_capacity(versions.len());
    for version in versions {
        while in_force.last().is_some_and(|before| before.since > version.since) {
            in_force.pop();
        }
        in_force.push(version);
    }
    in_force
}

/// Checks that a rule can be used.
pub(crate) fn check(rule: &Rule, contracts: &Contracts) -> Result<(), SetRulesError> {
    let contract = contract_of(rule, contracts)?;
    kinds_of(rule, contract.as_ref())?;
    let bad = |text: &str| Err(SetRulesError::BadPolicy { rule: rule.id.clone(), text: text.to_owned() });
    if rule.policy.concurrency == 0 {
        return bad("concurrency is 0: nothing would ever be called");
    }
    if rule.policy.rate_limit == Some(0) {
        return bad("rate_limit is 0: nothing would ever be called");
    }
    if rule.policy.timeout_ms == 0 {
        return bad("the timeout is 0: every call would fail");
    }
    Ok(())
}

pub(crate) fn contract_of(rule: &Rule, contracts: &Contracts) -> Result<Arc<dyn Contract>, SetRulesError> {
    contracts.get(rule.contract.as_str()).cloned().ok_or_else(|| SetRulesError::UnknownContract {
        rule: rule.id.clone(),
        contract: rule.contract.clone(),
    })
}

pub(crate) fn kinds_of(rule: &Rule, contract: &dyn Contract) -> Result<Vec<EventKind>, SetRulesError> {
    let kinds =
        contract.kinds(rule).map_err(|text| SetRulesError::UnknownEvent { rule: rule.id.clone(), text })?;
    Ok(kinds.into_iter().filter(|kind| kind.phase() == rule.phase).collect())
}

/// Whether what a rule cannot deliver is parked: its policy says so, and if its dialect has a storage service, that is
/// switched on.
pub(crate) fn parks(rule: &Rule, contract: &dyn Contract, storage_enabled: bool) -> bool {
    rule.policy.storage && (contract.storage().is_none() || storage_enabled)
}

/// What a rule is built with.
pub(crate) struct Surroundings<'a> {
    pub(crate) contracts: &'a Contracts,
    /// Storage services of dialects are switched on.
    pub(crate) storage_enabled: bool,
    pub(crate) recorder: &'a Arc<Recorder>,
}

/// Builds a rule for use from all its versions; `promise` is what was counted of it before.
pub(crate) fn build(
    rule: &Arc<Rule>,
    versions: &[RuleVersion],
    promise: Arc<Promise>,
    with: &Surroundings<'_>,
) -> Result<LiveRule, SetRulesError> {
    let contracts = with.contracts;
    let contract = contract_of(rule, contracts)?;
    let mut live = Vec::with_capacity(versions.len());
    for version in in_force(versions) {
        // A version whose contract or events are no longer known renders like the present one.
        let usable = check(&version.rule, contracts).is_ok() || !version.rule.enabled;
        let base = if usable { &version.rule } else { rule };
        live.push(build_version(rule, base, version, contracts)?);
    }
    let mut urls: Vec<String> = versions.iter().map(|version| version.rule.url.clone()).collect();
    urls.retain(|url| *url != rule.url && !url.is_empty());
    urls.sort_by_key(|url| std::cmp::Reverse(url.len()));
    urls.dedup();
    let began = run_start(versions);
    Ok(LiveRule {
        rule: Arc::clone(rule),
        parks: parks(rule, contract.as_ref(), with.storage_enabled),
        contract,
        promise,
        how: match rule.phase {
            Phase::Before => CallPolicy::before(&rule.policy),
            Phase::After => CallPolicy::after(&rule.policy),
        },
        metrics: RuleMetrics::new(rule),
        recorder: Arc::clone(with.recorder),
        started: began.map_or(LogPos::ZERO, |version| version.since),
        since: began.map_or(UnixMs(0), |version| version.rule.changed_at),
        versions: live,
        urls,
    })
}

fn build_version(
    rule: &Rule,
    base: &Rule,
    version: &RuleVersion,
    contracts: &Contracts,
) -> Result<LiveVersion, SetRulesError> {
    let effective = Rule {
        enabled: version.rule.enabled,
        version: version.rule.version,
        url: rule.url.clone(),
        policy: rule.policy.clone(),
        secrets: rule.secrets.clone(),
        ..base.clone()
    };
    let contract = contract_of(&effective, contracts).or_else(|_| contract_of(rule, contracts))?;
    let kinds = if effective.enabled { kinds_of(&effective, contract.as_ref())? } else { Vec::new() };
    Ok(LiveVersion {
        since: version.since,
        kinds,
        selectors: Compiled::new(&effective.selectors),
        rule: Arc::new(effective),
        contract,
    })
}

#[cfg(test)]
mod tests {
    use ringback_model::sample;

    use super::*;

    fn rule(version: u64, enabled: bool) -> Rule {
        Rule { enabled, version, ..sample::rule("r", "c", Phase::After, "") }
    }

    /// Versions 1, 2, … from (on or off, since).
    fn versions(versions: &[(bool, u64)]) -> Vec<RuleVersion> {
        let numbered = (1..).zip(versions);
        let version = |(number, (on, since)): (u64, &(bool, u64))| RuleVersion {
            rule: Arc::new(rule(number, *on)),
            since: LogPos(*since),
        };
        numbered.map(version).collect()
    }

    #[test]
    fn a_run_that_begins_in_the_past_takes_it_over() {
        for (history, begins, in_force_now) in [
            (&[(true, 0)][..], Some(0), &[1][..]),
            (&[(true, 0), (true, 7)], Some(0), &[1, 2]),
            (&[(true, 0), (false, 50)], None, &[1, 2]),
            (&[(true, 0), (false, 50), (true, 60)], Some(60), &[1, 2, 3]),
            (&[(true, 0), (false, 50), (true, 50)], Some(50), &[1, 2, 3]),
            (&[(true, 0), (false, 50), (true, 20)], Some(20), &[1, 3]),
            (&[(true, 9), (false, 50), (true, 4)], Some(4), &[3]),
            (&[(true, 0), (false, 50), (true, 20), (true, 60)], Some(20), &[1, 3, 4]),
        ] {
            let history = versions(history);
            assert_eq!(run_start(&history).map(|version| version.since.0), begins, "{history:?}");
            let kept: Vec<u64> = in_force(&history).iter().map(|version| version.rule.version).collect();
            assert_eq!(kept, in_force_now, "{history:?}");
        }
    }
}
