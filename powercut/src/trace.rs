//! What was recorded.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A file, whatever it is called: one that was deleted and made again is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) usize);

/// One thing that SQLite did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Made a file. Its name is not durable before the folder is.
    Make(FileId),
    /// Removed a file.
    Delete(FileId),
    /// Wrote bytes.
    Write {
        /// To which file.
        file: FileId,
        /// First byte.
        at: u64,
        /// What.
        bytes: Arc<[u8]>,
    },
    /// Changed a file's size.
    Truncate {
        /// Whose.
        file: FileId,
        /// Bytes that it has now.
        size: u64,
    },
    /// A sync of a file has completed.
    Sync {
        /// Which file.
        file: FileId,
        /// Steps before this one had been recorded when the sync began: it covers those.
        covers: usize,
    },
    /// A sync of the folder has completed; it covers every step before it.
    SyncFolder,
}

/// Everything that was done to a folder, in order.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// What the folder held, durably, before the first step.
    pub(crate) base: BTreeMap<String, (FileId, Arc<[u8]>)>,
    /// Name of each file; more than one may have had the same.
    pub(crate) names: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

impl Trace {
    /// How many steps there are. The power may go at 0 (before the first) up to here (after the last).
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Nothing was done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// All steps.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Name of a file of this trace, without its folder.
    #[must_use]
    pub fn name(&self, file: FileId) -> &str {
        self.names.get(file.0).map_or("", String::as_str)
    }

    /// The name that a step makes or unmakes, and whom it means from then on.
    pub(crate) fn naming(&self, step: &Step) -> Option<(&str, Option<FileId>)> {
        match step {
            Step::Make(file) => Some((self.name(*file), Some(*file))),
            Step::Delete(file) => Some((self.name(*file), None)),
            _ => None,
        }
    }
}

/// One line per step, without the bytes: two runs that did the same print the same.
impl fmt::Display for Trace {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            write!(to, "{number} ")?;
            match step {
                Step::Make(file) => writeln!(to, "make {}", self.name(*file))?,
                Step::Delete(file) => writeln!(to, "delete {}", self.name(*file))?,
                Step::Write { file, at, bytes } => {
                    writeln!(to, "write {} {at}+{}", self.name(*file), bytes.len())?;
                }
                Step::Truncate { file, size } => writeln!(to, "truncate {} {size}", self.name(*file))?,
                Step::Sync { file, covers } => writeln!(to, "sync {} (<{covers})", self.name(*file))?,
                Step::SyncFolder => writeln!(to, "sync folder")?,
            }
        }
        Ok(())
    }
}
