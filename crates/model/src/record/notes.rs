//! What the server notes for itself.

use serde::{Deserialize, Serialize};

use super::RecordKey;
use crate::ids::{LogPos, UserId};
use crate::time::UnixMs;
use crate::user::{DeviceSeen, Platform};

/// A user has a connection of which after-rules were told, and not yet that it went.
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
    /// Its device.
    #[serde(default)]
    pub device: DeviceSeen,
    /// It is kept for this connection alone; notes of earlier versions were kept for all on a platform.
    #[serde(default)]
    pub by_connection: bool,
}

impl PresenceNote {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> RecordKey {
        let connection = self.by_connection.then_some(&*self.connection);
        RecordKey::presence(&self.user, self.platform, connection)
    }
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
