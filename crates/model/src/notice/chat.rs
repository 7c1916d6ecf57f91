//! What devices are told about conversations and messages that were sent.

use serde::{Deserialize, Serialize};

use crate::conversation::ConversationId;
use crate::ids::{Seq, UserId};
use crate::time::UnixMs;

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatNotice {
    /// A user has read messages.
    Read {
        /// Who.
        user: UserId,
        /// Where.
        conversation: ConversationId,
        /// Which; empty = as his position says.
        seqs: Vec<Seq>,
        /// How far he has read now.
        read_seq: Seq,
    },
    /// A message was taken back.
    Revoked {
        /// Where.
        conversation: ConversationId,
        /// Which one.
        seq: Seq,
        /// The client's id for it.
        client_id: String,
        /// Who took it back.
        by: UserId,
        /// When.
        at: UnixMs,
        /// He did it as an administrator of the app.
        as_admin: bool,
    },
    /// Messages were deleted.
    Deleted {
        /// Who did it.
        user: UserId,
        /// Where.
        conversation: ConversationId,
        /// Which.
        seqs: Vec<Seq>,
    },
    /// Everything that was said so far is gone.
    Cleared {
        /// Who did it.
        user: UserId,
        /// Where.
        conversations: Vec<ConversationId>,
    },
    /// A user's settings of conversations are others now.
    Configured {
        /// Whose.
        user: UserId,
        /// Which.
        conversations: Vec<ConversationId>,
    },
    /// Messages of a chat burn after reading from now on, or do not any more.
    Private {
        /// Who set it.
        by: UserId,
        /// His peer.
        to: UserId,
        /// Which chat.
        conversation: ConversationId,
        /// They burn.
        private: bool,
    },
}
