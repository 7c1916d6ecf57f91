//! Groups and their members.

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::event::{EventKind, Facets, Lane};
use crate::group::{Group, Role};
use crate::ids::{GroupId, UserId};
use crate::time::UnixMs;

use super::managing::{
    GroupAttributes, GroupFileChange, GroupListing, GroupMuting, GroupShielding, GroupSwitch, RoomAdminChange,
};

/// What is done about groups and their members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupAction {
    /// A group is about to be made. Only asked.
    Draft(Box<GroupDraft>),
    /// A group was made. Only told.
    Create(Box<GroupCreation>),
    /// Users are about to become members, whichever way they come. Only asked.
    Enter(GroupEntry),
    /// Somebody wants to enter by himself. Only asked.
    Apply(GroupApplication),
    /// Somebody is about to invite. Only asked.
    Invite(GroupInvitation),
    /// Users ask to be let in. Only told.
    Request(GroupRequested),
    /// A user was not let in. Only told.
    Decline(GroupDeclined),
    /// Users have become members after the group was made. Only told.
    Join(GroupJoin),
    /// A member has left. Only told.
    Quit(GroupLeave),
    /// Members were removed. Only told.
    Kick(GroupKick),
    /// A group was dismissed. Only told.
    Dismiss(GroupDismissal),
    /// A group has a new owner. Only told.
    Transfer(GroupTransfer),
    /// Settings of a group change.
    Edit(Box<GroupEdit>),
    /// What a member shows, or his role, changes.
    EditMember(Box<MemberEdit>),
    /// Members may not speak for a while, or may again. Only told.
    Mute(GroupMuting),
    /// Only owner and admins may speak, or all may again. Only told.
    MuteAll(GroupSwitch),
    /// Users may not enter, or may again. Only told; those who were in it and had to leave are told as a
    /// [`GroupAction::Kick`] of their own.
    Bar(GroupListing),
    /// Members may speak whoever else is muted, or no more. Only told.
    Allow(GroupListing),
    /// A member wants to hear nothing of the group, or does again. Only told.
    Shield(GroupShielding),
    /// A group was taken out of use, or put back. Only told.
    Close(GroupSwitch),
    /// A file was laid into a group, or taken out. Only told.
    ShareFile(GroupFileChange),
    /// Texts of the app about a group, or about a member of it, were set or taken away. Only told.
    SetAttributes(Box<GroupAttributes>),
    /// Users manage all rooms, or do so no more. Only told.
    AppointRoomAdmin(RoomAdminChange),
}

/// A group as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDraft {
    /// Its id; empty = the server makes one.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// Announcement.
    pub notification: String,
    /// Description.
    pub introduction: String,
    /// Picture.
    pub face_url: String,
    /// The app's own text.
    pub ex: String,
    /// State, as a number that clients know; 0 = open.
    pub status: i32,
    /// Who is shown as its maker; empty = who makes it.
    pub creator: String,
    /// Who is shown as its owner; empty = who owns it.
    pub owner: String,
    /// Type, as a number that clients know.
    pub group_type: i32,
    /// See [`Group::verification`].
    pub verification: i32,
    /// See [`Group::look_member_info`].
    pub look_member_info: i32,
    /// See [`Group::apply_member_friend`].
    pub apply_member_friend: i32,
    /// Owner, admins, members, in this order.
    pub members: Vec<MemberRole>,
}

/// A group that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCreation {
    /// As it is stored.
    pub group: Group,
    /// Owner, admins, members, in this order, each once.
    pub members: Vec<MemberRole>,
}

/// A user and his role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRole {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
}

/// Users who are about to become members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupEntry {
    /// The group.
    pub group: GroupId,
    /// Its text of the app.
    pub group_ex: String,
    /// Who.
    pub entrants: Vec<Entrant>,
}

/// A user who is about to become a member, and as what. Answers may change all but who he is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entrant {
    /// Who.
    pub user: UserId,
    /// His name in the group; empty = his own.
    pub nickname: String,
    /// His picture in the group; empty = his own.
    pub face_url: String,
    /// His role.
    pub role: Role,
    /// He may not speak before this instant; 0 = he may.
    pub muted_until: UnixMs,
    /// The app's own text.
    pub ex: String,
}

/// Somebody wants to enter by himself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupApplication {
    /// The group.
    pub group: GroupId,
    /// Who.
    pub applicant: UserId,
    /// His words.
    pub message: String,
    /// See [`crate::group::Member::join_source`].
    pub source: i32,
    /// The app's own text.
    pub ex: String,
}

