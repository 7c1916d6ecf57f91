//! The page for those who read the other side's messages, generated from the map, so that it cannot go stale.

use std::fmt::Write as _;

use super::{ROWS, Way};
use crate::easemob::content::BodyType;

const HEAD: &str = "# Message types\n\n\
Generated from the map in `crates/dialects/src/content.rs`; a test keeps it up to date.\n\n\
Whoever is connected by one protocol sees messages of the other in his own form, and so do the receivers of \
callbacks. OpenIM writes a message as an element with a number (`contentType`), Shengwang, Agora and Easemob as a body \
with a `type`. The stored message keeps the form in which it came; it is translated where it is shown.\n\n\
| element | | | body | an element loses as a body | a body loses as an element |\n|---|---|---|---|---|---|\n";

const TAIL: &str = "\n\
- An element that is not in the table becomes a `custom` body with the event `openim/<number>` and its JSON text as \
`content` in `customExts` and `v2:customExts`. A custom element has `data`, `description` and `extension` there \
instead, and comes back as it was.\n\
- A `custom` body that is none of these becomes a custom element with its JSON text as `data` and its `customEvent` as \
`description`; an answer with that element comes back as the body.\n\
- A combined message is a body of type `txt` with `subType` `sub_combine`.\n\
- `secret` goes into the address as `?share-secret=…`, which is how restricted files are fetched.\n\
- `ext` is the message's `ex` where that is the JSON text of an object, `{}` where it is empty; any other text is \
`{\"ex\": \"…\"}`, and comes back as the text.\n\
- A receiver that replaces the text of a message replaces its words only: who is mentioned and what is quoted stays.\n\
- \"Is typing\" and notifications are never shown to the other side's receivers.\n";

/// The map as Markdown: `docs/content-types.md`.
#[must_use]
pub fn table() -> String {
    let mut page = String::from(HEAD);
    for row in ROWS {
        let arrow = match row.way {
            Way::Both => "↔",
            Way::ToBody => "→",
            Way::ToElement => "←",
        };
        let body = match row.body {
            BodyType::Combined => "`txt`, combined".to_owned(),
            other => format!("`{}`", other.name()),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {arrow} | {body} | {} | {} |",
            row.element, row.name, row.lost_as_body, row.lost_as_element
        );
    }
    page.push_str(TAIL);
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/content-types.md");
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            std::fs::write(path, super::table()).unwrap();
        }
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page == super::table(), "run this test with RINGBACK_WRITE_DOCS=1 and look at the change");
    }
}
