//! A receiver of callbacks: stands in for an app's backend while one is being written, and in the demonstration.
//!
//! It answers every callback of every registered dialect as its [`behaviour::Behaviour`] says, tells who listens
//! about each [`call::Call`], and keeps a [`ledger::Summary`]. Everything that comes from outside is bounded:
//! connections, header and body sizes, time ([`ringback_model::limits`]).
//!
//! | file | holds |
//! |---|---|
//! | [`behaviour`] | what it answers, as a value |
//! | [`script`] | the same, from a YAML text |
//! | [`call`] | one call, as it was seen and answered |
//! | [`ledger`] | counts and duplicates |
//! | [`signature`] | whether a call was signed with the secret |
//! | [`certificate`] | HTTPS: a private authority for localhost |
//! | [`running`] | the listener |
//! | [`exchange`] | one request and its answer |
//! | [`display`] | lines for people and for machines |

pub mod behaviour;
pub mod call;
pub mod certificate;
pub mod display;
pub mod exchange;
pub mod ledger;
pub mod running;
pub mod script;
pub mod signature;
