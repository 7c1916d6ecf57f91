//! Replays: what a rule was sent once is sent again, because somebody wants it. Counted first, within a scope that does
//! not grow, with the ids and bytes of the first time, and beside the rule's own progress, which hears nothing of it.
//!
//! | file | holds |
//! |---|---|
//! | [`order`] | what may be asked for, and what is said to what cannot be done |
//! | [`selection`] | which events are meant, pure |
//! | [`business`] | what of them is the rule's, and which of its copies |
//! | [`scope`] | where in the log they are, read in pages |
//! | [`start`] | an order is looked at; what can be done with a replay that is there |
//! | [`book`], [`state`] | replays that are under way or over, and how each is doing |
//! | [`worker`], [`count`], [`page`] | the work of one replay |

mod book;
mod business;
mod count;
mod order;
mod page;
mod scope;
mod selection;
mod start;
mod state;
mod worker;

pub(crate) use book::Replays;
pub use order::{ReplayError, ReplayOrder};
pub use state::{ReplayCounts, ReplayFailure, ReplayState, ReplayStatus};
