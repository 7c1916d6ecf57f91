//! The listener of a receiver.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ringback_model::dialect::Receiver;
use ringback_model::limits;
use ringback_model::ports::Clock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, broadcast};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::behaviour::Behaviour;
use super::call::Call;
use super::exchange::{Shared, exchange};
use super::ledger::{Ledger, Summary};
use super::signature::Secret;

/// What a receiver is made of.
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What it understands.
    pub dialects: Vec<Arc<dyn Receiver>>,
    /// The contract that calls are read by; `None` = by the shape of each call.
    pub contract: Option<String>,
    /// What it answers.
    pub behaviour: Behaviour,
    /// Checks signatures.
    pub secret: Option<Secret>,
    /// HTTPS instead of HTTP.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
}

/// A receiver that runs until [`Running::stop`], or until it is dropped.
pub struct Running {
    address: SocketAddr,
    secure: bool,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
    exchanges: TaskTracker,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Starts a receiver.
///
/// # Errors
/// Where the address cannot be listened on.
pub async fn start(options: Options) -> io::Result<Running> {
    let listener = TcpListener::bind(options.listen).await?;
    let address = listener.local_addr()?;
    let secure = options.tls.is_some();
    let shared = Arc::new(Shared {
        dialects: options.dialects,
        contract: options.contract,
        secret: options.secret,
        clock: options.clock,
        behaviour: Mutex::new(options.behaviour),
        met: Mutex::default(),
        ledger: Mutex::new(Ledger::default()),
        calls: broadcast::Sender::new(limits::RECEIVER_CALLS_KEPT),
        stop: CancellationToken::new(),
    });
    let exchanges = TaskTracker::new();
    let accept = accept(listener, options.tls.map(TlsAcceptor::from), Arc::clone(&shared), exchanges.clone());
    let accepting = tokio::spawn(accept);
    Ok(Running { address, secure, shared, accepting, exchanges })
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Calls from now on. Who lags more than [`limits::RECEIVER_CALLS_KEPT`] behind misses some.
    #[must_use]
    pub fn calls(&self) -> broadcast::Receiver<Arc<Call>> {
        self.shared.calls.subscribe()
    }

    /// What came in so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.shared.ledger.lock().unwrap_or_else(PoisonError::into_inner).summary()
    }

