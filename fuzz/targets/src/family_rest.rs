//! Requests of the second dialect's REST interface: paths with parameters, queries, bodies.
//!
//! Input: a byte for the route, a byte for the caller, the app that the path names, and whether the route is one of those
//! behind the first 256, a line with the path's parameters (between slashes), a line with the query, the body.

use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use ringback_dialects::easemob::rest::FamilyEdge;
use ringback_model::dialect::{Edge, EdgeRequest, Route};
use ringback_server::http::query_of;
use serde_json::Value;

use crate::input::Input;
use crate::rest;
use crate::seeds::{self, Seeds};
use crate::world::{NOW, actor, app};

/// In the byte for the caller: the route is behind the first 256.
const BEHIND: u8 = 0x10;

fn edge() -> &'static FamilyEdge {
    static EDGE: LazyLock<FamilyEdge> = LazyLock::new(|| FamilyEdge::new(&app()));
    &EDGE
}

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (route, caller) = (input.byte(), input.byte());
    let page = if caller & BEHIND == 0 { 0 } else { 256 };
    let routes = edge().routes();
    let route = routes[(page + usize::from(route)) % routes.len()];
    let caller_is = [None, Some(actor(false)), Some(actor(true))][usize::from(caller) % 3].clone();
    let place = Place::of(route, caller & 0x40 == 0, &input.line());
    let query = query_of(&input.line());
    let mut headers = vec![("host".to_owned(), "im.example.test".to_owned())];
    if caller & 0x80 == 0 {
        headers.push(("authorization".to_owned(), "Bearer t".to_owned()));
    }
    let request = EdgeRequest {
        route: route.path,
        method: route.method,
        path: place.path,
        params: place.params,
        query,
        headers,
        body: input.rest().to_vec(),
        file: None,
        at: NOW,
        secure: caller & 0x20 != 0,
    };
    assert!(edge().claims(&request.path), "its own path: {}", request.path);
    rest::check(edge(), &request, caller_is.as_ref(), is_refusal);
}

/// A path that meets a route.
struct Place {
    path: String,
    params: Vec<(&'static str, String)>,
}

impl Place {
    /// Fills the braces of a route: those of the app with its names (`ours`), the others, and those of another app, with
    /// the parts of `line`.
    fn of(route: Route, ours: bool, line: &str) -> Self {
        let app = app();
        let mut parts = line.split('/').filter(|part| !part.is_empty());
        let mut params = Vec::new();
        let mut path = String::new();
        for segment in route.path.split('/').skip(1) {
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let own = match name {
                Some("app_id") => Some(app.id.as_str()),
                Some("org") => Some(app.org.as_str()),
                Some("app") => Some(app.name.as_str()),
                _ => None,
            };
            let value = match (name, own.filter(|_| ours)) {
                (None, _) => segment,
                (Some(_), Some(own)) => own,
                // A segment is never empty: the router would not have found the route.
                (Some(_), None) => parts.next().unwrap_or("1"),
            };
            path.push('/');
            path.push_str(value);
            if let Some(name) = name {
                params.push((name, percent_decode_str(value).decode_utf8_lossy().into_owned()));
            }
        }
        Self { path, params }
    }
}

/// A short name of what is wrong, a sentence, and when.
fn is_refusal(body: &Value) -> bool {
    let text = |key: &str| body.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    text("error")
        && text("exception")
        && body.get("error_description").is_some_and(Value::is_string)
        && body.get("timestamp").is_some_and(Value::is_i64)
        && body.get("duration").is_some_and(Value::is_i64)
}

/// Inputs to begin with: the examples of the interface's own description on every route.
#[must_use]
pub fn seeds() -> Seeds {
    let routes = edge().routes().iter().enumerate();
    let places = routes.map(|(index, route)| (index, route.path, route.method.name()));
    seeds::examples(&edge().openapi(), places, |index, body| {
        // A caller who speaks for the app, either way: see `run`.
        let caller = if index < 256 { 2 } else { BEHIND | 1 };
        let index = u8::try_from(index % 256).expect("below 256");
        [&[index, caller], b"u1/u2\npagenum=1&pagesize=10&useMsgId=true\n".as_slice(), body].concat()
    })
}
