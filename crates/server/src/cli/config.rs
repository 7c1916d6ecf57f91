//! `ringback config`: says what a file means before a server reads it, and what can be set at all.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anstyle::Style;
use anyhow::Context as _;
use ringback_callbacks::tls;
use ringback_model::app::App;
use ringback_model::dialect::{Note, RuleFormat, Severity};
use serde_json::json;

use super::print::plural;
use super::{DONE, Global, NO, WRONG_USE};
use crate::listener;
use crate::receiver::display::{Palette, painted};
use crate::rules::file_check;
use crate::settings::document::{self, EntryValue};
use crate::settings::{Env, Flags, KEYS, Loader, RulePlace, Settings, defaults};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what every entry of a file means, what cannot work and what is wrong; exit code 1 if it cannot be used
    Check(CheckArgs),
    /// Print every setting with its default, explained
    Print(PrintArgs),
}

const CHECK_EXAMPLES: &str = "\
Examples:
  ringback config check webhooks.yml     # every callback of it in a sentence, and what cannot work
  ringback config check ringback.yml     # the settings, and the rule files that they name
  ringback config check --json FILE      # for scripts: one note per line, then the numbers of errors and warnings

Variables of the environment count as they do for the server.";

#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_EXAMPLES)]
struct CheckArgs {
    /// The server's settings, or a file with rules in any form that the server reads
    file: PathBuf,
    /// What kind of file it is: `settings`, or the key under which such rules stand [default: by its content]
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

const PRINT_EXAMPLES: &str = "\
Examples:
  ringback config print > ringback.yml                     # all defaults, to delete what you do not change
  ringback config print --effective --config ringback.yml  # what a server would run with";

#[derive(Debug, clap::Args)]
#[command(after_help = PRINT_EXAMPLES)]
struct PrintArgs {
    /// What holds now: file, environment and defaults merged; secrets are starred
    #[arg(long)]
    effective: bool,
    /// Settings file
    #[arg(long, value_name = "FILE", requires = "effective")]
    config: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// The file cannot be read.
#[allow(clippy::unused_async, reason = "every command is run alike")]
pub async fn run(args: Args, global: &Global) -> anyhow::Result<ExitCode> {
    let formats = ringback_dialects::all(&App::default()).rule_formats;
    match args.command {
        Command::Check(args) => check(&args, &formats, global),
        Command::Print(args) => print(args, global),
    }
}

/// A loader of settings over this process's environment.
pub(super) fn loader(file: Option<PathBuf>, flags: Flags) -> Loader {
    let vocabulary = crate::assemble::vocabulary(&ringback_dialects::all(&App::default()));
    let env: Env = Arc::new(|name| std::env::var(name).ok());
    Loader { file, env, flags, vocabulary: Arc::new(vocabulary) }
}

// ---------------------------------------------------------------- print

fn print(args: PrintArgs, global: &Global) -> anyhow::Result<ExitCode> {
    let loader = loader(args.config, Flags::new());
    let settings = if args.effective { load(&loader)? } else { Settings::default() };
    let text = if global.json {
        let shown: BTreeMap<&str, String> =
            KEYS.iter().map(|key| (key.path, (key.show)(&settings))).collect();
        let switches: BTreeMap<&str, &str> = if args.effective {
            settings.switches.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
        } else {
            loader.vocabulary.settings.iter().map(|setting| (setting.key, setting.default)).collect()
        };
        format!("{}\n", json!({"settings": shown, "dialects": switches}))
    } else if args.effective {
        defaults::effective(&settings)
    } else {
        defaults::text(&loader.vocabulary)
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::from(DONE))
}

/// The settings, or all that is wrong with them.
pub(crate) fn load(loader: &Loader) -> anyhow::Result<Settings> {
    loader.load().map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(lines.join("\n"))
    })
}

// ---------------------------------------------------------------- check

/// What was found in one file.
#[derive(Debug)]
struct Report {
    file: PathBuf,
    kind: String,
    notes: Vec<Note>,
}

fn check(args: &CheckArgs, formats: &[Arc<dyn RuleFormat>], global: &Global) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let checker = Checker { loader: loader(None, Flags::new()), formats };
    let reports = match checker.reports(&args.file, &text, args.kind.as_deref()) {
        Ok(reports) => reports,
        Err(error) => {
            eprintln!("ringback: {error:#}");
            return Ok(ExitCode::from(WRONG_USE));
        }
    };
    let palette = Palette::for_stdout();
    let out = if global.json { as_json(&reports) } else { as_text(&reports, palette) };
    io::stdout().write_all(out.as_bytes())?;
    let (errors, _) = count(&reports);
    Ok(ExitCode::from(if errors == 0 { DONE } else { NO }))
}

