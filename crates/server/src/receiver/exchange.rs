//! One request and its answer.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use ringback_model::dialect::{Described, EdgeRequest, Receiver};
use ringback_model::limits;
use ringback_model::ports::Clock;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::behaviour::{Behaviour, Plan, Reply};
use super::call::{Call, Told};
use super::ledger::Ledger;
use super::signature::{self, Secret, Signed};

/// What all exchanges of a receiver share.
pub(super) struct Shared {
    pub(super) dialects: Vec<Arc<dyn Receiver>>,
    pub(super) contract: Option<String>,
    pub(super) secret: Option<Secret>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) behaviour: Mutex<Behaviour>,
    /// See [`Behaviour::decide`].
    pub(super) met: Mutex<Vec<u64>>,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) calls: broadcast::Sender<Arc<Call>>,
    pub(super) stop: CancellationToken,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("contract", &self.contract).finish_non_exhaustive()
    }
}

/// Ends a connection without an answer.
#[derive(Debug)]
pub(super) struct Hangup;

impl fmt::Display for Hangup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed without an answer, as told")
    }
}

impl std::error::Error for Hangup {}

type Answer = Response<Full<Bytes>>;

/// Reads a request, tells who listens, waits and answers as the behaviour says.
pub(super) async fn exchange(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Hangup> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return Ok(bare(
            StatusCode::METHOD_NOT_ALLOWED,
            None,
            "this is a receiver of callbacks: they are POSTed\n",
        ));
    }
    let body = match read(body).await {
        Ok(body) => body,
        Err((status, words)) => {
            shared.announce(&head, None, Told::turned_away(status.as_u16(), words), &[]);
            return Ok(bare(status, None, ""));
        }
    };
    let request = edge_request(&head, &body);
    let found = shared.describe(&request);
    let described = found.as_ref().map(|(described, _)| described);
    let plan = shared.decide(described);
    let (told, answer) = compose(&plan, found.as_ref().map(|(described, by)| (described, by.as_ref())));
    shared.announce(&head, found.map(|(described, _)| described), told, &body);
    tokio::time::sleep(plan.delay).await;
    match answer {
        Composed::Answer(answer) => Ok(answer),
        Composed::Close => Err(Hangup),
        Composed::Hang => {
            // The caller gives up first; the bound is for one that never does.
            tokio::select! {
                () = shared.stop.cancelled() => {}
                () = tokio::time::sleep(limits::RECEIVER_HANG) => {}
            }
            Err(Hangup)
        }
    }
}

async fn read(body: Incoming) -> Result<Bytes, (StatusCode, &'static str)> {
    let limited = Limited::new(body, limits::RECEIVER_BODY_BYTES);
    match tokio::time::timeout(limits::RECEIVER_BODY_READ, limited.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "turned away: the body is too long"))
        }
        Ok(Err(_)) => Err((StatusCode::BAD_REQUEST, "turned away: the body broke off")),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "turned away: the body took too long")),
    }
}

fn edge_request(head: &http::request::Parts, body: &Bytes) -> EdgeRequest {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = head.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let query = pairs.map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key), decoded(value))
    });
    let headers = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    EdgeRequest {
        route: "",
        path: head.uri.path().to_owned(),
        query: query.collect(),
        headers: headers.collect(),
        body: body.to_vec(),
    }
}

impl Shared {
    fn describe(&self, request: &EdgeRequest) -> Option<(Described, Arc<dyn Receiver>)> {
        self.dialects.iter().find_map(|dialect| {
            dialect
                .describe(request, self.contract.as_deref())
                .map(|described| (described, Arc::clone(dialect)))
        })
    }

    fn decide(&self, described: Option<&Described>) -> Plan {
        let behaviour = self.behaviour.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        behaviour.decide(described, &mut met).clone()
    }

    /// Counts the call and tells who listens. Numbers grow in the order in which calls are told.
    fn announce(&self, head: &http::request::Parts, described: Option<Described>, told: Told, body: &[u8]) {
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let signed = Signed {
            id: text("webhook-id"),
            timestamp: text("webhook-timestamp"),
            signature: text("webhook-signature"),
        };
        let at = self.clock.now();
        let signature = signature::check(self.secret.as_ref(), signed, body, at);
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let call = Arc::new(Call {
            number: ledger.next_number(),
            at,
            path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            described,
            webhook_id: signed.id.map(str::to_owned),
            seen: signed.id.map_or(1, |id| ledger.meet(id)),
            signature,
            told,
        });
        ledger.count(&call);
        // Nobody listens: then nobody wants to know.
        drop(self.calls.send(call));
    }
}

enum Composed {
    Answer(Answer),
    Close,
    Hang,
}

/// What a plan comes to for this call: the words for who listens, and the answer.
fn compose(plan: &Plan, by: Option<(&Described, &dyn Receiver)>) -> (Told, Composed) {
    match &plan.reply {
        Reply::Say(instruction) => {
            let answered = by.map(|(described, dialect)| dialect.answer(described, instruction));
            let told = Told::of(plan, answered.as_ref().map(|answered| (answered.effect, answered.remark)));
            let body = answered.map_or_else(|| b"{}".to_vec(), |answered| answered.body);
            (told, Composed::Answer(json(body)))
        }
        Reply::Status { code, retry_after_s } => {
            let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (Told::of(plan, None), Composed::Answer(bare(status, *retry_after_s, "")))
        }
        Reply::Raw(body) => (Told::of(plan, None), Composed::Answer(json(body.clone().into_bytes()))),
        Reply::Close => (Told::of(plan, None), Composed::Close),
        Reply::Hang => (Told::of(plan, None), Composed::Hang),
    }
}

fn json(body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::from(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    answer
}

fn bare(status: StatusCode, retry_after_s: Option<u32>, text: &'static str) -> Answer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    if let Some(seconds) = retry_after_s {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}
