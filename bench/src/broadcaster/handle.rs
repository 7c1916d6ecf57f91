//! The parent's side of the bare WebSocket server.

use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::children::announced_address;
use crate::listeners::connect_bare;

/// A running bare server, and the connection that speaks to it; ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Broadcaster {
    child: Child,
    speaker: Mutex<WebSocketStream<TcpStream>>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Broadcaster {
    /// Starts one.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let this = std::env::current_exe().context("finding this binary")?;
        let mut child = Command::new(this)
            .arg("broadcaster")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting the bare WebSocket server")?;
        let address = announced_address(&mut child).await.context("starting the bare WebSocket server")?;
        let speaker = Mutex::new(connect_bare(address, "speak").await?);
        Ok(Self { child, speaker, address })
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Says something to everybody who listens.
    pub(crate) async fn say(&self, frame: Bytes) -> anyhow::Result<()> {
        self.speaker
            .lock()
            .await
            .send(Frame::Binary(frame))
            .await
            .context("speaking to the bare WebSocket server")
    }
}
