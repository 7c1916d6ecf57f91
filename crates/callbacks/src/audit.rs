//! Counts what became of every event of the log, rule by rule and conversation by conversation, and says what was not
//! delivered and why. Reads page by page beside the traffic; nothing is changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use ringback_model::delivery::{DeliveryKey, ExceptionState, Gap, GapReason};
use ringback_model::event::{Event, Lane, Phase};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId, Seq};
use ringback_model::limits;
use ringback_model::time::UnixMs;

use crate::engine::Engine;
use crate::live::LiveRule;
use crate::standing::{Books, Concern, Standing};

/// Events read at once.
const READ_EVENTS: usize = 256;
/// Parked deliveries read at once.
const PARKED_PAGE: usize = 500;

/// Which part of the log is looked at.
#[derive(Debug, Clone, Default)]
pub struct AuditOrder {
    /// One rule; `None` = all that are told of events.
    pub rule: Option<RuleId>,
    /// Events after this position.
    pub after: LogPos,
    /// Also what is still known of events that have left the log.
    pub before_log: bool,
    /// Up to this one; `None` = to the end of the log as it is now.
    pub upto: Option<LogPos>,
    /// Events of one page at most; [`limits::AUDIT_EVENTS`] at most.
    pub limit: usize,
}

/// What became of a part of the log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditPage {
    /// Events that were looked at.
    pub events: u64,
    /// The last of them; where there were none, where looking began.
    pub last: LogPos,
    /// Where the audit ends; to be named for the next page.
    pub upto: LogPos,
    /// There are more pages.
    pub more: bool,
    /// Each rule's sums and what it has not delivered.
    pub rules: Vec<RuleAudit>,
    /// Each conversation, or other lane, of the page.
    pub lanes: Vec<LaneAudit>,
    /// Positions that the log should hold and does not: first and last.
    pub holes: Vec<(LogPos, LogPos)>,
}

/// One rule in a part of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleAudit {
    /// Which.
    pub rule: RuleId,
    /// What people call it.
    pub name: String,
    /// Its id is not that of a rule that is there.
    pub gone: bool,
    /// How many of what: deliveries where it was concerned, else events.
    pub sums: BTreeMap<Sum, u64>,
    /// What was not delivered, in stretches of the same kind in one lane.
    pub open: Vec<Stretch>,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sum {
    /// What became of it.
    pub fate: Fate,
    /// Which selector, why, in which words; empty where there is nothing to add.
    pub detail: String,
}

macro_rules! fates {
    ($($(#[$doc:meta])* $fate:ident $name:literal),* $(,)?) => {
        /// What became of an event, or of a delivery of it, for one rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fate {
            $($(#[$doc])* $fate,)*
        }

        impl Fate {
            /// All of them.
            pub const ALL: [Self; [$(Self::$fate),*].len()] = [$(Self::$fate),*];

            /// Stable name, for the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$fate => $name,)*
                }
            }
        }
    };
}

fates! {
    /// Deliveries that were taken.
    Delivered "delivered",
    /// Events to which a selector said no.
    Filtered "filtered",
    /// Events about which the contract has no callback.
    Skipped "skipped",
    /// Events of other kinds.
    OtherEvents "other_events",
    /// Events from before the rule was made.
    NotThere "not_there",
    /// Events while the rule was off, and deliveries that it had not made when it was switched off.
    Off "off",
    /// Deliveries that the rule has not come to yet.
    Ahead "ahead",
    /// Deliveries that wait for another attempt.
    Waiting "waiting",
    /// Deliveries that wait in their lane for another one.
    Behind "behind",
    /// Deliveries that are kept and not tried again by themselves.
    Parked "parked",
    /// Deliveries that a policy gave up.
    Dropped "dropped",
    /// Deliveries that were parked and thrown away by an administrator.
    Purged "purged",
    /// Deliveries, or events, that were kept as long as anything is, and never sent.
    Expired "expired",
    /// Whatever has no explanation.
    Unaccounted "unaccounted",
}

impl Fate {
    /// Nothing is wrong with it, and nothing is left to do.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Delivered | Self::Filtered | Self::Skipped | Self::OtherEvents | Self::NotThere | Self::Off
        )
    }

    /// It is lost, and nobody has said that it may be.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!(self, Self::Expired | Self::Unaccounted)
    }
}

