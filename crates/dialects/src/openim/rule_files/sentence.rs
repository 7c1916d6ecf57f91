//! What an entry does, in a sentence.

use ringback_model::event::Phase;
use ringback_model::rule::{OnFailure, Order, Retry, Rule};

use crate::openim::callbacks::commands::{About, Command};

/// One sentence about a rule that is on. The address is shown without user name, password and query, which may
/// hold secrets.
pub(super) fn describe(rule: &Rule, command: &Command) -> String {
    let address = shown(&rule.url);
    let subject = command.subject;
    let seconds = rule.policy.timeout_ms / 1000;
    let filter = filter(rule);
    match rule.phase {
        Phase::Before => {
            let end = match rule.policy.on_failure {
                OnFailure::Continue => "goes on",
                OnFailure::Refuse => "is refused",
            };
            let thing = match command.about {
                About::Messages(_) => "the message",
                About::Pushes(_) => "the push",
                About::Actions(_) => "the action",
            };
            format!(
                "asks {address} before every {subject}{filter}; if it does not answer within {seconds} s {thing} {end}"
            )
        }
        Phase::After => {
            let then = match &rule.policy.retry {
                Retry::Schedule(_) => "is tried again later",
                Retry::Once => "is tried once more, then parked",
                Retry::None => "is parked",
            };
            let order = match rule.policy.order {
                Order::Conversation => "in order inside a conversation",
                Order::Strict => "strictly in order inside a conversation",
                Order::None => "in no order",
            };
            format!(
                "tells {address} after every {subject}{filter}, {order}; what it does not take within {seconds} s {then}"
            )
        }
    }
}

fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) =
        url.split_once("://").map_or(("", url), |(_, rest)| url.split_at(url.len() - rest.len()));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}{host}{path}")
}

fn filter(rule: &Rule) -> String {
    let mut text = String::new();
    if !rule.selectors.denied_types.is_empty() {
        let types: Vec<String> = rule
            .selectors
            .denied_types
            .iter()
            .map(|range| match range.first {
                first if first == range.last => first.to_string(),
                i32::MIN => format!("below {}", i64::from(range.last) + 1),
                first if range.last == i32::MAX => format!("above {}", i64::from(first) - 1),
                first => format!("{first}-{}", range.last),
            })
            .collect();
        text = format!(" except content types {}", types.join(", "));
    }
    let attention = &rule.selectors.attention;
    if !attention.users.is_empty() || !attention.groups.is_empty() {
        let count = attention.users.len().max(attention.groups.len());
        let of = match (attention.users.is_empty(), attention.groups.is_empty(), count) {
            (false, true, 1) => "recipient",
            (false, true, _) => "recipients",
            (true, _, 1) => "group",
            (true, _, _) => "groups",
            (false, false, 1) => "recipient or group",
            (false, false, _) => "recipients or groups",
        };
        text.push_str(&format!(" to the {count} {of} of attentionIds"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_what_may_be_secret() {
        for (url, expected) in [
            ("http://h:1/p?key=s#x", "http://h:1/p"),
            ("http://user:pw@h/p@q", "http://h/p@q"),
            ("h/p", "h/p"),
            ("", ""),
        ] {
            assert_eq!(shown(url), expected, "{url}");
        }
    }
}
