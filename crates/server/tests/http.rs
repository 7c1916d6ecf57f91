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
async fn who_hangs_up_does_not_stop_what_he_has_started() {
    let running = start().await;
    let until = async |line: &str| {
        let logged = async {
            while !running.product.log().iter().any(|known| known == line) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), logged).await.expect(line);
    };
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = b"POST /send HTTP/1.1\r\ntoken: ann/5\r\nhost: x\r\ncontent-length: 3\r\n\r\nbye";
    stream.write_all(request).await.unwrap();
    until("asked bye").await;
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty(), "the server has given the connection up");
    running.product.gate.add_permits(1);
    until("sent bye").await;
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
    for method in ["GET", "PUT", "TRACE"] {
        let answer = ask(&running, &format!("{method} /time HTTP/1.1\r\n"), b"").await;
        assert!(answer.starts_with("HTTP/1.1 405") && answer.ends_with("not so /time"), "{answer}");
        assert!(answer.contains("allow: POST, OPTIONS\r\n"), "{answer}");
    }
    assert!(ask(&running, "OPTIONS /any HTTP/1.1\r\n", b"").await.ends_with("preflight"));
    assert!(ask(&running, "GET /mine/none HTTP/1.1\r\n", b"").await.ends_with("mine Get"));
    assert!(ask(&running, "DELETE /mine/none HTTP/1.1\r\n", b"12").await.ends_with("mine Delete"));
    assert!(ask(&running, "OPTIONS /mine/none HTTP/1.1\r\n", b"").await.ends_with("my preflight"));
    assert!(ask(&running, "GET /healthz HTTP/1.1\r\n", b"").await.ends_with("alive\n"));
    let head = ask(&running, "HEAD /healthz HTTP/1.1\r\n", b"").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    let ready = ask(&running, "GET /readyz HTTP/1.1\r\n", b"").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains(r#""tasks":"one is dead""#), "{ready}");
    let metrics = ask(&running, "GET /metrics HTTP/1.1\r\n", b"").await;
    assert!(metrics.contains("ringback_http_requests_total{"), "{metrics}");
}

#[tokio::test]
async fn routes_take_parameters_and_every_method() {
    let running = start().await;
    for (method, body, wanted) in [
        ("GET", "", "Get kind=a b thing=x/y 0"),
        ("PUT", "123", "Put kind=a b thing=x/y 3"),
        ("PATCH", "1", "Patch kind=a b thing=x/y 1"),
        ("DELETE", "12", "Delete kind=a b thing=x/y 2"),
    ] {
        let answer =
            ask(&running, &format!("{method} /a%20b/things/x%2Fy HTTP/1.1\r\n"), body.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(wanted), "{answer}");
    }
    let head = ask(&running, "HEAD /a/things/b HTTP/1.1\r\n", b"").await;
    assert!(head.contains("content-length: 20") && head.ends_with("\r\n\r\n"), "{head}");
    let wrong = ask(&running, "POST /a/things/b HTTP/1.1\r\n", b"").await;
    assert!(wrong.starts_with("HTTP/1.1 405"), "{wrong}");
    let optional = ask(&running, "GET /a/things/b HTTP/1.1\r\ntoken: not-a-token\r\n", b"").await;
    assert!(optional.starts_with("HTTP/1.1 200"), "an optional token that is not valid is none: {optional}");
    let metrics = ask(&running, "GET /metrics HTTP/1.1\r\n", b"").await;
    assert!(metrics.contains(r#"ringback_http_requests_total{route="/{kind}/things/{thing}",code="200"}"#));
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let running = start().await;
    let ask = async |messages: &str| ask(&running, "POST /rated HTTP/1.1\r\n", messages.as_bytes()).await;
    assert!(ask("4").await.ends_with("ok /rated 1"));
    let refused = ask("2").await;
    assert!(refused.starts_with("HTTP/1.1 403"), "one message more than there may be: {refused}");
    assert!(refused.ends_with("the limit is 5/day (setting rates.messages)"), "{refused}");
    assert!(ask("1").await.ends_with("ok /rated 1"), "the two that were refused were not counted");
    let refused = ask("0").await;
    assert!(refused.starts_with("HTTP/1.1 429"), "the fourth call: {refused}");
    let seconds = refused.split("retry-after: ").nth(1).and_then(|rest| rest.split('\r').next()).unwrap();
    let seconds: u64 = seconds.parse().unwrap();
    assert!((28_000..=28_800).contains(&seconds), "a third of a day: {seconds}");
    let metrics = self::ask(&running, "GET /metrics HTTP/1.1\r\n", b"").await;
    for rate in ["calls", "messages"] {
        assert!(metrics.contains(&format!("ringback_rate_limited_total{{rate=\"{rate}\"}} 1")), "{rate}");
    }
}

#[tokio::test]
async fn who_may_not_call_uses_up_nobodys_rate() {
    let running = start().await;
    let ask =
        async |token: &str| ask(&running, &format!("POST /rated HTTP/1.1\r\ntoken: {token}\r\n"), b"1").await;
    for _ in 0..10 {
        assert!(ask("not-a-token").await.ends_with("no: not a token"));
        assert!(ask("guest/5").await.ends_with("no: not for guests"));
    }
    for _ in 0..3 {
        assert!(ask("ann/5").await.ends_with("ok /rated 1"), "the three that there may be");
    }
    assert!(ask("ann/5").await.starts_with("HTTP/1.1 429"));
}

#[tokio::test]
async fn a_token_that_turns_out_to_be_needed_is_told_what_is_wrong_with_it() {
    let running = start().await;
    let ask = async |token: &str| {
        ask(&running, &format!("GET /a/things/b?for=members HTTP/1.1\r\n{token}"), b"").await
    };
    assert!(ask("").await.ends_with("no: there is no valid token"));
    assert!(ask("token: nonsense\r\n").await.ends_with("no: not a token"));
    assert!(ask("token: ann/5\r\n").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn administration_has_a_path_of_its_own() {
    let running = start().await;
    for (head, wanted) in [
        ("GET /admin/v1", "admin GET /admin/v1"),
        ("OPTIONS /admin/v1/x", "admin OPTIONS /admin/v1/x"),
        ("DELETE /admin/v1/things/y", "admin DELETE /admin/v1/things/y"),
        ("GET /admin/things/y", "Get kind=admin thing=y 0"),
        ("GET /admin/v12", "unknown /admin/v12"),
    ] {
        let answer = ask(&running, &format!("{head} HTTP/1.1\r\n"), b"").await;
        assert!(answer.ends_with(wanted), "{head}: {answer}");
    }
    ask(&running, "GET /admin/v1/labelled HTTP/1.1\r\n", b"").await;
    let broken = ask(&running, "GET /admin/v1/panic HTTP/1.1\r\n", b"").await;
    assert!(
        broken.starts_with("HTTP/1.1 500") && broken.contains(r#"{"error":{"code":"internal""#),
        "{broken}"
    );
    let metrics = ask(&running, "GET /metrics HTTP/1.1\r\n", b"").await;
    for route in ["/admin/v1", "/admin/v1/{label}"] {
        assert!(metrics.contains(&format!("ringback_http_requests_total{{route=\"{route}\"")), "{route}");
    }
}
