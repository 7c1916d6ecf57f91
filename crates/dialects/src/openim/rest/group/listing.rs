//! Members of a group, groups of a user, and all groups.

use md5::{Digest, Md5};
use ringback_model::command::{Command, GroupCommand, GroupOutcome, MemberFilter, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::failure::RefusalCode;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use crate::openim::content::group;
use crate::openim::group_objects::{GroupInfo, MemberInfo};
use crate::openim::rest::body::{
    Reject, at_most, body, given, group_id, parse, possible_ids, short_and_distinct, user_id,
};
use crate::openim::rest::page::{Pagination, page};
use crate::openim::rest::reply::{Data, data};
use crate::openim::rest::sync::null_for_none;

body! {
    /// Members that are asked about.
    NamedMembers {
        group: String = "groupID" required,
        /// 1 to 1000.
        #[schemars(length(min = 1))]
        users: Option<Vec<String>> = "userIDs" required,
    }
}

pub(in crate::openim::rest) fn named(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: NamedMembers = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let users = given("userIDs", asked.users)?;
    short_and_distinct("userIDs", &users)?;
    Ok(Command::Group(GroupCommand::Named { group, users: possible_ids(&users) }))
}

body! {
    /// A page of a group's members.
    MemberList {
        group: String = "groupID" required,
        pagination: Option<Pagination> = "pagination" required,
        /// 0 all, 1 owner, 2 admins, 3 ordinary members, 4 admins and ordinary members, 5 owner and admins.
        #[schemars(range(min = 0, max = 5))]
        filter: i32 = "filter",
        /// Part of an id or name; all if empty.
        keyword: String = "keyword",
    }
}

pub(in crate::openim::rest) fn members(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: MemberList = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    let page = page(asked.pagination)?;
    let filter = match asked.filter {
        0 => MemberFilter::All,
        1 => MemberFilter::Owner,
        2 => MemberFilter::Admins,
        3 => MemberFilter::Ordinary,
        4 => MemberFilter::NotOwner,
        5 => MemberFilter::Managers,
        other => {
            let detail = format!("filter is {other}; known are 0 to 5");
            return Err(Reject::new(RefusalCode::BadArgument, detail));
        }
    };
    Ok(Command::Group(GroupCommand::Members { group, filter, keyword: asked.keyword, page }))
}

/// Members of a group.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct GroupMembers<'a> {
    members: Vec<MemberInfo<'a>>,
}

pub(in crate::openim::rest) fn named_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::People { group, people, .. }) = outcome else { return None };
    data(&GroupMembers { members: people.iter().map(|one| MemberInfo::new(group, one)).collect() })
}

/// A page of a group's members.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct GroupMemberPage<'a> {
    /// On all pages.
    total: usize,
    /// Null where the page is beyond the last one.
    #[schemars(with = "Option<Vec<MemberInfo<'a>>>")]
    #[serde(serialize_with = "null_for_none")]
    members: Vec<MemberInfo<'a>>,
}

pub(in crate::openim::rest) fn members_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::People { group, total, people }) = outcome else { return None };
    let members = people.iter().map(|one| MemberInfo::new(group, one)).collect();
    data(&GroupMemberPage { total: *total, members })
}

pub(in crate::openim::rest) fn member_ids(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: super::settings::OneGroup = parse(&request.body)?;
    Ok(Command::Group(GroupCommand::MemberIds { group: group_id("groupID", &asked.group)? }))
}

/// The ids of a group's members.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct MemberIds<'a> {
    #[serde(rename = "userIDs")]
    users: Vec<&'a str>,
}

pub(in crate::openim::rest) fn member_ids_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Ids(users)) = outcome else { return None };
    data(&MemberIds { users: users.iter().map(ringback_model::ids::UserId::as_str).collect() })
}

body! {
    /// A page of a user's groups.
    JoinedGroups {
        user: String = "fromUserID" required,
        pagination: Option<Pagination> = "pagination" required,
    }
}

pub(in crate::openim::rest) fn joined(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: JoinedGroups = parse(&request.body)?;
    let user = user_id("fromUserID", &asked.user)?;
    Ok(Command::Group(GroupCommand::Joined { user, page: page(asked.pagination)? }))
}

/// A page of groups.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct GroupPage<'a> {
    /// On all pages.
    total: usize,
    groups: Vec<GroupInfo<'a>>,
}

pub(in crate::openim::rest) fn joined_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Groups { total, groups }) = outcome else { return None };
    data(&GroupPage { total: *total, groups: groups.iter().map(GroupInfo::from).collect() })
}

body! {
    /// A page of all groups.
    Search {
        pagination: Option<Pagination> = "pagination" required,
        /// Part of the name; all if empty.
        name: String = "groupName",
        /// The one with this id.
        id: String = "groupID",
    }
}

pub(in crate::openim::rest) fn search(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: Search = parse(&request.body)?;
    Ok(Command::Group(GroupCommand::Search { name: asked.name, id: asked.id, page: page(asked.pagination)? }))
}

/// A group and who owns it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CMSGroup")]
struct FoundGroup<'a> {
    #[serde(rename = "groupInfo")]
    group: GroupInfo<'a>,
    #[serde(rename = "groupOwnerUserName")]
    owner_name: &'a str,
    #[serde(rename = "groupOwnerUserID")]
    owner: &'a str,
}

/// Groups that were found.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct FoundGroups<'a> {
    /// On all pages.
    total: usize,
    groups: Vec<FoundGroup<'a>>,
}

pub(in crate::openim::rest) fn search_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Found { total, groups }) = outcome else { return None };
    let groups = groups.iter().map(|(group, name)| FoundGroup {
        group: GroupInfo::from(group),
        owner_name: name,
        owner: group.owner.as_str(),
    });
    data(&FoundGroups { total: *total, groups: groups.collect() })
}

pub(in crate::openim::rest) fn abstracts(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: super::GroupIds = parse(&request.body)?;
    let ids = given("groupIDs", asked.ids)?;
    at_most("groupIDs", ids.len(), limits::LIST_ITEMS)?;
    let groups = ids.iter().map(|id| Ok(group("groupIDs", id)?)).collect::<Result<_, Reject>>()?;
    Ok(Command::Group(GroupCommand::Abstracts { groups }))
}

/// Number and hash of a group's members.
#[derive(Serialize, JsonSchema)]
struct GroupAbstract<'a> {
    #[serde(rename = "groupID")]
    group: &'a str,
    #[serde(rename = "groupMemberNumber")]
    members: usize,
    /// The same as long as the same users are in it.
    #[serde(rename = "groupMemberListHash")]
    hash: u64,
}

/// Numbers and hashes of groups' members.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct GroupAbstracts<'a> {
    #[serde(rename = "groupAbstractInfos")]
    groups: Vec<GroupAbstract<'a>>,
}

pub(in crate::openim::rest) fn abstracts_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::Abstracts(groups)) = outcome else { return None };
    let groups = groups.iter().map(|(group, users)| GroupAbstract {
        group: group.as_str(),
        members: users.len(),
        hash: hash(users),
    });
    data(&GroupAbstracts { groups: groups.collect() })
}

/// The first eight bytes of the MD5 of the ids, joined by semicolons in the order of their bytes.
fn hash(users: &[String]) -> u64 {
    let mut users: Vec<&str> = users.iter().map(String::as_str).collect();
    users.sort_unstable();
    let digest = Md5::digest(users.join(";"));
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
