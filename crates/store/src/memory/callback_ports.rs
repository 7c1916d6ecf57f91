//! The ports of the store in memory that callbacks need.

use std::collections::BTreeMap;

use ringback_model::delivery::{
    DeliveryKey, Exception, ExceptionState, Gap, GapReason, ProgressChange, RuleProgress, RuleVersion,
};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::{BanBook, Fut, ParkedBook, Progress, RuleBook, RuleShelf};
use ringback_model::rule::Rule;
use ringback_model::storage::{BanRecord, Bucket, ParkedCount};
use ringback_model::time::UnixMs;

use super::Memory;
use super::state::{RuleState, State, gap_key};

impl Progress for Memory {
    fn load<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<Option<RuleProgress>, Fault>> {
        self.ask(move |state| {
            let known = state.progress.get(rule)?;
            let (parked, live): (Vec<_>, Vec<_>) = known.exceptions.values().partition(|row| is_parked(row));
            let exceptions = live.into_iter().cloned().collect();
            Some(RuleProgress { cursor: known.cursor, exceptions, parked: parked.len() as u64 })
        })
    }

    fn save(&self, changes: Vec<ProgressChange>) -> Fut<'_, Result<(), Fault>> {
        self.ask(move |state| {
            for change in changes {
                let known = state.progress.entry(change.rule).or_default();
                known.cursor = change.cursor.unwrap_or(known.cursor);
                for key in change.remove {
                    known.exceptions.remove(&key);
                }
                if let Some(after) = change.reopen {
                    let gaps = std::mem::take(&mut known.gaps).into_values();
                    let shortened = gaps.filter(|gap| gap.first.pos <= after).map(|gap| {
                        let last = if gap.last.pos > after { whole(after) } else { gap.last };
                        Gap { last, ..gap }
                    });
                    known.gaps = shortened.map(|gap| (gap_key(&gap), gap)).collect();
                }
                known.gaps.extend(change.gaps.into_iter().map(|gap| (gap_key(&gap), gap)));
                known.exceptions.extend(change.put.into_iter().map(|exception| (exception.key, exception)));
            }
        })
    }

    fn parked<'a>(
        &'a self,
        rule: &'a RuleId,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>> {
        self.ask(move |state| {
            let Some(known) = state.progress.get(rule) else { return Vec::new() };
            let later = known.exceptions.values().filter(|row| after.is_none_or(|after| row.key > after));
            later.filter(|row| is_parked(row)).take(limit).cloned().collect()
        })
    }

    fn gaps<'a>(&'a self, rule: &'a RuleId, first: LogPos, last: LogPos) -> Fut<'a, Result<Vec<Gap>, Fault>> {
        self.ask(move |state| {
            let Some(known) = state.progress.get(rule) else { return Vec::new() };
            let touches = |gap: &&Gap| gap.first.pos <= last && gap.last.pos >= first;
            known.gaps.values().filter(touches).cloned().collect()
        })
    }
}

/// The last of a whole event.
const fn whole(pos: LogPos) -> DeliveryKey {
    DeliveryKey { pos, copy: u32::MAX }
}

/// When it was parked; `None` for one that is not.
fn parked_at(exception: &Exception) -> Option<UnixMs> {
    match exception.state {
        ExceptionState::Parked { at, .. } => Some(at),
        ExceptionState::Waiting { .. } | ExceptionState::Resume => None,
    }
}

fn is_parked(exception: &Exception) -> bool {
    parked_at(exception).is_some()
}

impl RuleState {
    /// Forgets what was parked before an instant, oldest bucket first. Answers how many.
    fn forget_parked(&mut self, before: UnixMs, limit: usize, now: UnixMs) -> usize {
        let parked = self.exceptions.values().filter_map(|row| Some((parked_at(row)?, row.key)));
        let old = parked.filter(|(at, _)| *at < before).map(|(at, key)| (Bucket::of(at), key));
        let mut old: Vec<_> = old.collect();
        old.sort_unstable();
        old.truncate(limit);
        for (_, key) in &old {
            self.exceptions.remove(key);
            let gap = Gap::one(*key, GapReason::ParkedTooLong, now);
            self.gaps.insert(gap_key(&gap), gap);
        }
        old.len()
    }
}

