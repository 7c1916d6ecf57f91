//! Version logs: what changed in a list since a client saw it last.
//!
//! Each list has a counter that grows by one with every commit that changes it, and for each of its elements the
//! version of its last change. Source: client protocol sheet 4.3.

use serde::{Deserialize, Serialize};

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

/// Where a list stands, or where a client left it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Which log it is: made with the database, so that clients of another one start over. 96 bits.
    #[serde(with = "as_hex")]
    pub log: u128,
    /// 1 for a list that was never changed.
    pub number: u64,
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

/// What a client has to learn about a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News<T> {
    /// Where the list stands now.
    pub now: Version,
    /// The client has to read the list anew; then nothing else is told.
    pub full: bool,
    /// What went.
    pub deleted: Vec<String>,
    /// What came in.
    pub inserted: Vec<T>,
    /// What is another now.
    pub updated: Vec<T>,
    /// The owner of the list has changed: see [`ITSELF`].
    pub itself: bool,
    /// In which version the order changed: see [`ORDER`]; 0 = it did not.
    pub order: u64,
}

impl<T> News<T> {
    /// A client that has to read the list anew.
    #[must_use]
    pub fn full(now: Version) -> Self {
        Self { full: true, ..Self::nothing(now) }
    }

    /// A client that has missed nothing.
    #[must_use]
    pub fn nothing(now: Version) -> Self {
        let (deleted, inserted, updated) = (Vec::new(), Vec::new(), Vec::new());
        Self { now, full: false, deleted, inserted, updated, itself: false, order: 0 }
    }

    /// Whether anything is told at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let told = !self.deleted.is_empty() || !self.inserted.is_empty() || !self.updated.is_empty();
        !told && !self.full && !self.itself && self.order == 0
    }

    /// Number of elements that are told.
    #[must_use]
    pub const fn elements(&self) -> usize {
        self.deleted.len() + self.inserted.len() + self.updated.len()
    }
}

impl News<String> {
    /// What a client that stands at `seen` has to learn from what has changed since then.
    #[must_use]
    pub fn of(changes: Changes, seen: Version) -> Self {
        let Changes { now, changed } = changes;
        if seen.number == 0 || seen.log != now.log || seen.number > now.number {
            return Self::full(now);
        }
        let Some(changed) = changed else { return Self::full(now) };
        let mut news = Self::nothing(now);
        for Changed { element, touch, version } in changed {
            match (element.as_str(), touch) {
                (ITSELF, _) => news.itself = true,
                (ORDER, _) => news.order = version,
                (_, Touch::Deleted) => news.deleted.push(element),
                (_, Touch::Inserted) => news.inserted.push(element),
                (_, Touch::Updated) => news.updated.push(element),
            }
        }
        news
    }

    /// The same with the things instead of their ids. Those that are not found have gone meanwhile.
    #[must_use]
    pub fn filled<T>(self, mut find: impl FnMut(&str) -> Option<T>) -> News<T> {
        let Self { now, full, mut deleted, inserted, updated, itself, order } = self;
        let mut found = |ids: Vec<String>| {
            let mut things = Vec::with_capacity(ids.len());
            for id in ids {
                match find(&id) {
                    Some(thing) => things.push(thing),
                    None => deleted.push(id),
                }
            }
            things
        };
        let (inserted, updated) = (found(inserted), found(updated));
        News { now, full, deleted, inserted, updated, itself, order }
    }
}

/// The ids of a whole list, for a client that wants to check its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeList {
    /// Where the list stands now.
    pub now: Version,
    /// In the server's order.
    pub ids: Vec<String>,
    /// The hash of the ids that the client has, as it says.
    pub hash: u64,
}

/// 96 bits as 24 hexadecimal digits: JSON readers need not know such numbers.
mod as_hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(log: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{log:024x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let text = String::deserialize(from)?;
        u128::from_str_radix(&text, 16).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Version = Version { log: 7, number: 9 };

    fn changed(element: &str, touch: Touch) -> Changed {
        Changed { element: element.to_owned(), touch, version: 8 }
    }

    #[test]
    fn a_client_learns_what_it_missed_or_starts_over() {
        let changes = |changed| Changes { now: NOW, changed };
        let at = |log, number| Version { log, number };
        for (seen, full) in
            [(at(7, 9), false), (at(7, 1), false), (at(7, 0), true), (at(8, 9), true), (at(7, 10), true)]
        {
            assert_eq!(News::of(changes(Some(Vec::new())), seen).full, full, "{seen:?}");
        }
        assert!(News::of(changes(None), NOW).full, "too much has changed");
        let all = vec![
            changed("a", Touch::Inserted),
            changed("b", Touch::Deleted),
            changed("c", Touch::Updated),
            changed("gone", Touch::Updated),
            changed(ITSELF, Touch::Updated),
            changed(ORDER, Touch::Updated),
        ];
        let news = News::of(changes(Some(all)), at(7, 3)).filled(|id| (id != "gone").then(|| id.to_owned()));
        assert_eq!(
            (news.inserted.as_slice(), news.updated.as_slice()),
            (&["a".to_owned()][..], &["c".to_owned()][..])
        );
        assert_eq!(
            (news.deleted, news.itself, news.order),
            (vec!["b".to_owned(), "gone".to_owned()], true, 8)
        );
    }

    #[test]
    fn versions_survive_storage() {
        let version = Version { log: (1 << 95) + 5, number: 3 };
        let text = serde_json::to_string(&version).unwrap();
        assert_eq!(text, r#"{"log":"800000000000000000000005","number":3}"#);
        assert_eq!(serde_json::from_str::<Version>(&text).unwrap(), version);
    }
}
