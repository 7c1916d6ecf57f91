//! The binary `ringback`, and commands of it that end by themselves.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// `RINGBACK_BIN`, or the binary beside the test executable.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("RINGBACK_BIN") {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("the test knows its own path");
    let folder = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let path = folder.join("ringback");
    assert!(path.exists(), "{} is missing: cargo build -p ringback-server", path.display());
    path
}

/// A command that knows nothing of this machine's settings.
#[must_use]
pub fn command() -> Command {
    command_of(&path())
}

/// The same with a binary that the caller has found.
#[must_use]
pub fn command_of(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if (text.starts_with("RINGBACK_") || text.starts_with("IMENV_")) && text != "RINGBACK_BIN" {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// What a command left behind.
#[derive(Debug, Clone)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    /// Both streams, for tests that do not care which one it was.
    #[must_use]
    pub fn both(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs `ringback` with these arguments until it ends.
///
/// # Panics
/// When it does not end within a minute.
pub async fn run(args: &[&str]) -> Ended {
    let mut command = command();
    command.args(args);
    finish(command).await
}

/// Runs a prepared command until it ends.
///
/// # Panics
/// When it does not end within a minute.
pub async fn finish(mut command: Command) -> Ended {
    let shown = format!("{command:?}");
    tokio::time::timeout(Duration::from_secs(60), command.output())
        .await
        .unwrap_or_else(|_| panic!("did not end within a minute: {shown}"))
        .unwrap_or_else(|error| panic!("{shown}: {error}"))
        .into()
}
