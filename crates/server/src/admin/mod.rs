//! The administrators' interface below `/admin/v1/`: rules, bans, parked deliveries, replays, and what rules may say. JSON in
//! and out; every error has the same form.
//!
//! | file | holds |
//! |---|---|
//! | [`operations`] | the table of everything that can be asked |
//! | [`rules`], [`keywords`], [`bans`], [`storage`], [`replays`], [`dialects`], [`schemas`] | what is done |
//! | [`why`], [`audit`] | what became of callbacks |
//! | [`input`], [`distinct`], [`reply`], [`error`], [`views`], [`replay_views`] | requests and answers |
//! | [`openapi`] | the table as a description for machines |

mod audit;
mod bans;
mod dialects;
mod distinct;
mod error;
mod input;
mod keywords;
pub mod openapi;
mod operations;
mod replay_views;
mod replays;
mod reply;
mod rules;
mod schemas;
mod storage;
mod views;
mod why;
mod why_views;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use ringback_callbacks::{Engine, RuleStatus};
use ringback_model::conversation::ConversationId;
use ringback_model::dialect::Edge;
use ringback_model::failure::Failure;
use ringback_model::ids::RuleId;
use ringback_model::limits;
use ringback_model::message::{Content, Message};
use ringback_model::ports::{Clock, History};
use ringback_model::time::UnixMs;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::http::{Answer, RouteLabel};
use crate::keywords::KeywordDesk;
use crate::product::Product;
use crate::rules::RuleDesk;
use error::ApiError;
use operations::{Body as BodyKind, Place};
use reply::Reply;

/// Where the interface lives.
pub const ROOT: &str = crate::http::ADMIN_PATH;

/// What the interface needs.
pub struct AdminParts {
    /// Changes rules.
    pub desk: Arc<RuleDesk>,
    /// Changes word lists.
    pub keywords: Arc<KeywordDesk>,
    /// Knows how rules are doing, and what they have parked.
    pub engine: Arc<Engine>,
    /// Says whose token it is.
    pub product: Arc<dyn Product>,
    /// The REST interfaces that are described, by name.
    pub edges: Vec<(&'static str, Arc<dyn Edge>)>,
    /// Made-up messages, for sample callbacks.
    pub samples: fn(UnixMs) -> Vec<Message>,
    /// What a name of a conversation may mean; empty = it is none.
    pub conversations: fn(&str) -> Vec<ConversationId>,
    /// The content of a message from its number and its text, as clients write it.
    pub content: fn(i32, String) -> Content,
    /// What was said.
    pub history: Arc<dyn History>,
    /// When samples are sent; times that are named by how long ago they were.
    pub clock: Arc<dyn Clock>,
    /// Time that a caller has for a body.
    pub body_read: Duration,
    /// Counts requests under way, so that shutdown waits for them.
    pub tracker: TaskTracker,
}

/// See the module.
pub struct Admin {
    desk: Arc<RuleDesk>,
    keywords: Arc<KeywordDesk>,
    engine: Arc<Engine>,
    product: Arc<dyn Product>,
    edges: Vec<(&'static str, Arc<dyn Edge>)>,
    samples: fn(UnixMs) -> Vec<Message>,
    conversations: fn(&str) -> Vec<ConversationId>,
    content: fn(i32, String) -> Content,
    history: Arc<dyn History>,
    clock: Arc<dyn Clock>,
    body_read: Duration,
    descriptions: dialects::Descriptions,
    schemas: schemas::Schemas,
    tracker: TaskTracker,
    slots: Arc<Semaphore>,
}

/// How rules are doing.
type States = HashMap<RuleId, RuleStatus>;

impl Admin {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: AdminParts) -> Arc<Self> {
        Arc::new(Self {
            desk: parts.desk,
            keywords: parts.keywords,
            engine: parts.engine,
            product: parts.product,
            edges: parts.edges,
            samples: parts.samples,
            conversations: parts.conversations,
            content: parts.content,
            history: parts.history,
            clock: parts.clock,
            body_read: parts.body_read,
            descriptions: dialects::Descriptions::default(),
            schemas: schemas::Schemas::default(),
            tracker: parts.tracker,
            slots: Arc::new(Semaphore::new(limits::ADMIN_IN_FLIGHT)),
        })
    }

    /// Answers a request for a path below [`ROOT`]. Never panics.
    pub async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer {
        let place = input::segments(request.uri().path()).and_then(|segments| Place::find(&segments));
        let label = RouteLabel(place.as_ref().map_or(ROOT, |place| place.path));
        let reply = self.handle(request, place).await.unwrap_or_else(Reply::from);
        let mut answer = reply.into_answer();
        answer.extensions_mut().insert(label);
        answer
    }

    async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        place: Option<Place>,
    ) -> Result<Reply, ApiError> {
        let (parts, body) = request.into_parts();
        let Some(place) = place else {
            let message =
                format!("there is nothing at {}; {ROOT}/openapi.json says what there is", parts.uri.path());
            return Err(ApiError::new(StatusCode::NOT_FOUND, "not_found", message));
        };
        if parts.method == Method::OPTIONS {
            return Ok(Reply::options(place.allowed()));
        }
        let operation = place.operation(&parts.method).ok_or_else(|| ApiError::method(&place.allowed()))?;
        if !operation.open {
            self.authenticate(&parts).await?;
        }
        let mut input = input::head(operation, &parts, place.params)?;
        if operation.body != BodyKind::None {
            input.body = input::read_json(body, operation.body.most(), self.body_read).await?;
        }
        // Not before: bodies that come slowly would keep out everybody else.
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        let slot = slot.map_err(|_| ApiError::busy("too many administrators' requests at once"))?;
        // A task of its own: a caller who hangs up must not stop half-way what he has started.
        let admin = Arc::clone(&self);
        let work = self.tracker.spawn(async move {
            let _slot = slot;
            (operation.run)(&admin, &input).await
        });
        match tokio::time::timeout(limits::ADMIN_WAIT, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(panicked)) => Err(ApiError::internal(&panicked)),
            Err(_) => {
                let message = "it takes longer than anybody waits; it is still being done";
                Err(ApiError::new(StatusCode::GATEWAY_TIMEOUT, "timeout", message))
            }
        }
    }

    async fn authenticate(&self, parts: &Parts) -> Result<(), ApiError> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|text| {
            let (scheme, token) = text.trim().split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            let message =
                "this needs an administrator's token: Authorization: Bearer TOKEN (`ringback token admin`)";
            return Err(ApiError::unauthorized(message));
        };
        match self.product.authenticate(token).await {
            Ok(actor) if actor.admin => Ok(()),
            Ok(_) => {
                let message = "the token is not an administrator's";
                Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message))
            }
            Err(Failure::Refused(refusal)) => Err(ApiError::unauthorized(refusal.detail)),
            Err(Failure::Fault(fault)) => Err(fault.into()),
        }
    }

    fn states(&self) -> States {
        self.engine.status().into_iter().map(|status| (status.id.clone(), status)).collect()
    }
}
