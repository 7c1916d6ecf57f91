//! Which part of an object is asked for. Source: RFC 9110, 13 and 14.

use http::HeaderMap;
use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    /// From the first byte to the last one, both included.
    Some(u64, u64),
    /// Nothing of it is there.
    Unsatisfiable,
    /// Nothing, because the caller has it already.
    Known,
}

/// What these headers ask of an object of `size` bytes. Several ranges at once are answered with all of it, which a
/// server may do.
pub(super) fn wanted(headers: &HeaderMap, size: u64, etag: &str) -> Wanted {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(IF_NONE_MATCH).is_some_and(|tags| matches(tags, etag)) {
        return Wanted::Known;
    }
    if text(IF_RANGE).is_some_and(|tag| tag != etag) {
        return Wanted::All;
    }
    let Some(range) = text(RANGE).and_then(|range| range.strip_prefix("bytes=")) else { return Wanted::All };
    let Some((first, last)) = range.split_once('-') else { return Wanted::All };
    match (number(first), number(last), first.is_empty(), last.is_empty()) {
        (_, Some(0), true, _) => Wanted::Unsatisfiable,
        (_, Some(suffix), true, _) => from(size.saturating_sub(suffix), size.saturating_sub(1), size),
        (Some(first), _, _, true) => from(first, u64::MAX, size),
        (Some(first), Some(last), ..) if first <= last => from(first, last, size),
        _ => Wanted::All,
    }
}

fn from(first: u64, last: u64, size: u64) -> Wanted {
    if first >= size { Wanted::Unsatisfiable } else { Wanted::Some(first, last.min(size - 1)) }
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // Too many digits are as good as many.
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        use Wanted::{All, Known, Some as Part, Unsatisfiable};
        for (range, result) in [
            ("bytes=0-0", Part(0, 0)),
            ("bytes=3-", Part(3, 9)),
            ("bytes=3-5", Part(3, 5)),
            ("bytes=3-99999999999999999999999", Part(3, 9)),
            ("bytes=-4", Part(6, 9)),
            ("bytes=-40", Part(0, 9)),
            ("bytes=-0", Unsatisfiable),
            ("bytes=10-", Unsatisfiable),
            ("bytes=10-12", Unsatisfiable),
            ("bytes=5-3", All),
            ("bytes=0-1,3-4", All),
            ("bytes=-", All),
            ("bytes=+1-2", All),
            ("bytes=", All),
            ("items=0-1", All),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, range.parse().unwrap());
            assert_eq!(wanted(&headers, 10, "\"e\""), result, "{range}");
            headers.insert(IF_RANGE, "\"other\"".parse().unwrap());
            assert_eq!(wanted(&headers, 10, "\"e\""), All, "{range}");
            headers.insert(IF_NONE_MATCH, "\"x\", W/\"e\"".parse().unwrap());
            assert_eq!(wanted(&headers, 10, "\"e\""), Known, "{range}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 10, "\"e\""), All);
    }
}
