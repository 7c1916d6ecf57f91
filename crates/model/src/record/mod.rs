//! Records: small things that are kept under an owner and found by owner, by what they are about, or by both.
//!
//! | kind | owner | about |
//! |---|---|---|
//! | friend | whose friend it is | the friend |
//! | friend request | who was asked | who asks |
//! | group request | the group | the applicant |
//! | conversation settings | whose view it is | the conversation |
//! | mark | the conversation | the seq |
//! | reactions | the conversation | the seq |
//! | hidden message | user and conversation | the seq |
//! | favourite | the user | type and id |
//! | client setting | the user; empty = everybody | the key |
//! | receipt | the conversation | who has read |
//! | push token | the user | the platform |
//! | badge | the user | nothing |
//! | log file | nobody | its id |
//! | presence note | one owner for all | user and platform |
//! | bookmark | one owner for all | the reader |
//! | logout of an administrator | one owner for all | the administrator |
//! | user's day | the day, eight digits | the user |
//! | group's day | the day, eight digits | the group |
//! | word list | one owner for all | its name |
//! | barred user | the group | the user |
//! | allowed member | the group | the user |
//! | shared file | the group | its id |
//! | manager of rooms | one owner for all | the user |
//! | attribute of a group | the group, or group and member | its key |
//! | attributes | one owner for all | the user |
//! | muted user | one owner for all | the user |
//!
//! Stored as JSON: fields are added, never renamed.

mod account;
mod chat;
mod counts;
mod group;
mod key;
mod notes;

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, UserId};
use crate::keyword::WordList;
use crate::time::UnixMs;
use crate::user::Platform;

pub use account::{Attributes, MutedUser};
pub use chat::{
    ConversationSettings, Edition, Fate, Hidden, Mark, Reaction, Reactions, Receipt, Revocation, Seen,
};
pub use counts::{GroupDay, UserDay};
pub use group::{Allowed, Barred, GroupAttribute, RoomAdmin, SharedFile, Thread};
pub use key::{ONE_OWNER, RecordKey, RecordKind, attribute_owner, day_text, hidden_owner, seq_text};
pub use notes::{AdminLogout, Bookmark, PresenceNote};

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
    /// Reactions to a message.
    Reactions(Reactions),
    /// A message that a user has deleted for himself.
    Hidden(Hidden),
    /// A favourite.
    Favourite(Favourite),
    /// A client setting.
    ClientSetting(ClientSetting),
    /// What a user has read.
    Receipt(Receipt),
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
    /// An administrator was logged out.
    AdminLogout(AdminLogout),
    /// What a user has said on a day.
    UserDay(UserDay),
    /// What was said in a group on a day.
    GroupDay(GroupDay),
    /// A word list of the admin API.
    WordList(WordList),
    /// A user who may not enter a group.
    Barred(Barred),
    /// A member who may speak whoever else is muted.
    Allowed(Allowed),
    /// A file in a group.
    SharedFile(SharedFile),
    /// A user who manages all rooms.
    RoomAdmin(RoomAdmin),
    /// A text of the app about a group or a member.
    GroupAttribute(GroupAttribute),
    /// A thread hangs on a message.
    Thread(Thread),
    /// What the app has noted about a user.
    Attributes(Attributes),
    /// A user is muted.
    MutedUser(MutedUser),
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
            Self::Reactions(one) => RecordKey::reactions(&one.conversation, one.seq),
            Self::Hidden(one) => RecordKey::hidden(&one.user, &one.conversation, one.seq),
            Self::Favourite(one) => RecordKey::favourite(&one.user, one.kind, &one.id),
            Self::ClientSetting(one) => RecordKey::client_setting(one.user.as_ref(), &one.key),
            Self::Receipt(one) => RecordKey::receipt(&one.conversation, &one.user),
            Self::PushToken(one) => RecordKey::push_token(&one.user, one.platform),
            Self::Badge(one) => RecordKey::badge(&one.user),
            Self::LogFile(one) => RecordKey::log_file(&one.id),
            Self::Presence(one) => one.key(),
            Self::Bookmark(one) => RecordKey::bookmark(&one.reader),
            Self::AdminLogout(one) => RecordKey::admin_logout(&one.user),
            Self::UserDay(one) => RecordKey::user_day(one.day, &one.user),
            Self::GroupDay(one) => RecordKey::group_day(one.day, &one.group),
            Self::WordList(one) => RecordKey::word_list(&one.name),
            Self::Barred(one) => RecordKey::barred(&one.group, &one.user),
            Self::Allowed(one) => RecordKey::allowed(&one.group, &one.user),
            Self::SharedFile(one) => RecordKey::shared_file(&one.group, &one.id),
            Self::RoomAdmin(one) => RecordKey::room_admin(&one.user),
            Self::GroupAttribute(one) => {
                RecordKey::group_attribute(&one.group, one.member.as_ref(), &one.key)
            }
            Self::Thread(one) => RecordKey::thread(&one.group, one.message),
            Self::Attributes(one) => RecordKey::attributes(&one.user),
            Self::MutedUser(one) => RecordKey::muted_user(&one.user),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_stored() {
        for handled in [Handled::Open, Handled::Agreed, Handled::Refused] {
            assert_eq!(serde_json::to_value(handled).unwrap(), handled.word());
        }
    }
}
