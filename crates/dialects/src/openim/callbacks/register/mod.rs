//! The rows of the register, by subject: each file holds its commands, their bodies, and what their answers change.

mod conversation;
mod friend;
mod group;
pub(super) mod message;
mod presence;
pub(super) mod push;
mod user;

use super::commands::Command;

/// All rows, in the order of the register.
pub(super) const ROWS: [&[Command]; 10] = [
    message::ROWS,
    conversation::ROWS,
    push::ROWS,
    presence::ROWS,
    friend::ROWS,
    group::create::ROWS,
    group::enter::ROWS,
    group::life::ROWS,
    group::edit::ROWS,
    user::ROWS,
];
