//! Messages that are deleted, histories that are cleared. The log of what was said stays as it is: marks say what is
//! not shown any more.

use std::collections::{BTreeMap, BTreeSet};

use ringback_model::command::{ConversationRef, Outcome, Reach};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{Seq, UserId};
use ringback_model::limits;
use ringback_model::notice::ChatNotice;
use ringback_model::record::{Fate, Hidden, Mark, Record, RecordKey};
use ringback_model::time::UnixMs;
use ringback_model::version::{Touch, VersionLog};

use super::to_oneself;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::notices::Keep;
use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_admin, only_self};

/// Messages or conversations that one commit changes: so many are no burden on others' commits.
const CHUNK: usize = 500;

impl Im {
    pub(super) async fn delete_messages(
        &self,
        caller: &Caller,
        user: &UserId,
        conversation: &ConversationRef,
        mut seqs: Vec<Seq>,
        reach: Reach,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, user)?;
        at_most("seqs", seqs.len(), limits::LIST_ITEMS)?;
        let state = self.own_chat(user, conversation).await?;
        seqs.retain(|seq| (state.min_seq.max(1)..=state.max_seq).contains(seq));
        seqs.sort_unstable();
        seqs.dedup();
        if seqs.is_empty() {
            return Ok(Outcome::Done);
        }
        let id = state.conversation;
        let mut commit = Commit::at(self.clock.now());
        if reach.everybody {
            commit.require.extend(self.may_delete_for_all(caller, user, &id, &seqs).await?);
            commit.writes = seqs.iter().map(|seq| deleted(&id, *seq)).collect();
        } else {
            commit.writes = seqs.iter().map(|seq| hidden(user, &id, *seq)).collect();
        }
        let notice = ChatNotice::Deleted { user: user.clone(), conversation: id.clone(), seqs };
        let mut deed = Deed::of(commit);
        if reach.everybody {
            deed = deed.notify(self.to_all_of(user, &id, notice, Keep::Aside).await?);
        } else if reach.own_devices {
            deed = deed.notify(to_oneself(user, notice, Keep::Aside));
        }
        self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    /// In chats of two, either of the two may; in groups, who may take the messages back. Answers what must still hold
    /// when it is done.
    async fn may_delete_for_all(
        &self,
        caller: &Caller,
        user: &UserId,
        conversation: &ConversationId,
        seqs: &[Seq],
    ) -> Result<Option<Require>, Failure> {
        let Some(group) = conversation.group() else { return Ok(None) };
        let member = self.store.member(group, user).await?;
        let mut senders = BTreeSet::new();
        for some in seqs.chunks(CHUNK) {
            let messages = self.store.chosen(conversation, some).await?;
            senders.extend(messages.iter().map(|message| message.sender.clone()));
        }
        let senders: Vec<UserId> = senders.into_iter().collect();
        self.check_stands_above(caller, group, member.as_ref(), &senders).await?;
        Ok(member.filter(|_| !caller.actor.admin).map(|member| Require::SameMember(Box::new(member))))
    }

