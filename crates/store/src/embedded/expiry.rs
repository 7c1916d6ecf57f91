//! What leaves the log, and what leaves the disk.

use ringback_model::time::UnixMs;
use rusqlite::Connection;

use super::journal::Journal;
use super::segments::{self, Segment};
use super::sql::{Outcome, int};
use super::{gaps, log, schema};
use crate::settings::{StoreSettings, millis};

/// What changed.
pub(super) struct Expired {
    /// Where the log begins now.
    pub(super) start: u64,
    /// Segments that are gone.
    pub(super) dropped: Vec<i64>,
}

/// Moves the beginning of the log ahead, then drops segments that neither rules nor the history need.
pub(super) fn expire(
    connection: &Connection,
    journal: &Journal,
    start: u64,
    now: UnixMs,
    settings: &StoreSettings,
) -> Outcome<Expired> {
    let keep_from = now.0.saturating_sub(millis(settings.log_keep));
    let by_age = log::position_at(connection, start, journal.tail(), keep_from)? + 1;
    let by_size = start_by_size(connection, journal, start, settings.log_max_bytes)?;
    let start = start.max(by_age).max(by_size);
    schema::set_meta(connection, "start", start)?;
    let mut dropped = Vec::new();
    for segment in segments::all(connection)? {
        if segment.last.is_some_and(|last| last < start) && !serves_history(&segment, now, settings) {
            segments::remove(connection, segment.n)?;
            dropped.push(segment.n);
        }
    }
    prune_versions(connection, start)?;
    gaps::prune(connection, start, keep_from)?;
    Ok(Expired { start, dropped })
}

fn serves_history(segment: &Segment, now: UnixMs, settings: &StoreSettings) -> bool {
    settings.history_keep.is_none_or(|keep| now.since(UnixMs(segment.last_at)) <= keep)
}

/// Where the log must begin so that its segments stay under the bound; the open one always stays.
fn start_by_size(connection: &Connection, journal: &Journal, start: u64, most: Option<u64>) -> Outcome<u64> {
    let Some(most) = most else { return Ok(start) };
    let mut bytes = journal.open_bytes();
    for segment in segments::all(connection)?.iter().rev() {
        let Some(last) = segment.last else { continue };
        bytes += segment.bytes;
        if bytes > most {
            return Ok(last + 1);
        }
    }
    Ok(start)
}

/// A version of a rule is needed by events up to the next version's `since`.
fn prune_versions(connection: &Connection, start: u64) -> Outcome<()> {
    connection.execute(
        "DELETE FROM rule_versions WHERE (
             SELECT newer.since FROM rule_versions AS newer
             WHERE newer.rule = rule_versions.rule AND newer.version > rule_versions.version
             ORDER BY newer.version LIMIT 1
         ) < ?1",
        [int(start)],
    )?;
    Ok(())
}
