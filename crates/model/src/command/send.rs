//! A message as a caller wants it sent, and what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::conversation::Target;
use crate::ids::{MessageId, UserId};
use crate::message::{Content, Handling, Message, OfflinePush, Priority};
use crate::time::UnixMs;
use crate::user::Platform;

/// A message to be sent: what the caller supplies.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The client's id; `None` = the server makes one (REST).
    pub client_id: Option<String>,
    /// In whose name.
    pub sender: UserId,
    /// To whom.
    pub target: Target,
    /// Device of the sender, as he says.
    pub platform: Platform,
    /// Name of the sender, as he says.
    pub nickname: String,
    /// Picture of the sender, as he says.
    pub face_url: String,
    /// Speaks for the system.
    pub system: bool,
    /// What it says.
    pub content: Content,
    /// Life-cycle number that the client sent.
    pub status: i32,
    /// When it is to count as sent; `None` = now.
    pub sent_at: Option<UnixMs>,
    /// The client's own time for it; `None` = now.
    pub created_at: Option<UnixMs>,
    /// The client's switches.
    pub options: BTreeMap<String, bool>,
    /// What the server does with it.
    pub handling: Handling,
    /// What an offline push shows.
    pub offline_push: Option<OfflinePush>,
    /// Who is mentioned.
    pub mentions: Vec<String>,
    /// The client's own text, for clients.
    pub attached_info: String,
    /// The app's own text.
    pub ex: String,
    /// True when nobody named in it has to exist, or to be a member: dialects that promise not to look. What is known
    /// (blocks, mutes, dismissal) counts all the same. Administrators only.
    pub strangers: bool,
    /// See [`Message::priority`].
    pub priority: Priority,
    /// See [`Message::hidden_from`].
    pub hidden_from: Vec<UserId>,
}

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct Sent {
    /// As it is stored.
    pub message: Arc<Message>,
    /// As it was before before-callbacks changed it; `None` = they did not.
    pub before: Option<Box<Message>>,
}

impl Sent {
    /// The server's number for it.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.message.id
    }
}
