//! The table of routes. To add one: a line here, and two functions in its resource's file.

use ringback_model::command::{Command, Outcome};
use ringback_model::dialect::{EdgeRequest, Method, Route};

use super::envelope::Answer;
use super::problem::{self, Kind, Problem, Reject};
use super::{Asked, chats, members, message, storage, token, user};
use crate::openapi::{SchemaOf, schema_of};

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// A token that speaks for the app.
    AppToken,
    /// It depends on the body.
    MaybeToken,
}

/// What a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Token,
    Users,
    Messages,
    Groups,
    Rooms,
    Storage,
}

impl Topic {
    /// The kind of error that a wrong argument is.
    pub(super) const fn usual(self) -> &'static Kind {
        match self {
            Self::Token | Self::Users | Self::Storage => &problem::ILLEGAL_ARGUMENT,
            Self::Messages => &problem::NOT_SENDABLE,
            Self::Groups | Self::Rooms => &problem::INVALID_PARAMETER,
        }
    }

    /// Its name in the description of the interface.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Users => "users",
            Self::Messages => "messages",
            Self::Groups => "chatgroups",
            Self::Rooms => "chatrooms",
            Self::Storage => "callback storage",
        }
    }
}

/// What of an answer its type describes.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// The whole answer.
    Bare(SchemaOf),
    /// `data`.
    Data(SchemaOf),
    /// `entities`.
    Entities(SchemaOf),
    /// `entities`, and `data` where something of what was asked for was not done.
    Partly(SchemaOf, SchemaOf),
}

