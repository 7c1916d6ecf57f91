//! The REST interface. Source: easemob-rest fact sheet; document 003 for callback storage.
//!
//! | file | holds |
//! |---|---|
//! | `routes` | the tables, one for each topic: how each resource is read, answered and described |
//! | `address` | the two prefixes, and which paths are this family's |
//! | `envelope`, `problem` | answers and errors |
//! | `body` | reading requests' bodies, and ids |
//! | `bodies` | what the bodies of messages must hold |
//! | `recall`, `rewrite`, `reaction`, `export` | what follows messages that were sent |
//! | `thread` | conversations that hang on messages |
//! | `cursor` | where pages of long lists end |
//! | `file` | files that messages carry the addresses of |
//! | `discovery` | where clients find the server |
//! | `token`, `message`, `chats`, `members`, `storage` | one resource each |
//! | `member_pages`, `chat_lists` | lists of members, groups and rooms |
//! | `member_metadata`, `room_metadata` | texts of the app about members of groups, and about rooms |
//! | `user`, `user_pages`, `user_state`, `user_metadata`, `mute` | users: one, many, what is known of them, what is forbidden |
//! | `contact`, `block` | lists of users |
//! | `notification`, `clearing` | what wakes a user; what goes from his view |
//! | `not_offered` | calls of the originals that there are not |
//! | `describe` | the description of all of it for machines |
//! | `reference` | the page of what is offered and what is not |
//! | `rates` | how often what may be asked |

mod address;
mod block;
mod bodies;
mod body;
mod chat_lists;
mod chats;
mod clearing;
mod contact;
mod cursor;
mod describe;
mod discovery;
mod envelope;
mod export;
mod file;
mod lists;
mod managing;
mod member_metadata;
mod member_pages;
mod members;
mod message;
mod mute;
mod not_offered;
mod notification;
mod problem;
mod rates;
mod reaction;
mod recall;
#[cfg(test)]
mod reference;
mod rewrite;
mod room_metadata;
mod routes;
mod shared_files;
mod storage;
mod thread;
mod token;
mod user;
mod user_metadata;
mod user_pages;
mod user_state;

use std::fmt;

use ringback_model::app::App;
use ringback_model::command::{Actor, Command, Outcome};
use ringback_model::dialect::{Edge, EdgeRequest, Method, Opening, Rate, Reply, Route};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::limits::FORM_FILE_BYTES;
use ringback_model::time::UnixMs;
use sha2::{Digest as _, Sha256};

use super::uuid;
use problem::Problem;
use routes::Needs;

/// The REST interface of this family, for one app.
#[derive(Debug, Clone)]
pub struct FamilyEdge {
    app: App,
    /// The UUID that stands for the app.
    application: String,
}

/// A request and what its answer needs besides.
pub(in crate::easemob) struct Asked<'a> {
    request: &'a EdgeRequest,
    app: &'a App,
    application: &'a str,
}

/// Headers of every answer: browsers call from anywhere.
const COMMON_HEADERS: [(&str, &str); 4] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, POST, PUT, DELETE, OPTIONS"),
    ("access-control-allow-headers", "Authorization, Content-Type, Accept"),
    ("access-control-max-age", "172800"),
];

/// Characters of a caller's own id for his call.
const OPERATION_ID_CHARS: usize = 128;

impl FamilyEdge {
    /// The interface of this app.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self { app: app.clone(), application: uuid::of_app(&app.key()) }
    }

    fn asked<'a>(&'a self, request: &'a EdgeRequest) -> Asked<'a> {
        Asked { request, app: &self.app, application: &self.application }
    }

    fn is_for_us(&self, path: &str) -> bool {
        address::split(path).is_some_and(|(names, _)| names.are_of(&self.app))
    }
}

