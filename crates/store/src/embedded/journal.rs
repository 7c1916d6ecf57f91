//! The writer's state: what the tables say, as far as it is needed for every commit. All of it can be taken back
//! when a transaction is rolled back.

use std::collections::HashMap;
use std::sync::Arc;

use ringback_model::commit::{Commit, Committed, NewEvent};
use ringback_model::conversation::Target;
use ringback_model::event::{Event, Fact, Lane, MessageSent};
use ringback_model::hashing::FastSet;
use ringback_model::ids::{LogPos, UserId};
use ringback_model::message::Message;
use ringback_model::time::UnixMs;
use ringback_model::version::Touch;
use rusqlite::{Connection, OptionalExtension};

use super::facts::{Facts, Key};
use super::lanes::{LaneState, Lanes};
use super::own_reads::OwnReads;
use super::requirements::{self, Memory, Stop};
use super::sends::{self, Sends};
use super::sql::{Outcome, count, int, to_json};
use super::{schema, segments, versions, writes};
use crate::settings::{StoreSettings, millis};
use crate::shape::{self, Birth, Touches};

/// Numbers that every event moves.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    tail: u64,
    last_at: i64,
    highest: u64,
    /// Bytes of the open segment.
    bytes: u64,
    /// When the open segment's first event was committed; `None` while it is empty.
    first_at: Option<i64>,
}

pub(super) struct Journal {
    /// Number of the open segment.
    open: i64,
    /// Its first position.
    first: u64,
    insert: String,
    /// Sealing has failed: it is not tried again before the log ends here.
    seal_from: u64,
    counters: Counters,
    /// As of the last durable transaction.
    durable: Counters,
    lanes: Lanes,
    sends: Arc<Sends>,
    own_reads: Arc<OwnReads>,
    /// Those that the running transaction moves: (folded user, lane) to seq.
    moved_reads: HashMap<(String, i64), u64>,
    /// The running transaction writes those of earlier ones, up to this position.
    writes_reads_to: Option<u64>,
    facts: Arc<Facts>,
    /// Of what the facts are about, what the running transaction has changed.
    changed: FastSet<Key>,
    birth: Birth,
}

