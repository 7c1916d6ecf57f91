//! Pieces of long lists, and what is looked for in them.

use crate::ids::UserId;
use crate::record::{Handled, RecordKind};
use crate::time::UnixMs;

/// A piece of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Entries to pass over.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

impl Page {
    /// Page `number`, counted from 1, of pages of `size` entries.
    #[must_use]
    pub const fn numbered(number: usize, size: usize) -> Self {
        Self { skip: number.saturating_sub(1).saturating_mul(size), limit: size }
    }

    /// The same piece of a list that is in memory.
    pub fn of<T>(self, all: impl IntoIterator<Item = T>) -> Vec<T> {
        all.into_iter().skip(self.skip).take(self.limit).collect()
    }

    /// The same piece, and how long the list is.
    #[must_use]
    pub fn find<T>(self, all: Vec<T>) -> Found<T> {
        Found { total: all.len() as u64, items: self.of(all) }
    }
}

/// A piece of a list, and how long the list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// Entries of the whole list.
    pub total: u64,
    /// Those of the piece.
    pub items: Vec<T>,
}

/// Which users are looked for; an empty text fits all. Letter case does not count, outside ASCII it may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// A part of the id.
    pub id: String,
    /// A part of the shown name.
    pub name: String,
    /// A part of the id or of the shown name.
    pub word: String,
    /// Accounts of this level and above ([`crate::user::AccountLevel`]).
    pub least_level: i32,
    /// Accounts of this level alone.
    pub level: Option<i32>,
}

/// Under whom records are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shelf {
    /// An owner ([`crate::record::RecordKey::owner`]).
    Owner(String),
    /// What or whom they are about ([`crate::record::RecordKey::about`]).
    About(String),
    /// Everybody.
    All,
}

/// Which records are looked for. Requests come newest first, others ascending by owner and by what they are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordQuery {
    /// Of which kind.
    pub kind: RecordKind,
    /// Where.
    pub shelf: Shelf,
    /// Requests that ended like this alone; empty = all.
    pub handled: Vec<Handled>,
    /// Requests of this instant or later alone.
    pub since: UnixMs,
}

impl RecordQuery {
    /// All records of a kind on a shelf.
    #[must_use]
    pub const fn all(kind: RecordKind, shelf: Shelf) -> Self {
        Self { kind, shelf, handled: Vec::new(), since: UnixMs(0) }
    }

    /// All records of a kind of a user's.
    #[must_use]
    pub fn of_user(kind: RecordKind, user: &UserId) -> Self {
        Self::all(kind, Shelf::Owner(user.folded()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_from_one() {
        let list = || vec![1, 2, 3, 4, 5];
        for (number, size, items) in [(1, 2, vec![1, 2]), (3, 2, vec![5]), (4, 2, vec![]), (1, 0, vec![])] {
            assert_eq!(Page::numbered(number, size).find(list()), Found { total: 5, items });
        }
        assert_eq!(Page::numbered(usize::MAX, usize::MAX).of(list()), Vec::<i32>::new());
    }
}
