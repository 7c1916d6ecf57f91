//! Child processes: every one ends with the run, however the run ends.
//!
//! The receiver watches its standard input by itself. The server knows nothing of a run, so a guard stands between:
//! this binary in a hidden mode, whose standard input the run holds open, and which ends the server when it closes.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// Longest that a child may take to say where it listens. A server reads its history before.
pub(crate) const START_WAIT: Duration = Duration::from_secs(120);

/// The line by which a child says where it listens.
#[derive(Deserialize)]
struct Announcement {
    listening: SocketAddr,
}

/// Reads a child's standard output up to the line that names its address. The rest is read and dropped, so that the
/// child never waits for a full pipe.
pub(crate) async fn announced_address(child: &mut Child) -> anyhow::Result<SocketAddr> {
    let output = child.stdout.take().context("the child's output is not piped")?;
    let mut lines = BufReader::new(output).lines();
    let announced = async {
        while let Some(line) = lines.next_line().await.context("reading the child's output")? {
            if let Ok(announcement) = serde_json::from_str::<Announcement>(&line) {
                return Ok(announcement.listening);
            }
        }
        bail!("it ended without saying where it listens")
    };
    let address = tokio::time::timeout(START_WAIT, announced)
        .await
        .with_context(|| format!("it did not say in {START_WAIT:?} where it listens"))??;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(address)
}

/// A command that runs `program` under a guard. The guard is not killed when its handle is dropped: that would leave
/// `program` alone. Dropping closes its input, and then it ends both.
pub(crate) fn guarded(program: &std::path::Path) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("finding this binary")?);
    command.arg("guard").arg(program).stdin(Stdio::piped());
    Ok(command)
}

/// Resolves once standard input has ended, that is, once the process that holds it open is gone.
pub(crate) async fn parent_gone() {
    let (sender, gone) = tokio::sync::oneshot::channel::<()>();
    // A thread of its own: the runtime would wait for its own reader of standard input when it ends.
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while matches!(input.read(&mut [0; 64]), Ok(1..)) {}
        drop(sender);
    });
    // Nothing is ever sent; the sender goes when the input has ended.
    _ = gone.await;
}

/// The guard's own work: runs a command, ends it when standard input ends.
pub(crate) async fn guard(program: &str, arguments: &[String]) -> anyhow::Result<ExitStatus> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("starting {program}"))?;
    tokio::select! {
        status = child.wait() => status.context("waiting for the child"),
        () = parent_gone() => {
            child.kill().await.context("ending the child")?;
            child.wait().await.context("waiting for the child")
        }
    }
}

/// The only child of a process, for instance of a guard.
pub(crate) fn only_child(pid: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
