//! Which messages are never called back, whatever a rule says.
//! Source: openim-callbacks fact sheet 2.3 and 4.2.

use ringback_model::dialect::Skip;
use ringback_model::event::EventKind;
use ringback_model::message::{ContentClass, Message};

use super::commands::{AFTER_SAVE, Command, Service, Targets};
use crate::content;
use crate::openim::options::TYPING;

/// Content numbers of notifications, both ends included.
pub(crate) const NOTIFICATIONS: std::ops::RangeInclusive<i32> = 1000..=5000;

/// Whether the command is about this message.
pub(super) fn check(
    command: &Command,
    service: &Service,
    message: &Message,
    sender_is_admin: bool,
) -> Result<(), Skip> {
    let code = content::element_code(&message.content);
    if code == TYPING || message.content.class == ContentClass::Typing {
        return Err(Skip("\"is typing\" is never called back"));
    }
    if NOTIFICATIONS.contains(&code) || message.content.class == ContentClass::Notification {
        return Err(Skip("notifications (content numbers 1000 to 5000) are never called back"));
    }
    if !service.targets.contains(&message.target) {
        return Err(Skip(match service.targets {
            Targets::Single => "the callback is about single chats, the message goes elsewhere",
            Targets::Group => "the callback is about groups, the message goes elsewhere",
            Targets::SingleAndGroup | Targets::All => {
                "the callback is not about messages of notification accounts"
            }
        }));
    }
    if service.kind == EventKind::MessageSending && service.targets == Targets::Single && sender_is_admin {
        return Err(Skip("nobody is asked before an administrator sends to a single chat"));
    }
    if service.kind == EventKind::MessageScreening && message.content.class != ContentClass::Text {
        return Err(Skip("the word filter sees text messages only"));
    }
    if command.name == AFTER_SAVE && !message.handling.store {
        return Err(Skip("the message is not kept in the history"));
    }
    Ok(())
}
