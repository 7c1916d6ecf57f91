//! The catalogue of what is checked.

/// Something that receivers are checked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Somebody answers.
    Reachable,
    /// No answer sends callers elsewhere.
    Redirect,
    /// Every callback gets a status that counts.
    Status,
    /// Every answer can be read.
    Answer,
    /// No answer reads like another one than it is.
    Meaning,
    /// No answer is too long.
    Length,
    /// Answers come in time.
    Time,
    /// What comes twice is answered twice alike.
    Duplicates,
    /// Any text is taken.
    Unicode,
    /// The largest body is taken.
    Largest,
    /// What is to be refused is refused.
    Refusal,
    /// What happened long ago can be told once more.
    Replay,
    /// An old signature is refused.
    Stale,
    /// A wrong signature is refused.
    SignatureWrong,
    /// A missing signature is refused.
    SignatureMissing,
    /// A caller may send slowly.
    SlowSending,
    /// A caller may read slowly.
    SlowReading,
    /// Many callbacks may come at once.
    Burst,
}

impl Check {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 18] = [
        Self::Reachable,
        Self::Redirect,
        Self::Status,
        Self::Answer,
        Self::Meaning,
        Self::Length,
        Self::Time,
        Self::Duplicates,
        Self::Unicode,
        Self::Largest,
        Self::Refusal,
        Self::Replay,
        Self::Stale,
        Self::SignatureWrong,
        Self::SignatureMissing,
        Self::SlowSending,
        Self::SlowReading,
        Self::Burst,
    ];

    /// Its stable name, for scripts.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::Redirect => "redirect",
            Self::Status => "status",
            Self::Answer => "answer",
            Self::Meaning => "meaning",
            Self::Length => "length",
            Self::Time => "time",
            Self::Duplicates => "duplicates",
            Self::Unicode => "unicode",
            Self::Largest => "largest",
            Self::Refusal => "refusal",
            Self::Replay => "replay",
            Self::Stale => "stale",
            Self::SignatureWrong => "signature-wrong",
            Self::SignatureMissing => "signature-missing",
            Self::SlowSending => "slow-sending",
            Self::SlowReading => "slow-reading",
            Self::Burst => "burst",
        }
    }

    /// What is sent for it.
    #[must_use]
    pub const fn sends(self) -> &'static str {
        match self {
            Self::Reachable => "one callback",
            Self::Redirect | Self::Status | Self::Answer | Self::Meaning | Self::Length => {
                "one callback of every event that the contract has"
            }
            Self::Time => "the same, one after the other",
            Self::Duplicates => "each of them a second time: the same id, the same bytes",
            Self::Unicode => {
                "messages with emoji, right-to-left and combining letters, control characters, quotes, \
                              and letters written as escaped surrogates"
            }
            Self::Largest => "a message with the longest content that the server lets through",
            Self::Refusal => "a message with the text of --refused",
            Self::Replay => "a callback about yesterday, marked as a replay, twice",
            Self::Stale => "a callback with the right signature of yesterday",
            Self::SignatureWrong => {
                "callbacks that were signed with another secret, or changed after they were signed"
            }
            Self::SignatureMissing => "a callback without a signature",
            Self::SlowSending => "a callback in slow pieces, and meanwhile another one at once",
            Self::SlowReading => {
                "a callback whose answer is read in slow pieces, and meanwhile another one at once"
            }
            Self::Burst => "as many callbacks at once as --burst says",
        }
    }

    /// What a good receiver does.
    #[must_use]
    pub const fn good(self) -> &'static str {
        match self {
            Self::Reachable => "something answers at the URL, over TLS that can be checked where it is https",
            Self::Redirect => "no 3xx: servers do not follow them",
            Self::Status => "a status that the contract counts as taken",
            Self::Answer => "an answer that the contract can read: its types, its members, JSON",
            Self::Meaning => {
                "no refusal that does not refuse, no code that nobody reads, no error that counts as taken"
            }
            Self::Length => "at most 1,000 characters",
            Self::Time => "99 of 100 answers within half of the contract's timeout",
            Self::Duplicates => {
                "the same answer: receivers recognise ids that they have seen, and say yes again"
            }
            Self::Unicode => "they are answered like a plain text",
            Self::Largest => "it is answered like a plain text",
            Self::Refusal => "the answer refuses, as the contract reads it",
            Self::Replay => "both are taken, or both are refused with a 4xx",
            Self::Stale => "it is refused: whoever has recorded a callback could send it again and again",
            Self::SignatureWrong | Self::SignatureMissing => "it is refused with 401 or 403",
            Self::SlowSending | Self::SlowReading => {
                "both are answered, and the second does not wait for the first"
            }
            Self::Burst => "all are taken, in time",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_is_in_the_list_once() {
        let ids: BTreeSet<_> = Check::ALL.iter().map(|check| check.id()).collect();
        assert_eq!(ids.len(), Check::ALL.len());
        assert!(Check::ALL.is_sorted(), "the order of the list is that of the reports");
        assert!(Check::ALL.contains(&Check::Burst), "the last one");
    }
}
