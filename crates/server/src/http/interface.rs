//! A dialect's REST interface, as HTTP sees it.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use ringback_model::dialect::{Edge, Reply};

use super::{Answer, ReplyBody};
use crate::product::Ticket;

/// An edge, with the headers that all its answers have: they are read once, not once per answer.
pub(super) struct Interface {
    pub(super) edge: Arc<dyn Edge>,
    common: Vec<(HeaderName, HeaderValue)>,
}

impl Interface {
    pub(super) fn new(edge: Arc<dyn Edge>) -> Arc<Self> {
        let in_http = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let common = edge.common_headers().iter().map(in_http).collect();
        Arc::new(Self { edge, common })
    }

    /// Puts an answer of the edge into HTTP; the ticket goes with its body.
    pub(super) fn respond(&self, reply: Reply, ticket: Option<Ticket>) -> Answer {
        let room = self.common.len() + reply.headers.len();
        self.dressed(plain_reply_with_room(reply, ticket, room))
    }

    /// An answer with the headers that all answers of the edge have.
    pub(super) fn dressed(&self, mut answer: Answer) -> Answer {
        for (name, value) in &self.common {
            answer.headers_mut().insert(name, value.clone());
        }
        answer
    }
}

/// An answer of a dialect in HTTP, without the headers that all answers of an edge have.
pub(crate) fn plain_reply(reply: Reply, ticket: Option<Ticket>) -> Answer {
    let room = reply.headers.len();
    plain_reply_with_room(reply, ticket, room)
}

fn plain_reply_with_room(reply: Reply, ticket: Option<Ticket>, room: usize) -> Answer {
    let mut answer = Response::new(ReplyBody::new(Bytes::from(reply.body), ticket));
    *answer.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::with_capacity(room);
    for (name, value) in reply.headers {
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value_of(value)) {
            headers.append(name, value);
        }
    }
    *answer.headers_mut() = headers;
    answer
}

fn value_of(text: Cow<'static, str>) -> Option<HeaderValue> {
    match text {
        Cow::Borrowed(text) => Some(HeaderValue::from_static(text)),
        Cow::Owned(text) => HeaderValue::try_from(text).ok(),
    }
}
