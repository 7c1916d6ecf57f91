//! What became of waking sleeping devices for a message.

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::ids::UserId;
use crate::user::Platform;

use super::message::MessageRef;

/// Whether the devices of users who were offline were woken for a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushEnded {
    /// Where it was said.
    pub conversation: ConversationId,
    /// Which one, and who had sent it.
    pub message: MessageRef,
    /// Each of those users, at most [`crate::limits::WAKE_USERS`]; of more there are further events.
    pub results: Vec<PushResult>,
}

/// What became of it for one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushResult {
    /// Whose devices.
    pub user: UserId,
    /// What became of it.
    pub outcome: PushOutcome,
    /// The classes of the devices that push services were told of, each once; empty where nobody has said how they find
    /// them, or nothing was handed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<Platform>,
}

/// Whether a user's devices were woken, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushOutcome {
    /// Whoever talks to the makers of the devices has taken it.
    Taken,
    /// Nobody does: none is set up.
    NoProvider,
    /// The message is to wake nobody, or a rule has said so.
    Silent,
    /// He does not want to be woken, or not for this conversation.
    Unwilling,
    /// There is no such user any more.
    Unknown,
    /// The message was too old when its turn came.
    TooOld,
    /// It was handed over again and again, and never taken.
    NotTaken,
}

impl PushOutcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Taken,
        Self::NoProvider,
        Self::Silent,
        Self::Unwilling,
        Self::Unknown,
        Self::TooOld,
        Self::NotTaken,
    ];
}
