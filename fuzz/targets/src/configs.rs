//! What operators write: both kinds of rule files in every contract, with the environment; `ringback.yml`; scripts of
//! the test receiver.
//!
//! Input: a byte for the kind, a byte for the dialect's settings, the text; for the environment, lines `NAME=value` in
//! the place of the text.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use ringback_dialects::openim::callbacks::switches::SETTINGS;
use ringback_model::dialect::RuleFormat;
use ringback_model::rule::Rule;
use ringback_server::assemble::vocabulary;
use ringback_server::receiver::script;
use ringback_server::settings::{Loader, RulePlace, Settings, Vocabulary, defaults};

use crate::input::{Input, pairs};
use crate::seeds::{self, Seeds};
use crate::world::{contracts, dialects};

/// The file to which variables of the environment are added.
const WITH_ENVIRONMENT: &str = "url: http://127.0.0.1:10006/callbackExample
beforeSendSingleMsg:
  enable: true
  timeout: 5
  failedContinue: true
afterSendSingleMsg:
  enable: true
  timeout: 5
  attentionIds: []
  deniedTypes: []
";

/// Lines of a file around a rule file.
const LINES_ABOVE: usize = 100;

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, choice) = (input.byte() % 5, input.byte());
    let text = input.text();
    let formats = &dialects().rule_formats;
    match kind {
        0 | 1 => rule_file(formats[usize::from(kind) % formats.len()].as_ref(), &text, &[], choice),
        2 => {
            let env = pairs(&text.replace('\n', "&"));
            rule_file(formats[0].as_ref(), WITH_ENVIRONMENT, &env, choice);
        }
        3 => settings(&text, choice),
        _ => receiver_script(&text),
    }
}

/// The dialect's settings, each with one of its values.
fn switches(choice: u8) -> Vec<(String, String)> {
    let value = |(at, setting): (usize, &ringback_model::dialect::DialectSetting)| {
        let values = setting.values;
        let which = (usize::from(choice) >> at) + usize::from(choice) / 64;
        let value = values.get(which % values.len().max(1)).copied().unwrap_or(setting.default);
        (setting.key.to_owned(), value.to_owned())
    };
    SETTINGS.iter().enumerate().map(value).collect()
}

fn rule_file(format: &dyn RuleFormat, text: &str, env: &[(String, String)], choice: u8) {
    format.recognises(text);
    let look_up = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let switches = switches(choice);
    let file = format.parse(text, 0, &look_up, &switches);
    let lines = lines(text);
    for note in &file.notes {
        assert!(note.line <= lines, "line {} of {lines}: {}", note.line, note.text);
    }
    // The same text inside another file: only its lines move.
    let inside = format.parse(text, LINES_ABOVE, &look_up, &switches);
    assert_eq!(inside.rules, file.rules, "reading is pure");
    assert_eq!(inside.notes.len(), file.notes.len(), "reading is pure");
    for (note, moved) in file.notes.iter().zip(&inside.notes) {
        assert_eq!((&note.key, &note.text, note.severity), (&moved.key, &moved.text, moved.severity));
        assert!(
            moved.line == note.line || moved.line == note.line + LINES_ABOVE,
            "{} {}",
            note.line,
            moved.line
        );
    }
    if !file.is_broken() {
        for rule in &file.rules {
            usable(rule);
        }
    }
}

/// YAML ends a line at a lone carriage return too.
fn lines(text: &str) -> usize {
    text.split(['\n', '\r']).count() + 1
}

/// A rule that can be put into force, written down and read again.
fn usable(rule: &Rule) {
    let contract = contracts().iter().find(|contract| contract.name() == rule.contract);
    let contract = contract.unwrap_or_else(|| panic!("there is no contract {:?}", rule.contract));
    assert_eq!(contract.kinds(rule).map(|kinds| kinds.len()), Ok(1), "{rule:?}");
    let url: http::Uri = rule.url.parse().unwrap_or_else(|_| panic!("a URL: {:?}", rule.url));
    assert!(matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some(), "{}", rule.url);
    assert!((1..=60_000).contains(&rule.policy.timeout_ms), "{} ms", rule.policy.timeout_ms);
    assert!((1..=1024).contains(&rule.policy.concurrency));
    let text = serde_json::to_string(rule).expect("rules can be written");
    assert_eq!(serde_json::from_str::<Rule>(&text).expect("and read"), *rule);
}

fn loader() -> &'static Loader {
    static LOADER: LazyLock<Loader> = LazyLock::new(|| {
        let vocabulary: Arc<Vocabulary> = Arc::new(vocabulary(dialects()));
        Loader { file: None, env: Arc::new(|_| None), flags: Vec::new(), vocabulary }
    });
    &LOADER
}

