//! The one place that changes word lists while the server runs. Every change compiles all lists anew, beside the
//! requests, and puts them into force at once; one that does not work out changes nothing.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use ringback_filter::{Found, WordFilter};
use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::failure::Fault;
use ringback_model::keyword::{Judged, KeywordVerdict, Keywords, Setting, WordList};
use ringback_model::limits;
use ringback_model::message::Content;
use ringback_model::ports::{Clock, Store};
use ringback_model::record::{ONE_OWNER, Record, RecordKey, RecordKind};

/// What the desk needs.
pub struct KeywordParts {
    /// Keeps the lists of the admin API.
    pub store: Arc<dyn Store>,
    /// When something changes.
    pub clock: Arc<dyn Clock>,
    /// The words of a content; `None` = it has none.
    pub words: fn(&Content) -> Option<Cow<'_, str>>,
    /// The content with other words, in its own form.
    pub with_words: fn(&Content, &str) -> Result<String, String>,
}

/// See the module.
pub struct KeywordDesk {
    parts: KeywordParts,
    /// Held for the whole of a change, so that changes come one by one.
    changes: tokio::sync::Mutex<()>,
    lists: Mutex<Lists>,
    force: RwLock<Arc<WordFilter>>,
}

#[derive(Clone, Default)]
struct Lists {
    files: Vec<Arc<WordList>>,
    own: Vec<Arc<WordList>>,
}

