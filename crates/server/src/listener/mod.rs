//! Accepting connections: one loop per address, a bound on how many are open, TLS where it is configured, and
//! HTTP/1.1 on each of them with bounds on everything a client can make us wait for.

mod due;
mod stall;
pub mod tls;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use ringback_model::limits;
use ringback_model::ports::Fut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use due::{Due, DueGuard};
use stall::StallGuard;

/// Answers requests. Must not panic and must not wait without end.
pub type Handler<B> = Arc<dyn Fn(Request<Incoming>) -> Fut<'static, Response<B>> + Send + Sync>;

/// What is known about the connection of a request. In the extensions of every request, as an [`Arc`]: a connection
/// that was upgraded goes on holding it.
#[derive(Debug)]
pub struct Connection {
    /// Its place among those that may be open.
    _place: OwnedSemaphorePermit,
    /// Where it comes from.
    pub address: SocketAddr,
    /// When the answer under way must have gone out.
    pub due: Due,
}

/// An address that is ours.
pub struct Bound {
    listener: TcpListener,
    /// The real one, also where port 0 was asked for.
    pub address: SocketAddr,
}

/// Takes an address.
///
/// # Errors
/// It is in use, or not one of this machine's.
pub async fn bind(address: SocketAddr) -> anyhow::Result<Bound> {
    let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use: stop what listens there, or choose another address")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
    })?;
    let address = listener.local_addr().context("cannot tell the address of a listener")?;
    Ok(Bound { listener, address })
}

/// How connections of one address are treated.
pub struct Listening<B> {
    /// What it is called in logs and metrics.
    pub name: &'static str,
    /// Speaks TLS and nothing else.
    pub tls: Option<TlsAcceptor>,
    /// Connections that may be open at once.
    pub connections: usize,
    /// Time for the head of a request.
    pub header_read: Duration,
    /// Answers requests.
    pub handler: Handler<B>,
    /// Counts connections, so that shutdown can wait for them.
    pub tracker: TaskTracker,
    /// Ends accepting; connections finish their request and go.
    pub stop: CancellationToken,
}

/// What a client is told when no more connections are taken.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/// Pause after an accept that failed: the process is out of descriptors, and trying harder frees none.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until it is stopped.
pub async fn run<B>(bound: Bound, listening: Arc<Listening<B>>)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync,
{
    let places = Arc::new(Semaphore::new(listening.connections));
    loop {
        let accepted = tokio::select! {
            biased;
            () = listening.stop.cancelled() => return,
            accepted = bound.listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                metrics::counter!("ringback_accept_failures_total", "listener" => listening.name)
                    .increment(1);
                tracing::warn!(listener = listening.name, %error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            refuse(&stream, &listening);
            continue;
        };
        let connection = Arc::new(Connection { _place: place, address, due: Due::new() });
        listening.tracker.spawn(welcome(stream, Arc::clone(&listening), connection));
    }
}

fn refuse<B>(stream: &TcpStream, listening: &Listening<B>) {
    metrics::counter!("ringback_connections_refused_total", "listener" => listening.name).increment(1);
    if listening.tls.is_none() {
        // Never waits: what does not fit into the fresh socket's buffer is not worth a task.
        let _ = stream.try_write(FULL);
    }
}

async fn welcome<B>(stream: TcpStream, listening: Arc<Listening<B>>, whose: Arc<Connection>)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync,
{
    // Answers and pushes are small and written whole: waiting for more to send would only delay them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let _open = OpenGauge::new(listening.name);
    let stream = StallGuard::new(stream, limits::WRITE_STALL);
    let Some(tls) = &listening.tls else {
        return serve(stream, &listening, whose).await;
    };
    match tokio::time::timeout(limits::TLS_HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, &listening, whose).await,
        Ok(Err(error)) => tracing::debug!(listener = listening.name, %error, "TLS handshake failed"),
        Err(_) => tracing::debug!(listener = listening.name, "TLS handshake took too long"),
    }
}

async fn serve<S, B>(stream: S, listening: &Listening<B>, whose: Arc<Connection>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: std::error::Error + Send + Sync,
{
    let handler = Arc::clone(&listening.handler);
    let due = whose.due.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&whose));
        let answer = handler(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(listening.header_read)
        .max_buf_size(limits::HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let to_its_end = async {
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = listening.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.as_mut().await
            }
        }
    };
    tokio::select! {
        ended = to_its_end => if let Err(error) = ended {
            tracing::debug!(listener = listening.name, %error, "a connection ended");
        },
        () = due.passed() => {
            tracing::debug!(listener = listening.name, "a connection was too slow for its answer");
        }
    }
}

/// Counts an open connection for as long as it lives; one that was upgraded is counted by who took it over.
struct OpenGauge(&'static str);

impl OpenGauge {
    fn new(listener: &'static str) -> Self {
        metrics::gauge!("ringback_http_connections", "listener" => listener).increment(1.0);
        Self(listener)
    }
}

impl Drop for OpenGauge {
    fn drop(&mut self) {
        metrics::gauge!("ringback_http_connections", "listener" => self.0).decrement(1.0);
    }
}
