//! The receiver: a process of its own that stands in for the app's backend. It answers every callback alike, after a
//! settable time, and counts what it got.
//!
//! - `record`: what it counts.
//! - `process`: the hidden mode of this binary that is the receiver.
//! - `handle`: the parent's side: starts it, tells it what to do, asks what it saw.

mod handle;
mod process;
mod record;

pub(crate) use handle::Receiver;
pub(crate) use process::serve;
pub(crate) use record::{MEANT_AT, Seen};
