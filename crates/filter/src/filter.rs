//! Lists, compiled into one automaton; judging a text.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use ringback_model::keyword::{Hit, KeywordVerdict, Setting, WordList};
use ringback_model::limits;

use crate::fold::{Map, fold, fold_with_map};

/// What stands in the place of a word.
const STARS: &str = "***";

/// Word lists, compiled. Judging takes time by the length of the text, and by how many words end at its characters;
/// not by how many words there are.
pub struct WordFilter {
    lists: Vec<Compiled>,
    automaton: Option<CharwiseDoubleArrayAhoCorasick<Owners>>,
    /// Owners of the patterns that more than one list has, ascending per pattern.
    shared: Vec<Owner>,
}

/// Who has a pattern. It lies in the automaton, because looking elsewhere costs more than the match itself.
#[derive(Clone, Copy)]
enum Owners {
    One(Owner),
    /// That many of `shared`.
    Several {
        from: u32,
        count: u16,
    },
}

/// A word of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Owner {
    list: u16,
    word: u32,
}

struct Compiled {
    list: Arc<WordList>,
    /// One bit per [`Setting`] that it is about.
    settings: u16,
}

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What was found.
    pub hit: Hit,
    /// The text with stars; `None` where it stays or is refused.
    pub replaced: Option<String>,
}

/// Lists that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncompiled {
    /// Name of the list that is to blame; empty = all of them together.
    pub list: String,
    /// Its word, counted from 0; `None` = the list as a whole.
    pub word: Option<usize>,
    /// A clause.
    pub why: String,
}

impl fmt::Display for Uncompiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.list.as_str(), self.word) {
            ("", _) => write!(f, "the word lists {}", self.why),
            (list, None) => write!(f, "word list {list:?} {}", self.why),
            (list, Some(word)) => write!(f, "word {} of word list {list:?} {}", word + 1, self.why),
        }
    }
}

impl std::error::Error for Uncompiled {}

impl WordFilter {
    /// Compiles lists; those that are off count for nothing. Takes seconds where there are very many words.
    ///
    /// # Errors
    /// The lists are beyond [`limits`], or a word has nothing in it that is seen.
    pub fn compile(lists: Vec<Arc<WordList>>) -> Result<Self, Uncompiled> {
        let of_all = |why: String| Uncompiled { list: String::new(), word: None, why };
        if lists.len() > limits::WORD_LISTS {
            return Err(of_all(format!("are more than {}", limits::WORD_LISTS)));
        }
        let lists: Vec<_> = lists.into_iter().filter(|list| list.enabled).collect();
        let words: usize = lists.iter().map(|list| list.words.len()).sum();
        if words > limits::KEYWORDS {
            return Err(of_all(format!("have {words} words; {} are allowed", limits::KEYWORDS)));
        }
        let mut patterns: HashMap<String, Vec<Owner>> = HashMap::with_capacity(words);
        let mut bytes = 0;
        for (number, list) in (0u16..).zip(&lists) {
            for (at, word) in (0u32..).zip(&list.words) {
                let folded = check_word(word).map_err(|why| Uncompiled {
                    list: list.name.clone(),
                    word: usize::try_from(at).ok(),
                    why,
                })?;
                bytes += word.len();
                let owners = patterns.entry(folded).or_default();
                // A word that a list has in two forms counts once.
                if owners.last().is_none_or(|last| last.list != number) {
                    owners.push(Owner { list: number, word: at });
                }
            }
        }
        if bytes > limits::KEYWORDS_BYTES {
            return Err(of_all(format!("have {bytes} bytes; {} are allowed", limits::KEYWORDS_BYTES)));
        }
        Self::build(lists, patterns).map_err(|error| of_all(format!("cannot be compiled: {error}")))
    }

    fn build(
        lists: Vec<Arc<WordList>>,
        patterns: HashMap<String, Vec<Owner>>,
    ) -> Result<Self, daachorse::errors::DaachorseError> {
        let lists = lists.into_iter().map(|list| Compiled { settings: settings_of(&list), list });
        let mut shared = Vec::new();
        // In their order, what begins alike lies together, and judging finds it in fewer places of the memory.
        let mut patterns: Vec<_> = patterns.into_iter().collect();
        patterns.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let patterns = patterns.into_iter().map(|(pattern, owners)| match owners.as_slice() {
            [only] => (pattern, Owners::One(*only)),
            several => {
                // Both are far below: there are not so many lists, nor words.
                let from = u32::try_from(shared.len()).unwrap_or(u32::MAX);
                let count = u16::try_from(several.len()).unwrap_or(u16::MAX);
                shared.extend_from_slice(several);
                (pattern, Owners::Several { from, count })
            }
        });
        let patterns: Vec<_> = patterns.collect();
        let automaton = if patterns.is_empty() {
            None
        } else {
            // All occurrences, because a longer word of a milder list must not hide a shorter one of a stricter list.
            let builder = CharwiseDoubleArrayAhoCorasickBuilder::new().match_kind(MatchKind::Standard);
            Some(builder.build_with_values(patterns)?)
        };
        Ok(Self { lists: lists.collect(), automaton, shared })
    }

