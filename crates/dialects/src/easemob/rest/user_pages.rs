//! `/users`: long lists of users, and how they go. Source: easemob-rest fact sheet 4.

use ringback_model::command::{AccountCommand, AccountOutcome, Command, Outcome};

use super::envelope::{Answer, Contents};
use super::problem::{Problem, Reject};
use super::user::Entity;
use super::{Asked, body, cursor};

/// Users of a page, at most and by default.
const MOST: usize = 100;
const USUAL: usize = 10;

pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    let limit = cursor::size(asked, "limit", Some(USUAL), MOST)?.unwrap_or(USUAL);
    Ok(Command::Account(AccountCommand::ByAge { after: cursor::age(asked)?, limit }))
}

pub(super) fn remove_page(asked: &Asked<'_>) -> Result<Command, Reject> {
    let limit = cursor::size(asked, "limit", Some(USUAL), MOST)?.unwrap_or(USUAL);
    Ok(Command::Account(AccountCommand::RemovePage { after: cursor::age(asked)?, limit }))
}

/// Those that are there, or were until now.
pub(super) fn page(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::Page { users, next }) = outcome else { return None };
    let entities: Vec<Entity<'_>> = users.iter().map(|user| Entity::new(asked, user)).collect();
    let contents = Contents::entities(&entities)
        .with_count(entities.len())
        .with_params(cursor::params(asked, &["limit", "cursor"]))
        .with_cursor(next.as_ref().map(cursor::of_age));
    Some(Ok(contents.answer()))
}

/// An id that cannot exist is as unknown as any other.
pub(super) fn named(asked: &Asked<'_>) -> Result<ringback_model::ids::UserId, Reject> {
    body::user(asked.request.param("user")).map_err(|_| Reject::Problem(Problem::no_such_resource()))
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::Remove { user: named(asked)? }))
}
