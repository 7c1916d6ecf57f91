//! The table of routes. To add one: a line here, and two functions in its resource's file.

use ringback_model::command::{Command, Outcome};
use ringback_model::dialect::{EdgeRequest, Method, Route};

use super::body::Reject;
use super::reply::Data;
use super::{auth, friend, group, msg, sending, user};

/// How one route is read and answered.
pub(super) struct Entry {
    pub(super) route: Route,
    /// Whether the caller must show a token.
    pub(super) token: bool,
    /// Whether the caller must be an administrator of the app.
    pub(super) admin: bool,
    /// HTTP 400 instead of 200 for a malformed or incomplete body (REST sheet 1.3).
    pub(super) answers_400: bool,
    pub(super) read: fn(&EdgeRequest) -> Result<Command, Reject>,
    /// `None` for an outcome that does not belong to the route.
    pub(super) data: fn(&Outcome) -> Option<Data>,
}

const fn post(
    path: &'static str,
    read: fn(&EdgeRequest) -> Result<Command, Reject>,
    data: fn(&Outcome) -> Option<Data>,
) -> Entry {
    Entry {
        route: Route { method: Method::Post, path },
        token: true,
        admin: false,
        answers_400: false,
        read,
        data,
    }
}

impl Entry {
    const fn open(self) -> Self {
        Self { token: false, ..self }
    }

    const fn for_admins(self) -> Self {
        Self { admin: true, ..self }
    }

    const fn strict(self) -> Self {
        Self { answers_400: true, ..self }
    }
}

/// All routes, by resource.
const TABLE: [Entry; 18] = [
    post("/auth/get_admin_token", auth::admin_token, auth::token).open(),
    post("/auth/get_user_token", auth::user_token, auth::token),
    post("/auth/parse_token", auth::parse_token, auth::token_facts).open(),
    post("/auth/force_logout", auth::force_logout, done),
    post("/user/user_register", user::register, done),
    post("/user/get_users_info", user::infos, user::infos_data),
    post("/user/get_users_online_status", user::online, user::online_data).strict(),
    post("/group/create_group", group::create, group::created),
    post("/group/get_groups_info", group::infos, group::infos_data),
    post("/group/invite_user_to_group", group::invite, done),
    post("/friend/add_black", friend::add_black, done),
    post("/friend/remove_black", friend::remove_black, done),
    post("/msg/send_msg", sending::send_msg, msg::sent).strict().for_admins(),
    post("/msg/batch_send_msg", sending::batch_send_msg, msg::sent_to_many).strict().for_admins(),
    post("/msg/send_simple_msg", sending::send_simple_msg, msg::sent).strict(),
    post("/msg/newest_seq", msg::newest_seq, msg::newest_seq_data),
    post("/msg/pull_msg_by_seq", msg::pull, msg::pulled),
    post("/msg/get_server_time", msg::server_time, msg::server_time_data),
];

/// The routes alone.
pub(super) static ROUTES: [Route; TABLE.len()] = {
    let mut routes = [TABLE[0].route; TABLE.len()];
    let mut at = 0;
    while at < routes.len() {
        routes[at] = TABLE[at].route;
        at += 1;
    }
    routes
};

/// The entry of a path.
pub(super) fn find(path: &str) -> Option<&'static Entry> {
    static ENTRIES: [Entry; TABLE.len()] = TABLE;
    ENTRIES.iter().find(|entry| entry.route.path == path)
}

/// Routes without response fields have no `data`.
fn done(outcome: &Outcome) -> Option<Data> {
    matches!(outcome, Outcome::Done).then_some(None)
}