/// Somebody is about to invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupInvitation {
    /// The group.
    pub group: GroupId,
    /// Who invites.
    pub inviter: UserId,
    /// Why.
    pub reason: String,
    /// Whom.
    pub invited: Vec<UserId>,
}

/// Users ask to be let in, or somebody asks for those whom he invites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRequested {
    /// The group.
    pub group: GroupId,
    /// Its owner, who may decide.
    pub owner: UserId,
    /// Who is to be let in; never empty.
    pub users: Vec<UserId>,
    /// The words of who asks.
    pub message: String,
    /// Who invites them; `None` = they ask for themselves.
    pub inviter: Option<UserId>,
}

/// A user was not let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDeclined {
    /// The group.
    pub group: GroupId,
    /// Who.
    pub user: UserId,
    /// Somebody had invited him.
    pub invited: bool,
    /// What he is told.
    pub answer: String,
}

/// Users who have become members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupJoin {
    /// The group.
    pub group: GroupId,
    /// Who; never empty.
    pub users: Vec<UserId>,
    /// The words of an applicant, or of who invited.
    pub message: String,
    /// See [`crate::group::Member::join_source`].
    pub source: i32,
    /// Who invited them; empty = nobody.
    pub inviter: String,
    /// That was asked for first ([`GroupRequested`]), and somebody has agreed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub requested: bool,
}

/// A member has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLeave {
    /// The group.
    pub group: GroupId,
    /// Who.
    pub user: UserId,
    /// He did not say so: a room lets those go who are offline for a while.
    #[serde(default, skip_serializing_if = "is_false")]
    pub offline: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Members were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupKick {
    /// The group.
    pub group: GroupId,
    /// Who.
    pub kicked: Vec<UserId>,
    /// Why.
    pub reason: String,
    /// They had to leave because they may not enter any more: see [`GroupAction::Bar`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub barred: bool,
}

/// A group was dismissed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDismissal {
    /// The group.
    pub group: GroupId,
    /// Its owner.
    pub owner: UserId,
    /// Its members at that time.
    pub members: Vec<UserId>,
}

/// A group has a new owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupTransfer {
    /// The group.
    pub group: GroupId,
    /// Who was the owner.
    pub from: UserId,
    /// Who is.
    pub to: UserId,
}

/// Settings of a group that change; `None` = stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupEdit {
    /// The group.
    pub group: GroupId,
    /// True where the caller names every setting and an empty text means "stays"; false where he names only what
    /// changes, and an empty text empties.
    pub whole: bool,
    /// Shown name.
    pub name: Option<String>,
    /// Announcement.
    pub notification: Option<String>,
    /// Description.
    pub introduction: Option<String>,
    /// Picture.
    pub face_url: Option<String>,
    /// The app's own text.
    pub ex: Option<String>,
    /// See [`Group::verification`].
    pub verification: Option<i32>,
    /// See [`Group::look_member_info`].
    pub look_member_info: Option<i32>,
    /// See [`Group::apply_member_friend`].
    pub apply_member_friend: Option<i32>,
    /// See [`Group::max_members`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_members: Option<u32>,
    /// See [`Group::invite_confirm`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite_confirm: Option<bool>,
}

impl GroupEdit {
    /// A change of this group that changes nothing, its caller naming only what changes.
    #[must_use]
    pub const fn nothing(group: GroupId) -> Self {
        Self {
            group,
            whole: false,
            name: None,
            notification: None,
            introduction: None,
            face_url: None,
            ex: None,
            verification: None,
            look_member_info: None,
            apply_member_friend: None,
            max_members: None,
            invite_confirm: None,
        }
    }
}

/// What changes about a member; `None` = stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberEdit {
    /// The group.
    pub group: GroupId,
    /// Who.
    pub user: UserId,
    /// His name in the group.
    pub nickname: Option<String>,
    /// His picture in the group.
    pub face_url: Option<String>,
    /// His role.
    pub role: Option<Role>,
    /// The app's own text.
    pub ex: Option<String>,
}

