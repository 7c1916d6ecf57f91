//! Version logs: what changed in a list since a client saw it last.
//!
//! Each list has a counter that grows by one with every commit that changes it, and for each of its elements the
//! version of its last change. Source: client protocol sheet 4.3.

use crate::ids::{GroupId, UserId};

/// A list that clients follow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionLog {
    /// A user's friends; elements are user ids.
    Friends(UserId),
    /// The groups that a user is in; elements are group ids.
    Groups(UserId),
    /// The members of a group; elements are user ids, and [`ITSELF`].
    Members(GroupId),
    /// A user's conversations; elements are keys of [`crate::conversation::ConversationId`].
    Conversations(UserId),
}

impl VersionLog {
    /// The text by which stores know it; user ids are folded.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Friends(user) => format!("f:{}", user.folded()),
            Self::Groups(user) => format!("g:{}", user.folded()),
            Self::Members(group) => format!("m:{group}"),
            Self::Conversations(user) => format!("c:{}", user.folded()),
        }
    }
}

/// The element that stands for the owner of the list: the group's own settings have changed.
pub const ITSELF: &str = "";
/// The element that stands for the order of the list. No id looks like it.
pub const ORDER: &str = ":order";

/// What happened to an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It came in.
    Inserted,
    /// It went.
    Deleted,
    /// It is another now.
    Updated,
}

/// Where a list stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Version {
    /// Which log it is: made with the database, so that clients of another one start over. 96 bits.
    pub log: u128,
    /// 1 for a list that was never changed.
    pub number: u64,
}

/// One changed element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub element: String,
    /// What happened to it last.
    pub touch: Touch,
    /// In which version.
    pub version: u64,
}

/// What changed in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Where the list stands now.
    pub now: Version,
    /// Ascending by version; `None` = too many, or too long ago to be known.
    pub changed: Option<Vec<Changed>>,
}