    /// Without lists.
    #[must_use]
    pub const fn empty() -> Self {
        Self { lists: Vec::new(), automaton: None, shared: Vec::new() }
    }

    /// Whether a list is about what is said there; if not, the text need not even be looked for.
    #[must_use]
    pub fn is_about(&self, setting: Setting) -> bool {
        self.lists.iter().any(|one| one.settings & bit(setting) != 0)
    }

    /// Judges a text; `None` = nothing was found.
    #[must_use]
    pub fn judge(&self, text: &str, setting: Setting) -> Option<Found> {
        let automaton = self.automaton.as_ref()?;
        let bit = bit(setting);
        let (folded, map) = fold_with_map(text);
        let mut finding = Finding::default();
        for found in automaton.find_overlapping_iter(folded.as_ref()) {
            let owners = found.value();
            let owners = self.owners(&owners);
            for owner in owners {
                let Some(one) = self.lists.get(usize::from(owner.list)).filter(|one| one.settings & bit != 0)
                else {
                    continue;
                };
                finding.add(*owner, owners, (found.start(), found.end()), one.list.verdict);
            }
        }
        self.found(finding, text, &map)
    }

    fn owners<'a>(&'a self, owners: &'a Owners) -> &'a [Owner] {
        match owners {
            Owners::One(only) => std::slice::from_ref(only),
            Owners::Several { from, count } => {
                let from = usize::try_from(*from).unwrap_or(usize::MAX);
                self.shared.get(from..from.saturating_add(usize::from(*count))).unwrap_or_default()
            }
        }
    }

    fn found(&self, finding: Finding, text: &str, map: &Map) -> Option<Found> {
        let verdict = finding.verdict?;
        let mut words = finding.words;
        // As they come in the text; of two that begin together, the longer one first.
        words.sort_by_key(|word| (word.start, usize::MAX - word.end));
        let named = words.iter().filter_map(|NamedWord { owner, .. }| {
            let list = &self.lists.get(usize::from(owner.list))?.list;
            list.words.get(usize::try_from(owner.word).ok()?).cloned()
        });
        let mut lists: Vec<u16> = finding.lists;
        lists.sort_unstable();
        let lists = lists.into_iter().filter_map(|list| self.lists.get(usize::from(list)));
        let hit = Hit {
            verdict,
            words: named.collect(),
            lists: lists.map(|one| (one.list.name.clone(), one.list.verdict)).collect(),
        };
        let replaced = (verdict == KeywordVerdict::Replace).then(|| starred(text, map, finding.spans));
        Some(Found { hit, replaced })
    }
}

/// What has been found so far.
#[derive(Default)]
struct Finding {
    verdict: Option<KeywordVerdict>,
    lists: Vec<u16>,
    words: Vec<NamedWord>,
    /// What is to be replaced, in the folded text.
    spans: Vec<(usize, usize)>,
}

struct NamedWord {
    owner: Owner,
    start: usize,
    end: usize,
}

impl Finding {
    /// Takes in a pattern that was found, for one of its owners.
    fn add(&mut self, owner: Owner, owners: &[Owner], span: (usize, usize), verdict: KeywordVerdict) {
        self.verdict = self.verdict.max(Some(verdict));
        if !self.lists.contains(&owner.list) {
            self.lists.push(owner.list);
        }
        let named = || self.words.iter().any(|word| owners.contains(&word.owner));
        if self.words.len() < limits::KEYWORD_HITS && !named() {
            self.words.push(NamedWord { owner, start: span.0, end: span.1 });
        }
        if verdict == KeywordVerdict::Replace {
            join(&mut self.spans, span);
        }
    }
}

/// Adds a part to parts that ascend by their ends and do not overlap; it ends where the last one does, or behind it.
fn join(spans: &mut Vec<(usize, usize)>, (mut start, end): (usize, usize)) {
    while let Some((last_start, _)) = spans.last().copied().filter(|(_, last_end)| *last_end > start) {
        start = start.min(last_start);
        spans.pop();
    }
    spans.push((start, end));
}

/// The text with stars in the place of these parts of its folded form.
fn starred(text: &str, map: &Map, spans: Vec<(usize, usize)>) -> String {
    let mut originals = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        join(&mut originals, map.original(start, end));
    }
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end) in originals {
        out.push_str(text.get(at..start).unwrap_or_default());
        out.push_str(STARS);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// A word as it is compared.
///
/// # Errors
/// A clause says why it cannot be one.
pub fn check_word(word: &str) -> Result<String, String> {
    if word.len() > limits::KEYWORD_BYTES {
        return Err(format!("has {} bytes; {} are allowed", word.len(), limits::KEYWORD_BYTES));
    }
    let folded = fold(word);
    if folded.trim().is_empty() {
        return Err("has nothing in it that is seen".to_owned());
    }
    Ok(folded.into_owned())
}

/// Which bit stands for it.
const fn bit(setting: Setting) -> u16 {
    1 << setting.number()
}

fn settings_of(list: &WordList) -> u16 {
    Setting::all().filter(|setting| list.is_about(*setting)).map(bit).fold(0, |all, one| all | one)
}

#[cfg(test)]
mod tests;
