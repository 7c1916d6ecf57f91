//! REST: requests freed from HTTP, handed to a dialect's edge, and its answers put back into HTTP.
//!
//! Order on a served path: what the headers say, the token, the body, the command. What goes wrong on the way is
//! answered in the dialect's own form, a panic included.

mod body;
pub mod probes;
mod request;
mod router;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use hyper::Request;
use hyper::body::Incoming;
use ringback_model::command::{Actor, Call};
use ringback_model::dialect::{Edge, EdgeRequest, Opening, Reply};
use ringback_model::failure::{Failure, Fault};
use ringback_model::message::Origin;
use tokio_util::task::TaskTracker;

pub use body::ReplyBody;

use crate::product::{Done, Product, Ticket};
use crate::ws::Sockets;
use probes::Probes;
pub(crate) use request::{headers as text_headers, query as query_of};

use request::BodyBounds;
use router::{Router, Served};

/// Everything that is needed to answer a request.
pub struct Http {
    router: Router,
    default_edge: Arc<dyn Edge>,
    product: Arc<dyn Product>,
    sockets: Arc<Sockets>,
    probes: Probes,
    body_read: Duration,
    tracker: TaskTracker,
}

/// What [`Http`] is made of.
pub struct HttpParts {
    /// The REST interfaces.
    pub edges: Vec<Arc<dyn Edge>>,
    /// Answers what nobody serves.
    pub default_edge: Arc<dyn Edge>,
    /// Carries commands out.
    pub product: Arc<dyn Product>,
    /// Takes upgrades over.
    pub sockets: Arc<Sockets>,
    /// Answers about the server itself.
    pub probes: Probes,
    /// Time a client has for a body.
    pub body_read: Duration,
    /// Counts commands under way, so that shutdown waits for them.
    pub tracker: TaskTracker,
}

/// An answer of ours.
pub type Answer = Response<ReplyBody>;

impl Http {
    /// Puts it together.
    ///
    /// # Errors
    /// Two edges claim one route.
    pub fn new(parts: HttpParts) -> anyhow::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            router: Router::new(&parts.edges)?,
            default_edge: parts.default_edge,
            product: parts.product,
            sockets: parts.sockets,
            probes: parts.probes,
            body_read: parts.body_read,
            tracker: parts.tracker,
        }))
    }

    /// Answers a request. Never panics.
    pub async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        let started = Instant::now();
        let served = self.router.find(request.method(), request.uri().path());
        let route = served.as_ref().map_or("other", |served| served.route);
        let default_edge = Arc::clone(&self.default_edge);
        let answer =
            AssertUnwindSafe(self.dispatch(request, served)).catch_unwind().await.unwrap_or_else(|_| {
                let request = request::bare(route);
                let reply = default_edge.encode(&request, &Err(panicked(route)));
                respond(default_edge.as_ref(), reply, None)
            });
        observe(route, &answer, started.elapsed());
        answer
    }

    /// Answers a request on an address that serves WebSockets only, on any path.
    pub async fn answer_sockets_only(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        if crate::ws::is_upgrade(&request) {
            return self.sockets.upgrade(request).await;
        }
        let (parts, _) = request.into_parts();
        let reply = self.default_edge.unknown(&request::head("", &parts));
        respond(self.default_edge.as_ref(), reply, None)
    }

    async fn dispatch(self: Arc<Self>, request: Request<Incoming>, served: Option<Served>) -> Answer {
        if request.method() == http::Method::OPTIONS {
            let edge = served.as_ref().map_or(&self.default_edge, |served| &served.edge);
            return respond(edge.as_ref(), edge.preflight(), None);
        }
        if let Some(served) = served {
            return self.serve(request, served).await;
        }
        if crate::ws::is_upgrade(&request) {
            return self.sockets.upgrade(request).await;
        }
        if let Some(answer) = self.probes.answer(&request) {
            return answer;
        }
        let (parts, _) = request.into_parts();
        let reply = self.default_edge.unknown(&request::head("", &parts));
        respond(self.default_edge.as_ref(), reply, None)
    }

    async fn serve(self: Arc<Self>, request: Request<Incoming>, served: Served) -> Answer {
        let (parts, body) = request.into_parts();
        let mut request = request::head(served.route, &parts);
        let bounds = BodyBounds { bytes: ringback_model::limits::REST_BODY_BYTES, time: self.body_read };
        let edge = Arc::clone(&served.edge);
        let opened = match self.open(edge.as_ref(), &request).await {
            // The body is read after the token was checked: strangers do not make us hold a megabyte.
            Ok(opened) => {
                request::read_body(body, bounds).await.map_err(Failure::from).map(|bytes| (opened, bytes))
            }
            Err(failure) => Err(failure),
        };
        let (opened, bytes) = match opened {
            Ok(opened) => opened,
            Err(failure) => return finish(edge.as_ref(), &request, Err(failure)),
        };
        request.body = bytes;
        // A task of its own: a caller who hangs up must not stop half-way what he has started.
        let work = self.tracker.spawn(Arc::clone(&self).work(edge, request, opened));
        work.await.unwrap_or_else(|_| {
            let reply = served.edge.encode(&request::bare(served.route), &Err(panicked(served.route)));
            respond(served.edge.as_ref(), reply, None)
        })
    }

    async fn open(
        &self,
        edge: &dyn Edge,
        request: &EdgeRequest,
    ) -> Result<(Opening, Option<Actor>), Failure> {
        let opening = edge.open(request)?;
        let actor = match &opening.token {
            Some(token) => Some(self.product.authenticate(token).await?),
            None => None,
        };
        Ok((opening, actor))
    }

    async fn work(
        self: Arc<Self>,
        edge: Arc<dyn Edge>,
        request: EdgeRequest,
        (opening, actor): (Opening, Option<Actor>),
    ) -> Answer {
        let result = match edge.decode(&request, actor.as_ref()) {
            Ok(command) => {
                let operation_id = Arc::from(opening.operation_id.as_str());
                self.product.execute(Call { actor, origin: Origin::Rest, operation_id, command }).await
            }
            Err(refusal) => Err(refusal.into()),
        };
        finish(edge.as_ref(), &request, result)
    }
}

