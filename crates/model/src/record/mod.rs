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
//! | push token | the user | the platform |
//! | badge | the user | nothing |
//! | log file | nobody | its id |
//! | presence note | one owner for all | user and platform |
//! | bookmark | one owner for all | the reader |
//!
//! Stored as JSON: fields are added, never renamed.

mod key;
mod notes;

use serde::{Deserialize, Serialize};

pub use notes::{Bookmark, PresenceNote};

use crate::conversation::ConversationId;
use crate::ids::{GroupId, Seq, UserId};
use crate::message::Message;
use crate::time::UnixMs;
use crate::user::Platform;

pub use key::{ONE_OWNER, RecordKey, RecordKind, hidden_owner, seq_text};

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
    /// Where a device is woken.
    PushToken(PushToken),
    /// What an app's icon says.
    Badge(Badge),
    /// A client's log.
    LogFile(LogFile),
    /// Somebody is online.
    Presence(PresenceNote),
    /// How far a reader of the log has come.
    Bookmark(Bookmark),
}

impl Record {
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
            Self::PushToken(one) => RecordKey::push_token(&one.user, one.platform),
            Self::Badge(one) => RecordKey::badge(&one.user),
            Self::LogFile(one) => RecordKey::log_file(&one.id),
            Self::Presence(one) => RecordKey::presence(&one.user, one.platform),
            Self::Bookmark(one) => RecordKey::bookmark(&one.reader),
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

/// Where a push service finds a device of a user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushToken {
    /// Whose.
    pub user: UserId,
    /// On which platform.
    pub platform: Platform,
    /// As the push service gave it to the device. Never printed.
    pub token: String,
    /// When it ends; 0 = nobody said.
    pub expires_at: UnixMs,
}

impl std::fmt::Debug for PushToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushToken")
            .field("user", &self.user)
            .field("platform", &self.platform)
            .finish_non_exhaustive()
    }
}

/// The number that an app's icon shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badge {
    /// Whose app.
    pub user: UserId,
    /// Unread messages, as the client counted them.
    pub unread: i32,
}

/// A log that a client has uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFile {
    /// Its id; ids grow with time.
    pub id: String,
    /// Whose client.
    pub user: UserId,
    /// His name at that time.
    pub nickname: String,
    /// On which system, in the client's words.
    pub platform: String,
    /// Where it lies.
    pub url: String,
    /// What it is called.
    pub name: String,
    /// The client's framework.
    pub framework: String,
    /// The client's version.
    pub version: String,
    /// The app's own text.
    pub ex: String,
    /// When it was uploaded.
    pub at: UnixMs,
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
