//! The disk's pulse: beside a case, a page is appended and synced again and again. On a shared disk that alone takes
//! hundreds of milliseconds now and then; a server that waits for the disk before it answers then waits, too, and the
//! tail of its latencies tells of the neighbours.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::stats::ratio;

/// Between two syncs: frequent enough to meet each stall, rare enough to be none.
const PAUSE: Duration = Duration::from_millis(20);
/// A sync that takes longer is a stall, from here on.
const CALM: Duration = Duration::from_millis(10);
/// What a store appends at least.
const PAGE: [u8; 4096] = [7; 4096];

/// A pulse that is being taken.
pub(crate) struct Pulse {
    stop: Sender<()>,
    thread: JoinHandle<std::io::Result<Duration>>,
    file: PathBuf,
    began: Instant,
}

impl Pulse {
    /// Begins, on the disk of a folder.
    ///
    /// # Errors
    /// No file can be made there, or no thread.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(format!("pulse-{}", std::process::id()));
        let file = File::create(&path).with_context(|| format!("making {}", path.display()))?;
        let (stop, stopped) = mpsc::channel();
        let work = move || take(file, || stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout));
        let thread =
            thread::Builder::new().name("pulse".to_owned()).spawn(work).context("starting a thread")?;
        Ok(Self { stop, thread, file: path, began: Instant::now() })
    }

    /// Ends it. Answers the share of the time for which the disk stood still, 0 to 1.
    ///
    /// # Errors
    /// The disk refused a write.
    pub(crate) fn stop(self) -> anyhow::Result<f64> {
        let Self { stop, thread, file, began } = self;
        drop(stop);
        let stalled = thread.join().map_err(|_| anyhow::anyhow!("taking the disk's pulse has panicked"))?;
        let lasted = began.elapsed();
        fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
        let stalled = stalled.context("taking the disk's pulse")?;
        Ok(ratio(stalled.as_secs_f64(), lasted.as_secs_f64()).unwrap_or(0.0).min(1.0))
    }
}

/// Syncs while it is told to go on; sums what syncs took beyond what is usual.
fn take(mut file: File, mut go_on: impl FnMut() -> bool) -> std::io::Result<Duration> {
    let mut stalled = Duration::ZERO;
    while go_on() {
        let began = Instant::now();
        file.write_all(&PAGE)?;
        file.sync_data()?;
        stalled += began.elapsed().saturating_sub(CALM);
    }
    Ok(stalled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_ends_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let pulse = Pulse::start(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let stalled = pulse.stop().unwrap();
        assert!((0.0..=1.0).contains(&stalled));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_page_is_written_for_each_beat() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut left = 3;
        let go_on = || {
            left -= 1;
            left >= 0
        };
        take(file.reopen().unwrap(), go_on).unwrap();
        assert_eq!(file.path().metadata().unwrap().len(), 3 * PAGE.len() as u64);
    }
}