fn finish(edge: &dyn Edge, request: &EdgeRequest, result: Result<Done, Failure>) -> Answer {
    let (result, ticket) = match result {
        Ok(Done { outcome, answered }) => (Ok(outcome), Some(answered)),
        Err(failure) => (Err(failure), None),
    };
    if let Err(Failure::Fault(fault)) = &result {
        metrics::counter!("ringback_faults_total", "route" => request.route).increment(1);
        tracing::error!(route = request.route, error = %fault, "a request ran into a fault");
    }
    let reply = edge.encode(request, &result);
    respond(edge, reply, ticket)
}

/// A panic was caught; its text is on standard error already, where the panic hook has put it.
fn panicked(route: &'static str) -> Failure {
    metrics::counter!("ringback_panics_total").increment(1);
    tracing::error!(route, "a request panicked; please report this");
    Failure::Fault(Fault::new("panicked"))
}

/// Puts a dialect's answer into HTTP; the ticket goes with its body.
pub(crate) fn respond(edge: &dyn Edge, reply: Reply, ticket: Option<Ticket>) -> Answer {
    let mut answer = plain_reply(reply, ticket);
    for (name, value) in edge.common_headers() {
        answer.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    answer
}

/// As [`respond`], without the headers that all answers of an edge have.
pub(crate) fn plain_reply(reply: Reply, ticket: Option<Ticket>) -> Answer {
    let mut answer = Response::new(ReplyBody::new(Bytes::from(reply.body), ticket));
    *answer.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value))
        {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

/// An answer of the server itself.
pub(crate) fn own_answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(ReplyBody::new(body.into(), None));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

fn observe(route: &'static str, answer: &Answer, took: Duration) {
    let code = answer.status().as_u16();
    metrics::counter!("ringback_http_requests_total", "route" => route, "code" => code.to_string())
        .increment(1);
    metrics::histogram!("ringback_http_request_seconds", "route" => route).record(took.as_secs_f64());
    tracing::debug!(target: "ringback::http", route, code, duration_ms = took.as_secs_f64() * 1000.0, "request");
}
