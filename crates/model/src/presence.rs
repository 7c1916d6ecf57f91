//! Who is connected: what the table of connections sees, and who is told of it.

use std::sync::Arc;

use crate::ids::UserId;
use crate::user::{DeviceSeen, Platform};

/// A change among the connections of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// What was seen.
    pub sight: Sight,
    /// Whose connection, by the id that he was registered with.
    pub user: UserId,
    /// On which class of device.
    pub platform: Platform,
    /// The connection's id.
    pub connection: String,
    /// The client was in the background.
    pub background: bool,
    /// Of one that is gone: it was cut, and that was seen already.
    pub cut: bool,
    /// Its device.
    pub device: DeviceSeen,
    /// The caller's id for the call by which it was made.
    pub operation_id: Arc<str>,
}

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It is the user's first on the platform.
    First,
    /// He has others there.
    Further,
    /// It is gone, and he has others there.
    OneOfSeveral,
    /// It was his last there.
    Last,
    /// It was cut. That it is gone is seen next.
    Cut(CutReason),
}

/// Why a connection was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutReason {
    /// The user has logged in again.
    OtherLogin,
    /// An administrator has logged him out.
    Administrator,
    /// Its token was taken away while it was being made.
    TokenTaken,
}

impl CutReason {
    /// In words, for receivers of callbacks.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::OtherLogin => "the user has logged in elsewhere",
            Self::Administrator => "an administrator has logged the user out",
            Self::TokenTaken => "the token was taken away",
        }
    }
}

/// Hears of changes among connections.
pub trait PresenceWatch: Send + Sync {
    /// Takes note. Called with a lock of the table held, in the order in which it happened: never waits.
    fn saw(&self, sighting: Sighting);
}

/// Whom a connection wants to follow from now on, and whom no longer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Followed from now on.
    pub add: Vec<UserId>,
    /// No longer followed.
    pub remove: Vec<UserId>,
}

/// Where a user is online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPresence {
    /// Who, as the one who asks calls him.
    pub user: UserId,
    /// On which classes of device, ascending, each once; empty = he is offline.
    pub platforms: Vec<Platform>,
}
