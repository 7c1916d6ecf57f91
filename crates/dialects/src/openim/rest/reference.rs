//! The page for those who call the REST interface, generated from the table of routes: what is offered, and what of the
//! original's is not. Source: REST sheet 3 to 11.

use std::fmt::Write as _;

use super::describe;
use super::routes;

/// A route of the original's that is not offered. Calls to it are answered 404 in the envelope.
struct Missing {
    path: &'static str,
    /// What to use instead, or why there is nothing.
    instead: &'static str,
}

const fn missing(path: &'static str, instead: &'static str) -> Missing {
    Missing { path, instead }
}

const SETTINGS: &str = "settings are in `ringback.yml`, rules in the admin API and in files that are read again when they change";
const SCRAPE: &str = "one process: `GET /metrics` has all of them";
const FORMS: &str = "uploads go by parts, which browsers can do as well; see `uploads.md`";

const NOT_OFFERED: &[Missing] = &[
    missing("/friend/get_incremental_blacks", "no client calls it; `/friend/get_black_list` has the list"),
    missing("/object/initiate_form_data", FORMS),
    missing("/object/complete_form_data", FORMS),
    missing("/third/prometheus", "`GET /metrics` is read by Prometheus itself"),
    missing("/config/get_config_list", SETTINGS),
    missing("/config/get_config", SETTINGS),
    missing("/config/set_config", SETTINGS),
    missing("/config/reset_config", SETTINGS),
    missing("/config/set_enable_config_manager", SETTINGS),
    missing("/config/get_enable_config_manager", SETTINGS),
    missing("/restart", "what started the server restarts it; nothing acknowledged is lost by that"),
    missing("/prometheus_discovery/api", SCRAPE),
    missing("/prometheus_discovery/user", SCRAPE),
    missing("/prometheus_discovery/group", SCRAPE),
    missing("/prometheus_discovery/msg", SCRAPE),
    missing("/prometheus_discovery/friend", SCRAPE),
    missing("/prometheus_discovery/conversation", SCRAPE),
    missing("/prometheus_discovery/third", SCRAPE),
    missing("/prometheus_discovery/auth", SCRAPE),
    missing("/prometheus_discovery/push", SCRAPE),
    missing("/prometheus_discovery/msg_gateway", SCRAPE),
    missing("/prometheus_discovery/msg_transfer", SCRAPE),
];

const HEAD: &str = "# OpenIM REST routes\n\n\
Generated from the table in `crates/dialects/src/openim/rest/routes.rs`; a test keeps it up to date. Bodies and answers are \
described for machines at `GET /admin/v1/openapi/openim.json`.\n\n\
All routes take `POST` with a JSON object, the headers `operationID` and, where nothing else is said, `token`. They answer \
`{errCode, errMsg, errDlt, data}`.\n";

/// The page: `docs/openim-rest.md`.
#[must_use]
pub(crate) fn page() -> String {
    let mut page = String::from(HEAD);
    let mut resource = "";
    for entry in routes::all() {
        let path = entry.route.path;
        let of = path.split('/').nth(1).unwrap_or_default();
        if of != resource {
            resource = of;
            // Writing to a String cannot fail.
            let _ = write!(page, "\n## /{of}\n\n| route | what it does | who may |\n|---|---|---|\n");
        }
        let _ = writeln!(
            page,
            "| `{path}` | {} | {} |",
            entry.summary,
            describe::may(path).trim_end_matches('.')
        );
    }
    page.push_str("\n`GET /object/{name}` reads an object, `PUT` sends a part of one; see `uploads.md`.\n");
    page.push_str("\n## Not offered\n\nAnswered with HTTP 404 and code 1004, as any other unknown path.\n\n| route | instead |\n|---|---|\n");
    for Missing { path, instead } in NOT_OFFERED {
        let _ = writeln!(page, "| `{path}` | {instead} |");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_docs_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openim-rest.md");
        if std::env::var_os("RINGBACK_WRITE_DOCS").is_some() {
            std::fs::write(path, page()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written == page(), "run this test with RINGBACK_WRITE_DOCS=1 and look at the change");
    }

    #[test]
    fn a_route_is_offered_or_not() {
        for Missing { path, .. } in NOT_OFFERED {
            assert!(routes::find(path).is_none(), "{path}");
        }
    }
}
