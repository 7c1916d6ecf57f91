//! Reading: seqs and messages, in a user's own view. Nothing is read conversation by conversation where many are
//! asked for: users have thousands of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ringback_model::command::{
    Actor, ChatOutcome, ConversationRef, Outcome, PullOrder, Pulled, SeqList, SeqRange,
};
use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::{Seq, UserId};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::ports::StoredRange;
use ringback_model::record::{Receipt, Record, RecordKey, Seen};
use ringback_model::time::UnixMs;

use crate::{Im, at_most, only_self};

/// Messages of one conversation that are looked through for one that was not deleted.
const LOOK_BACK: usize = 100;

impl Im {
    pub(crate) async fn newest_seqs(&self, actor: &Actor, user: &UserId) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        let listed = self.listed_all(user).await?;
        let asides = listed.iter().filter(|one| !one.state.ended).map(|one| one.state.conversation.aside());
        let own = ConversationId::AsideSingle(user.clone(), user.clone());
        let asides: BTreeSet<ConversationId> = asides.chain([own]).collect();
        let asides: Vec<ConversationId> = asides.into_iter().collect();
        let newest = self.store.newest(&asides).await?;
        let chats = listed.into_iter().map(|one| (one.state.conversation, one.state.max_seq));
        let all = chats.chain(asides.into_iter().zip(newest));
        Ok(Outcome::Seqs(all.filter(|(_, seq)| *seq > 0).collect()))
    }

    pub(crate) async fn read_seqs(
        &self,
        actor: &Actor,
        user: &UserId,
        conversations: Vec<ConversationRef>,
        with_pinned: bool,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        at_most("conversationIDs", conversations.len(), limits::LIST_ITEMS)?;
        let all =
            if conversations.is_empty() || with_pinned { self.listed_all(user).await? } else { Vec::new() };
        let pinned = all.iter().filter(|one| with_pinned && one.settings.pinned);
        let pinned = pinned.map(|one| one.state.conversation.clone()).collect();
        let states = if conversations.is_empty() {
            all.into_iter().map(|one| (None, one.state)).collect()
        } else {
            let known = self.views(user, conversations.iter().map(|name| name.id.as_ref())).await?;
            let named = conversations.into_iter().zip(known);
            named.filter_map(|(name, state)| Some((Some(name.text), state?))).collect()
        };
        Ok(Outcome::OfChat(ChatOutcome::ReadSeqs { states, pinned }))
    }

    pub(crate) async fn pull_ranges(
        &self,
        actor: &Actor,
        user: &UserId,
        ranges: Vec<SeqRange>,
        order: PullOrder,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        at_most("seqRanges", ranges.len(), limits::LIST_ITEMS)?;
        let views = self.views(user, ranges.iter().map(|range| range.conversation.id.as_ref())).await?;
        let asked: Vec<StoredRange> =
            ranges.iter().zip(&views).filter_map(|(range, view)| window(range, view.as_ref()?)).collect();
        let found = self.store.ranges(&asked, limits::PULL_MESSAGES).await?;
        let mut budget = Budget::default();
        let mut shelves: Vec<Shelf> = Vec::with_capacity(asked.len());
        for (range, mut messages) in asked.into_iter().zip(found) {
            // Of a range that had no room, what lies below the first message is not known to be missing.
            let full = messages.len() >= budget.messages;
            hide_from(user, &mut messages);
            let cut = budget.spend(&mut messages) || full;
            let known_from = if cut { messages.first().map(|first| first.seq) } else { Some(range.first) };
            let gaps = known_from.map_or_else(Vec::new, |from| {
                let there: BTreeSet<Seq> = messages.iter().map(|message| message.seq).collect();
                (from..=range.last).filter(|seq| !there.contains(seq)).take(budget.messages).collect()
            });
            budget.messages -= gaps.len();
            shelves.push(Shelf { conversation: range.conversation, messages, gaps, cut });
        }
        let mut shelves = self.seen(user, shelves).await?.into_iter();
        let mut pulled = Vec::with_capacity(ranges.len());
        for (range, view) in ranges.into_iter().zip(views) {
            let Some(view) = view else {
                pulled.push(nothing(range.conversation.text));
                continue;
            };
            let shelf = if window(&range, &view).is_some() { shelves.next() } else { None };
            let (messages, gaps, cut) = shelf.unwrap_or_default();
            let is_end = match order {
                PullOrder::Ascending => view.max_seq <= range.end,
                PullOrder::Descending => range.begin <= view.min_seq.max(1),
            };
            let conversation = range.conversation.text;
            pulled.push(Pulled { conversation, messages, gaps, is_end: is_end && !cut, end_seq: 0 });
        }
        Ok(Outcome::Pulled(pulled))
    }

    pub(crate) async fn pull_seqs(
        &self,
        actor: &Actor,
        user: &UserId,
        lists: Vec<SeqList>,
        order: PullOrder,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        at_most("conversations", lists.len(), limits::LIST_ITEMS)?;
        let views = self.views(user, lists.iter().map(|list| list.conversation.id.as_ref())).await?;
        let mut budget = Budget::default();
        let mut pulled = Vec::with_capacity(lists.len());
        for (list, view) in lists.into_iter().zip(views) {
            at_most("seqs", list.seqs.len(), limits::LIST_ITEMS)?;
            let Some(view) = view else {
                pulled.push(nothing(list.conversation.text));
                continue;
            };
            let (low, high) = (view.min_seq.max(1), view.max_seq);
            let below = list.seqs.iter().any(|seq| *seq < low);
            let above = list.seqs.iter().any(|seq| *seq > high);
            let (is_end, end_seq) = match order {
                PullOrder::Descending if below => (true, low),
                PullOrder::Ascending if above => (true, high),
                PullOrder::Ascending | PullOrder::Descending => (false, 0),
            };
            let mut seqs = list.seqs;
            seqs.retain(|seq| (low..=high).contains(seq));
            seqs.truncate(budget.messages);
            let mut messages = self.store.chosen(&view.conversation, &seqs).await?;
            hide_from(user, &mut messages);
            let there: BTreeSet<Seq> = messages.iter().map(|message| message.seq).collect();
            let gaps = seqs.into_iter().filter(|seq| !there.contains(seq)).collect();
            budget.spend(&mut messages);
            let shelf = Shelf { conversation: view.conversation, messages, gaps, cut: false };
            let (messages, gaps, _) = self.seen(user, vec![shelf]).await?.pop().unwrap_or_default();
            pulled.push(Pulled { conversation: list.conversation.text, messages, gaps, is_end, end_seq });
        }
        Ok(Outcome::Pulled(pulled))
    }

    /// The newest message of each conversation that is still there, in order. No more than fit one answer.
    pub(crate) async fn newest_valid(
        &self,
        user: &UserId,
        states: &[&ConversationState],
    ) -> Result<Vec<Option<Seen>>, Fault> {
        let mut newest: Vec<Option<Seen>> = vec![None; states.len()];
        let mut budget = Budget::default();
        let mut missing: Vec<usize> = (0..states.len()).filter(|at| states[*at].max_seq > 0).collect();
        for limit in [1, LOOK_BACK] {
            let asked: Vec<StoredRange> = missing.iter().map(|at| end_of(states[*at], limit)).collect();
            let found = self.store.ranges(&asked, limits::LIST_ITEMS.max(limit * LOOK_BACK)).await?;
            let mut shelves = Vec::with_capacity(asked.len());
            for (range, mut messages) in asked.into_iter().zip(found) {
                hide_from(user, &mut messages);
                shelves.push(Shelf {
                    conversation: range.conversation,
                    messages,
                    gaps: Vec::new(),
                    cut: false,
                });
            }
            let seen = self.seen(user, shelves).await?;
            for (at, (messages, _, _)) in missing.iter().zip(seen) {
                let last = messages.into_iter().rev().find(Seen::is_there);
                newest[*at] = last.filter(|seen| budget.take(&seen.message));
            }
            missing.retain(|at| newest[*at].is_none() && states[*at].max_seq > states[*at].min_seq.max(1));
            if missing.is_empty() || budget.is_spent() {
                break;
            }
        }
        Ok(newest)
    }

    /// The user's view of each conversation, in order; `None` for those that are not his. Who sees a chat sees what
    /// stands beside it, all of it; who has left a group does not.
    pub(crate) async fn views(
        &self,
        user: &UserId,
        ids: impl Iterator<Item = Option<&ConversationId>>,
    ) -> Result<Vec<Option<ConversationState>>, Fault> {
        let ids: Vec<Option<&ConversationId>> = ids.collect();
        let chats_of = |id: &ConversationId| if id.is_aside() { id.beside() } else { vec![id.clone()] };
        let chats: Vec<ConversationId> = ids.iter().flatten().flat_map(|id| chats_of(id)).collect();
        let states = self.store.conversation_states(user, &chats).await?;
        let states: HashMap<ConversationId, ConversationState> =
            states.into_iter().flatten().map(|state| (state.conversation.clone(), state)).collect();
        let may_see = |aside: &ConversationId| {
            let present = |id: &ConversationId| states.get(id).is_some_and(|state| !state.ended);
            let own = matches!(aside, ConversationId::AsideSingle(low, high)
                if low == high && low.folded() == user.folded());
            own || aside.beside().iter().any(present)
        };
        let asides: Vec<ConversationId> =
            ids.iter().flatten().filter(|id| id.is_aside() && may_see(id)).map(|id| (*id).clone()).collect();
        let newest = if asides.is_empty() { Vec::new() } else { self.store.newest(&asides).await? };
        let newest: HashMap<&ConversationId, Seq> = asides.iter().zip(newest).collect();
        let view = |id: &ConversationId| match newest.get(id) {
            Some(max_seq) => Some(whole(id.clone(), *max_seq)),
            None => states.get(id).cloned(),
        };
        Ok(ids.into_iter().map(|id| id.and_then(view)).collect())
    }

    /// Adds to messages what became of them.
    async fn seen(
        &self,
        user: &UserId,
        shelves: Vec<Shelf>,
    ) -> Result<Vec<(Vec<Seen>, Vec<Seq>, bool)>, Fault> {
        let mut keys = Vec::new();
        for shelf in &shelves {
            shelf.ask_for(user, &mut keys);
        }
        let mut records =
            if keys.is_empty() { Vec::new() } else { self.store.records(&keys).await? }.into_iter();
        Ok(shelves.into_iter().map(|shelf| shelf.told(&mut records)).collect())
    }
}

