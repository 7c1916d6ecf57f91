//! What can be asked about groups and their members.

/// What can be asked.
#[derive(Debug, Clone)]
pub enum GroupCommand {}

/// What is answered.
#[derive(Debug, Clone)]
pub enum GroupOutcome {}
