//! A chat client on a WebSocket.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_util::{SinkExt as _, StreamExt as _};
use prost::Message as _;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::SOON;
use crate::gob;
use crate::inbox::Inbox;
use crate::wire::{Ask, MsgData, SendMsgResp, Told, request};

/// Whose connection, and how it is opened.
#[derive(Debug, Clone)]
pub struct Login {
    pub user: String,
    pub token: String,
    pub platform: i32,
    /// Ask for the result of the handshake as a first text frame.
    pub is_msg_resp: bool,
    /// Compress every frame.
    pub gzip: bool,
    /// Speak gob, as clients with a Go core do, and say so by not saying `sdkType`.
    pub gob: bool,
    /// Parameters added to the query; an empty value takes the parameter away.
    pub changed: Vec<(String, String)>,
    /// Path before the query.
    pub path: String,
}

impl Login {
    #[must_use]
    pub fn new(user: &str, token: &str, platform: i32) -> Self {
        Self {
            user: user.to_owned(),
            token: token.to_owned(),
            platform,
            is_msg_resp: true,
            gzip: false,
            gob: false,
            changed: Vec::new(),
            path: "/".to_owned(),
        }
    }

    /// With another value for a parameter of the query; empty = without it.
    #[must_use]
    pub fn change(mut self, name: &str, value: &str) -> Self {
        self.changed.push((name.to_owned(), value.to_owned()));
        self
    }

    fn url(&self, host: &str) -> String {
        let mut query = vec![
            ("sendID", self.user.clone()),
            ("token", self.token.clone()),
            ("platformID", self.platform.to_string()),
            ("operationID", format!("login-{}", self.user)),
            ("isBackground", "false".to_owned()),
        ];
        if !self.gob {
            query.push(("sdkType", "js".to_owned()));
        }
        if self.is_msg_resp {
            query.push(("isMsgResp", "true".to_owned()));
        }
        if self.gzip {
            query.push(("compression", "gzip".to_owned()));
        }
        for (name, value) in &self.changed {
            query.retain(|(known, _)| known != name);
            if !value.is_empty() {
                query.push((name, value.clone()));
            }
        }
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("ws://{host}{}?{}", self.path, query.join("&"))
    }
}

/// How a handshake was refused.
#[derive(Debug, Clone, PartialEq)]
pub enum TurnedAway {
    /// Upgraded, told so in a text frame, closed.
    Frame(Value),
    /// Not upgraded.
    Http(u16, Value),
    /// The connection broke, or there was none.
    Lost(String),
}

impl TurnedAway {
    /// The error's code.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn code(&self) -> i64 {
        let (Self::Frame(body) | Self::Http(_, body)) = self else { panic!("no answer: {self:?}") };
        body["errCode"].as_i64().unwrap_or_else(|| panic!("no errCode in {body}"))
    }
}

/// Something that arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub at: Instant,
    pub what: What,
}

/// What arrived.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The answer to a request.
    Answer(Told),
    /// A push and its messages.
    Push(Told, Vec<MsgData>),
    /// "Logged in elsewhere".
    Kicked,
    Text(String),
    /// A WebSocket pong.
    Pong,
    /// The connection is gone.
    Closed,
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    pub user: String,
    pub platform: i32,
    /// Everything that arrived after the handshake, in order.
    pub arrived: Arc<Inbox<Arrived>>,
    outbox: mpsc::UnboundedSender<Message>,
    codec: Codec,
    count: AtomicU64,
}

/// How the frames of a connection are written.
#[derive(Debug, Clone, Copy)]
struct Codec {
    gob: bool,
    gzip: bool,
}

impl Codec {
    fn write(self, ask: &Ask) -> Vec<u8> {
        let plain = if self.gob { gob::encode(ask) } else { ask.encode() };
        if self.gzip { gzip(&plain) } else { plain }
    }

    fn read(self, bytes: &[u8]) -> Told {
        let plain = if self.gzip { gunzip(bytes) } else { bytes.to_vec() };
        if self.gob { gob::decode(&plain) } else { Told::decode(&plain) }
    }
}

/// The answer to a send.
#[derive(Debug, Clone)]
pub struct Answered {
    pub told: Told,
    /// What the envelope holds; empty where it is an error.
    pub sent: SendMsgResp,
}

impl Answered {
    /// What the server says of a message that it took.
    ///
    /// # Panics
    /// When it did not.
    #[allow(clippy::must_use_candidate, reason = "often called for the check alone")]
    pub fn taken(self) -> SendMsgResp {
        assert_eq!(self.told.code, 0, "refused: {:?}", self.told);
        self.sent
    }
}

