//! The same message to many users, one single chat each.

use std::sync::Arc;

use ringback_model::command::{Actor, Draft, Outcome, Sent};
use ringback_model::conversation::Target;
use ringback_model::failure::Failure;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::Origin;
use tokio::task::JoinSet;

use crate::{Done, Im, at_most, bad, only_admin, repeated};

/// Sends of one call under way at once.
const AT_ONCE: usize = 32;
/// User ids read at once when everybody is meant.
const PAGE: usize = 1000;

/// What became of each receiver, in the order in which it became clear.
struct Tally {
    sent: Vec<(UserId, Sent)>,
    failed: Vec<UserId>,
}

type OneResult = (UserId, Result<Done, Failure>);

impl Im {
    pub(crate) async fn send_to_many(
        self: &Arc<Self>,
        actor: &Actor,
        origin: Origin,
        operation_id: Arc<str>,
        mut draft: Box<Draft>,
        recipients: Vec<UserId>,
        everyone: bool,
    ) -> Result<Done, Failure> {
        only_admin(actor)?;
        // All messages of the call share one client message id.
        draft.client_id.get_or_insert_with(|| self.random_hex());
        let mut under_way: JoinSet<OneResult> = JoinSet::new();
        let mut tally = Tally { sent: Vec::new(), failed: Vec::new() };
        let mut page = if everyone { self.store.user_ids(None, PAGE).await? } else { recipients };
        if !everyone {
            at_most("recvIDs", page.len(), limits::BATCH_RECEIVERS)?;
            if let Some(twice) = repeated(&page) {
                return Err(bad(format!("recvIDs names {twice} twice")).into());
            }
        }
        while let Some(last) = page.last().cloned() {
            for recipient in page {
                if recipient == draft.sender && everyone {
                    continue;
                }
                if under_way.len() >= AT_ONCE {
                    tally.take(under_way.join_next().await);
                }
                let mut draft = draft.clone();
                draft.target = Target::User(recipient.clone());
                let (im, actor, operation_id) = (Arc::clone(self), actor.clone(), Arc::clone(&operation_id));
                under_way.spawn(async move {
                    let result = im.send(&actor, origin, operation_id, draft).await;
                    (recipient, result)
                });
            }
            page = if everyone { self.store.user_ids(Some(&last), PAGE).await? } else { Vec::new() };
        }
        while let Some(one) = under_way.join_next().await {
            tally.take(Some(one));
        }
        let outcome = Outcome::SentToMany { sent: tally.sent, failed: tally.failed };
        Ok(outcome.into())
    }
}

impl Tally {
    fn take(&mut self, one: Option<Result<OneResult, tokio::task::JoinError>>) {
        match one {
            // The ticket is dropped: the caller is no device of the sender, no echo can overtake his answer.
            Some(Ok((user, Ok(Done { outcome: Outcome::Sent(mut sent), .. })))) => {
                if sent.before.is_none() {
                    // One per receiver is held until all are done: of what was sent everywhere, none is needed.
                    Arc::make_mut(&mut sent.message).content.raw = String::new();
                }
                self.sent.push((user, sent));
            }
            Some(Ok((user, _))) => self.failed.push(user),
            Some(Err(panic)) => tracing::error!(%panic, "a send to one of many receivers broke"),
            None => {}
        }
    }
}
