//! The process: health, metrics, shutdown, restart, secrets, the second listener.

use std::time::Duration;

use ringback_e2e::app::{App, conversation, platform};
use ringback_e2e::client::{Client, Login};
use ringback_e2e::receiver::{Act, Receiver};
use ringback_e2e::rules::{ON, command, webhooks};
use ringback_e2e::server::{Server, refused_start};
use ringback_e2e::setup::Setup;
use serde_json::json;

#[tokio::test]
async fn health_and_metrics_need_no_token() {
    let app = App::start(Setup::dev(), &["u1", "u2"]).await;
    app.send("u1", "u2", "hi").await.data();
    let rest = app.server.rest();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(rest.get(path).await.status, 200, "{path}");
    }
    let metrics = rest.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    let text = String::from_utf8_lossy(&metrics.bytes).into_owned();
    assert!(text.lines().any(|line| line.starts_with("ringback_")), "{text}");
    assert!(text.contains("# TYPE "), "Prometheus text: {text}");
    assert!(!text.contains("u1"), "no ids of users in metrics");
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_graceful_restart() {
    let mut app = App::start(Setup::dev(), &["u1", "u2"]).await;
    let group = app.group("u1", &["u2"]).await;
    let token = app.token("u2", platform::IOS).await;
    app.send("u1", "u2", "before").await.data();
    app.send_to_group("u1", &group, "before").await.data();
    let client = app.connect(&Login::new("u2", &token, platform::IOS)).await;
    let status = app.server.stop().await;
    assert!(status.success(), "{status}");
    client.closed().await;
    app.server.restart().await;
    app.send("u1", "u2", "after").await.data();
    let client = app.connect(&Login::new("u2", &token, platform::IOS)).await;
    app.send_to_group("u1", &group, "after").await.data();
    let pushed = client.pushed(|message| message.group_id == group).await;
    assert_eq!(pushed.seq, 2, "{pushed:?}");
    let seqs: Vec<_> = app
        .history("u2", &conversation("u1", "u2"))
        .await
        .iter()
        .map(|m| m["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(seqs, [1, 2]);
}

#[tokio::test]
async fn shutdown_lets_calls_in_flight_finish() {
    let receiver = Receiver::start().await;
    receiver.always(command::AFTER_SINGLE, Act::allow().after(Duration::from_millis(700)));
    receiver.always(command::BEFORE_SINGLE, Act::allow().after(Duration::from_millis(700)));
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON), ("afterSendSingleMsg", ON)]);
    let mut app = App::start(Setup::dev().webhooks(&rules), &["u1", "u2"]).await;
    let admin = app.admin();
    let sending = tokio::spawn(async move {
        admin.post("/msg/send_msg", &ringback_e2e::app::single("u1", "u2", "hi")).await
    });
    receiver.wait_for_one(command::BEFORE_SINGLE).await;
    assert!(app.server.stop().await.success());
    assert_eq!(sending.await.unwrap().code(), 0, "the request under way was answered");
    app.server.restart().await;
    let call = receiver.wait_for_one(command::AFTER_SINGLE).await;
    assert_eq!(call.text("sendID"), "u1", "told at the latest after the restart");
    assert_eq!(app.history("u1", &conversation("u1", "u2")).await.len(), 1);
}

#[tokio::test]
async fn a_secret_is_made_once_and_kept_to_itself() {
    let setup = Setup::default();
    let mut server = Server::start(setup).await;
    let data = server.folder().join("data");
    let secret = find_secret(&data);
    server.kill().await;
    server.restart().await;
    assert_eq!(find_secret(&data), secret, "the same after a restart");
    assert!(secret.len() >= 40, "32 random bytes");
    let ask = json!({ "secret": secret, "userID": "imAdmin" });
    server.rest().post("/auth/get_admin_token", &ask).await.data();
    let easy = json!({ "secret": "openIM123", "userID": "imAdmin" });
    assert_eq!(server.rest().post("/auth/get_admin_token", &easy).await.code(), 1002);
    for line in server.log().all() {
        assert!(!line.contains(&secret), "the log holds the secret");
    }
}

/// The one small file of the data folder that only its owner can read and that holds a text.
fn find_secret(data: &std::path::Path) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let secret = files
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("secret")))
        .collect::<Vec<_>>();
    assert_eq!(secret.len(), 1, "{secret:?} in {}", data.display());
    let mode = std::fs::metadata(&secret[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::read_to_string(&secret[0]).unwrap().trim().to_owned()
}

#[tokio::test]
async fn dev_listens_on_loopback_only() {
    let ended = refused_start(&Setup::dev().args(&["--listen", "0.0.0.0:0"])).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("loopback"), "{}", ended.err);
}

#[tokio::test]
async fn a_port_in_use_is_a_clear_error() {
    let server = Server::start(Setup::dev()).await;
    let taken = server.addr().to_string();
    let ended = refused_start(&Setup::dev().args(&["--listen", &taken])).await;
    assert!(matches!(ended.code, Some(1 | 2)), "{ended:?}");
    assert!(ended.err.contains(&taken), "{}", ended.err);
    assert!(ended.err.contains("in use"), "{}", ended.err);
}

#[tokio::test]
async fn a_second_listener_is_for_clients_only() {
    let setup = Setup::dev().args(&["--ws-listen", "127.0.0.1:0"]);
    let app = App::start(setup, &["u1", "u2"]).await;
    let token = app.token("u1", platform::WEB).await;
    let line = app.server.wait_for_log(&["ws_listen"]).await;
    let addr = line
        .split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':'))
        .filter_map(|word| word.parse::<std::net::SocketAddr>().ok())
        .find(|addr| *addr != app.server.addr())
        .unwrap_or_else(|| panic!("an address in {line}"));
    let client = Client::connect(addr, &Login::new("u1", &token, platform::WEB)).await.unwrap();
    assert_eq!(client.send(&client.text_to("u2", "hi")).await.told.code, 0);
    let reply = ringback_e2e::rest::Rest::new(addr).post("/msg/get_server_time", &json!({})).await;
    assert!(reply.status != 200 || reply.body["errCode"] != json!(0), "no REST here: {}", reply.body);
}

#[tokio::test]
async fn the_log_is_json_and_keeps_contents_and_tokens_out() {
    let receiver = Receiver::start().await;
    let rules = webhooks(&receiver.url(), &[("beforeSendSingleMsg", ON), ("afterSendSingleMsg", ON)]);
    let setup =
        Setup::dev().setting("logging.format", "json").setting("logging.level", "debug").webhooks(&rules);
    let app = App::start(setup, &["u1", "u2"]).await;
    let client = app.login("u1", platform::WEB).await;
    client.send(&client.text_to("u2", "deepest-secret")).await;
    receiver.next(command::BEFORE_SINGLE, vec![Act::refuse(5001, "not-in-the-log", "")]);
    assert_eq!(app.send("u1", "u2", "deepest-secret").await.code(), 5001);
    receiver.wait_for_one(command::AFTER_SINGLE).await;
    app.server.wait_for_log(&["attempt"]).await;
    let lines = app.server.log().all();
    assert!(lines.len() > 3, "{lines:?}");
    for line in &lines {
        let _: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for secret in ["deepest-secret", app.admin_token(), "openIM123", "key=ey"] {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }
}
