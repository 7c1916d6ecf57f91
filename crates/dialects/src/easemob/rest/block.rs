//! Block lists of users. Source: easemob-rest fact sheet 5.

use ringback_model::command::{Command, FriendCommand, FriendOutcome, Outcome};
use ringback_model::ids::UserId;
use schemars::JsonSchema;
use serde::Deserialize;

use super::body::{parse, users};
use super::contact::other;
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject};
use super::user_pages::named;
use super::{Asked, cursor};

/// Users of a page.
const MOST: usize = 50;
/// Users of one call.
const AT_ONCE: usize = 60;

/// Who is to be blocked.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Blocks {
    /// User ids; at most 60.
    #[schemars(length(min = 1, max = 60), extend("x-required" = true), inner(length(min = 1, max = 64)))]
    usernames: Option<Vec<String>>,
}

fn wanted(asked: &Asked<'_>) -> Result<Vec<UserId>, Reject> {
    let wanted: Blocks = parse(&asked.request.body)?;
    let names = wanted.usernames.unwrap_or_default();
    if names.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "usernames must be provided"));
    }
    if names.len() > AT_ONCE {
        let text = format!("userNames is more than max limit : {AT_ONCE}");
        return Err(Reject::new(&INVALID_PARAMETER, text));
    }
    users(names.iter().map(String::as_str))
}

pub(super) fn add(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Friend(FriendCommand::BlockMany { owner: named(asked)?, users: wanted(asked)? }))
}

pub(super) fn added(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    let names: Vec<String> = wanted(asked).ok()?.iter().map(UserId::folded).collect();
    Some(Ok(Contents::data(&names).without_entities().with_count(names.len()).answer()))
}

/// Without parameters: all.
pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    let limit = cursor::size(asked, "pageSize", None, MOST)?;
    let after = cursor::user(asked)?;
    let limit = limit.or(after.is_some().then_some(MOST));
    Ok(Command::Friend(FriendCommand::BlocksAfter { owner: named(asked)?, after, limit }))
}

pub(super) fn listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfFriend(FriendOutcome::BlocksAfter(blocks, next)) = outcome else { return None };
    let names: Vec<String> = blocks.iter().map(|block| block.blocked.folded()).collect();
    let contents = Contents::data(&names)
        .without_entities()
        .with_count(names.len())
        .with_params(cursor::params(asked, &["pageSize", "cursor"]))
        .with_cursor(next.as_ref().map(cursor::of_user));
    Some(Ok(contents.answer()))
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Friend(FriendCommand::LetIn { owner: named(asked)?, blocked: other(asked)? }))
}
