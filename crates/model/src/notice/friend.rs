//! What devices are told about friends and blocks. Source: client protocol sheet 5.6.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::record::FriendRequest;
use crate::version::{Version, VersionLog};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FriendNotice {
    /// Somebody asks for friendship.
    Asked(Box<RequestTold>),
    /// He got a yes.
    Agreed(Box<RequestTold>),
    /// He got a no.
    Declined(Box<RequestTold>),
    /// An administrator made two users friends.
    Joined {
        /// Whose list is meant.
        owner: UserId,
        /// Who is on it now.
        friend: UserId,
        /// Where the owner's list stands.
        version: Version,
    },
    /// A friend was taken off a list.
    Removed {
        /// Whose list.
        owner: UserId,
        /// Who was on it.
        friend: UserId,
        /// Where the list stands.
        version: Version,
    },
    /// A friend has another name.
    Remarked {
        /// Whose list.
        owner: UserId,
        /// Who is named.
        friend: UserId,
        /// Where the list stands; its order has changed with it.
        version: Version,
    },
    /// What an owner keeps about friends has changed.
    Updated {
        /// Whose list.
        owner: UserId,
        /// About whom.
        friends: Vec<UserId>,
        /// Where the list stands.
        version: Version,
    },
    /// A user was put on a block list.
    Blocked {
        /// Whose list.
        owner: UserId,
        /// Who is on it.
        blocked: UserId,
    },
    /// A user was taken off a block list.
    Unblocked {
        /// Whose list.
        owner: UserId,
        /// Who was on it.
        blocked: UserId,
    },
    /// A friend shows another profile.
    ProfileChanged {
        /// Who.
        user: UserId,
    },
}

/// A request for friendship as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestTold {
    /// It.
    pub request: FriendRequest,
    /// Shown name of who asked.
    pub from_nickname: String,
    /// Picture of who asked.
    pub from_face_url: String,
    /// Shown name of who was asked.
    pub to_nickname: String,
    /// Picture of who was asked.
    pub to_face_url: String,
    /// Where the friend list of who asked stands.
    pub version: Version,
}

impl FriendNotice {
    /// Whether it is about a block list.
    #[must_use]
    pub const fn is_of_blocks(&self) -> bool {
        matches!(self, Self::Blocked { .. } | Self::Unblocked { .. })
    }

    /// See [`super::Notice::stamp`].
    pub fn stamp(&mut self, versions: &[(VersionLog, Version)]) {
        let (owner, version) = match self {
            Self::Asked(told) | Self::Agreed(told) | Self::Declined(told) => {
                (&told.request.from, &mut told.version)
            }
            Self::Joined { owner, version, .. }
            | Self::Removed { owner, version, .. }
            | Self::Remarked { owner, version, .. }
            | Self::Updated { owner, version, .. } => (&*owner, version),
            Self::Blocked { .. } | Self::Unblocked { .. } | Self::ProfileChanged { .. } => return,
        };
        let list = VersionLog::Friends(owner.clone());
        if let Some((_, now)) = versions.iter().find(|(log, _)| *log == list) {
            *version = *now;
        }
    }
}
