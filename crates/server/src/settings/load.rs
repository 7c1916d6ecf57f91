//! Reading settings from all places, and saying everything that is wrong with them at once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringback_callbacks::signature;
use ringback_model::app::App;
use ringback_model::dialect::{DialectSetting, Note, Rate, Severity};

use super::document::{self, EntryValue};
use super::keys::KEYS;
use super::value::Value;
use super::{ObjectBackend, PushProviderChoice, Quota, RulePlace, RuleText, Settings, Vocabulary, rate};

/// Looks a variable of the environment up.
pub type Env = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Flags of the command line: key of a setting and its value.
pub type Flags = Vec<(&'static str, String)>;

/// Something that is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File, variable or flag.
    pub place: String,
    /// Line, counted from 1; 0 = none.
    pub line: usize,
    /// Key; empty = the place as a whole.
    pub key: String,
    /// A clause about the value, or a sentence.
    pub text: String,
}

impl Problem {
    /// The same as a note on a line of the settings file.
    #[must_use]
    pub fn note(&self) -> Note {
        Note { severity: Severity::Error, line: self.line, key: self.key.clone(), text: self.text.clone() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.key.is_empty() && self.key != self.place {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.text)
    }
}

/// The variable that sets a key.
#[must_use]
pub fn env_name(key: &str) -> String {
    format!("RINGBACK_{}", key.replace('.', "_").to_uppercase())
}

/// Variables that look like those of settings and are none, each with the one that was probably meant. Others with
/// our prefix are left alone: container platforms set some of their own.
#[must_use]
pub fn misspelt(names: impl Iterator<Item = String>, vocabulary: &Vocabulary) -> Vec<(String, String)> {
    let known: Vec<String> = Reading::new(vocabulary).known().into_iter().map(env_name).collect();
    let meant = |name: &String| {
        let near = known.iter().map(|known| (strsim::damerau_levenshtein(known, name), known));
        near.min().filter(|(distance, _)| (1..=2).contains(distance)).map(|(_, known)| known.clone())
    };
    let ours = names.filter(|name| name.starts_with("RINGBACK_"));
    ours.filter_map(|name| meant(&name).map(|meant| (name, meant))).collect()
}

/// Knows where settings stand; reads them as often as wanted.
#[derive(Clone)]
pub struct Loader {
    /// The settings file.
    pub file: Option<PathBuf>,
    /// The environment.
    pub env: Env,
    /// The command line.
    pub flags: Flags,
    /// What the dialects add.
    pub vocabulary: Arc<Vocabulary>,
}

impl Loader {
    /// Reads the settings.
    ///
    /// # Errors
    /// Everything that is wrong with them, in the order file, environment, command line.
    pub fn load(&self) -> Result<Settings, Vec<Problem>> {
        let mut reading = Reading::new(&self.vocabulary);
        if let Some(path) = &self.file {
            match std::fs::read_to_string(path) {
                Ok(text) => reading.file(path, &text),
                Err(error) => {
                    reading.problem(&path.display().to_string(), 0, "", format!("cannot be read: {error}"));
                }
            }
        }
        self.finish(reading)
    }

    /// Reads the settings as if the file had this text.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn load_text(&self, path: &Path, text: &str) -> Result<Settings, Vec<Problem>> {
        let mut reading = Reading::new(&self.vocabulary);
        reading.file(path, text);
        self.finish(reading)
    }

    fn finish(&self, mut reading: Reading<'_>) -> Result<Settings, Vec<Problem>> {
        for key in reading.known() {
            let name = env_name(key);
            if let Some(text) = (self.env)(&name) {
                reading.set(&name, 0, key, &Value::Untyped(text), Path::new(""));
            }
        }
        for (key, text) in &self.flags {
            let flag = format!("--{}", key.replace(['.', '_'], "-"));
            reading.set(&flag, 0, key, &Value::Untyped(text.clone()), Path::new(""));
        }
        reading.whole();
        if reading.problems.is_empty() { Ok(reading.settings) } else { Err(reading.problems) }
    }
}

/// The first two segments of the admin API's paths.
const ADMIN_PATH: (&str, &str) = ("admin", "v1");

