//! `/chatgroups/{id}` and `/chatrooms/{id}` as administrators manage them: settings, owner, admins, mutes, announcement.
//! Source: easemob-rest fact sheet 8, 9.

use std::collections::BTreeMap;

use ringback_model::action::GroupEdit;
use ringback_model::command::{
    Command, GroupCommand, GroupOutcome, ManagedUser, Managing, ManagingDeed, ManagingOutcome, Outcome,
    Untouched,
};
use ringback_model::group::Group;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{self, parse, required, user};
use super::chats::{self, kind_of, known};
use super::envelope::{Answer, Contents};
use super::members::chosen;
use super::problem::{FORBIDDEN, INVALID_PARAMETER, Problem, RESOURCE, Reject};
use crate::easemob::entrance;

/// Characters of an announcement.
const ANNOUNCEMENT_CHARS: usize = 512;

/// What is said where a list of users is too long.
pub(super) const TOO_MANY: &str = "userNames is more than max limit";

pub(super) fn managing(asked: &Asked<'_>, deed: ManagingDeed) -> Result<Command, Reject> {
    let group = known(asked.request.param("id"))?;
    let managing = Managing { kind: kind_of(asked), group, deed };
    Ok(Command::Group(GroupCommand::Manage(managing)))
}

pub(super) fn managed(outcome: &Outcome) -> Option<&ManagingOutcome> {
    match outcome {
        Outcome::OfGroup(GroupOutcome::Managed(managed)) => Some(managed),
        _ => None,
    }
}

fn group_of(outcome: &Outcome) -> Option<&Group> {
    match managed(outcome)? {
        ManagingOutcome::Group(group) => Some(group),
        _ => None,
    }
}

pub(super) fn users_of(outcome: &Outcome) -> Option<&[ManagedUser]> {
    match managed(outcome)? {
        ManagingOutcome::Users(users) => Some(users),
        _ => None,
    }
}

pub(super) fn data(data: &impl Serialize) -> Result<Answer, Problem> {
    Ok(Contents::data(data).without_entities().answer())
}

/// Why nothing was done about a user, in words.
pub(super) fn reason(user: &ManagedUser) -> Option<String> {
    let name = user.user.folded();
    user.untouched.map(|why| match why {
        Untouched::NotInGroup => format!("users [{name}] are not members of this group!"),
        Untouched::Owner => "forbidden operation on group owner!".to_owned(),
        Untouched::Unknown => format!("username {name} doesn't exist!"),
        Untouched::NotListed => format!("user: {name} is not on the list"),
    })
}

/// The error where nothing was done about the only user of a call.
pub(super) fn refused(user: &ManagedUser) -> Option<Problem> {
    let kind = if user.untouched == Some(Untouched::Unknown) { &RESOURCE } else { &FORBIDDEN };
    reason(user).map(|text| Problem::new(kind, text))
}

// ---------------------------------------------------------------- settings and owner

/// Settings of a group or room to be changed, those that are named; or its new owner.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("minProperties" = 1))]
pub(super) struct ChatChange {
    /// At most 128 characters.
    groupname: Option<String>,
    /// The same, as rooms call it.
    name: Option<String>,
    /// At most 512 characters.
    description: Option<String>,
    /// Groups only: the address of its picture.
    avatar: Option<String>,
    /// Not below the number of members.
    #[schemars(range(min = 1))]
    maxusers: Option<u32>,
    /// Groups only: whether entering needs approval.
    #[serde(alias = "members_only")]
    membersonly: Option<bool>,
    /// Groups only: whether every member may invite.
    allowinvites: Option<bool>,
    /// Groups only: whether who is invited is asked.
    invite_need_confirm: Option<bool>,
    /// Groups only: whether it can be found and entered.
    public: Option<bool>,
    /// The app's own text; at most 8 KB.
    custom: Option<String>,
    /// The new owner, who is a member; then nothing else is changed.
    #[schemars(length(min = 1))]
    newowner: Option<String>,
}

impl ChatChange {
    /// Ways into a group are one number here and three switches on the wire: those that are not named are taken to fit.
    fn verification(&self) -> Option<i32> {
        match (self.public, self.membersonly, self.allowinvites) {
            (None, None, None) => None,
            (_, Some(false), _) | (Some(true), None, _) => Some(entrance::OPEN),
            (_, _, Some(true)) => Some(entrance::INVITED),
            _ => Some(entrance::CLOSED),
        }
    }

