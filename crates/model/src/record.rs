//! Records: small things that are kept under an owner and found by owner, by what they are about, or by both.
//!
//! | kind | owner | about |
//! |---|---|---|
//! | friend | whose friend it is | the friend |
//! | friend request | who was asked | who asks |
//! | group request | the group | the applicant |
//! | conversation settings | whose view it is | the conversation |
//! | mark | the conversation | the seq |
//! | hidden message | user and conversation | the seq |
//! | favourite | the user | type and id |
//! | client setting | the user; empty = everybody | the key |
//!
//! Stored as JSON: fields are added, never renamed.

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::ids::{GroupId, Seq, UserId};
use crate::message::Message;
use crate::time::UnixMs;

/// What kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// See [`Friend`].
    Friend,
    /// See [`FriendRequest`].
    FriendRequest,
    /// See [`GroupRequest`].
    GroupRequest,
    /// See [`ConversationSettings`].
    Conversation,
    /// See [`Mark`].
    Mark,
    /// See [`Hidden`].
    Hidden,
    /// See [`Favourite`].
    Favourite,
    /// See [`ClientSetting`].
    ClientSetting,
}

impl RecordKind {
    /// Whether records of this kind are requests ([`Record::request`]).
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
            Self::Hidden => 6,
            Self::Favourite => 7,
            Self::ClientSetting => 8,
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

    /// The key of a [`Friend`].
    #[must_use]
    pub fn friend(owner: &UserId, friend: &UserId) -> Self {
        Self::new(RecordKind::Friend, owner.folded(), friend.folded())
    }

    /// The key of a [`FriendRequest`].
    #[must_use]
    pub fn friend_request(from: &UserId, to: &UserId) -> Self {
        Self::new(RecordKind::FriendRequest, to.folded(), from.folded())
    }

    /// The key of a [`GroupRequest`].
    #[must_use]
    pub fn group_request(group: &GroupId, user: &UserId) -> Self {
        Self::new(RecordKind::GroupRequest, group.as_str(), user.folded())
    }

    /// The key of [`ConversationSettings`].
    #[must_use]
    pub fn conversation(user: &UserId, conversation: &ConversationId) -> Self {
        Self::new(RecordKind::Conversation, user.folded(), conversation.to_string())
    }

    /// The key of a [`Mark`].
    #[must_use]
    pub fn mark(conversation: &ConversationId, seq: Seq) -> Self {
        Self::new(RecordKind::Mark, conversation.to_string(), seq_text(seq))
    }

    /// The key of a [`Hidden`].
    #[must_use]
    pub fn hidden(user: &UserId, conversation: &ConversationId, seq: Seq) -> Self {
        Self::new(RecordKind::Hidden, hidden_owner(user, conversation), seq_text(seq))
    }

    /// The key of a [`Favourite`].
    #[must_use]
    pub fn favourite(user: &UserId, kind: i32, id: &str) -> Self {
        Self::new(RecordKind::Favourite, user.folded(), format!("{kind}/{id}"))
    }

    /// The key of a [`ClientSetting`].
    #[must_use]
    pub fn client_setting(user: Option<&UserId>, key: &str) -> Self {
        Self::new(RecordKind::ClientSetting, user.map(UserId::folded).unwrap_or_default(), key)
    }
}

/// Under whom a user's [`Hidden`] messages of a conversation are kept.
#[must_use]
pub fn hidden_owner(user: &UserId, conversation: &ConversationId) -> String {
    format!("{} {conversation}", user.folded())
}

/// A seq as texts are ordered: 20 digits.
#[must_use]
pub fn seq_text(seq: Seq) -> String {
    format!("{seq:020}")
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// A friend.
    Friend(Friend),
    /// A request for friendship.
    FriendRequest(FriendRequest),
    /// A request to be let into a group.
    GroupRequest(GroupRequest),
    /// Settings of a conversation.
    Conversation(ConversationSettings),
    /// What became of a message.
    Mark(Mark),
    /// A message that a user has deleted for himself.
    Hidden(Hidden),
    /// A favourite.
    Favourite(Favourite),
    /// A client setting.
    ClientSetting(ClientSetting),
}

impl Record {
    /// How a request ended, and when it was asked last; `None` for other kinds.
    #[must_use]
    pub const fn request(&self) -> Option<(Handled, UnixMs)> {
        match self {
            Self::FriendRequest(one) => Some((one.handled, one.at)),
            Self::GroupRequest(one) => Some((one.handled, one.at)),
            _ => None,
        }
    }

    /// Where it is kept.
    #[must_use]
    pub fn key(&self) -> RecordKey {
        match self {
            Self::Friend(one) => RecordKey::friend(&one.owner, &one.friend),
            Self::FriendRequest(one) => RecordKey::friend_request(&one.from, &one.to),
            Self::GroupRequest(one) => RecordKey::group_request(&one.group, &one.user),
            Self::Conversation(one) => RecordKey::conversation(&one.user, &one.conversation),
            Self::Mark(one) => RecordKey::mark(&one.conversation, one.seq),
            Self::Hidden(one) => RecordKey::hidden(&one.user, &one.conversation, one.seq),
            Self::Favourite(one) => RecordKey::favourite(&one.user, one.kind, &one.id),
            Self::ClientSetting(one) => RecordKey::client_setting(one.user.as_ref(), &one.key),
        }
    }
}

