//! A commit: what stands or falls together in the store.

use std::sync::Arc;

use thiserror::Error;

use crate::conversation::ConversationId;
use crate::event::{Event, Fact, Lane};
use crate::failure::Fault;
use crate::group::{Group, Member};
use crate::ids::{GroupId, UserId};
use crate::message::Message;
use crate::record::{Record, RecordKey};
use crate::secret::Secret;
use crate::time::UnixMs;
use crate::user::{Block, Platform, TokenRecord, User};
use crate::version::{Touch, Version, VersionLog};

/// Requirements, writes and events. If one requirement does not hold, nothing is written. Durable before the
/// store answers.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// When.
    pub at: UnixMs,
    /// What must hold at the moment of writing.
    pub require: Vec<Require>,
    /// What is written, in order.
    pub writes: Vec<Write>,
    /// What changes in which list: each list's version grows by one, however many of its elements change. Whatever
    /// comes onto a list of conversations, or ends there, because of a write or an event is noted by the store.
    pub touches: Vec<(VersionLog, String, Touch)>,
    /// What goes into the log, in order.
    pub events: Vec<NewEvent>,
    /// Who does not get a chat onto his list that begins with a message of this commit.
    pub unlisted: Vec<UserId>,
}

impl Commit {
    /// An empty commit.
    #[must_use]
    pub const fn at(at: UnixMs) -> Self {
        Self {
            at,
            require: Vec::new(),
            writes: Vec::new(),
            touches: Vec::new(),
            events: Vec::new(),
            unlisted: Vec::new(),
        }
    }

    /// Adds a requirement.
    #[must_use]
    pub fn require(mut self, requirement: Require) -> Self {
        self.require.push(requirement);
        self
    }

    /// Adds a write.
    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Notes that an element of a list changes.
    #[must_use]
    pub fn touch(mut self, log: VersionLog, element: impl Into<String>, touch: Touch) -> Self {
        self.touches.push((log, element.into(), touch));
        self
    }

    /// Adds an event.
    #[must_use]
    pub fn event(mut self, lane: Lane, fact: Fact) -> Self {
        self.events.push(NewEvent { lane, fact });
        self
    }
}

/// What must hold at the moment of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Require {
    /// The user exists.
    User(UserId),
    /// The user exists and is not deactivated.
    ActiveUser(UserId),
    /// No user has this id, in any letter case.
    NoUser(UserId),
    /// The group exists and is not dismissed.
    LiveGroup(GroupId),
    /// No group has this id.
    NoGroup(GroupId),
    /// The user is in the group.
    InGroup(GroupId, UserId),
    /// The user is not in the group.
    NotInGroup(GroupId, UserId),
    /// The first user does not block the second.
    NotBlocked(UserId, UserId),
    /// The user's token of this id is among those handed out and not kicked.
    TokenValid(UserId, String),
    /// A record is kept here.
    Kept(RecordKey),
    /// None is.
    NotKept(RecordKey),
    /// The record is still as it was read.
    Unchanged(Box<Record>),
    /// The group is still as it was read, but for its number of members.
    SameGroup(Box<Group>),
    /// The member is still as he was read.
    SameMember(Box<Member>),
    /// The user is still as he was read.
    SameUser(Box<User>),
    /// The conversation is not on the user's list.
    NotListed(UserId, ConversationId),
}

/// What is written.
#[derive(Debug, Clone)]
pub enum Write {
    /// A user, new or changed.
    PutUser(User),
    /// A user goes: his profile, his password and his tokens. What he said stays; fine if he is not there.
    RemoveUser(UserId),
    /// A group, new or changed; `member_count` is kept by the store.
    PutGroup(Group),
    /// A member, new or changed. A new one gets the group's conversation in his list, readable from the start.
    PutMember(Member),
    /// A member leaves; his view of the conversation ends at its newest message.
    RemoveMember(GroupId, UserId),
    /// The hash of a user's password, new or changed.
    PutPassword {
        /// Whose.
        user: UserId,
        /// As [`crate::ports::Passwords::hash`] made it.
        hash: Secret,
    },
    /// A block, new or changed.
    PutBlock(Block),
    /// A block ends; fine if there is none.
    RemoveBlock(UserId, UserId),
    /// A token was handed out. Records that ended before the commit's time may be dropped.
    PutToken(TokenRecord),
    /// All tokens of a user on a platform are taken away, except this one.
    KickTokens {
        /// Whose.
        user: UserId,
        /// Where.
        platform: Platform,
        /// Which one stays ([`TokenRecord::id`]).
        except: Option<String>,
    },
    /// A user has read a conversation up to a seq; never moves back.
    MarkRead {
        /// Who.
        user: UserId,
        /// What.
        conversation: ConversationId,
        /// How far.
        seq: u64,
    },
    /// A user no longer sees what is older than this seq; never moves back.
    ForgetBefore {
        /// Who.
        user: UserId,
        /// Where.
        conversation: ConversationId,
        /// The first that he still sees.
        seq: u64,
    },
    /// A conversation comes onto a user's list, if it is not there.
    List {
        /// Whose.
        user: UserId,
        /// Which.
        conversation: ConversationId,
    },
    /// A record, new or changed.
    Keep(Box<Record>),
    /// A record goes; fine if there is none.
    Discard(RecordKey),
}

/// An event to be logged. The store gives its position and, to a message that is kept, its seq: it is numbered in
/// its conversation, joins the conversation lists of those concerned (both sides of a single chat with its first
/// message, the recipient of a notice; but for [`Commit::unlisted`]) and counts as read for its sender.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its lane.
    pub lane: Lane,
    /// What happened.
    pub fact: Fact,
}

/// A commit that was carried out.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// The events as logged, in order.
    pub events: Vec<Arc<Event>>,
    /// Where the lists that were changed stand now, each once.
    pub versions: Vec<(VersionLog, Version)>,
}

impl Committed {
    /// Where a list stands now; `None` where the commit did not change it.
    #[must_use]
    pub fn version(&self, log: &VersionLog) -> Option<Version> {
        self.versions.iter().find(|(changed, _)| changed == log).map(|(_, version)| *version)
    }
}

/// A commit that was not carried out; nothing was written.
#[derive(Debug, Clone, Error)]
pub enum CommitError {
    /// A requirement does not hold.
    #[error("requirement does not hold: {0:?}")]
    Broken(Require),
    /// The same sender has sent a message with the same client message id to the same conversation inside
    /// [`crate::limits::IDEMPOTENCY_WINDOW`]. This is the earlier one. The conversation belongs to the key because
    /// one call that sends to many users gives all its messages the same client message id.
    #[error("message was stored before")]
    Duplicate(Arc<Message>),
    /// There is no room; reads go on.
    #[error("storage is full")]
    Full,
    /// The store broke.
    #[error(transparent)]
    Fault(#[from] Fault),
}
