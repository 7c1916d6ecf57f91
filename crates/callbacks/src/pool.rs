//! Connections to receivers, kept for the next call.
//!
//! A call drives its connection itself, in its own task. Clients whose connections have tasks of their own wake up two
//! more tasks per call, often on another processor, and that cost more than the call's own work.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::uri::Authority;
use http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use ringback_model::limits;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tower_service::Service as _;

use crate::caller::{CallError, CallErrorKind, explain};
use crate::connect::Connector;

type Body = Full<Bytes>;
type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Whom a connection leads to: where it is encrypted, and host and port.
type Receiver = (bool, Authority);

/// Connections that share a connector. Every one of them was opened by it, and so obeys its rules.
pub(crate) struct Pool {
    connector: HttpsConnector<Connector>,
    idle: Idle,
    _sweeper: AbortOnDropHandle<()>,
}

type Idle = Arc<Mutex<HashMap<Receiver, Vec<Kept>>>>;

/// A connection that waits for its next call.
struct Kept {
    link: Link,
    since: Instant,
}

impl Kept {
    fn is_fresh(&self) -> bool {
        self.since.elapsed() < limits::IDLE_CONNECTION
    }
}

impl Pool {
    /// To be called inside a runtime: what stays idle for too long is closed by a task.
    pub(crate) fn new(connector: HttpsConnector<Connector>) -> Self {
        let idle = Idle::default();
        let sweeper = tokio::spawn(sweep(Arc::clone(&idle)));
        Self { connector, idle, _sweeper: AbortOnDropHandle::new(sweeper) }
    }

    /// Sends a request and has its answer read by `read`, which says whether it has read all of it.
    ///
    /// # Errors
    /// Where no connection could be opened, or it broke. A kept connection that was closed before anything of the
    /// request was written is not an error: the next one is taken.
    pub(crate) async fn exchange<T, R>(
        &self,
        to: &Uri,
        mut request: Request<Body>,
        read: impl Fn(http::Response<hyper::body::Incoming>) -> R,
    ) -> Result<T, CallError>
    where
        R: Future<Output = Result<(T, Rest), CallError>>,
    {
        let receiver = receiver_of(to)?;
        loop {
            let (mut link, kept) = match self.take(&receiver) {
                Some(link) => (link, true),
                None => (self.connect(to).await?, false),
            };
            let sent = link.sender.try_send_request(request);
            let answered = link.drive(async {
                match sent.await {
                    Ok(response) => Ok(read(response).await),
                    Err(mut error) => Err((error.take_message(), error.into_error())),
                }
            });
            match answered.await {
                Ok(done) => {
                    let (answer, rest) = done?;
                    if rest == Rest::Nothing && link.is_ready_again().await {
                        self.keep(receiver, link);
                    }
                    return Ok(answer);
                }
                Err((Some(unsent), _)) if kept => request = unsent,
                Err((_, error)) => return Err(explain(&error, CallErrorKind::Protocol)),
            }
        }
    }

    async fn connect(&self, to: &Uri) -> Result<Link, CallError> {
        // Opening is always possible; the service wants to be mutable for that.
        let opened = self.connector.clone().call(to.clone()).await;
        let stream = opened.map_err(|error| explain(error.as_ref(), CallErrorKind::Connect))?;
        let shaken = http1::Builder::new().max_buf_size(limits::ANSWER_HEADER_BYTES).handshake(stream).await;
        let (sender, connection) = shaken.map_err(|error| explain(&error, CallErrorKind::Protocol))?;
        Ok(Link { sender, connection: Some(connection) })
    }

    /// The connection that was used last, so that those that are too many grow old.
    fn take(&self, receiver: &Receiver) -> Option<Link> {
        let mut idle = lock(&self.idle);
        let kept = idle.get_mut(receiver)?;
        while let Some(mut last) = kept.pop() {
            if last.is_fresh() && last.link.is_still_open() {
                return Some(last.link);
            }
        }
        None
    }

    fn keep(&self, receiver: Receiver, link: Link) {
        let mut idle = lock(&self.idle);
        let kept = idle.entry(receiver).or_default();
        if kept.len() < limits::IDLE_PER_RECEIVER {
            kept.push(Kept { link, since: Instant::now() });
        }
    }
}

/// What is left of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It was read whole: its connection can be used again.
    Nothing,
    /// It was given up in the middle.
    Unread,
}

fn lock(idle: &Idle) -> MutexGuard<'_, HashMap<Receiver, Vec<Kept>>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

fn receiver_of(to: &Uri) -> Result<Receiver, CallError> {
    let authority =
        to.authority().ok_or_else(|| CallError::new(CallErrorKind::Protocol, "the URL names no host"))?;
    Ok((to.scheme_str() == Some("https"), authority.clone()))
}

/// Closes what has been idle for too long, also where nobody calls any more.
async fn sweep(idle: Idle) {
    loop {
        tokio::time::sleep(limits::IDLE_CONNECTION / 2).await;
        lock(&idle).retain(|_, kept| {
            kept.retain_mut(|kept| kept.is_fresh() && kept.link.is_still_open());
            !kept.is_empty()
        });
    }
}

/// One connection and the end at which requests go in.
struct Link {
    sender: SendRequest<Body>,
    /// `None` once it has ended.
    connection: Option<Connection<Stream, Body>>,
}

impl Link {
    fn poll_connection(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            // Whoever waits for an answer on it is told why it ended.
            && Pin::new(connection).poll(context).is_ready()
        {
            self.connection = None;
        }
    }

    /// Moves the connection until `work`, which waits for what comes over it, is done.
    async fn drive<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            // First it may have something to send, then it may get what has come.
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            self.poll_connection(context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Whether another request may go in now. A receiver that says "close" ends the connection instead.
    async fn is_ready_again(&mut self) -> bool {
        poll_fn(|context| {
            if !self.sender.is_ready() {
                self.poll_connection(context);
            }
            Poll::Ready(self.connection.is_some() && self.sender.is_ready())
        })
        .await
    }

    /// Whether the receiver has left it open so far. Costs no system call: it asks what the runtime knows.
    fn is_still_open(&mut self) -> bool {
        // Nobody is woken: whoever uses it next asks again with a waker of his own.
        self.poll_connection(&mut Context::from_waker(Waker::noop()));
        self.connection.is_some() && self.sender.is_ready()
    }
}
