//! Users. Source: easemob-rest fact sheet 4, 12.

use ringback_model::dialect::Method::{Delete, Get, Post, Put};

use super::Shape::{Data, Entities, Partly, Plain};
use super::{Entry, Topic, entry};
use crate::easemob::rest::{mute, notification, user, user_metadata, user_pages, user_state};
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Users, "/users");
const MUTES: (Topic, &str) = (Topic::Users, "/mutes");
const PUSH: (Topic, &str) = (Topic::Users, "/push/nickname");
const METADATA: (Topic, &str) = (Topic::Users, "/metadata/user");

const PAGE: &[(&str, &str)] = &[
    ("limit", "Users of a page, 1 to 100; default 10."),
    ("cursor", "Where the page before ended, as its answer says."),
];
const MUTED_PAGE: &[(&str, &str)] = &[
    ("limit", "Users of a page, 1 to 50; default 50."),
    ("cursor", "Where the page before ended, as its answer says."),
];

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/users"), HERE, (user::register, user::registered), Partly(schema_of::<user::Entity<'_>>, schema_of::<Vec<user::NotRegistered>>),
        "Register users; at most 60").takes(schema_of::<user::Registration>),
    entry(Get, paths!("/users"), HERE, (user_pages::list, user_pages::page), Entities(schema_of::<user::Entity<'_>>),
        "Users, oldest first").asks(PAGE),
    entry(Delete, paths!("/users"), HERE, (user_pages::remove_page, user_pages::page), Entities(schema_of::<user::Entity<'_>>),
        "Delete users, oldest first; administrators of the app stay").asks(PAGE),
    entry(Get, paths!("/users/{user}"), HERE, (user::get, user::found), Entities(schema_of::<user::Entity<'_>>),
        "One user"),
    entry(Put, paths!("/users/{user}"), HERE, (user_state::rename, user_state::shown), Entities(schema_of::<user::Entity<'_>>),
        "Change the name that others are shown").takes(schema_of::<user_state::Renaming>),
    entry(Delete, paths!("/users/{user}"), HERE, (user_pages::remove, user_state::shown), Entities(schema_of::<user::Entity<'_>>),
        "Delete a user: his groups and chat rooms are dismissed, others' he leaves, what he has said stays"),
    entry(Put, paths!("/users/{user}/password"), HERE, (user_state::set_password, user_state::password_set), Plain,
        "Give a user another password").takes(schema_of::<user_state::NewPassword>),
    entry(Post, paths!("/users/{user}/deactivate"), HERE, (user_state::deactivate, user_state::deactivated), Entities(schema_of::<user::Entity<'_>>),
        "Let a user log in no longer; he is offline at once"),
    entry(Post, paths!("/users/{user}/activate"), HERE, (user_state::activate, user_state::activated), Entities(schema_of::<user::Entity<'_>>),
        "Let a user log in again"),
    entry(Get, paths!("/users/{user}/status"), HERE, (user_state::connections, user_state::status), Data(schema_of::<user_state::Statuses>),
        "Whether a user is online"),
    entry(Post, paths!("/users/batch/status"), HERE, (user_state::statuses_of, user_state::statuses), Data(schema_of::<Vec<user_state::Statuses>>),
        "Whether users are online; at most 100, unknown ones are offline").takes(schema_of::<user_state::StatusOf>),
    entry(Get, paths!("/users/{user}/disconnect"), HERE, (user_state::disconnect, user_state::disconnected), Data(schema_of::<user_state::Disconnected>),
        "Log a user out everywhere"),
    entry(Get, paths!("/users/{user}/disconnect/{resource}"), HERE, (user_state::disconnect_one, user_state::disconnected), Data(schema_of::<user_state::Disconnected>),
        "The same as with `DELETE`, as clients call it"),
    entry(Delete, paths!("/users/{user}/disconnect/{resource}"), HERE, (user_state::disconnect_one, user_state::disconnected), Data(schema_of::<user_state::Disconnected>),
        "Log one device of a user out"),
    entry(Get, paths!("/users/{user}/resources"), HERE, (user_state::connections, user_state::resources), Data(schema_of::<Vec<user_state::Resource>>),
        "Devices on which a user is online"),
    entry(Get, paths!("/users/{user}/offline_msg_count"), HERE, (user_state::unread, user_state::count), Data(schema_of::<user_state::Counts>),
        "How many kept messages a user has not read, over all his conversations, whether he is online or not"),
    entry(Get, paths!("/users/{user}/offline_msg_status/{msg_id}"), HERE, (user_state::is_unread, user_state::delivery), Data(schema_of::<user_state::Deliveries>),
        "Whether a message is among those that a user has not read; the newest 20,000 of them are looked through"),
    entry(Put, paths!("/push/nickname"), PUSH, (notification::rename, notification::renamed), Entities(schema_of::<user::Entity<'_>>),
        "Change the names that others are shown, of several users; at most 60").takes(schema_of::<notification::PushNicknames>),
    entry(Put, paths!("/users/{user}/notification/{kind}/{key}"), HERE, (notification::set_waking, notification::set), Plain,
        "Whether a user is woken by a conversation (`user` or `chatgroup`, and its id), or, with his own id, by any").takes(schema_of::<notification::Waking>),
    entry(Put, paths!("/metadata/user/{user}"), METADATA, (user_metadata::set, user_metadata::one), Data(schema_of::<user_metadata::UserAttributes>),
        "Note attributes of a user; those that are not named stay").takes(schema_of::<user_metadata::UserAttributes>),
    entry(Get, paths!("/metadata/user/{user}"), METADATA, (user_metadata::get, user_metadata::one), Data(schema_of::<user_metadata::UserAttributes>),
        "Attributes of a user"),
    entry(Delete, paths!("/metadata/user/{user}"), METADATA, (user_metadata::remove, user_metadata::removed), Data(schema_of::<bool>),
        "Forget all attributes of a user"),
    entry(Get, paths!("/metadata/user/capacity"), METADATA, (user_metadata::size, user_metadata::sized), Data(schema_of::<u64>),
        "How many bytes the attributes of all users take, with their names"),
    entry(Post, paths!("/metadata/user/get"), METADATA, (user_metadata::get_many, user_metadata::many), Data(schema_of::<user_metadata::ByUser>),
        "Attributes of users; at most 100").takes(schema_of::<user_metadata::AttributesOf>),
    entry(Post, paths!("/mutes"), MUTES, (mute::mute, mute::muted), Data(schema_of::<mute::Muted>),
        "Let a user say nothing to users, in groups or in chat rooms for a while").takes(schema_of::<mute::Mute>),
    entry(Get, paths!("/mutes"), MUTES, (mute::list, mute::listed), Data(schema_of::<Vec<mute::MuteShown>>),
        "Users who are muted").asks(MUTED_PAGE),
    entry(Get, paths!("/mutes/{user}"), MUTES, (mute::get, mute::one), Data(schema_of::<mute::MuteShown>),
        "How long a user still says nothing"),
];
