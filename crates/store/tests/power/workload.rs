//! What a store is asked to do before the power goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use powercut::Recording;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use ringback_model::commit::{Commit, Write};
use ringback_model::delivery::{
    DeliveryKey, Exception, ExceptionState, ParkReason, ProgressChange, RuleVersion,
};
use ringback_model::event::{Event, Lane, Phase};
use ringback_model::ids::{LogPos, MessageId, RuleId};
use ringback_model::message::Message;
use ringback_model::ports::Store;
use ringback_model::rule::Rule;
use ringback_model::sample;
use ringback_model::storage::BanRecord;
use ringback_model::time::UnixMs;
use ringback_store::StoreSettings;
use rusqlite::Connection;

use crate::asking::{Asked, now};
use crate::ledger::{Books, Kept, Ledger, Written};
use crate::seen::Seen;
use crate::world::{HOUR, NOON, lane, message, message_of, sent, single, someone, to, to_group, unkept};

pub(crate) const SENDER: &str = "me";
pub(crate) const PEERS: [&str; 4] = ["ann", "Bob", "cy", "dee"];
pub(crate) const GROUP: &str = "g";
pub(crate) const RULES: [&str; 2] = ["one", "other"];

const LOG_KEEP_HOURS: i64 = 8;
const HISTORY_KEEP_HOURS: i64 = 16;

/// Small segments and short memories, so that sealing and expiry happen all the time. A life that folds its
/// write-ahead log all the time, too, does so beside its work; the others take the same steps each time.
pub(crate) fn settings(folds: bool) -> StoreSettings {
    let hours = |hours: i64| Duration::from_secs(hours.unsigned_abs() * 3600);
    StoreSettings {
        segment_events: 6,
        segment_age: hours(5),
        log_keep: hours(LOG_KEEP_HOURS),
        history_keep: Some(hours(HISTORY_KEEP_HOURS)),
        readers: 1,
        fold_pages: if folds { 16 } else { 4_000 },
        ..StoreSettings::default()
    }
}

/// What a question was, for when it is answered.
enum Subject {
    Written { moment: usize, events: Vec<Arc<Event>> },
    Books(usize),
    Kept(usize),
    Ban(usize),
    Shelf(usize),
    Versions(usize),
    Retries(usize),
}

/// A question on its way: its answer are the events of a commit, or none.
type Question = (Subject, Asked<Vec<Arc<Event>>>);

/// A store under a shim, and a ledger of what it was asked.
pub(crate) struct Life {
    folder: PathBuf,
    store: Arc<dyn Store>,
    pub(crate) recording: Arc<Recording>,
    pub(crate) ledger: Ledger,
    dice: StdRng,
    clock: i64,
    /// Whether the store folds its log all the time.
    folds: bool,
}

impl Life {
    /// Opens a store in a folder that is watched from now on.
    pub(crate) fn begin(folder: &Path, seed: u64) -> Result<Self, String> {
        let recording = Recording::start(folder).unwrap();
        let folds = seed.is_multiple_of(2);
        let store = ringback_store::open(folder, settings(folds)).map_err(|fault| fault.to_string())?;
        let (folder, dice) = (folder.to_owned(), StdRng::seed_from_u64(seed));
        Ok(Self { folder, store, recording, ledger: Ledger::new(), dice, clock: NOON, folds })
    }

    pub(crate) fn seen(&self) -> Result<Seen, String> {
        now(Seen::read(self.store.as_ref())).map_err(|fault| fault.to_string())
    }

    /// Goes on with what is known to be there.
    pub(crate) fn resume(&mut self, known: Ledger) {
        self.clock = known.events.last().map_or(NOON, |event| event.at.0);
        self.ledger = known;
    }

