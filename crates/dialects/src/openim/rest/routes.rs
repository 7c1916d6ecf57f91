//! The table of routes. To add one: a line here, and two functions in its resource's file.

use ringback_model::command::{Command, Outcome};
use ringback_model::dialect::{EdgeRequest, Method, Route};

use super::body::Reject;
use super::reply::Data;
use super::sync::DeltaJson;
use super::{
    accounts, auth, favourites, friend, friend_lists, friend_requests, group, msg, sending, user, users,
};
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
const TABLE: [Entry; 60] = [
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
    post("/user/update_user_info", user::edit, done, "Change a profile; what is empty stays")
        .takes(schema_of::<user::Edit>),
    post("/user/update_user_info_ex", user::edit_ex, done, "Change a profile field by field")
        .takes(schema_of::<user::EditEx>),
    post("/user/set_global_msg_recv_opt", user::receive_option, done, "How a user receives messages")
        .takes(schema_of::<user::GlobalOption>),
    post("/user/get_all_users_uid", users::all_ids, users::all_ids_data, "Ids of all users, in pages")
        .takes(schema_of::<users::AllIds>).gives(schema_of::<users::UserIdsPage<'_>>),
    post("/user/get_users", users::search, users::search_data, "Users by parts of id and name, in pages")
        .takes(schema_of::<users::Search>).gives(schema_of::<users::UserPage<'_>>),
    post("/user/account_check", users::check, users::check_data, "Who is registered")
        .takes(schema_of::<users::Accounts>).gives(schema_of::<users::AccountChecks<'_>>),
    post("/user/get_users_online_token_detail", user::online, users::online_tokens_data, "Who is connected with which tokens")
        .takes(schema_of::<user::UserIds>).gives(schema_of::<Vec<users::OnlineTokens<'_>>>).strict(),
    post("/user/get_users_status", users::status, users::status_data, "Who is online on which platforms")
        .takes(schema_of::<users::Status>).gives(schema_of::<users::StatusList<'_>>),
    post("/user/subscribe_users_status", users::subscribe, users::no_status_data, "Does nothing: connections follow states, calls do not")
        .takes(schema_of::<users::Subscribe>).gives(schema_of::<users::StatusList<'_>>),
    post("/user/get_subscribe_users_status", users::subscriptions, users::no_status_data, "Always empty: connections follow states, calls do not")
        .takes(schema_of::<users::Subscriber>).gives(schema_of::<users::StatusList<'_>>),
    post("/user/process_user_command_add", favourites::add, done, "Keep a small thing")
        .takes(schema_of::<favourites::Thing>),
    post("/user/process_user_command_delete", favourites::remove, done, "Keep it no more")
        .takes(schema_of::<favourites::Thing>),
    post("/user/process_user_command_update", favourites::change, done, "Change what it says")
        .takes(schema_of::<favourites::Thing>),
    post("/user/process_user_command_get", favourites::of_kind, favourites::things_data, "The small things of one kind")
        .takes(schema_of::<favourites::OfKind>).gives(schema_of::<favourites::Things<'_>>),
    post("/user/process_user_command_get_all", favourites::all, favourites::things_data, "All the small things")
        .takes(schema_of::<favourites::Whose>).gives(schema_of::<favourites::Things<'_>>),
    post("/user/add_notification_account", accounts::add, accounts::added, "Make an account that speaks for the app")
        .takes(schema_of::<accounts::NewNotificationAccount>).gives(schema_of::<accounts::NotificationAccountInfo<'_>>),
    post("/user/update_notification_account", accounts::change, done, "Change such an account")
        .takes(schema_of::<accounts::NotificationAccountUpdate>),
    post("/user/search_notification_account", accounts::find, accounts::found, "Such accounts, in pages")
        .takes(schema_of::<accounts::NotificationAccountSearch>).gives(schema_of::<accounts::NotificationAccounts<'_>>),
    post("/user/get_user_client_config", accounts::config, accounts::config_data, "What a user's clients are told to do")
        .takes(schema_of::<accounts::ConfigOwner>).gives(schema_of::<accounts::ClientConfig<'_>>),
    post("/user/set_user_client_config", accounts::set_config, done, "Tell clients what to do")
        .takes(schema_of::<accounts::SetConfig>),
    post("/user/del_user_client_config", accounts::remove_config, done, "Tell clients no more")
        .takes(schema_of::<accounts::RemoveConfig>),
    post("/user/page_user_client_config", accounts::page_config, accounts::page_config_data, "What clients are told, in pages")
        .takes(schema_of::<accounts::PageConfig>).gives(schema_of::<accounts::ClientConfigPage<'_>>),
    post("/statistics/user/register", users::registrations, users::registrations_data, "How many users were registered when")
        .takes(schema_of::<users::Time>).gives(schema_of::<users::RegistrationsJson>),
    post("/friend/add_friend", friend::ask, done, "Ask for friendship")
        .takes(schema_of::<friend::Ask>),
    post("/friend/add_friend_response", friend::answer, done, "Answer a request for friendship")
        .takes(schema_of::<friend::Answer>),
    post("/friend/delete_friend", friend::remove, done, "Take a friend off a list")
        .takes(schema_of::<friend::Pair>),
    post("/friend/set_friend_remark", friend::remark, done, "Name a friend")
        .takes(schema_of::<friend::Remark>),
    post("/friend/update_friends", friend::update, done, "Change what is kept about friends")
        .takes(schema_of::<friend::Update>),
    post("/friend/import_friend", friend::import, done, "Make friends without anybody being asked")
        .takes(schema_of::<friend::Import>),
    post("/friend/get_black_list", friend_lists::blocks, friend_lists::blocks_data, "A block list, in pages")
        .takes(schema_of::<friend_lists::PageOf>).gives(schema_of::<friend_lists::BlackPage<'_>>),
    post("/friend/get_specified_blacks", friend_lists::specified_blocks, friend_lists::blocks_data, "Which of these are blocked")
        .takes(schema_of::<friend_lists::Specified>).gives(schema_of::<friend_lists::BlackPage<'_>>),
    post("/friend/get_friend_list", friend_lists::list, friend_lists::list_data, "Friends, in pages")
        .takes(schema_of::<friend_lists::PageOf>).gives(schema_of::<friend_lists::FriendPage<'_>>),
    post("/friend/get_designated_friends", friend_lists::designated, friend_lists::designated_data, "Which of these are friends")
        .takes(schema_of::<friend_lists::Designated>).gives(schema_of::<friend_lists::FriendsInfo<'_>>),
    post("/friend/get_friend_apply_list", friend_requests::received, friend_requests::received_data, "Requests that a user has got, newest first")
        .takes(schema_of::<friend_requests::Requests>).gives(schema_of::<friend_requests::Received<'_>>),
    post("/friend/get_self_friend_apply_list", friend_requests::sent, friend_requests::sent_data, "Requests that a user has sent, newest first")
        .takes(schema_of::<friend_requests::Requests>).gives(schema_of::<friend_requests::SentRequests<'_>>),
    post("/friend/get_designated_friend_apply", friend_requests::between, friend_requests::between_data, "The request of one user to another")
        .takes(schema_of::<friend_requests::Between>).gives(schema_of::<friend_requests::RequestsBetween<'_>>),
    post("/friend/get_self_unhandled_apply_count", friend_requests::unhandled, friend_requests::unhandled_data, "How many requests a user has not answered")
        .takes(schema_of::<friend_requests::Unhandled>).gives(schema_of::<friend_requests::Count>),
    post("/friend/is_friend", friend_lists::are_friends, friend_lists::mutual_data, "Whether two users are friends")
        .takes(schema_of::<friend_lists::Two>).gives(schema_of::<friend_lists::Mutual>),
    post("/friend/get_friend_id", friend_lists::ids, friend_lists::ids_data, "Ids of all friends")
        .takes(schema_of::<friend_lists::Owner>).gives(schema_of::<friend_lists::FriendIds<'_>>),
    post("/friend/get_specified_friends_info", friend_lists::relations, friend_lists::relations_data, "Users, with friendship and block")
        .takes(schema_of::<friend_lists::Specified>).gives(schema_of::<friend_lists::Relations<'_>>),
    post("/friend/get_incremental_friends", friend_lists::changes, friend_lists::changes_data, "What changed in a friend list")
        .takes(schema_of::<friend_lists::Known>).gives(schema_of::<DeltaJson<friend_lists::FriendInfo<'_>>>),
    post("/friend/get_full_friend_user_ids", friend_lists::full_ids, friend_lists::full_ids_data, "Ids of all friends, and where the list stands")
        .takes(schema_of::<friend_lists::FullIds>).gives(schema_of::<friend_lists::FullFriendIds>),
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

/// The same, in one place of memory.
static ENTRIES: [Entry; TABLE.len()] = TABLE;

/// All entries.
pub(super) fn all() -> &'static [Entry] {
    &ENTRIES
}

/// The entry of a path.
pub(super) fn find(path: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.route.path == path)
}

/// Routes without response fields have no `data`.
fn done(outcome: &Outcome) -> Option<Data> {
    matches!(outcome, Outcome::Done).then_some(None)
}
