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
}

/// Compares what is wanted with what the book knows. Unchanged rules keep their version; a changed one gets the next;
/// of one that is gone the book remembers that it is off. From which position new versions hold is decided later,
/// once the old ones have stopped reading.
pub(crate) fn plan(book: &Book, wanted: Vec<Rule>, now: UnixMs) -> Result<Plan, SetRulesError> {
    let mut plan = Plan::default();
    let mut seen = HashSet::new();
    for rule in wanted {
        if !seen.insert(rule.id.clone()) {
            return Err(SetRulesError::Twice(rule.id));
        }
        let known = book.get(&rule.id).and_then(|versions| versions.last());
        match known {
            Some(known) if same(&known.rule, &rule) => plan.rules.push(Arc::clone(&known.rule)),
            _ => {
                let next = next_version(rule, known, now);
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

fn next_version(rule: Rule, known: Option<&RuleVersion>, now: UnixMs) -> RuleVersion {
    let version = known.map_or(1, |known| known.rule.version.saturating_add(1));
    RuleVersion { rule: Arc::new(Rule { version, changed_at: now, ..rule }), since: LogPos::ZERO }
}

/// Whether two rules say the same, whatever their versions.
fn same(known: &Rule, wanted: &Rule) -> bool {
    let wanted = Rule { version: known.version, changed_at: known.changed_at, ..wanted.clone() };
    *known == wanted
}

/// Where the present run of a rule began: it is off before that.
fn run_start(versions: &[RuleVersion]) -> LogPos {
    let first = versions.iter().rposition(|version| !version.rule.enabled).map_or(0, |off| off + 1);
    versions.get(first).map_or(LogPos::ZERO, |version| version.since)
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

fn contract_of(rule: &Rule, contracts: &Contracts) -> Result<Arc<dyn Contract>, SetRulesError> {
    contracts.get(rule.contract.as_str()).cloned().ok_or_else(|| SetRulesError::UnknownContract {
        rule: rule.id.clone(),
        contract: rule.contract.clone(),
    })
}

fn kinds_of(rule: &Rule, contract: &dyn Contract) -> Result<Vec<EventKind>, SetRulesError> {
    let kinds =
        contract.kinds(rule).map_err(|text| SetRulesError::UnknownEvent { rule: rule.id.clone(), text })?;
    Ok(kinds.into_iter().filter(|kind| kind.phase() == rule.phase).collect())
}

/// Builds a rule for use from all its versions.
pub(crate) fn build(
    rule: &Arc<Rule>,
    versions: &[RuleVersion],
    contracts: &Contracts,
) -> Result<LiveRule, SetRulesError> {
    let contract = contract_of(rule, contracts)?;
    let mut live = Vec::with_capacity(versions.len());
    for version in versions {
        // A version whose contract or events are no longer known renders like the present one.
        let usable = check(&version.rule, contracts).is_ok() || !version.rule.enabled;
        let base = if usable { &version.rule } else { rule };
        live.push(build_version(rule, base, version, contracts)?);
    }
    let mut urls: Vec<String> = versions.iter().map(|version| version.rule.url.clone()).collect();
    urls.retain(|url| *url != rule.url && !url.is_empty());
    urls.sort_by_key(|url| std::cmp::Reverse(url.len()));
    urls.dedup();
    Ok(LiveRule {
        rule: Arc::clone(rule),
        contract,
        how: match rule.phase {
            Phase::Before => CallPolicy::before(&rule.policy),
            Phase::After => CallPolicy::after(&rule.policy),
        },
        metrics: RuleMetrics::new(rule),
        started: run_start(versions),
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