/// The part of a range that the user may see, and that is wanted; `None` where there is none.
fn window(range: &SeqRange, view: &ConversationState) -> Option<StoredRange> {
    let first = range.begin.max(view.min_seq).max(1);
    let last = range.end.min(view.max_seq);
    // What stands beside a chat is given whole. Source: client protocol sheet 3.2.
    let whole = range.num == 0 || view.conversation.is_aside();
    let limit = if whole { limits::PULL_MESSAGES } else { range.num.min(limits::PULL_MESSAGES) };
    let first = first.max((last + 1).saturating_sub(limit as Seq));
    let conversation = view.conversation.clone();
    (first <= last).then_some(StoredRange { conversation, first, last, limit })
}

/// The last messages that a user sees.
fn end_of(state: &ConversationState, limit: usize) -> StoredRange {
    let first = state.min_seq.max(1).max((state.max_seq + 1).saturating_sub(limit as Seq));
    StoredRange { conversation: state.conversation.clone(), first, last: state.max_seq, limit }
}

/// The view of a stream that is seen whole.
pub(crate) const fn whole(conversation: ConversationId, max_seq: Seq) -> ConversationState {
    ConversationState { conversation, max_seq, read_seq: 0, min_seq: 0, newest_at: UnixMs(0), ended: false }
}