struct Reading<'a> {
    vocabulary: &'a Vocabulary,
    settings: Settings,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn new(vocabulary: &'a Vocabulary) -> Self {
        let defaults = vocabulary.settings.iter();
        let switches = defaults.map(|setting| (setting.key.to_owned(), setting.default.to_owned())).collect();
        let quota = |rate: &Rate| Quota { count: rate.count, per: rate.per };
        let rates = vocabulary.rates.iter().map(|rate| (rate.key, Some(quota(rate)))).collect();
        let settings = Settings { switches, rates, ..Settings::default() };
        Self { vocabulary, settings, problems: Vec::new() }
    }

    fn problem(&mut self, place: &str, line: usize, key: &str, text: String) {
        self.problems.push(Problem { place: place.to_owned(), line, key: key.to_owned(), text });
    }

    /// Every key there is.
    fn known(&self) -> Vec<&'static str> {
        let own = KEYS.iter().map(|key| key.path);
        let dialects = self.vocabulary.settings.iter().map(|setting| setting.key);
        let rates = self.vocabulary.rates.iter().map(|rate| rate.key);
        own.chain(rates).chain(dialects).chain(self.vocabulary.rule_keys.iter().copied()).collect()
    }

    fn file(&mut self, path: &Path, text: &str) {
        let place = path.display().to_string();
        let folder = path.parent().unwrap_or(Path::new(""));
        let rule_keys = &self.vocabulary.rule_keys;
        let entries = match document::read(text, &|key| rule_keys.contains(&key)) {
            Ok(entries) => entries,
            Err(wrong) => return self.problem(&place, wrong.line, "", wrong.text),
        };
        for entry in entries {
            match entry.value {
                EntryValue::Plain(value) => self.set(&place, entry.line, &entry.key, &value, folder),
                EntryValue::Block { text, lines_above } => {
                    self.put_rules(&entry.key, RulePlace::Inline { text, lines_above });
                }
            }
        }
    }

    fn set(&mut self, place: &str, line: usize, key: &str, value: &Value, folder: &Path) {
        // Nothing after the colon, also below a section's name: the default holds.
        if *value == Value::Null && (self.known().contains(&key) || self.is_section(key)) {
            return;
        }
        let done = if let Some(known) = KEYS.iter().find(|known| known.path == key) {
            (known.set)(&mut self.settings, value, folder)
        } else if let Some((_, quota)) = self.settings.rates.iter_mut().find(|(known, _)| *known == key) {
            rate::read(value).map(|read| *quota = read)
        } else if let Some(setting) = self.vocabulary.settings.iter().find(|setting| setting.key == key) {
            set_switch(&mut self.settings.switches, setting, value)
        } else if self.vocabulary.rule_keys.contains(&key) {
            value.optional_path().map(|path| {
                if let Some(path) = path {
                    self.put_rules(key, RulePlace::File(folder.join(path)));
                }
            })
        } else {
            Err(self.unknown(key))
        };
        if let Err(text) = done {
            self.problem(place, line, key, text);
        }
    }

    fn is_section(&self, key: &str) -> bool {
        let prefix = format!("{key}.");
        self.known().iter().any(|known| known.starts_with(&prefix))
    }

    fn put_rules(&mut self, key: &str, place: RulePlace) {
        let Some(key) = self.vocabulary.rule_keys.iter().copied().find(|known| *known == key) else { return };
        self.settings.rules.retain(|rules| rules.key != key);
        self.settings.rules.push(RuleText { key, place });
        let order = |rules: &RuleText| self.vocabulary.rule_keys.iter().position(|known| *known == rules.key);
        self.settings.rules.sort_by_key(order);
    }

    fn unknown(&self, key: &str) -> String {
        let known = self.known();
        if let Some(leaf) =
            known.iter().find(|known| key.strip_prefix(**known).is_some_and(|rest| rest.starts_with('.')))
        {
            return format!("{leaf} takes one value, not a section");
        }
        let nearest = known.iter().min_by_key(|known| distance(key, known));
        match nearest.filter(|known| distance(key, known) <= 2 + key.len() / 4) {
            Some(nearest) => format!("there is no such key; did you mean {nearest}?"),
            None => "there is no such key; `ringback config print` shows all".to_owned(),
        }
    }

    /// What can be wrong although each key is right.
    fn whole(&mut self) {
        let settings = &self.settings;
        let app = settings.app.named(App::default());
        let checks = [
            (
                settings.secret.is_some() && settings.secret_file.is_some(),
                ("secret", "secret_file", "only one of secret and secret_file can be set"),
            ),
            (
                settings.tls.cert.is_some() != settings.tls.key.is_some(),
                ("tls", "tls.cert", "tls.cert and tls.key belong together; one is missing"),
            ),
            (
                settings.app.client_id.is_some() != settings.app.client_secret.is_some(),
                (
                    "app",
                    "app.client_id",
                    "app.client_id and app.client_secret belong together; one is missing",
                ),
            ),
            (
                settings.push.provider == PushProviderChoice::Http && settings.push.url.is_none(),
                ("push", "push.url", "push.provider is http; say where it posts to"),
            ),
            (
                settings.push.secret.as_ref().is_some_and(|it| signature::check(it.reveal()).is_err()),
                (
                    "push",
                    "push.secret",
                    "whsk_ announces an ed25519 key pair: 32 bytes (the seed) or 64 (seed and public key), in base64",
                ),
            ),
            (
                ADMIN_PATH == (app.org.as_str(), app.name.as_str()),
                ("app", "app.name", "with this app.org it is the path of the admin API; choose another name"),
            ),
            (app.org == "object", ("app", "app.org", "it is the path of uploads; choose another name")),
            (
                settings.objects.backend == ObjectBackend::S3 && !settings.objects.s3.is_complete(),
                (
                    "objects",
                    "objects.s3",
                    "endpoint, bucket, access_key and secret_key belong together; one is missing",
                ),
            ),
        ];
        for (_, (place, key, text)) in checks.into_iter().filter(|(wrong, _)| *wrong) {
            self.problem(place, 0, key, text.to_owned());
        }
    }
}

