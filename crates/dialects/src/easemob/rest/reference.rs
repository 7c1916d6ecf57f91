//! The page for those who call the REST interface, generated from the tables of routes: what is offered, and what of the
//! originals' is not. Source: easemob-rest fact sheet 3 to 12.

use std::fmt::Write as _;

use super::describe::about;
use super::not_offered::{self, Missing};
use super::routes::{self, Entry, Topic};

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
                entry.method.name().to_uppercase(),
                entry.resource(),
                entry.summary,
                query(entry)
            );
        }
    }
    page.push_str("\n## Not offered\n\nAnswered with 403 and `forbidden_op`, as what is not switched on; `error_description` says what there is instead. Other unknown \
paths are answered with 404.\n\n| call | instead |\n|---|---|\n");
    for Missing { calls, instead } in not_offered::ALL {
        let calls: Vec<String> = calls.iter().map(|call| format!("`{call}`")).collect();
        let _ = writeln!(page, "| {} | {instead} |", calls.join(", "));
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
            .map(|entry| format!("{} {}", entry.method.name().to_uppercase(), entry.resource()))
            .collect();
        for Missing { calls, .. } in not_offered::ALL {
            for call in *calls {
                assert!(!offered.iter().any(|one| one == call), "{call}");
            }
        }
    }
}
