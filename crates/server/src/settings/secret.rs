//! The server's secret: what administrators show to get a token, and what signs tokens. Made once, kept in the
//! data folder, readable by its owner only, never logged.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use ringback_model::secret::Secret;

use super::Settings;

/// Where a server without a secret in its settings keeps the one that it made.
#[must_use]
pub fn path_in(data_dir: &Path) -> PathBuf {
    data_dir.join("secret")
}

/// The secret of these settings where there is one already: `secret`, `secret_file`, or the data folder's.
///
/// # Errors
/// A file that is named cannot be read or is empty.
pub fn existing(settings: &Settings) -> anyhow::Result<Option<Secret>> {
    if let Some(secret) = &settings.secret {
        return Ok(Some(secret.clone()));
    }
    if let Some(path) = &settings.secret_file {
        return read(path).map(Some);
    }
    let path = path_in(&settings.data_dir);
    if path.exists() { read(&path).map(Some) } else { Ok(None) }
}

/// The secret of these settings; made and kept where there is none yet.
///
/// # Errors
/// As [`existing`], or the file cannot be written.
pub fn resolve(settings: &Settings) -> anyhow::Result<Secret> {
    if let Some(secret) = existing(settings)? {
        return Ok(secret);
    }
    let path = path_in(&settings.data_dir);
    fs::create_dir_all(&settings.data_dir)
        .with_context(|| format!("cannot make the data folder {}", settings.data_dir.display()))?;
    let text = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    match write_new(&path, &text) {
        Ok(()) => {
            tracing::info!(file = %path.display(), "a secret was made; administrators log in with it");
            Ok(Secret::new(text))
        }
        // Another process was faster: its secret is the one.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(&path),
        Err(error) => Err(error).with_context(|| format!("cannot write the secret to {}", path.display())),
    }
}

fn read(path: &Path) -> anyhow::Result<Secret> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the secret from {}", path.display()))?;
    let text = text.trim();
    if text.is_empty() {
        bail!("the secret in {} is empty", path.display());
    }
    Ok(Secret::new(text.to_owned()))
}

/// Writes the whole file or nothing, so that a crash in between does not leave half a secret behind.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| {
        file.write_all(format!("{text}\n").as_bytes())?;
        file.sync_all()
    });
    // A hard link, unlike a rename, does not replace what another process has put there meanwhile.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    linked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_kept_to_oneself() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data_dir: folder.path().join("d"), ..Settings::default() };
        assert_eq!(existing(&settings).unwrap(), None);
        let made = resolve(&settings).unwrap();
        assert_eq!(made.reveal().len(), 43);
        assert_eq!(resolve(&settings).unwrap(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path_in(&settings.data_dir)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&settings.data_dir).unwrap().count(), 1, "no draft stays behind");
    }

    #[test]
    fn settings_win_over_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mounted");
        fs::write(&file, "from-file\n").unwrap();
        let mut settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        settings.secret_file = Some(file.clone());
        assert_eq!(resolve(&settings).unwrap().reveal(), "from-file");
        fs::write(&file, " \n").unwrap();
        assert!(resolve(&settings).is_err());
        settings.secret_file = None;
        settings.secret = Some(Secret::new("from-text".to_owned()));
        assert_eq!(resolve(&settings).unwrap().reveal(), "from-text");
    }
}
