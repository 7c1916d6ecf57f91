//! Users are invited by members, or added by administrators.

use ringback_model::action::{Action, GroupAction, GroupInvitation};
use ringback_model::command::Outcome;
use ringback_model::failure::Failure;
use ringback_model::group::{GroupKind, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;

use super::enter::Arrival;
use super::scene::Scene;
use crate::actions::another_subject;
use crate::caller::Caller;
use crate::members::{check_named, without_repeats};
use crate::{Im, at_most, bad, only_admin, repeated};

/// Entered because somebody of the group said so. Source: client protocol sheet, `joinSource`.
const INVITED: i32 = 2;
/// Entered because an administrator of the app said so. Source: ibid.
const ADDED: i32 = 1;

impl Im {
    pub(crate) async fn invite(
        &self,
        caller: &Caller,
        group: &GroupId,
        users: Vec<UserId>,
        reason: String,
        said: bool,
    ) -> Result<Outcome, Failure> {
        if users.is_empty() {
            return Err(bad("invitedUserIDs is empty").into());
        }
        at_most("invitedUserIDs", users.len(), limits::LIST_ITEMS)?;
        let scene = self.live_scene(caller, group).await?;
        scene.check_member()?;
        let users = self.registered(&users).await?;
        if let Some(twice) = repeated(&users) {
            return Err(bad(format!("invitedUserIDs names {twice} twice")).into());
        }
        let inside = self.store.members_named(group, &users).await?;
        if let Some(member) = inside.into_iter().flatten().next() {
            return Err(bad(format!("{} is in group {group} already", member.user)).into());
        }
        let (users, reason) = self.ask_invitation(caller, group, users, reason).await?;
        if users.is_empty() {
            return Ok(Outcome::Done);
        }
        // While rules were asked, the caller may have lost his role, and the group may have been closed.
        let scene = self.live_scene(caller, group).await?;
        scene.check_member()?;
        let arrival = Arrival {
            group,
            users: users.clone(),
            source: INVITED,
            inviter: Some(caller.actor.user.clone()),
            message: reason.clone(),
            said,
            leave_out_members: false,
            agreed: None,
            is_open: |scene| !needs_approval(scene),
        };
        if needs_approval(&scene) || self.enter(caller, arrival).await?.is_none() {
            self.apply_for(caller, group, &users, reason).await?;
        }
        Ok(Outcome::Done)
    }

    async fn ask_invitation(
        &self,
        caller: &Caller,
        group: &GroupId,
        users: Vec<UserId>,
        reason: String,
    ) -> Result<(Vec<UserId>, String), Failure> {
        let inviter = caller.actor.user.clone();
        let invitation = GroupInvitation { group: group.clone(), inviter, reason, invited: users };
        let asked = self.ask_about(caller, Action::Group(GroupAction::Invite(invitation))).await?;
        match asked {
            Action::Group(GroupAction::Invite(invitation)) => Ok((invitation.invited, invitation.reason)),
            _ => Err(another_subject()),
        }
    }

    pub(crate) async fn add_members(
        &self,
        caller: &Caller,
        kind: GroupKind,
        group: &GroupId,
        users: Vec<UserId>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        check_named(&users)?;
        self.live_one(kind, group).await?;
        let users = without_repeats(self.registered(&users).await?);
        let arrival = Arrival {
            group,
            users,
            source: ADDED,
            inviter: Some(caller.actor.user.clone()),
            message: String::new(),
            said: true,
            leave_out_members: true,
            agreed: None,
            is_open: |_| true,
        };
        let added = self.enter(caller, arrival).await?.unwrap_or_default();
        self.members_outcome(group, added).await
    }
}

/// Whether those whom the caller invites have to be let in by others.
fn needs_approval(scene: &Scene) -> bool {
    scene.group.verification == 1 && !scene.admin && scene.role() == Some(Role::Member)
}
