//! Lists of groups and members.

use std::sync::Arc;

use ringback_model::command::{GroupOutcome, MemberFilter, MembersByAge, Page};
use ringback_model::conversation::Target;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::group::{Group, GroupKind, GroupPerson, GroupStatus, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::statistics::Period;

use crate::caller::Caller;
use crate::groups::unknown_group;
use crate::statistics::Busy;
use crate::{Im, at_most, bad, only_admin, only_self};

impl Im {
    /// All members, ascending by folded id.
    pub(super) async fn all_members(&self, group: &GroupId) -> Result<Vec<Member>, Failure> {
        let mut all: Vec<Member> = Vec::new();
        loop {
            let after = all.last().map(|member| member.user.clone());
            let page = self.store.members(group, after.as_ref(), limits::LIST_ITEMS).await?;
            let short = page.len() < limits::LIST_ITEMS;
            all.extend(page);
            if short {
                return Ok(all);
            }
        }
    }

    pub(super) async fn members_named(
        &self,
        caller: &Caller,
        group: &GroupId,
        users: &[UserId],
    ) -> Result<GroupOutcome, Failure> {
        if users.is_empty() {
            return Err(bad("userIDs is empty").into());
        }
        at_most("userIDs", users.len(), limits::LIST_ITEMS)?;
        self.scene(caller, group).await?.check_member()?;
        let members: Vec<Member> =
            self.store.members_named(group, users).await?.into_iter().flatten().collect();
        let people = self.people(members).await?;
        Ok(GroupOutcome::People { group: group.clone(), total: people.len(), people })
    }

    pub(super) async fn member_page(
        &self,
        caller: &Caller,
        group: &GroupId,
        filter: MemberFilter,
        keyword: &str,
        page: Page,
    ) -> Result<GroupOutcome, Failure> {
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        self.scene(caller, group).await?.check_member()?;
        let mut members = self.all_members(group).await?;
        members.retain(|member| passes(filter, member.role));
        in_order(&mut members);
        if keyword.is_empty() {
            let total = members.len();
            let people = self.people(page.of(members)).await?;
            return Ok(GroupOutcome::People { group: group.clone(), total, people });
        }
        let keyword = keyword.to_lowercase();
        let mut people = self.people(members).await?;
        people.retain(|one| is_called(one, &keyword));
        Ok(GroupOutcome::People { group: group.clone(), total: people.len(), people: page.of(people) })
    }

    /// A page of members, by when they came.
    pub(super) async fn members_by_age(
        &self,
        group: &GroupId,
        wanted: MembersByAge,
    ) -> Result<Vec<Member>, Failure> {
        at_most("a page", wanted.page.limit, limits::LIST_ITEMS)?;
        Ok(by_age(self.all_members(group).await?, wanted))
    }

    pub(super) async fn member_ids(&self, caller: &Caller, group: &GroupId) -> Result<GroupOutcome, Failure> {
        self.scene(caller, group).await?.check_member()?;
        let mut members = self.all_members(group).await?;
        in_order(&mut members);
        Ok(GroupOutcome::Ids(members.into_iter().map(|member| member.user).collect()))
    }

    /// The groups that a user is in, ascending by id; neither rooms nor what was dismissed.
    pub(super) async fn joined(&self, user: &UserId) -> Result<Vec<Group>, Failure> {
        let ids = self.store.groups_of(user).await?;
        let groups = self.store.groups(&ids).await?.into_iter().flatten();
        Ok(groups.filter(is_listed).collect())
    }

    pub(super) async fn joined_page(
        &self,
        caller: &Caller,
        user: &UserId,
        page: Page,
    ) -> Result<GroupOutcome, Failure> {
        only_self(&caller.actor, user)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let groups = self.joined(user).await?;
        Ok(GroupOutcome::Groups { total: groups.len(), groups: page.of(groups) })
    }

    /// The rooms that a user is in, ascending by id.
    pub(super) async fn joined_rooms(
        &self,
        caller: &Caller,
        user: &UserId,
        page: Page,
    ) -> Result<GroupOutcome, Failure> {
        only_self(&caller.actor, user)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let rooms = self.rooms_of(user).await?;
        Ok(GroupOutcome::Groups { total: rooms.len(), groups: page.of(rooms) })
    }

    /// The rooms that a user is in and that are not gone, ascending by id.
    pub(crate) async fn rooms_of(&self, user: &UserId) -> Result<Vec<Group>, Failure> {
        let ids = self.store.groups_of(user).await?;
        let rooms = self.store.groups(&ids).await?.into_iter().flatten();
        Ok(rooms.filter(|one| one.kind == GroupKind::Room && one.status != GroupStatus::Dismissed).collect())
    }

    pub(super) async fn groups_of_kind(
        &self,
        caller: &Caller,
        kind: GroupKind,
        after: Option<&GroupId>,
        limit: usize,
    ) -> Result<GroupOutcome, Failure> {
        only_admin(&caller.actor)?;
        at_most("a page", limit, limits::LIST_ITEMS)?;
        let groups = self.store.groups_of_kind(kind, after, limit).await?;
        Ok(GroupOutcome::Groups { total: groups.len(), groups })
    }

    pub(super) async fn search_groups(
        &self,
        name: &str,
        id: &str,
        page: Page,
    ) -> Result<GroupOutcome, Failure> {
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let (total, groups) = if id.is_empty() {
            self.store.groups_called(name, page.skip, page.limit).await?
        } else {
            let found = match GroupId::parse(id) {
                Ok(id) => self.store.groups(&[id]).await?,
                Err(_) => Vec::new(),
            };
            let found = found.into_iter().flatten().filter(|group| group.kind == GroupKind::Group);
            let found: Vec<Group> = found.collect();
            (found.len(), page.of(found))
        };
        let owners: Vec<UserId> = groups.iter().map(|group| group.owner.clone()).collect();
        let users = self.users_by_id(&owners).await?;
        let name_of = |group: &Group| users.get(&group.owner.folded()).map(|user| user.nickname.clone());
        let groups = groups.into_iter().map(|group| {
            let name = name_of(&group).unwrap_or_default();
            (group, name)
        });
        Ok(GroupOutcome::Found { total, groups: groups.collect() })
    }

    pub(super) async fn abstracts(
        &self,
        caller: &Caller,
        groups: Vec<GroupId>,
    ) -> Result<GroupOutcome, Failure> {
        at_most("groupIDs", groups.len(), limits::LIST_ITEMS)?;
        let mut abstracts = Vec::with_capacity(groups.len());
        for id in groups {
            let facts = self.store.send_facts(&caller.actor.user, &Target::Group(id.clone())).await?;
            let Some(group) = facts.group else {
                let detail = unknown_group(&id).detail;
                return Err(Refusal::new(RefusalCode::NotFound, detail).into());
            };
            let scene = super::scene::Scene {
                group: Arc::unwrap_or_clone(group),
                me: facts.membership.map(Arc::unwrap_or_clone),
                members: facts.members,
                admin: caller.actor.admin,
            };
            scene.check_live()?;
            scene.check_member()?;
            abstracts.push((id, scene.members.iter().map(ToString::to_string).collect()));
        }
        Ok(GroupOutcome::Abstracts(abstracts))
    }

    pub(super) async fn groups_made(&self, caller: &Caller, period: Period) -> Result<GroupOutcome, Failure> {
        only_admin(&caller.actor)?;
        Ok(GroupOutcome::Made(self.store.groups_made(period).await?))
    }

    /// Whole days: those that the period touches.
    pub(super) async fn busy_groups(
        &self,
        caller: &Caller,
        period: Period,
        ascending: bool,
        page: Page,
    ) -> Result<GroupOutcome, Failure> {
        only_admin(&caller.actor)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let Busy { messages, days, by: mut busiest } = self.busy_by_group(period).await?;
        let groups = busiest.len() as u64;
        if ascending {
            busiest.reverse();
        }
        let busiest = page.of(busiest);
        let ids: Vec<GroupId> = busiest.iter().map(|(group, _)| group.clone()).collect();
        let found = self.store.groups(&ids).await?;
        let busiest = found.into_iter().zip(busiest).filter_map(|(group, (_, count))| Some((group?, count)));
        Ok(GroupOutcome::Busy { messages, groups, days, busiest: busiest.collect() })
    }
}

/// Whether it stands in lists of groups.
pub(crate) fn is_listed(group: &Group) -> bool {
    group.kind == GroupKind::Group && group.status != GroupStatus::Dismissed
}

const fn passes(filter: MemberFilter, role: Role) -> bool {
    match filter {
        MemberFilter::All => true,
        MemberFilter::Owner => matches!(role, Role::Owner),
        MemberFilter::Admins => matches!(role, Role::Admin),
        MemberFilter::Ordinary => matches!(role, Role::Member),
        MemberFilter::NotOwner => !matches!(role, Role::Owner),
        MemberFilter::Managers => !matches!(role, Role::Member),
    }
}

/// The owner first, then admins, then others, each as they came.
pub(super) fn in_order(members: &mut [Member]) {
    // The sort is stable: who came at the same time stays in the order of ids.
    members.sort_by_key(|member| (std::cmp::Reverse(member.role), member.joined_at));
}

fn by_age(mut members: Vec<Member>, wanted: MembersByAge) -> Vec<Member> {
    let age = |member: &Member| (member.joined_at, member.user.folded());
    members.retain(|member| wanted.owner || member.role != Role::Owner);
    members.sort_by_cached_key(age);
    if wanted.newest_first {
        members.reverse();
    }
    if let Some(mark) = wanted.after {
        let mark = (mark.at, mark.user.folded());
        members.retain(|member| if wanted.newest_first { age(member) < mark } else { age(member) > mark });
    }
    wanted.page.of(members)
}

fn is_called(person: &GroupPerson, keyword: &str) -> bool {
    person.user.folded().contains(keyword) || person.nickname.to_lowercase().contains(keyword)
}

#[cfg(test)]
mod tests {
    use ringback_model::command::AgeMark;
    use ringback_model::time::UnixMs;

    use super::*;

    fn member(name: &str, role: Role, joined_at: i64) -> Member {
        Member {
            group: GroupId::parse("7").unwrap(),
            user: UserId::parse(name).unwrap(),
            role,
            nickname: String::new(),
            face_url: String::new(),
            joined_at: UnixMs(joined_at),
            join_source: 1,
            operator: String::new(),
            inviter: String::new(),
            muted_until: UnixMs(0),
            ex: String::new(),
        }
    }

    #[test]
    fn pages_of_members_by_age_hold_each_of_them_once() {
        let all = || {
            vec![
                member("alice", Role::Owner, 1),
                member("Bob", Role::Member, 3),
                member("carol", Role::Admin, 2),
                member("dave", Role::Member, 3),
            ]
        };
        for (owner, newest_first, expected) in [
            (true, false, vec!["alice", "carol", "bob", "dave"]),
            (false, false, vec!["carol", "bob", "dave"]),
            (false, true, vec!["dave", "bob", "carol"]),
        ] {
            let (mut after, mut found) = (None, Vec::new());
            loop {
                let page = Page { skip: 0, limit: 1 };
                let wanted = MembersByAge { owner, newest_first, after, page };
                let Some(one) = by_age(all(), wanted).pop() else { break };
                after = Some(AgeMark { at: one.joined_at, user: one.user.clone() });
                found.push(one.user.folded());
            }
            assert_eq!(found, expected);
        }
    }
}
