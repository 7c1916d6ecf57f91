//! Groups, as far as group messages need them.

use ringback_model::command::{Actor, NewGroup, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::group::{Group, GroupStatus, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::time::UnixMs;

use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_self, repeated};

/// How often a made-up group id may turn out to be taken.
const ID_TRIES: usize = 8;
/// Entered because somebody of the group, or an administrator, said so. Source: client protocol sheet, `joinSource`.
const JOINED_BY_INVITATION: i32 = 2;

impl Im {
    pub(crate) async fn create_group(&self, actor: &Actor, mut new: NewGroup) -> Result<Outcome, Failure> {
        only_self(actor, &new.owner)?;
        let everybody = || std::iter::once(&new.owner).chain(&new.admins).chain(&new.members);
        at_most("members", everybody().count(), limits::LIST_ITEMS)?;
        if let Some(twice) = repeated(everybody()) {
            return Err(bad(format!("{twice} is named twice")).into());
        }
        let ids: Vec<UserId> = everybody().cloned().collect();
        let mut registered = self.registered(&ids).await?.into_iter();
        for id in std::iter::once(&mut new.owner).chain(&mut new.admins).chain(&mut new.members) {
            if let Some(as_registered) = registered.next() {
                *id = as_registered;
            }
        }
        let chosen = new.id.clone();
        for _ in 0..ID_TRIES {
            let id = chosen.clone().map_or_else(|| self.group_id(), Ok)?;
            let (group, commit) = self.group_commit(actor, &new, &id);
            match self.store.commit(commit).await {
                Ok(_) => return Ok(Outcome::Group(Box::new(group))),
                Err(CommitError::Broken(Require::NoGroup(_))) if chosen.is_none() => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(Fault::new("no free group id was found").into())
    }

    /// Ten digits, so that every dialect accepts it.
    fn group_id(&self) -> Result<GroupId, Fault> {
        let number = 1_000_000_000 + self.dice.roll() % 9_000_000_000;
        GroupId::parse(&number.to_string()).map_err(|error| Fault::from_error("making a group id", error))
    }

    fn group_commit(&self, actor: &Actor, new: &NewGroup, id: &GroupId) -> (Group, Commit) {
        let now = self.clock.now();
        let members = || {
            std::iter::once((&new.owner, Role::Owner))
                .chain(new.admins.iter().map(|user| (user, Role::Admin)))
                .chain(new.members.iter().map(|user| (user, Role::Member)))
        };
        let announced = !new.notification.is_empty();
        let group = Group {
            id: id.clone(),
            name: new.name.clone(),
            notification: new.notification.clone(),
            introduction: new.introduction.clone(),
            face_url: new.face_url.clone(),
            owner: new.owner.clone(),
            creator: actor.user.clone(),
            created_at: now,
            ex: new.ex.clone(),
            status: GroupStatus::Open,
            verification: new.verification,
            look_member_info: new.look_member_info,
            apply_member_friend: new.apply_member_friend,
            notification_at: if announced { now } else { UnixMs(0) },
            notification_by: if announced { actor.user.to_string() } else { String::new() },
            member_count: u32::try_from(members().count()).unwrap_or(u32::MAX),
        };
        let mut commit =
            Commit::at(now).require(Require::NoGroup(id.clone())).write(Write::PutGroup(group.clone()));
        for (user, role) in members() {
            commit.writes.push(Write::PutMember(new_member(id, user, role, actor, now)));
        }
        (group, commit)
    }

    pub(crate) async fn groups(&self, ids: &[GroupId]) -> Result<Outcome, Failure> {
        at_most("groupIDs", ids.len(), limits::LIST_ITEMS)?;
        Ok(Outcome::Groups(self.store.groups(ids).await?.into_iter().flatten().collect()))
    }

    pub(crate) async fn invite(
        &self,
        actor: &Actor,
        group: &GroupId,
        users: Vec<UserId>,
    ) -> Result<Outcome, Failure> {
        if users.is_empty() {
            return Err(bad("invitedUserIDs is empty").into());
        }
        at_most("invitedUserIDs", users.len(), limits::LIST_ITEMS)?;
        if let Some(twice) = repeated(&users) {
            return Err(bad(format!("invitedUserIDs names {twice} twice")).into());
        }
        let found = self.store.groups(std::slice::from_ref(group)).await?;
        let Some(Some(found)) = found.into_iter().next() else {
            return Err(
                Refusal::new(RefusalCode::GroupNotFound, format!("group {group} does not exist")).into()
            );
        };
        self.check_may_invite(actor, &found).await?;
        let users = self.registered(&users).await?;
        let now = self.clock.now();
        let mut commit = Commit::at(now).require(Require::LiveGroup(group.clone()));
        for user in &users {
            commit.require.push(Require::NotInGroup(group.clone(), user.clone()));
            commit.writes.push(Write::PutMember(new_member(group, user, Role::Member, actor, now)));
        }
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    async fn check_may_invite(&self, actor: &Actor, group: &Group) -> Result<(), Failure> {
        if actor.admin {
            return Ok(());
        }
        let Some(member) = self.store.member(&group.id, &actor.user).await? else {
            let detail = format!("{} is not in group {}", actor.user, group.id);
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        };
        if group.verification == 1 && member.role == Role::Member {
            let detail = format!("in group {} only owner and admins may invite", group.id);
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        Ok(())
    }
}

fn new_member(group: &GroupId, user: &UserId, role: Role, actor: &Actor, now: UnixMs) -> Member {
    Member {
        group: group.clone(),
        user: user.clone(),
        role,
        nickname: String::new(),
        face_url: String::new(),
        joined_at: now,
        join_source: JOINED_BY_INVITATION,
        operator: actor.user.to_string(),
        inviter: actor.user.to_string(),
        muted_until: UnixMs(0),
        ex: String::new(),
    }
}
