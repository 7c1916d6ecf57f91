//! Golden fixtures of the Shengwang / Agora / Easemob contracts, and what their rules ask and tell.
//!
//! With `RINGBACK_WRITE_DOCS=1` the golden requests are written anew; look at the change.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod answers;
mod documented;
mod forms;
mod requests;
mod samples;
mod told;
