//! The form in which words and texts are compared: case, width and other compatible forms of letters make no
//! difference, and characters that nobody sees do not count.
//! Source: Unicode Standard 3.13, `NFKC_Casefold`. Case goes through the upper case here, which takes a few more
//! letters for the same (dotless i and i).

use std::borrow::Cow;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// The text as it is compared.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    fold_with_map(text).0
}

/// The text as it is compared, and where its parts stand in the text that it was.
pub(crate) fn fold_with_map(text: &str) -> (Cow<'_, str>, Map) {
    if text.is_ascii() {
        let capital = text.bytes().any(|byte| byte.is_ascii_uppercase());
        let folded = if capital { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
        return (folded, Map { parts: Vec::new() });
    }
    let mut folded = String::with_capacity(text.len() + text.len() / 2);
    let parts = fold_parts(text, &mut folded);
    (Cow::Owned(folded), Map { parts })
}

/// Where the parts of a folded text stand in the text that it was.
pub(crate) struct Map {
    /// One behind the other; empty = the two texts are of one length, byte for byte.
    parts: Vec<Part>,
}

/// A part of both texts.
struct Part {
    /// Where it ends in the folded text.
    folded: usize,
    /// Where it ends in the text.
    original: usize,
    /// Whether each of its bytes became one; if not, it is a piece that cannot be cut.
    alike: bool,
}

impl Map {
    /// What became this part of the folded text: whole pieces, so that no character is cut.
    pub(crate) fn original(&self, start: usize, end: usize) -> (usize, usize) {
        // The first part that ends behind the start, and the first that reaches the end.
        let first = self.parts.partition_point(|part| part.folded <= start);
        let last = self.parts.partition_point(|part| part.folded < end);
        let before = first.checked_sub(1).and_then(|before| self.parts.get(before));
        let from = match self.parts.get(first) {
            Some(part) if !part.alike => before.map_or(0, |before| before.original),
            part => part.map_or(start, |part| part.place(start)),
        };
        (from, self.parts.get(last).map_or(end, |part| part.place(end)))
    }
}

impl Part {
    /// A place in it, where it ends if it cannot be cut.
    const fn place(&self, folded: usize) -> usize {
        if self.alike { self.original - (self.folded - folded) } else { self.original }
    }
}

/// Folds a text part by part: runs of what is plain, and pieces, each a character with those that combine with it.
fn fold_parts(text: &str, folded: &mut String) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let run = plain_run(rest);
        let begins = folded.len();
        let length = if run == 0 { first_piece(rest).len() } else { run };
        let (part, behind) = rest.split_at(length);
        if run == 0 {
            fold_piece(part, folded);
        } else {
            folded.push_str(part);
            if let Some(new) = folded.get_mut(begins..) {
                new.make_ascii_lowercase();
            }
        }
        rest = behind;
        let (folded, original, alike) = (folded.len(), text.len() - rest.len(), run > 0);
        parts.push(Part { folded, original, alike });
    }
    parts
}

/// Bytes of the plain characters that the text begins with, without a last one that something combines with.
fn plain_run(text: &str) -> usize {
    let mut last = 0;
    for (at, character) in text.char_indices() {
        if !is_plain(character) {
            return if begins_piece(character) { at } else { last };
        }
        last = at;
    }
    text.len()
}

/// Whether the character becomes itself or its small letter, and whatever stands before it is not changed by it.
const fn is_plain(character: char) -> bool {
    character.is_ascii() || is_ideograph(character)
}

/// The first character with those that combine with it.
fn first_piece(text: &str) -> &str {
    let mut characters = text.char_indices();
    characters.next();
    let end = characters.find(|(_, next)| begins_piece(*next)).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// Whether nothing before the character changes what becomes of it.
fn begins_piece(character: char) -> bool {
    if is_plain(character) {
        return true;
    }
    // What these are made of begins with a mark that combines.
    let hidden_mark = matches!(character, '\u{FF9E}' | '\u{FF9F}' | '\u{F73}' | '\u{F75}' | '\u{F81}');
    !hidden_mark
        && canonical_combining_class(character) == 0
        && is_nfkc_quick(std::iter::once(character)) != IsNormalized::Maybe
}

/// Characters that are what they are: most of Chinese text.
const fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}

/// Scripts without case, in which most characters are normal already.
fn is_caseless(character: char) -> bool {
    matches!(character, '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7FF}')
}

