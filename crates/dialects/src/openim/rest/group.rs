//! `/group`. Source: REST sheet 6, 12.

use ringback_model::command::{Command, NewGroup, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::group::{Group, GroupKind, GroupStatus};
use ringback_model::ids::GroupId;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{
    Reject, at_most, body, distinct, given, group_id, parse, short_and_distinct, user_id, user_ids,
};
use super::reply::{Data, data};

/// The only type of group that is left; the original still prints it everywhere.
const WORKING_GROUP: i32 = 2;

body! {
    /// The settings of a group to be made.
    #[schemars(rename = "NewGroupInfo")]
    Settings {
        /// Its id; the server makes one if empty.
        id: String = "groupID",
        name: String = "groupName",
        /// What it tells its members.
        notification: String = "notification",
        introduction: String = "introduction",
        /// Address of a picture.
        face_url: String = "faceURL",
        /// The app's own text.
        ex: String = "ex",
        /// 2, the only type there is; taken for it if absent.
        #[schemars(range(min = 2, max = 2))]
        group_type: Option<i32> = "groupType",
        /// 0 who applies needs approval, 1 who is invited by an ordinary member does too, 2 nobody does.
        #[schemars(range(min = 0, max = 2))]
        verification: i32 = "needVerification",
        /// 1: members may not look at each other's profiles.
        #[schemars(range(min = 0, max = 1))]
        look_member_info: i32 = "lookMemberInfo",
        /// 1: members may not befriend each other from here.
        #[schemars(range(min = 0, max = 1))]
        apply_member_friend: i32 = "applyMemberFriend",
    }
}

body! {
    /// A group to be made. Nobody is named twice.
    #[schemars(rename = "NewGroup")]
    Create {
        settings: Option<Settings> = "groupInfo" required,
        owner: String = "ownerUserID" required,
        /// At most 1000.
        members: Vec<String> = "memberUserIDs",
        /// At most 1000.
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
        kind: GroupKind::Group,
        max_members: 0,
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
    /// Groups that are asked about.
    GroupIds {
        /// May be empty.
        ids: Option<Vec<String>> = "groupIDs" required,
    }
}

/// An id that cannot exist is as unknown as any other: left out, never an error.
pub(super) fn infos(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: GroupIds = parse(&request.body)?;
    let ids = given("groupIDs", asked.ids)?;
    Ok(Command::Groups { ids: ids.iter().filter_map(|id| GroupId::parse(id).ok()).collect() })
}

body! {
    /// Users to be taken into a group.
    #[schemars(rename = "Invitation")]
    Invite {
        group: String = "groupID" required,
        /// Nobody sees it.
        reason: String = "reason",
        /// 1 to 1000, each once.
        #[schemars(length(min = 1))]
        users: Option<Vec<String>> = "invitedUserIDs" required,
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
#[derive(Serialize, JsonSchema)]
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
    /// Milliseconds since 1970.
    #[serde(rename = "createTime")]
    created_at: i64,
    #[serde(rename = "memberCount")]
    member_count: u32,
    ex: &'a str,
    /// 0 open, 1 banned, 2 dismissed, 3 muted.
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
    /// Milliseconds since 1970.
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

/// The group that was made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedGroup")]
pub(super) struct Created<'a> {
    #[serde(rename = "groupInfo")]
    group: GroupInfo<'a>,
}

pub(super) fn created(outcome: &Outcome) -> Option<Data> {
    let Outcome::Group(group) = outcome else { return None };
    data(&Created { group: GroupInfo::from(&**group) })
}

/// The groups that there are.
#[derive(Serialize, JsonSchema)]
pub(super) struct GroupInfos<'a> {
    #[serde(rename = "groupInfos")]
    groups: Vec<GroupInfo<'a>>,
}

pub(super) fn infos_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::Groups(groups) = outcome else { return None };
    data(&GroupInfos { groups: groups.iter().map(GroupInfo::from).collect() })
}
