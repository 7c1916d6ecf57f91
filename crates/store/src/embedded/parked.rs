//! Parked deliveries: those of one rule in the order of the log, those of all rules by the ten minutes in which
//! they were parked.
//!
//! Their bodies may be many times larger than what is asked about them. So how many there are stands in a table of
//! its own, which triggers keep, and everything else but the pages themselves is answered from the index (rule,
//! bucket, position, copy, instant) alone.

use ringback_model::delivery::{DeliveryKey, Exception, GapReason};
use ringback_model::ids::RuleId;
use ringback_model::storage::{Bucket, ParkedCount};
use ringback_model::time::UnixMs;
use rusqlite::{Connection, Params};

use super::gaps;
use super::log::text;
use super::sql::{Outcome, count, from_json, int, limit};

/// The unary plus keeps the planner off the index by bucket, whose order is another one: the key's own index meets
/// only the few waiting ones in between.
const OF_RULE: &str =
    "SELECT data FROM exceptions WHERE rule = ?1 AND +bucket IS NOT NULL AND (pos, copy) > (?2, ?3)
    ORDER BY pos, copy LIMIT ?4";
const IN_BUCKET: &str =
    "SELECT data FROM exceptions WHERE rule = ?1 AND bucket = ?2 AND (pos, copy) > (?3, ?4)
    ORDER BY pos, copy LIMIT ?5";
const NOT_PARKED: &str = "SELECT data FROM exceptions WHERE rule = ?1 AND bucket IS NULL ORDER BY pos, copy";
/// Older buckets go as they are; only in the one that the instant lies in does the instant itself decide.
const FORGET: &str = "SELECT rowid FROM exceptions WHERE rule = ?1 AND bucket <= ?2 AND parked_at < ?3
    ORDER BY bucket, pos, copy LIMIT ?4";
const PURGE: &str = "SELECT rowid FROM exceptions WHERE rule = ?1 AND bucket IS NOT NULL
    ORDER BY bucket, pos, copy LIMIT ?2";

/// Reads a page of what one rule has parked, in the order of the log.
pub(super) fn of_rule(
    connection: &Connection,
    rule: &RuleId,
    after: Option<DeliveryKey>,
    rows: usize,
) -> Outcome<Vec<Exception>> {
    let (pos, copy) = last_seen(after);
    page(connection, OF_RULE, (&*rule.0, pos, copy, limit(rows)))
}

/// Reads a page of what one rule has parked in one bucket.
pub(super) fn in_bucket(
    connection: &Connection,
    rule: &RuleId,
    bucket: Bucket,
    after: Option<DeliveryKey>,
    rows: usize,
) -> Outcome<Vec<Exception>> {
    let (pos, copy) = last_seen(after);
    page(connection, IN_BUCKET, (&*rule.0, bucket.0, pos, copy, limit(rows)))
}

/// Reads the exceptions of one rule that are not parked.
pub(super) fn not_parked(connection: &Connection, rule: &RuleId) -> Outcome<Vec<Exception>> {
    page(connection, NOT_PARKED, [&*rule.0])
}

/// A key as the tables hold it; one before all others for `None`.
fn last_seen(after: Option<DeliveryKey>) -> (i64, i64) {
    after.map_or((-1, -1), |after| (int(after.pos.0), i64::from(after.copy)))
}

fn page(connection: &Connection, sql: &str, parameters: impl Params) -> Outcome<Vec<Exception>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut exceptions = Vec::new();
    while let Some(row) = rows.next()? {
        exceptions.push(from_json(text(row, 0)?)?);
    }
    Ok(exceptions)
}

/// How many one rule has parked.
pub(super) fn count_of(connection: &Connection, rule: &RuleId) -> Outcome<u64> {
    let sql = "SELECT coalesce(sum(parked), 0) FROM parked_counts WHERE rule = ?1";
    Ok(count(connection.prepare_cached(sql)?.query_row([&*rule.0], |row| row.get(0))?))
}

