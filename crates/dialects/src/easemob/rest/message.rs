//! `/messages`. Source: easemob-rest fact sheet 6.1, 6.4.

use std::collections::BTreeMap;

use ringback_model::command::{Command, Draft, Outcome, Sent};
use ringback_model::conversation::Target;
use ringback_model::ids::UserId;
use ringback_model::message::{ContentClass, Handling, Priority};
use ringback_model::user::Platform;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Asked;
use super::bodies;
use super::body::{self, parse, present, required, users};
use super::envelope::{Answer, Contents};
use super::problem::{self, ILLEGAL_ARGUMENT, NOT_SENDABLE, Problem, Reject};
use crate::easemob::content::content;

/// Bytes of a body and its `ext` together, each as JSON without spaces.
pub(super) const MESSAGE_BYTES: usize = 5 * 1024;
/// Users of `roam_ignore_users`.
const IGNORING_USERS: usize = 20;
/// In whose name, where nobody is named.
pub(super) const NOBODY: &str = "admin";
/// Switch by which a group message asks its readers for receipts.
const GROUP_RECEIPTS: &str = "need_group_ack";
/// Member of `ext` that wakes nobody.
const SILENT: &str = "em_ignore_notification";

/// A message to be sent.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "NewMessage", transform = bodies::describe)]
pub(super) struct Send {
    /// In whose name; `admin` if absent. Nobody looks whether he exists.
    #[schemars(length(min = 1))]
    from: Option<String>,
    /// User ids (at most 600), group ids (3) or room ids (10). Nobody looks whether they exist.
    #[schemars(length(min = 1), inner(length(min = 1)), extend("x-required" = true))]
    to: Option<Vec<String>>,
    /// Text, picture, voice, video, file, place, command, or the app's own.
    #[serde(rename = "type")]
    #[schemars(extend("x-required" = true))]
    kind: Option<String>,
    /// By its type; with `ext` at most 5 KB.
    #[schemars(extend("x-required" = true, "minProperties" = 1))]
    body: Option<Map<String, Value>>,
    #[serde(flatten)]
    more: More,
}

/// What both forms have.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct More {
    /// The app's own object; never null.
    #[serde(deserialize_with = "present")]
    #[schemars(with = "Option<Map<String, Value>>")]
    ext: Option<Value>,
    /// Users only: a copy goes to the sender's own devices.
    sync_device: Option<bool>,
    /// `ROUTE_ONLINE`: only those who are online get it.
    #[schemars(extend("enum" = ["ROUTE_ONLINE"]))]
    routetype: Option<String>,
    /// Users who do not find it in their history.
    #[schemars(length(max = 20))]
    roam_ignore_users: Option<Vec<String>>,
    /// Groups only: readers are asked for receipts.
    need_group_ack: Option<bool>,
    /// Rooms only; `normal` if absent.
    #[schemars(extend("enum" = ["high", "normal", "low"]))]
    chatroom_msg_level: Option<String>,
}

/// A message to be sent, in the old form.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "NewMessageInOldForm", transform = bodies::describe_old)]
pub(super) struct OldSend {
    /// What `target` names.
    #[schemars(extend("x-required" = true, "enum" = ["users", "chatgroups", "chatrooms"]))]
    target_type: Option<String>,
    /// User ids (at most 600), group ids (3) or room ids (10). Nobody looks whether they exist.
    #[schemars(length(min = 1), inner(length(min = 1)), extend("x-required" = true))]
    target: Option<Vec<String>>,
    /// In whose name; `admin` if absent. Nobody looks whether he exists.
    #[schemars(length(min = 1))]
    from: Option<String>,
    /// The body, with its type inside.
    #[schemars(extend("x-required" = true))]
    msg: Option<Map<String, Value>>,
    #[serde(flatten)]
    more: More,
}

/// The id of each target's own message.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub(super) struct MessageIds(BTreeMap<String, String>);

/// To what kind of conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Users,
    Groups,
    Rooms,
}

impl Place {
    /// Targets of one call.
    const fn most(self) -> usize {
        match self {
            Self::Users => 600,
            Self::Groups => 3,
            Self::Rooms => 10,
        }
    }

