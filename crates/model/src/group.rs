//! Groups and their members.

use serde::{Deserialize, Serialize};

use crate::conversation::Target;
use crate::ids::{GroupId, UserId};
use crate::time::UnixMs;

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