impl Edge for FamilyEdge {
    fn routes(&self) -> &'static [Route] {
        &routes::ROUTES
    }

    fn common_headers(&self) -> &'static [(&'static str, &'static str)] {
        &COMMON_HEADERS
    }

    fn open(&self, request: &EdgeRequest) -> Result<Opening, Refusal> {
        let entry = routes::find(request);
        if entry.is_some_and(|entry| entry.needs == Needs::Nothing) {
            return Ok(Opening { operation_id: operation_id(request), token: None, token_optional: false });
        }
        if !self.is_for_us(&request.path) {
            return Err(Refusal::new(RefusalCode::AppNotFound, "the path names another app"));
        }
        let token_optional = entry.is_some_and(|entry| entry.needs == Needs::MaybeToken);
        let token = match bearer(request) {
            Ok(token) => Some(token.into()),
            Err(_) if token_optional => None,
            Err(refusal) => return Err(refusal),
        };
        Ok(Opening { operation_id: operation_id(request), token, token_optional })
    }

    fn admit(&self, request: &EdgeRequest, actor: &Actor) -> Result<(), Refusal> {
        match routes::find(request) {
            Some(entry) if entry.needs == Needs::AppToken => check_speaks_for_app(Some(actor)),
            _ => Ok(()),
        }
    }

    fn file_bytes(&self, method: Method, route: &str) -> Option<u64> {
        routes::at(method, route).filter(|entry| entry.form).map(|_| FORM_FILE_BYTES)
    }

    fn decode(&self, request: &EdgeRequest, actor: Option<&Actor>) -> Result<Command, Refusal> {
        let asked = self.asked(request);
        let entry =
            routes::find(request).ok_or_else(|| Refusal::new(RefusalCode::NotFound, "no such route"))?;
        if entry.needs == Needs::AppToken {
            check_speaks_for_app(actor)?;
        }
        let command = (entry.read)(&asked).map_err(|reject| reject.refusal())?;
        if matches!(command, Command::InheritToken { .. } | Command::ExchangeToken) {
            check_speaks_for_app(actor)?;
        }
        Ok(command)
    }

    fn encode(&self, request: &EdgeRequest, result: &Result<Outcome, Failure>, now: UnixMs) -> Reply {
        let asked = self.asked(request);
        let entry = routes::find(request);
        let answer = match (entry, result) {
            (Some(entry), Ok(outcome)) => match (entry.answer)(&asked, outcome) {
                Some(answer) => answer.map(|answer| (entry.shown, answer)),
                None => Err(Problem::internal()),
            },
            (None, Ok(_)) => Err(Problem::internal()),
            (entry, Err(failure)) => Err(problem::of_failure(&asked, entry, failure)),
        };
        let mut reply = match answer {
            Ok((shown, answer)) => envelope::success(&asked, shown, &answer, now),
            Err(problem) => envelope::failure(&asked, &problem, now),
        };
        // Where a rate is exceeded, the server puts the time that it really takes in its place.
        if let Err(Failure::Refused(refusal)) = result
            && matches!(refusal.code, RefusalCode::ShuttingDown | RefusalCode::Overloaded)
        {
            reply.headers.push(("retry-after", "1".into()));
        }
        reply
    }

    fn claims(&self, path: &str) -> bool {
        // Some paths do not name the app.
        let is_whole = || routes::ROUTES.iter().any(|route| route.path == path);
        address::is_ours(path) || self.is_for_us(path) || is_whole()
    }

    fn unknown(&self, request: &EdgeRequest) -> Reply {
        let problem = if !self.is_for_us(&request.path) {
            Problem::no_such_app(&request.path)
        } else if request.route.is_empty() {
            not_offered::problem(request).unwrap_or_else(Problem::no_such_resource)
        } else {
            Problem::new(&problem::WRONG_METHOD, "Service operation not supported")
        };
        envelope::failure(&self.asked(request), &problem, request.at)
    }

    fn preflight(&self) -> Reply {
        let headers = vec![("content-type", "application/json".into())];
        Reply { status: 200, headers, body: b"{}".to_vec() }
    }

    fn rates(&self) -> &'static [Rate] {
        &rates::ALL
    }

    fn request_rates(&self, method: Method, route: &str) -> &'static [&'static str] {
        rates::of_route(method, route)
    }

    fn message_rates(&self, _route: &str, command: &Command) -> (&'static [&'static str], u32) {
        rates::of_messages(command)
    }

    fn openapi(&self) -> serde_json::Value {
        describe::document(&self.app)
    }
}

/// The token of the `Authorization` header.
fn bearer(request: &EdgeRequest) -> Result<String, Refusal> {
    // What an absent token is told is what an expired one is told (easemob-rest fact sheet 2.4).
    let header = request
        .header("authorization")
        .ok_or_else(|| Refusal::new(RefusalCode::TokenExpired, "there is no token"))?;
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Ok(token.trim().to_owned())
        }
        _ => Err(Refusal::new(RefusalCode::TokenMalformed, "the header is not a bearer token")),
    }
}

/// A user's token where the app's is needed is told what a corrupt one is told (easemob-rest fact sheet
/// 2.4).
fn check_speaks_for_app(actor: Option<&Actor>) -> Result<(), Refusal> {
    match actor {
        Some(actor) if actor.admin => Ok(()),
        Some(_) => Err(Refusal::new(RefusalCode::TokenMalformed, "this is not an app token")),
        None => Err(Refusal::new(RefusalCode::TokenExpired, "there is no valid token")),
    }
}

/// The caller's id for the call, if he has one; else what tells the call from others: moment, path and headers.
fn operation_id(request: &EdgeRequest) -> String {
    let own = ["operationid", "x-request-id"].into_iter().find_map(|name| request.header(name));
    if let Some(own) = own.filter(|id| !id.is_empty() && id.chars().count() <= OPERATION_ID_CHARS) {
        return own.to_owned();
    }
    let mut hash = Sha256::new();
    hash.update(request.at.0.to_be_bytes());
    hash.update(request.path.as_bytes());
    for (name, value) in &request.headers {
        hash.update([0]);
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.as_bytes());
    }
    let mut id = hex::encode(hash.finalize());
    id.truncate(32);
    id
}

impl fmt::Debug for Asked<'_> {
    /// Requests hold tokens and passwords: only the path is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("path", &self.request.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
