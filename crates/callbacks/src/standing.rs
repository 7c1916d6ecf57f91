//! What has become of a delivery, read off what is durable: the rule's cursor, its rows and its gaps. Whoever asks why,
//! and whoever counts, ask here.

use std::collections::HashMap;

use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, Gap, GapReason, ParkReason};
use ringback_model::event::{Event, Lane};
use ringback_model::failure::Fault;
use ringback_model::ids::{LogPos, RuleId};
use ringback_model::ports::Progress;
use ringback_model::time::UnixMs;

use crate::dispatcher::lines::{marker_of, whole};
use crate::live::{LiveRule, LiveVersion};

/// Parked deliveries that are read at once.
const PARKED_PAGE: usize = 500;

/// What has become of one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was taken.
    Delivered,
    /// It has failed, and is tried again.
    Waiting {
        /// Attempts so far.
        attempts: u32,
        /// When next, at the earliest.
        due: UnixMs,
        /// What the last one ran into.
        error: String,
    },
    /// It waits in its lane for another delivery, which is this one.
    Behind(DeliveryKey),
    /// Its rule has not come to it yet.
    Ahead,
    /// It is kept, and not tried again by itself.
    Parked {
        /// Attempts so far.
        attempts: u32,
        /// Since when.
        at: UnixMs,
        /// Why.
        reason: ParkReason,
        /// What the last attempt ran into.
        error: String,
    },
    /// It was not taken and never will be.
    Gone {
        /// Why.
        reason: GapReason,
        /// Since when.
        at: UnixMs,
    },
}

/// How an event concerns a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Concern {
    /// The rule was made later.
    NotThere,
    /// It was off.
    Off,
    /// It is about other events.
    OtherEvents,
    /// A selector said no.
    Filtered {
        /// Which.
        selector: &'static str,
        /// To what.
        value: String,
    },
    /// Its contract has nothing to say about it.
    Skipped(&'static str),
    /// It means so many deliveries, 1 or more.
    Deliveries(u32),
}

impl LiveRule {
    /// The version that an event meets, and what comes of it.
    pub(crate) fn concern(&self, event: &Event) -> (Option<&LiveVersion>, Concern) {
        let first = self.versions.first().map_or(LogPos::ZERO, |first| first.since);
        let version = self.version_at(event.pos).filter(|_| event.pos > first);
        let Some(version) = version else { return (None, Concern::NotThere) };
        (Some(version), version.concern(event))
    }
}

impl LiveVersion {
    fn concern(&self, event: &Event) -> Concern {
        if !self.rule.enabled {
            return Concern::Off;
        }
        if !event.kind().is_some_and(|kind| self.kinds.contains(&kind)) {
            return Concern::OtherEvents;
        }
        if let Err(no) = self.selects(event.fact.facets(), event.fact.origin()) {
            return Concern::Filtered { selector: no.selector, value: no.value.into_owned() };
        }
        match self.contract.copies(&self.rule, event) {
            Err(skip) => Concern::Skipped(skip.0),
            Ok(0) => Concern::Skipped("it has no copies for anybody"),
            Ok(copies) => Concern::Deliveries(copies),
        }
    }
}

/// What a rule has written down, as far as it touches some events.
pub(crate) struct Books {
    /// As it was saved.
    cursor: LogPos,
    /// Where the rule's present run began: what lies between the two is not sent.
    started: LogPos,
    since: UnixMs,
    /// Deliveries that wait, and those that are parked.
    rows: HashMap<DeliveryKey, Standing>,
    /// Lanes that wait, and after which delivery.
    stuck: HashMap<Lane, DeliveryKey>,
    /// Gaps of one delivery.
    single: HashMap<DeliveryKey, (GapReason, UnixMs)>,
    /// The few others.
    wide: Vec<Gap>,
}

impl Books {
    /// Reads them for the events between two positions. What moves meanwhile is seen before or after its move, never
    /// in neither place.
    pub(crate) async fn read(
        store: &dyn Progress,
        live: &LiveRule,
        first: LogPos,
        last: LogPos,
    ) -> Result<Self, Fault> {
        let known = store.load(live.id()).await?;
        let began = live.versions.first().map_or(live.started, |first| first.since);
        let mut books = Self {
            cursor: known.as_ref().map_or(began, |known| known.cursor),
            started: live.started,
            since: live.since,
            rows: HashMap::new(),
            stuck: HashMap::new(),
            single: HashMap::new(),
            wide: Vec::new(),
        };
        let parked = parked_between(store, live.id(), first, last).await?;
        for row in known.unwrap_or_default().exceptions {
            books.add(&row);
        }
        // What waited a moment ago and is parked now is parked.
        books.rows.extend(parked);
        for gap in store.gaps(live.id(), first, last).await? {
            if gap.first == gap.last && gap.lane.is_none() {
                books.single.insert(gap.first, (gap.reason, gap.at));
            } else {
                books.wide.push(gap);
            }
        }
        Ok(books)
    }

    fn add(&mut self, row: &Exception) {
        let done = if row.state == ExceptionState::Resume { marker_of(row.key) } else { row.key };
        if !row.lane.0.is_empty() {
            let place = self.stuck.entry(row.lane.clone()).or_insert(done);
            *place = done.min(*place);
        }
        if let Some(standing) = standing_of(row) {
            self.rows.insert(row.key, standing);
        }
    }

    /// What a delivery waits for, if it waits for another attempt.
    pub(crate) fn waits(&self, key: DeliveryKey) -> Option<Standing> {
        self.rows.get(&key).filter(|standing| matches!(standing, Standing::Waiting { .. })).cloned()
    }

