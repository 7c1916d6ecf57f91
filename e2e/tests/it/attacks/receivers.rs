//! Backends that answer like attackers: for ever, too much, swollen, or with somebody else's address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use ringback_e2e::setup::Setup;
use ringback_e2e::until;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::siege::Siege;

/// What a before-rule of these tests waits at most.
const TIMEOUT: Duration = Duration::from_millis(800);
/// Bytes that one answer may have at most, so that a caller without a bound would be seen and this test would end.
const GIB: usize = 1 << 30;

/// An answer: what comes first, and what comes again and again, with a pause between.
#[derive(Clone)]
struct Shape {
    first: Vec<u8>,
    piece: Vec<u8>,
    pause: Duration,
}

fn once(first: impl Into<Vec<u8>>) -> Shape {
    Shape { first: first.into(), piece: Vec::new(), pause: Duration::ZERO }
}

fn again(first: &str, piece: &str) -> Shape {
    Shape { first: first.into(), piece: piece.into(), pause: Duration::ZERO }
}

fn dripped(first: &str, piece: &str) -> Shape {
    Shape { pause: Duration::from_millis(20), ..again(first, piece) }
}

/// A receiver that answers every request with a shape; ends when it is dropped.
struct Evil {
    addr: SocketAddr,
    requests: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Evil {
    async fn start(shape: Shape) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(answer(stream, shape.clone(), Arc::clone(&counted)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { addr, requests, _serving: serving }
    }

    fn url(&self) -> String {
        format!("http://{}/callbackExample", self.addr)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

async fn answer(mut stream: TcpStream, shape: Shape, requests: Arc<AtomicUsize>) {
    let mut asked = vec![0; 64 * 1024];
    if !matches!(stream.read(&mut asked).await, Ok(1..)) {
        return;
    }
    requests.fetch_add(1, Ordering::Relaxed);
    let mut written = 0;
    if stream.write_all(&shape.first).await.is_err() || shape.piece.is_empty() {
        return;
    }
    while written < GIB && stream.write_all(&shape.piece).await.is_ok() {
        written += shape.piece.len();
        if shape.pause > Duration::ZERO {
            tokio::time::sleep(shape.pause).await;
        }
    }
}

fn shapes() -> Vec<(&'static str, Shape)> {
    let ok = "HTTP/1.1 200 OK\r\n";
    let blanks = " ".repeat(64 * 1024);
    let bomb = super::frames::bomb(64);
    let mut swollen =
        format!("{ok}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len()).into_bytes();
    swollen.extend_from_slice(&bomb);
    let deep = "{\"actionCode\":".repeat(10_000);
    vec![
        ("a body byte by byte", dripped(&format!("{ok}Content-Length: 100000\r\n\r\n"), " ")),
        ("a header byte by byte", dripped("HTTP/1.1 200 OK\r\nX-Slow: ", "x")),
        ("a status byte by byte", dripped("H", "T")),
        ("a gigabyte by length", again(&format!("{ok}Content-Length: {GIB}\r\n\r\n"), &blanks)),
        (
            "a gigabyte in chunks",
            again(&format!("{ok}Transfer-Encoding: chunked\r\n\r\n"), &format!("10000\r\n{blanks}\r\n")),
        ),
        ("a gigabyte until the end", again(&format!("{ok}Connection: close\r\n\r\n"), &blanks)),
        ("chunks of one byte", again(&format!("{ok}Transfer-Encoding: chunked\r\n\r\n"), "1\r\n \r\n")),
        ("a gzip bomb", once(swollen)),
        ("10,000 headers", once(format!("{ok}{}\r\n", "X-Flood: 1\r\n".repeat(10_000)))),
        ("headers that never end", again(ok, &"X-Flood: 1\r\n".repeat(100))),
        ("a header of 1 MB", once(format!("{ok}X-Big: {}\r\n\r\n", "x".repeat(1024 * 1024)))),
        ("endless 100 Continue", again("", &"HTTP/1.1 100 Continue\r\n\r\n".repeat(100))),
        ("endless 103 Early Hints", again("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")),
        ("deep JSON", once(format!("{ok}Content-Length: {}\r\n\r\n{deep}", deep.len()))),
        ("two lengths", once(format!("{ok}Content-Length: 2\r\nContent-Length: 4\r\n\r\n{{}}{{}}"))),
        ("a negative length", once(format!("{ok}Content-Length: -1\r\n\r\n{{}}"))),
        (
            "an upgrade",
            once("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n{}"),
        ),
        ("no HTTP", once("SSH-2.0-server\r\n")),
        ("nothing", once("")),
    ]
}

#[tokio::test]
async fn no_answer_takes_more_than_its_time_and_room() {
    let mut siege = Siege::begin("hostile answers", Setup::dev().setting("rules.max", "0")).await;
    siege.app().register(&["carol"]).await;
    let shapes = shapes();
    let count = shapes.len();
    for (number, (what, shape)) in shapes.into_iter().enumerate() {
        let evil = Evil::start(shape).await;
        for (phase, event) in [("before", "beforeSendSingleMsg"), ("after", "afterSendSingleMsg")] {
            let mut rule = json!({ "name": format!("{phase}_{number}"), "dialect": "openim", "phase": phase,
                "url": evil.url(), "events": [event], "from": ["alice"],
                "timeout_ms": u64::try_from(TIMEOUT.as_millis()).unwrap() });
            if phase == "before" {
                rule["on_failure"] = json!("refuse");
            }
            siege.family.rule(&rule).await;
        }
        let began = Instant::now();
        let reply = siege.app().send("alice", "carol", what).await;
        assert_ne!(reply.code(), 0, "{what} was taken for a verdict: {}", reply.body);
        assert!(began.elapsed() < TIMEOUT * 5, "{what}: {:?}", began.elapsed());
        siege.family.ok(Method::DELETE, &format!("/admin/v1/rules/before_{number}"), None).await;
        // Now it is told afterwards, and nobody else hears less of theirs.
        let asked = evil.requests();
        siege.app().send("alice", "carol", what).await.data();
        siege.others_are_served().await;
        until(&format!("{what}: it is told"), async || (evil.requests() > asked).then_some(())).await;
        siege.family.ok(Method::DELETE, &format!("/admin/v1/rules/after_{number}?purge=true"), None).await;
    }
    siege.over(2 * count).await;
}

#[tokio::test]
async fn redirects_lead_nowhere() {
    let mut siege = Siege::begin("redirects", Setup::dev().setting("rules.max", "0")).await;
    siege.app().register(&["carol"]).await;
    let inside = Evil::start(once("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")).await;
    let mut count = 0;
    for status in [300, 301, 302, 303, 307, 308] {
        for to in [
            inside.url(),
            format!("//{}/x", inside.addr),
            "/again".to_owned(),
            "file:///etc/passwd".to_owned(),
        ] {
            let moved = format!(
                "HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nRefresh: 0; url={to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let evil = Evil::start(once(moved)).await;
            let rule = json!({ "name": "moved", "dialect": "openim", "phase": "before", "url": evil.url(),
                "events": ["beforeSendSingleMsg"], "from": ["alice"], "on_failure": "refuse" });
            siege.family.rule(&rule).await;
            let reply = siege.app().send("alice", "carol", "x").await;
            assert_ne!(reply.code(), 0, "{status} to {to}: {}", reply.body);
            assert_eq!(evil.requests(), 1, "{status} to {to} was followed");
            siege.family.ok(Method::DELETE, "/admin/v1/rules/moved", None).await;
            count += 1;
        }
    }
    assert_eq!(inside.requests(), 0, "nobody was sent inside");
    siege.others_are_served().await;
    siege.over(count).await;
}
