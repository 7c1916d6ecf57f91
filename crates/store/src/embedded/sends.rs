//! Which sends were seen inside the idempotency window.
//!
//! An index on random hashes would dirty one more page per message. So the hashes of the open segment live in
//! memory (read back when the store is opened) and are indexed in one go when it is sealed; filters in memory, one
//! for a few segments each, keep most probes away from sealed segments.

use std::cmp::Reverse;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;
use ringback_model::event::Fact;
use ringback_model::hashing::FastHash;
use ringback_model::message::Message;
use ringback_model::time::UnixMs;
use rusqlite::Connection;

use super::filter::Filter;
use super::log::text;
use super::segments;
use super::sql::{Outcome, count, from_json, int};
use crate::shape::{self, SendKey};

/// The sends of the open segment, and the sealed segments that are young enough to hold some. The writer changes
/// them, readers look things up.
#[derive(Default)]
pub(super) struct Sends {
    /// Never held while the tables are asked.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Number of the open segment.
    n: i64,
    /// Hash and position of each send in it, the running transaction's included.
    open: HashTable<(u64, u64)>,
    /// Where in the table a send's hash leads: clients choose what is hashed, so that hash alone would let them heap
    /// up sends in one place.
    places: FastHash,
    /// What the running transaction added.
    fresh: Vec<(u64, u64)>,
    /// Oldest first.
    sealed: Vec<Stretch>,
    /// When the newest durable event was committed.
    newest_at: UnixMs,
}

/// Sealed segments that follow each other, under one filter: a send looks at every stretch that is young enough, and
/// each look is a trip to memory.
struct Stretch {
    /// Oldest first.
    segments: Vec<Sealed>,
    filter: Filter,
    /// Sends for which there is still room in the filter.
    room: usize,
}

struct Sealed {
    n: i64,
    last_at: i64,
}

/// Segments of a stretch, if they are as large as its first one.
const STRETCH: usize = 16;

impl Stretch {
    fn begin(sends: usize) -> Self {
        let room = STRETCH * sends.max(1);
        Self { segments: Vec::new(), filter: Filter::for_entries(room), room }
    }

    fn add(&mut self, segment: Sealed, hashes: impl Iterator<Item = u64>, sends: usize) {
        self.segments.push(segment);
        self.room = self.room.saturating_sub(sends);
        hashes.for_each(|hash| self.filter.add(hash));
    }
}

/// Where a send may be found: in this segment, at this position or by its hash.
pub(super) struct Candidate {
    segment: i64,
    pos: Option<u64>,
}

impl Known {
    fn note(&mut self, send: (u64, u64)) {
        let place = |(hash, _): &(u64, u64)| self.places.hash_one(hash);
        self.open.insert_unique(place(&send), send, place);
    }

    fn add(&mut self, segment: Sealed, hashes: impl Iterator<Item = u64>, sends: usize) {
        match self.sealed.last_mut() {
            Some(stretch) if stretch.room >= sends && stretch.segments.len() < STRETCH => {
                stretch.add(segment, hashes, sends);
            }
            _ => {
                let mut stretch = Stretch::begin(sends);
                stretch.add(segment, hashes, sends);
                self.sealed.push(stretch);
            }
        }
    }
}

