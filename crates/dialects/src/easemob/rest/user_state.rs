//! `/users/{user}/…`: passwords, names, who may log in, who is where, and what waits for him. Source: easemob-rest fact
//! sheet 4, 17.

use std::collections::BTreeMap;

use ringback_model::command::{AccountCommand, AccountOutcome, Command, Outcome};
use ringback_model::ids::{MessageId, UserId};
use ringback_model::user::{Connection, Platform};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{self, parse, required};
use super::envelope::{Answer, Contents};
use super::notification::{nickname, settings_of_waking};
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject};
use super::user::{Entity, is_password};
use super::user_pages::named;

/// Users whose status is asked for at once.
const AT_ONCE: usize = 100;

// Not `Debug`: it holds a password.
/// A password.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewPassword {
    /// Letters, digits and `~!@#$%^&*-_=+<>;:,./?`, at most 64.
    #[schemars(length(min = 1, max = 64), extend("x-required" = true))]
    newpassword: Option<String>,
}

pub(super) fn set_password(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: NewPassword = parse(&asked.request.body)?;
    let password = required(wanted.newpassword, &ILLEGAL_ARGUMENT, "newpassword is required")?;
    if !is_password(&password) {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "password is not legal"));
    }
    Ok(Command::Account(AccountCommand::SetPassword { user: named(asked)?, password: password.into() }))
}

pub(super) fn password_set(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    Some(Ok(Contents::default().without_entities().with_action("set user password").answer()))
}

/// What changes about a user.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Renaming {
    /// The name that others are shown.
    #[schemars(length(min = 1, max = 100), extend("x-required" = true))]
    nickname: Option<String>,
}

pub(super) fn rename(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: Renaming = parse(&asked.request.body)?;
    if let Some(reject) = settings_of_waking(asked) {
        return Err(reject);
    }
    let nickname = nickname(wanted.nickname, "nickname")?;
    Ok(Command::Account(AccountCommand::Rename { names: vec![(named(asked)?, nickname)] }))
}

pub(super) fn deactivate(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::SetActive { user: named(asked)?, active: false }))
}

pub(super) fn activate(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::SetActive { user: named(asked)?, active: true }))
}

/// One user, as he is now, or was until now.
pub(super) fn shown(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    Some(Ok(entity(asked, outcome)?.answer()))
}

pub(super) fn deactivated(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    Some(Ok(entity(asked, outcome)?.with_action("Deactivate user").answer()))
}

pub(super) fn activated(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    Some(Ok(entity(asked, outcome)?.with_action("activate user").answer()))
}

fn entity(asked: &Asked<'_>, outcome: &Outcome) -> Option<Contents> {
    let Outcome::Users(users) = outcome else { return None };
    let [user] = users.as_slice() else { return None };
    Some(Contents::entities(&[Entity::new(asked, user)]))
}

/// Whether somebody is online.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnlineStatus {
    Online,
    Offline,
}

impl OnlineStatus {
    const fn of(connections: &[Connection]) -> Self {
        if connections.is_empty() { Self::Offline } else { Self::Online }
    }
}

/// Users by id, each with his status.
pub(super) type Statuses = BTreeMap<String, OnlineStatus>;

pub(super) fn connections(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::Connections { user: named(asked)? }))
}

/// Under the name that the path has: clients look for the one that they asked for.
pub(super) fn status(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Online(online) = outcome else { return None };
    let [(_, connections)] = online.as_slice() else { return None };
    let name = asked.request.param("user").to_owned();
    Some(Ok(Contents::data(&Statuses::from([(name, OnlineStatus::of(connections))])).answer()))
}

/// Whose status is asked for.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct StatusOf {
    /// User ids; at most 100.
    #[schemars(length(min = 1, max = 100), extend("x-required" = true))]
    usernames: Option<Vec<String>>,
}

/// The names, each once. One that cannot be a user's is offline like any other unknown one.
pub(super) fn statuses_of(asked: &Asked<'_>) -> Result<Command, Reject> {
    let ids = wanted(asked)?.iter().filter_map(|name| body::user(name).ok()).collect();
    Ok(Command::OnlineStatus { ids })
}