impl Journal {
    pub(super) fn load(connection: &Connection, facts: Arc<Facts>) -> Outcome<Self> {
        let open = segments::open(connection)?;
        let n = open.n;
        let (last, bytes): (Option<i64>, i64) = connection.query_row(
            &format!("SELECT max(pos), coalesce(sum(octet_length(payload)), 0) FROM log_{n}"),
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let first_at = connection
            .query_row(&format!("SELECT at FROM log_{n} ORDER BY pos LIMIT 1"), [], |row| row.get(0))
            .optional()?;
        let counters = Counters {
            tail: last.map_or(open.first.saturating_sub(1), count),
            last_at: sends::newest_at(connection)?,
            highest: schema::meta(connection, "highest_message")?,
            bytes: count(bytes),
            first_at,
        };
        Ok(Self {
            open: n,
            first: open.first,
            insert: insert_sql(n),
            seal_from: 0,
            counters,
            durable: counters,
            lanes: Lanes::default(),
            sends: Arc::new(Sends::load(connection)?),
            own_reads: Arc::new(OwnReads::load(connection, &open)?),
            moved_reads: HashMap::new(),
            writes_reads_to: None,
            facts,
            changed: FastSet::default(),
            birth: versions::birth(connection)?,
        })
    }

    pub(super) fn tail(&self) -> u64 {
        self.counters.tail
    }

    /// For readers that look a send up.
    pub(super) fn sends(&self) -> Arc<Sends> {
        self.sends.clone()
    }

    /// For readers that look up how far a user has read.
    pub(super) fn own_reads(&self) -> Arc<OwnReads> {
        self.own_reads.clone()
    }

    pub(super) fn open_bytes(&self) -> u64 {
        self.counters.bytes
    }

    /// Checks a commit and writes it into the running transaction.
    pub(super) fn commit(&mut self, connection: &Connection, commit: &mut Commit) -> Result<Committed, Stop> {
        let at = commit.at.max(UnixMs(self.counters.last_at));
        let memory = Memory { sends: &self.sends, facts: &self.facts, changed: &self.changed };
        let hashes = requirements::check(connection, &memory, commit, at)?;
        // Cloned, because a commit that failed among others is tried again alone. Mostly there are none.
        let mut touches = commit.touches.clone();
        for write in &commit.writes {
            self.changed.extend(Key::changed_by(write));
            writes::write(connection, &mut self.lanes, write, at, &mut touches)?;
        }
        let mut events = Vec::with_capacity(commit.events.len());
        for (event, hash) in commit.events.iter_mut().zip(hashes) {
            events.push(self.log(connection, event, hash, at, &commit.unlisted, &mut touches)?);
        }
        let versions = versions::touch(connection, self.birth, &touches)?;
        Ok(Committed { events, versions })
    }

    fn log(
        &mut self,
        connection: &Connection,
        new: &mut NewEvent,
        hash: Option<u64>,
        at: UnixMs,
        unlisted: &[UserId],
        touches: &mut Touches,
    ) -> Outcome<Arc<Event>> {
        let mut lane = self.lanes.get_or_create(connection, &new.lane)?;
        let stored = match &mut new.fact {
            Fact::MessageSent(sent) => {
                let numbered = self.number(&new.lane, &mut lane, sent, at);
                if numbered {
                    self.list(connection, lane, &sent.message, unlisted, touches)?;
                }
                numbered
            }
            Fact::Done(_) => false,
        };
        self.counters.highest = self.counters.highest.max(new.fact.number().0);
        let payload = to_json(&new.fact)?;
        let pos = self.counters.tail + 1;
        connection.prepare_cached(&self.insert)?.execute((
            int(pos),
            at.0,
            lane.id,
            int(lane.max_seq),
            stored,
            hash.map(u64::cast_signed),
            &payload,
        ))?;
        if let Some(hash) = hash {
            self.sends.add(hash, pos);
        }
        self.counters.tail = pos;
        self.counters.last_at = at.0;
        self.counters.bytes += payload.len() as u64;
        self.counters.first_at.get_or_insert(at.0);
        Ok(Arc::new(Event { pos: LogPos(pos), at, lane: new.lane.clone(), fact: new.fact.clone() }))
    }

    /// Gives a message that is kept its seq. Answers whether it is kept.
    fn number(&mut self, lane: &Lane, state: &mut LaneState, sent: &mut MessageSent, at: UnixMs) -> bool {
        let message = Arc::make_mut(&mut sent.message);
        if !message.handling.store {
            message.seq = 0;
            return false;
        }
        state.max_seq += 1;
        state.newest_at = at.0;
        message.seq = state.max_seq;
        self.moved_reads.insert((message.sender.folded(), state.id), state.max_seq);
        self.lanes.remember(lane, *state);
        true
    }

    /// Puts a message's conversation onto lists.
    fn list(
        &mut self,
        connection: &Connection,
        lane: LaneState,
        message: &Message,
        unlisted: &[UserId],
        touches: &mut Touches,
    ) -> Outcome<()> {
        let may_join = match message.target {
            Target::User(_) => message.seq == 1,
            Target::Notice(_) => true,
            Target::Group(_) | Target::Room(_) => false,
        };
        if !may_join {
            return Ok(());
        }
        let id = message.conversation();
        for user in shape::joined_by(message, &id, unlisted) {
            if writes::join(connection, user, lane.id)? {
                self.changed.insert(Key::Listed(id.clone()));
                touches.push(shape::list_touch(user, &id, Touch::Inserted));
            }
        }
        Ok(())
    }

    /// Writes what the transaction gathered, before it is committed.
    pub(super) fn finish(&mut self, connection: &Connection) -> Outcome<()> {
        if self.own_reads.are_due(self.durable.tail) {
            self.own_reads.write(connection, self.durable.tail)?;
            self.writes_reads_to = Some(self.durable.tail);
        }
        if self.counters.highest != self.durable.highest {
            schema::set_meta(connection, "highest_message", self.counters.highest)?;
        }
        Ok(())
    }

    /// The transaction is durable.
    pub(super) fn keep(&mut self) {
        self.durable = self.counters;
        if let Some(to) = self.writes_reads_to.take() {
            self.own_reads.are_written(to);
        }
        self.own_reads.add(self.moved_reads.drain());
        self.sends.keep(self.durable.last_at);
        self.facts.forget(self.changed.drain());
    }

    /// The transaction was rolled back.
    pub(super) fn undo(&mut self) {
        self.counters = self.durable;
        self.sends.undo();
        self.lanes.forget();
        self.changed.clear();
        self.moved_reads.clear();
        self.writes_reads_to = None;
    }

    /// Whether the open segment is full, or old at the time of this commit.
    pub(super) fn wants_seal(&self, at: UnixMs, settings: &StoreSettings) -> bool {
        let events = (self.counters.tail + 1).saturating_sub(self.first);
        if self.counters.tail < self.seal_from {
            return false;
        }
        let old = |first_at: i64| at.0.saturating_sub(first_at) >= millis(settings.segment_age);
        events >= settings.segment_events.max(1) || self.counters.first_at.is_some_and(old)
    }

    /// Seals the open segment and opens the next one, in the running transaction. Follow with [`Self::sealed`].
    pub(super) fn seal(&self, connection: &Connection) -> Outcome<()> {
        let counters = &self.counters;
        segments::seal(connection, self.open, counters.tail, counters.last_at, counters.bytes)?;
        // Only the open segment is looked through for them.
        self.own_reads.write(connection, counters.tail)?;
        segments::create(connection, self.open + 1, counters.tail + 1)
    }

    /// Sealing costs as much when it fails: not every group of commits is to pay for it.
    pub(super) fn seal_failed(&mut self, settings: &StoreSettings) {
        self.seal_from = self.counters.tail + (settings.segment_events / 10).max(1);
    }

    /// The transaction that sealed is durable.
    pub(super) fn sealed(&mut self) {
        self.own_reads.are_written(self.counters.tail);
        self.sends.seal(self.open + 1);
        self.sends.forget(UnixMs(self.counters.last_at), &[]);
        self.open += 1;
        self.first = self.counters.tail + 1;
        self.insert = insert_sql(self.open);
        self.counters.bytes = 0;
        self.counters.first_at = None;
        self.durable = self.counters;
    }

    /// Segments are gone.
    pub(super) fn dropped(&self, gone: &[i64]) {
        // By the log's own time: a clock may be taken back, the log's time cannot.
        self.sends.forget(UnixMs(self.counters.last_at), gone);
    }
}

fn insert_sql(n: i64) -> String {
    format!(
        "INSERT INTO log_{n} (pos, at, lane_id, seq, stored, dedup, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    )
}
