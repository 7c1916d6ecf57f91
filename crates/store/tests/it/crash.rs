//! A process that writes is killed again and again; what it was told stays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, ParkReason, ProgressChange};
use ringback_model::event::Lane;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::Store;
use ringback_model::storage::BanRecord;
use ringback_model::time::UnixMs;

use crate::shelf::rule;
use crate::world::*;

const ROUNDS: usize = 10;
const FOLDER: &str = "STORE_CRASH_FOLDER";
const ROUND: &str = "STORE_CRASH_ROUND";

/// Not a test of its own: what the killed process runs. Without a folder there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let round = std::env::var(ROUND).unwrap();
    let store = ringback_store::open(Path::new(&folder), settings()).unwrap();
    let writers = (0..8).map(|writer| {
        let (store, round) = (store.clone(), round.clone());
        tokio::spawn(async move {
            for number in 0..100_000 {
                let peer = format!("peer{}", number % 3);
                let client_id = format!("{round}-{writer}-{number}");
                let done = store.commit(saying(message("me", to(&peer), &client_id), NOON)).await.unwrap();
                let line = format!(
                    "ACK {} {peer} {} {client_id}\n",
                    done.events[0].pos,
                    message_of(&done.events[0]).seq
                );
                std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn acknowledged_commits_survive_kills() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(run_and_kill("crash::killed_process", folder.path(), round, 40 + round * 17));
        let store = ringback_store::open(folder.path(), settings()).unwrap();
        check(store.as_ref(), &acknowledged).await;
        store.close().await.unwrap();
    }
    assert!(acknowledged.len() >= ROUNDS * 40);
}

/// Lets a process write until it has acknowledged this many, kills it, and answers all that it acknowledged.
fn run_and_kill(what: &str, folder: &Path, round: usize, after: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([what, "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    let mut line = String::new();
    let mut killed = false;
    while lines.read_line(&mut line).unwrap() > 0 {
        // A kill may cut the last line short; then its commit was not acknowledged.
        if let Some((_, text)) = line.strip_suffix('\n').and_then(|line| line.split_once("ACK ")) {
            acknowledged.push(text.to_owned());
        }
        line.clear();
        if acknowledged.len() >= after && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed, "the process ended by itself after {}", acknowledged.len());
    acknowledged
}

async fn check(store: &dyn Store, acknowledged: &[String]) {
    let log = store.read(LogPos::ZERO, usize::MAX).await.unwrap();
    let positions: Vec<u64> = log.iter().map(|event| event.pos.0).collect();
    assert_eq!(positions, (1..=store.tail().0).collect::<Vec<_>>(), "dense");
    let mut there = std::collections::BTreeMap::new();
    for peer in ["peer0", "peer1", "peer2"] {
        let history = store.range(&single("me", peer), 1, u64::MAX, usize::MAX).await.unwrap();
        let seqs: Vec<u64> = history.iter().map(|message| message.seq).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "{peer}: no gap");
        for message in history {
            let twice = there.insert(message.client_id.clone(), (peer, message.seq));
            assert_eq!(twice, None, "{} is there twice", message.client_id);
        }
    }
    assert_eq!(there.len(), log.len(), "no message without its event, no event without its message");
    for line in acknowledged {
        let [pos, peer, seq, client_id] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(there.get(client_id), Some(&(peer, seq.parse().unwrap())), "{line}");
        let event = &log[pos.parse::<usize>().unwrap() - 1];
        assert_eq!(message_of(event).client_id, client_id);
    }
}

const DATE: &str = "202311142210";
const SHELF: u64 = 3;

/// Not a test of its own either: keeps what callbacks need to be kept, one thing after the other.
#[tokio::test]
async fn killed_bookkeeper() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = ringback_store::open(Path::new(&folder), settings()).unwrap();
    let tell = |what: String| std::io::stdout().lock().write_all(format!("ACK {what}\n").as_bytes()).unwrap();
    for _ in 0..100_000 {
        let number = store.count_slice_retry(DATE, UnixMs(NOON)).await.unwrap();
        tell(format!("retries {number}"));
        let starts = vec![UnixMs(i64::from(number))];
        store.save_ban(BanRecord { starts, ..BanRecord::default() }).await.unwrap();
        tell(format!("ban {number}"));
        let number = u64::from(number);
        store.keep(rule(&format!("rule {}", number % SHELF), number)).await.unwrap();
        tell(format!("rule {number}"));
        store.save(vec![parking(number)]).await.unwrap();
        tell(format!("parked {number}"));
    }
}

/// Two deliveries, parked in slices of their own.
fn parking(number: u64) -> ProgressChange {
    let put = (0..2).map(|copy| {
        let at = UnixMs(NOON + 600_000 * i64::from(copy));
        Exception {
            key: DeliveryKey { pos: LogPos(number), copy },
            lane: Lane::conversation(&single("a", "b")),
            state: ExceptionState::Parked { attempts: 1, at, reason: ParkReason::Banned },
            since: at,
            last_error: String::new(),
            outbound: None,
        }
    });
    ProgressChange { put: put.collect(), ..ProgressChange::none(RuleId::new("rule")) }
}

#[tokio::test]
async fn acknowledged_bookkeeping_survives_kills() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..ROUNDS / 2 {
        let acknowledged = run_and_kill("crash::killed_bookkeeper", folder.path(), round, 30 + round * 7);
        let store = ringback_store::open(folder.path(), settings()).unwrap();
        check_books(store.as_ref(), &acknowledged).await;
        store.close().await.unwrap();
    }
}

async fn check_books(store: &dyn Store, acknowledged: &[String]) {
    let last = |what: &str| -> u64 {
        let told = acknowledged.iter().rev().find_map(|line| line.strip_prefix(what));
        told.unwrap().parse().unwrap()
    };
    // What was being written when the process died may be there as well, or not.
    let is_last = |what: &str, kept: u64| {
        let told = last(what);
        assert!(kept == told || kept == told + 1, "{what}{told} was told, {kept} is kept");
    };
    let retries = store.slice_retries().await.unwrap();
    assert_eq!(retries[0].0, DATE);
    is_last("retries ", u64::from(retries[0].1));
    let ban = store.ban().await.unwrap();
    is_last("ban ", u64::try_from(ban.starts[0].0).unwrap());
    let kept = store.kept().await.unwrap();
    assert_eq!(kept.len() as u64, SHELF);
    is_last("rule ", kept.iter().map(|rule| rule.version).max().unwrap());
    let parked = store.parked(&RuleId::new("rule"), None, usize::MAX).await.unwrap();
    is_last("parked ", parked.last().unwrap().key.pos.0);
    assert_eq!(parked.len() % 2, 0, "both copies or none");
    let told = acknowledged.iter().filter_map(|line| line.strip_prefix("parked "));
    for number in told.map(|number| LogPos(number.parse().unwrap())) {
        assert!(parked.iter().any(|row| row.key.pos == number), "{number} was told");
    }
    let counts = store.parked_counts().await.unwrap();
    let half = parked.len() as u64 / 2;
    assert_eq!(counts.iter().map(|count| count.count).collect::<Vec<_>>(), [half, half]);
}
