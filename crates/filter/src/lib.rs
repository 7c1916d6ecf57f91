//! The keyword filter: finds the words of word lists in texts, and says what is to become of them.
//!
//! | file | holds |
//! |---|---|
//! | `fold.rs` | the form in which words and texts are compared |
//! | `filter.rs` | lists, compiled into one automaton; judging a text |
//!
//! Pure: no I/O, no clock. Where lists come from, and when they are compiled anew, is the roof's business.

#![warn(missing_docs)]

mod filter;
mod fold;

pub use filter::{Found, Uncompiled, WordFilter, check_word};
pub use fold::fold;
