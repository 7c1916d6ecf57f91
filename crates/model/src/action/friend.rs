//! Friends and blocks.

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::event::{EventKind, Facets, Lane};
use crate::ids::UserId;

/// What is done about friends and blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FriendAction {
    /// Somebody asks for friendship.
    Ask(FriendAsking),
    /// Somebody agrees to it.
    Agree(FriendAnswer),
    /// Somebody declines it. Only told.
    Decline(FriendAnswer),
    /// Somebody takes a friend off his list. Only told.
    Remove(FriendPair),
    /// Somebody names a friend.
    Remark(FriendRemark),
    /// An administrator makes friends.
    Import(FriendImport),
    /// Somebody is put on a block list.
    Block(Blocking),
    /// Somebody is taken off it. Only told.
    Unblock(Blocking),
}

/// `from` asks for the friendship of `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendAsking {
    /// Who asks.
    pub from: UserId,
    /// Who is asked.
    pub to: UserId,
    /// His words.
    pub message: String,
    /// The app's own text.
    pub ex: String,
}

/// `to` answers the request of `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendAnswer {
    /// Who asked.
    pub from: UserId,
    /// Who answers.
    pub to: UserId,
    /// His words.
    pub message: String,
}

/// A friend on somebody's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendPair {
    /// Whose list.
    pub owner: UserId,
    /// Who is on it.
    pub friend: UserId,
}

/// The owner's name for a friend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendRemark {
    /// Whose list.
    pub owner: UserId,
    /// Who is on it.
    pub friend: UserId,
    /// The name; empty = none.
    pub remark: String,
}

/// Friends made without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendImport {
    /// Whose list.
    pub owner: UserId,
    /// Who comes onto it, and gets the owner onto his own.
    pub friends: Vec<UserId>,
}

/// A user on somebody's block list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocking {
    /// Whose list.
    pub owner: UserId,
    /// Who is on it.
    pub blocked: UserId,
}

impl FriendAction {
    /// See [`super::Action::told_as`].
    #[must_use]
    pub const fn told_as(&self) -> Option<EventKind> {
        Some(match self {
            Self::Ask(_) => EventKind::FriendRequested,
            Self::Agree(_) => EventKind::FriendAgreed,
            Self::Decline(_) => EventKind::FriendDeclined,
            Self::Remove(_) => EventKind::FriendRemoved,
            Self::Remark(_) => EventKind::FriendRemarked,
            Self::Import(_) => EventKind::FriendsImported,
            Self::Block(_) => EventKind::UserBlocked,
            Self::Unblock(_) => EventKind::UserUnblocked,
        })
    }

    /// See [`super::Action::asked_as`].
    #[must_use]
    pub const fn asked_as(&self) -> Option<EventKind> {
        match self {
            Self::Ask(_) => Some(EventKind::FriendRequesting),
            Self::Agree(_) => Some(EventKind::FriendAgreeing),
            Self::Remark(_) => Some(EventKind::FriendRemarking),
            Self::Import(_) => Some(EventKind::FriendsImporting),
            Self::Block(_) => Some(EventKind::UserBlocking),
            Self::Decline(_) | Self::Remove(_) | Self::Unblock(_) => None,
        }
    }

    /// Who does it, and to whom.
    fn pair(&self) -> (&UserId, Option<&UserId>) {
        match self {
            Self::Ask(one) => (&one.from, Some(&one.to)),
            Self::Agree(one) | Self::Decline(one) => (&one.to, Some(&one.from)),
            Self::Remove(one) => (&one.owner, Some(&one.friend)),
            Self::Remark(one) => (&one.owner, Some(&one.friend)),
            Self::Import(one) => (&one.owner, None),
            Self::Block(one) | Self::Unblock(one) => (&one.owner, Some(&one.blocked)),
        }
    }

    /// See [`super::Action::facets`].
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        let (from, to) = self.pair();
        Facets { from: from.as_str(), user: to.map(UserId::as_str), ..Facets::default() }
    }

    /// See [`super::Action::lane`].
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self.pair() {
            (one, Some(other)) => Lane::conversation(&ConversationId::single(one, other)),
            (one, None) => Lane::user(one),
        }
    }
}
