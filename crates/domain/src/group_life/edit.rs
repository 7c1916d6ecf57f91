//! Settings of a group change.

use ringback_model::action::{Action, GroupAction, GroupEdit, GroupSwitch};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Refusal};
use ringback_model::group::{Group, GroupStatus};
use ringback_model::ids::GroupId;
use ringback_model::notice::GroupNews;
use ringback_model::time::UnixMs;
use ringback_model::version::{ITSELF, Touch, VersionLog};

use super::Tries;
use super::scene::Scene;
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::sizes::notes;
use crate::{Im, bad};

/// A group with other settings, and what is told of it.
struct Edited {
    group: Group,
    news: Vec<(GroupNews, bool)>,
}

impl Im {
    pub(super) async fn edit_group(&self, caller: &Caller, edit: GroupEdit) -> Result<(), Failure> {
        let id = edit.group.clone();
        check_edit(&edit)?;
        self.live_scene(caller, &id).await?.check_manager()?;
        let asked = self.ask_about(caller, Action::Group(GroupAction::Edit(Box::new(edit)))).await?;
        let Action::Group(GroupAction::Edit(edit)) = asked else {
            return Err(another_subject());
        };
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, &id).await?;
            scene.check_manager()?;
            let Some(edited) = edited(&scene.group, &edit, caller, self.clock.now()) else { return Ok(()) };
            let told = Action::Group(GroupAction::Edit(edit.clone()));
            let deed = self.change_of_group(caller, &scene, edited.group, Some(told), edited.news).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub(super) async fn mute_group(&self, caller: &Caller, id: &GroupId, muted: bool) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, id).await?;
            scene.check_manager()?;
            if scene.group.status == GroupStatus::Banned && !scene.admin {
                return Err(scene.no("an administrator of the app has taken it out of use").into());
            }
            let status = if muted { GroupStatus::Muted } else { GroupStatus::Open };
            let news = if muted { GroupNews::Muted } else { GroupNews::Unmuted };
            let group = Group { status, ..scene.group.clone() };
            let told = Action::Group(GroupAction::MuteAll(GroupSwitch { group: id.clone(), on: muted }));
            let deed = self.change_of_group(caller, &scene, group, Some(told), vec![(news, true)]).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Takes a group out of use, or puts it back. Nothing changes where it is so already.
    pub(super) async fn close_group(
        &self,
        caller: &Caller,
        id: &GroupId,
        closed: bool,
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let scene = self.live_scene(caller, id).await?;
            if (scene.group.status == GroupStatus::Banned) == closed {
                return Ok(());
            }
            let status = if closed { GroupStatus::Banned } else { GroupStatus::Open };
            let group = Group { status, ..scene.group.clone() };
            let told = Action::Group(GroupAction::Close(GroupSwitch { group: id.clone(), on: closed }));
            let news = vec![(GroupNews::Edited, false)];
            let deed = self.change_of_group(caller, &scene, group, Some(told), news).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(()),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// A change of the group itself, its members staying as they are.
    async fn change_of_group(
        &self,
        caller: &Caller,
        scene: &Scene,
        group: Group,
        told: Option<Action>,
        news: Vec<(GroupNews, bool)>,
    ) -> Result<Deed, Failure> {
        let commit = Commit::at(self.clock.now())
            .require(Require::SameGroup(Box::new(scene.group.clone())))
            .write(Write::PutGroup(group.clone()));
        let mut commit = scene.still_stands(commit);
        if scene.is_followed() {
            commit = commit.touch(VersionLog::Members(group.id.clone()), ITSELF, Touch::Updated);
        }
        let mut deed = Deed::of(commit);
        deed.actions.extend(told);
        if scene.is_followed() {
            let telling = self.telling(caller, scene, group, scene.members.clone()).await?;
            for (news, said) in news {
                deed = deed.notify(telling.all(news, said));
            }
        }
        Ok(deed)
    }
}

pub(super) fn check_edit(edit: &GroupEdit) -> Result<(), Refusal> {
    if !edit.whole && edit.name.as_deref() == Some("") {
        return Err(bad("groupName is empty"));
    }
    notes([
        ("groupName", edit.name.as_ref()),
        ("notification", edit.notification.as_ref()),
        ("introduction", edit.introduction.as_ref()),
        ("faceURL", edit.face_url.as_ref()),
        ("ex", edit.ex.as_ref()),
    ])?;
    let numbers = [
        ("needVerification", edit.verification, 2),
        ("lookMemberInfo", edit.look_member_info, 1),
        ("applyMemberFriend", edit.apply_member_friend, 1),
    ];
    for (name, number, most) in numbers {
        if let Some(number) = number.filter(|number| !(0..=most).contains(number)) {
            return Err(bad(format!("{name} is {number}; known are 0 to {most}")));
        }
    }
    Ok(())
}

/// The group as it is to be, and what is told of it; `None` = it stays as it is.
fn edited(group: &Group, edit: &GroupEdit, caller: &Caller, now: UnixMs) -> Option<Edited> {
    let text = |wanted: &Option<String>, is: &String| match wanted {
        Some(text) if !(edit.whole && text.is_empty()) => text.clone(),
        _ => is.clone(),
    };
    let mut new = Group {
        name: text(&edit.name, &group.name),
        introduction: text(&edit.introduction, &group.introduction),
        face_url: text(&edit.face_url, &group.face_url),
        // An empty text of the app is one: where all is named, it is named as such or not at all.
        ex: edit.ex.clone().unwrap_or_else(|| group.ex.clone()),
        verification: edit.verification.unwrap_or(group.verification),
        look_member_info: edit.look_member_info.unwrap_or(group.look_member_info),
        apply_member_friend: edit.apply_member_friend.unwrap_or(group.apply_member_friend),
        max_members: edit.max_members.unwrap_or(group.max_members),
        invite_confirm: edit.invite_confirm.unwrap_or(group.invite_confirm),
        ..group.clone()
    };
    let mut news = Vec::new();
    let only_named = Group { name: new.name.clone(), ..group.clone() };
    if new != only_named {
        news.push((GroupNews::Edited, false));
    }
    if new.name != group.name {
        news.push((GroupNews::Renamed, true));
    }
    let notification = text(&edit.notification, &group.notification);
    if notification != group.notification {
        let said = !notification.is_empty();
        new.notification = notification;
        new.notification_at = now;
        new.notification_by = caller.actor.user.to_string();
        news.push((GroupNews::Announced, said));
    }
    (!news.is_empty()).then_some(Edited { group: new, news })
}
