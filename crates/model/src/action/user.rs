//! Profiles.

use serde::{Deserialize, Serialize};

use crate::event::{EventKind, Facets, Lane};
use crate::ids::UserId;
use crate::user::User;

/// What is done about users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserAction {
    /// Users are registered.
    Register(UserRegistration),
    /// A profile changes.
    Edit(UserEdit),
}

/// Users who are registered in one go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRegistration {
    /// They; never empty.
    pub users: Vec<User>,
}

/// What changes about a profile; `None` = stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEdit {
    /// Whose.
    pub user: UserId,
    /// True where the caller names everything and an empty text means "stays"; false where he names only what
    /// changes, and an empty text empties.
    pub whole: bool,
    /// Shown name.
    pub nickname: Option<String>,
    /// Picture.
    pub face_url: Option<String>,
    /// The app's own text.
    pub ex: Option<String>,
    /// See [`User::receive_option`].
    pub receive_option: Option<i32>,
}

impl UserAction {
    /// See [`super::Action::told_as`].
    #[must_use]
    pub const fn told_as(&self) -> Option<EventKind> {
        Some(match self {
            Self::Register(_) => EventKind::UsersRegistered,
            Self::Edit(_) => EventKind::UserEdited,
        })
    }

    /// See [`super::Action::asked_as`].
    #[must_use]
    pub const fn asked_as(&self) -> Option<EventKind> {
        Some(match self {
            Self::Register(_) => EventKind::UsersRegistering,
            Self::Edit(_) => EventKind::UserEditing,
        })
    }

    /// See [`super::Action::facets`].
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        let from = match self {
            Self::Register(one) => one.users.first().map_or("", |user| user.id.as_str()),
            Self::Edit(one) => one.user.as_str(),
        };
        Facets { from, ..Facets::default() }
    }

    /// See [`super::Action::lane`].
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Self::Register(_) => Lane::server(),
            Self::Edit(one) => Lane::user(&one.user),
        }
    }
}
