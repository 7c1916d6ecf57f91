//! What the store in memory holds.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::delivery::{DeliveryKey, Exception, Gap, RuleVersion};
use ringback_model::event::{Event, Lane};
use ringback_model::group::{Group, Member};
use ringback_model::ids::{GroupId, LogPos, MessageId, RuleId, Seq, UserId};
use ringback_model::message::Message;
use ringback_model::ports::StoredRange;
use ringback_model::record::{Record, RecordKey};
use ringback_model::rule::Rule;
use ringback_model::secret::Secret;
use ringback_model::storage::BanRecord;
use ringback_model::time::UnixMs;
use ringback_model::user::{Block, TokenRecord, User};
use ringback_model::version::Touch;

use crate::settings::{StoreSettings, millis};
use crate::shape::{Birth, SendKey};

/// A user id in the form under which it is unique.
pub(super) type Folded = String;

#[derive(Default)]
pub(super) struct State {
    pub(super) closed: bool,
    pub(super) users: BTreeMap<Folded, User>,
    /// Hashes by user.
    pub(super) passwords: BTreeMap<Folded, Secret>,
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) rosters: BTreeMap<GroupId, Roster>,
    /// By owner and blocked user.
    pub(super) blocks: BTreeMap<(Folded, Folded), Block>,
    /// By user and token id.
    pub(super) tokens: BTreeMap<(Folded, String), TokenRecord>,
    pub(super) conversations: BTreeMap<ConversationId, Conversation>,
    pub(super) views: BTreeMap<(Folded, ConversationId), View>,
    pub(super) sends: HashMap<SendKey, (UnixMs, Arc<Message>)>,
    /// Dense; the first one is the oldest that is kept for rules.
    pub(super) log: VecDeque<Logged>,
    pub(super) lanes: HashMap<Lane, VecDeque<LogPos>>,
    pub(super) log_bytes: u64,
    pub(super) tail: LogPos,
    pub(super) last_at: UnixMs,
    pub(super) highest: Option<MessageId>,
    pub(super) progress: BTreeMap<RuleId, RuleState>,
    pub(super) versions: BTreeMap<(RuleId, u64), RuleVersion>,
    /// How often slices were sent again, by date key; and when last.
    pub(super) slice_retries: BTreeMap<String, (u32, UnixMs)>,
    pub(super) ban: BanRecord,
    /// In the order of first keeping.
    pub(super) kept: Vec<Rule>,
    pub(super) records: BTreeMap<RecordKey, Record>,
    /// By [`ringback_model::version::VersionLog::key`].
    pub(super) lists: HashMap<String, List>,
    pub(super) birth: Birth,
}

/// What changed in a list.
#[derive(Default)]
pub(super) struct List {
    /// How often it changed.
    pub(super) number: u64,
    /// Each changed element, in which change, and how.
    pub(super) changes: BTreeMap<String, (u64, Touch)>,
}

impl Default for Birth {
    fn default() -> Self {
        // Each store in memory is another database.
        Self(RandomState::new().hash_one(0))
    }
}

/// An event, and what it counts for the bound on the log's size.
pub(super) struct Logged {
    pub(super) event: Arc<Event>,
    pub(super) bytes: u64,
}

/// The members of a group by folded id, and the same as the list that senders get.
#[derive(Default)]
pub(super) struct Roster {
    pub(super) members: BTreeMap<Folded, Member>,
    pub(super) ids: Arc<[UserId]>,
}

#[derive(Default)]
pub(super) struct Conversation {
    pub(super) max_seq: Seq,
    pub(super) newest_at: UnixMs,
    pub(super) messages: BTreeMap<Seq, (UnixMs, Arc<Message>)>,
}

/// One user's view of a conversation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct View {
    pub(super) read_seq: Seq,
    pub(super) min_seq: Seq,
    /// Where the view of a user who left ends: seq and time of the newest message then.
    pub(super) end: Option<(Seq, UnixMs)>,
}

/// Where a gap begins, its lane, and where it ends.
pub(super) type GapKey = (DeliveryKey, Option<Lane>, LogPos);

pub(super) fn gap_key(gap: &Gap) -> GapKey {
    (gap.first, gap.lane.clone(), gap.last.pos)
}

