//! Conversations: where messages are numbered, ordered and kept.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, Seq, UserId};
use crate::time::UnixMs;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// To one user.
    User(UserId),
    /// To everybody in a group.
    Group(GroupId),
    /// To everybody who is in a chat room now. Rooms and groups share their ids.
    Room(GroupId),
    /// From a notification account to one user.
    Notice(UserId),
}

impl Target {
    /// The group or room; `None` for users.
    #[must_use]
    pub const fn group(&self) -> Option<&GroupId> {
        match self {
            Self::Group(group) | Self::Room(group) => Some(group),
            Self::User(_) | Self::Notice(_) => None,
        }
    }
}

/// A conversation. Both sides of a single chat share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ConversationId {
    /// Two users; the bytewise smaller id first.
    Single(UserId, UserId),
    /// A group or a chat room.
    Group(GroupId),
    /// A notification account and a user; the bytewise smaller id first.
    Notice(UserId, UserId),
    /// What the server tells two users about their chat; the bytewise smaller id first. One user twice: what it tells
    /// him about himself.
    AsideSingle(UserId, UserId),
    /// What the server tells members about their group.
    AsideGroup(GroupId),
}

impl ConversationId {
    /// The single chat of two users, in whichever order they are named.
    #[must_use]
    pub fn single(one: &UserId, other: &UserId) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self::Single(low.clone(), high.clone())
    }

    /// The conversation of a message from `sender` to `target`.
    #[must_use]
    pub fn of(sender: &UserId, target: &Target) -> Self {
        match target {
            Target::User(user) => Self::single(sender, user),
            Target::Group(group) | Target::Room(group) => Self::Group(group.clone()),
            Target::Notice(user) => {
                let (low, high) = if sender <= user { (sender, user) } else { (user, sender) };
                Self::Notice(low.clone(), high.clone())
            }
        }
    }

    /// The other user of a single or notice conversation; `None` for groups.
    #[must_use]
    pub fn peer_of(&self, user: &UserId) -> Option<&UserId> {
        match self {
            Self::Single(low, high) | Self::Notice(low, high) | Self::AsideSingle(low, high) => {
                Some(if low == user { high } else { low })
            }
            Self::Group(_) | Self::AsideGroup(_) => None,
        }
    }

    /// The two users; `None` for groups.
    #[must_use]
    pub const fn peers(&self) -> Option<(&UserId, &UserId)> {
        match self {
            Self::Single(low, high) | Self::Notice(low, high) | Self::AsideSingle(low, high) => {
                Some((low, high))
            }
            Self::Group(_) | Self::AsideGroup(_) => None,
        }
    }

    /// Whether this user, in any letter case, is the one of two that is named first.
    #[must_use]
    pub fn names_first(&self, user: &UserId) -> bool {
        match self {
            Self::Single(low, _) | Self::Notice(low, _) | Self::AsideSingle(low, _) => {
                low == user || low.folded() == user.folded()
            }
            Self::Group(_) | Self::AsideGroup(_) => false,
        }
    }

    /// The group; `None` where there is none.
    #[must_use]
    pub const fn group(&self) -> Option<&GroupId> {
        match self {
            Self::Group(group) | Self::AsideGroup(group) => Some(group),
            Self::Single(..) | Self::Notice(..) | Self::AsideSingle(..) => None,
        }
    }

    /// The stream of what the server tells about this conversation, numbered by itself.
    #[must_use]
    pub fn aside(&self) -> Self {
        match self {
            Self::Single(low, high) | Self::Notice(low, high) | Self::AsideSingle(low, high) => {
                Self::AsideSingle(low.clone(), high.clone())
            }
            Self::Group(group) | Self::AsideGroup(group) => Self::AsideGroup(group.clone()),
        }
    }

    /// The chats beside which this stream may stand; none where it is no such stream, or one user's own.
    #[must_use]
    pub fn beside(&self) -> Vec<Self> {
        match self {
            Self::AsideSingle(low, high) if low != high => {
                let (low, high) = (|| low.clone(), || high.clone());
                vec![Self::Single(low(), high()), Self::Notice(low(), high())]
            }
            Self::AsideGroup(group) => vec![Self::Group(group.clone())],
            _ => Vec::new(),
        }
    }

    /// Whether it is such a stream.
    #[must_use]
    pub const fn is_aside(&self) -> bool {
        matches!(self, Self::AsideSingle(..) | Self::AsideGroup(_))
    }

    /// Reads a key that [`fmt::Display`] wrote; `None` for any other text.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (kind, rest) = key.split_once(':')?;
        let pair = |rest: &str| {
            let (low, high) = rest.split_once(':')?;
            let (low, high) = (UserId::parse(low).ok()?, UserId::parse(high).ok()?);
            (low <= high).then_some((low, high))
        };
        match kind {
            "u" => pair(rest).map(|(low, high)| Self::Single(low, high)),
            "s" => pair(rest).map(|(low, high)| Self::Notice(low, high)),
            "au" => pair(rest).map(|(low, high)| Self::AsideSingle(low, high)),
            "g" => GroupId::parse(rest).ok().map(Self::Group),
            "ag" => GroupId::parse(rest).ok().map(Self::AsideGroup),
            _ => None,
        }
    }
}

/// The key: `u:<low>:<high>`, `g:<group>`, `s:<low>:<high>`, `au:<low>:<high>` or `ag:<group>`. Unambiguous, because
/// ids hold no `:`.
impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(low, high) => write!(f, "u:{low}:{high}"),
            Self::Group(group) => write!(f, "g:{group}"),
            Self::Notice(low, high) => write!(f, "s:{low}:{high}"),
            Self::AsideSingle(low, high) => write!(f, "au:{low}:{high}"),
            Self::AsideGroup(group) => write!(f, "ag:{group}"),
        }
    }
}

impl TryFrom<String> for ConversationId {
    type Error = String;
    fn try_from(key: String) -> Result<Self, String> {
        Self::parse(&key).ok_or_else(|| format!("{key:?} is not a conversation key"))
    }
}

impl From<ConversationId> for String {
    fn from(id: ConversationId) -> Self {
        id.to_string()
    }
}

/// One user's view of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationState {
    /// Which one.
    pub conversation: ConversationId,
    /// Seq of the newest message that he may see; 0 = none yet.
    pub max_seq: Seq,
    /// He has read up to here.
    pub read_seq: Seq,
    /// Seq of the oldest message that he may see; 0 and 1 mean: from the start.
    pub min_seq: Seq,
    /// When the newest message was stored; 0 = none yet.
    pub newest_at: UnixMs,
    /// He has left: he sees nothing newer.
    pub ended: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    #[test]
    fn keys_round_trip_and_do_not_collide() {
        let one = ConversationId::single(&user("a_b"), &user("c"));
        let other = ConversationId::single(&user("a"), &user("b_c"));
        assert_ne!(one.to_string(), other.to_string());
        let group = ConversationId::Group(GroupId::parse("g1").unwrap());
        for id in [one.aside(), group.aside(), one, other, group] {
            assert_eq!(ConversationId::parse(&id.to_string()), Some(id));
        }
        assert_eq!(ConversationId::parse("u:b:a"), None, "unsorted pairs are not keys");
    }

    #[test]
    fn both_sides_share_one_conversation() {
        let there = ConversationId::of(&user("bob"), &Target::User(user("alice")));
        let back = ConversationId::of(&user("alice"), &Target::User(user("bob")));
        assert_eq!(there, back);
        assert_eq!(there.peer_of(&user("bob")), Some(&user("alice")));
    }
}
