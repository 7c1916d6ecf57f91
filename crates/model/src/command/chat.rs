//! What can be asked about conversations and messages that were sent.

/// What can be asked.
#[derive(Debug, Clone)]
pub enum ChatCommand {}

/// What is answered.
#[derive(Debug, Clone)]
pub enum ChatOutcome {}
