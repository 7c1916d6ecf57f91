//! Where a callback goes: the operator's address with the command put into it.
//! Source: openim-callbacks fact sheet 0.2 and 1.1.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::generation::Generation;
use super::json;

/// The full URL of a call. A trailing slash of `base` is not doubled, and a query in it stays a query: the
/// command goes before it. The original glues the texts together and breaks both.
pub(super) fn build(
    generation: Generation,
    base: &str,
    command: &str,
    content_type_query: bool,
    key: Option<&str>,
) -> String {
    if generation == Generation::V2 {
        return base.to_owned();
    }
    let base = base.split_once('#').map_or(base, |(address, _)| address);
    let (address, query) = base.split_once('?').unwrap_or((base, ""));
    let mut parameters = Vec::with_capacity(4);
    parameters.extend(query.split('&').filter(|part| !part.is_empty()).map(Cow::Borrowed));
    // Room for the command, and for the key where there is one.
    let mut url = String::with_capacity(base.len() + 2 * command.len() + 2 * key.map_or(0, str::len));
    url.push_str(address);
    if generation == Generation::V30 {
        parameters.push(format!("command={command}").into());
    } else {
        url.truncate(url.trim_end_matches('/').len());
        url.push('/');
        url.push_str(command);
    }
    if content_type_query && !parameters.iter().any(|part| name_of(part) == "contenttype") {
        parameters.push("contenttype=json".into());
    }
    if let Some(key) = key {
        let mut parameter = String::with_capacity(2 * key.len());
        parameter.push_str("key=");
        parameter.extend(utf8_percent_encode(key, NON_ALPHANUMERIC));
        parameters.push(parameter.into());
        // Where the original adds this parameter it writes all of them in the order of their names.
        parameters.sort_by(|one, other| name_of(one).cmp(name_of(other)));
    }
    for (index, parameter) in parameters.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(parameter);
    }
    url
}

fn name_of(parameter: &str) -> &str {
    parameter.split_once('=').map_or(parameter, |(name, _)| name)
}

/// The `key` of after-callbacks, which a robot gives back to answer in the same conversation: base64 of a JSON
/// object with three members in this order.
pub(super) fn reply_key(sender: &str, recipient: &str, group: &str) -> String {
    #[derive(Serialize)]
    #[allow(non_snake_case, reason = "names of the wire")]
    struct Key<'a> {
        sendID: &'a str,
        recvID: &'a str,
        groupID: &'a str,
    }
    STANDARD.encode(json::write(&Key { sendID: sender, recvID: recipient, groupID: group }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contract_puts_the_command_where_its_receivers_look() {
        let base = "http://h:1/cb";
        for (generation, query, url) in [
            (Generation::V38, true, "http://h:1/cb/cmd?contenttype=json"),
            (Generation::V38, false, "http://h:1/cb/cmd"),
            (Generation::V35, true, "http://h:1/cb/cmd?contenttype=json"),
            (Generation::V30, true, "http://h:1/cb?command=cmd&contenttype=json"),
            (Generation::V30, false, "http://h:1/cb?command=cmd"),
            (Generation::V2, true, "http://h:1/cb"),
        ] {
            assert_eq!(build(generation, base, "cmd", query, None), url);
        }
    }

    #[test]
    fn odd_addresses_still_work() {
        let path = |base: &str| build(Generation::V38, base, "cmd", true, None);
        assert_eq!(path("http://h/"), "http://h/cmd?contenttype=json");
        assert_eq!(path("http://h"), "http://h/cmd?contenttype=json");
        assert_eq!(path("http://h/p//?x=1&&y"), "http://h/p/cmd?x=1&y&contenttype=json");
        assert_eq!(path("http://h/p?contenttype=xml#f"), "http://h/p/cmd?contenttype=xml");
    }

    #[test]
    fn the_key_is_encoded_and_sorted_in() {
        let key = reply_key("alice_01", "bob_02", "");
        assert_eq!(
            build(Generation::V38, "http://h/p?z=1&a=2", "cmd", true, Some(&key)),
            "http://h/p/cmd?a=2&contenttype=json&key=eyJzZW5kSUQiOiJhbGljZV8wMSIsInJlY3ZJRCI6ImJvYl8wMiIsImdyb3VwSUQiOiIifQ%3D%3D&z=1"
        );
    }
}
