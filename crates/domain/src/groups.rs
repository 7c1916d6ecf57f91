//! Groups and rooms: made, shown, grown by invitation, dismissed.

use ringback_model::command::{Actor, NewGroup, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::group::{Group, GroupKind, GroupStatus, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::time::UnixMs;

use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_admin, only_self, repeated};

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
        check_room_for(new.max_members, 0, everybody().count())?;
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
            kind: new.kind,
            max_members: new.max_members,
        };
        let mut commit =
            Commit::at(now).require(Require::NoGroup(id.clone())).write(Write::PutGroup(group.clone()));
        for (user, role) in members() {
            let member = new_member(id, user, role, JOINED_BY_INVITATION, actor, now);
            commit.writes.push(Write::PutMember(member));
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
        let _turn = self.additions.of(group).await;
        let found = self.group(group).await?;
        self.check_may_invite(actor, &found).await?;
        check_room_for(found.max_members, found.member_count, users.len())?;
        let users = self.registered(&users).await?;
        let now = self.clock.now();
        let mut commit = Commit::at(now).require(Require::LiveGroup(group.clone()));
        for user in &users {
            commit.require.push(Require::NotInGroup(group.clone(), user.clone()));
            let member = new_member(group, user, Role::Member, JOINED_BY_INVITATION, actor, now);
            commit.writes.push(Write::PutMember(member));
        }
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    pub(crate) async fn dismiss(
        &self,
        actor: &Actor,
        kind: GroupKind,
        group: &GroupId,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        let mut found = self.live_one(kind, group).await?;
        found.status = GroupStatus::Dismissed;
        let commit = Commit::at(self.clock.now())
            .require(Require::LiveGroup(group.clone()))
            .write(Write::PutGroup(found));
        self.store.commit(commit).await.map_err(commit_failure)?;
        Ok(Outcome::Done)
    }

    /// A group or room, dismissed ones included.
    pub(crate) async fn group(&self, id: &GroupId) -> Result<Group, Failure> {
        let found = self.store.groups(std::slice::from_ref(id)).await?.into_iter().next().flatten();
        found.ok_or_else(|| unknown_group(id).into())
    }

    /// A group or room that was not dismissed.
    pub(crate) async fn live_group(&self, id: &GroupId) -> Result<Group, Failure> {
        let found = self.group(id).await?;
        if found.status == GroupStatus::Dismissed {
            let detail = format!("group {id} was dismissed");
            return Err(Refusal::new(RefusalCode::GroupDismissed, detail).into());
        }
        Ok(found)
    }

    /// A group, or a room, that was not dismissed.
    pub(crate) async fn live_one(&self, kind: GroupKind, id: &GroupId) -> Result<Group, Failure> {
        let found = self.live_group(id).await?;
        if found.kind == kind { Ok(found) } else { Err(unknown_group(id).into()) }
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

fn unknown_group(id: &GroupId) -> Refusal {
    Refusal::new(RefusalCode::GroupNotFound, format!("group {id} does not exist"))
}

/// Whether so many more fit; a bound of 0 is none.
pub(crate) fn check_room_for(max_members: u32, there: u32, more: usize) -> Result<(), Refusal> {
    let wanted = usize::try_from(there).unwrap_or(usize::MAX).saturating_add(more);
    if max_members == 0 || wanted <= usize::try_from(max_members).unwrap_or(usize::MAX) {
        return Ok(());
    }
    let detail = format!("at most {max_members} members are allowed here, there would be {wanted}");
    Err(Refusal::new(RefusalCode::TooManyMembers, detail))
}

pub(crate) fn new_member(
    group: &GroupId,
    user: &UserId,
    role: Role,
    join_source: i32,
    actor: &Actor,
    now: UnixMs,
) -> Member {
    Member {
        group: group.clone(),
        user: user.clone(),
        role,
        nickname: String::new(),
        face_url: String::new(),
        joined_at: now,
        join_source,
        operator: actor.user.to_string(),
        inviter: actor.user.to_string(),
        muted_until: UnixMs(0),
        ex: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_takes_as_many_as_it_says() {
        let cases = [
            (0, 0, 1000, true),
            (0, u32::MAX, 1, true),
            (3, 0, 3, true),
            (3, 0, 4, false),
            (3, 2, 1, true),
            (3, 2, 2, false),
            (3, 3, 0, true),
            (3, 3, 1, false),
            (1, u32::MAX, usize::MAX, false),
        ];
        for (most, there, more, fits) in cases {
            assert_eq!(check_room_for(most, there, more).is_ok(), fits, "{there} and {more} of {most}");
        }
    }
}
