//! `/reaction`: reactions to messages. Source: easemob-rest fact sheet 12.

use ringback_model::action::MessageRef;
use ringback_model::command::{Command, MessageCommand, MessageOutcome, Outcome, ReactionOrder};
use ringback_model::conversation::ConversationId;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::Reaction;
use ringback_model::time::UnixMs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Asked;
use super::body::{self, listed as parts, parse, required};
use super::envelope;
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject};

/// Users whom a list shows of each reaction.
const USERS_SHOWN: usize = 3;
/// Users of a page.
const PAGE_USERS: usize = 50;

/// A reaction to a message.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewReaction {
    /// The message.
    #[serde(rename = "msgId")]
    #[schemars(length(min = 1), extend("x-required" = true))]
    msg_id: Option<String>,
    /// The emoji, or the app's name for one; at most 128 characters.
    #[schemars(length(min = 1, max = 128), extend("x-required" = true))]
    message: Option<String>,
}

/// What these routes answer, without an envelope.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReactionAnswer_{T}")]
pub(super) struct Answer<T> {
    #[serde(rename = "requestStatusCode")]
    status: &'static str,
    /// When it was asked for, milliseconds since 1970.
    timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<T>,
}

/// A reaction, with its message.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AddedReaction")]
pub(super) struct Added {
    id: String,
    #[serde(rename = "msgId")]
    msg_id: String,
    /// `chat` or `groupchat`.
    #[serde(rename = "msgType")]
    msg_type: &'static str,
    #[serde(rename = "groupId")]
    group_id: Option<String>,
    reaction: String,
    #[serde(rename = "createdAt")]
    created_at: String,
    #[serde(rename = "updatedAt")]
    updated_at: String,
}

/// Reactions to a message.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReactionsOfMessage")]
pub(super) struct OfMessage {
    #[serde(rename = "msgId")]
    msg_id: String,
    #[serde(rename = "reactionList")]
    reactions: Vec<Listed>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReactionListed")]
struct Listed {
    #[serde(rename = "reactionId")]
    id: String,
    reaction: String,
    count: usize,
    /// Whether the user is among them.
    state: bool,
    /// The first three.
    #[serde(rename = "userList")]
    users: Vec<String>,
}

/// Who has reacted in one way.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReactionDetail")]
pub(super) struct Detail {
    #[serde(rename = "reactionId")]
    id: String,
    reaction: String,
    count: usize,
    state: bool,
    #[serde(rename = "userList")]
    users: Vec<String>,
    /// Where the next page begins; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

type Answered = Option<Result<envelope::Answer, Problem>>;

fn user(asked: &Asked<'_>) -> Result<UserId, Reject> {
    body::user(asked.request.param("user"))
}

fn order(
    asked: &Asked<'_>,
    message: Option<String>,
    reaction: Option<String>,
    added: bool,
) -> Result<Command, Reject> {
    let message = required(message, &ILLEGAL_ARGUMENT, "msgId must be provided")?;
    let reaction = required(reaction, &ILLEGAL_ARGUMENT, "message must be provided")?;
    let user = user(asked)?;
    Ok(Command::Message(MessageCommand::React(ReactionOrder { user, message, reaction, added })))
}

pub(super) fn add(asked: &Asked<'_>) -> Result<Command, Reject> {
    let NewReaction { msg_id, message } = parse(&asked.request.body)?;
    order(asked, msg_id, message, true)
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    let query = |name| asked.request.query(name).map(str::to_owned);
    order(asked, query("msgId"), query("message"), false)
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    let ids: Vec<String> =
        parts(asked.request.query("msgIdList").unwrap_or_default()).map(str::to_owned).collect();
    if ids.is_empty() {
        return Err(Reject::new(&ILLEGAL_ARGUMENT, "msgIdList must be provided"));
    }
    if ids.len() > limits::REACTED_MESSAGES {
        let text = format!("msgIdList is more than max limit : {}", limits::REACTED_MESSAGES);
        return Err(Reject::new(&ILLEGAL_ARGUMENT, text));
    }
    Ok(Command::Message(MessageCommand::Reactions { user: user(asked)?, messages: ids }))
}

pub(super) fn detail(asked: &Asked<'_>) -> Result<Command, Reject> {
    let query = |name| asked.request.query(name).map(str::to_owned);
    let message = required(query("msgId"), &ILLEGAL_ARGUMENT, "msgId must be provided")?;
    required(query("message"), &ILLEGAL_ARGUMENT, "message must be provided")?;
    page(asked)?;
    Ok(Command::Message(MessageCommand::Reactions { user: user(asked)?, messages: vec![message] }))
}

/// How many users are passed over, and how many are shown.
fn page(asked: &Asked<'_>) -> Result<(usize, usize), Reject> {
    let limit = match asked.request.query("limit") {
        None => PAGE_USERS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=PAGE_USERS).contains(limit))
            .ok_or_else(|| Reject::new(&ILLEGAL_ARGUMENT, "limit must be 1 to 50"))?,
    };
    let skip = match asked.request.query("cursor").filter(|cursor| !cursor.is_empty()) {
        None => 0,
        Some(text) => text.parse().map_err(|_| Reject::new(&ILLEGAL_ARGUMENT, "cursor is not legal"))?,
    };
    Ok((skip, limit))
}

