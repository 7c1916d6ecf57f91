//! Members who may not speak for a while.

use ringback_model::action::{Action, GroupAction, GroupMuting};
use ringback_model::command::{ManagedUser, ManagingOutcome, Untouched};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::Failure;
use ringback_model::group::{Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::GroupNews;
use ringback_model::time::UnixMs;

use super::Tries;
use super::members::touched;
use super::scene::{Scene, not_in_group};
use crate::Im;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::members::{check_named, without_repeats};

impl Im {
    /// For those who stand above a member: forbids him to speak for so many seconds; 0 = he may again.
    pub(super) async fn mute_member(
        &self,
        caller: &Caller,
        group: &GroupId,
        user: &UserId,
        seconds: u32,
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, group).await?;
            scene.check_manager()?;
            let old = self.store.member(group, user).await?.ok_or_else(|| not_in_group(group, user))?;
            if old.role == Role::Owner {
                return Err(scene.no("nobody takes the word from its owner").into());
            }
            scene.check_above(old.role)?;
            let end = UnixMs(self.clock.now().0.saturating_add(i64::from(seconds) * 1000));
            let until = (seconds > 0).then_some(end);
            let deed = self.muting(caller, &scene, vec![old], until).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// For administrators of the app: the same for many, until an instant; `None` = they may speak again. Those about
    /// whom nothing can be done are left out and named.
    pub(super) async fn mute_members(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
        until: Option<UnixMs>,
    ) -> Result<ManagingOutcome, Failure> {
        check_named(&users)?;
        let users = without_repeats(users);
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, id).await?;
            let (mut answers, mut members) = (Vec::new(), Vec::new());
            for (user, member) in users.iter().zip(self.store.members_named(id, &users).await?) {
                answers.push(match member {
                    None => ManagedUser::untouched(user.clone(), Untouched::NotInGroup),
                    Some(member) if member.role == Role::Owner && until.is_some() => {
                        ManagedUser::untouched(member.user, Untouched::Owner)
                    }
                    Some(member) => {
                        members.push(member.clone());
                        ManagedUser { until, ..ManagedUser::done(member.user) }
                    }
                });
            }
            if members.is_empty() {
                return Ok(ManagingOutcome::Users(answers));
            }
            let deed = self.muting(caller, &scene, members, until).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Users(answers)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    async fn muting(
        &self,
        caller: &Caller,
        scene: &Scene,
        members: Vec<Member>,
        until: Option<UnixMs>,
    ) -> Result<Deed, Failure> {
        let now = self.clock.now();
        let id = &scene.group.id;
        let commit = Commit::at(now).require(Require::LiveGroup(id.clone()));
        let users = members.iter().map(|member| member.user.clone()).collect();
        let told = GroupMuting { group: id.clone(), users, until };
        let mut deed = Deed::of(scene.still_stands(commit)).tell(Action::Group(GroupAction::Mute(told)));
        for (index, old) in members.into_iter().enumerate() {
            let new = Member { muted_until: until.unwrap_or(UnixMs(0)), ..old.clone() };
            deed.commit =
                deed.commit.require(Require::SameMember(Box::new(old))).write(Write::PutMember(new.clone()));
            if !scene.is_followed() {
                continue;
            }
            deed.commit = touched(deed.commit, &new, false);
            // Of very many changes only some are told one by one: clients read the others in their lists.
            if index < limits::MEMBER_NOTICES {
                let telling = self.telling(caller, scene, scene.group.clone(), scene.members.clone()).await?;
                let member = self.person(new).await?;
                let news = match until {
                    None => GroupNews::MemberUnmuted { member },
                    Some(until) => GroupNews::MemberMuted { member, seconds: seconds_from(now, until) },
                };
                deed = deed.notify(telling.all(news, true));
            }
        }
        Ok(deed)
    }
}

/// Whole seconds until an instant, at least one.
fn seconds_from(now: UnixMs, until: UnixMs) -> u32 {
    let ms = until.0.saturating_sub(now.0).max(1000);
    u32::try_from(ms / 1000).unwrap_or(u32::MAX)
}
