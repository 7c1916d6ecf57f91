//! Bodies of a gigabyte, promised or sent, and bodies that swell.

use ringback_e2e::setup::Setup;
use tokio::task::JoinSet;

use super::siege::Siege;
use super::stranger::Stranger;

/// Connections per interface.
const MANY: usize = 30;
const GIB: usize = 1024 * 1024 * 1024;
/// Bytes that the buffers of both ends may have taken before the server's end is heard of.
const IN_BUFFERS: u64 = 32 * 1024 * 1024;

/// A request's head up to the headers of its body, by interface, and what the refusal says.
fn heads(siege: &Siege) -> [(String, &'static str); 4] {
    let (admin, app) = (siege.app().admin_token(), siege.family.token());
    let bearer = |path: &str, token: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n")
    };
    let sends = format!(
        "POST /msg/send_msg HTTP/1.1\r\nHost: x\r\nConnection: close\r\noperationID: op\r\ntoken: {admin}\r\n"
    );
    [
        (sends, "\"errCode\":1001"),
        (bearer("/app-id/demo/users", app), "\"error\":\""),
        (bearer("/admin/v1/rules", admin), "\"too_large\""),
        // Whoever may not call does not get to send at all.
        (bearer("/admin/v1/rules", "nobody"), "\"unauthorized\""),
    ]
}

#[tokio::test]
async fn promised_gigabytes_are_refused_at_once() {
    let mut siege = Siege::begin("promised gigabytes", Setup::dev()).await;
    let mut strangers = JoinSet::new();
    for (head, says) in heads(&siege) {
        for _ in 0..MANY {
            let stranger = Stranger::connect(siege.app().server.addr()).await;
            let head = format!("{head}Content-Length: {GIB}\r\n\r\n");
            strangers.spawn(async move { (stranger.say(head.as_bytes()).await, says) });
        }
    }
    siege.others_are_served().await;
    for (outcome, says) in strangers.join_all().await {
        assert!(outcome.answer.contains(says), "{says}: {}", outcome.answer);
    }
    siege.over(4 * MANY).await;
}

#[tokio::test]
async fn gigabytes_in_chunks_are_cut_at_the_bound() {
    const EACH: usize = 4;
    let mut siege = Siege::begin("gigabytes in chunks", Setup::dev()).await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let mut strangers = JoinSet::new();
    for (head, says) in heads(&siege) {
        for _ in 0..EACH {
            let stranger = Stranger::connect(siege.app().server.addr()).await;
            let (head, chunk) = (format!("{head}Transfer-Encoding: chunked\r\n\r\n"), chunk.clone());
            strangers.spawn(async move {
                (stranger.say_all(head.as_bytes(), chunk.as_bytes(), GIB / 0x10000).await, says)
            });
        }
    }
    siege.others_are_served().await;
    for (outcome, says) in strangers.join_all().await {
        assert!(outcome.written < IN_BUFFERS, "{} bytes were taken", outcome.written);
        // The answer may be lost where the end is a reset; a wrong one may not come.
        assert!(outcome.answer.is_empty() || outcome.answer.contains(says), "{says}: {}", outcome.answer);
    }
    siege.over(4 * EACH).await;
}

#[tokio::test]
async fn compressed_bodies_are_not_unpacked() {
    let mut siege = Siege::begin("compressed bodies", Setup::dev()).await;
    let bomb = super::frames::bomb(64);
    let mut strangers = JoinSet::new();
    for (head, says) in heads(&siege) {
        // As it is a body within the bound, what is wrong with it is its form.
        let says = if says == "\"too_large\"" { "\"not_json\"" } else { says };
        for encoding in ["gzip", "deflate", "br", "gzip, gzip"] {
            let stranger = Stranger::connect(siege.app().server.addr()).await;
            let length = bomb.len();
            let mut request =
                format!("{head}Content-Encoding: {encoding}\r\nContent-Length: {length}\r\n\r\n")
                    .into_bytes();
            request.extend_from_slice(&bomb);
            strangers.spawn(async move { (stranger.say(&request).await, says) });
        }
    }
    siege.others_are_served().await;
    for (outcome, says) in strangers.join_all().await {
        assert!(outcome.answer.contains(says), "{says}: {}", outcome.answer);
    }
    siege.over(16).await;
}
