//! HTTPS on both sides.

use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use ringback_e2e::app::App;
use ringback_e2e::client::{Client, Login};
use ringback_e2e::private_ca::PrivateCa;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ALL, command, webhooks};
use ringback_e2e::server::{Server, refused_start};
use ringback_e2e::setup::Setup;
use rustls_pki_types::ServerName;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const STRICT: &[(&str, &str)] =
    &[("beforeSendSingleMsg", "enable: true, failedContinue: false"), ("afterSendSingleMsg", "enable: true")];

#[tokio::test]
async fn a_receiver_with_a_private_authority_is_trusted_when_named() {
    let ca = PrivateCa::new();
    let files = tempfile::tempdir().unwrap();
    ca.write(files.path());
    let ca_file = files.path().join("ca.pem").display().to_string();
    let receiver = Receiver::start_tls(&ca).await;
    assert!(receiver.url().starts_with("https://"));
    let rules = webhooks(&receiver.url(), STRICT);

    let app =
        App::start(Setup::dev().webhooks(&rules).setting("tls.ca_file", &ca_file), &["alice", "bob"]).await;
    app.send("alice", "bob", "hi").await.data();
    receiver.wait_for_one(command::BEFORE_SINGLE).await;
    receiver.wait_for_one(command::AFTER_SINGLE).await;

    let before = receiver.calls().len();
    let stranger = App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    assert_eq!(
        stranger.send("alice", "bob", "hi").await.code(),
        90_004,
        "an unknown authority is not trusted"
    );
    assert_eq!(receiver.calls().len(), before);

    let own = format!("enable: true, failedContinue: false, caFile: \"{ca_file}\"");
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", &own)]);
    let app = App::start(Setup::dev().webhooks(&rules), &["alice", "bob"]).await;
    app.send("alice", "bob", "hi").await.data();
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let ca = PrivateCa::for_names(&["elsewhere.example.test"]);
    let files = tempfile::tempdir().unwrap();
    ca.write(files.path());
    let receiver = Receiver::start_tls(&ca).await;
    let rules = webhooks(&receiver.url(), STRICT);
    let ca_file = files.path().join("ca.pem").display().to_string();
    let app =
        App::start(Setup::dev().webhooks(&rules).setting("tls.ca_file", &ca_file), &["alice", "bob"]).await;
    assert_eq!(app.send("alice", "bob", "hi").await.code(), 90_004);
    assert!(receiver.calls().is_empty());
}

async fn tls_to(server: &Server, ca: &PrivateCa) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(server.addr()).await.unwrap();
    ca.connector().connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

async fn post(server: &Server, ca: &PrivateCa, path: &str, token: &str, body: &Value) -> Value {
    let io = TokioIo::new(tls_to(server, ca).await);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::post(path)
        .header("host", "localhost")
        .header("operationID", "op-tls")
        .header("token", token)
        .body(Full::new(bytes::Bytes::from(body.to_string())))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["errCode"], json!(0), "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn the_server_speaks_tls_itself() {
    let ca = PrivateCa::new();
    let files = tempfile::tempdir().unwrap();
    ca.write(files.path());
    let path = |name: &str| files.path().join(name).display().to_string();
    let receiver = Receiver::start().await;
    let setup = Setup::dev()
        .args(&["--tls-cert", &path("cert.pem"), "--tls-key", &path("key.pem")])
        .webhooks(&webhooks(&receiver.url(), ALL));
    let server = Server::start(setup).await;

    let ask = json!({ "secret": "openIM123", "userID": "imAdmin" });
    let admin =
        post(&server, &ca, "/auth/get_admin_token", "", &ask).await["token"].as_str().unwrap().to_owned();
    let users =
        json!({ "users": [{ "userID": "alice", "nickname": "A" }, { "userID": "bob", "nickname": "B" }] });
    post(&server, &ca, "/user/user_register", &admin, &users).await;
    let ask = json!({ "userID": "alice", "platformID": 1 });
    let token =
        post(&server, &ca, "/auth/get_user_token", &admin, &ask).await["token"].as_str().unwrap().to_owned();
    let client =
        Client::over(tls_to(&server, &ca).await, "localhost", &Login::new("alice", &token, 1)).await.unwrap();
    assert_eq!(client.send(&client.text_to("bob", "hi")).await.told.code, 0);
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    assert!(server.rest().try_get("/healthz").await.is_err(), "no plain HTTP on a TLS port");
}

#[tokio::test]
async fn a_certificate_without_its_key_stops_the_start() {
    let ca = PrivateCa::new();
    let files = tempfile::tempdir().unwrap();
    ca.write(files.path());
    let path = |name: &str| files.path().join(name).display().to_string();
    for args in [
        vec!["--tls-cert".to_owned(), path("cert.pem")],
        vec!["--tls-cert".to_owned(), path("missing.pem"), "--tls-key".to_owned(), path("key.pem")],
        vec!["--tls-cert".to_owned(), path("cert.pem"), "--tls-key".to_owned(), path("cert.pem")],
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ended = refused_start(&Setup::dev().args(&args)).await;
        assert!(matches!(ended.code, Some(1 | 2)), "{args:?}: {ended:?}");
        assert!(!ended.err.trim().is_empty());
    }
}
