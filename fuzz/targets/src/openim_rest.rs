//! Bodies of the first dialect's REST interface, route by route.
//!
//! Input: a byte for the route, a byte for the caller (nobody, a user, an administrator; headers there or not), the body.

use ringback_dialects::openim::rest::OpenImEdge;
use ringback_model::dialect::{Edge as _, EdgeRequest};
use serde_json::Value;

use crate::input::Input;
use crate::rest;
use crate::seeds::{self, Seeds};
use crate::world::{NOW, actor};

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let edge = OpenImEdge;
    let route = input.choose(edge.routes());
    let caller = input.byte();
    let caller_is = [None, Some(actor(false)), Some(actor(true))][usize::from(caller) % 3].clone();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = match caller / 3 % 4 {
        0 | 1 => vec![header("operationid", "op-1"), header("token", "t")],
        2 => vec![header("operationid", ""), header("token", "t")],
        _ => Vec::new(),
    };
    let request = EdgeRequest {
        route: route.path,
        method: route.method,
        path: route.path.to_owned(),
        params: Vec::new(),
        query: Vec::new(),
        headers,
        body: input.rest().to_vec(),
        file: None,
        at: NOW,
        secure: false,
    };
    rest::check(&edge, &request, caller_is.as_ref(), is_refusal);
}

/// A code that is not 0, its name, and what exactly is wrong.
fn is_refusal(body: &Value) -> bool {
    let text = |key: &str| body.get(key).is_some_and(Value::is_string);
    body.get("errCode").and_then(Value::as_i64).is_some_and(|code| code != 0)
        && text("errMsg")
        && text("errDlt")
        && body.get("data").is_none()
}

/// Inputs to begin with: the examples of the interface's own description on every route.
#[must_use]
pub fn seeds() -> Seeds {
    let edge = OpenImEdge;
    let paths = || edge.routes().iter().enumerate();
    seeds::examples(
        &edge.openapi(),
        paths().map(|(index, route)| (index, route.path, "post")),
        |index, body| [&[u8::try_from(index).expect("at most 256 routes"), 2], body].concat(),
    )
}
