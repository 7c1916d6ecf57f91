//! How a browser is told to treat an object: it comes from strangers, and from the same address as everything else.

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_model::object::StoredObject;

/// What a name stands for never changes, but it may go.
const CACHE: &str = "public, max-age=86400, immutable";
const CACHE_AT_HOME: &str = "private, max-age=86400, immutable";
/// What is not known to be harmless.
const UNKNOWN: &str = "application/octet-stream";

/// The tag of an object's content.
pub(super) fn etag(object: &StoredObject) -> String {
    format!("\"{}-{}\"", object.hash.as_str(), object.size)
}

/// Headers that describe an object.
pub(super) fn describe(object: &StoredObject, into: &mut HeaderMap) {
    let kind = media_type(&object.content_type);
    let value = HeaderValue::from_str(if kind.is_empty() { UNKNOWN } else { &object.content_type });
    into.insert(CONTENT_TYPE, value.unwrap_or(HeaderValue::from_static(UNKNOWN)));
    into.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // What not everybody may read must not lie where everybody fetches it from.
    let cache = if object.reading.secret.is_some() { CACHE_AT_HOME } else { CACHE };
    into.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    into.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    into.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    // Pages of any origin may show pictures.
    let policy = HeaderName::from_static("cross-origin-resource-policy");
    into.insert(policy, HeaderValue::from_static("cross-origin"));
    if let Ok(etag) = HeaderValue::from_str(&etag(object)) {
        into.insert(ETAG, etag);
    }
    if !is_harmless(&kind) {
        let called = object.reading.called.as_deref().unwrap_or_else(|| object.name.file());
        let file = utf8_percent_encode(called, NON_ALPHANUMERIC);
        if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{file}")) {
            into.insert(CONTENT_DISPOSITION, value);
        }
    }
}

/// The type without its parameters, in lower case.
fn media_type(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a browser may show it in place: media that cannot hold scripts.
fn is_harmless(kind: &str) -> bool {
    let of_kind = ["image/", "audio/", "video/"].iter().any(|start| kind.starts_with(start));
    (of_kind && !kind.contains("svg") && !kind.contains("xml")) || kind == "text/plain"
}

#[cfg(test)]
mod tests {
    use ringback_model::object::{Md5Hex, ObjectName, Reading};
    use ringback_model::time::UnixMs;

    use super::*;

    fn headers(name: &str, content_type: &str) -> HeaderMap {
        let object = StoredObject {
            name: ObjectName::parse(name).unwrap(),
            content: "c".to_owned(),
            hash: Md5Hex::parse(&"0".repeat(32)).unwrap(),
            size: 7,
            content_type: content_type.to_owned(),
            named_at: UnixMs(0),
            reading: Reading::default(),
        };
        let mut headers = HeaderMap::new();
        describe(&object, &mut headers);
        headers
    }

    #[test]
    fn what_could_hold_scripts_is_saved_and_not_shown() {
        for (kind, shown) in [
            ("image/png", true),
            ("IMAGE/JPEG; q=1", true),
            ("video/mp4", true),
            ("audio/aac", true),
            ("text/plain; charset=utf-8", true),
            ("image/svg+xml", false),
            ("IMAGE/SVG+XML", false),
            ("text/html", false),
            ("application/xhtml+xml", false),
            ("application/pdf", false),
            ("text/javascript", false),
            ("", false),
            ("; image/png", false),
        ] {
            let headers = headers("u1/a b\"\u{e4}.x", kind);
            assert_eq!(headers.get(CONTENT_DISPOSITION).is_none(), shown, "{kind}");
            assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(headers[CONTENT_SECURITY_POLICY], "default-src 'none'; sandbox");
        }
        let page = headers("u1/a b\"\u{e4}.x", "text/html");
        assert_eq!(page[CONTENT_DISPOSITION], "attachment; filename*=UTF-8''a%20b%22%C3%A4%2Ex");
        assert_eq!(headers("u1/a", "")[CONTENT_TYPE], UNKNOWN);
        assert_eq!(headers("u1/a", "image/png\r\nx: y")[CONTENT_TYPE], UNKNOWN);
    }
}
