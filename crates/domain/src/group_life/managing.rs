//! What administrators of the app do to groups and rooms, and see of them: one door for all of it, so that a room is
//! never taken for a group.

use ringback_model::action::MemberEdit;
use ringback_model::command::{GroupOutcome, ManagedUser, Managing, ManagingDeed, ManagingOutcome};
use ringback_model::failure::Failure;
use ringback_model::group::{Group, Role};
use ringback_model::ids::UserId;
use ringback_model::time::UnixMs;

use super::files::NewSharedFile;
use super::scene::not_in_group;
use crate::caller::Caller;
use crate::{Im, bad, only_admin};

impl Im {
    pub(super) async fn manage(&self, caller: &Caller, managing: Managing) -> Result<GroupOutcome, Failure> {
        only_admin(&caller.actor)?;
        let Managing { kind, group: id, deed } = managing;
        let group = self.live_one(kind, &id).await?;
        let outcome = match deed {
            ManagingDeed::Edit(edit) => {
                if edit.group != id {
                    return Err(bad("the change is about another group").into());
                }
                self.edit_group(caller, *edit).await?;
                self.as_it_is_now(&group).await?
            }
            ManagingDeed::Transfer(to) => {
                self.transfer_group(caller, &id, &group.owner, &to).await?;
                self.as_it_is_now(&group).await?
            }
            ManagingDeed::Appoint(user) => self.appoint(caller, &group, user, Role::Admin).await?,
            ManagingDeed::Dismiss(user) => self.appoint(caller, &group, user, Role::Member).await?,
            ManagingDeed::MuteAll(muted) => {
                self.mute_group(caller, &id, muted).await?;
                self.as_it_is_now(&group).await?
            }
            ManagingDeed::Close(closed) => {
                self.close_group(caller, &id, closed).await?;
                self.as_it_is_now(&group).await?
            }
            ManagingDeed::Mute { users, for_ms } => {
                let now = self.clock.now();
                let end = for_ms.map_or(i64::MAX, |ms| i64::try_from(ms).unwrap_or(i64::MAX));
                let until = UnixMs(now.0.saturating_add(end).min(FOR_EVER.0));
                self.mute_members(caller, &id, users, Some(until)).await?
            }
            ManagingDeed::Unmute(users) => self.mute_members(caller, &id, users, None).await?,
            ManagingDeed::Bar(users) => self.bar(caller, &id, users).await?,
            ManagingDeed::Unbar(users) => self.unbar(caller, &id, users).await?,
            ManagingDeed::Allow(users) => self.allow(caller, &id, users).await?,
            ManagingDeed::Disallow(users) => self.disallow(caller, &id, users).await?,
            ManagingDeed::ShareFile { name, owner, size, url, content } => {
                self.share_file(caller, &id, NewSharedFile { name, owner, size, url, content }).await?
            }
            ManagingDeed::RemoveFile(file) => self.remove_file(caller, &id, &file).await?,
            ManagingDeed::SetAttributes { by, texts, leave, forced } => {
                self.set_texts(caller, &group, by, texts, (leave, forced)).await?
            }
            ManagingDeed::RemoveAttributes { by, keys, forced } => {
                self.remove_texts(caller, &group, by, keys, forced).await?
            }
            ManagingDeed::Describe { member, texts } => {
                self.describe_member(caller, &group, &member, texts).await?
            }
            question => self.seen_of(&group, question).await?,
        };
        Ok(GroupOutcome::Managed(outcome))
    }

    async fn seen_of(&self, group: &Group, question: ManagingDeed) -> Result<ManagingOutcome, Failure> {
        let id = &group.id;
        Ok(match question {
            ManagingDeed::Admins => {
                let members = self.all_members(id).await?.into_iter();
                let admins = members.filter(|member| member.role == Role::Admin);
                ManagingOutcome::Users(admins.map(|member| ManagedUser::done(member.user)).collect())
            }
            ManagingDeed::Muted => {
                let (now, members) = (self.clock.now(), self.all_members(id).await?.into_iter());
                let muted = members.filter(|member| member.muted_until > now).map(|member| ManagedUser {
                    until: Some(member.muted_until),
                    ..ManagedUser::done(member.user)
                });
                ManagingOutcome::Users(muted.collect())
            }
            ManagingDeed::Barred => ManagingOutcome::Users(self.barred(id).await?),
            ManagingDeed::Allowed => ManagingOutcome::Users(self.allowed(id).await?),
            ManagingDeed::Holds(user) => ManagingOutcome::Is(self.store.member(id, &user).await?.is_some()),
            ManagingDeed::Files(page) => ManagingOutcome::Files(self.files(id, page).await?),
            ManagingDeed::File(file) => self.file_or_its_bytes(id, &file).await?,
            ManagingDeed::ByAge(wanted) => ManagingOutcome::Members(self.members_by_age(id, wanted).await?),
            ManagingDeed::Attributes(keys) => ManagingOutcome::Attributes(self.texts(id, &keys).await?),
            ManagingDeed::Descriptions { members, keys } => self.descriptions(id, members, &keys).await?,
            _ => ManagingOutcome::Group(Box::new(group.clone())),
        })
    }

    async fn as_it_is_now(&self, group: &Group) -> Result<ManagingOutcome, Failure> {
        Ok(ManagingOutcome::Group(Box::new(self.group(&group.id).await?)))
    }

    async fn appoint(
        &self,
        caller: &Caller,
        group: &Group,
        user: UserId,
        role: Role,
    ) -> Result<ManagingOutcome, Failure> {
        let member = self.store.member(&group.id, &user).await?;
        let member = member.ok_or_else(|| not_in_group(&group.id, &user))?;
        let edit = MemberEdit {
            group: group.id.clone(),
            user: member.user.clone(),
            nickname: None,
            face_url: None,
            role: Some(role),
            ex: None,
        };
        if member.role != role {
            self.edit_members(caller, vec![edit]).await?;
        }
        Ok(ManagingOutcome::Users(vec![ManagedUser::done(member.user)]))
    }
}

/// A mute without an end: the year 2117, which clients still count exactly.
pub(super) const FOR_EVER: UnixMs = UnixMs(4_638_873_600_000);
