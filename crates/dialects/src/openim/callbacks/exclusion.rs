//! What is never called back, whatever a rule says.
//! Source: openim-callbacks fact sheet 2.3 and 4.2.

use ringback_model::dialect::Skip;
use ringback_model::event::EventKind;
use ringback_model::message::{ContentClass, Message};

use super::call::Matter;
use super::commands::{About, Command, Targets};
use super::register::message::AFTER_SAVE;
use crate::content;
use crate::openim::options::TYPING;

/// Content numbers of notifications, both ends included.
pub(crate) const NOTIFICATIONS: std::ops::RangeInclusive<i32> = 1000..=5000;

/// How many calls of the command this means; at least one.
pub(super) fn calls(command: &Command, matter: Matter<'_>, actor_is_admin: bool) -> Result<usize, Skip> {
    match (command.about, matter) {
        (About::Messages(targets), Matter::Message(message)) => {
            of_message(command, targets, message, actor_is_admin).map(|()| 1)
        }
        (About::Pushes(targets), Matter::Push(plan)) => of_push(targets, &plan.message).map(|()| 1),
        (About::Actions(calls), Matter::Action(action)) => match calls(action)? {
            0 => Err(Skip("nobody is there to be told about")),
            calls => Ok(calls),
        },
        _ => Err(Skip("the callback is about something else")),
    }
}

fn is_typing(message: &Message) -> bool {
    message.content.class == ContentClass::Typing || content::element_code(&message.content) == TYPING
}

fn of_message(
    command: &Command,
    targets: Targets,
    message: &Message,
    sender_is_admin: bool,
) -> Result<(), Skip> {
    if is_typing(message) {
        return Err(Skip("\"is typing\" is never called back"));
    }
    let code = content::element_code(&message.content);
    if NOTIFICATIONS.contains(&code) || message.content.class == ContentClass::Notification {
        return Err(Skip("notifications (content numbers 1000 to 5000) are never called back"));
    }
    if !targets.contains(&message.target) {
        return Err(Skip(match targets {
            Targets::Single | Targets::SingleAndNotice => {
                "the callback is about single chats, the message goes elsewhere"
            }
            Targets::Group => "the callback is about groups, the message goes elsewhere",
            Targets::SingleAndGroup | Targets::All => {
                "the callback is not about messages of notification accounts"
            }
        }));
    }
    if command.kind == EventKind::MessageSending && targets == Targets::Single && sender_is_admin {
        return Err(Skip("nobody is asked before an administrator sends to a single chat"));
    }
    if command.kind == EventKind::MessageScreening && message.content.class != ContentClass::Text {
        return Err(Skip("the word filter sees text messages only"));
    }
    if command.name == AFTER_SAVE && !message.handling.store {
        return Err(Skip("the message is not kept in the history"));
    }
    Ok(())
}

/// Notices and notifications are pushed like messages; only "is typing" is not called back.
fn of_push(targets: Targets, message: &Message) -> Result<(), Skip> {
    if is_typing(message) {
        return Err(Skip("\"is typing\" is never called back"));
    }
    if !targets.contains(&message.target) {
        return Err(Skip(match targets {
            Targets::Group => "the callback is about groups, the push goes to one user",
            _ => "the callback is about pushes to one user, this one goes to a group",
        }));
    }
    Ok(())
}
