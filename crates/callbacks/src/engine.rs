//! The engine: rules in, gate and dispatchers out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_model::delivery::RuleVersion;
use ringback_model::dialect::Contract;
use ringback_model::event::Phase;
use ringback_model::failure::Fault;
use ringback_model::ids::RuleId;
use ringback_model::limits;
use ringback_model::ports::{Clock, Dice, Gate, Handover, Log, Progress, RuleBook};
use ringback_model::rule::Rule;
use tokio_util::task::AbortOnDropHandle;

use crate::caller::Caller;
use crate::checkpoint::{Checkpoints, Pace};
use crate::dispatcher::runner::{Bounds, Shared};
use crate::dispatcher::task::RuleTask;
use crate::gate::{EngineGate, GateRules};
use crate::live::LiveRule;
use crate::rule_set::{self, Book, Contracts, Plan, SetRulesError};
use crate::status::RuleStatus;
use crate::tail::Tail;

/// What the engine needs from others.
pub struct EngineParts {
    /// The event log.
    pub log: Arc<dyn Log>,
    /// How far rules have come.
    pub progress: Arc<dyn Progress>,
    /// Versions of rules.
    pub book: Arc<dyn RuleBook>,
    /// Every contract that rules may name.
    pub contracts: Vec<Arc<dyn Contract>>,
    /// Says when a message was pushed.
    pub handover: Arc<dyn Handover>,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Luck, for jitter.
    pub dice: Arc<dyn Dice>,
    /// Makes the calls.
    pub caller: Arc<dyn Caller>,
    /// Bounds and paces.
    pub settings: EngineSettings,
}

/// Bounds and paces; defaults are those of [`limits`].
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Total time of one message at the gate.
    pub gate_max_wait: Duration,
    /// How often progress is saved; what lies between is sent again after a crash.
    pub checkpoint_every: Duration,
    /// How often cursors are saved that only followed the log. Losing them costs no call.
    pub idle_checkpoint_every: Duration,
    /// Deliveries of one rule that are read ahead.
    pub window_deliveries: usize,
    /// Bytes of bodies that one rule reads ahead; one delivery may exceed it.
    pub window_bytes: usize,
    /// Deliveries of one rule that may wait for a retry or be parked; then its cursor stops.
    pub exceptions_per_rule: usize,
    /// How often a rule at that bound looks whether parked ones were taken away.
    pub recount_every: Duration,
    /// Time that calls under way get when their rule is changed or removed.
    pub change_grace: Duration,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            gate_max_wait: limits::GATE_MAX_WAIT,
            checkpoint_every: limits::CHECKPOINT_EVERY,
            idle_checkpoint_every: Duration::from_secs(30),
            window_deliveries: limits::WINDOW_DELIVERIES,
            window_bytes: 16 * 1024 * 1024,
            exceptions_per_rule: limits::EXCEPTIONS_PER_RULE,
            recount_every: Duration::from_secs(10),
            change_grace: Duration::from_secs(5),
        }
    }
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Calls that were under way and were cut; they are made again after the next start.
    pub cut: usize,
    /// All rules ended, and all progress was saved, in time.
    pub complete: bool,
}

