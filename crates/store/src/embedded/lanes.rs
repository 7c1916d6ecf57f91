//! Lanes: who has which number, and how far each has come.

use ringback_model::event::Lane;
use ringback_model::hashing::FastMap;
use rusqlite::{Connection, OptionalExtension};

use super::segments;
use super::sql::{Outcome, count, int};

/// Lanes that the writer remembers; about 200 bytes each.
const REMEMBERED: usize = 100_000;

/// How far a lane has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LaneState {
    /// Its number in the tables.
    pub(super) id: i64,
    /// Seq of its newest stored message; 0 = none.
    pub(super) max_seq: u64,
    /// When that was committed.
    pub(super) newest_at: i64,
}

/// Reads a lane; `None` where nothing was ever put into it.
pub(super) fn find(connection: &Connection, key: &str) -> Outcome<Option<LaneState>> {
    let mut statement =
        connection.prepare_cached("SELECT id, max_seq, newest_at FROM lanes WHERE key = ?1")?;
    let sealed = statement
        .query_row([key], |row| {
            Ok(LaneState { id: row.get(0)?, max_seq: count(row.get(1)?), newest_at: row.get(2)? })
        })
        .optional()?;
    let Some(sealed) = sealed else { return Ok(None) };
    let open = segments::open(connection)?;
    Ok(Some(advance(connection, open.n, sealed)?))
}

/// Adds what the open segment knows to what held when the last one was sealed.
pub(super) fn advance(connection: &Connection, open: i64, sealed: LaneState) -> Outcome<LaneState> {
    let newest = format!("SELECT seq FROM log_{open} WHERE lane_id = ?1 ORDER BY seq DESC LIMIT 1");
    let max_seq = connection.prepare_cached(&newest)?.query_row([sealed.id], |row| row.get(0)).optional()?;
    let max_seq = max_seq.map_or(sealed.max_seq, count);
    if max_seq <= sealed.max_seq {
        return Ok(sealed);
    }
    Ok(LaneState { id: sealed.id, max_seq, newest_at: stored_at(connection, open, sealed.id, max_seq)? })
}

/// When the message with this seq was committed to the open segment.
pub(super) fn stored_at(connection: &Connection, open: i64, lane: i64, seq: u64) -> Outcome<i64> {
    // The first row with this seq is the message; later ones only carry it.
    let stored = format!("SELECT at FROM log_{open} WHERE lane_id = ?1 AND seq = ?2 ORDER BY pos LIMIT 1");
    Ok(connection.prepare_cached(&stored)?.query_row((lane, int(seq)), |row| row.get(0))?)
}

/// The lanes that the writer has in mind, changes of the running transaction included.
#[derive(Default)]
pub(super) struct Lanes {
    known: FastMap<Lane, LaneState>,
}

impl Lanes {
    /// A lane, if there is one.
    pub(super) fn get(&mut self, connection: &Connection, lane: &Lane) -> Outcome<Option<LaneState>> {
        if let Some(known) = self.known.get(lane) {
            return Ok(Some(*known));
        }
        let found = find(connection, &lane.0)?;
        if let Some(state) = found {
            self.remember(lane, state);
        }
        Ok(found)
    }

    /// A lane, made where there is none.
    pub(super) fn get_or_create(&mut self, connection: &Connection, lane: &Lane) -> Outcome<LaneState> {
        if let Some(known) = self.get(connection, lane)? {
            return Ok(known);
        }
        connection.prepare_cached("INSERT INTO lanes (key) VALUES (?1)")?.execute([&*lane.0])?;
        let state = LaneState { id: connection.last_insert_rowid(), ..LaneState::default() };
        self.remember(lane, state);
        Ok(state)
    }

    /// Notes how far a lane has come.
    pub(super) fn remember(&mut self, lane: &Lane, state: LaneState) {
        if self.known.len() >= REMEMBERED && !self.known.contains_key(lane) {
            self.known.clear();
        }
        self.known.insert(lane.clone(), state);
    }

    /// After a rollback: the tables know better.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}
