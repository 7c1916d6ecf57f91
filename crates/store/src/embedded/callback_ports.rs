//! The ports of the embedded store that callbacks need.

use std::collections::BTreeMap;

use ringback_model::delivery::{DeliveryKey, Exception, Gap, ProgressChange, RuleProgress, RuleVersion};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::{BanBook, Fut, ParkedBook, Progress, RuleBook, RuleShelf};
use ringback_model::rule::Rule;
use ringback_model::storage::{BanRecord, Bucket, ParkedCount};
use ringback_model::time::UnixMs;

use rusqlite::Connection;

use super::{Embedded, gaps, parked, progress, shelf};

/// Deliveries that one transaction forgets at most; the commits that wait meanwhile share the next one.
const PIECE: usize = 1000;

impl Progress for Embedded {
    fn load<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<Option<RuleProgress>, Fault>> {
        let rule = rule.clone();
        self.readers.ask("read the progress of a rule", move |connection| progress::load(connection, &rule))
    }

    fn save(&self, changes: Vec<ProgressChange>) -> Fut<'_, Result<(), Fault>> {
        self.write(move |connection| changes.iter().try_for_each(|change| progress::save(connection, change)))
    }

    fn parked<'a>(
        &'a self,
        rule: &'a RuleId,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>> {
        let rule = rule.clone();
        self.readers
            .ask("read parked deliveries", move |connection| parked::of_rule(connection, &rule, after, limit))
    }

    fn gaps<'a>(&'a self, rule: &'a RuleId, first: LogPos, last: LogPos) -> Fut<'a, Result<Vec<Gap>, Fault>> {
        let rule = rule.clone();
        let between = move |connection: &Connection| gaps::between(connection, &rule, first, last);
        self.readers.ask("read the gaps of a rule", between)
    }
}

impl ParkedBook for Embedded {
    fn parked_counts(&self) -> Fut<'_, Result<Vec<ParkedCount>, Fault>> {
        self.readers.ask("count parked deliveries", parked::counts)
    }

    fn parked_in<'a>(
        &'a self,
        rule: &'a RuleId,
        bucket: Bucket,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>> {
        let rule = rule.clone();
        self.readers.ask("read parked deliveries", move |connection| {
            parked::in_bucket(connection, &rule, bucket, after, limit)
        })
    }

    fn forget_parked(
        &self,
        before: UnixMs,
        limit: usize,
        now: UnixMs,
    ) -> Fut<'_, Result<Vec<(RuleId, u64)>, Fault>> {
        Box::pin(async move {
            let mut forgotten: BTreeMap<RuleId, u64> = BTreeMap::new();
            let mut room = limit;
            loop {
                let most = room.min(PIECE);
                let piece =
                    match self.write(move |connection| parked::forget(connection, before, most, now)).await {
                        Ok(piece) => piece,
                        // What is gone is counted; the next call meets the fault again.
                        Err(_) if !forgotten.is_empty() => return Ok(forgotten.into_iter().collect()),
                        Err(fault) => return Err(fault),
                    };
                let gone = piece.iter().map(|(_, count)| *count).sum::<u64>();
                for (rule, count) in piece {
                    *forgotten.entry(rule).or_default() += count;
                }
                let gone = usize::try_from(gone).unwrap_or(usize::MAX);
                room = room.saturating_sub(gone);
                if gone < PIECE || room == 0 {
                    return Ok(forgotten.into_iter().collect());
                }
            }
        })
    }

    fn purge_parked<'a>(&'a self, rule: &'a RuleId, now: UnixMs) -> Fut<'a, Result<u64, Fault>> {
        Box::pin(async move {
            let mut purged = 0;
            loop {
                let rule = rule.clone();
                let gone = self.write(move |connection| parked::purge(connection, &rule, PIECE, now)).await?;
                purged += gone as u64;
                if gone < PIECE {
                    return Ok(purged);
                }
            }
        })
    }

    fn slice_retries(&self) -> Fut<'_, Result<Vec<(String, u32)>, Fault>> {
        self.readers.ask("read how often slices were sent again", parked::retries)
    }

    fn count_slice_retry<'a>(&'a self, date: &'a str, now: UnixMs) -> Fut<'a, Result<u32, Fault>> {
        let date = date.to_owned();
        self.write(move |connection| parked::count_retry(connection, &date, now))
    }
}

impl BanBook for Embedded {
    fn ban(&self) -> Fut<'_, Result<BanRecord, Fault>> {
        self.readers.ask("read the ban", shelf::ban)
    }

    fn save_ban(&self, record: BanRecord) -> Fut<'_, Result<(), Fault>> {
        self.write(move |connection| shelf::save_ban(connection, &record))
    }
}

impl RuleBook for Embedded {
    fn versions(&self) -> Fut<'_, Result<Vec<RuleVersion>, Fault>> {
        self.readers.ask("read the versions of rules", progress::versions)
    }

    fn remember(&self, version: RuleVersion) -> Fut<'_, Result<(), Fault>> {
        self.write(move |connection| progress::remember(connection, &version))
    }
}

impl RuleShelf for Embedded {
    fn kept(&self) -> Fut<'_, Result<Vec<Rule>, Fault>> {
        self.readers.ask("read the rules that are kept here", shelf::kept)
    }

    fn keep(&self, rule: Rule) -> Fut<'_, Result<(), Fault>> {
        self.write(move |connection| shelf::keep(connection, &rule))
    }

    fn discard<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<(), Fault>> {
        let rule = rule.clone();
        self.write(move |connection| shelf::discard(connection, &rule))
    }
}
