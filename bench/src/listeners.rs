//! Connected users who only listen: they count what is pushed to them, and answer pings.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::chat::Rest;
use crate::socket::connect;

/// Connections that are being opened at once.
const OPENING: usize = 64;
/// Bytes of a connection's read buffer: small, so that ten thousand of them fit, and fast.
const READ_BUFFER: usize = 4096;
/// How a frame that pushes a message is marked, near its beginning.
const PUSH: &[u8] = br#""reqIdentifier":2001"#;
/// Bytes in which the mark is looked for.
const HEAD: usize = 256;

/// What the listeners have heard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Pushes, over all connections.
    pub(crate) pushes: u64,
    /// Bytes of their frames.
    pub(crate) bytes: u64,
    /// Connections that have ended.
    pub(crate) ended: u64,
}

/// A user and the token that lets him in.
pub(crate) struct Pass {
    user: String,
    token: String,
}

/// Tokens for users.
pub(crate) async fn passes(rest: &Rest, users: &[String]) -> anyhow::Result<Vec<Pass>> {
    let ask =
        async |user: &String| anyhow::Ok(Pass { user: user.clone(), token: rest.user_token(user).await? });
    futures_util::stream::iter(users).map(ask).buffer_unordered(OPENING).try_collect().await
}

/// Connections that listen until this is dropped.
#[derive(Debug)]
pub(crate) struct Listeners {
    ear: Arc<Ear>,
    tasks: JoinSet<()>,
}

/// What all of them count into. Whoever waits names the count that matters to him: to be woken by every push would
/// cost more than to read it.
#[derive(Debug)]
struct Ear {
    pushes: AtomicU64,
    bytes: AtomicU64,
    ended: AtomicU64,
    /// The smallest count that somebody waits for.
    wake_at: AtomicU64,
    enough: Notify,
}

impl Ear {
    fn new() -> Self {
        Self {
            pushes: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            wake_at: AtomicU64::new(u64::MAX),
            enough: Notify::new(),
        }
    }

    fn hear(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
        let pushes = self.pushes.fetch_add(1, Relaxed) + 1;
        if pushes >= self.wake_at.load(Relaxed) {
            self.wake();
        }
    }

    fn end(&self) {
        self.ended.fetch_add(1, Relaxed);
        self.wake();
    }

    /// Wakes everybody; those who wait for more say so again.
    fn wake(&self) {
        self.wake_at.store(u64::MAX, Relaxed);
        self.enough.notify_waiters();
    }

    /// Waits for so many pushes, or for the end of a connection.
    async fn wait(&self, pushes: u64) {
        loop {
            let mut enough = pin!(self.enough.notified());
            // From here on no waking is missed; the run is one thread.
            enough.as_mut().enable();
            if self.pushes.load(Relaxed) >= pushes || self.ended.load(Relaxed) > 0 {
                return;
            }
            self.wake_at.fetch_min(pushes, Relaxed);
            enough.await;
        }
    }
}

impl Listeners {
    /// Connects users who are registered with a server.
    pub(crate) async fn connect(rest: &Rest, address: SocketAddr, users: &[String]) -> anyhow::Result<Self> {
        Self::connect_with(&passes(rest, users).await?, address).await
    }

    /// Connects users who have their tokens.
    pub(crate) async fn connect_with(passes: &[Pass], address: SocketAddr) -> anyhow::Result<Self> {
        let open = async |pass: &Pass| connect(address, &pass.user, &pass.token, Some(config())).await;
        Self::open(passes, open).await
    }

    /// Connects so many to the bare server.
    pub(crate) async fn connect_bare(address: SocketAddr, count: usize) -> anyhow::Result<Self> {
        let all: Vec<usize> = (0..count).collect();
        Self::open(&all, async |_| connect_bare(address, "listen").await).await
    }

    async fn open<T>(
        all: &[T],
        connect: impl AsyncFn(&T) -> anyhow::Result<WebSocketStream<TcpStream>>,
    ) -> anyhow::Result<Self> {
        let opening = futures_util::stream::iter(all).map(|one| connect(one)).buffer_unordered(OPENING);
        let sockets: Vec<_> = opening.try_collect().await?;
        let ear = Arc::new(Ear::new());
        let tasks = sockets.into_iter().map(|socket| listen(socket, Arc::clone(&ear))).collect();
        Ok(Self { ear, tasks })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.tasks.len()
    }

    /// What they have heard since they were connected.
    pub(crate) fn heard(&self) -> Heard {
        Heard {
            pushes: self.ear.pushes.load(Relaxed),
            bytes: self.ear.bytes.load(Relaxed),
            ended: self.ear.ended.load(Relaxed),
        }
    }

    /// Waits until they have heard so many pushes since they were connected, at most for `patience`, and not beyond
    /// the end of a connection.
    pub(crate) async fn wait(&self, pushes: u64, patience: Duration) -> Heard {
        // Whether it came so far shows in what is answered.
        _ = tokio::time::timeout(patience, self.ear.wait(pushes)).await;
        self.heard()
    }
}

/// Connects to the bare server; `role` says what for.
pub(crate) async fn connect_bare(
    address: SocketAddr,
    role: &str,
) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(address).await.context("connecting to the bare server")?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}/{role}");
    let (socket, _) = client_async_with_config(url, stream, Some(config())).await?;
    Ok(socket)
}

/// Small buffers.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(READ_BUFFER)
}

async fn listen(mut socket: WebSocketStream<TcpStream>, ear: Arc<Ear>) {
    // Reading answers pings.
    while let Some(Ok(frame)) = socket.next().await {
        if let Frame::Binary(bytes) = frame
            && is_push(&bytes)
        {
            ear.hear(bytes.len());
        }
    }
    ear.end();
}

fn is_push(frame: &Bytes) -> bool {
    let head = frame.get(..HEAD).unwrap_or(frame);
    head.windows(PUSH.len()).any(|window| window == PUSH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pushes_are_counted() {
        assert!(is_push(&Bytes::from_static(br#"{"reqIdentifier":2001,"data":""}"#)));
        assert!(is_push(&Bytes::from_static(br#"{"errCode":0,"reqIdentifier":2001}"#)));
        assert!(!is_push(&Bytes::from_static(br#"{"reqIdentifier":1003}"#)));
        assert!(!is_push(&Bytes::from_static(b"")));
    }

    #[tokio::test]
    async fn those_who_wait_are_woken_at_their_own_count() {
        let ear = Ear::new();
        let hear = async {
            for _ in 0..20 {
                ear.hear(1);
                tokio::task::yield_now().await;
            }
        };
        let reached = async |count| {
            ear.wait(count).await;
            ear.pushes.load(Relaxed)
        };
        let (three, seven, ()) = tokio::join!(reached(3), reached(7), hear);
        assert!((3..7).contains(&three), "{three}");
        assert!((7..20).contains(&seven), "{seven}");
        assert_eq!(ear.bytes.load(Relaxed), 20);
    }

    #[tokio::test]
    async fn nobody_waits_beyond_the_end_of_a_connection() {
        let ear = Ear::new();
        let end = async { ear.end() };
        tokio::join!(ear.wait(1), end);
        assert_eq!(ear.pushes.load(Relaxed), 0);
    }
}
