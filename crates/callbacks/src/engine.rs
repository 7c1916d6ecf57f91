//! The engine: rules in, gate and dispatchers out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ringback_model::dialect::Contract;
use ringback_model::failure::Fault;
use ringback_model::ids::RuleId;
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::ports::{
    BanBook, Clock, Dice, Gate, Handover, Log, ParkedBook, Progress, RuleBook, Traces,
};
use ringback_model::rule::Rule;
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use crate::app_ban::AppBan;
use crate::ban::BanPolicy;
use crate::caller::Caller;
use crate::change::InUse;
use crate::checkpoint::{Checkpoints, Pace};
use crate::dispatcher::runner::{Bounds, Shared};
use crate::dispatcher::task::RuleTask;
use crate::gate::{EngineGate, GateParts};
use crate::live::LiveRule;
use crate::recorder::Recorder;
use crate::replay::Replays;
use crate::rule_set::{self, Book, Contracts, SetRulesError};
use crate::status::{BanStatus, RuleStatus};
use crate::steady::Steady;
use crate::storage::StorageSettings;
use crate::storage::resend::Resends;
use crate::tail::Tail;
use crate::trial::{self, Trial};

/// Time for the last save of a rule's task, after its last calls are back.
pub(crate) const LAST_SAVE: Duration = Duration::from_secs(2);

/// What the engine needs from others.
pub struct EngineParts {
    /// The event log.
    pub log: Arc<dyn Log>,
    /// How far rules have come.
    pub progress: Arc<dyn Progress>,
    /// Versions of rules.
    pub book: Arc<dyn RuleBook>,
    /// What is parked, over all rules.
    pub parked_book: Arc<dyn ParkedBook>,
    /// Keeps the app's ban over restarts.
    pub ban_book: Arc<dyn BanBook>,
    /// Remembers what is decided and tried; `None` = nobody does.
    pub traces: Option<Arc<dyn Traces>>,
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
    /// Deliveries of one rule that may wait for a retry; then its cursor stops.
    pub exceptions_per_rule: usize,
    /// Deliveries of one rule that may be parked; then its cursor stops.
    pub parked_per_rule: u64,
    /// Numbers of the ban that rules with [`ringback_model::rule::Ban::App`] share.
    pub ban: BanPolicy,
    /// The storage service of dialects that have one is switched on.
    pub storage_enabled: bool,
    /// How long parked deliveries are kept.
    pub storage_keep: Duration,
    /// Zone in which slices are named, minutes east of UTC, a multiple of 10; `None` = each contract's own.
    pub storage_zone_min: Option<i32>,
    /// Slices and replays may be sent to private and loopback addresses that somebody names, whatever their rules say.
    pub private_targets: bool,
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
            parked_per_rule: limits::PARKED_PER_RULE,
            ban: BanPolicy::default(),
            storage_enabled: false,
            storage_keep: limits::STORAGE_KEEP,
            storage_zone_min: None,
            private_targets: false,
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
    pub(crate) shared: Arc<Shared>,
    pub(crate) book: Arc<dyn RuleBook>,
    pub(crate) contracts: Contracts,
    pub(crate) gate: Arc<EngineGate>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) checkpoints: Checkpoints,
    /// What the book holds; locked for the whole of a change of rules, so that changes come one by one.
    pub(crate) versions: tokio::sync::Mutex<Book>,
    rules: Mutex<InUse>,
    trials: Semaphore,
    pub(crate) storage_enabled: bool,
    pub(crate) storage: StorageSettings,
    pub(crate) resends: Resends,
    pub(crate) replays: Replays,
    /// By name.
    background: Vec<(&'static str, AbortOnDropHandle<()>)>,
}

impl Engine {
    /// Starts without rules; [`Engine::set_rules`] brings them.
    ///
    /// # Errors
    /// Where the book of versions, or the ban, cannot be read.
    pub async fn start(parts: EngineParts) -> Result<Arc<Self>, Fault> {
        let settings = parts.settings;
        let mut book = Book::new();
        for version in parts.book.versions().await? {
            book.entry(version.rule.id.clone()).or_default().push(version);
        }
        let ban = AppBan::load(settings.ban, parts.ban_book, Arc::clone(&parts.clock)).await?;
        let ban = Arc::new(ban);
        let keeper = tokio::spawn(Arc::clone(&ban).keep());
        let tail = Arc::new(Tail::new(Arc::clone(&parts.log)));
        let pace = Pace { every: settings.checkpoint_every, idle_every: settings.idle_checkpoint_every };
        let (checkpoints, saver) = Checkpoints::start(
            Arc::clone(&parts.progress),
            Arc::clone(&tail),
            Arc::clone(&parts.clock),
            pace,
        );
        let reader = tokio::spawn(Arc::clone(&tail).run());
        let (log, clock) = (Arc::clone(&parts.log), Arc::clone(&parts.clock));
        let (recorder, noting) = Recorder::start(parts.traces, log, clock);
        let gate = EngineGate::new(GateParts {
            caller: Arc::clone(&parts.caller),
            clock: Arc::clone(&parts.clock),
            recorder: Arc::clone(&recorder),
            log: Arc::clone(&parts.log),
            max_wait: settings.gate_max_wait,
        });
        let shared = Shared {
            log: parts.log,
            progress: parts.progress,
            parked_book: parts.parked_book,
            listeners: tokio::sync::Mutex::default(),
            handover: parts.handover,
            steady: Steady::new(parts.clock.now()),
            clock: parts.clock,
            dice: parts.dice,
            caller: parts.caller,
            tail,
            ban,
            bounds: Bounds::of(&settings),
            grace_ms: AtomicU64::new(millis(settings.change_grace)),
        };
        Ok(Arc::new(Self {
            shared: Arc::new(shared),
            book: parts.book,
            contracts: parts.contracts.into_iter().map(|contract| (contract.name(), contract)).collect(),
            gate: Arc::new(gate),
            recorder,
            checkpoints,
            versions: tokio::sync::Mutex::new(book),
            rules: Mutex::default(),
            trials: Semaphore::new(limits::TRIALS_IN_FLIGHT),
            storage_enabled: settings.storage_enabled,
            storage: StorageSettings {
                keep: settings.storage_keep,
                zone_min: settings.storage_zone_min,
                private_targets: settings.private_targets,
            },
            resends: Resends::new(),
            replays: Replays::new(),
            background: vec![
                ("checkpoints", saver),
                ("log_tail", AbortOnDropHandle::new(reader)),
                ("app_ban", AbortOnDropHandle::new(keeper)),
                ("recorder", noting),
            ],
        }))
    }

