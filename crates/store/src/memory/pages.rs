//! Pieces of long lists of the store in memory.

use std::cmp::Reverse;

use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::page::{Found, Page, RecordQuery, Shelf, UserFilter};
use ringback_model::ports::{Fut, Pages};
use ringback_model::record::{Record, RecordKey};
use ringback_model::statistics::{Growth, Period};
use ringback_model::user::{Block, User};

use super::Memory;

impl Pages for Memory {
    fn find_users<'a>(&'a self, filter: &'a UserFilter, page: Page) -> Fut<'a, Result<Found<User>, Fault>> {
        self.ask(move |state| {
            let mut found: Vec<User> =
                state.users.values().filter(|user| fits_user(filter, user)).cloned().collect();
            found.sort_by(|one, other| one.id.cmp(&other.id));
            page.find(found)
        })
    }

    fn find_records<'a>(
        &'a self,
        query: &'a RecordQuery,
        page: Page,
    ) -> Fut<'a, Result<Found<Record>, Fault>> {
        self.ask(move |state| {
            let mut found: Vec<Record> = state
                .records
                .iter()
                .filter(|(key, record)| fits_record(query, key, record))
                .map(|(_, record)| record.clone())
                .collect();
            // Stable: those of one instant keep the order of their keys.
            found.sort_by_key(|record| record.request().map(|(_, at)| Reverse(at)));
            page.find(found)
        })
    }

    fn find_blocks<'a>(&'a self, owner: &'a UserId, page: Page) -> Fut<'a, Result<Found<Block>, Fault>> {
        self.ask(move |state| {
            let owner = owner.folded();
            let theirs = state.blocks.iter().filter(|((of, _), _)| *of == owner);
            page.find(theirs.map(|(_, block)| block.clone()).collect())
        })
    }

    fn users_made(&self, period: Period) -> Fut<'_, Result<Growth, Fault>> {
        self.ask(move |state| {
            let mut growth = Growth::default();
            for user in state.users.values() {
                growth.count(user.created_at, period);
            }
            growth
        })
    }
}

fn fits_user(filter: &UserFilter, user: &User) -> bool {
    let (id, name) = (user.id.folded(), user.nickname.to_ascii_lowercase());
    let word = filter.word.to_ascii_lowercase();
    id.contains(&filter.id.to_lowercase())
        && name.contains(&filter.name.to_ascii_lowercase())
        && (id.contains(&word) || name.contains(&word))
        && user.level.0 >= filter.least_level
        && filter.level.is_none_or(|level| user.level.0 == level)
}

fn fits_record(query: &RecordQuery, key: &RecordKey, record: &Record) -> bool {
    let here = match &query.shelf {
        Shelf::Owner(owner) => key.owner == *owner,
        Shelf::About(about) => key.about == *about,
        Shelf::All => true,
    };
    let asked = match record.request() {
        Some((handled, at)) => {
            at >= query.since && (query.handled.is_empty() || query.handled.contains(&handled))
        }
        None => query.handled.is_empty() && query.since.0 <= 0,
    };
    key.kind == query.kind && here && asked
}
