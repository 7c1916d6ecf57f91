//! What wakes users, and under which name others are shown to them: `/push/nickname` and
//! `/users/{user}/notification`. Source: easemob-rest fact sheet 15; repository `easemob/easemob-im-server-sdk`,
//! package `api/push`.

use ringback_model::command::{
    AccountCommand, ChatCommand, Command, ConversationRef, Outcome, SettingsChange, UserCommand,
};
use ringback_model::conversation::ConversationId;
use ringback_model::ids::UserId;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Asked;
use super::body::{invalid, parse, required, user};
use super::chats::known;
use super::envelope::{Answer, Contents};
use super::not_offered;
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject};
use super::user::{Entity, NICKNAME_CHARS};
use super::user_pages::named;

/// Users of one call.
const AT_ONCE: usize = 60;

/// Wakes whenever something comes.
const LOUD: i32 = 0;
/// Receives, and is not woken.
const SILENT: i32 = 2;

/// What is said of quiet hours and of quiet for a while.
const QUIET: &str = "quiet without an end, by `type` `NONE` of `PUT /users/{user}/notification/user/{user}`";
/// Members of `PUT /users/{user}` that are about waking.
const ABOUT_WAKING: &str = "notification_";

/// The name under which a user is shown to others.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct PushNickname {
    /// Whose.
    #[schemars(length(min = 1, max = 64), extend("x-required" = true))]
    username: Option<String>,
    /// It.
    #[schemars(length(min = 1, max = 100), extend("x-required" = true))]
    push_nickname: Option<String>,
}

/// Names of several users.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct PushNicknames(#[schemars(length(min = 1, max = 60))] Vec<PushNickname>);

/// A name that fits.
pub(super) fn nickname(text: Option<String>, member: &str) -> Result<String, Reject> {
    let name = required(text, &ILLEGAL_ARGUMENT, &format!("{member} must be provided"))?;
    if name.chars().count() > NICKNAME_CHARS {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "NICKNAME_TOO_LONG"));
    }
    Ok(name)
}

/// Of a user who is named twice the last name counts.
pub(super) fn rename(asked: &Asked<'_>) -> Result<Command, Reject> {
    // A struct may be read from a list too, item by item; nobody means that.
    let list: Vec<Map<String, Value>> = serde_json::from_slice(&asked.request.body).map_err(|_| invalid())?;
    let wanted = list.into_iter().map(|one| PushNickname::deserialize(Value::Object(one)));
    let PushNicknames(wanted) = wanted.collect::<Result<_, _>>().map(PushNicknames).map_err(|_| invalid())?;
    if wanted.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "username must be provided"));
    }
    if wanted.len() > AT_ONCE {
        let text = format!("userNames is more than max limit : {AT_ONCE}");
        return Err(Reject::new(&INVALID_PARAMETER, text));
    }
    let mut names: Vec<(UserId, String)> = Vec::new();
    for PushNickname { username, push_nickname } in wanted {
        let id = user(&required(username, &ILLEGAL_ARGUMENT, "username must be provided")?)?;
        let name = nickname(push_nickname, "push_nickname")?;
        names.retain(|(other, _)| *other != id);
        names.push((id, name));
    }
    Ok(Command::Account(AccountCommand::Rename { names }))
}

/// The users with their new names.
pub(super) fn renamed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Users(users) = outcome else { return None };
    let entities: Vec<Entity<'_>> = users.iter().map(|user| Entity::new(asked, user)).collect();
    Some(Ok(Contents::entities(&entities).answer()))
}

/// Why a change of a user is not one of his name: settings of waking that are not offered this way.
pub(super) fn settings_of_waking(asked: &Asked<'_>) -> Option<Reject> {
    let members: Map<String, Value> = serde_json::from_slice(&asked.request.body).ok()?;
    let is_meant =
        !members.contains_key("nickname") && members.keys().any(|name| name.starts_with(ABOUT_WAKING));
    is_meant.then(|| Reject::Problem(not_offered::told(QUIET)))
}

/// When a user is woken.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct Waking {
    /// `NONE`: never; `ALL`, `DEFAULT`: whenever something comes. The user's own setting and that of a conversation
    /// must both allow it.
    #[serde(rename = "type")]
    #[schemars(extend("x-required" = true, "enum" = ["ALL", "DEFAULT", "NONE"]))]
    kind: Option<String>,
    /// Quiet hours of each day are not offered.
    #[serde(rename = "ignoreInterval")]
    #[schemars(length(max = 0))]
    interval: Option<String>,
    /// Quiet for so many milliseconds is not offered: 0.
    #[serde(rename = "ignoreDuration")]
    #[schemars(range(min = 0, max = 0))]
    duration: Option<i64>,
}

pub(super) fn set_waking(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: Waking = parse(&asked.request.body)?;
    let option = match required(wanted.kind, &ILLEGAL_ARGUMENT, "type must be provided")?.as_str() {
        "NONE" => SILENT,
        "ALL" | "DEFAULT" => LOUD,
        _ => return Err(Reject::new(&ILLEGAL_ARGUMENT, "type must be ALL, DEFAULT or NONE")),
    };
    if wanted.interval.is_some_and(|hours| !hours.is_empty()) || wanted.duration.is_some_and(|ms| ms != 0) {
        return Err(Reject::Problem(not_offered::told(QUIET)));
    }
    let owner = named(asked)?;
    let id = asked.request.param("key");
    let conversation = match asked.request.param("kind") {
        // His own name stands for all his conversations.
        "user" if user(id)? == owner => {
            return Ok(Command::User(UserCommand::ReceiveOption { user: owner, option }));
        }
        "user" => ConversationId::single(&owner, &user(id)?),
        "chatgroup" => ConversationId::Group(known(id)?),
        _ => return Err(Reject::new(&ILLEGAL_ARGUMENT, "the conversation must be one of user or chatgroup")),
    };
    let conversation = ConversationRef { text: id.to_owned(), id: Some(conversation) };
    let change = SettingsChange { receive_option: Some(option), ..SettingsChange::default() };
    Ok(Command::Chat(ChatCommand::Configure { users: vec![(owner, conversation)], change }))
}

/// Done.
pub(super) fn set(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    Some(Ok(Contents::default().without_entities().with_status("ok").answer()))
}
