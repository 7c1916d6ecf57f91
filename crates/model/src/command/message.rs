//! What an app's backend asks about messages that were sent. Administrators only.

use crate::action::MessageRef;
use crate::conversation::{ConversationId, Target};
use crate::failure::Failure;
use crate::ids::UserId;
use crate::message::Content;
use crate::record::Reaction;
use crate::time::UnixMs;

/// What can be asked. Messages are named by the ids that callers see.
#[derive(Debug, Clone)]
pub enum MessageCommand {
    /// Take messages back, at most [`crate::limits::RECALLS`].
    Recall(Vec<Recall>),
    /// Change what a message says.
    Edit(Box<MessageEdit>),
    /// React to a message, or take a reaction back.
    React(ReactionOrder),
    /// Reactions to messages.
    Reactions {
        /// Who asks: a participant.
        user: UserId,
        /// To which, at most [`crate::limits::REACTED_MESSAGES`].
        messages: Vec<String>,
    },
    /// An address for the messages of an hour, as the log has them.
    Export {
        /// The beginning of the hour: minutes since 1970-01-01T00:00 on the clocks of the app's zone.
        local_min: i64,
        /// That zone where the settings name none: minutes east of UTC.
        zone_min: i32,
    },
}

/// Where exported messages are served: what follows is a name for the file.
pub const EXPORT_PATH: &str = "/history/";

/// A message that is to be taken back.
#[derive(Debug, Clone)]
pub struct Recall {
    /// Which one.
    pub message: String,
    /// Who takes it back. In single chats one of the two.
    pub by: UserId,
    /// In which chat: the group or room, or the other one of two.
    pub target: Target,
    /// However long ago it was sent.
    pub force: bool,
    /// What the app says about it; empty = nothing.
    pub ex: String,
}

/// What a message is to say.
#[derive(Debug, Clone)]
pub struct MessageEdit {
    /// Which one.
    pub message: String,
    /// Who changes it: its sender, or who stands above him in its group; `None` = the app.
    pub by: Option<UserId>,
    /// What it says; of the same class as before.
    pub content: Content,
    /// The app's own text, a JSON object; `None` = it stays.
    pub ex: Option<String>,
    /// Members of the old one stay that the new one does not have.
    pub merge: bool,
}

/// A reaction that comes or goes.
#[derive(Debug, Clone)]
pub struct ReactionOrder {
    /// Whose: a participant's.
    pub user: UserId,
    /// To which message.
    pub message: String,
    /// 1..=[`crate::limits::REACTION_CHARS`] characters.
    pub reaction: String,
    /// It comes; otherwise it goes.
    pub added: bool,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum MessageOutcome {
    /// What became of each order to take a message back, in their order.
    Recalled(Vec<Result<(), Failure>>),
    /// What a message says was changed.
    Edited,
    /// A reaction came, or went.
    Reacted {
        /// Where.
        conversation: ConversationId,
        /// To which message.
        message: MessageRef,
        /// The reaction as it is now; of one that went with its last user, as it was.
        reaction: Reaction,
    },
    /// Reactions to messages, in the order asked for; messages that are not there, or that the user has no part in, are
    /// left out.
    Reactions(Vec<(MessageRef, Vec<Reaction>)>),
    /// Messages may be fetched.
    Exported {
        /// What opens them: stands in a URL as it is.
        ticket: String,
        /// Until when.
        expires_at: UnixMs,
    },
}
