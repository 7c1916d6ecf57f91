//! The tables of routes, one for each topic. To add a route: a line in its table, and two functions in its resource's
//! file. To add a topic: a table in a file of its own, and a line in [`TABLES`] and in [`Topic`].

use std::collections::HashMap;
use std::sync::LazyLock;

use ringback_model::command::{Command, Outcome};
use ringback_model::dialect::{EdgeRequest, Method, Route};

use super::Asked;
use super::envelope::Answer;
use super::problem::{self, Kind, Problem, Reject};
use crate::openapi::SchemaOf;

/// Both paths of a resource. A macro cannot join constants: these are [`BY_ID`] and [`BY_NAMES`].
macro_rules! paths {
    ($resource:literal) => {
        &[concat!("/app-id/{app_id}", $resource), concat!("/{org}/{app}", $resource)]
    };
}

mod contacts;
mod discovery;
mod files;
mod follow_ups;
mod groups;
mod messages;
mod metadata;
mod rooms;
mod storage;
mod threads;
mod token;
mod users;

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// A token that speaks for the app.
    AppToken,
    /// Any token, of the app or of one of its users.
    AnyToken,
    /// It depends on the body.
    MaybeToken,
    /// Nothing: anybody may ask. Its path names no app.
    Nothing,
}

/// What a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Discovery,
    Token,
    Users,
    Contacts,
    Messages,
    Recall,
    Rewrite,
    Reactions,
    Threads,
    History,
    Groups,
    Rooms,
    MemberMetadata,
    RoomMetadata,
    Files,
    Storage,
}

impl Topic {
    /// All of them, in the order of the description of the interface.
    pub(super) const ALL: &[Self] = &[
        Self::Discovery,
        Self::Token,
        Self::Users,
        Self::Contacts,
        Self::Messages,
        Self::Recall,
        Self::Rewrite,
        Self::Reactions,
        Self::Threads,
        Self::History,
        Self::Groups,
        Self::Rooms,
        Self::MemberMetadata,
        Self::RoomMetadata,
        Self::Files,
        Self::Storage,
    ];

    /// The kind of error that a wrong argument is.
    pub(super) const fn usual(self) -> &'static Kind {
        match self {
            Self::Discovery
            | Self::Token
            | Self::Users
            | Self::Contacts
            | Self::Reactions
            | Self::Threads
            | Self::History
            | Self::Files
            | Self::Storage => &problem::ILLEGAL_ARGUMENT,
            Self::Messages => &problem::NOT_SENDABLE,
            Self::Recall => &problem::NOT_RECALLABLE,
            Self::Rewrite => &problem::NOT_REWRITABLE,
            Self::Groups | Self::Rooms => &problem::INVALID_PARAMETER,
            Self::MemberMetadata | Self::RoomMetadata => &problem::METADATA,
        }
    }

    /// Its name in the description of the interface.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Discovery => "discovery",
            Self::Token => "token",
            Self::Users => "users",
            Self::Contacts => "contacts",
            Self::Messages => "messages",
            Self::Recall => "recall",
            Self::Rewrite => "edit",
            Self::Reactions => "reactions",
            Self::Threads => "threads",
            Self::History => "history",
            Self::Groups => "chatgroups",
            Self::Rooms => "chatrooms",
            Self::MemberMetadata => "attributes of members",
            Self::RoomMetadata => "attributes of chatrooms",
            Self::Files => "files",
            Self::Storage => "callback storage",
        }
    }
}

/// What of an answer its type describes.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Nothing but the envelope.
    Plain,
    /// The whole answer.
    Bare(SchemaOf),
    /// `data`.
    Data(SchemaOf),
    /// `entities`.
    Entities(SchemaOf),
    /// The bytes of a file.
    Bytes,
    /// `data`, or the bytes of a file.
    DataOrBytes(SchemaOf),
    /// `entities`, and `data` where something of what was asked for was not done.
    Partly(SchemaOf, SchemaOf),
}