fn settings(text: &str, choice: u8) {
    match loader().load_text(Path::new("ringback.yml"), text) {
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(problem.line <= lines(text), "line {} of {}: {problem}", problem.line, lines(text));
            }
        }
        Ok(settings) => {
            hides_its_secrets(&settings);
            for rules in &settings.rules {
                if let RulePlace::Inline { text, .. } = &rules.place {
                    let format = dialects().rule_format(rules.key).expect("a kind of rule file");
                    rule_file(format.as_ref(), text, &[], choice);
                }
            }
            comes_back(settings);
        }
    }
}

/// No secret is seen in what is logged or printed.
fn hides_its_secrets(settings: &Settings) {
    let app = &settings.app;
    let seen = [format!("{settings:?}"), defaults::effective(settings)].concat();
    for secret in [&settings.secret, &app.certificate, &app.client_secret].into_iter().flatten() {
        // Shorter ones may stand in other words by chance.
        let text = secret.reveal();
        let told = text.len() < 12 || !seen.contains(text) || named_elsewhere(settings, text);
        assert!(told, "a secret is printed");
    }
}

/// Whether an operator has written the same text in a place that is no secret.
fn named_elsewhere(settings: &Settings, text: &str) -> bool {
    let open = Settings { secret: None, app: settings.app.clone(), ..settings.clone() };
    let open = Settings {
        app: ringback_server::settings::AppSettings {
            certificate: None,
            client_secret: None,
            ..open.app.clone()
        },
        ..open
    };
    defaults::effective(&open).contains(text)
}

/// What is printed as the settings in force can be read, and is the same.
fn comes_back(settings: Settings) {
    let printed = defaults::effective(&settings);
    let starred = |secret: &Option<ringback_server::settings::Secret>| secret.is_some();
    let app = &settings.app;
    if starred(&settings.secret) || starred(&app.certificate) || starred(&app.client_secret) {
        return;
    }
    let read = loader().load_text(Path::new("ringback.yml"), &printed);
    let read = read.unwrap_or_else(|problems| panic!("{problems:?}\n{printed}"));
    let plain = |settings: Settings| Settings { rules: Vec::new(), ..settings };
    assert_eq!(plain(read), plain(settings), "{printed}");
}

fn receiver_script(text: &str) {
    let read = script::parse(text);
    assert_eq!(script::parse(text), read, "reading is pure");
    if let Err(wrong) = read {
        assert!(wrong.line <= lines(text), "line {} of {}", wrong.line, lines(text));
    }
}

/// Inputs to begin with.
#[must_use]
pub fn seeds() -> Seeds {
    let mut seeds = Seeds::new();
    let mut add = |name: &str, kind: u8, choice: u8, text: &[u8]| {
        seeds.push((format!("{name} {choice}"), [&[kind, choice], text].concat()));
    };
    for (name, text) in seeds::files("openim/rule_files", ".yml") {
        let kind = u8::from(name.contains("callback-v2"));
        for choice in [0, 1, 2, 130] {
            add(&name, kind, choice, &text);
        }
        let indented: String =
            String::from_utf8_lossy(&text).lines().map(|line| format!("  {line}\n")).collect();
        let key = dialects().rule_formats[usize::from(kind)].key();
        add(&name, 3, 0, format!("listen: 127.0.0.1:0\n{key}:\n{indented}").as_bytes());
    }
    add("environment", 2, 0, b"IMENV_WEBHOOKS_URL=http://other:1/cb\nIMENV_WEBHOOKS_AFTERSENDSINGLEMSG_ENABLE=true\nIMENV_WEBHOOKS_AFTERSENDSINGLEMSG_TIMEOUT=9\nIMENV_WEBHOOKS_AFTERSENDSINGLEMSG_ATTENTIONIDS=[\"1\",\"2\"]\n");
    add("defaults", 3, 0, defaults::text(&loader().vocabulary).as_bytes());
    add("settings", 3, 0, b"listen: 127.0.0.1:0\nsecret: not-a-secret-at-all\napp: {id: a, org: b, name: c}\ngate:\n  max_wait: 5s\nrates:\n  token: 3/min\nlog: {keep: 3d, max_bytes: 4GiB}\n");
    add("script", 4, 0, b"- when: { command: BeforeSendSingleMsg, text_contains: spam, nth: 3 }\n  answer: { deny: { code: 5001, text: \"no\" }, delay: 200ms }\n- when: {from: a, to: b}\n  answer: { replace: x }\n- answer: { status: 503, retry_after: 2 }\n- answer: { raw: '{}' }\n- answer: hang\n");
    seeds
}
