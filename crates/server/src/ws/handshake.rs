//! From an HTTP request to a WebSocket: who is it, may he, and if not, how is he told.

use std::sync::Arc;

use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderValue, StatusCode};
use hyper::Request;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use ringback_model::command::Actor;
use ringback_model::dialect::{Frame, Hello, TurnAway};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Sockets;
use super::connection::{self, Accepted};
use crate::http::{Answer, own_answer, plain_reply, query_of, text_headers};
use crate::listener::Connection;

impl Sockets {
    /// Answers a request for a WebSocket; the connection goes on in a task of its own.
    pub async fn upgrade(self: &Arc<Self>, mut request: Request<Incoming>) -> Answer {
        let accept_key = match accept_key(&request) {
            Ok(key) => key,
            Err(answer) => return *answer,
        };
        let query = query_of(request.uri().query().unwrap_or_default());
        let headers = text_headers(request.headers());
        let place = request.extensions_mut().remove::<Arc<Connection>>();
        let admitted = self.admit(&query, &headers).await;
        let on_upgrade = hyper::upgrade::on(&mut request);
        match admitted {
            Ok((hello, actor)) => {
                let accepted = Accepted { hello, actor, welcome: self.dialect.welcome(&query), place };
                self.tracker.spawn(connection::run(Arc::clone(self), on_upgrade, accepted));
                switching_protocols(&accept_key)
            }
            Err(refusal) => self.turn_away(&query, &refusal, on_upgrade, &accept_key),
        }
    }

    async fn admit(
        &self,
        query: &[(String, String)],
        headers: &[(String, String)],
    ) -> Result<(Hello, Actor), Refusal> {
        if self.stop.is_cancelled() {
            return Err(Refusal::new(RefusalCode::ShuttingDown, "the server is going down"));
        }
        let hello = self.dialect.hello(query, headers)?;
        let actor = self.product.authenticate(hello.token.reveal()).await.map_err(as_refusal)?;
        if actor.user.folded() != hello.user.folded() || actor.platform != hello.platform {
            let detail = "the token belongs to another user or platform";
            return Err(Refusal::new(RefusalCode::TokenInvalid, detail));
        }
        if self.sessions.is_full(&actor.user) {
            return Err(Refusal::new(RefusalCode::TooManyConnections, "the user has too many connections"));
        }
        Ok((hello, actor))
    }

    fn turn_away(
        self: &Arc<Self>,
        query: &[(String, String)],
        refusal: &Refusal,
        on_upgrade: OnUpgrade,
        accept_key: &str,
    ) -> Answer {
        metrics::counter!("ringback_sockets_turned_away_total").increment(1);
        tracing::debug!(target: "ringback::ws", %refusal, "a handshake was refused");
        match self.dialect.turn_away(query, refusal) {
            TurnAway::Reply(reply) => plain_reply(reply, None),
            TurnAway::Frame(frame) => {
                self.say_and_close(on_upgrade, frame);
                switching_protocols(accept_key)
            }
        }
    }

    fn say_and_close(self: &Arc<Self>, on_upgrade: OnUpgrade, frame: Frame) {
        self.tracker.spawn(connection::say_and_close(on_upgrade, frame));
    }
}

/// A fault is logged here and told as "try again".
pub(super) fn as_refusal(failure: Failure) -> Refusal {
    match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Fault(fault) => {
            tracing::error!(target: "ringback::ws", error = %fault, "a token could not be checked");
            Refusal::new(RefusalCode::Overloaded, "the token could not be checked now")
        }
    }
}

/// The answer to the client's challenge (RFC 6455, 4.2.2).
fn accept_key(request: &Request<Incoming>) -> Result<String, Box<Answer>> {
    let headers = request.headers();
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut answer =
            own_answer(StatusCode::UPGRADE_REQUIRED, "text/plain", "only version 13 is spoken here\n");
        answer.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(Box::new(answer));
    }
    match headers.get(SEC_WEBSOCKET_KEY) {
        Some(key) => Ok(derive_accept_key(key.as_bytes())),
        None => {
            Err(Box::new(own_answer(StatusCode::BAD_REQUEST, "text/plain", "sec-websocket-key is missing\n")))
        }
    }
}

fn switching_protocols(accept_key: &str) -> Answer {
    let mut answer = own_answer(StatusCode::SWITCHING_PROTOCOLS, "text/plain", "");
    let headers = answer.headers_mut();
    headers.clear();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(value) = HeaderValue::from_str(accept_key) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, value);
    }
    answer
}
