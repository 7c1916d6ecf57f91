//! Who has read what.

use std::collections::BTreeSet;

use ringback_model::action::{Action, ChatAction, MessageRef, MessagesRead};
use ringback_model::command::{ConversationRef, Outcome, Reading};
use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::failure::Failure;
use ringback_model::ids::{Seq, UserId};
use ringback_model::limits;
use ringback_model::notice::ChatNotice;
use ringback_model::record::{Receipt, Record, RecordKey};

use super::{TRIES, overtaken, still, to_oneself, was_overtaken};
use crate::actions::Deed;
use crate::caller::Caller;
use crate::notices::Keep;
use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_self};

/// What was read, within the bounds of the conversation.
struct Progress {
    /// Everything up to here; 0 = nothing in particular.
    up_to: Seq,
    /// These.
    named: Vec<Seq>,
    /// Others than the user's own devices are told.
    told: bool,
    /// He has read the conversation, not only messages of it.
    whole: bool,
}

impl Im {
    pub(super) async fn mark_read(
        &self,
        caller: &Caller,
        user: &UserId,
        conversation: &ConversationRef,
        reading: Reading,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, user)?;
        let state = self.own_chat(user, conversation).await?;
        if matches!(&reading, Reading::Messages(seqs) if seqs.is_empty()) {
            return Ok(Outcome::Done);
        }
        let progress = progress(&state, reading)?;
        if let ConversationId::Single(..) = &state.conversation
            && progress.told
        {
            return self.mark_single_read(caller, user, &state, &progress).await;
        }
        let read_seq = state.read_seq.max(progress.position());
        let mut deed = Deed::of(Commit::at(self.clock.now()).write(Write::MarkRead {
            user: user.clone(),
            conversation: state.conversation.clone(),
            seq: read_seq,
        }));
        if progress.told {
            deed = deed.tell(self.read_action(user, &state, &progress, read_seq).await?);
        }
        let seqs = progress.seqs_after(state.read_seq);
        let conversation = state.conversation;
        let notice = ChatNotice::Read { user: user.clone(), conversation, seqs, read_seq };
        let deed = deed.notify(to_oneself(user, notice, Keep::Nothing));
        self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    /// In single chats the sender is told which of his messages were read, and finds it in his history.
    async fn mark_single_read(
        &self,
        caller: &Caller,
        user: &UserId,
        state: &ConversationState,
        progress: &Progress,
    ) -> Result<Outcome, Failure> {
        let read_seq = state.read_seq.max(progress.position());
        let told = self.read_action(user, state, progress, read_seq).await?;
        let key = RecordKey::receipt(&state.conversation, user);
        for _ in 0..TRIES {
            let read = self.store.records(std::slice::from_ref(&key)).await?.pop().flatten();
            let mut receipt = match &read {
                Some(Record::Receipt(receipt)) => receipt.clone(),
                _ => Receipt::new(user.clone(), state.conversation.clone()),
            };
            let seqs = progress.seqs_after(receipt.up_to);
            receipt.add(progress.up_to, &progress.named);
            let commit = Commit::at(self.clock.now())
                .require(still(read, key.clone()))
                .write(Write::Keep(Box::new(Record::Receipt(receipt))))
                .write(Write::MarkRead {
                    user: user.clone(),
                    conversation: state.conversation.clone(),
                    seq: read_seq,
                });
            let mut deed = Deed::of(commit).tell(told.clone());
            if !seqs.is_empty() {
                let conversation = state.conversation.clone();
                let notice = ChatNotice::Read { user: user.clone(), conversation, seqs, read_seq };
                let own = state.conversation.peer_of(user).is_none_or(|peer| peer == user);
                let keep = if own { Keep::Nothing } else { Keep::Aside };
                deed = deed.notify(self.to_all_of(user, &state.conversation, notice, keep).await?);
            }
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(Outcome::Done),
                Err(CommitError::Broken(broken)) if was_overtaken(&broken) => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(overtaken())
    }

    /// What is told of it, with the messages that receipts are about.
    async fn read_action(
        &self,
        user: &UserId,
        state: &ConversationState,
        progress: &Progress,
        read_seq: Seq,
    ) -> Result<Action, Failure> {
        let seqs = progress.seqs_told(state.min_seq.max(1));
        let messages = match &state.conversation {
            _ if seqs.is_empty() => Vec::new(),
            conversation => self.store.chosen(conversation, &seqs).await?,
        };
        Ok(Action::Chat(ChatAction::Read(MessagesRead {
            conversation: state.conversation.clone(),
            user: user.clone(),
            seqs: progress.named.clone(),
            read_seq,
            up_to: progress.whole,
            messages: messages.iter().map(|message| MessageRef::of(message)).collect(),
        })))
    }
}

fn progress(state: &ConversationState, reading: Reading) -> Result<Progress, Failure> {
    let within = |seq: Seq| {
        if seq <= state.max_seq {
            return Ok(());
        }
        Err(bad(format!("seq {seq} is above the newest one, {}", state.max_seq)))
    };
    Ok(match reading {
        Reading::Messages(named) => {
            at_most("seqs", named.len(), limits::READ_SEQS)?;
            within(named.iter().max().copied().unwrap_or(0))?;
            Progress { up_to: 0, named, told: true, whole: false }
        }
        Reading::UpTo(up_to, mut named) => {
            named.retain(|seq| *seq <= state.max_seq);
            if named.len() > limits::READ_SEQS {
                named.sort_unstable();
                named.drain(..named.len() - limits::READ_SEQS);
            }
            Progress { up_to: up_to.min(state.max_seq), named, told: true, whole: true }
        }
        Reading::Position(seq) => {
            within(seq)?;
            Progress { up_to: seq, named: Vec::new(), told: false, whole: true }
        }
    })
}

impl Progress {
    /// How far it goes.
    fn position(&self) -> Seq {
        self.named.iter().copied().max().unwrap_or(0).max(self.up_to)
    }

    /// What was read since everything up to `before` was; of too many, the newest.
    fn seqs_after(&self, before: Seq) -> Vec<Seq> {
        let most = limits::READ_SEQS as Seq;
        let first = (before + 1).max((self.up_to + 1).saturating_sub(most));
        let seqs: BTreeSet<Seq> = (first..=self.up_to).chain(self.named.iter().copied()).collect();
        seqs.into_iter().collect()
    }

    /// The messages that are told of: the newest of those that were named, or the last one; none before `first`.
    fn seqs_told(&self, first: Seq) -> Vec<Seq> {
        let mut seqs: Vec<Seq> = self.named.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        if seqs.is_empty() {
            seqs.push(self.position());
        }
        seqs.retain(|seq| *seq >= first);
        seqs.split_off(seqs.len().saturating_sub(limits::READ_MESSAGES_TOLD))
    }
}
