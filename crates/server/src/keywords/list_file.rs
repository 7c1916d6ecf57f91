//! Files with word lists: plain text with one word per line, or YAML with several lists. Pure; an error has its line.

use std::fmt;
use std::path::PathBuf;

use ringback_filter::check_word;
use ringback_model::keyword::{ChatKind, KEYWORD_VERDICTS, KeywordVerdict, WordList};
use ringback_model::limits;
use ringback_model::message::Origin;
use ringback_model::time::UnixMs;
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

/// What is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Line, counted from 1; 0 = the file as a whole.
    pub line: usize,
    /// A sentence without its full stop.
    pub text: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 { write!(f, "line {}: {}", self.line, self.text) } else { f.write_str(&self.text) }
    }
}

/// A list of a YAML file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The list, with the words that stand in the file itself.
    pub list: WordList,
    /// Where more of its words stand, one per line.
    pub file: Option<PathBuf>,
    /// Line of its name.
    pub line: usize,
}

/// Reads words, one per line. Empty lines and lines that begin with `#` do not count.
///
/// # Errors
/// Every line that is no word.
pub fn words(text: &str) -> Result<Vec<String>, Vec<Wrong>> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let (mut words, mut wrong) = (Vec::new(), Vec::new());
    for (line, word) in (1..).zip(text.lines().map(str::trim)) {
        if word.is_empty() || word.starts_with('#') {
            continue;
        }
        match check_word(word) {
            Ok(_) => words.push(word.to_owned()),
            Err(why) => wrong.push(Wrong { line, text: format!("the word {why}") }),
        }
    }
    if wrong.is_empty() { Ok(words) } else { Err(wrong) }
}

/// A list with this name that nothing else is known of.
#[must_use]
pub fn list(name: &str, verdict: KeywordVerdict, words: Vec<String>) -> WordList {
    WordList {
        name: name.to_owned(),
        verdict,
        enabled: true,
        chats: Vec::new(),
        origins: Vec::new(),
        admins: false,
        words,
        changed_at: UnixMs(0),
    }
}

/// Whether a list may have this name.
///
/// # Errors
/// A clause says why not.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > limits::WORD_LIST_NAME_BYTES || !name.bytes().all(plain) {
        let most = limits::WORD_LIST_NAME_BYTES;
        return Err(format!("must consist of 1 to {most} letters of ASCII, digits, `-`, `_` and `.`"));
    }
    if name == "check" {
        return Err("must not be `check`, which is a path of the admin API".to_owned());
    }
    Ok(())
}

/// Reads a YAML file: `lists`, each with `name`, `action`, and `words` or `file`.
///
/// # Errors
/// Everything that is wrong in it.
pub fn lists(text: &str, default: KeywordVerdict) -> Result<Vec<Listed>, Vec<Wrong>> {
    let documents = MarkedYaml::load_from_str(text).map_err(|error| {
        vec![Wrong { line: error.marker().line(), text: format!("is not YAML: {}", error.info()) }]
    })?;
    let mut reading = Reading { default, wrong: Vec::new() };
    let found = match documents.as_slice() {
        [] => Vec::new(),
        [root] => reading.root(root),
        [_, second, ..] => {
            reading.say(second, "a second document begins here; there must be one");
            Vec::new()
        }
    };
    if reading.wrong.is_empty() { Ok(found) } else { Err(reading.wrong) }
}

struct Reading {
    default: KeywordVerdict,
    wrong: Vec<Wrong>,
}

impl Reading {
    fn say(&mut self, at: &MarkedYaml<'_>, text: impl Into<String>) {
        self.wrong.push(Wrong { line: at.span.start.line(), text: text.into() });
    }

    fn root(&mut self, root: &MarkedYaml<'_>) -> Vec<Listed> {
        let mut found = Vec::new();
        let YamlData::Mapping(pairs) = &root.data else {
            self.say(root, "the file must have the one key `lists`");
            return found;
        };
        for (key, value) in pairs {
            match (text_of(key), &value.data) {
                (Some("lists"), YamlData::Sequence(items)) => {
                    for item in items {
                        found.extend(self.list(item));
                    }
                }
                (Some("lists"), _) => self.say(value, "`lists` must be a list"),
                _ => self.say(key, "the file must have the one key `lists`"),
            }
        }
        found
    }

    fn list(&mut self, item: &MarkedYaml<'_>) -> Option<Listed> {
        let YamlData::Mapping(pairs) = &item.data else {
            self.say(item, "a list must have a `name`, and `words` or a `file`");
            return None;
        };
        let mut read =
            Listed { list: list("", self.default, Vec::new()), file: None, line: item.span.start.line() };
        for (key, value) in pairs {
            if let Err(why) = self.field(&mut read, text_of(key).unwrap_or_default(), value) {
                self.say(value, why);
            }
        }
        if let Err(why) = check_name(&read.list.name) {
            self.say(item, format!("`name` {why}"));
        }
        Some(read)
    }

