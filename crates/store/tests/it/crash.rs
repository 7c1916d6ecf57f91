//! A process that commits is killed again and again; what it was told stays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

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
        acknowledged.extend(run_and_kill(folder.path(), round, 40 + round * 17));
        let store = ringback_store::open(folder.path(), settings()).unwrap();
        check(store.as_ref(), &acknowledged).await;
        store.close().await.unwrap();
    }
    assert!(acknowledged.len() >= ROUNDS * 40);
}

/// Lets a process commit until it has acknowledged this many, kills it, and answers all that it acknowledged.
fn run_and_kill(folder: &Path, round: usize, after: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::killed_process", "--exact", "--nocapture"])
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

async fn check(store: &dyn ringback_model::ports::Store, acknowledged: &[String]) {
    let log = store.read(ringback_model::ids::LogPos::ZERO, usize::MAX).await.unwrap();
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
