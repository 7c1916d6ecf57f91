//! REST: requests freed from HTTP, handed to a dialect's edge, and its answers put back into HTTP.
//!
//! Order on a served path: what the headers say, the token, the rate of requests, the body, the rate of messages, the
//! command; where no token is needed, or only sometimes, the rate comes before it. What goes wrong on the way is answered
//! in the dialect's own form, a panic included.

mod body;
pub mod exports;
pub mod forms;
mod interface;
mod meters;
pub mod objects;
pub mod probes;
pub mod rates;
mod request;
mod router;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use hyper::Request;
use hyper::body::Incoming;
use ringback_model::command::{Actor, Call, Command};
use ringback_model::dialect::{Edge, EdgeRequest, Method, Opening};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::message::Origin;
use ringback_model::ports::{Clock, Fut};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::TaskTracker;

pub use body::ReplyBody;
pub(crate) use interface::plain_reply;

use crate::listener::{Connection, Handler};
use crate::product::{Done, Product};
use crate::ws::Sockets;
use exports::ExportDoor;
use forms::{Filled, Form, Forms};
use objects::ObjectDoor;
use probes::Probes;
use rates::{Exceeded, Rates};
pub(crate) use request::headers as text_headers;
pub use request::query as query_of;

use interface::Interface;
use meters::Meters;
use request::{BodyBounds, Head};
use router::{Found, Params, Router, method_of};

/// Where the admin API is. No dialect's route may lead there.
pub const ADMIN_PATH: &str = "/admin/v1";

/// The route that a request is counted under, where whoever answers it wants another one than the path says. Put into
/// the extensions of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteLabel(pub &'static str);

/// Everything that is needed to answer a request.
pub struct Http {
    router: Router,
    interfaces: Vec<Arc<Interface>>,
    /// Answers what nobody serves.
    default: Arc<Interface>,
    meters: Meters,
    forms: Forms,
    parts: HttpParts,
}

/// What [`Http`] is made of.
pub struct HttpParts {
    /// The REST interfaces.
    pub edges: Vec<Arc<dyn Edge>>,
    /// Answers what nobody serves.
    pub default_edge: Arc<dyn Edge>,
    /// How often callers may do something at these interfaces.
    pub rates: Rates,
    /// Answers everything below [`ADMIN_PATH`], in its own form, whatever the method.
    pub admin: Handler<ReplyBody>,
    /// Takes the bytes of uploads and hands them out; `None` = uploads are switched off.
    pub objects: Option<Arc<ObjectDoor>>,
    /// Hands exported messages out; `None` = nothing is exported.
    pub exports: Option<Arc<ExportDoor>>,
    /// Carries commands out.
    pub product: Arc<dyn Product>,
    /// Wall time.
    pub clock: Arc<dyn Clock>,
    /// Whether callers come over TLS.
    pub secure: bool,
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

/// What a request comes to before its body is read.
struct Opened {
    operation_id: String,
    /// Whose token it carries.
    actor: Option<Actor>,
    /// Why the token that it carries is not taken, where the route does not always need one.
    turned_down: Option<Refusal>,
}

/// How a request came, as far as answers with bytes of objects depend on it.
struct Whose {
    connection: Option<Arc<Connection>>,
    /// Its method is `HEAD`.
    head_alone: bool,
}

/// Why a request is not carried out.
enum Stopped {
    Failed(Failure),
    /// It comes too often; which code that is depends on what is counted.
    TooOften(Exceeded, RefusalCode),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Failed(refusal.into())
    }
}

impl Http {
    /// Puts it together.
    ///
    /// # Errors
    /// Two edges claim one route.
    pub fn new(parts: HttpParts) -> anyhow::Result<Arc<Self>> {
        let interfaces: Vec<_> = parts.edges.iter().cloned().map(Interface::new).collect();
        Ok(Arc::new(Self {
            router: Router::new(&interfaces)?,
            interfaces,
            default: Interface::new(Arc::clone(&parts.default_edge)),
            meters: Meters::default(),
            forms: Forms::default(),
            parts,
        }))
    }

