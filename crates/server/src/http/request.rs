//! Requests, freed from HTTP.

use std::time::Duration;

use http::header::{HeaderMap, HeaderValue, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::request::Parts;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use ringback_model::dialect::{EdgeRequest, Method};
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::time::UnixMs;

use super::router::Params;
use crate::request_body::{self, Unread};

/// What one body may cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyBounds {
    /// Bytes.
    pub(super) bytes: usize,
    /// Time for all of it.
    pub(super) time: Duration,
}

/// What the router knows about a request.
pub(super) struct Head {
    pub(super) route: &'static str,
    pub(super) method: Method,
    pub(super) params: Params,
}

/// Everything but the body; the moment is left to the caller.
pub(super) fn head(head: Head, parts: &Parts) -> EdgeRequest {
    EdgeRequest {
        route: head.route,
        method: head.method,
        path: parts.uri.path().to_owned(),
        params: head.params,
        query: query(parts.uri.query().unwrap_or_default()),
        headers: headers(&parts.headers),
        body: Vec::new(),
        file: None,
        at: UnixMs(0),
        secure: false,
    }
}

/// A request of which nothing is known any more but its route.
pub(super) fn bare(route: &'static str, at: UnixMs) -> EdgeRequest {
    EdgeRequest {
        route,
        method: Method::Get,
        path: route.to_owned(),
        params: Vec::new(),
        query: Vec::new(),
        headers: Vec::new(),
        body: Vec::new(),
        file: None,
        at,
        secure: false,
    }
}

/// Headers that are text; names are in lower case already.
pub(crate) fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let texts = map.iter().filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)));
    texts.collect()
}

fn text(value: &HeaderValue) -> Option<String> {
    std::str::from_utf8(value.as_bytes()).ok().map(str::to_owned)
}

/// Those headers that say which part of an object is wanted.
pub(super) fn range_headers(request: &EdgeRequest) -> HeaderMap {
    let names = [RANGE, IF_RANGE, IF_NONE_MATCH].into_iter();
    let wanted = names.filter_map(|name| {
        let value = HeaderValue::from_str(request.header(name.as_str())?).ok()?;
        Some((name, value))
    });
    wanted.collect()
}

/// Parameters of a query, decoded as forms are: `+` is a space. What is not UTF-8 is replaced.
pub fn query(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

/// Reads a body inside its bounds.
///
/// # Errors
/// It is too long, too slow, or the caller went.
pub(super) async fn read_body(body: Incoming, bounds: BodyBounds) -> Result<Vec<u8>, Refusal> {
    request_body::read(body, bounds.bytes, bounds.time).await.map_err(|unread| {
        let detail = match unread {
            Unread::TooLong => format!("the body is longer than {} bytes", bounds.bytes),
            Unread::Late => "the body did not come in time".to_owned(),
            Unread::Broken => "the body could not be read".to_owned(),
        };
        Refusal::new(RefusalCode::BadArgument, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_as_forms() {
        let wanted = [("a", "1 2"), ("b", "x&y"), ("c", ""), ("d", "é"), ("e", "k=v")];
        let wanted = wanted.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(query("a=1+2&b=x%26y&c&&d=%C3%A9&e=k=v"), wanted);
        assert_eq!(query(""), []);
    }

    #[test]
    fn headers_that_are_not_text_are_left_out() {
        let mut map = HeaderMap::new();
        map.insert("operationID", "1".parse().unwrap());
        map.insert("odd", HeaderValue::from_bytes(&[0xff]).unwrap());
        assert_eq!(headers(&map), [("operationid".to_owned(), "1".to_owned())]);
    }
}
