//! The engine from outside: gate, dispatcher, simulation, HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    unreachable_pub,
    reason = "tests stop where something is wrong; their parts are seen by each other only"
)]

mod audit;
mod bans;
mod clock;
mod connections;
mod dispatcher;
mod gate;
mod http;
mod parts;
mod promise;
mod replay;
mod rules;
mod simulation;
mod starts;
mod storage;
mod support;
mod trials;
mod why;
