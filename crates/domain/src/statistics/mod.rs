//! How much was said, by day: a reader of the log that counts what users say, and the numbers made from it.
//!
//! Counts are written down with the bookmark in one commit, so nothing is counted twice or left out, whatever
//! crashes. They outlast the log, and whoever sends waits for none of it. At the first start what the log holds then is
//! counted.

mod tally;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use ringback_model::commit::{Commit, Write};
use ringback_model::event::Event;
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, LogPos, UserId};
use ringback_model::limits;
use ringback_model::record::{Record, RecordKind, day_text};
use ringback_model::statistics::{DAY_MS, Period};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{Im, bad, bookmark};
use tally::Tally;

/// Name of the bookmark.
const READER: &str = "statistics";
/// Events read at once.
const AT_ONCE: usize = 1024;
/// How much longer it waits for more events.
const GATHER: Duration = Duration::from_millis(50);
/// How often counts are written down.
const WRITE_EVERY: Duration = Duration::from_secs(5);
/// Wait after the store failed.
const AGAIN: Duration = Duration::from_secs(1);
/// Days beyond their time that are looked at: a server that was down for a while catches up.
const DAYS_FORGOTTEN: i64 = 30;

/// Between those who ask and the reader.
pub(crate) struct Counting {
    /// Somebody waits for what was said up to here.
    wanted: watch::Sender<LogPos>,
    /// Everything up to here is counted and written down.
    written: watch::Sender<LogPos>,
}

impl Default for Counting {
    fn default() -> Self {
        Self { wanted: watch::Sender::new(LogPos(0)), written: watch::Sender::new(LogPos(0)) }
    }
}

/// How much was said in a time.
pub(crate) struct Busy<K> {
    /// Messages.
    pub(crate) messages: u64,
    /// On each day on which something was said, as days since 1970.
    pub(crate) days: BTreeMap<i64, u64>,
    /// Whoever said something, or where; the busiest first, those of one number by id.
    pub(crate) by: Vec<(K, u64)>,
}

/// The reader at work.
struct Reader {
    /// Everything up to here was read.
    read: LogPos,
    tally: Tally,
    /// The day up to which old counts are forgotten.
    tidied: i64,
}

impl Reader {
    fn take(&mut self, events: &[Arc<Event>], end: LogPos) {
        self.read = end;
        for event in events {
            self.tally.count(event);
        }
    }

    fn is_full(&self) -> bool {
        self.tally.len() >= limits::COUNTS_AT_ONCE
    }
}