    /// Some rounds of questions; a checkpoint or a restart between some of them.
    pub(crate) fn work(&mut self, rounds: usize) {
        for round in 0..rounds {
            if self.dice.random_ratio(2, 3) {
                self.together();
            } else {
                let question = self.question();
                self.settle(vec![question]);
            }
            match self.dice.random_range(0..10) {
                0 | 1 => self.checkpoint("PASSIVE"),
                2 => self.checkpoint("TRUNCATE"),
                3 if round > 0 => self.restart(),
                _ => {}
            }
        }
    }

    /// One question, and while it is being written down, many more, which the store then takes together. Perhaps
    /// somebody else folds the log into the file meanwhile.
    fn together(&mut self) {
        let let_through = self.dice.random_range(0..3);
        let hold = self.recording.hold(let_through);
        let mut questions = vec![self.say()];
        hold.wait_for_somebody().unwrap();
        if self.dice.random_ratio(1, 3) {
            self.checkpoint("PASSIVE");
        }
        for _ in 0..self.dice.random_range(1..=6) {
            questions.push(self.question());
        }
        drop(hold);
        self.settle(questions);
    }

    fn settle(&mut self, questions: Vec<Question>) {
        for (subject, asked) in questions {
            let (events, position) = asked.wait();
            let ledger = &mut self.ledger;
            match subject {
                Subject::Written { moment, events: expected } => {
                    assert_eq!(events, expected, "positions and numbers go on");
                    ledger.written.acknowledge(moment, position);
                }
                Subject::Books(moment) => ledger.books.acknowledge(moment, position),
                Subject::Kept(moment) => ledger.kept.acknowledge(moment, position),
                Subject::Ban(moment) => ledger.ban.acknowledge(moment, position),
                Subject::Shelf(moment) => ledger.shelf.acknowledge(moment, position),
                Subject::Versions(moment) => ledger.versions.acknowledge(moment, position),
                Subject::Retries(moment) => ledger.retries.acknowledge(moment, position),
            }
        }
    }

    fn question(&mut self) -> Question {
        match self.dice.random_range(0..20) {
            0..10 => self.say(),
            10..14 => self.save(),
            14 => self.forget(),
            15 => self.expire(),
            16 => self.ban(),
            17 => self.shelve(),
            18 => self.remember(),
            _ => self.count_retry(),
        }
    }

    /// One or two messages, and a user as a witness that all of a commit is there.
    fn say(&mut self) -> Question {
        self.clock += self.dice.random_range(0..HOUR);
        let witness = format!("w{:05}", self.ledger.witnesses.len());
        let mut commit = Commit::at(UnixMs(self.clock)).write(Write::PutUser(someone(&witness)));
        let mut events = Vec::new();
        for _ in 0..self.dice.random_range(1..=2) {
            let message = self.message();
            let event = self.expect(message.clone());
            commit = commit.event(lane(&message), sent(message));
            self.ledger.events.push(event.clone());
            events.push(event);
        }
        self.ledger.witnesses.push(witness);
        let state = Written { tail: self.ledger.events.len(), witnesses: self.ledger.witnesses.len() };
        let moment = self.ledger.written.ask(self.recording.position(), state);
        let store = self.store.clone();
        let asked = Asked::ask(&self.recording, async move { store.commit(commit).await.unwrap().events });
        (Subject::Written { moment, events }, asked)
    }

    fn message(&mut self) -> Message {
        let number = self.ledger.events.len() as u64 + 1;
        let target = match self.dice.random_range(0..=PEERS.len()) {
            peer if peer < PEERS.len() => to(PEERS[peer]),
            _ => to_group(GROUP),
        };
        let mut message = message(SENDER, target, &format!("client-{number}"));
        message.id = MessageId(number);
        message.content.raw = "x".repeat(self.dice.random_range(1..3000));
        if self.dice.random_ratio(1, 6) { unkept(message) } else { message }
    }

    /// The event that a message must become.
    fn expect(&self, mut message: Message) -> Arc<Event> {
        let before = self.ledger.events.iter().rev().map(|event| message_of(event));
        let same = before
            .filter(|known| known.handling.store && known.conversation() == message.conversation())
            .map(|known| known.seq)
            .next();
        message.seq = if message.handling.store { same.unwrap_or(0) + 1 } else { 0 };
        let pos = LogPos(self.ledger.events.len() as u64 + 1);
        Arc::new(Event { pos, at: UnixMs(self.clock), lane: lane(&message), fact: sent(message) })
    }

