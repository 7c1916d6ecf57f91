//! Numbers and names by which the original calls things.
//! Source: openim-callbacks fact sheet 5.1, 5.2, 5.5.

use std::ops::RangeInclusive;

use ringback_model::conversation::{ConversationId, Target};
use ringback_model::group::{GroupStatus, Role};
use ringback_model::user::Platform;
use serde_json::{Value, json};

use super::generation::Generation;

/// The one type of group that the original still makes.
pub(super) const GROUP_TYPE: i32 = 2;

/// The type of a group as two commands write it: not the digit but the character with this number.
pub(super) const GROUP_TYPE_TEXT: &str = "\u{2}";

/// See [`ringback_model::group::Group::verification`].
pub(super) const VERIFICATIONS: RangeInclusive<i32> = 0..=2;
/// See [`ringback_model::group::Group::look_member_info`].
pub(super) const SWITCH: RangeInclusive<i32> = 0..=1;
/// Receive, do not receive, receive without push.
pub(super) const RECEIVE_OPTIONS: RangeInclusive<i32> = 0..=2;
/// Nobody, me, all, all and me, announcement.
pub(super) const MENTIONS: RangeInclusive<i32> = 0..=4;
/// Kinds of accounts.
pub(super) const LEVELS: RangeInclusive<i32> = 0..=4;

/// The name of a platform; empty for numbers that nobody knows.
pub(crate) const fn platform(platform: Platform) -> &'static str {
    match platform.0 {
        1 => "IOS",
        2 => "Android",
        3 => "Windows",
        4 => "OSX",
        5 => "Web",
        6 => "MiniWeb",
        7 => "Linux",
        8 => "APad",
        9 => "IPad",
        10 => "Admin",
        11 => "HarmonyOS",
        _ => "",
    }
}

/// The type of the conversation that a message to this target is in.
pub(super) const fn session(generation: Generation, target: &Target) -> i32 {
    match target {
        Target::User(_) => 1,
        Target::Group(_) | Target::Room(_) => generation.group_session(),
        Target::Notice(_) => 4,
    }
}

/// The type of a conversation; what is told beside a chat counts as told in it.
pub(super) const fn conversation(generation: Generation, id: &ConversationId) -> i32 {
    match id {
        ConversationId::Single(..) | ConversationId::AsideSingle(..) => 1,
        ConversationId::Group(_) | ConversationId::AsideGroup(_) => generation.group_session(),
        ConversationId::Notice(..) => 4,
    }
}

/// What [`session`] and [`conversation`] give.
pub(super) fn sessions(generation: Generation) -> Value {
    json!({"type": "integer", "enum": [1, generation.group_session(), 4]})
}

/// The number that says whether a person or the system speaks.
pub(super) const fn sender(system: bool) -> i32 {
    if system { 200 } else { 100 }
}

/// What [`sender`] gives.
pub(super) fn senders(_: Generation) -> Value {
    json!({"type": "integer", "enum": [sender(false), sender(true)]})
}

/// What [`level`] gives.
pub(super) fn levels(_: Generation) -> Value {
    let all = [Role::Owner, Role::Admin, Role::Member].map(level);
    json!({"type": "integer", "enum": all})
}

/// What [`group_status`] gives.
pub(super) fn group_statuses(_: Generation) -> Value {
    let all = [GroupStatus::Open, GroupStatus::Banned, GroupStatus::Dismissed, GroupStatus::Muted]
        .map(group_status);
    json!({"type": "integer", "enum": all})
}

/// The level of a role.
pub(super) const fn level(role: Role) -> i32 {
    match role {
        Role::Owner => 100,
        Role::Admin => 60,
        Role::Member => 20,
    }
}

/// The role of a level.
///
/// # Errors
/// Says that nobody has this level.
pub(super) fn role(level: i32) -> Result<Role, String> {
    match level {
        100 => Ok(Role::Owner),
        60 => Ok(Role::Admin),
        20 => Ok(Role::Member),
        other => Err(format!("roleLevel {other} is none of 20 (member), 60 (admin) and 100 (owner)")),
    }
}

/// The number of a group's state.
pub(super) const fn group_status(status: GroupStatus) -> i32 {
    match status {
        GroupStatus::Open => 0,
        GroupStatus::Banned => 1,
        GroupStatus::Dismissed => 2,
        GroupStatus::Muted => 3,
    }
}

/// A number that an answer gives, if it is one of these.
///
/// # Errors
/// Names it and its bounds.
pub(super) fn within(name: &str, number: i32, bounds: RangeInclusive<i32>) -> Result<i32, String> {
    if bounds.contains(&number) {
        return Ok(number);
    }
    Err(format!("{name} {number} is not one of {} to {}", bounds.start(), bounds.end()))
}
