//! What answers of before-rules may make of what happens to groups.

use ringback_model::action::{GroupAction, GroupDraft, GroupEntry, GroupInvitation, MemberEdit};
use ringback_model::failure::Failure;
use ringback_model::group::{Member, Role};
use ringback_model::ids::{GroupId, UserId};

use super::create::{check_draft, status_of};
use super::edit::check_edit;
use crate::actions::another_subject;
use crate::answers::unusable;
use crate::{Im, note};

impl Im {
    /// What a rule's answer makes of a wish, if that can be; see [`crate::answers::ActionCheck`].
    pub(crate) async fn checked_group_answer(
        &self,
        wanted: &GroupAction,
        changed: GroupAction,
    ) -> Result<GroupAction, Failure> {
        use GroupAction as G;
        Ok(match (wanted, changed) {
            (G::Draft(wanted), G::Draft(changed)) => {
                G::Draft(Box::new(self.checked_draft(wanted, *changed).await?))
            }
            (G::Enter(wanted), G::Enter(changed)) => G::Enter(checked_entry(wanted, changed)?),
            (G::Apply(wanted), G::Apply(mut changed)) => {
                note("reqMessage", &changed.message)?;
                note("ex", &changed.ex)?;
                (changed.group, changed.applicant) = (wanted.group.clone(), wanted.applicant.clone());
                G::Apply(changed)
            }
            (G::Invite(wanted), G::Invite(changed)) => G::Invite(checked_invitation(wanted, changed)?),
            (G::Edit(wanted), G::Edit(changed)) => {
                if changed.group != wanted.group {
                    return Err(unusable("to change another group").into());
                }
                check_edit(&changed)?;
                G::Edit(changed)
            }
            (G::EditMember(wanted), G::EditMember(changed)) => {
                G::EditMember(Box::new(self.checked_member_edit(wanted, *changed).await?))
            }
            _ => return Err(another_subject()),
        })
    }

    /// Who is shown as its maker exists, unless nobody is named.
    async fn checked_draft(
        &self,
        wanted: &GroupDraft,
        mut changed: GroupDraft,
    ) -> Result<GroupDraft, Failure> {
        check_draft(&changed)?;
        status_of(changed.status)?;
        if !changed.id.is_empty() {
            GroupId::parse(&changed.id).map_err(|_| unusable("a group id that cannot be"))?;
        }
        if changed.creator != wanted.creator && !changed.creator.is_empty() {
            let creator =
                UserId::parse(&changed.creator).map_err(|_| unusable("a maker whose id cannot be"))?;
            let registered = self.registered(&[creator]).await?;
            changed.creator = registered.into_iter().map(|user| user.to_string()).collect();
        }
        Ok(changed)
    }

    /// The role is the rule's own choice: nobody's rights are looked at for it (callback sheet 4.6, 42). The one that the
    /// member has already is no change.
    async fn checked_member_edit(
        &self,
        wanted: &MemberEdit,
        changed: MemberEdit,
    ) -> Result<MemberEdit, Failure> {
        let mut edit = MemberEdit { group: wanted.group.clone(), user: wanted.user.clone(), ..changed };
        for (what, text) in [("nickName", &edit.nickname), ("faceURL", &edit.face_url), ("ex", &edit.ex)] {
            note(what, text.as_deref().unwrap_or_default())?;
        }
        if edit.role == wanted.role {
            return Ok(edit);
        }
        let member = self.store.member(&edit.group, &edit.user).await?;
        if let Some(member) = member {
            if edit.role == Some(member.role) {
                edit.role = None;
            }
            check_role(&member, edit.role)?;
        }
        Ok(edit)
    }
}

/// A group has one owner, before and after.
pub(super) fn check_role(member: &Member, role: Option<Role>) -> Result<(), Failure> {
    match role {
        Some(role) if role != member.role && role == Role::Owner => Err(unusable("a second owner").into()),
        Some(role) if role != member.role && member.role == Role::Owner => {
            Err(unusable("a group without an owner").into())
        }
        _ => Ok(()),
    }
}

/// The same users enter, and the owner is who he was.
fn checked_entry(wanted: &GroupEntry, mut changed: GroupEntry) -> Result<GroupEntry, Failure> {
    let users = |entry: &GroupEntry| entry.entrants.iter().map(|one| one.user.clone()).collect::<Vec<_>>();
    if users(wanted) != users(&changed) {
        return Err(unusable("others to enter than those who do").into());
    }
    for (before, after) in wanted.entrants.iter().zip(&changed.entrants) {
        if (before.role == Role::Owner) != (after.role == Role::Owner) {
            return Err(unusable("another owner than the one there is to be").into());
        }
        for (what, text) in [("nickname", &after.nickname), ("faceURL", &after.face_url), ("ex", &after.ex)] {
            note(what, text)?;
        }
    }
    changed.group = wanted.group.clone();
    Ok(changed)
}

/// Rules may take users off an invitation; they add none.
fn checked_invitation(
    wanted: &GroupInvitation,
    changed: GroupInvitation,
) -> Result<GroupInvitation, Failure> {
    note("reason", &changed.reason)?;
    let still: std::collections::HashSet<&UserId> = changed.invited.iter().collect();
    let invited = wanted.invited.iter().filter(|user| still.contains(user)).cloned().collect();
    Ok(GroupInvitation { invited, reason: changed.reason, ..wanted.clone() })
}
