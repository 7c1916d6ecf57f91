//! `/mutes`: users who may not speak anywhere. Source: easemob-rest fact sheet 12, 17.

use ringback_model::command::{AccountCommand, AccountOutcome, Command, MuteFor, Outcome};
use ringback_model::ids::UserId;
use ringback_model::time::UnixMs;
use ringback_model::user::Standing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::parse;
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject};
use super::user_pages::named;
use super::user_state::named_in_body;
use super::{Asked, cursor};

/// Users of a page.
const PAGE: usize = 50;

/// Who is muted for how long.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Mute {
    /// Whom.
    #[schemars(extend("x-required" = true), length(max = 64))]
    username: Option<String>,
    /// Seconds in which he says nothing to users; -1 for ever, 0 = he may speak; absent = as it is.
    #[schemars(with = "Option<i64>", range(min = -1))]
    chat: Option<i64>,
    /// The same in groups.
    #[schemars(with = "Option<i64>", range(min = -1))]
    groupchat: Option<i64>,
    /// The same in chat rooms.
    #[schemars(with = "Option<i64>", range(min = -1))]
    chatroom: Option<i64>,
}

pub(super) fn mute(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: Mute = parse(&asked.request.body)?;
    Ok(Command::Account(AccountCommand::Mute {
        user: named_in_body(wanted.username, "username")?,
        to_users: how_long("chat", wanted.chat)?,
        in_groups: how_long("groupchat", wanted.groupchat)?,
        in_rooms: how_long("chatroom", wanted.chatroom)?,
    }))
}

fn how_long(name: &str, seconds: Option<i64>) -> Result<MuteFor, Reject> {
    match seconds {
        None => Ok(MuteFor::Unchanged),
        Some(-1) => Ok(MuteFor::Ever),
        Some(0) => Ok(MuteFor::Nothing),
        Some(seconds) => u64::try_from(seconds).map(MuteFor::Seconds).map_err(|_| {
            Reject::new(&ILLEGAL_ARGUMENT, format!("{name} must be a number of seconds, 0 or -1"))
        }),
    }
}

/// Done.
#[derive(Serialize, JsonSchema)]
pub(super) struct Muted {
    /// Always `ok`.
    result: &'static str,
}

pub(super) fn muted(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    Some(Ok(Contents::data(&Muted { result: "ok" }).answer()))
}

/// How long a user still says nothing.
#[derive(Serialize, JsonSchema)]
pub(super) struct MuteShown {
    userid: String,
    /// Seconds; -1 for ever, 0 = he may speak.
    chat: i64,
    /// The same in groups.
    groupchat: i64,
    /// The same in chat rooms.
    chatroom: i64,
    /// When that was, seconds since 1970.
    unixtime: i64,
}

impl MuteShown {
    fn new(user: &UserId, standing: Standing, at: UnixMs) -> Self {
        let left = |until: UnixMs| match until {
            Standing::FOR_EVER => -1,
            // A mute that has begun to end has not ended.
            until if until > at => (until.0 - at.0).saturating_add(999) / 1000,
            _ => 0,
        };
        Self {
            userid: user.folded(),
            chat: left(standing.muted_to_users),
            groupchat: left(standing.muted_in_groups),
            chatroom: left(standing.muted_in_rooms),
            unixtime: at.seconds(),
        }
    }
}

pub(super) fn get(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Account(AccountCommand::Standing { user: named(asked)? }))
}

pub(super) fn one(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::Standings { users, at, .. }) = outcome else { return None };
    let [(user, standing)] = users.as_slice() else { return None };
    Some(Ok(Contents::data(&MuteShown::new(user, *standing, *at)).answer()))
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    let limit = cursor::size(asked, "limit", Some(PAGE), PAGE)?.unwrap_or(PAGE);
    Ok(Command::Account(AccountCommand::Muted { after: cursor::user(asked)?, limit }))
}

pub(super) fn listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfAccount(AccountOutcome::Standings { users, next, at }) = outcome else { return None };
    let all: Vec<MuteShown> =
        users.iter().map(|(user, standing)| MuteShown::new(user, *standing, *at)).collect();
    let contents = Contents::data(&all)
        .with_count(all.len())
        .with_params(cursor::params(asked, &["limit", "cursor"]))
        .with_cursor(next.as_ref().map(cursor::of_user));
    Some(Ok(contents.answer()))
}
