//! `/group`. Source: REST sheet 6, 12.

use ringback_model::command::{Command, NewGroup, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::group::{Group, GroupStatus};
use ringback_model::ids::GroupId;
use ringback_model::limits;
use serde::Serialize;

use super::body::{
    Reject, at_most, body, distinct, given, group_id, parse, short_and_distinct, user_id, user_ids,
};
use super::reply::{Data, data};

/// The only type of group that is left; the original still prints it everywhere.
const WORKING_GROUP: i32 = 2;

body! {
    /// The settings of a group to be made.
    Settings {
        id: String = "groupID",
        name: String = "groupName",
        notification: String = "notification",
        introduction: String = "introduction",
        face_url: String = "faceURL",
        ex: String = "ex",
        group_type: Option<i32> = "groupType",
        verification: i32 = "needVerification",
        look_member_info: i32 = "lookMemberInfo",
        apply_member_friend: i32 = "applyMemberFriend",
    }
}

body! {
    /// `/group/create_group`.
    Create {
        settings: Option<Settings> = "groupInfo",
        owner: String = "ownerUserID",
        members: Vec<String> = "memberUserIDs",
        admins: Vec<String> = "adminUserIDs",
    }
}

pub(super) fn create(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Create = parse(&request.body)?;
    let settings = given("groupInfo", asked.settings)?;
    check_type(settings.group_type)?;
    range("needVerification", settings.verification, 2)?;
    range("lookMemberInfo", settings.look_member_info, 1)?;
    range("applyMemberFriend", settings.apply_member_friend, 1)?;
    at_most("memberUserIDs", asked.members.len(), limits::LIST_ITEMS)?;
    at_most("adminUserIDs", asked.admins.len(), limits::LIST_ITEMS)?;
    let owner = user_id("ownerUserID", &asked.owner)?;
    let everybody = asked.members.iter().chain(&asked.admins).chain(std::iter::once(&asked.owner));
    distinct("memberUserIDs, adminUserIDs and ownerUserID together", everybody)?;
    let id = if settings.id.is_empty() { None } else { Some(group_id("groupID", &settings.id)?) };
    Ok(Command::CreateGroup(NewGroup {
        id,
        name: settings.name,
        notification: settings.notification,
        introduction: settings.introduction,
        face_url: settings.face_url,
        ex: settings.ex,
        verification: settings.verification,
        look_member_info: settings.look_member_info,
        apply_member_friend: settings.apply_member_friend,
        owner,
        admins: user_ids("adminUserIDs", &asked.admins)?,
        members: user_ids("memberUserIDs", &asked.members)?,
    }))
}

fn check_type(group_type: Option<i32>) -> Result<(), Reject> {
    match group_type {
        None | Some(WORKING_GROUP) => Ok(()),
        Some(old @ 0..2) => {
            Err(Reject::new(RefusalCode::GroupTypeUnsupported, format!("groupType is {old}; use 2")))
        }
        Some(other) => Err(Reject::new(RefusalCode::BadArgument, format!("groupType is {other}; use 2"))),
    }
}

fn range(field: &str, value: i32, most: i32) -> Result<(), Reject> {
    if (0..=most).contains(&value) {
        return Ok(());
    }
    Err(Reject::new(RefusalCode::BadArgument, format!("{field} is {value}; known are 0 to {most}")))
}

body! {
    /// `/group/get_groups_info`.
    GroupIds { ids: Option<Vec<String>> = "groupIDs" }
}

/// An id that cannot exist is as unknown as any other: left out, never an error.
pub(super) fn infos(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: GroupIds = parse(&request.body)?;
    let ids = given("groupIDs", asked.ids)?;
    Ok(Command::Groups { ids: ids.iter().filter_map(|id| GroupId::parse(id).ok()).collect() })
}

body! {
    /// `/group/invite_user_to_group`.
    Invite {
        group: String = "groupID",
        reason: String = "reason",
        users: Option<Vec<String>> = "invitedUserIDs",
    }
}

pub(super) fn invite(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Invite = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let users = given("invitedUserIDs", asked.users)?;
    short_and_distinct("invitedUserIDs", &users)?;
    Ok(Command::Invite { group, users: user_ids("invitedUserIDs", &users)?, reason: asked.reason })
}

/// A group as clients see it.
#[derive(Serialize)]
struct GroupInfo<'a> {
    #[serde(rename = "groupID")]
    id: &'a str,
    #[serde(rename = "groupName")]
    name: &'a str,
    notification: &'a str,
    introduction: &'a str,
    #[serde(rename = "faceURL")]
    face_url: &'a str,
    #[serde(rename = "ownerUserID")]
    owner: &'a str,
    #[serde(rename = "createTime")]
    created_at: i64,
    #[serde(rename = "memberCount")]
    member_count: u32,
    ex: &'a str,
    status: i32,
    #[serde(rename = "creatorUserID")]
    creator: &'a str,
    #[serde(rename = "groupType")]
    group_type: i32,
    #[serde(rename = "needVerification")]
    verification: i32,
    #[serde(rename = "lookMemberInfo")]
    look_member_info: i32,
    #[serde(rename = "applyMemberFriend")]
    apply_member_friend: i32,
    #[serde(rename = "notificationUpdateTime")]
    notification_at: i64,
    #[serde(rename = "notificationUserID")]
    notification_by: &'a str,
}

impl<'a> From<&'a Group> for GroupInfo<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            id: group.id.as_str(),
            name: &group.name,
            notification: &group.notification,
            introduction: &group.introduction,
            face_url: &group.face_url,
            owner: group.owner.as_str(),
            created_at: group.created_at.0,
            member_count: group.member_count,
            ex: &group.ex,
            status: status(group.status),
            creator: group.creator.as_str(),
            group_type: WORKING_GROUP,
            verification: group.verification,
            look_member_info: group.look_member_info,
            apply_member_friend: group.apply_member_friend,
            notification_at: group.notification_at.0,
            notification_by: &group.notification_by,
        }
    }
}

/// Source: callbacks sheet 5.5.
const fn status(status: GroupStatus) -> i32 {
    match status {
        GroupStatus::Open => 0,
        GroupStatus::Banned => 1,
        GroupStatus::Dismissed => 2,
        GroupStatus::Muted => 3,
    }
}

#[derive(Serialize)]
struct Created<'a> {
    #[serde(rename = "groupInfo")]
    group: GroupInfo<'a>,
}

pub(super) fn created(outcome: &Outcome) -> Option<Data> {
    let Outcome::Group(group) = outcome else { return None };
    data(&Created { group: GroupInfo::from(&**group) })
}

#[derive(Serialize)]
struct GroupInfos<'a> {
    #[serde(rename = "groupInfos")]
    groups: Vec<GroupInfo<'a>>,
}

pub(super) fn infos_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Groups(groups) = outcome else { return None };
    data(&GroupInfos { groups: groups.iter().map(GroupInfo::from).collect() })
}
