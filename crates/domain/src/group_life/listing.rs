//! Two lists of a group: who may not enter it, and who may speak whoever else is muted.

use std::collections::HashSet;

use ringback_model::action::{Action, GroupAction, GroupKick, GroupListing};
use ringback_model::command::{ManagedUser, ManagingOutcome, Untouched};
use ringback_model::commit::{Commit, Require, Write};
use ringback_model::failure::{Failure, Fault, Refusal, RefusalCode};
use ringback_model::group::{GroupPerson, Member, Role};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::notice::GroupNews;
use ringback_model::record::{Allowed, Barred, Record, RecordKey, RecordKind};

use super::Tries;
use super::leave::{gone, without};
use super::scene::Scene;
use crate::Im;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::members::{check_named, without_repeats};

impl Im {
    /// Users may not enter any more; those who are in it leave in the same commit. The owner stays.
    pub(super) async fn bar(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
    ) -> Result<ManagingOutcome, Failure> {
        check_named(&users)?;
        let users = without_repeats(users);
        let mut tries = Tries::default();
        loop {
            // Nobody enters between what is read and what is committed.
            let _turn = self.additions.of(id).await;
            let scene = self.live_scene(caller, id).await?;
            let known = self.store.users(&users).await?;
            let members = self.store.members_named(id, &users).await?;
            let mut answers = Vec::with_capacity(users.len());
            let (mut barred, mut leaving) = (Vec::new(), Vec::new());
            for ((user, known), member) in users.iter().zip(known).zip(members) {
                let untouched = match (&known, &member) {
                    (None, _) => Some(Untouched::Unknown),
                    (_, Some(member)) if member.role == Role::Owner => Some(Untouched::Owner),
                    _ => None,
                };
                let user = known.map_or_else(|| user.clone(), |known| known.id);
                if untouched.is_none() {
                    barred.push(user.clone());
                    leaving.extend(member);
                }
                answers.push(ManagedUser { untouched, ..ManagedUser::done(user) });
            }
            if barred.is_empty() {
                return Ok(ManagingOutcome::Users(answers));
            }
            let deed = self.barring(caller, &scene, barred, leaving).await?;
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Users(answers)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    async fn barring(
        &self,
        caller: &Caller,
        scene: &Scene,
        barred: Vec<UserId>,
        leaving: Vec<Member>,
    ) -> Result<Deed, Failure> {
        let (now, group) = (self.clock.now(), &scene.group);
        let mut commit = Commit::at(now).require(Require::LiveGroup(group.id.clone()));
        let by = (!scene.admin).then(|| caller.actor.user.clone());
        for user in &barred {
            let entry = Barred { group: group.id.clone(), user: user.clone(), by: by.clone(), at: now };
            commit = commit.write(Write::Keep(Box::new(Record::Barred(entry))));
        }
        for member in &leaving {
            commit = commit.require(Require::SameMember(Box::new(member.clone())));
            commit = gone(commit, group, &member.user);
        }
        let listing = GroupListing { group: group.id.clone(), users: barred, listed: true };
        let mut deed = Deed::of(commit).tell(Action::Group(GroupAction::Bar(listing)));
        if leaving.is_empty() {
            return Ok(deed);
        }
        let kicked: Vec<UserId> = leaving.iter().map(|member| member.user.clone()).collect();
        let reason = String::new();
        let kick = GroupKick { group: group.id.clone(), kicked: kicked.clone(), reason, barred: true };
        deed = deed.tell(Action::Group(GroupAction::Kick(kick)));
        deed = self.with_what_was_theirs(deed, group, &kicked).await?;
        if scene.is_followed() {
            let left = without(group, leaving.len());
            let telling = self.telling(caller, scene, left, scene.members.clone()).await?;
            let news = |members: Vec<GroupPerson>| GroupNews::Kicked { members };
            for notice in telling.about(self.people(leaving).await?, true, news) {
                deed = deed.notify(notice);
            }
        }
        Ok(deed)
    }

    pub(super) async fn unbar(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
    ) -> Result<ManagingOutcome, Failure> {
        let told = |listing| GroupAction::Bar(listing);
        self.take_off(caller, id, users, RecordKey::barred, told).await
    }

    /// Members may speak whoever else is muted.
    pub(super) async fn allow(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
    ) -> Result<ManagingOutcome, Failure> {
        check_named(&users)?;
        let users = without_repeats(users);
        let mut tries = Tries::default();
        loop {
            let now = self.clock.now();
            let mut commit = Commit::at(now).require(Require::LiveGroup(id.clone()));
            let (mut answers, mut listed) = (Vec::new(), Vec::new());
            for (user, member) in users.iter().zip(self.store.members_named(id, &users).await?) {
                let Some(member) = member else {
                    answers.push(ManagedUser::untouched(user.clone(), Untouched::NotInGroup));
                    continue;
                };
                let entry = Allowed { group: id.clone(), user: member.user.clone(), at: now };
                commit = commit
                    .require(Require::InGroup(id.clone(), member.user.clone()))
                    .write(Write::Keep(Box::new(Record::Allowed(entry))));
                listed.push(member.user.clone());
                answers.push(ManagedUser::done(member.user));
            }
            if listed.is_empty() {
                return Ok(ManagingOutcome::Users(answers));
            }
            let listing = GroupListing { group: id.clone(), users: listed, listed: true };
            let deed = Deed::of(commit).tell(Action::Group(GroupAction::Allow(listing)));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Users(answers)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub(super) async fn disallow(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
    ) -> Result<ManagingOutcome, Failure> {
        let told = |listing| GroupAction::Allow(listing);
        self.take_off(caller, id, users, RecordKey::allowed, told).await
    }

    /// Takes users off a list.
    async fn take_off(
        &self,
        caller: &Caller,
        id: &GroupId,
        users: Vec<UserId>,
        key: fn(&GroupId, &UserId) -> RecordKey,
        told: fn(GroupListing) -> GroupAction,
    ) -> Result<ManagingOutcome, Failure> {
        check_named(&users)?;
        let users = without_repeats(users);
        let keys: Vec<RecordKey> = users.iter().map(|user| key(id, user)).collect();
        let mut tries = Tries::default();
        loop {
            let mut commit = Commit::at(self.clock.now()).require(Require::LiveGroup(id.clone()));
            let (mut answers, mut off) = (Vec::new(), Vec::new());
            for ((user, key), kept) in users.iter().zip(&keys).zip(self.store.records(&keys).await?) {
                let Some(user) = kept.as_ref().and_then(listed_user) else {
                    answers.push(ManagedUser::untouched(user.clone(), Untouched::NotListed));
                    continue;
                };
                commit = commit.require(Require::Kept(key.clone())).write(Write::Discard(key.clone()));
                off.push(user.clone());
                answers.push(ManagedUser::done(user));
            }
            if off.is_empty() {
                return Ok(ManagingOutcome::Users(answers));
            }
            let listing = GroupListing { group: id.clone(), users: off, listed: false };
            let deed = Deed::of(commit).tell(Action::Group(told(listing)));
            match self.carry_out_deed(caller, deed).await {
                Ok(_) => return Ok(ManagingOutcome::Users(answers)),
                Err(error) => tries.again(error)?,
            }
        }
    }

    pub(super) async fn barred(&self, id: &GroupId) -> Result<Vec<ManagedUser>, Fault> {
        self.on_list(RecordKind::Barred, id).await
    }

    /// Those on the list who are still members: who leaves takes nothing along.
    pub(super) async fn allowed(&self, id: &GroupId) -> Result<Vec<ManagedUser>, Fault> {
        let listed = self.on_list(RecordKind::Allowed, id).await?;
        let users: Vec<UserId> = listed.iter().map(|one| one.user.clone()).collect();
        let members = self.store.members_named(id, &users).await?;
        Ok(listed.into_iter().zip(members).filter_map(|(one, member)| member.map(|_| one)).collect())
    }

    async fn on_list(&self, kind: RecordKind, id: &GroupId) -> Result<Vec<ManagedUser>, Fault> {
        let mut users = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.store.records_of(kind, id.as_str(), &after, limits::LIST_ITEMS).await?;
            let short = page.len() < limits::LIST_ITEMS;
            after = page.last().map_or(after, |record| record.key().about);
            users.extend(page.iter().filter_map(listed_user).map(ManagedUser::done));
            if short {
                return Ok(users);
            }
        }
    }

    /// That none of these is kept out of a group.
    pub(super) async fn check_not_barred(&self, id: &GroupId, users: &[UserId]) -> Result<(), Failure> {
        let keys: Vec<RecordKey> = users.iter().map(|user| RecordKey::barred(id, user)).collect();
        let kept = self.store.records(&keys).await?;
        let out: HashSet<String> =
            kept.iter().flatten().filter_map(listed_user).map(|user| user.folded()).collect();
        match users.iter().find(|user| out.contains(&user.folded())) {
            None => Ok(()),
            Some(user) => {
                let detail = format!("{user} may not enter group {id}: he is on its block list");
                Err(Refusal::new(RefusalCode::NoPermission, detail).into())
            }
        }
    }
}

fn listed_user(record: &Record) -> Option<UserId> {
    match record {
        Record::Barred(one) => Some(one.user.clone()),
        Record::Allowed(one) => Some(one.user.clone()),
        _ => None,
    }
}
