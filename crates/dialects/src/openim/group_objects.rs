//! Groups, members and requests as clients see them. Source: REST sheet 12.

use ringback_model::group::{Group, GroupPerson, GroupStatus, Role};
use ringback_model::ids::GroupId;
use ringback_model::record::GroupRequest;
use ringback_model::user::User;
use schemars::JsonSchema;
use serde::Serialize;

use super::handled;

/// The only type of group that is left; the original still prints it everywhere.
pub(super) const WORKING_GROUP: i32 = 2;

/// A group as clients see it.
#[derive(Serialize, JsonSchema)]
pub(super) struct GroupInfo<'a> {
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
pub(super) const fn status(status: GroupStatus) -> i32 {
    match status {
        GroupStatus::Open => 0,
        GroupStatus::Banned => 1,
        GroupStatus::Dismissed => 2,
        GroupStatus::Muted => 3,
    }
}

/// A member of a group as clients see him.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "GroupMemberFullInfo")]
pub(super) struct MemberInfo<'a> {
    #[serde(rename = "groupID")]
    group: &'a str,
    #[serde(rename = "userID")]
    user: &'a str,
    /// 100 owner, 60 admin, 20 ordinary, 0 not in the group.
    #[serde(rename = "roleLevel")]
    role: i32,
    /// Milliseconds since 1970.
    #[serde(rename = "joinTime")]
    joined_at: i64,
    /// His own where he has none in the group.
    nickname: &'a str,
    /// His own where he has none in the group.
    #[serde(rename = "faceURL")]
    face_url: &'a str,
    #[serde(rename = "appMangerLevel")]
    level: i32,
    /// 1 by an administrator, 2 invited, 3 by search, 4 by QR code.
    #[serde(rename = "joinSource")]
    join_source: i32,
    #[serde(rename = "operatorUserID")]
    operator: &'a str,
    ex: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "muteEndTime")]
    muted_until: i64,
    #[serde(rename = "inviterUserID")]
    inviter: &'a str,
}

impl<'a> MemberInfo<'a> {
    pub(super) fn new(group: &'a GroupId, person: &'a GroupPerson) -> Self {
        Self {
            group: group.as_str(),
            user: person.user.as_str(),
            role: person.role.map_or(0, role),
            joined_at: person.joined_at.0,
            nickname: &person.nickname,
            face_url: &person.face_url,
            level: person.level.0,
            join_source: person.join_source,
            operator: &person.operator,
            ex: &person.ex,
            muted_until: person.muted_until.0,
            inviter: &person.inviter,
        }
    }
}

/// Source: callbacks sheet 5.5.
pub(super) const fn role(role: Role) -> i32 {
    match role {
        Role::Owner => 100,
        Role::Admin => 60,
        Role::Member => 20,
    }
}

/// What everybody may see of a user.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PublicUserInfo")]
pub(super) struct PublicUser<'a> {
    #[serde(rename = "userID")]
    id: &'a str,
    nickname: &'a str,
    #[serde(rename = "faceURL")]
    face_url: &'a str,
    ex: &'a str,
}

impl<'a> From<&'a User> for PublicUser<'a> {
    fn from(user: &'a User) -> Self {
        Self { id: user.id.as_str(), nickname: &user.nickname, face_url: &user.face_url, ex: &user.ex }
    }
}

impl<'a> PublicUser<'a> {
    /// A user of whom only the id is known.
    pub(super) const fn nameless(id: &'a str) -> Self {
        Self { id, nickname: "", face_url: "", ex: "" }
    }
}

/// A request to enter a group as clients see it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "GroupRequest")]
pub(super) struct RequestInfo<'a> {
    /// Who is to enter.
    #[serde(rename = "userInfo")]
    user: PublicUser<'a>,
    #[serde(rename = "groupInfo")]
    group: GroupInfo<'a>,
    /// 0 open, 1 agreed, -1 refused.
    #[serde(rename = "handleResult")]
    handled: i32,
    #[serde(rename = "reqMsg")]
    message: &'a str,
    #[serde(rename = "handleMsg")]
    answer: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "reqTime")]
    at: i64,
    #[serde(rename = "handleUserID")]
    handler: &'a str,
    /// Milliseconds since 1970.
    #[serde(rename = "handleTime")]
    handled_at: i64,
    ex: &'a str,
    #[serde(rename = "joinSource")]
    source: i32,
    #[serde(rename = "inviterUserID")]
    inviter: &'a str,
}

impl<'a> RequestInfo<'a> {
    pub(super) fn new(request: &'a GroupRequest, user: Option<&'a User>, group: &'a Group) -> Self {
        Self {
            user: user.map_or_else(|| PublicUser::nameless(request.user.as_str()), PublicUser::from),
            group: GroupInfo::from(group),
            handled: handled::number(request.handled),
            message: &request.message,
            answer: &request.answer,
            at: request.at.0,
            handler: &request.handler,
            handled_at: request.handled_at.0,
            ex: &request.ex,
            source: request.source,
            inviter: &request.inviter,
        }
    }
}
