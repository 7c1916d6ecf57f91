//! Results as they are kept: what scenarios have written, and what other proofs have.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::machine::Machine;
use crate::stats::Spread;
use crate::targets::Verdict;

/// A run of scenarios.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Run {
    #[serde(skip)]
    pub(super) file: String,
    pub(super) date: String,
    pub(super) commit: String,
    pub(super) command: String,
    pub(super) machine: Machine,
    pub(super) settings: Settings,
    pub(super) cases: Vec<Measured>,
    pub(super) targets: Vec<Verdict>,
}

/// What of a run's settings a reader wants to know.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Settings {
    pub(super) rounds: u32,
    pub(super) seconds: f64,
}

/// A case over all rounds.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Measured {
    pub(super) scenario: String,
    pub(super) case: String,
    pub(super) of_bare: Option<Spread>,
    pub(super) figures: BTreeMap<String, Spread>,
}

/// A proof that is no measurement: kills, power cuts, fuzzing, attacks, the tests.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub(super) file: String,
    pub(super) commit: String,
    /// As it was given; none where the trial is a test.
    pub(super) command: Option<String>,
    /// What repeats its dice, where it has some.
    pub(super) seed: Option<u64>,
    /// What was counted, in the order of the file.
    pub(super) figures: Figures,
    /// What was counted for each of several things: a list of the file.
    pub(super) lists: Vec<Vec<Item>>,
}

/// Names and values.
pub(super) type Figures = Vec<(String, f64)>;

/// One of a list: an attack, a document.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) figures: Figures,
}

/// What a trial ran on and how it was asked for is no figure of it: the command says that.
const NO_FIGURES: [&str; 3] = ["machine", "settings", "seed"];

/// Digits of a commit that a reader needs.
const COMMIT_DIGITS: usize = 12;

impl Trial {
    /// Every number of a result is a figure of it, whatever else it says; those of an object have its name before
    /// their own, those of a list's objects make a row each.
    fn read(file: &str, value: &Value) -> anyhow::Result<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (mut figures, mut lists) = (Vec::new(), Vec::new());
        let result = value.as_object().context("a result is an object")?;
        for (name, found) in result.iter().filter(|(name, _)| !NO_FIGURES.contains(&name.as_str())) {
            match found {
                Value::Object(inner) => {
                    let prefix = if name == "figures" { String::new() } else { format!("{name}_") };
                    figures.extend(numbers(inner).map(|(own, number)| (format!("{prefix}{own}"), number)));
                }
                Value::Array(items) if items.iter().any(Value::is_object) => lists.push(list(name, items)?),
                _ => figures.extend(found.as_f64().map(|number| (name.clone(), number))),
            }
        }
        let mut commit = text("commit").context("a result names its commit")?;
        if commit.len() > COMMIT_DIGITS && commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            commit.truncate(COMMIT_DIGITS);
        }
        let seed = value.get("seed").and_then(Value::as_u64);
        Ok(Self { file: file.to_owned(), commit, command: text("command"), seed, figures, lists })
    }

    /// A figure by its name.
    pub(super) fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }
}

/// The numbers of an object.
fn numbers(object: &Map<String, Value>) -> impl Iterator<Item = (String, f64)> {
    object.iter().filter_map(|(name, found)| Some((name.clone(), found.as_f64()?)))
}

/// A list of `attacks` holds objects whose `attack` names them.
fn list(name: &str, items: &[Value]) -> anyhow::Result<Vec<Item>> {
    let own = name.trim_end_matches('s');
    let mut read = Vec::new();
    for item in items {
        let called = item.get(own).and_then(Value::as_str);
        let called = called.with_context(|| format!("one of `{name}` has no name in `{own}`"))?;
        let figures = item.as_object().into_iter().flat_map(numbers).collect();
        read.push(Item { name: called.to_owned(), figures });
    }
    // Tests end in any order.
    read.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(read)
}

/// All that is kept.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// Newest first.
    pub(super) runs: Vec<Run>,
    /// By the name of their file.
    pub(super) trials: BTreeMap<String, Trial>,
}

