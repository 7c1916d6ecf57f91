//! The table of routes. To add one: a line here, and two functions in its resource's file.

use ringback_model::command::{Command, Outcome};
use ringback_model::dialect::{EdgeRequest, Method, Route};

use super::body::Reject;
use super::reply::Data;
use super::{auth, friend, group, msg, object, sending, third, user};
use crate::openapi::{SchemaOf, schema_of};

/// How one route is read and answered.
pub(super) struct Entry {
    pub(super) route: Route,
    /// Whether the caller must show a token.
    pub(super) token: bool,
    /// Whether the caller must be an administrator of the app.
    pub(super) admin: bool,
    /// HTTP 400 instead of 200 for a malformed or incomplete body (REST sheet 1.3).
    pub(super) answers_400: bool,
    pub(super) read: Read,
    /// `None` for an outcome that does not belong to the route.
    pub(super) data: Write,
    pub(super) summary: &'static str,
    /// What is read.
    pub(super) body: Option<SchemaOf>,
    /// What stands under `data`; `None` = there is none.
    pub(super) shape: Option<SchemaOf>,
}

type Read = fn(&EdgeRequest) -> Result<Command, Reject>;
type Write = fn(&Outcome) -> Option<Data>;

const fn post(path: &'static str, read: Read, data: Write, summary: &'static str) -> Entry {
    Entry {
        route: Route { method: Method::Post, path },
        token: true,
        admin: false,
        answers_400: false,
        read,
        data,
        summary,
        body: None,
        shape: None,
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

    const fn takes(self, body: SchemaOf) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn gives(self, shape: SchemaOf) -> Self {
        Self { shape: Some(shape), ..self }
    }
}

/// All routes, by resource.
#[rustfmt::skip]
static TABLE: &[Entry] = &[
    post("/auth/get_admin_token", auth::admin_token, auth::token, "Exchange the server's secret for an administrator's token")
        .takes(schema_of::<auth::AdminToken>).gives(schema_of::<auth::Token<'_>>).open(),
    post("/auth/get_user_token", auth::user_token, auth::token, "A token for a user on a platform")
        .takes(schema_of::<auth::UserOnPlatform>).gives(schema_of::<auth::Token<'_>>),
    post("/auth/parse_token", auth::parse_token, auth::token_facts, "What a token says")
        .takes(schema_of::<auth::ParseToken>).gives(schema_of::<auth::TokenFacts<'_>>).open(),
    post("/auth/force_logout", auth::force_logout, done, "Take the tokens of a user on a platform away")
        .takes(schema_of::<auth::UserOnPlatform>),
    post("/user/user_register", user::register, done, "Register users; all or none")
        .takes(schema_of::<user::Register>),
    post("/user/get_users_info", user::infos, user::infos_data, "Profiles")
        .takes(schema_of::<user::UserIds>).gives(schema_of::<user::UsersInfo<'_>>),
    post("/user/get_users_online_status", user::online, user::online_data, "Who is connected where")
        .takes(schema_of::<user::UserIds>).gives(schema_of::<Vec<user::OnlineUser<'_>>>).strict(),
    post("/group/create_group", group::create, group::created, "Make a group")
        .takes(schema_of::<group::Create>).gives(schema_of::<group::Created<'_>>),
    post("/group/get_groups_info", group::infos, group::infos_data, "Groups by id")
        .takes(schema_of::<group::GroupIds>).gives(schema_of::<group::GroupInfos<'_>>),
    post("/group/invite_user_to_group", group::invite, done, "Add users to a group")
        .takes(schema_of::<group::Invite>),
    post("/friend/add_black", friend::add_black, done, "Put a user on a block list")
        .takes(schema_of::<friend::Black>),
    post("/friend/remove_black", friend::remove_black, done, "Take a user off a block list")
        .takes(schema_of::<friend::Black>),
    post("/msg/send_msg", sending::send_msg, msg::sent, "Send a message")
        .takes(sending::send_schema).gives(schema_of::<msg::SentJson<'_>>).strict().for_admins(),
    post("/msg/batch_send_msg", sending::batch_send_msg, msg::sent_to_many, "Send the same message to many users")
        .takes(sending::batch_schema).gives(schema_of::<msg::SentToMany<'_>>).strict().for_admins(),
    post("/msg/send_simple_msg", sending::send_simple_msg, msg::sent, "Answer a callback with a message; `key` comes with the callback")
        .takes(schema_of::<sending::SendSimple>).gives(schema_of::<msg::SentJson<'_>>).strict(),
    post("/msg/newest_seq", msg::newest_seq, msg::newest_seq_data, "Highest numbers of all conversations of a user")
        .takes(schema_of::<msg::NewestSeq>).gives(schema_of::<msg::NewestSeqs>),
    post("/msg/pull_msg_by_seq", msg::pull, msg::pulled, "Messages by their numbers")
        .takes(schema_of::<msg::Pull>).gives(schema_of::<msg::PulledAll<'_>>),
    post("/msg/get_server_time", msg::server_time, msg::server_time_data, "The server's clock")
        .gives(schema_of::<msg::ServerTime>),
    post("/third/fcm_update_token", third::push_token, done, "Remember where a push service finds the caller's device")
        .takes(schema_of::<third::PushTokenBody>),
    post("/third/set_app_badge", third::badge, done, "Remember what an app's icon says")
        .takes(schema_of::<third::BadgeBody>),
    post("/third/logs/upload", third::upload_logs, done, "Remember log files that the caller has uploaded")
        .takes(schema_of::<third::UploadBody>),
    post("/third/logs/delete", third::delete_logs, done, "Forget uploaded log files")
        .takes(schema_of::<third::DeleteBody>),
    post("/third/logs/search", third::search_logs, third::logs_data, "Uploaded log files of a time, newest first")
        .takes(schema_of::<third::SearchBody>).gives(schema_of::<third::Logs<'_>>),
    post("/object/part_limit", object::part_limit, object::part_limit_data, "What parts of an upload may be like")
        .gives(schema_of::<object::PartLimit>),
    post("/object/part_size", object::part_size, object::part_size_data, "How large parts of an upload should be")
        .takes(schema_of::<object::Whole>).gives(schema_of::<object::PartSize>),
    post("/object/initiate_multipart_upload", object::initiate, object::initiated, "Begin an upload, or learn that its content is there already")
        .takes(schema_of::<object::Initiate>).gives(schema_of::<object::Initiated<'_>>),
    post("/object/auth_sign", object::auth_sign, object::signed, "Where further parts of an upload go")
        .takes(schema_of::<object::AuthSign>).gives(schema_of::<object::AuthSignParts<'_>>),
    post("/object/complete_multipart_upload", object::complete, object::completed, "Put an upload together")
        .takes(schema_of::<object::Complete>).gives(schema_of::<object::ObjectUrl>),
    post("/object/access_url", object::access_url, object::access_url_data, "The address of an object")
        .takes(schema_of::<object::AccessUrl>).gives(schema_of::<object::ObjectAccess>),
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

/// All entries.
pub(super) fn all() -> &'static [Entry] {
    TABLE
}

/// The entry of a path.
pub(super) fn find(path: &str) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.route.path == path)
}

/// Routes without response fields have no `data`.
fn done(outcome: &Outcome) -> Option<Data> {
    matches!(outcome, Outcome::Done).then_some(None)
}
