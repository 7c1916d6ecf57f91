//! What administrators ask about accounts.

use std::collections::BTreeMap;

use crate::ids::{MessageId, UserId};
use crate::time::UnixMs;
use crate::user::{Standing, User};

/// What can be asked; administrators only. A user who does not exist is refused, but where it is said otherwise.
#[derive(Debug, Clone)]
pub enum AccountCommand {
    /// A page of all users, by when they were registered.
    ByAge {
        /// After whom; `None` = from the start.
        after: Option<AgeMark>,
        /// At most so many.
        limit: usize,
    },
    /// Take a user away: what he owns is dismissed, what he is in he leaves, and nobody finds him any more. What he
    /// said stays.
    Remove {
        /// Whom.
        user: UserId,
    },
    /// Take a page of all users away, as [`AccountCommand::ByAge`] finds it; administrators stay.
    RemovePage {
        /// After whom; `None` = from the start.
        after: Option<AgeMark>,
        /// At most so many.
        limit: usize,
    },
    /// Give a user a password, in place of the one that he has.
    SetPassword {
        /// Whom.
        user: UserId,
        /// It.
        password: crate::secret::Secret,
    },
    /// Give users shown names; rules are asked and told of each as for every change of a profile. Where one of them is
    /// unknown, none is changed; where a rule refuses one, those before him have theirs.
    Rename {
        /// Whom, each once, and his name.
        names: Vec<(UserId, String)>,
    },
    /// Let a user log in, or let him do so no longer; then he is offline at once.
    SetActive {
        /// Whom.
        user: UserId,
        /// Whether he may.
        active: bool,
    },
    /// Where a user is connected.
    Connections {
        /// Whose.
        user: UserId,
    },
    /// Log a user out.
    Disconnect {
        /// Whom.
        user: UserId,
        /// Only the connection of this id ([`crate::user::Connection::id`]); `None` = everywhere.
        connection: Option<String>,
    },
    /// How many messages a user has not read.
    Unread {
        /// Who.
        user: UserId,
    },
    /// Whether a message is among those that a user has not read.
    IsUnread {
        /// Who.
        user: UserId,
        /// Which.
        message: MessageId,
    },
    /// Let a user say nothing for a while.
    Mute {
        /// Whom.
        user: UserId,
        /// To users.
        to_users: MuteFor,
        /// In groups.
        in_groups: MuteFor,
        /// In chat rooms.
        in_rooms: MuteFor,
    },
    /// What was forbidden to a user.
    Standing {
        /// Whom.
        user: UserId,
    },
    /// Users who are muted somewhere, ascending by folded id.
    Muted {
        /// After whom; `None` = from the start.
        after: Option<UserId>,
        /// At most so many.
        limit: usize,
    },
    /// Note attributes of a user; others that he has stay.
    SetAttributes {
        /// Whose.
        user: UserId,
        /// Names and values.
        attributes: BTreeMap<String, String>,
    },
    /// Attributes of users. Those who have none, or do not exist, are answered with none.
    Attributes {
        /// Whose.
        users: Vec<UserId>,
    },
    /// Forget all attributes of a user; fine where he has none, or does not exist.
    RemoveAttributes {
        /// Whose.
        user: UserId,
    },
    /// How many bytes the attributes of all users take. All are read for it, page by page.
    AttributesSize,
}

/// Where a page of users, or of members, by age ended. The user need not exist any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeMark {
    /// When the last one was registered, or came into the group.
    pub at: UnixMs,
    /// Who it was.
    pub user: UserId,
}

/// How long somebody is to be muted from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MuteFor {
    /// As it is now.
    Unchanged,
    /// He may speak.
    Nothing,
    /// So many seconds.
    Seconds(u64),
    /// For ever.
    Ever,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum AccountOutcome {
    /// A page of users.
    Page {
        /// They.
        users: Vec<User>,
        /// Where it ended; `None` = there are no more.
        next: Option<AgeMark>,
    },
    /// Whether a connection was cut.
    Disconnected(bool),
    /// How many messages.
    Unread(u64),
    /// Whether the message is among them.
    IsUnread(bool),
    /// What was forbidden to users.
    Standings {
        /// To whom, and what.
        users: Vec<(UserId, Standing)>,
        /// After whom there may be more; `None` = there are no more.
        next: Option<UserId>,
        /// When that was.
        at: UnixMs,
    },
    /// Attributes, in the order asked for.
    Attributes(Vec<(UserId, BTreeMap<String, String>)>),
    /// Bytes of attributes, with their names.
    AttributesSize(u64),
}
