//! Who may say what to whom: decisions about one message, from what is known about it.
//!
//! Where nobody named in a message has to exist ([`Draft::strangers`]), what depends on somebody who is missing is
//! not looked at, and one need not be in a group to speak there; what is known still counts.

use ringback_model::command::{Actor, Draft};
use ringback_model::commit::Require;
use ringback_model::conversation::Target;
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::group::{Group, GroupStatus, Role};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::{ContentClass, Message, Origin};
use ringback_model::ports::SendFacts;
use ringback_model::record::RecordKey;
use ringback_model::time::UnixMs;
use ringback_model::user::AccountLevel;

use crate::send::Context;
use crate::{at_most, bad, only_self, sizes};

/// What can be said before anything is looked up.
pub(crate) fn draft(actor: &Actor, draft: &Draft) -> Result<(), Refusal> {
    only_self(actor, &draft.sender)?;
    let refused = |detail: &str| Err(Refusal::new(RefusalCode::NoPermission, detail));
    if matches!(draft.target, Target::Notice(_)) && !actor.admin {
        return refused("only administrators of the app may send for notification accounts");
    }
    // Notifications pass moderation, blocks and mutes: what a user may send must not be called one.
    if draft.content.class == ContentClass::Notification && !actor.admin {
        return refused("only the server and administrators of the app send notifications");
    }
    if draft.strangers && !actor.admin {
        return refused("only administrators of the app may send without anybody being looked up");
    }
    at_most("the list of users who do not find the message", draft.hidden_from.len(), limits::LIST_ITEMS)?;
    instants(draft)?;
    sizes::draft(draft)
}

/// Clients count time in numbers that are exact only so far; one message beyond stops those who read it.
fn instants(draft: &Draft) -> Result<(), Refusal> {
    for (what, at) in [("sendTime", draft.sent_at), ("createTime", draft.created_at)] {
        if let Some(UnixMs(at)) = at.filter(|at| !(0..=limits::INSTANT_MAX_MS).contains(&at.0)) {
            return Err(bad(format!("{what} is {at}, which is no time")));
        }
    }
    Ok(())
}

/// That everybody named exists.
pub(crate) fn existence(message: &Message, facts: &SendFacts) -> Result<(), Refusal> {
    let missing =
        |user: &UserId| Err(Refusal::new(RefusalCode::UserNotFound, format!("user {user} does not exist")));
    if facts.sender.is_none() {
        return missing(&message.sender);
    }
    match &message.target {
        Target::User(user) | Target::Notice(user) if facts.recipient.is_none() => missing(user),
        Target::Group(group) | Target::Room(group) if facts.group.is_none() => {
            Err(Refusal::new(RefusalCode::GroupNotFound, format!("group {group} does not exist")))
        }
        Target::User(_) | Target::Notice(_) | Target::Group(_) | Target::Room(_) => Ok(()),
    }
}

/// What users, groups and the kind of account allow.
pub(crate) fn may_send(
    context: &Context,
    message: &Message,
    facts: &SendFacts,
    now: UnixMs,
) -> Result<(), Refusal> {
    // The app itself may still speak in his name.
    if context.origin != Origin::Rest
        && !speaks_everywhere(context, message)
        && facts.sender.as_ref().is_some_and(|sender| !sender.standing.may_speak(&message.target, now))
    {
        return Err(Refusal::new(RefusalCode::Muted, "the sender is muted by an administrator"));
    }
    match &message.target {
        Target::User(_) => single(context, message, facts),
        Target::Group(_) | Target::Room(_) => match &facts.group {
            Some(found) => group(context, message, facts, found, now),
            None => Ok(()),
        },
        Target::Notice(_) => notice(context, facts),
    }
}

/// Administrators, system accounts and the server's own notices are not subject to what users decide.
fn is_privileged(context: &Context, message: &Message, facts: &SendFacts) -> bool {
    speaks_everywhere(context, message)
        || facts.sender.as_ref().is_some_and(|sender| sender.level >= AccountLevel::ADMIN)
}

/// Administrators of the app and the server's own notices need not be in a group to speak there.
fn speaks_everywhere(context: &Context, message: &Message) -> bool {
    context.sender_is_admin || message.content.class == ContentClass::Notification
}

