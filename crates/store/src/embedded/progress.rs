//! How far rules have come, and their versions.

use std::sync::Arc;

use ringback_model::delivery::{
    DeliveryKey, Exception, ExceptionState, ProgressChange, RuleProgress, RuleVersion,
};
use ringback_model::ids::{LogPos, RuleId};
use rusqlite::{Connection, OptionalExtension};

use super::sql::{Outcome, count, from_json, int, limit, to_json};

/// Writes one rule's change. A key that is both removed and put stays.
pub(super) fn save(connection: &Connection, change: &ProgressChange) -> Outcome<()> {
    let rule = &*change.rule.0;
    let cursor = "INSERT INTO progress (rule, cursor) VALUES (?1, coalesce(?2, 0))
        ON CONFLICT (rule) DO UPDATE SET cursor = coalesce(?2, cursor)";
    connection.prepare_cached(cursor)?.execute((rule, change.cursor.map(|cursor| int(cursor.0))))?;
    for key in &change.remove {
        let sql = "DELETE FROM exceptions WHERE rule = ?1 AND pos = ?2 AND copy = ?3";
        connection.prepare_cached(sql)?.execute((rule, int(key.pos.0), key.copy))?;
    }
    for exception in &change.put {
        let sql =
            "INSERT OR REPLACE INTO exceptions (rule, pos, copy, parked, data) VALUES (?1, ?2, ?3, ?4, ?5)";
        let parked = matches!(exception.state, ExceptionState::Parked { .. });
        let DeliveryKey { pos, copy } = exception.key;
        connection.prepare_cached(sql)?.execute((rule, int(pos.0), copy, parked, to_json(exception)?))?;
    }
    Ok(())
}

/// Reads one rule's progress.
pub(super) fn load(connection: &Connection, rule: &RuleId) -> Outcome<Option<RuleProgress>> {
    let rule = &*rule.0;
    let cursor: Option<i64> = connection
        .prepare_cached("SELECT cursor FROM progress WHERE rule = ?1")?
        .query_row([rule], |row| row.get(0))
        .optional()?;
    let Some(cursor) = cursor else { return Ok(None) };
    let exceptions = exceptions(connection, rule, false, None, i64::MAX)?;
    let parked = connection
        .prepare_cached("SELECT count(*) FROM exceptions WHERE rule = ?1 AND parked = 1")?
        .query_row([rule], |row| row.get(0))?;
    Ok(Some(RuleProgress { cursor: LogPos(count(cursor)), exceptions, parked: count(parked) }))
}

/// Reads a page of parked deliveries.
pub(super) fn parked(
    connection: &Connection,
    rule: &RuleId,
    after: Option<DeliveryKey>,
    rows: usize,
) -> Outcome<Vec<Exception>> {
    exceptions(connection, &rule.0, true, after, limit(rows))
}

fn exceptions(
    connection: &Connection,
    rule: &str,
    parked: bool,
    after: Option<DeliveryKey>,
    rows: i64,
) -> Outcome<Vec<Exception>> {
    let mut statement = connection.prepare_cached(
        "SELECT data FROM exceptions WHERE rule = ?1 AND parked = ?2 AND (pos, copy) > (?3, ?4)
         ORDER BY pos, copy LIMIT ?5",
    )?;
    let (pos, copy) = after.map_or((-1, -1), |after| (int(after.pos.0), i64::from(after.copy)));
    let mut found = statement.query((rule, parked, pos, copy, rows))?;
    let mut exceptions = Vec::new();
    while let Some(row) = found.next()? {
        exceptions.push(from_json(&row.get::<_, String>(0)?)?);
    }
    Ok(exceptions)
}

/// Writes a version of a rule.
pub(super) fn remember(connection: &Connection, version: &RuleVersion) -> Outcome<()> {
    let sql = "INSERT OR REPLACE INTO rule_versions (rule, version, since, data) VALUES (?1, ?2, ?3, ?4)";
    let rule = &version.rule;
    let row = (&*rule.id.0, int(rule.version), int(version.since.0), to_json(rule)?);
    connection.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// Reads all versions, oldest first per rule.
pub(super) fn versions(connection: &Connection) -> Outcome<Vec<RuleVersion>> {
    let mut statement =
        connection.prepare_cached("SELECT since, data FROM rule_versions ORDER BY rule, version")?;
    let mut rows = statement.query([])?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        let since = LogPos(count(row.get(0)?));
        versions.push(RuleVersion { rule: Arc::new(from_json(&row.get::<_, String>(1)?)?), since });
    }
    Ok(versions)
}
