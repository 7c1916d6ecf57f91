//! Word lists, and what becomes of messages that have their words.

use serde::{Deserialize, Serialize};

use crate::conversation::Target;
use crate::message::{Content, Origin};
use crate::time::UnixMs;

/// What a word list asks for, and what became of a message: the later, the stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeywordVerdict {
    /// The message passes as it is; it is only told.
    Report,
    /// The message passes with `***` in the place of each word.
    Replace,
    /// The message is not sent.
    Refuse,
}

impl KeywordVerdict {
    /// Its word, in settings, metrics and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Replace => "replace",
            Self::Refuse => "refuse",
        }
    }
}

/// All of them, the mildest first.
pub const KEYWORD_VERDICTS: [KeywordVerdict; 3] =
    [KeywordVerdict::Report, KeywordVerdict::Replace, KeywordVerdict::Refuse];

/// A word list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordList {
    /// Its name; no other list has it.
    pub name: String,
    /// What becomes of messages that have its words.
    pub verdict: KeywordVerdict,
    /// Whether it is in use.
    pub enabled: bool,
    /// Where it counts; empty = everywhere.
    #[serde(default)]
    pub chats: Vec<ChatKind>,
    /// For messages that came in which way; empty = both.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// Administrators' messages count, too.
    #[serde(default)]
    pub admins: bool,
    /// Its words, as they were written.
    pub words: Vec<String>,
    /// When it was made or changed; 0 = it stands in a file.
    #[serde(default)]
    pub changed_at: UnixMs,
}

impl WordList {
    /// Whether it counts there.
    #[must_use]
    pub fn is_about(&self, setting: Setting) -> bool {
        (self.chats.is_empty() || self.chats.contains(&setting.chat))
            && (self.origins.is_empty() || self.origins.contains(&setting.origin))
            && (self.admins || !setting.by_admin)
    }
}

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// Between two users.
    Single,
    /// In a group.
    Group,
    /// In a chat room.
    Room,
}

impl ChatKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Single, Self::Group, Self::Room];

    /// What kind of chat a target is; `None` for notices, which no word list is about.
    #[must_use]
    pub const fn of(target: &Target) -> Option<Self> {
        match target {
            Target::User(_) => Some(Self::Single),
            Target::Group(_) => Some(Self::Group),
            Target::Room(_) => Some(Self::Room),
            Target::Notice(_) => None,
        }
    }

    /// Its word, in files and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Group => "group",
            Self::Room => "room",
        }
    }
}

/// What word lists look at besides the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Where it is said.
    pub chat: ChatKind,
    /// How it came in.
    pub origin: Origin,
    /// By an administrator of the app.
    pub by_admin: bool,
}

impl Setting {
    /// Every one there is.
    pub fn all() -> impl Iterator<Item = Self> {
        ChatKind::ALL.into_iter().flat_map(|chat| {
            [Origin::Client, Origin::Rest].into_iter().flat_map(move |origin| {
                [false, true].into_iter().map(move |by_admin| Self { chat, origin, by_admin })
            })
        })
    }

    /// Its place among all of them, from 0.
    #[must_use]
    pub const fn number(self) -> u32 {
        let chat = match self.chat {
            ChatKind::Single => 0,
            ChatKind::Group => 4,
            ChatKind::Room => 8,
        };
        let origin = match self.origin {
            Origin::Client => 0,
            Origin::Rest => 2,
        };
        chat + origin + if self.by_admin { 1 } else { 0 }
    }
}

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What is to become of it: the strictest that its words' lists ask for.
    pub verdict: KeywordVerdict,
    /// See [`crate::action::KeywordHit::words`].
    pub words: Vec<String>,
    /// The lists that they are on, each once, with what each asks for.
    pub lists: Vec<(String, KeywordVerdict)>,
}

/// Looks for the words of word lists in what messages say: local, without waiting, before anybody is asked.
pub trait Keywords: Send + Sync {
    /// Judges a content; `None` = it has no words, or none that a list is about.
    fn judge(&self, content: &Content, setting: Setting) -> Option<Judged>;
}

/// What was found in a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What was found.
    pub hit: Hit,
    /// [`Content::raw`] with stars in the place of words, in the form that it has; `None` where it stays as it is, or is
    /// refused.
    pub raw: Option<String>,
}

/// No word lists.
pub struct NoKeywords;

impl Keywords for NoKeywords {
    fn judge(&self, _content: &Content, _setting: Setting) -> Option<Judged> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_own_number() {
        let numbers: Vec<u32> = Setting::all().map(Setting::number).collect();
        assert_eq!(numbers, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn lists_say_what_they_are_about() {
        let list = WordList {
            name: "a".to_owned(),
            verdict: KeywordVerdict::Report,
            enabled: true,
            chats: vec![ChatKind::Room],
            origins: Vec::new(),
            admins: false,
            words: Vec::new(),
            changed_at: UnixMs(0),
        };
        let about = |list: &WordList| Setting::all().filter(|setting| list.is_about(*setting)).count();
        assert_eq!(about(&list), 2);
        assert_eq!(about(&WordList { admins: true, ..list.clone() }), 4);
        assert_eq!(about(&WordList { chats: Vec::new(), ..list.clone() }), 6);
        assert_eq!(about(&WordList { origins: vec![Origin::Rest], ..list }), 1);
    }
}
