//! Messages on their way to devices, notices among them.
//! Source: openim-callbacks fact sheet 4.3, 5.7.

use std::borrow::Cow;

use ringback_model::event::{EventKind, PushPlan};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::OfflinePush;
use ringback_model::verdict::Change;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::message::{address, element_text, said};
use crate::content;
use crate::openim::callbacks::answer::{Asked, ELSEWHERE, Nothing, Proposal};
use crate::openim::callbacks::call::{Call, Matter};
use crate::openim::callbacks::commands::{About, Command, OLDER, Targets, row};
use crate::openim::callbacks::exclusion::NOTIFICATIONS;
use crate::openim::callbacks::fields::{Fields, list};
use crate::openim::callbacks::json::Object;
use crate::openim::callbacks::members::{AsObject, replace, set_text, texts, users};
use crate::openim::callbacks::numbers;
use crate::schemas::{self, Shape};

const STORED: &str = "Refused or not, the message stays stored and is pulled at the next sync; an unreachable receiver \
                      is handled as `failedContinue` says.";

pub(super) const ROWS: &[Command] = &[
    row("beforeOfflinePush", "callbackBeforeOfflinePushCommand", EventKind::OfflinePushing, offline)
        .formerly(&[(OLDER, "callbackOfflinePushCommand")])
        .block(&["callbackOfflinePush"])
        .about(About::Pushes(Targets::All))
        .says("offline push", "receivers who were not reached online are about to be woken for a message or a notice")
        .changes(
            "change `userIDList` (not empty; those who exist) and `offlinePushInfo` (what it does not say stays)",
            offline_answer,
        )
        .differs(STORED),
    row("beforeOnlinePush", "callbackBeforeOnlinePushCommand", EventKind::OnlinePushing, online)
        .formerly(&[(OLDER, "callbackOnlinePushCommand")])
        .block(&["callbackOnlinePush"])
        .about(About::Pushes(Targets::SingleAndNotice))
        .says(
            "online push to one user",
            "a message of a single chat or a notification account, or a notice to one user, is about to be pushed",
        )
        .changes("", online_answer)
        .differs(STORED),
    row("beforeGroupOnlinePush", "callbackBeforeGroupOnlinePushCommand", EventKind::OnlinePushing, to_group)
        .formerly(&[(OLDER, "callbackSuperGroupOnlinePushCommand")])
        .block(&["callbackSuperGroupOnlinePush"])
        .about(About::Pushes(Targets::Group))
        .says("online push to a group", "a message or a notice in a group is about to be pushed to its members")
        .changes("change `userIDList` (not empty; those who exist)", group_answer)
        .differs(STORED),
];

fn plan<'a>(call: &Call<'a>) -> Option<&'a PushPlan> {
    match call.matter {
        Matter::Push(plan) => Some(plan),
        Matter::Message(_) | Matter::Action(_) => None,
    }
}

/// Of the sender's device.
fn base(call: &Call<'_>) -> Option<Fields> {
    let platform = plan(call)?.message.platform;
    let fields = call
        .body()
        .put("operationID", call.operation_id)
        .put("platformID", platform.0)
        .put("platform", numbers::platform(platform));
    Some(fields)
}

fn about_message(call: &Call<'_>, fields: Fields) -> Option<Fields> {
    let message = &plan(call)?.message;
    let fields = fields
        .put("clientMsgID", &message.client_id)
        .put("sendID", &message.sender)
        .put("groupID", address(&message.target).1)
        .put("contentType", content::element_code(&message.content))
        .put_as("sessionType", numbers::session(call.generation, &message.target), numbers::sessions)
        .put("atUserIDList", list(&message.mentions))
        .put_as("content", shown(call)?, element_text);
    Some(fields)
}

/// Notifications go out with the JSON text of their details in place of the element around it.
fn shown<'a>(call: &Call<'a>) -> Option<Cow<'a, str>> {
    let message = &plan(call)?.message;
    let element = said(call.generation, message);
    if !NOTIFICATIONS.contains(&content::element_code(&message.content)) {
        return Some(element);
    }
    let inside: Option<Map<String, Value>> = serde_json::from_str(&element).ok();
    let detail = inside.as_ref().and_then(|inside| inside.get("detail")?.as_str());
    Some(detail.map_or_else(|| element.clone(), |detail| Cow::Owned(detail.to_owned())))
}

