//! Messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::conversation::{ConversationId, Target};
use crate::ids::{MessageId, Seq, UserId};
use crate::time::UnixMs;
use crate::user::Platform;

/// A message, on its way or stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The server's number for it.
    pub id: MessageId,
    /// Shown instead of [`Message::id`] where a before-callback set one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_id: Option<String>,
    /// The client's id for it: the key of idempotent sending, together with sender and conversation.
    pub client_id: String,
    /// Who sent it.
    pub sender: UserId,
    /// To whom.
    pub target: Target,
    /// Its number in the conversation; 0 before the commit, and for messages that are not stored.
    #[serde(default)]
    pub seq: Seq,
    /// Device of the sender, as he said.
    pub platform: Platform,
    /// Name of the sender, as he said.
    pub nickname: String,
    /// Picture of the sender, as he said.
    pub face_url: String,
    /// True when it speaks for the system and not for a person.
    pub system: bool,
    /// What it says.
    pub content: Content,
    /// Life-cycle number that the client sent, as clients know it.
    pub status: i32,
    /// When the server took it.
    pub sent_at: UnixMs,
    /// The client's own time for it.
    pub created_at: UnixMs,
    /// The client's switches, carried as they came. What they mean is in [`Message::handling`].
    #[serde(default)]
    pub options: BTreeMap<String, bool>,
    /// What the server does with it.
    pub handling: Handling,
    /// What an offline push should show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offline_push: Option<OfflinePush>,
    /// Who is mentioned, as the client named them.
    #[serde(default)]
    pub mentions: Vec<String>,
    /// The client's own text, for clients.
    #[serde(default)]
    pub attached_info: String,
    /// The app's own text.
    #[serde(default)]
    pub ex: String,
    /// What goes first where not everything can be delivered (chat rooms).
    #[serde(default, skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// Recipients who do not find it in their history.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_from: Vec<UserId>,
}

/// Whom a message mentions, as its dialect writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Everybody but its sender.
    pub everybody: bool,
    /// These, whoever they are.
    pub users: Vec<UserId>,
}

/// What goes first where not everything can be delivered. See [`Message::is_spare`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Left out first.
    Low,
    /// Never left out.
    #[default]
    Normal,
    /// Never left out.
    High,
}

impl Priority {
    /// Whether it is the usual one.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

impl Message {
    /// Whether a device that is behind may go without it: it is said in a room, and of low priority. Who wants it all the
    /// same finds it where rooms are kept.
    #[must_use]
    pub fn is_spare(&self) -> bool {
        self.priority == Priority::Low && matches!(self.target, Target::Room(_))
    }

    /// Where it is numbered and kept.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        let chat = ConversationId::of(&self.sender, &self.target);
        if self.handling.aside { chat.aside() } else { chat }
    }
}

/// What a message says, in the form in which it came. Only the dialect of that form looks inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Which dialect's form `raw` has, by the dialect's own short name.
    pub form: String,
    /// What kind of thing it is, in nobody's dialect.
    pub class: ContentClass,
    /// The form's own number for the kind.
    pub code: i32,
    /// The content itself, opaque UTF-8, given back byte for byte.
    pub raw: String,
}

/// Kinds of content that rules and the server itself distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentClass {
    /// Plain text.
    Text,
    /// A picture.
    Image,
    /// Recorded speech.
    Voice,
    /// A film.
    Video,
    /// A file.
    File,
    /// A place.
    Location,
    /// The app's own kind.
    Custom,
    /// Several messages forwarded as one.
    Combined,
    /// Orders to clients, not shown.
    Command,
    /// "Is typing". Never stored, never called back.
    Typing,
    /// Made by the server about a change.
    Notification,
    /// Anything else.
    Other,
}

/// What the server does with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "five independent switches of the wire, not a state")]
pub struct Handling {
    /// Keep it in the history (it gets a seq).
    pub store: bool,
    /// Push it to the sender's own devices too.
    pub sync_sender: bool,
    /// Count it as unread.
    pub unread: bool,
    /// Wake offline devices.
    pub offline_push: bool,
    /// It is not said in the chat but beside it: clients act on it and show nothing. See
    /// [`ConversationId::aside`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub aside: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Default for Handling {
    fn default() -> Self {
        Self { store: true, sync_sender: true, unread: true, offline_push: true, aside: false }
    }
}

/// What an offline push shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfflinePush {
    /// First line.
    pub title: String,
    /// Second line.
    pub desc: String,
    /// The app's own text.
    pub ex: String,
    /// Sound on Apple devices.
    pub ios_sound: String,
    /// Whether Apple devices count the badge up.
    pub ios_badge: bool,
    /// Text for a call invitation.
    pub signal_info: String,
}

/// Where a command came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A user's device.
    Client,
    /// The app's backend.
    Rest,
}
