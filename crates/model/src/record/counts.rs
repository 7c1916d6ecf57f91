//! How much was said, by day. Days are counted from 1970 and begin at midnight UTC. Source: REST sheet 10.

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, UserId};

/// How many messages a user has sent on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDay {
    /// Which day.
    pub day: i64,
    /// Who.
    pub user: UserId,
    /// In single chats.
    pub single: u64,
    /// In groups.
    pub group: u64,
}

/// How many messages were sent in a group on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDay {
    /// Which day.
    pub day: i64,
    /// Where.
    pub group: GroupId,
    /// Messages.
    pub messages: u64,
}
