//! The operator's file with word lists: read at start, and again when it changes. A broken file changes nothing: the
//! lists that were read last stay, and the log says where it is broken.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringback_model::dialect::{Note, Severity};
use ringback_model::keyword::{KeywordVerdict, WordList};
use ringback_model::limits;
use tokio_util::sync::CancellationToken;

use super::desk::KeywordDesk;
use super::list_file::{self, Wrong};
use crate::rules::files::Remark;

/// Where the operator's word lists are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordFile {
    /// Setting `keywords.path`; `None` = nowhere.
    pub path: Option<PathBuf>,
    /// Setting `keywords.action`.
    pub verdict: KeywordVerdict,
}

/// Lists as they were read.
pub struct ReadLists {
    /// They.
    pub lists: Vec<WordList>,
    /// What they were read from, as it was.
    seen: Vec<Seen>,
}

/// A file, and what tells whether it has changed: its size, and when it was written (seconds, nanoseconds). Its content
/// is compared by nobody, because it may be long.
pub type Seen = (PathBuf, Option<(u64, i64, i64)>);

impl WordFile {
    /// Reads the lists. Blocks.
    ///
    /// # Errors
    /// Every error in the files.
    pub fn read(&self) -> Result<ReadLists, Vec<Remark>> {
        let Some(path) = &self.path else { return Ok(ReadLists { lists: Vec::new(), seen: Vec::new() }) };
        let mut seen = vec![look(path)];
        let lists =
            if is_yaml(path) { self.read_yaml(path, &mut seen)? } else { vec![self.read_text(path)?] };
        let mut names = BTreeSet::new();
        if let Some(twice) = lists.iter().find(|list| !names.insert(list.name.as_str())) {
            return Err(vec![remark(path, 0, format!("has two lists that are called {}", twice.name))]);
        }
        Ok(ReadLists { lists, seen })
    }

    fn read_text(&self, path: &Path) -> Result<WordList, Vec<Remark>> {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        list_file::check_name(&name)
            .map_err(|why| vec![remark(path, 0, format!("the file's name without its ending {why}"))])?;
        Ok(list_file::list(&name, self.verdict, read_words(path)?))
    }

    fn read_yaml(&self, path: &Path, seen: &mut Vec<Seen>) -> Result<Vec<WordList>, Vec<Remark>> {
        let text = read_text(path)?;
        let listed = list_file::lists(&text, self.verdict).map_err(|wrong| remarks(path, wrong))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let mut lists = Vec::new();
        for mut one in listed {
            if let Some(file) = one.file {
                let file = folder.join(file);
                seen.push(look(&file));
                one.list.words.extend(read_words(&file)?);
            }
            lists.push(one.list);
        }
        Ok(lists)
    }

    /// What it is read from, as it is now.
    fn look(&self, known: &[Seen]) -> Vec<Seen> {
        let main = self.path.iter().map(|path| look(path));
        main.chain(known.iter().skip(1).map(|(path, _)| look(path))).collect()
    }

    /// Applies changes of the files until stopped.
    pub async fn watch(self, desk: Arc<KeywordDesk>, mut applied: Vec<Seen>, stop: CancellationToken) {
        if self.path.is_none() {
            return stop.cancelled().await;
        }
        let mut settling: Option<Vec<Seen>> = None;
        let mut ticks = tokio::time::interval(limits::WORD_LIST_LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        metrics::gauge!("ringback_keywords_broken").set(0.0);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let (file, known) = (self.clone(), applied.clone());
            let Ok(now) = tokio::task::spawn_blocking(move || file.look(&known)).await else { continue };
            if now == applied {
                settling = None;
                continue;
            }
            // Half-written files can be valid: a change counts once it has stood still for one look.
            if settling.as_ref() != Some(&now) {
                settling = Some(now);
                continue;
            }
            settling = None;
            applied = self.reload(&desk).await.unwrap_or(now);
        }
    }

    async fn reload(&self, desk: &KeywordDesk) -> Option<Vec<Seen>> {
        let file = self.clone();
        let read = tokio::task::spawn_blocking(move || file.read()).await.ok()?;
        let result = match read {
            Ok(ReadLists { lists, seen }) => {
                let count = lists.len();
                desk.set_file_lists(lists).await.map(|()| (count, seen)).map_err(|why| vec![why.to_string()])
            }
            Err(wrong) => Err(wrong.iter().map(ToString::to_string).collect()),
        };
        metrics::gauge!("ringback_keywords_broken").set(if result.is_err() { 1.0 } else { 0.0 });
        match result {
            Ok((lists, seen)) => {
                tracing::info!(lists, "word lists were read again");
                Some(seen)
            }
            Err(errors) => {
                for error in &errors {
                    tracing::error!("{error}");
                }
                tracing::error!(errors = errors.len(), "the word lists are broken; the old ones stay");
                None
            }
        }
    }
}

impl ReadLists {
    /// The lists, and what [`WordFile::watch`] compares with.
    #[must_use]
    pub fn into_parts(self) -> (Vec<WordList>, Vec<Seen>) {
        (self.lists, self.seen)
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yml" || ending == "yaml")
}

/// Links are followed, so a replaced link counts as a change, too.
fn look(path: &Path) -> Seen {
    let of = |found: Metadata| (found.len(), found.mtime(), found.mtime_nsec());
    (path.to_owned(), std::fs::metadata(path).ok().map(of))
}

fn read_words(path: &Path) -> Result<Vec<String>, Vec<Remark>> {
    list_file::words(&read_text(path)?).map_err(|wrong| remarks(path, wrong))
}

fn read_text(path: &Path) -> Result<String, Vec<Remark>> {
    let broken = |why: String| vec![remark(path, 0, why)];
    let file = std::fs::File::open(path).map_err(|error| broken(format!("cannot be read: {error}")))?;
    let (mut text, most) = (String::new(), limits::WORD_LIST_BYTES);
    let wanted = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = file.take(wanted).read_to_string(&mut text);
    read.map_err(|error| broken(format!("cannot be read: {error}")))?;
    if text.len() > most {
        return Err(broken(format!("is longer than {most} bytes")));
    }
    Ok(text)
}

fn remarks(path: &Path, wrong: Vec<Wrong>) -> Vec<Remark> {
    wrong.into_iter().map(|one| remark(path, one.line, one.text)).collect()
}

fn remark(path: &Path, line: usize, text: String) -> Remark {
    let note = Note { severity: Severity::Error, line, key: String::new(), text };
    Remark { place: path.display().to_string(), note }
}
