//! What administrators of the app do to groups and rooms, and see of them.

use std::collections::BTreeMap;

use crate::action::GroupEdit;
use crate::group::{Group, GroupKind};
use crate::ids::{GroupId, UserId};
use crate::page::Page;
use crate::record::{GroupAttribute, SharedFile};
use crate::time::UnixMs;

/// Something done to a group or room, or asked about it. Administrators of the app.
#[derive(Debug, Clone)]
pub struct Managing {
    /// Which of the two it must be; one of the other kind is as unknown as none.
    pub kind: GroupKind,
    /// The group or room.
    pub group: GroupId,
    /// What.
    pub deed: ManagingDeed,
}

/// What is done, or asked.
#[derive(Debug, Clone)]
pub enum ManagingDeed {
    /// Change settings; [`GroupEdit::group`] is the same group.
    Edit(Box<GroupEdit>),
    /// Make another member the owner.
    Transfer(UserId),
    /// Make a member an admin.
    Appoint(UserId),
    /// Make an admin an ordinary member.
    Dismiss(UserId),
    /// Let only owner and admins speak, or all again.
    MuteAll(bool),
    /// Forbid members to speak for so many milliseconds; `None` = for ever.
    Mute {
        /// Whom.
        users: Vec<UserId>,
        /// For how long.
        for_ms: Option<u64>,
    },
    /// Let members speak again.
    Unmute(Vec<UserId>),
    /// Let users not enter any more; who is in it has to leave.
    Bar(Vec<UserId>),
    /// Let users enter again.
    Unbar(Vec<UserId>),
    /// Let members speak whoever else is muted.
    Allow(Vec<UserId>),
    /// The end of it.
    Disallow(Vec<UserId>),
    /// Take the group out of use, or put it back.
    Close(bool),
    /// Lay a file into the group.
    ShareFile {
        /// What it is called.
        name: String,
        /// Who lays it in.
        owner: UserId,
        /// Bytes.
        size: u64,
        /// Where it lies.
        url: String,
    },
    /// Take a file out.
    RemoveFile(String),
    /// Set texts of the app.
    SetAttributes {
        /// About which member; `None` = about the group itself.
        member: Option<UserId>,
        /// Who sets them; `None` = the app.
        by: Option<UserId>,
        /// By key.
        texts: BTreeMap<String, String>,
        /// They go when who set them leaves.
        leave: bool,
        /// Also those that somebody else has set.
        forced: bool,
    },
    /// Take texts of the app away.
    RemoveAttributes {
        /// About which member; `None` = about the group itself.
        member: Option<UserId>,
        /// Who takes them away; `None` = the app.
        by: Option<UserId>,
        /// Which.
        keys: Vec<String>,
        /// Also those that somebody else has set.
        forced: bool,
    },
    /// Its admins.
    Admins,
    /// Members who may not speak now.
    Muted,
    /// Users who may not enter.
    Barred,
    /// Members who may speak whoever else is muted.
    Allowed,
    /// Whether a user is in it.
    Holds(UserId),
    /// A page of its files, newest last.
    Files(Page),
    /// One of its files.
    File(String),
    /// Its settings alone.
    Look,
    /// Texts of the app.
    Attributes {
        /// About which members; none = about the group itself.
        members: Vec<UserId>,
        /// Only these; empty = all.
        keys: Vec<String>,
    },
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum ManagingOutcome {
    /// The group, as it is now.
    Group(Box<Group>),
    /// Users, in the order asked for or as they are kept.
    Users(Vec<ManagedUser>),
    /// Yes or no.
    Is(bool),
    /// Files.
    Files(Vec<SharedFile>),
    /// Texts of the app.
    Attributes(Vec<GroupAttribute>),
    /// Keys of texts that were set or taken away, and of those that were not, each with the reason.
    Keys {
        /// Those that were.
        done: Vec<String>,
        /// Those that were not.
        failed: BTreeMap<String, &'static str>,
    },
}

/// What became of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedUser {
    /// Who.
    pub user: UserId,
    /// He may not speak before this instant.
    pub until: Option<UnixMs>,
    /// Why nothing was done; `None` = it was.
    pub untouched: Option<Untouched>,
}

impl ManagedUser {
    /// It was done.
    #[must_use]
    pub const fn done(user: UserId) -> Self {
        Self { user, until: None, untouched: None }
    }

    /// It was not.
    #[must_use]
    pub const fn untouched(user: UserId, why: Untouched) -> Self {
        Self { user, until: None, untouched: Some(why) }
    }
}

/// Why nothing was done about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untouched {
    /// He is not in the group.
    NotInGroup,
    /// He owns it.
    Owner,
    /// He is not registered.
    Unknown,
    /// He is not on the list that he was to be taken off.
    NotListed,
}

/// What concerns all rooms. Administrators of the app.
#[derive(Debug, Clone)]
pub enum RoomsCommand {
    /// Make a user one who manages all rooms, or not any more.
    Appoint {
        /// Whom.
        user: UserId,
        /// Or not any more.
        appointed: bool,
    },
    /// A page of them, ascending by id.
    Admins(Page),
}
