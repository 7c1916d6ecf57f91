//! What can be asked about devices: where they are woken, what their icons say, what they have logged.

use crate::ids::UserId;
use crate::record::LogFile;
use crate::secret::Secret;
use crate::time::UnixMs;
use crate::user::Platform;

/// What can be asked.
#[derive(Debug, Clone)]
pub enum DeviceCommand {
    /// Remember where a push service finds the actor's device.
    SetPushToken {
        /// On which platform.
        platform: Platform,
        /// As the push service gave it.
        token: Secret,
        /// When it ends; 0 = nobody said.
        expires_at: UnixMs,
    },
    /// Forget where the actor's device of his own platform is found: he has logged out there.
    ForgetPushToken,
    /// Remember what a user's icon says. The user or an administrator.
    SetBadge {
        /// Whose.
        user: UserId,
        /// The number; 0 and up.
        unread: i32,
    },
    /// Remember logs that the actor's client has uploaded.
    AddLogs {
        /// Them; id, user, nickname and time are set by the server.
        logs: Vec<NewLog>,
    },
    /// Forget logs; unknown ids are fine. Administrators only.
    DeleteLogs {
        /// Which.
        ids: Vec<String>,
    },
    /// A page of the logs of a time, newest first. Administrators only.
    Logs {
        /// Only those whose user, name or platform holds this; empty = all.
        keyword: String,
        /// From when.
        from: UnixMs,
        /// Until when; 0 = now.
        to: UnixMs,
        /// Logs to pass over.
        skip: usize,
        /// At most so many.
        limit: usize,
    },
}

/// A log to be remembered.
#[derive(Debug, Clone)]
pub struct NewLog {
    /// See [`LogFile::platform`].
    pub platform: String,
    /// See [`LogFile::url`].
    pub url: String,
    /// See [`LogFile::name`].
    pub name: String,
    /// See [`LogFile::framework`].
    pub framework: String,
    /// See [`LogFile::version`].
    pub version: String,
    /// See [`LogFile::ex`].
    pub ex: String,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum DeviceOutcome {
    /// Logs.
    Logs {
        /// How many there are in all.
        total: usize,
        /// The page.
        logs: Vec<LogFile>,
    },
}
