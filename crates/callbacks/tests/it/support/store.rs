//! Log, progress and book in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ringback_model::delivery::{
    DeliveryKey, Exception, ExceptionState, Gap, GapReason, ProgressChange, RuleProgress, RuleVersion,
};
use ringback_model::event::{Event, Fact, Lane, MessageSent};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::message::{Message, Origin};
use ringback_model::ports::{BanBook, Fut, Log, ParkedBook, Progress, RuleBook};
use ringback_model::storage::{BanRecord, Bucket, ParkedCount};
use ringback_model::time::UnixMs;
use tokio::sync::watch;

use super::message;

/// Log, progress and book.
pub struct TestStore {
    events: Mutex<Vec<Arc<Event>>>,
    start: AtomicU64,
    tail: watch::Sender<u64>,
    pub progress: Mutex<HashMap<RuleId, Saved>>,
    pub versions: Mutex<Vec<RuleVersion>>,
    /// Saves fail while it is above zero; each takes one off.
    pub failing_saves: AtomicU64,
    /// How many versions the book still takes; then it refuses one, and takes all again.
    pub remembers_before_failure: AtomicU64,
    pub saves: AtomicU64,
    /// How many cursors may still move back.
    pub rewinds: AtomicU64,
    pub ban: Mutex<BanRecord>,
    /// Every record of a ban that was saved.
    pub bans: Mutex<Vec<BanRecord>>,
    /// How often slices were sent again, and when last.
    pub slice_retries: Mutex<BTreeMap<String, (u32, UnixMs)>>,
}

#[derive(Default, Clone)]
pub struct Saved {
    pub cursor: LogPos,
    pub rows: BTreeMap<DeliveryKey, Exception>,
    pub gaps: Vec<Gap>,
}

impl Default for TestStore {
    fn default() -> Self {
        Self {
            events: Mutex::default(),
            start: AtomicU64::new(1),
            tail: watch::Sender::new(0),
            progress: Mutex::default(),
            versions: Mutex::default(),
            failing_saves: AtomicU64::new(0),
            remembers_before_failure: AtomicU64::new(u64::MAX),
            saves: AtomicU64::new(0),
            rewinds: AtomicU64::new(0),
            ban: Mutex::default(),
            bans: Mutex::default(),
            slice_retries: Mutex::default(),
        }
    }
}

impl TestStore {
    pub fn append(&self, lane: &str, at: UnixMs) -> LogPos {
        self.append_numbered(lane, 0, at)
    }

    /// A message that has a number in its conversation.
    pub fn append_numbered(&self, lane: &str, seq: u64, at: UnixMs) -> LogPos {
        let mut events = self.events.lock().unwrap();
        let pos = events.last().map_or(LogPos(1), |last| last.pos.next());
        events.push(Arc::new(Event {
            pos,
            at,
            lane: Lane(lane.into()),
            fact: Fact::MessageSent(Box::new(MessageSent {
                message: Arc::new(Message { seq, ..message(pos.0, "bob", lane) }),
                operation_id: "op".into(),
                origin: Origin::Client,
                sender_is_admin: false,
                offline: Vec::new(),
            })),
        }));
        drop(events);
        self.tail.send_replace(pos.0);
        pos
    }

    /// Loses an event, as no store should.
    pub fn lose(&self, pos: LogPos) {
        self.events.lock().unwrap().retain(|event| event.pos != pos);
    }

    fn fail_if_away(&self) -> Result<(), Fault> {
        let failing = self.failing_saves.load(Ordering::SeqCst);
        self.failing_saves.store(failing.saturating_sub(1), Ordering::SeqCst);
        if failing > 0 { Err(Fault::new("the disk is away")) } else { Ok(()) }
    }

    fn apply(&self, changes: Vec<ProgressChange>) {
        let mut progress = self.progress.lock().unwrap();
        for change in changes {
            let saved = progress.entry(change.rule).or_default();
            if let Some(cursor) = change.cursor {
                if cursor < saved.cursor {
                    let allowed = self.rewinds.fetch_sub(1, Ordering::SeqCst);
                    assert!(allowed > 0, "a cursor moved back");
                }
                saved.cursor = cursor;
            }
            for key in change.remove {
                saved.rows.remove(&key);
            }
            if let Some(after) = change.reopen {
                saved.gaps.retain(|gap| gap.first.pos <= after);
            }
            saved.gaps.extend(change.gaps);
            for exception in change.put {
                saved.rows.insert(exception.key, exception);
            }
        }
    }

