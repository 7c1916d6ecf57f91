//! A client of the chat: logs in over a WebSocket, sends texts, hears what the server says.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use ringback_dialects::client::{self, Codec, Heard};
use ringback_model::dialect::Frame;
use ringback_model::user::Platform;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::scene::Seen;

/// Time for connecting, the handshake and the server's welcome.
const LOGIN: Duration = Duration::from_secs(5);
/// Frames that may wait for a slow server.
const OUTGOING: usize = 16;

/// Browsers are pinged by the server, so that a quiet client stays connected.
pub const PLATFORM: Platform = Platform::WEB;
/// What the clients speak: the one that can be read in a browser's tools.
pub const CODEC: Codec = Codec::JSON;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A client that is logged in.
#[derive(Debug)]
pub struct ChatClient {
    user: Arc<str>,
    outgoing: mpsc::Sender<Frame>,
    connection: JoinHandle<()>,
}

impl ChatClient {
    /// Logs in. What the server says afterwards goes to `seen`.
    ///
    /// # Errors
    /// The server cannot be reached or does not want this user.
    pub async fn log_in(
        base: &str,
        user: &str,
        token: &str,
        seen: mpsc::Sender<Seen>,
    ) -> anyhow::Result<Self> {
        let url = client::connect_url(base, user, token, PLATFORM, &format!("demo-login-{user}"), CODEC);
        let welcomed = async {
            let (mut socket, _) = tokio_tungstenite::connect_async(url).await?;
            while let Some(message) = socket.next().await {
                let Some(frame) = frame_of(message?) else { continue };
                if client::hear(&frame, CODEC)? == Heard::Welcome {
                    return Ok(socket);
                }
            }
            bail!("the server closed the connection")
        };
        let welcomed = tokio::time::timeout(LOGIN, welcomed).await;
        let socket = welcomed.unwrap_or_else(|_| bail!("no welcome within {} s", LOGIN.as_secs()));
        let socket = socket.with_context(|| format!("{user} cannot log in"))?;
        let user: Arc<str> = Arc::from(user);
        let (outgoing, queue) = mpsc::channel(OUTGOING);
        let connection = tokio::spawn(carry(socket, Arc::clone(&user), queue, seen));
        Ok(Self { user, outgoing, connection })
    }

    /// Whose client it is.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send(&self, frame: Frame) -> anyhow::Result<()> {
        self.outgoing.send(frame).await.with_context(|| format!("{} is not connected any more", self.user))
    }

    /// Logs out.
    pub async fn leave(self) {
        drop(self.outgoing);
        // A task of ours that only ends or is ended with the process.
        drop(self.connection.await);
    }
}

/// Carries frames both ways until either side goes.
async fn carry(
    mut socket: Socket,
    user: Arc<str>,
    mut queue: mpsc::Receiver<Frame>,
    seen: mpsc::Sender<Seen>,
) {
    loop {
        tokio::select! {
            frame = queue.recv() => {
                let Some(frame) = frame else { break };
                if socket.send(message_of(frame)).await.is_err() {
                    break;
                }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { break };
                let Some(frame) = frame_of(message) else { continue };
                let heard = client::hear(&frame, CODEC);
                if seen.send(Seen::Heard { user: Arc::clone(&user), heard }).await.is_err() {
                    break;
                }
            }
        }
    }
    // The far end may be gone already.
    drop(socket.close(None).await);
}

fn message_of(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::text(text),
        Frame::Binary(bytes) => Message::binary(bytes),
    }
}

/// Pings and the like are no frames of the chat.
fn frame_of(message: Message) -> Option<Frame> {
    match message {
        Message::Text(text) => Some(Frame::Text(text.as_str().to_owned())),
        Message::Binary(bytes) => Some(Frame::Binary(bytes.to_vec())),
        _ => None,
    }
}
