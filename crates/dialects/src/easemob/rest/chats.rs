//! `/chatgroups` and `/chatrooms`: made, shown, dismissed. Source: easemob-rest fact sheet 8, 9.

use ringback_model::command::{Command, NewGroup, Outcome};
use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::group::{Group, GroupKind, GroupStatus, Member};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{self, parse, required, user, users};
use super::envelope::{Answer, Contents};
use super::members::Affiliation;
use super::problem::{ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject, no_such_chat};
use super::routes::{self, Topic};
use crate::easemob::entrance;

/// Groups or rooms of one call.
const AT_ONCE: usize = 100;
/// Members that a group may have unless it says so.
const GROUP_MEMBERS: u32 = 200;
/// Members that a room may have unless it says so, and at most.
const ROOM_MEMBERS: (u32, u32) = (1000, 10_000);
/// Bytes of the app's own text.
const CUSTOM_BYTES: usize = 8 * 1024;
/// Characters of a name.
const NAME_CHARS: usize = 128;
/// Characters of a picture's address.
const AVATAR_CHARS: usize = 1024;
/// Characters of a description.
const DESCRIPTION_CHARS: usize = 512;

/// A group to be made.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewChatGroup {
    /// Its id, a number of 2 to 18 digits; the server makes one if absent or empty.
    groupid: Option<String>,
    groupname: Option<String>,
    description: Option<String>,
    /// The older name of `description`.
    desc: Option<String>,
    avatar: Option<String>,
    /// Whether it can be found.
    #[schemars(extend("x-required" = true))]
    public: Option<bool>,
    /// A user id.
    #[schemars(extend("x-required" = true))]
    owner: Option<String>,
    /// User ids without the owner.
    members: Option<Vec<String>>,
    /// Default 200.
    #[schemars(range(min = 1))]
    maxusers: Option<u32>,
    /// Public groups: whether entering needs approval.
    #[serde(alias = "members_only")]
    membersonly: Option<bool>,
    /// Groups that are not public: whether every member may invite.
    allowinvites: Option<bool>,
    /// Whether who is invited is asked; default true. Kept and shown: who is added through this interface is in at once.
    invite_need_confirm: Option<bool>,
    /// The app's own text; at most 8 KB.
    custom: Option<String>,
}

/// A chat room to be made.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct NewChatRoom {
    name: Option<String>,
    description: Option<String>,
    /// A user id.
    #[schemars(extend("x-required" = true))]
    owner: Option<String>,
    /// Default 1000.
    #[schemars(range(min = 1, max = 10_000))]
    maxusers: Option<u32>,
    /// User ids; at least one if given.
    #[schemars(length(min = 1))]
    members: Option<Vec<String>>,
    /// The app's own text; at most 8 KB.
    custom: Option<String>,
}

pub(super) fn create_group(asked: &Asked<'_>) -> Result<Command, Reject> {
    let new: NewChatGroup = parse(&asked.request.body)?;
    let public =
        new.public.ok_or_else(|| Reject::new(&INVALID_PARAMETER, "group must contain public field!"))?;
    let verification = match (public, new.membersonly, new.allowinvites) {
        (true, None | Some(false), _) => entrance::OPEN,
        (false, _, Some(true)) => entrance::INVITED,
        _ => entrance::CLOSED,
    };
    let id = match new.groupid.filter(|id| !id.is_empty()) {
        Some(id) => Some(own_id(&id)?),
        None => None,
    };
    let most = new.maxusers.unwrap_or(GROUP_MEMBERS);
    if most == 0 {
        return Err(Reject::new(&INVALID_PARAMETER, "maxusers must be at least 1"));
    }
    let texts = [new.groupname, new.description.or(new.desc), new.avatar, new.custom];
    let group = chat(GroupKind::Group, texts, new.owner, &new.members.unwrap_or_default())?;
    let invite_confirm = new.invite_need_confirm.unwrap_or(true);
    Ok(Command::CreateGroup(NewGroup { id, verification, max_members: most, invite_confirm, ..group }))
}

