//! One WebSocket, from welcome to close: a reader, a writer, and the requests that are worked on beside them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use ringback_model::command::{Actor, Call, Command, Outcome};
use ringback_model::dialect::{Correlation, Frame, Hello, Incoming};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::ports::Sessions as _;
use ringback_model::presence::CutReason;
use ringback_model::user::DeviceSeen;
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Sockets;
use super::order::SendOrder;
use super::sessions::{Identity, Membership, Outgoing, Peer, Waiting, message};
use crate::listener::Connection;
use crate::product::Done;

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// Bytes read at once. Every idle connection holds so many; a message of usual size fits.
const READ_BUFFER: usize = 2 * 1024;
/// Bytes collected before they are written although more is waiting. A connection that was written to in bursts keeps
/// about so many for as long as it lives.
const WRITE_BUFFER: usize = 16 * 1024;

/// A client whose handshake was accepted.
pub(super) struct Accepted {
    pub(super) hello: Hello,
    pub(super) actor: Actor,
    pub(super) welcome: Option<Frame>,
    /// Held for as long as the connection lives.
    pub(super) place: Option<Arc<Connection>>,
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER + 2 * limits::SOCKET_QUEUE_BYTES)
        .max_message_size(Some(limits::FRAME_BYTES))
        .max_frame_size(Some(limits::FRAME_BYTES))
}

async fn open(on_upgrade: OnUpgrade) -> Option<Stream> {
    // The client may go before it has read our answer.
    let upgraded = tokio::time::timeout(limits::HEADER_READ, on_upgrade).await.ok()?.ok()?;
    Some(WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config())).await)
}

/// Tells a client why it is turned away, in the form that it asked for.
pub(super) async fn say_and_close(on_upgrade: OnUpgrade, frame: Frame) {
    let Some(mut stream) = open(on_upgrade).await else { return };
    let said = async {
        stream.send(message(frame)).await?;
        stream.close(None).await?;
        while stream.next().await.is_some_and(|read| read.is_ok()) {}
        Ok::<_, Error>(())
    };
    // Whether the client heard it is its own business.
    let _ = tokio::time::timeout(limits::SOCKET_CLOSE, said).await;
}

/// Runs a connection to its end. Two futures one after the other rather than one: what the first one needed takes no
/// memory while the second one waits, which is nearly always.
pub(super) fn run(
    sockets: Arc<Sockets>,
    on_upgrade: OnUpgrade,
    accepted: Accepted,
) -> impl Future<Output = ()> + Send {
    enter(sockets, on_upgrade, accepted).then(hold)
}

/// A connection that others see.
struct Conversation {
    requests: Requests,
    stream: SplitStream<Stream>,
    writer: Writer,
    /// Given up with the conversation.
    _membership: Membership,
    _place: Option<Arc<Connection>>,
}

async fn enter(sockets: Arc<Sockets>, on_upgrade: OnUpgrade, accepted: Accepted) -> Option<Conversation> {
    let mut stream = open(on_upgrade).await?;
    let Accepted { hello, actor, welcome, place } = accepted;
    let identity = Identity {
        user: actor.user.clone(),
        platform: actor.platform,
        token_id: actor.token_id.clone(),
        background: hello.background,
        device: DeviceSeen {
            id: String::new(),
            address: place.as_ref().map_or_else(String::new, |place| place.address.to_string()),
            version: hello.version.clone(),
        },
        dialect: Arc::clone(&sockets.dialect),
        wire: hello.wire,
        operation_id: operation_id(&hello),
    };
    let Some((membership, waiting)) = sockets.sessions.join(identity, welcome) else {
        let full = CloseFrame { code: CloseCode::Again, reason: "too many connections".into() };
        let _ = tokio::time::timeout(limits::SOCKET_CLOSE, stream.close(Some(full))).await;
        return None;
    };
    let peer = Arc::clone(&membership.peer);
    for platform in actor.platform.ended_by_login(sockets.login_policy) {
        sockets.sessions.kick(&actor.user, platform, Some(&actor.token_id), CutReason::OtherLogin);
    }
    // The token may have been taken away between the handshake and our being visible to whoever takes it.
    if let Err(Failure::Refused(_)) = sockets.product.authenticate(hello.token.reveal()).await {
        sockets.sessions.cut_peer(&peer, CutReason::TokenTaken);
    }
    tracing::debug!(target: "ringback::ws", user = %actor.user, platform = actor.platform.0, "connected");
    let (sink, stream) = stream.split();
    let ping = hello.wants_pings.then(|| limits::SOCKET_PING.min(sockets.silence / 2));
    let requests = Requests::new(sockets, peer, actor);
    let writer = Writer { sink, waiting, ping };
    Some(Conversation { requests, stream, writer, _membership: membership, _place: place })
}

