//! What was said goes from one user's view: `/rest/message/roaming`, `/users/{user}/user_channel`. Source: easemob-rest
//! fact sheet 7.5; repository `easemob/easemob-im-server-sdk`, packages `api/message/roaming` and `deletechannel`.

use ringback_model::command::{ChatCommand, Command, ConversationRef, Outcome, Unlisting};
use ringback_model::conversation::ConversationId;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{parse, required, user};
use super::chats::known;
use super::envelope::{Answer, Contents};
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject};
use super::user_pages::named;

fn queried<'a>(asked: &'a Asked<'_>, name: &str) -> Result<&'a str, Reject> {
    let given = asked.request.query(name).filter(|text| !text.is_empty());
    given.ok_or_else(|| Reject::new(&ILLEGAL_ARGUMENT, format!("{name} must be provided")))
}

/// A view, as errors call it.
fn of(text: &str, id: ConversationId) -> ConversationRef {
    ConversationRef { text: text.to_owned(), id: Some(id) }
}

/// Everything.
pub(super) fn all(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Chat(ChatCommand::Forget { user: named(asked)?, conversation: None, until: None }))
}

/// What was said to one user and by him.
pub(super) fn with_user(asked: &Asked<'_>) -> Result<Command, Reject> {
    let text = queried(asked, "userId")?;
    let id = ConversationId::single(&named(asked)?, &user(text)?);
    until(asked, of(text, id))
}

/// What was said in one group or room.
pub(super) fn in_group(asked: &Asked<'_>) -> Result<Command, Reject> {
    let text = queried(asked, "groupId")?;
    let id = ConversationId::Group(known(text)?);
    until(asked, of(text, id))
}

fn until(asked: &Asked<'_>, conversation: ConversationRef) -> Result<Command, Reject> {
    let wrong = || Reject::new(&ILLEGAL_ARGUMENT, "delTime must be milliseconds since 1970");
    let instant = queried(asked, "delTime")?.parse().ok().filter(|ms| *ms >= 0).ok_or_else(wrong)?;
    Ok(Command::Chat(ChatCommand::Forget {
        user: named(asked)?,
        conversation: Some(conversation),
        until: Some(UnixMs(instant)),
    }))
}

/// A conversation that goes off a user's list.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct UserChannel {
    /// The other user, or the group.
    #[schemars(length(min = 1), extend("x-required" = true))]
    channel: Option<String>,
    /// Which of the two.
    #[serde(rename = "type")]
    #[schemars(extend("x-required" = true, "enum" = ["chat", "groupchat"]))]
    kind: Option<String>,
    /// Whether what was said goes with it.
    #[schemars(extend("x-required" = true))]
    delete_roam: Option<bool>,
}

pub(super) fn channel(asked: &Asked<'_>) -> Result<Command, Reject> {
    let wanted: UserChannel = parse(&asked.request.body)?;
    let needed = |member: &str| format!("{member} must be provided");
    let channel = required(wanted.channel, &ILLEGAL_ARGUMENT, &needed("channel"))?;
    let kind = required(wanted.kind, &ILLEGAL_ARGUMENT, &needed("type"))?;
    let with_messages =
        wanted.delete_roam.ok_or_else(|| Reject::new(&ILLEGAL_ARGUMENT, needed("delete_roam")))?;
    let owner = named(asked)?;
    let id = match kind.as_str() {
        "chat" => ConversationId::single(&owner, &user(&channel)?),
        "groupchat" => ConversationId::Group(known(&channel)?),
        _ => return Err(Reject::new(&ILLEGAL_ARGUMENT, "type must be chat or groupchat")),
    };
    let conversation = of(&channel, id);
    Ok(Command::Chat(if with_messages {
        ChatCommand::Forget { user: owner, conversation: Some(conversation), until: None }
    } else {
        ChatCommand::Unlist { owner, which: Unlisting::These(vec![conversation]) }
    }))
}

/// It is done.
#[derive(Serialize, JsonSchema)]
pub(super) struct Cleared {
    /// Always `ok`.
    result: &'static str,
}

pub(super) fn cleared(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    Some(Ok(Contents::data(&Cleared { result: "ok" }).answer()))
}
