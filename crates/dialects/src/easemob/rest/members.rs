//! Members of `/chatgroups` and `/chatrooms`. Source: easemob-rest fact sheet 8, 9.

use ringback_model::command::{Command, Outcome};
use ringback_model::group::{Group, GroupKind, Member, Role};
use ringback_model::ids::UserId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::body::{self, parse, users};
use super::chats::{Ids, kind_of, known};
use super::envelope::{Answer, Contents};
use super::problem::{FORBIDDEN, ILLEGAL_ARGUMENT, INVALID_PARAMETER, Problem, Reject, no_such_chat};

/// Users of one call.
const AT_ONCE: usize = 60;
/// Members of a page, at most and by default.
const PAGE: usize = 1000;

const ADD: &str = "add_member";
const REMOVE: &str = "remove_member";

/// A member, under his role.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Affiliation {
    Owner(String),
    Admin(String),
    Member(String),
}

impl Affiliation {
    /// Lists of members name admins; rooms and details do not.
    pub(super) fn in_lists(kind: GroupKind, member: &Member) -> Self {
        match (member.role, kind) {
            (Role::Admin, GroupKind::Group) => Self::Admin(member.user.folded()),
            _ => Self::in_details(member),
        }
    }

    pub(super) fn in_details(member: &Member) -> Self {
        match member.role {
            Role::Owner => Self::Owner(member.user.folded()),
            Role::Admin | Role::Member => Self::Member(member.user.folded()),
        }
    }
}

/// A page: its number, from 1, and its size.
pub(super) fn page(asked: &Asked<'_>) -> Result<(usize, usize), Reject> {
    let number = |name: &str, default: usize, most: usize| match asked.request.query(name) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| Reject::new(&ILLEGAL_ARGUMENT, format!("{name} must be a number, 1 or more"))),
    };
    let size = number("pagesize", PAGE, usize::MAX)?.min(PAGE);
    Ok((number("pagenum", 1, usize::MAX / PAGE)?, size))
}

/// The page that was asked for, as answers show it.
pub(super) fn page_params(asked: &Asked<'_>) -> impl Iterator<Item = (&'static str, String)> + use<> {
    let (number, size) = page(asked).unwrap_or((1, PAGE));
    [("pagenum", number.to_string()), ("pagesize", size.to_string())].into_iter()
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    let (number, size) = page(asked)?;
    Ok(Command::Members { group: known(asked.request.param("id"))?, skip: (number - 1) * size, limit: size })
}

pub(super) fn listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Members { group, members } = outcome else { return None };
    let kind = kind_of(asked);
    if group.kind != kind {
        return Some(Err(no_such_chat(asked.request.param("id"))));
    }
    let shown: Vec<_> = members.iter().map(|member| Affiliation::in_lists(kind, member)).collect();
    let contents =
        Contents::data(&shown).without_entities().with_count(shown.len()).with_params(page_params(asked));
    Some(Ok(contents.answer()))
}

/// Who is to be added.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(super) struct UserNames {
    /// User ids.
    #[schemars(length(min = 1, max = 60), extend("x-required" = true))]
    pub(super) usernames: Option<Vec<String>>,
}

pub(super) fn add(asked: &Asked<'_>) -> Result<Command, Reject> {
    let names: UserNames = parse(&asked.request.body)?;
    let names = names.usernames.unwrap_or_default();
    let users = chosen(names.iter().map(String::as_str), "addMembers: addMembers number more than maxSize")?;
    Ok(Command::AddMembers { kind: kind_of(asked), group: known(asked.request.param("id"))?, users })
}

pub(super) fn add_one(asked: &Asked<'_>) -> Result<Command, Reject> {
    let user = body::user(asked.request.param("users"))?;
    Ok(Command::AddMembers {
        kind: kind_of(asked),
        group: known(asked.request.param("id"))?,
        users: vec![user],
    })
}

pub(super) fn remove(asked: &Asked<'_>) -> Result<Command, Reject> {
    let users = chosen(body::listed(asked.request.param("users")), "userNames is more than max limit")?;
    Ok(Command::RemoveMembers { kind: kind_of(asked), group: known(asked.request.param("id"))?, users })
}

/// The users of one call; `too_many` says that they are too many, in the words of the call.
pub(super) fn chosen<'a>(
    names: impl Iterator<Item = &'a str>,
    too_many: &str,
) -> Result<Vec<UserId>, Reject> {
    let users = users(names)?;
    if users.is_empty() {
        return Err(Reject::new(&INVALID_PARAMETER, "usernames must be provided"));
    }
    if users.len() > AT_ONCE {
        return Err(Reject::new(&INVALID_PARAMETER, format!("{too_many} : {AT_ONCE}")));
    }
    Ok(users)
}

/// Who has become a member; those who were one are left out.
#[derive(Serialize, JsonSchema)]
pub(super) struct Added {
    newmembers: Vec<String>,
    action: &'static str,
    /// Of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    groupid: Option<String>,
    /// Of a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

pub(super) fn added(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Members { members, .. } = outcome else { return None };
    let newmembers = members.iter().map(|member| member.user.folded()).collect();
    let Ids { groupid, id } = Ids::of(asked);
    let data = Added { newmembers, action: ADD, groupid, id };
    Some(Ok(Contents::data(&data).without_entities().answer()))
}

/// What became of one user.
#[derive(Serialize, JsonSchema)]
pub(super) struct Change {
    result: bool,
    /// `add_member` or `remove_member`.
    action: &'static str,
    user: String,
    /// Of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    groupid: Option<String>,
    /// Of a room.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Change {
    fn new(asked: &Asked<'_>, action: &'static str, user: &UserId, reason: Option<String>) -> Self {
        let Ids { groupid, id } = Ids::of(asked);
        Self { result: reason.is_none(), action, user: user.folded(), groupid, id, reason }
    }
}

/// One change, or a list where several users were named.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Changes {
    One(Change),
    Several(Vec<Change>),
}

pub(super) fn added_one(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Members { members, .. } = outcome else { return None };
    let Some(member) = members.first() else {
        let (user, id) = (asked.request.param("users"), asked.request.param("id"));
        let text = format!("can not join this group, reason:user: {user} already in group: {id}");
        return Some(Err(Problem::new(&FORBIDDEN, text)));
    };
    let data = Change::new(asked, ADD, &member.user, None);
    Some(Ok(Contents::data(&data).without_entities().answer()))
}

pub(super) fn removed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let Outcome::Members { group, members } = outcome else { return None };
    let Ok(Command::RemoveMembers { users, .. }) = remove(asked) else { return None };
    let reason = |user: &UserId| {
        let gone = members.iter().any(|member| member.user.folded() == user.folded());
        (!gone).then(|| why_still_there(group, user))
    };
    let data = match users.as_slice() {
        [user] => match reason(user) {
            Some(text) => return Some(Err(Problem::new(&FORBIDDEN, text))),
            None => Changes::One(Change::new(asked, REMOVE, user, None)),
        },
        several => Changes::Several(
            several.iter().map(|user| Change::new(asked, REMOVE, user, reason(user))).collect(),
        ),
    };
    Some(Ok(Contents::data(&data).without_entities().answer()))
}

fn why_still_there(group: &Group, user: &UserId) -> String {
    if group.owner.folded() == user.folded() {
        "forbidden operation on group owner!".to_owned()
    } else {
        format!("users [{user}] are not members of this group!")
    }
}
