//! What was decided and tried, kept beside the store: a file of its own, so that it never waits with a commit.
//!
//! | file | holds |
//! |---|---|
//! | [`settings`] | how long, and how much |
//! | [`coding`] | a batch of traces as bytes |
//! | [`mod@file`] | the file, and the thread that has it |
//! | [`memory`] | the same in memory, for tests |

mod coding;
mod file;
mod memory;
mod settings;

use std::path::Path;
use std::sync::Arc;

use ringback_model::failure::Fault;
use ringback_model::ports::Traces;

pub use settings::TraceSettings;

/// Opens the record of decisions and attempts in a data folder, which is there. One that cannot be read is begun anew:
/// it may be lost. Blocks for a moment.
///
/// # Errors
/// The file cannot be made.
pub fn traces(folder: &Path, settings: TraceSettings) -> Result<Arc<dyn Traces>, Fault> {
    Ok(Arc::new(file::TraceFile::open(folder, settings)?))
}

/// A record in memory.
#[must_use]
pub fn memory_traces(settings: TraceSettings) -> Arc<dyn Traces> {
    Arc::new(memory::TraceMemory::new(settings))
}