/// How many each rule has parked in each bucket.
pub(super) fn counts(connection: &Connection) -> Outcome<Vec<ParkedCount>> {
    let mut statement =
        connection.prepare_cached("SELECT rule, bucket, parked FROM parked_counts ORDER BY bucket, rule")?;
    let mut rows = statement.query([])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let (bucket, parked) = (Bucket(row.get(1)?), count(row.get(2)?));
        counts.push(ParkedCount { rule: RuleId::new(text(row, 0)?), bucket, count: parked });
    }
    Ok(counts)
}

/// Forgets what was parked before an instant, rule by rule and oldest first, and retry counters not used since.
/// Answers how many deliveries of which rule.
pub(super) fn forget(
    connection: &Connection,
    before: UnixMs,
    most: usize,
    now: UnixMs,
) -> Outcome<Vec<(RuleId, u64)>> {
    connection.prepare_cached("DELETE FROM slice_retries WHERE used_at < ?1")?.execute([before.0])?;
    let bucket = Bucket::of(before).0;
    let mut forgotten = Vec::new();
    let mut room = most;
    for rule in rules_until(connection, bucket)? {
        let row = (&*rule.0, bucket, before.0, limit(room));
        gaps::instead_of_rows(connection, FORGET, row, GapReason::ParkedTooLong, now)?;
        let gone = connection.prepare_cached(&delete(FORGET))?.execute(row)?;
        room = room.saturating_sub(gone);
        if gone > 0 {
            forgotten.push((rule, gone as u64));
        }
    }
    Ok(forgotten)
}

/// Rules that have something parked in a bucket or before it, ascending.
fn rules_until(connection: &Connection, bucket: i64) -> Outcome<Vec<RuleId>> {
    let sql = "SELECT DISTINCT rule FROM parked_counts WHERE bucket <= ?1 ORDER BY rule";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([bucket], |row| Ok(RuleId::new(row.get_ref(0)?.as_str()?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets what one rule has parked, whenever that was. Answers how many.
pub(super) fn purge(connection: &Connection, rule: &RuleId, most: usize, now: UnixMs) -> Outcome<usize> {
    let row = (&*rule.0, limit(most));
    gaps::instead_of_rows(connection, PURGE, row, GapReason::Purged, now)?;
    Ok(connection.prepare_cached(&delete(PURGE))?.execute(row)?)
}

fn delete(rows: &str) -> String {
    format!("DELETE FROM exceptions WHERE rowid IN ({rows})")
}

/// How often slices were sent again, by date key, ascending.
pub(super) fn retries(connection: &Connection) -> Outcome<Vec<(String, u32)>> {
    let mut statement = connection.prepare_cached("SELECT date, retries FROM slice_retries ORDER BY date")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Counts one more. Answers the new number.
pub(super) fn count_retry(connection: &Connection, date: &str, now: UnixMs) -> Outcome<u32> {
    let sql = "INSERT INTO slice_retries (date, retries, used_at) VALUES (?1, 1, ?2)
        ON CONFLICT (date) DO UPDATE SET retries = min(retries + 1, ?3), used_at = max(used_at, ?2)
        RETURNING retries";
    Ok(connection.prepare_cached(sql)?.query_row((date, now.0, u32::MAX), |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    /// How SQLite goes about a statement, a step a line.
    fn plan(connection: &Connection, sql: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement.raw_query().mapped(|row| row.get(3)).collect::<Result<Vec<String>, _>>();
        steps.unwrap().join("\n")
    }

    #[test]
    fn nothing_is_sorted_or_read_that_is_not_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_writer(&folder.path().join("test.db"), None).unwrap();
        let cases = [
            (OF_RULE, "INDEX sqlite_autoindex_exceptions_1 (rule=? AND (pos,copy)>(?,?))"),
            (IN_BUCKET, "INDEX exceptions_by_bucket (rule=? AND bucket=? AND (pos,copy)>(?,?))"),
            (NOT_PARKED, "INDEX exceptions_by_bucket (rule=? AND bucket=?)"),
            (FORGET, "COVERING INDEX exceptions_by_bucket (rule=? AND bucket<?)"),
            (PURGE, "COVERING INDEX exceptions_by_bucket (rule=? AND bucket>?)"),
        ];
        for (sql, expected) in cases {
            let plan = plan(&connection, sql);
            assert!(plan.contains(expected), "{sql}\n{plan}");
            assert!(!plan.contains("SCAN exceptions") && !plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
    }
}