#[derive(Default)]
pub(super) struct RuleState {
    pub(super) cursor: LogPos,
    pub(super) exceptions: BTreeMap<DeliveryKey, Exception>,
    /// By where they begin and end, and the lane that they are about.
    pub(super) gaps: BTreeMap<GapKey, Gap>,
}

impl State {
    pub(super) fn start(&self) -> LogPos {
        self.log.front().map_or_else(|| self.tail.next(), |first| first.event.pos)
    }

    /// Where in the log an event stands that is still kept.
    pub(super) fn event(&self, pos: LogPos) -> Option<&Arc<Event>> {
        let index = usize::try_from(pos.0.checked_sub(self.start().0)?).ok()?;
        self.log.get(index).map(|logged| &logged.event)
    }

    /// Index of the first event after a position.
    pub(super) fn index_after(&self, after: LogPos) -> usize {
        usize::try_from(after.next().0.saturating_sub(self.start().0))
            .unwrap_or(usize::MAX)
            .min(self.log.len())
    }

    pub(super) fn conversation_state(&self, user: &str, id: &ConversationId) -> Option<ConversationState> {
        let view = self.views.get(&(user.to_owned(), id.clone()))?;
        let newest =
            self.conversations.get(id).map_or((0, UnixMs(0)), |known| (known.max_seq, known.newest_at));
        let (max_seq, newest_at) = view.end.unwrap_or(newest);
        Some(ConversationState {
            conversation: id.clone(),
            max_seq,
            read_seq: view.read_seq.min(max_seq),
            min_seq: view.min_seq,
            newest_at,
            ended: view.end.is_some(),
        })
    }

    /// Stored messages, ascending; of more than fit, the newest.
    pub(super) fn range(&self, asked: &StoredRange) -> Vec<Arc<Message>> {
        let Some(conversation) = self.conversations.get(&asked.conversation) else { return Vec::new() };
        if asked.first > asked.last {
            return Vec::new();
        }
        let newest_first = conversation.messages.range(asked.first..=asked.last).rev().take(asked.limit);
        let mut messages: Vec<_> = newest_first.map(|(_, (_, message))| message.clone()).collect();
        messages.reverse();
        messages
    }

    /// Events committed before `at`; their number is also the index of the first later one.
    pub(super) fn older_than(&self, at: UnixMs) -> usize {
        self.log.partition_point(|logged| logged.event.at < at)
    }

    /// Lets old events leave the log, then forgets what only they needed. Answers how many left.
    pub(super) fn expire(&mut self, now: UnixMs, settings: &StoreSettings) -> u64 {
        let keep_from = UnixMs(now.0.saturating_sub(millis(settings.log_keep)));
        let mut gone = 0;
        for _ in 0..self.older_than(keep_from) {
            gone += u64::from(self.drop_first());
        }
        while settings.log_max_bytes.is_some_and(|most| self.log_bytes > most) && self.drop_first() {
            gone += 1;
        }
        // By the log's own time: `now` may be taken back by the next commit, the log's time cannot.
        self.sends.retain(|_, (at, _)| crate::shape::inside_window(*at, self.last_at));
        if let Some(keep) = settings.history_keep {
            for conversation in self.conversations.values_mut() {
                conversation.messages.retain(|_, (at, _)| now.since(*at) <= keep);
            }
        }
        self.prune_versions();
        let start = self.start();
        for known in self.progress.values_mut() {
            known.gaps.retain(|_, gap| gap.at >= keep_from || gap.last.pos >= start);
        }
        gone
    }

    fn drop_first(&mut self) -> bool {
        let Some(first) = self.log.pop_front() else { return false };
        self.log_bytes = self.log_bytes.saturating_sub(first.bytes);
        if let Some(lane) = self.lanes.get_mut(&first.event.lane) {
            lane.pop_front();
            if lane.is_empty() {
                self.lanes.remove(&first.event.lane);
            }
        }
        true
    }

    /// A version is needed by the events up to the next version's `since`.
    fn prune_versions(&mut self) {
        let start = self.start();
        let replaced: Vec<_> = self
            .versions
            .iter()
            .zip(self.versions.iter().skip(1))
            .filter(|((this, _), (next, newer))| this.0 == next.0 && newer.since < start)
            .map(|((key, _), _)| key.clone())
            .collect();
        for key in replaced {
            self.versions.remove(&key);
        }
    }
}
