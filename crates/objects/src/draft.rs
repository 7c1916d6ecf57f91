//! A file in the making: it has its final name once it is whole and durable, and is gone if it never gets that far.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};

/// A file without its final name. Removed when dropped.
pub(crate) struct Draft {
    path: PathBuf,
}

impl Draft {
    pub(crate) const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, in place of what may have it. The file must be synced.
    pub(crate) fn put(&self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        sync_folder(to)
    }

    /// Gives it a name that nobody has; false where somebody has it. The file must be synced.
    pub(crate) fn put_new(&self, to: &Path) -> io::Result<bool> {
        // A link, unlike a rename, does not replace what is there.
        match fs::hard_link(&self.path, to) {
            Ok(()) => sync_folder(to).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Most have got their name by now; what a crash leaves is removed at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the entry of a file durable, not its content.
pub(crate) fn sync_folder(of: &Path) -> io::Result<()> {
    match of.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes a folder and those above it, durably.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        make_folder(above)?;
    }
    match fs::create_dir(path) {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A full disk is not our fault, and the caller may know of it.
pub(crate) fn failure(what: &str, error: io::Error) -> Failure {
    let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    if full.contains(&error.kind()) {
        return Refusal::new(RefusalCode::StorageFull, "there is no room for uploads now").into();
    }
    Fault::from_error(what.to_owned(), error).into()
}
