//! Calls of the originals that are not offered, and what they are told: what is unknown is taken for done by some
//! clients, what is not switched on by none. Source: easemob-rest fact sheet 2.3, 3 to 12, 15.

use ringback_model::dialect::EdgeRequest;

use super::address::split;
use super::problem::{FORBIDDEN, Problem};

/// Calls that are not offered, for one reason.
pub(super) struct Missing {
    /// Each a path below the app's, with its method where there are others. What stands in braces is any segment;
    /// `...` at the end is anything, or nothing more.
    pub(super) calls: &'static [&'static str],
    /// What to use instead, or why there is nothing.
    pub(super) instead: &'static str,
}

/// At the end of a path: whatever follows.
const ANYTHING: &str = "...";

/// All of them.
pub(super) static ALL: &[Missing] = &[
    Missing {
        calls: &["POST /messages/chatgroups/users", "POST /messages/chatrooms/users"],
        instead: "messages in a group for some of its members alone: send to those users",
    },
    Missing {
        calls: &["POST /messages/users/broadcast", "POST /messages/chatrooms/broadcast"],
        instead: "list users or rooms, and send to them in steps of 600 or 10",
    },
    Missing {
        calls: &["POST /messages/users/import", "POST /messages/chatgroups/import"],
        instead: "a history from elsewhere has no events here, and what has no event is not kept",
    },
    Missing {
        calls: &["/users/{user}/presence/...", "/presence/..."],
        instead: "`GET /users/{user}/status`, and the callback `userStatus`; statuses of one's own are for clients",
    },
    Missing {
        calls: &["/moderation/...", "/moderationfiles/..."],
        instead: "word lists and before-callbacks",
    },
];

/// What a call is told that meets no route; `None` where nobody offers it anywhere.
pub(super) fn problem(request: &EdgeRequest) -> Option<Problem> {
    let (_, resource) = split(&request.path)?;
    let is_meant = |missing: &&Missing| {
        missing.calls.iter().any(|call| is_called(call, request.method.name(), resource))
    };
    ALL.iter().find(is_meant).map(|missing| told(missing.instead))
}

/// This is not offered; what to use instead.
pub(super) fn told(instead: &str) -> Problem {
    let plain = instead.replace('`', "");
    Problem::new(&FORBIDDEN, format!("this service is not offered; instead: {plain}"))
}

fn is_called(call: &str, method: &str, resource: &str) -> bool {
    let (wanted, path) = call.split_once(' ').unwrap_or((method, call));
    let mut given = resource.split('/');
    let fits = |segment: &str| match given.next() {
        Some(_) if segment.starts_with('{') => true,
        Some(given) => given == segment,
        None => false,
    };
    let is_open = path.ends_with(ANYTHING);
    let fixed = path.trim_end_matches(ANYTHING).trim_end_matches('/');
    wanted.eq_ignore_ascii_case(method) && fixed.split('/').all(fits) && (is_open || given.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_they_name() {
        for (call, method, resource, fits) in [
            ("POST /messages/users/import", "post", "/messages/users/import", true),
            ("POST /messages/users/import", "get", "/messages/users/import", false),
            ("POST /messages/users/import", "post", "/messages/users/import/more", false),
            ("POST /messages/users/import", "post", "/messages/users", false),
            ("/users/{user}/presence/...", "get", "/users/alice/presence/sublist", true),
            ("/users/{user}/presence/...", "delete", "/users/alice/presence", true),
            ("/users/{user}/presence/...", "delete", "/users/alice/present", false),
            ("/presence/...", "get", "/presence/online/1/type/0", true),
            ("/presence/...", "get", "/", false),
        ] {
            assert_eq!(is_called(call, method, resource), fits, "{call} {method} {resource}");
        }
    }
}
