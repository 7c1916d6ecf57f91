//! Chat rooms. Source: easemob-rest fact sheet 9.

use ringback_model::dialect::Method::{Delete, Get, Post};

use super::Shape::Data;
use super::{Entry, PAGE, Topic, entry};
use crate::easemob::rest::{chats, members};
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Rooms, "/chatrooms");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/chatrooms"), HERE, (chats::create_room, chats::created), Data(schema_of::<chats::Created<'_>>),
        "Make a chat room").takes(schema_of::<chats::NewChatRoom>),
    entry(Get, paths!("/chatrooms/{id}"), HERE, (chats::get, chats::details), Data(schema_of::<Vec<chats::Details<'_>>>),
        "Chat rooms by id, separated by commas; at most 100"),
    entry(Delete, paths!("/chatrooms/{id}"), HERE, (chats::dismiss, chats::dismissed), Data(schema_of::<chats::Dismissed>),
        "Dismiss a chat room"),
    entry(Get, paths!("/chatrooms/{id}/users"), HERE, (members::list, members::listed), Data(schema_of::<Vec<members::Affiliation>>),
        "Members of a chat room").asks(PAGE),
    entry(Post, paths!("/chatrooms/{id}/users"), HERE, (members::add, members::added), Data(schema_of::<members::Added>),
        "Add members to a chat room; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatrooms/{id}/users/{users}"), HERE, (members::add_one, members::added_one), Data(schema_of::<members::Change>),
        "Add a member to a chat room"),
    entry(Delete, paths!("/chatrooms/{id}/users/{users}"), HERE, (members::remove, members::removed), Data(schema_of::<members::Changes>),
        "Take members out of a chat room, separated by commas; at most 60"),
];
