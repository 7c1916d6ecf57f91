//! Lists of groups and rooms, and who manages all rooms. Source: easemob-rest fact sheet 8, 9.

use ringback_model::command::{
    Command, GroupCommand, GroupOutcome, ManagingDeed, ManagingOutcome, Outcome, RoomsCommand,
};
use ringback_model::group::{Group, GroupKind, GroupStatus};
use ringback_model::page::Page;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{parse, required, user};
use super::chats::kind_of;
use super::cursor;
use super::envelope::{Answer, Contents};
use super::managing::{data, managed, managing, users_of};
use super::members::{page, page_params};
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject};
use crate::easemob::entrance;

/// Groups or rooms of a page, unless the caller says otherwise, and at most.
const LIST: (usize, usize) = (10, 1000);

/// A group, or a room, in a list of all.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Listed<'a> {
    Group {
        groupid: &'a str,
        groupname: &'a str,
        /// The app's key, `_`, and the owner's id.
        owner: String,
        /// Members.
        affiliations: u32,
        /// Always `group`.
        #[serde(rename = "type")]
        kind: &'static str,
        /// Milliseconds since 1970.
        #[serde(rename = "lastModified")]
        last_modified: String,
    },
    Room {
        id: &'a str,
        name: &'a str,
        /// The app's key, `_`, and the owner's id.
        owner: String,
        /// Members.
        affiliations_count: u32,
    },
}

pub(super) fn all(asked: &Asked<'_>) -> Result<Command, Reject> {
    let limit = cursor::size(asked, "limit", Some(LIST.0), LIST.1)?.unwrap_or(LIST.0);
    let after = cursor::group(asked)?;
    Ok(Command::Group(GroupCommand::OfKind { kind: kind_of(asked), after, limit }))
}

fn groups_of(outcome: &Outcome) -> Option<(usize, &[Group])> {
    match outcome {
        Outcome::OfGroup(GroupOutcome::Groups { total, groups }) => Some((*total, groups)),
        _ => None,
    }
}

pub(super) fn all_listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let (_, groups) = groups_of(outcome)?;
    let key = asked.app.key();
    // Threads have lists of their own.
    let listed = groups.iter().filter(|group| group.thread.is_none()).map(|group| {
        let owner = format!("{key}_{}", group.owner.folded());
        match group.kind {
            GroupKind::Group => Listed::Group {
                groupid: group.id.as_str(),
                groupname: &group.name,
                owner,
                affiliations: group.member_count,
                kind: "group",
                last_modified: group.created_at.0.max(group.notification_at.0).to_string(),
            },
            GroupKind::Room => Listed::Room {
                id: group.id.as_str(),
                name: &group.name,
                owner,
                affiliations_count: group.member_count,
            },
        }
    });
    let listed: Vec<Listed<'_>> = listed.collect();
    let limit = cursor::size(asked, "limit", Some(LIST.0), LIST.1).ok().flatten().unwrap_or(LIST.0);
    // A full page may be the last one: then the next is empty.
    let next = groups.last().filter(|_| groups.len() >= limit).map(|group| cursor::of_group(&group.id));
    let params = cursor::params(asked, &["limit", "cursor"]);
    let contents = Contents::data(&listed).without_entities().with_count(listed.len()).with_params(params);
    Some(Ok(contents.with_cursor(next).answer()))
}

/// A group or room that a user is in.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Joined<'a> {
    Group {
        groupid: &'a str,
        groupname: &'a str,
    },
    Room {
        id: &'a str,
        name: &'a str,
        /// `true` or `false`, as a text.
        disabled: String,
    },
}

pub(super) fn joined_groups(asked: &Asked<'_>) -> Result<Command, Reject> {
    let (number, size) = page(asked)?;
    let user = user(asked.request.param("user"))?;
    Ok(Command::Group(GroupCommand::Joined { user, page: Page::numbered(number, size) }))
}

pub(super) fn joined_rooms(asked: &Asked<'_>) -> Result<Command, Reject> {
    let (number, size) = page(asked)?;
    let user = user(asked.request.param("user"))?;
    Ok(Command::Group(GroupCommand::JoinedRooms { user, page: Page::numbered(number, size) }))
}

pub(super) fn joined(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let (_, groups) = groups_of(outcome)?;
    let joined = groups.iter().filter(|group| group.thread.is_none()).map(|group| match group.kind {
        GroupKind::Group => Joined::Group { groupid: group.id.as_str(), groupname: &group.name },
        GroupKind::Room => Joined::Room {
            id: group.id.as_str(),
            name: &group.name,
            disabled: (group.status == GroupStatus::Banned).to_string(),
        },
    });
    let joined: Vec<Joined<'_>> = joined.collect();
    Some(Ok(Contents::data(&joined).without_entities().with_count(joined.len()).answer()))
}

// ---------------------------------------------------------------- groups of a user, with settings

/// Groups of a page, unless the caller says otherwise, and at most.
const OF_USER: (usize, usize) = (5, 20);