fn offline(call: &Call<'_>) -> Option<Fields> {
    let plan = plan(call)?;
    let mut fields = base(call)?.put("userIDList", &plan.users);
    if let Some(show) = &plan.show {
        fields = fields
            .put("title", &show.title)
            .put("desc", &show.desc)
            .put("ex", &show.ex)
            .put("iOSPushSound", &show.ios_sound)
            .put("iOSBadgeCount", show.ios_badge)
            .put("signalInfo", &show.signal_info);
    }
    about_message(call, fields)
}

fn online(call: &Call<'_>) -> Option<Fields> {
    let fields = base(call)?.put("userIDList", &plan(call)?.users);
    about_message(call, fields)
}

fn to_group(call: &Call<'_>) -> Option<Fields> {
    Some(about_message(call, base(call)?)?.put("seq", plan(call)?.message.seq))
}

/// What an offline push is to show; what is absent stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(in crate::openim::callbacks) struct PushFields {
    title: Option<String>,
    desc: Option<String>,
    ex: Option<String>,
    #[serde(rename = "iOSPushSound")]
    ios_sound: Option<String>,
    #[serde(rename = "iOSBadgeCount")]
    ios_badge: Option<bool>,
    #[serde(rename = "signalInfo")]
    signal_info: Option<String>,
}

impl Shape for PushFields {
    fn shape() -> Value {
        schemas::read::<Self>()
    }
}

impl PushFields {
    pub(in crate::openim::callbacks) fn read(object: &Object) -> Result<Option<Self>, String> {
        let fields: Option<AsObject<Self>> =
            object.member("offlinePushInfo", "an object with offline push fields")?;
        Ok(fields.map(|fields| fields.0))
    }

    /// These, over what is shown now. Where each is there and empty nobody has filled them in: all stay then.
    ///
    /// # Errors
    /// Names the first text that is too long.
    pub(in crate::openim::callbacks) fn over(self, now: &OfflinePush) -> Result<OfflinePush, String> {
        let mut shown = now.clone();
        let texts = [&self.title, &self.desc, &self.ex, &self.ios_sound, &self.signal_info];
        if self.ios_badge == Some(false) && texts.iter().all(|text| text.as_deref() == Some("")) {
            return Ok(shown);
        }
        set_text("title", &mut shown.title, self.title)?;
        set_text("desc", &mut shown.desc, self.desc)?;
        set_text("ex", &mut shown.ex, self.ex)?;
        set_text("iOSPushSound", &mut shown.ios_sound, self.ios_sound)?;
        set_text("signalInfo", &mut shown.signal_info, self.signal_info)?;
        replace(&mut shown.ios_badge, self.ios_badge);
        Ok(shown)
    }
}

struct PushAnswer {
    users: Option<Vec<String>>,
    show: Option<PushFields>,
}

fn offline_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    Ok(Box::new(PushAnswer { users: texts(object, "userIDList")?, show: PushFields::read(object)? }))
}

/// What the push shows is read and not used: nothing is shown to those who are online.
fn group_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    PushFields::read(object)?;
    Ok(Box::new(PushAnswer { users: texts(object, "userIDList")?, show: None }))
}

/// Both fields are read and not used.
fn online_answer(object: &Object) -> Result<Box<dyn Proposal>, String> {
    PushFields::read(object)?;
    texts(object, "userIDList")?;
    Ok(Box::new(Nothing))
}

impl Proposal for PushAnswer {
    fn changes(self: Box<Self>, asked: &Asked<'_>) -> Result<Vec<Change>, String> {
        let Matter::Push(plan) = asked.matter else { return Err(ELSEWHERE.to_owned()) };
        let mut changes = Vec::new();
        if let Some(given) = self.users.filter(|users| !users.is_empty()) {
            let others: Vec<UserId> = users("userIDList", &given, limits::BATCH_RECEIVERS)?;
            if others != plan.users {
                changes.push(Change::PushTo(others));
            }
        }
        if let Some(show) = self.show {
            let show = show.over(&plan.show.clone().unwrap_or_default())?;
            if show != plan.show.clone().unwrap_or_default() {
                changes.push(Change::PushShow(show));
            }
        }
        Ok(changes)
    }
}