    fn field(&mut self, to: &mut Listed, key: &str, value: &MarkedYaml<'_>) -> Result<(), String> {
        match key {
            "name" => to.list.name = scalar(value).ok_or("`name` must be a text")?,
            "action" => to.list.verdict = verdict(&scalar(value).unwrap_or_default())?,
            "enabled" => to.list.enabled = flag(value).ok_or("`enabled` must be true or false")?,
            "admins" => to.list.admins = flag(value).ok_or("`admins` must be true or false")?,
            "chats" => {
                to.list.chats = texts(value)?.iter().map(|word| chat(word)).collect::<Result<_, _>>()?;
            }
            "origins" => {
                to.list.origins = texts(value)?.iter().map(|word| origin(word)).collect::<Result<_, _>>()?;
            }
            "file" => to.file = Some(PathBuf::from(scalar(value).ok_or("`file` must be a path")?)),
            "words" => {
                let YamlData::Sequence(items) = &value.data else {
                    return Err("`words` must be a list".to_owned());
                };
                for item in items {
                    let word = scalar(item).unwrap_or_default();
                    match check_word(&word) {
                        Ok(_) => to.list.words.push(word.trim().to_owned()),
                        Err(why) => self.say(item, format!("the word {why}")),
                    }
                }
            }
            _ => {
                return Err(format!(
                    "there is no `{key}`; known are name, action, enabled, chats, origins, admins, words and file"
                ));
            }
        }
        Ok(())
    }
}

/// Reads what a list asks for.
///
/// # Errors
/// Says which words there are.
pub fn verdict(word: &str) -> Result<KeywordVerdict, String> {
    let found = KEYWORD_VERDICTS.into_iter().find(|verdict| verdict.name() == word);
    found.ok_or_else(|| "`action` must be refuse, replace or report".to_owned())
}

/// Reads a kind of chat.
///
/// # Errors
/// Says which words there are.
pub fn chat(word: &str) -> Result<ChatKind, String> {
    let found = ChatKind::ALL.into_iter().find(|kind| kind.name() == word);
    found.ok_or_else(|| "`chats` may hold single, group and room".to_owned())
}

/// Reads how messages come in.
///
/// # Errors
/// Says which words there are.
pub fn origin(word: &str) -> Result<Origin, String> {
    match word {
        "client" => Ok(Origin::Client),
        "rest" => Ok(Origin::Rest),
        _ => Err("`origins` may hold client and rest".to_owned()),
    }
}

fn text_of<'a>(node: &'a MarkedYaml<'_>) -> Option<&'a str> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => Some(text),
        _ => None,
    }
}

/// Words may look like numbers or flags.
fn scalar(node: &MarkedYaml<'_>) -> Option<String> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => Some(text.clone().into_owned()),
        YamlData::Value(Scalar::Integer(number)) => Some(number.to_string()),
        YamlData::Value(Scalar::Boolean(flag)) => Some(flag.to_string()),
        YamlData::Value(Scalar::FloatingPoint(number)) => Some(number.to_string()),
        YamlData::Representation(text, ..) => Some(text.clone().into_owned()),
        _ => None,
    }
}

fn flag(node: &MarkedYaml<'_>) -> Option<bool> {
    match &node.data {
        YamlData::Value(Scalar::Boolean(flag)) => Some(*flag),
        _ => None,
    }
}

fn texts(node: &MarkedYaml<'_>) -> Result<Vec<String>, String> {
    let items = match &node.data {
        YamlData::Sequence(items) => items.iter().map(scalar).collect(),
        _ => None,
    };
    items.ok_or_else(|| "must be a list of words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_one_on_a_line() {
        let text = "\u{FEFF}# remark\nbad\n\n  two words  \r\n禁词\n";
        assert_eq!(words(text).unwrap(), ["bad", "two words", "禁词"]);
        let wrong = words("fine\n\u{200B}\n").unwrap_err();
        assert_eq!(wrong[0].to_string(), "line 2: the word has nothing in it that is seen");
    }

    #[test]
    fn a_yaml_file_has_several_lists() {
        let text = "lists:\n  - name: a\n    action: replace\n    chats: [room]\n    origins: [client]\n    admins: true\n    \
                    words: [bad, 404]\n  - name: b\n    file: b.txt\n    enabled: false\n";
        let read = lists(text, KeywordVerdict::Refuse).unwrap();
        assert_eq!(read[0].list.words, ["bad", "404"]);
        assert_eq!((read[0].list.verdict, read[0].list.admins), (KeywordVerdict::Replace, true));
        assert_eq!(
            (&read[0].list.chats[..], &read[0].list.origins[..]),
            (&[ChatKind::Room][..], &[Origin::Client][..])
        );
        assert_eq!((read[1].list.verdict, read[1].list.enabled), (KeywordVerdict::Refuse, false));
        assert_eq!(read[1].file, Some(PathBuf::from("b.txt")));
        assert_eq!(lists("", KeywordVerdict::Refuse).unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, said) in [
            ("- a\n", "line 1: the file must have the one key `lists`"),
            ("lists: a\n", "line 1: `lists` must be a list"),
            ("lists:\n  - words: [a]\n", "line 2: `name` must consist of 1 to 64"),
            ("lists:\n  - name: a\n    action: kill\n", "line 3: `action` must be refuse, replace or report"),
            (
                "lists:\n  - name: a\n    words:\n      - ' '\n",
                "line 4: the word has nothing in it that is seen",
            ),
            ("lists:\n  - name: a\n    wrods: []\n", "line 3: there is no `wrods`"),
            ("lists:\n  - name: a\n    chats: [shop]\n", "line 3: `chats` may hold"),
            ("lists: [\n", "is not YAML"),
        ] {
            let wrong = lists(text, KeywordVerdict::Refuse).unwrap_err();
            assert!(wrong[0].to_string().contains(said), "{text:?}: {}", wrong[0]);
        }
    }
}
