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

/// What became of each target, with its place among those that are asked for.
#[derive(Default)]
struct Tally {
    sent: Vec<(usize, Target, Sent)>,
    failed: Vec<(usize, Target, Failure)>,
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
        // All messages of the call share one client message id, and the time they count as sent at.
        draft.client_id.get_or_insert_with(|| self.random_hex());
        draft.sent_at.get_or_insert_with(|| self.clock.now());
        let to: fn(UserId) -> Target =
            if matches!(draft.target, Target::Notice(_)) { Target::Notice } else { Target::User };
        let mut tally = Tally::default();
        let mut page = if everyone { self.everyone_after(None, to).await? } else { recipients };
        let mut place = 0;
        let own = draft.sender.folded();
        let mut under_way = FuturesUnordered::new();
        while let Some(last) = page.last().cloned() {
            for target in page {
                let is_own = |user: &UserId| everyone && user.folded() == own;
                if matches!(&target, Target::User(user) | Target::Notice(user) if is_own(user)) {
                    continue;
                }
                if under_way.len() >= AT_ONCE
                    && let Some((place, target, result)) = under_way.next().await
                {
                    tally.take(place, target, result);
                }
                place += 1;
                let mut draft = draft.clone();
                draft.target = target.clone();
                let operation_id = Arc::clone(&operation_id);
                under_way.push(async move {
                    (place, target, self.send(actor, origin, operation_id, draft).await)
                });
            }
            page = match last {
                Target::User(last) | Target::Notice(last) if everyone => {
                    self.everyone_after(Some(&last), to).await?
                }
                _ => Vec::new(),
            };
        }
        while let Some((place, target, result)) = under_way.next().await {
            tally.take(place, target, result);
        }
        Ok(tally.in_order().into())
    }

    async fn everyone_after(
        &self,
        last: Option<&UserId>,
        to: fn(UserId) -> Target,
    ) -> Result<Vec<Target>, Fault> {
        Ok(self.store.user_ids(last, PAGE).await?.into_iter().map(to).collect())
    }
}

fn name_of(target: &Target) -> &str {
    match target {
        Target::User(user) | Target::Notice(user) => user.as_str(),
        Target::Group(group) | Target::Room(group) => group.as_str(),
    }
}

impl Tally {
    /// Sends end in any order; callers are answered in theirs.
    fn in_order(mut self) -> Outcome {
        self.sent.sort_by_key(|(place, ..)| *place);
        self.failed.sort_by_key(|(place, ..)| *place);
        Outcome::SentToMany {
            sent: self.sent.into_iter().map(|(_, target, sent)| (target, sent)).collect(),
            failed: self.failed.into_iter().map(|(_, target, failure)| (target, failure)).collect(),
        }
    }

    fn take(&mut self, place: usize, target: Target, result: Result<Done, Failure>) {
        match result {
            // The ticket is dropped: the caller is no device of the sender, no echo can overtake his answer.
            Ok(Done { outcome: Outcome::Sent(mut sent), .. }) => {
                if sent.before.is_none() {
                    // One per receiver is held until all are done: of what was sent everywhere, none is needed.
                    Arc::make_mut(&mut sent.message).content.raw = String::new();
                }
                self.sent.push((place, target, sent));
            }
            Ok(_) => {
                let fault = Fault::new("a send was answered with something else");
                self.failed.push((place, target, fault.into()));
            }
            Err(failure) => self.failed.push((place, target, failure)),
        }
    }
}
