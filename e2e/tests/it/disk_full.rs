//! A disk that fills up and gets room again, on a small file system in memory: sends are refused, reads and
//! before-callbacks go on, no callback is lost.

use std::path::{Path, PathBuf};

use http::Method;
use ringback_e2e::app::conversation;
use ringback_e2e::family::{Family, MESSAGES, callback};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::{skip, until};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

/// Size of the disk, and of what fills it besides the server, in bytes.
const DISK: u64 = 24 << 20;
const BALLAST: u64 = 16 << 20;
/// Most sends until it is full, of so many characters each: a hundred of them fit into one answer.
const MOST: usize = 6000;
const CHARACTERS: usize = 4000;
/// What the sender is told. Source: openim-rest fact sheet, error codes.
const DATABASE_ERROR: i64 = 90_002;

/// A file system of its own; unmounted when dropped.
struct Disk(TempDir);

impl Disk {
    /// `None` where this process may not mount.
    async fn mount() -> Option<Self> {
        let folder = TempDir::with_prefix("ringback-disk-").unwrap();
        let options = format!("size={DISK}");
        let mut mounting = Command::new("mount");
        mounting.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path());
        let disk = run(&mut mounting).await.then(|| Self(folder))?;
        disk.fill();
        Some(disk)
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    fn fill(&self) {
        std::fs::write(self.ballast(), vec![0; usize::try_from(BALLAST).unwrap()]).unwrap();
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

async fn run(command: &mut Command) -> bool {
    let done = command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().await;
    done.is_ok_and(|status| status.success())
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, because a server that is just being ended may still have files open.
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Sends until it is refused: how many were taken.
async fn send_until_full(family: &Family, offset: usize) -> usize {
    for number in 0..MOST {
        let text = format!("{} {}", offset + number, "x".repeat(CHARACTERS));
        let reply = family.app.send("alice", "bob", &text).await;
        if reply.code() != 0 {
            assert_eq!(reply.code(), DATABASE_ERROR, "{}", reply.body);
            return number;
        }
    }
    panic!("the disk is not full after {MOST} messages");
}

async fn ready(family: &Family) -> u16 {
    family.app.server.rest().get("/readyz").await.status
}

async fn seqs(family: &Family) -> Vec<u64> {
    let history = family.app.history("alice", &conversation("alice", "bob")).await;
    history.iter().map(|message| message["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_full_disk_refuses_sends_and_recovers_by_itself() {
    let Some(disk) = Disk::mount().await else {
        return skip::note(
            "disk_full::a_full_disk_refuses_sends_and_recovers_by_itself",
            "mount is not allowed",
        );
    };
    let receiver = Receiver::start().await;
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON), ("afterSendSingleMsg", ON)]);
    let setup = Setup::dev().below(disk.path()).webhooks(&rules);
    let family = Family::start(setup, &["alice", "bob", "carol"]).await;
    let taken = send_until_full(&family, 0).await;
    assert!(taken > 10, "there was room at first: {taken}");
    until("/readyz says that storage is full", async || (ready(&family).await == 503).then_some(())).await;
    let asked = receiver.calls_of(command::BEFORE_SINGLE).len();
    assert_eq!(family.app.send("alice", "bob", &"x".repeat(CHARACTERS)).await.code(), DATABASE_ERROR);
    assert_eq!(receiver.calls_of(command::BEFORE_SINGLE).len(), asked + 1, "the backend is still asked");
    assert_eq!(seqs(&family).await, (1..=taken as u64).collect::<Vec<_>>(), "reads go on, nothing is half");
    receiver.wait_for(command::AFTER_SINGLE, taken).await;

    disk.make_room();
    until("it takes messages again", async || {
        (family.app.send("alice", "carol", "again").await.code() == 0).then_some(())
    })
    .await;
    until("/readyz says that all is well", async || (ready(&family).await == 200).then_some(())).await;
    family.app.send("alice", "bob", "the last").await.data();
    assert_eq!(seqs(&family).await, (1..=taken as u64 + 1).collect::<Vec<_>>());
    let calls = receiver.wait_for(command::AFTER_SINGLE, taken + 2).await;
    let ids: std::collections::HashSet<&str> = calls.iter().map(|call| call.text("serverMsgID")).collect();
    assert_eq!(ids.len(), taken + 2, "each stored message, and no other");
}

#[tokio::test]
async fn a_ban_on_a_full_disk_parks_everything_in_the_end() {
    let Some(disk) = Disk::mount().await else {
        return skip::note(
            "disk_full::a_ban_on_a_full_disk_parks_everything_in_the_end",
            "mount is not allowed",
        );
    };
    let receiver = Receiver::start().await;
    receiver.always(callback::CHAT, Act::text(500, ""));
    let setup = Setup::dev()
        .below(disk.path())
        .setting("storage.enabled", "true")
        .setting("ban.failures", "4")
        .setting("ban.step", "1h");
    let mut family = Family::start(setup, &["alice", "bob"]).await;
    let rule = json!({
        "name": "record", "dialect": "easemob", "phase": "after", "events": MESSAGES, "url": receiver.url(), "copies": ["chat"],
    });
    family.rule(&rule).await;
    // What is parked is written besides the messages, so the disk fills up while the ban parks.
    let taken = send_until_full(&family, 0).await;
    disk.make_room();
    let total = taken as u64;
    let slices = family.wait_for_stored(total).await;
    assert!(!slices.is_empty());
    assert_eq!(seqs(&family).await, (1..=total).collect::<Vec<_>>());
    // And they are still there after a crash.
    family.app.server.kill().await;
    family.app.server.restart().await;
    family.wait_for_stored(total).await;
    let shown = family.ok(Method::GET, "/admin/v1/rules/record", None).await;
    assert_eq!(shown["status"]["parked"], json!(total), "{shown}");
}