    fn target(self, text: &str) -> Result<Target, Reject> {
        let chat = || {
            body::chat(text)
                .ok_or_else(|| Reject::new(&ILLEGAL_ARGUMENT, format!("group ID [{text}] is not legal")))
        };
        match self {
            Self::Users => body::user(text).map(Target::User),
            Self::Groups => chat().map(Target::Group),
            Self::Rooms => chat().map(Target::Room),
        }
    }
}

pub(super) fn to_users(asked: &Asked<'_>) -> Result<Command, Reject> {
    send(asked, Place::Users)
}

pub(super) fn to_groups(asked: &Asked<'_>) -> Result<Command, Reject> {
    send(asked, Place::Groups)
}

pub(super) fn to_rooms(asked: &Asked<'_>) -> Result<Command, Reject> {
    send(asked, Place::Rooms)
}

fn send(asked: &Asked<'_>, place: Place) -> Result<Command, Reject> {
    let Send { from, to, kind, body, more } = parse(&asked.request.body)?;
    command(place, from, to, |_| kind, body, more)
}

pub(super) fn old(asked: &Asked<'_>) -> Result<Command, Reject> {
    let OldSend { target_type, target, from, msg, more } = parse(&asked.request.body)?;
    let place = match target_type.as_deref() {
        Some("users") => Place::Users,
        Some("chatgroups") => Place::Groups,
        Some("chatrooms") => Place::Rooms,
        None | Some("") => return Err(Reject::new(&NOT_SENDABLE, "param target_type can't be empty")),
        Some(_) => {
            let known = "param target_type must be users, chatgroups or chatrooms";
            return Err(Reject::new(&NOT_SENDABLE, known));
        }
    };
    let kind = |body: &Map<String, Value>| body.get("type").and_then(Value::as_str).map(str::to_owned);
    command(place, from, target, kind, msg, more)
}

fn command(
    place: Place,
    from: Option<String>,
    to: Option<Vec<String>>,
    kind: impl FnOnce(&Map<String, Value>) -> Option<String>,
    body: Option<Map<String, Value>>,
    more: More,
) -> Result<Command, Reject> {
    let from = from.unwrap_or_else(|| NOBODY.to_owned());
    let from = required(Some(from), &NOT_SENDABLE, "param from can't be empty")?;
    let recipients = recipients(place, to.unwrap_or_default())?;
    let body = body.unwrap_or_default();
    let kind = required(kind(&body), &NOT_SENDABLE, "param type can't be empty")?;
    if body.is_empty() {
        return Err(Reject::new(&NOT_SENDABLE, "param body can't be empty"));
    }
    bodies::check(&kind, &body)?;
    let sender = body::user(&from)?;
    let draft = Box::new(draft(place, sender, &kind, &body, more)?);
    Ok(Command::SendToMany { draft, recipients, everyone: false })
}

