//! The real caller against real receivers on loopback.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ringback_callbacks::{CallErrorKind, CallPolicy, Caller as _, HttpCaller, HttpCallerSettings};
use ringback_model::delivery::Outbound;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

type Body = UnsyncBoxBody<Bytes, Infallible>;

fn body(text: String) -> Body {
    Full::new(Bytes::from(text)).boxed_unsync()
}

/// Answers by path; counts requests.
async fn answer(
    request: Request<Incoming>,
    requests: Arc<AtomicUsize>,
) -> Result<Response<Body>, Infallible> {
    requests.fetch_add(1, Ordering::SeqCst);
    let reply = match request.uri().path() {
        "/redirect" => Response::builder().status(302).header("location", "/ok").body(body(String::new())),
        "/busy" => Response::builder().status(503).header("retry-after", "120").body(body(String::new())),
        "/hang" => {
            std::future::pending::<()>().await;
            Response::builder().body(body(String::new()))
        }
        "/endless" => {
            let frames = futures_util::stream::repeat_with(|| Ok(Frame::data(Bytes::from(vec![b'x'; 4096]))));
            Response::builder().body(StreamBody::new(frames).boxed_unsync())
        }
        "/dripping" => {
            let frames = futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Ok(Frame::data(Bytes::from_static(b"x"))), ()))
            });
            Response::builder().body(StreamBody::new(frames).boxed_unsync())
        }
        "/headers" => Response::builder().header("big", "x".repeat(100_000)).body(body(String::new())),
        _ => Response::builder().body(body(echo(request).await)),
    };
    Ok(reply.unwrap())
}

async fn echo(request: Request<Incoming>) -> String {
    let mut lines: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    format!("{}\n\n{}", lines.join("\n"), String::from_utf8_lossy(&body))
}

async fn serve(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, requests: Arc<AtomicUsize>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&requests)));
    // A client that goes away is what several of these tests are about.
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service).await.ok();
}

struct Receiver {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

async fn receiver(tls: Option<tokio_rustls::TlsAcceptor>) -> Receiver {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (requests, connections) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let receiver = Receiver {
        address: listener.local_addr().unwrap(),
        requests: Arc::clone(&requests),
        connections: Arc::clone(&connections),
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            connections.fetch_add(1, Ordering::SeqCst);
            let (tls, requests) = (tls.clone(), Arc::clone(&requests));
            tokio::spawn(async move {
                match tls {
                    None => serve(stream, requests).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve(stream, requests).await;
                        }
                    }
                }
            });
        }
    });
    receiver
}

fn how() -> CallPolicy {
    CallPolicy {
        timeout: Duration::from_secs(5),
        answer_bytes: 64 * 1024,
        cut_long_answers: true,
        allow_private: true,
        ca_file: None,
        pace: None,
    }
}

fn post(url: String) -> Outbound {
    Outbound {
        url,
        headers: vec![("operationid".to_owned(), "op1".to_owned())],
        body: b"{\"a\":1}"[..].into(),
    }
}

fn caller() -> HttpCaller {
    HttpCaller::new(HttpCallerSettings::default()).unwrap()
}