    /// Stops listening, gives calls in flight [`limits::RECEIVER_STOP`] and closes the rest.
    pub async fn stop(mut self) -> Summary {
        self.shared.stop.cancel();
        // It only waits for the next connection or for the token that was just cancelled.
        drop((&mut self.accepting).await);
        self.exchanges.close();
        self.exchanges.wait().await;
        self.summary()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    exchanges: TaskTracker,
) {
    let room = Arc::new(Semaphore::new(limits::RECEIVER_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles or the like: connections in flight will free some.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        // Without room the stream is dropped here, which closes it.
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        exchanges.spawn(async move {
            connection(stream, tls, shared).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Answers are small; a failure to say so costs latency, nothing else.
    drop(stream.set_nodelay(true));
    let Some(acceptor) = tls else { return serve(stream, shared).await };
    let failure = match tokio::time::timeout(limits::TLS_HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => return serve(stream, shared).await,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it took too long".to_owned(),
    };
    tracing::warn!(failure, "no TLS handshake; does the caller trust the authority?");
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    let service = service_fn(move |request| exchange(Arc::clone(&shared), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::RECEIVER_IDLE)
        .max_buf_size(limits::HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // Broken and refused connections are the callers' business; what was answered has been told already.
        done = connection.as_mut() => return drop(done),
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    drop(tokio::time::timeout(limits::RECEIVER_STOP, connection).await);
}

#[cfg(test)]
mod tests {
    use ringback_model::dialect::{Answered, Described, EdgeRequest, Effect, Instruction};
    use ringback_model::event::Phase;
    use ringback_model::time::UnixMs;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::super::behaviour::{Plan, Reply, ScriptRule, When};
    use super::super::signature::Signature;
    use super::*;

    struct Noon;
    impl Clock for Noon {
        fn now(&self) -> UnixMs {
            UnixMs(1_767_268_800_000)
        }
    }

    /// Everything that starts with `{` is a callback, named by its path.
    struct Plain;
    impl Receiver for Plain {
        fn contracts(&self) -> &'static [&'static str] {
            &["plain"]
        }
        fn describe(&self, request: &EdgeRequest, _: Option<&str>) -> Option<Described> {
            let body = serde_json::from_slice(&request.body).ok()?;
            Some(Described {
                contract: "plain",
                command: request.path.clone(),
                title: request.path.clone(),
                phase: Phase::Before,
                from: request.query("from").unwrap_or_default().to_owned(),
                to: String::new(),
                to_group: false,
                text: String::new(),
                operation_id: String::new(),
                client_message_id: String::new(),
                body: Arc::new(body),
            })
        }
        fn answer(&self, _: &Described, instruction: &Instruction) -> Answered {
            let effect = if *instruction == Instruction::Allow { Effect::Allowed } else { Effect::Refused };
            Answered { body: format!("{effect:?}").into_bytes(), effect, remark: None }
        }
        fn signature(&self, request: &EdgeRequest, secret: &str) -> Option<bool> {
            request.query("signed").map(|signed| signed == secret)
        }
    }

    async fn receiver(behaviour: Behaviour) -> Running {
        start(Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            dialects: vec![Arc::new(Plain)],
            contract: None,
            behaviour,
            secret: Some(Secret::new("x")),
            tls: None,
            clock: Arc::new(Noon),
        })
        .await
        .unwrap()
    }

    /// Sends a request on a connection of its own and reads until the far end closes.
    async fn post(to: SocketAddr, target: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let length = body.len();
        let request = format!(
            "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // A receiver that hangs up may reset the connection: then nothing was answered.
        drop(stream.read_to_string(&mut answer).await);
        answer
    }

    #[tokio::test]
    async fn calls_are_answered_told_and_counted() {
        let running = receiver(Behaviour::always(Plan::ALLOW)).await;
        let mut calls = running.calls();
        let id = "webhook-id: msg_1\r\n";
        let answer = post(running.address(), "/one?from=al%20ice", id, "{}").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("Allowed"), "{answer}");
        post(running.address(), "/one", id, "{}").await;
        post(running.address(), "/two", "", "no json").await;

        let first = calls.recv().await.unwrap();
        assert_eq!(first.described.as_ref().unwrap().from, "al ice");
        assert_eq!((first.number, first.seen, first.signature), (1, 1, Signature::Missing));
        assert!(calls.recv().await.unwrap().is_duplicate());
        assert_eq!(calls.recv().await.unwrap().described, None);
        let summary = running.stop().await;
        assert_eq!((summary.calls, summary.duplicates, summary.unknown, summary.badly_signed), (3, 1, 1, 3));
        assert_eq!(summary.by_title.get("/one"), Some(&2));
    }

    #[tokio::test]
    async fn it_closes_and_gives_bare_statuses_as_told() {
        let rule = |command: &str, reply: Reply| ScriptRule {
            when: When { command: Some(command.to_owned()), ..When::default() },
            plan: Plan { delay: std::time::Duration::ZERO, reply },
        };
        let rules = vec![
            rule("/close", Reply::Close),
            rule("/busy", Reply::Status { code: 503, retry_after_s: Some(7) }),
            rule("/raw", Reply::Raw("[1]".to_owned())),
        ];
        let running = receiver(Behaviour { rules, default: Plan::ALLOW }).await;
        assert_eq!(post(running.address(), "/close", "", "{}").await, "");
        let busy = post(running.address(), "/busy", "", "{}").await;
        assert!(busy.starts_with("HTTP/1.1 503") && busy.contains("retry-after: 7"), "{busy}");
        assert!(post(running.address(), "/raw", "", "{}").await.ends_with("[1]"));
    }

    #[tokio::test]
    async fn long_bodies_are_turned_away() {
        let running = receiver(Behaviour::always(Plan::ALLOW)).await;
        let mut calls = running.calls();
        let answer = post(running.address(), "/x", "", &"x".repeat(limits::RECEIVER_BODY_BYTES + 1)).await;
        // The refusal may be overtaken by the reset that follows it, because the body is never read to its end.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert_eq!(calls.recv().await.unwrap().told.status, Some(413));
    }

    #[tokio::test]
    async fn a_dialects_own_signature_counts() {
        let running = receiver(Behaviour::always(Plan::ALLOW)).await;
        let mut calls = running.calls();
        for (path, wanted) in [("/c?signed=x", "valid"), ("/c?signed=y", "invalid"), ("/c", "unsigned")] {
            post(running.address(), path, "", "{}").await;
            assert_eq!(calls.recv().await.unwrap().signature.name(), wanted, "{path}");
        }
        assert_eq!(running.stop().await.badly_signed, 2);
    }

    #[tokio::test]
    async fn a_stopped_receiver_frees_its_address_and_lets_go_of_calls_that_hang() {
        let hang = Plan { delay: std::time::Duration::ZERO, reply: Reply::Hang };
        let running = receiver(Behaviour::always(hang)).await;
        let address = running.address();
        let mut calls = running.calls();
        let caller = tokio::spawn(async move { post(address, "/x", "", "{}").await });
        calls.recv().await.unwrap();
        assert_eq!(running.stop().await.calls, 1);
        assert_eq!(caller.await.unwrap(), "");
        TcpListener::bind(address).await.unwrap();
    }
}
