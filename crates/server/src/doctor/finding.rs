//! What was found.

use std::time::Duration;

use ringback_model::event::Phase;
use ringback_model::limits;

use super::call::Called;
use super::check::Check;
use super::times::Times;

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It was not checked.
    Skipped,
    /// Good.
    Ok,
    /// It works, and should be looked at.
    Warning,
    /// It is to be mended.
    Failure,
}

impl Level {
    /// Stable name, for scripts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

/// An answer that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Status of the answer; `None` = there was none.
    pub status: Option<u16>,
    /// Its first characters, or why there was none.
    pub text: String,
    /// From sending to the answer.
    pub took: Duration,
}

impl Evidence {
    fn of(called: &Called) -> Self {
        let (status, text) = match &called.answer {
            Ok(answer) => (Some(answer.status), String::from_utf8_lossy(&answer.body).into_owned()),
            Err(error) => (None, error.text.clone()),
        };
        Self { status, text: text.chars().take(limits::DOCTOR_SHOWN_CHARS).collect(), took: called.took }
    }
}

/// Something to mend, or to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// What happened; a sentence.
    pub what: String,
    /// What to do about it; a sentence.
    pub mend: String,
    /// The first callbacks that it happened to.
    pub events: Vec<String>,
    /// To how many it happened; 0 = to none in particular.
    pub count: usize,
    /// The first of their answers.
    pub evidence: Option<Evidence>,
}

/// What came of one check in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which.
    pub check: Check,
    /// In which phase.
    pub phase: Phase,
    /// What was seen where nothing is to be mended, or why it was not checked.
    pub note: String,
    /// It was not checked.
    pub skipped: bool,
    /// What was found; empty = good.
    pub findings: Vec<Finding>,
    /// Answer times, where they are what it is about.
    pub times: Option<Times>,
}

impl Outcome {
    /// Nothing has been found yet.
    #[must_use]
    pub const fn new(check: Check, phase: Phase) -> Self {
        Self { check, phase, note: String::new(), skipped: false, findings: Vec::new(), times: None }
    }

    /// Not checked, and why.
    #[must_use]
    pub fn skipped(check: Check, phase: Phase, why: impl Into<String>) -> Self {
        Self { note: why.into(), skipped: true, ..Self::new(check, phase) }
    }

    /// How bad it is in all.
    #[must_use]
    pub fn level(&self) -> Level {
        let worst = self.findings.iter().map(|finding| finding.level).max();
        worst.unwrap_or(if self.skipped { Level::Skipped } else { Level::Ok })
    }

    /// Says what was seen.
    #[must_use]
    pub fn noted(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Adds a failure that this call shows. The same is said once, of all callbacks that it happened to.
    pub(super) fn failure(&mut self, called: &Called, what: impl Into<String>, mend: &str) {
        self.add(Level::Failure, called, what.into(), mend);
    }

    /// Adds a warning in the same way.
    pub(super) fn warning(&mut self, called: &Called, what: impl Into<String>, mend: &str) {
        self.add(Level::Warning, called, what.into(), mend);
    }

    fn add(&mut self, level: Level, called: &Called, what: String, mend: &str) {
        let known = self.findings.iter_mut().find(|known| known.level == level && known.what == what);
        if let Some(known) = known {
            known.count += 1;
            if known.events.len() < limits::DOCTOR_EXAMPLES && !known.events.contains(&called.event) {
                known.events.push(called.event.clone());
            }
            return;
        }
        self.findings.push(Finding {
            level,
            what,
            mend: mend.to_owned(),
            events: vec![called.event.clone()],
            count: 1,
            evidence: Some(Evidence::of(called)),
        });
    }

    /// Adds a finding about all calls together.
    pub fn overall(&mut self, level: Level, what: impl Into<String>, mend: &str) {
        let (what, mend) = (what.into(), mend.to_owned());
        self.findings.push(Finding { level, what, mend, events: Vec::new(), count: 0, evidence: None });
    }
}
