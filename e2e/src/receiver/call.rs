//! A call as the receiver saw it.

use std::collections::BTreeSet;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

use crate::family::callback;

/// One call.
#[derive(Debug, Clone)]
pub struct Call {
    /// When its body was complete.
    pub at: Instant,
    pub method: String,
    pub path: String,
    /// Query parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub bytes: Bytes,
    /// The body as JSON; null when it is not.
    pub body: Value,
    /// `callbackCommand` of the body, or what the other dialects' bodies are filed under ([`crate::family::callback`]).
    pub command: String,
}

impl Call {
    pub(super) fn new(parts: &Parts, bytes: Bytes) -> Self {
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let command = name_of(&body).to_owned();
        let headers = parts
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        Self {
            at: Instant::now(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(query).unwrap_or_default(),
            headers,
            bytes,
            body,
            command,
        }
    }

    /// The first header of this name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first query parameter of this name.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A text of the body.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }

    /// A number of the body.
    ///
    /// # Panics
    /// When it is not there or not an integer.
    #[must_use]
    pub fn number(&self, key: &str) -> i64 {
        self.body[key].as_i64().unwrap_or_else(|| panic!("{key} in {}", self.body))
    }
}

/// The calls without those that are others once more: a crash repeats what was not written down as done.
#[must_use]
pub fn without_repeats(calls: &[Call]) -> Vec<Call> {
    let mut seen = BTreeSet::new();
    calls.iter().filter(|call| seen.insert(call.header("webhook-id"))).cloned().collect()
}

fn name_of(body: &Value) -> &str {
    let text = |key: &str| body[key].as_str();
    let of_step = text("step").filter(|step| *step == callback::PUSH);
    let of_event = of_step
        .or_else(|| text("chat_type").filter(|kind| callback::EVENTS.contains(kind)))
        .or_else(|| text("event"));
    let of_user = (body.get("user").is_some() && body.get("status").is_some()).then_some(callback::STATUS);
    let command = text("callbackCommand").or(of_event).or(of_user).or_else(|| text("eventType"));
    command.unwrap_or(if body.get("security").is_some() { callback::BEFORE } else { "" })
}

fn query(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}
