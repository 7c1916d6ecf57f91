//! Load over WebSockets: connected clients that send messages and read answers, each with so many unanswered at once.
//! JSON envelopes in binary frames, protobuf inside, as browsers' clients speak it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::chat::{Conversations, PLATFORM, Rest, sender, text};
use crate::load::{Bounds, Tally};

/// Request identifier of a send.
const SEND: i32 = 1003;
/// Longest wait for an answer.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

/// The fields of a message that a client fills.
#[derive(Clone, PartialEq, prost::Message)]
struct Message {
    #[prost(string, tag = "1")]
    from: String,
    #[prost(string, tag = "2")]
    to: String,
    #[prost(string, tag = "4")]
    client_id: String,
    #[prost(int32, tag = "6")]
    platform: i32,
    #[prost(int32, tag = "9")]
    session_type: i32,
    #[prost(int32, tag = "10")]
    written_by: i32,
    #[prost(int32, tag = "11")]
    content_type: i32,
    #[prost(bytes = "vec", tag = "12")]
    content: Vec<u8>,
}

/// The fields of an answer or a push that matter here.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "reqIdentifier")]
    request: i32,
    #[serde(rename = "msgIncr", borrow)]
    key: &'a str,
    #[serde(rename = "errCode")]
    code: i32,
    #[serde(rename = "errMsg", borrow)]
    text: std::borrow::Cow<'a, str>,
}

/// The connected senders of some conversations.
pub(crate) struct Clients {
    clients: Vec<Client>,
    characters: u16,
}

struct Client {
    socket: WebSocketStream<TcpStream>,
    name: String,
    recipients: Vec<String>,
    sent: u64,
}

impl Clients {
    /// Connects every sender.
    pub(crate) async fn connect(
        rest: &Rest,
        address: SocketAddr,
        conversations: Conversations,
        characters: u16,
    ) -> anyhow::Result<Self> {
        let mut clients = Vec::new();
        for at in 0..conversations.senders() {
            let name = sender(at);
            let token = rest.user_token(&name).await?;
            clients.push(Client {
                socket: connect(address, &name, &token, None).await?,
                recipients: conversations.recipients_of(at),
                name,
                sent: 0,
            });
        }
        Ok(Self { clients, characters })
    }

    /// Sends with so many in flight over all connections: as many on each.
    pub(crate) async fn run(&mut self, in_flight: usize, bounds: Bounds) -> anyhow::Result<Tally> {
        let depth = in_flight.div_ceil(self.clients.len().max(1));
        let tally = RefCell::new(Tally::new()?);
        let started = Instant::now();
        let characters = self.characters;
        let mut running: FuturesUnordered<_> = self
            .clients
            .iter_mut()
            .map(|client| client.run(depth, started, bounds, characters, &tally))
            .collect();
        while let Some(result) = running.next().await {
            result?;
        }
        drop(running);
        let mut tally = tally.into_inner();
        tally.elapsed = started.elapsed();
        Ok(tally)
    }
}

impl Client {
    async fn run(
        &mut self,
        depth: usize,
        started: Instant,
        bounds: Bounds,
        characters: u16,
        tally: &RefCell<Tally>,
    ) -> anyhow::Result<()> {
        let mut unanswered: HashMap<String, Instant> = HashMap::new();
        loop {
            let mut more = false;
            while unanswered.len() < depth && started.elapsed() < bounds.time {
                let (key, frame) = self.next_send(characters);
                unanswered.insert(key, Instant::now());
                self.socket.feed(frame).await.context("sending a frame")?;
                more = true;
            }
            if more {
                self.socket.flush().await.context("sending a frame")?;
            }
            if unanswered.is_empty() {
                return Ok(());
            }
            let frame = self.read().await?;
            let answer: Envelope<'_> = serde_json::from_slice(&frame).context("reading a frame")?;
            // Everything else is the echo of what was sent: a sender's devices all get it.
            if answer.request == SEND
                && let Some(asked) = unanswered.remove(answer.key)
            {
                let result = match answer.code {
                    0 => Ok(()),
                    code => Err(anyhow::anyhow!("the send was refused: {code} {}", answer.text)),
                };
                tally.borrow_mut().count(asked, result);
            }
        }
    }

    fn next_send(&mut self, characters: u16) -> (String, Frame) {
        let number = self.sent;
        self.sent += 1;
        let at = usize::try_from(number % self.recipients.len().max(1) as u64).unwrap_or(0);
        let key = format!("{}-{number}", self.name);
        let message = Message {
            from: self.name.clone(),
            to: self.recipients.get(at).cloned().unwrap_or_default(),
            client_id: key.clone(),
            platform: PLATFORM,
            session_type: 1,
            written_by: 100,
            content_type: 101,
            content: format!(r#"{{"content":"{}"}}"#, text(characters)).into_bytes(),
        };
        let data = STANDARD.encode(message.encode_to_vec());
        let envelope = format!(
            r#"{{"reqIdentifier":{SEND},"sendID":"{}","operationID":"{key}","msgIncr":"{key}","data":"{data}"}}"#,
            self.name
        );
        (key, Frame::Binary(Bytes::from(envelope)))
    }

    /// The next binary frame.
    async fn read(&mut self) -> anyhow::Result<Bytes> {
        loop {
            let frame = tokio::time::timeout(ANSWER_WAIT, self.socket.next())
                .await
                .with_context(|| format!("no answer in {ANSWER_WAIT:?}"))?;
            match frame.context("the server closed the connection")?.context("reading a frame")? {
                Frame::Binary(bytes) => return Ok(bytes),
                Frame::Close(why) => bail!("the server closed the connection: {why:?}"),
                _ => {}
            }
        }
    }
}

/// Connects a user; `config` says how large the buffers are.
pub(crate) async fn connect(
    address: SocketAddr,
    user: &str,
    token: &str,
    config: Option<WebSocketConfig>,
) -> anyhow::Result<WebSocketStream<TcpStream>> {
    #[derive(Deserialize)]
    struct Welcome {
        #[serde(rename = "errCode")]
        code: i32,
    }
    let stream = TcpStream::connect(address).await.context("connecting a client")?;
    stream.set_nodelay(true)?;
    let url = format!(
        "ws://{address}/?sendID={user}&token={token}&platformID={PLATFORM}&operationID=bench-{user}\
         &isBackground=false&isMsgResp=true&sdkType=js"
    );
    let (mut socket, _) =
        client_async_with_config(url, stream, config).await.context("the WebSocket handshake")?;
    let first = tokio::time::timeout(ANSWER_WAIT, socket.next())
        .await
        .context("no welcome")?
        .context("closed instead of a welcome")??;
    let welcome: Welcome = serde_json::from_str(first.to_text()?).context("reading the welcome")?;
    ensure!(welcome.code == 0, "the server turned {user} away: {first}");
    Ok(socket)
}
