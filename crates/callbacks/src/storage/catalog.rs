//! What is parked under which date key, and by which rules.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState};
use ringback_model::dialect::StorageService;
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::ids::RuleId;
use ringback_model::limits;
use ringback_model::storage::{Bucket, Parked, ParkedCount, SLICE_MS, Slice, SliceScope};
use ringback_model::time::UnixMs;

use super::slice;
use crate::dispatcher::runner::Shared;
use crate::engine::Engine;
use crate::live::LiveRule;
use crate::telemetry;

/// What one rule has parked in one slice.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) rule: RuleId,
    pub(super) bucket: Bucket,
    pub(super) count: u64,
    /// The slice's key in the rule's zone.
    pub(super) date: String,
    service: bool,
}

impl Engine {
    /// Slices that hold something, ascending by key.
    pub(super) async fn list_slices(&self, scope: SliceScope) -> Result<Vec<Slice>, Failure> {
        self.check_scope(scope)?;
        let retries: HashMap<String, u32> =
            self.shared.parked_book.slice_retries().await?.into_iter().collect();
        let running = self.resends.running();
        let mut slices: BTreeMap<String, Slice> = BTreeMap::new();
        for part in self.parts(scope).await? {
            let slice = slices.entry(part.date.clone()).or_insert_with(|| Slice {
                size: 0,
                retries: retries.get(&part.date).copied().unwrap_or(0),
                running: running.contains(&part.date),
                rules: Vec::new(),
                date: part.date,
            });
            slice.size = slice.size.saturating_add(part.count);
            slice.rules.push((part.rule, part.count));
        }
        Ok(slices.into_values().collect())
    }

    /// The key of the slice that a rule's delivery lies in which was parked at this instant.
    pub(crate) fn slice_of(&self, live: &LiveRule, parked_at: UnixMs) -> String {
        let of_contract = live.contract.storage().map_or(0, |service| service.zone_offset_min);
        slice::key(parked_at, self.storage.zone_min.unwrap_or(of_contract))
    }

    /// Refuses what is only offered while the service is on.
    pub(super) fn check_scope(&self, scope: SliceScope) -> Result<(), Refusal> {
        if scope == SliceScope::Service && !self.storage_enabled {
            let why = "storage of failed callbacks is not switched on";
            return Err(Refusal::new(RefusalCode::StorageOff, why));
        }
        Ok(())
    }

    /// Everything that is parked, by rule and slice, ascending by slice, then rule. What has been kept long enough is
    /// left out, also where nobody has forgotten it yet.
    pub(super) async fn parts(&self, scope: SliceScope) -> Result<Vec<Part>, Fault> {
        let oldest = self.kept_since(self.shared.clock.now());
        let counts = self.shared.parked_book.parked_counts().await?;
        let services = self.services(&counts).await;
        let part = |count: ParkedCount| {
            let service = services.get(&count.rule);
            let of_contract = service.map_or(0, |service| service.zone_offset_min);
            let zone = self.storage.zone_min.unwrap_or(of_contract);
            Part {
                date: slice::key(count.bucket.start(), zone),
                service: service.is_some(),
                rule: count.rule,
                bucket: count.bucket,
                count: count.count,
            }
        };
        let kept = counts.into_iter().filter(|count| end_of(count.bucket) > oldest);
        let all = kept.map(part);
        Ok(match scope {
            SliceScope::Everything => all.collect(),
            SliceScope::Service => all.filter(|part| part.service).collect(),
        })
    }

    /// What was parked before this has been kept long enough.
    pub(super) fn kept_since(&self, now: UnixMs) -> UnixMs {
        let keep = i64::try_from(self.storage.keep.as_millis()).unwrap_or(i64::MAX);
        UnixMs(now.0.saturating_sub(keep))
    }

