//! What strangers, broken clients and attackers send: a clear error or a closed connection, and nothing changed.

use std::time::{Duration, Instant};

use http::Method;
use prost::Message as _;
use ringback_e2e::app::{App, conversation, platform, single};
use ringback_e2e::client::Client;
use ringback_e2e::receiver::Receiver;
use ringback_e2e::rules::{ALL, command, webhooks};
use ringback_e2e::setup::Setup;
use ringback_e2e::wire::{PullRangesReq, SeqRange, UserReq, request};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Sends a marker and checks that it is the first message of all, and the first that the backend hears of.
async fn nothing_changed(app: &App, receiver: &Receiver) {
    app.send("alice", "bob", "marker").await.data();
    let history = app.history("bob", &conversation("alice", "bob")).await;
    assert_eq!(history.len(), 1, "{history:?}");
    let told = receiver.wait_for(command::AFTER_SINGLE, 1).await;
    assert_eq!((told.len(), told[0].text("content")), (1, r#"{"content":"marker"}"#));
    assert_eq!(receiver.calls_of(command::BEFORE_SINGLE).len(), 1);
}

async fn start(setup: Setup) -> (App, Receiver) {
    let receiver = Receiver::start().await;
    let app = App::start(setup.webhooks(&webhooks(&receiver.url(), ALL)), &["alice", "bob", "carol"]).await;
    (app, receiver)
}

#[tokio::test]
async fn bad_bodies_are_refused_in_the_envelope() {
    let (app, receiver) = start(Setup::dev()).await;
    let rest = app.server.rest();
    let headers =
        [("operationID", "op-1"), ("token", app.admin_token()), ("content-type", "application/json")];
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let bodies = [
        "",
        "not json",
        "[]",
        "null",
        "42",
        "{",
        "{\"sendID\":\"alice\"",
        "\u{0}",
        deep.as_str(),
        r#"{"sendID":1,"recvID":"bob"}"#,
        r#"{"sendID":"alice","sendID":{}}"#,
        r#"{"content":"\ud800"}"#,
        r#"{"contentType":1e400}"#,
        r#"{"contentType":99999999999999999999}"#,
    ];
    for path in ["/msg/send_msg", "/user/user_register", "/msg/pull_msg_by_seq", "/group/create_group"] {
        for body in bodies {
            let reply = rest.send(Method::POST, path, &headers, body).await;
            assert_eq!(reply.code(), 1001, "{path} {}: {}", &body[..body.len().min(60)], reply.body);
            assert!([200, 400].contains(&reply.status), "{}", reply.status);
        }
        let reply = rest.send(Method::POST, path, &headers, b"\xff\xfe{}".to_vec()).await;
        assert_eq!(reply.code(), 1001, "{path}: {}", reply.body);
    }
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn tokens_of_others_open_nothing() {
    let (app, receiver) = start(Setup::dev()).await;
    let carol = app.rest_of("carol").await;
    for (path, body) in [
        ("/msg/send_msg", single("alice", "bob", "forged")),
        ("/msg/newest_seq", json!({ "userID": "alice" })),
        ("/friend/add_black", json!({ "ownerUserID": "alice", "blackUserID": "bob" })),
        (
            "/group/create_group",
            json!({ "ownerUserID": "alice", "groupInfo": { "groupName": "g", "groupType": 2 } }),
        ),
        ("/user/user_register", json!({ "users": [{ "userID": "x", "nickname": "x" }] })),
        ("/auth/get_user_token", json!({ "userID": "alice", "platformID": 1 })),
        ("/auth/force_logout", json!({ "userID": "alice", "platformID": 1 })),
        ("/user/get_users_online_status", json!({ "userIDs": ["alice"] })),
    ] {
        let reply = carol.post(path, &body).await;
        assert_eq!(reply.code(), 1002, "{path}: {}", reply.body);
    }
    let client = app.login("carol", platform::IOS).await;
    let ask = UserReq { user_id: "alice".to_owned() };
    assert_eq!(client.request(request::NEWEST_SEQ, ask.encode_to_vec()).await.code, 1002);
    let range = SeqRange { conversation_id: conversation("alice", "bob"), begin: 1, end: 10, num: 10 };
    let ask = PullRangesReq { user_id: "alice".to_owned(), ranges: vec![range], order: 0 };
    assert_eq!(client.request(request::PULL_RANGES, ask.encode_to_vec()).await.code, 1002);
    let mut forged = client.text_to("bob", "forged");
    forged.send_id = "alice".to_owned();
    assert_ne!(client.send(&forged).await.told.code, 0);
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn oversized_bodies_are_refused_early() {
    let (app, receiver) = start(Setup::dev()).await;
    let headers = [("operationID", "op-1"), ("token", app.admin_token())];
    let mut body = single("alice", "bob", "");
    body["content"]["content"] = json!("x".repeat(1100 * 1024));
    let reply = app.server.rest().send(Method::POST, "/msg/send_msg", &headers, body.to_string()).await;
    assert_ne!(reply.code(), 0);
    assert!([200, 400, 413].contains(&reply.status), "{}", reply.status);
    body["content"]["content"] = json!("x".repeat(70 * 1024));
    let reply = app.server.rest().send(Method::POST, "/msg/send_msg", &headers, body.to_string()).await;
    assert_eq!(reply.code(), 1001, "content has its own bound: {}", reply.body);

    // A body that is only promised: the answer comes before the gigabyte.
    let mut stream = TcpStream::connect(app.server.addr()).await.unwrap();
    let token = app.admin_token();
    let head = format!(
        "POST /msg/send_msg HTTP/1.1\r\nHost: x\r\noperationID: op\r\ntoken: {token}\r\nContent-Length: 1073741824\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let count =
        tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.unwrap().unwrap_or(0);
    assert!(count == 0 || answer.starts_with(b"HTTP/1.1 "), "{:?}", String::from_utf8_lossy(&answer));
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn oversized_and_garbled_frames_end_the_connection() {
    let (app, receiver) = start(Setup::dev()).await;
    let frames = [
        Message::binary(vec![b'x'; 60_000]),
        Message::binary(b"not json".to_vec()),
        Message::binary(b"{}".to_vec()),
        Message::binary(b"\xff\xff\xff".to_vec()),
        Message::binary(
            json!({ "reqIdentifier": "1003", "msgIncr": 7, "data": "%" }).to_string().into_bytes(),
        ),
        Message::text("not json"),
        Message::text(json!({ "type": "shout" }).to_string()),
    ];
    for frame in frames {
        let client = app.login("alice", platform::IOS).await;
        let shown = format!("{frame:.60?}");
        client.send_raw(frame);
        tokio::time::timeout(ringback_e2e::SOON, client.closed()).await.unwrap_or_else(|_| panic!("{shown}"));
    }
    // Data that is not the protobuf it should be: a clear error, or a closed connection.
    let client = app.login("alice", platform::IOS).await;
    let ask = client.ask(request::SEND, vec![0xff; 40]);
    client.post(&ask);
    assert_ne!(client.try_answer(&ask.incr).await.map_or(1001, |told| told.code), 0);
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn a_gzip_bomb_is_not_unpacked() {
    let (app, receiver) = start(Setup::dev()).await;
    let token = app.token("alice", platform::WEB).await;
    let login = ringback_e2e::client::Login {
        gzip: true,
        ..ringback_e2e::client::Login::new("alice", &token, platform::WEB)
    };
    let client = app.connect(&login).await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b' '; 1024 * 1024];
    for _ in 0..40 {
        std::io::Write::write_all(&mut encoder, &zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 51_200, "it fits into a frame: {}", bomb.len());
    client.send_raw(Message::binary(bomb));
    client.closed().await;
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn slow_headers_are_cut() {
    let (app, receiver) = start(Setup::dev().setting("limits.header_read", "1s")).await;
    let mut stream = TcpStream::connect(app.server.addr()).await.unwrap();
    stream.write_all(b"POST /msg/send_msg HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let begun = Instant::now();
    let (mut reading, mut writing) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"X-Slow: 1\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut rest = Vec::new();
    // An error is a reset connection: as good as its end.
    let _ = tokio::time::timeout(Duration::from_secs(10), reading.read_to_end(&mut rest))
        .await
        .expect("it is cut");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    dripping.abort();
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn slow_bodies_are_cut() {
    let (app, receiver) = start(Setup::dev().setting("limits.body_read", "1s")).await;
    let mut stream = TcpStream::connect(app.server.addr()).await.unwrap();
    let token = app.admin_token();
    let head = format!(
        "POST /msg/send_msg HTTP/1.1\r\nHost: x\r\noperationID: op\r\ntoken: {token}\r\nContent-Length: 1000\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut rest = Vec::new();
    let ending = tokio::time::timeout(Duration::from_secs(15), async {
        let mut piece = [0; 1024];
        loop {
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(count) => rest.extend_from_slice(&piece[..count]),
            }
            if rest.windows(4).any(|window| window == b"\r\n\r\n") {
                break;
            }
        }
    });
    ending.await.expect("it is answered or cut");
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn huge_heads_are_refused() {
    let (app, receiver) = start(Setup::dev()).await;
    let mut stream = TcpStream::connect(app.server.addr()).await.unwrap();
    let head = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: {}\r\n\r\n", "x".repeat(200 * 1024));
    // The server may cut while we still write.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer))
        .await
        .expect("it ends");
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&answer));
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn half_open_sockets_do_not_keep_others_out() {
    let (app, receiver) = start(Setup::dev()).await;
    let mut idle = Vec::new();
    for number in 0..600 {
        let mut stream = TcpStream::connect(app.server.addr()).await.unwrap();
        if number % 2 == 0 {
            stream.write_all(b"GET /ws HTTP/1.1\r\nHost").await.unwrap();
        }
        idle.push(stream);
    }
    let begun = Instant::now();
    let client = app.login("alice", platform::IOS).await;
    client.request(request::NEWEST_SEQ, UserReq { user_id: "alice".to_owned() }.encode_to_vec()).await;
    nothing_changed(&app, &receiver).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(idle);
}

#[tokio::test]
async fn connections_beyond_the_bound_are_turned_away_at_once() {
    let (app, receiver) = start(Setup::dev().setting("limits.connections", "20")).await;
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(TcpStream::connect(app.server.addr()).await.unwrap());
    }
    let mut refused = 0;
    for stream in &mut idle {
        let mut answer = [0; 16];
        // Within the bound a connection is simply silent.
        if let Ok(Ok(_)) = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut answer)).await {
            refused += 1;
        }
    }
    assert!(refused >= 20, "{refused} of 40 were turned away");
    drop(idle);
    let back = async {
        while app.server.rest().try_get("/healthz").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(ringback_e2e::SOON, back).await.expect("places become free again");
    nothing_changed(&app, &receiver).await;
}

#[tokio::test]
async fn one_user_has_a_bound_of_connections() {
    let (app, _receiver) = start(Setup::dev().setting("limits.connections_per_user", "3")).await;
    let token = app.token("alice", platform::WEB).await;
    let login = ringback_e2e::client::Login::new("alice", &token, platform::WEB);
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(app.connect(&login).await);
    }
    let refused = Client::connect(app.server.addr(), &login).await.unwrap_err();
    assert_eq!(refused.code(), 1601);
    app.login("bob", platform::WEB).await;
}
