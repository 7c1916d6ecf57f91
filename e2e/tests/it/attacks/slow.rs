//! What takes for ever: requests, frames, and readers.

use ringback_e2e::SOON;
use ringback_e2e::setup::Setup;
use tokio::task::JoinSet;

use super::siege::Siege;
use super::stranger::Stranger;

/// Strangers of each kind.
const MANY: usize = 100;

#[tokio::test]
async fn requests_that_never_end_are_cut() {
    let setup = Setup::dev().setting("limits.header_read", "2s").setting("limits.body_read", "2s");
    let mut siege = Siege::begin("slow requests", setup).await;
    let token = siege.app().admin_token();
    let body = format!(
        "POST /msg/send_msg HTTP/1.1\r\nHost: x\r\noperationID: op\r\ntoken: {token}\r\nContent-Length: 100000\r\n\r\n{{"
    );
    let chunks = format!(
        "POST /admin/v1/rules HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n"
    );
    let shapes = [
        // What is dripped, what follows byte by byte, and whether an answer is due.
        ("GET /healthz HTTP/1.1\r\nX-Slow: ".to_owned(), b'x', None),
        ("GET /?token=1 HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ".to_owned(), b'A', None),
        (body, b' ', Some("did not come in time")),
        (chunks, b' ', Some("did not come in time")),
    ];
    let mut slow = JoinSet::new();
    for (first, byte, due) in shapes {
        for _ in 0..MANY {
            let stranger = Stranger::connect(siege.app().server.addr()).await;
            let first = first.clone();
            slow.spawn(async move { (stranger.drip(first.as_bytes(), byte).await, due) });
        }
    }
    siege.others_are_served().await;
    let ended = tokio::time::timeout(SOON, slow.join_all()).await.expect("all are cut");
    for (outcome, due) in ended {
        let Some(due) = due else {
            assert!(outcome.statuses().iter().all(|status| *status == 408), "{}", outcome.answer);
            continue;
        };
        assert!(outcome.answer.contains(due), "{:?}", outcome.answer);
    }
    siege.over(4 * MANY).await;
}

#[tokio::test]
async fn frames_that_never_end_are_cut() {
    let mut siege = Siege::begin("slow frames", Setup::dev().setting("limits.socket_silence", "2s")).await;
    let users: Vec<String> = (0..MANY / 2).map(|number| format!("slow{number}")).collect();
    siege.app().register(&users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut slow = JoinSet::new();
    for (number, user) in users.iter().enumerate() {
        let mut stranger = super::frames::upgraded(siege.app(), user, "").await;
        // A head that promises 50,000 bytes, or fragments of one byte each that never say "last".
        let promise = [0x82, 0xfe, 0xc3, 0x50, 0, 0, 0, 0].to_vec();
        if number % 2 == 0 {
            slow.spawn(async move { stranger.drip(&promise, b'x').await });
        } else {
            assert!(stranger.write(&[0x02, 0x81, 0, 0, 0, 0, b'x']).await);
            slow.spawn(async move { stranger.say(&[0x00, 0x81, 0, 0, 0, 0, b'x']).await });
        }
    }
    siege.others_are_served().await;
    let ended = tokio::time::timeout(SOON, slow.join_all()).await.expect("all are cut");
    assert!(ended.iter().all(|outcome| outcome.written < 50_000));
    siege.over(users.len()).await;
}

#[tokio::test]
async fn answers_that_nobody_reads_are_not_piled_up() {
    let mut siege = Siege::begin("answers not read", Setup::dev()).await;
    let ask = "GET /admin/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(500);
    let mut kept = Vec::new();
    for _ in 0..MANY {
        let mut stranger = Stranger::connect(siege.app().server.addr()).await;
        // More than the buffers of both ends hold: the rest of the questions is not even taken.
        let _ =
            tokio::time::timeout(std::time::Duration::from_millis(20), stranger.write(ask.as_bytes())).await;
        kept.push(stranger);
    }
    siege.others_are_served().await;
    siege.others_are_served().await;
    drop(kept);
    siege.over(MANY).await;
}