/// Deliveries of one lane, one behind the other, with the same fate.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Which lane; empty = of several, or not known any more.
    pub lane: Lane,
    /// What became of them, and why.
    pub sum: Sum,
    /// First event.
    pub first: LogPos,
    /// Last event.
    pub last: LogPos,
    /// Number of the first message in its conversation; 0 = it has none.
    pub first_seq: Seq,
    /// And of the last.
    pub last_seq: Seq,
    /// Deliveries; of events that have left the log unseen, events.
    pub count: u64,
}

/// One lane in a part of the log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LaneAudit {
    /// Its name.
    pub lane: String,
    /// Events.
    pub events: u64,
    /// Number of its first message that is kept; 0 = there is none.
    pub first_seq: Seq,
    /// And of its last.
    pub last_seq: Seq,
    /// Numbers that are missing between the two: first and last.
    pub missing: Vec<(Seq, Seq)>,
    /// Deliveries that were taken.
    pub delivered: u64,
    /// Deliveries that were not.
    pub open: u64,
}

impl Engine {
    /// One page of an audit.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn audit(&self, order: AuditOrder) -> Result<AuditPage, Fault> {
        // What was delivered a moment ago counts.
        self.checkpoints.flush().await;
        let log = self.shared.log.as_ref();
        let upto = order.upto.unwrap_or(LogPos(u64::MAX)).min(log.tail());
        let begin = LogPos(order.after.0.max(log.start().0.saturating_sub(1)));
        let events = self.events_after(begin, upto, order.limit.clamp(1, limits::AUDIT_EVENTS)).await?;
        let last = events.last().map_or(begin.max(order.after), |event| event.pos);
        let mut page = AuditPage { events: events.len() as u64, last, upto, ..AuditPage::default() };
        page.more = !events.is_empty() && last < upto;
        page.holes = holes(begin, &events, if page.more { last } else { upto });
        // What has left the log meanwhile is no hole.
        let start = log.start();
        page.holes.retain(|(_, last)| *last >= start);
        let mut lanes = Lanes::new(&events);
        for (live, gone) in self.told_rules(order.rule.as_ref()).await {
            let mut counting = Counting::new(&live, gone);
            if order.before_log {
                self.count_before(&live, begin, &mut counting).await?;
            }
            if !events.is_empty() {
                let first = begin.next();
                let books = Books::read(self.shared.progress.as_ref(), &live, first, last).await?;
                for some in events.chunks(READ_EVENTS) {
                    some.iter().for_each(|event| counting.count(event, &books, &mut lanes));
                    // Others on this thread have their turn.
                    tokio::task::yield_now().await;
                }
            }
            page.rules.extend(counting.done());
        }
        page.lanes = lanes.done();
        Ok(page)
    }

    /// Position of the last event that was committed before this instant.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn position_at(&self, at: UnixMs) -> Result<LogPos, Fault> {
        self.shared.log.position_at(at).await
    }

    async fn events_after(
        &self,
        begin: LogPos,
        upto: LogPos,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, Fault> {
        let (mut events, mut after) = (Vec::new(), begin);
        while events.len() < limit && after < upto {
            let most = READ_EVENTS.min(limit - events.len());
            let read = self.shared.log.read(after, most).await?;
            let Some(last) = read.last() else { break };
            after = last.pos;
            events.extend(read.into_iter().filter(|event| event.pos <= upto));
        }
        Ok(events)
    }

    /// After-rules, those that are gone included; whether they are.
    async fn told_rules(&self, only: Option<&RuleId>) -> Vec<(Arc<LiveRule>, bool)> {
        let in_use: BTreeSet<RuleId> = self.in_use().rules.iter().map(|live| live.id().clone()).collect();
        let rules = self.rules_for_why().await.into_iter();
        rules
            .filter(|live| live.rule.phase == Phase::After && only.is_none_or(|only| live.id() == only))
            .map(|live| (Arc::clone(&live), !in_use.contains(live.id())))
            .collect()
    }

    /// Counts what is still known of events that have left the log.
    async fn count_before(
        &self,
        live: &LiveRule,
        begin: LogPos,
        counting: &mut Counting<'_>,
    ) -> Result<(), Fault> {
        let store = self.shared.progress.as_ref();
        for gap in store.gaps(live.id(), LogPos(1), begin).await? {
            counting.count_gap(&gap, begin);
        }
        let books = Books::read(store, live, LogPos(1), LogPos(1)).await?;
        for key in books.waiting_upto(begin) {
            let sum = Sum { fate: Fate::Waiting, detail: String::new() };
            counting.add(sum, &Lane("".into()), key.pos, 0, 1);
        }
        let mut after = None;
        loop {
            let page = store.parked(live.id(), after, PARKED_PAGE).await?;
            let full = page.len() == PARKED_PAGE;
            after = page.last().map(|row| row.key);
            for row in page.iter().filter(|row| row.key.pos <= begin) {
                if let ExceptionState::Parked { reason, .. } = row.state {
                    let sum = Sum { fate: Fate::Parked, detail: reason.name().to_owned() };
                    counting.add(sum, &row.lane, row.key.pos, 0, 1);
                }
            }
            if !full || after.is_none_or(|after| after.pos > begin) {
                return Ok(());
            }
        }
    }
}

