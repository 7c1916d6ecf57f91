//! What is found in texts, and what becomes of them.

use proptest::prelude::*;
use ringback_model::keyword::ChatKind;
use ringback_model::message::Origin;
use ringback_model::time::UnixMs;

use super::*;

const HERE: Setting = Setting { chat: ChatKind::Single, origin: Origin::Client, by_admin: false };

fn list(name: &str, verdict: KeywordVerdict, words: &[&str]) -> WordList {
    WordList {
        name: name.to_owned(),
        verdict,
        enabled: true,
        chats: Vec::new(),
        origins: Vec::new(),
        admins: false,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        changed_at: UnixMs(0),
    }
}

fn filter(lists: Vec<WordList>) -> WordFilter {
    WordFilter::compile(lists.into_iter().map(Arc::new).collect()).unwrap()
}

#[test]
fn words_are_found_in_every_form() {
    let filter = filter(vec![list("a", KeywordVerdict::Replace, &["Bad", "禁词", "straße"])]);
    for (text, replaced) in [
        ("a bad day", "a *** day"),
        ("ＢＡＤ！", "***！"),
        ("他说禁词了", "他说***了"),
        ("bad禁词bad", "*********"),
        ("STRASSE", "***"),
        ("b\u{200B}ad", "***"),
        ("b\u{301}ad and bad", "b\u{301}ad and ***"),
    ] {
        let found = filter.judge(text, HERE).unwrap();
        assert_eq!(found.replaced.as_deref(), Some(replaced), "{text}");
        assert_eq!(found.hit.lists, [("a".to_owned(), KeywordVerdict::Replace)]);
    }
    for text in ["", "ba d", "禁 词", "good"] {
        assert_eq!(filter.judge(text, HERE), None, "{text}");
    }
}

#[test]
fn the_strictest_list_decides_and_no_longer_word_hides_a_shorter_one() {
    let filter = filter(vec![
        list("notes", KeywordVerdict::Report, &["bad word", "word"]),
        list("stars", KeywordVerdict::Replace, &["rude", "udela"]),
        list("never", KeywordVerdict::Refuse, &["bad"]),
    ]);
    let table: &[(&str, KeywordVerdict, &[&str], Option<&str>)] = &[
        ("a bad word", KeywordVerdict::Refuse, &["bad word", "bad", "word"], None),
        ("one word", KeywordVerdict::Report, &["word"], None),
        ("rude word", KeywordVerdict::Replace, &["rude", "word"], Some("*** word")),
        ("rudelady, rude", KeywordVerdict::Replace, &["rude", "udela"], Some("***dy, ***")),
    ];
    for (text, verdict, words, replaced) in table {
        let found = filter.judge(text, HERE).unwrap();
        assert_eq!(found.hit.verdict, *verdict, "{text}");
        assert_eq!(found.hit.words, *words, "{text}");
        assert_eq!(found.replaced.as_deref(), *replaced, "{text}");
    }
}

#[test]
fn lists_count_where_they_say() {
    let mut rooms = list("rooms", KeywordVerdict::Refuse, &["bad"]);
    rooms.chats = vec![ChatKind::Room];
    rooms.origins = vec![Origin::Client];
    let mut off = list("off", KeywordVerdict::Refuse, &["bad"]);
    off.enabled = false;
    let filter = filter(vec![rooms, off]);
    let hits = Setting::all().filter(|setting| filter.judge("bad", *setting).is_some());
    let expected = Setting { chat: ChatKind::Room, ..HERE };
    assert_eq!(hits.collect::<Vec<_>>(), [expected]);
    assert!(filter.is_about(expected) && !filter.is_about(HERE));
}

#[test]
fn lists_that_cannot_be_compiled_say_why() {
    let long = "x".repeat(limits::KEYWORD_BYTES + 1);
    for (words, said) in [
        (vec!["fine", " "], "word 2 of word list \"a\" has nothing in it that is seen"),
        (vec!["\u{200B}"], "word 1 of word list \"a\" has nothing in it that is seen"),
        (vec![long.as_str()], "word 1 of word list \"a\" has 257 bytes; 256 are allowed"),
    ] {
        let lists = vec![Arc::new(list("a", KeywordVerdict::Report, &words))];
        assert_eq!(WordFilter::compile(lists).err().unwrap().to_string(), said);
    }
    let many =
        (0..=limits::WORD_LISTS).map(|at| Arc::new(list(&at.to_string(), KeywordVerdict::Report, &[])));
    assert!(WordFilter::compile(many.collect()).is_err());
}

#[test]
fn an_event_names_only_so_many_words() {
    let words: Vec<String> = (0..200).map(|at| format!("w{at:03}")).collect();
    let filter = filter(vec![list(
        "a",
        KeywordVerdict::Replace,
        &words.iter().map(String::as_str).collect::<Vec<_>>(),
    )]);
    let found = filter.judge(&words.join(" "), HERE).unwrap();
    assert_eq!(found.hit.words.len(), limits::KEYWORD_HITS);
    assert!(!found.replaced.unwrap().contains('w'), "all are replaced");
}

proptest! {
    #[test]
    fn what_was_replaced_has_no_words_left(
        words in proptest::collection::vec("[a-cＡß禁\u{200B}\u{301}]{1,4}", 1..6),
        text in "[a-dＡß禁 \u{200B}\u{301}]{0,40}",
    ) {
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !fold(word).is_empty()).collect();
        let filter = filter(vec![list("a", KeywordVerdict::Replace, &words)]);
        if let Some(found) = filter.judge(&text, HERE) {
            let replaced = found.replaced.unwrap();
            prop_assert_eq!(filter.judge(&replaced, HERE), None, "{} became {}", text, replaced);
        } else {
            prop_assert!(words.iter().all(|word| !fold(&text).contains(&*fold(word))));
        }
    }
}
