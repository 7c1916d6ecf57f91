//! The harness itself, with its real processes: it measures, writes what it measured, and leaves nothing behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed expectation is what a test reports"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const BENCH: &str = env!("CARGO_BIN_EXE_ringback-bench");

#[test]
fn a_run_writes_what_it_measured() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("result.json");
    let output = Command::new(BENCH)
        .args(["reference", "--rounds", "2", "--seconds", "0.1", "--warm-up", "0.05", "--repeats", "0"])
        .arg("--data-root")
        .arg(folder.path())
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("bare call, 64 in flight"), "{table}");
    let result: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(result["scenario"], "reference");
    assert_eq!(result["rounds"].as_array().unwrap().len(), 2);
    for case in result["cases"].as_array().unwrap() {
        let rate = &case["figures"]["per_second"];
        assert!(rate["median"].as_f64().unwrap() > 0.0, "{case}");
        assert!(rate["min"].as_f64() <= rate["max"].as_f64(), "{case}");
        assert_eq!(case["figures"]["failed"]["max"], 0.0, "{case}");
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["result.json"], "only the result stays");
}

#[test]
fn a_bare_fan_out_is_measured_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("result.json");
    let output = Command::new(BENCH)
        .args(["fanout", "--only", "no case of this name", "--rounds", "1", "--seconds", "0.1"])
        .args(["--warm-up", "0.05", "--repeats", "0"])
        .arg("--data-root")
        .arg(folder.path())
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    let cases = result["cases"].as_array().unwrap();
    let bare = cases.iter().find(|case| case["case"] == "bare WebSocket server, 1000 connections").unwrap();
    assert!(bare["figures"]["pushed_per_second"]["median"].as_f64().unwrap() > 0.0, "{bare}");
    assert_eq!(bare["figures"]["unpushed"]["max"], 0.0, "{bare}");
    assert_eq!(result["targets"], serde_json::json!([]), "what did not run is not judged");
}

#[test]
fn children_end_with_a_run_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Command::new(BENCH)
        .args(["reference", "--rounds", "1", "--seconds", "60", "--warm-up", "0.05"])
        .arg("--data-root")
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = BufReader::new(run.stderr.take().unwrap());
    let mut line = String::new();
    progress.read_line(&mut line).unwrap();
    assert_eq!(line, "round 1 of 1\n");
    let receiver = receiver_of(run.id());
    run.kill().unwrap();
    run.wait().unwrap();
    // The receiver holds the same pipe: it ends when both are gone.
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(progress.read_to_end(&mut Vec::new())));
    let outcome = ended.recv_timeout(Duration::from_secs(20));
    outcome.unwrap_or_else(|_| panic!("the receiver {receiver} has outlived its run")).unwrap();
}

/// The first child that a process starts.
fn receiver_of(pid: u32) -> String {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while std::time::Instant::now() < deadline {
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        if let Some(child) = children.split_whitespace().next() {
            return child.to_owned();
        }
        std::thread::yield_now();
    }
    panic!("no receiver was started");
}
