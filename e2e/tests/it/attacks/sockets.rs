//! Connections: thousands that say nothing, and more than the bound.

use ringback_e2e::app::platform;
use ringback_e2e::footprint::open_files_limit;
use ringback_e2e::setup::Setup;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::siege::{GROWTH_KIB, Siege};

/// Connections that are tried.
const HALF_OPEN: usize = 10_000;
/// Files that the tests need besides.
const OTHER_FILES: usize = 2000;
/// What one silent connection may cost the server, KiB: its task, which is large in a build that is not optimised, and
/// the buffers of the library.
const SILENT_KIB: u64 = 24;

async fn open(siege: &Siege, count: usize) -> Vec<TcpStream> {
    let addr = siege.app().server.addr();
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        open.push(TcpStream::connect(addr).await.unwrap());
    }
    open
}

fn as_many_as_possible(wanted: usize) -> usize {
    let count = wanted.min(open_files_limit().saturating_sub(OTHER_FILES));
    assert!(count > 0, "too few open files are allowed for this test");
    count
}

#[tokio::test]
async fn thousands_of_half_open_sockets_keep_nobody_out() {
    let count = as_many_as_possible(HALF_OPEN);
    let mut siege =
        Siege::begin("half-open sockets", Setup::dev().setting("limits.header_read", "600s")).await;
    let silent = open(&siege, count).await;
    siege.app().wait_for_metric("ringback_http_connections", |open| open >= count as f64).await;
    siege.others_are_served().await;
    // Newcomers, too.
    siege.app().login("alice", platform::IOS).await;
    siege.others_are_served().await;
    drop(silent);
    siege.over_within(count, GROWTH_KIB + SILENT_KIB * count as u64).await;
}

#[tokio::test]
async fn silent_sockets_are_closed_by_the_server() {
    const COUNT: usize = 500;
    let mut siege = Siege::begin("silent sockets", Setup::dev().setting("limits.header_read", "1s")).await;
    let mut silent = open(&siege, COUNT).await;
    siege.others_are_served().await;
    for stream in &mut silent {
        let mut said = Vec::new();
        let reading = tokio::time::timeout(ringback_e2e::SOON, stream.read_to_end(&mut said));
        // A reset is an end, too.
        let _ = reading.await.expect("the server closes it");
    }
    siege.over(COUNT).await;
}

#[tokio::test]
async fn more_than_the_bound_are_refused_in_order_and_places_come_back() {
    const BOUND: usize = 400;
    const BEYOND: usize = 600;
    let setup = Setup::dev().setting("limits.connections", &BOUND.to_string());
    let mut siege = Siege::begin("beyond the bound", setup.setting("limits.header_read", "60s")).await;
    let already = siege.app().server.footprint().files;
    let mut all = open(&siege, BOUND + BEYOND).await;
    // Who is connected stays served, over the socket; a newcomer is told.
    let turned_away = all.split_off(BOUND);
    for mut stream in turned_away {
        let mut said = Vec::new();
        let reading = tokio::time::timeout(ringback_e2e::SOON, stream.read_to_end(&mut said));
        let _ = reading.await.expect("it is turned away at once");
        let said = String::from_utf8_lossy(&said);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 503 "), "{said}");
    }
    assert!(siege.app().server.footprint().files <= already + BOUND, "who is refused holds no file");
    drop(all);
    ringback_e2e::until("places are free again", async || {
        siege.app().server.rest().try_get("/healthz").await.ok().filter(|reply| reply.status == 200)
    })
    .await;
    siege.others_are_served().await;
    siege.over(BOUND + BEYOND).await;
}
