//! Version logs: what changed in a list since a client saw it last.
//!
//! Each list has a counter that grows by one with every commit that changes it, and for each of its elements the
//! version of its last change. Source: client protocol sheet 4.3.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{GroupId, UserId};

/// A list that clients follow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionLog {
    /// A user's friends; elements are user ids.
    Friends(UserId),
    /// The groups that a user is in; elements are group ids.
    Groups(UserId),
    /// The members of a group; elements are user ids, and [`ITSELF`].
    Members(GroupId),
    /// A user's conversations; elements are keys of [`crate::conversation::ConversationId`].
    Conversations(UserId),
}

impl VersionLog {
    /// The text by which stores know it; user ids are folded.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Friends(user) => format!("f:{}", user.folded()),
            Self::Groups(user) => format!("g:{}", user.folded()),
            Self::Members(group) => format!("m:{group}"),
            Self::Conversations(user) => format!("c:{}", user.folded()),
        }
    }
}

/// The element that stands for the owner of the list: the group's own settings have changed.
pub const ITSELF: &str = "";
/// The element that stands for the order of the list. No id looks like it.
pub const ORDER: &str = ":order";

/// What happened to an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// It came in.
    Inserted,
    /// It went.
    Deleted,
    /// It is another now.
    Updated,
}

/// Where a list stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Which log it is: made with the database, so that clients of another one start over. 96 bits.
    #[serde(serialize_with = "write_log", deserialize_with = "read_log")]
    pub log: u128,
    /// 1 for a list that was never changed.
    pub number: u64,
}

impl Version {
    /// [`Version::log`] as 24 hexadecimal digits, the text that clients keep; empty where there is no log.
    #[must_use]
    pub fn log_text(self) -> String {
        if self == Self::default() {
            return String::new();
        }
        format!("{:024x}", self.log)
    }

    /// Reads what [`Version::log_text`] wrote, with its number; `None` for any other text, and for the number 0, which
    /// no list ever had.
    #[must_use]
    pub fn parse(log: &str, number: u64) -> Option<Self> {
        let digits = log.len() == 24 && log.bytes().all(|byte| byte.is_ascii_hexdigit());
        let log = u128::from_str_radix(log, 16).ok().filter(|_| digits)?;
        (number > 0).then_some(Self { log, number })
    }
}

/// Not every reader of JSON keeps 96 bits.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn write_log<S: Serializer>(log: &u128, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{log:024x}"))
}

fn read_log<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
    let text = String::deserialize(from)?;
    u128::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
}

/// One changed element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub element: String,
    /// What happened to it last.
    pub touch: Touch,
    /// In which version.
    pub version: u64,
}

/// What changed in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Where the list stands now.
    pub now: Version,
    /// Ascending by version; `None` = too many, or too long ago to be known.
    pub changed: Option<Vec<Changed>>,
}

/// What a client that knew a list once has to learn about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta<T> {
    /// Where the list stands now.
    pub now: Version,
    /// The client has to read the list anew; nothing else is told then.
    pub full: bool,
    /// What went.
    pub deleted: Vec<String>,
    /// What came in.
    pub inserted: Vec<T>,
    /// What is another now.
    pub updated: Vec<T>,
    /// The version in which the order changed last; 0 = it did not.
    pub order: u64,
    /// The owner of the list changed ([`ITSELF`]).
    pub itself: bool,
}

impl<T> Delta<T> {
    /// Nothing is told: the client knows it already, or (`full`) has to read it anew.
    #[must_use]
    pub const fn empty(now: Version, full: bool) -> Self {
        Self {
            now,
            full,
            deleted: Vec::new(),
            inserted: Vec::new(),
            updated: Vec::new(),
            order: 0,
            itself: false,
        }
    }

    /// How many elements are told.
    #[must_use]
    pub const fn elements(&self) -> usize {
        self.deleted.len() + self.inserted.len() + self.updated.len()
    }

    /// Whether there is nothing to learn: neither about elements nor about their order, nor about the owner.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        !self.full && self.elements() == 0 && self.order == 0 && !self.itself
    }
}

impl Delta<String> {
    /// What a client at `known` has to learn; `None` = it knows nothing.
    #[must_use]
    pub fn of(changes: Changes, known: Option<Version>) -> Self {
        let Changes { now, changed } = changes;
        let Some(changed) = changed.filter(|_| known.is_some_and(|known| known.log == now.log)) else {
            return Self::empty(now, true);
        };
        let mut delta = Self::empty(now, false);
        for Changed { element, touch, version } in changed {
            match (element.as_str(), touch) {
                (ITSELF, _) => delta.itself = true,
                (ORDER, _) => delta.order = version,
                (_, Touch::Inserted) => delta.inserted.push(element),
                (_, Touch::Deleted) => delta.deleted.push(element),
                (_, Touch::Updated) => delta.updated.push(element),
            }
        }
        delta
    }

    /// The same with what the elements are; those that `found` has not are told as gone.
    #[must_use]
    pub fn filled<T: Clone>(self, found: impl Fn(&str) -> Option<T>) -> Delta<T> {
        let Self { now, full, mut deleted, inserted, updated, order, itself } = self;
        let mut fill = |elements: Vec<String>| -> Vec<T> {
            let mut values = Vec::with_capacity(elements.len());
            for element in elements {
                match found(&element) {
                    Some(value) => values.push(value),
                    None => deleted.push(element),
                }
            }
            values
        };
        let (inserted, updated) = (fill(inserted), fill(updated));
        Delta { now, full, deleted, inserted, updated, order, itself }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_they_are_written() {
        let version = Version { log: 0x00ab_cdef_0123_4567_89ab_cdef, number: u64::MAX };
        assert_eq!(Version::parse(&version.log_text(), version.number), Some(version));
        let text = serde_json::to_string(&version).unwrap();
        assert_eq!(serde_json::from_str::<Version>(&text).unwrap(), version, "{text}");
        let fine = "00abcdef0123456789abcdef";
        let short = &fine[1..];
        for (log, number) in [(fine, 0), ("", 1), (short, 1), ("+0abcdef0123456789abcdef", 1)] {
            assert_eq!(Version::parse(log, number), None, "{log} {number}");
        }
    }

    #[test]
    fn what_changed_is_told_by_what_became_of_it() {
        let now = Version { log: 7, number: 9 };
        let change = |element: &str, touch, version| Changed { element: element.to_owned(), touch, version };
        let changed = vec![
            change("new", Touch::Inserted, 5),
            change(ORDER, Touch::Updated, 6),
            change("gone", Touch::Deleted, 7),
            change(ITSELF, Touch::Updated, 8),
            change("lost", Touch::Updated, 9),
        ];
        let changes = Changes { now, changed: Some(changed) };
        let known = Version { log: 7, number: 4 };
        let delta = Delta::of(changes.clone(), Some(known)).filled(|id| (id != "lost").then_some(id.len()));
        assert_eq!((delta.full, delta.order, delta.itself), (false, 6, true));
        assert_eq!((delta.inserted, delta.updated), (vec![3], vec![]));
        assert_eq!(delta.deleted, ["gone", "lost"]);
        for unknown in [None, Some(Version { log: 8, number: 4 })] {
            assert_eq!(Delta::of(changes.clone(), unknown), Delta::empty(now, true));
        }
        assert!(Delta::of(Changes { now, changed: None }, Some(known)).full);
    }
}
