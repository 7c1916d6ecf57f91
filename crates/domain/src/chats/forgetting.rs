//! What was said goes from one user's view, and conversations without anything left go off his list. Others keep it.

use ringback_model::command::{ConversationRef, Outcome, Reach, SettingsChange, Unlisting};
use ringback_model::conversation::ConversationState;
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::{Seq, UserId};
use ringback_model::time::UnixMs;

use crate::caller::Caller;
use crate::{Im, only_admin};

/// What his devices keep is theirs.
const NOBODY_ELSE: Reach = Reach { own_devices: false, everybody: false };

impl Im {
    pub(super) async fn forget(
        &self,
        caller: &Caller,
        user: &UserId,
        conversation: Option<ConversationRef>,
        until: Option<UnixMs>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        self.registered(std::slice::from_ref(user)).await?;
        let Some(conversation) = conversation else {
            self.clear(caller, user, None, NOBODY_ELSE).await?;
            return self.unlist(caller, user, Unlisting::QuietSince(UnixMs(i64::MAX))).await;
        };
        let mut views = self.views(user, std::iter::once(conversation.id.as_ref())).await?;
        // Nothing of it was ever in his view.
        let Some(state) = views.pop().flatten() else { return Ok(Outcome::Done) };
        if let Some(until) = until {
            let last = self.last_until(&state, until).await?;
            if last < state.max_seq {
                let change = SettingsChange { min_seq: Some(last + 1), ..SettingsChange::default() };
                return self.configure(caller, vec![(user.clone(), conversation)], change).await;
            }
        }
        // The list goes last: a conversation that is off it can still be cleared when the call is made again.
        self.clear(caller, user, Some(vec![conversation.clone()]), NOBODY_ELSE).await?;
        self.unlist(caller, user, Unlisting::These(vec![conversation])).await
    }

    /// The last message of a view that was sent at an instant or before. Messages are numbered in the order in which they
    /// came: each look halves what is left to look at.
    async fn last_until(&self, state: &ConversationState, until: UnixMs) -> Result<Seq, Fault> {
        let id = &state.conversation;
        let (mut old, mut end) = (state.min_seq.max(1) - 1, state.max_seq);
        while old < end {
            let middle = old + (end - old).div_ceil(2);
            match self.store.range(id, old + 1, middle, 1).await?.last() {
                Some(message) if message.sent_at > until => end = message.seq - 1,
                Some(_) | None => old = middle,
            }
        }
        Ok(old)
    }
}
