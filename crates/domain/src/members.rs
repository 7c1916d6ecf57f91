//! Who is in a group or room: added, taken out, listed by administrators.

use std::collections::HashSet;

use ringback_model::command::{Actor, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault};
use ringback_model::group::{GroupKind, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;

use crate::groups::{check_room_for, new_member};
use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_admin};

/// Entered because an administrator of the app said so. Source: client protocol sheet, `joinSource`.
const JOINED_BY_ADMINISTRATOR: i32 = 1;
/// Members read at once while some are passed over.
const PAGE: usize = limits::LIST_ITEMS;

impl Im {
    pub(crate) async fn add_members(
        &self,
        actor: &Actor,
        kind: GroupKind,
        group: &GroupId,
        users: Vec<UserId>,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        check_named(&users)?;
        let _turn = self.additions.of(group).await;
        let found = self.live_one(kind, group).await?;
        let now = self.clock.now();
        let mut new = Vec::new();
        for user in without_repeats(self.registered(&users).await?) {
            if self.store.member(group, &user).await?.is_none() {
                new.push(new_member(group, &user, Role::Member, JOINED_BY_ADMINISTRATOR, actor, now));
            }
        }
        check_room_for(found.max_members, found.member_count, new.len())?;
        let added = self
            .commit_those_who_stand(group, new, |commit, member| {
                commit
                    .require(Require::NotInGroup(group.clone(), member.user.clone()))
                    .write(Write::PutMember(member.clone()))
            })
            .await?;
        self.members_outcome(group, added).await
    }

    pub(crate) async fn remove_members(
        &self,
        actor: &Actor,
        kind: GroupKind,
        group: &GroupId,
        users: Vec<UserId>,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        check_named(&users)?;
        self.live_one(kind, group).await?;
        let mut leaving: Vec<Member> = Vec::new();
        for user in without_repeats(users) {
            if let Some(member) = self.store.member(group, &user).await?
                && member.role != Role::Owner
                && leaving.iter().all(|other| other.user != member.user)
            {
                leaving.push(member);
            }
        }
        let removed = self
            .commit_those_who_stand(group, leaving, |commit, member| {
                commit
                    .require(Require::InGroup(group.clone(), member.user.clone()))
                    .write(Write::RemoveMember(group.clone(), member.user.clone()))
            })
            .await?;
        self.members_outcome(group, removed).await
    }

    /// Commits one step per member, and leaves out those for whom it does not apply any more: somebody else has
    /// added or removed them meanwhile. Answers for whom it was done.
    async fn commit_those_who_stand(
        &self,
        group: &GroupId,
        mut members: Vec<Member>,
        step: impl Fn(Commit, &Member) -> Commit,
    ) -> Result<Vec<Member>, Failure> {
        while !members.is_empty() {
            let live = Commit::at(self.clock.now()).require(Require::LiveGroup(group.clone()));
            match self.store.commit(members.iter().fold(live, &step)).await {
                Ok(_) => break,
                Err(CommitError::Broken(Require::InGroup(_, user) | Require::NotInGroup(_, user))) => {
                    let before = members.len();
                    members.retain(|member| member.user != user);
                    if members.len() == before {
                        return Err(Fault::new("the store names a member who was not asked for").into());
                    }
                }
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Ok(members)
    }

    pub(crate) async fn members(
        &self,
        actor: &Actor,
        group: &GroupId,
        mut skip: usize,
        limit: usize,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        at_most("a page", limit, limits::LIST_ITEMS)?;
        self.live_group(group).await?;
        let mut after = None;
        while skip > 0 {
            let step = skip.min(PAGE);
            let passed = self.store.members(group, after.as_ref(), step).await?;
            skip -= step;
            let short = passed.len() < step;
            after = passed.into_iter().next_back().map(|member| member.user).or(after);
            if short {
                return self.members_outcome(group, Vec::new()).await;
            }
        }
        let page =
            if limit == 0 { Vec::new() } else { self.store.members(group, after.as_ref(), limit).await? };
        self.members_outcome(group, page).await
    }

    async fn members_outcome(&self, group: &GroupId, members: Vec<Member>) -> Result<Outcome, Failure> {
        Ok(Outcome::Members { group: Box::new(self.group(group).await?), members })
    }
}

fn check_named(users: &[UserId]) -> Result<(), Failure> {
    if users.is_empty() {
        return Err(bad("users is empty").into());
    }
    Ok(at_most("users", users.len(), limits::LIST_ITEMS)?)
}

/// Each user once, where he is named first.
fn without_repeats(users: Vec<UserId>) -> Vec<UserId> {
    let mut seen = HashSet::new();
    users.into_iter().filter(|user| seen.insert(user.folded())).collect()
}
