//! What is told of what happens in threads: groups that hang on a group, and on one of its messages.

use std::sync::Arc;

use ringback_model::action::{Action, ChatAction, ThreadMessage, ThreadUpdated};
use ringback_model::conversation::ConversationId;
use ringback_model::event::{Done, Fact};
use ringback_model::failure::Fault;
use ringback_model::group::{Group, ThreadOf};
use ringback_model::ids::UserId;
use ringback_model::message::Message;
use ringback_model::time::UnixMs;

use crate::Im;
use crate::send::Context;

impl Im {
    /// What is told of a change in a conversation, where it is a thread's; `last` is the message that was changed, as it is
    /// now.
    pub(crate) async fn thread_update(
        &self,
        conversation: &ConversationId,
        by: &UserId,
        at: UnixMs,
        last: Option<&Message>,
    ) -> Result<Option<ThreadUpdated>, Fault> {
        let ConversationId::Group(id) = conversation else { return Ok(None) };
        let group = self.store.groups(std::slice::from_ref(id)).await?.pop().flatten();
        let Some(group) = group.filter(|group| group.thread.is_some()) else { return Ok(None) };
        let said = self.store.newest(std::slice::from_ref(conversation)).await?.pop().unwrap_or(0);
        Ok(update_of(&group, said, by, at, last))
    }

    /// What is told of a message that is said in a thread; `None` where its group is none. Two messages at the same time may
    /// both count alike.
    pub(crate) async fn thread_fact(
        &self,
        context: &Context,
        message: &Message,
        group: Option<&Group>,
    ) -> Result<Option<Fact>, Fault> {
        let Some(group) = group.filter(|group| group.thread.is_some() && message.handling.store) else {
            return Ok(None);
        };
        let conversation = message.conversation();
        let said = self.store.newest(std::slice::from_ref(&conversation)).await?.pop().unwrap_or(0);
        let update = update_of(group, said + 1, &message.sender, message.sent_at, Some(message));
        Ok(update.map(|update| {
            Fact::Done(Box::new(Done {
                number: self.number(),
                action: Action::Chat(ChatAction::Thread(update)),
                actor: Some(message.sender.clone()),
                operation_id: Arc::clone(&context.operation_id),
                origin: context.origin,
                by_admin: context.sender_is_admin,
                room: false,
            }))
        }))
    }
}

/// What is told of a thread; `None` for a group that is none.
fn update_of(
    group: &Group,
    message_count: u64,
    by: &UserId,
    at: UnixMs,
    last: Option<&Message>,
) -> Option<ThreadUpdated> {
    let ThreadOf { group: parent, message, .. } = group.thread.clone()?;
    Some(ThreadUpdated {
        conversation: ConversationId::Group(group.id.clone()),
        thread: group.id.clone(),
        name: group.name.clone(),
        parent,
        parent_message: message,
        message_count,
        by: by.clone(),
        at,
        last: last.map(|message| ThreadMessage {
            message: message.id,
            public_id: message.public_id.clone(),
            sender: message.sender.clone(),
            sent_at: message.sent_at,
            content: message.content.clone(),
            ex: message.ex.clone(),
        }),
    })
}
