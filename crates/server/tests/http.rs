//! REST from the outside: order of checks, bounds, and what a panic looks like.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod support;

use std::time::Duration;

use support::{Running, start};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends a head and a body; answers what comes back, head and body.
async fn ask(running: &Running, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let length = if head.contains("content-length") {
        String::new()
    } else {
        format!("content-length: {}\r\n", body.len())
    };
    let head = format!("{head}host: x\r\nconnection: close\r\n{length}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server may answer and close before it has read everything.
    drop(stream.write_all(body).await);
    let mut answer = Vec::new();
    drop(
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer))
            .await
            .expect("an answer"),
    );
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_request_goes_through_and_carries_the_common_headers() {
    let running = start().await;
    let answer = ask(&running, "POST /time HTTP/1.1\r\ntoken: ann/5\r\n", b"12345").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok /time 5"), "{answer}");
    assert!(answer.contains("access-control-allow-origin: *"), "{answer}");
    let answer = ask(&running, "GET /open?x=1 HTTP/1.1\r\n", b"").await;
    assert!(answer.ends_with("ok /open 0"), "{answer}");
}

#[tokio::test]
async fn strangers_are_refused_before_their_body_is_read() {
    let running = start().await;
    // The body never comes; the answer must.
    let answer = ask(&running, "POST /time HTTP/1.1\r\ncontent-length: 1000\r\n", b"").await;
    assert!(answer.ends_with("no: no token"), "{answer}");
    let answer = ask(&running, "POST /time HTTP/1.1\r\ntoken: x\r\ncontent-length: 1000\r\n", b"").await;
    assert!(answer.ends_with("no: not a token"), "{answer}");
}

#[tokio::test]
async fn bodies_are_bounded_in_size_and_time() {
    let running = start().await;
    let head = "POST /time HTTP/1.1\r\ntoken: ann/5\r\n";
    let told = ask(&running, &format!("{head}content-length: 9999999\r\n"), b"").await;
    assert!(told.contains("no: the body is longer than 1048576 bytes"), "{told}");
    let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; 0x10_0000], b"\r\n1\r\nx\r\n0\r\n\r\n"].concat();
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = format!("{head}host: x\r\ntransfer-encoding: chunked\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    drop(stream.write_all(&chunk).await);
    let mut found = vec![0; 4096];
    let count = stream.read(&mut found).await.unwrap();
    assert!(String::from_utf8_lossy(&found[..count]).contains("no: the body is longer"));
    let late = ask(&running, &format!("{head}content-length: 10\r\n"), b"12345").await;
    assert!(late.ends_with("no: the body did not come in time"), "{late}");
}

#[tokio::test]
async fn a_panic_is_a_fault_in_the_dialects_form() {
    let running = start().await;
    for path in ["/panic", "/decoder"] {
        let answer = ask(&running, &format!("POST {path} HTTP/1.1\r\n"), b"").await;
        assert!(answer.starts_with("HTTP/1.1 500") && answer.ends_with("fault"), "{answer}");
    }
    assert!(ask(&running, "GET /open HTTP/1.1\r\n", b"").await.ends_with("ok /open 0"), "and life goes on");
}

#[tokio::test]
async fn other_paths_and_methods() {
    let running = start().await;
    assert!(ask(&running, "GET /none HTTP/1.1\r\n", b"").await.ends_with("unknown /none"));
    assert!(ask(&running, "GET /time HTTP/1.1\r\n", b"").await.ends_with("unknown /time"));
    assert!(ask(&running, "PUT /time HTTP/1.1\r\n", b"").await.ends_with("unknown /time"));
    assert!(ask(&running, "OPTIONS /any HTTP/1.1\r\n", b"").await.ends_with("preflight"));
    assert!(ask(&running, "GET /healthz HTTP/1.1\r\n", b"").await.ends_with("alive\n"));
    let ready = ask(&running, "GET /readyz HTTP/1.1\r\n", b"").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains(r#""tasks":"one is dead""#), "{ready}");
    let metrics = ask(&running, "GET /metrics HTTP/1.1\r\n", b"").await;
    assert!(metrics.contains("ringback_http_requests_total{"), "{metrics}");
}
