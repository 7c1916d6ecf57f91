//! What has changed in the lists of a user's groups and of a group's members. Source: client protocol sheet 4.3.

use std::collections::{HashMap, HashSet};

use ringback_model::command::{GroupOutcome, MemberNews, WholeList};
use ringback_model::failure::Failure;
use ringback_model::group::{Group, GroupPerson, Member};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::version::{Delta, Version, VersionLog};

use super::read::{in_order, is_listed};
use crate::caller::Caller;
use crate::{Im, at_most, only_self};

impl Im {
    pub(super) async fn joined_news(
        &self,
        caller: &Caller,
        user: &UserId,
        seen: Option<Version>,
    ) -> Result<GroupOutcome, Failure> {
        only_self(&caller.actor, user)?;
        let news = self.delta(&VersionLog::Groups(user.clone()), seen).await?;
        let ids: Vec<GroupId> =
            news.inserted.iter().chain(&news.updated).filter_map(|id| GroupId::parse(id).ok()).collect();
        let groups = self.store.groups(&ids).await?.into_iter().flatten().filter(is_listed);
        let groups: HashMap<String, Group> = groups.map(|group| (group.id.to_string(), group)).collect();
        Ok(GroupOutcome::JoinedNews(news.filled(|id| groups.get(id).cloned())))
    }

    pub(super) async fn joined_ids(
        &self,
        caller: &Caller,
        user: &UserId,
        hash: u64,
    ) -> Result<GroupOutcome, Failure> {
        only_self(&caller.actor, user)?;
        let now = self.list_version(&VersionLog::Groups(user.clone())).await?;
        let ids = self.joined(user).await?.into_iter().map(|group| group.id.to_string()).collect();
        Ok(GroupOutcome::WholeList(WholeList { now, ids, hash }))
    }

    pub(super) async fn whole_members(
        &self,
        caller: &Caller,
        group: &GroupId,
        hash: u64,
    ) -> Result<GroupOutcome, Failure> {
        self.scene(caller, group).await?.check_member()?;
        let now = self.list_version(&VersionLog::Members(group.clone())).await?;
        let mut members = self.all_members(group).await?;
        in_order(&mut members);
        let ids = members.into_iter().map(|member| member.user.to_string()).collect();
        Ok(GroupOutcome::WholeList(WholeList { now, ids, hash }))
    }

    pub(super) async fn member_news(
        &self,
        caller: &Caller,
        group: &GroupId,
        seen: Option<Version>,
    ) -> Result<GroupOutcome, Failure> {
        let scene = self.scene(caller, group).await?;
        scene.check_member()?;
        let news = self.delta(&VersionLog::Members(group.clone()), seen).await?;
        let news = self.with_people(group, news).await?;
        let name = group.to_string();
        let group = (!news.is_empty()).then_some(scene.group);
        Ok(GroupOutcome::MemberNews(vec![MemberNews { name, group, news }]))
    }

    /// One call of a login: what it costs does not depend on how large the groups are, and groups in which nothing has
    /// changed cost next to nothing.
    pub(super) async fn member_news_of_many(
        &self,
        caller: &Caller,
        user: &UserId,
        lists: Vec<(String, Option<Version>)>,
    ) -> Result<GroupOutcome, Failure> {
        only_self(&caller.actor, user)?;
        at_most("reqList", lists.len(), limits::SYNC_LISTS)?;
        let mine: HashSet<GroupId> = self.store.groups_of(user).await?.into_iter().collect();
        let known: Vec<Option<GroupId>> = lists
            .iter()
            .map(|(name, _)| GroupId::parse(name).ok().filter(|group| mine.contains(group)))
            .collect();
        let logs: Vec<VersionLog> = known.iter().flatten().cloned().map(VersionLog::Members).collect();
        let mut versions = self.store.list_versions(&logs).await?.into_iter();
        let (mut answers, mut changed, mut told) = (Vec::with_capacity(lists.len()), Vec::new(), 0);
        for ((name, seen), group) in lists.into_iter().zip(known) {
            // What the user cannot see has not changed for him.
            let known = seen.unwrap_or_default();
            let now = if group.is_some() { versions.next().unwrap_or(known) } else { known };
            let (Some(group), true) = (group, Some(now) != seen) else {
                answers.push(MemberNews { name, group: None, news: Delta::empty(now, false) });
                continue;
            };
            if told >= limits::SYNC_ELEMENTS {
                continue;
            }
            let news = self.delta(&VersionLog::Members(group.clone()), seen).await?;
            told += news.elements();
            let news = self.with_people(&group, news).await?;
            changed.push(group);
            answers.push(MemberNews { name, group: None, news });
        }
        let groups = self.store.groups(&changed).await?.into_iter().flatten();
        let groups: HashMap<String, Group> = groups.map(|group| (group.id.to_string(), group)).collect();
        for answer in &mut answers {
            answer.group = groups.get(&answer.name).cloned();
        }
        Ok(GroupOutcome::MemberNews(answers))
    }

    async fn with_people(&self, group: &GroupId, news: Delta<String>) -> Result<Delta<GroupPerson>, Failure> {
        let ids: Vec<UserId> =
            news.inserted.iter().chain(&news.updated).filter_map(|id| UserId::parse(id).ok()).collect();
        if ids.is_empty() {
            return Ok(news.filled(|_| None));
        }
        let members: Vec<Member> =
            self.store.members_named(group, &ids).await?.into_iter().flatten().collect();
        let people = self.people(members).await?;
        let people: HashMap<String, GroupPerson> =
            people.into_iter().map(|one| (one.user.folded(), one)).collect();
        Ok(news.filled(|id| people.get(&id.to_lowercase()).cloned()))
    }
}
