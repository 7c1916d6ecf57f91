//! Reading the log from its tables.

use std::sync::Arc;

use ringback_model::event::{Event, Lane};
use ringback_model::ids::LogPos;
use ringback_model::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Row};

use super::segments;
use super::sql::{Broken, Outcome, count, from_json, int, limit};

/// Events after a position, in order.
pub(super) fn read(connection: &Connection, after: u64, rows: usize) -> Outcome<Vec<Arc<Event>>> {
    let mut events: Vec<Arc<Event>> = Vec::new();
    let mut next = after + 1;
    while events.len() < rows {
        let Some(segment) = segments::holding(connection, next)? else { break };
        let sql = format!(
            "SELECT pos, at, lanes.key, payload FROM log_{} JOIN lanes ON lanes.id = lane_id
             WHERE pos >= ?1 ORDER BY pos LIMIT ?2",
            segment.n
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query((int(next), limit(rows - events.len())))?;
        while let Some(row) = found.next()? {
            events.push(event(row, Lane(Arc::from(text(row, 2)?)))?);
        }
        let Some(last) = segment.last else { break };
        next = last + 1;
    }
    Ok(events)
}

/// Events of one lane after a position, in order. Inside a lane the order by seq is the order of the log.
pub(super) fn read_lane(
    connection: &Connection,
    lane: &Lane,
    after: u64,
    rows: usize,
) -> Outcome<Vec<Arc<Event>>> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM lanes WHERE key = ?1")?
        .query_row([&*lane.0], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(Vec::new()) };
    let mut events = Vec::new();
    for segment in segments_after(connection, id, after)? {
        if events.len() >= rows {
            break;
        }
        let seq = seq_before(connection, segment, id, after)?;
        let sql = format!(
            "SELECT pos, at, seq, payload FROM log_{segment} WHERE lane_id = ?1 AND (seq, pos) > (?2, ?3)
             ORDER BY seq, pos LIMIT ?4"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query((id, int(seq), int(after), limit(rows - events.len())))?;
        while let Some(row) = found.next()? {
            events.push(event(row, lane.clone())?);
        }
    }
    Ok(events)
}

fn segments_after(connection: &Connection, lane: i64, after: u64) -> Outcome<Vec<i64>> {
    let mut statement = connection
        .prepare_cached("SELECT segment FROM spans WHERE lane_id = ?1 AND last_pos > ?2 ORDER BY segment")?;
    let rows = statement.query_map((lane, int(after)), |row| row.get(0))?;
    let mut segments: Vec<i64> = rows.collect::<rusqlite::Result<_>>()?;
    segments.push(segments::open(connection)?.n);
    Ok(segments)
}

/// The seq that a lane had reached at a position, so that a scan of the lane can begin there: that of its last
/// event up to the position, 0 where the segment has none. Positions grow with seqs, so halving finds it.
fn seq_before(connection: &Connection, segment: i64, lane: i64, after: u64) -> Outcome<u64> {
    let bounds = format!("SELECT min(seq), max(seq) FROM log_{segment} WHERE lane_id = ?1");
    let (low, high): (Option<i64>, Option<i64>) =
        connection.prepare_cached(&bounds)?.query_row([lane], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(low), Some(high)) = (low, high) else { return Ok(0) };
    // Greatest seq whose first row lies at or before the position.
    let first =
        format!("SELECT pos FROM log_{segment} WHERE lane_id = ?1 AND seq >= ?2 ORDER BY seq, pos LIMIT 1");
    let mut first = connection.prepare_cached(&first)?;
    let (mut low, mut high) = (count(low), count(high) + 1);
    let lowest = low;
    while low < high {
        let middle = low + (high - low) / 2;
        let pos: Option<i64> = first.query_row((lane, int(middle)), |row| row.get(0)).optional()?;
        if pos.is_some_and(|pos| count(pos) <= after) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(if low > lowest { low - 1 } else { 0 })
}

fn event(row: &Row<'_>, lane: Lane) -> Outcome<Arc<Event>> {
    let (pos, at) = (LogPos(count(row.get(0)?)), UnixMs(row.get(1)?));
    Ok(Arc::new(Event { pos, at, lane, fact: from_json(text(row, 3)?)? }))
}

/// A text column, borrowed.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Outcome<&'a str> {
    row.get_ref(column)?.as_str().map_err(|_| Broken::Row("a column that should hold text does not"))
}

/// Position of the last event between `start` and `tail` that was committed before an instant; the one before
/// `start` where there is none. Times in the log never run backwards.
pub(super) fn position_at(connection: &Connection, start: u64, tail: u64, at: i64) -> Outcome<u64> {
    let (mut low, mut high) = (start, tail + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let segment =
            segments::holding(connection, middle)?.ok_or(Broken::Row("the log has no open segment"))?;
        let sql = format!("SELECT at FROM log_{} WHERE pos = ?1", segment.n);
        let found: i64 = connection.prepare_cached(&sql)?.query_row([int(middle)], |row| row.get(0))?;
        if found < at {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low - 1)
}
