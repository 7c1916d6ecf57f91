//! The server's process: one thread on loopback, like the receiver. Ends when its standard input does.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use crate::children::parent_gone;
use crate::listeners::config;

/// Frames that may wait for one connection; one that is slower is cut.
const QUEUE: usize = 256;
/// Frames that are written before a flush, at most.
const BATCH: usize = 64;

/// The queues of those who listen.
type Listening = Arc<Mutex<Vec<mpsc::Sender<Bytes>>>>;

/// Serves until standard input ends. Prints its address as one line of JSON.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("binding the bare WebSocket server")?;
    println!("{}", serde_json::json!({ "listening": listener.local_addr()? }));
    let listening = Listening::default();
    tokio::select! {
        () = parent_gone() => Ok(()),
        result = accept(&listener, &listening) => result,
    }
}

async fn accept(listener: &TcpListener, listening: &Listening) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("accepting a connection")?;
        let listening = Arc::clone(listening);
        tokio::spawn(async move {
            // Whoever is cut off counts what he has missed.
            if let Err(error) = connection(stream, &listening).await {
                eprintln!("bare WebSocket server: {error:#}");
            }
        });
    }
}

async fn connection(stream: TcpStream, listening: &Listening) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut speaks = false;
    #[expect(clippy::result_large_err, reason = "the library's own signature")]
    let look = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        speaks = request.uri().path() == "/speak";
        Ok(response)
    };
    let socket = accept_hdr_async_with_config(stream, look, Some(config())).await?;
    if speaks { speak(socket, listening).await } else { listen(socket, listening).await }
}

/// Gives everything that is said to everybody who listens.
async fn speak(mut socket: WebSocketStream<TcpStream>, listening: &Listening) -> anyhow::Result<()> {
    while let Some(frame) = socket.next().await {
        if let Frame::Binary(bytes) = frame? {
            let mut queues = listening.lock().unwrap_or_else(PoisonError::into_inner);
            queues.retain(|queue| queue.try_send(bytes.clone()).is_ok());
        }
    }
    Ok(())
}

async fn listen(mut socket: WebSocketStream<TcpStream>, listening: &Listening) -> anyhow::Result<()> {
    let (queue, mut waiting) = mpsc::channel(QUEUE);
    listening.lock().unwrap_or_else(PoisonError::into_inner).push(queue);
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            count = waiting.recv_many(&mut batch, BATCH) => {
                if count == 0 {
                    return Ok(());
                }
                for bytes in batch.drain(..) {
                    socket.feed(Frame::Binary(bytes)).await?;
                }
                socket.flush().await?;
            }
            frame = socket.next() => match frame {
                Some(frame) => drop(frame?),
                None => return Ok(()),
            },
        }
    }
}
