//! Requests to enter groups, for those who made them and those who answer.

use std::collections::{HashMap, HashSet};

use ringback_model::command::{GroupOutcome, Page, RequestsOf, ShownRequest};
use ringback_model::failure::Failure;
use ringback_model::group::{Group, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::{GroupRequest, Handled, Record, RecordKey, RecordKind};
use ringback_model::time::UnixMs;

use super::read::is_listed;
use crate::caller::Caller;
use crate::{Im, at_most, only_self};

/// Requests read at once.
const READ: usize = limits::LIST_ITEMS;

impl Im {
    pub(super) async fn requests(
        &self,
        caller: &Caller,
        of: RequestsOf,
        groups: &[GroupId],
        handled: &[Handled],
        page: Page,
    ) -> Result<GroupOutcome, Failure> {
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        at_most("groupIDs", groups.len(), limits::LIST_ITEMS)?;
        let only: HashSet<&GroupId> = groups.iter().collect();
        let mut requests = match of {
            RequestsOf::ManagedBy(user) => {
                only_self(&caller.actor, &user)?;
                self.requests_managed_by(&user, &only).await?
            }
            RequestsOf::MadeBy(user) => {
                only_self(&caller.actor, &user)?;
                self.requests_made_by(&user).await?
            }
            RequestsOf::Users(group, users) => {
                at_most("userIDs", users.len(), limits::LIST_ITEMS)?;
                self.scene(caller, &group).await?.check_manager()?;
                self.requests_of_users(&group, &users).await?
            }
            RequestsOf::One(group, user) => {
                let scene = self.scene(caller, &group).await?;
                if caller.actor.user != user {
                    scene.check_manager()?;
                }
                self.requests_of_users(&group, &[user]).await?
            }
        };
        requests.retain(|request| {
            (only.is_empty() || only.contains(&request.group))
                && (handled.is_empty() || handled.contains(&request.handled))
        });
        requests.sort_by(|one, other| {
            other.at.cmp(&one.at).then_with(|| (&one.group, &one.user).cmp(&(&other.group, &other.user)))
        });
        let total = requests.len();
        let requests = self.shown_requests(page.of(requests)).await?;
        Ok(GroupOutcome::Requests { total, requests })
    }

    pub(super) async fn waiting_requests(
        &self,
        caller: &Caller,
        user: &UserId,
        since: UnixMs,
    ) -> Result<GroupOutcome, Failure> {
        only_self(&caller.actor, user)?;
        let requests = self.requests_managed_by(user, &HashSet::new()).await?;
        let waiting = requests.iter().filter(|one| one.handled == Handled::Open && one.at > since);
        Ok(GroupOutcome::Count(waiting.count()))
    }

    /// Requests to groups that a user manages; `only` = to these, where any are named.
    async fn requests_managed_by(
        &self,
        user: &UserId,
        only: &HashSet<&GroupId>,
    ) -> Result<Vec<GroupRequest>, Failure> {
        let managed = self.store.memberships(user).await?.into_iter();
        let managed = managed.filter(|one| one.role >= Role::Admin).map(|one| one.group);
        let managed: Vec<GroupId> = managed.filter(|group| only.is_empty() || only.contains(group)).collect();
        let groups = self.store.groups(&managed).await?;
        let mut requests = Vec::new();
        for group in groups.into_iter().flatten().filter(is_listed) {
            self.requests_to(&group.id, &mut requests).await?;
        }
        Ok(requests)
    }

    async fn requests_to(&self, group: &GroupId, found: &mut Vec<GroupRequest>) -> Result<(), Failure> {
        let mut after = String::new();
        while found.len() < limits::REQUESTS_READ {
            let kind = RecordKind::GroupRequest;
            let page = self.store.records_of(kind, group.as_str(), &after, READ).await?;
            let short = page.len() < READ;
            after = page.last().map(|record| record.key().about).unwrap_or_default();
            found.extend(page.into_iter().filter_map(request));
            if short {
                break;
            }
        }
        Ok(())
    }

    async fn requests_made_by(&self, user: &UserId) -> Result<Vec<GroupRequest>, Failure> {
        let (mut found, mut after) = (Vec::new(), String::new());
        while found.len() < limits::REQUESTS_READ {
            let kind = RecordKind::GroupRequest;
            let page = self.store.records_about(kind, &user.folded(), &after, READ).await?;
            let short = page.len() < READ;
            after = page.last().map(|record| record.key().owner).unwrap_or_default();
            found.extend(page.into_iter().filter_map(request));
            if short {
                break;
            }
        }
        Ok(found)
    }

    async fn requests_of_users(
        &self,
        group: &GroupId,
        users: &[UserId],
    ) -> Result<Vec<GroupRequest>, Failure> {
        let keys: Vec<RecordKey> = users.iter().map(|user| RecordKey::group_request(group, user)).collect();
        Ok(self.store.records(&keys).await?.into_iter().flatten().filter_map(request).collect())
    }

    async fn shown_requests(&self, requests: Vec<GroupRequest>) -> Result<Vec<ShownRequest>, Failure> {
        let ids: HashSet<GroupId> = requests.iter().map(|request| request.group.clone()).collect();
        let ids: Vec<GroupId> = ids.into_iter().collect();
        let groups = self.store.groups(&ids).await?.into_iter().flatten();
        let groups: HashMap<GroupId, Group> = groups.map(|group| (group.id.clone(), group)).collect();
        let users: Vec<UserId> = requests.iter().map(|request| request.user.clone()).collect();
        let users = self.users_by_id(&users).await?;
        let shown = requests.into_iter().filter_map(|request| {
            let group = groups.get(&request.group)?.clone();
            let user = users.get(&request.user.folded()).cloned();
            Some(ShownRequest { request, user, group })
        });
        Ok(shown.collect())
    }
}

fn request(record: Record) -> Option<GroupRequest> {
    match record {
        Record::GroupRequest(request) => Some(request),
        _ => None,
    }
}
