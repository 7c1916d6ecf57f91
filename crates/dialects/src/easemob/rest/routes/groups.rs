//! Groups. Source: easemob-rest fact sheet 8.

use ringback_model::dialect::Method::{Delete, Get, Post, Put};
use serde_json::{Map, Value};

use super::Shape::{Data, DataOrBytes, Entities};
use super::{Entry, LIST, PAGE, Topic, entry};
use crate::easemob::rest::{chat_lists, chats, lists, managing, member_pages, members, shared_files};
use crate::openapi::schema_of;

const HERE: (Topic, &str) = (Topic::Groups, "/chatgroups");

const MEMBERS: &[(&str, &str)] = &[
    ("pagenum", "Which page, from 1; default 1."),
    ("pagesize", "Items of a page, 1 to 1000; default 1000."),
    ("joined_time", "`true`: with the time when each of them came."),
    (
        "sort",
        "`asc`: who came first first, `desc`: last; pages by number are in the order of ids without it.",
    ),
    ("version", "`v3`: pages by cursor."),
    ("limit", "Items of a page by cursor, 1 to 1000; default 10."),
    ("cursor", "Where the page begins, as the answer before has said it."),
];
const FROM_0: &[(&str, &str)] =
    &[("pagenum", "Which page, from 0; default 0."), ("pagesize", "Items of a page, 1 to 20; default 5.")];

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/chatgroups"), HERE, (chats::create_group, chats::created), Data(schema_of::<chats::Created<'_>>),
        "Make a group").takes(schema_of::<chats::NewChatGroup>),
    entry(Get, paths!("/chatgroups/{id}"), HERE, (chats::get, chats::details), Data(schema_of::<Vec<chats::Details<'_>>>),
        "Groups by id, separated by commas; at most 100"),
    entry(Delete, paths!("/chatgroups/{id}"), HERE, (chats::dismiss, chats::dismissed), Data(schema_of::<chats::Dismissed>),
        "Dismiss a group"),
    entry(Get, paths!("/chatgroups/{id}/users"), HERE, (member_pages::list, member_pages::listed), Data(schema_of::<member_pages::MemberPage>),
        "Members of a group, by pages; with `version=v3` their ids alone, by cursor and without the owner's").asks(MEMBERS),
    entry(Post, paths!("/chatgroups/{id}/users"), HERE, (members::add, members::added), Data(schema_of::<members::Added>),
        "Add members to a group; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatgroups/{id}/users/{users}"), HERE, (members::add_one, members::added_one), Data(schema_of::<members::Change>),
        "Add a member to a group"),
    entry(Delete, paths!("/chatgroups/{id}/users/{users}"), HERE, (members::remove, members::removed), Data(schema_of::<members::Changes>),
        "Take members out of a group, separated by commas; at most 60"),
    entry(Put, paths!("/chatgroups/{id}"), HERE, (managing::change, managing::changed), Data(schema_of::<Map<String, Value>>),
        "Change settings of a group, or hand it over").takes(schema_of::<managing::ChatChange>),
    entry(Get, paths!("/chatgroups/{id}/admin"), HERE, (managing::admins, managing::ids), Data(schema_of::<Vec<String>>),
        "Admins of a group"),
    entry(Post, paths!("/chatgroups/{id}/admin"), HERE, (managing::appoint, managing::appointed), Data(schema_of::<managing::AdminChange>),
        "Make a member an admin").takes(schema_of::<managing::NewAdmin>),
    entry(Delete, paths!("/chatgroups/{id}/admin/{users}"), HERE, (managing::discharge, managing::discharged), Data(schema_of::<managing::AdminChange>),
        "Make an admin an ordinary member"),
    entry(Get, paths!("/chatgroups/{id}/mute"), HERE, (managing::muted, managing::muted_users), Data(schema_of::<Vec<managing::MemberMute>>),
        "Members who may not speak"),
    entry(Post, paths!("/chatgroups/{id}/mute"), HERE, (managing::mute, managing::mutes_changed), Data(schema_of::<Vec<managing::MemberMute>>),
        "Let members not speak for a while; at most 60").takes(schema_of::<managing::NewMemberMute>),
    entry(Delete, paths!("/chatgroups/{id}/mute/{users}"), HERE, (managing::unmute, managing::mutes_changed), Data(schema_of::<Vec<managing::MemberMute>>),
        "Let members speak again, separated by commas; at most 60"),
    entry(Post, paths!("/chatgroups/{id}/ban"), HERE, (managing::mute_all, managing::all_muted), Data(schema_of::<managing::MuteAll>),
        "Let only owner and admins speak"),
    entry(Delete, paths!("/chatgroups/{id}/ban"), HERE, (managing::unmute_all, managing::all_muted), Data(schema_of::<managing::MuteAll>),
        "Let all members speak again"),
    entry(Get, paths!("/chatgroups/{id}/announcement"), HERE, (managing::announcement, managing::announcement_text), Data(schema_of::<managing::Announcement<'_>>),
        "The announcement of a group"),
    entry(Post, paths!("/chatgroups/{id}/announcement"), HERE, (managing::announce, managing::announced), Data(schema_of::<managing::Announced>),
        "Set the announcement; an empty one takes it away").takes(schema_of::<managing::NewAnnouncement>),
    entry(Get, paths!("/chatgroups/{id}/blocks/users"), HERE, (lists::blocked, managing::ids), Data(schema_of::<Vec<String>>),
        "Users who may not enter a group"),
    entry(Post, paths!("/chatgroups/{id}/blocks/users"), HERE, (lists::block, lists::blocks_added), Data(schema_of::<lists::ListChanges>),
        "Let users not enter any more; who is in it has to leave; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatgroups/{id}/blocks/users/{users}"), HERE, (lists::block, lists::blocks_added), Data(schema_of::<lists::ListChanges>),
        "The same for one user"),
    entry(Delete, paths!("/chatgroups/{id}/blocks/users/{users}"), HERE, (lists::unblock, lists::blocks_removed), Data(schema_of::<lists::ListChanges>),
        "Let users enter again, separated by commas; at most 60"),
    entry(Get, paths!("/chatgroups/{id}/white/users"), HERE, (lists::allowed, managing::ids), Data(schema_of::<Vec<String>>),
        "Members who may speak whoever else is muted"),
    entry(Post, paths!("/chatgroups/{id}/white/users"), HERE, (lists::allow, lists::allowance_added), Data(schema_of::<lists::ListChanges>),
        "Let members speak whoever else is muted; at most 60").takes(schema_of::<members::UserNames>),
    entry(Post, paths!("/chatgroups/{id}/white/users/{users}"), HERE, (lists::allow, lists::allowance_added), Data(schema_of::<lists::ListChanges>),
        "The same for one member"),
    entry(Delete, paths!("/chatgroups/{id}/white/users/{users}"), HERE, (lists::disallow, lists::allowance_removed), Data(schema_of::<lists::ListChanges>),
        "The end of it, for members separated by commas; at most 60"),
    entry(Get, paths!("/chatgroups"), HERE, (chat_lists::all, chat_lists::all_listed), Data(schema_of::<Vec<chat_lists::Listed<'_>>>),
        "All groups").asks(LIST),
    entry(Get, paths!("/users/{user}/joined_chatgroups"), HERE, (chat_lists::joined_groups, chat_lists::joined), Data(schema_of::<Vec<chat_lists::Joined<'_>>>),
        "The groups that a user is in").asks(PAGE),
    entry(Get, paths!("/chatgroups/user/{user}"), HERE, (chat_lists::groups_of_user, chat_lists::shown_to_user), Entities(schema_of::<chat_lists::GroupOfUser<'_>>),
        "The groups that a user is in, with their settings").asks(FROM_0),
    entry(Get, paths!("/chatgroups/{id}/user/{user}/is_joined"), HERE, (chat_lists::is_joined, chat_lists::is_there), Data(schema_of::<bool>),
        "Whether a user is in a group"),
    entry(Post, paths!("/chatgroups/{id}/disable"), HERE, (managing::disable, managing::disabled), Data(schema_of::<managing::Disabled>),
        "Take a group out of use"),
    entry(Post, paths!("/chatgroups/{id}/enable"), HERE, (managing::enable, managing::disabled), Data(schema_of::<managing::Disabled>),
        "Put a group back into use"),
    entry(Get, paths!("/chatgroups/{id}/share_files"), HERE, (shared_files::list, shared_files::listed), Data(schema_of::<Vec<shared_files::File<'_>>>),
        "Files of a group").asks(PAGE),
    entry(Post, paths!("/chatgroups/{id}/share_files"), HERE, (shared_files::share, shared_files::shared), Data(schema_of::<shared_files::File<'_>>),
        "Lay a file into a group: as the field `file` of a form, or its name, size and address").takes(schema_of::<shared_files::NewFile>).takes_file(),
    entry(Get, paths!("/chatgroups/{id}/share_files/{file}"), HERE, (shared_files::look, shared_files::shared), DataOrBytes(schema_of::<shared_files::File<'_>>),
        "One file of a group: its bytes, where they came with it"),
    entry(Delete, paths!("/chatgroups/{id}/share_files/{file}"), HERE, (shared_files::remove, shared_files::removed), Data(schema_of::<shared_files::Removed<'_>>),
        "Take a file out of a group"),
];