/// ASCII in full width, which Chinese text has in every sentence, becomes ASCII.
fn narrow(character: char) -> Option<char> {
    match character {
        '\u{3000}' => Some(' '),
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(character) - 0xFEE0),
        _ => None,
    }
}

fn fold_piece(piece: &str, folded: &mut String) {
    let mut characters = piece.chars();
    if let (Some(only), None) = (characters.next(), characters.next()) {
        if let Some(narrow) = narrow(only) {
            return folded.push(narrow.to_ascii_lowercase());
        }
        if is_plain(only) {
            return folded.push(only.to_ascii_lowercase());
        }
        // The capital sharp s is the one letter whose short way ends elsewhere.
        if only != 'ẞ' && is_nfkc_quick(std::iter::once(only)) == IsNormalized::Yes {
            if is_unseen(only) {
                return;
            }
            if is_caseless(only) {
                return folded.push(only);
            }
            let mut upper = only.to_uppercase();
            if let (Some(upper), None) = (upper.next(), upper.next()) {
                let mut lower = upper.to_lowercase();
                if let (Some(lower), None) = (lower.next(), lower.next())
                    && is_nfkc_quick(std::iter::once(lower)) == IsNormalized::Yes
                {
                    return folded.push(lower);
                }
            }
        }
    }
    // The standard's own way for whatever is left; a second round settles what the first has made new.
    let once = round(piece);
    folded.push_str(&round(&once));
}

fn round(text: &str) -> String {
    let seen = text.nfkd().filter(|character| !is_unseen(*character));
    seen.flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

/// Characters that are not shown. Source: Unicode, `Default_Ignorable_Code_Point`.
const fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'..='\u{1160}'
            | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFF8}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_counts_as_the_same() {
        for (text, folded) in [
            ("", ""),
            ("plain", "plain"),
            ("PlAin 1", "plain 1"),
            ("ＡＢｃ１！", "abc1!"),
            ("禁\u{3000}词", "禁 词"),
            ("Straße", "strasse"),
            ("ΣΑΣ σας", "σασ σασ"),
            ("ﬁn", "fin"),
            ("ＣＡＦＥ\u{301}", "café"),
            ("café", "café"),
            ("ｶﾞ", "ガ"),
            ("か\u{3099}", "が"),
            ("b\u{200B}a\u{AD}d", "bad"),
            ("\u{1112}\u{1161}\u{11AB}", "한"),
            ("Привет", "привет"),
            ("ǅ", "dž"),
            ("①②", "12"),
            ("𝐁𝐚𝐝", "bad"),
            ("İ", "i\u{307}"),
        ] {
            assert_eq!(fold(text), folded, "{text:?}");
            assert_eq!(fold(&fold(text)), folded, "{text:?} twice");
        }
    }

    #[test]
    fn nothing_before_a_piece_changes_it() {
        for character in ('\0'..=char::MAX).filter(|character| begins_piece(*character)) {
            let first = std::iter::once(character).nfkd().next().unwrap();
            assert_eq!(canonical_combining_class(first), 0, "{character:?}");
        }
    }

    #[test]
    fn short_ways_and_the_long_way_lead_to_the_same() {
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            let mut short = String::new();
            fold_piece(&text, &mut short);
            assert_eq!(short, round(&round(&text)), "{character:?}");
        }
    }

    #[test]
    fn places_are_found_again() {
        for (text, part, original) in [
            ("a bad b", "bad", "bad"),
            ("词ＢＡＤ词", "bad", "ＢＡＤ"),
            ("词b\u{200B}ad词", "bad", "b\u{200B}ad"),
            ("Straße!", "ss", "ß"),
            ("aﬁb", "i", "ﬁ"),
            ("禁，词，Ｂad", "词", "词"),
            ("禁，词，Ｂad", "ba", "Ｂa"),
            ("词ＡＢ", "词", "词"),
            ("xCAFE\u{301}", "café", "CAFE\u{301}"),
        ] {
            let (folded, map) = fold_with_map(text);
            let start = folded.find(part).unwrap();
            let (from, to) = map.original(start, start + part.len());
            assert_eq!(&text[from..to], original, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_map_knows_every_place(text in ".{0,40}") {
            let (folded, map) = fold_with_map(&text);
            for (start, character) in folded.char_indices() {
                let (from, to) = map.original(start, start + character.len_utf8());
                let piece = text.get(from..to).unwrap();
                prop_assert!(fold(piece).contains(character), "{piece:?} {character:?}");
            }
        }
    }
}
