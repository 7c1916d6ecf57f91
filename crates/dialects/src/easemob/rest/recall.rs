//! `/messages/msg_recall` and its forms for many. Source: easemob-rest fact sheet 7.1.

use ringback_model::command::{Command, MessageCommand, MessageOutcome, Outcome, Recall};
use ringback_model::conversation::Target;
use ringback_model::failure::Failure;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{self, parse, required};
use super::envelope::{Answer, Contents};
use super::message::NOBODY;
use super::problem::{self, NOT_RECALLABLE, Problem, Reject};

/// A message that is to be taken back.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "Recall")]
pub(super) struct Order {
    #[schemars(length(min = 1), extend("x-required" = true))]
    msg_id: Option<String>,
    /// The user, group or room that it was sent to.
    #[schemars(length(min = 1), extend("x-required" = true))]
    to: Option<String>,
    #[schemars(extend("x-required" = true, "enum" = ["chat", "groupchat", "chatroom"]))]
    chat_type: Option<String>,
    /// Who takes it back; `admin` if absent. In one-to-one chats its sender.
    #[schemars(length(min = 1))]
    from: Option<String>,
    /// However long ago it was sent.
    force: Option<bool>,
    /// Taken, and not used: the sender's own devices are always told.
    #[serde(rename = "sync_device")]
    #[schemars(rename = "sync_device")]
    _sync_device: Option<bool>,
    /// What the app says about it.
    #[serde(rename = "recallMessageExtensionInfo")]
    ex: Option<String>,
}

/// Messages that are to be taken back.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "Recalls")]
pub(super) struct Orders {
    #[schemars(length(min = 1, max = 30), extend("x-required" = true))]
    msgs: Option<Vec<Order>>,
    /// What the app says about all that say nothing of their own.
    #[serde(rename = "recallMessageExtensionInfo")]
    ex: Option<String>,
}

/// What became of it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Recalled {
    /// `yes`, or `no`.
    recalled: &'static str,
    chattype: String,
    from: String,
    to: String,
    msg_id: String,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) fn one(asked: &Asked<'_>) -> Result<Command, Reject> {
    let order = command(parse(&asked.request.body)?, "")?;
    Ok(Command::Message(MessageCommand::Recall(vec![order])))
}

pub(super) fn many(asked: &Asked<'_>) -> Result<Command, Reject> {
    let Orders { msgs, ex } = parse(&asked.request.body)?;
    let msgs = msgs.unwrap_or_default();
    if msgs.is_empty() {
        return Err(Reject::new(&NOT_RECALLABLE, "param msgs can't be empty"));
    }
    if msgs.len() > limits::RECALLS {
        let text = format!("params msgs's size can't exceed limit {}", limits::RECALLS);
        return Err(Reject::new(&NOT_RECALLABLE, text));
    }
    let ex = ex.unwrap_or_default();
    let orders = msgs.into_iter().map(|order| command(order, &ex));
    Ok(Command::Message(MessageCommand::Recall(orders.collect::<Result<_, _>>()?)))
}

fn command(order: Order, ex_of_all: &str) -> Result<Recall, Reject> {
    let need = |text, wrong| required(text, &NOT_RECALLABLE, wrong);
    let message = need(order.msg_id, "param msg_id can't be empty")?;
    let to = need(order.to, "param to can't be empty")?;
    let kind = need(order.chat_type, "param chat_type can't be empty")?;
    let from = need(order.from.or_else(|| Some(NOBODY.to_owned())), "param from can't be empty")?;
    let unknown = || Reject::new(&NOT_RECALLABLE, "can't find msg to");
    let chat = || body::chat(&to).ok_or_else(unknown);
    let target = match kind.as_str() {
        "chat" => Target::User(body::user(&to)?),
        "groupchat" => Target::Group(chat()?),
        "chatroom" => Target::Room(chat()?),
        _ => {
            let text = "param chat_type must be chat, groupchat or chatroom";
            return Err(Reject::new(&NOT_RECALLABLE, text));
        }
    };
    let ex = order.ex.unwrap_or_else(|| ex_of_all.to_owned());
    if ex.len() > limits::NOTE_BYTES {
        return Err(Reject::new(&NOT_RECALLABLE, "recallMessageExtensionInfo is too long"));
    }
    let by = body::user(&from)?;
    Ok(Recall { message, by, target, force: order.force.unwrap_or(false), ex })
}

pub(super) fn recalled_one(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfMessage(MessageOutcome::Recalled(done)) = outcome else { return None };
    let order: Order = parse(&asked.request.body).ok()?;
    Some(match done.first()? {
        Ok(()) => Ok(Contents::data(&shown(order, None)).answer()),
        Err(failure) => Err(problem_of(asked, failure)),
    })
}

/// Where nothing was taken back, the first reason why is the answer.
pub(super) fn recalled_many(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::OfMessage(MessageOutcome::Recalled(done)) = outcome else { return None };
    let orders: Orders = parse(&asked.request.body).ok()?;
    if let (true, Some(Err(failure))) = (done.iter().all(Result::is_err), done.first()) {
        return Some(Err(problem_of(asked, failure)));
    }
    let reasons = done.iter().map(|one| one.as_ref().err().map(|failure| problem_of(asked, failure).text));
    let all: Vec<Recalled> =
        orders.msgs?.into_iter().zip(reasons).map(|(order, reason)| shown(order, reason)).collect();
    Some(Ok(Contents::data(&all).answer()))
}

fn problem_of(asked: &Asked<'_>, failure: &Failure) -> Problem {
    problem::of_failure(asked, super::routes::find(asked.request), failure)
}

/// As the caller named everything.
fn shown(order: Order, reason: Option<String>) -> Recalled {
    Recalled {
        recalled: if reason.is_none() { "yes" } else { "no" },
        chattype: order.chat_type.unwrap_or_default(),
        from: order.from.unwrap_or_else(|| NOBODY.to_owned()),
        to: order.to.unwrap_or_default(),
        msg_id: order.msg_id.unwrap_or_default(),
        reason,
    }
}
