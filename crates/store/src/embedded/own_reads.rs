//! How far senders have read by sending: whoever says something has read what came before it.
//!
//! To write that down for every message would dirty one more page per message. So the newest marks live in memory, go
//! into the tables in one go now and then, and are read back from the log's last events when the store is opened.
//!
//! Who sends to a group without being in it has no view that a mark could move. Should he join while it waits, it counts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ringback_model::event::Fact;
use ringback_model::hashing::FastMap;
use rusqlite::Connection;

use super::log::text;
use super::segments::Segment;
use super::sql::{Outcome, count, from_json, int};
use super::{schema, writes};

/// Marks that wait before they are written: writing them holds the commit that does it for some milliseconds.
const MOST_MARKS: usize = 1024;
/// Events after which they are written, however few they are: so many are looked through when the store is opened.
const MOST_EVENTS: u64 = 4096;
/// Where in `meta` the last position stands whose mark is in the tables.
const WRITTEN_TO: &str = "own_reads";

/// Seqs by folded user and lane.
type Marks = FastMap<String, FastMap<i64, u64>>;

/// The writer changes them, readers look at them.
#[derive(Default)]
pub(super) struct OwnReads {
    /// Never held while the tables are asked.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Of durable messages, and not in the tables yet.
    waiting: Marks,
    /// How many those are.
    count: usize,
    /// What went into the tables last: a reader's snapshot may be older than that.
    written: Marks,
    /// The last position whose mark is in the tables.
    written_to: u64,
}

impl Known {
    fn add(&mut self, user: String, lane: i64, seq: u64) {
        let lanes = self.waiting.entry(user).or_default();
        if lanes.insert(lane, seq).is_none() {
            self.count += 1;
        }
    }
}

impl OwnReads {
    /// Reads back what the tables do not say yet.
    pub(super) fn load(connection: &Connection, open: &Segment) -> Outcome<Self> {
        let written_to = schema::meta(connection, WRITTEN_TO)?;
        let mut known = Known { written_to, ..Known::default() };
        let sql = format!(
            "SELECT lane_id, seq, payload FROM log_{} WHERE pos > ?1 AND stored ORDER BY pos",
            open.n
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([int(written_to)])?;
        while let Some(row) = rows.next()? {
            if let Fact::MessageSent(sent) = from_json(text(row, 2)?)? {
                known.add(sent.message.sender.folded(), row.get(0)?, count(row.get(1)?));
            }
        }
        Ok(Self { known: Mutex::new(known) })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A user's marks by lane. Ask after the snapshot was taken; a mark may be newer than that.
    pub(super) fn of(&self, folded: &str) -> FastMap<i64, u64> {
        let known = self.lock();
        let mut marks = known.written.get(folded).cloned().unwrap_or_default();
        // Seqs of a lane only grow.
        marks.extend(known.waiting.get(folded).into_iter().flatten());
        marks
    }

    /// Messages are durable.
    pub(super) fn add(&self, marks: impl Iterator<Item = ((String, i64), u64)>) {
        let mut known = self.lock();
        for ((user, lane), seq) in marks {
            known.add(user, lane, seq);
        }
    }

    /// Whether it is time to write them.
    pub(super) fn are_due(&self, tail: u64) -> bool {
        let known = self.lock();
        known.count >= MOST_MARKS || tail.saturating_sub(known.written_to) >= MOST_EVENTS
    }

    /// Writes those of durable messages into the running transaction. `to`: the last durable position. Follow with
    /// [`Self::are_written`].
    pub(super) fn write(&self, connection: &Connection, to: u64) -> Outcome<()> {
        let mut marks: Vec<_> = {
            let known = self.lock();
            let of_user = |(user, lanes): (&String, &FastMap<i64, u64>)| {
                lanes.iter().map(|(lane, seq)| (user.clone(), *lane, *seq)).collect::<Vec<_>>()
            };
            known.waiting.iter().flat_map(of_user).collect()
        };
        // In the order of the table.
        marks.sort_unstable();
        for (user, lane, seq) in marks {
            writes::read_own(connection, &user, lane, seq)?;
        }
        schema::set_meta(connection, WRITTEN_TO, to)
    }

    /// The transaction that wrote them is durable.
    pub(super) fn are_written(&self, to: u64) {
        let mut known = self.lock();
        known.written = std::mem::take(&mut known.waiting);
        known.count = 0;
        known.written_to = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(user: &str, lane: i64, seq: u64) -> ((String, i64), u64) {
        ((user.to_owned(), lane), seq)
    }

    #[test]
    fn what_was_written_is_known_until_the_next_time() {
        let reads = OwnReads::default();
        reads.add([mark("ann", 1, 5), mark("ann", 2, 9), mark("bob", 1, 6)].into_iter());
        reads.are_written(3);
        assert_eq!(reads.of("ann"), FastMap::from_iter([(1, 5), (2, 9)]), "a snapshot may be older");
        reads.add([mark("ann", 1, 7)].into_iter());
        assert_eq!(reads.of("ann"), FastMap::from_iter([(1, 7), (2, 9)]));
        reads.are_written(4);
        assert_eq!((reads.of("ann"), reads.of("bob")), (FastMap::from_iter([(1, 7)]), FastMap::default()));
    }

    #[test]
    fn they_are_due_when_there_are_many_or_the_log_has_gone_on() {
        let reads = OwnReads::default();
        assert!(!reads.are_due(MOST_EVENTS - 1));
        assert!(reads.are_due(MOST_EVENTS));
        reads.are_written(MOST_EVENTS);
        assert!(!reads.are_due(MOST_EVENTS + 1));
        let users = (0..MOST_MARKS).map(|n| mark(&n.to_string(), 1, 1));
        reads.add(users.clone().skip(1).chain(users.clone().skip(1)));
        assert!(!reads.are_due(MOST_EVENTS + 1), "a mark that moves is one mark");
        reads.add(users.take(1));
        assert!(reads.are_due(MOST_EVENTS + 1));
    }
}
