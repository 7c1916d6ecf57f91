//! `/user/process_user_command_*`: small things that a user keeps. Source: REST sheet 4, 12.

use ringback_model::command::{
    Command, FavouriteChange, FavouriteName, NewFavourite, Outcome, UserCommand, UserOutcome,
};
use ringback_model::dialect::EdgeRequest;
use ringback_model::record::Favourite;
use schemars::JsonSchema;
use serde::Serialize;

use super::body::{Reject, body, parse, required, required_number, user_id};
use super::reply::{Data, data};

body! {
    /// A small thing that a user keeps.
    #[schemars(rename = "UserCommand")]
    Thing {
        /// Whose.
        user: String = "userID" required,
        /// The app's own number of its kind; not 0.
        kind: i32 = "type" required,
        /// Its id among those of its kind.
        id: String = "uuid" required,
        /// What it says; where one is changed, what is absent stays.
        value: Option<String> = "value",
        /// The app's own text; where one is changed, what is absent stays.
        ex: Option<String> = "ex",
    }
}

fn name(asked: &Thing) -> Result<FavouriteName, Reject> {
    let user = user_id("userID", &asked.user)?;
    let kind = required_number("type", asked.kind)?;
    let id = required("uuid", &asked.id)?.to_owned();
    Ok(FavouriteName { user, kind, id })
}

pub(super) fn add(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Thing = parse(&request.body)?;
    let name = name(&asked)?;
    let (value, ex) = (asked.value.unwrap_or_default(), asked.ex.unwrap_or_default());
    Ok(Command::User(UserCommand::AddFavourite(NewFavourite { name, value, ex })))
}

pub(super) fn change(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Thing = parse(&request.body)?;
    let name = name(&asked)?;
    Ok(Command::User(UserCommand::ChangeFavourite(FavouriteChange {
        name,
        value: asked.value,
        ex: asked.ex,
    })))
}

pub(super) fn remove(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Thing = parse(&request.body)?;
    Ok(Command::User(UserCommand::RemoveFavourite(name(&asked)?)))
}

body! {
    /// What a user keeps of one kind.
    #[schemars(rename = "UserCommandsOfType")]
    OfKind {
        /// Whose.
        user: String = "userID" required,
        /// The app's own number of the kind.
        kind: i32 = "type" required,
    }
}

pub(super) fn of_kind(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: OfKind = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    let kind = Some(required_number("type", asked.kind)?);
    Ok(Command::User(UserCommand::Favourites { user, kind }))
}

body! {
    /// All that a user keeps.
    #[schemars(rename = "UserCommandsOfUser")]
    Whose {
        /// Whose.
        user: String = "userID" required,
    }
}

pub(super) fn all(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Whose = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::User(UserCommand::Favourites { user, kind: None }))
}

/// A small thing that a user keeps.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CommandInfoResp")]
struct ThingJson<'a> {
    #[serde(rename = "type")]
    kind: i32,
    /// Seconds since 1970.
    #[serde(rename = "createTime")]
    at: i64,
    uuid: &'a str,
    value: &'a str,
    ex: &'a str,
}

impl<'a> From<&'a Favourite> for ThingJson<'a> {
    fn from(one: &'a Favourite) -> Self {
        Self { kind: one.kind, at: one.at.seconds(), uuid: &one.id, value: &one.value, ex: &one.ex }
    }
}

/// Small things that a user keeps. The capital letter is the wire's own.
#[derive(Serialize, JsonSchema)]
pub(super) struct Things<'a> {
    #[serde(rename = "CommandResp")]
    things: Vec<ThingJson<'a>>,
}

pub(super) fn things_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfUser(UserOutcome::Favourites(kept)) = outcome else { return None };
    data(&Things { things: kept.iter().map(ThingJson::from).collect() })
}
