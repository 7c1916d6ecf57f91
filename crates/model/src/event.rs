//! What happened, and what is about to happen. Facts of the domain, in nobody's dialect.

mod kind;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::conversation::{ConversationId, Target};
use crate::ids::{LogPos, MessageId, UserId};
use crate::message::{Content, Message, Origin};
use crate::time::UnixMs;

pub use kind::{EventKind, Phase};

/// What selectors look at: whom something is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facets<'a> {
    /// Who does it; empty = nobody in particular.
    pub from: &'a str,
    /// To whom.
    pub user: Option<&'a str>,
    /// In which group.
    pub group: Option<&'a str>,
    /// The app's own text.
    pub ex: &'a str,
    /// What is said.
    pub content: Option<&'a Content>,
}

impl Message {
    /// What selectors look at.
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        let (user, group) = match &self.target {
            Target::User(user) | Target::Notice(user) => (Some(user.as_str()), None),
            Target::Group(group) | Target::Room(group) => (None, Some(group.as_str())),
        };
        Facets { from: self.sender.as_str(), user, group, ex: &self.ex, content: Some(&self.content) }
    }
}

/// What a before-rule is asked about.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which moment.
    pub kind: EventKind,
    /// What it is about, earlier rules' changes included.
    pub subject: Subject,
    /// What the question is known by: the message's number, or one made for the action.
    pub number: MessageId,
    /// The caller's id for the call that carries it.
    pub operation_id: Arc<str>,
    /// How it came in.
    pub origin: Origin,
    /// Who acts; `None` = the server itself.
    pub actor: Option<UserId>,
    /// The sender, or who acts, is an administrator of the app.
    pub actor_is_admin: bool,
    /// When it came in: the bound on its total time at the gate counts from here.
    pub at: UnixMs,
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A message that wants to be sent.
    Message(Box<Message>),
    /// A message that wants to reach devices.
    Push(Box<PushPlan>),
    /// Anything else.
    Action(Box<Action>),
}

impl Subject {
    /// What selectors look at.
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        match self {
            Self::Message(message) => message.facets(),
            Self::Push(plan) => plan.message.facets(),
            Self::Action(action) => action.facets(),
        }
    }

    /// How many entries the list has that it is about, or that answers may give one of; 0 = it is about none.
    #[must_use]
    pub fn entries(&self) -> usize {
        match self {
            Self::Message(_) => 0,
            Self::Push(plan) => plan.users.len(),
            Self::Action(action) => action.entries(),
        }
    }

    /// Its parts, where it is about several who may be asked about one by one; else itself.
    #[must_use]
    pub fn singly(&self) -> Vec<Self> {
        match self {
            Self::Action(action) => {
                action.singly().into_iter().map(|part| Self::Action(Box::new(part))).collect()
            }
            Self::Message(_) | Self::Push(_) => vec![self.clone()],
        }
    }

    /// What [`Subject::singly`] took apart; `None` where parts are of different kinds, or there is none.
    #[must_use]
    pub fn together(parts: Vec<Self>) -> Option<Self> {
        let mut parts = parts.into_iter();
        parts.next().and_then(|first| {
            parts.try_fold(first, |whole, part| match (whole, part) {
                (Self::Action(whole), Self::Action(part)) => {
                    Some(Self::Action(Box::new(whole.with_part(*part)?)))
                }
                _ => None,
            })
        })
    }

    /// The message that wants to be sent.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Push(_) | Self::Action(_) => None,
        }
    }
}

/// A message on its way to devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushPlan {
    /// The message, as it is stored.
    pub message: Arc<Message>,
    /// To whose devices. Answers may name others.
    pub users: Vec<UserId>,
    /// What an offline push shows; `None` = the message says nothing about it. Answers may say something else.
    pub show: Option<crate::message::OfflinePush>,
}

/// Deliveries with the same lane go to a receiver in order. One lane per conversation; events that belong to none
/// have their user's, or the server's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lane(pub Arc<str>);

impl Lane {
    /// The lane of a conversation.
    #[must_use]
    pub fn conversation(id: &ConversationId) -> Self {
        Self(Arc::from(id.to_string()))
    }

    /// The lane of a user, for what belongs to no conversation.
    #[must_use]
    pub fn user(user: &UserId) -> Self {
        Self(Arc::from(format!("user:{}", user.folded())))
    }

    /// The lane of what belongs to nobody.
    #[must_use]
    pub fn server() -> Self {
        Self(Arc::from("server"))
    }

    /// This lane, for one recipient of several.
    #[must_use]
    pub fn of_recipient(&self, user: &UserId) -> Self {
        Self(Arc::from(format!("{}>{user}", self.0)))
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entry of the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place.
    pub pos: LogPos,
    /// When it was committed.
    pub at: UnixMs,
    /// Its lane.
    pub lane: Lane,
    /// What happened.
    pub fact: Fact,
}

impl Event {
    /// Which moment of the catalogue it is; `None` = one that nobody is told of.
    #[must_use]
    pub const fn kind(&self) -> Option<EventKind> {
        match &self.fact {
            Fact::MessageSent(_) => Some(EventKind::MessageSent),
            Fact::Done(done) => done.action.told_as(),
        }
    }

    /// The message, where one was sent.
    #[must_use]
    pub fn sent(&self) -> Option<&MessageSent> {
        self.fact.sent()
    }
}

/// What happened, with everything that after-rules need. Stored as JSON: fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A message was sent.
    MessageSent(Box<MessageSent>),
    /// Something else was done.
    Done(Box<Done>),
}

impl Fact {
    /// The message, where one was sent.
    #[must_use]
    pub fn sent(&self) -> Option<&MessageSent> {
        match self {
            Self::MessageSent(sent) => Some(sent),
            Self::Done(_) => None,
        }
    }

    /// What selectors look at.
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        match self {
            Self::MessageSent(sent) => sent.message.facets(),
            Self::Done(done) => done.action.facets(),
        }
    }

    /// How it came in.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::MessageSent(sent) => sent.origin,
            Self::Done(done) => done.origin,
        }
    }

    /// The caller's id for the call that caused it.
    #[must_use]
    pub fn operation_id(&self) -> &Arc<str> {
        match self {
            Self::MessageSent(sent) => &sent.operation_id,
            Self::Done(done) => &done.operation_id,
        }
    }

    /// What it is known by.
    #[must_use]
    pub fn number(&self) -> MessageId {
        match self {
            Self::MessageSent(sent) => sent.message.id,
            Self::Done(done) => done.number,
        }
    }
}

/// A message was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSent {
    /// The message as stored. Shared, so that history readers and rules need no copy.
    pub message: Arc<Message>,
    /// The caller's id for the call that carried it.
    pub operation_id: Arc<str>,
    /// How it came in.
    pub origin: Origin,
    /// The sender is an administrator of the app.
    #[serde(default)]
    pub sender_is_admin: bool,
    /// Recipients whom no push reached when it was sent: see [`crate::ports::Sessions::online`].
    #[serde(default)]
    pub offline: Vec<UserId>,
}

/// Something besides sending was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What it is known by; unique like a message's number, and taken from the same row.
    pub number: MessageId,
    /// What was done.
    pub action: Action,
    /// Who did it; `None` = the server itself.
    pub actor: Option<UserId>,
    /// The caller's id for the call that did it.
    pub operation_id: Arc<str>,
    /// How it came in.
    pub origin: Origin,
    /// Who did it is an administrator of the app.
    #[serde(default)]
    pub by_admin: bool,
    /// Of [`Action::Group`]: it is about a chat room.
    #[serde(default)]
    pub room: bool,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_are_what_is_stored() {
        let names: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