impl Client {
    /// Connects and logs in.
    ///
    /// # Errors
    /// How the server refused it.
    ///
    /// # Panics
    /// When the server does not speak the protocol.
    pub async fn connect(addr: SocketAddr, login: &Login) -> Result<Self, TurnedAway> {
        let lost = |error: std::io::Error| TurnedAway::Lost(error.to_string());
        let stream = TcpStream::connect(addr).await.map_err(lost)?;
        stream.set_nodelay(true).map_err(lost)?;
        Self::over(stream, &addr.to_string(), login).await
    }

    /// Logs in over a connection that is already there.
    ///
    /// # Errors
    /// How the server refused it.
    ///
    /// # Panics
    /// When the server does not speak the protocol.
    pub async fn over<S>(stream: S, host: &str, login: &Login) -> Result<Self, TurnedAway>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let shaking = tokio_tungstenite::client_async(login.url(host), stream);
        let mut socket = match tokio::time::timeout(SOON, shaking).await.expect("the handshake ends") {
            Ok((socket, _)) => socket,
            Err(Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                return Err(TurnedAway::Http(response.status().as_u16(), body));
            }
            Err(error) => return Err(TurnedAway::Lost(error.to_string())),
        };
        if login.is_msg_resp {
            welcome(&mut socket).await?;
        }
        let (outbox, orders) = mpsc::unbounded_channel();
        let arrived = Inbox::new();
        let codec = Codec { gob: login.gob, gzip: login.gzip };
        tokio::spawn(drive(socket, orders, Arc::clone(&arrived), codec));
        Ok(Self {
            user: login.user.clone(),
            platform: login.platform,
            arrived,
            outbox,
            codec,
            count: AtomicU64::new(0),
        })
    }

    /// Sends a frame as it is. Nothing happens when the connection is gone.
    pub fn send_raw(&self, message: Message) {
        let _ = self.outbox.send(message);
    }

    /// Sends a request and does not wait.
    pub fn post(&self, ask: &Ask) {
        self.send_raw(Message::binary(self.codec.write(ask)));
    }

    /// A request with fresh ids.
    #[must_use]
    pub fn ask(&self, number: i64, data: Vec<u8>) -> Ask {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let (user, platform) = (&self.user, self.platform);
        Ask {
            request: number,
            incr: format!("{user}-{platform}-{count}"),
            user: user.clone(),
            operation_id: format!("ws-{user}-{platform}-{count}"),
            data,
        }
    }

    /// Waits for the answer to a request.
    ///
    /// # Panics
    /// When none comes.
    pub async fn answer(&self, incr: &str) -> Told {
        self.try_answer(incr).await.unwrap_or_else(|| panic!("no answer to {incr}: {:?}", self.arrived.all()))
    }

    /// Waits for the answer to a request; `None` when the connection ends before.
    pub async fn try_answer(&self, incr: &str) -> Option<Told> {
        self.arrived
            .wait(SOON, |seen| {
                let answer = seen.iter().find_map(|one| match &one.what {
                    What::Answer(told) if told.incr == incr => Some(told.clone()),
                    _ => None,
                });
                let gone = seen.iter().any(|one| one.what == What::Closed);
                answer.map(Some).or_else(|| gone.then_some(None))
            })
            .await
            .flatten()
    }

    /// Sends a request and waits for the answer.
    ///
    /// # Panics
    /// When none comes.
    pub async fn request(&self, number: i64, data: Vec<u8>) -> Told {
        let ask = self.ask(number, data);
        self.post(&ask);
        self.answer(&ask.incr).await
    }

    /// Sends a message and waits for the answer, which may be a refusal.
    ///
    /// # Panics
    /// When none comes.
    pub async fn send(&self, message: &MsgData) -> Answered {
        let told = self.request(request::SEND, message.encode_to_vec()).await;
        let sent = if told.code == 0 { told.expect() } else { SendMsgResp::default() };
        Answered { told, sent }
    }

    /// A text message from this client to a user.
    #[must_use]
    pub fn text_to(&self, to: &str, text: &str) -> MsgData {
        MsgData { recv_id: to.to_owned(), session_type: 1, ..self.message(text) }
    }

    /// A text message from this client to a group.
    #[must_use]
    pub fn text_to_group(&self, group: &str, text: &str) -> MsgData {
        MsgData { group_id: group.to_owned(), session_type: 3, ..self.message(text) }
    }

    fn message(&self, text: &str) -> MsgData {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        MsgData {
            send_id: self.user.clone(),
            client_msg_id: format!("{}-{}-{count}-{:08x}", self.user, self.platform, rand::random::<u32>()),
            sender_platform_id: self.platform,
            sender_nickname: format!("{} (shown)", self.user),
            msg_from: 100,
            content_type: 101,
            content: json!({ "content": text }).to_string().into_bytes(),
            create_time: crate::token::now_s() * 1000,
            status: 1,
            options: HashMap::new(),
            ..MsgData::default()
        }
    }

    /// Waits for a pushed message for which `pick` says yes.
    ///
    /// # Panics
    /// When none comes.
    pub async fn pushed(&self, mut pick: impl FnMut(&MsgData) -> bool) -> MsgData {
        self.arrived
            .wait(SOON, |seen| {
                seen.iter().find_map(|one| match &one.what {
                    What::Push(_, messages) => messages.iter().find(|message| pick(message)).cloned(),
                    _ => None,
                })
            })
            .await
            .unwrap_or_else(|| panic!("{}: the push did not come: {:?}", self.user, self.arrived.all()))
    }

    /// Waits for the push of this client message id.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn pushed_id(&self, client_msg_id: &str) -> MsgData {
        self.pushed(|message| message.client_msg_id == client_msg_id).await
    }

    /// All pushed messages so far, in order.
    #[must_use]
    pub fn pushes(&self) -> Vec<MsgData> {
        let flat = |one: Arrived| if let What::Push(_, messages) = one.what { messages } else { Vec::new() };
        self.arrived.all().into_iter().flat_map(flat).collect()
    }

    /// Waits until so many messages were pushed: all of them, in order.
    ///
    /// # Panics
    /// When they are not.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<MsgData> {
        let many = |seen: &[Arrived]| {
            let sizes = seen
                .iter()
                .map(|one| if let What::Push(_, messages) = &one.what { messages.len() } else { 0 });
            (sizes.sum::<usize>() >= count).then_some(())
        };
        let came = self.arrived.wait(SOON, many).await;
        assert!(came.is_some(), "{}: {count} messages did not come: {:?}", self.user, self.pushes());
        self.pushes()
    }

    /// Waits for something that arrived.
    ///
    /// # Panics
    /// When it does not.
    pub async fn saw(&self, pick: impl FnMut(&Arrived) -> bool) -> Arrived {
        self.saw_within(SOON, pick).await.unwrap_or_else(|| panic!("not seen: {:?}", self.arrived.all()))
    }

    /// Waits so long for something that arrived.
    pub async fn saw_within(
        &self,
        within: Duration,
        mut pick: impl FnMut(&Arrived) -> bool,
    ) -> Option<Arrived> {
        self.arrived.wait(within, |seen| seen.iter().find(|one| pick(one)).cloned()).await
    }

    /// Waits until the server has closed the connection.
    ///
    /// # Panics
    /// When it does not.
    pub async fn closed(&self) {
        self.saw(|one| one.what == What::Closed).await;
    }
}