    /// Both rules move on together: a delivery more that waits or is parked, and an old one that is over.
    fn save(&mut self) -> Question {
        let mut books = self.ledger.books.newest().clone();
        let cursor = self.ledger.written.newest().tail as u64;
        let mut changes = Vec::new();
        for rule in RULES.map(RuleId::new) {
            let known = books.entry(rule.clone()).or_default();
            known.cursor = cursor;
            let put = self.exception(cursor);
            let oldest = known.exceptions.keys().next().copied().filter(|key| *key != put.key);
            let remove: Vec<_> = oldest.filter(|_| known.exceptions.len() > 6).into_iter().collect();
            for key in &remove {
                known.exceptions.remove(key);
            }
            known.exceptions.insert(put.key, put.clone());
            changes.push(ProgressChange {
                cursor: Some(LogPos(cursor)),
                put: vec![put],
                remove,
                ..ProgressChange::none(rule)
            });
        }
        let moment = self.ledger.books.ask(self.recording.position(), books);
        let store = self.store.clone();
        let save = async move { store.save(changes).await.map(|()| Vec::new()).unwrap() };
        (Subject::Books(moment), Asked::ask(&self.recording, save))
    }

    fn exception(&mut self, pos: u64) -> Exception {
        let at = UnixMs(self.clock);
        let state = match self.dice.random_range(0..4) {
            0 => ExceptionState::Resume,
            1 => ExceptionState::Waiting { attempts: 1, due: at },
            _ => ExceptionState::Parked { attempts: 8, at, reason: ParkReason::Exhausted },
        };
        Exception {
            key: DeliveryKey { pos: LogPos(pos), copy: self.dice.random_range(0..3) },
            lane: Lane::conversation(&single(SENDER, PEERS[0])),
            state,
            since: at,
            last_error: "e".repeat(self.dice.random_range(0..500)),
            outbound: None,
        }
    }

    fn forget(&mut self) -> Question {
        let before = UnixMs(self.clock - self.dice.random_range(0..4 * HOUR));
        let mut books = self.ledger.books.newest().clone();
        let old = |exception: &Exception| {
            Books::is_parked(exception)
                && matches!(exception.state, ExceptionState::Parked { at, .. } if at < before)
        };
        for known in books.values_mut() {
            known.exceptions.retain(|_, exception| !old(exception));
        }
        let moment = self.ledger.books.ask(self.recording.position(), books);
        let store = self.store.clone();
        let forget =
            async move { store.forget_parked(before, 1_000, before).await.map(|_| Vec::new()).unwrap() };
        (Subject::Books(moment), Asked::ask(&self.recording, forget))
    }

    fn expire(&mut self) -> Question {
        let events = &self.ledger.events;
        let before = self.ledger.kept.newest();
        let young = |event: &&Arc<Event>| event.at.0 >= self.clock - LOG_KEEP_HOURS * HOUR;
        let start = events.iter().find(young).map_or(events.len() as u64 + 1, |event| event.pos.0);
        let history_from = (self.clock - HISTORY_KEEP_HOURS * HOUR).max(before.history_from);
        let state = Kept { start: start.max(before.start), history_from };
        let moment = self.ledger.kept.ask(self.recording.position(), state);
        let (store, at) = (self.store.clone(), UnixMs(self.clock));
        let expire = async move { store.expire(at).await.map(|_| Vec::new()).unwrap() };
        (Subject::Kept(moment), Asked::ask(&self.recording, expire))
    }

