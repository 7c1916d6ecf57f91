//! Chat rooms. Source: easemob-rest fact sheet 9.

use ringback_model::dialect::Method::{Delete, Get, Post, Put};
use serde_json::{Map, Value};

use super::Shape::Data;
use super::{Entry, LIST, PAGE, Topic, entry};
use crate::easemob::rest::{chat_lists, chats, lists, managing, members};
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
    entry(Put, paths!("/chatrooms/{id}"), HERE, (managing::change, managing::changed), Data(schema_of::<Map<String, Value>>),
        "Change settings of a chat room, or hand it over").takes(schema_of::<managing::ChatChange>),
    entry(Get, paths!("/chatrooms/{id}/admin"), HERE, (managing::admins, managing::ids), Data(schema_of::<Vec<String>>),
        "Admins of a chat room"),
    entry(Post, paths!("/chatrooms/{id}/admin"), HERE, (managing::appoint, managing::appointed), Data(schema_of::<managing::AdminChange>),
        "Make a member an admin").takes(schema_of::<managing::NewAdmin>),
    entry(Delete, paths!("/chatrooms/{id}/admin/{users}"), HERE, (managing::discharge, managing::discharged), Data(schema_of::<managing::AdminChange>),
        "Make an admin an ordinary member"),
    entry(Get, paths!("/chatrooms/{id}/mute"), HERE, (managing::muted, managing::muted_users), Data(schema_of::<Vec<managing::MemberMute>>),
        "Members who may not speak"),
    entry(Post, paths!("/chatrooms/{id}/mute"), HERE, (managing::mute, managing::mutes_changed), Data(schema_of::<Vec<managing::MemberMute>>),
        "Let members not speak for a while; at most 60").takes(schema_of::<managing::NewMemberMute>),
    entry(Delete, paths!("/chatrooms/{id}/mute/{users}"), HERE, (managing::unmute, managing::mutes_changed), Data(schema_of::<Vec<managing::MemberMute>>),
        "Let members speak again, separated by commas; at most 60"),
    entry(Post, paths!("/chatrooms/{id}/ban"), HERE, (managing::mute_all, managing::all_muted), Data(schema_of::<managing::MuteAll>),
        "Let only owner and admins speak"),
    entry(Delete, paths!("/chatrooms/{id}/ban"), HERE, (managing::unmute_all, managing::all_muted), Data(schema_of::<managing::MuteAll>),
        "Let all members speak again"),
    entry(Get, paths!("/chatrooms/{id}/announcement"), HERE, (managing::announcement, managing::announcement_text), Data(schema_of::<managing::Announcement<'_>>),
        "The announcement of a chat room"),
    entry(Post, paths!("/chatrooms/{id}/announcement"), HERE, (managing::announce, managing::announced), Data(schema_of::<managing::Announced>),
        "Set the announcement; an empty one takes it away").takes(schema_of::<managing::NewAnnouncement>),
    entry(Get, paths!("/chatrooms/{id}/blocks/users"), HERE, (lists::blocked, managing::ids), Data(schema_of::<Vec<String>>),
        "Users who may not enter a chat room"),
    entry(Post, paths!("/chatrooms/{id}/blocks/users"), HERE, (lists::block, lists::blocks_added), Data(schema_of::<lists::ListChanges>),
        "Let users not enter any more; who is in it has to leave; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatrooms/{id}/blocks/users/{users}"), HERE, (lists::block, lists::blocks_added), Data(schema_of::<lists::ListChanges>),
        "The same for one user"),
    entry(Delete, paths!("/chatrooms/{id}/blocks/users/{users}"), HERE, (lists::unblock, lists::blocks_removed), Data(schema_of::<lists::ListChanges>),
        "Let users enter again, separated by commas; at most 60"),
    entry(Get, paths!("/chatrooms/{id}/white/users"), HERE, (lists::allowed, managing::ids), Data(schema_of::<Vec<String>>),
        "Members who may speak whoever else is muted"),
    entry(Post, paths!("/chatrooms/{id}/white/users"), HERE, (lists::allow, lists::allowance_added), Data(schema_of::<lists::ListChanges>),
        "Let members speak whoever else is muted; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatrooms/{id}/white/users/{users}"), HERE, (lists::allow, lists::allowance_added), Data(schema_of::<lists::ListChanges>),
        "The same for one member"),
    entry(Delete, paths!("/chatrooms/{id}/white/users/{users}"), HERE, (lists::disallow, lists::allowance_removed), Data(schema_of::<lists::ListChanges>),
        "The end of it, for members separated by commas; at most 60"),
    entry(Get, paths!("/chatrooms"), HERE, (chat_lists::all, chat_lists::all_listed), Data(schema_of::<Vec<chat_lists::Listed<'_>>>),
        "All chat rooms").asks(LIST),
    entry(Get, paths!("/users/{user}/joined_chatrooms"), HERE, (chat_lists::joined_rooms, chat_lists::joined), Data(schema_of::<Vec<chat_lists::Joined<'_>>>),
        "The chat rooms that a user is in").asks(PAGE),
    entry(Get, paths!("/chatrooms/super_admin"), HERE, (chat_lists::room_admins, chat_lists::room_admins_listed), Data(schema_of::<Vec<String>>),
        "Users who manage all chat rooms").asks(PAGE),
    entry(Post, paths!("/chatrooms/super_admin"), HERE, (chat_lists::add_room_admin, chat_lists::room_admin_added), Data(schema_of::<chat_lists::RoomAdminAdded>),
        "Let a user manage all chat rooms").takes(schema_of::<chat_lists::NewRoomAdmin>),
    entry(Delete, paths!("/chatrooms/super_admin/{user}"), HERE, (chat_lists::remove_room_admin, chat_lists::room_admin_removed), Data(schema_of::<chat_lists::RoomAdminRemoved>),
        "Let a user manage all chat rooms no more"),
];
