//! The commented defaults file, and settings written in its form.

use std::fmt::Write as _;

use super::keys::{KEYS, quoted};
use super::{Quota, RulePlace, Settings, Vocabulary, rate};

const OWN: &str = include_str!("../../ringback.default.yml");

/// The whole defaults file, with what the dialects add.
#[must_use]
pub fn text(vocabulary: &Vocabulary) -> String {
    let mut text = OWN.to_owned();
    let mut open = Vec::new();
    for rate in &vocabulary.rates {
        let quota = Quota { count: rate.count, per: rate.per };
        let doc = format!("How many {} there may be. `off` = as many as you like.", rate.doc);
        entry(&mut text, &mut open, rate.key, &rate::show(Some(quota)), Some(&doc));
    }
    for setting in &vocabulary.settings {
        let values = if setting.values.is_empty() {
            String::new()
        } else {
            format!(" One of: {}.", setting.values.join(", "))
        };
        let doc = format!("{}{values}", setting.doc);
        entry(&mut text, &mut open, setting.key, setting.default, Some(&doc));
    }
    for key in &vocabulary.rule_keys {
        let doc = "Rules: the path of a file, or its content here, indented.";
        entry(&mut text, &mut open, key, "", Some(doc));
    }
    text
}

/// Settings as YAML, secrets starred; comments are left out.
#[must_use]
pub fn effective(settings: &Settings) -> String {
    let mut text = String::new();
    let mut open = Vec::new();
    for key in KEYS {
        entry(&mut text, &mut open, key.path, &(key.show)(settings), None);
    }
    for (key, quota) in &settings.rates {
        entry(&mut text, &mut open, key, &rate::show(*quota), None);
    }
    for (key, value) in &settings.switches {
        entry(&mut text, &mut open, key, &quoted(value), None);
    }
    for rules in &settings.rules {
        let value = match &rules.place {
            RulePlace::File(path) => quoted(&path.to_string_lossy()),
            RulePlace::Inline { lines_above, .. } => {
                format!("# in the settings file, from line {}", lines_above + 1)
            }
        };
        entry(&mut text, &mut open, rules.key, &value, None);
    }
    text
}

/// Appends `key: value`, opening the sections of a dotted key that are not open yet.
fn entry<'a>(text: &mut String, open: &mut Vec<&'a str>, key: &'a str, value: &str, doc: Option<&str>) {
    let mut names: Vec<&'a str> = key.split('.').collect();
    let name = names.pop().unwrap_or(key);
    let shared = open.iter().zip(&names).take_while(|(a, b)| a == b).count();
    if doc.is_some() && names.len() <= shared && names.is_empty() {
        text.push('\n');
    }
    for (depth, section) in names.iter().enumerate().skip(shared) {
        if depth == 0 && doc.is_some() {
            text.push('\n');
        }
        let _ = writeln!(text, "{}{section}:", "  ".repeat(depth));
    }
    let indent = "  ".repeat(names.len());
    for line in doc.map(|doc| wrap(doc, 110 - indent.len())).unwrap_or_default() {
        let _ = writeln!(text, "{indent}# {line}");
    }
    let _ = writeln!(text, "{}", format!("{indent}{name}: {value}").trim_end());
    *open = names;
}

/// Breaks a sentence into lines of at most `width` characters, at spaces.
fn wrap(sentence: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() + 3 <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use ringback_model::dialect::{DialectSetting, Rate};

    use super::super::document::{self, EntryValue};
    use super::super::{Flags, Loader, env_name};
    use super::*;

    fn vocabulary() -> Vocabulary {
        let setting =
            |key, default| DialectSetting { key, default, values: &[], doc: "Says which, at length." };
        let settings = vec![
            setting("acme.contract", "v2"),
            setting("acme.compat.loud", "true"),
            setting("acme.compat.odd", "x y"),
        ];
        let rate = |key, count, seconds| Rate { key, count, per: Duration::from_secs(seconds), doc: "calls" };
        let rates = vec![rate("rates.calls", 100, 1), rate("rates.broadcasts", 10, 86_400)];
        Vocabulary { settings, rates, rule_keys: vec!["hooks"] }
    }

    fn read(text: &str) -> Settings {
        let loader = Loader {
            file: None,
            env: Arc::new(|_| None),
            flags: Flags::new(),
            vocabulary: Arc::new(vocabulary()),
        };
        loader.load_text(Path::new(""), text).unwrap()
    }

    fn defaults() -> Settings {
        let switches =
            vocabulary().settings.iter().map(|s| (s.key.to_owned(), s.default.to_owned())).collect();
        let quota = |rate: &Rate| Some(Quota { count: rate.count, per: rate.per });
        let rates = vocabulary().rates.iter().map(|rate| (rate.key, quota(rate))).collect();
        Settings { switches, rates, ..Settings::default() }
    }

    #[test]
    fn the_file_says_what_the_code_does() {
        // An empty place is the folder of the file, so data_dir stays as it is written.
        assert_eq!(read(&text(&vocabulary())), defaults());
        assert_eq!(read(&effective(&defaults())), defaults());
    }

    #[test]
    fn every_key_is_there_once_in_order_and_explained() {
        let text = text(&vocabulary());
        let lines: Vec<&str> = text.lines().collect();
        let entries = document::read(&text, &|_| false).unwrap();
        let shown: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let known = KEYS.iter().map(|key| key.path);
        let wanted: Vec<&str> = known
            .chain([
                "rates.calls",
                "rates.broadcasts",
                "acme.contract",
                "acme.compat.loud",
                "acme.compat.odd",
                "hooks",
            ])
            .collect();
        assert_eq!(shown, wanted);
        for entry in &entries {
            assert!(lines[entry.line - 2].trim_start().starts_with("# "), "{} has no comment", entry.key);
            assert!(matches!(entry.value, EntryValue::Plain(_)));
        }
    }

    #[test]
    fn variables_are_unambiguous() {
        let mut names: Vec<String> = KEYS.iter().map(|key| env_name(key.path)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
    }

    #[test]
    fn secrets_are_starred() {
        let app = "app: {certificate: hunter2, client_id: shown, client_secret: hunter2}\n";
        let settings = read(&format!("secret: hunter2\n{app}"));
        let shown = effective(&settings);
        assert!(!shown.contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
        for line in ["secret: '***'", "  certificate: '***'", "  client_id: shown", "  client_secret: '***'"]
        {
            assert!(shown.lines().any(|shown| shown == line), "{line} in {shown}");
        }
    }
}
