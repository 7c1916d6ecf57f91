//! The hidden mode of this binary that is the receiver: one thread, HTTP/1.1 on loopback. Ends when its standard
//! input does, so that it never outlives the run.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::record::Record;
use crate::children::parent_gone;
use crate::machine::wall_us;

/// What every callback is answered: go on, nothing changed.
const ALLOW: &[u8] = br#"{"actionCode":0,"errCode":0,"errMsg":"","errDlt":"","nextCode":0}"#;
/// Paths below this one are orders of the run, everything else is a callback.
const CONTROL: &str = "/control/";
/// Longest that an order may wait for messages, below the patience of the run's client; it asks again.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

struct State {
    delay: Duration,
    /// While false, callbacks are held without an answer.
    open: watch::Sender<bool>,
    /// While true, callbacks are answered with an error, and not counted.
    failing: AtomicBool,
    /// Callbacks answered so far; wakes those who wait for messages.
    progress: watch::Sender<u64>,
    seen: Mutex<(Record, Instant)>,
}

impl State {
    fn seen(&self) -> MutexGuard<'_, (Record, Instant)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until standard input ends. Prints its address as one line of JSON.
pub(crate) async fn serve(delay: Duration, listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await.context("binding the receiver")?;
    println!("{}", serde_json::json!({ "listening": listener.local_addr()? }));
    let state = Arc::new(State {
        delay,
        open: watch::Sender::new(true),
        failing: AtomicBool::new(false),
        progress: watch::Sender::new(0),
        seen: Mutex::new((Record::default(), Instant::now())),
    });
    tokio::select! {
        () = parent_gone() => Ok(()),
        result = accept(&listener, &state) => result,
    }
}

async fn accept(listener: &TcpListener, state: &Arc<State>) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("accepting a connection")?;
        tokio::spawn(connection(stream, Arc::clone(state)));
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    // Without it answers would wait for the client's delayed acknowledgements.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(move |request| answer(Arc::clone(&state), request));
    // A client that hangs up in the middle is the client's business; the load counts its own failures.
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        && !error.is_incomplete_message()
    {
        eprintln!("receiver: {error}");
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.context("reading a callback")?.to_bytes();
    let path = head.uri.path();
    if let Some(order) = path.strip_prefix(CONTROL) {
        let query = head.uri.query().unwrap_or_default();
        return Ok(match obey(&state, order, query).await {
            Some(text) => Response::new(Full::from(text)),
            None => with_status(StatusCode::NOT_FOUND),
        });
    }
    state.seen().0.arrived(path, &body, wall_us())?;
    if !*state.open.borrow() {
        state.open.subscribe().wait_for(|open| *open).await?;
    }
    if !state.delay.is_zero() {
        tokio::time::sleep(state.delay).await;
    }
    if state.failing.load(Relaxed) {
        return Ok(with_status(StatusCode::SERVICE_UNAVAILABLE));
    }
    state.seen().0.answered(path, &body, Instant::now())?;
    state.progress.send_modify(|answered| *answered += 1);
    Ok(Response::new(Full::from(ALLOW)))
}

fn with_status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Carries an order out; `None` where there is none of this name.
async fn obey(state: &State, order: &str, query: &str) -> Option<String> {
    let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let command = parameter("command").unwrap_or_default();
    match order {
        "reset" => {
            *state.seen() = (Record::default(), Instant::now());
        }
        "hold" => {
            state.open.send_replace(false);
        }
        "open" => {
            state.seen().1 = Instant::now();
            state.open.send_replace(true);
        }
        "fail" => state.failing.store(true, Relaxed),
        "seen" => {}
        "wait" => {
            let messages: u64 = parameter("messages")?.parse().ok()?;
            let mut progress = state.progress.subscribe();
            let enough = progress.wait_for(|_| state.seen().0.messages(command) >= messages);
            // Whether it came so far shows in what is answered.
            _ = tokio::time::timeout(LONGEST_WAIT, enough).await;
        }
        _ => return None,
    }
    let seen = state.seen();
    serde_json::to_string(&seen.0.seen(command, seen.1)).ok()
}
