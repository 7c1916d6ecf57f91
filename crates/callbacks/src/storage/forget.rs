//! Parked deliveries that go without having been delivered: kept long enough, or not wanted any more.

use std::collections::{BTreeMap, HashSet};

use ringback_model::failure::Fault;
use ringback_model::ids::RuleId;
use ringback_model::time::UnixMs;

use super::catalog::show_parked;
use crate::dispatcher::notices::Left;
use crate::engine::Engine;
use crate::telemetry;

/// Deliveries forgotten in one go, so that commits get in between.
const PIECE: usize = 1000;

impl Engine {
    /// Forgets what has been kept for [`crate::EngineSettings::storage_keep`] at `now`; to be called now and then.
    /// Answers how many deliveries.
    ///
    /// # Errors
    /// Where the store breaks; what was forgotten until then stays so.
    pub async fn expire_parked(&self, now: UnixMs) -> Result<u64, Fault> {
        let before = self.kept_since(now);
        let mut expired: BTreeMap<RuleId, u64> = BTreeMap::new();
        let mut unheard = HashSet::new();
        let ended = loop {
            match self.forget_piece(before, &mut unheard).await {
                Ok(piece) => {
                    let gone: u64 = piece.iter().map(|(_, count)| *count).sum();
                    for (rule, count) in piece {
                        *expired.entry(rule).or_default() += count;
                    }
                    if gone == 0 {
                        break Ok(());
                    }
                }
                Err(fault) => break Err(fault),
            }
        };
        show_parked(&self.shared, &unheard).await;
        let total = expired.values().sum();
        if total > 0 {
            let rules: Vec<String> = expired.iter().map(|(rule, count)| format!("{rule}: {count}")).collect();
            tracing::warn!(
                target: "ringback::callback",
                deliveries = total,
                rules = rules.join(", "),
                "parked deliveries were kept long enough and are forgotten; they were never delivered"
            );
        }
        ended.map(|()| total)
    }

    /// `unheard` gathers rules without a task.
    async fn forget_piece(
        &self,
        before: UnixMs,
        unheard: &mut HashSet<RuleId>,
    ) -> Result<Vec<(RuleId, u64)>, Fault> {
        let listeners = self.shared.listeners.lock().await;
        let piece = self.shared.parked_book.forget_parked(before, PIECE, self.shared.clock.now()).await?;
        for (rule, count) in &piece {
            telemetry::parked_expired(rule, *count);
            if !listeners.tell(rule, Left::some(*count)) {
                unheard.insert(rule.clone());
            }
        }
        Ok(piece)
    }

    /// Forgets everything that a rule has parked, whether the rule is there or gone; of one that has just been removed
    /// or switched off also what its last calls park. Answers how many deliveries.
    ///
    /// # Errors
    /// Where the store breaks; nothing is forgotten then.
    pub async fn purge(&self, rule: &RuleId) -> Result<u64, Fault> {
        let changes = self.versions.lock().await;
        self.left(rule).await?;
        drop(changes);
        // What was parked a moment ago is forgotten too.
        if !self.checkpoints.flush().await {
            return Err(Fault::new("progress of rules could not be saved"));
        }
        let listeners = self.shared.listeners.lock().await;
        let purged = self.shared.parked_book.purge_parked(rule, self.shared.clock.now()).await?;
        let heard = listeners.tell(rule, Left::some(purged));
        drop(listeners);
        if !heard {
            show_parked(&self.shared, &HashSet::from([rule.clone()])).await;
        }
        if purged > 0 {
            tracing::warn!(
                target: "ringback::callback",
                %rule,
                deliveries = purged,
                "parked deliveries were forgotten because somebody asked for it"
            );
        }
        Ok(purged)
    }
}
