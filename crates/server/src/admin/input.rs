//! Requests, freed from HTTP and checked as far as can be done without knowing what they are about.

use std::time::Duration;

use http::StatusCode;
use http::header::IF_MATCH;
use http::request::Parts;
use hyper::body::Body;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::distinct::Distinct;
use super::error::ApiError;
use super::operations::Operation;
use crate::request_body::{self, Unread};

/// What an operation is given. Not printed: the body may hold a secret.
pub(super) struct Input {
    /// What stood in the braces of the path, decoded.
    pub(super) params: Vec<(&'static str, String)>,
    /// The query, decoded.
    pub(super) query: Vec<(String, String)>,
    /// Versions that `If-Match` names; `None` = whichever.
    pub(super) if_match: Option<Vec<u64>>,
    /// The body; an empty object where there is none.
    pub(super) body: Value,
}

impl Input {
    /// What stood in these braces.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str())
    }

    /// The query parameter of this name.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is `true` or `false`; false without it.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.query(name) {
            None | Some("false") => Ok(false),
            Some("true" | "") => Ok(true),
            Some(_) => Err(ApiError::field(name, "must be true or false")),
        }
    }

    /// A query parameter that is a whole number of 1 to `most`.
    pub(super) fn number(&self, name: &str, default: usize, most: usize) -> Result<usize, ApiError> {
        let Some(text) = self.query(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| ApiError::field(name, format!("must be a whole number of 1 to {most}")))
    }
}

/// Reads everything but the body; that comes once the caller is known.
pub(super) fn head(
    operation: &Operation,
    parts: &Parts,
    params: Vec<(&'static str, String)>,
) -> Result<Input, ApiError> {
    let query = crate::http::query_of(parts.uri.query().unwrap_or_default());
    for (name, _) in &query {
        if !operation.query.iter().any(|known| known.name == name) {
            return Err(ApiError::field(name, "is not a parameter of this request"));
        }
    }
    Ok(Input { params, query, if_match: if_match(parts)?, body: Value::Null })
}

/// Source: RFC 9110, 13.1.1. Weak tags never match.
fn if_match(parts: &Parts) -> Result<Option<Vec<u64>>, ApiError> {
    let Some(header) = parts.headers.get(IF_MATCH) else { return Ok(None) };
    let bad = || ApiError::bad_request("If-Match must be * or versions in quotes, such as \"3\"");
    let text = header.to_str().map_err(|_| bad())?.trim();
    if text == "*" {
        return Ok(None);
    }
    let mut versions = Vec::new();
    for tag in text.split(',').map(str::trim) {
        if tag.starts_with("W/\"") {
            continue;
        }
        let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).ok_or_else(bad)?;
        versions.extend(inner.parse::<u64>());
    }
    Ok(Some(versions))
}

/// Reads a body as JSON; an empty one is an empty object.
pub(super) async fn read_json<B: Body>(body: B, most: usize, time: Duration) -> Result<Value, ApiError> {
    let bytes = request_body::read(body, most, time).await.map_err(|unread| {
        let (status, code, message) = match unread {
            Unread::TooLong => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("the body is longer than {most} bytes"))
            }
            Unread::Late => {
                (StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time".to_owned())
            }
            Unread::Broken => return ApiError::bad_request("the body could not be read"),
        };
        ApiError::new(status, code, message)
    })?;
    if bytes.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice::<Distinct>(&bytes).map(|body| body.0).map_err(|error| {
        // The error says line and column itself.
        let (code, what) =
            if error.is_data() { ("bad_request", "cannot be used") } else { ("not_json", "is not JSON") };
        ApiError::new(StatusCode::BAD_REQUEST, code, format!("the body {what}: {error}"))
    })
}

/// The segments of a path, decoded one by one: an encoded slash stays inside its segment. `None` = not UTF-8.
pub(super) fn segments(path: &str) -> Option<Vec<String>> {
    let decode = |part: &str| percent_decode_str(part).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    path.strip_prefix('/')?.split('/').map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_in_a_name_stays_in_it() {
        assert_eq!(segments("/rules/a%2Fb/%E5%AE%A1").unwrap(), ["rules", "a/b", "审"]);
        assert_eq!(segments("/rules/%FF"), None);
    }

    #[test]
    fn versions_are_read_from_if_match() {
        let read = |text: &str| {
            let request = http::Request::get("/").header(IF_MATCH, text).body(()).unwrap();
            if_match(&request.into_parts().0)
        };
        assert_eq!(read("\"3\"").unwrap(), Some(vec![3]));
        assert_eq!(read("\"1\", \"x\", \"2\"").unwrap(), Some(vec![1, 2]));
        assert_eq!(read("*").unwrap(), None);
        assert_eq!(read("W/\"3\"").unwrap(), Some(Vec::new()));
        assert_eq!(read("3").unwrap_err().status, 400);
    }

    #[tokio::test]
    async fn a_member_that_is_named_twice_is_refused() {
        let body = r#"{"name": "a", "copies": [{"from": 1, "from": 2}]}"#;
        let error =
            read_json(http_body_util::Full::new(bytes::Bytes::from(body)), 1000, Duration::from_secs(1))
                .await;
        let error = error.unwrap_err();
        assert_eq!((error.status.as_u16(), error.code), (400, "bad_request"));
        assert!(error.message.contains("\"from\" is named twice"), "{}", error.message);
    }

    #[tokio::test]
    async fn broken_json_says_where() {
        let body = http_body_util::Full::new(bytes::Bytes::from_static(b"{\n  \"name\": oops}"));
        let error = read_json(body, 1000, Duration::from_secs(1)).await.unwrap_err();
        assert!(error.message.contains("line 2 column 11"), "{}", error.message);
    }
}
