//! Heads of requests: floods, and shapes that two readers would read differently.

use ringback_e2e::setup::Setup;
use serde_json::json;

use super::siege::Siege;
use super::stranger::Stranger;

async fn begin(name: &'static str) -> Siege {
    Siege::begin(name, Setup::dev().setting("limits.header_read", "2s")).await
}

#[tokio::test]
async fn floods_are_refused() {
    let mut siege = begin("floods of headers").await;
    let mega = "x".repeat(1024 * 1024);
    let get = |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    let floods = [
        ("10,000 headers", get("/healthz", &"X-Flood: 1\r\n".repeat(10_000))),
        ("short headers, many", get("/healthz", &"a:\r\n".repeat(5000))),
        ("a header of 1 MB", get("/healthz", &format!("X-Big: {mega}\r\n"))),
        ("a name of 1 MB", get("/healthz", &format!("{mega}: 1\r\n"))),
        ("a path of 1 MB", get(&format!("/{mega}"), "")),
        ("a path of 100,000 segments", get(&"/a".repeat(100_000), "")),
        ("1,000,000 parameters", get(&format!("/healthz?{}", "a=1&".repeat(1_000_000)), "")),
        ("a method of 1 MB", format!("{mega} / HTTP/1.1\r\n\r\n")),
        ("headers that never end", format!("GET / HTTP/1.1\r\n{}", "X-Flood: 1\r\n".repeat(200_000))),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0".to_owned()),
        ("HTTP/9", "GET / HTTP/9.9\r\n\r\n".to_owned()),
        ("no HTTP at all", "\u{16}\u{3}\u{1}\0\u{1}\0".repeat(1000)),
    ];
    let count = floods.len();
    for (what, bytes) in floods {
        let outcome = Stranger::connect(siege.app().server.addr()).await.say(bytes.as_bytes()).await;
        // The answer may be lost where the end is a reset; a success may not come.
        assert!(
            outcome.statuses().iter().all(|status| (400..=431).contains(status)),
            "{what}: {}",
            outcome.answer
        );
    }
    // Within the bounds many parameters are no offence, only useless.
    let many = get(&format!("/healthz?{}", "a=1&".repeat(7000)), "Connection: close\r\n");
    let outcome = Stranger::connect(siege.app().server.addr()).await.say(many.as_bytes()).await;
    assert_eq!(outcome.statuses(), [200], "{}", outcome.answer);
    siege.others_are_served().await;
    siege.over(count).await;
}

#[tokio::test]
async fn a_hundred_thousand_requests_in_one_go_are_answered_in_turn() {
    const COUNT: usize = 100_000;
    let mut siege = begin("pipelined requests").await;
    let stranger = Stranger::connect(siege.app().server.addr()).await;
    let batch = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    let last = "GET /nothing-here HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let flood = tokio::spawn(async move {
        let first = batch.repeat(COUNT / 1000);
        stranger.say_all(first.as_bytes(), last.as_bytes(), 1).await
    });
    siege.others_are_served().await;
    let outcome = flood.await.unwrap();
    assert!(outcome.statuses().starts_with(&[200; 500]), "{:?}", &outcome.statuses()[..5]);
    siege.over(COUNT).await;
}

#[tokio::test]
async fn ambiguous_requests_smuggle_nothing() {
    let mut siege = begin("smuggled requests").await;
    let token = siege.app().admin_token();
    let text = ringback_e2e::app::single("alice", "bob", "smuggled").to_string();
    let inner = format!(
        "POST /msg/send_msg HTTP/1.1\r\nHost: x\r\noperationID: op\r\ntoken: {token}\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let outer = "POST /msg/get_server_time HTTP/1.1\r\nHost: x\r\noperationID: op\r\n";
    let length = inner.len();
    let chunked = format!("{length:x}\r\n{inner}\r\n0\r\n\r\n");
    let whole = chunked.len();
    // What a reader would take for a second request lies inside the body of the first, as the stricter reading has it.
    let shapes = [
        (
            "both lengths, chunks first",
            format!("{outer}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{chunked}"),
        ),
        (
            "both lengths, chunks last",
            format!("{outer}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}"),
        ),
        ("two lengths", format!("{outer}Content-Length: {length}\r\nContent-Length: 0\r\n\r\n{inner}")),
        (
            "two lengths, the other way",
            format!("{outer}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{inner}"),
        ),
        ("two lengths in one", format!("{outer}Content-Length: 0, {length}\r\n\r\n{inner}")),
        ("a signed length", format!("{outer}Content-Length: +0\r\n\r\n{inner}")),
        ("a negative length", format!("{outer}Content-Length: -1\r\n\r\n{inner}")),
        ("a length with a blank", format!("{outer}Content-Length : 0\r\n\r\n{inner}")),
        (
            "a folded header",
            format!("{outer}X-Fold: a\r\n Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{inner}"),
        ),
        ("another coding", format!("{outer}Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n{inner}")),
        ("chunked is not last", format!("{outer}Transfer-Encoding: chunked, identity\r\n\r\n{inner}")),
        ("a chunk of 2^64", format!("{outer}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{inner}")),
        ("a negative chunk", format!("{outer}Transfer-Encoding: chunked\r\n\r\n-1\r\n{inner}")),
        (
            "a chunk without its end",
            format!("{outer}Transfer-Encoding: chunked\r\n\r\n1\r\nxx0\r\n\r\n{inner}"),
        ),
        ("a NUL in a header", format!("{outer}X-Nul: a\0b\r\nContent-Length: {whole}\r\n\r\n{chunked}")),
    ];
    let count = shapes.len();
    for (what, bytes) in shapes {
        let outcome = Stranger::connect(siege.app().server.addr()).await.say(bytes.as_bytes()).await;
        let statuses = outcome.statuses();
        assert!(statuses.len() <= 1, "{what}: answered {} requests: {}", statuses.len(), outcome.answer);
        assert!(!outcome.answer.contains("serverMsgID"), "{what}: {}", outcome.answer);
        if what.starts_with("both lengths") {
            // RFC 9112, 6.3: it may be answered, but nothing more is read from that connection. That it has ended is
            // known: there would be no outcome yet.
            let answer = outcome.answer.to_lowercase();
            assert!(answer.contains("\r\nconnection: close\r\n"), "{what}: {}", outcome.answer);
        }
    }
    // That they were not sent is looked at in the end; that the same text can be sent is looked at here.
    let reply = siege.app().admin().post("/msg/send_msg", &json!({})).await;
    assert_eq!(reply.code(), 1001, "the token is good: {}", reply.body);
    siege.others_are_served().await;
    siege.over(count).await;
}
