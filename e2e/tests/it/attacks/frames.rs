//! WebSocket frames that lie about their length, swell, or never belong together.

use std::io::Write as _;

use ringback_e2e::app::{App, platform};
use ringback_e2e::setup::Setup;
use tokio::task::JoinSet;

use super::siege::Siege;
use super::stranger::Stranger;

/// A gzip member that unpacks to so many MiB of blanks.
pub(super) fn bomb(mebibytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = vec![b' '; 1024 * 1024];
    for _ in 0..mebibytes {
        encoder.write_all(&blanks).unwrap();
    }
    encoder.finish().unwrap()
}

/// A stranger with a WebSocket of this user; `more` is put behind the query.
pub(super) async fn upgraded(app: &App, user: &str, more: &str) -> Stranger {
    let token = app.token(user, platform::IOS).await;
    let mut stranger = Stranger::connect(app.server.addr()).await;
    let head = format!(
        "GET /?sendID={user}&token={token}&platformID=1&operationID=op&sdkType=js&isBackground=false{more} HTTP/1.1\r\nHost: x\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-webkit-deflate-frame\r\n\r\n"
    );
    assert!(stranger.write(head.as_bytes()).await);
    let answer = stranger.head().await.to_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    assert!(!answer.contains("sec-websocket-extensions"), "no extension is agreed on: {answer}");
    stranger
}

/// A frame under a mask of zeros: first byte, the length that it claims, and what follows.
fn frame(first: u8, claimed: u64, bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0xff];
    frame.extend_from_slice(&claimed.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(bytes);
    frame
}

#[tokio::test]
async fn frames_that_cannot_be_end_the_connection() {
    let mut siege = Siege::begin("impossible frames", Setup::dev()).await;
    let filling = [b'x'; 20_000];
    let shapes: [(&str, Vec<u8>, Vec<u8>); 9] = [
        // What it is, what comes first, and what is repeated up to a gigabyte.
        ("a length of 2^63", frame(0x82, 1 << 63, &filling), filling.to_vec()),
        ("a length of 2^64 - 1", frame(0x82, u64::MAX, &filling), filling.to_vec()),
        ("a gigabyte at once", frame(0x82, 1 << 30, &filling), filling.to_vec()),
        ("a gigabyte in fragments", frame(0x02, 20_000, &filling), frame(0x00, 20_000, &filling)),
        ("compressed without an agreement", frame(0xc2, 20_000, &filling), frame(0xc2, 20_000, &filling)),
        ("reserved bits", frame(0xb2, 4, b"xxxx"), frame(0xb2, 4, b"xxxx")),
        ("a long ping", frame(0x89, 20_000, &filling), frame(0x89, 20_000, &filling)),
        ("no mask", vec![0x82, 4, 1, 2, 3, 4], vec![0x82, 4, 1, 2, 3, 4]),
        ("a fragment of nothing", frame(0x00, 4, b"xxxx"), frame(0x00, 4, b"xxxx")),
    ];
    let users: Vec<String> = (0..shapes.len()).map(|number| format!("rude{number}")).collect();
    siege.app().register(&users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut strangers = JoinSet::new();
    for ((what, first, piece), user) in shapes.into_iter().zip(&users) {
        let stranger = upgraded(siege.app(), user, "").await;
        strangers.spawn(async move {
            let times = (1 << 30) / piece.len();
            (what, stranger.say_all(&first, &piece, times).await)
        });
    }
    siege.others_are_served().await;
    for (what, outcome) in strangers.join_all().await {
        assert!(outcome.written < 32 * 1024 * 1024, "{what}: {} bytes were taken", outcome.written);
    }
    siege.over(users.len()).await;
}

#[tokio::test]
async fn many_bombs_at_once_are_not_unpacked() {
    const MANY: usize = 40;
    let mut siege = Siege::begin("gzip bombs", Setup::dev()).await;
    let users: Vec<String> = (0..MANY).map(|number| format!("bomber{number}")).collect();
    siege.app().register(&users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let bomb = bomb(40);
    assert!(bomb.len() < 51_200, "it fits into a frame: {}", bomb.len());
    let mut nested = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    nested.write_all(&bomb).unwrap();
    let nested = nested.finish().unwrap();
    let mut strangers = JoinSet::new();
    for (number, user) in users.iter().enumerate() {
        let bytes = if number % 2 == 0 { &bomb } else { &nested };
        let frame = frame(0x82, bytes.len() as u64, bytes);
        let stranger = upgraded(siege.app(), user, "&compression=gzip").await;
        strangers.spawn(async move { stranger.say(&frame).await });
    }
    siege.others_are_served().await;
    strangers.join_all().await;
    siege.over(MANY).await;
}
