//! What is done to messages that were sent. Only told.

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::message::{Content, Message};
use crate::time::UnixMs;

/// A message of which something is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// Its place in the conversation.
    pub seq: Seq,
    /// Its number.
    pub message: MessageId,
    /// See [`crate::message::Message::public_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_id: Option<String>,
    /// Who had sent it.
    pub sender: UserId,
}

impl MessageRef {
    /// That of a stored message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        Self {
            seq: message.seq,
            message: message.id,
            public_id: message.public_id.clone(),
            sender: message.sender.clone(),
        }
    }

    /// The id that callers see.
    #[must_use]
    pub fn shown_id(&self) -> String {
        self.public_id.clone().unwrap_or_else(|| self.message.to_string())
    }
}

/// A message was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRevoked {
    /// Where.
    pub conversation: ConversationId,
    /// Which one.
    pub seq: Seq,
    /// Its number.
    pub message: MessageId,
    /// See [`crate::message::Message::public_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_id: Option<String>,
    /// The client's id for it.
    pub client_id: String,
    /// Who had sent it.
    pub sender: UserId,
    /// Who took it back.
    pub by: UserId,
    /// What the app says about it; empty = nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ex: String,
}

/// What a message says was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageEdited {
    /// Where.
    pub conversation: ConversationId,
    /// Which one, and who had sent it.
    pub message: MessageRef,
    /// The client's id for it.
    pub client_id: String,
    /// Who changed it; `None` = the app.
    pub by: Option<UserId>,
    /// How often it was changed, this time included; from 1 to [`crate::limits::MESSAGE_EDITS`].
    pub count: u32,
    /// When it was sent.
    pub sent_at: UnixMs,
    /// When it was changed.
    pub at: UnixMs,
    /// What it says now.
    pub content: Content,
    /// The app's own text now.
    pub ex: String,
}

/// A reaction to a message came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageReacted {
    /// Where.
    pub conversation: ConversationId,
    /// To which one, and who had sent it.
    pub message: MessageRef,
    /// Who reacts.
    pub by: UserId,
    /// With what: an emoji, or the app's name for one.
    pub reaction: String,
    /// It came; otherwise it went.
    pub added: bool,
    /// When.
    pub at: UnixMs,
    /// All reactions to the message after it, in the order in which they first came; at most
    /// [`crate::limits::MESSAGE_REACTIONS`], and the one that went with its last user is not among them.
    pub reactions: Vec<ReactionCount>,
}

/// How many have reacted to a message in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReactionCount {
    /// With what.
    pub reaction: String,
    /// How many.
    pub count: u64,
    /// Who; the first [`crate::limits::REACTION_USERS_TOLD`].
    pub users: Vec<UserId>,
}

/// Something was said in a thread, or what was said there was changed or taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadUpdated {
    /// Where it is said: the thread's own conversation.
    pub conversation: ConversationId,
    /// The thread.
    pub thread: GroupId,
    /// Its name.
    pub name: String,
    /// The group that it belongs to.
    pub parent: GroupId,
    /// The message that it is about; empty = none. As callers see it.
    pub parent_message: String,
    /// Messages that were said in it so far.
    pub message_count: u64,
    /// Who did it.
    pub by: UserId,
    /// When.
    pub at: UnixMs,
    /// The message: the one that was said or changed; `None` for one that was taken back.
    pub last: Option<ThreadMessage>,
}

/// A message of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadMessage {
    /// Its number.
    pub message: MessageId,
    /// See [`crate::message::Message::public_id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_id: Option<String>,
    /// Who sent it.
    pub sender: UserId,
    /// When.
    pub sent_at: UnixMs,
    /// What it says.
    pub content: Content,
    /// The app's own text.
    pub ex: String,
}
