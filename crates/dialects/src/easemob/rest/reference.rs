//! The page for those who call the REST interface, generated from the tables of routes: what is offered, and what of the
//! originals' is not. Source: easemob-rest fact sheet 3 to 12.

use std::fmt::Write as _;

use super::describe::about;
use super::routes::{self, Entry, Topic};

/// Calls of the originals that are not offered.
struct Missing {
    /// Method and path below the app's.
    calls: &'static str,
    /// What to use instead, or why there is nothing.
    instead: &'static str,
}

const fn missing(calls: &'static str, instead: &'static str) -> Missing {
    Missing { calls, instead }
}

const NOT_OFFERED: &[Missing] = &[
    missing(
        "`POST /messages/chatgroups/users`, `POST /messages/chatrooms/users`",
        "messages in a group for some of its members alone: send to those users",
    ),
    missing(
        "`POST /messages/users/broadcast`, `POST /messages/chatrooms/broadcast`",
        "list users or rooms, and send to them in steps of 600 or 10",
    ),
    missing(
        "`POST /messages/users/import`, `POST /messages/chatgroups/import`",
        "a history from elsewhere has no events here, and what has no event is not kept",
    ),
    missing(
        "`DELETE /users/{user}/user_channel`, `/rest/message/roaming/...`",
        "OpenIM's `/msg/clear_conversation_msg` and `/msg/user_clear_all_msg`, for administrators too",
    ),
    missing(
        "`/users/{user}/presence...`, `/presence/...`",
        "`GET /users/{user}/status`, and the callback `userStatus`; statuses of one's own are for clients",
    ),
    missing("`/moderation/...`", "word lists ([keywords.md](keywords.md)) and before-callbacks"),
];

const HEAD: &str = "# REST of Shengwang, Agora Chat and Easemob\n\n\
Generated from the tables in `crates/dialects/src/easemob/rest/routes`; a test keeps it up to date. Bodies and answers are \
described for machines at `GET /admin/v1/openapi/easemob.json`.\n\n\
Paths stand below `/app-id/{app_id}` and below `/{org}/{app}`, whichever the caller prefers. Where nothing else is said, a \
call needs the header `Authorization: Bearer` with an app token, which `POST /token` and `ringback token app` give. Bodies are JSON; \
every answer has a JSON body, with `error` and `error_description` where something is wrong.\n\n\
What changes something raises its event whoever asks for it, a client of either protocol or the app: \
[callbacks/easemob.md](callbacks/easemob.md) says what is told.\n";

/// The page: `docs/easemob-rest.md`.
fn page() -> String {
    let mut page = String::from(HEAD);
    for topic in Topic::ALL {
        let entries: Vec<&Entry> = routes::all().filter(|entry| entry.topic == *topic).collect();
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| call | what it does |\n|---|---|\n",
            topic.name(),
            about(*topic)
        );
        for entry in entries {
            let _ = writeln!(
                page,
                "| `{} {}` | {}{} |",
                entry.method.name(),
                entry.resource(),
                entry.summary,
                query(entry)
            );
        }
    }
    page.push_str("\n## Not offered\n\nAnswered with 404, as any other unknown path.\n\n| call | instead |\n|---|---|\n");
    for Missing { calls, instead } in NOT_OFFERED {
        let _ = writeln!(page, "| {calls} | {instead} |");
    }
    page
}

/// Names of the query parameters that a call knows.
fn query(entry: &Entry) -> String {
    let names: Vec<String> = entry.query.iter().map(|(name, _)| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/easemob-rest.md");
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == page(), "run this test with RINGBACK_WRITE_DOCS=1 and look at the change");
    }

    #[test]
    fn a_call_is_offered_or_not() {
        let offered: Vec<String> = routes::all()
            .map(|entry| format!("`{} {}`", entry.method.name().to_uppercase(), entry.resource()))
            .collect();
        for Missing { calls, .. } in NOT_OFFERED {
            for call in calls.split(", ") {
                assert!(!offered.iter().any(|one| one == call), "{call}");
            }
        }
    }
}