/// Edits between two keys; the last name alone counts too, so that `max_wait` finds `gate.max_wait`.
fn distance(key: &str, known: &str) -> usize {
    let whole = strsim::damerau_levenshtein(key, known);
    let last = known.rsplit('.').next().map_or(whole, |last| 1 + strsim::damerau_levenshtein(key, last));
    whole.min(last)
}

fn set_switch(
    switches: &mut [(String, String)],
    setting: &DialectSetting,
    value: &Value,
) -> Result<(), String> {
    let text = value.word(setting.values)?;
    for (name, old) in switches {
        if name == setting.key {
            old.clone_from(&text);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Arc<Vocabulary> {
        let contract =
            DialectSetting { key: "acme.contract", default: "v2", values: &["v1", "v2"], doc: "Which." };
        let per = std::time::Duration::from_secs(1);
        let rate = Rate { key: "rates.calls", count: 100, per, doc: "calls" };
        Arc::new(Vocabulary {
            settings: vec![contract],
            rates: vec![rate],
            rule_keys: vec!["hooks", "callback"],
        })
    }

    #[test]
    fn misspelt_variables_are_found_and_foreign_ones_left_alone() {
        let names =
            ["RINGBACK_GATE_MAXWAIT", "RINGBACK_LISTEN", "RINGBACK_PORT", "RINGBACK_TOKEN", "RINGBAK_LISTEN"];
        let found = misspelt(names.into_iter().map(str::to_owned), &vocabulary());
        assert_eq!(found, [("RINGBACK_GATE_MAXWAIT".to_owned(), "RINGBACK_GATE_MAX_WAIT".to_owned())]);
    }

    fn loader(env: &'static [(&'static str, &'static str)], flags: Flags) -> Loader {
        let find =
            move |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Loader { file: None, env: Arc::new(find), flags, vocabulary: vocabulary() }
    }

    fn read(text: &str) -> Result<Settings, Vec<String>> {
        let problems = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect();
        loader(&[], Vec::new()).load_text(Path::new("/etc/app/ringback.yml"), text).map_err(problems)
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let f = "/etc/app/ringback.yml";
        for (text, wanted) in [
            ("a: 1\n", format!("{f}:1: a: there is no such key; `ringback config print` shows all")),
            ("\nlissten: x\n", format!("{f}:2: lissten: there is no such key; did you mean listen?")),
            (
                "gate:\n  max_weight: 5s\n",
                format!("{f}:2: gate.max_weight: there is no such key; did you mean gate.max_wait?"),
            ),
            ("max_wait: 5s\n", format!("{f}:1: max_wait: there is no such key; did you mean gate.max_wait?")),
            (
                "limits:\n  connections: many\n",
                format!("{f}:2: limits.connections: takes a whole number, but is text"),
            ),
            ("secret: 12\n", format!("{f}:1: secret: takes text, but is a number: put it in quotes")),
            (
                "admins: [a b]\n",
                format!(
                    "{f}:1: admins: \"a b\" is not a user id: it holds white space, a control character or ':'"
                ),
            ),
            ("acme:\n  contract: v3\n", format!("{f}:2: acme.contract: \"v3\" is not one of v1, v2")),
            (
                "tls:\n  cert: a.pem\n",
                "tls: tls.cert: tls.cert and tls.key belong together; one is missing".to_owned(),
            ),
            (
                "rates:\n  calls: often\n",
                format!(
                    "{f}:2: rates.calls: \"often\" is not a rate, such as 100/s, 6000/min, 30/h, 10/day, or off"
                ),
            ),
            (
                "storage:\n  zone: +05:45\n",
                format!(
                    "{f}:2: storage.zone: +05:45 is not a multiple of 10 minutes, which the slices of the storage \
                     need"
                ),
            ),
            (
                "app:\n  org: a b\n",
                format!("{f}:2: app.org: \"a b\" is not 1 to 64 letters (a-z, A-Z), digits, '-' and '_'"),
            ),
            (
                "app:\n  client_id: x\n",
                "app: app.client_id: app.client_id and app.client_secret belong together; one is missing"
                    .to_owned(),
            ),
            (
                "app: {org: admin, name: v1}\n",
                "app: app.name: with this app.org it is the path of the admin API; choose another name"
                    .to_owned(),
            ),
            ("listen:\n  port: 1\n", format!("{f}:2: listen.port: listen takes one value, not a section")),
        ] {
            let problems = read(text).unwrap_err();
            assert_eq!(problems, [wanted], "{text}");
        }
        assert_eq!(read("x: 1\ny: 2\n").unwrap_err().len(), 2, "all problems at once");
    }

    #[test]
    fn paths_of_the_file_are_relative_to_it() {
        let settings = read("data_dir: d\ntls: {cert: c.pem, key: /k.pem}\nhooks: h.yml\n").unwrap();
        assert_eq!(settings.data_dir, PathBuf::from("/etc/app/d"));
        assert_eq!(settings.tls.cert, Some(PathBuf::from("/etc/app/c.pem")));
        assert_eq!(settings.tls.key, Some(PathBuf::from("/k.pem")));
        let rules = RuleText { key: "hooks", place: RulePlace::File(PathBuf::from("/etc/app/h.yml")) };
        assert_eq!(settings.rules, [rules]);
    }

    #[test]
    fn rules_can_stand_inside() {
        let settings = read("callback:\n  url: u\nlisten: 127.0.0.1:1\nhooks: {}\n").unwrap();
        let inline = RulePlace::Inline { text: "url: u\n".to_owned(), lines_above: 1 };
        assert_eq!(settings.rules[1], RuleText { key: "callback", place: inline });
        assert_eq!(settings.rules[0].key, "hooks", "in the order of the formats, not of the file");
    }

    #[test]
    fn flags_win_over_environment_over_file() {
        let text = "listen: 127.0.0.1:1\ntoken:\n  validity: 1h\nlogging:\n  format: json\n";
        let env = &[
            ("RINGBACK_LISTEN", "127.0.0.1:2"),
            ("RINGBACK_TOKEN_VALIDITY", "2h"),
            ("RINGBACK_ACME_CONTRACT", "v1"),
        ];
        let flags = vec![("listen", "127.0.0.1:3".to_owned())];
        let settings = loader(env, flags).load_text(Path::new("r.yml"), text).unwrap();
        assert_eq!(settings.listen.port(), 3);
        assert_eq!(settings.token_validity.as_secs(), 7200);
        assert_eq!(settings.log_format, super::super::LogFormat::Json);
        assert_eq!(settings.switches, [("acme.contract".to_owned(), "v1".to_owned())]);
        let wrong = loader(&[("RINGBACK_LISTEN", "x")], Vec::new()).load().unwrap_err();
        assert!(wrong[0].to_string().starts_with("RINGBACK_LISTEN: listen: "), "{}", wrong[0]);
    }

    #[test]
    fn nothing_after_the_colon_is_the_default() {
        let settings = read("listen:\ntls:\nlimits:\n  connections:\nacme:\nhooks:\n").unwrap();
        let switches = vec![("acme.contract".to_owned(), "v2".to_owned())];
        let rates = loader(&[], Vec::new()).load().unwrap().rates;
        assert_eq!(settings, Settings { switches, rates, ..Settings::default() });
    }

    #[test]
    fn rates_have_defaults_and_can_be_changed_and_switched_off() {
        let rates = |text: &str| read(text).unwrap().rates;
        let per = |seconds| std::time::Duration::from_secs(seconds);
        assert_eq!(rates(""), [("rates.calls", Some(Quota { count: 100, per: per(1) }))]);
        let text = "rates:\n  calls: 6000/min\n";
        assert_eq!(rates(text), [("rates.calls", Some(Quota { count: 6000, per: per(60) }))]);
        assert_eq!(rates("rates:\n  calls: off\n"), [("rates.calls", None)]);
        assert_eq!(rates("rates:\n  calls:\n"), rates(""));
        let env = &[("RINGBACK_RATES_CALLS", "off")];
        assert_eq!(loader(env, Vec::new()).load().unwrap().rates, [("rates.calls", None)]);
    }

    #[test]
    fn the_app_has_names_and_secrets() {
        let text = "app:\n  id: one\n  certificate: '0123'\n  client_id: c\n  client_secret: hush\n";
        let settings = read(text).unwrap();
        let app = settings.app.named(App::default());
        assert_eq!((app.id.as_str(), app.org), ("one", App::default().org));
        let keys = settings.app.keys();
        assert_eq!(keys.certificate.as_deref(), Some("0123"));
        assert_eq!((keys.client_id.as_deref(), keys.client_secret.as_deref()), (Some("c"), Some("hush")));
        let printed = format!("{settings:?}");
        assert!(!printed.contains("hush") && !printed.contains("0123"), "{printed}");
    }
}