    /// Answers a request. Never panics.
    pub fn answer(self: &Arc<Self>, request: Request<Incoming>) -> Fut<'static, Answer> {
        let started = Instant::now();
        let this = Arc::clone(self);
        let path = request.uri().path();
        if is_admin(path) {
            return Box::pin(async move {
                let answer = this.administer(request).await;
                this.observed(ADMIN_PATH, answer, started)
            });
        }
        if let Some(door) = self.parts.objects.clone().filter(|_| ObjectDoor::serves(&request)) {
            return Box::pin(async move {
                let answer = transfer(&door, request).await;
                this.observed(objects::ROUTE, answer, started)
            });
        }
        if let Some(door) = self.parts.exports.clone().filter(|_| ExportDoor::serves(&request)) {
            return Box::pin(async move {
                let answering = AssertUnwindSafe(door.answer(request)).catch_unwind();
                let answer = answering.await.unwrap_or_else(|_| broken(exports::ROUTE));
                this.observed(exports::ROUTE, answer, started)
            });
        }
        match self.router.find(request.method(), path) {
            Found::Route(served, method, params) => {
                // Read now: a future that holds the request has room for it several times, and there are many of them.
                let (mut parts, body) = request.into_parts();
                let connection = parts.extensions.remove::<Arc<Connection>>();
                let reading = || self.head(Head { route: served.route, method, params }, &parts);
                let Ok(head) = std::panic::catch_unwind(AssertUnwindSafe(reading)) else {
                    let answer = self.panicked(&served.interface, served.route);
                    let answer = self.observed(served.route, answer, started);
                    return Box::pin(std::future::ready(answer));
                };
                let whose = Whose { connection, head_alone: parts.method == http::Method::HEAD };
                let serving = Arc::clone(self).serve(Arc::clone(&served.interface), head, whose, body);
                Box::pin(AssertUnwindSafe(serving).catch_unwind().map(move |answer| {
                    let answer = answer.unwrap_or_else(|_| this.panicked(&served.interface, served.route));
                    this.observed(served.route, answer, started)
                }))
            }
            found => Box::pin(this.answer_unserved(request, found, started)),
        }
    }

    fn observed(&self, route: &'static str, answer: Answer, started: Instant) -> Answer {
        let route = answer.extensions().get::<RouteLabel>().map_or(route, |label| label.0);
        self.meters.observe(route, answer.status(), started.elapsed());
        answer
    }

    async fn administer(&self, request: Request<Incoming>) -> Answer {
        let answering = AssertUnwindSafe((self.parts.admin)(request)).catch_unwind();
        answering.await.unwrap_or_else(|_| {
            drop(panicked(ADMIN_PATH));
            let body = r#"{"error":{"code":"internal","message":"internal error; the server's log says more","details":[]}}"#;
            own_answer(StatusCode::INTERNAL_SERVER_ERROR, "application/json", body)
        })
    }

    async fn answer_unserved(
        self: Arc<Self>,
        request: Request<Incoming>,
        found: Found,
        started: Instant,
    ) -> Answer {
        let (route, interface) = match &found {
            Found::Route(served, ..) | Found::OtherMethod(served, ..) => {
                (served.route, Arc::clone(&served.interface))
            }
            Found::Nothing => ("other", Arc::clone(self.interface_of(request.uri().path()))),
        };
        let answer = AssertUnwindSafe(self.otherwise(request, found)).catch_unwind().await;
        self.observed(route, answer.unwrap_or_else(|_| self.panicked(&interface, route)), started)
    }

    /// Answers a request on an address that serves WebSockets only, on any path.
    pub async fn answer_sockets_only(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        if crate::ws::is_upgrade(&request) {
            return self.parts.sockets.upgrade(request).await;
        }
        self.unknown(&self.default, "", Vec::new(), request)
    }

    /// Preflights, sockets, probes, and what nobody serves.
    async fn otherwise(&self, request: Request<Incoming>, found: Found) -> Answer {
        if request.method() == http::Method::OPTIONS {
            let interface = match &found {
                // Names of objects may look like routes of anybody.
                _ if self.parts.objects.is_some() && objects::is_below(request.uri().path()) => &self.default,
                Found::Route(served, ..) | Found::OtherMethod(served, ..) => &served.interface,
                Found::Nothing => self.interface_of(request.uri().path()),
            };
            return interface.respond(interface.edge.preflight(), None);
        }
        if crate::ws::is_upgrade(&request) {
            return self.parts.sockets.upgrade(request).await;
        }
        if let Found::OtherMethod(served, params, allow) = found {
            let mut answer = self.unknown(&served.interface, served.route, params, request);
            answer.headers_mut().insert(ALLOW, allow);
            return answer;
        }
        if let Some(answer) = self.parts.probes.answer(&request) {
            return answer;
        }
        self.unknown(self.interface_of(request.uri().path()), "", Vec::new(), request)
    }

    /// Who answers for a path that nobody serves.
    fn interface_of(&self, path: &str) -> &Arc<Interface> {
        self.interfaces.iter().find(|interface| interface.edge.claims(path)).unwrap_or(&self.default)
    }

    fn unknown(
        &self,
        interface: &Interface,
        route: &'static str,
        params: Params,
        request: Request<Incoming>,
    ) -> Answer {
        let (parts, _) = request.into_parts();
        let method = method_of(&parts.method).unwrap_or(Method::Get);
        let head = self.head(Head { route, method, params }, &parts);
        interface.respond(interface.edge.unknown(&head), None)
    }

    fn head(&self, head: Head, parts: &http::request::Parts) -> EdgeRequest {
        EdgeRequest { at: self.parts.clock.now(), secure: self.parts.secure, ..request::head(head, parts) }
    }

    async fn serve(
        self: Arc<Self>,
        interface: Arc<Interface>,
        mut request: EdgeRequest,
        whose: Whose,
        body: Incoming,
    ) -> Answer {
        let opened = match self.open(interface.edge.as_ref(), &request).await {
            // The body is read after the token was checked: strangers do not make us hold a megabyte.
            Ok(opened) => {
                self.take_in(interface.edge.as_ref(), &mut request, body).await.map(|room| (opened, room))
            }
            Err(stopped) => Err(stopped),
        };
        let (opened, room) = match opened {
            Ok(opened) => opened,
            Err(stopped) => return self.finish(&interface, &request, Err(stopped)),
        };
        let route = request.route;
        // A task of its own: a caller who hangs up must not stop half-way what he has started.
        let work = Arc::clone(&self).work(Arc::clone(&interface), request, whose, opened);
        let work = work.map(move |answer| {
            drop(room);
            answer
        });
        self.parts.tracker.spawn(work).await.unwrap_or_else(|_| self.panicked(&interface, route))
    }

    /// Reads the body into the request: bytes, or a file in a form where the route takes one. Answers what stands for the
    /// room that a file takes.
    async fn take_in(
        &self,
        edge: &dyn Edge,
        request: &mut EdgeRequest,
        body: Incoming,
    ) -> Result<Option<OwnedSemaphorePermit>, Stopped> {
        let time = self.parts.body_read;
        if let Some(most) = edge.file_bytes(request.method, request.route)
            && let Some(form) = Form::of(request, most, time)
        {
            let filling = Box::pin(self.forms.read(form, |until| objects::pieces(body, until)));
            let Filled { file, room } = filling.await?;
            request.file = file;
            return Ok(Some(room));
        }
        let bounds = BodyBounds { bytes: ringback_model::limits::REST_BODY_BYTES, time };
        request.body = request::read_body(body, bounds).await?;
        Ok(None)
    }

    async fn open(&self, edge: &dyn Edge, request: &EdgeRequest) -> Result<Opened, Stopped> {
        let Opening { operation_id, token, token_optional } = edge.open(request)?;
        let charge = || {
            let charged = self.parts.rates.charge(edge.request_rates(request.method, request.route), 1);
            charged.map_err(|exceeded| Stopped::TooOften(exceeded, RefusalCode::Overloaded))
        };
        let needed = token.as_ref().filter(|_| !token_optional);
        if let Some(token) = needed {
            // Charged afterwards: whoever may not call must not use up what those may do who may.
            let actor = self.parts.product.authenticate(token.reveal()).await?;
            edge.admit(request, &actor)?;
            charge()?;
            return Ok(Opened { operation_id, actor: Some(actor), turned_down: None });
        }
        charge()?;
        let checked = match &token {
            Some(token) => self.parts.product.authenticate(token.reveal()).await.map(Some),
            None => Ok(None),
        };
        match checked {
            Ok(actor) => Ok(Opened { operation_id, actor, turned_down: None }),
            Err(Failure::Refused(why)) => Ok(Opened { operation_id, actor: None, turned_down: Some(why) }),
            Err(fault) => Err(Stopped::Failed(fault)),
        }
    }

    async fn work(
        self: Arc<Self>,
        interface: Arc<Interface>,
        request: EdgeRequest,
        whose: Whose,
        opened: Opened,
    ) -> Answer {
        let mut result = match self.decode(interface.edge.as_ref(), &request, &opened) {
            Ok(command) => {
                let Opened { operation_id, actor, .. } = opened;
                let operation_id = Arc::from(operation_id.as_str());
                let call = Call { actor, origin: Origin::Rest, operation_id, command };
                self.parts.product.execute(call).await.map_err(Stopped::from)
            }
            Err(stopped) => Err(stopped),
        };
        if let Ok(done) = &result
            && let (Some(object), Some(door)) = (done.outcome.content(), &self.parts.objects)
        {
            let headers = request::range_headers(&request);
            let connection = whose.connection.as_deref();
            match door.hand_out(object, &headers, connection, whose.head_alone).await {
                Ok(answer) => return interface.dressed(answer),
                Err(failure) => result = Err(failure.into()),
            }
        }
        self.finish(&interface, &request, result)
    }

    fn decode(&self, edge: &dyn Edge, request: &EdgeRequest, opened: &Opened) -> Result<Command, Stopped> {
        let decoded = edge.decode(request, opened.actor.as_ref());
        let command = decoded.map_err(|refusal| match &opened.turned_down {
            // It turns out that a token is needed: what is wrong with the one that came is what helps the caller.
            Some(why) if refusal.code.is_about_token() => why.clone(),
            _ => refusal,
        })?;
        let (keys, messages) = edge.message_rates(request.route, &command);
        let charged = self.parts.rates.charge(keys, messages);
        charged.map_err(|exceeded| Stopped::TooOften(exceeded, RefusalCode::TooManyMessages))?;
        Ok(command)
    }

    fn finish(&self, interface: &Interface, request: &EdgeRequest, result: Result<Done, Stopped>) -> Answer {
        let (mut ticket, mut retry_after) = (None, None);
        let result = match result {
            Ok(Done { outcome, answered }) => {
                ticket = Some(answered);
                Ok(outcome)
            }
            Err(Stopped::Failed(failure)) => Err(failure),
            Err(Stopped::TooOften(exceeded, code)) => {
                retry_after = exceeded.retry_after;
                Err(Refusal::new(code, too_often(&exceeded)).into())
            }
        };
        if let Err(Failure::Fault(fault)) = &result {
            metrics::counter!("ringback_faults_total", "route" => request.route).increment(1);
            tracing::error!(route = request.route, error = %fault, "a request ran into a fault");
        }
        let reply = interface.edge.encode(request, &result, self.parts.clock.now());
        let mut answer = interface.respond(reply, ticket);
        if let Some(wait) = retry_after {
            // Whole seconds, rounded up: who comes back earlier is refused again.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        answer
    }

    /// The answer to a request of which nothing is known any more but its route.
    fn panicked(&self, interface: &Interface, route: &'static str) -> Answer {
        let request = request::bare(route, self.parts.clock.now());
        let reply = interface.edge.encode(&request, &Err(panicked(route)), request.at);
        interface.respond(reply, None)
    }
}

async fn transfer(door: &ObjectDoor, request: Request<Incoming>) -> Answer {
    AssertUnwindSafe(door.answer(request)).catch_unwind().await.unwrap_or_else(|_| broken(objects::ROUTE))
}

/// The answer where a file cannot be handed out because of a panic.
fn broken(route: &'static str) -> Answer {
    drop(panicked(route));
    own_answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "internal error\n")
}

/// Whether a path is the admin API's.
pub(crate) fn is_admin(path: &str) -> bool {
    path.strip_prefix(ADMIN_PATH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn too_often(exceeded: &Exceeded) -> String {
    let Exceeded { key, quota, retry_after } = exceeded;
    let setting = format!("the limit is {quota} (setting {key})");
    match retry_after {
        Some(_) => setting,
        None => format!("so many at once are never allowed: {setting}"),
    }
}

/// A panic was caught; its text is on standard error already, where the panic hook has put it.
fn panicked(route: &'static str) -> Failure {
    metrics::counter!("ringback_panics_total").increment(1);
    tracing::error!(route, "a request panicked; please report this");
    Failure::Fault(Fault::new("panicked"))
}

/// An answer of the server itself.
pub(crate) fn own_answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(ReplyBody::new(body.into(), None));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
