//! Records: small things kept under an owner.

use ringback_model::record::{Record, RecordKey, RecordKind};
use rusqlite::{Connection, Params};

use super::log::text;
use super::sql::{Outcome, from_json, limit};

/// The one under this key.
pub(super) fn one(connection: &Connection, key: &RecordKey) -> Outcome<Option<Record>> {
    let sql = "SELECT data FROM records WHERE kind = ?1 AND owner = ?2 AND about = ?3";
    Ok(read(connection, sql, (key.kind.number(), &key.owner, &key.about))?.pop())
}

/// An owner's, ascending by what they are about.
pub(super) fn of_owner(
    connection: &Connection,
    kind: RecordKind,
    owner: &str,
    after: &str,
    rows: usize,
) -> Outcome<Vec<Record>> {
    let sql =
        "SELECT data FROM records WHERE kind = ?1 AND owner = ?2 AND about > ?3 ORDER BY about LIMIT ?4";
    read(connection, sql, (kind.number(), owner, after, limit(rows)))
}

/// Those about one thing, ascending by owner.
pub(super) fn about(
    connection: &Connection,
    kind: RecordKind,
    about: &str,
    after: &str,
    rows: usize,
) -> Outcome<Vec<Record>> {
    let sql =
        "SELECT data FROM records WHERE kind = ?1 AND about = ?2 AND owner > ?3 ORDER BY owner LIMIT ?4";
    read(connection, sql, (kind.number(), about, after, limit(rows)))
}

fn read(connection: &Connection, sql: &str, parameters: impl Params) -> Outcome<Vec<Record>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(from_json(text(row, 0)?)?);
    }
    Ok(records)
}
