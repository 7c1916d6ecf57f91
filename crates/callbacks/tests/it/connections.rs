//! Which connections to a receiver are used again, and which are not.

use std::net::SocketAddr;
use std::time::Duration;

use ringback_callbacks::{CallErrorKind, CallPolicy, Caller as _, HttpCaller, HttpCallerSettings};
use ringback_model::delivery::Outbound;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const BODY: &[u8] = b"{\"a\":1}";

fn caller() -> HttpCaller {
    HttpCaller::new(HttpCallerSettings::default()).unwrap()
}

fn how(timeout: Duration) -> CallPolicy {
    CallPolicy {
        timeout,
        answer_bytes: 64,
        cut_long_answers: true,
        allow_private: true,
        ca_file: None,
        pace: None,
    }
}

/// Calls once; the status of the answer.
async fn call(caller: &HttpCaller, to: SocketAddr, timeout: Duration) -> Result<u16, CallErrorKind> {
    let request = Outbound { url: format!("http://{to}/x"), headers: Vec::new(), body: BODY.to_vec().into() };
    let called = caller.call(&request, &[], &how(timeout)).await;
    called.map(|response| response.answer.status).map_err(|error| error.kind)
}

/// In time for anything that works.
const AMPLE: Duration = Duration::from_secs(5);

/// A receiver whose answers the test writes by hand.
struct ByHand {
    listener: TcpListener,
}

impl ByHand {
    async fn listen() -> (Self, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Self { listener }, address)
    }

    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }
}

/// Reads a request whole.
async fn read_request(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(BODY) {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "{}", String::from_utf8_lossy(&read));
    }
}

async fn answer(stream: &mut TcpStream, text: &str) {
    read_request(stream).await;
    stream.write_all(text.as_bytes()).await.unwrap();
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn one_connection_carries_call_after_call() {
    let (receiver, to) = ByHand::listen().await;
    let caller = caller();
    let served = async {
        let mut stream = receiver.accept().await;
        for text in [OK, "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"] {
            answer(&mut stream, text).await;
        }
    };
    let calls = async {
        for status in [200, 204, 500] {
            assert_eq!(call(&caller, to, AMPLE).await, Ok(status));
        }
    };
    tokio::join!(served, calls);
}

#[tokio::test]
async fn what_the_receiver_has_closed_is_not_used_again() {
    let (receiver, to) = ByHand::listen().await;
    let caller = caller();
    let served = async {
        let mut first = receiver.accept().await;
        answer(&mut first, OK).await;
        first
    };
    let (first, called) = tokio::join!(served, call(&caller, to, AMPLE));
    assert_eq!(called, Ok(200));
    drop(first);
    // Bytes that go to and fro after the end was sent: when they have come, so has the end.
    let (mut near, mut far) = {
        let (near, far) = tokio::join!(TcpStream::connect(to), receiver.accept());
        (near.unwrap(), far)
    };
    for _ in 0..3 {
        near.write_all(b"x").await.unwrap();
        far.read_u8().await.unwrap();
        far.write_all(b"y").await.unwrap();
        near.read_u8().await.unwrap();
    }
    let served = async {
        let mut second = receiver.accept().await;
        answer(&mut second, OK).await;
    };
    let ((), called) = tokio::join!(served, call(&caller, to, AMPLE));
    assert_eq!(called, Ok(200), "a connection that was closed while nobody used it fails nobody's call");
}

#[tokio::test]
async fn closing_and_unanswered_connections_are_given_up() {
    let (receiver, to) = ByHand::listen().await;
    let caller = caller();
    let closes = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let served = async {
        let mut held = Vec::new();
        for text in [closes, "", OK] {
            let mut stream = receiver.accept().await;
            answer(&mut stream, text).await;
            held.push(stream);
        }
        held
    };
    let calls = async {
        assert_eq!(call(&caller, to, AMPLE).await, Ok(200), "says close");
        let soon = Duration::from_millis(100);
        assert_eq!(call(&caller, to, soon).await, Err(CallErrorKind::Timeout), "no answer");
        assert_eq!(call(&caller, to, AMPLE).await, Ok(200));
    };
    tokio::join!(served, calls);
}

#[tokio::test]
async fn calls_at_once_have_a_connection_each_and_keep_them() {
    const AT_ONCE: usize = 5;
    let (receiver, to) = ByHand::listen().await;
    let caller = caller();
    let mut streams = Vec::new();
    for round in 0..2 {
        let served = async {
            while streams.len() < AT_ONCE {
                streams.push(receiver.accept().await);
            }
            // Nobody is answered before everybody has asked.
            for stream in &mut streams {
                read_request(stream).await;
            }
            for stream in &mut streams {
                stream.write_all(OK.as_bytes()).await.unwrap();
            }
        };
        let calls = futures_util::future::join_all((0..AT_ONCE).map(|_| call(&caller, to, AMPLE)));
        let ((), statuses) = tokio::join!(served, calls);
        assert_eq!(statuses, vec![Ok(200); AT_ONCE], "round {round}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_failure_of_the_call() {
    let (receiver, to) = ByHand::listen().await;
    let caller = caller();
    let served = async {
        let mut held = Vec::new();
        for text in ["what?\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"] {
            let mut stream = receiver.accept().await;
            answer(&mut stream, text).await;
            stream.shutdown().await.unwrap();
            held.push(stream);
        }
        held
    };
    let calls = async {
        for _ in 0..2 {
            assert_eq!(call(&caller, to, AMPLE).await, Err(CallErrorKind::Protocol));
        }
    };
    tokio::join!(served, calls);
}
