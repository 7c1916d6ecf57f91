//! Conversations, and messages that were sent.

use serde::{Deserialize, Serialize};

use crate::conversation::{ConversationId, Target};
use crate::event::{EventKind, Facets, Lane};
use crate::ids::{GroupId, MessageId, Seq, UserId};
use crate::keyword::KeywordVerdict;
use crate::message::ContentClass;
use crate::record::ConversationSettings;

use super::message::{MessageEdited, MessageReacted, MessageRef, MessageRevoked, ThreadUpdated};
use super::push::PushEnded;

/// What is done about conversations, and to messages that were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatAction {
    /// A conversation comes onto lists of users who did not have it.
    Start(ConversationStart),
    /// A user has read messages. Only told.
    Read(MessagesRead),
    /// A message was taken back. Only told.
    Revoke(MessageRevoked),
    /// A message had words of a word list. Only told.
    Filter(Box<KeywordHit>),
    /// What a message says was changed. Only told.
    Edit(MessageEdited),
    /// A reaction to a message came or went. Only told.
    React(MessageReacted),
    /// Something was said in a thread, or changed there. Only told.
    Thread(ThreadUpdated),
    /// Sleeping devices were woken for a message, or not. Only told.
    Push(PushEnded),
}

/// A conversation comes onto lists of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationStart {
    /// Which.
    pub conversation: ConversationId,
    /// On whose lists; in single chats exactly one.
    pub owners: Vec<UserId>,
    /// See [`crate::record::ConversationSettings::receive_option`].
    pub receive_option: i32,
    /// See [`crate::record::ConversationSettings::pinned`].
    pub pinned: bool,
    /// See [`crate::record::ConversationSettings::private`].
    pub private: bool,
    /// See [`crate::record::ConversationSettings::burn_s`].
    pub burn_s: i32,
    /// See [`crate::record::ConversationSettings::mention`].
    pub mention: i32,
    /// See [`crate::record::ConversationSettings::attached_info`].
    pub attached_info: String,
    /// See [`crate::record::ConversationSettings::ex`].
    pub ex: String,
}

/// A user has read messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesRead {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub user: UserId,
    /// The messages that he named.
    pub seqs: Vec<Seq>,
    /// How far he has read now.
    pub read_seq: Seq,
    /// He has read the conversation up to there, not only the messages that he named.
    pub up_to: bool,
    /// The messages, ascending: those that he named, or the newest where he named none. At most
    /// [`crate::limits::READ_MESSAGES_TOLD`], of more the newest; those that are gone are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageRef>,
}

/// A message had words of a word list. One event for all its words, whichever lists they are on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeywordHit {
    /// Where it was said.
    pub conversation: ConversationId,
    /// The message's number; one that was refused has it too, and nothing else has the same.
    pub message: MessageId,
    /// The client's id for it.
    pub client_id: String,
    /// Who said it.
    pub sender: UserId,
    /// To whom.
    pub target: Target,
    /// What kind of thing it says; see [`crate::message::Content`].
    pub class: ContentClass,
    /// The form's own number for the kind.
    pub code: i32,
    /// What became of it: the strictest that its words' lists ask for.
    pub verdict: KeywordVerdict,
    /// The words that were found, as their lists write them, each once, in the order in which they came; at most
    /// [`crate::limits::KEYWORD_HITS`].
    pub words: Vec<String>,
    /// The names of the lists that they are on, each once.
    pub lists: Vec<String>,
    /// It is the new text of a message that was sent before.
    #[serde(default)]
    pub edited: bool,
}

impl ConversationStart {
    /// One about which rules have said nothing yet.
    #[must_use]
    pub const fn new(conversation: ConversationId, owners: Vec<UserId>) -> Self {
        Self {
            conversation,
            owners,
            receive_option: 0,
            pinned: false,
            private: false,
            burn_s: 0,
            mention: 0,
            attached_info: String::new(),
            ex: String::new(),
        }
    }

