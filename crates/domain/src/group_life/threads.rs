//! Threads: groups that hang on a message of a group. They have members of their own, all of whom are in that group; who
//! leaves it leaves its threads, and where it is gone nobody speaks in them. Nobody is told that threads are made, renamed or
//! dismissed, or of their members: what is said in them is told (`messages/threads.rs`).

use ringback_model::action::{Action, ChatAction, ConversationStart, Entrant};
use ringback_model::command::{
    GroupOutcome, ManagedUser, ManagingOutcome, NewThread, ThreadCommand, Untouched,
};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::group::{Group, GroupKind, GroupStatus, Member, Role, ThreadOf};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::record::{Record, RecordKey, RecordKind, Thread};
use ringback_model::time::UnixMs;
use ringback_model::version::{ITSELF, Touch, VersionLog};

use super::enter::{Added, added};
use super::leave::gone;
use super::read::in_order;
use super::scene::not_in_group;
use super::{ID_TRIES, Tries};
use crate::actions::Deed;
use crate::caller::Caller;
use crate::groups::{check_room_for, unknown_group};
use crate::members::{check_named, without_repeats};
use crate::users::commit_failure;
use crate::{Im, at_most, bad, only_admin};

/// Came because somebody said so. Source: client protocol sheet, `joinSource`.
const JOINED_BY_INVITATION: i32 = 2;

impl Im {
    pub(super) async fn thread_command(
        &self,
        caller: &Caller,
        command: ThreadCommand,
    ) -> Result<GroupOutcome, Failure> {
        only_admin(&caller.actor)?;
        match command {
            ThreadCommand::Make(new) => self.make_thread(caller, new).await,
            ThreadCommand::Rename { thread, name } => self.rename_thread(caller, &thread, name).await,
            ThreadCommand::Dismiss(thread) => {
                self.live_thread(&thread).await?;
                self.dismiss_own(caller, &thread, false, false).await?;
                Ok(groups(Vec::new()))
            }
            ThreadCommand::All { after, limit } => Ok(groups(self.threads_of_all(after, limit).await?)),
            ThreadCommand::OfUser { user, group, ascending, after, limit } => {
                let of = (user, group);
                Ok(groups(self.threads_of(of, ascending, after.as_ref(), limit).await?))
            }
            ThreadCommand::Members { thread, after, limit } => {
                at_most("a page", limit, limits::LIST_ITEMS)?;
                self.live_thread(&thread).await?;
                let members = self.store.members(&thread, after.as_ref(), limit).await?;
                Ok(GroupOutcome::Ids(members.into_iter().map(|member| member.user).collect()))
            }
            ThreadCommand::Add { thread, users } => self.add_to_thread(caller, &thread, users).await,
            ThreadCommand::Remove { thread, users } => self.remove_from_thread(caller, &thread, users).await,
        }
    }

    async fn live_thread(&self, id: &GroupId) -> Result<Group, Failure> {
        let group = self.live_group(id).await?;
        if group.thread.is_some() { Ok(group) } else { Err(unknown_group(id).into()) }
    }