    /// Asks before-rules.
    #[must_use]
    pub fn gate(&self) -> Arc<dyn Gate> {
        Arc::clone(&self.gate) as Arc<dyn Gate>
    }

    /// How every rule is doing, in the order of [`Engine::set_rules`].
    #[must_use]
    pub fn status(&self) -> Vec<RuleStatus> {
        // What passed a rule by is no lag of its.
        self.shared.tail.let_follow();
        let in_use = self.in_use();
        let status = self.status_in(&in_use);
        in_use.rules.iter().map(status).collect()
    }

    /// How this rule is doing; `None` where it is not in use.
    #[must_use]
    pub fn status_of(&self, id: &RuleId) -> Option<RuleStatus> {
        let in_use = self.in_use();
        let status = self.status_in(&in_use);
        in_use.rules.iter().find(|live| live.id() == id).map(status)
    }

    fn status_in<'a>(&self, in_use: &'a InUse) -> impl Fn(&'a Arc<LiveRule>) -> RuleStatus {
        let (tail, now) = (self.shared.log.tail(), self.shared.clock.now());
        let banned = self.shared.ban.until();
        move |live| {
            let ledger = in_use.tasks.get(live.id()).and_then(RuleTask::ledger);
            RuleStatus::of(live, ledger.as_deref(), tail, now, banned)
        }
    }

    /// The versions of the rules in use.
    #[must_use]
    pub fn versions(&self) -> HashMap<RuleId, u64> {
        let in_use = self.in_use();
        in_use.rules.iter().map(|live| (live.id().clone(), live.rule.version)).collect()
    }

    /// How the app's ban is.
    #[must_use]
    pub fn bans(&self) -> BanStatus {
        let names = {
            let in_use = self.in_use();
            let sharing = in_use.rules.iter().filter(|live| live.rule.enabled && live.shares_ban());
            sharing.map(|live| live.rule.name.clone()).collect()
        };
        self.shared.ban.status(names)
    }

    /// Ends the app's ban; it still makes the next one longer. False where there is none.
    pub fn lift_ban(&self) -> bool {
        self.shared.ban.lift()
    }

    /// Calls a rule once, whether it is in use or not, with the first of the samples that is anything to it. Nothing is
    /// counted, retried or kept.
    ///
    /// # Errors
    /// See [`SetRulesError`]: the rule cannot be used, or there is nothing to try it with.
    pub async fn try_rule(&self, rule: Rule, samples: &[Message]) -> Result<Trial, SetRulesError> {
        rule_set::check(&rule, &self.contracts)?;
        let contract = rule_set::contract_of(&rule, &self.contracts)?;
        let kinds = rule_set::kinds_of(&rule, contract.as_ref())?;
        let parks = rule_set::parks(&rule, contract.as_ref(), self.storage_enabled);
        let nothing = |text| SetRulesError::NothingToTry { rule: rule.id.clone(), text };
        // It is never closed.
        let _turn = self.trials.acquire().await.ok();
        let now = self.shared.clock.now();
        let tried = trial::first_try(&rule, contract.as_ref(), &kinds, samples, now).map_err(nothing)?;
        Ok(trial::run(&rule, contract.as_ref(), parks, self.shared.caller.as_ref(), tried, now).await)
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
        let all = async { tokio::join!(all, self.resends.drain(), self.replays.drain()).0 };
        match tokio::time::timeout(within + LAST_SAVE, all).await {
            Ok(cuts) => {
                let ban_saved = tokio::time::timeout(LAST_SAVE, self.shared.ban.all_saved()).await.is_ok();
                let saved = self.checkpoints.flush().await;
                // What is not noted in time is lost, and no harm done.
                tokio::time::timeout(LAST_SAVE, self.recorder.write()).await.ok();
                Drained { cut: cuts.into_iter().sum(), complete: saved && ban_saved }
            }
            Err(_) => Drained { cut: 0, complete: false },
        }
    }

    pub(crate) fn in_use(&self) -> MutexGuard<'_, InUse> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bounds {
    const fn of(settings: &EngineSettings) -> Self {
        Self {
            window_deliveries: settings.window_deliveries,
            window_bytes: settings.window_bytes,
            exceptions: settings.exceptions_per_rule,
            parked: settings.parked_per_rule,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
