//! Objects in a folder: a file for each key, `parts/<id>/<number>-<MD5>` for parts (one of a number), `drafts` for what is being written.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use ringback_model::failure::{Failure, Fault};
use ringback_model::limits;
use ringback_model::object::{Md5Hex, PieceError, Pieces, UploadPlace};
use ringback_model::ports::Fut;
use ringback_model::time::UnixMs;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, SeekFrom};

use crate::backend::{Backend, Entry, StoredPart, gone, not_under_way};
use crate::draft::{Draft, failure, make_folder, sync_folder};
use crate::keys;
use crate::measured::Measured;

/// The folder. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Folder {
    root: Arc<Path>,
    drafts: Arc<AtomicU64>,
}

impl Folder {
    /// Opens it, and removes what a crash has left half-written.
    pub(crate) fn open(root: &Path) -> Result<Self, Fault> {
        let prepare = || {
            for name in ["contents", "uploads", "open", "parts", "names", "hashes"] {
                make_folder(&root.join(name))?;
            }
            let drafts = root.join("drafts");
            if drafts.exists() {
                fs::remove_dir_all(&drafts)?;
            }
            make_folder(&drafts)
        };
        prepare().map_err(|error: io::Error| {
            Fault::from_error(format!("the folder {} cannot be used for objects", root.display()), error)
        })?;
        Ok(Self { root: Arc::from(root), drafts: Arc::default() })
    }

    /// Where a key's file is. Keys that come back from clients were sealed by us; they are checked all the same.
    fn file(&self, key: &str) -> io::Result<PathBuf> {
        if keys::is_key(key) { Ok(self.root.join(key)) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    fn parts_of(&self, place: &UploadPlace) -> io::Result<PathBuf> {
        self.file(&place.content)?;
        self.file(&format!("parts/{}", keys::last(&place.content)))
    }

    fn draft(&self) -> Draft {
        let number = self.drafts.fetch_add(1, Ordering::Relaxed);
        Draft::at(self.root.join(format!("drafts/{number}")))
    }

    /// File operations block: they go to threads that may.
    fn work<T: Send + 'static>(
        &self,
        what: &'static str,
        act: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Fut<'static, Result<T, Failure>> {
        let folder = self.clone();
        Box::pin(async move {
            match tokio::task::spawn_blocking(move || act(&folder)).await {
                Ok(done) => done.map_err(|error| failure(what, error)),
                Err(error) => Err(Fault::from_error(what, error).into()),
            }
        })
    }

    fn written(&self, bytes: &[u8]) -> io::Result<Draft> {
        let draft = self.draft();
        let mut file = File::create_new(draft.path())?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(draft)
    }

    fn target(&self, key: &str) -> io::Result<PathBuf> {
        let path = self.file(key)?;
        path.parent().map_or(Ok(()), make_folder)?;
        Ok(path)
    }

    async fn receive(&self, size: u64, bytes: Pieces) -> Result<(Draft, Md5Hex), Failure> {
        let wrong = |error| failure("a part cannot be written", error);
        let draft = self.draft();
        let mut file = tokio::fs::File::create_new(draft.path()).await.map_err(wrong)?;
        let mut measured = Measured::new(bytes, size);
        while let Some(piece) = measured.next().await? {
            file.write_all(&piece).await.map_err(wrong)?;
        }
        file.flush().await.map_err(wrong)?;
        file.sync_all().await.map_err(wrong)?;
        Ok((draft, measured.md5()))
    }
}

impl Backend for Folder {
    fn record<'a>(&'a self, key: &'a str) -> Fut<'a, Result<Option<Vec<u8>>, Failure>> {
        let key = key.to_owned();
        self.work("a record cannot be read", move |folder| found(fs::read(folder.file(&key)?)))
    }

    fn write<'a>(&'a self, key: &'a str, bytes: Vec<u8>) -> Fut<'a, Result<(), Failure>> {
        let key = key.to_owned();
        self.work("a record cannot be written", move |folder| {
            folder.written(&bytes)?.put(&folder.target(&key)?)
        })
    }

    fn create<'a>(&'a self, key: &'a str, bytes: Vec<u8>) -> Fut<'a, Result<bool, Failure>> {
        let key = key.to_owned();
        self.work("a record cannot be written", move |folder| {
            folder.written(&bytes)?.put_new(&folder.target(&key)?)
        })
    }

    fn remove<'a>(&'a self, key: &'a str) -> Fut<'a, Result<(), Failure>> {
        let key = key.to_owned();
        self.work("an object cannot be removed", move |folder| {
            let path = folder.file(&key)?;
            found(fs::remove_file(&path))?;
            if let Some(day) = path.parent().filter(|_| key.starts_with(keys::CONTENTS)) {
                // The folder of a day goes with its last content; it stays where there is another one.
                let _ = fs::remove_dir(day);
            }
            Ok(())
        })
    }

    fn list<'a>(&'a self, prefix: &'a str, limit: usize) -> Fut<'a, Result<Vec<Entry>, Failure>> {
        let prefix = prefix.trim_end_matches('/').to_owned();
        self.work("a folder cannot be read", move |folder| {
            let mut found = Vec::new();
            walk(&folder.file(&prefix)?, &prefix, limit, &mut found)?;
            Ok(found)
        })
    }

    fn begin<'a>(&'a self, content: &'a str) -> Fut<'a, Result<String, Failure>> {
        let place = UploadPlace { content: content.to_owned(), ticket: String::new() };
        self.work("an upload cannot be begun", move |folder| {
            make_folder(&folder.parts_of(&place)?)?;
            Ok(place.ticket)
        })
    }

