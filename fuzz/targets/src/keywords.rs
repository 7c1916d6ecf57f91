//! Word lists and the keyword filter: files in both forms, and what judging a text makes of it.
//!
//! Input: a byte for what is tried, and the text of a file; or words, one per line, an empty line, and the text that is
//! judged by them.

use std::sync::Arc;

use ringback_filter::{WordFilter, check_word, fold};
use ringback_model::keyword::{KeywordVerdict, Setting, WordList};
use ringback_model::limits;
use ringback_server::keywords::list_file;

use crate::input::Input;
use crate::seeds::Seeds;

/// Runs the target.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let what = input.byte();
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    match what % 3 {
        0 => match list_file::words(text) {
            Ok(words) => compile(&[list_file::list("a", KeywordVerdict::Refuse, words)]),
            Err(wrong) => assert!(wrong.iter().all(|one| one.line > 0 && !one.text.is_empty())),
        },
        1 => match list_file::lists(text, KeywordVerdict::Refuse) {
            Ok(listed) => compile(&listed.into_iter().map(|one| one.list).collect::<Vec<_>>()),
            Err(wrong) => assert!(wrong.iter().all(|one| !one.text.is_empty())),
        },
        _ => judge(text),
    }
}

/// Whatever was read can be compiled.
fn compile(lists: &[WordList]) {
    if lists.len() <= limits::WORD_LISTS {
        let lists = lists.iter().cloned().map(Arc::new).collect();
        assert!(WordFilter::compile(lists).is_ok(), "what was read can be used");
    }
}

fn judge(input: &str) {
    let (words, text) = input.split_once("\n\n").unwrap_or(("bad", input));
    // Words with stars in them are found in what stars have replaced.
    let words: Vec<String> = words
        .lines()
        .filter(|word| check_word(word).is_ok_and(|folded| !folded.contains('*')))
        .map(str::to_owned)
        .collect();
    let list = |verdict| Arc::new(list_file::list("a", verdict, words.clone()));
    let filter = |verdict| WordFilter::compile(vec![list(verdict)]).expect("words that were checked");
    let contains = words.iter().any(|word| fold(text).contains(&*fold(word)));
    let (replace, refuse) = (filter(KeywordVerdict::Replace), filter(KeywordVerdict::Refuse));
    let setting = Setting::all().next().expect("there are some");
    let (found, refused) = (replace.judge(text, setting), refuse.judge(text, setting));
    assert_eq!((found.is_some(), refused.is_some()), (contains, contains), "what is there is found");
    if let (Some(found), Some(refused)) = (found, refused) {
        assert_eq!(found.hit.words, refused.hit.words);
        assert!(found.hit.words.len() <= limits::KEYWORD_HITS && refused.replaced.is_none());
        let replaced = found.replaced.expect("words were replaced");
        assert!(replace.judge(&replaced, setting).is_none(), "{text:?} became {replaced:?}");
    }
}

/// Inputs to begin with.
#[must_use]
pub fn seeds() -> Seeds {
    let yaml = "lists:\n  - name: house\n    action: replace\n    chats: [room]\n    words: [rude, 404]\n    file: a.txt\n";
    let all: [(&str, u8, &str); 5] = [
        ("words", 0, "# remark\nbad\n\ntwo words\n禁词\n"),
        ("lists", 1, yaml),
        ("text", 2, "bad\n禁词\n\nＢＡＤ, 禁\u{200B}词, b\u{301}ad"),
        ("folds", 2, "straße\nｶﾞ\nﬁn\n\nSTRASSE ガ FIN ﬁnal"),
        ("overlaps", 2, "aa\naab\nb\n\naaaaabab"),
    ];
    let seed = |(name, what, text): (&str, u8, &str)| (name.to_owned(), [&[what], text.as_bytes()].concat());
    all.into_iter().map(seed).collect()
}
