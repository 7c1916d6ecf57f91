//! What a campaign tells: how far it is, what it has counted, and what was wrong.

use std::fmt;
use std::ops::AddAssign;
use std::path::PathBuf;
use std::time::Duration;

use super::plan::Moment;

/// After each kill.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The kill's number, from 1.
    pub kill: u64,
    /// How long the server had lived.
    pub life: Duration,
    pub moment: Moment,
    /// Messages acknowledged so far.
    pub acknowledged: u64,
    /// From the last start to "ready".
    pub ready: Duration,
}

/// What a campaign, or several, have counted.
#[derive(Debug, Clone, Default)]
pub struct Count {
    pub kills: u64,
    /// Starts that were killed before they were ready, besides.
    pub starts_killed: u64,
    /// Of the kills while going down, those that came too late: the server had ended by itself, with exit code 0.
    pub drained: u64,
    pub acknowledged: u64,
    /// Sends that the backend refused, as the sender was told.
    pub refused: u64,
    pub stored: u64,
    /// Deliveries of after-callbacks that must arrive, each counted once.
    pub callbacks: u64,
    /// Attempts beyond the first, of all after-callbacks.
    pub repeated: u64,
    /// Parked after all attempts.
    pub exhausted: u64,
    /// Parked because of a ban.
    pub banned: u64,
    /// Bans whose record was there at the end, at most as many as records keep.
    pub bans: u64,
    pub rule_changes: u64,
    /// Orders to send again.
    pub resends: u64,
    pub users: u64,
    pub groups: u64,
    /// Friendships and changes of groups, acknowledged.
    pub steps: u64,
    /// From each start to "ready".
    pub ready: Vec<Duration>,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.starts_killed += other.starts_killed;
        self.drained += other.drained;
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.stored += other.stored;
        self.callbacks += other.callbacks;
        self.repeated += other.repeated;
        self.exhausted += other.exhausted;
        self.banned += other.banned;
        self.bans += other.bans;
        self.rule_changes += other.rule_changes;
        self.resends += other.resends;
        self.users += other.users;
        self.groups += other.groups;
        self.steps += other.steps;
        self.ready.extend(other.ready);
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub expected: String,
    pub seen: String,
}

impl Violation {
    pub(super) fn new(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { expected: expected.into(), seen: seen.into() }
    }
}

/// An error where the condition does not hold; texts are made only then.
pub(super) fn hold(condition: bool, expected: &str, seen: impl FnOnce() -> String) -> Result<(), Violation> {
    if condition { Ok(()) } else { Err(Violation::new(expected, seen())) }
}

/// Why a campaign ended early.
#[derive(Debug, Clone)]
pub struct Failure {
    pub seed: u64,
    /// What was counted until then, kills before all.
    pub count: Box<Count>,
    pub violation: Violation,
    /// The server's folder, which stays; `None` where there was none yet.
    pub folder: Option<PathBuf>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, count, violation, folder } = self;
        let kill = count.kills;
        write!(
            f,
            "violation after kill {kill} of seed {seed}\n  expected: {}\n  seen:     {}",
            violation.expected, violation.seen
        )?;
        match folder {
            Some(folder) => write!(f, "\n  the server's folder is kept: {}", folder.display()),
            None => Ok(()),
        }
    }
}
