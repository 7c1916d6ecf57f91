//! What is done to groups and rooms besides members coming and going.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, UserId};
use crate::record::SharedFile;
use crate::time::UnixMs;

/// Members may not speak, or may again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMuting {
    /// The group or room.
    pub group: GroupId,
    /// Who; never empty.
    pub users: Vec<UserId>,
    /// They may not speak before this instant; `None` = they may.
    pub until: Option<UnixMs>,
}

/// Something of a group is on or off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSwitch {
    /// The group or room.
    pub group: GroupId,
    /// Whether it is on now.
    pub on: bool,
}

/// Users come onto one of a group's lists, or off it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupListing {
    /// The group or room.
    pub group: GroupId,
    /// Who; never empty.
    pub users: Vec<UserId>,
    /// On it, or off it.
    pub listed: bool,
}

/// A member wants to hear nothing of a group, or does again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupShielding {
    /// The group.
    pub group: GroupId,
    /// Who.
    pub user: UserId,
    /// He wants to hear nothing.
    pub on: bool,
}

/// A file was laid into a group, or taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFileChange {
    /// The group.
    pub group: GroupId,
    /// The file.
    pub file: SharedFile,
    /// Laid in, or taken out.
    pub added: bool,
}

/// Texts of the app about a group, or about one member of it, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAttributes {
    /// The group or room.
    pub group: GroupId,
    /// Its shown name.
    pub name: String,
    /// About which member; `None` = about the group itself.
    pub member: Option<UserId>,
    /// In whose name they were set or taken away; `None` = in that of him who acted.
    #[serde(default)]
    pub by: Option<UserId>,
    /// What was set.
    pub set: BTreeMap<String, String>,
    /// Keys that were taken away.
    pub removed: Vec<String>,
    /// Whoever had set them before.
    pub forced: bool,
}

/// Users manage all rooms, or do so no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomAdminChange {
    /// Who; never empty.
    pub users: Vec<UserId>,
    /// They do from now on.
    pub added: bool,
}
