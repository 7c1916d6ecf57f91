//! Those who send: users on WebSockets, who repeat what was not acknowledged, and backends on REST, who do not.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prost::Message as _;
use rand::RngExt as _;
use tokio::sync::watch;

use super::report::Violation;
use super::texts;
use crate::app::{conversation, single, to_group};
use crate::client::{Client, Login};
use crate::rest::Rest;
use crate::wire::{MsgData, SendMsgResp, request};

/// Where senders write.
pub(super) const USERS: [&str; 6] = ["u0", "u1", "u2", "u3", "u4", "u5"];
/// Wait after a connection broke; a restart ends it.
const BREATH: Duration = Duration::from_millis(50);

/// A message that the server has acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Acked {
    pub(super) conversation: String,
    pub(super) client_id: String,
    pub(super) server_id: String,
    pub(super) sent: String,
}

/// What all senders share.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) addr: watch::Receiver<SocketAddr>,
    pub(super) group: String,
    pub(super) shared: Arc<Shared>,
}

/// What they tell, and are told.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Not yet looked for.
    acked: Mutex<Vec<Acked>>,
    pub(super) acknowledged: AtomicU64,
    pub(super) refused: AtomicU64,
    violation: Mutex<Option<Violation>>,
    stop: AtomicBool,
    /// While the server is going down, it may turn sends away.
    pub(super) going_down: AtomicBool,
    /// Longest pause between two messages, microseconds.
    pause_us: AtomicU64,
}

impl Shared {
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn set_pause(&self, pause: Duration) {
        self.pause_us.store(u64::try_from(pause.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What was acknowledged since the last time.
    pub(super) fn take_acked(&self) -> Vec<Acked> {
        std::mem::take(&mut self.acked.lock().unwrap())
    }

    /// The first thing that a sender found wrong.
    pub(super) fn violation(&self) -> Option<Violation> {
        self.violation.lock().unwrap().clone()
    }

    fn report(&self, violation: Violation) {
        self.violation.lock().unwrap().get_or_insert(violation);
    }

    /// The answer to a send. True where it was one about the message itself, so that it is not sent again.
    fn answered(&self, code: i64, acked: impl FnOnce() -> Acked, sent: &str) -> bool {
        match (code, texts::stored(sent)) {
            (0, Some(_)) => {
                self.acked.lock().unwrap().push(acked());
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                true
            }
            (0, None) => {
                self.report(Violation::new(format!("'{sent}' is refused"), "it was acknowledged"));
                true
            }
            (_, None) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                true
            }
            (_, Some(_)) if self.going_down.load(Ordering::Relaxed) => false,
            (code, Some(_)) => {
                self.report(Violation::new(format!("'{sent}' is acknowledged"), format!("code {code}")));
                true
            }
        }
    }

    async fn rest(&self) {
        let most = self.pause_us.load(Ordering::Relaxed);
        if most > 0 {
            let pause = rand::rng().random_range(0..most);
            tokio::time::sleep(Duration::from_micros(pause)).await;
        }
    }
}

impl Load {
    async fn breathe(&mut self) {
        // Either outcome is a reason to try again.
        let _ = tokio::time::timeout(BREATH, self.addr.changed()).await;
    }
}

/// Sends over a WebSocket; what was not acknowledged is sent again under the same client message id.
pub(super) async fn chat(mut load: Load, login: Login) {
    let mut client: Option<Client> = None;
    let mut pending: Option<(MsgData, String)> = None;
    let mut number = 0_usize;
    while !load.shared.stopped() || pending.is_some() {
        let Some(connected) = &client else {
            let addr = *load.addr.borrow_and_update();
            match Client::connect(addr, &login).await {
                Ok(connected) => client = Some(connected),
                Err(_) => load.breathe().await,
            }
            continue;
        };
        let (message, text) = pending.get_or_insert_with(|| {
            number += 1;
            let text = texts::of_client(&format!("{}/{}", login.user, login.platform), number);
            let message = if number.is_multiple_of(4) {
                connected.text_to_group(&load.group, &text)
            } else {
                connected.text_to(peer(&login.user, number), &text)
            };
            (message, text)
        });
        let ask = connected.ask(request::SEND, message.encode_to_vec());
        connected.post(&ask);
        let Some(told) = connected.try_answer(&ask.incr).await else {
            client = None;
            continue;
        };
        let acked = || {
            let sent: SendMsgResp = told.expect();
            Acked {
                conversation: conversation_of(message),
                client_id: sent.client_msg_id,
                server_id: sent.server_msg_id,
                sent: text.clone(),
            }
        };
        if load.shared.answered(told.code, acked, text) {
            pending = None;
            load.shared.rest().await;
        } else {
            client = None;
        }
    }
}

/// Sends over REST, where nothing is repeated: what was not acknowledged may be there or not.
pub(super) async fn post(mut load: Load, token: String, from: &'static str, backend: usize) {
    let mut number = 0_usize;
    while !load.shared.stopped() {
        let addr = *load.addr.borrow_and_update();
        let rest = Rest::new(addr).with_token(&token);
        while !load.shared.stopped() {
            number += 1;
            let text = texts::of_backend(&format!("rest {from}/{backend}"), number);
            let (body, conversation) = if number.is_multiple_of(4) {
                (to_group(from, &load.group, &text), format!("sg_{}", load.group))
            } else {
                let to = peer(from, number);
                (single(from, to, &text), conversation(from, to))
            };
            let Ok(reply) = rest.try_post("/msg/send_msg", &body).await else { break };
            let Some(code) = reply.body["errCode"].as_i64() else { break };
            let id = |key: &str| reply.body["data"][key].as_str().unwrap_or_default().to_owned();
            let acked = || Acked {
                conversation,
                client_id: id("clientMsgID"),
                server_id: id("serverMsgID"),
                sent: text.clone(),
            };
            load.shared.answered(code, acked, &text);
            load.shared.rest().await;
        }
        load.breathe().await;
    }
}

fn peer(user: &str, number: usize) -> &'static str {
    let at = USERS.iter().position(|known| *known == user).unwrap_or_default();
    USERS[(at + 1 + number % 2) % USERS.len()]
}

fn conversation_of(message: &MsgData) -> String {
    if message.group_id.is_empty() {
        conversation(&message.send_id, &message.recv_id)
    } else {
        format!("sg_{}", message.group_id)
    }
}