    pub fn expire_before(&self, start: LogPos) {
        self.start.store(start.0, Ordering::SeqCst);
    }

    pub fn saved(&self, rule: &str) -> Saved {
        self.progress.lock().unwrap().get(&RuleId::new(rule)).cloned().unwrap_or_default()
    }
}

impl Log for TestStore {
    fn tail(&self) -> LogPos {
        LogPos(*self.tail.borrow())
    }

    fn start(&self) -> LogPos {
        LogPos(self.start.load(Ordering::SeqCst))
    }

    fn wait_past(&self, pos: LogPos) -> Fut<'_, LogPos> {
        let mut tail = self.tail.subscribe();
        Box::pin(async move { LogPos(*tail.wait_for(|tail| *tail > pos.0).await.unwrap()) })
    }

    fn read(&self, after: LogPos, limit: usize) -> Fut<'_, Result<Vec<Arc<Event>>, Fault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let first = after.0.max(self.start().0 - 1);
            let events = self.events.lock().unwrap();
            let first = events.partition_point(|event| event.pos.0 <= first);
            Ok(events.iter().skip(first).take(limit).cloned().collect())
        })
    }

    fn read_lane<'a>(
        &'a self,
        lane: &'a Lane,
        after: LogPos,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Arc<Event>>, Fault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let first = after.0.max(self.start().0 - 1);
            let events = self.events.lock().unwrap();
            let first = events.partition_point(|event| event.pos.0 <= first);
            let of_lane = events.iter().skip(first).filter(|event| event.lane == *lane);
            Ok(of_lane.take(limit).cloned().collect())
        })
    }

    fn position_at(&self, at: UnixMs) -> Fut<'_, Result<LogPos, Fault>> {
        Box::pin(async move {
            let events = self.events.lock().unwrap();
            Ok(LogPos(events.iter().filter(|event| event.at < at).count() as u64))
        })
    }

    fn expire(&self, _now: UnixMs) -> Fut<'_, Result<u64, Fault>> {
        Box::pin(async { Ok(0) })
    }
}

pub fn is_parked(exception: &Exception) -> bool {
    matches!(exception.state, ExceptionState::Parked { .. })
}

impl Progress for TestStore {
    fn load<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<Option<RuleProgress>, Fault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let saved = self.progress.lock().unwrap().get(rule).cloned();
            Ok(saved.map(|saved| {
                let (parked, exceptions): (Vec<_>, Vec<_>) = saved.rows.into_values().partition(is_parked);
                RuleProgress { cursor: saved.cursor, exceptions, parked: parked.len() as u64 }
            }))
        })
    }

    fn save(&self, changes: Vec<ProgressChange>) -> Fut<'_, Result<(), Fault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.fail_if_away()?;
            self.apply(changes);
            self.saves.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Ok(())
        })
    }

    fn parked<'a>(
        &'a self,
        rule: &'a RuleId,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>> {
        Box::pin(async move {
            let rows = self.progress.lock().unwrap().get(rule).cloned().unwrap_or_default().rows;
            let parked = rows.into_values().filter(is_parked);
            Ok(parked.filter(|row| after.is_none_or(|after| row.key > after)).take(limit).collect())
        })
    }

    fn gaps<'a>(&'a self, rule: &'a RuleId, first: LogPos, last: LogPos) -> Fut<'a, Result<Vec<Gap>, Fault>> {
        Box::pin(async move {
            let gaps = self.progress.lock().unwrap().get(rule).cloned().unwrap_or_default().gaps;
            Ok(gaps.into_iter().filter(|gap| gap.first.pos <= last && gap.last.pos >= first).collect())
        })
    }
}

impl RuleBook for TestStore {
    fn versions(&self) -> Fut<'_, Result<Vec<RuleVersion>, Fault>> {
        Box::pin(async { Ok(self.versions.lock().unwrap().clone()) })
    }

    fn remember(&self, version: RuleVersion) -> Fut<'_, Result<(), Fault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.remembers_before_failure.fetch_sub(1, Ordering::SeqCst) == 0 {
                return Err(Fault::new("the disk is away"));
            }
            self.versions.lock().unwrap().push(version);
            Ok(())
        })
    }
}

