//! `/users`. Source: easemob-rest fact sheet 4.

use ringback_model::command::{Account, Command, Outcome};
use ringback_model::secret::Secret;
use ringback_model::time::UnixMs;
use ringback_model::user::{AccountLevel, Standing, User};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Asked;
use super::address::{AppNames, split};
use super::body::{invalid, new_user, parse, required};
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject, USER_EXISTS};
use crate::easemob::uuid;

/// Users of one call.
const AT_ONCE: usize = 60;
/// Characters of a password. Source: easemob-rest fact sheet 1.
const PASSWORD_CHARS: usize = 64;
/// Characters of a nickname.
pub(super) const NICKNAME_CHARS: usize = 100;

/// A user, as he is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub(super) struct Entity<'a> {
    uuid: String,
    /// Always `user`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Milliseconds since 1970.
    created: i64,
    /// Milliseconds since 1970.
    modified: i64,
    /// Lower case.
    username: String,
    activated: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    nickname: &'a str,
}

impl<'a> Entity<'a> {
    pub(super) fn new(asked: &Asked<'_>, user: &'a User) -> Self {
        let username = user.id.folded();
        Self {
            uuid: uuid::of_user(&asked.app.key(), &username),
            kind: "user",
            created: user.created_at.0,
            modified: user.created_at.0,
            username,
            activated: !user.standing.deactivated,
            nickname: &user.nickname,
        }
    }
}

// Not `Debug`: it holds a password.
/// A user to register.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewUser {
    /// 1 to 64 letters, digits and `_ - .`; letter case does not count.
    #[schemars(extend("x-required" = true))]
    username: Option<String>,
    /// Needed below `/{org}/{app}`. Letters, digits and `~!@#$%^&*-_=+<>;:,./?`, at most 64.
    password: Option<String>,
    nickname: Option<String>,
}

/// One user, or a list of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Registration {
    /// One.
    One(NewUser),
    /// At most 60.
    Many(#[schemars(length(min = 1, max = 60))] Vec<NewUser>),
}

/// Why a user of a list was not registered.
#[derive(Serialize, JsonSchema)]
pub(super) struct NotRegistered {
    username: String,
    #[serde(rename = "registerUserFailReason")]
    reason: String,
}

pub(super) fn register(asked: &Asked<'_>) -> Result<Command, Reject> {
    let users = match wanted(asked)? {
        Registration::One(user) => vec![user],
        Registration::Many(users) => users,
    };
    if users.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "username must be provided"));
    }
    if users.len() > AT_ONCE {
        let text = format!("userNames is more than max limit : {AT_ONCE}");
        return Err(Reject::new(&INVALID_PARAMETER, text));
    }
    // Who names the app by its id needs no passwords: his users come with tokens that he makes himself
    // (easemob-rest fact sheet 17).
    let by_id = matches!(split(&asked.request.path), Some((AppNames::Id(_), _)));
    let mut accounts: Vec<Account> = Vec::new();
    for user in users {
        let account = account(user, !by_id)?;
        if accounts.iter().all(|other| other.user.id != account.user.id) {
            accounts.push(account);
        }
    }
    Ok(Command::RegisterAccounts { accounts })
}

fn wanted(asked: &Asked<'_>) -> Result<Registration, Reject> {
    let body = &asked.request.body;
    if is_list(body) {
        let users: Vec<Map<String, Value>> = serde_json::from_slice(body).map_err(|_| invalid())?;
        let users = users.into_iter().map(|user| NewUser::deserialize(Value::Object(user)));
        users.collect::<Result<_, _>>().map(Registration::Many).map_err(|_| invalid())
    } else {
        parse(body).map(Registration::One)
    }
}

fn is_list(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
}

fn account(asked: NewUser, needs_password: bool) -> Result<Account, Reject> {
    let name = required(asked.username, &ILLEGAL_ARGUMENT, "username must be provided")?;
    let id = new_user(&name)?;
    let password = asked.password.filter(|password| !password.is_empty());
    if needs_password && password.is_none() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "password or pin must provided"));
    }
    if password.as_deref().is_some_and(|password| !is_password(password)) {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "password is not legal"));
    }
    let nickname = asked.nickname.filter(|nickname| !nickname.is_empty());
    if nickname.as_ref().is_some_and(|nickname| nickname.chars().count() > NICKNAME_CHARS) {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "NICKNAME_TOO_LONG"));
    }
    let user = User {
        nickname: nickname.unwrap_or_else(|| id.as_str().to_owned()),
        id,
        face_url: String::new(),
        ex: String::new(),
        created_at: UnixMs(0),
        level: AccountLevel::ORDINARY,
        receive_option: 0,
        standing: Standing::default(),
    };
    Ok(Account { user, password: password.map(Secret::from) })
}

pub(super) fn is_password(text: &str) -> bool {
    text.len() <= PASSWORD_CHARS
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "~!@#$%^&*-_=+<>;:,./?".contains(c))
}

pub(super) fn registered(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Registered { created, existing } = outcome else { return None };
    if let ([], [only], false) = (created.as_slice(), existing.as_slice(), is_list(&asked.request.body)) {
        let text = format!(
            "Application {} Entity user requires that property named username be unique, value of {only} exists",
            asked.application
        );
        return Some(Err(Problem::new(&USER_EXISTS, text)));
    }
    let entities: Vec<Entity<'_>> = created.iter().map(|user| Entity::new(asked, user)).collect();
    let contents = Contents::entities(&entities);
    if existing.is_empty() {
        return Some(Ok(contents.answer()));
    }
    let failed: Vec<NotRegistered> = existing
        .iter()
        .map(|id| NotRegistered { username: id.folded(), reason: format!("the {id} already exists") })
        .collect();
    Some(Ok(contents.with_data(&failed).answer()))
}

/// An id that cannot exist is as unknown as any other.
pub(super) fn get(asked: &Asked<'_>) -> Result<Command, Reject> {
    let id = super::body::user(asked.request.param("user"));
    Ok(Command::Users { ids: id.into_iter().collect() })
}

pub(super) fn found(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Users(users) = outcome else { return None };
    let [user] = users.as_slice() else { return Some(Err(Problem::no_such_resource())) };
    Some(Ok(Contents::entities(&[Entity::new(asked, user)]).with_count(1).answer()))
}
