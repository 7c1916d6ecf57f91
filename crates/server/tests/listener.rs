//! The listener against clients that mean ill or are slow: each of them costs a bounded amount of a bounded thing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use ringback_server::http::ReplyBody;
use ringback_server::listener::{Connection, Handler, Listening, bind, run, tls};
use ringback_server::settings::Tls;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    tracker: TaskTracker,
    accepting: JoinHandle<()>,
}

/// A listener that answers everything with the path that was asked for.
async fn start(connections: usize, tls: Option<tokio_rustls::TlsAcceptor>) -> Running {
    start_as(
        connections,
        tls,
        Arc::new(|request| {
            let path = request.uri().path().to_owned();
            Box::pin(async move { Response::new(ReplyBody::new(path.into(), None)) })
        }),
    )
    .await
}

async fn start_with(handler: Handler<ReplyBody>) -> Running {
    start_as(8, None, handler).await
}

async fn start_as(
    connections: usize,
    tls: Option<tokio_rustls::TlsAcceptor>,
    handler: Handler<ReplyBody>,
) -> Running {
    let bound = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = bound.address;
    let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
    let listening = Arc::new(Listening {
        name: "test",
        tls,
        connections,
        header_read: Duration::from_millis(300),
        handler,
        tracker: tracker.clone(),
        stop: stop.clone(),
    });
    let accepting = tokio::spawn(run(bound, listening));
    Running { address, stop, tracker, accepting }
}

async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    // A reset after the answer is the server's way of closing with bytes of ours unread.
    drop(read.expect("the server closes in time"));
    String::from_utf8_lossy(&answer).into_owned()
}

const ASK: &[u8] = b"GET /here HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn it_serves_and_stops() {
    let running = start(8, None).await;
    let answer = exchange(running.address, ASK).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("/here"), "{answer}");
    running.stop.cancel();
    running.accepting.await.unwrap();
    running.tracker.close();
    tokio::time::timeout(Duration::from_secs(5), running.tracker.wait()).await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_head_that_dribbles_in_is_cut() {
    let running = start(8, None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await.unwrap();
    let dribbling = async {
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), dribbling).await.expect("the server cuts in time");
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let running = start(8, None).await;
    let request = [b"GET / HTTP/1.1\r\nx-long: ".as_slice(), &vec![b'a'; 64 * 1024]].concat();
    let answer = exchange(running.address, &request).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn silent_connections_take_their_places_and_no_more() {
    let running = start(4, None).await;
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(running.address).await.unwrap());
    }
    let answer = exchange(running.address, b"").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    // Silence is bounded too: the places come back without anybody's doing.
    for stream in &mut silent {
        let mut byte = [0; 1];
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut byte)).await.unwrap();
        assert!(matches!(read, Ok(0) | Err(_)));
    }
    assert!(exchange(running.address, ASK).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let running = start(1, None).await;
    let error = bind(running.address).await.err().unwrap();
    assert!(error.to_string().starts_with(&format!("{} is in use", running.address)), "{error}");
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_only() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let settings = Tls { cert: Some(cert), key: Some(key.clone()), ca_file: None };
    let running = start(8, tls::acceptor(&settings).unwrap()).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(running.address).await.unwrap();
    let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    stream.write_all(ASK).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));

    assert!(!exchange(running.address, ASK).await.starts_with("HTTP/1.1 200"));
    let wrong = Tls { cert: Some(key.clone()), key: Some(key), ca_file: None };
    assert!(tls::acceptor(&wrong).is_err());
}

#[tokio::test]
async fn an_answer_that_is_overdue_is_cut_also_where_a_byte_goes_now_and_then() {
    let bytes = 64 * 1024 * 1024;
    let answered = Arc::new(tokio::sync::Notify::new());
    let gone = Arc::clone(&answered);
    let running = start_with(Arc::new(move |request| {
        let due = request.extensions().get::<Arc<Connection>>().unwrap().due.clone();
        let overdue = due.at(tokio::time::Instant::now() + Duration::from_millis(300));
        let gone = Gone(Arc::clone(&gone));
        let pieces = futures_util::stream::repeat(Ok(vec![7_u8; 64 * 1024].into()));
        let body = ReplyBody::streamed(Box::pin(pieces), bytes, Box::new((overdue, gone)));
        Box::pin(async move { Response::new(body) })
    }))
    .await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(ASK).await.unwrap();
    let slow = async {
        let mut taken = [0; 1024];
        while matches!(stream.read(&mut taken).await, Ok(1..)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = slow => panic!("what is in flight takes longer to read"),
        () = answered.notified() => {}
        () = tokio::time::sleep(Duration::from_secs(10)) => panic!("the answer holds its place"),
    }
}

/// Says when it is dropped.
struct Gone(Arc<tokio::sync::Notify>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
