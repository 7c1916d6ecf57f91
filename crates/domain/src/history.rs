//! Reading: seqs and messages, in a user's own view. Nothing is read conversation by conversation where many are
//! asked for: users have thousands of them.

mod budget;
mod shelf;

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
use ringback_model::record::Seen;
use ringback_model::time::UnixMs;

use crate::{Im, at_most, only_self};
use budget::{Budget, Room};
use shelf::{Shelf, shelves};

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
        let found = self.stored(&asked).await?;
        let counts: Vec<usize> = found.iter().map(Vec::len).collect();
        let places = asked.iter().map(|range| range.conversation.clone());
        let seen = self.seen(user, shelves(user, places.zip(found))).await?;
        let mut budget = Budget::of(limits::PULL_MESSAGES, limits::PULL_BYTES);
        let mut shown: Vec<Shown> = Vec::with_capacity(asked.len());
        for ((range, count), mut messages) in asked.into_iter().zip(counts).zip(seen) {
            let aside = range.conversation.is_aside();
            // Of a range that had no room, what lies below the first message is not known to be missing.
            let full = count >= *budget.places(aside);
            let cut = budget.keep(&mut messages, aside) || full;
            let known_from = match messages.first() {
                // What was left out of notices lies between them.
                _ if cut && aside => None,
                first if cut => first.map(|first| first.message.seq),
                _ => Some(range.first),
            };
            let places = budget.places(aside);
            let gaps = known_from.map_or_else(Vec::new, |from| {
                let there: BTreeSet<Seq> = messages.iter().map(|seen| seen.message.seq).collect();
                (from..=range.last).filter(|seq| !there.contains(seq)).take(*places).collect()
            });
            *places -= gaps.len();
            shown.push(Shown { messages, gaps, cut });
        }
        let mut shown = shown.into_iter();
        let mut pulled = Vec::with_capacity(ranges.len());
        for (range, view) in ranges.into_iter().zip(views) {
            let Some(view) = view else {
                pulled.push(nothing(range.conversation.text));
                continue;
            };
            let of_range = if window(&range, &view).is_some() { shown.next() } else { None };
            let Shown { messages, gaps, cut } = of_range.unwrap_or_default();
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
        bytes: usize,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        at_most("conversations", lists.len(), limits::LIST_ITEMS)?;
        at_most("seqs", lists.iter().map(|list| list.seqs.len()).sum(), limits::READ_SEQS)?;
        let views = self.views(user, lists.iter().map(|list| list.conversation.id.as_ref())).await?;
        let mut budget = Budget::of(limits::READ_SEQS, bytes);
        let mut pulled = Vec::with_capacity(lists.len());
        for (list, view) in lists.into_iter().zip(views) {
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
            let Shown { messages, gaps, .. } =
                self.fitting(user, &view.conversation, &seqs, order, &mut budget).await?;
            pulled.push(Pulled { conversation: list.conversation.text, messages, gaps, is_end, end_seq });
        }
        Ok(Outcome::Pulled(pulled))
    }

    /// Chosen messages of one conversation, as many as fit, in pieces. What is wanted most is what the caller is next to:
    /// walking to older messages, the newest; otherwise what he names first. What does not fit is not answered at all,
    /// so that he asks for it again.
    async fn fitting(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        seqs: &[Seq],
        order: PullOrder,
        budget: &mut Budget,
    ) -> Result<Shown, Fault> {
        let mut named = BTreeSet::new();
        let mut wanted: Vec<Seq> = seqs.iter().copied().filter(|seq| named.insert(*seq)).collect();
        if order == PullOrder::Descending {
            wanted.sort_unstable_by_key(|seq| std::cmp::Reverse(*seq));
        }
        let mut shown = Shown::default();
        for piece in wanted.chunks(limits::PULL_MESSAGES) {
            if shown.cut || budget.is_spent() {
                break;
            }
            let found = self.store.chosen(conversation, piece).await?;
            let shelves = shelves(user, std::iter::once((conversation.clone(), found)));
            let found = self.seen(user, shelves).await?.pop().unwrap_or_default();
            let mut found: HashMap<Seq, Seen> =
                found.into_iter().map(|seen| (seen.message.seq, seen)).collect();
            for seq in piece {
                match found.remove(seq).map(|seen| (budget.take(&seen), seen)) {
                    Some((Room::Taken, seen)) => shown.messages.push(seen),
                    Some((Room::Never, _)) | None => shown.gaps.push(*seq),
                    Some((Room::NoMore, _)) => {
                        shown.cut = true;
                        break;
                    }
                }
            }
        }
        shown.messages.sort_by_key(|seen| seen.message.seq);
        shown.gaps.sort_unstable();
        Ok(shown)
    }

    /// The newest message of each conversation that is still there, in order. No more than fit one answer: where there
    /// is one and no room for it, [`Newest::Left`] stands.
    pub(crate) async fn newest_valid(
        &self,
        user: &UserId,
        states: &[&ConversationState],
        bytes: usize,
    ) -> Result<Vec<Newest>, Fault> {
        let mut newest: Vec<Newest> = states.iter().map(|_| Newest::Nothing).collect();
        let mut budget = Budget::of(limits::PULL_MESSAGES, bytes);
        let mut missing: Vec<usize> = (0..states.len()).filter(|at| states[*at].max_seq > 0).collect();
        for limit in [1, LOOK_BACK] {
            let asked: Vec<StoredRange> = missing.iter().map(|at| end_of(states[*at], limit)).collect();
            let found = self.store.ranges(&asked, limits::LIST_ITEMS.max(limit * LOOK_BACK)).await?;
            let places = asked.into_iter().map(|range| range.conversation);
            let seen = self.seen(user, shelves(user, places.zip(found))).await?;
            for (at, messages) in missing.iter().zip(seen) {
                let last = messages.into_iter().rev().find(Seen::is_there);
                newest[*at] = last.map_or(Newest::Nothing, |seen| match budget.take(&seen) {
                    Room::Taken => Newest::Message(Box::new(seen)),
                    Room::NoMore | Room::Never => Newest::Left,
                });
            }
            missing.retain(|at| {
                matches!(newest[*at], Newest::Nothing) && states[*at].max_seq > states[*at].min_seq.max(1)
            });
            if missing.is_empty() {
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

    /// What stands in chats, and beside them, in these ranges; in order.
    async fn stored(&self, asked: &[StoredRange]) -> Result<Vec<Vec<Arc<Message>>>, Fault> {
        let (asides, chats): (Vec<StoredRange>, Vec<StoredRange>) =
            asked.iter().cloned().partition(|range| range.conversation.is_aside());
        let mut of_chats = self.store.ranges(&chats, limits::PULL_MESSAGES).await?.into_iter();
        let mut of_asides = self.store.ranges(&asides, limits::PULL_NOTICES).await?.into_iter();
        let found = asked.iter().map(|range| {
            let next = if range.conversation.is_aside() { of_asides.next() } else { of_chats.next() };
            next.unwrap_or_default()
        });
        Ok(found.collect())
    }

    /// Adds to messages what became of them.
    async fn seen(&self, user: &UserId, shelves: Vec<Shelf>) -> Result<Vec<Vec<Seen>>, Fault> {
        let mut keys = Vec::new();
        for shelf in &shelves {
            shelf.ask_for(user, &mut keys);
        }
        let mut records =
            if keys.is_empty() { Vec::new() } else { self.store.records(&keys).await? }.into_iter();
        Ok(shelves.into_iter().map(|shelf| shelf.told(&mut records)).collect())
    }
}

/// The newest message of a conversation.
pub(crate) enum Newest {
    /// There is none.
    Nothing,
    /// There is one, and no room for it in the answer.
    Left,
    /// It.
    Message(Box<Seen>),
}

impl Newest {
    /// The message, where it is in the answer.
    pub(crate) fn message(self) -> Option<Seen> {
        if let Self::Message(seen) = self { Some(*seen) } else { None }
    }
}

/// What is answered of one conversation.
#[derive(Default)]
struct Shown {
    messages: Vec<Seen>,
    gaps: Vec<Seq>,
    /// More was asked for than fits.
    cut: bool,
}

/// The part of a range that the user may see, and that is wanted; `None` where there is none.
fn window(range: &SeqRange, view: &ConversationState) -> Option<StoredRange> {
    let first = range.begin.max(view.min_seq).max(1);
    let last = range.end.min(view.max_seq);
    // What stands beside a chat is given whole. Source: client protocol sheet 3.2.
    let limit = match range.num {
        _ if view.conversation.is_aside() => limits::PULL_NOTICES,
        0 => limits::PULL_MESSAGES,
        num => num.min(limits::PULL_MESSAGES),
    };
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
