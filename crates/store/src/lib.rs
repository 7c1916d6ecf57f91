//! The promises of the store ports, kept several ways.
//!
//! | backend | for |
//! |---|---|
//! | [`memory()`] | tests, and as the clearest statement of the semantics |
//! | [`open`] | one data folder, nothing to install, crash-safe (SQLite, one writer thread, group commit) |
//!
//! What was decided and tried lies beside the store, in a file of its own ([`traces()`]).
//!
//! What every backend promises is written in `tests/it` as one exam that each of them passes. Rules that hold for
//! every backend beyond what [`ringback_model::commit`] and [`ringback_model::ports`] say:
//!
//! - Users are the same person whatever the letter case of their id; every key folds it.
//! - A duplicate is found before requirements are looked at: a repeated send is answered like the first one even
//!   if the sender was blocked in between. A message with an empty client message id is never a duplicate.
//! - Time in the log never runs backwards: an event is not older than the one before it, whatever the clock did.
//! - A read mark never lies beyond what its user may see.
//! - A message needs neither users nor a group that exist, unless its commit requires them: some callers promise not
//!   to check. Its conversation is in the lists of both sides of a single chat, registered or not.
//! - Parked deliveries are forgotten rule by rule, each rule's oldest slice first.
//! - A rule that was discarded and is kept again is a new one: it goes to the end.

#![warn(missing_docs)]

mod embedded;
mod memory;
mod settings;
mod shape;
mod traces;

use std::path::Path;
use std::sync::Arc;

use ringback_model::failure::Fault;
use ringback_model::ports::Store;

pub use settings::StoreSettings;
pub use traces::{TraceSettings, memory_traces, traces};

/// A store in memory. What it holds is gone with it.
#[must_use]
pub fn memory(settings: StoreSettings) -> Arc<dyn Store> {
    Arc::new(memory::Memory::new(settings))
}

/// Opens the embedded store in a folder, which is made where it is missing. Blocks: reads the newest part of the
/// log, at most [`StoreSettings::segment_events`] events.
///
/// # Errors
/// A fault that says what is wrong: another process has the folder open, the folder cannot be written, or a newer
/// program has written it.
pub fn open(path: &Path, settings: StoreSettings) -> Result<Arc<dyn Store>, Fault> {
    Ok(Arc::new(embedded::Embedded::open(path, settings)?))
}