    /// The storage services of these rules' contracts, where they have one. Rules that are gone have the contract that
    /// they had last.
    async fn services(&self, counts: &[ParkedCount]) -> HashMap<RuleId, StorageService> {
        let book = self.versions.lock().await;
        let service = |id: &RuleId| {
            let last = book.get(id)?.last()?;
            self.contracts.get(last.rule.contract.as_str())?.storage()
        };
        counts.iter().filter_map(|count| Some((count.rule.clone(), service(&count.rule)?))).collect()
    }

    /// The rule as it is to be called now: as it is in use, or as it was last. `None` where nothing of it is known, or
    /// nobody speaks its contract any more.
    pub(super) async fn callable(&self, id: &RuleId) -> Option<Arc<LiveRule>> {
        if let Some(live) = self.rule_in_use(id) {
            return Some(live);
        }
        let book = self.versions.lock().await;
        self.build_from(book.get(id)?)
    }

    /// A page of what is parked under a date key, over all rules or for one: ascending by rule, then key, after this
    /// one; at most `limit`, and never more than [`limits::LIST_ITEMS`].
    ///
    /// # Errors
    /// `BadArgument` for a date that is no key or under which nothing is parked.
    pub async fn parked(
        &self,
        date: &str,
        rule: Option<&RuleId>,
        after: Option<(&RuleId, DeliveryKey)>,
        limit: usize,
    ) -> Result<Vec<Parked>, Failure> {
        let mut parts = match self.slice(date, rule, SliceScope::Everything).await {
            // What was there when the first page was read has gone since.
            Err(Failure::Refused(_)) if after.is_some() => return Ok(Vec::new()),
            parts => parts?,
        };
        parts.sort_by(|a, b| a.rule.cmp(&b.rule));
        let mut found = Vec::new();
        for part in &parts {
            let from = match after {
                Some((rule, _)) if part.rule < *rule => continue,
                Some((rule, key)) if part.rule == *rule => Some(key),
                _ => None,
            };
            let room = limit.min(limits::LIST_ITEMS).saturating_sub(found.len());
            if room == 0 {
                break;
            }
            let page = self.shared.parked_book.parked_in(&part.rule, part.bucket, from, room).await?;
            found.extend(page.into_iter().filter_map(|row| shown(&part.rule, row)));
        }
        Ok(found)
    }

    /// The parts of one slice.
    pub(super) async fn slice(
        &self,
        date: &str,
        rule: Option<&RuleId>,
        scope: SliceScope,
    ) -> Result<Vec<Part>, Failure> {
        let bad = |why: String| Refusal::new(RefusalCode::BadArgument, why);
        slice::parse(date).map_err(|error| bad(error.to_string()))?;
        let mut parts = self.parts(scope).await?;
        parts.retain(|part| part.date == date && rule.is_none_or(|rule| part.rule == *rule));
        if parts.is_empty() {
            let whose = rule.map_or_else(String::new, |rule| format!(" for rule {rule}"));
            return Err(bad(format!(
                "date {date} names no slice{whose}: nothing is stored under it, or no longer"
            ))
            .into());
        }
        Ok(parts)
    }
}

/// Shows how many deliveries these rules have parked: of rules that are off or gone, nobody else does.
pub(super) async fn show_parked(shared: &Shared, rules: &HashSet<RuleId>) {
    if rules.is_empty() {
        return;
    }
    let Ok(counts) = shared.parked_book.parked_counts().await else { return };
    for rule in rules {
        let of_rule = counts.iter().filter(|count| count.rule == *rule);
        telemetry::parked(rule, of_rule.map(|count| count.count).sum());
    }
}

fn end_of(bucket: Bucket) -> UnixMs {
    UnixMs(bucket.start().0.saturating_add(SLICE_MS))
}

fn shown(rule: &RuleId, row: Exception) -> Option<Parked> {
    let ExceptionState::Parked { attempts, at, reason } = row.state else { return None };
    Some(Parked {
        rule: rule.clone(),
        key: row.key,
        attempts,
        at,
        reason: reason.name(),
        last_error: row.last_error,
        body: row
            .outbound
            .map_or_else(String::new, |outbound| String::from_utf8_lossy(&outbound.body).into_owned()),
    })
}
