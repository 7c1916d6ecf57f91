//! Parked deliveries leave the store without their rule's doing: they are sent again, expire, or are purged. The
//! rule's task hears of it here, counts fewer, and lets lanes go on that were held by one of them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use ringback_model::delivery::DeliveryKey;
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::Progress;
use tokio::sync::Notify;

use super::lines::{LaneKey, Phase};
use super::runner::{Owned, Runner};
use crate::tail::RETRY_READ;

/// Keys that a notice holds; with more of them it only says that some are gone.
const KEYS: usize = 4096;
/// Parked deliveries looked at in one go.
const PAGE: usize = 64;

/// Parked deliveries that have left the store.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// How many.
    pub(crate) count: u64,
    /// Which.
    pub(crate) which: Which,
}

/// Which ones.
#[derive(Debug)]
pub(crate) enum Which {
    /// These.
    These(HashSet<DeliveryKey>),
    /// Nobody has kept a list: those that are no longer there.
    Any,
}

impl Default for Which {
    fn default() -> Self {
        Self::These(HashSet::new())
    }
}

impl Left {
    /// These ones.
    pub(crate) fn these(keys: HashSet<DeliveryKey>) -> Self {
        Self { count: u64::try_from(keys.len()).unwrap_or(u64::MAX), which: Which::These(keys) }
    }

    /// So many, of which nobody has kept a list.
    pub(crate) const fn some(count: u64) -> Self {
        Self { count, which: Which::Any }
    }

    fn add(&mut self, later: Self) {
        self.count = self.count.saturating_add(later.count);
        match (&mut self.which, later.which) {
            (Which::These(keys), Which::These(more)) if keys.len() + more.len() <= KEYS => keys.extend(more),
            (which, _) => *which = Which::Any,
        }
    }
}

/// What one rule's task has not heard yet. Notices that wait are added up.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    waiting: Mutex<Option<Left>>,
    wake: Notify,
}

impl Notices {
    fn tell(&self, left: Left) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().add(left);
        self.wake.notify_one();
    }

    fn take(&self) -> Option<Left> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The next one; dropping the future loses none.
    pub(super) async fn next(&self) -> Left {
        loop {
            if let Some(left) = self.take() {
                return left;
            }
            self.wake.notified().await;
        }
    }
}

/// The tasks that count parked deliveries. Whoever takes parked deliveries out of the store, and whoever begins to
/// count them, holds its lock meanwhile: so each removal is either seen in the count or told, and never both.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    by_rule: HashMap<RuleId, Weak<Notices>>,
}

impl Listeners {
    /// From now on this is who hears of the rule.
    pub(super) fn listen(&mut self, rule: &RuleId) -> Arc<Notices> {
        self.by_rule.retain(|_, notices| notices.strong_count() > 0);
        let notices = Arc::default();
        self.by_rule.insert(rule.clone(), Arc::downgrade(&notices));
        notices
    }

    /// Tells the rule's task. False where none is running.
    pub(crate) fn tell(&self, rule: &RuleId, left: Left) -> bool {
        let notices = self.by_rule.get(rule).and_then(Weak::upgrade);
        let heard = notices.is_some();
        if let Some(notices) = notices.filter(|_| left.count > 0) {
            notices.tell(left);
        }
        heard
    }
}

/// The answer to "which of these heads are still parked": those that are not.
pub(super) type Sweep = Owned<Option<HashSet<DeliveryKey>>>;

impl Runner {
    /// Parked deliveries of this rule have left the store.
    pub(super) fn parked_left(&mut self, left: Left) {
        self.parked = self.parked.saturating_sub(left.count);
        match left.which {
            Which::These(keys) => self.let_go(&keys),
            Which::Any => self.sweep = self.start_sweep(),
        }
    }

    /// The sweep is back; `None` where the store could not be read.
    pub(super) fn swept(&mut self, gone: Option<HashSet<DeliveryKey>>) {
        self.sweep = match gone {
            Some(gone) => {
                self.let_go(&gone);
                None
            }
            None => self.start_sweep(),
        };
    }

    /// Asks the store which heads of held lanes are gone; `None` where no lane is held.
    fn start_sweep(&self) -> Option<Sweep> {
        let held = self.lines.values().filter_map(|line| line.stuck.as_ref());
        let heads: Vec<DeliveryKey> =
            held.filter(|stuck| stuck.phase == Phase::Held).map(|stuck| stuck.done).collect();
        if heads.is_empty() {
            return None;
        }
        let (progress, rule) = (Arc::clone(&self.shared.progress), self.live.id().clone());
        let checkpoints = self.checkpoints.clone();
        Some(Box::pin(async move {
            // What was parked a moment ago must not be taken for gone because it is not written down yet.
            checkpoints.flush_until_saved().await;
            match still_parked(progress.as_ref(), &rule, &heads).await {
                Ok(parked) => Some(heads.into_iter().filter(|head| !parked.contains(head)).collect()),
                Err(fault) => {
                    tracing::error!(target: "ringback::callback", %rule, %fault, "parked deliveries could not be read");
                    tokio::time::sleep(RETRY_READ).await;
                    None
                }
            }
        }))
    }

