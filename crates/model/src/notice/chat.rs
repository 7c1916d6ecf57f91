//! What devices are told about conversations and messages that were sent.

use serde::{Deserialize, Serialize};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatNotice {}
