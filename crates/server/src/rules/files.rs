//! The operator's rule files: read at start, and again when they change. A broken file changes nothing: the
//! rules that were read last stay, and the log says where it is broken.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ringback_model::dialect::{Note, RuleFormat, Severity};
use ringback_model::ports::Fut;
use ringback_model::rule::Rule;
use tokio_util::sync::CancellationToken;

use super::file_check;
use crate::settings::{Env, Loader, Problem, RulePlace, RuleText, Settings};

/// How often the files are looked at. Their content is compared, so replaced links count as changes too.
pub const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Bytes of one rule file; a larger one is not a rule file.
pub const FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Reads rules from wherever the settings say they are.
#[derive(Clone)]
pub struct RuleSource {
    /// Reads the settings, which may hold rules themselves.
    pub loader: Loader,
    /// The formats of rule files.
    pub formats: Vec<Arc<dyn RuleFormat>>,
    /// The environment, which may override what the files say.
    pub env: Env,
    /// Rules may call private addresses, whatever they say.
    pub allow_private: bool,
}

/// A remark about a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The file.
    pub place: String,
    /// The remark.
    pub note: Note,
}

impl Remark {
    /// What is wrong with rules as a whole, in whichever file they stand.
    pub fn of_rules(why: &dyn fmt::Display) -> Self {
        broken("rules".to_owned(), "", why.to_string())
    }
}

impl Remark {
    /// What is wrong with word lists as a whole.
    pub fn of_keywords(why: String) -> Self {
        broken("keywords".to_owned(), "", why)
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Note { line, key, text, .. } = &self.note;
        f.write_str(&self.place)?;
        if *line > 0 {
            write!(f, ":{line}")?;
        }
        if !key.is_empty() {
            write!(f, ": {key}")?;
        }
        write!(f, ": {text}")
    }
}

impl From<Problem> for Remark {
    fn from(problem: Problem) -> Self {
        Self { note: problem.note(), place: problem.place }
    }
}

/// Rules that can be used.
#[derive(Debug, Clone, Default)]
pub struct ReadRules {
    /// In the order in which the gate asks them.
    pub rules: Vec<Rule>,
    /// What there is to say about them; no errors.
    pub remarks: Vec<Remark>,
}

impl RuleSource {
    /// Reads the rules that these settings name.
    ///
    /// # Errors
    /// Every error in the files.
    pub fn read(&self, settings: &Settings) -> Result<ReadRules, Vec<Remark>> {
        let mut read = ReadRules::default();
        for text in &settings.rules {
            self.read_one(text, settings, &mut read);
        }
        if self.allow_private {
            for rule in &mut read.rules {
                rule.policy.allow_private = true;
            }
        }
        let (errors, remarks): (Vec<_>, Vec<_>) =
            read.remarks.into_iter().partition(|remark| remark.note.severity == Severity::Error);
        if errors.is_empty() { Ok(ReadRules { rules: read.rules, remarks }) } else { Err(errors) }
    }

    fn read_one(&self, from: &RuleText, settings: &Settings, to: &mut ReadRules) {
        let Some(format) = self.formats.iter().find(|format| format.key() == from.key) else { return };
        let (path, text, lines_above) = match &from.place {
            RulePlace::File(path) => match read_file(path) {
                Ok(text) => (Some(path), text, 0),
                Err(why) => return to.remarks.push(broken(path.display().to_string(), from.key, why)),
            },
            RulePlace::Inline { text, lines_above } => {
                (self.loader.file.as_ref(), text.clone(), *lines_above)
            }
        };
        let place = path.map_or_else(|| "settings".to_owned(), |path| path.display().to_string());
        let folder = path.and_then(|path| path.parent()).unwrap_or_else(|| Path::new(""));
        let mut file = format.parse(&text, lines_above, &|name| (self.env)(name), &settings.switches);
        file_check::inspect(&mut file, folder);
        to.remarks.extend(file.notes.into_iter().map(|note| Remark { place: place.clone(), note }));
        to.rules.extend(file.rules);
    }

    /// Settings and rules as they are now, and what they were read from.
    fn look(&self) -> Look {
        let mut seen = Vec::new();
        if let Some(path) = &self.loader.file {
            seen.push((path.clone(), read_file(path)));
        }
        let settings = self.loader.load();
        for rules in settings.iter().flat_map(|settings| &settings.rules) {
            if let RulePlace::File(path) = &rules.place {
                seen.push((path.clone(), read_file(path)));
            }
        }
        Look { seen, settings }
    }