impl Im {
    /// Counts until it is stopped. Run it once, as a worker of its own.
    pub async fn run_counter(self: Arc<Self>, stop: CancellationToken) {
        let start = tokio::select! {
            () = stop.cancelled() => return,
            start = self.bookmark(READER) => start,
        };
        let mut reader = Reader { read: start.unwrap_or(LogPos(0)), tally: Tally::default(), tidied: 0 };
        let mut wanted = self.counting.wanted.subscribe();
        let mut ticks = tokio::time::interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked_for = *wanted.borrow_and_update();
            let asked = asked_for > *self.counting.written.borrow() && reader.read >= asked_for;
            if reader.is_full() || asked || reader.tally.is_empty() {
                self.write_counts(&mut reader).await;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = wanted.changed() => {}
                _ = ticks.tick() => {
                    self.write_counts(&mut reader).await;
                    self.forget_counts(&mut reader).await;
                }
                () = self.wait_for_some(reader.read, GATHER), if !reader.is_full() => {
                    match self.read_past(reader.read, AT_ONCE).await {
                        Ok((events, end)) => reader.take(&events, end),
                        Err(fault) => {
                            tracing::error!(%fault, "messages are not counted: the log cannot be read");
                            tokio::time::sleep(AGAIN).await;
                        }
                    }
                }
            }
        }
        self.write_counts(&mut reader).await;
    }

    async fn write_counts(&self, reader: &mut Reader) {
        if !reader.tally.is_empty() {
            let kept = match self.store.records(&reader.tally.keys()).await {
                Ok(kept) => kept,
                Err(fault) => return not_written(&fault).await,
            };
            let mut commit = Commit::at(self.clock.now()).write(bookmark::at(READER, reader.read));
            for record in reader.tally.added_to(kept) {
                commit = commit.write(Write::Keep(Box::new(record)));
            }
            if let Err(error) = self.store.commit(commit).await {
                return not_written(&error).await;
            }
            reader.tally = Tally::default();
        }
        self.counting.written.send_if_modified(|written| {
            let moved = *written < reader.read;
            *written = reader.read;
            moved
        });
    }

    /// Forgets days beyond [`limits::STATISTICS_DAYS`], once a day, piece by piece.
    async fn forget_counts(&self, reader: &mut Reader) {
        let last = self.clock.now().0.div_euclid(DAY_MS) - limits::STATISTICS_DAYS;
        for day in reader.tidied.max(last - DAYS_FORGOTTEN)..last {
            for kind in [RecordKind::UserDay, RecordKind::GroupDay] {
                if let Err(error) = self.forget_day(kind, day).await {
                    tracing::warn!(%error, "old counts of messages cannot be forgotten");
                    return;
                }
            }
        }
        reader.tidied = last;
    }

    async fn forget_day(&self, kind: RecordKind, day: i64) -> Result<(), Fault> {
        loop {
            let old = self.store.records_of(kind, &day_text(day), "", limits::COUNTS_AT_ONCE).await?;
            if old.is_empty() {
                return Ok(());
            }
            let mut commit = Commit::at(self.clock.now());
            for record in &old {
                commit = commit.write(Write::Discard(record.key()));
            }
            let gone = self.store.commit(commit).await;
            gone.map_err(|error| Fault::from_error("forgetting counts of messages", error))?;
        }
    }

    /// What users said, on the days that a period touches.
    pub(crate) async fn busy_by_user(&self, period: Period, groups: bool) -> Result<Busy<UserId>, Failure> {
        let said = self.counts(RecordKind::UserDay, period).await?;
        Ok(sum(said.into_iter().filter_map(|record| match record {
            Record::UserDay(one) => {
                let count = if groups { one.single + one.group } else { one.single };
                Some((one.day, one.user, count))
            }
            _ => None,
        })))
    }

    /// What was said in groups, on the days that a period touches.
    pub(crate) async fn busy_by_group(&self, period: Period) -> Result<Busy<GroupId>, Failure> {
        let said = self.counts(RecordKind::GroupDay, period).await?;
        Ok(sum(said.into_iter().filter_map(|record| match record {
            Record::GroupDay(one) => Some((one.day, one.group, one.messages)),
            _ => None,
        })))
    }

    async fn counts(&self, kind: RecordKind, period: Period) -> Result<Vec<Record>, Failure> {
        self.count_all().await?;
        let today = self.clock.now().0.div_euclid(DAY_MS);
        let first = period.from.0.div_euclid(DAY_MS).max(today - limits::STATISTICS_DAYS);
        // The day that a period ends with is not in it where it ends at midnight.
        let end = (period.to.0.saturating_sub(1).div_euclid(DAY_MS)).min(today) + 1;
        let mut found: Vec<Record> = Vec::new();
        for day in first..end {
            let mut after = String::new();
            loop {
                let page = self.store.records_of(kind, &day_text(day), &after, limits::LIST_ITEMS).await?;
                let Some(last) = page.last() else { break };
                after = last.key().about;
                found.extend(page);
                if found.len() > limits::STATISTICS_COUNTS {
                    let detail = format!("more than {} counts", limits::STATISTICS_COUNTS);
                    return Err(bad(format!("the time holds {detail}: ask about a shorter one")).into());
                }
            }
        }
        Ok(found)
    }

    /// Waits until what was said before now is counted.
    async fn count_all(&self) -> Result<(), Failure> {
        let tail = self.store.tail();
        self.counting.wanted.send_if_modified(|wanted| {
            let further = *wanted < tail;
            *wanted = tail.max(*wanted);
            further
        });
        let mut written = self.counting.written.subscribe();
        let settled =
            tokio::time::timeout(limits::STATISTICS_WAIT, written.wait_for(|pos| *pos >= tail)).await;
        match settled {
            Ok(Ok(_)) => Ok(()),
            _ => {
                let detail = "messages are still being counted: ask again in a moment";
                Err(Refusal::new(RefusalCode::Overloaded, detail).into())
            }
        }
    }
}

async fn not_written(error: &impl std::fmt::Display) {
    tracing::warn!(%error, "counts of messages cannot be written down");
    tokio::time::sleep(AGAIN).await;
}

fn sum<K: Ord + Hash + Clone>(said: impl Iterator<Item = (i64, K, u64)>) -> Busy<K> {
    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    let mut by: HashMap<K, u64> = HashMap::new();
    for (day, key, count) in said.filter(|(_, _, count)| *count > 0) {
        *days.entry(day).or_default() += count;
        *by.entry(key).or_default() += count;
    }
    let mut by: Vec<(K, u64)> = by.into_iter().collect();
    by.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
    Busy { messages: days.values().sum(), days, by }
}
