//! What was asked of a store, when it was acknowledged, and what must therefore be there after the power went.

use std::collections::BTreeMap;
use std::sync::Arc;

use ringback_model::conversation::ConversationId;
use ringback_model::delivery::{DeliveryKey, Exception, ExceptionState, RuleVersion};
use ringback_model::event::Event;
use ringback_model::ids::RuleId;
use ringback_model::message::Message;
use ringback_model::rule::Rule;
use ringback_model::storage::{BanRecord, Bucket, ParkedCount};

use crate::seen::Seen;
use crate::world::message_of;

/// A state, and from which step on it may be there, from which on it must.
#[derive(Debug, Clone)]
struct Moment<T> {
    asked: usize,
    acknowledged: Option<usize>,
    state: T,
}

/// The states of one subject, in the order in which they were asked for.
#[derive(Debug, Clone)]
pub(crate) struct Timeline<T>(Vec<Moment<T>>);

impl<T> Timeline<T> {
    pub(crate) fn starting(state: T) -> Self {
        Self(vec![Moment { asked: 0, acknowledged: Some(0), state }])
    }

    /// Notes what will hold once the answer comes. Answers which moment that is.
    pub(crate) fn ask(&mut self, asked: usize, state: T) -> usize {
        self.0.push(Moment { asked, acknowledged: None, state });
        self.0.len() - 1
    }

    pub(crate) fn acknowledge(&mut self, moment: usize, position: usize) {
        self.0[moment].acknowledged = Some(position);
    }

    /// The newest state, acknowledged or not.
    pub(crate) fn newest(&self) -> &T {
        &self.0[self.0.len() - 1].state
    }

    /// States that may be there after this many steps: the last acknowledged one, and those asked for later.
    pub(crate) fn possible(&self, position: usize) -> impl Iterator<Item = &T> {
        let known = |moment: &Moment<T>| moment.acknowledged.is_some_and(|at| at <= position);
        let first = self.0.iter().rposition(known).unwrap_or(0);
        self.0[first..].iter().filter(move |moment| moment.asked <= position).map(|moment| &moment.state)
    }

    /// How many changes were acknowledged after this many steps.
    pub(crate) fn acknowledged(&self, position: usize) -> usize {
        self.0[1..].iter().filter(|moment| moment.acknowledged.is_some_and(|at| at <= position)).count()
    }
}

/// How far the commits have come: events, and witnesses (a user that each commit writes beside its events).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) tail: usize,
    pub(crate) witnesses: usize,
}

/// What one rule has on its books.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) cursor: u64,
    pub(crate) exceptions: BTreeMap<DeliveryKey, Exception>,
}

impl Books {
    pub(crate) fn is_parked(exception: &Exception) -> bool {
        matches!(exception.state, ExceptionState::Parked { .. })
    }
}

/// Where the log begins, and from which time on messages must be in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) start: u64,
    pub(crate) history_from: i64,
}

/// All that was asked of a store over its life.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    /// Every event that was ever asked for, in the order of the log, expired ones included.
    pub(crate) events: Vec<Arc<Event>>,
    pub(crate) witnesses: Vec<String>,
    pub(crate) written: Timeline<Written>,
    pub(crate) books: Timeline<BTreeMap<RuleId, Books>>,
    pub(crate) kept: Timeline<Kept>,
    pub(crate) ban: Timeline<BanRecord>,
    pub(crate) shelf: Timeline<Vec<Rule>>,
    pub(crate) versions: Timeline<Vec<RuleVersion>>,
    pub(crate) retries: Timeline<u32>,
}

/// Says no with a reason unless something holds.
macro_rules! ensure {
    ($holds:expr, $($reason:tt)*) => {
        if !$holds {
            return Err(format!($($reason)*));
        }
    };
}

impl Ledger {
    /// Of a store that was never used.
    pub(crate) fn new() -> Self {
        Self {
            events: Vec::new(),
            witnesses: Vec::new(),
            written: Timeline::starting(Written { tail: 0, witnesses: 0 }),
            books: Timeline::starting(BTreeMap::new()),
            kept: Timeline::starting(Kept { start: 1, history_from: i64::MIN }),
            ban: Timeline::starting(BanRecord::default()),
            shelf: Timeline::starting(Vec::new()),
            versions: Timeline::starting(Vec::new()),
            retries: Timeline::starting(0),
        }
    }

    /// Goes on with what was found after a power cut: all that was seen counts as acknowledged.
    pub(crate) fn resume(&self, seen: &Seen) -> Self {
        let written = Written { tail: seen.tail, witnesses: seen.users.len() };
        let kept = Kept { start: seen.start, history_from: self.kept.newest().history_from };
        Self {
            events: self.events[..written.tail].to_vec(),
            witnesses: self.witnesses[..written.witnesses].to_vec(),
            written: Timeline::starting(written),
            books: Timeline::starting(seen.books.clone()),
            kept: Timeline::starting(kept),
            ban: Timeline::starting(seen.ban.clone()),
            shelf: Timeline::starting(seen.shelf.clone()),
            versions: Timeline::starting(seen.versions.clone()),
            retries: Timeline::starting(seen.retries),
        }
    }

