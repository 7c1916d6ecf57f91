//! Users go.
//!
//! First he is shut out; then he is taken out of groups and lists in bounded pieces; his profile goes last. Whoever
//! stops half-way leaves somebody who cannot log in, and the same command again finishes it. What he has said stays
//! where it was said, and so does what others have decided about his name: their blocks.

use std::collections::HashSet;

use ringback_model::command::{AccountOutcome, AgeMark, GroupCommand, Outcome};
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::{Failure, Fault, RefusalCode};
use ringback_model::group::{GroupStatus, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::FriendNotice;
use ringback_model::record::{ConversationSettings, Friend, Record, RecordKey, RecordKind};
use ringback_model::user::User;
use ringback_model::version::{Touch, Version, VersionLog};

use super::only_ordinary;
use crate::Im;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::friends::told;
use crate::notices::Keep;
use crate::users::commit_failure;

/// Writes of one commit: so many are no burden on others' commits.
const CHUNK: usize = 500;
/// How often his groups are looked up: others may take him into one meanwhile.
const ROUNDS: usize = 3;

impl Im {
    pub(super) async fn remove_account(&self, caller: &Caller, user: &UserId) -> Result<Outcome, Failure> {
        let found = self.account(user).await?;
        only_ordinary(self, &found)?;
        self.take_away(caller, &found).await?;
        Ok(Outcome::Users(vec![found]))
    }

    pub(super) async fn remove_account_page(
        &self,
        caller: &Caller,
        after: Option<&AgeMark>,
        limit: usize,
    ) -> Result<Outcome, Failure> {
        let (mut users, next) = self.accounts_by_age(after, limit).await?;
        users.retain(|user| !self.is_admin(&user.id));
        for user in &users {
            self.take_away(caller, user).await?;
        }
        Ok(Outcome::OfAccount(AccountOutcome::Page { users, next }))
    }

    async fn take_away(&self, caller: &Caller, user: &User) -> Result<(), Failure> {
        self.set_active(&user.id, false).await?;
        let user = &user.id;
        self.leave_groups(caller, user).await?;
        self.leave_friends(caller, user).await?;
        let mut writes = self.end_of_conversations(user).await?;
        for block in self.store.blocks_of(user).await? {
            writes.push(Write::RemoveBlock(block.owner, block.blocked));
        }
        writes.extend(self.own_records(user).await?.into_iter().map(Write::Discard));
        let mut writes = writes.into_iter().peekable();
        while writes.peek().is_some() {
            let mut commit = Commit::at(self.clock.now());
            commit.writes = writes.by_ref().take(CHUNK).collect();
            self.store.commit(commit).await.map_err(commit_failure)?;
        }
        let commit = Commit::at(self.clock.now()).write(Write::RemoveUser(user.clone()));
        self.store.commit(commit).await.map_err(commit_failure)?;
        // A connection that was being made meanwhile has found its token good.
        self.cut_everywhere(user);
        Ok(())
    }

    /// What he owns is dismissed, as its owner would; from the rest he quits. In what was dismissed he is no member any
    /// more either.
    async fn leave_groups(&self, caller: &Caller, user: &UserId) -> Result<(), Failure> {
        for _ in 0..ROUNDS {
            let memberships = self.store.memberships(user).await?;
            if memberships.is_empty() {
                return Ok(());
            }
            for member in self.threads_last(memberships).await? {
                let group = member.group.clone();
                // From a thread he has gone with its group, and who has it now keeps it.
                if self.store.member(&group, user).await?.is_none() {
                    continue;
                }
                let command = if member.role == Role::Owner {
                    GroupCommand::Dismiss { group: group.clone(), empty: false, said: true }
                } else {
                    GroupCommand::Quit { group: group.clone(), user: Some(user.clone()) }
                };
                match self.group_command(caller, command).await {
                    Ok(_) => {}
                    // He may have been taken out of it meanwhile, or it was dismissed long ago.
                    Err(Failure::Refused(refusal))
                        if matches!(
                            refusal.code,
                            RefusalCode::GroupDismissed | RefusalCode::NotInGroup | RefusalCode::NoPermission
                        ) => {}
                    Err(failure) => return Err(failure),
                }
                self.forget_membership(&group, user).await?;
            }
        }
        Ok(())
    }

    async fn threads_last(&self, mut memberships: Vec<Member>) -> Result<Vec<Member>, Fault> {
        let ids: Vec<GroupId> = memberships.iter().map(|member| member.group.clone()).collect();
        let groups = self.store.groups(&ids).await?.into_iter().flatten();
        let threads: HashSet<GroupId> =
            groups.filter(|group| group.thread.is_some()).map(|group| group.id).collect();
        memberships.sort_by_key(|member| threads.contains(&member.group));
        Ok(memberships)
    }

    /// Takes him out of a group that was dismissed; nobody is told.
    async fn forget_membership(&self, group: &GroupId, user: &UserId) -> Result<(), Failure> {
        let dismissed = self.store.groups(std::slice::from_ref(group)).await?.into_iter().flatten();
        if !dismissed.into_iter().any(|group| group.status == GroupStatus::Dismissed) {
            return Ok(());
        }
        let commit = Commit::at(self.clock.now())
            .write(Write::RemoveMember(group.clone(), user.clone()))
            .touch(VersionLog::Members(group.clone()), user.as_str(), Touch::Deleted);
        self.store.commit(commit).await.map(drop).map_err(commit_failure)
    }

    /// Those who have him on their lists lose him, and their devices hear of it; his own list goes. No rule is told:
    /// the app that takes a user away knows what it does.
    async fn leave_friends(&self, caller: &Caller, user: &UserId) -> Result<(), Failure> {
        let (folded, step) = (user.folded(), limits::LISTS_PER_COMMIT);
        loop {
            let records = self.store.records_about(RecordKind::Friend, &folded, "", step).await?;
            if records.is_empty() {
                return Ok(());
            }
            let mut deed = Deed::of(Commit::at(self.clock.now()));
            for record in records {
                let key = record.key();
                deed.commit.writes.push(Write::Discard(key));
                let Record::Friend(Friend { owner, friend, .. }) = record else { continue };
                let list = VersionLog::Friends(owner.clone());
                deed.commit = deed.commit.touch(list, friend.as_str(), Touch::Deleted);
                let version = Version::default();
                let notice = FriendNotice::Removed { owner: owner.clone(), friend, version };
                deed = deed.notify(told(notice, &owner, &owner, Keep::Nothing));
            }
            self.carry_out_deed(caller, deed).await.map_err(commit_failure)?;
        }
    }

    /// His views of conversations end here: a later user of the same name finds nothing of what was said before.
    async fn end_of_conversations(&self, user: &UserId) -> Result<Vec<Write>, Fault> {
        let mut writes = Vec::new();
        for state in self.store.conversations(user).await? {
            let (conversation, seq) = (state.conversation, state.max_seq);
            let settings = ConversationSettings {
                deleted_at_seq: Some(seq),
                ..ConversationSettings::new(user.clone(), conversation.clone())
            };
            writes.push(Write::Keep(Box::new(Record::Conversation(settings))));
            writes.push(Write::ForgetBefore { user: user.clone(), conversation, seq: seq + 1 });
        }
        Ok(writes)
    }

    /// Where everything is kept that is his or about him, but for his conversations.
    async fn own_records(&self, user: &UserId) -> Result<Vec<RecordKey>, Fault> {
        let mut keys = vec![RecordKey::badge(user), RecordKey::attributes(user), RecordKey::muted_user(user)];
        let folded = user.folded();
        let his =
            [RecordKind::Friend, RecordKind::FriendRequest, RecordKind::Favourite, RecordKind::ClientSetting];
        for kind in his.into_iter().chain([RecordKind::PushToken]) {
            let mut after = String::new();
            loop {
                let page = self.store.records_of(kind, &folded, &after, limits::LIST_ITEMS).await?;
                let Some(last) = page.last() else { break };
                after = last.key().about;
                keys.extend(page.iter().map(Record::key));
            }
        }
        let about = [RecordKind::FriendRequest, RecordKind::GroupRequest, RecordKind::Barred];
        for kind in about.into_iter().chain([RecordKind::Allowed, RecordKind::RoomAdmin]) {
            let mut after = String::new();
            loop {
                let page = self.store.records_about(kind, &folded, &after, limits::LIST_ITEMS).await?;
                let Some(last) = page.last() else { break };
                let next = last.key().owner;
                keys.extend(page.iter().map(Record::key));
                // All of a kind may stand under one owner.
                if next == after {
                    break;
                }
                after = next;
            }
        }
        Ok(keys)
    }

    /// A page of users, and where it ended where there are more.
    pub(super) async fn accounts_by_age(
        &self,
        after: Option<&AgeMark>,
        limit: usize,
    ) -> Result<(Vec<User>, Option<AgeMark>), Fault> {
        let mark = after.map(|mark| (mark.at, &mark.user));
        let mut users = self.store.users_by_age(mark, limit.saturating_add(1)).await?;
        let more = users.len() > limit;
        users.truncate(limit);
        let mark = |user: &User| AgeMark { at: user.created_at, user: user.id.clone() };
        let next = users.last().filter(|_| more).map(mark);
        Ok((users, next))
    }
}
