//! What can be asked about friends and blocks.

/// What can be asked.
#[derive(Debug, Clone)]
pub enum FriendCommand {}

/// What is answered.
#[derive(Debug, Clone)]
pub enum FriendOutcome {}
