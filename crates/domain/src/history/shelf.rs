//! Messages on their way to a user, and what became of them.

use std::sync::Arc;

use ringback_model::conversation::ConversationId;
use ringback_model::ids::UserId;
use ringback_model::message::Message;
use ringback_model::record::{Fate, Receipt, Record, RecordKey, Seen};

use super::hide_from;

/// Messages of conversations, without those that this user is not to find.
pub(super) fn shelves(
    user: &UserId,
    found: impl Iterator<Item = (ConversationId, Vec<Arc<Message>>)>,
) -> Vec<Shelf> {
    let shelf = |(conversation, mut messages): (ConversationId, Vec<Arc<Message>>)| {
        hide_from(user, &mut messages);
        Shelf { conversation, messages }
    };
    found.map(shelf).collect()
}

/// Messages of one conversation on their way to the user.
pub(super) struct Shelf {
    conversation: ConversationId,
    messages: Vec<Arc<Message>>,
}

impl Shelf {
    /// The two sides of a single chat: one has read what the other has sent.
    fn sides(&self) -> Option<[&UserId; 2]> {
        match &self.conversation {
            ConversationId::Single(low, high) if !self.messages.is_empty() => Some([low, high]),
            _ => None,
        }
    }

    /// Under which keys stands what became of the messages. Nothing becomes of what stands beside a chat.
    pub(super) fn ask_for(&self, user: &UserId, keys: &mut Vec<RecordKey>) {
        if self.conversation.is_aside() {
            return;
        }
        keys.extend(
            self.sides().into_iter().flatten().map(|side| RecordKey::receipt(&self.conversation, side)),
        );
        for message in &self.messages {
            keys.push(RecordKey::mark(&self.conversation, message.seq));
            keys.push(RecordKey::hidden(user, &self.conversation, message.seq));
        }
    }

    /// The messages with the records that were asked for, in that order.
    pub(super) fn told(self, records: &mut impl Iterator<Item = Option<Record>>) -> Vec<Seen> {
        let mut receipts: Vec<Receipt> = Vec::new();
        for _ in self.sides().into_iter().flatten() {
            if let Some(Some(Record::Receipt(receipt))) = records.next() {
                receipts.push(receipt);
            }
        }
        let aside = self.conversation.is_aside();
        let mut seen = Vec::with_capacity(self.messages.len());
        for message in self.messages {
            let (mark, hidden) =
                if aside { (None, None) } else { (records.next().flatten(), records.next().flatten()) };
            let fate = if let Some(Record::Mark(mark)) = mark { Some(mark.fate) } else { None };
            let by_peer = |receipt: &Receipt| receipt.user != message.sender && receipt.covers(message.seq);
            let read = receipts.iter().any(by_peer);
            let message = match &fate {
                Some(Fate::Edited(edition)) => Arc::new(edition.of(&message)),
                _ => message,
            };
            seen.push(Seen { message, fate, hidden: hidden.is_some(), read });
        }
        seen
    }
}
