//! Groups and rooms are dismissed: nobody speaks in them any more.

use std::sync::Arc;

use ringback_model::action::{Action, GroupAction, GroupDismissal};
use ringback_model::command::Outcome;
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::Failure;
use ringback_model::group::{Group, GroupKind, GroupStatus};
use ringback_model::ids::GroupId;
use ringback_model::notice::GroupNews;
use ringback_model::version::{ITSELF, Touch, VersionLog};

use super::Tries;
use super::leave::gone;
use super::scene::Scene;
use super::threads::unhung;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::{Im, only_admin};

impl Im {
    /// For an administrator, whoever owns it.
    pub(crate) async fn dismiss(
        &self,
        caller: &Caller,
        kind: GroupKind,
        group: &GroupId,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        self.live_one(kind, group).await?;
        self.dismiss_own(caller, group, false, true).await?;
        Ok(Outcome::Done)
    }

    pub(super) async fn dismiss_own(
        &self,
        caller: &Caller,
        group: &GroupId,
        empty: bool,
        said: bool,
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            // Nobody enters between what is read and what is committed: his lists would not hear of it.
            let _turn = self.additions.of(group).await;
            let scene = self.scene(caller, group).await?;
            scene.check_owner()?;
            // Who wants it empty as well may come later.
            if !empty {
                scene.check_live()?;
            }
            let deed = self.dismissal(caller, &scene, empty, said).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => break,
                Err(error) => tries.again(error)?,
            }
        }
        self.end_threads_of(caller, group).await
    }

    /// Members stay members of what is gone, so that they can read what was said, unless it is to be empty; on their
    /// lists of groups it is no more either way.
    async fn dismissal(
        &self,
        caller: &Caller,
        scene: &Scene,
        empty: bool,
        said: bool,
    ) -> Result<Deed, Failure> {
        let id = &scene.group.id;
        let was_live = scene.group.status != GroupStatus::Dismissed;
        let group = Group { status: GroupStatus::Dismissed, ..scene.group.clone() };
        let mut commit = Commit::at(self.clock.now())
            .require(Require::SameGroup(Box::new(scene.group.clone())))
            .write(Write::PutGroup(group.clone()));
        commit = scene.still_stands(commit);
        if let Some(hangs_on) = &group.thread {
            commit = unhung(commit, hangs_on);
        }
        for user in scene.members.iter() {
            if empty {
                commit = gone(commit, &group, user);
            } else if scene.is_followed() {
                commit = commit.touch(VersionLog::Groups(user.clone()), id.as_str(), Touch::Deleted);
            }
        }
        if scene.is_followed() {
            commit = commit.touch(VersionLog::Members(id.clone()), ITSELF, Touch::Updated);
        }
        let mut deed = Deed::of(commit);
        // Nobody was told that a thread was made either.
        if was_live && group.thread.is_none() {
            let (owner, members) = (group.owner.clone(), scene.members.to_vec());
            let told = GroupDismissal { group: id.clone(), owner, members };
            deed = deed.tell(Action::Group(GroupAction::Dismiss(told)));
        }
        if was_live && !empty && scene.is_followed() {
            let telling = self.telling(caller, scene, group, Arc::clone(&scene.members)).await?;
            deed = deed.notify(telling.all(GroupNews::Dismissed, said));
        }
        Ok(deed)
    }
}
