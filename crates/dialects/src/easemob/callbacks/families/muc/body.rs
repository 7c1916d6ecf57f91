//! The body of the legacy form.

use std::borrow::Cow;

use ringback_model::action::Action;
use ringback_model::ids::{GroupId, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::easemob::callbacks::families::told::{APP_ADMIN, CHAT, HOST, Stamp, Told, written};

#[derive(Serialize, JsonSchema)]
pub(super) struct Body<'a> {
    /// Id of the callback: the app's key, `_`, and `msg_id`.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// The family.
    chat_type: &'static str,
    /// Always `chat`.
    #[serde(rename = "eventType")]
    event_type: &'static str,
    /// When it was done, in Unix milliseconds.
    timestamp: i64,
    /// The group or room.
    group_id: &'a str,
    /// Who acted: the app's key, `_`, his id, `@easemob.com`; where attributes are set, the group or room.
    from: String,
    /// Who is concerned: a user, or the group or room.
    to: String,
    /// Id of the event.
    msg_id: &'a str,
    /// What was done.
    payload: Payload<'a>,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// Who emits; it means nothing.
    host: &'static str,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Payload<'a> {
    /// The group's or room's address: the app's key, `_`, its id, `@conference.easemob.com`.
    muc_id: String,
    /// Whether it is a room.
    is_chatroom: bool,
    /// Which operation.
    #[schemars(schema_with = "operations")]
    operation: &'static str,
    /// How it ended; not of `presence` and `absence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// The words of him who acted, the announcement, or what file it is: a JSON text with its data, or its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Attributes that were set or deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_info: Option<Details<'a>>,
}

fn operations(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names: Vec<&str> = super::ROWS.iter().map(|row| operation(row.name)).collect();
    schemars::json_schema!({"type": "string", "enum": names})
}

/// What stands behind the family's name.
fn operation(name: &'static str) -> &'static str {
    name.split_once(':').map_or(name, |(_, member)| member)
}

#[derive(Serialize, JsonSchema)]
struct Status {
    /// Always empty.
    description: &'static str,
    /// Always `ok`.
    error_code: &'static str,
}

const OK: Status = Status { description: "", error_code: "ok" };

#[derive(Serialize, JsonSchema)]
struct Details<'a> {
    /// A JSON text: `result`, `identify`, `is_forced`, `muc_name`, `need_notify`, `properties` by key (an empty text: it
    /// was taken away), `operator`.
    ext: &'a str,
    /// Always `event_none`.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// An operation that is to be told.
pub(super) struct Operation<'a> {
    pub(super) name: &'static str,
    told: &'a Told<'a>,
    from: From<'a>,
    /// `None` = the group or room.
    to: Option<&'a UserId>,
    has_status: bool,
    reason: Option<Cow<'a, str>>,
    details: Option<String>,
}

enum From<'a> {
    Actor,
    User(&'a UserId),
    Place,
}

impl<'a> Operation<'a> {
    /// One of him who acted on this user, or on the group or room.
    pub(super) const fn new(told: &'a Told<'a>, name: &'static str, to: Option<&'a UserId>) -> Self {
        Self { name, told, from: From::Actor, to, has_status: true, reason: None, details: None }
    }

    pub(super) fn by(self, user: &'a UserId) -> Self {
        Self { from: From::User(user), ..self }
    }

    pub(super) fn by_place(self) -> Self {
        Self { from: From::Place, ..self }
    }

    pub(super) fn to(self, user: &'a UserId) -> Self {
        Self { to: Some(user), ..self }
    }

    pub(super) fn reason(self, text: impl Into<Cow<'a, str>>) -> Self {
        Self { reason: Some(text.into()), ..self }
    }

    pub(super) fn without_status(self) -> Self {
        Self { has_status: false, ..self }
    }

    pub(super) fn with_details(self, ext: String) -> Self {
        Self { details: Some(ext), ..self }
    }

    pub(super) fn written(&self, stamp: &Stamp) -> Vec<u8> {
        let Action::Group(action) = self.told.action() else { return Vec::new() };
        let Some(group) = action.group() else { return Vec::new() };
        let from = match self.from {
            From::Actor => {
                let actor = self.told.actor().map_or_else(|| APP_ADMIN.to_owned(), UserId::folded);
                self.told.address(&actor)
            }
            From::User(user) => self.told.address(&user.folded()),
            From::Place => group.to_string(),
        };
        written(&Body {
            call_id: &stamp.call_id,
            chat_type: "muc",
            event_type: CHAT,
            timestamp: stamp.timestamp,
            group_id: GroupId::as_str(group),
            from,
            to: self.to.map_or_else(|| group.to_string(), UserId::folded),
            msg_id: &stamp.msg_id,
            payload: Payload {
                muc_id: self.told.place(group),
                is_chatroom: self.told.done.room,
                operation: operation(self.name),
                status: self.has_status.then_some(OK),
                reason: self.reason.as_deref(),
                event_info: self.details.as_deref().map(|ext| Details { ext, kind: "event_none" }),
            },
            appkey: &stamp.app_key,
            host: HOST,
            security: &stamp.security,
        })
    }
}
