//! What changed in lists that clients follow: one row per list, and one per element that ever changed.

use std::collections::HashMap;

use ringback_model::limits;
use ringback_model::version::{Changed, Changes, Touch, Version, VersionLog};
use rusqlite::{Connection, OptionalExtension};

use super::schema;
use super::sql::{Broken, Outcome, count, int, limit};
use crate::shape::Birth;

/// Forgetting what is too long ago is worth while once in so many changes.
const FORGET_EVERY: u64 = 256;

/// What tells the lists of this database from those of another.
pub(super) fn birth(connection: &Connection) -> Outcome<Birth> {
    Ok(Birth(schema::meta(connection, "birth")?))
}

/// How often a list has changed.
fn number(connection: &Connection, key: &str) -> Outcome<u64> {
    let mut statement = connection.prepare_cached("SELECT number FROM lists WHERE log = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?.map_or(0, count))
}

/// Where a list stands.
pub(super) fn now(connection: &Connection, birth: Birth, log: &VersionLog) -> Outcome<Version> {
    Ok(birth.version(log, number(connection, &log.key())?))
}

/// Notes changes in the running transaction. Each list's version grows by one, however many of its elements change.
pub(super) fn touch(
    connection: &Connection,
    birth: Birth,
    touches: &[(VersionLog, String, Touch)],
) -> Outcome<Vec<(VersionLog, Version)>> {
    let mut versions: Vec<(VersionLog, Version)> = Vec::new();
    // A group that many enter changes as many lists: each is looked up once, not compared with all others.
    let mut numbers: HashMap<String, u64> = HashMap::new();
    for (log, element, touch) in touches {
        let key = log.key();
        let changes = match numbers.get(&key) {
            Some(changes) => *changes,
            None => {
                let changes = number(connection, &key)? + 1;
                let sql = "INSERT OR REPLACE INTO lists (log, number) VALUES (?1, ?2)";
                connection.prepare_cached(sql)?.execute((&key, int(changes)))?;
                if changes.is_multiple_of(FORGET_EVERY) {
                    forget(connection, &key, changes)?;
                }
                versions.push((log.clone(), birth.version(log, changes)));
                numbers.insert(key.clone(), changes);
                changes
            }
        };
        let sql = "INSERT OR REPLACE INTO list_changes (log, element, number, touch) VALUES (?1, ?2, ?3, ?4)";
        connection.prepare_cached(sql)?.execute((&key, element, int(changes), touch_number(*touch)))?;
    }
    Ok(versions)
}

/// Nobody is told of changes longer ago than this.
fn forget(connection: &Connection, key: &str, changes: u64) -> Outcome<()> {
    let oldest = changes.saturating_sub(limits::VERSIONS_KEPT);
    let sql = "DELETE FROM list_changes WHERE log = ?1 AND number < ?2";
    connection.prepare_cached(sql)?.execute((key, int(oldest)))?;
    Ok(())
}

/// What changed in a list after a version.
pub(super) fn changes(
    connection: &Connection,
    log: &VersionLog,
    since: u64,
    most: usize,
) -> Outcome<Changes> {
    let now = now(connection, birth(connection)?, log)?;
    if since > now.number || now.number - since > limits::VERSIONS_KEPT {
        return Ok(Changes { now, changed: None });
    }
    // What is counted from 0 in the table is told from 1.
    let sql = "SELECT element, number, touch FROM list_changes WHERE log = ?1 AND number >= ?2
        ORDER BY number, element LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((log.key(), int(since), limit(most.saturating_add(1))))?;
    let mut changed = Vec::new();
    while let Some(row) = rows.next()? {
        let touch = touch_of(row.get(2)?).ok_or(Broken::Row("a change of an unknown kind"))?;
        changed.push(Changed { element: row.get(0)?, touch, version: count(row.get(1)?) + 1 });
    }
    let told = changed.len() <= most;
    Ok(Changes { now, changed: told.then_some(changed) })
}

/// Numbers are stored: never given to another kind.
const fn touch_number(touch: Touch) -> i64 {
    match touch {
        Touch::Inserted => 1,
        Touch::Deleted => 2,
        Touch::Updated => 3,
    }
}

const fn touch_of(number: i64) -> Option<Touch> {
    Some(match number {
        1 => Touch::Inserted,
        2 => Touch::Deleted,
        3 => Touch::Updated,
        _ => return None,
    })
}
