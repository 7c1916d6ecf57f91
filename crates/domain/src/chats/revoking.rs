//! Messages that are taken back.

use std::sync::Arc;

use ringback_model::action::{Action, ChatAction, MessageRevoked};
use ringback_model::command::{ConversationRef, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::conversation::{ConversationId, ConversationState};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::group::{Member, Role};
use ringback_model::ids::{GroupId, Seq, UserId};
use ringback_model::message::Message;
use ringback_model::notice::{self, ChatNotice};
use ringback_model::record::{Fate, Mark, Record, RecordKey, Revocation};

use super::{TRIES, overtaken, still, was_overtaken};
use crate::actions::Deed;
use crate::caller::Caller;
use crate::history::{hide_from, whole};
use crate::notices::Keep;
use crate::users::commit_failure;
use crate::{Im, only_self};

/// Where a message is taken back.
pub(super) struct Place {
    pub(super) conversation: ConversationRef,
    /// See [`ringback_model::command::ChatCommand::Revoke`].
    pub(super) readings: Vec<ConversationId>,
}

/// A message that is taken back.
pub(crate) struct Taking {
    pub(crate) message: Arc<Message>,
    pub(crate) by: UserId,
    /// He in the group.
    pub(crate) member: Option<Member>,
    /// What the app says about it.
    pub(crate) ex: String,
}

impl Im {
    pub(super) async fn revoke(
        &self,
        caller: &Caller,
        user: &UserId,
        place: Place,
        seq: Seq,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, user)?;
        let state = self.place(caller, user, place).await?;
        let mut found = if (state.min_seq.max(1)..=state.max_seq).contains(&seq) {
            self.store.chosen(&state.conversation, &[seq]).await?
        } else {
            Vec::new()
        };
        hide_from(user, &mut found);
        let message = found.pop().ok_or_else(|| no_message(seq))?;
        let member = match state.conversation.group() {
            Some(group) => self.store.member(group, user).await?,
            None => None,
        };
        self.check_may_revoke(caller, user, &state.conversation, &message, member.as_ref()).await?;
        let conversation = state.conversation;
        let taking = Taking { message, by: user.clone(), member, ex: String::new() };
        self.take_back(caller, &conversation, taking).await?;
        Ok(Outcome::Done)
    }

    /// Takes a message back; whether that may be is decided.
    pub(crate) async fn take_back(
        &self,
        caller: &Caller,
        id: &ConversationId,
        taking: Taking,
    ) -> Result<(), Failure> {
        let Taking { message, by, member, ex } = taking;
        let (at, seq) = (self.clock.now(), message.seq);
        let revocation = Revocation {
            by: by.clone(),
            role: member.as_ref().map(|member| member.role),
            nickname: self.name_of(&by, member.as_ref()).await?,
            at,
            as_admin: caller.actor.admin,
        };
        let mark = Mark { conversation: id.clone(), seq, fate: Fate::Revoked(revocation) };
        let key = RecordKey::mark(id, seq);
        // Beside a chat of two speaks one of the two.
        let voice = if has_part(id, &by) { &by } else { &message.sender };
        let in_thread = self.thread_update(id, &by, at, None).await?;
        for _ in 0..TRIES {
            let marked = self.store.records(std::slice::from_ref(&key)).await?.pop().flatten();
            match &marked {
                None | Some(Record::Mark(Mark { fate: Fate::Edited(_), .. })) => {}
                Some(Record::Mark(Mark { fate: Fate::Revoked(_), .. })) => return Err(again(seq)),
                Some(_) => return Err(no_message(seq).into()),
            }
            let mut commit = Commit::at(at)
                .require(still(marked, key.clone()))
                .write(Write::Keep(Box::new(Record::Mark(mark.clone()))));
            // Who may because of his role may no longer once he has another one.
            if let Some(member) = member.clone().filter(|_| !caller.actor.admin) {
                commit = commit.require(Require::SameMember(Box::new(member)));
            }
            let told = MessageRevoked {
                conversation: id.clone(),
                seq,
                message: message.id,
                public_id: message.public_id.clone(),
                client_id: message.client_id.clone(),
                sender: message.sender.clone(),
                by: by.clone(),
                ex: ex.clone(),
            };
            let notice = ChatNotice::Revoked {
                conversation: id.clone(),
                seq,
                client_id: message.client_id.clone(),
                by: by.clone(),
                at,
                as_admin: caller.actor.admin,
            };
            let mut deed = Deed::of(commit).tell(Action::Chat(ChatAction::Revoke(told)));
            if let Some(update) = in_thread.clone() {
                deed = deed.tell(Action::Chat(ChatAction::Thread(update)));
            }
            let deed = deed.notify(self.to_all_of(voice, id, notice, Keep::Aside).await?);
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(CommitError::Broken(broken)) if was_overtaken(&broken) => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(overtaken())
    }

    /// One's own view; administrators may name a conversation that they have no part in.
    async fn place(
        &self,
        caller: &Caller,
        user: &UserId,
        place: Place,
    ) -> Result<ConversationState, Failure> {
        let own = self.own_chat(user, &place.conversation).await;
        if own.is_ok() || !caller.actor.admin || place.readings.is_empty() {
            return own;
        }
        let (conversation, newest) = self.holding(place.readings).await?;
        Ok(whole(conversation, newest))
    }

    /// The sender may; in groups also the owner, and admins with ordinary members' messages. What the server itself says
    /// about a change is nobody's to take back.
    pub(crate) async fn check_may_revoke(
        &self,
        caller: &Caller,
        user: &UserId,
        conversation: &ConversationId,
        message: &Message,
        member: Option<&Member>,
    ) -> Result<(), Failure> {
        if message.content.form == notice::FORM {
            return Err(not_yours("what the server says about a change is not taken back"));
        }
        let Some(group) = conversation.group() else {
            let own = message.sender.folded() == user.folded();
            if own || caller.actor.admin {
                return Ok(());
            }
            return Err(not_yours("in single chats only the sender takes a message back"));
        };
        self.check_stands_above(caller, group, member, std::slice::from_ref(&message.sender)).await
    }

    /// That somebody may take messages of these senders from everybody in a group: his own, those of whom he stands
    /// above, and all of them as an administrator of the app.
    pub(super) async fn check_stands_above(
        &self,
        caller: &Caller,
        group: &GroupId,
        member: Option<&Member>,
        senders: &[UserId],
    ) -> Result<(), Failure> {
        if caller.actor.admin {
            return Ok(());
        }
        let Some(member) = member else {
            return Err(not_yours("who is not in the group any more takes nothing from others there"));
        };
        let others: Vec<UserId> =
            senders.iter().filter(|sender| sender.folded() != member.user.folded()).cloned().collect();
        if others.is_empty() || member.role == Role::Owner {
            return Ok(());
        }
        let found = self.store.members_named(group, &others).await?;
        let mut roles = found.into_iter().map(|sender| sender.map(|sender| sender.role));
        if member.role == Role::Admin && roles.all(|role| role.is_none_or(|role| role == Role::Member)) {
            return Ok(());
        }
        Err(not_yours("only the sender, and who stands above him, takes a message from others"))
    }

    async fn name_of(&self, user: &UserId, member: Option<&Member>) -> Result<String, Failure> {
        match member {
            Some(member) if !member.nickname.is_empty() => Ok(member.nickname.clone()),
            _ => Ok(self.user(user).await?.map(|user| user.nickname).unwrap_or_default()),
        }
    }
}

pub(crate) fn has_part(conversation: &ConversationId, user: &UserId) -> bool {
    let is_he = |side: &UserId| side.folded() == user.folded();
    conversation.peers().is_none_or(|(low, high)| is_he(low) || is_he(high))
}

fn no_message(seq: Seq) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("there is no message with seq {seq}"))
}

fn again(seq: Seq) -> Failure {
    Refusal::new(RefusalCode::AlreadyRevoked, format!("message {seq} was taken back already")).into()
}

fn not_yours(detail: &str) -> Failure {
    Refusal::new(RefusalCode::NoPermission, detail).into()
}
