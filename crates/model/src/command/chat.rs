//! What can be asked about conversations and messages that were sent.

use std::sync::Arc;

use super::ConversationRef;
use crate::conversation::{ConversationId, ConversationState};
use crate::group::Group;
use crate::ids::{Seq, UserId};
use crate::message::Message;
use crate::record::{ConversationSettings, Friend, Seen};
use crate::time::UnixMs;
use crate::user::User;
use crate::version::{Delta, Version};

/// What can be asked. Whoever is named as the one whose view it is: himself or an administrator.
#[derive(Debug, Clone)]
pub enum ChatCommand {
    /// A user has read something.
    MarkRead {
        /// Who.
        user: UserId,
        /// Where.
        conversation: ConversationRef,
        /// What.
        reading: Reading,
    },
    /// Take a message back. Its sender, who stands above him in the group, and administrators.
    Revoke {
        /// In whose name.
        user: UserId,
        /// Where.
        conversation: ConversationRef,
        /// What that may mean where an administrator says it who has no part in it.
        readings: Vec<ConversationId>,
        /// Which one.
        seq: Seq,
    },
    /// Delete messages from a user's view, or for everybody.
    DeleteMessages {
        /// In whose name.
        user: UserId,
        /// Where.
        conversation: ConversationRef,
        /// Which.
        seqs: Vec<Seq>,
        /// How far it goes.
        reach: Reach,
    },
    /// Delete everything that was said so far from a user's view, in single chats perhaps from the peer's too.
    Clear {
        /// In whose name.
        user: UserId,
        /// Where; `None` = in all his conversations.
        conversations: Option<Vec<ConversationRef>>,
        /// How far it goes.
        reach: Reach,
    },
    /// What was said goes from a user's view alone, and conversations without anything left go off his list. His devices
    /// are not asked to forget. Administrators only.
    Forget {
        /// Whose view.
        user: UserId,
        /// Where; `None` = everywhere.
        conversation: Option<ConversationRef>,
        /// What was sent then or before; `None` = everything. Of all conversations, everything goes.
        until: Option<UnixMs>,
    },
    /// Delete messages for everybody, telling nobody. Administrators only.
    Erase {
        /// Where: what the caller's name may mean; what holds messages is meant.
        conversation: Vec<ConversationId>,
        /// Which.
        seqs: Vec<Seq>,
    },
    /// Delete what was sent before an instant for everybody, telling nobody. Administrators only.
    EraseBefore {
        /// Where, each as in [`ChatCommand::Erase`].
        conversations: Vec<Vec<ConversationId>>,
        /// When.
        before: UnixMs,
    },
    /// Newest messages that fit, newest first. Administrators only.
    Search(MessageSearch),
    /// What became of the message that was sent by the call with this operation id.
    SendState,
    /// Newest valid messages; conversations without one are left out.
    LastMessages {
        /// Whose view.
        user: UserId,
        /// Where.
        conversations: Vec<ConversationRef>,
    },
    /// Conversations with the user's settings, ascending by id.
    Conversations {
        /// Whose.
        owner: UserId,
        /// Which.
        which: Chosen,
    },
    /// One conversation, with the user's settings.
    Conversation {
        /// Whose.
        owner: UserId,
        /// Which.
        conversation: ConversationRef,
    },
    /// What changed in a user's list of conversations since he saw it last.
    Changes {
        /// Whose.
        owner: UserId,
        /// What he saw; `None` = nothing yet.
        seen: Option<Version>,
    },
    /// Conversations with their newest messages: pinned ones first, then newest first.
    Overview {
        /// Whose; `None` = the caller's.
        owner: Option<UserId>,
        /// Which.
        which: Chosen,
        /// How many of them are passed over, and how many are told at most; `None` = as many as fit one answer.
        page: Option<(usize, usize)>,
        /// Leave out those without a valid message.
        only_with_messages: bool,
        /// Refuse where there is none.
        some: bool,
    },
    /// All that is on a user's list, and where that stands.
    Ids {
        /// Whose.
        owner: UserId,
    },
    /// Settings of a conversation, for several users. A conversation that is not on the list comes onto it.
    Configure {
        /// For whom, each once, with what the conversation is to him.
        users: Vec<(UserId, ConversationRef)>,
        /// What.
        change: SettingsChange,
    },
    /// Put the app's own text to all conversations of a user.
    ConfigureAll {
        /// Whose.
        user: UserId,
        /// What; `None` = it stays.
        ex: Option<String>,
    },
    /// Take conversations off a list, until something is said in them. Their settings go.
    Unlist {
        /// Whose.
        owner: UserId,
        /// Which.
        which: Unlisting,
    },
}

/// What a user has read.
#[derive(Debug, Clone)]
pub enum Reading {
    /// These messages of a single chat; their sender is told.
    Messages(Vec<Seq>),
    /// Everything up to here, and these messages in particular; in single chats their sender is told.
    UpTo(Seq, Vec<Seq>),
    /// His position moves, and nobody else is told.
    Position(Seq),
}

/// How far deleting goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// The user's other devices are told.
    pub own_devices: bool,
    /// It is done for everybody, and they are told.
    pub everybody: bool,
}

