//! The data folder: its files, who may read them, and that only one process has it open.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use ringback_model::failure::Fault;

/// Locks the folder, which is made where it is missing, for as long as the file lives.
pub(super) fn claim(path: &Path) -> Result<File, Fault> {
    let cannot = |error| Fault::from_error(format!("open the data folder {}", path.display()), error);
    make_durably(path).map_err(cannot)?;
    let lock = private(&path.join("ringback.lock")).map_err(cannot)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Fault::new(format!(
            "the data folder {} is in use by another process; stop that one, or choose another folder",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

/// Path of the database file. It exists afterwards and only its owner may read it; the files that the database
/// puts beside it take its mode.
pub(super) fn database(path: &Path) -> Result<PathBuf, Fault> {
    let file = path.join("ringback.db");
    private(&file).map_err(|error| Fault::from_error(format!("open {}", file.display()), error))?;
    Ok(file)
}

/// Makes a folder, and those above it, where they are missing. The entry of each is synced in the one above: what
/// is acknowledged inside a folder is worth nothing if a power cut takes the folder away.
fn make_durably(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    // A path of one relative name lies in the current folder.
    let above = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    make_durably(above)?;
    match fs::create_dir(path) {
        Err(_) if path.is_dir() => {}
        made => made?,
    }
    #[cfg(unix)]
    File::open(above)?.sync_all()?;
    Ok(())
}

fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
