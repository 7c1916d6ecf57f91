//! Rules about the shape of a commit that every backend checks alike, before it looks at any state.

use std::collections::HashSet;

use ringback_model::commit::{Commit, NewEvent};
use ringback_model::conversation::{ConversationId, Target};
use ringback_model::event::{Fact, Lane};
use ringback_model::failure::Fault;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::time::UnixMs;

/// What makes two sends the same: the folded sender, the conversation and the client message id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SendKey {
    sender: String,
    conversation: String,
    client_id: String,
}

impl SendKey {
    /// The key of a message; `None` where the client gave no id.
    pub(crate) fn of(message: &Message) -> Option<Self> {
        (!message.client_id.is_empty())
            .then(|| Self::new(&message.sender, &message.conversation(), &message.client_id))
    }

    pub(crate) fn new(sender: &UserId, conversation: &ConversationId, client_id: &str) -> Self {
        Self {
            sender: sender.folded(),
            conversation: conversation.to_string(),
            client_id: client_id.to_owned(),
        }
    }

    /// 64 bits that are the same in every process and version: FNV-1a. Collisions are expected to be checked.
    pub(crate) fn hash(&self) -> u64 {
        let ids = self.sender.bytes().chain([0]).chain(self.conversation.bytes());
        let bytes = ids.chain([0]).chain(self.client_id.bytes());
        bytes
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// The key of the message that an event is about.
pub(crate) fn send_key(event: &NewEvent) -> Option<SendKey> {
    let Fact::MessageSent(sent) = &event.fact;
    SendKey::of(&sent.message)
}

/// Whether a send at `now` repeats one that was committed at `earlier`.
pub(crate) fn inside_window(earlier: UnixMs, now: UnixMs) -> bool {
    now.since(earlier) < limits::IDEMPOTENCY_WINDOW
}

/// Checks what no state can make right. The faults name bugs of the caller.
pub(crate) fn check(commit: &Commit) -> Result<(), Fault> {
    for event in &commit.events {
        let Fact::MessageSent(sent) = &event.fact;
        if sent.message.handling.store && event.lane != Lane::conversation(&sent.message.conversation()) {
            return Err(Fault::new("a stored message must be logged in the lane of its conversation"));
        }
    }
    if commit.events.len() > 1 {
        let mut seen = HashSet::new();
        if !commit.events.iter().filter_map(send_key).all(|key| seen.insert(key)) {
            return Err(Fault::new("one commit holds the same client message id twice"));
        }
    }
    Ok(())
}

/// In whose conversation lists a stored message puts its conversation. Members have their group's anyway.
pub(crate) fn joined_by<'a>(message: &'a Message, id: &'a ConversationId) -> Vec<&'a UserId> {
    match (id, &message.target) {
        (ConversationId::Single(low, high), _) => vec![low, high],
        (ConversationId::Notice(..), Target::Notice(recipient)) => vec![recipient],
        _ => Vec::new(),
    }
}

#[cfg(test)]
impl SendKey {
    pub(crate) fn for_test(sender: &str, client_id: &str) -> Self {
        Self { sender: sender.to_owned(), conversation: "g:1".to_owned(), client_id: client_id.to_owned() }
    }
}
