//! Contacts of a user. Source: easemob-rest fact sheet 5, 16.

use ringback_model::command::{Command, FriendCommand, FriendOutcome, Outcome};
use ringback_model::ids::UserId;
use ringback_model::record::Friend;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{self, parse, users};
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject};
use super::user::Entity;
use super::user_pages::named;
use super::{Asked, cursor};
use crate::easemob::uuid;

/// Contacts of a page, at most and by default.
const MOST: usize = 50;
const USUAL: usize = 10;
/// Users of one import.
const AT_ONCE: usize = 10;
/// Characters of a remark.
const REMARK_CHARS: usize = 100;

/// The other one of the path.
pub(super) fn other(asked: &Asked<'_>) -> Result<UserId, Reject> {
    body::user(asked.request.param("other")).map_err(|_| Reject::Problem(Problem::no_such_resource()))
}

fn not_himself(owner: &UserId, other: &UserId) -> Result<(), Reject> {
    if owner == other {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "nobody is a contact of himself"));
    }
    Ok(())
}

pub(super) fn add(asked: &Asked<'_>) -> Result<Command, Reject> {
    let (owner, friend) = (named(asked)?, other(asked)?);
    not_himself(&owner, &friend)?;
    Ok(Command::Friend(FriendCommand::Befriend { owner, friend }))
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    let (owner, friend) = (named(asked)?, other(asked)?);
    not_himself(&owner, &friend)?;
    Ok(Command::Friend(FriendCommand::Part { owner, friend }))
}

/// The contact.
pub(super) fn shown(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Users(users) = outcome else { return None };
    let [user] = users.as_slice() else { return None };
    let owner = asked.request.param("user").to_lowercase();
    let path = format!("/users/{}/contacts", uuid::of_user(&asked.app.key(), &owner));
    Some(Ok(Contents::entities(&[Entity::new(asked, user)]).with_path(path).answer()))
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Friend(FriendCommand::After { owner: named(asked)?, after: None, limit: None }))
}

pub(super) fn listed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfFriend(FriendOutcome::After(friends, _)) = outcome else { return None };
    let names: Vec<String> = friends.iter().map(|friend| friend.friend.folded()).collect();
    Some(Ok(Contents::data(&names).with_count(names.len()).answer()))
}

/// A contact with his name.
#[derive(Serialize, JsonSchema)]
pub(super) struct Contact {
    /// The owner's name for him; only where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
    username: String,
}

/// Contacts of a page.
#[derive(Serialize, JsonSchema)]
pub(super) struct ContactPage {
    contacts: Vec<Contact>,
}

pub(super) fn page(asked: &Asked<'_>) -> Result<Command, Reject> {
    let limit = cursor::size(asked, "limit", Some(USUAL), MOST)?;
    Ok(Command::Friend(FriendCommand::After { owner: named(asked)?, after: cursor::user(asked)?, limit }))
}

pub(super) fn paged(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfFriend(FriendOutcome::After(friends, next)) = outcome else { return None };
    let remarks = asked.request.query("needReturnRemark") == Some("true");
    let contact = |friend: &Friend| Contact {
        remark: remarks.then(|| friend.remark.clone()),
        username: friend.friend.folded(),
    };
    let contacts: Vec<Contact> = friends.iter().map(contact).collect();
    let count = contacts.len();
    let contents = Contents::data(&ContactPage { contacts })
        .with_count(count)
        .with_params(cursor::params(asked, &["limit", "cursor", "needReturnRemark"]))
        .with_cursor(next.as_ref().map(cursor::of_user));
    Some(Ok(contents.answer()))
}

/// A name for a contact.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Remark {
    /// It; empty = none.
    #[schemars(length(min = 0, max = 100), extend("x-required" = true))]
    remark: Option<String>,
}

pub(super) fn remark(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: Remark = parse(&asked.request.body)?;
    let Some(remark) = wanted.remark else {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "remark must be provided"));
    };
    if remark.chars().count() > REMARK_CHARS {
        let text = format!("remark is longer than {REMARK_CHARS} characters");
        return Err(Reject::new(&ILLEGAL_ARGUMENT, text));
    }
    Ok(Command::Friend(FriendCommand::Remark { owner: named(asked)?, friend: other(asked)?, remark }))
}

pub(super) fn remarked(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    Some(Ok(Contents::default().without_entities().with_status("ok").answer()))
}

/// Who is to become a contact.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Import {
    /// User ids; at most 10.
    #[schemars(length(min = 1, max = 10), extend("x-required" = true), inner(length(min = 1, max = 64)))]
    usernames: Option<Vec<String>>,
}

pub(super) fn import(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: Import = parse(&asked.request.body)?;
    let names = wanted.usernames.unwrap_or_default();
    if names.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "usernames must be provided"));
    }
    if names.len() > AT_ONCE {
        let text = format!("userNames is more than max limit : {AT_ONCE}");
        return Err(Reject::new(&INVALID_PARAMETER, text));
    }
    let users = users(names.iter().map(String::as_str))?;
    Ok(Command::Friend(FriendCommand::BefriendMany { owner: named(asked)?, users }))
}

/// What became of an import.
#[derive(Serialize, JsonSchema)]
pub(super) struct Imported {
    /// Contacts now.
    success: Vec<String>,
    #[serde(rename = "NotExistFailed")]
    unknown: Vec<String>,
    /// For whom there was no room.
    #[serde(rename = "maxLimitFailed")]
    too_many: Vec<String>,
    /// Users who cannot be contacts of this one.
    #[serde(rename = "UnKnowFailed")]
    others: Vec<String>,
}

pub(super) fn imported(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfFriend(FriendOutcome::Befriended { done, unknown, no_room, others }) = outcome else {
        return None;
    };
    let names = |users: &[UserId]| users.iter().map(UserId::folded).collect();
    let data = Imported {
        success: names(done),
        unknown: names(unknown),
        too_many: names(no_room),
        others: names(others),
    };
    Some(Ok(Contents::data(&data).with_status("ok").answer()))
}
