//! The server, as a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::footprint::Footprint;
use crate::inbox::Inbox;
use crate::rest::Rest;
use crate::setup::Setup;
use crate::{SOON, binary};

/// Lines of log shown when a test fails.
const LINES_SHOWN: usize = 120;

/// A running server and its folder. Killed and removed when dropped; its log is shown when the test fails.
#[derive(Debug)]
pub struct Server {
    setup: Setup,
    folder: TempDir,
    child: Child,
    addr: SocketAddr,
    log: Arc<Inbox<String>>,
}

impl Server {
    /// Starts one in a new folder and waits until it is ready.
    ///
    /// # Panics
    /// When it does not get ready.
    pub async fn start(setup: Setup) -> Self {
        let folder = setup.folder();
        setup.write(folder.path());
        let log = Inbox::new();
        let (child, addr) = launch(&setup, folder.path(), &log).await;
        Self { setup, folder, child, addr, log }
    }

    /// Where it listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its folder: `ringback.yml`, the rule files, and `data`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it takes of the machine now.
    ///
    /// # Panics
    /// When it is not running.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        Footprint::of(self.child.id().expect("the server is running"))
    }

    /// What it has written, both streams, all its lives.
    #[must_use]
    pub fn log(&self) -> &Inbox<String> {
        &self.log
    }

    /// A REST client without a token.
    #[must_use]
    pub fn rest(&self) -> Rest {
        Rest::new(self.addr)
    }

    /// Ends it at once, as a crash would.
    ///
    /// # Panics
    /// When the process cannot be ended.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Panics
    /// When it does not end within its drain time and some.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM").await;
        self.ended(Duration::from_secs(30)).await
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        tokio::time::timeout(within, self.child.wait()).await.expect("the server ends in time").unwrap()
    }

    /// Sends a signal by its short name.
    ///
    /// # Panics
    /// When it is not running.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("the server is running");
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {id}")).status().await.unwrap();
        assert!(status.success(), "kill -{name} {id}");
    }

    /// Starts it again on the same folder; the port is a new one.
    ///
    /// # Panics
    /// When it does not get ready.
    pub async fn restart(&mut self) {
        (self.child, self.addr) = launch(&self.setup, self.folder.path(), &self.log).await;
    }

    /// Starts it and ends it again after so long, whether it is ready or not.
    ///
    /// # Panics
    /// When the process cannot be started or ended.
    pub async fn start_and_kill(&mut self, after: Duration) {
        self.child = prepare(&self.setup, self.folder.path()).spawn().expect("the server starts");
        collect(self.child.stdout.take().unwrap(), Arc::clone(&self.log));
        collect(self.child.stderr.take().unwrap(), Arc::clone(&self.log));
        tokio::time::sleep(after).await;
        self.kill().await;
    }

    /// Asks it to end, and ends it at once if it has not ended by then: how it ended by itself, if it did.
    ///
    /// # Panics
    /// When it is not running.
    pub async fn stop_and_kill(&mut self, after: Duration) -> Option<ExitStatus> {
        self.signal("TERM").await;
        let ended = tokio::time::timeout(after, self.child.wait()).await;
        match ended {
            Ok(status) => Some(status.unwrap()),
            Err(_) => {
                self.kill().await;
                None
            }
        }
    }

    /// Whether its folder stays when this is dropped.
    pub fn keep_folder(&mut self, keep: bool) {
        self.folder.disable_cleanup(keep);
    }

    /// Replaces a file of its folder, by renaming, so that it is never half written.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn replace_file(&self, name: &str, text: &str) {
        let next = self.folder.path().join(format!("{name}.next"));
        std::fs::write(&next, text).unwrap();
        std::fs::rename(next, self.folder.path().join(name)).unwrap();
    }

    /// Waits for a line of its log that holds all these texts.
    ///
    /// # Panics
    /// When none comes.
    pub async fn wait_for_log(&self, parts: &[&str]) -> String {
        self.log
            .wait(SOON, |lines| {
                lines.iter().find(|line| parts.iter().all(|part| line.contains(part))).cloned()
            })
            .await
            .unwrap_or_else(|| panic!("no log line with {parts:?}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let lines = self.log.all();
            let first = lines.len().saturating_sub(LINES_SHOWN);
            eprintln!("--- log of the server at {}, last {LINES_SHOWN} lines ---", self.addr);
            for line in &lines[first..] {
                eprintln!("{line}");
            }
        }
    }
}

/// A start that is meant to fail: waits for its end.
///
/// # Panics
/// When it runs on.
pub async fn refused_start(setup: &Setup) -> binary::Ended {
    let folder = setup.folder();
    setup.write(folder.path());
    binary::finish(prepare(setup, folder.path())).await
}

fn prepare(setup: &Setup, folder: &Path) -> Command {
    let mut command = setup.command();
    command.args(setup.command_line(folder)).current_dir(folder);
    command.envs(setup.environment().iter().map(|(name, value)| (name, value)));
    command
}

async fn launch(setup: &Setup, folder: &Path, log: &Arc<Inbox<String>>) -> (Child, SocketAddr) {
    let before = log.len();
    let mut child = prepare(setup, folder).spawn().expect("the server starts");
    collect(child.stdout.take().unwrap(), Arc::clone(log));
    collect(child.stderr.take().unwrap(), Arc::clone(log));
    let addr = log.wait(SOON, |lines| lines[before..].iter().find_map(|line| listening(line))).await;
    let Some(addr) = addr else {
        let status = child.try_wait();
        panic!("the server did not say where it listens ({status:?}):\n{}", log.all().join("\n"));
    };
    if !setup.is_tls() {
        wait_until_ready(addr).await;
    }
    (child, addr)
}

fn collect(stream: impl AsyncRead + Unpin + Send + 'static, log: Arc<Inbox<String>>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            log.push(line);
        }
    });
}

/// The address in `{"listening":"127.0.0.1:1234"}`.
fn listening(line: &str) -> Option<SocketAddr> {
    let value: Value = serde_json::from_str(line).ok()?;
    value["listening"].as_str()?.parse().ok()
}

async fn wait_until_ready(addr: SocketAddr) {
    let rest = Rest::new(addr);
    let asking = async {
        loop {
            if rest.try_get("/readyz").await.is_ok_and(|reply| reply.status == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(SOON, asking).await.expect("/readyz answers 200");
}