/// `friend` stands in the list of `owner`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Friend {
    /// Whose list it is.
    pub owner: UserId,
    /// Who is in it.
    pub friend: UserId,
    /// The owner's name for him.
    pub remark: String,
    /// Since when.
    pub since: UnixMs,
    /// 1 imported by an administrator, 2 by request. Source: callback sheet 5.5.
    pub source: i32,
    /// Who acted.
    pub operator: UserId,
    /// The app's own text.
    pub ex: String,
    /// The owner wants him at the top.
    pub pinned: bool,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handled {
    /// Not yet.
    Open,
    /// With a yes.
    Agreed,
    /// With a no.
    Refused,
}

impl Handled {
    /// Its word, as it is stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Agreed => "agreed",
            Self::Refused => "refused",
        }
    }
}

/// `from` wants to be a friend of `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FriendRequest {
    /// Who asks.
    pub from: UserId,
    /// Who is asked.
    pub to: UserId,
    /// His words.
    pub message: String,
    /// When he asked last.
    pub at: UnixMs,
    /// How it ended.
    pub handled: Handled,
    /// Who ended it; empty = nobody yet.
    pub handler: String,
    /// His words.
    pub answer: String,
    /// When it ended; 0 = not yet.
    pub handled_at: UnixMs,
    /// The app's own text.
    pub ex: String,
}

/// `user` wants to be let into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRequest {
    /// The group.
    pub group: GroupId,
    /// Who is to enter.
    pub user: UserId,
    /// Words for those who decide.
    pub message: String,
    /// When it was asked last.
    pub at: UnixMs,
    /// How it ended.
    pub handled: Handled,
    /// Who ended it; empty = nobody yet.
    pub handler: String,
    /// His words.
    pub answer: String,
    /// When it ended; 0 = not yet.
    pub handled_at: UnixMs,
    /// How he came: see [`crate::group::Member::join_source`].
    pub source: i32,
    /// Who invited him; empty = nobody.
    pub inviter: String,
    /// The app's own text.
    pub ex: String,
}

/// What a user has set for one conversation of his. None kept = all at their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationSettings {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub conversation: ConversationId,
    /// 0 receive, 1 do not receive, 2 receive without notifying.
    #[serde(default)]
    pub receive_option: i32,
    /// At the top.
    #[serde(default)]
    pub pinned: bool,
    /// Messages burn after reading.
    #[serde(default)]
    pub private: bool,
    /// After how many seconds they burn; 0 = the client's default.
    #[serde(default)]
    pub burn_s: i32,
    /// Who was mentioned: 0 nobody, 1 the user, 2 everybody, 3 both, 4 an announcement.
    #[serde(default)]
    pub mention: i32,
    /// The client's own text.
    #[serde(default)]
    pub attached_info: String,
    /// The app's own text.
    #[serde(default)]
    pub ex: String,
    /// Messages are to go after a while.
    #[serde(default)]
    pub expires: bool,
    /// After how many seconds.
    #[serde(default)]
    pub expire_s: i64,
    /// When they went last.
    #[serde(default)]
    pub expired_at: UnixMs,
    /// Deleted from the user's list when this was the newest seq; a newer message brings it back.
    #[serde(default)]
    pub deleted_at_seq: Option<Seq>,
}

impl ConversationSettings {
    /// All at their defaults.
    #[must_use]
    pub fn new(user: UserId, conversation: ConversationId) -> Self {
        Self {
            user,
            conversation,
            receive_option: 0,
            pinned: false,
            private: false,
            burn_s: 0,
            mention: 0,
            attached_info: String::new(),
            ex: String::new(),
            expires: false,
            expire_s: 0,
            expired_at: UnixMs(0),
            deleted_at_seq: None,
        }
    }
}

/// What became of a stored message, for everybody. What the log says of it stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Where it was said.
    pub conversation: ConversationId,
    /// Which one.
    pub seq: Seq,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It was taken back.
    Revoked(Revocation),
    /// It was deleted for everybody.
    Deleted,
}

/// Who took a message back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Who.
    pub by: UserId,
    /// His role in the group; `None` in single chats and for administrators who are not in it.
    pub role: Option<crate::group::Role>,
    /// His name.
    pub nickname: String,
    /// When.
    pub at: UnixMs,
    /// He did it as an administrator of the app.
    pub as_admin: bool,
}

/// A message that one user has deleted for himself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hidden {
    /// Who.
    pub user: UserId,
    /// Where.
    pub conversation: ConversationId,
    /// Which one.
    pub seq: Seq,
}

/// A small thing that a user keeps for himself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Favourite {
    /// Whose.
    pub user: UserId,
    /// The app's own number of its kind; not 0.
    pub kind: i32,
    /// Its id among those of the kind.
    pub id: String,
    /// When it was kept first.
    pub at: UnixMs,
    /// What it says.
    pub value: String,
    /// The app's own text.
    pub ex: String,
}

/// A key and a value for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSetting {
    /// For whom; `None` = everybody.
    pub user: Option<UserId>,
    /// Its name.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// A message and what became of it, as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// As it was sent.
    pub message: std::sync::Arc<Message>,
    /// What became of it.
    pub fate: Option<Fate>,
    /// The user has deleted it for himself.
    pub hidden: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seqs_are_ordered_as_texts() {
        assert!(seq_text(9) < seq_text(10) && seq_text(10) < seq_text(u64::MAX));
    }

    #[test]
    fn words_are_what_is_stored() {
        for handled in [Handled::Open, Handled::Agreed, Handled::Refused] {
            assert_eq!(serde_json::to_value(handled).unwrap(), handled.word());
        }
    }
}
