//! How long a receiver asks to be left alone. Source: RFC 9110 section 10.2.3.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use ringback_model::limits;

/// What `Retry-After` asks for, at most [`limits::RETRY_AFTER_MAX`]. An HTTP date is read against the answer's
/// own `Date`, so that a receiver's wrong clock does no harm; without one it is ignored.
#[must_use]
pub fn parse(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = httpdate::parse_http_date(text).ok()?;
            let now = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
            until.duration_since(now).unwrap_or_default()
        }
    };
    Some(wait.min(limits::RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        for (retry_after, date, expected) in [
            ("120", None, Some(120)),
            (" 7 ", None, Some(7)),
            ("999999", None, Some(3600)),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some(date), Some(30)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(date), Some(0)),
            ("Wed, 21 Oct 2015 07:28:30 GMT", None, None),
            ("soon", Some(date), None),
            ("-1", Some(date), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(parse(&headers), expected.map(Duration::from_secs), "{retry_after}");
        }
        assert_eq!(parse(&HeaderMap::new()), None);
    }
}