    fn put_part<'a>(
        &'a self,
        place: &'a UploadPlace,
        number: u32,
        size: u64,
        bytes: Pieces,
    ) -> Fut<'a, Result<Md5Hex, Failure>> {
        Box::pin(async move {
            let (draft, md5) = self.receive(size, bytes).await?;
            let (place, name) = (place.clone(), part_name(number, &md5));
            let put = self.work("a part cannot be written", move |folder| {
                let parts = folder.parts_of(&place)?;
                // Before it is put: of two that come at once, each would otherwise remove the other. Then both stay,
                // until the next one.
                remove_others(&parts, number, &name)?;
                // The folder was made when the upload began: where there is none, it is over.
                found(draft.put(&parts.join(name)))
            });
            put.await?.ok_or_else(not_under_way)?;
            Ok(md5)
        })
    }

    fn parts<'a>(&'a self, place: &'a UploadPlace) -> Fut<'a, Result<Vec<StoredPart>, Failure>> {
        let place = place.clone();
        self.work("parts cannot be read", move |folder| {
            let Some(entries) = found(fs::read_dir(folder.parts_of(&place)?))? else { return Ok(Vec::new()) };
            let mut parts = Vec::new();
            for entry in entries {
                let entry = entry?;
                let size = entry.metadata()?.len();
                parts.extend(part_of(&entry.file_name().to_string_lossy(), size));
            }
            Ok(parts)
        })
    }

    fn assemble<'a>(
        &'a self,
        place: &'a UploadPlace,
        parts: &'a [StoredPart],
    ) -> Fut<'a, Result<(), Failure>> {
        let (place, parts) = (place.clone(), parts.to_vec());
        self.work("an upload cannot be put together", move |folder| {
            let from = folder.parts_of(&place)?;
            let draft = folder.draft();
            let mut whole = File::create_new(draft.path())?;
            for part in &parts {
                let mut part = File::open(from.join(part_name(part.number, &part.md5)))?;
                io::copy(&mut part, &mut whole)?;
            }
            whole.sync_all()?;
            draft.put(&folder.target(&place.content)?)
        })
    }

    fn abandon<'a>(&'a self, place: &'a UploadPlace) -> Fut<'a, Result<(), Failure>> {
        let place = place.clone();
        self.work("parts cannot be removed", move |folder| {
            let parts = folder.parts_of(&place)?;
            match found(fs::remove_dir_all(&parts))? {
                Some(()) => sync_folder(&parts),
                None => Ok(()),
            }
        })
    }

    fn size<'a>(&'a self, content: &'a str) -> Fut<'a, Result<Option<u64>, Failure>> {
        let content = content.to_owned();
        self.work("an object cannot be read", move |folder| {
            Ok(found(fs::metadata(folder.file(&content)?))?.map(|about| about.len()))
        })
    }

    fn read<'a>(&'a self, content: &'a str, first: u64, length: u64) -> Fut<'a, Result<Pieces, Failure>> {
        Box::pin(async move {
            let wrong = |error| failure("an object cannot be read", error);
            let path = self.file(content).map_err(wrong)?;
            let opened = found(tokio::fs::File::open(path).await).map_err(wrong)?;
            let mut file = opened.ok_or_else(gone)?;
            file.seek(SeekFrom::Start(first)).await.map_err(wrong)?;
            Ok(pieces_of(file, length))
        })
    }
}

/// So many bytes of a file, piece by piece.
fn pieces_of(file: tokio::fs::File, length: u64) -> Pieces {
    Box::pin(futures_util::stream::try_unfold((file, length), next_piece))
}

async fn next_piece(
    (mut file, left): (tokio::fs::File, u64),
) -> Result<Option<(Bytes, (tokio::fs::File, u64))>, PieceError> {
    let broken = |error| PieceError::Fault(Fault::from_error("an object cannot be read", error));
    if left == 0 {
        return Ok(None);
    }
    let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(limits::OBJECT_PIECE_BYTES);
    let mut piece = BytesMut::with_capacity(wanted);
    let read = (&mut file).take(wanted as u64).read_buf(&mut piece).await.map_err(broken)?;
    if read == 0 {
        return Err(broken(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(Some((piece.freeze(), (file, left - read as u64))))
}

fn part_name(number: u32, md5: &Md5Hex) -> String {
    format!("{number}-{}", md5.as_str())
}

/// Removes other parts of the same number: an address that is used again and again must not fill the disk.
fn remove_others(parts: &Path, number: u32, name: &str) -> io::Result<()> {
    let start = format!("{number}-");
    for entry in found(fs::read_dir(parts))?.into_iter().flatten() {
        let entry = entry?;
        let file = entry.file_name();
        if file.to_string_lossy().starts_with(&start) && file.to_str() != Some(name) {
            found(fs::remove_file(entry.path()))?;
        }
    }
    Ok(())
}

fn part_of(name: &str, size: u64) -> Option<StoredPart> {
    let (number, md5) = name.split_once('-')?;
    Some(StoredPart { number: number.parse().ok()?, md5: Md5Hex::parse(md5)?, size })
}

/// What is not there is no error.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Files below a folder in the order of their keys, until there are enough.
fn walk(path: &Path, key: &str, limit: usize, into: &mut Vec<Entry>) -> io::Result<()> {
    let Some(entries) = found(fs::read_dir(path))? else { return Ok(()) };
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if into.len() >= limit {
            return Ok(());
        }
        let key = format!("{key}/{}", entry.file_name().to_string_lossy());
        // Removed meanwhile is as good as never there.
        let Some(about) = found(entry.metadata())? else { continue };
        if about.is_dir() {
            walk(&entry.path(), &key, limit, into)?;
        } else {
            let written_at = UnixMs(about.mtime() * 1000 + about.mtime_nsec() / 1_000_000);
            into.push(Entry { key, written_at });
        }
    }
    Ok(())
}
