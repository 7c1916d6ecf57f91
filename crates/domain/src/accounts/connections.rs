//! Where users are connected, how they are logged out, and what waits for them.

use std::cmp::Reverse;

use ringback_model::command::{AccountOutcome, Listed, Outcome};
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::Failure;
use ringback_model::ids::{MessageId, UserId};
use ringback_model::limits;
use ringback_model::ports::StoredRange;
use ringback_model::presence::CutReason;
use ringback_model::user::{Platform, TokenRecord};

use crate::Im;
use crate::caller::Caller;
use crate::users::commit_failure;

impl Im {
    pub(super) async fn account_connections(&self, user: &UserId) -> Result<Outcome, Failure> {
        let user = self.account(user).await?.id;
        let connections = self.sessions.connections(&user);
        Ok(Outcome::Online(vec![(user, connections)]))
    }

    /// The user, or one of his devices, is logged out: the tokens go as well, or he would be back at once.
    pub(super) async fn disconnect(
        &self,
        caller: &Caller,
        user: &UserId,
        connection: Option<&str>,
    ) -> Result<Outcome, Failure> {
        let user = self.account(user).await?.id;
        let Some(id) = connection else {
            self.force_logout(&caller.actor, &user, Platform::ANY).await?;
            return Ok(Outcome::OfAccount(AccountOutcome::Disconnected(true)));
        };
        let found = self.sessions.connections(&user).into_iter().find(|one| one.id == id);
        let Some(found) = found else {
            return Ok(Outcome::OfAccount(AccountOutcome::Disconnected(false)));
        };
        let now = self.clock.now();
        let tokens = self.store.tokens(&user, found.platform, now).await?;
        // Tokens that are good by their signature alone are not kept.
        if let Some(token) = tokens.into_iter().find(|token| token.id == found.token_id) {
            let taken = TokenRecord { kicked: true, ..token };
            let commit = Commit::at(now).write(Write::PutToken(taken));
            self.store.commit(commit).await.map_err(commit_failure)?;
        }
        let cut = self.sessions.cut(&user, id, CutReason::Administrator);
        Ok(Outcome::OfAccount(AccountOutcome::Disconnected(cut)))
    }

    pub(super) async fn unread(&self, user: &UserId) -> Result<Outcome, Failure> {
        let user = self.account(user).await?.id;
        let unread = self.listed_all(&user).await?.iter().map(Listed::unread).sum();
        Ok(Outcome::OfAccount(AccountOutcome::Unread(unread)))
    }

    /// Looks through what he has not read, the liveliest conversations first and the newest messages of each, as far as
    /// [`limits::SEARCHED_MESSAGES`].
    pub(super) async fn is_unread(&self, user: &UserId, message: MessageId) -> Result<Outcome, Failure> {
        let user = self.account(user).await?.id;
        let mut waiting = self.listed_all(&user).await?;
        waiting.retain(|one| one.unread() > 0);
        waiting.sort_by_key(|one| Reverse(one.state.newest_at));
        let mut left = limits::SEARCHED_MESSAGES;
        for Listed { state, .. } in waiting {
            let first = state.read_seq.max(state.min_seq.saturating_sub(1)) + 1;
            let mut last = state.max_seq;
            while first <= last && left > 0 {
                let limit = limits::PULL_MESSAGES.min(left);
                let conversation = state.conversation.clone();
                let range = StoredRange { conversation, first, last, limit };
                let found = self.store.ranges(&[range], limit).await?.pop().unwrap_or_default();
                let Some(oldest) = found.first() else { break };
                if found.iter().any(|one| one.id == message) {
                    return Ok(Outcome::OfAccount(AccountOutcome::IsUnread(true)));
                }
                left = left.saturating_sub(found.len());
                last = oldest.seq.saturating_sub(1);
            }
        }
        Ok(Outcome::OfAccount(AccountOutcome::IsUnread(false)))
    }
}