/// Callbacks carry it, so it is never empty.
fn operation_id(hello: &Hello) -> Arc<str> {
    if hello.operation_id.is_empty() {
        return Arc::from(format!("login-{}", hello.user));
    }
    Arc::from(hello.operation_id.as_str())
}

/// Reads and writes until both are over, or the connection is cut.
async fn hold(mut conversation: Option<Conversation>) {
    let Some(Conversation { requests, stream, writer, .. }) = &mut conversation else { return };
    let peer = Arc::clone(&requests.peer);
    let reading = requests.read(stream);
    let writing = writer.write();
    tokio::pin!(reading, writing);
    let closing = async {
        tokio::select! {
            end = &mut reading => {
                if let Some(code) = end {
                    peer.finish(None, code);
                    let _ = tokio::time::timeout(limits::SOCKET_CLOSE, &mut writing).await;
                }
            }
            written = &mut writing => {
                if written.is_ok() {
                    // Closed from our side: what was written last must reach the client before the socket goes.
                    let _ = tokio::time::timeout(limits::SOCKET_CLOSE, &mut reading).await;
                }
            }
        }
    };
    tokio::select! {
        () = closing => {}
        () = peer.cut().cancelled() => {}
    }
}

/// The writing half of a connection.
struct Writer {
    sink: SplitSink<Stream, Message>,
    waiting: Waiting,
    /// How often the client is pinged.
    ping: Option<Duration>,
}

impl Writer {
    /// Writes what is queued: everything that waits, then one flush. Ends after a close, or with the error that
    /// broke the connection.
    async fn write(&mut self) -> Result<(), Error> {
        let mut ping =
            self.ping.map(|every| tokio::time::interval_at(tokio::time::Instant::now() + every, every));
        loop {
            let batch = tokio::select! {
                biased;
                batch = self.waiting.next() => batch,
                () = tick(&mut ping) => {
                    self.sink.send(Message::Ping(Bytes::new())).await?;
                    continue;
                }
            };
            let mut close = None;
            for outgoing in batch.iter_mut() {
                match outgoing {
                    // The place stays: its ticket is given back after the flush, not before.
                    Outgoing::Message { message, .. } if close.is_none() => {
                        let message = std::mem::replace(message, Message::Binary(Bytes::new()));
                        self.sink.feed(message).await?;
                    }
                    Outgoing::Message { .. } => {}
                    Outgoing::Close(code) => close = Some(*code),
                }
            }
            self.sink.flush().await?;
            self.waiting.written();
            if let Some(code) = close {
                return self.sink.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
            }
        }
    }
}