/// An id that the caller chooses: clients know numbers only (easemob-rest fact sheet 1).
fn own_id(text: &str) -> Result<GroupId, Reject> {
    let is_number = (2..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = if is_number && !text.starts_with('0') { body::chat(text) } else { None };
    id.ok_or_else(|| Reject::new(&ILLEGAL_ARGUMENT, format!("group ID [{text}] is not legal")))
}

pub(super) fn create_room(asked: &Asked<'_>) -> Result<Command, Reject> {
    let new: NewChatRoom = parse(&asked.request.body)?;
    let most = new.maxusers.unwrap_or(ROOM_MEMBERS.0);
    if !(1..=ROOM_MEMBERS.1).contains(&most) {
        let text = format!("maxusers must be 1 to {}", ROOM_MEMBERS.1);
        return Err(Reject::new(&INVALID_PARAMETER, text));
    }
    if new.members.as_ref().is_some_and(Vec::is_empty) {
        return Err(Reject::new(&INVALID_PARAMETER, "members must name at least one user"));
    }
    let texts = [new.name, new.description, None, new.custom];
    let room = chat(GroupKind::Room, texts, new.owner, &new.members.unwrap_or_default())?;
    Ok(Command::CreateGroup(NewGroup { verification: entrance::OPEN, max_members: most, ..room }))
}

fn chat(
    kind: GroupKind,
    [name, introduction, face_url, ex]: [Option<String>; 4],
    owner: Option<String>,
    members: &[String],
) -> Result<NewGroup, Reject> {
    let owner = user(&required(owner, &INVALID_PARAMETER, "owner must be provided")?)?;
    let mut members = users(members.iter().map(String::as_str))?;
    members.retain(|member| *member != owner);
    let name_member = match kind {
        GroupKind::Group => "groupname",
        GroupKind::Room => "name",
    };
    Ok(NewGroup {
        id: None,
        name: short(name_member, name, NAME_CHARS)?,
        notification: String::new(),
        introduction: short("description", introduction, DESCRIPTION_CHARS)?,
        face_url: short("avatar", face_url, AVATAR_CHARS)?,
        ex: own_text(ex)?,
        verification: entrance::OPEN,
        look_member_info: 0,
        apply_member_friend: 0,
        kind,
        max_members: 0,
        invite_confirm: false,
        owner,
        admins: Vec::new(),
        members,
        said: true,
    })
}

pub(super) fn short(name: &str, text: Option<String>, most: usize) -> Result<String, Reject> {
    let text = text.unwrap_or_default();
    if text.chars().count() > most {
        return Err(Reject::new(&INVALID_PARAMETER, format!("{name} is longer than {most} characters")));
    }
    Ok(text)
}

/// Texts of a group or room that are to change: name, description, picture, the app's own.
pub(super) fn texts(
    name: Option<String>,
    description: Option<String>,
    avatar: Option<String>,
    custom: Option<String>,
) -> Result<[Option<String>; 4], Reject> {
    let checked =
        |member, text: Option<String>, most| text.map(|text| short(member, Some(text), most)).transpose();
    Ok([
        checked("groupname", name, NAME_CHARS)?,
        checked("description", description, DESCRIPTION_CHARS)?,
        checked("avatar", avatar, AVATAR_CHARS)?,
        custom.map(|text| own_text(Some(text))).transpose()?,
    ])
}

fn own_text(custom: Option<String>) -> Result<String, Reject> {
    let text = custom.unwrap_or_default();
    if text.len() > CUSTOM_BYTES {
        return Err(Reject::new(&INVALID_PARAMETER, format!("custom is longer than {CUSTOM_BYTES} bytes")));
    }
    Ok(text)
}

/// The id that the caller wants for a new group.
pub(super) fn wanted_id(asked: &Asked<'_>) -> Option<String> {
    parse::<NewChatGroup>(&asked.request.body).ok()?.groupid
}

/// The id of a group or room that was made.
#[derive(Serialize, JsonSchema)]
pub(super) struct Created<'a> {
    /// Of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    groupid: Option<&'a str>,
    /// Of a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
}

pub(super) fn created(_asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Group(group) = outcome else { return None };
    let id = Some(group.id.as_str());
    let created = match group.kind {
        GroupKind::Group => Created { groupid: id, id: None },
        GroupKind::Room => Created { groupid: None, id },
    };
    Some(Ok(Contents::data(&created).without_entities().answer()))
}

/// A group or room.
#[derive(Serialize, JsonSchema)]
pub(super) struct Details<'a> {
    id: &'a str,
    name: &'a str,
    /// Groups only.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<&'a str>,
    description: &'a str,
    membersonly: bool,
    allowinvites: bool,
    maxusers: u32,
    owner: String,
    /// Milliseconds since 1970.
    created: i64,
    custom: &'a str,
    /// Whether only owner and admins may speak.
    mute: bool,
    /// How many there are, the owner included.
    affiliations_count: u32,
    /// At most 1000 of them; where several groups were asked for, the owners alone.
    affiliations: Vec<Affiliation>,
    /// Groups only: taken out of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<bool>,
    public: bool,
}

