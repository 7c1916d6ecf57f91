//! Threads: groups that hang on a message of a group. They have members of their own, all of whom are in that group; who
//! leaves it leaves its threads, and they end with it. Nobody is told that threads are made, renamed or
//! dismissed, or of their members: what is said in them is told (`messages/threads.rs`).

use ringback_model::action::{Action, ChatAction, ConversationStart, Entrant};
use ringback_model::command::{
    GroupOutcome, ManagedUser, ManagingOutcome, NewThread, ThreadCommand, Untouched,
};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::conversation::ConversationId;
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::group::{Group, GroupKind, GroupStatus, Member, Role, ThreadOf};
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::limits;
use ringback_model::record::{ONE_OWNER, Record, RecordKey, RecordKind, Thread};
use ringback_model::time::UnixMs;
use ringback_model::version::{ITSELF, Touch, VersionLog};

use super::enter::{Added, added, entrant, keep_only, ordinary};
use super::leave::gone;
use super::read::in_order;
use super::scene::not_in_group;
use super::{ID_TRIES, Tries};
use crate::actions::{Deed, another_subject};
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
        let hangs_on =
            ThreadOf { group: parent.id.clone(), message: new.message.clone(), number: message.id };
        let mut group =
            thread_of(caller, (self.group_id()?, new.name, owner.clone()), hangs_on, self.clock.now());
        let (entrants, mut start) =
            self.ask_about_view(caller, &group.id, vec![entrant(owner, Role::Owner)]).await?;
        for _ in 0..ID_TRIES {
            // Threads are counted and made by one at a time; rules were asked before, with nothing held.
            let _turn = self.additions.of(&parent.id).await;
            group.created_at = self.clock.now();
            let commit = self.beginning(&parent, &group).await?;
            let deed = self.with_members(caller, commit, (&group, &start), &entrants).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(groups(vec![group])),
                // For another made-up id rules are asked nothing else.
                Err(CommitError::Broken(Require::NoGroup(_))) => {
                    group.id = self.group_id()?;
                    start.conversation = ConversationId::Group(group.id.clone());
                }
                Err(CommitError::Broken(Require::NotKept(_))) => {
                    return Err(bad(format!("message {} has a thread already", new.message)).into());
                }
                Err(error) => return Err(commit_failure(error)),
            }
        }
        Err(Fault::new("no free id for a thread was found").into())
    }

    /// The commit of a new thread, without its members.
    async fn beginning(&self, parent: &Group, thread: &Group) -> Result<Commit, Failure> {
        let Some(hangs_on) = &thread.thread else { return Err(unknown_group(&thread.id).into()) };
        let there = self.thread_records(&parent.id, limits::GROUP_THREADS).await?.len();
        at_most("threads of a group", there + 1, limits::GROUP_THREADS)?;
        let place = RecordKey::thread(&parent.id, hangs_on.number);
        let record = Thread { group: parent.id.clone(), message: hangs_on.number, thread: thread.id.clone() };
        Ok(Commit::at(thread.created_at)
            .require(Require::LiveGroup(parent.id.clone()))
            .require(Require::InGroup(parent.id.clone(), thread.owner.clone()))
            .require(Require::NoGroup(thread.id.clone()))
            .require(Require::NotKept(place))
            .write(Write::PutGroup(thread.clone()))
            .write(Write::Keep(Box::new(Record::Thread(record)))))
    }

    /// Asks rules about a thread that comes onto lists, as about every group.
    async fn ask_about_view(
        &self,
        caller: &Caller,
        thread: &GroupId,
        entrants: Vec<Entrant>,
    ) -> Result<(Vec<Entrant>, ConversationStart), Failure> {
        let owners = entrants.iter().map(|entrant| entrant.user.clone()).collect();
        let start = ConversationStart::new(ConversationId::Group(thread.clone()), owners);
        match self.ask_about(caller, Action::Chat(ChatAction::Start(start))).await? {
            Action::Chat(ChatAction::Start(start)) => Ok((entrants, start)),
            _ => Err(another_subject()),
        }
    }

    /// These come into a thread, and it onto their lists.
    async fn with_members(
        &self,
        caller: &Caller,
        commit: Commit,
        (thread, start): (&Group, &ConversationStart),
        entrants: &[Entrant],
    ) -> Result<Deed, Failure> {
        let kept = self.kept_settings(Some(start)).await?;
        let how = Added {
            group: thread,
            source: JOINED_BY_INVITATION,
            operator: caller.actor.user.as_str(),
            inviter: caller.actor.user.as_str(),
            start: Some(start),
            kept: &kept,
            at: commit.at,
        };
        let (commit, _) = added(commit, &how, entrants);
        Ok(Deed::of(commit).tell(Action::Chat(ChatAction::Start(start.clone()))))
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
        let outside = self.outside_of(&self.live_thread(id).await?, &users).await?;
        if outside.is_empty() {
            return Ok(done(Vec::new()));
        }
        let (mut entrants, mut start) = self.ask_about_view(caller, id, ordinary(&outside)).await?;
        let mut tries = Tries::default();
        loop {
            // Places are counted and taken by one at a time; rules were asked before, with nothing held.
            let _turn = self.additions.of(id).await;
            let thread = self.live_thread(id).await?;
            let outside = self.outside_of(&thread, &start.owners).await?;
            keep_only(&mut entrants, &mut start, &outside);
            if outside.is_empty() {
                return Ok(done(Vec::new()));
            }
            check_room_for(thread.max_members, thread.member_count, outside.len())?;
            let mut commit = Commit::at(self.clock.now()).require(Require::LiveGroup(id.clone()));
            if let Some(ThreadOf { group: parent, .. }) = &thread.thread {
                commit = commit.require(Require::LiveGroup(parent.clone()));
                for user in &outside {
                    commit = commit
                        .require(Require::InGroup(parent.clone(), user.clone()))
                        .require(Require::NotInGroup(id.clone(), user.clone()));
                }
            }
            let deed = self.with_members(caller, commit, (&thread, &start), &entrants).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(done(outside.into_iter().map(ManagedUser::done).collect())),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Those of the users who are not in a thread yet; all of them must be in its group.
    async fn outside_of(&self, thread: &Group, users: &[UserId]) -> Result<Vec<UserId>, Failure> {
        let Some(ThreadOf { group: parent, .. }) = &thread.thread else {
            return Err(unknown_group(&thread.id).into());
        };
        let inside = self.store.members_named(&thread.id, users).await?;
        let of_group = self.store.members_named(parent, users).await?;
        let mut outside = Vec::new();
        for ((user, inside), of_group) in users.iter().zip(inside).zip(of_group) {
            match (inside, of_group) {
                (Some(_), _) => {}
                (None, Some(_)) => outside.push(user.clone()),
                (None, None) => return Err(not_in_group(parent, user).into()),
            }
        }
        Ok(outside)
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
            let (mut answers, mut leaves) = (Vec::with_capacity(users.len()), false);
            for (user, member) in users.iter().zip(found) {
                let untouched = match &member {
                    None => Some(Untouched::NotInGroup),
                    Some(member) if member.role == Role::Owner => Some(Untouched::Owner),
                    Some(_) => None,
                };
                answers.push(ManagedUser { untouched, ..ManagedUser::done(user.clone()) });
                if let Some(member) = member.filter(|_| untouched.is_none()) {
                    commit = commit.require(Require::SameMember(Box::new(member.clone())));
                    commit = gone(commit, &thread, &member.user);
                    leaves = true;
                }
            }
            if !leaves {
                return Ok(done(answers));
            }
            match self.carry_out_deed(caller, Deed::of(commit)).await {
                Ok(_) => return Ok(done(answers)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    /// Takes members who leave a group out of its threads, in the same commit. A thread whose owner leaves passes to who is
    /// in it the longest; one without members is dismissed.
    pub(super) async fn out_of_threads(
        &self,
        mut deed: Deed,
        group: &Group,
        leaving: &[UserId],
    ) -> Result<Deed, Failure> {
        if !may_have_threads(group) || self.thread_records(&group.id, 1).await?.is_empty() {
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
            None => ended(commit, thread),
        })
    }

    /// Ends what hangs on a group that was dismissed. Nobody speaks there any more already: every message asks for the group.
    pub(super) async fn end_threads_of(&self, caller: &Caller, group: &GroupId) -> Result<(), Failure> {
        for Thread { thread, .. } in self.thread_records(group, limits::GROUP_THREADS).await? {
            let mut tries = Tries::default();
            while let Some(thread) = self.store.groups(std::slice::from_ref(&thread)).await?.pop().flatten() {
                let id = thread.id.clone();
                let commit =
                    Commit::at(self.clock.now()).require(Require::SameGroup(Box::new(thread.clone())));
                let mut commit =
                    ended(commit, thread).touch(VersionLog::Members(id.clone()), ITSELF, Touch::Updated);
                for member in self.all_members(&id).await? {
                    commit = commit.touch(VersionLog::Groups(member.user), id.as_str(), Touch::Deleted);
                }
                match self.carry_out_deed(caller, Deed::of(commit)).await {
                    Ok(_) => break,
                    Err(error) => tries.again(error)?,
                }
            }
        }
        Ok(())
    }

    /// The threads of a group, so many at most.
    async fn thread_records(&self, group: &GroupId, most: usize) -> Result<Vec<Thread>, Fault> {
        let mut records = self.thread_page(&format!("{group}:"), most).await?;
        records.retain(|one| one.group == *group);
        Ok(records)
    }

    /// Threads of the app, by their places, after this one.
    async fn thread_page(&self, after: &str, most: usize) -> Result<Vec<Thread>, Fault> {
        let records = self.store.records_of(RecordKind::Thread, ONE_OWNER, after, most).await?;
        let threads = records.into_iter().filter_map(|record| match record {
            Record::Thread(one) => Some(one),
            _ => None,
        });
        Ok(threads.collect())
    }

    async fn threads_of_all(
        &self,
        after: Option<(GroupId, MessageId)>,
        limit: usize,
    ) -> Result<Vec<Group>, Failure> {
        at_most("a page", limit, limits::LIST_ITEMS)?;
        let after = after.map(|(group, message)| RecordKey::thread(&group, message).about);
        let page = self.thread_page(&after.unwrap_or_default(), limit).await?;
        let ids: Vec<GroupId> = page.into_iter().map(|one| one.thread).collect();
        Ok(self.store.groups(&ids).await?.into_iter().flatten().collect())
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

/// Whether threads may hang on its messages.
fn may_have_threads(group: &Group) -> bool {
    group.kind == GroupKind::Group && group.thread.is_none()
}

const fn done(users: Vec<ManagedUser>) -> GroupOutcome {
    GroupOutcome::Managed(ManagingOutcome::Users(users))
}

/// A thread is no more.
fn ended(commit: Commit, thread: Group) -> Commit {
    let commit = match &thread.thread {
        Some(hangs_on) => unhung(commit, hangs_on),
        None => commit,
    };
    commit.write(Write::PutGroup(Group { status: GroupStatus::Dismissed, ..thread }))
}

/// The message may have another thread.
pub(super) fn unhung(commit: Commit, hangs_on: &ThreadOf) -> Commit {
    commit.write(Write::Discard(RecordKey::thread(&hangs_on.group, hangs_on.number)))
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
