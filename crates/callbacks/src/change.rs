//! Changes of the set of rules: what stops, what is written down, what starts.

use std::collections::HashMap;
use std::sync::Arc;

use ringback_model::delivery::{ProgressChange, RuleVersion};
use ringback_model::event::Phase;
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::rule::Rule;

use crate::dispatcher::task::RuleTask;
use crate::engine::{Engine, LAST_SAVE};
use crate::gate::GateRules;
use crate::live::LiveRule;
use crate::rule_set::{self, Book, Plan, SetRulesError, Surroundings};

/// Rules in use.
#[derive(Default)]
pub(crate) struct InUse {
    /// In the order given.
    pub(crate) rules: Vec<Arc<LiveRule>>,
    pub(crate) tasks: HashMap<RuleId, RuleTask>,
    /// Stopped rules whose last calls are not back yet.
    pub(crate) leaving: HashMap<RuleId, RuleTask>,
    pub(crate) closed: bool,
}

impl Engine {
    /// Puts this whole set of rules in place of the one before; [`Rule::version`] and [`Rule::changed_at`] are given by
    /// the engine. Unchanged rules run on. A changed one goes on from its cursor, with the new version for events from
    /// now on. One that is gone or off stops; its waiting and parked deliveries stay. New and re-enabled ones start
    /// with the next event.
    ///
    /// # Errors
    /// See [`SetRulesError`]; nothing has changed then.
    pub async fn set_rules(&self, rules: Vec<Rule>) -> Result<(), SetRulesError> {
        self.set_rules_from(rules, &HashMap::new()).await
    }

    /// Like [`Engine::set_rules`], for rules that may be shared, but a new or re-enabled after-rule that is named in `starts` begins after that
    /// position, as far as the log still reaches back, and not beyond its end. What it has parked from then on stays
    /// parked and is not sent; what waited for a retry from then on is sent with the rest, its attempts counted anew.
    ///
    /// # Errors
    /// See [`SetRulesError`]; nothing has changed then. `BadPolicy` for a start of a rule that runs, is off, asks, or
    /// is not there.
    pub async fn set_rules_from(
        &self,
        rules: Vec<impl Into<Arc<Rule>>>,
        starts: &HashMap<RuleId, LogPos>,
    ) -> Result<(), SetRulesError> {
        let rules = rules.into_iter().map(Into::into).collect();
        self.put_in_place(rules, starts).await
    }

    async fn put_in_place(
        &self,
        rules: Vec<Arc<Rule>>,
        starts: &HashMap<RuleId, LogPos>,
    ) -> Result<(), SetRulesError> {
        let mut book = self.versions.lock().await;
        for rule in &rules {
            rule_set::check(rule, &self.contracts)?;
        }
        let mut plan = rule_set::plan(&book, &rules, starts, self.shared.clock.now())?;
        let stopped = self.stop_changed(&plan);
        for task in &stopped {
            task.halted().await;
        }
        let remembered = self.remember(&mut plan, &mut book).await;
        {
            let mut in_use = self.in_use();
            for task in stopped {
                in_use.leaving.insert(task.live.id().clone(), task);
            }
        }
        if let Err(fault) = remembered {
            // The rules in use are the old ones still, as far as the book took nothing: they run again.
            let old = self.in_use().rules.clone();
            self.put_in_use(old);
            return Err(fault.into());
        }
        let live = self.build(&plan, &book)?;
        self.put_in_use(live);
        Ok(())
    }

    /// Stops what does not run as it is wanted: changed and gone rules, and old versions that a change which the book
    /// took only in part has left running.
    fn stop_changed(&self, plan: &Plan) -> Vec<RuleTask> {
        let mut in_use = self.in_use();
        let on = plan.rules.iter().filter(|rule| rule.enabled);
        let wanted: HashMap<&RuleId, u64> = on.map(|rule| (&rule.id, rule.version)).collect();
        let runs_on = |task: &RuleTask| wanted.get(task.live.id()) == Some(&task.live.rule.version);
        let stopped: Vec<RuleTask> =
            in_use.tasks.extract_if(|_, task| !runs_on(task)).map(|(_, task)| task).collect();
        stopped.iter().for_each(RuleTask::stop);
        stopped
    }