impl<'a> Details<'a> {
    fn new(group: &'a Group, affiliations: Vec<Affiliation>) -> Self {
        let is_group = group.kind == GroupKind::Group;
        Self {
            id: group.id.as_str(),
            name: &group.name,
            avatar: is_group.then_some(group.face_url.as_str()),
            description: &group.introduction,
            membersonly: group.verification != entrance::OPEN,
            allowinvites: group.verification == entrance::INVITED,
            maxusers: group.max_members,
            owner: group.owner.folded(),
            created: group.created_at.0,
            custom: &group.ex,
            mute: group.status == GroupStatus::Muted,
            affiliations_count: group.member_count,
            affiliations,
            disabled: is_group.then_some(group.status == GroupStatus::Banned),
            public: group.verification == entrance::OPEN,
        }
    }
}

/// One is asked for with its members; of several, only they themselves can be asked for at once.
pub(super) fn get(asked: &Asked<'_>) -> Result<Command, Reject> {
    let mut ids: Vec<&str> = Vec::new();
    for id in body::listed(asked.request.param("id")) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.len() > AT_ONCE {
        return Err(Reject::new(&INVALID_PARAMETER, format!("groupIds is more than max limit : {AT_ONCE}")));
    }
    if let [one] = ids.as_slice() {
        return Ok(Command::Members { group: known(one)?, skip: 0, limit: limits::LIST_ITEMS });
    }
    Ok(Command::Groups { ids: ids.into_iter().filter_map(body::chat).collect() })
}

/// The id of a path. One that cannot be an id is as unknown as any other.
pub(super) fn known(text: &str) -> Result<GroupId, Reject> {
    let unknown = || Reject::Refused(Refusal::new(RefusalCode::GroupNotFound, format!("group {text:?}")));
    body::chat(text).ok_or_else(unknown)
}

pub(super) fn details(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let kind = kind_of(asked);
    let shown: Vec<Details<'_>> = match outcome {
        Outcome::Members { group, members } if group.kind == kind => vec![Details::new(group, all(members))],
        Outcome::Members { .. } => Vec::new(),
        Outcome::Groups(groups) => groups
            .iter()
            .filter(|group| group.kind == kind && group.status != GroupStatus::Dismissed)
            .map(|group| Details::new(group, vec![owner(&group.owner)]))
            .collect(),
        _ => return None,
    };
    if shown.is_empty() {
        return Some(Err(no_such_chat(asked.request.param("id"))));
    }
    Some(Ok(Contents::data(&shown).without_entities().with_count(shown.len()).answer()))
}

fn all(members: &[Member]) -> Vec<Affiliation> {
    members.iter().map(Affiliation::in_details).collect()
}

fn owner(user: &UserId) -> Affiliation {
    Affiliation::Owner(user.folded())
}

/// What the path is about.
pub(super) fn kind_of(asked: &Asked<'_>) -> GroupKind {
    match routes::find(asked.request).map(|entry| entry.topic) {
        Some(Topic::Rooms | Topic::RoomMetadata) => GroupKind::Room,
        _ => GroupKind::Group,
    }
}

/// The id of the path, as answers about groups and about rooms carry it.
pub(super) struct Ids {
    pub(super) groupid: Option<String>,
    pub(super) id: Option<String>,
}

impl Ids {
    pub(super) fn of(asked: &Asked<'_>) -> Self {
        let given = Some(asked.request.param("id").to_owned());
        match kind_of(asked) {
            GroupKind::Group => Self { groupid: given, id: None },
            GroupKind::Room => Self { groupid: None, id: given },
        }
    }
}

/// A group or room that is gone.
#[derive(Serialize, JsonSchema)]
pub(super) struct Dismissed {
    success: bool,
    /// Of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    groupid: Option<String>,
    /// Of a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

pub(super) fn dismiss(asked: &Asked<'_>) -> Result<Command, Reject> {
    Ok(Command::Dismiss { kind: kind_of(asked), group: known(asked.request.param("id"))? })
}

pub(super) fn dismissed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Done = outcome else { return None };
    let Ids { groupid, id } = Ids::of(asked);
    Some(Ok(Contents::data(&Dismissed { success: true, groupid, id }).without_entities().answer()))
}
