//! What the fuzz targets do with their bytes. An ordinary crate: the fuzzer (`fuzz/fuzz_targets`) calls [`TARGETS`], and so
//! does a test, with the corpora, the fixtures and a bounded number of mutations.
//!
//! A target stops (panics) where something is wrong: a decoder that panics, but also a refusal outside of its envelope,
//! an answer that nobody can read, a forged token, a body beyond its bound.
//!
//! | target | decodes |
//! |---|---|
//! | [`openim_rest`] | bodies of the first dialect's REST interface |
//! | [`family_rest`] | paths, queries and bodies of the second one's |
//! | [`socket`] | WebSocket: handshake, frames with and without gzip, protobuf |
//! | [`gob`] | WebSocket: envelopes in gob, with and without gzip |
//! | [`tokens`] | tokens in every form |
//! | [`configs`] | rule files, `ringback.yml`, receiver scripts |
//! | [`answers`] | receivers' answers |
//! | [`keywords`] | word lists, and texts that are judged by them |
//! | [`files`] | forms with files in them, and pictures |
//! | [`admin`] | rules by API, URLs, addresses, dates and rates |
//! | [`callbacks`] | callbacks as `listen` reads them, signatures, rows from disk |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a target says by a panic that something is wrong"
)]
#![warn(missing_docs)]

mod addresses;
pub mod admin;
pub mod answers;
pub mod callbacks;
pub mod configs;
pub mod family_rest;
pub mod files;
pub mod gob;
mod input;
pub mod keywords;
pub mod openim_rest;
mod render;
mod rest;
pub mod seeds;
pub mod socket;
pub mod tokens;
mod world;

use seeds::Seeds;

/// One target.
pub struct Target {
    /// Its name: of the fuzz target, and of its folder below `fuzz/corpus`.
    pub name: &'static str,
    /// Runs it once. Panics where something is wrong.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Seeds,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "openim_rest", run: openim_rest::run, seeds: openim_rest::seeds },
    Target { name: "family_rest", run: family_rest::run, seeds: family_rest::seeds },
    Target { name: "socket", run: socket::run, seeds: socket::seeds },
    Target { name: "gob", run: gob::run, seeds: gob::seeds },
    Target { name: "tokens", run: tokens::run, seeds: tokens::seeds },
    Target { name: "configs", run: configs::run, seeds: configs::seeds },
    Target { name: "answers", run: answers::run, seeds: answers::seeds },
    Target { name: "files", run: files::run, seeds: files::seeds },
    Target { name: "keywords", run: keywords::run, seeds: keywords::seeds },
    Target { name: "admin", run: admin::run, seeds: admin::seeds },
    Target { name: "callbacks", run: callbacks::run, seeds: callbacks::seeds },
];
