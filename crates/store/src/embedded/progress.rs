//! How far rules have come, and their versions.

use std::sync::Arc;

use ringback_model::delivery::{DeliveryKey, ExceptionState, ProgressChange, RuleProgress, RuleVersion};
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::storage::Bucket;
use rusqlite::{Connection, OptionalExtension};

use super::sql::{Outcome, count, from_json, int, to_json};
use super::{gaps, parked};

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
    if let Some(after) = change.reopen {
        gaps::reopen(connection, &change.rule, after)?;
    }
    gaps::put(connection, &change.rule, &change.gaps)?;
    for exception in &change.put {
        let sql = "INSERT INTO exceptions (rule, pos, copy, bucket, parked_at, data)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (rule, pos, copy) DO UPDATE
            SET bucket = excluded.bucket, parked_at = excluded.parked_at, data = excluded.data";
        let parked_at = match exception.state {
            ExceptionState::Parked { at, .. } => Some(at),
            ExceptionState::Waiting { .. } | ExceptionState::Resume => None,
        };
        let bucket = parked_at.map(|at| Bucket::of(at).0);
        let DeliveryKey { pos, copy } = exception.key;
        let row = (rule, int(pos.0), copy, bucket, parked_at.map(|at| at.0), to_json(exception)?);
        connection.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}

/// Reads one rule's progress.
pub(super) fn load(connection: &Connection, rule: &RuleId) -> Outcome<Option<RuleProgress>> {
    let cursor: Option<i64> = connection
        .prepare_cached("SELECT cursor FROM progress WHERE rule = ?1")?
        .query_row([&*rule.0], |row| row.get(0))
        .optional()?;
    let Some(cursor) = cursor else { return Ok(None) };
    let exceptions = parked::not_parked(connection, rule)?;
    let parked = parked::count_of(connection, rule)?;
    Ok(Some(RuleProgress { cursor: LogPos(count(cursor)), exceptions, parked }))
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
