//! What devices are told about friends and blocks.

use serde::{Deserialize, Serialize};

use crate::version::{Version, VersionLog};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FriendNotice {}

impl FriendNotice {
    /// See [`super::Notice::stamp`].
    pub fn stamp(&mut self, _versions: &[(VersionLog, Version)]) {
        match *self {}
    }
}
