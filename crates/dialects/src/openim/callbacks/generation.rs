//! The four incompatible contracts: where the command stands, which headers and fields go out, what an answer
//! means. Source: openim-callbacks fact sheet 0.2 and 3.5.

/// One of the four contracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// v2.0 to v2.3: one URL, the command only in the body, text content in the clear.
    V2,
    /// v3.0 to v3.4: the command as a query parameter.
    V30,
    /// v3.5 and v3.6: the command as a path segment, an answer with `nextCode`.
    V35,
    /// v3.7, v3.8 and later: refused only by `actionCode` 0 with `nextCode` 1.
    V38,
}

impl Generation {
    /// All of them, newest first.
    pub const ALL: [Self; 4] = [Self::V38, Self::V35, Self::V30, Self::V2];

    /// The name of the contract in [`ringback_model::rule::Rule::contract`].
    #[must_use]
    pub const fn contract(self) -> &'static str {
        match self {
            Self::V2 => "openim-v2",
            Self::V30 => "openim-v3.0",
            Self::V35 => "openim-v3.5",
            Self::V38 => "openim",
        }
    }

    /// The value of the setting `openim.contract`; v2 is chosen by the kind of file instead.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V30 => "v3.0",
            Self::V35 => "v3.5",
            Self::V38 => "v3.8",
        }
    }

    /// Reads [`Generation::version`].
    #[must_use]
    pub fn from_version(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|generation| generation.version() == text)
    }

    /// The code that a sender sees where the receiver refuses without one.
    /// Source: openim-callbacks fact sheet 3.3 and 3.4.
    #[must_use]
    pub const fn default_refusal_code(self) -> i32 {
        match self {
            Self::V2 => 201,
            Self::V30 | Self::V35 | Self::V38 => 500,
        }
    }

    /// The number that stands for a group in `sessionType`.
    #[must_use]
    pub const fn group_session(self) -> i32 {
        match self {
            Self::V2 => 2,
            Self::V30 | Self::V35 | Self::V38 => 3,
        }
    }
}