/// Leaves out what this user is not to find.
pub(crate) fn hide_from(user: &UserId, messages: &mut Vec<Arc<Message>>) {
    let hidden = |message: &Message| message.hidden_from.iter().any(|other| other.folded() == user.folded());
    messages.retain(|message| !hidden(message));
}

fn nothing(conversation: String) -> Pulled {
    Pulled { conversation, messages: Vec::new(), gaps: Vec::new(), is_end: true, end_seq: 0 }
}

/// Messages of one conversation on their way to the user.
struct Shelf {
    conversation: ConversationId,
    messages: Vec<Arc<Message>>,
    gaps: Vec<Seq>,
    cut: bool,
}

impl Shelf {
    /// The two sides of a single chat: one has read what the other has sent.
    fn sides(&self) -> Option<[&UserId; 2]> {
        match &self.conversation {
            ConversationId::Single(low, high) if !self.messages.is_empty() => Some([low, high]),
            _ => None,
        }
    }

    /// Under which keys stands what became of the messages. Nothing becomes of what stands beside a chat.
    fn ask_for(&self, user: &UserId, keys: &mut Vec<RecordKey>) {
        if self.conversation.is_aside() {
            return;
        }
        keys.extend(
            self.sides().into_iter().flatten().map(|side| RecordKey::receipt(&self.conversation, side)),
        );
        for message in &self.messages {
            keys.push(RecordKey::mark(&self.conversation, message.seq));
            keys.push(RecordKey::hidden(user, &self.conversation, message.seq));
        }
    }

