//! Which messages are asked about and told, and in how many copies.
//! Source: easemob-callbacks fact sheet 2.1, 3.5.

use ringback_model::conversation::Target;
use ringback_model::dialect::{Rendered, Skip};
use ringback_model::event::{Event, EventKind, MessageSent, Question};
use ringback_model::ids::UserId;
use ringback_model::message::{ContentClass, Message, Origin};
use ringback_model::rule::{CopyKind, Rule};

use super::body::{self, Copy};
use super::selectors::{self, Conversation};
use crate::content;

/// The message that a rule is asked about.
/// Source: easemob-callbacks fact sheet 2.1.
pub(super) fn asks<'a>(rule: &Rule, question: &'a Question) -> Result<&'a Message, Skip> {
    let message = question.subject.message().filter(|_| question.kind == EventKind::MessageSending);
    let message =
        message.ok_or(Skip("the contract asks when a message wants to be sent, not at this moment"))?;
    if question.origin == Origin::Rest {
        return Err(Skip("nobody is asked about messages sent by REST"));
    }
    is_about(rule, message)?;
    Ok(message)
}

/// Whether a rule is about this message, before or after.
fn is_about(rule: &Rule, message: &Message) -> Result<(), Skip> {
    match message.content.class {
        ContentClass::Typing => return Err(Skip("\"is typing\" is never called back")),
        ContentClass::Notification => return Err(Skip("notifications are never called back")),
        _ => {}
    }
    let Some(conversation) = Conversation::of(&message.target) else {
        return Err(Skip("messages of notification accounts are never called back"));
    };
    if !selectors::wanted(&rule.events, conversation, content::body_type(&message.content)) {
        return Err(Skip("the rule names no event that is about this kind of message"));
    }
    Ok(())
}

/// The callbacks that one message means for one rule.
/// Source: easemob-callbacks fact sheet 3.5.
pub(super) struct Copies<'a> {
    event: &'a Event,
    sent: &'a MessageSent,
    chat: bool,
    offline: &'a [UserId],
}

impl<'a> Copies<'a> {
    pub(super) fn of(rule: &Rule, event: &'a Event, sent: &'a MessageSent) -> Result<Self, Skip> {
        is_about(rule, &sent.message)?;
        let wants = |kind| rule.selectors.copies.is_empty() || rule.selectors.copies.contains(&kind);
        // Rooms know nobody who is offline, and what is not kept never reaches those who are.
        let reaches = !matches!(sent.message.target, Target::Room(_)) && sent.message.handling.store;
        let offline = if reaches && wants(CopyKind::ChatOffline) { sent.offline.as_slice() } else { &[] };
        let copies = Self { event, sent, chat: wants(CopyKind::Chat), offline };
        if copies.len() == 0 {
            return Err(Skip("the rule wants copies for offline recipients alone, and there are none"));
        }
        Ok(copies)
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.chat) + self.offline.len()
    }

    /// The one with this number.
    pub(super) fn rendered(&self, rule: &Rule, number: usize) -> Option<Rendered> {
        let recipient = self.recipient(number)?;
        let which = recipient.map_or(Copy::Chat, Copy::Offline);
        let outbound = body::delivery(rule, self.event.pos, &self.sent.message, which);
        Some(Rendered { outbound, recipient: recipient.cloned() })
    }

    /// Whose copy has this number: `Some(None)` is the message's own.
    fn recipient(&self, number: usize) -> Option<Option<&'a UserId>> {
        match number.checked_sub(usize::from(self.chat)) {
            None => Some(None),
            Some(index) => self.offline.get(index).map(Some),
        }
    }
}
