//! What members show, their roles, who may not speak, and who owns the group.

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use ringback_model::action::{Action, GroupAction, GroupTransfer, MemberEdit};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::Failure;
use ringback_model::group::{Group, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::GroupNews;
use ringback_model::version::{ITSELF, ORDER, Touch, VersionLog};

use super::Tries;
use super::answers::check_role;
use super::scene::{Scene, not_in_group};
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::{Im, at_most, bad, repeated};

/// Groups that one call reads, by id.
type Scenes = HashMap<GroupId, Scene>;

impl Im {
    pub(super) async fn edit_members(&self, caller: &Caller, edits: Vec<MemberEdit>) -> Result<(), Failure> {
        if edits.is_empty() {
            return Err(bad("members is empty").into());
        }
        at_most("members", edits.len(), limits::LIST_ITEMS)?;
        let named: Vec<(GroupId, String)> =
            edits.iter().map(|edit| (edit.group.clone(), edit.user.folded())).collect();
        if let Some((group, user)) = repeated(&named) {
            return Err(bad(format!("members names {user} of group {group} twice")).into());
        }
        let (_, members) = self.members_to_edit(caller, &edits).await?;
        // Rules hear of a member by the id with which he is registered.
        let edits: Vec<MemberEdit> = edits
            .into_iter()
            .zip(members)
            .map(|(edit, member)| MemberEdit { user: member.user, ..edit })
            .collect();
        let asking = edits.iter().cloned().map(|edit| self.ask_about_edit(caller, edit));
        let asked: Vec<MemberEdit> =
            stream::iter(asking).buffered(limits::QUESTIONS_OF_ONE_CALL).try_collect().await?;
        let mut tries = Tries::default();
        loop {
            // What the caller may is decided by what he wants; what rules make of it is theirs.
            let (scenes, members) = self.members_to_edit(caller, &edits).await?;
            for (member, edit) in members.iter().zip(&asked) {
                check_role(member, edit.role)?;
            }
            let Some(deed) = self.member_edits(caller, &scenes, members, &asked).await? else {
                return Ok(());
            };
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Everything is asked before anything is written: one refusal refuses all.
    async fn ask_about_edit(&self, caller: &Caller, edit: MemberEdit) -> Result<MemberEdit, Failure> {
        match self.ask_about(caller, Action::Group(GroupAction::EditMember(Box::new(edit)))).await? {
            Action::Group(GroupAction::EditMember(edit)) => Ok(*edit),
            _ => Err(another_subject()),
        }
    }

    /// The members, in order, if the caller may change all of them so.
    async fn members_to_edit(
        &self,
        caller: &Caller,
        edits: &[MemberEdit],
    ) -> Result<(Scenes, Vec<Member>), Failure> {
        let mut scenes = Scenes::new();
        let mut members = Vec::with_capacity(edits.len());
        for edit in edits {
            if !scenes.contains_key(&edit.group) {
                scenes.insert(edit.group.clone(), self.live_scene(caller, &edit.group).await?);
            }
            let member = self.store.member(&edit.group, &edit.user).await?;
            let Some(member) = member else {
                return Err(bad(format!("{} is not in group {}", edit.user, edit.group)).into());
            };
            if let Some(scene) = scenes.get(&edit.group) {
                check_edit(scene, &member, edit)?;
            }
            members.push(member);
        }
        Ok((scenes, members))
    }

    /// All that changes; `None` = nothing does.
    async fn member_edits(
        &self,
        caller: &Caller,
        scenes: &Scenes,
        members: Vec<Member>,
        edits: &[MemberEdit],
    ) -> Result<Option<Deed>, Failure> {
        let changes =
            members.into_iter().zip(edits).map(|(member, edit)| (edited(&member, edit), member, edit));
        let changes: Vec<_> = changes.filter(|(new, old, _)| new != old).collect();
        let Some((first, ..)) = changes.first() else { return Ok(None) };
        let is_one = changes.iter().all(|(new, ..)| new.group == first.group);
        let mut deed = Deed::of(Commit::at(self.clock.now()));
        for scene in scenes.values() {
            deed.commit = scene.still_stands(deed.commit.require(Require::LiveGroup(scene.group.id.clone())));
        }
        let count = if is_one { changes.len() } else { usize::MAX };
        for (index, (new, old, edit)) in changes.into_iter().enumerate() {
            let Some(scene) = scenes.get(&new.group) else { continue };
            let role = new.role != old.role;
            deed.commit =
                deed.commit.require(Require::SameMember(Box::new(old))).write(Write::PutMember(new.clone()));
            deed = deed.tell(Action::Group(GroupAction::EditMember(Box::new(edit.clone()))));
            if !scene.is_followed() {
                continue;
            }
            deed.commit = touched(deed.commit, &new, role);
            // Of very many changes only some are told one by one: clients read the others in their lists.
            if index < limits::MEMBER_NOTICES {
                let telling = self.telling(caller, scene, scene.group.clone(), scene.members.clone()).await?;
                let member = self.person(new).await?;
                deed = deed.notify(telling.one_of(GroupNews::MemberEdited { member, role }, count));
            }
        }
        Ok(Some(deed))
    }

    pub(super) async fn transfer_group(
        &self,
        caller: &Caller,
        id: &GroupId,
        from: &UserId,
        to: &UserId,
    ) -> Result<(), Failure> {
        if from.folded() == to.folded() {
            return Err(bad("oldOwnerUserID and newOwnerUserID are the same").into());
        }
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, id).await?;
            scene.check_owner()?;
            let old = self.store.member(id, from).await?.ok_or_else(|| not_in_group(id, from))?;
            let next = self.store.member(id, to).await?.ok_or_else(|| not_in_group(id, to))?;
            if old.role != Role::Owner {
                return Err(scene.no("oldOwnerUserID does not own it").into());
            }
            let deed = self.transfer(caller, &scene, old, next).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    async fn transfer(
        &self,
        caller: &Caller,
        scene: &Scene,
        old: Member,
        next: Member,
    ) -> Result<Deed, Failure> {
        let group = Group { owner: next.user.clone(), ..scene.group.clone() };
        let (ordinary, owner) =
            (Member { role: Role::Member, ..old.clone() }, Member { role: Role::Owner, ..next.clone() });
        let commit = Commit::at(self.clock.now())
            .require(Require::SameGroup(Box::new(scene.group.clone())))
            .require(Require::SameMember(Box::new(old)))
            .require(Require::SameMember(Box::new(next)))
            .write(Write::PutMember(ordinary.clone()))
            .write(Write::PutMember(owner.clone()))
            .write(Write::PutGroup(group.clone()));
        let (from, to) = (ordinary.user.clone(), owner.user.clone());
        let told = GroupTransfer { group: group.id.clone(), from, to };
        let mut deed = Deed::of(commit).tell(Action::Group(GroupAction::Transfer(told)));
        if scene.is_followed() {
            let log = VersionLog::Members(group.id.clone());
            deed.commit = touched(touched(deed.commit, &ordinary, true), &owner, true);
            deed.commit = deed.commit.touch(log, ITSELF, Touch::Updated);
            let telling = self.telling(caller, scene, group, scene.members.clone()).await?;
            let (from, to) = (self.person(ordinary).await?, self.person(owner).await?);
            deed = deed.notify(telling.all(GroupNews::Transferred { from, to }, true));
        }
        Ok(deed)
    }
}

/// Notes that a member is another now; who has another role stands elsewhere in the list.
pub(super) fn touched(commit: Commit, member: &Member, role: bool) -> Commit {
    let log = VersionLog::Members(member.group.clone());
    let commit = commit.touch(log.clone(), member.user.as_str(), Touch::Updated);
    if role { commit.touch(log, ORDER, Touch::Updated) } else { commit }
}

fn edited(member: &Member, edit: &MemberEdit) -> Member {
    let text = |wanted: &Option<String>, is: &String| wanted.clone().unwrap_or_else(|| is.clone());
    Member {
        nickname: text(&edit.nickname, &member.nickname),
        face_url: text(&edit.face_url, &member.face_url),
        ex: text(&edit.ex, &member.ex),
        role: edit.role.unwrap_or(member.role),
        ..member.clone()
    }
}

/// Whether the caller may change a member so. Source: REST sheet 6, `set_group_member_info`.
fn check_edit(scene: &Scene, member: &Member, edit: &MemberEdit) -> Result<(), Failure> {
    if edit.role == Some(Role::Owner) {
        return Err(scene.no("a group is handed over, nobody is made its owner").into());
    }
    if edit.role.is_some() && member.role == Role::Owner {
        return Err(bad(format!("the role of the owner of group {} stays as it is", member.group)).into());
    }
    if scene.admin {
        return Ok(());
    }
    let is_self = scene.me.as_ref().is_some_and(|me| me.user == member.user);
    if !is_self {
        scene.check_manager()?;
        scene.check_above(member.role)?;
    }
    match edit.role {
        // An admin may step down; nobody raises anybody to where he stands himself, but for the owner.
        Some(role) if scene.role() <= Some(role) => {
            Err(scene.no("the caller does not stand above that role").into())
        }
        _ => Ok(()),
    }
}