/// Which conversations of a list.
#[derive(Debug, Clone)]
pub enum Chosen {
    /// All of them.
    All,
    /// These; those that are not on the list are left out.
    These(Vec<ConversationRef>),
    /// A page.
    Page {
        /// So many are passed over.
        skip: usize,
        /// At most so many.
        limit: usize,
    },
    /// Those at the top.
    Pinned,
    /// Those that do not notify.
    Silent,
}

/// Which conversations go off a list.
#[derive(Debug, Clone)]
pub enum Unlisting {
    /// These.
    These(Vec<ConversationRef>),
    /// Those in which nothing was said since.
    QuietSince(UnixMs),
}

/// What changes in [`ConversationSettings`]; `None` = nothing.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// See [`ConversationSettings::receive_option`].
    pub receive_option: Option<i32>,
    /// See [`ConversationSettings::pinned`].
    pub pinned: Option<bool>,
    /// See [`ConversationSettings::private`]. In single chats the peer's side changes too.
    pub private: Option<bool>,
    /// See [`ConversationSettings::burn_s`].
    pub burn_s: Option<i32>,
    /// See [`ConversationSettings::mention`].
    pub mention: Option<i32>,
    /// See [`ConversationSettings::attached_info`].
    pub attached_info: Option<String>,
    /// See [`ConversationSettings::ex`].
    pub ex: Option<String>,
    /// See [`ConversationSettings::expires`].
    pub expires: Option<bool>,
    /// See [`ConversationSettings::expire_s`].
    pub expire_s: Option<i64>,
    /// The first message that the user still sees.
    pub min_seq: Option<Seq>,
}

/// Which messages are looked for. What is not given does not matter.
#[derive(Debug, Clone, Default)]
pub struct MessageSearch {
    /// Who sent them.
    pub sender: Option<UserId>,
    /// To which user or group.
    pub recipient: Option<String>,
    /// What kind of conversation.
    pub place: Option<SearchPlace>,
    /// The form's own number of their content.
    pub content_code: Option<i32>,
    /// When they were sent: from the first instant, before the second.
    pub sent: Option<(UnixMs, UnixMs)>,
    /// So many are passed over.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

/// Kinds of conversations that are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchPlace {
    /// Chats of two.
    Single,
    /// Groups and rooms.
    Group,
    /// Notification accounts.
    Notice,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum ChatOutcome {
    /// Read positions, and pinned conversations ([`super::Command::ReadSeqs`]).
    ReadSeqs {
        /// Under the names asked for or, where all were asked for, `None`.
        states: Vec<(Option<String>, ConversationState)>,
        /// Empty where they were not asked for.
        pinned: Vec<ConversationId>,
    },
    /// Newest messages, under the names asked for.
    LastMessages(Vec<(String, Seen)>),
    /// Conversations.
    Conversations {
        /// How many there are on the list.
        total: usize,
        /// Those that were asked for.
        conversations: Vec<Listed>,
    },
    /// What a client has to learn about a list; what went is told by keys of conversations.
    Changes(Box<Delta<Listed>>),
    /// All that are on the list.
    Ids {
        /// Where the list stands.
        now: Version,
        /// Ascending.
        ids: Vec<ConversationId>,
    },
    /// Conversations with their newest messages.
    Overview {
        /// How many were asked for, pages apart.
        total: usize,
        /// Unread messages in all of them.
        unread: u64,
        /// Those of the page.
        conversations: Vec<Overview>,
    },
    /// What became of a message.
    SendState(SendState),
    /// Messages that were found.
    Found {
        /// How many there are, pages apart.
        total: usize,
        /// Those of the page.
        messages: Vec<Found>,
    },
}

/// A conversation on a user's list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// How far it has come for him.
    pub state: ConversationState,
    /// What he has set.
    pub settings: ConversationSettings,
}

impl Listed {
    /// Messages that he may see and has not read.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.state.max_seq.saturating_sub(self.state.read_seq.max(self.state.min_seq.saturating_sub(1)))
    }
}

/// A conversation with what a client shows of it in a list.
#[derive(Debug, Clone)]
pub struct Overview {
    /// It.
    pub listed: Listed,
    /// Its newest valid message; `None` = there is none, or there was no room for it.
    pub last: Option<Seen>,
    /// There is one, and there was no room for it.
    pub last_left_out: bool,
    /// The peer of a single chat; the account of a notice.
    pub user: Option<User>,
    /// The peer as a friend.
    pub friend: Option<Friend>,
    /// The group.
    pub group: Option<Group>,
}

/// What became of a message that was sent by REST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendState {
    /// Nothing is known of it.
    Unknown,
    /// It is on its way.
    Sending,
    /// It was taken.
    Sent,
    /// It was not.
    Failed,
}

/// A message that was found, with whom it is about.
#[derive(Debug, Clone)]
pub struct Found {
    /// It.
    pub message: Arc<Message>,
    /// It was taken back.
    pub revoked: bool,
    /// Its recipient in chats of two.
    pub recipient: Option<User>,
    /// Its group.
    pub group: Option<Group>,
}