    /// Lanes that were held by these go on.
    fn let_go(&mut self, gone: &HashSet<DeliveryKey>) {
        let freed: Vec<LaneKey> = self
            .lines
            .iter()
            .filter(|(_, line)| {
                line.stuck
                    .as_ref()
                    .is_some_and(|stuck| stuck.phase == Phase::Held && gone.contains(&stuck.done))
            })
            .map(|(lane, _)| lane.clone())
            .collect();
        for lane in freed {
            self.move_on(&lane);
        }
    }
}

/// Which of these deliveries of a rule are parked. Pages through what is parked around them, and leaps over the rest.
pub(super) async fn still_parked(
    progress: &dyn Progress,
    rule: &RuleId,
    keys: &[DeliveryKey],
) -> Result<HashSet<DeliveryKey>, Fault> {
    let mut asked: Vec<DeliveryKey> = keys.to_vec();
    asked.sort_unstable();
    let mut found = HashSet::new();
    let mut next = 0;
    while let Some(key) = asked.get(next) {
        let page = progress.parked(rule, before(*key), PAGE).await?;
        let full = page.len() == PAGE;
        let last = page.last().map(|exception| exception.key);
        let there: HashSet<DeliveryKey> = page.into_iter().map(|exception| exception.key).collect();
        let seen = asked.iter().skip(next).take_while(|key| !full || Some(**key) <= last).count();
        found.extend(asked.iter().skip(next).take(seen).filter(|key| there.contains(key)));
        // The page begins at the key or behind it, so at least one was seen; a store that errs must not hold us here.
        next += seen.max(1);
    }
    Ok(found)
}

/// The greatest key below this one; `None` = there is none.
const fn before(key: DeliveryKey) -> Option<DeliveryKey> {
    match (key.copy, key.pos.0) {
        (0, 0) => None,
        (0, pos) => Some(DeliveryKey { pos: LogPos(pos - 1), copy: u32::MAX }),
        (copy, _) => Some(DeliveryKey { pos: key.pos, copy: copy - 1 }),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use proptest::prelude::*;
    use ringback_model::delivery::{Exception, ExceptionState, Gap, ProgressChange, RuleProgress};
    use ringback_model::event::Lane;
    use ringback_model::ports::Fut;
    use ringback_model::time::UnixMs;

    use super::*;

    fn key(number: u64) -> DeliveryKey {
        DeliveryKey { pos: LogPos(number / 3), copy: u32::try_from(number % 3).unwrap() }
    }

    struct Shelf(Vec<DeliveryKey>);

    impl Progress for Shelf {
        fn load<'a>(&'a self, _: &'a RuleId) -> Fut<'a, Result<Option<RuleProgress>, Fault>> {
            Box::pin(async { Ok(None) })
        }

        fn save(&self, _: Vec<ProgressChange>) -> Fut<'_, Result<(), Fault>> {
            Box::pin(async { Ok(()) })
        }

        fn gaps<'a>(&'a self, _: &'a RuleId, _: LogPos, _: LogPos) -> Fut<'a, Result<Vec<Gap>, Fault>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn parked<'a>(
            &'a self,
            _: &'a RuleId,
            after: Option<DeliveryKey>,
            limit: usize,
        ) -> Fut<'a, Result<Vec<Exception>, Fault>> {
            let parked = |key: &DeliveryKey| Exception {
                key: *key,
                lane: Lane("l".into()),
                state: ExceptionState::Resume,
                since: UnixMs(0),
                last_error: String::new(),
                outbound: None,
            };
            let there = self.0.iter().filter(move |key| after.is_none_or(|after| **key > after));
            let page = there.take(limit).map(parked).collect();
            Box::pin(async { Ok(page) })
        }
    }

    #[test]
    fn notices_add_up_and_none_is_lost() {
        let rule = RuleId::new("r");
        let mut listeners = Listeners::default();
        let old = listeners.listen(&rule);
        let notices = listeners.listen(&rule);
        assert!(listeners.tell(&rule, Left::these(HashSet::from([key(1)]))));
        assert!(listeners.tell(&rule, Left::these(HashSet::from([key(2), key(3)]))));
        assert!(!listeners.tell(&RuleId::new("other"), Left::some(9)));
        let left = notices.next().now_or_never().unwrap();
        assert_eq!(left.count, 3);
        assert!(matches!(left.which, Which::These(keys) if keys.len() == 3));
        assert!(notices.next().now_or_never().is_none());
        listeners.tell(&rule, Left::these(HashSet::from([key(1)])));
        listeners.tell(&rule, Left::some(5));
        let left = notices.next().now_or_never().unwrap();
        assert!(left.count == 6 && matches!(left.which, Which::Any));
        listeners.tell(&rule, Left::these((0..5000).map(key).collect()));
        let left = notices.next().now_or_never().unwrap();
        assert!(left.count == 5000 && matches!(left.which, Which::Any), "too many to keep");
        assert!(old.next().now_or_never().is_none(), "the newest listens");
    }

    proptest! {
        #[test]
        fn still_parked_says_what_is_there(
            parked in prop::collection::btree_set(0u64..2000, 0..400),
            asked in prop::collection::vec(0u64..2000, 0..100),
        ) {
            let shelf = Shelf(parked.iter().copied().map(key).collect());
            let asked: Vec<DeliveryKey> = asked.into_iter().map(key).collect();
            let found = still_parked(&shelf, &RuleId::new("r"), &asked).now_or_never().unwrap().unwrap();
            let expected: HashSet<DeliveryKey> =
                asked.iter().copied().filter(|key| shelf.0.contains(key)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