/// A group that a user is in, with its settings.
#[derive(Serialize, JsonSchema)]
pub(super) struct GroupOfUser<'a> {
    id: &'a str,
    /// The same.
    #[serde(rename = "groupId")]
    group_id: &'a str,
    name: &'a str,
    /// The address of its picture.
    avatar: &'a str,
    description: &'a str,
    owner: String,
    /// Taken out of use.
    disabled: bool,
    public: bool,
    allowinvites: bool,
    membersonly: bool,
    maxusers: u32,
    /// Milliseconds since 1970.
    created: i64,
}

impl<'a> GroupOfUser<'a> {
    fn new(group: &'a Group) -> Self {
        Self {
            id: group.id.as_str(),
            group_id: group.id.as_str(),
            name: &group.name,
            avatar: &group.face_url,
            description: &group.introduction,
            owner: group.owner.folded(),
            disabled: group.status == GroupStatus::Banned,
            public: group.verification == entrance::OPEN,
            allowinvites: group.verification == entrance::INVITED,
            membersonly: group.verification != entrance::OPEN,
            maxusers: group.max_members,
            created: group.created_at.0,
        }
    }
}

/// The page, counted from 0, and its size; more than fit are as many as fit.
fn page_from_0(asked: &Asked<'_>) -> Result<Page, Reject> {
    let (usual, most) = OF_USER;
    let limit = cursor::size(asked, "pagesize", Some(usual), most)?.unwrap_or(usual);
    let number: usize = match asked.request.query("pagenum") {
        None => 0,
        Some(text) => {
            text.parse().map_err(|_| Reject::new(&ILLEGAL_ARGUMENT, "pagenum must be a number, 0 or more"))?
        }
    };
    Ok(Page::numbered(number.saturating_add(1), limit))
}

pub(super) fn groups_of_user(asked: &Asked<'_>) -> Result<Command, Reject> {
    let user = user(asked.request.param("user"))?;
    Ok(Command::Group(GroupCommand::Joined { user, page: page_from_0(asked)? }))
}

pub(super) fn shown_to_user(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let (total, groups) = groups_of(outcome)?;
    let shown: Vec<GroupOfUser<'_>> = groups.iter().map(GroupOfUser::new).collect();
    let params = cursor::params(asked, &["pagenum", "pagesize"]);
    Some(Ok(Contents::entities(&shown).with_total(total).with_params(params).answer()))
}

pub(super) fn is_joined(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Holds(user(asked.request.param("user"))?))
}

pub(super) fn is_there(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    match managed(outcome)? {
        ManagingOutcome::Is(is) => Some(data(is)),
        _ => None,
    }
}

// ---------------------------------------------------------------- who manages all rooms

/// Who is to manage all rooms.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewRoomAdmin {
    /// A user id.
    #[schemars(extend("x-required" = true))]
    superadmin: Option<String>,
}

/// Somebody manages all rooms.
#[derive(Serialize, JsonSchema)]
pub(super) struct RoomAdminAdded {
    /// Always `success`.
    result: &'static str,
    /// Always empty.
    resource: &'static str,
}

/// Somebody manages all rooms no more.
#[derive(Serialize, JsonSchema)]
pub(super) struct RoomAdminRemoved {
    /// Always `success`.
    result: &'static str,
    #[serde(rename = "newSuperAdmin")]
    user: String,
    /// Always empty.
    resource: &'static str,
}

pub(super) fn room_admins(asked: &Asked<'_>) -> Result<Command, Reject> {
    let (number, size) = page(asked)?;
    Ok(Command::Group(GroupCommand::Rooms(RoomsCommand::Admins(Page::numbered(number, size)))))
}

/// With the page that was asked for: clients count on from there.
pub(super) fn room_admins_listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let ids: Vec<String> = users_of(outcome)?.iter().map(|one| one.user.folded()).collect();
    let contents =
        Contents::data(&ids).without_entities().with_count(ids.len()).with_params(page_params(asked));
    Some(Ok(contents.answer()))
}

pub(super) fn add_room_admin(asked: &Asked<'_>) -> Result<Command, Reject> {
    let new: NewRoomAdmin = parse(&asked.request.body)?;
    let name = required(new.superadmin, &INVALID_PARAMETER, "superadmin must be provided")?;
    appoint(&name, true)
}

pub(super) fn remove_room_admin(asked: &Asked<'_>) -> Result<Command, Reject> {
    appoint(asked.request.param("user"), false)
}

fn appoint(name: &str, appointed: bool) -> Result<Command, Reject> {
    Ok(Command::Group(GroupCommand::Rooms(RoomsCommand::Appoint { user: user(name)?, appointed })))
}

pub(super) fn room_admin_added(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    users_of(outcome)?;
    Some(data(&RoomAdminAdded { result: "success", resource: "" }))
}

pub(super) fn room_admin_removed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let user = users_of(outcome)?.first()?.user.folded();
    Some(data(&RoomAdminRemoved { result: "success", user, resource: "" }))
}
