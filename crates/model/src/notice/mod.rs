//! Notices: what users' devices are told about what was done, in nobody's dialect.
//!
//! A notice travels as a message whose content has the form [`FORM`]: pushed to those who are online and forgotten,
//! kept beside the chat ([`crate::conversation::ConversationId::aside`]), or said in the chat itself. Stored as JSON:
//! fields are added, never renamed.

mod chat;
mod friend;
mod group;
mod user;

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::message::{Content, ContentClass};
use crate::version::{Version, VersionLog};

pub use chat::ChatNotice;
pub use friend::{FriendNotice, RequestTold};
pub use group::{GroupNews, GroupNotice};
pub use user::UserNotice;

/// [`Content::form`] of a notice.
pub const FORM: &str = "notice";

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", content = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// About friends and blocks.
    Friend(FriendNotice),
    /// About a group.
    Group(Box<GroupNotice>),
    /// About a profile.
    User(UserNotice),
    /// About conversations and messages that were sent.
    Chat(ChatNotice),
}

impl Notice {
    /// Writes the versions into it that the lists have since the commit it tells of.
    pub fn stamp(&mut self, versions: &[(VersionLog, Version)]) {
        match self {
            Self::Friend(notice) => notice.stamp(versions),
            Self::Group(notice) => notice.stamp(versions),
            Self::User(_) | Self::Chat(_) => {}
        }
    }

    /// The content of a message that carries it; of one larger than [`limits::NOTICE_BYTES`], what devices have to know
    /// to look for themselves.
    #[must_use]
    pub fn content(&self) -> Content {
        // Plain data with text keys: writing it does not fail.
        let mut raw = serde_json::to_string(self).unwrap_or_default();
        if let (true, Self::Group(notice)) = (raw.len() > limits::NOTICE_BYTES, self) {
            raw = serde_json::to_string(&Self::Group(Box::new(notice.slim()))).unwrap_or_default();
        }
        Content { form: FORM.to_owned(), class: ContentClass::Notification, code: 0, raw }
    }

    /// Reads what [`Notice::content`] wrote; `None` for other content, and for notices of a newer version.
    #[must_use]
    pub fn read(content: &Content) -> Option<Self> {
        if content.form == FORM { serde_json::from_str(&content.raw).ok() } else { None }
    }
}
