//! From an id to a message. Nothing is indexed by it: a number holds the time at which it was made, and messages stand in
//! the log, and in their conversations, nearly in the order of their numbers.

use std::sync::Arc;

use ringback_model::conversation::ConversationId;
use ringback_model::failure::Fault;
use ringback_model::ids::{MessageId, Seq};
use ringback_model::limits;
use ringback_model::message::Message;
use ringback_model::notice;
use ringback_model::time::UnixMs;

use crate::Im;

/// Events read at once.
const READ_EVENTS: usize = 256;
/// Milliseconds that may lie between a message's number and its commit: the time at the gate, and some.
const LATE_MS: i64 = 120_000;
/// Milliseconds by which a message may be committed before the time of its number: clocks step.
const EARLY_MS: i64 = 5_000;

impl Im {
    /// The stored message of a conversation with this id, in one of its forms.
    pub(crate) async fn message_in(
        &self,
        conversation: &ConversationId,
        id: &str,
    ) -> Result<Option<Arc<Message>>, Fault> {
        let newest = self.store.newest(std::slice::from_ref(conversation)).await?.pop().unwrap_or(0);
        if newest == 0 {
            return Ok(None);
        }
        if let Some(number) = number_of(id) {
            let near = self.place_of(conversation, number, newest).await?;
            let half = limits::FOUND_AMONG_MESSAGES as Seq / 2;
            let first = near.saturating_sub(half).max(1);
            if let Some(found) = self.among(conversation, first, near.saturating_add(half), id).await? {
                return Ok(Some(found));
            }
        }
        let last = limits::FOUND_AMONG_MESSAGES as Seq;
        if let Some(found) =
            self.among(conversation, (newest + 1).saturating_sub(last).max(1), newest, id).await?
        {
            return Ok(Some(found));
        }
        let elsewhere = match number_of(id) {
            Some(_) => self.message_anywhere(id).await?,
            None => None,
        };
        Ok(elsewhere.filter(|message| message.conversation() == *conversation))
    }

    /// Where a number would stand if numbers only grew: the first seq whose message has it or a greater one. What has left
    /// the history counts as older.
    async fn place_of(
        &self,
        conversation: &ConversationId,
        number: MessageId,
        newest: Seq,
    ) -> Result<Seq, Fault> {
        let (mut low, mut high) = (1, newest + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.store.chosen(conversation, &[middle]).await?.pop();
            if found.is_none_or(|message| message.id < number) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    async fn among(
        &self,
        conversation: &ConversationId,
        first: Seq,
        last: Seq,
        id: &str,
    ) -> Result<Option<Arc<Message>>, Fault> {
        let most = limits::FOUND_AMONG_MESSAGES + 1;
        let found = self.store.range(conversation, first, last, most).await?;
        Ok(found.into_iter().find(|message| is_called(message, id)))
    }

    /// The stored message with this id, wherever it was said; as long as its event is in the log.
    pub(crate) async fn message_anywhere(&self, id: &str) -> Result<Option<Arc<Message>>, Fault> {
        let Some(number) = number_of(id) else { return self.named_lately(id).await };
        let made = number.made_at().0;
        // Nearly always it was committed soon after.
        for (from, until) in [(made, made.saturating_add(LATE_MS)), (made.saturating_sub(EARLY_MS), made)] {
            if let Some(found) = self.logged_between(UnixMs(from), UnixMs(until), id).await? {
                return Ok(Some(found));
            }
        }
        self.named_lately(id).await
    }

    async fn logged_between(
        &self,
        from: UnixMs,
        until: UnixMs,
        id: &str,
    ) -> Result<Option<Arc<Message>>, Fault> {
        let mut after = self.store.position_at(from).await?;
        for _ in 0..limits::FOUND_AMONG_EVENTS / READ_EVENTS {
            let events = self.store.read(after, READ_EVENTS).await?;
            let mut messages = events.iter().filter_map(|event| event.sent());
            if let Some(sent) = messages.find(|sent| is_called(&sent.message, id)) {
                return Ok(Some(Arc::clone(&sent.message)));
            }
            match events.last() {
                Some(last) if last.at <= until => after = last.pos,
                _ => break,
            }
        }
        Ok(None)
    }

    /// Ids that callbacks have set say nothing about time.
    async fn named_lately(&self, id: &str) -> Result<Option<Arc<Message>>, Fault> {
        let most = limits::SEARCHED_MESSAGES as u64;
        let mut after = ringback_model::ids::LogPos(self.store.tail().0.saturating_sub(most));
        loop {
            let events = self.store.read(after, READ_EVENTS).await?;
            let Some(last) = events.last() else { return Ok(None) };
            after = last.pos;
            let mut messages = events.iter().filter_map(|event| event.sent());
            if let Some(sent) = messages.find(|sent| is_called(&sent.message, id)) {
                return Ok(Some(Arc::clone(&sent.message)));
            }
        }
    }
}

/// Whether a stored message that somebody has sent is called so.
fn is_called(message: &Message, id: &str) -> bool {
    let kept = message.seq > 0 && !message.handling.aside && message.content.form != notice::FORM;
    kept && (message.public_id.as_deref() == Some(id) || number_of(id) == Some(message.id))
}

/// The number that a text is in one of its two forms.
fn number_of(id: &str) -> Option<MessageId> {
    let decimal = || id.parse::<u64>().ok().filter(|number| *number > 0).map(MessageId);
    MessageId::from_hex(id).or_else(decimal)
}
