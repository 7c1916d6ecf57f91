//! Deliveries that came to nothing. Most are a row of one delivery each; the few that stretch over several have an
//! index of their own, so that a look at some events does not pass by all the others.

use ringback_model::delivery::{Gap, GapReason};
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::time::UnixMs;
use rusqlite::{Connection, Params};

use super::log::text;
use super::sql::{Outcome, from_json, int, to_json};

const PUT: &str = "INSERT OR REPLACE INTO gaps (rule, pos, copy, lane, last_pos, at, data)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const SHORTEN: &str =
    "UPDATE gaps SET last_pos = ?2, data = json_set(data, '$.last', json_object('pos', ?2, 'copy', ?3))
    WHERE rule = ?1 AND last_pos > ?2";
const SINGLE: &str = "SELECT data FROM gaps WHERE rule = ?1 AND pos BETWEEN ?2 AND ?3 AND last_pos = pos";
const WIDE: &str = "SELECT data FROM gaps INDEXED BY gaps_wide
    WHERE rule = ?1 AND pos <= ?3 AND last_pos >= ?2 AND last_pos > pos";

/// Writes some.
pub(super) fn put(connection: &Connection, rule: &RuleId, gaps: &[Gap]) -> Outcome<()> {
    for gap in gaps {
        let lane = gap.lane.as_ref().map_or("", |lane| &lane.0);
        let (first, last) = (int(gap.first.pos.0), int(gap.last.pos.0));
        let row = (&*rule.0, first, gap.first.copy, lane, last, gap.at.0, to_json(gap)?);
        connection.prepare_cached(PUT)?.execute(row)?;
    }
    Ok(())
}

/// What stood in rows becomes gaps; `rows` says which rows of `exceptions`, in SQL.
pub(super) fn instead_of_rows(
    connection: &Connection,
    rows: &str,
    parameters: impl Params,
    reason: GapReason,
    at: UnixMs,
) -> Outcome<()> {
    let key = "json_object('pos', pos, 'copy', copy)";
    let (reason, at) = (reason.name(), at.0);
    let sql = format!(
        "INSERT OR REPLACE INTO gaps (rule, pos, copy, lane, last_pos, at, data)
         SELECT rule, pos, copy, '', pos, {at},
             json_object('first', {key}, 'last', {key}, 'reason', '{reason}', 'at', {at})
         FROM exceptions WHERE rowid IN ({rows})"
    );
    connection.prepare(&sql)?.execute(parameters)?;
    Ok(())
}

/// Forgets what lies after a position.
pub(super) fn reopen(connection: &Connection, rule: &RuleId, after: LogPos) -> Outcome<()> {
    let row = (&*rule.0, int(after.0));
    connection.prepare_cached("DELETE FROM gaps WHERE rule = ?1 AND pos > ?2")?.execute(row)?;
    connection.prepare_cached(SHORTEN)?.execute((row.0, row.1, u32::MAX))?;
    Ok(())
}

/// Those that touch the events between two positions.
pub(super) fn between(
    connection: &Connection,
    rule: &RuleId,
    first: LogPos,
    last: LogPos,
) -> Outcome<Vec<Gap>> {
    let mut gaps = Vec::new();
    for sql in [SINGLE, WIDE] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query((&*rule.0, int(first.0), int(last.0)))?;
        while let Some(row) = rows.next()? {
            gaps.push(from_json(text(row, 0)?)?);
        }
    }
    Ok(gaps)
}

/// Gaps that are forgotten in one go, so that commits get in between.
const PIECE: i64 = 5_000;

/// Forgets those of events that have left the log, once they have been known for as long as that is kept; some of them
/// each time.
pub(super) fn prune(connection: &Connection, start: u64, noted_before: i64) -> Outcome<()> {
    let sql = "DELETE FROM gaps WHERE (rule, pos, copy, lane, last_pos) IN (
            SELECT rule, pos, copy, lane, last_pos FROM gaps INDEXED BY gaps_by_age
            WHERE at < ?2 AND last_pos < ?1 LIMIT ?3
        )";
    connection.prepare_cached(sql)?.execute((int(start), noted_before, PIECE))?;
    Ok(())
}
