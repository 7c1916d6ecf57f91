//! Answers, before they are HTTP.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

use super::error::ApiError;
use crate::http::{Answer, ReplyBody};

/// An answer with a JSON body. Not printed: it may hold a secret.
pub(super) struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: Bytes,
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, ApiError> {
        let mut body = serde_json::to_vec(body).map_err(|error| ApiError::internal(&error))?;
        body.push(b'\n');
        Ok(Self::written(status, body.into()))
    }

    /// An answer whose JSON is text already.
    pub(super) const fn written(status: StatusCode, body: Bytes) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    /// Nothing but these methods.
    pub(super) fn options(allowed: String) -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            headers: vec![(http::header::ALLOW, allowed)],
            body: Bytes::new(),
        }
    }

    pub(super) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn into_answer(self) -> Answer {
        let mut answer = Response::new(ReplyBody::new(self.body, None));
        *answer.status_mut() = self.status;
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, json);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        // The body is made of texts alone: it can always be written.
        let body = serde_json::to_vec(&error.body()).unwrap_or_default();
        let ApiError { status, header, .. } = error;
        Self { status, headers: header.into_iter().map(|header| *header).collect(), body: body.into() }
    }
}
