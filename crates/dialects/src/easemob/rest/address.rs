//! Where requests go: two prefixes for the same resources. Source: easemob-rest fact sheet 1 and 2.1.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use ringback_model::app::App;
use ringback_model::dialect::EdgeRequest;

use super::Asked;

/// First segment of a resource's path below `/{org}/{app}`, all that this family knows: below them, a path that
/// nobody serves is answered in this family's form.
const RESOURCES: [&str; 18] = [
    "callback",
    "callbacks",
    "chatfiles",
    "chatgroups",
    "chatmessages",
    "chatrooms",
    "messages",
    "metadata",
    "moderation",
    "mutes",
    "presence",
    "push",
    "reaction",
    "rest",
    "thread",
    "threads",
    "token",
    "user",
];
/// One more, apart because it is the only one that is often a name elsewhere.
const USERS: &str = "users";

/// First segment of the paths that name the app by its id.
const APP_ID: &str = "app-id";

/// How a path names the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AppNames<'a> {
    /// `/app-id/{id}`.
    Id(&'a str),
    /// `/{org}/{app}`.
    OrgAndName(&'a str, &'a str),
}

impl AppNames<'_> {
    /// Whether they are those of this app. Paths are case-sensitive.
    pub(super) fn are_of(self, app: &App) -> bool {
        match self {
            Self::Id(id) => decoded(id) == app.id,
            Self::OrgAndName(org, name) => decoded(org) == app.org && decoded(name) == app.name,
        }
    }

    /// As they stand in the path.
    pub(super) fn shown(self) -> String {
        match self {
            Self::Id(id) => id.to_owned(),
            Self::OrgAndName(org, name) => format!("{org}/{name}"),
        }
    }
}

fn decoded(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8_lossy()
}

/// The app's names in a path, and what follows them (with its `/`, or empty).
pub(super) fn split(path: &str) -> Option<(AppNames<'_>, &str)> {
    let (first, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (second, resource) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let names = if first == APP_ID { AppNames::Id(second) } else { AppNames::OrgAndName(first, second) };
    (!first.is_empty() && !second.is_empty()).then_some((names, resource))
}

/// Whether a path is this family's, served or not.
pub(super) fn is_ours(path: &str) -> bool {
    match split(path) {
        Some((AppNames::Id(_), _)) => true,
        Some((AppNames::OrgAndName(..), resource)) => {
            let first = resource.split('/').nth(1).unwrap_or_default();
            first == USERS || RESOURCES.contains(&first)
        }
        None => false,
    }
}

/// The full address of a request, always with `/{org}/{app}`.
pub(super) fn uri(request: &EdgeRequest, app: &App) -> String {
    let host = request.header("host").unwrap_or("localhost");
    let (_, resource) = split(&request.path).unwrap_or((AppNames::Id(""), ""));
    format!("{}://{host}/{}/{}{resource}", scheme(request), app.org, app.name)
}

/// The full address of another resource of the same app.
pub(super) fn of(asked: &Asked<'_>, resource: &str) -> String {
    format!("{}/{}/{}{resource}", origin(asked.request), asked.app.org, asked.app.name)
}

/// Scheme and host under which the caller has reached the server.
pub(super) fn origin(request: &EdgeRequest) -> String {
    format!("{}://{}", scheme(request), request.header("host").unwrap_or("localhost"))
}

/// A proxy that ends TLS says so; the answer goes back through it.
pub(super) fn scheme(request: &EdgeRequest) -> &'static str {
    let told = request.header("x-forwarded-proto").and_then(|list| list.split(',').next());
    match told.map(str::trim) {
        Some("https") => "https",
        Some("http") => "http",
        _ if request.secure => "https",
        _ => "http",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_resource_of_a_path() {
        for (path, expected) in [
            ("/app-id/x/users", Some((AppNames::Id("x"), "/users"))),
            (
                "/org/app/callbacks/storage/info",
                Some((AppNames::OrgAndName("org", "app"), "/callbacks/storage/info")),
            ),
            ("/org/app", Some((AppNames::OrgAndName("org", "app"), ""))),
            ("/org/app/", Some((AppNames::OrgAndName("org", "app"), "/"))),
            ("/app-id/", None),
            ("/org", None),
            ("//app/users", None),
            ("", None),
        ] {
            assert_eq!(split(path), expected, "{path}");
        }
    }

    #[test]
    fn only_paths_of_the_family_are_claimed() {
        for (path, ours) in [
            ("/app-id/x", true),
            ("/app-id/x/nothing", true),
            ("/org/app/users", true),
            ("/org/app/users/u/password", true),
            ("/org/app/user/u/contacts", true),
            ("/org/app/chatfiles", true),
            ("/org/app/userss", false),
            ("/org/app", false),
            ("/auth/get_user_token", false),
            ("/admin/v1/rules", false),
            ("/org/app/other/users", false),
            ("/", false),
        ] {
            assert_eq!(is_ours(path), ours, "{path}");
        }
    }
}