/// Reads the result of the handshake: the first frame.
async fn welcome<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
) -> Result<(), TurnedAway> {
    let first = tokio::time::timeout(SOON, socket.next()).await.expect("the result of the handshake comes");
    let text = match first {
        Some(Ok(Message::Text(text))) => text,
        Some(Ok(other)) => panic!("not the result of a handshake: {other:?}"),
        Some(Err(error)) => return Err(TurnedAway::Lost(error.to_string())),
        None => return Err(TurnedAway::Lost("closed".to_owned())),
    };
    let result: Value = serde_json::from_str(&text).expect("the result of the handshake is JSON");
    if result["errCode"] == json!(0) {
        return Ok(());
    }
    let rest = tokio::time::timeout(SOON, socket.next()).await.expect("a refused connection is closed");
    assert!(!matches!(rest, Some(Ok(Message::Text(_) | Message::Binary(_)))), "after a refusal: {rest:?}");
    Err(TurnedAway::Frame(result))
}

async fn drive<S: AsyncRead + AsyncWrite + Unpin>(
    socket: WebSocketStream<S>,
    mut orders: mpsc::UnboundedReceiver<Message>,
    arrived: Arc<Inbox<Arrived>>,
    codec: Codec,
) {
    let (mut sink, mut stream) = socket.split();
    let note = |what| arrived.push(Arrived { at: Instant::now(), what });
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some(order) = order else { break };
                if sink.send(order).await.is_err() {
                    break;
                }
            }
            frame = stream.next() => match frame {
                Some(Ok(Message::Text(text))) => note(What::Text(Utf8Bytes::to_string(&text))),
                Some(Ok(Message::Binary(bytes))) => note(read(codec.read(&bytes))),
                Some(Ok(Message::Pong(_))) => note(What::Pong),
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    note(What::Closed);
}

fn read(told: Told) -> What {
    match told.request {
        request::PUSH => {
            let messages = told.messages();
            What::Push(told, messages)
        }
        request::KICKED => What::Kicked,
        _ => What::Answer(told),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain).expect("every frame is one gzip member");
    plain
}