    async fn make_thread(&self, caller: &Caller, new: NewThread) -> Result<GroupOutcome, Failure> {
        check_name(&new.name)?;
        let parent = self.live_one(GroupKind::Group, &new.group).await?;
        if parent.thread.is_some() {
            return Err(bad("a thread has no threads of its own").into());
        }
        let owner = self.registered(std::slice::from_ref(&new.owner)).await?.pop().unwrap_or(new.owner);
        if self.store.member(&parent.id, &owner).await?.is_none() {
            return Err(not_in_group(&parent.id, &owner).into());
        }
        let conversation = ConversationId::Group(parent.id.clone());
        let Some(message) = self.message_in(&conversation, &new.message).await? else {
            let detail = format!("there is no message {} in group {}", new.message, parent.id);
            return Err(Refusal::new(RefusalCode::NotFound, detail).into());
        };
        let there =
            self.store.records_of(RecordKind::Thread, parent.id.as_str(), "", limits::GROUP_THREADS + 1);
        at_most("threads of a group", there.await?.len() + 1, limits::GROUP_THREADS)?;
        for _ in 0..ID_TRIES {
            let (now, id) = (self.clock.now(), self.group_id()?);
            let hangs_on = ThreadOf { group: parent.id.clone(), message: new.message.clone() };
            let group = thread_of(caller, (id.clone(), new.name.clone(), owner.clone()), hangs_on, now);
            let record = Thread { group: parent.id.clone(), message: message.id, thread: id.clone() };
            let commit = Commit::at(now)
                .require(Require::LiveGroup(parent.id.clone()))
                .require(Require::InGroup(parent.id.clone(), owner.clone()))
                .require(Require::NoGroup(id))
                .require(Require::NotKept(RecordKey::thread(&parent.id, message.id)))
                .write(Write::PutGroup(group.clone()))
                .write(Write::Keep(Box::new(Record::Thread(record))));
            let deed = self.with_members(caller, commit, &group, &[(owner.clone(), Role::Owner)]).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(groups(vec![group])),
                Err(CommitError::Broken(Require::NoGroup(_))) => {}
                Err(CommitError::Broken(Require::NotKept(_))) => {
                    return Err(bad(format!("message {} has a thread already", new.message)).into());
                }
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(Fault::new("no free id for a thread was found").into())
    }

    /// These come into a thread, and it onto their lists; rules are asked about the latter as for every group.
    async fn with_members(
        &self,
        caller: &Caller,
        commit: Commit,
        thread: &Group,
        users: &[(UserId, Role)],
    ) -> Result<Deed, Failure> {
        let owners = users.iter().map(|(user, _)| user.clone()).collect();
        let start = ConversationStart::new(ConversationId::Group(thread.id.clone()), owners);
        let asked = self.ask_about(caller, Action::Chat(ChatAction::Start(start))).await?;
        let Action::Chat(ChatAction::Start(start)) = asked else {
            return Err(crate::actions::another_subject());
        };
        let kept = self.kept_settings(Some(&start)).await?;
        let how = Added {
            group: thread,
            source: JOINED_BY_INVITATION,
            operator: caller.actor.user.as_str(),
            inviter: caller.actor.user.as_str(),
            start: Some(&start),
            kept: &kept,
            at: commit.at,
        };
        let entrants: Vec<Entrant> = users.iter().map(|(user, role)| entrant(user, *role)).collect();
        let (commit, _) = added(commit, &how, &entrants);
        Ok(Deed::of(commit).tell(Action::Chat(ChatAction::Start(start))))
    }

    async fn rename_thread(
        &self,
        caller: &Caller,
        id: &GroupId,
        name: String,
    ) -> Result<GroupOutcome, Failure> {
        check_name(&name)?;
        let mut tries = Tries::default();
        loop {
            let thread = self.live_thread(id).await?;
            let renamed = Group { name: name.clone(), ..thread.clone() };
            let commit = Commit::at(self.clock.now())
                .require(Require::SameGroup(Box::new(thread)))
                .write(Write::PutGroup(renamed.clone()))
                .touch(VersionLog::Members(id.clone()), ITSELF, Touch::Updated);
            match self.carry_out_deed(caller, Deed::of(commit)).await {
                Ok(_) => return Ok(groups(vec![renamed])),
                Err(error) => tries.again(error)?,
            }
        }
    }

    async fn add_to_thread(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
    ) -> Result<GroupOutcome, Failure> {
        check_named(&users)?;
        let users = without_repeats(self.registered(&users).await?);
        let mut tries = Tries::default();
        loop {
            // Places are counted and taken by one at a time.
            let _turn = self.additions.of(id).await;
            let thread = self.live_thread(id).await?;
            let Some(ThreadOf { group: parent, .. }) = &thread.thread else {
                return Err(unknown_group(id).into());
            };
            let inside = self.store.members_named(id, &users).await?;
            let outside = users.iter().zip(inside).filter(|(_, member)| member.is_none());
            let outside: Vec<(UserId, Role)> =
                outside.map(|(user, _)| (user.clone(), Role::Member)).collect();
            let mut commit = Commit::at(self.clock.now())
                .require(Require::LiveGroup(id.clone()))
                .require(Require::LiveGroup(parent.clone()));
            for (user, _) in &outside {
                if self.store.member(parent, user).await?.is_none() {
                    return Err(not_in_group(parent, user).into());
                }
                commit = commit
                    .require(Require::InGroup(parent.clone(), user.clone()))
                    .require(Require::NotInGroup(id.clone(), user.clone()));
            }
            let done = outside.iter().map(|(user, _)| ManagedUser::done(user.clone())).collect();
            let done = GroupOutcome::Managed(ManagingOutcome::Users(done));
            if outside.is_empty() {
                return Ok(done);
            }
            check_room_for(thread.max_members, thread.member_count, outside.len())?;
            let deed = self.with_members(caller, commit, &thread, &outside).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(done),
                Err(error) => tries.again(error)?,
            }
        }
    }

