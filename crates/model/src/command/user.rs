//! What can be asked about profiles, and what users keep.

/// What can be asked.
#[derive(Debug, Clone)]
pub enum UserCommand {}

/// What is answered.
#[derive(Debug, Clone)]
pub enum UserOutcome {}
