//! Records about conversations, and about messages that were sent.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::ids::{MessageId, Seq, UserId};
use crate::limits;
use crate::message::{Content, Message};
use crate::time::UnixMs;

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
    /// It says something else now.
    Edited(Edition),
}

/// What a message says since it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Who changed it; `None` = the app.
    pub by: Option<UserId>,
    /// How often it was changed; from 1 to [`limits::MESSAGE_EDITS`].
    pub count: u32,
    /// When it was changed last.
    pub at: UnixMs,
    /// What it says now.
    pub content: Content,
    /// The app's own text now.
    pub ex: String,
}

impl Edition {
    /// The message as it is now.
    #[must_use]
    pub fn of(&self, message: &Message) -> Message {
        Message { content: self.content.clone(), ex: self.ex.clone(), ..message.clone() }
    }
}

/// Reactions to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reactions {
    /// Where it was said.
    pub conversation: ConversationId,
    /// Which one.
    pub seq: Seq,
    /// Those that somebody has, in the order in which they first came; at most [`limits::MESSAGE_REACTIONS`].
    pub reactions: Vec<Reaction>,
}

/// One way in which users have reacted to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// What it is known by; taken from the same row as messages' numbers.
    pub number: MessageId,
    /// An emoji, or the app's name for one.
    pub reaction: String,
    /// Who, in the order in which they came; from 1 to [`limits::REACTION_USERS`].
    pub users: Vec<UserId>,
    /// When the first one came.
    pub created_at: UnixMs,
    /// When somebody came or went last.
    pub updated_at: UnixMs,
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

/// What one side of a single chat has read of what the other one has sent. More than his position tells: that also
/// moves when he sends something himself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Who has read.
    pub user: UserId,
    /// Where.
    pub conversation: ConversationId,
    /// Everything up to here.
    pub up_to: Seq,
    /// And these, ascending.
    pub beyond: BTreeSet<Seq>,
}

impl Receipt {
    /// Nothing read yet.
    #[must_use]
    pub fn new(user: UserId, conversation: ConversationId) -> Self {
        Self { user, conversation, up_to: 0, beyond: BTreeSet::new() }
    }

    /// Whether this message was read.
    #[must_use]
    pub fn covers(&self, seq: Seq) -> bool {
        seq <= self.up_to || self.beyond.contains(&seq)
    }

    /// Adds these messages, and everything up to a seq. Of more than [`crate::limits::LIST_ITEMS`] single ones, the
    /// oldest count as "everything up to".
    pub fn add(&mut self, up_to: Seq, seqs: &[Seq]) {
        self.up_to = self.up_to.max(up_to);
        self.beyond.extend(seqs);
        while self.beyond.len() > limits::LIST_ITEMS
            || self.beyond.first().is_some_and(|first| *first <= self.up_to + 1)
        {
            self.up_to = self.up_to.max(self.beyond.pop_first().unwrap_or(0));
        }
    }
}

/// A message and what became of it, as one user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// It, with what it says now.
    pub message: Arc<Message>,
    /// What became of it.
    pub fate: Option<Fate>,
    /// The user has deleted it for himself.
    pub hidden: bool,
    /// Its recipient has read it; single chats only.
    pub read: bool,
}

impl Seen {
    /// Whether the user still finds what it says, or that it was taken back.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.hidden && self.fate != Some(Fate::Deleted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_stay_small() {
        let user = UserId::parse("bob").unwrap();
        let chat = ConversationId::single(&user, &UserId::parse("alice").unwrap());
        let mut receipt = Receipt::new(user, chat);
        receipt.add(0, &[5, 3]);
        assert_eq!((receipt.up_to, receipt.covers(3), receipt.covers(4)), (0, true, false));
        receipt.add(2, &[]);
        assert_eq!((receipt.up_to, receipt.beyond.len()), (3, 1), "3 follows 2, 5 does not follow 3");
        receipt.add(3, &[4]);
        assert_eq!((receipt.up_to, receipt.beyond.len()), (5, 0));
        receipt.add(1, &(0..1500).map(|number| 10 + 2 * number).collect::<Vec<Seq>>());
        assert_eq!(receipt.beyond.len(), limits::LIST_ITEMS);
        assert!(receipt.covers(10 + 2 * 1499) && receipt.covers(11) && !receipt.covers(10 + 2 * 1499 - 1));
    }
}
