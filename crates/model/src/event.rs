//! What happened, and what is about to happen. Facts of the domain, in nobody's dialect.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::action::Action;
use crate::conversation::{ConversationId, Target};
use crate::ids::{LogPos, MessageId, UserId};
use crate::message::{Content, Message, Origin};
use crate::time::UnixMs;

/// Declares the catalogue: kind, phase, stable name for logs, metrics and the API.
macro_rules! catalogue {
    ($($(#[$doc:meta])* $kind:ident $phase:ident $name:literal),* $(,)?) => {
        /// The catalogue: every moment a rule can be about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// All of them: messages in the order in which one meets them, then the others.
            pub const ALL: [Self; [$(Self::$kind),*].len()] = [$(Self::$kind),*];

            /// Whether rules are asked, or told.
            #[must_use]
            pub const fn phase(self) -> Phase {
                match self {
                    $(Self::$kind => Phase::$phase,)*
                }
            }

            /// Stable name, for logs, metrics and the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

catalogue! {
    /// Before: a text message has come in and nothing was checked yet. Its text may be replaced.
    MessageScreening Before "message_screening",
    /// Before: a message wants to be sent; single chats before the block list, groups after membership.
    MessageSending Before "message_sending",
    /// Before: a message is about to be stored; the last chance to change it.
    MessageRewriting Before "message_rewriting",
    /// After: a message was stored (or, if it is not kept, taken) and handed to those who are online.
    MessageSent After "message_sent",
    /// Before: a message is about to be pushed to those who are online.
    OnlinePushing Before "online_pushing",
    /// Before: those who are offline are about to be woken for a message.
    OfflinePushing Before "offline_pushing",
    /// After: a user has read messages.
    MessagesRead After "messages_read",
    /// After: a message was taken back.
    MessageRevoked After "message_revoked",
    /// After: a message had words of a word list: it was refused, or its words were replaced, or it passed.
    KeywordFiltered After "keyword_filtered",
    /// Before: a conversation is about to come onto a list.
    ConversationStarting Before "conversation_starting",
    /// After: a conversation has come onto lists.
    ConversationStarted After "conversation_started",
    /// After: a user has his first connection on a platform.
    UserOnline After "user_online",
    /// After: a user has lost his last connection on a platform.
    UserOffline After "user_offline",
    /// After: a connection was cut by another login or an administrator.
    UserKicked After "user_kicked",
    /// Before: somebody asks for friendship.
    FriendRequesting Before "friend_requesting",
    /// After: somebody has asked for friendship.
    FriendRequested After "friend_requested",
    /// Before: somebody agrees to a friendship.
    FriendAgreeing Before "friend_agreeing",
    /// After: two users are friends, because one agreed.
    FriendAgreed After "friend_agreed",
    /// After: somebody has declined a friendship.
    FriendDeclined After "friend_declined",
    /// After: a friend was taken off a list.
    FriendRemoved After "friend_removed",
    /// Before: a friend gets a name.
    FriendRemarking Before "friend_remarking",
    /// After: a friend has a name.
    FriendRemarked After "friend_remarked",
    /// Before: an administrator makes friends.
    FriendsImporting Before "friends_importing",
    /// After: an administrator has made friends.
    FriendsImported After "friends_imported",
    /// Before: somebody is put on a block list.
    UserBlocking Before "user_blocking",
    /// After: somebody was put on a block list.
    UserBlocked After "user_blocked",
    /// After: somebody was taken off a block list.
    UserUnblocked After "user_unblocked",
    /// Before: a group is about to be made.
    GroupCreating Before "group_creating",
    /// After: a group was made.
    GroupCreated After "group_created",
    /// Before: users are about to become members, whichever way they come.
    GroupEntering Before "group_entering",
    /// Before: somebody wants to enter a group by himself.
    GroupApplying Before "group_applying",
    /// Before: somebody is about to invite into a group.
    GroupInviting Before "group_inviting",
    /// After: users have become members of a group that was there.
    GroupJoined After "group_joined",
    /// After: a member has left.
    GroupQuit After "group_quit",
    /// After: members were removed.
    GroupKicked After "group_kicked",
    /// After: a group was dismissed.
    GroupDismissed After "group_dismissed",
    /// After: a group has a new owner.
    GroupTransferred After "group_transferred",
    /// Before: settings of a group are about to change.
    GroupEditing Before "group_editing",
    /// After: settings of a group have changed.
    GroupEdited After "group_edited",
    /// Before: what a member shows, or his role, is about to change.
    MemberEditing Before "member_editing",
    /// After: what a member shows, or his role, has changed.
    MemberEdited After "member_edited",
    /// After: members may not speak for a while, or may again.
    MembersMuted After "members_muted",
    /// After: only owner and admins may speak, or all may again.
    GroupMuted After "group_muted",
    /// After: users may not enter a group any more, or may again.
    GroupBarred After "group_barred",
    /// After: members may speak whoever else is muted, or no more.
    GroupAllowed After "group_allowed",
    /// After: a member wants to hear nothing of a group, or does again.
    GroupShielded After "group_shielded",
    /// After: a group was taken out of use, or put back.
    GroupClosed After "group_closed",
    /// After: a file was laid into a group, or taken out.
    GroupFileShared After "group_file_shared",
    /// After: texts of the app about a group or a member were set or taken away.
    GroupAttributesSet After "group_attributes_set",
    /// After: users manage all rooms, or do so no more.
    RoomAdminAppointed After "room_admin_appointed",
    /// Before: users are about to be registered.
    UsersRegistering Before "users_registering",
    /// After: users were registered.
    UsersRegistered After "users_registered",
    /// Before: a profile is about to change.
    UserEditing Before "user_editing",
    /// After: a profile has changed.
    UserEdited After "user_edited",
    /// After: what a message says was changed.
    MessageEdited After "message_edited",
    /// After: a reaction to a message came or went.
    MessageReacted After "message_reacted",
    /// After: something was said in a thread, or changed or taken back there.
    ThreadUpdated After "thread_updated",
    /// After: sleeping devices were woken for a message, or not.
    PushEnded After "push_ended",
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a callback asks or tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Asks, and waits for a verdict.
    Before,
    /// Tells; the answer changes nothing.
    After,
}

impl Phase {
    /// Its word, in rules, metrics and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

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