impl Results {
    /// Reads a folder: files with `targets` are runs of scenarios, all others are trials.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut results = Self::default();
        for path in files(folder)? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            results
                .add(&name, &std::fs::read(&path)?)
                .with_context(|| format!("reading {}", path.display()))?;
        }
        results.runs.sort_by(|one, other| other.date.cmp(&one.date));
        ensure!(!results.runs.is_empty(), "there is no result in {}", folder.display());
        Ok(results)
    }

    /// Adds what a file says; `name` is the file's, without its ending.
    pub(super) fn add(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let value: Value = serde_json::from_slice(bytes)?;
        if value.get("targets").is_some() {
            self.runs.push(Run { file: name.to_owned(), ..serde_json::from_value(value)? });
        } else {
            self.trials.insert(name.to_owned(), Trial::read(name, &value)?);
        }
        Ok(())
    }

    /// Each target's newest verdict, with the run that says it; those of one run in its order.
    pub(super) fn verdicts<'a>(&'a self, scenario: &str) -> Vec<(&'a Run, &'a Verdict)> {
        let mut found: Vec<(&Run, &Verdict)> = Vec::new();
        for run in &self.runs {
            for verdict in run.targets.iter().filter(|verdict| verdict.scenario == scenario) {
                if found.iter().all(|(_, known)| known.what != verdict.what) {
                    found.push((run, verdict));
                }
            }
        }
        found
    }

    /// Trials of a kind, each with what its file's name says after that: nothing, or what was tried.
    pub(super) fn trials<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a Trial, Option<&'a str>)> {
        self.trials.values().filter_map(move |trial| {
            let rest = trial.file.strip_prefix(kind)?;
            if rest.is_empty() { Some((trial, None)) } else { Some((trial, Some(rest.strip_prefix('-')?))) }
        })
    }
}

fn files(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(date: &str, what: &str, value: f64) -> String {
        let spread = serde_json::json!({ "median": value, "min": value, "max": value });
        serde_json::json!({
            "date": date, "commit": "c", "command": "bench", "settings": { "rounds": 5, "seconds": 3.0 },
            "machine": { "cores": 2, "cpu_model": "x", "memory_bytes": 1, "kernel": "k" }, "cases": [],
            "targets": [{
                "scenario": "send", "what": what, "side": "at least", "target": 0.2, "aim": null, "value": spread,
                "met": true, "disturbed": false,
            }],
        })
        .to_string()
    }

    #[test]
    fn the_newest_verdict_of_a_target_counts() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        keep("a.json", &run("2026-01-01", "x", 0.1));
        keep("b.json", &run("2026-01-02", "x", 0.2));
        keep("c.json", &run("2025-01-01", "y", 0.3));
        keep("crash.json", r#"{"commit":"c","kills":1000,"ready_ms":{"p50":80},"machine":{"cores":2}}"#);
        keep("notes.txt", "not a result");
        let results = Results::read(folder.path()).unwrap();
        let said: Vec<(&str, f64)> = results
            .verdicts("send")
            .iter()
            .map(|(_, verdict)| (&*verdict.what, verdict.value.median))
            .collect();
        assert_eq!(said, [("x", 0.2), ("y", 0.3)]);
        assert!(results.verdicts("after").is_empty());
        let (crash, _) = results.trials("crash").next().unwrap();
        assert_eq!(crash.figure("kills"), Some(1000.0));
        assert_eq!(crash.figure("ready_ms_p50"), Some(80.0));
        assert_eq!(crash.figure("machine_cores"), None);
    }

    #[test]
    fn trials_say_what_they_counted() {
        let mut results = Results::default();
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (name, text) in [
            ("fuzz-tokens", format!(r#"{{"commit":"{commit}","target":"tokens","crashes":0}}"#)),
            ("fuzzy", r#"{"commit":"c","crashes":1}"#.to_owned()),
            ("power-cut", format!(r#"{{"commit":"c-dirty","seed":{},"cuts":9}}"#, u64::MAX)),
            ("attacks", r#"{"commit":"c","attacks":[{"attack":"b","count":2},{"attack":"a"}]}"#.to_owned()),
        ] {
            results.add(name, text.as_bytes()).unwrap();
        }
        let fuzz: Vec<_> =
            results.trials("fuzz").map(|(trial, what)| (&*trial.file, what, &*trial.commit)).collect();
        assert_eq!(fuzz, [("fuzz-tokens", Some("tokens"), "0123456789ab")]);
        let (cuts, what) = results.trials("power-cut").next().unwrap();
        assert_eq!((what, &*cuts.commit, cuts.seed), (None, "c-dirty", Some(u64::MAX)));
        assert_eq!(cuts.figures, [("cuts".to_owned(), 9.0)]);
        let (attacks, _) = results.trials("attacks").next().unwrap();
        let names: Vec<_> = attacks.lists[0].iter().map(|item| (&*item.name, item.figures.len())).collect();
        assert_eq!(names, [("a", 0), ("b", 1)]);
        let nameless = results.add("attacks", br#"{"commit":"c","attacks":[{"count":2}]}"#).unwrap_err();
        assert_eq!(nameless.to_string(), "one of `attacks` has no name in `attack`");
    }

    #[test]
    fn a_result_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("broken.json"), "{").unwrap();
        assert!(format!("{:#}", Results::read(folder.path()).unwrap_err()).contains("broken.json"));
    }
}
