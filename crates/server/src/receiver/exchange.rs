//! One request and its answer.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use ringback_model::dialect::{Described, EdgeRequest, Method as RouteMethod, Receiver};
use ringback_model::limits;
use ringback_model::ports::Clock;
use ringback_model::time::UnixMs;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use super::behaviour::{Behaviour, Plan, Reply};
use super::call::{Call, Told};
use super::ledger::Ledger;
use super::signature::{self, Secret, Signature, Signed};
use crate::http::{query_of, text_headers};
use crate::request_body::{self, Unread};

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
            let request = edge_request(&head, Vec::new(), shared.clock.now());
            shared.announce(&head, &request, None, Told::turned_away(status.as_u16(), words));
            return Ok(bare(status, None, ""));
        }
    };
    let request = edge_request(&head, body, shared.clock.now());
    let found = shared.describe(&request);
    let described = found.as_ref().map(|(described, _)| described);
    let plan = shared.decide(described);
    let (told, answer) = compose(&plan, found.as_ref().map(|(described, by)| (described, by.as_ref())));
    shared.announce(&head, &request, found, told);
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

async fn read(body: Incoming) -> Result<Vec<u8>, (StatusCode, &'static str)> {
    let read = request_body::read(body, limits::RECEIVER_BODY_BYTES, limits::RECEIVER_BODY_READ).await;
    read.map_err(|unread| match unread {
        Unread::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "turned away: the body is too long"),
        Unread::Late => (StatusCode::REQUEST_TIMEOUT, "turned away: the body took too long"),
        Unread::Broken => (StatusCode::BAD_REQUEST, "turned away: the body broke off"),
    })
}

fn edge_request(head: &http::request::Parts, body: Vec<u8>, at: UnixMs) -> EdgeRequest {
    EdgeRequest {
        route: "",
        method: RouteMethod::Post,
        path: head.uri.path().to_owned(),
        params: Vec::new(),
        query: query_of(head.uri.query().unwrap_or_default()),
        headers: text_headers(&head.headers),
        body,
        file: None,
        at,
        secure: false,
    }
}

impl Shared {
    fn describe(&self, request: &EdgeRequest) -> Option<Found> {
        self.dialects.iter().find_map(|dialect| {
            let described = dialect.describe(request, self.contract.as_deref())?;
            Some((described, Arc::clone(dialect)))
        })
    }

    fn decide(&self, described: Option<&Described>) -> Plan {
        let behaviour = self.behaviour.lock().unwrap_or_else(PoisonError::into_inner);
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        behaviour.decide(described, &mut met).clone()
    }

    /// Whether the call was signed: in the headers, or in whichever way its dialect signs.
    fn signature(&self, request: &EdgeRequest, by: Option<&dyn Receiver>) -> Signature {
        let Some(secret) = &self.secret else { return Signature::Unchecked };
        let signed = Signed {
            id: request.header("webhook-id"),
            timestamp: request.header("webhook-timestamp"),
            signature: request.header("webhook-signature"),
        };
        let headers = signature::check(Some(secret), signed, &request.body, request.at);
        signature::together(headers, by.and_then(|dialect| dialect.signature(request, secret.text())))
    }

    /// Counts the call and tells who listens. Numbers grow in the order in which calls are told.
    fn announce(&self, head: &http::request::Parts, request: &EdgeRequest, found: Option<Found>, told: Told) {
        let signature = self.signature(request, found.as_ref().map(|(_, dialect)| dialect.as_ref()));
        let id = request.header("webhook-id");
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let call = Arc::new(Call {
            number: ledger.next_number(),
            at: request.at,
            path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            described: found.map(|(described, _)| described),
            webhook_id: id.map(str::to_owned),
            seen: id.map_or(1, |id| ledger.meet(id)),
            signature,
            told,
        });
        ledger.count(&call);
        // Nobody listens: then nobody wants to know.
        drop(self.calls.send(call));
    }
}

/// A callback, and the dialect that it was read by.
type Found = (Described, Arc<dyn Receiver>);

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
