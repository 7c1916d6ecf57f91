//! Limits of word lists.

use std::time::Duration;

/// Number of word lists, those of files and those of the admin API together.
pub const WORD_LISTS: usize = 100;
/// Number of words on all lists that are on; compiling them takes a few seconds and memory by their bytes.
pub const KEYWORDS: usize = 1_000_000;
/// Bytes of one word.
pub const KEYWORD_BYTES: usize = 256;
/// Bytes of all words on all lists that are on.
pub const KEYWORDS_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a file with word lists, and of a body that puts one.
pub const WORD_LIST_BYTES: usize = 16 * 1024 * 1024;
/// How often the files of word lists are looked at.
pub const WORD_LIST_LOOK: Duration = Duration::from_secs(1);
/// Bytes of a word list's name.
pub const WORD_LIST_NAME_BYTES: usize = 64;
/// Number of different words of one message that an event names; the rest of its words are judged all the same.
pub const KEYWORD_HITS: usize = 100;
