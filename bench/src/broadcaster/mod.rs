//! A bare WebSocket server, the yardstick of pushes: what one connection says is written to all that listen. It does
//! nothing else, and writes all that waits for a connection before it flushes.
//!
//! - `process`: the hidden mode of this binary that is the server.
//! - `handle`: the parent's side.

mod handle;
mod process;

pub(crate) use handle::Broadcaster;
pub(crate) use process::serve;
