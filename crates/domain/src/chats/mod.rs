//! Conversations, and messages that were sent.
//!
//! | file | holds |
//! |---|---|
//! | `reading` | who has read what |
//! | `revoking` | messages that are taken back |
//! | `deleting` | messages that are deleted, histories that are cleared |
//! | `forgetting` | what goes from one user's view, and off his list |
//! | `settings` | what users set for their conversations |
//! | `shielding` | who wants to hear nothing of a group |
//! | `lists` | lists of conversations, and what changed in them |
//! | `expiring` | messages that go after a while |
//! | `mentions` | who is mentioned finds it on his list |
//! | `starts` | a chat comes onto lists |
//! | `searching` | messages that are looked for |
//! | `send_states` | what became of messages that were sent by REST |

mod deleting;
mod expiring;
mod forgetting;
mod lists;
mod mentions;
mod reading;
pub(crate) mod revoking;
mod searching;
pub(crate) mod send_states;
mod settings;
mod shielding;
pub(crate) mod starts;

use std::sync::Arc;

use ringback_model::command::{ChatCommand, ChatOutcome, ConversationRef, Outcome};
use ringback_model::commit::Require;
use ringback_model::conversation::{ConversationId, ConversationState, Target};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::notice::{ChatNotice, Notice};
use ringback_model::record::{Record, RecordKey};

use crate::Im;
use crate::caller::Caller;
use crate::notices::{Keep, Outgoing};
use lists::Wanted;
use revoking::Place;

/// How often something is decided again because somebody else has changed it meanwhile.
pub(crate) const TRIES: usize = 4;

impl Im {
    pub(crate) async fn chat_command(
        &self,
        caller: &Caller,
        command: ChatCommand,
    ) -> Result<Outcome, Failure> {
        use ChatCommand as C;
        match command {
            C::MarkRead { user, conversation, reading } => {
                self.mark_read(caller, &user, &conversation, reading).await
            }
            C::Revoke { user, conversation, readings, seq } => {
                let place = Place { conversation, readings };
                self.revoke(caller, &user, place, seq).await
            }
            C::DeleteMessages { user, conversation, seqs, reach } => {
                self.delete_messages(caller, &user, &conversation, seqs, reach).await
            }
            C::Clear { user, conversations, reach } => self.clear(caller, &user, conversations, reach).await,
            C::Forget { user, conversation, until } => self.forget(caller, &user, conversation, until).await,
            C::Erase { conversation, seqs } => self.erase(caller, conversation, seqs).await,
            C::EraseBefore { conversations, before } => {
                self.erase_before(caller, conversations, before).await
            }
            C::Search(search) => self.search(caller, search).await,
            C::SendState => {
                let state = self.send_states.of(&caller.operation_id);
                Ok(Outcome::OfChat(ChatOutcome::SendState(state)))
            }
            C::LastMessages { user, conversations } => self.last_messages(caller, &user, conversations).await,
            C::Conversations { owner, which } => self.conversations(caller, &owner, which).await,
            C::Conversation { owner, conversation } => self.conversation(caller, &owner, conversation).await,
            C::Changes { owner, seen } => self.conversation_changes(caller, &owner, seen).await,
            C::Ids { owner } => self.conversation_ids(caller, &owner).await,
            C::Overview { owner, which, page, only_with_messages, some } => {
                let owner = owner.unwrap_or_else(|| caller.actor.user.clone());
                self.overview(caller, &owner, Wanted { which, page, only_with_messages, some }).await
            }
            C::Configure { users, change } => self.configure(caller, users, change).await,
            C::ConfigureAll { user, ex } => self.configure_all(caller, &user, ex).await,
            C::Unlist { owner, which } => self.unlist(caller, &owner, which).await,
        }
    }

    /// A user's view of a chat of his.
    async fn own_chat(
        &self,
        user: &UserId,
        conversation: &ConversationRef,
    ) -> Result<ConversationState, Failure> {
        let id = conversation.id.as_ref().filter(|id| !id.is_aside());
        let found = self.views(user, std::iter::once(id)).await?.pop().flatten();
        found.ok_or_else(|| unknown_conversation(&conversation.text).into())
    }

    /// Everybody in a group now.
    async fn everybody_in(&self, user: &UserId, group: &GroupId) -> Result<Arc<[UserId]>, Failure> {
        Ok(self.store.send_facts(user, &Target::Group(group.clone())).await?.members)
    }

    /// A notice to everybody who has a conversation, beside it.
    async fn to_all_of(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        notice: ChatNotice,
        keep: Keep,
    ) -> Result<Outgoing, Failure> {
        let (target, recipients) = match conversation.group() {
            Some(group) => (Target::Group(group.clone()), self.everybody_in(user, group).await?),
            None => both(user, conversation.peer_of(user).unwrap_or(user)),
        };
        Ok(Outgoing { notice: Notice::Chat(notice), sender: user.clone(), target, recipients, keep })
    }
}

/// A notice to a user's own devices.
fn to_oneself(user: &UserId, notice: ChatNotice, keep: Keep) -> Outgoing {
    let (target, recipients) = both(user, user);
    Outgoing { notice: Notice::Chat(notice), sender: user.clone(), target, recipients, keep }
}

/// A notice of one of two to the other one, told to both.
fn both(user: &UserId, peer: &UserId) -> (Target, Arc<[UserId]>) {
    let own = (user.folded() != peer.folded()).then(|| user.clone());
    (Target::User(peer.clone()), std::iter::once(peer.clone()).chain(own).collect())
}

fn unknown_conversation(text: &str) -> Refusal {
    Refusal::new(RefusalCode::NotFound, format!("there is no conversation {text}"))
}

/// That a record is still as it was read; also that there is none.
pub(crate) fn still(read: Option<Record>, key: RecordKey) -> Require {
    read.map_or(Require::NotKept(key), |record| Require::Unchanged(Box::new(record)))
}

/// Whether a requirement says no more than that somebody was faster.
pub(crate) const fn was_overtaken(broken: &Require) -> bool {
    matches!(broken, Require::Unchanged(_) | Require::NotKept(_))
}

/// What is said where somebody was faster too often.
pub(crate) fn overtaken() -> Failure {
    Refusal::new(RefusalCode::Overloaded, "others are changing the same thing; try again").into()
}
