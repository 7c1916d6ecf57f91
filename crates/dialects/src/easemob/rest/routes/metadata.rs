//! Texts of the app about rooms and about members of groups. Source: easemob-rest fact sheet 8, 9.

use std::collections::BTreeMap;

use ringback_model::dialect::Method::{Delete, Get, Post, Put};

use super::Shape::Data;
use super::{Entry, Topic, entry};
use crate::easemob::rest::{member_metadata, room_metadata, user_metadata};
use crate::openapi::schema_of;

const OF_ROOM: (Topic, &str) = (Topic::RoomMetadata, "/metadata/chatroom");
const OF_MEMBER: (Topic, &str) = (Topic::MemberMetadata, "/metadata/chatgroup");

#[rustfmt::skip]
pub(super) static ROUTES: &[Entry] = &[
    entry(Post, paths!("/metadata/chatroom/{id}"), OF_ROOM, (room_metadata::get, room_metadata::found), Data(schema_of::<BTreeMap<String, String>>),
        "Attributes of a chat room").may_take(schema_of::<room_metadata::WantedRoomAttributes>),
    entry(Put, paths!("/metadata/chatroom/{id}/user/{user}"), OF_ROOM, (room_metadata::set, room_metadata::done), Data(schema_of::<room_metadata::RoomAttributesDone<'_>>),
        "Set attributes of a chat room in a member's name, or with `admin` in the app's; not those that others have set; at most 10").takes(schema_of::<room_metadata::RoomAttributes>),
    entry(Put, paths!("/metadata/chatroom/{id}/user/{user}/forced"), OF_ROOM, (room_metadata::set, room_metadata::done), Data(schema_of::<room_metadata::RoomAttributesDone<'_>>),
        "The same, whoever has set them").takes(schema_of::<room_metadata::RoomAttributes>),
    entry(Delete, paths!("/metadata/chatroom/{id}/user/{user}"), OF_ROOM, (room_metadata::remove, room_metadata::done), Data(schema_of::<room_metadata::RoomAttributesDone<'_>>),
        "Take attributes away from a chat room; not those that others have set; at most 10").takes(schema_of::<room_metadata::RoomAttributeKeys>),
    entry(Delete, paths!("/metadata/chatroom/{id}/user/{user}/forced"), OF_ROOM, (room_metadata::remove, room_metadata::done), Data(schema_of::<room_metadata::RoomAttributesDone<'_>>),
        "The same, whoever has set them").takes(schema_of::<room_metadata::RoomAttributeKeys>),
    entry(Put, paths!("/metadata/chatgroup/{id}/user/{user}"), OF_MEMBER, (member_metadata::set, member_metadata::noted), Data(schema_of::<BTreeMap<String, String>>),
        "Set attributes of a member of a group, all or none").takes(schema_of::<member_metadata::MemberAttributes>),
    entry(Get, paths!("/metadata/chatgroup/{id}/user/{user}"), OF_MEMBER, (member_metadata::get, member_metadata::one), Data(schema_of::<BTreeMap<String, String>>),
        "Attributes of a member of a group"),
    entry(Post, paths!("/metadata/chatgroup/{id}/get"), OF_MEMBER, (member_metadata::get_many, member_metadata::many), Data(schema_of::<user_metadata::ByUser>),
        "Attributes of members of a group; at most 10 members").takes(schema_of::<member_metadata::MemberAttributesOf>),
];
