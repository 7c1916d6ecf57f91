//! Block lists and allow lists of groups and rooms. Source: easemob-rest fact sheet 8, 9.

use ringback_model::command::{Command, ManagedUser, ManagingDeed, Outcome};
use ringback_model::group::GroupKind;
use ringback_model::ids::UserId;
use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use super::body::{self, parse};
use super::chats::kind_of;
use super::envelope::Answer;
use super::managing::{TOO_MANY, data, managing, reason, refused, users_of};
use super::members::{UserNames, chosen};
use super::problem::{Problem, Reject};

/// What became of one user on a list.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListChange {
    result: bool,
    /// `add_blocks`, `remove_blocks`, `add_user_whitelist` or `remove_user_whitelist`.
    action: &'static str,
    user: String,
    /// Of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    groupid: Option<String>,
    /// Of a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    chatroomid: Option<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// One change, or a list where several users were named.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum ListChanges {
    One(ListChange),
    Several(Vec<ListChange>),
}

/// The users of the path, or of the body where the path names none.
fn named(asked: &Asked<'_>) -> Result<Vec<UserId>, Reject> {
    let path = asked.request.param("users");
    if !path.is_empty() {
        return chosen(body::listed(path), TOO_MANY);
    }
    let names: UserNames = parse(&asked.request.body)?;
    let names = names.usernames.unwrap_or_default();
    chosen(names.iter().map(String::as_str), TOO_MANY)
}

/// The answer is one where the path names one user.
fn changes(asked: &Asked<'_>, outcome: &Outcome, action: &'static str) -> Option<Result<Answer, Problem>> {
    let users = users_of(outcome)?;
    let id = Some(asked.request.param("id").to_owned());
    let (groupid, chatroomid) = match kind_of(asked) {
        GroupKind::Group => (id, None),
        GroupKind::Room => (None, id),
    };
    let change = |one: &ManagedUser| ListChange {
        result: one.untouched.is_none(),
        action,
        user: one.user.folded(),
        groupid: groupid.clone(),
        chatroomid: chatroomid.clone(),
        reason: reason(one),
    };
    let by_path = !asked.request.param("users").is_empty();
    let data_of = match users {
        [only] if by_path => match refused(only) {
            Some(problem) => return Some(Err(problem)),
            None => ListChanges::One(change(only)),
        },
        several => ListChanges::Several(several.iter().map(change).collect()),
    };
    Some(data(&data_of))
}

pub(super) fn blocked(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Barred)
}

pub(super) fn block(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Bar(named(asked)?))
}

pub(super) fn blocks_added(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    changes(asked, outcome, "add_blocks")
}

pub(super) fn unblock(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Unbar(named(asked)?))
}

pub(super) fn blocks_removed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    changes(asked, outcome, "remove_blocks")
}

pub(super) fn allowed(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Allowed)
}

pub(super) fn allow(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Allow(named(asked)?))
}

pub(super) fn allowance_added(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    changes(asked, outcome, "add_user_whitelist")
}

pub(super) fn disallow(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Disallow(named(asked)?))
}

pub(super) fn allowance_removed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    changes(asked, outcome, "remove_user_whitelist")
}