fn single(context: &Context, message: &Message, facts: &SendFacts) -> Result<(), Refusal> {
    if is_privileged(context, message, facts) {
        return Ok(());
    }
    if facts.blocked {
        return Err(Refusal::new(RefusalCode::BlockedByPeer, "the recipient blocks the sender"));
    }
    // Of this chat, or of all.
    if facts.receive_option == 1 || facts.recipient.as_ref().is_some_and(|user| user.receive_option == 1) {
        return Err(Refusal::new(
            RefusalCode::NotReceiving,
            "message is not sent: the recipient does not receive messages",
        ));
    }
    Ok(())
}

fn group(
    context: &Context,
    message: &Message,
    facts: &SendFacts,
    group: &Group,
    now: UnixMs,
) -> Result<(), Refusal> {
    if group.status == GroupStatus::Dismissed {
        return Err(Refusal::new(RefusalCode::GroupDismissed, format!("group {} was dismissed", group.id)));
    }
    if speaks_everywhere(context, message) {
        return Ok(());
    }
    let Some(member) = &facts.membership else {
        if context.strangers {
            return Ok(());
        }
        let detail = format!("{} is not in group {}", message.sender, group.id);
        return Err(Refusal::new(RefusalCode::NotInGroup, detail));
    };
    if member.role == Role::Owner {
        return Ok(());
    }
    if member.muted_until > now {
        let detail = format!("{} may not speak in group {} now", message.sender, group.id);
        return Err(Refusal::new(RefusalCode::MutedInGroup, detail));
    }
    if member.role == Role::Member && group.status != GroupStatus::Open {
        return Err(Refusal::new(RefusalCode::GroupMuted, format!("group {} is muted", group.id)));
    }
    Ok(())
}

fn notice(context: &Context, facts: &SendFacts) -> Result<(), Refusal> {
    match &facts.sender {
        Some(sender) if sender.level >= AccountLevel::ADMIN => Ok(()),
        None if context.strangers => Ok(()),
        _ => Err(Refusal::new(RefusalCode::NoPermission, "the sender is not a notification account")),
    }
}

/// What the recipient of a single chat must keep about the sender, where chats are among friends.
pub(crate) fn friendship(context: &Context, message: &Message, facts: &SendFacts) -> Option<RecordKey> {
    let Target::User(user) = &message.target else { return None };
    let free = !context.friends_only || *user == message.sender || is_privileged(context, message, facts);
    (!free).then(|| RecordKey::friend(user, &message.sender))
}

/// What a group must keep about the sender for a mute not to concern him; `None` = it would not help.
pub(crate) fn allowance(refusal: &Refusal, message: &Message, facts: &SendFacts) -> Option<RecordKey> {
    let is_muted = matches!(refusal.code, RefusalCode::MutedInGroup | RefusalCode::GroupMuted);
    let group = facts.group.as_ref().filter(|group| group.status != GroupStatus::Banned);
    group.filter(|_| is_muted).map(|group| RecordKey::allowed(&group.id, &message.sender))
}

/// The refusal of one who is not on the recipient's list of friends.
pub(crate) fn not_friends() -> Refusal {
    Refusal::new(RefusalCode::NotFriends, "the sender is not on the recipient's list of friends")
}

/// What must still hold when the message is written, the gate having taken its time.
pub(crate) fn requirements(context: &Context, message: &Message, facts: &SendFacts) -> Vec<Require> {
    match &message.target {
        Target::User(user) if !is_privileged(context, message, facts) => {
            let mut all = vec![Require::NotBlocked(user.clone(), message.sender.clone())];
            all.extend(friendship(context, message, facts).map(Require::Kept));
            all
        }
        Target::Group(id) | Target::Room(id) if facts.group.is_some() => {
            let mut all = vec![Require::LiveGroup(id.clone())];
            // Where the group is gone, nobody speaks in its threads.
            let thread = facts.group.as_ref().and_then(|group| group.thread.as_ref());
            all.extend(thread.map(|thread| Require::LiveGroup(thread.group.clone())));
            // Who need not be in the group may leave it meanwhile.
            if !speaks_everywhere(context, message) && !context.strangers {
                all.push(Require::InGroup(id.clone(), message.sender.clone()));
            }
            all
        }
        Target::User(_) | Target::Notice(_) | Target::Group(_) | Target::Room(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