fn parked_at(exception: &Exception) -> Option<UnixMs> {
    match exception.state {
        ExceptionState::Parked { at, .. } => Some(at),
        ExceptionState::Waiting { .. } | ExceptionState::Resume => None,
    }
}

impl ParkedBook for TestStore {
    fn parked_counts(&self) -> Fut<'_, Result<Vec<ParkedCount>, Fault>> {
        Box::pin(async move {
            let mut counts: BTreeMap<(Bucket, RuleId), u64> = BTreeMap::new();
            for (rule, saved) in self.progress.lock().unwrap().iter() {
                for at in saved.rows.values().filter_map(parked_at) {
                    *counts.entry((Bucket::of(at), rule.clone())).or_default() += 1;
                }
            }
            let counts = counts.into_iter();
            Ok(counts.map(|((bucket, rule), count)| ParkedCount { rule, bucket, count }).collect())
        })
    }

    fn parked_in<'a>(
        &'a self,
        rule: &'a RuleId,
        bucket: Bucket,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            let rows = self.progress.lock().unwrap().get(rule).cloned().unwrap_or_default().rows;
            let there = rows.into_values().filter(|row| parked_at(row).map(Bucket::of) == Some(bucket));
            Ok(there.filter(|row| after.is_none_or(|after| row.key > after)).take(limit).collect())
        })
    }

    fn forget_parked(
        &self,
        before: UnixMs,
        limit: usize,
        now: UnixMs,
    ) -> Fut<'_, Result<Vec<(RuleId, u64)>, Fault>> {
        Box::pin(async move {
            let mut left = limit;
            let mut gone = Vec::new();
            for (rule, saved) in self.progress.lock().unwrap().iter_mut() {
                let old = saved.rows.values().filter(|row| parked_at(row).is_some_and(|at| at < before));
                let keys: Vec<DeliveryKey> = old.map(|row| row.key).take(left).collect();
                left -= keys.len();
                if !keys.is_empty() {
                    gone.push((rule.clone(), keys.len() as u64));
                }
                for key in keys {
                    saved.rows.remove(&key);
                    saved.gaps.push(Gap::one(key, GapReason::ParkedTooLong, now));
                }
            }
            self.slice_retries.lock().unwrap().retain(|_, (_, used)| *used >= before);
            Ok(gone)
        })
    }

    fn purge_parked<'a>(&'a self, rule: &'a RuleId, now: UnixMs) -> Fut<'a, Result<u64, Fault>> {
        Box::pin(async move {
            let mut progress = self.progress.lock().unwrap();
            let Some(saved) = progress.get_mut(rule) else { return Ok(0) };
            let keys: Vec<DeliveryKey> =
                saved.rows.values().filter(|row| is_parked(row)).map(|row| row.key).collect();
            for key in &keys {
                saved.rows.remove(key);
                saved.gaps.push(Gap::one(*key, GapReason::Purged, now));
            }
            Ok(keys.len() as u64)
        })
    }

    fn slice_retries(&self) -> Fut<'_, Result<Vec<(String, u32)>, Fault>> {
        Box::pin(async move {
            let retries = self.slice_retries.lock().unwrap();
            Ok(retries.iter().map(|(date, (count, _))| (date.clone(), *count)).collect())
        })
    }

    fn count_slice_retry<'a>(&'a self, date: &'a str, now: UnixMs) -> Fut<'a, Result<u32, Fault>> {
        Box::pin(async move {
            let mut retries = self.slice_retries.lock().unwrap();
            let entry = retries.entry(date.to_owned()).or_insert((0, now));
            *entry = (entry.0 + 1, now);
            Ok(entry.0)
        })
    }
}

impl BanBook for TestStore {
    fn ban(&self) -> Fut<'_, Result<BanRecord, Fault>> {
        Box::pin(async { Ok(self.ban.lock().unwrap().clone()) })
    }

    fn save_ban(&self, record: BanRecord) -> Fut<'_, Result<(), Fault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.fail_if_away()?;
            self.bans.lock().unwrap().push(record.clone());
            *self.ban.lock().unwrap() = record;
            Ok(())
        })
    }
}