    fn ban(&mut self) -> Question {
        let starts = vec![UnixMs(self.clock); self.dice.random_range(1..50)];
        let record = BanRecord { starts, until: None, evidence: "many failures".to_owned() };
        let moment = self.ledger.ban.ask(self.recording.position(), record.clone());
        let store = self.store.clone();
        let save = async move { store.save_ban(record).await.map(|()| Vec::new()).unwrap() };
        (Subject::Ban(moment), Asked::ask(&self.recording, save))
    }

    fn shelve(&mut self) -> Question {
        let mut shelf = self.ledger.shelf.newest().clone();
        let id = ["a", "b", "c"][self.dice.random_range(0..3)];
        let place = shelf.iter().position(|rule| *rule.id.0 == *id);
        let store = self.store.clone();
        let discards = place.is_some() && self.dice.random_ratio(1, 2);
        let version = self.clock.unsigned_abs();
        let rule = Rule { version, ..sample::rule(id, "some", Phase::After, "http://localhost/") };
        match place {
            Some(place) if discards => drop(shelf.remove(place)),
            Some(place) => shelf[place] = rule.clone(),
            None => shelf.push(rule.clone()),
        }
        let moment = self.ledger.shelf.ask(self.recording.position(), shelf);
        let shelve = async move {
            if discards {
                store.discard(&rule.id).await.unwrap();
            } else {
                store.keep(rule).await.unwrap();
            }
            Vec::new()
        };
        (Subject::Shelf(moment), Asked::ask(&self.recording, shelve))
    }

    fn remember(&mut self) -> Question {
        let mut versions = self.ledger.versions.newest().clone();
        let version = versions.last().map_or(1, |known| known.rule.version + 1);
        let rule = sample::rule("rule", "some", Phase::After, "http://localhost/");
        let rule = Arc::new(Rule { version, ..rule });
        let known = RuleVersion { rule, since: LogPos(self.ledger.events.len() as u64) };
        versions.push(known.clone());
        let moment = self.ledger.versions.ask(self.recording.position(), versions);
        let store = self.store.clone();
        let remember = async move { store.remember(known).await.map(|()| Vec::new()).unwrap() };
        (Subject::Versions(moment), Asked::ask(&self.recording, remember))
    }

    fn count_retry(&mut self) -> Question {
        let retries = self.ledger.retries.newest() + 1;
        let moment = self.ledger.retries.ask(self.recording.position(), retries);
        let store = self.store.clone();
        // Used long after everything that is ever forgotten.
        let count = async move {
            let answer = store.count_slice_retry("202311142210", UnixMs(i64::MAX / 2)).await.unwrap();
            assert_eq!(answer, retries);
            Vec::new()
        };
        (Subject::Retries(moment), Asked::ask(&self.recording, count))
    }

    /// Folds the write-ahead log into the file, by the way of a second connection: what the writer itself does only
    /// once the log is large.
    fn checkpoint(&self, mode: &str) {
        let connection = Connection::open(self.folder.join("ringback.db")).unwrap();
        connection.busy_timeout(Duration::ZERO).unwrap();
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).unwrap();
    }

    /// Closes the store and opens it again.
    fn restart(&mut self) {
        let question = self.say();
        self.settle(vec![question]);
        let store = self.store.clone();
        if self.folds {
            now(store.close()).unwrap();
        } else {
            // The readers' threads end in their own time; the writer is to be the last one at the file, so that the
            // same seed takes the same steps.
            let hold = self.recording.hold(0);
            let close = Asked::ask(&self.recording, async move { store.close().await.unwrap() });
            hold.wait_for_somebody().unwrap();
            self.recording.wait_for_handles(2).unwrap();
            drop(hold);
            close.wait();
        }
        self.recording.wait_for_handles(0).unwrap();
        self.store = ringback_store::open(&self.folder, settings(self.folds)).unwrap();
    }

    /// Closes the store for good. What it did last is still recorded.
    pub(crate) fn end(self) -> (powercut::Trace, Ledger) {
        let Self { store, recording, ledger, .. } = self;
        now(store.close()).unwrap();
        drop(store);
        recording.wait_for_handles(0).unwrap();
        (recording.trace(), ledger)
    }
}
