//! The log's tables. Events go into the open segment in order of arrival; a full or old one is sealed, and leaves
//! as a whole. Positions are dense over all segments.

use rusqlite::{Connection, OptionalExtension, Row};

use super::sql::{Outcome, count, int};

/// One table of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// Number; also in the table's name.
    pub(super) n: i64,
    /// Its first position.
    pub(super) first: u64,
    /// Its last position; `None` while it is open.
    pub(super) last: Option<u64>,
    /// When its last event was committed; 0 while it is open.
    pub(super) last_at: i64,
    /// Bytes of its events; 0 while it is open.
    pub(super) bytes: u64,
}

impl Segment {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            n: row.get(0)?,
            first: count(row.get(1)?),
            last: row.get::<_, Option<i64>>(2)?.map(count),
            last_at: row.get::<_, Option<i64>>(3)?.unwrap_or(0),
            bytes: count(row.get(4)?),
        })
    }
}

const COLUMNS: &str = "SELECT n, first, last, last_at, bytes FROM segments";

/// Makes the table of a new open segment. The index holds the position behind `seq` by itself, being the row's
/// key; events that are not kept as messages carry their lane's newest seq, so that one index serves both the
/// history and the lane in log order.
pub(super) fn create(connection: &Connection, n: i64, first: u64) -> Outcome<()> {
    connection.execute_batch(&format!(
        "CREATE TABLE log_{n} (
             pos INTEGER PRIMARY KEY, at INTEGER NOT NULL, lane_id INTEGER NOT NULL, seq INTEGER NOT NULL,
             stored INTEGER NOT NULL, dedup INTEGER, payload TEXT NOT NULL
         );
         CREATE INDEX log_{n}_lane ON log_{n} (lane_id, seq);"
    ))?;
    connection.execute("INSERT INTO segments (n, first) VALUES (?1, ?2)", (n, int(first)))?;
    Ok(())
}

/// Closes a segment: notes which lanes it holds and how far they have come, and indexes its sends.
///
/// Only the indexes are walked: the first row with a lane's newest seq is the message, later ones only carry it,
/// and a seq that is not newer than the lane's was stored in an earlier segment.
pub(super) fn seal(connection: &Connection, n: i64, last: u64, last_at: i64, bytes: u64) -> Outcome<()> {
    connection.execute(
        "UPDATE segments SET last = ?2, last_at = ?3, bytes = ?4 WHERE n = ?1",
        (n, int(last), last_at, int(bytes)),
    )?;
    connection.execute_batch(&format!(
        "INSERT INTO spans SELECT lane_id, {n}, min(seq), max(seq), max(pos) FROM log_{n} GROUP BY lane_id;
         UPDATE lanes SET max_seq = newest.seq, newest_at = (
                 SELECT at FROM log_{n} WHERE lane_id = lanes.id AND log_{n}.seq = newest.seq ORDER BY pos LIMIT 1
             )
             FROM (SELECT lane_id, max(seq) AS seq FROM log_{n} GROUP BY lane_id) AS newest
             WHERE lanes.id = newest.lane_id AND newest.seq > lanes.max_seq;
         CREATE INDEX log_{n}_dedup ON log_{n} (dedup) WHERE dedup IS NOT NULL;"
    ))?;
    Ok(())
}

/// Removes a sealed segment.
pub(super) fn remove(connection: &Connection, n: i64) -> Outcome<()> {
    connection.execute_batch(&format!(
        "DROP TABLE log_{n}; DELETE FROM spans WHERE segment = {n}; DELETE FROM segments WHERE n = {n};"
    ))?;
    Ok(())
}

/// All segments, oldest first; the last one is open.
pub(super) fn all(connection: &Connection) -> Outcome<Vec<Segment>> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} ORDER BY n"))?;
    let rows = statement.query_map([], Segment::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether a segment is there.
pub(super) fn exists(connection: &Connection, n: i64) -> Outcome<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM segments WHERE n = ?1")?;
    Ok(statement.exists([n])?)
}

/// The open segment.
pub(super) fn open(connection: &Connection) -> Outcome<Segment> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} ORDER BY n DESC LIMIT 1"))?;
    Ok(statement.query_row([], Segment::from_row)?)
}

/// The segment that holds a position, or the first one after it.
pub(super) fn holding(connection: &Connection, pos: u64) -> Outcome<Option<Segment>> {
    let sql = format!("{COLUMNS} WHERE last IS NULL OR last >= ?1 ORDER BY n LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([int(pos)], Segment::from_row).optional()?)
}

/// Sealed segments with rows of a lane between two seqs, and the open one; oldest first.
pub(super) fn of_lane(connection: &Connection, lane: i64, first: u64, last: u64) -> Outcome<Vec<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT segment FROM spans WHERE lane_id = ?1 AND last_seq >= ?2 AND first_seq <= ?3 ORDER BY segment",
    )?;
    let rows = statement.query_map((lane, int(first), int(last)), |row| row.get(0))?;
    let mut segments: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
    segments.push(open(connection)?.n);
    Ok(segments)
}
