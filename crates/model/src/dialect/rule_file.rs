//! What operators write in a dialect's own words: files with rules, and settings.

use crate::rule::Rule;

/// How bad a [`Note`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Explains.
    Info,
    /// Probably not what the operator wants.
    Warning,
    /// The file is not used.
    Error,
}

/// Something to say about a line of an operator's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How bad.
    pub severity: Severity,
    /// Line, counted from 1; 0 = the file as a whole or an environment variable.
    pub line: usize,
    /// Dotted path of the key; empty = the file as a whole.
    pub key: String,
    /// One sentence.
    pub text: String,
}

/// What an operator's file with rules says.
#[derive(Debug, Clone, Default)]
pub struct RuleFile {
    /// Its rules, in the order in which the gate asks them; `version` and `changed_at` are left to the engine.
    pub rules: Vec<Rule>,
    /// One sentence per entry, and what is wrong with it.
    pub notes: Vec<Note>,
}

impl RuleFile {
    /// Whether the file must not be used.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.notes.iter().any(|note| note.severity == Severity::Error)
    }
}

/// A kind of operator's file that holds rules in a dialect's own words.
pub trait RuleFormat: Send + Sync {
    /// Key of `ringback.yml` under which the file, or its content, stands.
    fn key(&self) -> &'static str;
    /// Whether a YAML text looks like a file of this kind.
    fn recognises(&self, text: &str) -> bool;
    /// Reads the text. `first_line` is added to the lines of notes (content inside another file). `env` looks a
    /// variable up; `switches` are the dialect's settings from `ringback.yml`, `name=value`.
    fn parse(
        &self,
        text: &str,
        first_line: usize,
        env: &dyn Fn(&str) -> Option<String>,
        switches: &[(String, String)],
    ) -> RuleFile;
}

/// A setting that a dialect adds to `ringback.yml`, under the dialect's own section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DialectSetting {
    /// Dotted path, section included.
    pub key: &'static str,
    /// Default, as YAML.
    pub default: &'static str,
    /// Allowed values; empty = any text.
    pub values: &'static [&'static str],
    /// What it does; a sentence or two.
    pub doc: &'static str,
}
