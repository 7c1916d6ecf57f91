//! WebSockets from the outside: handshake, order, patience, and how they end.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod support;

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use ringback_model::ports::Sessions as _;
use support::{Running, start, start_with, user};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(running: &Running, query: &str) -> Result<Self, Error> {
        let url = format!("ws://{}/any/path?{query}", running.address);
        connect_async(url).await.map(|(stream, _)| Self(stream))
    }

    /// Connects, and takes the welcome, which must be first.
    async fn join(running: &Running, token: &str) -> Self {
        let mut client = Self::connect(running, &format!("token={token}")).await.unwrap();
        assert_eq!(client.next().await, "welcome");
        client
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next text, or how the connection ended.
    async fn next(&mut self) -> String {
        let next =
            tokio::time::timeout(Duration::from_secs(10), self.0.next()).await.expect("something in time");
        match next {
            Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
            Some(Ok(Message::Close(Some(frame)))) => format!("close {:?}", frame.code),
            Some(Ok(other)) => format!("{other:?}"),
            Some(Err(_)) | None => "gone".to_owned(),
        }
    }
}

#[tokio::test]
async fn who_may_not_come_in_is_told_in_the_form_he_asked_for() {
    let running = start().await;
    let Err(Error::Http(answer)) = Client::connect(&running, "token=nonsense").await else {
        panic!("let in")
    };
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body().as_deref(), Some(b"away: not a token".as_slice()));
    let mut client = Client::connect(&running, "say=frame&token=ann/5&user=bob").await.unwrap();
    assert_eq!(client.next().await, "away: the token belongs to another user or platform");
    assert!(client.next().await.starts_with("Close") || client.next().await == "gone");
    assert_eq!(running.sessions.online(&[user("ann"), user("bob")]), [false, false]);
}

#[tokio::test]
async fn a_message_at_the_gate_holds_neither_pulls_nor_pings_nor_other_conversations() {
    let running = start().await;
    let mut client = Client::join(&running, "ann/2").await;
    client.say("send bob 1").await;
    client.say("send bob 2").await;
    client.say("send carl 3").await;
    client.say("time").await;
    client.say("ping").await;
    let mut early = [client.next().await, client.next().await];
    early.sort();
    assert_eq!(early, ["pong", "time -> ok"]);
    running.product.gate.add_permits(3);
    let mut answers = [client.next().await, client.next().await, client.next().await];
    answers.sort();
    assert_eq!(answers, ["send bob 1 -> ok", "send bob 2 -> ok", "send carl 3 -> ok"]);
    let log = running.product.log();
    let place = |what: &str| log.iter().position(|line| line == what).unwrap();
    assert!(place("sent 1") < place("asked 2"), "one conversation, one after the other: {log:?}");
    assert!(place("asked 3") < place("sent 2"), "another conversation does not wait: {log:?}");
}

#[tokio::test]
async fn too_many_open_requests_are_refused_and_the_connection_stays() {
    let running = start().await;
    let mut client = Client::join(&running, "ann/2").await;
    for number in 0..=ringback_model::limits::SOCKET_WAITING {
        client.say(&format!("send bob {number}")).await;
    }
    let refused = client.next().await;
    assert!(refused.contains("requests wait for their answers"), "{refused}");
    client.say("ping").await;
    assert_eq!(client.next().await, "pong");
}

#[tokio::test]
async fn what_goes_wrong_stays_small() {
    let running = start().await;
    let mut client = Client::join(&running, "ann/2").await;
    client.say("gibberish").await;
    assert_eq!(client.next().await, "gibberish -> no: what?");
    client.say("panic").await;
    assert_eq!(client.next().await, "panic -> fault");
    client.say("decoder").await;
    assert_eq!(client.next().await, format!("close {:?}", CloseCode::Policy));
    let mut client = Client::join(&running, "ann/2").await;
    client.say(&"x".repeat(ringback_model::limits::FRAME_BYTES + 1)).await;
    let ended = client.next().await;
    assert!(ended == format!("close {:?}", CloseCode::Size) || ended == "gone", "{ended}");
    let mut client = Client::join(&running, "ann/2").await;
    client.say("bye").await;
    assert_eq!(client.next().await, "bye -> ok");
    assert_eq!(client.next().await, format!("close {:?}", CloseCode::Normal));
}

#[tokio::test]
async fn the_newest_login_of_a_platform_wins() {
    let running = start().await;
    let mut old = Client::join(&running, "ann/2/old").await;
    let mut again = Client::join(&running, "ann/2/old").await;
    let mut browser = Client::join(&running, "ann/5/old").await;
    let mut new = Client::join(&running, "ann/2/new").await;
    for kicked in [&mut old, &mut again] {
        assert_eq!(kicked.next().await, "kicked");
        assert_eq!(kicked.next().await, format!("close {:?}", CloseCode::Normal));
    }
    for stays in [&mut browser, &mut new] {
        stays.say("ping").await;
        assert_eq!(stays.next().await, "pong");
    }
    assert_eq!(running.sessions.connections(&user("ann")).len(), 2);
}

#[tokio::test]
async fn a_token_that_was_taken_away_opens_nothing() {
    let running = start().await;
    running.product.taken.lock().unwrap().push("ann/2".to_owned());
    let mut client = Client::connect(&running, "say=frame&token=ann/2").await.unwrap();
    assert_eq!(client.next().await, "away: taken away");
}

#[tokio::test]
async fn silence_is_bounded() {
    let running = start_with(Duration::from_millis(200)).await;
    let mut client = Client::join(&running, "ann/2").await;
    assert_eq!(client.next().await, format!("close {:?}", CloseCode::Away));
}

#[tokio::test]
async fn browsers_are_pinged_so_that_they_stay() {
    let running = start_with(Duration::from_millis(400)).await;
    let mut client = Client::join(&running, "ann/5").await;
    for _ in 0..4 {
        assert!(client.next().await.starts_with("Ping"));
    }
    client.say("ping").await;
    let mut said = client.next().await;
    while said.starts_with("Ping") {
        said = client.next().await;
    }
    assert_eq!(said, "pong");
}

#[tokio::test]
async fn going_down_lets_requests_finish_and_says_good_bye() {
    let running = start().await;
    let mut client = Client::join(&running, "ann/2").await;
    client.say("send bob 1").await;
    client.say("time").await;
    assert_eq!(client.next().await, "time -> ok");
    running.stop.cancel();
    running.product.gate.add_permits(1);
    assert_eq!(client.next().await, "send bob 1 -> ok");
    assert_eq!(client.next().await, format!("close {:?}", CloseCode::Away));
    assert_eq!(client.next().await, "gone");
    running.tracker.close();
    tokio::time::timeout(Duration::from_secs(10), running.tracker.wait())
        .await
        .expect("nothing stays behind");
}