/// Why word lists were not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeywordError {
    /// No list has this name.
    #[error("there is no word list {0:?}")]
    NotFound(String),
    /// The list stands in the operator's file.
    #[error("word list {0:?} stands in the operator's file and is changed there only")]
    ReadOnly(String),
    /// The lists cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// There is no room.
    #[error("the store is full")]
    Full,
    /// Something of ours broke.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl KeywordDesk {
    /// Puts the lists of the file and those that were kept into force. A kept list whose name the file has, too, or that
    /// cannot be used any more, is left off and said so.
    ///
    /// # Errors
    /// The lists of the file cannot be used, or the store cannot be read.
    pub async fn open(parts: KeywordParts, files: Vec<WordList>) -> Result<Arc<Self>, KeywordError> {
        let kept = parts.store.records_of(RecordKind::WordList, ONE_OWNER, "", limits::WORD_LISTS).await?;
        let own = kept.into_iter().filter_map(|record| match record {
            Record::WordList(list) => Some(Arc::new(list)),
            _ => None,
        });
        let lists = Lists { files: files.into_iter().map(Arc::new).collect(), own: own.collect() };
        let filter = match compile(lists.in_force()).await {
            Err(KeywordError::Unusable(why)) if !lists.own.is_empty() => {
                tracing::error!(why, "word lists of the admin API cannot be used; they are left off");
                compile(lists.files.clone()).await?
            }
            compiled => compiled?,
        };
        Ok(Arc::new(Self {
            parts,
            changes: tokio::sync::Mutex::default(),
            lists: Mutex::new(lists),
            force: RwLock::new(Arc::new(filter)),
        }))
    }

    /// Puts the lists of the operator's file in place of those before.
    ///
    /// # Errors
    /// They cannot be used; the lists before stay.
    pub async fn set_file_lists(&self, files: Vec<WordList>) -> Result<(), KeywordError> {
        let _one_by_one = self.changes.lock().await;
        let own = self.lists().own.clone();
        let next = Lists { files: files.into_iter().map(Arc::new).collect(), own };
        let filter = compile(next.in_force()).await?;
        self.put(next, filter);
        Ok(())
    }

    /// All lists, those of the file first, each with whether it stands there.
    #[must_use]
    pub fn list(&self) -> Vec<(Arc<WordList>, bool)> {
        let lists = self.lists();
        let files = lists.files.iter().map(|list| (Arc::clone(list), true));
        files.chain(lists.own.iter().map(|list| (Arc::clone(list), false))).collect()
    }

    /// The list of this name, with whether it stands in the file.
    ///
    /// # Errors
    /// [`KeywordError::NotFound`].
    pub fn find(&self, name: &str) -> Result<(Arc<WordList>, bool), KeywordError> {
        let found = self.list().into_iter().find(|(list, _)| list.name == name);
        found.ok_or_else(|| KeywordError::NotFound(name.to_owned()))
    }

    /// Keeps a list, in place of the one of its name where there is one. Answers it as kept, and whether it is new.
    ///
    /// # Errors
    /// See [`KeywordError`].
    pub async fn keep(&self, mut list: WordList) -> Result<(Arc<WordList>, bool), KeywordError> {
        let _one_by_one = self.changes.lock().await;
        let mut next = self.lists().clone();
        if next.files.iter().any(|other| other.name == list.name) {
            return Err(KeywordError::ReadOnly(list.name));
        }
        list.changed_at = self.parts.clock.now();
        let list = Arc::new(list);
        let place = next.own.iter_mut().find(|other| other.name == list.name);
        let is_new = place.is_none();
        match place {
            Some(place) => *place = Arc::clone(&list),
            None => next.own.push(Arc::clone(&list)),
        }
        let filter = compile(next.in_force()).await?;
        self.commit(Write::Keep(Box::new(Record::WordList(list.as_ref().clone())))).await?;
        self.put(next, filter);
        Ok((list, is_new))
    }

    /// Discards a list.
    ///
    /// # Errors
    /// See [`KeywordError`].
    pub async fn discard(&self, name: &str) -> Result<(), KeywordError> {
        let _one_by_one = self.changes.lock().await;
        if self.find(name)?.1 {
            return Err(KeywordError::ReadOnly(name.to_owned()));
        }
        let mut next = self.lists().clone();
        next.own.retain(|list| list.name != name);
        let filter = compile(next.in_force()).await?;
        self.commit(Write::Discard(RecordKey::word_list(name))).await?;
        self.put(next, filter);
        Ok(())
    }

    /// What would become of a text that is said there.
    #[must_use]
    pub fn check(&self, text: &str, setting: Setting) -> Option<Found> {
        self.force().judge(text, setting)
    }

    async fn commit(&self, write: Write) -> Result<(), KeywordError> {
        let commit = Commit::at(self.parts.clock.now()).write(write);
        match self.parts.store.commit(commit).await {
            Ok(_) => Ok(()),
            Err(CommitError::Full) => Err(KeywordError::Full),
            Err(CommitError::Fault(fault)) => Err(fault.into()),
            Err(error) => Err(Fault::from_error("a word list cannot be written down", error).into()),
        }
    }

    fn put(&self, lists: Lists, filter: WordFilter) {
        *self.force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(filter);
        *self.lists() = lists;
    }

    fn force(&self) -> Arc<WordFilter> {
        Arc::clone(&self.force.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keywords for KeywordDesk {
    fn judge(&self, content: &Content, setting: Setting) -> Option<Judged> {
        let filter = self.force();
        if !filter.is_about(setting) {
            return None;
        }
        let text = (self.parts.words)(content)?;
        let Found { mut hit, replaced } = filter.judge(&text, setting)?;
        let raw = replaced.map(|text| (self.parts.with_words)(content, &text)).transpose();
        // Stars are longer than short words: what does not fit with them is not sent at all.
        let raw = raw.unwrap_or_else(|_| {
            hit.verdict = KeywordVerdict::Refuse;
            None
        });
        Some(Judged { hit, raw })
    }
}

impl Lists {
    /// Where the file has a list of a name, one of the API does not count.
    fn in_force(&self) -> Vec<Arc<WordList>> {
        let hidden = |list: &&Arc<WordList>| self.files.iter().any(|other| other.name == list.name);
        self.files.iter().chain(self.own.iter().filter(|list| !hidden(list))).cloned().collect()
    }
}

async fn compile(lists: Vec<Arc<WordList>>) -> Result<WordFilter, KeywordError> {
    let compiled = tokio::task::spawn_blocking(move || WordFilter::compile(lists)).await;
    let compiled = compiled.map_err(|error| Fault::from_error("word lists could not be compiled", error))?;
    compiled.map_err(|error| KeywordError::Unusable(error.to_string()))
}