struct Checker<'a> {
    loader: Loader,
    formats: &'a [Arc<dyn RuleFormat>],
}

const SETTINGS: &str = "settings";

impl Checker<'_> {
    /// The file's own report, and one for every file with rules that it names.
    fn reports(&self, file: &Path, text: &str, kind: Option<&str>) -> anyhow::Result<Vec<Report>> {
        let named = match kind {
            Some(SETTINGS) => None,
            Some(kind) => {
                let known = || self.formats.iter().map(|format| format.key()).collect::<Vec<_>>().join(", ");
                let found = self.formats.iter().find(|format| format.key() == kind);
                Some(found.with_context(|| {
                    format!("there is no kind {kind:?}; known are {SETTINGS}, {}", known())
                })?)
            }
            None if self.are_settings(text) => None,
            None => self.formats.iter().find(|format| format.recognises(text)),
        };
        let Some(format) = named else { return Ok(self.settings(file, text)) };
        let defaults = self.loader.vocabulary.settings.iter();
        let switches: Vec<_> = defaults.map(|it| (it.key.to_owned(), it.default.to_owned())).collect();
        Ok(vec![self.rules(format.as_ref(), file, text, 0, &switches)])
    }

    /// Whether a key of ours stands in it. `secret` does not count: the other files have one too.
    fn are_settings(&self, text: &str) -> bool {
        let rule_keys = &self.loader.vocabulary.rule_keys;
        let Ok(entries) = document::read(text, &|key| rule_keys.contains(&key)) else { return false };
        entries.iter().any(|entry| {
            (entry.key != "secret" && KEYS.iter().any(|key| key.path == entry.key))
                || self.loader.vocabulary.settings.iter().any(|setting| setting.key == entry.key)
        })
    }

    fn settings(&self, file: &Path, text: &str) -> Vec<Report> {
        let mut report = Report { file: file.to_owned(), kind: SETTINGS.to_owned(), notes: Vec::new() };
        let problems = self.loader.load_text(file, text);
        let settings = match problems {
            Ok(settings) => settings,
            Err(problems) => {
                report.notes = problems.iter().map(crate::settings::Problem::note).collect();
                report.notes.extend(self.explanations(text, &report.notes));
                report.notes.sort_by_key(|note| note.line);
                return vec![report];
            }
        };
        report.notes = unusable_files(&settings);
        let lines = self.lines(text);
        for note in &mut report.notes {
            note.line = lines.get(&note.key).copied().unwrap_or_default();
        }
        report.notes.extend(self.explanations(text, &report.notes));
        let mut others = Vec::new();
        for rules in &settings.rules {
            let Some(format) = self.formats.iter().find(|format| format.key() == rules.key) else { continue };
            match &rules.place {
                RulePlace::Inline { text, lines_above } => {
                    let inside = self.rules(format.as_ref(), file, text, *lines_above, &settings.switches);
                    report.notes.extend(inside.notes);
                }
                RulePlace::File(path) => match std::fs::read_to_string(path) {
                    Ok(text) => others.push(self.rules(format.as_ref(), path, &text, 0, &settings.switches)),
                    Err(error) => report.notes.push(Note {
                        severity: Severity::Error,
                        line: lines.get(rules.key).copied().unwrap_or_default(),
                        key: rules.key.to_owned(),
                        text: format!("{} cannot be read: {error}", path.display()),
                    }),
                },
            }
        }
        report.notes.sort_by_key(|note| note.line);
        others.insert(0, report);
        others
    }

    fn rules(
        &self,
        format: &dyn RuleFormat,
        file: &Path,
        text: &str,
        lines_above: usize,
        switches: &[(String, String)],
    ) -> Report {
        let env = |name: &str| (self.loader.env)(name);
        let mut read = format.parse(text, lines_above, &env, switches);
        file_check::inspect(&mut read, file.parent().unwrap_or_else(|| Path::new("")));
        let mut notes = read.notes;
        notes.sort_by_key(|note| note.line);
        Report { file: file.to_owned(), kind: format!("rules, as under `{}`", format.key()), notes }
    }

    /// On which line each key stands.
    fn lines(&self, text: &str) -> BTreeMap<String, usize> {
        let rule_keys = &self.loader.vocabulary.rule_keys;
        let entries = document::read(text, &|key| rule_keys.contains(&key)).unwrap_or_default();
        entries.into_iter().map(|entry| (entry.key, entry.line)).collect()
    }

    /// One sentence per key that is set and right, out of the defaults file.
    fn explanations(&self, text: &str, wrong: &[Note]) -> Vec<Note> {
        let rule_keys = &self.loader.vocabulary.rule_keys;
        let Ok(entries) = document::read(text, &|key| rule_keys.contains(&key)) else { return Vec::new() };
        let sentences = sentences(&defaults::text(&self.loader.vocabulary));
        let explain = |entry: document::Entry| {
            let is_wrong = wrong.iter().any(|note| note.line == entry.line && note.key == entry.key);
            let plain = matches!(entry.value, EntryValue::Plain(_));
            let sentence = sentences.get(&entry.key).filter(|_| plain && !is_wrong)?;
            Some(Note { severity: Severity::Info, line: entry.line, key: entry.key, text: sentence.clone() })
        };
        entries.into_iter().filter_map(explain).collect()
    }
}