    /// Deliveries up to here that wait for another attempt, ascending.
    pub(crate) fn waiting_upto(&self, pos: LogPos) -> Vec<DeliveryKey> {
        let waits = |(key, standing): (&DeliveryKey, &Standing)| {
            (key.pos <= pos && matches!(standing, Standing::Waiting { .. })).then_some(*key)
        };
        let mut keys: Vec<DeliveryKey> = self.rows.iter().filter_map(waits).collect();
        keys.sort_unstable();
        keys
    }

    /// Whether any lane waits: then the lane of each delivery has to be known.
    pub(crate) fn any_stuck(&self) -> bool {
        !self.stuck.is_empty() || self.wide.iter().any(|gap| gap.lane.is_some())
    }

    /// What has become of a delivery; `lane` is its own where [`Books::any_stuck`], else any.
    pub(crate) fn standing(&self, key: DeliveryKey, lane: &Lane) -> Standing {
        if let Some(standing) = self.rows.get(&key) {
            return standing.clone();
        }
        if let Some((reason, at)) = self.single.get(&key) {
            return Standing::Gone { reason: *reason, at: *at };
        }
        if let Some(gap) = self.wide.iter().find(|gap| gap.holds(key, lane)) {
            return Standing::Gone { reason: gap.reason, at: gap.at };
        }
        if let Some(done) = self.stuck.get(lane).filter(|done| **done < key) {
            return Standing::Behind(*done);
        }
        if key.pos <= self.cursor {
            return Standing::Delivered;
        }
        // The rule's new task has not written it down yet.
        if key.pos <= self.started {
            return Standing::Gone { reason: GapReason::SwitchedOff, at: self.since };
        }
        Standing::Ahead
    }
}

/// What a row says of its delivery; its body is not kept. `None` for one that only marks a place.
fn standing_of(row: &Exception) -> Option<Standing> {
    let error = row.last_error.clone();
    match row.state {
        ExceptionState::Waiting { attempts, due } => Some(Standing::Waiting { attempts, due, error }),
        ExceptionState::Parked { attempts, at, reason } => {
            Some(Standing::Parked { attempts, at, reason, error })
        }
        ExceptionState::Resume => None,
    }
}

async fn parked_between(
    store: &dyn Progress,
    rule: &RuleId,
    first: LogPos,
    last: LogPos,
) -> Result<HashMap<DeliveryKey, Standing>, Fault> {
    let mut parked = HashMap::new();
    let mut after = Some(whole(LogPos(first.0.saturating_sub(1))));
    loop {
        let page = store.parked(rule, after, PARKED_PAGE).await?;
        let full = page.len() == PARKED_PAGE;
        after = page.last().map(|row| row.key);
        let beyond = after.is_none_or(|after| after.pos > last);
        let inside = page.iter().filter(|row| row.key.pos <= last);
        parked.extend(inside.filter_map(|row| Some((row.key, standing_of(row)?))));
        if !full || beyond {
            return Ok(parked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(pos: u64, copy: u32) -> DeliveryKey {
        DeliveryKey { pos: LogPos(pos), copy }
    }

    fn row(key: DeliveryKey, state: ExceptionState) -> Exception {
        Exception {
            key,
            lane: Lane("l".into()),
            state,
            since: UnixMs(0),
            last_error: "status 503".to_owned(),
            outbound: None,
        }
    }

    #[test]
    fn what_is_durable_says_what_has_become_of_each() {
        let parked = ExceptionState::Parked { attempts: 3, at: UnixMs(9), reason: ParkReason::Exhausted };
        let waiting = ExceptionState::Waiting { attempts: 2, due: UnixMs(7) };
        let mut books = Books {
            cursor: LogPos(20),
            started: LogPos(22),
            since: UnixMs(8),
            rows: HashMap::new(),
            stuck: HashMap::new(),
            single: HashMap::from([(key(2, 1), (GapReason::Banned, UnixMs(4)))]),
            wide: vec![Gap::whole(LogPos(15), LogPos(16), GapReason::SwitchedOff, UnixMs(5))],
        };
        books.add(&row(key(5, 0), waiting));
        books.add(&Exception { lane: Lane("".into()), ..row(key(3, 0), parked) });
        assert_eq!(books.waiting_upto(LogPos(9)), [key(5, 0)]);
        let error = || "status 503".to_owned();
        let gone = |reason, at| Standing::Gone { reason, at: UnixMs(at) };
        let reason = ParkReason::Exhausted;
        for (pos, copy, lane, wanted) in [
            (1, 0, "l", Standing::Delivered),
            (2, 0, "l", Standing::Delivered),
            (2, 1, "l", gone(GapReason::Banned, 4)),
            (3, 0, "l", Standing::Parked { attempts: 3, at: UnixMs(9), reason, error: error() }),
            (5, 0, "l", Standing::Waiting { attempts: 2, due: UnixMs(7), error: error() }),
            (6, 0, "l", Standing::Behind(key(5, 0))),
            (6, 0, "other", Standing::Delivered),
            (16, 7, "other", gone(GapReason::SwitchedOff, 5)),
            (17, 0, "other", Standing::Delivered),
            (21, 0, "other", gone(GapReason::SwitchedOff, 8)),
            (23, 0, "other", Standing::Ahead),
            (21, 0, "l", Standing::Behind(key(5, 0))),
        ] {
            assert_eq!(books.standing(key(pos, copy), &Lane(lane.into())), wanted, "{pos}.{copy} of {lane}");
        }
    }
}
