//! Messages that an app's backend takes back. Source of the time in which it may: second REST sheet 7.1.

use ringback_model::command::Recall;
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::limits;

use super::unknown_message;
use crate::caller::Caller;
use crate::chats::revoking::Taking;
use crate::{Im, at_most};

impl Im {
    /// Each for itself: what is wrong with one is no reason to keep the others.
    pub(super) async fn recall(
        &self,
        caller: &Caller,
        orders: Vec<Recall>,
    ) -> Result<Vec<Result<(), Failure>>, Failure> {
        at_most("messages", orders.len(), limits::RECALLS)?;
        let mut done = Vec::with_capacity(orders.len());
        for order in orders {
            done.push(self.recall_one(caller, order).await);
        }
        Ok(done)
    }

    async fn recall_one(&self, caller: &Caller, order: Recall) -> Result<(), Failure> {
        let facts = self.store.send_facts(&order.by, &order.target).await?;
        let by = facts.sender.as_ref().map_or(order.by, |user| user.id.clone());
        // Users are the same whatever the letter case of their ids.
        let target = match (&order.target, &facts.recipient) {
            (Target::User(_), Some(user)) => Target::User(user.id.clone()),
            _ => order.target,
        };
        let conversation = ConversationId::of(&by, &target);
        let found = self.message_in(&conversation, &order.message).await?;
        let message = found.ok_or_else(|| unknown_message(&order.message))?;
        let age = self.clock.now().since(message.id.made_at());
        if age > self.recall_window && !order.force {
            let most = self.recall_window.as_secs();
            let detail = format!("messages are taken back within {most} seconds");
            return Err(Refusal::new(RefusalCode::TooLate, detail).into());
        }
        let member = facts.membership.map(std::sync::Arc::unwrap_or_clone);
        self.take_back(caller, &conversation, Taking { message, by, member, ex: order.ex }).await
    }
}
