//! What is told of what happens in threads: groups that hang on a group, and on one of its messages.

use ringback_model::action::{ThreadMessage, ThreadUpdated};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::Fault;
use ringback_model::group::{Group, ThreadOf};
use ringback_model::ids::UserId;
use ringback_model::message::Message;
use ringback_model::time::UnixMs;

use crate::Im;

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
}

/// What is told of a thread; `None` for a group that is none.
pub(crate) fn update_of(
    group: &Group,
    message_count: u64,
    by: &UserId,
    at: UnixMs,
    last: Option<&Message>,
) -> Option<ThreadUpdated> {
    let ThreadOf { group: parent, message } = group.thread.clone()?;
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