    /// The messages with the records that were asked for, in that order.
    fn told(self, records: &mut impl Iterator<Item = Option<Record>>) -> (Vec<Seen>, Vec<Seq>, bool) {
        let mut receipts: Vec<Receipt> = Vec::new();
        for _ in self.sides().into_iter().flatten() {
            if let Some(Some(Record::Receipt(receipt))) = records.next() {
                receipts.push(receipt);
            }
        }
        let aside = self.conversation.is_aside();
        let mut seen = Vec::with_capacity(self.messages.len());
        for message in self.messages {
            let (mark, hidden) =
                if aside { (None, None) } else { (records.next().flatten(), records.next().flatten()) };
            let fate = if let Some(Record::Mark(mark)) = mark { Some(mark.fate) } else { None };
            let by_peer = |receipt: &Receipt| receipt.user != message.sender && receipt.covers(message.seq);
            let read = receipts.iter().any(by_peer);
            seen.push(Seen { message, fate, hidden: hidden.is_some(), read });
        }
        (seen, self.gaps, self.cut)
    }
}

/// What one answer may still hold.
struct Budget {
    messages: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { messages: limits::PULL_MESSAGES, bytes: limits::PULL_BYTES }
    }
}

impl Budget {
    const fn is_spent(&self) -> bool {
        self.messages == 0 || self.bytes == 0
    }

    /// Takes a message out of the budget; false where it does not fit any more.
    fn take(&mut self, message: &Message) -> bool {
        let bytes = message.content.raw.len() + message.ex.len() + message.attached_info.len() + 512;
        let fits = self.messages > 0 && bytes <= self.bytes;
        if fits {
            self.messages -= 1;
            self.bytes -= bytes;
        }
        fits
    }

    /// Takes the messages out of the budget, from the newest on; answers whether some did not fit.
    fn spend(&mut self, messages: &mut Vec<Arc<Message>>) -> bool {
        let fitting = messages.iter().rev().take_while(|message| self.take(message)).count();
        let cut = messages.len() - fitting;
        messages.drain(..cut);
        cut > 0
    }
}
