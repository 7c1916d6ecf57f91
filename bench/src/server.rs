//! The server under test: the release binary, its configuration in files as an operator writes them, its process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use http::{HeaderMap, StatusCode};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::children::{START_WAIT, announced_address, guarded, only_child};
use crate::http::Http;

/// Secret of the servers that a run starts. They listen on loopback and live for seconds.
pub(crate) const SECRET: &str = "a secret of the benchmark run";

/// Longest that a server may take to finish what it does before it is ended.
const STOP_WAIT: Duration = Duration::from_secs(30);

/// The rates that a server bounds unless told not to.
const RATES: [&str; 11] = [
    "requests",
    "token",
    "messages_users",
    "messages_users_per_minute",
    "messages_chatgroups",
    "messages_chatgroups_per_second",
    "messages_chatrooms",
    "messages_chatrooms_per_second",
    "chatrooms",
    "storage_info",
    "storage_retry",
];

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

/// How a server is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup<'a> {
    /// The server's binary.
    pub(crate) binary: &'a Path,
    /// Where new data folders are made.
    pub(crate) root: &'a Path,
    /// The rules of its file.
    pub(crate) rules: Rules,
    /// Where those rules lead.
    pub(crate) receiver_url: &'a str,
    /// A folder with a history that it goes on with; without one it begins on an empty store.
    pub(crate) history: Option<&'a Path>,
    /// It remembers calls for those who ask why, as it does unless told not to.
    pub(crate) remembers: bool,
}

/// Where a server keeps its files.
#[derive(Debug)]
enum Folder {
    Own(TempDir),
    Shared(PathBuf),
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Own(folder) => folder.path(),
            Self::Shared(path) => path,
        }
    }
}

/// A running server; ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    guard: Child,
    pid: u32,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the order to start it to its first "ready".
    pub(crate) ready_after: Duration,
    folder: Folder,
}

impl Server {
    /// Starts one, and waits until it says that it is ready.
    pub(crate) async fn start(setup: Setup<'_>) -> anyhow::Result<Self> {
        let folder = match setup.history {
            Some(path) => Folder::Shared(path.to_owned()),
            None => {
                let folder = TempDir::with_prefix_in("server-", setup.root);
                Folder::Own(folder.context("making a data folder")?)
            }
        };
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("webhooks.yml"), setup.rules.yaml(setup.receiver_url))?;
        std::fs::write(path("ringback.yml"), settings(setup.remembers))?;
        let ordered = Instant::now();
        let mut guard = guarded(setup.binary)?
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--config"])
            .arg(path("ringback.yml"))
            .arg("--data-dir")
            .arg(path("data"))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(path("log"))?)
            .spawn()
            .context("starting the server")?;
        let announced = async {
            let address = announced_address(&mut guard).await?;
            ready(address, ordered).await?;
            anyhow::Ok(address)
        };
        let address = announced
            .await
            .with_context(|| format!("starting the server; its log says:\n{}", tail(&path("log"))))?;
        let ready_after = ordered.elapsed();
        let pid = guard.id().and_then(only_child).context("finding the server's process")?;
        Ok(Self { guard, pid, address, ready_after, folder })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The end of its log: warnings and errors only.
    pub(crate) fn log(&self) -> String {
        tail(&self.folder.path().join("log"))
    }

    /// Ends it. Data of its own are removed; a history is kept, and for its sake the server may finish what it does:
    /// otherwise it would tell its next receiver what this one has heard.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if let Folder::Shared(_) = self.folder {
            terminate(self.pid)?;
            // In vain if it takes too long: the guard ends it then.
            _ = tokio::time::timeout(STOP_WAIT, self.guard.wait()).await;
        }
        drop(self.guard.stdin.take());
        self.guard.wait().await.context("waiting for the server to end")?;
        match self.folder {
            Folder::Own(folder) => folder.close().context("removing the data folder"),
            Folder::Shared(_) => Ok(()),
        }
    }
}

/// What `ringback.yml` says: any number of rules, and no bounds on how often callers may do something.
fn settings(remembers: bool) -> String {
    let rates: String = RATES.iter().map(|rate| format!("  {rate}: off\n")).collect();
    format!(
        "secret: {SECRET}\nwebhooks: webhooks.yml\nlogging:\n  level: warn\nrules:\n  max: 0\n\
         why:\n  record: {remembers}\nrates:\n{rates}"
    )
}

/// Waits until a server says that it is ready.
async fn ready(address: SocketAddr, ordered: Instant) -> anyhow::Result<()> {
    let (http, uri) = (Http::new(), format!("http://{address}/readyz").parse()?);
    while ordered.elapsed() < START_WAIT {
        if let Ok((StatusCode::OK, _)) = http.get(&uri, &HeaderMap::new()).await {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bail!("it listens, but was not ready in {START_WAIT:?}")
}

fn terminate(pid: u32) -> anyhow::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.context("the server has no process number")?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).context("ending the server")
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