    /// Whether a store may look like this when the power went after this many steps.
    pub(crate) fn check(&self, seen: &Seen, position: usize) -> Result<(), String> {
        self.check_log(seen, position)?;
        self.check_history(seen)?;
        self.check_books(seen, position)?;
        let mut bans = self.ban.possible(position);
        ensure!(bans.any(|ban| *ban == seen.ban), "ban: {:?}", seen.ban);
        ensure!(self.shelf.possible(position).any(|shelf| *shelf == seen.shelf), "rules: {:?}", seen.shelf);
        ensure!(
            self.retries.possible(position).any(|known| *known == seen.retries),
            "retries: {}",
            seen.retries
        );
        self.check_versions(seen, position)
    }

    /// The log is what was asked for, in its order, as far as it goes, and it goes as far as was acknowledged.
    fn check_log(&self, seen: &Seen, position: usize) -> Result<(), String> {
        let possible: Vec<_> = self.written.possible(position).collect();
        let written = possible.iter().find(|written| written.tail == seen.tail);
        let Some(written) = written else {
            return Err(format!("the log ends at {}, possible are {possible:?}", seen.tail));
        };
        ensure!(
            seen.users == self.witnesses[..written.witnesses],
            "{} witnesses of {}: a commit is there in part",
            seen.users.len(),
            written.witnesses
        );
        let mut starts = self.kept.possible(position).map(|kept| kept.start);
        ensure!(starts.any(|start| start == seen.start), "the log begins at {}", seen.start);
        let first = usize::try_from(seen.start).unwrap() - 1;
        let expected = self.events.get(first.min(seen.tail)..seen.tail).unwrap_or_default();
        ensure!(seen.log == expected, "the log differs: {:?}, expected {expected:?}", seen.log);
        let highest = self.events[..seen.tail].iter().map(|event| message_of(event).id.0).max().unwrap_or(0);
        ensure!(seen.highest == highest, "the highest message is {}, not {highest}", seen.highest);
        Ok(())
    }

    /// Every conversation holds its messages once, without a gap, and none that the log does not know.
    fn check_history(&self, seen: &Seen) -> Result<(), String> {
        for (conversation, messages) in &seen.history {
            let stored = self.stored(conversation, seen.tail);
            let gone = stored.len().checked_sub(messages.len());
            let Some(gone) = gone else { return Err(format!("{conversation}: messages that nobody sent")) };
            let there = stored[gone..].iter().map(|(_, message)| message);
            ensure!(there.eq(messages.iter()), "{conversation}: {messages:?}");
            let from = self.kept.newest().history_from;
            ensure!(
                stored[..gone].iter().all(|(at, _)| *at < from),
                "{conversation}: messages are gone before their time"
            );
            let newest = stored.last().map_or(0, |(_, message)| message.seq);
            let told = seen.newest.get(conversation).copied().unwrap_or(newest);
            ensure!(told == newest, "{conversation}: the newest seq is {told}, not {newest}");
        }
        Ok(())
    }

    /// The messages of a conversation up to a position of the log, and when each was logged.
    fn stored(&self, conversation: &ConversationId, tail: usize) -> Vec<(i64, Arc<Message>)> {
        let all = self.events[..tail].iter().map(|event| (event.at.0, message_of(event)));
        all.filter(|(_, message)| message.handling.store && message.conversation() == *conversation).collect()
    }

    fn check_books(&self, seen: &Seen, position: usize) -> Result<(), String> {
        ensure!(self.books.possible(position).any(|books| *books == seen.books), "books: {:?}", seen.books);
        let mut counts: BTreeMap<(Bucket, RuleId), u64> = BTreeMap::new();
        for (rule, books) in &seen.books {
            for exception in books.exceptions.values() {
                if let ExceptionState::Parked { at, .. } = exception.state {
                    *counts.entry((Bucket::of(at), rule.clone())).or_default() += 1;
                }
            }
        }
        let counts = counts.into_iter().map(|((bucket, rule), count)| ParkedCount { rule, bucket, count });
        ensure!(counts.eq(seen.counts.iter().cloned()), "counts of parked ones: {:?}", seen.counts);
        Ok(())
    }

    /// A version leaves once the next one rules every event that is left, and not before.
    fn check_versions(&self, seen: &Seen, position: usize) -> Result<(), String> {
        let there = |known: &[RuleVersion]| {
            let newer = known.iter().skip(1).map(Some).chain([None]);
            let mut needed = known
                .iter()
                .zip(newer)
                .filter(|(_, newer)| newer.is_none_or(|newer| newer.since.0 >= seen.start));
            needed.all(|(version, _)| seen.versions.contains(version))
                && seen.versions.iter().all(|version| known.contains(version))
        };
        ensure!(self.versions.possible(position).any(|known| there(known)), "versions: {:?}", seen.versions);
        Ok(())
    }
}