    /// Applies changes of the files until stopped. `settings` are those that the server runs with.
    pub async fn watch(self, settings: Settings, apply: Apply, stop: CancellationToken) {
        let mut hangup = hangups();
        let source = Arc::new(self);
        let mut applied = source.clone().look_aside().await.seen;
        let mut settling: Option<Vec<Seen>> = None;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        metrics::gauge!("ringback_rules_broken").set(0.0);
        loop {
            let asked = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = next_hangup(&mut hangup) => true,
                _ = ticks.tick() => false,
            };
            let look = source.clone().look_aside().await;
            if !asked {
                if look.seen == applied {
                    settling = None;
                    continue;
                }
                // Half-written files can be valid: a change counts once it has stood still for one look.
                if settling.as_ref() != Some(&look.seen) {
                    settling = Some(look.seen);
                    continue;
                }
            }
            settling = None;
            applied.clone_from(&look.seen);
            source.reload(&settings, look, &apply).await;
        }
    }

    async fn look_aside(self: Arc<Self>) -> Look {
        let looked = tokio::task::spawn_blocking(move || self.look()).await;
        looked.unwrap_or_else(|_| Look { seen: Vec::new(), settings: Err(Vec::new()) })
    }

    async fn reload(&self, running: &Settings, look: Look, apply: &Apply) {
        let read = match look.settings {
            Ok(settings) => {
                warn_about_restart(running, &settings);
                self.read(&settings)
            }
            Err(problems) => Err(problems.into_iter().map(Remark::from).collect()),
        };
        let broken = match read {
            Ok(ReadRules { rules, remarks }) => {
                log_remarks(&remarks);
                let count = rules.len();
                let result = apply(rules).await;
                match &result {
                    Ok(()) => tracing::info!(rules = count, "rules were read again"),
                    Err(why) => tracing::error!(%why, "the rules cannot be used; the old ones stay"),
                }
                result.is_err()
            }
            Err(errors) => {
                for error in &errors {
                    tracing::error!("{error}");
                }
                tracing::error!(errors = errors.len(), "the rules are broken; the old ones stay");
                true
            }
        };
        metrics::gauge!("ringback_rules_broken").set(if broken { 1.0 } else { 0.0 });
        let result = if broken { "broken" } else { "applied" };
        metrics::counter!("ringback_rules_reloads_total", "result" => result).increment(1);
    }
}

/// Puts rules into force; an error says why not.
pub type Apply = Arc<dyn Fn(Vec<Rule>) -> Fut<'static, Result<(), String>> + Send + Sync>;

type Seen = (PathBuf, Result<String, String>);

struct Look {
    seen: Vec<Seen>,
    settings: Result<Settings, Vec<Problem>>,
}

/// Logs what there is to say about rules: warnings as such, the rest for those who look closer.
pub fn log_remarks(remarks: &[Remark]) {
    for remark in remarks {
        match remark.note.severity {
            Severity::Info => tracing::debug!("{remark}"),
            Severity::Warning => tracing::warn!("{remark}"),
            Severity::Error => tracing::error!("{remark}"),
        }
    }
}

fn warn_about_restart(running: &Settings, now: &Settings) {
    let without_rules = |settings: &Settings| Settings {
        rules: Vec::new(),
        switches: Vec::new(),
        secret: None,
        ..settings.clone()
    };
    let same_secret = running.secret == now.secret;
    if without_rules(running) != without_rules(now) || !same_secret {
        tracing::warn!("settings besides the rules have changed too; they take effect at the next start");
    }
}

fn broken(place: String, key: &str, why: String) -> Remark {
    let note = Note { severity: Severity::Error, line: 0, key: key.to_owned(), text: why };
    Remark { place, note }
}

fn read_file(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    file.take(FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("cannot be read: {error}"))?;
    if text.len() as u64 > FILE_BYTES {
        return Err(format!("is longer than {FILE_BYTES} bytes"));
    }
    Ok(text)
}

#[cfg(unix)]
type Hangups = Option<tokio::signal::unix::Signal>;
#[cfg(not(unix))]
type Hangups = ();

#[cfg(unix)]
fn hangups() -> Hangups {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok()
}

#[cfg(not(unix))]
fn hangups() -> Hangups {}

#[cfg(unix)]
async fn next_hangup(hangups: &mut Hangups) {
    match hangups {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn next_hangup(_: &mut Hangups) {
    std::future::pending().await
}
