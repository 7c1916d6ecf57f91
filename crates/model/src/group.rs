//! Groups and their members.

use serde::{Deserialize, Serialize};

use crate::conversation::Target;
use crate::ids::{GroupId, MessageId, UserId};
use crate::time::UnixMs;
use crate::user::{AccountLevel, User};

/// A group conversation and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Shown name.
    pub name: String,
    /// Announcement shown to members.
    pub notification: String,
    /// Description shown to everybody.
    pub introduction: String,
    /// Address of its picture, or empty.
    pub face_url: String,
    /// Who owns it now.
    pub owner: UserId,
    /// Who made it.
    pub creator: UserId,
    /// When it was made.
    pub created_at: UnixMs,
    /// The app's own text.
    pub ex: String,
    /// Whether members may speak.
    pub status: GroupStatus,
    /// Who may enter how: 0 applications need approval, invitations do not; 1 all need approval unless
    /// invited by owner or admin; 2 open.
    pub verification: i32,
    /// 1 = members may not see each other's profiles.
    pub look_member_info: i32,
    /// 1 = members may not befriend each other through the group.
    pub apply_member_friend: i32,
    /// When the announcement was set; 0 = never.
    pub notification_at: UnixMs,
    /// Who set the announcement; empty = nobody.
    pub notification_by: String,
    /// Current number of members.
    pub member_count: u32,
    /// Group or chat room.
    #[serde(default)]
    pub kind: GroupKind,
    /// How many may be in it; 0 = no bound of its own.
    #[serde(default)]
    pub max_members: u32,
    /// Who is invited is to be asked. A wish of the group for its clients: who is invited through this server is in it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub invite_confirm: bool,
    /// What it is a thread of; `None` = it is a group of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadOf>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What a thread hangs on: messages to a thread are sent to its own id, as to a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadOf {
    /// The group whose members may speak in it.
    pub group: GroupId,
    /// The message that it is about, as callers see it; empty = none.
    pub message: String,
    /// The number of that message.
    pub number: MessageId,
}

impl Group {
    /// Where messages to it go.
    #[must_use]
    pub fn target(&self) -> Target {
        match self.kind {
            GroupKind::Group => Target::Group(self.id.clone()),
            GroupKind::Room => Target::Room(self.id.clone()),
        }
    }
}

/// Kinds of conversations with members.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// Members stay until they leave.
    #[default]
    Group,
    /// Members come and go; who is not there gets nothing later.
    Room,
}

/// State of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupStatus {
    /// Members may speak.
    Open,
    /// Taken out of use by an operator.
    Banned,
    /// Gone; its history stays readable for former members.
    Dismissed,
    /// Only owner and admins may speak.
    Muted,
}

/// Role of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May speak.
    Member,
    /// May manage members.
    Admin,
    /// May do everything; exactly one per group.
    Owner,
}

/// One user in one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The group.
    pub group: GroupId,
    /// The user.
    pub user: UserId,
    /// His role.
    pub role: Role,
    /// His name in the group; empty = his own.
    pub nickname: String,
    /// His picture in the group; empty = his own.
    pub face_url: String,
    /// When he entered.
    pub joined_at: UnixMs,
    /// How he entered: 1 by an administrator, 2 invited, 3 by search, 4 by QR code.
    pub join_source: i32,
    /// Who acted.
    pub operator: String,
    /// Who invited him; empty = nobody.
    pub inviter: String,
    /// He may not speak before this instant.
    pub muted_until: UnixMs,
    /// The app's own text.
    pub ex: String,
}

/// A user as he is seen in a group: his own name and picture stand where he has none of the group's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPerson {
    /// Who.
    pub user: UserId,
    /// His role; `None` = he is not in the group.
    pub role: Option<Role>,
    /// Shown name.
    pub nickname: String,
    /// Address of his picture, or empty.
    pub face_url: String,
    /// What kind of account he has.
    pub level: AccountLevel,
    /// See [`Member::joined_at`]; 0 = never.
    pub joined_at: UnixMs,
    /// See [`Member::join_source`]; 0 = he did not.
    pub join_source: i32,
    /// See [`Member::operator`].
    pub operator: String,
    /// See [`Member::inviter`].
    pub inviter: String,
    /// See [`Member::muted_until`].
    pub muted_until: UnixMs,
    /// The app's own text.
    pub ex: String,
}

impl GroupPerson {
    /// A member; `None` for the user of somebody who is registered no more.
    #[must_use]
    pub fn member(member: Member, user: Option<&User>) -> Self {
        let own = |text: String, own: fn(&User) -> &String| match user {
            Some(user) if text.is_empty() => own(user).clone(),
            _ => text,
        };
        Self {
            nickname: own(member.nickname, |user| &user.nickname),
            face_url: own(member.face_url, |user| &user.face_url),
            level: user.map_or(AccountLevel::ORDINARY, |user| user.level),
            user: member.user,
            role: Some(member.role),
            joined_at: member.joined_at,
            join_source: member.join_source,
            operator: member.operator,
            inviter: member.inviter,
            muted_until: member.muted_until,
            ex: member.ex,
        }
    }

    /// Somebody who acts from outside.
    #[must_use]
    pub fn outside(user: &User) -> Self {
        Self {
            user: user.id.clone(),
            role: None,
            nickname: user.nickname.clone(),
            face_url: user.face_url.clone(),
            level: user.level,
            joined_at: UnixMs(0),
            join_source: 0,
            operator: String::new(),
            inviter: String::new(),
            muted_until: UnixMs(0),
            ex: String::new(),
        }
    }
}
