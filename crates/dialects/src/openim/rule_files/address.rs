//! Whether a URL is one, and what is odd about it. Whether its host and its port can be called is looked at by those
//! who call.

use http::Uri;

use crate::openim::callbacks::generation::Generation;

/// Checks a callback address; answers with what is odd about it.
///
/// # Errors
/// Says why it cannot be called.
pub(super) fn check(url: &str, generation: Generation) -> Result<Vec<&'static str>, String> {
    let (without_fragment, fragment) =
        url.split_once('#').map_or((url, None), |(url, rest)| (url, Some(rest)));
    let parsed: Uri = without_fragment.parse().map_err(|error| format!("is not a URL: {error}"))?;
    match parsed.scheme_str() {
        Some("http" | "https") => {}
        Some(other) => return Err(format!("has the scheme {other}; only http and https can be called")),
        None => return Err("does not start with http:// or https://".to_owned()),
    }
    let authority = parsed.authority().ok_or("names no host")?;
    if authority.as_str().contains('@') {
        return Err("holds a user name; callers do not log in".to_owned());
    }
    Ok(oddities(&parsed, fragment.is_some(), generation))
}

fn oddities(url: &Uri, has_fragment: bool, generation: Generation) -> Vec<&'static str> {
    let mut odd = Vec::new();
    let in_path = matches!(generation, Generation::V35 | Generation::V38);
    if in_path && url.query().is_some() {
        odd.push(
            "has a query string: the original would glue the command to it and lose it; here the command goes into \
             the path and the query stays behind it",
        );
    }
    if in_path && url.path().len() > 1 && url.path().ends_with('/') {
        odd.push("ends in a slash: the original would send //command, here it is /command");
    }
    if has_fragment {
        odd.push("has a part after #, which is not sent");
    }
    odd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses_pass() {
        for url in [
            "http://127.0.0.1:10006/callbackExample",
            "https://app.example.test",
            "http://[::1]:80/x",
            "http://h/",
            "http://h:/",
        ] {
            assert_eq!(check(url, Generation::V38), Ok(Vec::new()), "{url}");
        }
    }

    #[test]
    fn bad_addresses_say_why() {
        for (url, why) in [
            ("", "is not a URL"),
            ("webhook://127.0.0.1/x", "the scheme webhook"),
            ("127.0.0.1:8080/x", ""),
            ("/callback", "does not start"),
            ("http://", "is not a URL"),
            ("http://user:pw@h/", "user name"),
            ("http://h/a b", "is not a URL"),
        ] {
            let said = check(url, Generation::V38).unwrap_err();
            assert!(said.contains(why), "{url}: {said}");
        }
    }

    #[test]
    fn odd_addresses_are_remarked_on_where_it_matters() {
        assert_eq!(check("http://h/p/?x=1#y", Generation::V38).unwrap().len(), 3);
        assert_eq!(check("http://h/p/?x=1", Generation::V2).unwrap().len(), 0);
        assert_eq!(check("http://h/p?x=1", Generation::V30).unwrap().len(), 0);
    }
}