/// See the crate. Dropping it cuts everything off, like a crash.
pub struct Engine {
    shared: Arc<Shared>,
    book: Arc<dyn RuleBook>,
    contracts: Contracts,
    gate: Arc<EngineGate>,
    checkpoints: Checkpoints,
    /// What the book holds; locked for the whole of a change of rules, so that changes come one by one.
    versions: tokio::sync::Mutex<Book>,
    rules: Mutex<InUse>,
    /// By name.
    background: [(&'static str, AbortOnDropHandle<()>); 2],
}

#[derive(Default)]
struct InUse {
    /// In the order given.
    rules: Vec<Arc<LiveRule>>,
    tasks: HashMap<RuleId, RuleTask>,
    /// Stopped rules whose last calls are not back yet.
    leaving: HashMap<RuleId, RuleTask>,
    closed: bool,
}

impl Engine {
    /// Starts without rules; [`Engine::set_rules`] brings them.
    ///
    /// # Errors
    /// Where the book of versions cannot be read.
    pub async fn start(parts: EngineParts) -> Result<Arc<Self>, Fault> {
        let settings = parts.settings;
        let mut book = Book::new();
        for version in parts.book.versions().await? {
            book.entry(version.rule.id.clone()).or_default().push(version);
        }
        let tail = Arc::new(Tail::new(Arc::clone(&parts.log)));
        let pace = Pace { every: settings.checkpoint_every, idle_every: settings.idle_checkpoint_every };
        let (checkpoints, saver) = Checkpoints::start(Arc::clone(&parts.progress), Arc::clone(&tail), pace);
        let reader = tokio::spawn(Arc::clone(&tail).run());
        let gate =
            EngineGate::new(Arc::clone(&parts.caller), Arc::clone(&parts.clock), settings.gate_max_wait);
        let shared = Shared {
            log: parts.log,
            progress: parts.progress,
            handover: parts.handover,
            clock: parts.clock,
            dice: parts.dice,
            caller: parts.caller,
            tail,
            bounds: Bounds {
                window_deliveries: settings.window_deliveries,
                window_bytes: settings.window_bytes,
                exceptions: settings.exceptions_per_rule,
                recount_every: settings.recount_every,
            },
            grace_ms: AtomicU64::new(millis(settings.change_grace)),
        };
        Ok(Arc::new(Self {
            shared: Arc::new(shared),
            book: parts.book,
            contracts: parts.contracts.into_iter().map(|contract| (contract.name(), contract)).collect(),
            gate: Arc::new(gate),
            checkpoints,
            versions: tokio::sync::Mutex::new(book),
            rules: Mutex::default(),
            background: [("checkpoints", saver), ("log_tail", AbortOnDropHandle::new(reader))],
        }))
    }

    /// Puts this whole set of rules in place of the one before; [`Rule::version`] and [`Rule::changed_at`] are given by
    /// the engine. Unchanged rules run on. A changed one goes on from its cursor, with the new version for events from
    /// now on. One that is gone or off stops; its waiting and parked deliveries stay. New and re-enabled ones start
    /// with the next event.
    ///
    /// # Errors
    /// See [`SetRulesError`]; nothing has changed then.
    pub async fn set_rules(&self, rules: Vec<Rule>) -> Result<(), SetRulesError> {
        let mut book = self.versions.lock().await;
        for rule in &rules {
            rule_set::check(rule, &self.contracts)?;
        }
        let mut plan = rule_set::plan(&book, rules, self.shared.clock.now())?;
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

    /// Asks before-rules.
    #[must_use]
    pub fn gate(&self) -> Arc<dyn Gate> {
        Arc::clone(&self.gate) as Arc<dyn Gate>
    }

    /// How every rule is doing, in the order of [`Engine::set_rules`].
    #[must_use]
    pub fn status(&self) -> Vec<RuleStatus> {
        let tail = self.shared.log.tail();
        let now = self.shared.clock.now();
        let in_use = self.in_use();
        let ledger = |rule: &LiveRule| in_use.tasks.get(rule.id()).and_then(RuleTask::ledger);
        in_use
            .rules
            .iter()
            .map(|live| RuleStatus::of(&live.rule, ledger(live).as_deref(), tail, now))
            .collect()
    }

    /// Tasks that all rules need and that have ended before their time: a bug, and a reason to restart.
    #[must_use]
    pub fn dead_tasks(&self) -> Vec<&'static str> {
        let dead = self.background.iter().filter(|(_, task)| task.is_finished());
        dead.map(|(name, _)| *name).collect()
    }

    /// Stops reading, lets calls under way finish, saves. Bounded by `within` and a little more for the last save.
    pub async fn drain(&self, within: Duration) -> Drained {
        self.shared.grace_ms.store(millis(within), Ordering::Relaxed);
        let tasks: Vec<RuleTask> = {
            let mut in_use = self.in_use();
            in_use.closed = true;
            let InUse { tasks, leaving, .. } = &mut *in_use;
            tasks.drain().chain(leaving.drain()).map(|(_, task)| task).collect()
        };
        tasks.iter().for_each(RuleTask::stop);
        let all = futures_util::future::join_all(tasks.into_iter().map(RuleTask::ended));
        let last_save = Duration::from_secs(2);
        match tokio::time::timeout(within + last_save, all).await {
            Ok(cuts) => Drained { cut: cuts.into_iter().sum(), complete: self.checkpoints.flush().await },
            Err(_) => Drained { cut: 0, complete: false },
        }
    }

    fn in_use(&self) -> MutexGuard<'_, InUse> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops what does not run as it is wanted: changed and gone rules, and old versions that a change which the book
    /// took only in part has left running.
    fn stop_changed(&self, plan: &Plan) -> Vec<RuleTask> {
        let mut in_use = self.in_use();
        let wanted = |task: &RuleTask| {
            let running = &task.live.rule;
            plan.rules
                .iter()
                .any(|rule| rule.enabled && rule.id == running.id && rule.version == running.version)
        };
        let stopped: Vec<RuleTask> =
            in_use.tasks.extract_if(|_, task| !wanted(task)).map(|(_, task)| task).collect();
        stopped.iter().for_each(RuleTask::stop);
        stopped
    }

    async fn remember(&self, plan: &mut Plan, book: &mut Book) -> Result<(), Fault> {
        let tail = self.shared.log.tail();
        for version in plan.remember.drain(..) {
            let version = RuleVersion { since: tail, ..version };
            self.book.remember(version.clone()).await?;
            book.entry(version.rule.id.clone()).or_default().push(version);
        }
        Ok(())
    }

    /// Rules that run already are taken over as they are.
    fn build(&self, plan: &Plan, book: &Book) -> Result<Vec<Arc<LiveRule>>, SetRulesError> {
        let in_use = self.in_use();
        let running = |rule: &Arc<Rule>| {
            let known = in_use.rules.iter().find(|live| live.id() == &rule.id);
            known.filter(|live| live.rule.version == rule.version).cloned()
        };
        let build = |rule: &Arc<Rule>| match running(rule) {
            Some(live) => Ok(live),
            None => {
                let versions = book.get(&rule.id).map_or(&[][..], Vec::as_slice);
                rule_set::build(rule, versions, &self.contracts).map(Arc::new)
            }
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
        self.gate.set_rules(GateRules::new(&of_phase(Phase::Before)));
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