impl State {
    fn forget_parked(&mut self, before: UnixMs, limit: usize, now: UnixMs) -> Vec<(RuleId, u64)> {
        self.slice_retries.retain(|_, (_, used_at)| *used_at >= before);
        let mut room = limit;
        let mut forgotten = Vec::new();
        for (rule, known) in &mut self.progress {
            let gone = known.forget_parked(before, room, now);
            room -= gone;
            if gone > 0 {
                forgotten.push((rule.clone(), gone as u64));
            }
        }
        forgotten
    }
}

impl ParkedBook for Memory {
    fn parked_counts(&self) -> Fut<'_, Result<Vec<ParkedCount>, Fault>> {
        self.ask(|state| {
            let mut counts: BTreeMap<(Bucket, &RuleId), u64> = BTreeMap::new();
            for (rule, known) in &state.progress {
                for at in known.exceptions.values().filter_map(parked_at) {
                    *counts.entry((Bucket::of(at), rule)).or_default() += 1;
                }
            }
            let counts = counts.into_iter();
            counts.map(|((bucket, rule), count)| ParkedCount { rule: rule.clone(), bucket, count }).collect()
        })
    }

    fn parked_in<'a>(
        &'a self,
        rule: &'a RuleId,
        bucket: Bucket,
        after: Option<DeliveryKey>,
        limit: usize,
    ) -> Fut<'a, Result<Vec<Exception>, Fault>> {
        self.ask(move |state| {
            let Some(known) = state.progress.get(rule) else { return Vec::new() };
            let later = known.exceptions.values().filter(|row| after.is_none_or(|after| row.key > after));
            later.filter(|row| parked_at(row).map(Bucket::of) == Some(bucket)).take(limit).cloned().collect()
        })
    }

    fn forget_parked(
        &self,
        before: UnixMs,
        limit: usize,
        now: UnixMs,
    ) -> Fut<'_, Result<Vec<(RuleId, u64)>, Fault>> {
        self.ask(move |state| state.forget_parked(before, limit, now))
    }

    fn purge_parked<'a>(&'a self, rule: &'a RuleId, now: UnixMs) -> Fut<'a, Result<u64, Fault>> {
        self.ask(move |state| {
            let Some(known) = state.progress.get_mut(rule) else { return 0 };
            let purged: Vec<DeliveryKey> =
                known.exceptions.values().filter(|row| is_parked(row)).map(|row| row.key).collect();
            for key in &purged {
                known.exceptions.remove(key);
                let gap = Gap::one(*key, GapReason::Purged, now);
                known.gaps.insert(gap_key(&gap), gap);
            }
            purged.len() as u64
        })
    }

    fn slice_retries(&self) -> Fut<'_, Result<Vec<(String, u32)>, Fault>> {
        self.ask(|state| {
            state.slice_retries.iter().map(|(date, (count, _))| (date.clone(), *count)).collect()
        })
    }

    fn count_slice_retry<'a>(&'a self, date: &'a str, now: UnixMs) -> Fut<'a, Result<u32, Fault>> {
        self.ask(move |state| {
            let (count, used_at) = state.slice_retries.entry(date.to_owned()).or_default();
            *count = count.saturating_add(1);
            *used_at = now.max(*used_at);
            *count
        })
    }
}

impl BanBook for Memory {
    fn ban(&self) -> Fut<'_, Result<BanRecord, Fault>> {
        self.ask(|state| state.ban.clone())
    }

    fn save_ban(&self, record: BanRecord) -> Fut<'_, Result<(), Fault>> {
        self.ask(move |state| state.ban = record)
    }
}

impl RuleShelf for Memory {
    fn kept(&self) -> Fut<'_, Result<Vec<Rule>, Fault>> {
        self.ask(|state| state.kept.clone())
    }

    fn keep(&self, rule: Rule) -> Fut<'_, Result<(), Fault>> {
        self.ask(move |state| match state.kept.iter_mut().find(|kept| kept.id == rule.id) {
            Some(kept) => *kept = rule,
            None => state.kept.push(rule),
        })
    }

    fn discard<'a>(&'a self, rule: &'a RuleId) -> Fut<'a, Result<(), Fault>> {
        self.ask(move |state| state.kept.retain(|kept| kept.id != *rule))
    }
}

impl RuleBook for Memory {
    fn versions(&self) -> Fut<'_, Result<Vec<RuleVersion>, Fault>> {
        self.ask(move |state| state.versions.values().cloned().collect())
    }

    fn remember(&self, version: RuleVersion) -> Fut<'_, Result<(), Fault>> {
        self.ask(move |state| {
            state.versions.insert((version.rule.id.clone(), version.rule.version), version);
        })
    }
}
