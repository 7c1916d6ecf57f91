//! What every attack is measured by: the server's memory and open files, and how others fare meanwhile.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ringback_e2e::app::{App, conversation, platform};
use ringback_e2e::client::Client;
use ringback_e2e::family::Family;
use ringback_e2e::footprint::Footprint;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ALL, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::{SOON, until};
use serde_json::{Value, json};

/// How much the server may grow under an attack, KiB, unless the attack says otherwise.
pub(super) const GROWTH_KIB: u64 = 64 * 1024;
/// What others may wait for two messages and their callbacks. Generous: the machine is shared with other tests.
const FAIR: Duration = Duration::from_secs(10);
/// Open files that come and go by themselves: pooled connections to the receiver, the tests' own.
const FILES_SLACK: usize = 24;

/// A server that is attacked, and a client that has nothing to do with it.
pub(super) struct Siege {
    pub(super) family: Family,
    pub(super) receiver: Receiver,
    name: &'static str,
    friend: Client,
    sent: usize,
    calm: Footprint,
}

impl Siege {
    /// Starts a server, and sends enough that what is made once is there.
    pub(super) async fn begin(name: &'static str, setup: Setup) -> Self {
        let receiver = Receiver::start().await;
        let setup = setup.webhooks(&webhooks(&receiver.url(), ALL));
        let family = Family::start(setup, &["alice", "bob", "friend", "peer"]).await;
        // A browser: the server pings it, so that it stays where silence is short.
        let friend = family.app.login("friend", platform::WEB).await;
        let calm = family.app.server.footprint();
        let mut siege = Self { family, receiver, name, friend, sent: 0, calm };
        for _ in 0..5 {
            siege.others_are_served().await;
        }
        siege.calm = siege.app().server.footprint();
        siege
    }

    pub(super) const fn app(&self) -> &App {
        &self.family.app
    }

    /// A message over the socket and one over REST are answered, and the backend hears of both.
    pub(super) async fn others_are_served(&mut self) {
        let began = Instant::now();
        self.friend.send(&self.friend.text_to("peer", "over the socket")).await.taken();
        self.app().send("friend", "peer", "by REST").await.data();
        self.sent += 2;
        let wanted = self.sent;
        let told = self.receiver.wait(SOON, |calls| {
            let after = calls.iter().filter(|call| call.command == command::AFTER_SINGLE);
            (after.filter(|call| call.text("recvID") == "peer").count() >= wanted).then_some(())
        });
        told.await.unwrap_or_else(|| panic!("{}: the backend did not hear of {wanted} messages", self.name));
        assert!(began.elapsed() < FAIR, "{}: others waited {:?}", self.name, began.elapsed());
    }

    /// The attack is over: what it cost, and that nothing of it is left. `count` says how much of it there was.
    pub(super) async fn over(self, count: usize) {
        self.over_within(count, GROWTH_KIB).await;
    }

    /// The same for attacks that may cost more.
    pub(super) async fn over_within(mut self, count: usize, growth_kib: u64) {
        let most = self.calm.files + FILES_SLACK;
        until(&format!("{}: no more than {most} open files", self.name), async || {
            (self.app().server.footprint().files <= most).then_some(())
        })
        .await;
        self.others_are_served().await;
        let grown = self.app().server.footprint().peak_kib.saturating_sub(self.calm.resident_kib);
        assert!(grown < growth_kib, "{}: the server grew by {grown} KiB of {growth_kib}", self.name);
        let kept = self.app().history("peer", &conversation("friend", "peer")).await;
        assert_eq!(kept.len(), self.sent, "{}: the friend's messages", self.name);
        let forged = self.app().history("bob", &conversation("alice", "bob")).await;
        assert!(forged.is_empty(), "{}: {forged:?}", self.name);
        for line in self.app().server.log().all() {
            assert!(!line.contains("panicked"), "{}: {line}", self.name);
        }
        println!("{}: {count}, grew by {grown} KiB of {growth_kib}", self.name);
        report(&json!({ "attack": self.name, "count": count, "growth_kib": grown, "bound_kib": growth_kib }));
    }
}

/// Adds a line to `attacks.json` in the folder that `RINGBACK_RESULTS` names. Whoever gets here has no violation.
fn report(entry: &Value) {
    static WRITING: Mutex<()> = Mutex::new(());
    let Some(folder) = std::env::var_os("RINGBACK_RESULTS") else { return };
    let _alone = WRITING.lock().unwrap();
    let path = Path::new(&folder).join("attacks.json");
    let written = std::fs::read(&path).unwrap_or_default();
    let mut all: Value = serde_json::from_slice(&written).unwrap_or_else(|_| json!({ "attacks": [] }));
    let name = &entry["attack"];
    let attacks = all["attacks"].as_array_mut().unwrap();
    attacks.retain(|known| known["attack"] != *name);
    attacks.push(entry.clone());
    let worst = attacks.iter().filter_map(|one| one["growth_kib"].as_u64()).max();
    all["commit"] = json!(commit());
    all["violations"] = json!(0);
    all["worst_growth_kib"] = json!(worst);
    std::fs::write(path, serde_json::to_vec_pretty(&all).unwrap()).unwrap();
}

/// Of the sources; empty outside a repository.
fn commit() -> String {
    let told = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned()).unwrap_or_default()
}
