//! Messages that go after a while, where a user has set that for a conversation of his: he sees them no more. What others
//! see stays.

use std::time::Duration;

use ringback_model::commit::{Commit, CommitError, Write};
use ringback_model::conversation::ConversationState;
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::{Seq, UserId};
use ringback_model::notice::ChatNotice;
use ringback_model::record::{ConversationSettings, Record, RecordKind};
use ringback_model::time::UnixMs;
use ringback_model::version::Touch;

use super::settings::keep;
use super::{to_oneself, was_overtaken};
use crate::Im;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::notices::Keep;
use crate::users::commit_failure;

/// Users, or settings of one user, that are read at once.
const PAGE: usize = 1000;

impl Im {
    /// Hides from everybody who has set so what is older than he wants to keep: one pass over all users. Answers from how
    /// many conversations something went.
    ///
    /// # Errors
    /// The store's; the next pass goes on where this one has come to.
    pub async fn expire_views(&self) -> Result<usize, Failure> {
        let mut expired = 0;
        let mut after: Option<UserId> = None;
        loop {
            let users = self.store.user_ids(after.as_ref(), PAGE).await?;
            for user in &users {
                expired += self.expire_views_of(user).await?;
            }
            match users.last() {
                Some(last) if users.len() == PAGE => after = Some(last.clone()),
                _ => return Ok(expired),
            }
        }
    }

    async fn expire_views_of(&self, user: &UserId) -> Result<usize, Failure> {
        let (owner, mut after, mut expired) = (user.folded(), String::new(), 0);
        loop {
            let page = self.store.records_of(RecordKind::Conversation, &owner, &after, PAGE).await?;
            let full = page.len() == PAGE;
            after = page.last().map_or_else(String::new, |last| last.key().about);
            for record in page {
                if let Record::Conversation(settings) = record
                    && is_due(&settings, self.clock.now())
                    && self.expire_view(settings).await?
                {
                    expired += 1;
                }
            }
            if !full {
                return Ok(expired);
            }
        }
    }

    /// Whether something went.
    async fn expire_view(&self, settings: ConversationSettings) -> Result<bool, Failure> {
        let of_user = std::slice::from_ref(&settings.conversation);
        let state = self.store.conversation_states(&settings.user, of_user).await?.pop().flatten();
        let Some(state) = state else { return Ok(false) };
        let now = self.clock.now();
        let first = self.first_since(&state, UnixMs(now.0.saturating_sub(millis(&settings)))).await?;
        if first <= state.min_seq.max(1) {
            return Ok(false);
        }
        let (user, conversation) = (settings.user.clone(), settings.conversation.clone());
        let mut commit = Commit::at(now)
            .write(Write::ForgetBefore { user: user.clone(), conversation: conversation.clone(), seq: first })
            .write(Write::MarkRead {
                user: user.clone(),
                conversation: conversation.clone(),
                seq: first - 1,
            });
        let changed = ConversationSettings { expired_at: now, ..settings.clone() };
        keep(&mut commit, Some(Record::Conversation(settings)), changed, Touch::Updated);
        let notice = ChatNotice::Configured { user: user.clone(), conversations: vec![conversation] };
        let deed = Deed::of(commit).notify(to_oneself(&user, notice, Keep::Nothing));
        let caller = Caller::server_for(user, format!("expiry-{}", self.random_hex()), now);
        match self.carry_out_deed(&caller, deed).await {
            Ok(_) => Ok(true),
            // He has just set something else: the next pass looks again.
            Err(CommitError::Broken(broken)) if was_overtaken(&broken) => Ok(false),
            Err(error) => Err(commit_failure(error)),
        }
    }

    /// The first message of a view that was sent at an instant or later; one beyond the newest where there is none.
    async fn first_since(&self, state: &ConversationState, at: UnixMs) -> Result<Seq, Fault> {
        let (mut low, mut high) = (state.min_seq.max(1), state.max_seq + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.store.range(&state.conversation, middle, middle, 1).await?;
            // What is not there any more is older than what is.
            if found.first().is_none_or(|message| message.sent_at < at) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

fn millis(settings: &ConversationSettings) -> i64 {
    let wanted = Duration::from_secs(settings.expire_s.unsigned_abs());
    i64::try_from(wanted.as_millis()).unwrap_or(i64::MAX)
}

/// What went not long ago is left alone until the time is over once more.
fn is_due(settings: &ConversationSettings, now: UnixMs) -> bool {
    settings.expires
        && settings.expire_s > 0
        && settings.expired_at.0.saturating_add(millis(settings)) <= now.0
}