#[tokio::test]
async fn headers_and_bytes_arrive_and_connections_are_reused() {
    let receiver = receiver(None).await;
    let caller = caller();
    let extra = vec![("webhook-id".to_owned(), "msg_1".to_owned())];
    for _ in 0..3 {
        let request = post(format!("http://{}/ok?contenttype=json", receiver.address));
        let response = caller.call(&request, &extra, &how()).await.unwrap();
        let text = String::from_utf8(response.answer.body).unwrap();
        for line in [
            "content-type: application/json; charset=utf-8",
            "user-agent: Ringback/",
            "operationid: op1",
            "webhook-id: msg_1",
            "\n\n{\"a\":1}",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let receiver = receiver(None).await;
    let request = post(format!("http://{}/redirect", receiver.address));
    let response = caller().call(&request, &[], &how()).await.unwrap();
    assert_eq!(response.answer.status, 302);
    assert_eq!(receiver.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn retry_after_is_read() {
    let receiver = receiver(None).await;
    let request = post(format!("http://{}/busy", receiver.address));
    let response = caller().call(&request, &[], &how()).await.unwrap();
    assert_eq!((response.answer.status, response.retry_after), (503, Some(Duration::from_secs(120))));
}

#[tokio::test]
async fn an_endless_answer_is_cut_or_refused() {
    let receiver = receiver(None).await;
    let request = post(format!("http://{}/endless", receiver.address));
    let response = caller().call(&request, &[], &how()).await.unwrap();
    assert_eq!((response.answer.body.len(), response.answer.cut), (64 * 1024, true));
    let whole = CallPolicy { cut_long_answers: false, ..how() };
    let error = caller().call(&request, &[], &whole).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::TooLong);
}

#[tokio::test]
async fn time_covers_the_whole_call() {
    let receiver = receiver(None).await;
    let short = CallPolicy { timeout: Duration::from_millis(200), ..how() };
    for path in ["hang", "dripping"] {
        let started = Instant::now();
        let request = post(format!("http://{}/{path}", receiver.address));
        let error = caller().call(&request, &[], &short).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Timeout, "{path}");
        assert!(started.elapsed() < Duration::from_secs(2), "{path}");
    }
}

#[tokio::test]
async fn a_header_section_without_end_is_refused() {
    let receiver = receiver(None).await;
    let request = post(format!("http://{}/headers", receiver.address));
    let error = caller().call(&request, &[], &how()).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn private_addresses_need_leave_whatever_they_are_called() {
    let receiver = receiver(None).await;
    let port = receiver.address.port();
    let strict = CallPolicy { allow_private: false, ..how() };
    let caller = caller();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let request = post(format!("http://{host}:{port}/ok"));
        let error = caller.call(&request, &[], &strict).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::AddressRefused, "{host}: {error}");
    }
    // A connection made with leave is not used without it.
    let request = post(format!("http://127.0.0.1:{port}/ok"));
    caller.call(&request, &[], &how()).await.unwrap();
    let error = caller.call(&request, &[], &strict).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::AddressRefused);
    let link_local = post("http://169.254.169.254/latest".to_owned());
    let error = caller.call(&link_local, &[], &how()).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::AddressRefused);
    assert_eq!(receiver.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn nobody_there_and_nonsense() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let caller = caller();
    for (url, kind) in [
        (format!("http://{free}/?secret=1"), CallErrorKind::Connect),
        ("ftp://127.0.0.1/".to_owned(), CallErrorKind::Protocol),
        ("not a url".to_owned(), CallErrorKind::Protocol),
    ] {
        let error = caller.call(&post(url.clone()), &[], &how()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

fn authority() -> (tokio_rustls::TlsAcceptor, tempfile::NamedTempFile) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let issuer = rcgen::Issuer::from_params(&params, &ca_key);
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls_pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(ca.pem().as_bytes()).unwrap();
    (tokio_rustls::TlsAcceptor::from(Arc::new(config)), file)
}

#[tokio::test]
async fn the_servers_own_authorities_come_on_top_of_the_machines() {
    let (tls, ca_file) = authority();
    let receiver = receiver(Some(tls)).await;
    let request = post(format!("https://localhost:{}/ok", receiver.address.port()));
    let settings =
        HttpCallerSettings { ca_file: Some(ca_file.path().to_owned()), ..HttpCallerSettings::default() };
    let caller = HttpCaller::new(settings).unwrap();
    assert_eq!(caller.call(&request, &[], &how()).await.unwrap().answer.status, 200);
    let (_, others) = authority();
    let of_rule = CallPolicy { ca_file: Some(others.path().to_owned()), ..how() };
    let error = caller.call(&request, &[], &of_rule).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Tls, "a rule's own file stands alone: {error}");
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_it_is_named_and_nowhere_else() {
    let (tls, ca_file) = authority();
    let receiver = receiver(Some(tls)).await;
    let request = post(format!("https://localhost:{}/ok", receiver.address.port()));
    let with = |path: PathBuf| CallPolicy { ca_file: Some(path), ..how() };
    let caller = caller();
    let trusted = with(ca_file.path().to_owned());
    assert_eq!(caller.call(&request, &[], &trusted).await.unwrap().answer.status, 200);
    let error = caller.call(&request, &[], &how()).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Tls, "{error}");
    let error = caller.call(&request, &[], &with("/nowhere/ca.pem".into())).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Tls);
    assert!(error.text.contains("/nowhere/ca.pem"), "{error}");
    let other = post(format!("https://127.0.0.1:{}/ok", receiver.address.port()));
    let error = caller.call(&other, &[], &trusted).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Tls, "the name must be the certificate's: {error}");
    assert_eq!(receiver.requests.load(Ordering::SeqCst), 1);
}