/// Files that the settings name and that a server could not start with.
fn unusable_files(settings: &Settings) -> Vec<Note> {
    let error = |key: &str, text| Note { severity: Severity::Error, line: 0, key: key.to_owned(), text };
    let own = listener::tls::acceptor(&settings.tls).err().map(|why| error("tls.cert", format!("{why:#}")));
    let authorities = settings.tls.ca_file.as_ref().and_then(|path| tls::authorities(path).err());
    own.into_iter().chain(authorities.map(|why| error("tls.ca_file", why.text))).collect()
}

/// The first sentence of every key's comment in the defaults file.
fn sentences(text: &str) -> BTreeMap<String, String> {
    let lines: Vec<&str> = text.lines().collect();
    let Ok(entries) = document::read(text, &|_| false) else { return BTreeMap::new() };
    let comment_of = |line: usize| {
        let above = lines.get(..line.saturating_sub(1)).unwrap_or_default();
        let mut comment: Vec<&str> =
            above.iter().rev().map_while(|line| line.trim_start().strip_prefix('#')).map(str::trim).collect();
        comment.reverse();
        let comment = comment.join(" ");
        comment.split_once(". ").map_or(comment.clone(), |(first, _)| format!("{first}."))
    };
    entries.into_iter().map(|entry| (entry.key, comment_of(entry.line))).collect()
}

fn count(reports: &[Report]) -> (usize, usize) {
    let of = |severity| {
        let notes = reports.iter().flat_map(|report| &report.notes);
        notes.filter(|note| note.severity == severity).count()
    };
    (of(Severity::Error), of(Severity::Warning))
}

fn as_text(reports: &[Report], palette: Palette) -> String {
    let mut text = String::new();
    for report in reports {
        let file = painted(palette.strong, &report.file.display().to_string());
        text.push_str(&format!("{file}: {}\n", report.kind));
        let width = report.notes.iter().map(|note| note.key.len()).max().unwrap_or_default().min(44);
        for note in &report.notes {
            let line = if note.line == 0 { "-".to_owned() } else { note.line.to_string() };
            let (word, style) = match note.severity {
                Severity::Info => ("ok     ", palette.good),
                Severity::Warning => ("warning", palette.notable),
                Severity::Error => ("ERROR  ", palette.bad),
            };
            let word = painted(style, word);
            text.push_str(&format!("{line:>5}  {word}  {:<width$}  {}\n", note.key, note.text));
        }
    }
    let (errors, warnings) = count(reports);
    let style = if errors > 0 { palette.bad } else { Style::new() };
    let verdict = if errors > 0 { "cannot be used" } else { "can be used" };
    let numbers =
        format!("{}, {}", plural(&errors.to_string(), "error"), plural(&warnings.to_string(), "warning"));
    text.push_str(&format!("{}\n", painted(style, &format!("{verdict}: {numbers}"))));
    text
}

fn as_json(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        for note in &report.notes {
            let severity = match note.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            let value = json!({
                "event": "note", "file": report.file, "kind": report.kind, "line": note.line,
                "key": note.key, "severity": severity, "text": note.text,
            });
            text.push_str(&format!("{value}\n"));
        }
    }
    let (errors, warnings) = count(reports);
    text.push_str(&format!("{}\n", json!({"event": "checked", "errors": errors, "warnings": warnings})));
    text
}

#[cfg(test)]
mod tests {
    use ringback_model::dialect::{DialectSetting, RuleFile};

    use super::*;
    use crate::settings::Vocabulary;

