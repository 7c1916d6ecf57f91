//! What the end-to-end tests are made of: the real server in a process of its own, a receiver of callbacks
//! that does what it is told, a REST client and a WebSocket client. Every wait is for an event and has a bound.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness that cannot go on fails its test at once"
)]

pub mod app;
pub mod binary;
pub mod client;
pub mod inbox;
pub mod private_ca;
pub mod receiver;
pub mod rest;
pub mod rules;
pub mod server;
pub mod setup;
pub mod skip;
pub mod token;
pub mod wire;

use std::time::Duration;

/// How long a test waits for something that should happen at once. Generous: two cores, many tests.
pub const SOON: Duration = Duration::from_secs(20);

/// How long a test watches for something that must not happen. Every use comes after an event that the thing
/// would have followed at once, so it is short.
pub const QUIET: Duration = Duration::from_millis(400);