    /// What was named, as answers name it.
    fn named(&self) -> BTreeMap<&'static str, bool> {
        [
            ("groupname", self.groupname.is_some() || self.name.is_some()),
            ("description", self.description.is_some()),
            ("avatar", self.avatar.is_some()),
            ("maxusers", self.maxusers.is_some()),
            ("membersonly", self.membersonly.is_some()),
            ("allowinvites", self.allowinvites.is_some()),
            ("invite_need_confirm", self.invite_need_confirm.is_some()),
            ("public", self.public.is_some()),
            ("custom", self.custom.is_some()),
            ("newowner", self.newowner.is_some()),
        ]
        .into_iter()
        .filter(|(_, named)| *named)
        .collect()
    }
}

pub(super) fn change(asked: &Asked<'_>) -> Result<Command, Reject> {
    let change: ChatChange = parse(&asked.request.body)?;
    if let Some(owner) = &change.newowner {
        return managing(asked, ManagingDeed::Transfer(user(owner)?));
    }
    let verification = change.verification();
    if change.named().is_empty() {
        return Err(Reject::new(&INVALID_PARAMETER, "some field must be provided"));
    }
    if change.maxusers == Some(0) {
        return Err(Reject::new(&INVALID_PARAMETER, "maxusers must be at least 1"));
    }
    let texts =
        chats::texts(change.groupname.or(change.name), change.description, change.avatar, change.custom)?;
    let [name, introduction, face_url, ex] = texts;
    let edit = GroupEdit {
        name,
        introduction,
        face_url,
        ex,
        verification,
        max_members: change.maxusers,
        invite_confirm: change.invite_need_confirm,
        ..GroupEdit::nothing(known(asked.request.param("id"))?)
    };
    managing(asked, ManagingDeed::Edit(Box::new(edit)))
}

pub(super) fn changed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    group_of(outcome)?;
    let named = parse::<ChatChange>(&asked.request.body).map(|change| change.named()).unwrap_or_default();
    Some(data(&named))
}

// ---------------------------------------------------------------- admins

/// Who is to be an admin.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewAdmin {
    /// A member's id.
    #[schemars(extend("x-required" = true))]
    newadmin: Option<String>,
}

/// Who is an admin now, or no more.
#[derive(Serialize, JsonSchema)]
pub(super) struct AdminChange {
    /// Always `success`.
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    newadmin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldadmin: Option<String>,
}

pub(super) fn admins(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Admins)
}

/// The ids of users.
pub(super) fn ids(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let ids: Vec<String> = users_of(outcome)?.iter().map(|one| one.user.folded()).collect();
    Some(Ok(Contents::data(&ids).without_entities().with_count(ids.len()).answer()))
}

pub(super) fn appoint(asked: &Asked<'_>) -> Result<Command, Reject> {
    let new: NewAdmin = parse(&asked.request.body)?;
    let name = required(new.newadmin, &INVALID_PARAMETER, "newadmin must be provided")?;
    managing(asked, ManagingDeed::Appoint(user(&name)?))
}

pub(super) fn appointed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let newadmin = users_of(outcome)?.first().map(|one| one.user.folded());
    Some(data(&AdminChange { result: "success", newadmin, oldadmin: None }))
}

pub(super) fn discharge(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Dismiss(user(asked.request.param("users"))?))
}

pub(super) fn discharged(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let oldadmin = users_of(outcome)?.first().map(|one| one.user.folded());
    Some(data(&AdminChange { result: "success", newadmin: None, oldadmin }))
}

// ---------------------------------------------------------------- mutes

/// Members to be muted.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewMemberMute {
    /// Milliseconds; -1 = for ever.
    #[schemars(range(min = -1), extend("x-required" = true))]
    mute_duration: Option<i64>,
    /// Members' ids.
    #[schemars(length(min = 1, max = 60), extend("x-required" = true))]
    usernames: Option<Vec<String>>,
}

/// A muted member.
#[derive(Serialize, JsonSchema)]
pub(super) struct MemberMute {
    /// Whether it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<bool>,
    /// When he may speak again, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    expire: Option<i64>,
    user: String,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

pub(super) fn muted(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Muted)
}

