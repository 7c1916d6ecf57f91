//! Bodies of the current form.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ringback_model::action::{Action, GroupEdit};
use ringback_model::group::{Group, GroupStatus};
use ringback_model::ids::GroupId;
use schemars::JsonSchema;
use serde::Serialize;

use crate::easemob::callbacks::families::told::{Stamp, Told, written};
use crate::easemob::entrance;

/// What stands in `payload`.
pub(super) trait Payload: Serialize + JsonSchema {}

#[derive(Serialize, JsonSchema)]
pub(super) struct Body<'a, P> {
    /// Id of the callback: the same on every attempt, after restarts and when it is sent again.
    #[serde(rename = "callId")]
    call_id: &'a str,
    /// Lower-case hex of MD5 over `callId`, the rule's secret and `timestamp`, one after the other.
    security: &'a str,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<P>,
    /// The app: its organisation, `#`, its name.
    appkey: &'a str,
    /// The group or room; empty where it is about all rooms.
    id: &'a str,
    /// Group or room.
    #[serde(rename = "type")]
    place: Place,
    /// The family.
    event: &'static str,
    /// Which operation.
    operation: &'a str,
    /// Who did it; `@ppAdmin` = an administrator of the app, by REST.
    operator: String,
    /// When it was done, in Unix milliseconds.
    timestamp: i64,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Place {
    Group,
    Chatroom,
}

impl<P: Payload> Body<'_, P> {
    /// The body of the operation with this name.
    pub(super) fn written(told: &Told<'_>, stamp: &Stamp, name: &'static str, payload: Option<P>) -> Vec<u8> {
        let group = match told.action() {
            Action::Group(action) => action.group(),
            _ => None,
        };
        let place = if told.done.room || group.is_none() { Place::Chatroom } else { Place::Group };
        written(&Body {
            call_id: &stamp.call_id,
            security: &stamp.security,
            payload,
            appkey: &stamp.app_key,
            id: group.map_or("", GroupId::as_str),
            place,
            event: "group_op_event",
            operation: name.split(':').nth(1).unwrap_or(name),
            operator: told.operator(),
            timestamp: stamp.timestamp,
        })
    }
}

/// What distinguishes operations of one name: the last part of the name that rules give.
pub(super) fn sub_type(name: &'static str) -> &'static str {
    name.rsplit(':').next().unwrap_or(name)
}

/// There is no payload.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Nothing {}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Created {
    /// Owner and admins, and which of the two they are.
    pub(super) role: BTreeMap<String, &'static str>,
    /// Who was taken in when it was made, besides those.
    pub(super) member: Vec<String>,
    /// Its settings.
    pub(super) info: Settings,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Members<'a> {
    /// Who.
    pub(super) member: Vec<String>,
    /// Until when, in Unix milliseconds; of what was added alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expire_timestamp: Option<i64>,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Admins<'a> {
    /// Who.
    pub(super) admin: Vec<String>,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Files<'a> {
    /// Ids of files.
    pub(super) share_file: Vec<String>,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Bare<'a> {
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Owners {
    /// Who was the owner.
    pub(super) owner: String,
    /// Who is.
    pub(super) new_owner: String,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Announcement<'a> {
    /// The new one; absent where it was taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) announcement: Option<Cow<'a, str>>,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Muted {
    /// Whether only owner and admins may speak.
    pub(super) mute: bool,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Closed {
    /// Whether the group is out of use.
    pub(super) disable: bool,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Changed {
    /// What has changed.
    info: ChangedSettings,
    /// Which sort of the operation.
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Payload for Nothing {}
impl Payload for Created {}
impl Payload for Members<'_> {}
impl Payload for Admins<'_> {}
impl Payload for Files<'_> {}
impl Payload for Bare<'_> {}
impl Payload for Owners {}
impl Payload for Announcement<'_> {}
impl Payload for Muted {}
impl Payload for Closed {}
impl Payload for Changed {}

/// Settings of a group that was made: all of them texts.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct Settings {
    /// The owner: the app's key, `_`, his id.
    owner: String,
    /// When it was made, in Unix milliseconds.
    created: String,
    /// Its shown name.
    title: String,
    /// What it says of itself.
    description: String,
    /// The app's own text.
    custom: String,
    /// Whether only owner and admins may speak, as `true` or `false`.
    mute: String,
    /// How many may be in it; 0 = no bound.
    max_users: String,
    /// Whether everybody may enter.
    public: String,
    /// Whether who is invited is to be asked.
    invite_need_confirm: String,
    /// Whether every member may invite.
    allow_user_invites: String,
    /// Whether it is out of use.
    disabled: String,
    /// When it was changed last, in Unix milliseconds.
    last_modified: String,
}

pub(super) fn settings(told: &Told<'_>, group: &Group) -> Settings {
    Settings {
        owner: told.keyed(&group.owner),
        created: group.created_at.0.to_string(),
        title: group.name.clone(),
        description: group.introduction.clone(),
        custom: group.ex.clone(),
        mute: (group.status == GroupStatus::Muted).to_string(),
        max_users: group.max_members.to_string(),
        public: (group.verification == entrance::OPEN).to_string(),
        invite_need_confirm: group.invite_confirm.to_string(),
        allow_user_invites: (group.verification == entrance::INVITED).to_string(),
        disabled: (group.status == GroupStatus::Banned).to_string(),
        last_modified: group.created_at.0.to_string(),
    }
}

/// Settings that have changed: here numbers and truths are what they are.
#[derive(Clone, Serialize, JsonSchema)]
struct ChangedSettings {
    /// Its shown name.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The app's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    custom: Option<String>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<String>,
    /// How many may be in it; 0 = no bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_users: Option<u32>,
    /// Whether everybody may enter.
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
    /// Whether every member may invite.
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_user_invites: Option<bool>,
    /// Whether who is invited is to be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_need_confirm: Option<bool>,
    /// When it was changed, in Unix milliseconds, as text.
    last_modified: String,
}

impl Changed {
    pub(super) fn of(told: &Told<'_>, edit: &GroupEdit) -> Self {
        let text = |text: &Option<String>| text.clone().filter(|text| !edit.whole || !text.is_empty());
        let info = ChangedSettings {
            title: text(&edit.name),
            description: text(&edit.introduction),
            custom: text(&edit.ex),
            avatar: text(&edit.face_url),
            max_users: edit.max_members,
            public: edit.verification.map(|way| way == entrance::OPEN),
            allow_user_invites: edit.verification.map(|way| way == entrance::INVITED),
            invite_need_confirm: edit.invite_confirm,
            last_modified: told.at().to_string(),
        };
        Self { info, kind: "INFO" }
    }
}