pub(super) fn added(asked: &Asked<'_>, outcome: &Outcome) -> Answered {
    let Outcome::OfMessage(MessageOutcome::Reacted { conversation, message, reaction }) = outcome else {
        return None;
    };
    Some(Ok(bare(asked, Some(shown(conversation, message, reaction)))))
}

pub(super) fn removed(asked: &Asked<'_>, outcome: &Outcome) -> Answered {
    let Outcome::OfMessage(MessageOutcome::Reacted { .. }) = outcome else { return None };
    Some(Ok(bare::<()>(asked, None)))
}

pub(super) fn listed(asked: &Asked<'_>, outcome: &Outcome) -> Answered {
    let Outcome::OfMessage(MessageOutcome::Reactions(all)) = outcome else { return None };
    let user = user(asked).ok()?;
    let list = all.iter().map(|(message, reactions)| OfMessage {
        msg_id: message.shown_id(),
        reactions: reactions
            .iter()
            .map(|one| Listed {
                id: one.number.to_string(),
                reaction: one.reaction.clone(),
                count: one.users.len(),
                state: has(one, &user),
                users: one.users.iter().take(USERS_SHOWN).map(ToString::to_string).collect(),
            })
            .collect(),
    });
    Some(Ok(bare(asked, Some(list.collect::<Vec<_>>()))))
}

pub(super) fn detailed(asked: &Asked<'_>, outcome: &Outcome) -> Answered {
    let Outcome::OfMessage(MessageOutcome::Reactions(all)) = outcome else { return None };
    let (user, (skip, limit)) = (user(asked).ok()?, page(asked).ok()?);
    let wanted = asked.request.query("message");
    let found = all.iter().flat_map(|(_, reactions)| reactions);
    let Some(one) = found.into_iter().find(|one| Some(one.reaction.as_str()) == wanted) else {
        return Some(Err(Problem::new(&ILLEGAL_ARGUMENT, "there is no such reaction to this message")));
    };
    let next = skip.saturating_add(limit);
    let detail = Detail {
        id: one.number.to_string(),
        reaction: one.reaction.clone(),
        count: one.users.len(),
        state: has(one, &user),
        users: one.users.iter().skip(skip).take(limit).map(ToString::to_string).collect(),
        cursor: (next < one.users.len()).then(|| next.to_string()),
    };
    Some(Ok(bare(asked, Some(detail))))
}

fn has(reaction: &Reaction, user: &UserId) -> bool {
    reaction.users.iter().any(|one| one.folded() == user.folded())
}

fn shown(conversation: &ConversationId, message: &MessageRef, reaction: &Reaction) -> Added {
    let group = conversation.group().map(GroupId::to_string);
    Added {
        id: reaction.number.to_string(),
        msg_id: message.shown_id(),
        msg_type: if group.is_some() { "groupchat" } else { "chat" },
        group_id: group,
        reaction: reaction.reaction.clone(),
        created_at: iso(reaction.created_at),
        updated_at: iso(reaction.updated_at),
    }
}

/// As RFC 3339 writes it; empty for an instant that no calendar has.
fn iso(at: UnixMs) -> String {
    let nanos = i128::from(at.0) * 1_000_000;
    let instant = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok();
    instant.and_then(|instant| instant.format(&Rfc3339).ok()).unwrap_or_default()
}

fn bare<T: Serialize>(asked: &Asked<'_>, data: Option<T>) -> envelope::Answer {
    let answer = Answer { status: "ok", timestamp: asked.request.at.0, data };
    envelope::Answer::Bare(to_raw_value(&answer).unwrap_or_default())
}
