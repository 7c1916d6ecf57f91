//! Which sends were seen inside the idempotency window.
//!
//! An index on random hashes would dirty one more page per message. So the hashes of the open segment live in
//! memory (read back when the store is opened) and are indexed in one go when it is sealed; a filter in memory
//! keeps most probes away from sealed segments.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_model::event::Fact;
use ringback_model::message::Message;
use ringback_model::time::UnixMs;
use rusqlite::Connection;

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
    open: BTreeSet<(u64, u64)>,
    /// What the running transaction added.
    fresh: Vec<(u64, u64)>,
    sealed: Vec<Sealed>,
    /// When the newest durable event was committed.
    newest_at: UnixMs,
}

struct Sealed {
    n: i64,
    last_at: i64,
    filter: Filter,
}

/// Where a send may be found: in this segment, at this position or by its hash.
pub(super) struct Candidate {
    segment: i64,
    pos: Option<u64>,
}

impl Sends {
    /// Reads what the tables hold.
    pub(super) fn load(connection: &Connection) -> Outcome<Self> {
        let mut known = Known { newest_at: UnixMs(newest_at(connection)?), ..Known::default() };
        for segment in segments::all(connection)? {
            if segment.last.is_none() {
                known.n = segment.n;
                known.open = hashes(connection, segment.n)?.into_iter().collect();
            } else if shape::inside_window(UnixMs(segment.last_at), known.newest_at) {
                let hashes = hashes(connection, segment.n)?;
                let filter = Filter::of(hashes.iter().map(|(hash, _)| *hash), hashes.len());
                known.sealed.push(Sealed { n: segment.n, last_at: segment.last_at, filter });
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
        let open = known.open.range((hash, 0)..=(hash, u64::MAX)).rev();
        let open = open.map(|(_, pos)| Candidate { segment: known.n, pos: Some(*pos) });
        let young = known.sealed.iter().rev().filter(|sealed| {
            shape::inside_window(UnixMs(sealed.last_at), now) && sealed.filter.may_hold(hash)
        });
        open.chain(young.map(|sealed| Candidate { segment: sealed.n, pos: None })).collect()
    }

    /// Notes a send of the running transaction.
    pub(super) fn add(&self, hash: u64, pos: u64) {
        let mut known = self.lock();
        known.open.insert((hash, pos));
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
        for entry in known.fresh.drain(..) {
            known.open.remove(&entry);
        }
    }

    /// The open segment was sealed, and another one opened.
    pub(super) fn seal(&self, next: i64) {
        let known = &mut *self.lock();
        let filter = Filter::of(known.open.iter().map(|(hash, _)| *hash), known.open.len());
        known.open.clear();
        known.sealed.push(Sealed { n: known.n, last_at: known.newest_at.0, filter });
        known.n = next;
    }

    /// Forgets sealed segments that cannot matter any more, or are gone.
    pub(super) fn forget(&self, now: UnixMs, gone: &[i64]) {
        self.lock()
            .sealed
            .retain(|sealed| !gone.contains(&sealed.n) && shape::inside_window(UnixMs(sealed.last_at), now));
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
        let Fact::MessageSent(sent) = from_json(text(row, 1)?)?;
        if shape::inside_window(at, now) && SendKey::of(&sent.message).as_ref() == Some(key) {
            return Ok(Some(sent.message));
        }
    }
    Ok(None)
}

/// A Bloom filter in blocks of a cache line each (Putze, Sanders, Singler 2007): a send looks into the filter of every
/// young segment, hundreds of them on a busy server, and each look is one trip to memory. Sixteen bits per entry and
/// five probes let one in five hundred unknown hashes through; each of those costs a look into a table.
struct Filter {
    /// Blocks of [`WORDS`] words.
    bits: Vec<[u64; WORDS]>,
}

const WORDS: usize = 8;
const BITS_PER_ENTRY: usize = 16;
const PROBES: u32 = 5;
/// Bits that say where in a block a probe looks: a block has 512.
const PLACE_BITS: u32 = 9;

impl Filter {
    fn of(hashes: impl Iterator<Item = u64>, entries: usize) -> Self {
        let blocks = (entries * BITS_PER_ENTRY).div_ceil(WORDS * 64).max(1);
        let mut filter = Self { bits: vec![[0; WORDS]; blocks] };
        for hash in hashes.map(mixed) {
            let block = filter.block(hash);
            for (word, mask) in places(hash) {
                filter.bits[block][word] |= mask;
            }
        }
        filter
    }

    fn may_hold(&self, hash: u64) -> bool {
        let hash = mixed(hash);
        let block = &self.bits[self.block(hash)];
        places(hash).all(|(word, mask)| block[word] & mask != 0)
    }

    /// By the upper half of the hash, scaled: there are fewer than 2^32 blocks.
    fn block(&self, hash: u64) -> usize {
        usize::try_from(((hash >> 32) * self.bits.len() as u64) >> 32).unwrap_or(0)
    }
}

/// Spreads a hash over all its bits, which FNV-1a does not do with the last letters: the end of MurmurHash3.
const fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Words and bits of a hash's probes in its block, by its lower bits.
fn places(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    (0..PROBES).map(move |probe| {
        let place = (hash >> (PLACE_BITS * probe)) & ((1 << PLACE_BITS) - 1);
        (usize::try_from(place / 64).unwrap_or(0), 1 << (place % 64))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_knows_its_own_and_few_others() {
        let hash = |n: u64| SendKey::for_test("someone", &format!("client-{n}")).hash();
        let filter = Filter::of((0..10_000).map(hash), 10_000);
        assert!((0..10_000).all(|n| filter.may_hold(hash(n))));
        let strangers = (10_000..20_000).filter(|n| filter.may_hold(hash(*n))).count();
        assert!(strangers < 60, "{strangers} of 10,000 let through");
    }
}