impl Sends {
    /// Reads what the tables hold.
    pub(super) fn load(connection: &Connection) -> Outcome<Self> {
        let mut known = Known { newest_at: UnixMs(newest_at(connection)?), ..Known::default() };
        for segment in segments::all(connection)? {
            if segment.last.is_none() {
                known.n = segment.n;
                hashes(connection, segment.n)?.into_iter().for_each(|send| known.note(send));
            } else if shape::inside_window(UnixMs(segment.last_at), known.newest_at) {
                let hashes = hashes(connection, segment.n)?;
                let sealed = Sealed { n: segment.n, last_at: segment.last_at };
                known.add(sealed, hashes.iter().map(|(hash, _)| *hash), hashes.len());
            }
        }
        Ok(Self { known: Mutex::new(known) })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the newest durable event was committed.
    pub(super) fn newest_at(&self) -> UnixMs {
        self.lock().newest_at
    }

    /// Where an earlier send with this key may be, newest first. Mostly nowhere.
    pub(super) fn candidates(&self, key: &SendKey, now: UnixMs) -> Vec<Candidate> {
        let hash = key.hash();
        let known = self.lock();
        let mut open: Vec<_> = known
            .open
            .iter_hash(known.places.hash_one(hash))
            .filter(|(known, _)| *known == hash)
            .map(|(_, pos)| Candidate { segment: known.n, pos: Some(*pos) })
            .collect();
        open.sort_unstable_by_key(|candidate| Reverse(candidate.pos));
        let stretches = known.sealed.iter().rev().filter(|stretch| stretch.filter.may_hold(hash));
        let young = stretches
            .flat_map(|stretch| stretch.segments.iter().rev())
            .filter(|sealed| shape::inside_window(UnixMs(sealed.last_at), now));
        open.extend(young.map(|sealed| Candidate { segment: sealed.n, pos: None }));
        open
    }

    /// Notes a send of the running transaction.
    pub(super) fn add(&self, hash: u64, pos: u64) {
        let mut known = self.lock();
        known.note((hash, pos));
        known.fresh.push((hash, pos));
    }

    /// The running transaction is durable.
    pub(super) fn keep(&self, newest_at: i64) {
        let mut known = self.lock();
        known.fresh.clear();
        known.newest_at = UnixMs(newest_at);
    }

    /// The running transaction was rolled back.
    pub(super) fn undo(&self) {
        let known = &mut *self.lock();
        for send in known.fresh.drain(..) {
            let place = known.places.hash_one(send.0);
            if let Ok(found) = known.open.find_entry(place, |other| *other == send) {
                found.remove();
            }
        }
    }

    /// The open segment was sealed, and another one opened.
    pub(super) fn seal(&self, next: i64) {
        let known = &mut *self.lock();
        let open = std::mem::take(&mut known.open);
        let sealed = Sealed { n: known.n, last_at: known.newest_at.0 };
        known.add(sealed, open.iter().map(|(hash, _)| *hash), open.len());
        known.n = next;
    }

    /// Forgets sealed segments that cannot matter any more, or are gone.
    pub(super) fn forget(&self, now: UnixMs, gone: &[i64]) {
        self.lock().sealed.retain_mut(|stretch| {
            stretch.segments.retain(|sealed| {
                !gone.contains(&sealed.n) && shape::inside_window(UnixMs(sealed.last_at), now)
            });
            !stretch.segments.is_empty()
        });
    }
}

/// The earlier message with the same key, if it lies inside the window and is visible to the connection.
pub(super) fn find(
    connection: &Connection,
    candidates: &[Candidate],
    key: &SendKey,
    now: UnixMs,
) -> Outcome<Option<Arc<Message>>> {
    for candidate in candidates {
        let segment = candidate.segment;
        let (condition, parameter) = match candidate.pos {
            Some(pos) => ("pos = ?1", int(pos)),
            None => ("dedup = ?1 ORDER BY pos DESC", key.hash().cast_signed()),
        };
        let sql = format!("SELECT at, payload FROM log_{segment} WHERE {condition}");
        if segments::exists(connection, segment)?
            && let Some(message) = same_send(connection, &sql, parameter, key, now)?
        {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

/// When the newest event was committed; 0 where there is none.
pub(super) fn newest_at(connection: &Connection) -> Outcome<i64> {
    let all = segments::all(connection)?;
    let sealed = all.iter().map(|segment| segment.last_at).max().unwrap_or(0);
    let open = segments::open(connection)?;
    let sql = format!("SELECT max(at) FROM (SELECT at FROM log_{} ORDER BY pos DESC LIMIT 1)", open.n);
    let newest: Option<i64> = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(newest.unwrap_or(0).max(sealed))
}

fn hashes(connection: &Connection, n: i64) -> Outcome<Vec<(u64, u64)>> {
    let mut statement =
        connection.prepare(&format!("SELECT dedup, pos FROM log_{n} WHERE dedup IS NOT NULL"))?;
    let rows =
        statement.query_map([], |row| Ok((row.get::<_, i64>(0)?.cast_unsigned(), count(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The message of a row with this hash, if it really has this key and lies inside the window.
fn same_send(
    connection: &Connection,
    sql: &str,
    parameter: i64,
    key: &SendKey,
    now: UnixMs,
) -> Outcome<Option<Arc<Message>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([parameter])?;
    while let Some(row) = rows.next()? {
        let at = UnixMs(row.get(0)?);
        let Fact::MessageSent(sent) = from_json(text(row, 1)?)? else { continue };
        if shape::inside_window(at, now) && SendKey::of(&sent.message).as_ref() == Some(key) {
            return Ok(Some(sent.message));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_share_a_filter_until_it_is_full() {
        let hash = |n: u64| SendKey::for_test("someone", &format!("client-{n}")).hash();
        let noon = 1_700_000_000_000;
        let mut known = Known { n: 100, ..Known::default() };
        // Ten sends in each of twenty segments, then one with many more, then small ones again.
        let sizes = [vec![10; 20], vec![500], vec![10; 3]].concat();
        let mut sends = 0u64..;
        let mut sent = Vec::new();
        for (n, size) in sizes.iter().enumerate() {
            let n = i64::try_from(n).unwrap();
            let of_segment: Vec<u64> = sends.by_ref().take(*size).collect();
            known.add(Sealed { n, last_at: noon + n }, of_segment.iter().map(|n| hash(*n)), *size);
            sent.extend(of_segment.into_iter().map(|send| (send, n)));
        }
        let stretches: Vec<usize> = known.sealed.iter().map(|stretch| stretch.segments.len()).collect();
        assert_eq!(stretches, [16, 4, 4]);
        let sends = Sends { known: Mutex::new(known) };
        let found = |send: u64, now: i64| -> Vec<i64> {
            let key = SendKey::for_test("someone", &format!("client-{send}"));
            sends.candidates(&key, UnixMs(now)).into_iter().map(|candidate| candidate.segment).collect()
        };
        for (send, segment) in &sent {
            assert!(found(*send, noon).contains(segment), "send {send} of segment {segment}");
        }
        let strangers = (10_000..11_000).filter(|send| !found(*send, noon).is_empty()).count();
        assert!(strangers < 50, "{strangers} of 1,000 are looked for");
        sends.forget(UnixMs(noon), &[0, 1, 2]);
        assert!(!found(5, noon).contains(&0), "a segment that is gone");
        sends.forget(UnixMs(noon + 24 * 3_600_000 + 21), &[]);
        let left: Vec<usize> = sends.lock().sealed.iter().map(|stretch| stretch.segments.len()).collect();
        assert_eq!(left, [2], "segments 22 and 23 are young");
    }
}
