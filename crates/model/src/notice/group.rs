//! What devices are told about a group.

use serde::{Deserialize, Serialize};

use crate::version::{Version, VersionLog};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupNotice {}

impl GroupNotice {
    /// See [`super::Notice::stamp`].
    pub fn stamp(&mut self, _versions: &[(VersionLog, Version)]) {
        match *self {}
    }
}
