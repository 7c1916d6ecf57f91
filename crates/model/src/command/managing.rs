//! What administrators of the app do to groups and rooms, and see of them.

use std::collections::BTreeMap;

use crate::action::GroupEdit;
use crate::command::AgeMark;
use crate::file::ReceivedFile;
use crate::group::{Group, GroupKind, Member};
use crate::ids::{GroupId, UserId};
use crate::object::StoredObject;
use crate::page::Page;
use crate::record::SharedFile;
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
        /// Who lays it in; `None` = the app, in the name of the caller.
        owner: Option<UserId>,
        /// Bytes.
        size: u64,
        /// Where it lies; not looked at where it came with its bytes.
        url: String,
        /// The file itself, where it came.
        content: Option<ReceivedFile>,
    },
    /// Take a file out.
    RemoveFile(String),
    /// Set texts of the app about the group itself, at most [`crate::limits::ROOM_ATTRIBUTES_OF_ONE_CALL`]. Each is set or
    /// not for itself.
    SetAttributes {
        /// In which member's name; `None` = in that of the app.
        by: Option<UserId>,
        /// By key.
        texts: BTreeMap<String, String>,
        /// They go when the member leaves.
        leave: bool,
        /// Also those that somebody else has set.
        forced: bool,
    },
    /// Take texts of the app about the group itself away, each for itself.
    RemoveAttributes {
        /// In which member's name; `None` = in that of the app.
        by: Option<UserId>,
        /// Which.
        keys: Vec<String>,
        /// Also those that somebody else has set.
        forced: bool,
    },
    /// Set texts of the app about a member, all or none; an empty one takes the old one away.
    Describe {
        /// Whom.
        member: UserId,
        /// By key.
        texts: BTreeMap<String, String>,
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
    /// Members by when they came.
    ByAge(MembersByAge),
    /// Texts of the app about the group itself: those with these keys; empty = all.
    Attributes(Vec<String>),
    /// Texts of the app about members.
    Descriptions {
        /// About whom.
        members: Vec<UserId>,
        /// Only these; empty = all.
        keys: Vec<String>,
    },
}

/// A page of members, by when they came; who came at the same time, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembersByAge {
    /// The owner is among them.
    pub owner: bool,
    /// The newest first; else the oldest.
    pub newest_first: bool,
    /// Behind whom the page begins; `None` = at the beginning.
    pub after: Option<AgeMark>,
    /// Which of those that come then.
    pub page: Page,
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
    /// The bytes of an object are the answer, and not a text.
    Content(Box<StoredObject>),
    /// Members, in the order asked for.
    Members(Vec<Member>),
    /// Texts of the app, by key.
    Attributes(BTreeMap<String, String>),
    /// The same of several users, in the order asked for; `None` = he is not a member.
    Descriptions(Vec<(UserId, Option<BTreeMap<String, String>>)>),
    /// Keys of texts that were set or taken away, and of those that were not.
    Keys {
        /// Those that were.
        done: Vec<String>,
        /// Those that were not.
        failed: BTreeMap<String, WhyNot>,
    },
}

/// Why one text of the app was not set, or not taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// Somebody else has set it.
    SetByAnother,
    /// There is none.
    NotThere,
    /// Its key is empty, or has other characters than ASCII letters, digits and `_ - .`.
    KeyNotLegal,
    /// Its key has more than [`crate::limits::ROOM_ATTRIBUTE_KEY_CHARS`] characters.
    KeyTooLong,
    /// It has more than [`crate::limits::ROOM_ATTRIBUTE_CHARS`] characters.
    TooLong,
    /// There would be more than [`crate::limits::ROOM_ATTRIBUTES`].
    TooMany,
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
