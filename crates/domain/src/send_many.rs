//! The same message to many targets, as one message each.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use ringback_model::command::{Actor, Draft, Outcome, Sent};
use ringback_model::conversation::Target;
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::Origin;

use crate::{Done, Im, at_most, bad, only_admin, repeated};

/// Sends of one call under way at once.
const AT_ONCE: usize = 32;
/// User ids read at once when everybody is meant.
const PAGE: usize = 1000;

/// What became of each target, in the order in which it became clear.
#[derive(Default)]
struct Tally {
    sent: Vec<(Target, Sent)>,
    failed: Vec<(Target, Failure)>,
}

impl Im {
    pub(crate) async fn send_to_many(
        self: &Arc<Self>,
        actor: &Actor,
        origin: Origin,
        operation_id: Arc<str>,
        mut draft: Box<Draft>,
        recipients: Vec<Target>,
        everyone: bool,
    ) -> Result<Done, Failure> {
        only_admin(actor)?;
        if !everyone {
            at_most("recvIDs", recipients.len(), limits::BATCH_RECEIVERS)?;
            if let Some(twice) = repeated(&recipients) {
                return Err(bad(format!("recvIDs names {} twice", name_of(twice))).into());
            }
        }
        // All messages of the call share one client message id.
        draft.client_id.get_or_insert_with(|| self.random_hex());
        let mut tally = Tally::default();
        let mut page = if everyone { self.everyone_after(None).await? } else { recipients };
        let own = draft.sender.folded();
        let mut under_way = FuturesUnordered::new();
        while let Some(last) = page.last().cloned() {
            for target in page {
                if matches!(&target, Target::User(user) if everyone && user.folded() == own) {
                    continue;
                }
                if under_way.len() >= AT_ONCE
                    && let Some((target, result)) = under_way.next().await
                {
                    tally.take(target, result);
                }
                let mut draft = draft.clone();
                draft.target = target.clone();
                let operation_id = Arc::clone(&operation_id);
                under_way.push(async move { (target, self.send(actor, origin, operation_id, draft).await) });
            }
            page = match last {
                Target::User(last) if everyone => self.everyone_after(Some(&last)).await?,
                _ => Vec::new(),
            };
        }
        while let Some((target, result)) = under_way.next().await {
            tally.take(target, result);
        }
        Ok(Outcome::SentToMany { sent: tally.sent, failed: tally.failed }.into())
    }

    async fn everyone_after(&self, last: Option<&UserId>) -> Result<Vec<Target>, Fault> {
        Ok(self.store.user_ids(last, PAGE).await?.into_iter().map(Target::User).collect())
    }
}

fn name_of(target: &Target) -> &str {
    match target {
        Target::User(user) | Target::Notice(user) => user.as_str(),
        Target::Group(group) | Target::Room(group) => group.as_str(),
    }
}

impl Tally {
    fn take(&mut self, target: Target, result: Result<Done, Failure>) {
        match result {
            // The ticket is dropped: the caller is no device of the sender, no echo can overtake his answer.
            Ok(Done { outcome: Outcome::Sent(mut sent), .. }) => {
                if sent.before.is_none() {
                    // One per receiver is held until all are done: of what was sent everywhere, none is needed.
                    Arc::make_mut(&mut sent.message).content.raw = String::new();
                }
                self.sent.push((target, sent));
            }
            Ok(_) => self.failed.push((target, Fault::new("a send was answered with something else").into())),
            Err(failure) => self.failed.push((target, failure)),
        }
    }
}
