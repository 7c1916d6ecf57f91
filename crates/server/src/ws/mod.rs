//! WebSocket: the handshake, and the connections that came out of it.

mod connection;
mod handshake;
mod order;
mod queue;
pub mod sessions;
mod subscriptions;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONNECTION, UPGRADE};
use hyper::Request;
use ringback_model::dialect::Socket;
use ringback_model::user::LoginPolicy;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::product::Product;
use sessions::SessionTable;

/// Takes WebSockets over.
pub struct Sockets {
    /// What clients speak.
    pub dialect: Arc<dyn Socket>,
    /// Who is connected.
    pub sessions: Arc<SessionTable>,
    /// Carries commands out.
    pub product: Arc<dyn Product>,
    /// Which connections of a user end when he connects.
    pub login_policy: LoginPolicy,
    /// Silence after which a connection is cut.
    pub silence: Duration,
    /// Counts connections, so that shutdown waits for them.
    pub tracker: TaskTracker,
    /// Ends all connections, politely.
    pub stop: CancellationToken,
}

/// Whether a request wants to become a WebSocket.
pub fn is_upgrade<B>(request: &Request<B>) -> bool {
    let has = |name, wanted: &str| {
        let values = request.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(wanted))
    };
    *request.method() == http::Method::GET && has(CONNECTION, "upgrade") && has(UPGRADE, "websocket")
}
