//! Threads: conversations that hang on a message of a group. For administrators of the app; messages go to a thread as to
//! a group.

use crate::ids::{GroupId, MessageId, UserId};

/// What can be asked.
#[derive(Debug, Clone)]
pub enum ThreadCommand {
    /// Make one.
    Make(NewThread),
    /// Call it something else.
    Rename {
        /// The thread.
        thread: GroupId,
        /// 1..=[`crate::limits::THREAD_NAME_CHARS`] characters.
        name: String,
    },
    /// Dismiss it.
    Dismiss(GroupId),
    /// All threads of the app, those of a group together.
    All {
        /// Those after the one of this group that hangs on this message.
        after: Option<(GroupId, MessageId)>,
        /// How many; at most [`crate::limits::LIST_ITEMS`].
        limit: usize,
    },
    /// The threads that a user is in.
    OfUser {
        /// Who.
        user: UserId,
        /// Only those of this group.
        group: Option<GroupId>,
        /// Oldest first; otherwise newest first.
        ascending: bool,
        /// Those after this one.
        after: Option<GroupId>,
        /// How many; at most [`crate::limits::LIST_ITEMS`].
        limit: usize,
    },
    /// A page of its members, ascending by id.
    Members {
        /// The thread.
        thread: GroupId,
        /// Those after this one.
        after: Option<UserId>,
        /// How many; at most [`crate::limits::LIST_ITEMS`].
        limit: usize,
    },
    /// Add members of its group to it; who is in it stays.
    Add {
        /// The thread.
        thread: GroupId,
        /// Whom; at most [`crate::limits::LIST_ITEMS`].
        users: Vec<UserId>,
    },
    /// Take members out of it.
    Remove {
        /// The thread.
        thread: GroupId,
        /// Whom; at most [`crate::limits::LIST_ITEMS`].
        users: Vec<UserId>,
    },
}

/// A thread to be made.
#[derive(Debug, Clone)]
pub struct NewThread {
    /// Of which group.
    pub group: GroupId,
    /// On which of its messages it hangs, by the id that callers see.
    pub message: String,
    /// 1..=[`crate::limits::THREAD_NAME_CHARS`] characters.
    pub name: String,
    /// Whose: a member of the group.
    pub owner: UserId,
}
