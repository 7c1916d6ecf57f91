//! Rule files that change while the server runs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::dialect::{Note, RuleFile, RuleFormat, Severity};
use ringback_model::event::Phase;
use ringback_model::rule::{Rule, RuleOrigin};
use ringback_model::sample;
use ringback_server::rules::files::{Apply, RuleSource};
use ringback_server::settings::{Flags, Loader, Vocabulary};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// One rule per line; `bad` is an error, and `$NAME` comes from the environment.
struct Lines;

impl RuleFormat for Lines {
    fn key(&self) -> &'static str {
        "hooks"
    }
    fn recognises(&self, _: &str) -> bool {
        true
    }
    fn parse(
        &self,
        text: &str,
        first_line: usize,
        env: &dyn Fn(&str) -> Option<String>,
        _: &[(String, String)],
    ) -> RuleFile {
        let mut file = RuleFile::default();
        for (index, line) in text.lines().enumerate() {
            let name = line
                .strip_prefix('$')
                .and_then(env)
                .unwrap_or_else(|| line.trim_end_matches(": {}").to_owned());
            if name == "bad" {
                let line = first_line + index + 1;
                file.notes.push(Note {
                    severity: Severity::Error,
                    line,
                    key: name,
                    text: "is bad".to_owned(),
                });
            } else {
                file.rules.push(rule(&name));
            }
        }
        file
    }
}

fn rule(name: &str) -> Rule {
    Rule {
        origin: RuleOrigin::File("hooks".to_owned()),
        ..sample::rule(name, "plain", Phase::After, "http://127.0.0.1/")
    }
}

fn source(config: &Path) -> RuleSource {
    let env = Arc::new(|name: &str| (name == "NAME").then(|| "from-env".to_owned()));
    let vocabulary =
        Arc::new(Vocabulary { settings: Vec::new(), rates: Vec::new(), rule_keys: vec!["hooks"] });
    let loader =
        Loader { file: Some(config.to_owned()), env: Arc::new(|_| None), flags: Flags::new(), vocabulary };
    RuleSource { loader, formats: vec![Arc::new(Lines)], env, allow_private: false }
}

fn names(rules: &[Rule]) -> Vec<&str> {
    rules.iter().map(|rule| rule.name.as_str()).collect()
}

#[test]
fn rules_are_read_from_a_file_or_from_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("ringback.yml");
    std::fs::write(folder.path().join("rules.yml"), "one\n$NAME\n").unwrap();
    std::fs::write(&config, "hooks: rules.yml\n").unwrap();
    let mut source = source(&config);
    let settings = source.loader.load().unwrap();
    let read = source.read(&settings).unwrap();
    assert_eq!(names(&read.rules), ["one", "from-env"]);
    assert!(!read.rules[0].policy.allow_private);
    source.allow_private = true;
    assert!(source.read(&settings).unwrap().rules[0].policy.allow_private);

    std::fs::write(&config, "# above\nhooks:\n  two: {}\n  bad: {}\n").unwrap();
    let errors = source.read(&source.loader.load().unwrap()).unwrap_err();
    assert_eq!(errors[0].to_string(), format!("{}:4: bad: is bad", config.display()));

    std::fs::write(&config, "hooks: missing.yml\n").unwrap();
    let errors = source.read(&source.loader.load().unwrap()).unwrap_err();
    assert!(errors[0].to_string().contains("missing.yml: hooks: cannot be read: "), "{}", errors[0]);
}

struct Watching {
    applied: mpsc::UnboundedReceiver<Vec<Rule>>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Watching {
    fn start(source: RuleSource) -> Self {
        let (sender, applied) = mpsc::unbounded_channel();
        let apply: Apply = Arc::new(move |rules| {
            let sender = sender.clone();
            Box::pin(async move { sender.send(rules).map_err(|_| "nobody listens".to_owned()) })
        });
        let stop = CancellationToken::new();
        let settings = source.loader.load().unwrap();
        let task = tokio::spawn(source.watch(settings, apply, stop.clone()));
        Self { applied, stop, task }
    }

    async fn next(&mut self) -> Vec<Rule> {
        tokio::time::timeout(Duration::from_secs(60), self.applied.recv()).await.unwrap().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn changes_are_applied_and_broken_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (config, rules) = (folder.path().join("ringback.yml"), folder.path().join("rules.yml"));
    std::fs::write(&rules, "one\n").unwrap();
    std::fs::write(&config, "hooks: rules.yml\n").unwrap();
    let mut watching = Watching::start(source(&config));
    // Time is paused: this lets the watcher take its first look before anything changes.
    tokio::time::sleep(Duration::from_secs(2)).await;

    std::fs::write(&rules, "one\ntwo\n").unwrap();
    assert_eq!(names(&watching.next().await), ["one", "two"]);

    std::fs::write(&rules, "bad\n").unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(watching.applied.try_recv().is_err(), "broken rules must not be applied");

    std::fs::write(&rules, "three\n").unwrap();
    assert_eq!(names(&watching.next().await), ["three"]);

    // A mounted folder changes by replacing a link.
    std::fs::write(folder.path().join("v2"), "four\n").unwrap();
    #[cfg(unix)]
    {
        std::fs::remove_file(&rules).unwrap();
        std::os::unix::fs::symlink(folder.path().join("v2"), &rules).unwrap();
        assert_eq!(names(&watching.next().await), ["four"]);
    }

    std::fs::write(&config, "hooks:\n  inside: {}\n").unwrap();
    assert_eq!(names(&watching.next().await), ["inside"]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(watching.applied.try_recv().is_err(), "what has not changed is not applied again");

    watching.stop.cancel();
    watching.task.await.unwrap();
}