async fn tick(interval: &mut Option<tokio::time::Interval>) {
    match interval {
        Some(interval) => {
            interval.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// The reading half of a connection, and the requests that came over it.
struct Requests {
    sockets: Arc<Sockets>,
    peer: Arc<Peer>,
    actor: Actor,
    order: SendOrder,
    /// Requests that have not been answered yet.
    open: Arc<Semaphore>,
    /// Sends that are worked on.
    sends: Arc<Semaphore>,
    /// Other requests that are worked on: sends that wait at the gate take nothing from them.
    others: Arc<Semaphore>,
    /// The client has said good-bye.
    leaving: bool,
}

impl Requests {
    fn new(sockets: Arc<Sockets>, peer: Arc<Peer>, actor: Actor) -> Self {
        let bound = |count| Arc::new(Semaphore::new(count));
        Self {
            sockets,
            peer,
            actor,
            order: SendOrder::default(),
            open: bound(limits::SOCKET_WAITING),
            sends: bound(limits::SOCKET_IN_FLIGHT),
            others: bound(limits::SOCKET_IN_FLIGHT),
            leaving: false,
        }
    }

    /// Reads until the client goes (`None`) or is to be told good-bye.
    async fn read(&mut self, stream: &mut SplitStream<Stream>) -> Option<CloseCode> {
        let stop = self.sockets.stop.clone();
        loop {
            let next = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.settled().await;
                    return Some(CloseCode::Away);
                }
                next = tokio::time::timeout(self.sockets.silence, stream.next()) => next,
            };
            let frame = match next {
                Err(_) => return self.end("silence", CloseCode::Away),
                Ok(None) => return None,
                Ok(Some(Err(Error::Capacity(_)))) => return self.end("oversized", CloseCode::Size),
                Ok(Some(Err(Error::Protocol(_) | Error::Utf8(_)))) => {
                    return self.end("protocol", CloseCode::Protocol);
                }
                Ok(Some(Err(_))) => return None,
                Ok(Some(Ok(Message::Text(text)))) => Frame::Text(text.as_str().to_owned()),
                Ok(Some(Ok(Message::Binary(bytes)))) => Frame::Binary(bytes.into()),
                // Pongs are written by the library; any of these is a sign of life.
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)))) => {
                    continue;
                }
            };
            if self.peer.is_ending() {
                continue;
            }
            if let Some(code) = self.take(&frame) {
                return Some(code);
            }
            if self.leaving {
                self.settled().await;
                return Some(CloseCode::Normal);
            }
        }
    }

    fn end(&self, reason: &'static str, code: CloseCode) -> Option<CloseCode> {
        metrics::counter!("ringback_sockets_cut_total", "reason" => reason).increment(1);
        tracing::debug!(target: "ringback::ws", user = %self.actor.user, reason, "connection ends");
        Some(code)
    }

    /// Resolves once every request was answered.
    async fn settled(&self) {
        let all = u32::try_from(limits::SOCKET_WAITING).unwrap_or(u32::MAX);
        // Never closed, so it cannot fail.
        let _ = self.open.acquire_many(all).await;
    }

    /// Acts on a frame; the answer says that the connection is over.
    fn take(&mut self, frame: &Frame) -> Option<CloseCode> {
        let dialect = &self.sockets.dialect;
        let wire = self.peer.identity().wire;
        // A decoder that panics must not take more with it than this connection.
        let read = std::panic::catch_unwind(AssertUnwindSafe(|| dialect.read(wire, &self.actor, frame)));
        match read.unwrap_or_else(|_| Incoming::Close("the decoder panicked".to_owned())) {
            Incoming::Request(to, command) => self.start(to, *command),
            Incoming::Background(to, background) => {
                self.peer.set_background(background);
                let done = dialect.answer(wire, &to, &Ok(Outcome::Done));
                self.peer.push(message(done), None);
            }
            Incoming::Follow(to, change) => {
                if let Err(refusal) = self.sockets.sessions.follow(&self.peer, &to, &change) {
                    self.refuse(&to, refusal);
                }
            }
            Incoming::Malformed(to, refusal) => self.refuse(&to, refusal),
            Incoming::Reply(frame) => self.peer.push(message(frame), None),
            Incoming::Ignore => {}
            Incoming::Bye(to, command) => {
                self.leaving = true;
                self.start(to, *command);
            }
            Incoming::Close(sentence) => {
                tracing::debug!(target: "ringback::ws", user = %self.actor.user, sentence, "protocol broken");
                return self.end("protocol", CloseCode::Policy);
            }
        }
        None
    }

    fn refuse(&self, to: &Correlation, refusal: Refusal) {
        let frame = self.sockets.dialect.answer(self.peer.identity().wire, to, &Err(refusal.into()));
        self.peer.push(message(frame), None);
    }

    /// Starts a request beside the reading; it goes on when the client goes.
    fn start(&mut self, to: Correlation, command: Command) {
        let Ok(open) = Arc::clone(&self.open).try_acquire_owned() else {
            let detail = format!("more than {} requests wait for their answers", limits::SOCKET_WAITING);
            return self.refuse(&to, Refusal::new(RefusalCode::Overloaded, detail));
        };
        let lane = Arc::clone(if matches!(command, Command::Send(_)) { &self.sends } else { &self.others });
        let mut turn = self.order.join(&command);
        let (sockets, peer) = (Arc::clone(&self.sockets), Arc::clone(&self.peer));
        let operation_id = Arc::clone(&to.operation_id);
        let call = Call { actor: Some(self.actor.clone()), origin: Origin::Client, operation_id, command };
        self.sockets.tracker.spawn(async move {
            turn.come().await;
            let slot = lane.acquire_owned().await;
            carry_out(&sockets, &peer, &to, call).await;
            drop((slot, turn, open));
        });
    }
}

async fn carry_out(sockets: &Sockets, peer: &Peer, to: &Correlation, call: Call) {
    let started = Instant::now();
    let done = AssertUnwindSafe(sockets.product.execute(call)).catch_unwind().await.unwrap_or_else(|_| {
        metrics::counter!("ringback_panics_total").increment(1);
        Err(Failure::Fault(Fault::new("panicked")))
    });
    let (result, ticket) = match done {
        Ok(Done { outcome, answered }) => (Ok(outcome), Some(answered)),
        Err(failure) => (Err(failure), None),
    };
    if let Err(Failure::Fault(fault)) = &result {
        metrics::counter!("ringback_faults_total", "route" => "socket").increment(1);
        tracing::error!(target: "ringback::ws", error = %fault, "a request ran into a fault");
    }
    let ok = if result.is_ok() { "true" } else { "false" };
    let request = to.request.to_string();
    metrics::counter!("ringback_socket_requests_total", "request" => request, "ok" => ok).increment(1);
    metrics::histogram!("ringback_socket_request_seconds").record(started.elapsed().as_secs_f64());
    peer.answer(sockets.dialect.answer(peer.identity().wire, to, &result)).await;
    drop(ticket);
}
