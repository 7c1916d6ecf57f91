//! The REST interface. Source: REST sheet 1 to 7.
//!
//! | file | holds |
//! |---|---|
//! | `routes` | the table: path, token or not, how to read and how to answer |
//! | `body` | reading JSON bodies, and checks that every route shares |
//! | `page` | pages of lists |
//! | `reply` | the envelope |
//! | `auth`, `user`, `group`, `friend`, `msg`, `object` | one resource each |
//! | `sending`, `elements` | messages that are sent by REST, and what their content must hold |
//! | `receipts`, `removal`, `search`, `business` | what was read, taken back, deleted; looking for messages; the app's own events |
//! | `conversation`, `conversation_shown`, `jssdk` | lists of conversations |
//! | `describe` | the description of all of it for machines |
//! | `reference` | the page of what is offered and what is not |
//! | `shown` | messages as JSON |
//! | `friend_lists`, `friend_requests` | what there is to read about friends |
//! | `users`, `accounts`, `favourites` | what else there is about users |
//! | `statistics` | numbers that operators look at |
//! | `sync` | lists that clients follow |

mod accounts;
mod auth;
mod body;
mod business;
mod callers;
mod conversation;
mod conversation_shown;
mod describe;
mod elements;
mod favourites;
mod friend;
mod friend_lists;
mod friend_requests;
mod group;
mod jssdk;
mod msg;
mod object;
mod page;
mod receipts;
#[cfg(test)]
mod reference;
mod removal;
mod reply;
mod routes;
mod search;
mod sending;
mod shown;
mod statistics;
mod sync;
mod third;
mod user;
mod users;

use ringback_model::command::{Actor, Command, Outcome};
use ringback_model::dialect::{Edge, EdgeRequest, Opening, Reply, Route};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::time::UnixMs;

use super::codes;
use super::content::argument;
use body::Reject;

/// The REST interface of this dialect. Without state.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenImEdge;

/// Headers of every answer: browsers call from anywhere. Source: REST sheet 1.
const CORS: [(&str, &str); 6] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "*"),
    ("access-control-allow-headers", "*"),
    (
        "access-control-expose-headers",
        "Content-Length, Access-Control-Allow-Origin, Access-Control-Allow-Headers, Cache-Control, Content-Language, Content-Type",
    ),
    ("access-control-max-age", "172800"),
    ("access-control-allow-credentials", "false"),
];

impl Edge for OpenImEdge {
    fn routes(&self) -> &'static [Route] {
        &routes::ROUTES
    }

    fn common_headers(&self) -> &'static [(&'static str, &'static str)] {
        &CORS
    }

    fn open(&self, request: &EdgeRequest) -> Result<Opening, Refusal> {
        let needs_token = routes::find(request.route).is_none_or(|entry| entry.token);
        Ok(Opening {
            operation_id: header(request, "operationid", "operationID")?,
            token: if needs_token { Some(header(request, "token", "token")?.into()) } else { None },
            token_optional: false,
        })
    }

    fn decode(&self, request: &EdgeRequest, actor: Option<&Actor>) -> Result<Command, Refusal> {
        let command = match (routes::find(request.route).and_then(|entry| entry.read_of), actor) {
            (Some(read_of), Some(actor)) => read_of(request, actor)?,
            _ => read(request)?,
        };
        let for_admins = routes::find(request.route).is_some_and(|entry| entry.admin);
        if for_admins && !actor.is_some_and(|actor| actor.admin) {
            let detail = "only administrators of the app may send through this route";
            return Err(Refusal::new(RefusalCode::NoPermission, detail));
        }
        Ok(command)
    }

    fn encode(&self, request: &EdgeRequest, result: &Result<Outcome, Failure>, _now: UnixMs) -> Reply {
        let data = match result {
            Ok(outcome) => data(request, outcome),
            Err(failure) => Err(failure.clone()),
        };
        match data {
            Ok(data) => reply::success(data),
            Err(failure) => refused(request, &failure),
        }
    }

    fn unknown(&self, request: &EdgeRequest) -> Reply {
        let path: String = request.path.chars().take(200).collect();
        let detail = if routes::find(&request.path).is_some() {
            format!("{path} takes POST requests only")
        } else {
            format!("there is no {path}")
        };
        let refusal = Refusal::new(RefusalCode::NotFound, detail);
        Reply { status: 404, ..reply::failure(&codes::of_refusal(&refusal)) }
    }

    fn preflight(&self) -> Reply {
        Reply { status: 200, headers: vec![reply::content_type()], body: b"\"ok\"".to_vec() }
    }

    fn openapi(&self) -> serde_json::Value {
        describe::document()
    }
}

fn header(request: &EdgeRequest, name: &str, shown: &str) -> Result<String, Refusal> {
    match request.header(name) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(argument(format!("header must have {shown}"))),
    }
}

fn read(request: &EdgeRequest) -> Result<Command, Reject> {
    let entry = routes::find(request.route).ok_or_else(|| Reject::Malformed("no such route".to_owned()))?;
    (entry.read)(request)
}

fn data(request: &EdgeRequest, outcome: &Outcome) -> Result<reply::Data, Failure> {
    routes::find(request.route)
        .and_then(|entry| match entry.data_for {
            Some(data_for) => data_for(request, outcome),
            None => (entry.data)(outcome),
        })
        .ok_or_else(|| Fault::new(format!("{} has no answer of this kind", request.route)).into())
}

fn refused(request: &EdgeRequest, failure: &Failure) -> Reply {
    let reply = reply::failure(&codes::of_failure(failure));
    if is_binding_failure(request, failure) { Reply { status: 400, ..reply } } else { reply }
}

/// Some routes answer HTTP 400 when their body is malformed or incomplete, and 200 for every later failure
/// (REST sheet 1.3). Reading the body is pure, so reading it again tells which one this is.
fn is_binding_failure(request: &EdgeRequest, failure: &Failure) -> bool {
    let Failure::Refused(refusal) = failure else { return false };
    let strict = routes::find(request.route).is_some_and(|entry| entry.answers_400);
    if !strict || refusal.code != RefusalCode::BadArgument {
        return false;
    }
    matches!(read(request), Err(Reject::Malformed(detail)) if detail == refusal.detail)
}

#[cfg(test)]
mod tests;