    /// A format in which every line that holds `on` is a rule, and `bad` is an error.
    struct Lines;
    impl RuleFormat for Lines {
        fn key(&self) -> &'static str {
            "hooks"
        }
        fn recognises(&self, text: &str) -> bool {
            text.contains("hook:")
        }
        fn parse(
            &self,
            text: &str,
            first_line: usize,
            _: &dyn Fn(&str) -> Option<String>,
            switches: &[(String, String)],
        ) -> RuleFile {
            let note = |(index, line): (usize, &str)| Note {
                severity: if line.contains("bad") { Severity::Error } else { Severity::Info },
                line: first_line + index + 1,
                key: line.split(':').next().unwrap_or_default().trim().to_owned(),
                text: format!("asks in {}", switches[0].1),
            };
            RuleFile { rules: Vec::new(), notes: text.lines().enumerate().map(note).collect() }
        }
    }

    fn reports(text: &str, kind: Option<&str>) -> anyhow::Result<Vec<Report>> {
        let formats: Vec<Arc<dyn RuleFormat>> = vec![Arc::new(Lines)];
        let setting = DialectSetting { key: "acme.contract", default: "v2", values: &[], doc: "Which." };
        let vocabulary = Vocabulary { settings: vec![setting], rates: Vec::new(), rule_keys: vec!["hooks"] };
        let loader = Loader {
            file: None,
            env: Arc::new(|_| None),
            flags: Flags::new(),
            vocabulary: Arc::new(vocabulary),
        };
        Checker { loader, formats: &formats }.reports(Path::new("some.yml"), text, kind)
    }

    #[test]
    fn settings_are_explained_line_by_line() {
        let text = "listen: 127.0.0.1:1\nacme:\n  contract: v1\nhooks:\n  hook: x\n";
        let shown = as_text(&reports(text, None).unwrap(), Palette::default());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "some.yml: settings");
        assert!(lines[1].starts_with("    1  ok       listen         "), "{shown}");
        assert!(lines[1].len() > 40, "the sentence is missing: {shown}");
        assert_eq!(lines[2], "    3  ok       acme.contract  Which.");
        assert_eq!(lines[3], "    5  ok       hook           asks in v1");
        assert_eq!(lines[4], "can be used: 0 errors, 0 warnings");
    }

    #[test]
    fn what_is_wrong_is_counted_and_does_not_hide_the_rest() {
        let reports = reports("listen: 127.0.0.1:1\nlisen: x\n", None).unwrap();
        let shown = as_text(&reports, Palette::default());
        assert!(shown.contains("    2  ERROR    lisen") && shown.contains("did you mean"), "{shown}");
        assert!(shown.contains("    1  ok       listen"), "{shown}");
        assert!(shown.ends_with("cannot be used: 1 error, 0 warnings\n"), "{shown}");
        let last = as_json(&reports).lines().last().unwrap().to_owned();
        assert_eq!(last, r#"{"errors":1,"event":"checked","warnings":0}"#);
    }

    #[test]
    fn rule_files_are_known_by_their_content_or_by_name() {
        let found = reports("hook: a\nbad: b\n", None).unwrap();
        assert_eq!((found[0].kind.as_str(), count(&found)), ("rules, as under `hooks`", (1, 0)));
        assert_eq!(found[0].notes[0].text, "asks in v2", "switches have their defaults");
        assert_eq!(reports("something: else\n", Some("hooks")).unwrap()[0].notes.len(), 1);
        assert_eq!(reports("hook: a\n", Some("settings")).unwrap()[0].kind, "settings");
        assert!(reports("", Some("nothing")).unwrap_err().to_string().contains("hooks"));
    }

    #[test]
    fn files_that_are_named_are_checked_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("h.yml"), "hook: a\n").unwrap();
        let path = folder.path().join("h.yml");
        let text = format!("listen: 127.0.0.1:1\nhooks: {}\n", path.display());
        assert_eq!(reports(&text, None).unwrap()[1].file, path);
        let missing = reports("listen: 127.0.0.1:1\nhooks: /no/such/file\n", None).unwrap();
        assert_eq!(count(&missing), (1, 0));
    }

    #[test]
    fn files_that_are_not_there_are_errors_on_their_lines() {
        let text = "listen: 127.0.0.1:1\ntls:\n  ca_file: /nowhere/ca.pem\nhooks: /nowhere/hooks.yml\n";
        let reports = reports(text, None).unwrap();
        let errors = reports[0].notes.iter().filter(|note| note.severity == Severity::Error);
        let errors: Vec<_> = errors.map(|note| (note.line, note.key.as_str())).collect();
        assert_eq!(errors, [(3, "tls.ca_file"), (4, "hooks")]);
    }
}