    /// Whether a rule has set anything.
    #[must_use]
    pub fn sets_something(&self) -> bool {
        *self != Self::new(self.conversation.clone(), self.owners.clone())
    }

    /// These settings with what rules have set in them. What rules have left at its default stays as the user has it: he
    /// may have had the conversation before.
    #[must_use]
    pub fn over(&self, kept: ConversationSettings) -> ConversationSettings {
        fn set<T: Default + PartialEq + Clone>(place: &mut T, wanted: &T) {
            if *wanted != T::default() {
                place.clone_from(wanted);
            }
        }
        let mut settings = kept;
        set(&mut settings.receive_option, &self.receive_option);
        set(&mut settings.pinned, &self.pinned);
        set(&mut settings.private, &self.private);
        set(&mut settings.burn_s, &self.burn_s);
        set(&mut settings.mention, &self.mention);
        set(&mut settings.attached_info, &self.attached_info);
        set(&mut settings.ex, &self.ex);
        settings
    }
}

impl ChatAction {
    /// See [`super::Action::told_as`].
    #[must_use]
    pub const fn told_as(&self) -> Option<EventKind> {
        Some(match self {
            Self::Start(_) => EventKind::ConversationStarted,
            Self::Read(_) => EventKind::MessagesRead,
            Self::Revoke(_) => EventKind::MessageRevoked,
            Self::Filter(_) => EventKind::KeywordFiltered,
            Self::Edit(_) => EventKind::MessageEdited,
            Self::React(_) => EventKind::MessageReacted,
            Self::Thread(_) => EventKind::ThreadUpdated,
            Self::Push(_) => EventKind::PushEnded,
        })
    }

    /// See [`super::Action::asked_as`].
    #[must_use]
    pub const fn asked_as(&self) -> Option<EventKind> {
        match self {
            Self::Start(_) => Some(EventKind::ConversationStarting),
            Self::Read(_)
            | Self::Revoke(_)
            | Self::Filter(_)
            | Self::Edit(_)
            | Self::React(_)
            | Self::Thread(_)
            | Self::Push(_) => None,
        }
    }

    /// Where it happens.
    #[must_use]
    pub const fn conversation(&self) -> &ConversationId {
        match self {
            Self::Start(one) => &one.conversation,
            Self::Read(one) => &one.conversation,
            Self::Revoke(one) => &one.conversation,
            Self::Filter(one) => &one.conversation,
            Self::Edit(one) => &one.conversation,
            Self::React(one) => &one.conversation,
            Self::Thread(one) => &one.conversation,
            Self::Push(one) => &one.conversation,
        }
    }

    /// See [`super::Action::facets`].
    #[must_use]
    pub fn facets(&self) -> Facets<'_> {
        let by = match self {
            Self::Start(one) => one.owners.first(),
            Self::Read(one) => Some(&one.user),
            Self::Revoke(one) => Some(&one.by),
            Self::Filter(one) => Some(&one.sender),
            Self::Edit(one) => Some(one.by.as_ref().unwrap_or(&one.message.sender)),
            Self::React(one) => Some(&one.by),
            Self::Thread(one) => Some(&one.by),
            Self::Push(one) => Some(&one.message.sender),
        };
        let peer = by.and_then(|user| self.conversation().peer_of(user));
        let group = match self {
            Self::Thread(one) => Some(&one.parent),
            _ => self.conversation().group(),
        };
        let (ex, content) = match self {
            Self::Edit(one) => (&*one.ex, Some(&one.content)),
            Self::Thread(one) => {
                one.last.as_ref().map_or(("", None), |last| (&*last.ex, Some(&last.content)))
            }
            _ => ("", None),
        };
        Facets {
            from: by.map_or("", UserId::as_str),
            user: peer.map(UserId::as_str),
            group: group.map(GroupId::as_str),
            ex,
            content,
        }
    }

    /// See [`super::Action::lane`].
    #[must_use]
    pub fn lane(&self) -> Lane {
        Lane::conversation(self.conversation())
    }
}
