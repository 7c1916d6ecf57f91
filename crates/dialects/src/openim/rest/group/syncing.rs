//! What has changed in the lists of groups and members that clients follow. Source: client protocol sheet 4.3.

use std::collections::BTreeMap;

use ringback_model::command::{Command, GroupCommand, GroupOutcome, MemberNews, Outcome};
use ringback_model::dialect::EdgeRequest;
use ringback_model::ids::GroupId;
use ringback_model::limits;
use schemars::JsonSchema;
use serde::Serialize;

use crate::openim::group_objects::{GroupInfo, MemberInfo};
use crate::openim::rest::body::{Reject, at_most, body, given, group_id, parse, user_id};
use crate::openim::rest::reply::{Data, data};
use crate::openim::rest::sync::{AllIds, DeltaJson};
use ringback_model::version::Version;

body! {
    /// Where a client left the list of a user's groups.
    JoinedSeen {
        user: String = "userID" required,
        /// Which log; empty = it has none.
        version_id: String = "versionID",
        /// 0 = it has none.
        version: u64 = "version",
    }
}

pub(in crate::openim::rest) fn joined(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: JoinedSeen = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Group(GroupCommand::JoinedNews {
        user,
        seen: Version::parse(&asked.version_id, asked.version),
    }))
}

/// What has changed in the list of a user's groups.
pub(in crate::openim::rest) type JoinedNews<'a> = DeltaJson<GroupInfo<'a>>;

pub(in crate::openim::rest) fn joined_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::JoinedNews(news)) = outcome else { return None };
    data(&JoinedNews::new(news, GroupInfo::from))
}

body! {
    /// Where a client left the list of a group's members.
    MembersSeen {
        group: String = "groupID" required,
        /// Which log; empty = it has none.
        version_id: String = "versionID",
        /// 0 = it has none.
        version: u64 = "version",
    }
}

pub(in crate::openim::rest) fn members(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: MembersSeen = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    Ok(Command::Group(GroupCommand::MemberNews {
        group,
        seen: Version::parse(&asked.version_id, asked.version),
    }))
}

/// What has changed in the list of a group's members.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "MemberNews")]
pub(in crate::openim::rest) struct MemberChanges<'a> {
    #[serde(flatten)]
    news: DeltaJson<MemberInfo<'a>>,
    /// The group, where anything has changed.
    group: Option<GroupInfo<'a>>,
}

/// `group` names the members' group.
fn changes<'a>(group: &'a GroupId, news: &'a MemberNews) -> MemberChanges<'a> {
    MemberChanges {
        news: DeltaJson::new(&news.news, |person| MemberInfo::new(group, person)),
        group: news.group.as_ref().map(GroupInfo::from),
    }
}

pub(in crate::openim::rest) fn members_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::MemberNews(all)) = outcome else { return None };
    let [news] = all.as_slice() else { return None };
    data(&changes(&GroupId::parse(&news.name).ok()?, news))
}

body! {
    /// Where a client left one of several lists of members.
    OneOfManySeen {
        /// Whatever stands here is answered, groups that there are not as well.
        group: String = "groupID",
        /// Which log; empty = it has none.
        version_id: String = "versionID",
        /// 0 = it has none.
        version: u64 = "version",
    }
}

body! {
    /// Where a client left the lists of several groups' members.
    ManySeen {
        user: String = "userID" required,
        /// At most 10000; who names a group twice is answered once.
        lists: Option<Vec<OneOfManySeen>> = "reqList" required,
    }
}

pub(in crate::openim::rest) fn many(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: ManySeen = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    let lists = given("reqList", asked.lists)?;
    at_most("reqList", lists.len(), limits::SYNC_LISTS)?;
    let lists = lists.into_iter().map(|one| {
        // Whatever the name: a client asks again until every list that it names is answered.
        let seen = Version::parse(&one.version_id, one.version);
        (one.group, seen)
    });
    let lists = lists.collect();
    Ok(Command::Group(GroupCommand::MemberNewsOfMany { user, lists }))
}

/// What has changed in the lists of several groups' members.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct ManyNews<'a> {
    /// By group. Of very many changes some groups are left out: ask again for those.
    #[serde(rename = "respList")]
    lists: BTreeMap<&'a str, MemberChanges<'a>>,
}

pub(in crate::openim::rest) fn many_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::MemberNews(all)) = outcome else { return None };
    let groups: Vec<Option<GroupId>> = all.iter().map(|news| GroupId::parse(&news.name).ok()).collect();
    let lists = all.iter().zip(&groups).map(|(news, group)| {
        let shown = match group {
            Some(group) => changes(group, news),
            // Nobody is in a group that cannot be.
            None => MemberChanges { news: DeltaJson::empty(news.news.now), group: None },
        };
        (news.name.as_str(), shown)
    });
    data(&ManyNews { lists: lists.collect() })
}

body! {
    /// A user, and the hash of the ids of the groups that a client knows of him.
    JoinedHash {
        user: String = "userID" required,
        hash: u64 = "idHash",
    }
}

pub(in crate::openim::rest) fn joined_ids(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: JoinedHash = parse(&request.body)?;
    let user = user_id("userID", &asked.user)?;
    Ok(Command::Group(GroupCommand::JoinedIds { user, hash: asked.hash }))
}

/// The ids of a user's groups.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct JoinedIds<'a> {
    #[serde(flatten)]
    list: AllIds,
    /// Empty where the client has them.
    #[serde(rename = "groupIDs")]
    ids: &'a [String],
}

pub(in crate::openim::rest) fn joined_ids_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::WholeList(list)) = outcome else { return None };
    let mut all = AllIds::new(list.now, list.ids.clone(), list.hash);
    let ids = std::mem::take(&mut all.ids);
    data(&JoinedIds { list: all, ids: &ids })
}

body! {
    /// A group, and the hash of the ids of the members that a client knows of it.
    MembersHash {
        group: String = "groupID" required,
        hash: u64 = "idHash",
    }
}

pub(in crate::openim::rest) fn whole_members(request: &EdgeRequest) -> Result<Command, Reject> {
    let asked: MembersHash = parse(&request.body)?;
    let group = group_id("groupID", &asked.group)?;
    Ok(Command::Group(GroupCommand::WholeMembers { group, hash: asked.hash }))
}

/// The ids of a group's members.
#[derive(Serialize, JsonSchema)]
pub(in crate::openim::rest) struct WholeMembers<'a> {
    #[serde(flatten)]
    list: AllIds,
    /// Empty where the client has them.
    #[serde(rename = "userIDs")]
    ids: &'a [String],
}

pub(in crate::openim::rest) fn whole_members_data(outcome: &Outcome) -> Option<Data> {
    let Outcome::OfGroup(GroupOutcome::WholeList(list)) = outcome else { return None };
    let mut all = AllIds::new(list.now, list.ids.clone(), list.hash);
    let ids = std::mem::take(&mut all.ids);
    data(&WholeMembers { list: all, ids: &ids })
}
