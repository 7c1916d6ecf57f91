//! Pieces of long lists: users, records, blocks; and how many users were registered when.

use std::collections::BTreeMap;

use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::page::{Found, Page, RecordQuery, Shelf, UserFilter};
use ringback_model::ports::{Fut, Pages};
use ringback_model::record::Record;
use ringback_model::statistics::{DAY_MS, Growth, Period};
use ringback_model::user::{Block, User};
use rusqlite::{Connection, Params, named_params};
use serde::de::DeserializeOwned;

use super::Embedded;
use super::log::text;
use super::sql::{Outcome, count, from_json, limit};

impl Pages for Embedded {
    fn find_users<'a>(&'a self, filter: &'a UserFilter, page: Page) -> Fut<'a, Result<Found<User>, Fault>> {
        let filter = filter.clone();
        self.readers.ask("look for users", move |connection| users(connection, &filter, page))
    }

    fn find_records<'a>(
        &'a self,
        query: &'a RecordQuery,
        page: Page,
    ) -> Fut<'a, Result<Found<Record>, Fault>> {
        let query = query.clone();
        self.readers.ask("look for records", move |connection| records(connection, &query, page))
    }

    fn find_blocks<'a>(&'a self, owner: &'a UserId, page: Page) -> Fut<'a, Result<Found<Block>, Fault>> {
        let owner = owner.folded();
        self.readers.ask("read a block list", move |connection| {
            let rows = "FROM blocks WHERE owner = :owner";
            let wanted = named_params! { ":owner": owner };
            let total = total(connection, rows, wanted)?;
            let (skip, most) = (limit(page.skip), limit(page.limit));
            let wanted = named_params! { ":owner": owner, ":skip": skip, ":most": most };
            Ok(Found { total, items: items(connection, rows, "blocked", wanted)? })
        })
    }

    fn users_made(&self, period: Period) -> Fut<'_, Result<Growth, Fault>> {
        self.readers.ask("count users", move |connection| users_made(connection, period))
    }
}

/// Entries of a list; `rows` is its FROM and WHERE.
fn total(connection: &Connection, rows: &str, wanted: impl Params) -> Outcome<u64> {
    let mut statement = connection.prepare_cached(&format!("SELECT count(*) {rows}"))?;
    Ok(count(statement.query_row(wanted, |row| row.get(0))?))
}

/// Entries `:skip` to `:skip` + `:most` of a list.
fn items<T: DeserializeOwned>(
    connection: &Connection,
    rows: &str,
    order: &str,
    wanted: impl Params,
) -> Outcome<Vec<T>> {
    let sql = format!("SELECT data {rows} ORDER BY {order} LIMIT :most OFFSET :skip");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(wanted)?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(from_json(text(row, 0)?)?);
    }
    Ok(items)
}

fn users(connection: &Connection, filter: &UserFilter, page: Page) -> Outcome<Found<User>> {
    if *filter == UserFilter::default() {
        // All of them: counted and passed over in an index.
        let total = total(connection, "FROM users", [])?;
        let wanted = named_params! { ":skip": limit(page.skip), ":most": limit(page.limit) };
        return Ok(Found { total, items: items(connection, "FROM users", "id", wanted)? });
    }
    let rows = "FROM users
        WHERE (:id = '' OR instr(folded, :id))
        AND (:name = '' OR instr(lower(json_extract(data, '$.nickname')), :name))
        AND (:word = '' OR instr(folded, :word) OR instr(lower(json_extract(data, '$.nickname')), :word))
        AND coalesce(json_extract(data, '$.level'), 0) >= :least
        AND (:level IS NULL OR coalesce(json_extract(data, '$.level'), 0) = :level)";
    let (id, name, word) =
        (filter.id.to_lowercase(), filter.name.to_ascii_lowercase(), filter.word.to_ascii_lowercase());
    let (least, level) = (filter.least_level, filter.level);
    let wanted = named_params! { ":id": id, ":name": name, ":word": word, ":least": least, ":level": level };
    let total = total(connection, rows, wanted)?;
    let wanted = named_params! {
        ":id": id, ":name": name, ":word": word, ":least": least, ":level": level,
        ":skip": limit(page.skip), ":most": limit(page.limit),
    };
    Ok(Found { total, items: items(connection, rows, "id", wanted)? })
}

fn records(connection: &Connection, query: &RecordQuery, page: Page) -> Outcome<Found<Record>> {
    let (place, name) = match &query.shelf {
        Shelf::Owner(owner) => ("owner = :name", owner.as_str()),
        Shelf::About(about) => ("about = :name", about.as_str()),
        Shelf::All => (":name = ''", ""),
    };
    let mut rows = format!("FROM records WHERE kind = :kind AND {place}");
    let order = if query.kind.is_request() {
        // Words never hold a comma, so one text holds all that are wanted.
        rows += " AND (:handled = '' OR instr(:handled, ',' || json_extract(data, '$.handled') || ','))
            AND json_extract(data, '$.at') >= :since";
        "json_extract(data, '$.at') DESC, owner, about"
    } else {
        rows += " AND :handled = '' AND :since <= 0";
        "owner, about"
    };
    let handled: String =
        query.handled.iter().map(|handled| format!(",{},", handled.word())).collect::<Vec<_>>().concat();
    let (kind, since) = (query.kind.number(), query.since.0);
    let wanted = named_params! { ":kind": kind, ":name": name, ":handled": handled, ":since": since };
    let total = total(connection, &rows, wanted)?;
    let wanted = named_params! {
        ":kind": kind, ":name": name, ":handled": handled, ":since": since,
        ":skip": limit(page.skip), ":most": limit(page.limit),
    };
    Ok(Found { total, items: items(connection, &rows, order, wanted)? })
}

fn users_made(connection: &Connection, period: Period) -> Outcome<Growth> {
    let at = "json_extract(data, '$.created_at')";
    let before = total(connection, &format!("FROM users WHERE {at} < ?1"), [period.from.0])?;
    // Before 1970 nobody was registered, so dividing rounds down.
    let sql = format!(
        "SELECT {at} / {DAY_MS} AS day, count(*) FROM users WHERE {at} >= ?1 AND {at} < ?2 GROUP BY day"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([period.from.0, period.to.0])?;
    let mut days = BTreeMap::new();
    while let Some(row) = rows.next()? {
        days.insert(row.get(0)?, count(row.get(1)?));
    }
    Ok(Growth { total: total(connection, "FROM users", [])?, before, days })
}