/// Each target once, in the order in which they first come.
fn recipients(place: Place, to: Vec<String>) -> Result<Vec<Target>, Reject> {
    if to.is_empty() || to.iter().any(String::is_empty) {
        return Err(Reject::new(&NOT_SENDABLE, "param to can't be empty"));
    }
    if to.len() > place.most() {
        let text = format!("params to's size can't exceed limit {}", place.most());
        return Err(Reject::new(&NOT_SENDABLE, text));
    }
    let mut targets = Vec::new();
    for text in to {
        let target = place.target(&text)?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}

fn draft(
    place: Place,
    sender: UserId,
    kind: &str,
    body: &Map<String, Value>,
    more: More,
) -> Result<Draft, Reject> {
    let ext = match more.ext {
        None => None,
        Some(Value::Object(ext)) => Some(ext),
        Some(_) => return Err(Reject::new(&NOT_SENDABLE, "param ext must be JSONObject")),
    };
    let silent = ext.as_ref().and_then(|ext| ext.get(SILENT)) == Some(&Value::Bool(true));
    let online_only = online_only(more.routetype.as_deref())?;
    let content = content(kind, body);
    let ex = ext.map(|ext| Value::Object(ext).to_string()).unwrap_or_default();
    // As it was sent, and not as it is kept: what is added here is not the caller's.
    let body_bytes = serde_json::to_vec(body).map_or(usize::MAX, |text| text.len());
    if body_bytes.saturating_add(ex.len()) > MESSAGE_BYTES {
        return Err(Reject::new(&NOT_SENDABLE, "message is too large"));
    }
    let shown = content.class != ContentClass::Command;
    let handling = Handling {
        store: !online_only,
        sync_sender: match place {
            Place::Users => more.sync_device.unwrap_or(false),
            Place::Groups => true,
            Place::Rooms => false,
        },
        unread: shown,
        offline_push: shown && !silent && !online_only,
        aside: false,
    };
    let asks_readers = place == Place::Groups && more.need_group_ack == Some(true);
    Ok(Draft {
        client_id: None,
        target: Target::User(sender.clone()),
        sender,
        platform: Platform::ANY,
        nickname: String::new(),
        face_url: String::new(),
        system: false,
        content,
        status: 0,
        sent_at: None,
        created_at: None,
        options: asks_readers.then(|| (GROUP_RECEIPTS.to_owned(), true)).into_iter().collect(),
        handling,
        offline_push: None,
        mentions: Vec::new(),
        attached_info: String::new(),
        ex,
        strangers: true,
        priority: match place {
            Place::Rooms => priority(more.chatroom_msg_level.as_deref())?,
            Place::Users | Place::Groups => Priority::Normal,
        },
        hidden_from: hidden_from(&more.roam_ignore_users.unwrap_or_default())?,
    })
}

fn online_only(route: Option<&str>) -> Result<bool, Reject> {
    match route {
        None => Ok(false),
        Some("ROUTE_ONLINE") => Ok(true),
        Some(_) => Err(Reject::new(&NOT_SENDABLE, "param routetype must be ROUTE_ONLINE")),
    }
}

fn priority(level: Option<&str>) -> Result<Priority, Reject> {
    match level {
        None | Some("normal") => Ok(Priority::Normal),
        Some("high") => Ok(Priority::High),
        Some("low") => Ok(Priority::Low),
        Some(_) => Err(Reject::new(&NOT_SENDABLE, "param chatroom_msg_level must be high, normal or low")),
    }
}

fn hidden_from(texts: &[String]) -> Result<Vec<UserId>, Reject> {
    if texts.len() > IGNORING_USERS {
        let text = format!("params roam_ignore_users's size can't exceed limit {IGNORING_USERS}");
        return Err(Reject::new(&NOT_SENDABLE, text));
    }
    users(texts.iter().map(String::as_str))
}

pub(super) fn sent(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    told(asked, outcome, message_id)
}

pub(super) fn sent_old(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let wants_ids = asked.request.query("useMsgId") == Some("true");
    told(asked, outcome, if wants_ids { message_id } else { |_| "success".to_owned() })
}

fn message_id(sent: &Sent) -> String {
    sent.message.public_id.clone().unwrap_or_else(|| sent.id().to_string())
}

/// Each target under the name that the caller gave it. Where nothing was sent, the first reason why is the answer.
fn told(asked: &Asked<'_>, outcome: &Outcome, tell: fn(&Sent) -> String) -> Option<Result<Answer, Problem>> {
    let Outcome::SentToMany { sent, failed } = outcome else { return None };
    if let (true, Some((_, failure))) = (sent.is_empty(), failed.first()) {
        return Some(Err(problem::of_failure(asked, super::routes::find(asked.request), failure)));
    }
    let names = Names::of(asked);
    let ids = sent.iter().map(|(target, sent)| (names.given(target), tell(sent))).collect();
    Some(Ok(Contents::data(&MessageIds(ids)).answer()))
}

/// How the caller wrote his targets.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Names {
    to: Option<Vec<String>>,
    target: Option<Vec<String>>,
}

impl Names {
    /// The request was read before; it is read the same way again.
    fn of(asked: &Asked<'_>) -> Self {
        parse(&asked.request.body).unwrap_or_default()
    }

    fn given(&self, target: &Target) -> String {
        let ours = match target {
            Target::User(user) | Target::Notice(user) => user.as_str(),
            Target::Group(group) | Target::Room(group) => group.as_str(),
        };
        let mut given = self.to.iter().chain(&self.target).flatten();
        let same = given.find(|text| text.as_str() == ours || text.to_lowercase() == ours);
        same.map_or_else(|| ours.to_owned(), Clone::clone)
    }
}