    /// Rules that begin in the past are moved there first: should the book fail, they are off as before.
    async fn remember(&self, plan: &mut Plan, book: &mut Book) -> Result<(), Fault> {
        let tail = self.shared.log.tail();
        let oldest = LogPos(self.shared.log.start().0.saturating_sub(1));
        for (rule, start) in &mut plan.starts {
            *start = (*start).max(oldest).min(tail);
            self.move_back(rule, *start).await?;
        }
        for version in plan.remember.drain(..) {
            let since = plan.starts.get(&version.rule.id).copied().unwrap_or(tail);
            let version = RuleVersion { since, ..version };
            self.book.remember(version.clone()).await?;
            book.entry(version.rule.id.clone()).or_default().push(version);
        }
        Ok(())
    }

    /// Moves a stopped rule's cursor back, where it is further. What left the stream after that place and is not parked
    /// comes out of it again, and so does what came to nothing.
    async fn move_back(&self, rule: &RuleId, to: LogPos) -> Result<(), Fault> {
        self.left(rule).await?;
        let Some(known) = self.shared.progress.load(rule).await? else { return Ok(()) };
        let later = known.exceptions.iter().map(|exception| exception.key).filter(|key| key.pos > to);
        let remove = later.collect();
        let change = ProgressChange {
            cursor: (known.cursor > to).then_some(to),
            remove,
            reopen: Some(to),
            ..ProgressChange::none(rule.clone())
        };
        self.shared.progress.save(vec![change]).await
    }

    /// Waits until a rule that was stopped has written down what its last calls did. To be called with the versions
    /// locked.
    pub(crate) async fn left(&self, rule: &RuleId) -> Result<(), Fault> {
        let leaving = self.in_use().leaving.get(rule).map(RuleTask::gone);
        let Some(gone) = leaving else { return Ok(()) };
        let ended = tokio::time::timeout(self.shared.grace() + LAST_SAVE, gone.cancelled()).await;
        ended.map_err(|_| {
            Fault::new("the last calls of a rule that was switched off are not back and saved yet")
        })
    }

    pub(crate) fn rule_in_use(&self, id: &RuleId) -> Option<Arc<LiveRule>> {
        self.in_use().rules.iter().find(|live| live.id() == id).cloned()
    }

    /// A rule that is not in use, from the versions that the book knows; `None` where they are of no use any more.
    pub(crate) fn build_from(&self, versions: &[RuleVersion]) -> Option<Arc<LiveRule>> {
        let with = self.surroundings();
        rule_set::build(&versions.last()?.rule, versions, Arc::default(), &with).ok().map(Arc::new)
    }

    pub(crate) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            contracts: &self.contracts,
            storage_enabled: self.storage_enabled,
            recorder: &self.recorder,
        }
    }

    /// Rules that run already are taken over as they are.
    fn build(&self, plan: &Plan, book: &Book) -> Result<Vec<Arc<LiveRule>>, SetRulesError> {
        let in_use = self.in_use();
        let with = self.surroundings();
        let in_use: HashMap<&RuleId, &Arc<LiveRule>> =
            in_use.rules.iter().map(|live| (live.id(), live)).collect();
        let build = |rule: &Arc<Rule>| {
            let known = in_use.get(&rule.id).copied();
            if let Some(live) = known.filter(|live| live.rule.version == rule.version) {
                return Ok(Arc::clone(live));
            }
            let versions = book.get(&rule.id).map_or(&[][..], Vec::as_slice);
            let promise = known.map(|live| Arc::clone(&live.promise)).unwrap_or_default();
            rule_set::build(rule, versions, promise, &with).map(Arc::new)
        };
        plan.rules.iter().map(build).collect()
    }

    fn put_in_use(&self, rules: Vec<Arc<LiveRule>>) {
        let mut in_use = self.in_use();
        if in_use.closed {
            return;
        }
        let of_phase = |phase| {
            let rules = rules.iter().filter(move |live| live.rule.phase == phase);
            rules.cloned().collect::<Vec<_>>()
        };
        self.gate.set_rules(GateRules::new(&of_phase(Phase::Before), &of_phase(Phase::After)));
        in_use.leaving.retain(|_, task| !task.has_ended());
        for live in of_phase(Phase::After) {
            if !live.rule.enabled || in_use.tasks.contains_key(live.id()) {
                continue;
            }
            let before = in_use.leaving.remove(live.id());
            let task = RuleTask::start(
                Arc::clone(&live),
                Arc::clone(&self.shared),
                self.checkpoints.clone(),
                before,
            );
            in_use.tasks.insert(live.id().clone(), task);
        }
        in_use.rules = rules;
    }
}
