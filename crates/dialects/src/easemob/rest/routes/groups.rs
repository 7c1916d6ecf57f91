//! Groups. Source: easemob-rest fact sheet 8.

use ringback_model::dialect::Method::{Delete, Get, Post};

use super::Shape::Data;
use super::{Entry, PAGE, Topic, entry};
use crate::easemob::rest::{chats, members};
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Groups, "/chatgroups");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/chatgroups"), HERE, (chats::create_group, chats::created), Data(schema_of::<chats::Created<'_>>),
        "Make a group").takes(schema_of::<chats::NewChatGroup>),
    entry(Get, paths!("/chatgroups/{id}"), HERE, (chats::get, chats::details), Data(schema_of::<Vec<chats::Details<'_>>>),
        "Groups by id, separated by commas; at most 100"),
    entry(Delete, paths!("/chatgroups/{id}"), HERE, (chats::dismiss, chats::dismissed), Data(schema_of::<chats::Dismissed>),
        "Dismiss a group"),
    entry(Get, paths!("/chatgroups/{id}/users"), HERE, (members::list, members::listed), Data(schema_of::<Vec<members::Affiliation>>),
        "Members of a group").asks(PAGE),
    entry(Post, paths!("/chatgroups/{id}/users"), HERE, (members::add, members::added), Data(schema_of::<members::Added>),
        "Add members to a group; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatgroups/{id}/users/{users}"), HERE, (members::add_one, members::added_one), Data(schema_of::<members::Change>),
        "Add a member to a group"),
    entry(Delete, paths!("/chatgroups/{id}/users/{users}"), HERE, (members::remove, members::removed), Data(schema_of::<members::Changes>),
        "Take members out of a group, separated by commas; at most 60"),
];
