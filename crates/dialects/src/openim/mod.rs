//! OpenIM: its client protocols (REST, WebSocket, tokens) and its callback contracts from v2 to v3.8.

pub mod callbacks;
pub mod codes;
pub mod content;
pub mod conversation_id;
mod group_objects;
mod handled;
pub(crate) mod notices;
pub mod options;
pub mod receiver;
pub mod rest;
pub mod rule_files;
mod seen;
pub mod socket;
pub mod token;
pub mod wire;

/// The name of this dialect's content form in [`ringback_model::message::Content::form`].
pub const FORM: &str = "openim";