/// How one method of one resource is read and answered.
pub(super) struct Entry {
    pub(super) method: Method,
    /// Both of its paths.
    pub(super) paths: [&'static str; 2],
    pub(super) topic: Topic,
    /// `path` of its answers.
    pub(super) shown: &'static str,
    pub(super) needs: Needs,
    pub(super) read: fn(&Asked<'_>) -> Result<Command, Reject>,
    /// `None` for an outcome that does not belong to the route.
    pub(super) answer: fn(&Asked<'_>, &Outcome) -> Option<Result<Answer, Problem>>,
    pub(super) summary: &'static str,
    pub(super) body: Option<SchemaOf>,
    pub(super) shape: Shape,
    /// Query parameters: name, and what it does.
    pub(super) query: &'static [(&'static str, &'static str)],
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

/// Both paths of a resource. A macro cannot join constants: these are [`BY_ID`] and [`BY_NAMES`].
macro_rules! paths {
    ($resource:literal) => {
        [concat!("/app-id/{app_id}", $resource), concat!("/{org}/{app}", $resource)]
    };
}

const fn entry(
    method: Method,
    paths: [&'static str; 2],
    (topic, shown): (Topic, &'static str),
    (read, answer): (Read, Write),
    shape: Shape,
    summary: &'static str,
) -> Entry {
    let needs = Needs::AppToken;
    Entry { method, paths, topic, shown, needs, read, answer, summary, body: None, shape, query: &[] }
}

impl Entry {
    const fn takes(self, body: SchemaOf) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn maybe_token(self) -> Self {
        Self { needs: Needs::MaybeToken, ..self }
    }

    const fn asks(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }
}

const TOKEN: (Topic, &str) = (Topic::Token, "/token");
const USERS: (Topic, &str) = (Topic::Users, "/users");
const GROUPS: (Topic, &str) = (Topic::Groups, "/chatgroups");
const ROOMS: (Topic, &str) = (Topic::Rooms, "/chatrooms");
const STORAGE: (Topic, &str) = (Topic::Storage, "/callbacks");

const PAGE: &[(&str, &str)] = &[
    ("pagenum", "Which page, from 1; default 1."),
    ("pagesize", "Items of a page, 1 to 1000; default 1000."),
];
const USE_MSG_ID: &[(&str, &str)] =
    &[("useMsgId", "`true`: the answer maps targets to message ids instead of to `success`.")];

const SIZE: usize = 24;

/// All of them, by resource.
#[rustfmt::skip]
const TABLE: [Entry; SIZE] = {
    use Method::{Delete, Get, Post};
    use Shape::{Bare, Data, Entities, Partly};
    [
    entry(Post, paths!("/token"), TOKEN, (token::read, token::answer), Bare(schema_of::<token::Token<'_>>),
        "Buy a token").takes(schema_of::<token::Grant>).maybe_token(),
    entry(Post, paths!("/users"), USERS, (user::register, user::registered), Partly(schema_of::<user::Entity<'_>>, schema_of::<Vec<user::NotRegistered>>),
        "Register users; at most 60").takes(schema_of::<user::Registration>),
    entry(Get, paths!("/users/{user}"), USERS, (user::get, user::found), Entities(schema_of::<user::Entity<'_>>),
        "One user"),
    entry(Post, paths!("/messages/users"), (Topic::Messages, "/messages/users"), (message::to_users, message::sent),
        Data(schema_of::<message::MessageIds>), "Send to users; at most 600").takes(schema_of::<message::Send>),
    entry(Post, paths!("/messages/chatgroups"), (Topic::Messages, "/messages/chatgroups"), (message::to_groups, message::sent),
        Data(schema_of::<message::MessageIds>), "Send to groups; at most 3").takes(schema_of::<message::Send>),
    entry(Post, paths!("/messages/chatrooms"), (Topic::Messages, "/messages/chatrooms"), (message::to_rooms, message::sent),
        Data(schema_of::<message::MessageIds>), "Send to chat rooms; at most 10").takes(schema_of::<message::Send>),
    entry(Post, paths!("/messages"), (Topic::Messages, "/messages"), (message::old, message::sent_old),
        Data(schema_of::<message::MessageIds>), "Send, in the old form").takes(schema_of::<message::OldSend>).asks(USE_MSG_ID),
    entry(Post, paths!("/chatgroups"), GROUPS, (chats::create_group, chats::created), Data(schema_of::<chats::Created<'_>>),
        "Make a group").takes(schema_of::<chats::NewChatGroup>),
    entry(Get, paths!("/chatgroups/{id}"), GROUPS, (chats::get, chats::details), Data(schema_of::<Vec<chats::Details<'_>>>),
        "Groups by id, separated by commas; at most 100"),
    entry(Delete, paths!("/chatgroups/{id}"), GROUPS, (chats::dismiss, chats::dismissed), Data(schema_of::<chats::Dismissed>),
        "Dismiss a group"),
    entry(Get, paths!("/chatgroups/{id}/users"), GROUPS, (members::list, members::listed), Data(schema_of::<Vec<members::Affiliation>>),
        "Members of a group").asks(PAGE),
    entry(Post, paths!("/chatgroups/{id}/users"), GROUPS, (members::add, members::added), Data(schema_of::<members::Added>),
        "Add members to a group; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatgroups/{id}/users/{users}"), GROUPS, (members::add_one, members::added_one), Data(schema_of::<members::Change>),
        "Add a member to a group"),
    entry(Delete, paths!("/chatgroups/{id}/users/{users}"), GROUPS, (members::remove, members::removed), Data(schema_of::<members::Changes>),
        "Take members out of a group, separated by commas; at most 60"),
    entry(Post, paths!("/chatrooms"), ROOMS, (chats::create_room, chats::created), Data(schema_of::<chats::Created<'_>>),
        "Make a chat room").takes(schema_of::<chats::NewChatRoom>),
    entry(Get, paths!("/chatrooms/{id}"), ROOMS, (chats::get, chats::details), Data(schema_of::<Vec<chats::Details<'_>>>),
        "Chat rooms by id, separated by commas; at most 100"),
    entry(Delete, paths!("/chatrooms/{id}"), ROOMS, (chats::dismiss, chats::dismissed), Data(schema_of::<chats::Dismissed>),
        "Dismiss a chat room"),
    entry(Get, paths!("/chatrooms/{id}/users"), ROOMS, (members::list, members::listed), Data(schema_of::<Vec<members::Affiliation>>),
        "Members of a chat room").asks(PAGE),
    entry(Post, paths!("/chatrooms/{id}/users"), ROOMS, (members::add, members::added), Data(schema_of::<members::Added>),
        "Add members to a chat room; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatrooms/{id}/users/{users}"), ROOMS, (members::add_one, members::added_one), Data(schema_of::<members::Change>),
        "Add a member to a chat room"),
    entry(Delete, paths!("/chatrooms/{id}/users/{users}"), ROOMS, (members::remove, members::removed), Data(schema_of::<members::Changes>),
        "Take members out of a chat room, separated by commas; at most 60"),
    entry(Get, paths!("/callbacks/storage/info"), STORAGE, (storage::info, storage::slices), Data(schema_of::<Vec<storage::SliceInfo<'_>>>),
        "Slices of parked callbacks"),
    entry(Post, paths!("/callbacks/storage/retry"), STORAGE, (storage::retry, storage::retried), Data(schema_of::<storage::Retried>),
        "Send a slice of parked callbacks again").takes(schema_of::<storage::Retry>),
    entry(Post, paths!("/callback/storage/retry"), STORAGE, (storage::retry, storage::retried), Data(schema_of::<storage::Retried>),
        "The same, as the documents' examples write it").takes(schema_of::<storage::Retry>),
    ]
};

/// The same, in one place of memory.
static ENTRIES: [Entry; SIZE] = TABLE;

/// The routes alone: two for each entry.
pub(super) static ROUTES: [Route; SIZE * 2] = {
    let mut routes = [Route { method: TABLE[0].method, path: TABLE[0].paths[0] }; SIZE * 2];
    let mut at = 0;
    while at < routes.len() {
        let entry = &TABLE[at / 2];
        routes[at] = Route { method: entry.method, path: entry.paths[at % 2] };
        at += 1;
    }
    routes
};

/// All entries.
pub(super) fn all() -> &'static [Entry] {
    &ENTRIES
}

/// The entry of a request.
pub(super) fn find(request: &EdgeRequest) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.method == request.method && entry.paths.contains(&request.route))
}