    pub(super) async fn clear(
        &self,
        caller: &Caller,
        user: &UserId,
        conversations: Option<Vec<ConversationRef>>,
        reach: Reach,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, user)?;
        let states: Vec<ConversationState> = match conversations {
            Some(names) => {
                at_most("conversationIDs", names.len(), limits::LIST_ITEMS)?;
                let ids = names.iter().map(|name| name.id.as_ref().filter(|id| !id.is_aside()));
                self.views(user, ids).await?.into_iter().flatten().collect()
            }
            None => self.store.conversations(user).await?,
        };
        for chunk in states.chunks(CHUNK) {
            let deed = self.clear_some(user, chunk, reach).await?;
            self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        }
        Ok(Outcome::Done)
    }

    /// Everybody clears his own view; single chats may be cleared for both.
    async fn clear_some(
        &self,
        user: &UserId,
        states: &[ConversationState],
        reach: Reach,
    ) -> Result<Deed, Failure> {
        let mut commit = Commit::at(self.clock.now());
        let mut own = Vec::new();
        let mut shared = Vec::new();
        let mut changed: BTreeMap<UserId, Vec<ConversationId>> = BTreeMap::new();
        for state in states {
            let id = &state.conversation;
            let peer = match id {
                ConversationId::Single(..) if reach.everybody => id.peer_of(user),
                _ => None,
            };
            for side in std::iter::once(user).chain(peer) {
                commit.writes.push(Write::ForgetBefore {
                    user: side.clone(),
                    conversation: id.clone(),
                    seq: state.max_seq + 1,
                });
                // Nothing is left to be read, and clients count from the position alone.
                commit.writes.push(Write::MarkRead {
                    user: side.clone(),
                    conversation: id.clone(),
                    seq: state.max_seq,
                });
                let log = VersionLog::Conversations(side.clone());
                commit = commit.touch(log, id.to_string(), Touch::Updated);
                changed.entry(side.clone()).or_default().push(id.clone());
            }
            match peer {
                Some(_) => shared.push(id.clone()),
                None => own.push(id.clone()),
            }
        }
        let mut deed = Deed::of(commit);
        for (side, conversations) in changed {
            let notice = ChatNotice::Configured { user: side.clone(), conversations };
            deed = deed.notify(to_oneself(&side, notice, Keep::Nothing));
        }
        for id in shared {
            let notice = ChatNotice::Cleared { user: user.clone(), conversations: vec![id.clone()] };
            deed = deed.notify(self.to_all_of(user, &id, notice, Keep::Nothing).await?);
        }
        if !own.is_empty() && (reach.own_devices || reach.everybody) {
            let notice = ChatNotice::Cleared { user: user.clone(), conversations: own };
            deed = deed.notify(to_oneself(user, notice, Keep::Nothing));
        }
        Ok(deed)
    }

    pub(super) async fn erase(
        &self,
        caller: &Caller,
        conversation: Vec<ConversationId>,
        seqs: Vec<Seq>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        at_most("seqs", seqs.len(), limits::LIST_ITEMS)?;
        let (id, newest) = self.holding(conversation).await?;
        let mut commit = Commit::at(self.clock.now());
        let there = seqs.into_iter().filter(|seq| (1..=newest).contains(seq));
        commit.writes = there.map(|seq| deleted(&id, seq)).collect();
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    pub(super) async fn erase_before(
        &self,
        caller: &Caller,
        conversations: Vec<Vec<ConversationId>>,
        before: UnixMs,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        at_most("conversationIDs", conversations.len(), limits::LIST_ITEMS)?;
        for names in conversations {
            let (id, newest) = self.holding(names).await?;
            let mut first = 1;
            while first <= newest {
                let last = newest.min(first + CHUNK as Seq - 1);
                let page = self.store.range(&id, first, last, CHUNK).await?;
                let old: Vec<Seq> = page
                    .iter()
                    .filter(|message| message.sent_at < before)
                    .map(|message| message.seq)
                    .collect();
                let is_last = old.len() < page.len();
                self.mark_deleted(&id, old).await?;
                // Messages are numbered in the order in which they came.
                if is_last {
                    break;
                }
                first = last + 1;
            }
        }
        Ok(Outcome::Done)
    }

    /// Those that are marked already cost no write.
    async fn mark_deleted(&self, id: &ConversationId, seqs: Vec<Seq>) -> Result<(), Failure> {
        let keys: Vec<RecordKey> = seqs.iter().map(|seq| RecordKey::mark(id, *seq)).collect();
        let marks = self.store.records(&keys).await?;
        let is_deleted =
            |mark: &Option<Record>| matches!(mark, Some(Record::Mark(Mark { fate: Fate::Deleted, .. })));
        let mut commit = Commit::at(self.clock.now());
        let others = seqs.into_iter().zip(&marks).filter(|(_, mark)| !is_deleted(mark));
        commit.writes = others.map(|(seq, _)| deleted(id, seq)).collect();
        if !commit.writes.is_empty() {
            self.store.commit(commit).await.map_err(commit_failure)?;
        }
        Ok(())
    }

    /// The conversation that is meant by a name without a user: of those that it may be, the one with messages.
    pub(super) async fn holding(&self, names: Vec<ConversationId>) -> Result<(ConversationId, Seq), Failure> {
        if names.is_empty() {
            return Err(bad("conversationID names no conversation").into());
        }
        let newest = self.store.newest(&names).await?;
        let found = names.into_iter().zip(newest).find(|(_, newest)| *newest > 0);
        found.ok_or_else(|| Refusal::new(RefusalCode::NotFound, "nothing was said there").into())
    }
}

fn deleted(id: &ConversationId, seq: Seq) -> Write {
    Write::Keep(Box::new(Record::Mark(Mark { conversation: id.clone(), seq, fate: Fate::Deleted })))
}

fn hidden(user: &UserId, id: &ConversationId, seq: Seq) -> Write {
    Write::Keep(Box::new(Record::Hidden(Hidden { user: user.clone(), conversation: id.clone(), seq })))
}
