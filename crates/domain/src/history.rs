//! Reading: seqs and messages, in a user's own view.

use std::sync::Arc;

use ringback_model::command::{Actor, ConversationRef, Outcome, PullOrder, Pulled, SeqList, SeqRange};
use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::Message;

use crate::{Im, at_most, only_self};

impl Im {
    pub(crate) async fn newest_seqs(&self, actor: &Actor, user: &UserId) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        let states = self.store.conversations(user).await?;
        let with_messages = states.into_iter().filter(|state| state.max_seq > 0);
        Ok(Outcome::Seqs(with_messages.map(|state| (None, state)).collect()))
    }

    pub(crate) async fn read_seqs(
        &self,
        actor: &Actor,
        user: &UserId,
        conversations: Vec<ConversationRef>,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        if conversations.is_empty() {
            let states = self.store.conversations(user).await?;
            return Ok(Outcome::Seqs(states.into_iter().map(|state| (None, state)).collect()));
        }
        at_most("conversationIDs", conversations.len(), limits::LIST_ITEMS)?;
        let known = self.views(user, conversations.iter()).await?;
        let named = conversations.into_iter().zip(known);
        Ok(Outcome::Seqs(named.filter_map(|(name, state)| Some((Some(name.text), state?))).collect()))
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
        let views = self.views(user, ranges.iter().map(|range| &range.conversation)).await?;
        let mut budget = Budget::default();
        let mut pulled = Vec::with_capacity(ranges.len());
        for (range, view) in ranges.into_iter().zip(views) {
            let Some(view) = view else {
                pulled.push(nothing(range.conversation.text));
                continue;
            };
            let first = range.begin.max(view.min_seq).max(1);
            let last = range.end.min(view.max_seq);
            let wanted = if range.num == 0 { limits::PULL_MESSAGES } else { range.num };
            let mut messages = Vec::new();
            if first <= last {
                let limit = wanted.min(budget.messages);
                messages = self.store.range(&view.conversation, first, last, limit).await?;
                hide_from(user, &mut messages);
            }
            let cut = budget.spend(&mut messages);
            let is_end = match order {
                PullOrder::Ascending => view.max_seq <= range.end,
                PullOrder::Descending => range.begin <= view.min_seq.max(1),
            };
            let conversation = range.conversation.text;
            pulled.push(Pulled { conversation, messages, is_end: is_end && !cut, end_seq: 0 });
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
        let views = self.views(user, lists.iter().map(|list| &list.conversation)).await?;
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
            budget.spend(&mut messages);
            pulled.push(Pulled { conversation: list.conversation.text, messages, is_end, end_seq });
        }
        Ok(Outcome::Pulled(pulled))
    }

    /// The user's view of each conversation, in order; `None` for those that are not his.
    async fn views<'a>(
        &self,
        user: &UserId,
        names: impl Iterator<Item = &'a ConversationRef>,
    ) -> Result<Vec<Option<ConversationState>>, Fault> {
        let names: Vec<&ConversationRef> = names.collect();
        let ids: Vec<ConversationId> = names.iter().filter_map(|name| name.id.clone()).collect();
        let mut states = self.store.conversation_states(user, &ids).await?.into_iter();
        Ok(names.iter().map(|name| name.id.as_ref().and_then(|_| states.next().flatten())).collect())
    }
}

/// Leaves out what this user is not to find; its seqs are simply missing.
fn hide_from(user: &UserId, messages: &mut Vec<Arc<Message>>) {
    let hidden = |message: &Message| message.hidden_from.iter().any(|other| other.folded() == user.folded());
    messages.retain(|message| !hidden(message));
}

fn nothing(conversation: String) -> Pulled {
    Pulled { conversation, messages: Vec::new(), is_end: true, end_seq: 0 }
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
    /// Takes the messages out of the budget, from the newest on; answers whether some did not fit.
    fn spend(&mut self, messages: &mut Vec<Arc<Message>>) -> bool {
        let mut fitting = 0;
        for message in messages.iter().rev() {
            let bytes = message.content.raw.len() + message.ex.len() + message.attached_info.len() + 512;
            if self.messages == 0 || bytes > self.bytes {
                break;
            }
            self.messages -= 1;
            self.bytes -= bytes;
            fitting += 1;
        }
        let cut = messages.len() - fitting;
        messages.drain(..cut);
        cut > 0
    }
}
