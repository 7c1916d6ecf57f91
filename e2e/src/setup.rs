//! How a server is to be started: flags, environment, and the files of its folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use crate::binary;

/// A server's folder and command line, before it is started.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// `--dev`.
    pub dev: bool,
    /// The lines of `ringback.yml`.
    settings: Vec<(String, String)>,
    /// Other files, by name inside the folder.
    files: Vec<(String, String)>,
    /// More flags.
    args: Vec<String>,
    /// More environment.
    env: Vec<(String, String)>,
    /// The binary; without one, the tests' own.
    binary: Option<PathBuf>,
    /// Where the server's folder is made; without one, where the system keeps temporary files.
    root: Option<PathBuf>,
}

/// Where `ringback.yml` and the files beside it lie, below the server's folder.
pub const CONFIG: &str = "ringback.yml";

impl Setup {
    /// A development server.
    #[must_use]
    pub fn dev() -> Self {
        Self { dev: true, ..Self::default() }
    }

    /// A server as in production: its own secret, addresses policed.
    #[must_use]
    pub fn production(secret: &str) -> Self {
        Self::default().setting("secret", secret)
    }

    /// A setting of `ringback.yml`; `key` is dotted, `value` is YAML.
    #[must_use]
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Rules in the words of `webhooks.yml`, in a file of that name.
    #[must_use]
    pub fn webhooks(self, yaml: &str) -> Self {
        self.file("webhooks.yml", yaml).setting("webhooks", "webhooks.yml")
    }

    /// Rules in the words of the old `callback:` block, in a file of their own.
    #[must_use]
    pub fn callback_block(self, yaml: &str) -> Self {
        self.file("callback.yml", yaml).setting("callback", "callback.yml")
    }

    /// A file beside `ringback.yml`.
    #[must_use]
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// A flag, or a flag and its value.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// An environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another binary than the tests' own.
    #[must_use]
    pub fn binary(mut self, binary: &Path) -> Self {
        self.binary = Some(binary.to_owned());
        self
    }

    /// Another place for the server's folder than the system's for temporary files.
    #[must_use]
    pub fn below(mut self, root: &Path) -> Self {
        self.root = Some(root.to_owned());
        self
    }

    /// Makes the server's folder.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn folder(&self) -> TempDir {
        let root = self.root.clone().unwrap_or_else(std::env::temp_dir);
        tempfile::Builder::new().prefix("ringback-e2e-").tempdir_in(root).unwrap()
    }

    /// The command that starts the server, without arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        self.binary.as_deref().map_or_else(binary::command, binary::command_of)
    }

    /// Writes the files.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) {
        for (name, text) in &self.files {
            std::fs::write(folder.join(name), text).unwrap();
        }
        std::fs::write(folder.join(CONFIG), yaml(&self.settings)).unwrap();
    }

    /// The command line of `serve` for this folder.
    #[must_use]
    pub fn command_line(&self, folder: &Path) -> Vec<String> {
        let path = |name: &str| folder.join(name).display().to_string();
        let mut line = vec!["serve".to_owned(), "--json".to_owned()];
        line.extend(["--config".to_owned(), path(CONFIG), "--data-dir".to_owned(), path("data")]);
        if !self.args.iter().any(|arg| arg == "--listen") {
            line.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
        }
        if self.dev {
            line.push("--dev".to_owned());
        }
        line.extend(self.args.iter().cloned());
        line
    }

    /// Whether its listener speaks TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.args.iter().any(|arg| arg.starts_with("--tls-"))
    }

    /// The environment of `serve`.
    #[must_use]
    pub fn environment(&self) -> &[(String, String)] {
        &self.env
    }
}

/// Nested YAML from dotted keys. Keys of one section need not stand together.
fn yaml(settings: &[(String, String)]) -> String {
    let mut text = String::new();
    write_level(
        &mut text,
        0,
        &settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect::<Vec<_>>(),
    );
    text
}

fn write_level(text: &mut String, depth: usize, settings: &[(&str, &str)]) {
    let indent = "  ".repeat(depth);
    let mut done: Vec<&str> = Vec::new();
    for (key, value) in settings {
        let Some((section, _)) = key.split_once('.') else {
            writeln!(text, "{indent}{key}: {value}").unwrap();
            continue;
        };
        if done.contains(&section) {
            continue;
        }
        done.push(section);
        writeln!(text, "{indent}{section}:").unwrap();
        let inside: Vec<_> = settings
            .iter()
            .filter_map(|(key, value)| Some((key.strip_prefix(section)?.strip_prefix('.')?, *value)))
            .collect();
        write_level(text, depth + 1, &inside);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sections_are_written_once() {
        let settings = [("a.b.c", "1"), ("x", "2"), ("a.b.d", "3"), ("a.e", "4")];
        let settings: Vec<_> = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(super::yaml(&settings), "a:\n  b:\n    c: 1\n    d: 3\n  e: 4\nx: 2\n");
    }
}
