//! Pages of the members of a group: by number with roles, or by cursor as the official server SDK turns them. Source:
//! easemob-rest fact sheet 8; `GroupMemberList` of the SDK.

use ringback_model::command::{AgeMark, Command, ManagingDeed, ManagingOutcome, MembersByAge, Outcome};
use ringback_model::group::{GroupKind, Member};
use ringback_model::page::Page;
use schemars::JsonSchema;
use serde::Serialize;

use super::Asked;
use super::cursor;
use super::envelope::{Answer, Contents};
use super::managing::{managed, managing};
use super::members::{self, Affiliation, page};
use super::problem::{ILLEGAL_ARGUMENT, Problem, Reject, no_such_chat};

/// Members of a page by cursor, unless the caller says otherwise, and at most.
const BY_CURSOR: (usize, usize) = (10, 1000);

/// Query parameters that answers repeat.
const PARAMS: &[&str] = &["version", "limit", "cursor", "sort"];

/// A member, under his role.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListedMember {
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
    /// When he came, milliseconds since 1970; where `joined_time` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_time: Option<i64>,
}

impl ListedMember {
    fn new(member: &Member, with_time: bool) -> Self {
        let (mut owner, mut admin, mut ordinary) = (None, None, None);
        match Affiliation::in_lists(GroupKind::Group, member) {
            Affiliation::Owner(id) => owner = Some(id),
            Affiliation::Admin(id) => admin = Some(id),
            Affiliation::Member(id) => ordinary = Some(id),
        }
        let joined_time = with_time.then_some(member.joined_at.0);
        Self { owner, admin, member: ordinary, joined_time }
    }
}

/// A page: by number with roles; by cursor ids alone, without the owner's.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum MemberPage {
    ByNumber(Vec<ListedMember>),
    ByCursor(Vec<String>),
}

/// `None` = the order does not matter.
fn newest_first(asked: &Asked<'_>) -> Result<Option<bool>, Reject> {
    match asked.request.query("sort") {
        None | Some("") => Ok(None),
        Some("asc") => Ok(Some(false)),
        Some("desc") => Ok(Some(true)),
        Some(_) => Err(Reject::new(&ILLEGAL_ARGUMENT, "sort must be asc or desc")),
    }
}

fn with_time(asked: &Asked<'_>) -> Result<bool, Reject> {
    match asked.request.query("joined_time") {
        None | Some("" | "false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Reject::new(&ILLEGAL_ARGUMENT, "joined_time must be true or false")),
    }
}

fn is_by_cursor(asked: &Asked<'_>) -> bool {
    asked.request.query("version") == Some("v3")
}

fn limit(asked: &Asked<'_>) -> Result<usize, Reject> {
    let (usual, most) = BY_CURSOR;
    Ok(cursor::size(asked, "limit", Some(usual), most)?.unwrap_or(usual))
}

pub(super) fn list(asked: &Asked<'_>) -> Result<Command, Reject> {
    let newest_first = newest_first(asked)?;
    if is_by_cursor(asked) {
        let page = Page { skip: 0, limit: limit(asked)? };
        let (after, newest_first) = (cursor::age(asked)?, newest_first.unwrap_or(false));
        let wanted = MembersByAge { owner: false, newest_first, after, page };
        return managing(asked, ManagingDeed::ByAge(wanted));
    }
    with_time(asked)?;
    let Some(newest_first) = newest_first else { return members::list(asked) };
    let (number, size) = page(asked)?;
    let page = Page::numbered(number, size);
    managing(asked, ManagingDeed::ByAge(MembersByAge { owner: true, newest_first, after: None, page }))
}

pub(super) fn listed(asked: &Asked<'_>, outcome: &Outcome) -> Option<Result<Answer, Problem>> {
    let members = match outcome {
        Outcome::Members { group, .. } if group.kind != GroupKind::Group => {
            return Some(Err(no_such_chat(asked.request.param("id"))));
        }
        Outcome::Members { members, .. } => members,
        other => match managed(other)? {
            ManagingOutcome::Members(members) => members,
            _ => return None,
        },
    };
    let contents = if is_by_cursor(asked) { by_cursor(asked, members) } else { by_number(asked, members) };
    Some(Ok(contents.without_entities().with_count(members.len()).answer()))
}

fn by_cursor(asked: &Asked<'_>, members: &[Member]) -> Contents {
    let ids = members.iter().map(|member| member.user.folded()).collect();
    // A full page may be the last one: then the next is empty.
    let full = members.len() >= limit(asked).unwrap_or(BY_CURSOR.0);
    let mark = |member: &Member| AgeMark { at: member.joined_at, user: member.user.clone() };
    let next = members.last().filter(|_| full).map(|last| cursor::of_age(&mark(last)));
    Contents::data(&MemberPage::ByCursor(ids)).with_params(cursor::params(asked, PARAMS)).with_cursor(next)
}

fn by_number(asked: &Asked<'_>, members: &[Member]) -> Contents {
    let with_time = with_time(asked).unwrap_or(false);
    let shown = members.iter().map(|member| ListedMember::new(member, with_time)).collect();
    let given = cursor::params(asked, &["joined_time", "sort"]);
    Contents::data(&MemberPage::ByNumber(shown)).with_params(members::page_params(asked).chain(given))
}
