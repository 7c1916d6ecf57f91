//! Where records are kept.

use crate::conversation::ConversationId;
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::user::Platform;

/// What kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// See [`super::Friend`].
    Friend,
    /// See [`super::FriendRequest`].
    FriendRequest,
    /// See [`super::GroupRequest`].
    GroupRequest,
    /// See [`super::ConversationSettings`].
    Conversation,
    /// See [`super::Mark`].
    Mark,
    /// See [`super::Reactions`].
    Reactions,
    /// See [`super::Hidden`].
    Hidden,
    /// See [`super::Favourite`].
    Favourite,
    /// See [`super::ClientSetting`].
    ClientSetting,
    /// See [`super::Receipt`].
    Receipt,
    /// See [`super::PushToken`].
    PushToken,
    /// See [`super::Badge`].
    Badge,
    /// See [`super::LogFile`].
    LogFile,
    /// See [`super::PresenceNote`].
    Presence,
    /// See [`super::Bookmark`].
    Bookmark,
    /// See [`super::AdminLogout`].
    AdminLogout,
    /// See [`super::UserDay`].
    UserDay,
    /// See [`super::GroupDay`].
    GroupDay,
    /// See [`crate::keyword::WordList`].
    WordList,
    /// See [`super::Barred`].
    Barred,
    /// See [`super::Allowed`].
    Allowed,
    /// See [`super::SharedFile`].
    SharedFile,
    /// See [`super::RoomAdmin`].
    RoomAdmin,
    /// See [`super::GroupAttribute`].
    GroupAttribute,
    /// See [`super::Thread`].
    Thread,
    /// See [`super::Attributes`].
    Attributes,
    /// See [`super::MutedUser`].
    MutedUser,
}

impl RecordKind {
    /// Whether records of this kind are requests ([`super::Record::request`]).
    #[must_use]
    pub const fn is_request(self) -> bool {
        matches!(self, Self::FriendRequest | Self::GroupRequest)
    }

    /// The number by which stores know it; never given to another kind.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Friend => 1,
            Self::FriendRequest => 2,
            Self::GroupRequest => 3,
            Self::Conversation => 4,
            Self::Mark => 5,
            Self::Reactions => 11,
            Self::Hidden => 6,
            Self::Favourite => 7,
            Self::ClientSetting => 8,
            Self::Receipt => 10,
            Self::PushToken => 20,
            Self::Badge => 21,
            Self::LogFile => 22,
            Self::Presence => 30,
            Self::Bookmark => 31,
            Self::AdminLogout => 32,
            Self::UserDay => 40,
            Self::GroupDay => 41,
            Self::WordList => 70,
            Self::Barred => 50,
            Self::Allowed => 51,
            Self::SharedFile => 52,
            Self::RoomAdmin => 53,
            Self::GroupAttribute => 54,
            Self::Thread => 55,
            Self::Attributes => 60,
            Self::MutedUser => 61,
        }
    }
}

/// Where a record is kept. Ordered by kind, owner, about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// What kind.
    pub kind: RecordKind,
    /// Under whom; user ids are folded.
    pub owner: String,
    /// About what or whom; user ids are folded, seqs have 20 digits.
    pub about: String,
}

impl RecordKey {
    fn new(kind: RecordKind, owner: impl Into<String>, about: impl Into<String>) -> Self {
        Self { kind, owner: owner.into(), about: about.into() }
    }

    /// The key of a [`super::Friend`].
    #[must_use]
    pub fn friend(owner: &UserId, friend: &UserId) -> Self {
        Self::new(RecordKind::Friend, owner.folded(), friend.folded())
    }

    /// The key of a [`super::FriendRequest`].
    #[must_use]
    pub fn friend_request(from: &UserId, to: &UserId) -> Self {
        Self::new(RecordKind::FriendRequest, to.folded(), from.folded())
    }

    /// The key of a [`super::GroupRequest`].
    #[must_use]
    pub fn group_request(group: &GroupId, user: &UserId) -> Self {
        Self::new(RecordKind::GroupRequest, group.as_str(), user.folded())
    }

    /// The key of [`super::ConversationSettings`].
    #[must_use]
    pub fn conversation(user: &UserId, conversation: &ConversationId) -> Self {
        Self::new(RecordKind::Conversation, user.folded(), conversation.to_string())
    }

    /// The key of a [`super::Mark`].
    #[must_use]
    pub fn mark(conversation: &ConversationId, seq: Seq) -> Self {
        Self::new(RecordKind::Mark, conversation.to_string(), seq_text(seq))
    }

    /// The key of [`super::Reactions`].
    #[must_use]
    pub fn reactions(conversation: &ConversationId, seq: Seq) -> Self {
        Self::new(RecordKind::Reactions, conversation.to_string(), seq_text(seq))
    }

    /// The key of a [`super::Hidden`].
    #[must_use]
    pub fn hidden(user: &UserId, conversation: &ConversationId, seq: Seq) -> Self {
        Self::new(RecordKind::Hidden, hidden_owner(user, conversation), seq_text(seq))
    }

    /// The key of a [`super::Favourite`].
    #[must_use]
    pub fn favourite(user: &UserId, kind: i32, id: &str) -> Self {
        Self::new(RecordKind::Favourite, user.folded(), format!("{kind}/{id}"))
    }

