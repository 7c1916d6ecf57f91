//! The server under test: the release binary, its configuration in files as an operator writes them, its process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::children::{announced_address, guarded, only_child};

/// Secret of the servers that a run starts. They listen on loopback and live for seconds.
pub(crate) const SECRET: &str = "a secret of the benchmark run";

/// Which callbacks a server makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// It asks before each message of a single chat.
    pub(crate) before: bool,
    /// It tells after each message of a single chat.
    pub(crate) after: bool,
}

impl Rules {
    /// Each combination.
    pub(crate) const ALL: [Self; 4] = [
        Self::NONE,
        Self { before: true, after: false },
        Self { before: false, after: true },
        Self { before: true, after: true },
    ];
    /// No callbacks.
    pub(crate) const NONE: Self = Self { before: false, after: false };

    /// For names of cases.
    pub(crate) fn name(self) -> &'static str {
        match (self.before, self.after) {
            (false, false) => "no-rule",
            (true, false) => "before",
            (false, true) => "after",
            (true, true) => "both",
        }
    }

    /// The file that configures them. The long timeout of the after-callback lets a receiver hold its answers while
    /// a case fills the log.
    fn yaml(self, url: &str) -> String {
        format!(
            "url: {url}\n\
             beforeSendSingleMsg:\n  enable: {}\n  timeout: 5\n  failedContinue: false\n\
             afterSendSingleMsg:\n  enable: {}\n  timeout: 15\n",
            self.before, self.after
        )
    }
}

/// Finds the server's binary, and builds it unless told not to.
pub(crate) async fn binary(given: Option<&Path>, build: bool) -> anyhow::Result<PathBuf> {
    if let Some(path) = given {
        ensure!(path.is_file(), "there is no server at {}", path.display());
        return Ok(path.to_owned());
    }
    if build {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        eprintln!("building the server (cargo build --release -p ringback-server)");
        let status = Command::new(cargo)
            .args(["build", "--release", "--quiet", "-p", "ringback-server"])
            .status()
            .await
            .context("running cargo; --no-build takes the binary as it is, --server names another one")?;
        ensure!(status.success(), "the server does not build");
    }
    let beside = std::env::current_exe()?.with_file_name("ringback");
    ensure!(
        beside.is_file(),
        "there is no server at {}; build it with cargo build --release -p ringback-server",
        beside.display()
    );
    Ok(beside)
}

/// A running server; ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    guard: Child,
    pid: u32,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Server {
    /// Starts one on an empty data folder below `root`.
    pub(crate) async fn start(
        binary: &Path,
        root: &Path,
        rules: Rules,
        receiver_url: &str,
    ) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix_in("server-", root).context("making a data folder")?;
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("webhooks.yml"), rules.yaml(receiver_url))?;
        let settings = format!("secret: {SECRET}\nwebhooks: webhooks.yml\nlogging:\n  level: warn\n");
        std::fs::write(path("ringback.yml"), settings)?;
        let mut guard = guarded(binary)?
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--config"])
            .arg(path("ringback.yml"))
            .arg("--data-dir")
            .arg(path("data"))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(path("log"))?)
            .spawn()
            .context("starting the server")?;
        let announced = announced_address(&mut guard).await;
        let address = announced
            .with_context(|| format!("starting the server; its log says:\n{}", tail(&path("log"))))?;
        let pid = guard.id().and_then(only_child).context("finding the server's process")?;
        Ok(Self { guard, pid, address, folder })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The end of its log: warnings and errors only.
    pub(crate) fn log(&self) -> String {
        tail(&self.folder.path().join("log"))
    }

    /// Ends it and removes its data.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.guard.stdin.take());
        self.guard.wait().await.context("waiting for the server to end")?;
        self.folder.close().context("removing the data folder")
    }
}

/// The last lines of a file.
fn tail(path: &Path) -> String {
    const LINES: usize = 20;
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_switched_one_by_one() {
        let yaml = Rules { before: false, after: true }.yaml("http://127.0.0.1:9/callbacks");
        assert!(
            yaml.starts_with("url: http://127.0.0.1:9/callbacks\nbeforeSendSingleMsg:\n  enable: false\n")
        );
        assert!(yaml.contains("\nafterSendSingleMsg:\n  enable: true\n"));
    }

    #[test]
    fn every_combination_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Rules::ALL.iter().map(|rules| rules.name()).collect();
        assert_eq!(names.len(), 4);
    }
}
