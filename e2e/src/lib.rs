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
pub mod crash;
pub mod curl;
pub mod family;
pub mod footprint;
mod gob;
pub mod inbox;
pub mod private_ca;
pub mod receiver;
pub mod rest;
pub mod rules;
pub mod server;
pub mod setup;
pub mod skip;
pub mod token;
pub mod upload;
pub mod wire;

use std::time::Duration;

/// How long a test waits for something that should happen at once. Generous: two cores, many tests.
pub const SOON: Duration = Duration::from_secs(20);

/// How long a test watches for something that must not happen. Every use comes after an event that the thing
/// would have followed at once, so it is short.
pub const QUIET: Duration = Duration::from_millis(400);

/// How often [`until`] asks.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer: for what a server only tells those who ask.
///
/// # Panics
/// When there is none within [`SOON`]; says `what` was waited for.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(SOON, what, ask).await
}

/// The same for what takes its time, however fast the machine is: failures that are tried again after a while.
///
/// # Panics
/// When there is no answer within `most`; says `what` was waited for.
pub async fn until_within<T>(most: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    let answer = tokio::time::timeout(most, asking).await;
    answer.unwrap_or_else(|_| panic!("not within {most:?}: {what}"))
}