/// Positions after `begin` and up to `last` that none of the events has.
fn holes(begin: LogPos, events: &[Arc<Event>], last: LogPos) -> Vec<(LogPos, LogPos)> {
    let mut holes = Vec::new();
    let mut expected = begin.next();
    for event in events {
        if event.pos > expected {
            holes.push((expected, LogPos(event.pos.0 - 1)));
        }
        expected = event.pos.next();
    }
    if expected <= last {
        holes.push((expected, last));
    }
    holes
}

/// One rule's counts as they grow.
struct Counting<'a> {
    live: &'a LiveRule,
    gone: bool,
    sums: BTreeMap<Sum, u64>,
    open: Vec<Stretch>,
    /// Where in `open` the newest stretch of a lane stands.
    newest: HashMap<Lane, usize>,
}

impl<'a> Counting<'a> {
    fn new(live: &'a LiveRule, gone: bool) -> Self {
        Self { live, gone, sums: BTreeMap::new(), open: Vec::new(), newest: HashMap::new() }
    }

    fn count(&mut self, event: &Event, books: &Books, lanes: &mut Lanes) {
        let (version, concern) = self.live.concern(event);
        let (Concern::Deliveries(copies), Some(version)) = (&concern, version) else {
            *self.sums.entry(unconcerned(&concern)).or_default() += 1;
            return;
        };
        for copy in 0..*copies {
            let key = DeliveryKey { pos: event.pos, copy };
            let recipient = books
                .any_stuck()
                .then(|| version.contract.delivery(&version.rule, event, copy)?.recipient)
                .flatten();
            let lane = match &recipient {
                Some(user) => event.lane.of_recipient(user),
                None => event.lane.clone(),
            };
            let sum = match fate(&books.standing(key, &lane)) {
                // Nobody is on the way there.
                sum if sum.fate == Fate::Ahead && !self.live.rule.enabled => gone(GapReason::SwitchedOff),
                sum => sum,
            };
            let delivered = sum.fate == Fate::Delivered;
            lanes.delivery(&event.lane, delivered);
            if delivered {
                *self.sums.entry(sum).or_default() += 1;
                // What comes later in the lane is another stretch.
                self.newest.remove(&event.lane);
            } else {
                let seq = event.sent().map_or(0, |sent| sent.message.seq);
                self.add(sum, &event.lane, event.pos, seq, 1);
            }
        }
    }

    /// Something that has left the log.
    fn count_gap(&mut self, gap: &Gap, begin: LogPos) {
        let last = gap.last.pos.min(begin);
        let sum = gone(gap.reason);
        // How many a lane has lost is not known: it is at least one.
        let one = gap.first == gap.last || gap.lane.is_some();
        let count = if one { 1 } else { (last.0 + 1).saturating_sub(gap.first.pos.0) };
        if gap.reason == GapReason::SwitchedOff {
            *self.sums.entry(sum).or_default() += count;
            return;
        }
        let lane = gap.lane.clone().unwrap_or_else(|| Lane("".into()));
        self.add(sum.clone(), &lane, gap.first.pos, 0, count);
        let newest = self.newest.get(&lane).and_then(|place| self.open.get_mut(*place));
        if let Some(stretch) = newest.filter(|stretch| stretch.sum == sum) {
            stretch.last = stretch.last.max(last);
        }
    }