pub(super) fn muted_users(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let mutes = users_of(outcome)?.iter().map(|one| MemberMute {
        result: None,
        expire: one.until.map(|until| until.0),
        user: one.user.folded(),
        reason: None,
    });
    let mutes: Vec<MemberMute> = mutes.collect();
    Some(Ok(Contents::data(&mutes).without_entities().with_count(mutes.len()).answer()))
}

pub(super) fn mute(asked: &Asked<'_>) -> Result<Command, Reject> {
    let new: NewMemberMute = parse(&asked.request.body)?;
    let names = new.usernames.unwrap_or_default();
    let users = chosen(names.iter().map(String::as_str), TOO_MANY)?;
    let wrong = || Reject::new(&INVALID_PARAMETER, "mute_duration must be milliseconds, or -1");
    let for_ms = match new.mute_duration {
        Some(-1) => None,
        Some(ms) if ms > 0 => Some(u64::try_from(ms).map_err(|_| wrong())?),
        Some(_) | None => return Err(wrong()),
    };
    managing(asked, ManagingDeed::Mute { users, for_ms })
}

pub(super) fn unmute(asked: &Asked<'_>) -> Result<Command, Reject> {
    let users = chosen(body::listed(asked.request.param("users")), TOO_MANY)?;
    managing(asked, ManagingDeed::Unmute(users))
}

pub(super) fn mutes_changed(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let users = users_of(outcome)?;
    if let [only] = users
        && let Some(problem) = refused(only)
    {
        return Some(Err(problem));
    }
    let mutes = users.iter().map(|one| MemberMute {
        result: Some(one.untouched.is_none()),
        expire: one.until.map(|until| until.0),
        user: one.user.folded(),
        reason: reason(one),
    });
    Some(data(&mutes.collect::<Vec<MemberMute>>()))
}

/// Whether only owner and admins may speak.
#[derive(Serialize, JsonSchema)]
pub(super) struct MuteAll {
    mute: bool,
}

pub(super) fn mute_all(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::MuteAll(true))
}

pub(super) fn unmute_all(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::MuteAll(false))
}

pub(super) fn all_muted(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let mute = group_of(outcome)?.status == ringback_model::group::GroupStatus::Muted;
    Some(data(&MuteAll { mute }))
}

// ---------------------------------------------------------------- announcement, use

/// An announcement to be made.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewAnnouncement {
    /// At most 512 characters; empty = none.
    #[schemars(extend("x-required" = true))]
    announcement: Option<String>,
}

/// An announcement.
#[derive(Serialize, JsonSchema)]
pub(super) struct Announcement<'a> {
    /// Empty = there is none.
    announcement: &'a str,
}

/// An announcement was set.
#[derive(Serialize, JsonSchema)]
pub(super) struct Announced {
    id: String,
    result: bool,
}

pub(super) fn announcement(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Look)
}

pub(super) fn announcement_text(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    Some(data(&Announcement { announcement: &group_of(outcome)?.notification }))
}

pub(super) fn announce(asked: &Asked<'_>) -> Result<Command, Reject> {
    let new: NewAnnouncement = parse(&asked.request.body)?;
    let needed = || Reject::new(&INVALID_PARAMETER, "announcement must be provided");
    let text = new.announcement.ok_or_else(needed)?;
    let notification = Some(chats::short("announcement", Some(text), ANNOUNCEMENT_CHARS)?);
    let edit = GroupEdit { notification, ..GroupEdit::nothing(known(asked.request.param("id"))?) };
    managing(asked, ManagingDeed::Edit(Box::new(edit)))
}

pub(super) fn announced(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let id = group_of(outcome)?.id.to_string();
    Some(data(&Announced { id, result: true }))
}

/// Whether a group is out of use.
#[derive(Serialize, JsonSchema)]
pub(super) struct Disabled {
    disabled: bool,
}

pub(super) fn disable(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Close(true))
}

pub(super) fn enable(asked: &Asked<'_>) -> Result<Command, Reject> {
    managing(asked, ManagingDeed::Close(false))
}

pub(super) fn disabled(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let disabled = group_of(outcome)?.status == ringback_model::group::GroupStatus::Banned;
    Some(data(&Disabled { disabled }))
}
