//! Records about groups and rooms: who may not enter, who may speak whoever is muted, files, texts of the app.

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, MessageId, UserId};
use crate::object::ObjectName;
use crate::time::UnixMs;

/// A user who may not enter a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barred {
    /// The group or room.
    pub group: GroupId,
    /// Who.
    pub user: UserId,
    /// Who said so; `None` = an administrator of the app.
    pub by: Option<UserId>,
    /// Since when.
    pub at: UnixMs,
}

/// A member who may speak whoever else is muted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The group or room.
    pub group: GroupId,
    /// Who.
    pub user: UserId,
    /// Since when.
    pub at: UnixMs,
}

/// What is known of a file that was laid into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedFile {
    /// The group.
    pub group: GroupId,
    /// Its id in the group; ids grow with time.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Who laid it in.
    pub owner: UserId,
    /// Bytes.
    pub size: u64,
    /// Where it lies: an address for clients, or empty.
    pub url: String,
    /// Where its bytes are kept, where that is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectName>,
    /// When it was laid in.
    pub at: UnixMs,
}

/// A user who manages all rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomAdmin {
    /// Who.
    pub user: UserId,
    /// Since when.
    pub at: UnixMs,
}

/// A text of the app about a group or room, or about one member of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAttribute {
    /// The group or room.
    pub group: GroupId,
    /// About which member; `None` = about the group itself.
    pub member: Option<UserId>,
    /// Its name.
    pub key: String,
    /// What it says.
    pub value: String,
    /// Who set it; `None` = an administrator of the app.
    pub by: Option<UserId>,
    /// It goes when who set it leaves.
    #[serde(default)]
    pub leaves: bool,
    /// When it was set.
    pub at: UnixMs,
}

/// A thread hangs on a message of a group; it is a group itself, see [`crate::group::Group::thread`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The group.
    pub group: GroupId,
    /// Its message.
    pub message: MessageId,
    /// The thread.
    pub thread: GroupId,
}
