//! Groups and rooms are made.

use std::sync::Arc;

use ringback_model::action::{
    Action, ChatAction, ConversationStart, Entrant, GroupAction, GroupCreation, GroupDraft, MemberRole,
};
use ringback_model::command::{NewGroup, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal};
use ringback_model::group::{Group, GroupKind, GroupPerson, GroupStatus, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::GroupNews;
use ringback_model::time::UnixMs;

use super::ID_TRIES;
use super::enter::{Added, added, entrant};
use super::telling::Telling;
use crate::actions::{Deed, another_subject};
use crate::answers::unusable;
use crate::caller::Caller;
use crate::groups::check_room_for;
use crate::sizes::notes;
use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_self, repeated};

/// Entered because somebody said so. Source: client protocol sheet, `joinSource`.
const JOINED_BY_INVITATION: i32 = 2;
/// The type that all groups have. Source: callback sheet 5.5.
const WORKING_GROUP: i32 = 2;

/// A group as before-rules have left it, and those who are to be in it.
struct Plan {
    kind: GroupKind,
    max_members: u32,
    invite_confirm: bool,
    draft: GroupDraft,
    status: GroupStatus,
    creator: UserId,
    owner: UserId,
    entrants: Vec<Entrant>,
    start: Option<ConversationStart>,
    said: bool,
}

impl Im {
    pub(crate) async fn create_group(&self, caller: &Caller, new: NewGroup) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &new.owner)?;
        let named: Vec<UserId> =
            std::iter::once(&new.owner).chain(&new.admins).chain(&new.members).cloned().collect();
        at_most("members", named.len(), limits::NEW_GROUP_MEMBERS)?;
        if let Some(twice) = repeated(&named) {
            return Err(bad(format!("{twice} is named twice")).into());
        }
        check_room_for(new.max_members, 0, named.len())?;
        let registered = self.registered(&named).await?;
        if let Some(twice) = repeated(&registered) {
            return Err(bad(format!("{twice} is named twice")).into());
        }
        let roles = std::iter::once(Role::Owner)
            .chain(new.admins.iter().map(|_| Role::Admin))
            .chain(new.members.iter().map(|_| Role::Member));
        let members = registered.into_iter().zip(roles).map(|(user, role)| MemberRole { user, role });
        let mut plan = self.ask_about_group(caller, &new, members.collect()).await?;
        let chosen = if plan.draft.id.is_empty() {
            None
        } else {
            Some(GroupId::parse(&plan.draft.id).map_err(|_| unusable("a group id that cannot be"))?)
        };
        for _ in 0..ID_TRIES {
            let id = chosen.clone().map_or_else(|| self.group_id(), Ok)?;
            self.ask_about_members(caller, &mut plan, &id).await?;
            let (group, deed) = self.creation(caller, &plan, &id).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(Outcome::Group(Box::new(group))),
                Err(CommitError::Broken(Require::NoGroup(_))) if chosen.is_none() => {}
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(Fault::new("no free group id was found").into())
    }

    /// Ten digits, so that every dialect accepts it.
    pub(super) fn group_id(&self) -> Result<GroupId, Fault> {
        let number = 1_000_000_000 + self.dice.roll() % 9_000_000_000;
        GroupId::parse(&number.to_string()).map_err(|error| Fault::from_error("making a group id", error))
    }

    async fn ask_about_group(
        &self,
        caller: &Caller,
        new: &NewGroup,
        members: Vec<MemberRole>,
    ) -> Result<Plan, Failure> {
        let draft = draft_of(new, members.clone());
        check_draft_texts(&draft)?;
        let asked = self.ask_about(caller, Action::Group(GroupAction::Draft(Box::new(draft)))).await?;
        let Action::Group(GroupAction::Draft(draft)) = asked else {
            return Err(another_subject());
        };
        let owner = members.first().map_or_else(|| new.owner.clone(), |owner| owner.user.clone());
        let creator = match draft.creator.as_str() {
            "" => caller.actor.user.clone(),
            shown => UserId::parse(shown).map_err(|_| unusable("a maker whose id cannot be"))?,
        };
        let entrants = members.into_iter().map(|member| entrant(member.user, member.role));
        Ok(Plan {
            kind: new.kind,
            max_members: new.max_members,
            invite_confirm: new.invite_confirm,
            status: status_of(draft.status)?,
            draft: *draft,
            creator,
            owner,
            entrants: entrants.collect(),
            start: None,
            said: new.said,
        })
    }

    /// Asks once: for another made-up id nothing else is asked than before.
    async fn ask_about_members(&self, caller: &Caller, plan: &mut Plan, id: &GroupId) -> Result<(), Failure> {
        if let Some(start) = &mut plan.start {
            start.conversation = ringback_model::conversation::ConversationId::Group(id.clone());
            return Ok(());
        }
        let entrants = std::mem::take(&mut plan.entrants);
        let about = (plan.kind, plan.draft.ex.as_str());
        let (entrants, start) = self.ask_entry(caller, id, about, entrants).await?;
        (plan.entrants, plan.start) = (entrants, Some(start));
        Ok(())
    }

    async fn creation(&self, caller: &Caller, plan: &Plan, id: &GroupId) -> Result<(Group, Deed), Failure> {
        let now = self.clock.now();
        let group = group_of(caller, plan, id, now);
        let kept = self.kept_settings(plan.start.as_ref()).await?;
        let how = Added {
            group: &group,
            source: JOINED_BY_INVITATION,
            operator: caller.actor.user.as_str(),
            inviter: caller.actor.user.as_str(),
            start: plan.start.as_ref(),
            kept: &kept,
            at: now,
        };
        let commit =
            Commit::at(now).require(Require::NoGroup(id.clone())).write(Write::PutGroup(group.clone()));
        let (commit, members) = added(commit, &how, &plan.entrants);
        let roles = members.iter().map(|one| MemberRole { user: one.user.clone(), role: one.role });
        let made = GroupCreation { group: group.clone(), members: roles.collect() };
        let mut deed = Deed::of(commit).tell(Action::Group(GroupAction::Create(Box::new(made))));
        if group.kind == GroupKind::Room {
            return Ok((group, deed));
        }
        if let Some(start) = &plan.start {
            deed = deed.tell(Action::Chat(ChatAction::Start(start.clone())));
        }
        for notice in self.news_of_creation(caller, plan, &group, members).await? {
            deed = deed.notify(notice);
        }
        Ok((group, deed))
    }

    async fn news_of_creation(
        &self,
        caller: &Caller,
        plan: &Plan,
        group: &Group,
        members: Vec<Member>,
    ) -> Result<Vec<crate::notices::Outgoing>, Fault> {
        let recipients: Arc<[UserId]> = members.iter().map(|member| member.user.clone()).collect();
        let me = members.iter().find(|member| member.user == caller.actor.user);
        let by = self.acting(caller, me).await?;
        let mut first = members;
        // The others are not named anyway.
        first.truncate(limits::NOTICE_MEMBERS + 1);
        let people = self.people(first).await?;
        let telling = Telling { group: group.clone(), by, at: group.created_at, recipients };
        let Some(owner) = people.iter().find(|one| one.role == Some(Role::Owner)).cloned() else {
            return Err(Fault::new("a group without an owner"));
        };
        let created = |members: Vec<GroupPerson>| GroupNews::Created { owner: owner.clone(), members };
        let mut notices = vec![telling.about_first(people, plan.said, created)];
        if !group.notification.is_empty() {
            notices.push(telling.all(GroupNews::Announced, plan.said));
        }
        Ok(notices)
    }
}