/// How one method of one resource is read and answered.
pub(super) struct Entry {
    pub(super) method: Method,
    /// Its paths: most have two, one for each way to name the app.
    pub(super) paths: &'static [&'static str],
    pub(super) topic: Topic,
    /// `path` of its answers.
    pub(super) shown: &'static str,
    pub(super) needs: Needs,
    pub(super) read: fn(&Asked<'_>) -> Result<Command, Reject>,
    /// `None` for an outcome that does not belong to the route.
    pub(super) answer: fn(&Asked<'_>, &Outcome) -> Option<Result<Answer, Problem>>,
    pub(super) summary: &'static str,
    pub(super) body: Option<SchemaOf>,
    /// Without a body it does something too.
    pub(super) body_optional: bool,
    pub(super) shape: Shape,
    /// Query parameters: name, and what it does.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// Headers that it reads besides those of every call: name in lower case, and what it does.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The body may be a form with a file.
    pub(super) form: bool,
}

type Read = fn(&Asked<'_>) -> Result<Command, Reject>;
type Write = fn(&Asked<'_>, &Outcome) -> Option<Result<Answer, Problem>>;

/// How routes begin that name the app by its id.
pub(super) const BY_ID: &str = "/app-id/{app_id}";
/// How the others begin.
const BY_NAMES: &str = "/{org}/{app}";

/// A route without its beginning.
pub(super) fn resource(route: &str) -> &str {
    route.strip_prefix(BY_ID).or_else(|| route.strip_prefix(BY_NAMES)).unwrap_or(route)
}

const fn entry(
    method: Method,
    paths: &'static [&'static str],
    (topic, shown): (Topic, &'static str),
    (read, answer): (Read, Write),
    shape: Shape,
    summary: &'static str,
) -> Entry {
    let needs = Needs::AppToken;
    Entry {
        method,
        paths,
        topic,
        shown,
        needs,
        read,
        answer,
        summary,
        body: None,
        body_optional: false,
        shape,
        query: &[],
        headers: &[],
        form: false,
    }
}

impl Entry {
    /// Its path without the beginning that names the app.
    pub(super) fn resource(&self) -> &'static str {
        self.paths.first().copied().map_or("", resource)
    }

    const fn takes(self, body: SchemaOf) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn may_take(self, body: SchemaOf) -> Self {
        Self { body: Some(body), body_optional: true, ..self }
    }

    const fn takes_file(self) -> Self {
        Self { form: true, ..self }
    }

    const fn any_token(self) -> Self {
        Self { needs: Needs::AnyToken, ..self }
    }

    const fn reads(self, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self { headers, ..self }
    }

    const fn maybe_token(self) -> Self {
        Self { needs: Needs::MaybeToken, ..self }
    }

    const fn free(self) -> Self {
        Self { needs: Needs::Nothing, ..self }
    }

    const fn asks(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }
}

const PAGE: &[(&str, &str)] = &[
    ("pagenum", "Which page, from 1; default 1."),
    ("pagesize", "Items of a page, 1 to 1000; default 1000."),
];

const LIST: &[(&str, &str)] = &[
    ("limit", "Items of a page, 1 to 1000; default 10."),
    ("cursor", "Where the page begins, as the answer before has said it."),
];

/// All of them, by topic; a file each.
static TABLES: &[&[Entry]] = &[
    discovery::ROUTES,
    token::ROUTES,
    users::ROUTES,
    contacts::ROUTES,
    messages::ROUTES,
    follow_ups::ROUTES,
    threads::ROUTES,
    groups::ROUTES,
    rooms::ROUTES,
    metadata::ROUTES,
    files::ROUTES,
    storage::ROUTES,
];

/// The routes alone: one for each path of each entry.
pub(super) static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let of_entry =
        |entry: &'static Entry| entry.paths.iter().map(|path| Route { method: entry.method, path });
    all().flat_map(of_entry).collect()
});

/// All entries.
pub(super) fn all() -> impl Iterator<Item = &'static Entry> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The entries by method and path.
static BY_ROUTE: LazyLock<HashMap<(Method, &str), &Entry>> = LazyLock::new(|| {
    all().flat_map(|entry| entry.paths.iter().map(move |path| ((entry.method, *path), entry))).collect()
});

/// The entry of a request.
pub(super) fn find(request: &EdgeRequest) -> Option<&'static Entry> {
    at(request.method, request.route)
}

/// The entry of a method and a route.
pub(super) fn at(method: Method, route: &str) -> Option<&'static Entry> {
    BY_ROUTE.get(&(method, route)).copied()
}