    fn add(&mut self, sum: Sum, lane: &Lane, pos: LogPos, seq: Seq, count: u64) {
        *self.sums.entry(sum.clone()).or_default() += count;
        if sum.fate.is_settled() {
            return;
        }
        let known = self.newest.get(lane).copied();
        if let Some(stretch) = known.and_then(|place| self.open.get_mut(place)).filter(|it| it.sum == sum) {
            stretch.first = stretch.first.min(pos);
            stretch.last = stretch.last.max(pos);
            stretch.last_seq = stretch.last_seq.max(seq);
            stretch.count += count;
            return;
        }
        self.newest.insert(lane.clone(), self.open.len());
        self.open.push(Stretch {
            lane: lane.clone(),
            sum,
            first: pos,
            last: pos,
            first_seq: seq,
            last_seq: seq,
            count,
        });
    }

    /// A rule that is gone and had nothing to do with any of it is not mentioned.
    fn done(self) -> Option<RuleAudit> {
        let idle = |sum: &Sum| matches!(sum.fate, Fate::NotThere | Fate::Off | Fate::OtherEvents);
        if self.gone && self.sums.keys().all(idle) {
            return None;
        }
        let rule = &self.live.rule;
        let name = rule.name.clone();
        Some(RuleAudit { rule: rule.id.clone(), name, gone: self.gone, sums: self.sums, open: self.open })
    }
}

fn unconcerned(concern: &Concern) -> Sum {
    let (fate, detail) = match concern {
        Concern::NotThere => (Fate::NotThere, String::new()),
        Concern::Off => (Fate::Off, String::new()),
        Concern::OtherEvents => (Fate::OtherEvents, String::new()),
        Concern::Filtered { selector, .. } => (Fate::Filtered, (*selector).to_owned()),
        Concern::Skipped(why) => (Fate::Skipped, (*why).to_owned()),
        // A version is there whenever there are deliveries.
        Concern::Deliveries(_) => (Fate::Unaccounted, "no version of the rule is known".to_owned()),
    };
    Sum { fate, detail }
}

fn fate(standing: &Standing) -> Sum {
    let (fate, detail) = match standing {
        Standing::Delivered => (Fate::Delivered, ""),
        Standing::Waiting { .. } => (Fate::Waiting, ""),
        Standing::Behind(_) => (Fate::Behind, ""),
        Standing::Ahead => (Fate::Ahead, ""),
        Standing::Parked { reason, .. } => (Fate::Parked, reason.name()),
        Standing::Gone { reason, .. } => return gone(*reason),
    };
    Sum { fate, detail: detail.to_owned() }
}

fn gone(reason: GapReason) -> Sum {
    let fate = match reason {
        GapReason::Exhausted | GapReason::Banned => Fate::Dropped,
        GapReason::SwitchedOff => Fate::Off,
        GapReason::LeftLog | GapReason::ParkedTooLong => Fate::Expired,
        GapReason::Purged => Fate::Purged,
        GapReason::Unrendered => Fate::Unaccounted,
    };
    Sum { fate, detail: reason.name().to_owned() }
}

/// Lanes of a page as they are counted.
struct Lanes(BTreeMap<Lane, LaneAudit>);

impl Lanes {
    fn new(events: &[Arc<Event>]) -> Self {
        let mut lanes: BTreeMap<Lane, LaneAudit> = BTreeMap::new();
        for event in events {
            let lane = lanes.entry(event.lane.clone()).or_default();
            lane.events += 1;
            let seq = event.sent().map_or(0, |sent| sent.message.seq);
            if seq == 0 {
                continue;
            }
            if lane.first_seq == 0 {
                lane.first_seq = seq;
            } else if seq > lane.last_seq + 1 {
                lane.missing.push((lane.last_seq + 1, seq - 1));
            }
            lane.last_seq = lane.last_seq.max(seq);
        }
        Self(lanes)
    }

    fn delivery(&mut self, lane: &Lane, delivered: bool) {
        let Some(lane) = self.0.get_mut(lane) else { return };
        *(if delivered { &mut lane.delivered } else { &mut lane.open }) += 1;
    }

    fn done(self) -> Vec<LaneAudit> {
        let named = |(lane, audit): (Lane, LaneAudit)| LaneAudit { lane: lane.to_string(), ..audit };
        self.0.into_iter().map(named).collect()
    }
}
