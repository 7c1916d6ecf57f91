//! Whether a URL that an order names may be called. A first look, so that whoever orders hears of it; the address is
//! looked at again when a connection is opened.

use std::time::Duration;

use http::Uri;
use ringback_model::limits::TARGET_URL_CHARS;

use crate::address;
use crate::connect;

/// Time for its name to be resolved.
const RESOLVE: Duration = Duration::from_secs(2);

/// Checks a URL. A name that cannot be resolved now is let pass: the calls themselves will tell.
///
/// # Errors
/// What is wrong with it, for whoever named it.
pub(crate) async fn check(url: &str, allow_private: bool) -> Result<(), String> {
    let uri = parse(url)?;
    let Ok(Ok(resolved)) = tokio::time::timeout(RESOLVE, connect::resolve(&uri)).await else {
        return Ok(());
    };
    if !resolved.is_empty() && resolved.iter().all(|to| !address::allowed(to.ip(), allow_private)) {
        return Err("the target URL leads to an address that may not be called".to_owned());
    }
    Ok(())
}

fn parse(url: &str) -> Result<Uri, String> {
    if url.chars().count() > TARGET_URL_CHARS {
        return Err(format!("the target URL is longer than {TARGET_URL_CHARS} characters"));
    }
    let uri: Uri = url.parse().map_err(|error| format!("the target URL is not a URL: {error}"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("the target URL does not begin with http:// or https://".to_owned());
    }
    if address::names_no_host(&uri) {
        return Err("the target URL names no host, or no IPv6 address in its brackets".to_owned());
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("the target URL names a user; that is not supported".to_owned());
    }
    if address::names_no_port(&uri) {
        return Err("the target URL names a port that is not 1 to 65535".to_owned());
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_may_not_be_called_is_told_why() {
        let long = format!("http://8.8.8.8/{}", "x".repeat(2048));
        for (url, private, expected) in [
            ("http://8.8.8.8/x?y=1", false, Ok(())),
            ("https://8.8.8.8", false, Ok(())),
            ("HTTP://8.8.8.8", false, Ok(())),
            ("https://[2606:4700::1111]:8443/x", false, Ok(())),
            ("http://127.0.0.1:9/x", false, Err("may not be called")),
            ("http://127.0.0.1:9/x", true, Ok(())),
            ("http://[::1]/x", false, Err("may not be called")),
            ("http://[::ffff:10.0.0.1]/", false, Err("may not be called")),
            ("http://10.1.2.3/", false, Err("may not be called")),
            ("http://169.254.169.254/latest", true, Err("may not be called")),
            ("http://[fd00:ec2::254]/", true, Err("may not be called")),
            ("http://0.0.0.0/", true, Err("may not be called")),
            // Forms that only the resolver understands.
            ("http://2130706433/", false, Err("may not be called")),
            ("http://localhost/", false, Err("may not be called")),
            ("http://localhost/", true, Ok(())),
            ("ftp://8.8.8.8/", true, Err("http://")),
            ("8.8.8.8:80", true, Err("http://")),
            ("/x", true, Err("http://")),
            ("", true, Err("not a URL")),
            ("http://", true, Err("not a URL")),
            ("http://:80/", true, Err("")),
            ("http://a b/", true, Err("not a URL")),
            ("http://8.8.8.8:99999/", false, Err("1 to 65535")),
            ("http://8.8.8.8:0/", false, Err("1 to 65535")),
            ("http://[fe80::1%25eth0]/", true, Err("in its brackets")),
            ("http://[]/", true, Err("in its brackets")),
            ("http://a[]/", true, Err("in its brackets")),
            ("http://user:secret@8.8.8.8/", true, Err("names a user")),
            (long.as_str(), true, Err("longer than")),
        ] {
            match (check(url, private).await, expected) {
                (Ok(()), Ok(())) => {}
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{url}: {why}"),
                (found, _) => panic!("{url}: {found:?}"),
            }
        }
    }
}
