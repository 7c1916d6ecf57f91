//! The exam that every backend of the store passes: one function per promise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "tests"
)]

mod agreement;
mod asides;
mod commits;
mod crash;
mod directory;
mod duplicates;
mod expiry;
mod facts;
mod folding;
mod gaps;
mod history;
mod log;
mod migration;
mod pages;
mod parked;
mod records;
mod reopening;
mod rules;
mod shelf;
mod strangers;
mod traces;
mod world;
