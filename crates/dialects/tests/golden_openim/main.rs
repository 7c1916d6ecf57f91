//! Golden fixtures of the OpenIM contracts: every command in every contract has them, requests are rendered byte for
//! byte, and every answer means what its folder says.
//!
//! With `RINGBACK_WRITE_DOCS=1` the golden requests are written anew; look at the change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod actions;
mod answers;
mod behaviour;
mod catalogue;
mod requests;
mod samples;
mod told;