fn draft_of(new: &NewGroup, members: Vec<MemberRole>) -> GroupDraft {
    GroupDraft {
        id: new.id.as_ref().map(ToString::to_string).unwrap_or_default(),
        name: new.name.clone(),
        notification: new.notification.clone(),
        introduction: new.introduction.clone(),
        face_url: new.face_url.clone(),
        ex: new.ex.clone(),
        status: 0,
        creator: String::new(),
        owner: String::new(),
        group_type: WORKING_GROUP,
        verification: new.verification,
        look_member_info: new.look_member_info,
        apply_member_friend: new.apply_member_friend,
        members,
    }
}

/// What a caller would be refused is no group that a rule may make of it.
pub(super) fn check_draft(draft: &GroupDraft) -> Result<(), Refusal> {
    let fits = draft.group_type == WORKING_GROUP
        && (0..=2).contains(&draft.verification)
        && (0..=1).contains(&draft.look_member_info)
        && (0..=1).contains(&draft.apply_member_friend);
    if !fits {
        return Err(unusable("settings of a group that there are not"));
    }
    check_draft_texts(draft).map_err(|refusal| unusable(&refusal.detail))
}

fn check_draft_texts(draft: &GroupDraft) -> Result<(), Refusal> {
    notes([
        ("groupName", Some(&draft.name)),
        ("notification", Some(&draft.notification)),
        ("introduction", Some(&draft.introduction)),
        ("faceURL", Some(&draft.face_url)),
        ("ex", Some(&draft.ex)),
    ])
}

/// Numbers of states: callback sheet 5.5.
pub(super) fn status_of(number: i32) -> Result<GroupStatus, Refusal> {
    match number {
        0 => Ok(GroupStatus::Open),
        1 => Ok(GroupStatus::Banned),
        3 => Ok(GroupStatus::Muted),
        _ => Err(unusable("a new group in a state that there is not")),
    }
}

fn group_of(caller: &Caller, plan: &Plan, id: &GroupId, now: UnixMs) -> Group {
    let draft = plan.draft.clone();
    let announced = !draft.notification.is_empty();
    Group {
        id: id.clone(),
        name: draft.name,
        notification: draft.notification,
        introduction: draft.introduction,
        face_url: draft.face_url,
        owner: plan.owner.clone(),
        creator: plan.creator.clone(),
        created_at: now,
        ex: draft.ex,
        status: plan.status,
        verification: draft.verification,
        look_member_info: draft.look_member_info,
        apply_member_friend: draft.apply_member_friend,
        notification_at: if announced { now } else { UnixMs(0) },
        notification_by: if announced { caller.actor.user.to_string() } else { String::new() },
        member_count: u32::try_from(plan.entrants.len()).unwrap_or(u32::MAX),
        kind: plan.kind,
        max_members: plan.max_members,
        invite_confirm: plan.invite_confirm,
        thread: None,
    }
}