    /// The key of a [`super::PresenceNote`] of this connection; `None` = of one that an earlier version has kept, for all
    /// connections on the platform.
    #[must_use]
    pub fn presence(user: &UserId, platform: Platform, connection: Option<&str>) -> Self {
        let connection = connection.map_or_else(String::new, |id| format!(" {id}"));
        let id = format!("{} {}{connection}", user.folded(), platform.0);
        Self::new(RecordKind::Presence, ONE_OWNER, id)
    }

    /// The key of a [`super::Bookmark`].
    #[must_use]
    pub fn bookmark(reader: &str) -> Self {
        Self::new(RecordKind::Bookmark, ONE_OWNER, reader)
    }

    /// The key of a [`super::AdminLogout`].
    #[must_use]
    pub fn admin_logout(user: &UserId) -> Self {
        Self::new(RecordKind::AdminLogout, ONE_OWNER, user.folded())
    }

    /// The key of a [`super::UserDay`].
    #[must_use]
    pub fn user_day(day: i64, user: &UserId) -> Self {
        Self::new(RecordKind::UserDay, day_text(day), user.folded())
    }

    /// The key of a [`super::GroupDay`].
    #[must_use]
    pub fn group_day(day: i64, group: &GroupId) -> Self {
        Self::new(RecordKind::GroupDay, day_text(day), group.as_str())
    }

    /// The key of a [`super::Barred`].
    #[must_use]
    pub fn barred(group: &GroupId, user: &UserId) -> Self {
        Self::new(RecordKind::Barred, group.as_str(), user.folded())
    }

    /// The key of a [`super::Allowed`].
    #[must_use]
    pub fn allowed(group: &GroupId, user: &UserId) -> Self {
        Self::new(RecordKind::Allowed, group.as_str(), user.folded())
    }

    /// The key of a [`super::SharedFile`].
    #[must_use]
    pub fn shared_file(group: &GroupId, id: &str) -> Self {
        Self::new(RecordKind::SharedFile, group.as_str(), id)
    }

    /// The key of a [`super::RoomAdmin`].
    #[must_use]
    pub fn room_admin(user: &UserId) -> Self {
        Self::new(RecordKind::RoomAdmin, ONE_OWNER, user.folded())
    }

    /// The key of a [`super::GroupAttribute`].
    #[must_use]
    pub fn group_attribute(group: &GroupId, member: Option<&UserId>, key: &str) -> Self {
        Self::new(RecordKind::GroupAttribute, attribute_owner(group, member), key)
    }

    /// The key of a [`super::Thread`]: a message has at most one, and those of a group stand together. No id holds a `:`.
    #[must_use]
    pub fn thread(group: &GroupId, message: MessageId) -> Self {
        Self::new(RecordKind::Thread, ONE_OWNER, format!("{group}:{message}"))
    }

    /// The key of [`super::Attributes`].
    #[must_use]
    pub fn attributes(user: &UserId) -> Self {
        Self::new(RecordKind::Attributes, ONE_OWNER, user.folded())
    }

    /// The key of a [`super::MutedUser`].
    #[must_use]
    pub fn muted_user(user: &UserId) -> Self {
        Self::new(RecordKind::MutedUser, ONE_OWNER, user.folded())
    }

    /// The key of a [`crate::keyword::WordList`].
    #[must_use]
    pub fn word_list(name: &str) -> Self {
        Self::new(RecordKind::WordList, ONE_OWNER, name)
    }

    /// The key of a [`super::ClientSetting`].
    #[must_use]
    pub fn client_setting(user: Option<&UserId>, key: &str) -> Self {
        Self::new(RecordKind::ClientSetting, user.map(UserId::folded).unwrap_or_default(), key)
    }

    /// The key of a [`super::Receipt`].
    #[must_use]
    pub fn receipt(conversation: &ConversationId, user: &UserId) -> Self {
        Self::new(RecordKind::Receipt, conversation.to_string(), user.folded())
    }

    /// The key of a [`super::PushToken`].
    #[must_use]
    pub fn push_token(user: &UserId, platform: Platform) -> Self {
        Self::new(RecordKind::PushToken, user.folded(), format!("{:02}", platform.0))
    }

    /// The key of a [`super::Badge`].
    #[must_use]
    pub fn badge(user: &UserId) -> Self {
        Self::new(RecordKind::Badge, user.folded(), "")
    }

    /// The key of a [`super::LogFile`].
    #[must_use]
    pub fn log_file(id: &str) -> Self {
        Self::new(RecordKind::LogFile, "", id)
    }
}

/// Under whom the server keeps what it notes for itself.
pub const ONE_OWNER: &str = "server";

/// Under whom a user's [`super::Hidden`] messages of a conversation are kept.
#[must_use]
pub fn hidden_owner(user: &UserId, conversation: &ConversationId) -> String {
    format!("{} {conversation}", user.folded())
}

/// Under whom [`super::GroupAttribute`]s about a group, or about a member of it, are kept.
#[must_use]
pub fn attribute_owner(group: &GroupId, member: Option<&UserId>) -> String {
    member.map_or_else(|| group.to_string(), |user| format!("{group} {}", user.folded()))
}

/// Under which the counts of a day are kept.
#[must_use]
pub fn day_text(day: i64) -> String {
    format!("{day:08}")
}

/// A seq as texts are ordered: 20 digits.
#[must_use]
pub fn seq_text(seq: Seq) -> String {
    format!("{seq:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seqs_are_ordered_as_texts() {
        assert!(seq_text(9) < seq_text(10) && seq_text(10) < seq_text(u64::MAX));
    }
}
