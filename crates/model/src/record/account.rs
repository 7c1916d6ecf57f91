//! Records about accounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What the app has noted about a user, in names of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// About whom.
    pub user: UserId,
    /// Names and values.
    pub values: BTreeMap<String, String>,
}

/// A user is muted somewhere, or was: what holds stands in [`crate::user::User::standing`]; this is found where all of
/// them are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutedUser {
    /// Who.
    pub user: UserId,
}
