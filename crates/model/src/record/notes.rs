//! What the server notes for itself.

use serde::{Deserialize, Serialize};

use crate::ids::{LogPos, UserId};
use crate::time::UnixMs;
use crate::user::Platform;

/// After-rules were told that a user is online, and not yet that he went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceNote {
    /// Who.
    pub user: UserId,
    /// Where.
    pub platform: Platform,
    /// The connection that they were told of.
    pub connection: String,
    /// See [`crate::action::PresenceChange::at`].
    pub at: UnixMs,
}

/// An administrator was logged out: his tokens from before have ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminLogout {
    /// Who.
    pub user: UserId,
    /// When.
    pub at: UnixMs,
}

/// How far a reader of the log has come that is no rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bookmark {
    /// Its name.
    pub reader: String,
    /// Everything up to here is done.
    pub pos: LogPos,
}
