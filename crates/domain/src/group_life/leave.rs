//! Members leave, or are removed.

use std::collections::HashSet;
use std::sync::Arc;

use ringback_model::action::{Action, GroupAction, GroupKick, GroupLeave};
use ringback_model::command::Outcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::{Failure, Refusal};
use ringback_model::group::{Group, GroupKind, GroupPerson, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::GroupNews;
use ringback_model::version::{Touch, VersionLog};

use super::Tries;
use super::scene::{Scene, not_in_group};
use crate::actions::Deed;
use crate::caller::Caller;
use crate::members::{check_named, without_repeats};
use crate::{Im, at_most, bad, only_admin, only_self, repeated};

/// Adds to a commit that a member leaves, and what changes in lists with that.
pub(crate) fn gone(commit: Commit, group: &Group, user: &UserId) -> Commit {
    let id = &group.id;
    let commit = commit.write(Write::RemoveMember(id.clone(), user.clone()));
    if group.kind == GroupKind::Room {
        return commit;
    }
    let conversation = ConversationId::Group(id.clone()).to_string();
    commit
        .touch(VersionLog::Members(id.clone()), user.as_str(), Touch::Deleted)
        .touch(VersionLog::Groups(user.clone()), id.as_str(), Touch::Deleted)
        .touch(VersionLog::Conversations(user.clone()), conversation, Touch::Updated)
}

/// The group when so many have left.
pub(super) fn without(group: &Group, members: usize) -> Group {
    let fewer = u32::try_from(members).unwrap_or(u32::MAX);
    Group { member_count: group.member_count.saturating_sub(fewer), ..group.clone() }
}

impl Im {
    pub(super) async fn quit_group(
        &self,
        caller: &Caller,
        group: &GroupId,
        user: Option<UserId>,
    ) -> Result<(), Failure> {
        let user = user.unwrap_or_else(|| caller.actor.user.clone());
        only_self(&caller.actor, &user)?;
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, group).await?;
            let member = self.store.member(group, &user).await?.ok_or_else(|| not_in_group(group, &user))?;
            if member.role == Role::Owner {
                return Err(scene.no("its owner cannot leave it").into());
            }
            let commit = Commit::at(self.clock.now())
                .require(Require::LiveGroup(group.clone()))
                .require(Require::SameMember(Box::new(member.clone())));
            let left = GroupLeave { group: group.clone(), user: member.user.clone(), offline: false };
            let mut deed = Deed::of(gone(commit, &scene.group, &member.user))
                .tell(Action::Group(GroupAction::Quit(left)));
            if scene.is_followed() {
                let recipients = Arc::clone(&scene.members);
                let telling = self.telling(caller, &scene, without(&scene.group, 1), recipients).await?;
                let member = self.person(member).await?;
                let mut notice = telling.all(GroupNews::Quit { member: member.clone() }, true);
                notice.sender = member.user;
                deed = deed.notify(notice);
            }
            let deed = self.with_what_was_theirs(deed, &scene.group, std::slice::from_ref(&user)).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub(super) async fn kick(
        &self,
        caller: &Caller,
        group: &GroupId,
        users: &[UserId],
        reason: String,
        said: bool,
    ) -> Result<(), Failure> {
        if users.is_empty() {
            return Err(bad("kickedUserIDs is empty").into());
        }
        at_most("kickedUserIDs", users.len(), limits::LIST_ITEMS)?;
        let folded: Vec<String> = users.iter().map(UserId::folded).collect();
        if let Some(twice) = repeated(&folded) {
            return Err(bad(format!("kickedUserIDs names {twice} twice")).into());
        }
        if folded.contains(&caller.actor.user.folded()) {
            return Err(bad("nobody removes himself: leave instead").into());
        }
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, group).await?;
            scene.check_manager()?;
            let found = self.store.members_named(group, users).await?;
            let leaving = check_kicked(&scene, users, found)?;
            let deed = self.kicking(caller, &scene, leaving, &reason, said).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Takes away with members what is not to stay without them: texts, and their places in threads.
    pub(crate) async fn with_what_was_theirs(
        &self,
        deed: Deed,
        group: &Group,
        leaving: &[UserId],
    ) -> Result<Deed, Failure> {
        let deed = self.without_texts_of(deed, group, leaving).await?;
        self.out_of_threads(deed, group, leaving).await
    }

    async fn kicking(
        &self,
        caller: &Caller,
        scene: &Scene,
        leaving: Vec<Member>,
        reason: &str,
        said: bool,
    ) -> Result<Deed, Failure> {
        let group = &scene.group;
        let commit = Commit::at(self.clock.now()).require(Require::LiveGroup(group.id.clone()));
        let mut commit = scene.still_stands(commit);
        for member in &leaving {
            commit = commit.require(Require::SameMember(Box::new(member.clone())));
            commit = gone(commit, group, &member.user);
        }
        let kicked: Vec<UserId> = leaving.iter().map(|member| member.user.clone()).collect();
        let reason = reason.to_owned();
        let kick = GroupKick { group: group.id.clone(), kicked: kicked.clone(), reason, barred: false };
        let mut deed = Deed::of(commit).tell(Action::Group(GroupAction::Kick(kick)));
        deed = self.with_what_was_theirs(deed, group, &kicked).await?;
        if scene.is_followed() {
            let recipients = Arc::clone(&scene.members);
            let telling = self.telling(caller, scene, without(group, leaving.len()), recipients).await?;
            let people = self.people(leaving).await?;
            let news = |members: Vec<GroupPerson>| GroupNews::Kicked { members };
            for notice in telling.about(people, said, news) {
                deed = deed.notify(notice);
            }
        }
        Ok(deed)
    }

    /// Takes users out for an administrator; those who are not in it are left out of the answer, the owner stays.
    pub(crate) async fn remove_members(
        &self,
        caller: &Caller,
        kind: GroupKind,
        group: &GroupId,
        users: Vec<UserId>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        check_named(&users)?;
        self.live_one(kind, group).await?;
        let users = without_repeats(users);
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, group).await?;
            let found = self.store.members_named(group, &users).await?;
            let leaving: Vec<Member> =
                found.into_iter().flatten().filter(|member| member.role != Role::Owner).collect();
            if leaving.is_empty() {
                return self.members_outcome(group, leaving).await;
            }
            let deed = self.kicking(caller, &scene, leaving.clone(), "", true).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return self.members_outcome(group, leaving).await,
                Err(error) => tries.again(error)?,
            }
        }
    }
}

/// All who are to be removed may be removed by the caller.
fn check_kicked(scene: &Scene, users: &[UserId], found: Vec<Option<Member>>) -> Result<Vec<Member>, Refusal> {
    let missing: HashSet<&str> = users
        .iter()
        .zip(&found)
        .filter(|(_, member)| member.is_none())
        .map(|(user, _)| user.as_str())
        .collect();
    if !missing.is_empty() {
        let mut names: Vec<&str> = missing.into_iter().collect();
        names.sort_unstable();
        return Err(Refusal::no_such_users(&names));
    }
    let leaving: Vec<Member> = found.into_iter().flatten().collect();
    for member in &leaving {
        if member.role == Role::Owner {
            return Err(bad(format!("{} owns the group", member.user)));
        }
        scene.check_above(member.role)?;
    }
    Ok(leaving)
}
