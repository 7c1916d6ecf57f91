//! Who watches which folder, and how a test stops other threads between two steps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;
use std::{fs, io};

use crate::trace::{FileId, Step, Trace};

/// Longest wait of a test for another thread.
const PATIENCE: Duration = Duration::from_secs(30);

/// All folders that are watched.
static WATCHED: Mutex<Vec<Weak<Recording>>> = Mutex::new(Vec::new());

/// What is recorded of one folder, for as long as this lives.
#[derive(Debug)]
pub struct Recording {
    /// As SQLite names it: absolute, without links.
    folder: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    trace: Trace,
    /// What each name means now.
    live: BTreeMap<String, FileId>,
    /// Files that SQLite has open.
    handles: usize,
    hold: Option<Held>,
}

#[derive(Debug)]
struct Held {
    by: ThreadId,
    let_through: usize,
    somebody_waits: bool,
}

/// Something that a test waited for did not happen within half a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("waited too long for {0}")]
pub struct TimedOut(&'static str);

impl Recording {
    /// Starts to watch a folder. What it holds now counts as durable.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn start(folder: &Path) -> io::Result<Arc<Self>> {
        let folder = folder.canonicalize()?;
        let mut state = State::default();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_file() && !name.ends_with("-shm") {
                let file = state.add(&name);
                state.trace.base.insert(name, (file, fs::read(entry.path())?.into()));
            }
        }
        let recording = Arc::new(Self { folder, state: Mutex::new(state), changed: Condvar::new() });
        let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|known| known.strong_count() > 0);
        watched.push(Arc::downgrade(&recording));
        Ok(recording)
    }

    /// How many steps have been recorded.
    #[must_use]
    pub fn position(&self) -> usize {
        self.lock().trace.steps.len()
    }

    /// Everything recorded so far.
    #[must_use]
    pub fn trace(&self) -> Trace {
        self.lock().trace.clone()
    }

    /// Lets other threads take this many steps more; at the next one they wait until the hold is dropped. The
    /// calling thread goes on as it likes.
    #[must_use = "dropping it lets everybody go"]
    pub fn hold(self: &Arc<Self>, let_through: usize) -> Hold {
        let by = thread::current().id();
        self.lock().hold = Some(Held { by, let_through, somebody_waits: false });
        Hold(self.clone())
    }

    /// Waits until SQLite has at most this many files of the folder open.
    ///
    /// # Errors
    /// That did not happen.
    pub fn wait_for_handles(&self, most: usize) -> Result<(), TimedOut> {
        self.wait_until("files to be closed", |state| state.handles <= most)
    }

    fn wait_until(&self, what: &'static str, mut met: impl FnMut(&State) -> bool) -> Result<(), TimedOut> {
        let waiting = self.changed.wait_timeout_while(self.lock(), PATIENCE, |state| !met(state));
        let (_state, waited) = waiting.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() { Err(TimedOut(what)) } else { Ok(()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Called before a step is taken: waits while another thread holds.
    pub(crate) fn pass(&self) {
        let me = thread::current().id();
        let mut state = self.lock();
        loop {
            match &mut state.hold {
                Some(hold) if hold.by != me => {
                    if hold.let_through > 0 {
                        hold.let_through -= 1;
                        return;
                    }
                    hold.somebody_waits = true;
                }
                _ => return,
            }
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A file was opened. One that was not there for SQLite before was made, by SQLite or by somebody else.
    pub(crate) fn opened(&self, name: &str) -> FileId {
        let found = fs::read(self.folder.join(name)).unwrap_or_default();
        let mut state = self.lock();
        state.handles += 1;
        if let Some(known) = state.live.get(name) {
            return *known;
        }
        let file = state.add(name);
        state.trace.steps.push(Step::Make(file));
        if !found.is_empty() {
            state.trace.steps.push(Step::Write { file, at: 0, bytes: found.into() });
        }
        file
    }

    pub(crate) fn closed(&self) {
        self.lock().handles -= 1;
        self.changed.notify_all();
    }

    pub(crate) fn wrote(&self, file: FileId, at: u64, bytes: &[u8]) {
        self.lock().trace.steps.push(Step::Write { file, at, bytes: bytes.into() });
    }

    pub(crate) fn truncated(&self, file: FileId, size: u64) {
        self.lock().trace.steps.push(Step::Truncate { file, size });
    }

    pub(crate) fn synced(&self, file: FileId, covers: usize, folder_too: bool) {
        let mut state = self.lock();
        state.trace.steps.push(Step::Sync { file, covers });
        if folder_too {
            state.trace.steps.push(Step::SyncFolder);
        }
    }

    pub(crate) fn deleted(&self, name: &str, folder_synced: bool) {
        let mut state = self.lock();
        if let Some(file) = state.live.remove(name) {
            state.trace.steps.push(Step::Delete(file));
        }
        if folder_synced {
            state.trace.steps.push(Step::SyncFolder);
        }
    }
}

impl State {
    fn add(&mut self, name: &str) -> FileId {
        let file = FileId(self.trace.names.len());
        self.trace.names.push(name.to_owned());
        self.live.insert(name.to_owned(), file);
        file
    }
}

/// While it lives, threads other than its maker's wait before their next step.
#[derive(Debug)]
pub struct Hold(Arc<Recording>);

impl Hold {
    /// Waits until some thread has come to the step that it may not take.
    ///
    /// # Errors
    /// None did.
    pub fn wait_for_somebody(&self) -> Result<(), TimedOut> {
        let held = |state: &State| state.hold.as_ref().is_some_and(|hold| hold.somebody_waits);
        self.0.wait_until("a thread to come to its next step", held)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.lock().hold = None;
        self.0.changed.notify_all();
    }
}

/// Who watches a file, and the file's name in the folder.
pub(crate) fn watching(path: &Path) -> Option<(Arc<Recording>, String)> {
    let (folder, name) = (path.parent()?, path.file_name()?.to_str()?);
    let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let recording = watched.iter().filter_map(Weak::upgrade).find(|known| known.folder == folder)?;
    Some((recording, name.to_owned()))
}
