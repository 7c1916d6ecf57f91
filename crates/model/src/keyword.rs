//! Word lists, and what becomes of messages that have their words.

use serde::{Deserialize, Serialize};

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