fn wanted(asked: &Asked<'_>) -> Result<Vec<String>, Reject> {
    let wanted: StatusOf = parse(&asked.request.body)?;
    let names = wanted.usernames.unwrap_or_default();
    if names.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "usernames must be provided"));
    }
    if names.len() > AT_ONCE {
        let text = format!("userNames is more than max limit : {AT_ONCE}");
        return Err(Reject::new(&INVALID_PARAMETER, text));
    }
    Ok(names)
}

pub(super) fn statuses(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Online(online) = outcome else { return None };
    let online: BTreeMap<String, OnlineStatus> =
        online.iter().map(|(user, connections)| (user.folded(), OnlineStatus::of(connections))).collect();
    let of = |name: String| {
        let status = online.get(&name.to_lowercase()).copied().unwrap_or(OnlineStatus::Offline);
        Statuses::from([(name, status)])
    };
    let list: Vec<Statuses> = wanted(asked).ok()?.into_iter().map(of).collect();
    Some(Ok(Contents::data(&list).with_action("get batch user status").answer()))
}

pub(super) fn disconnect(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::Disconnect { user: named(asked)?, connection: None }))
}

/// What comes after the system's name is the connection's own id.
pub(super) fn disconnect_one(asked: &Asked<'_>) -> Result<Command, Reject> {
    let resource = asked.request.param("resource");
    let connection = resource.rsplit_once('_').map_or(resource, |(_, id)| id).to_owned();
    Ok(Command::Account(AccountCommand::Disconnect { user: named(asked)?, connection: Some(connection) }))
}

/// Whether it was done.
#[derive(Serialize, JsonSchema)]
pub(super) struct Disconnected {
    /// False where the user has no such device.
    result: bool,
}

pub(super) fn disconnected(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::Disconnected(result)) = outcome else { return None };
    Some(Ok(Contents::data(&Disconnected { result: *result }).answer()))
}

/// A device that is connected.
#[derive(Serialize, JsonSchema)]
pub(super) struct Resource {
    /// The system it runs on, and its id.
    res: String,
    device_uuid: String,
    /// The system it runs on.
    device_name: &'static str,
}

pub(super) fn resources(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Online(online) = outcome else { return None };
    let [(_, connections)] = online.as_slice() else { return None };
    let resource = |one: &Connection| Resource {
        res: format!("{}_{}", system(one.platform), one.id),
        device_uuid: one.id.clone(),
        device_name: system(one.platform),
    };
    let list: Vec<Resource> = connections.iter().map(resource).collect();
    Some(Ok(Contents::data(&list).answer()))
}

/// The systems that this family knows. Numbers: client protocol sheet 1.2.
const fn system(platform: Platform) -> &'static str {
    match platform.0 {
        1 | 9 => "ios",
        2 | 8 => "android",
        3 => "win",
        5 | 6 => "web",
        7 => "linux",
        _ => "other",
    }
}

/// How many messages wait for each user.
pub(super) type Counts = BTreeMap<String, u64>;

pub(super) fn unread(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::Unread { user: named(asked)? }))
}

pub(super) fn count(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::Unread(unread)) = outcome else { return None };
    let counts = Counts::from([(asked.request.param("user").to_lowercase(), *unread)]);
    Some(Ok(Contents::data(&counts).answer()))
}

/// What became of a message.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Delivery {
    /// It waits for him.
    Undelivered,
    /// It does not, or never did.
    Delivered,
}

/// Messages by id, each with what became of it.
pub(super) type Deliveries = BTreeMap<String, Delivery>;

pub(super) fn is_unread(asked: &Asked<'_>) -> Result<Command, Reject> {
    let text = asked.request.param("msg_id");
    let message = text.parse().map(MessageId);
    let message = message.map_err(|_| Reject::new(&ILLEGAL_ARGUMENT, "msg_id is not one of a message"))?;
    Ok(Command::Account(AccountCommand::IsUnread { user: named(asked)?, message }))
}

pub(super) fn delivery(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::IsUnread(waits)) = outcome else { return None };
    let became = if *waits { Delivery::Undelivered } else { Delivery::Delivered };
    let deliveries = Deliveries::from([(asked.request.param("msg_id").to_owned(), became)]);
    Some(Ok(Contents::data(&deliveries).answer()))
}

/// Somebody named in a body.
pub(super) fn named_in_body(name: Option<String>, member: &str) -> Result<UserId, Reject> {
    body::user(&required(name, &ILLEGAL_ARGUMENT, &format!("{member} must be provided"))?)
}