    async fn remove_from_thread(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
    ) -> Result<GroupOutcome, Failure> {
        check_named(&users)?;
        let users = without_repeats(users);
        let mut tries = Tries::default();
        loop {
            let thread = self.live_thread(id).await?;
            let found = self.store.members_named(id, &users).await?;
            let mut commit = Commit::at(self.clock.now()).require(Require::LiveGroup(id.clone()));
            let (mut done, mut leaves) = (Vec::with_capacity(users.len()), false);
            for (user, member) in users.iter().zip(found) {
                let untouched = match &member {
                    None => Some(Untouched::NotInGroup),
                    Some(member) if member.role == Role::Owner => Some(Untouched::Owner),
                    Some(_) => None,
                };
                done.push(ManagedUser { untouched, ..ManagedUser::done(user.clone()) });
                if let Some(member) = member.filter(|_| untouched.is_none()) {
                    commit = commit.require(Require::SameMember(Box::new(member.clone())));
                    commit = gone(commit, &thread, &member.user);
                    leaves = true;
                }
            }
            let done = GroupOutcome::Managed(ManagingOutcome::Users(done));
            if !leaves {
                return Ok(done);
            }
            match self.carry_out_deed(caller, Deed::of(commit)).await {
                Ok(_) => return Ok(done),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Takes members who leave a group out of its threads, in the same commit. A thread whose owner leaves passes to who is
    /// in it the longest; one without members is dismissed.
    pub(crate) async fn out_of_threads(
        &self,
        mut deed: Deed,
        group: &Group,
        leaving: &[UserId],
    ) -> Result<Deed, Failure> {
        let has_threads = async || -> Result<bool, Fault> {
            Ok(!self.store.records_of(RecordKind::Thread, group.id.as_str(), "", 1).await?.is_empty())
        };
        if group.kind == GroupKind::Room || group.thread.is_some() || !has_threads().await? {
            return Ok(deed);
        }
        let is_of_group = |thread: &Group| thread.thread.as_ref().is_some_and(|of| of.group == group.id);
        for user in leaving {
            for thread in self.joined(user).await?.into_iter().filter(is_of_group) {
                let Some(member) = self.store.member(&thread.id, user).await? else { continue };
                deed.commit = deed.commit.require(Require::SameMember(Box::new(member.clone())));
                deed.commit = gone(deed.commit, &thread, &member.user);
                if member.role == Role::Owner {
                    deed.commit = self.passed_on(deed.commit, thread, leaving).await?;
                }
            }
        }
        Ok(deed)
    }

    async fn passed_on(&self, commit: Commit, thread: Group, leaving: &[UserId]) -> Result<Commit, Failure> {
        let mut others = self.all_members(&thread.id).await?;
        others.retain(|one| leaving.iter().all(|user| user.folded() != one.user.folded()));
        in_order(&mut others);
        let commit = commit.require(Require::SameGroup(Box::new(thread.clone())));
        let id = thread.id.clone();
        Ok(match others.into_iter().next() {
            Some(heir) => commit
                .require(Require::SameMember(Box::new(heir.clone())))
                .write(Write::PutGroup(Group { owner: heir.user.clone(), ..thread }))
                .touch(VersionLog::Members(id), heir.user.as_str(), Touch::Updated)
                .write(Write::PutMember(Member { role: Role::Owner, ..heir })),
            None => commit.write(Write::PutGroup(Group { status: GroupStatus::Dismissed, ..thread })),
        })
    }

    async fn threads_of_all(&self, mut after: Option<GroupId>, limit: usize) -> Result<Vec<Group>, Failure> {
        at_most("a page", limit, limits::LIST_ITEMS)?;
        let mut found: Vec<Group> = Vec::new();
        while found.len() < limit {
            let page =
                self.store.groups_of_kind(GroupKind::Group, after.as_ref(), limits::LIST_ITEMS).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            found.extend(page.into_iter().filter(|group| group.thread.is_some()));
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn threads_of(
        &self,
        (user, group): (UserId, Option<GroupId>),
        ascending: bool,
        after: Option<&GroupId>,
        limit: usize,
    ) -> Result<Vec<Group>, Failure> {
        at_most("a page", limit, limits::LIST_ITEMS)?;
        self.registered(std::slice::from_ref(&user)).await?;
        let mut threads = self.joined(&user).await?;
        threads.retain(|one| {
            let of = one.thread.as_ref().map(|of| &of.group);
            of.is_some_and(|of| group.as_ref().is_none_or(|group| of == group))
        });
        threads.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        if !ascending {
            threads.reverse();
        }
        let begin =
            after.and_then(|after| threads.iter().position(|one| one.id == *after)).map_or(0, |at| at + 1);
        Ok(threads.into_iter().skip(begin).take(limit).collect())
    }
}

const fn groups(groups: Vec<Group>) -> GroupOutcome {
    GroupOutcome::Groups { total: groups.len(), groups }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(bad("the name of a thread is empty"));
    }
    at_most("characters of a thread's name", name.chars().count(), limits::THREAD_NAME_CHARS)
}

fn entrant(user: &UserId, role: Role) -> Entrant {
    Entrant {
        user: user.clone(),
        nickname: String::new(),
        face_url: String::new(),
        role,
        muted_until: UnixMs(0),
        ex: String::new(),
    }
}

fn thread_of(
    caller: &Caller,
    (id, name, owner): (GroupId, String, UserId),
    hangs_on: ThreadOf,
    now: UnixMs,
) -> Group {
    Group {
        id,
        name,
        notification: String::new(),
        introduction: String::new(),
        face_url: String::new(),
        owner,
        creator: caller.actor.user.clone(),
        created_at: now,
        ex: String::new(),
        status: GroupStatus::Open,
        verification: 0,
        look_member_info: 0,
        apply_member_friend: 0,
        notification_at: UnixMs(0),
        notification_by: String::new(),
        member_count: 1,
        kind: GroupKind::Group,
        max_members: 0,
        invite_confirm: false,
        thread: Some(hangs_on),
    }
}
