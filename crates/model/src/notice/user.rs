//! What devices are told about profiles, and about what users keep. Source: client protocol sheet 5.6.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What is told. All of it goes to the user's own devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserNotice {
    /// His profile, or how he receives messages, has changed.
    Edited(UserId),
    /// He keeps another small thing.
    FavouriteAdded(UserId),
    /// He keeps one less.
    FavouriteRemoved(UserId),
    /// One of them says something else.
    FavouriteChanged(UserId),
}

impl UserNotice {
    /// Whose devices are told.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        match self {
            Self::Edited(user)
            | Self::FavouriteAdded(user)
            | Self::FavouriteRemoved(user)
            | Self::FavouriteChanged(user) => user,
        }
    }
}
