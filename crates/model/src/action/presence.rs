//! Who is online.

use serde::{Deserialize, Serialize};

use crate::event::{EventKind, Facets, Lane};
use crate::ids::UserId;
use crate::time::UnixMs;
use crate::user::{DeviceSeen, Platform};

/// A user comes or goes. All of them are only told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceAction {
    /// His first connection on this platform was made.
    Online(PresenceChange),
    /// A further connection was made on this platform.
    Connect(PresenceChange),
    /// A connection is gone, and he has others on this platform.
    Disconnect(PresenceChange),
    /// His last connection on this platform is gone.
    Offline(PresenceChange),
    /// A connection of his was cut, because of another login or by an administrator.
    Kick(PresenceChange),
}

/// A user comes or goes on a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceChange {
    /// Who.
    pub user: UserId,
    /// Where.
    pub platform: Platform,
    /// The connection's id.
    pub connection: String,
    /// The client was in the background.
    pub background: bool,
    /// Why, in words; empty where there is nothing to say.
    pub reason: String,
    /// The connection was cut, and that was told already: he did not leave by himself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cut: bool,
    /// The device and its software, as far as they are known.
    #[serde(default)]
    pub device: DeviceSeen,
    /// When; grows with every change of one user on one platform.
    pub at: UnixMs,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl PresenceAction {
    /// What changed.
    #[must_use]
    pub const fn change(&self) -> &PresenceChange {
        match self {
            Self::Online(change)
            | Self::Connect(change)
            | Self::Disconnect(change)
            | Self::Offline(change)
            | Self::Kick(change) => change,
        }
    }

    /// See [`super::Action::told_as`].
    #[must_use]
    pub const fn told_as(&self) -> Option<EventKind> {
        Some(match self {
            Self::Online(_) => EventKind::UserOnline,
            Self::Connect(_) => EventKind::UserConnected,
            Self::Disconnect(_) => EventKind::UserDisconnected,
            Self::Offline(_) => EventKind::UserOffline,
            Self::Kick(_) => EventKind::UserKicked,
        })
    }

    /// See [`super::Action::facets`].
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        Facets { from: self.change().user.as_str(), ..Facets::default() }
    }

    /// See [`super::Action::lane`].
    #[must_use]
    pub fn lane(&self) -> Lane {
        Lane::user(&self.change().user)
    }
}
