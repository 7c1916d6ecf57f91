//! What is done besides sending messages: asked about before it happens, told of afterwards, in the same words.
//!
//! Stored as JSON in the event log: fields are added, never renamed.

mod chat;
mod friend;
mod group;
mod managing;
mod message;
mod presence;
mod push;
mod user;

use serde::{Deserialize, Serialize};

pub use chat::{ChatAction, ConversationStart, KeywordHit, MessagesRead};
pub use friend::{
    Blocking, FriendAction, FriendAnswer, FriendAsking, FriendImport, FriendPair, FriendRemark,
};
pub use group::{
    Entrant, GroupAction, GroupApplication, GroupCreation, GroupDeclined, GroupDismissal, GroupDraft,
    GroupEdit, GroupEntry, GroupInvitation, GroupJoin, GroupKick, GroupLeave, GroupRequested, GroupTransfer,
    MemberEdit, MemberRole,
};
pub use managing::{
    GroupAttributes, GroupFileChange, GroupListing, GroupMuting, GroupShielding, GroupSwitch, RoomAdminChange,
};
pub use message::{
    MessageEdited, MessageReacted, MessageRef, MessageRevoked, ReactionCount, ThreadMessage, ThreadUpdated,
};
pub use presence::{PresenceAction, PresenceChange};
pub use push::{PushEnded, PushOutcome, PushResult};
pub use user::{UserAction, UserEdit, UserRegistration};

use crate::event::{EventKind, Facets, Lane};

/// Something that is about to be done, or was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", content = "action", rename_all = "snake_case")]
pub enum Action {
    /// Friends and blocks.
    Friend(FriendAction),
    /// Groups and their members.
    Group(GroupAction),
    /// Profiles.
    User(UserAction),
    /// Conversations and messages that were sent.
    Chat(ChatAction),
    /// Who is online.
    Presence(PresenceAction),
}

impl Action {
    /// The moment at which rules are told of it; `None` = it is only asked about.
    #[must_use]
    pub const fn told_as(&self) -> Option<EventKind> {
        match self {
            Self::Friend(action) => action.told_as(),
            Self::Group(action) => action.told_as(),
            Self::User(action) => action.told_as(),
            Self::Chat(action) => action.told_as(),
            Self::Presence(action) => action.told_as(),
        }
    }

    /// The moment at which rules are asked about it; `None` = it is only told.
    #[must_use]
    pub const fn asked_as(&self) -> Option<EventKind> {
        match self {
            Self::Friend(action) => action.asked_as(),
            Self::Group(action) => action.asked_as(),
            Self::User(action) => action.asked_as(),
            Self::Chat(action) => action.asked_as(),
            Self::Presence(_) => None,
        }
    }

    /// See [`crate::event::Subject::entries`].
    #[must_use]
    pub const fn entries(&self) -> usize {
        match self {
            Self::Friend(FriendAction::Import(import)) => import.friends.len(),
            Self::Group(GroupAction::Enter(entry)) => entry.entrants.len(),
            Self::Group(GroupAction::Invite(invitation)) => invitation.invited.len(),
            Self::User(UserAction::Register(registration)) => registration.users.len(),
            _ => 0,
        }
    }

    /// See [`crate::event::Subject::singly`].
    #[must_use]
    pub fn singly(&self) -> Vec<Self> {
        let Self::Group(GroupAction::Enter(entry)) = self else { return vec![self.clone()] };
        let one = |entrant: &Entrant| GroupEntry {
            group: entry.group.clone(),
            group_ex: entry.group_ex.clone(),
            entrants: vec![entrant.clone()],
        };
        entry.entrants.iter().map(|entrant| Self::Group(GroupAction::Enter(one(entrant)))).collect()
    }

    /// This and one more part of what [`Action::singly`] took apart; `None` where they do not belong together.
    #[must_use]
    pub fn with_part(self, part: Self) -> Option<Self> {
        match (self, part) {
            (Self::Group(GroupAction::Enter(mut entry)), Self::Group(GroupAction::Enter(part))) => {
                entry.entrants.extend(part.entrants);
                Some(Self::Group(GroupAction::Enter(entry)))
            }
            _ => None,
        }
    }

    /// Whom it is about, for selectors.
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        match self {
            Self::Friend(action) => action.facets(),
            Self::Group(action) => action.facets(),
            Self::User(action) => action.facets(),
            Self::Chat(action) => action.facets(),
            Self::Presence(action) => action.facets(),
        }
    }

    /// Events with the same lane are told in order: with the messages of the conversation that they are about, else
    /// with the other events of the user.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            Self::Friend(action) => action.lane(),
            Self::Group(action) => action.lane(),
            Self::User(action) => action.lane(),
            Self::Chat(action) => action.lane(),
            Self::Presence(action) => action.lane(),
        }
    }
}