impl GroupAction {
    /// See [`super::Action::told_as`].
    #[must_use]
    pub const fn told_as(&self) -> Option<EventKind> {
        match self {
            Self::Draft(_) | Self::Enter(_) | Self::Apply(_) | Self::Invite(_) => None,
            Self::Request(_) => Some(EventKind::GroupRequested),
            Self::Decline(_) => Some(EventKind::GroupDeclined),
            Self::Create(_) => Some(EventKind::GroupCreated),
            Self::Join(_) => Some(EventKind::GroupJoined),
            Self::Quit(_) => Some(EventKind::GroupQuit),
            Self::Kick(_) => Some(EventKind::GroupKicked),
            Self::Dismiss(_) => Some(EventKind::GroupDismissed),
            Self::Transfer(_) => Some(EventKind::GroupTransferred),
            Self::Edit(_) => Some(EventKind::GroupEdited),
            Self::EditMember(_) => Some(EventKind::MemberEdited),
            Self::Mute(_) => Some(EventKind::MembersMuted),
            Self::MuteAll(_) => Some(EventKind::GroupMuted),
            Self::Bar(_) => Some(EventKind::GroupBarred),
            Self::Allow(_) => Some(EventKind::GroupAllowed),
            Self::Shield(_) => Some(EventKind::GroupShielded),
            Self::Close(_) => Some(EventKind::GroupClosed),
            Self::ShareFile(_) => Some(EventKind::GroupFileShared),
            Self::SetAttributes(_) => Some(EventKind::GroupAttributesSet),
            Self::AppointRoomAdmin(_) => Some(EventKind::RoomAdminAppointed),
        }
    }

    /// See [`super::Action::asked_as`].
    #[must_use]
    pub const fn asked_as(&self) -> Option<EventKind> {
        match self {
            Self::Draft(_) => Some(EventKind::GroupCreating),
            Self::Enter(_) => Some(EventKind::GroupEntering),
            Self::Apply(_) => Some(EventKind::GroupApplying),
            Self::Invite(_) => Some(EventKind::GroupInviting),
            Self::Edit(_) => Some(EventKind::GroupEditing),
            Self::EditMember(_) => Some(EventKind::MemberEditing),
            Self::Create(_)
            | Self::Request(_)
            | Self::Decline(_)
            | Self::Join(_)
            | Self::Quit(_)
            | Self::Kick(_)
            | Self::Dismiss(_)
            | Self::Transfer(_)
            | Self::Mute(_)
            | Self::MuteAll(_)
            | Self::Bar(_)
            | Self::Allow(_)
            | Self::Shield(_)
            | Self::Close(_)
            | Self::ShareFile(_)
            | Self::SetAttributes(_)
            | Self::AppointRoomAdmin(_) => None,
        }
    }

    /// The group, as far as it has an id already.
    #[must_use]
    pub const fn group(&self) -> Option<&GroupId> {
        Some(match self {
            Self::Draft(_) | Self::AppointRoomAdmin(_) => return None,
            Self::Create(one) => &one.group.id,
            Self::Enter(one) => &one.group,
            Self::Apply(one) => &one.group,
            Self::Invite(one) => &one.group,
            Self::Request(one) => &one.group,
            Self::Decline(one) => &one.group,
            Self::Join(one) => &one.group,
            Self::Quit(one) => &one.group,
            Self::Kick(one) => &one.group,
            Self::Dismiss(one) => &one.group,
            Self::Transfer(one) => &one.group,
            Self::Edit(one) => &one.group,
            Self::EditMember(one) => &one.group,
            Self::Mute(one) => &one.group,
            Self::MuteAll(one) | Self::Close(one) => &one.group,
            Self::Bar(one) | Self::Allow(one) => &one.group,
            Self::Shield(one) => &one.group,
            Self::ShareFile(one) => &one.group,
            Self::SetAttributes(one) => &one.group,
        })
    }

    /// See [`super::Action::facets`].
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        let from = match self {
            Self::Apply(one) => one.applicant.as_str(),
            Self::Invite(one) => one.inviter.as_str(),
            Self::Request(one) => one.inviter.as_ref().or(one.users.first()).map_or("", UserId::as_str),
            Self::Quit(one) => one.user.as_str(),
            Self::Dismiss(one) => one.owner.as_str(),
            Self::Transfer(one) => one.from.as_str(),
            Self::EditMember(one) => one.user.as_str(),
            Self::Create(one) => one.group.owner.as_str(),
            Self::Draft(one) => one.members.first().map_or("", |owner| owner.user.as_str()),
            Self::Shield(one) => one.user.as_str(),
            Self::ShareFile(one) => one.file.owner.as_str(),
            Self::SetAttributes(one) => one.by.as_ref().or(one.member.as_ref()).map_or("", UserId::as_str),
            Self::Enter(_)
            | Self::Decline(_)
            | Self::Join(_)
            | Self::Kick(_)
            | Self::Edit(_)
            | Self::Mute(_)
            | Self::MuteAll(_)
            | Self::Bar(_)
            | Self::Allow(_)
            | Self::Close(_)
            | Self::AppointRoomAdmin(_) => "",
        };
        Facets { from, group: self.group().map(GroupId::as_str), ..Facets::default() }
    }

    /// See [`super::Action::lane`].
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self.group() {
            Some(group) => Lane::conversation(&ConversationId::Group(group.clone())),
            None => Lane::server(),
        }
    }
}
