//! Friends go, and what an owner keeps about them changes.

use futures_util::{StreamExt, TryStreamExt, stream};
use ringback_model::action::{Action, FriendAction, FriendPair, FriendRemark};
use ringback_model::command::Outcome;
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::{Failure, Refusal};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::FriendNotice;
use ringback_model::record::{Friend, Record, RecordKey};
use ringback_model::version::{self, Touch, Version, VersionLog};

use super::{as_friend, no_friend, told, unchanged};
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::notices::Keep;
use crate::{Im, at_most, bad, note, only_self, repeated};

/// What is to change about friends; `None` = stays.
pub(super) struct Wanted {
    pub(super) pinned: Option<bool>,
    pub(super) remark: Option<String>,
    pub(super) ex: Option<String>,
}

impl Im {
    pub(super) async fn remove_friend(
        &self,
        caller: &Caller,
        owner: UserId,
        friend: UserId,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &owner)?;
        self.decide_and_do(caller, || self.removing(&owner, &friend)).await?;
        Ok(Outcome::Done)
    }

    async fn removing(&self, owner: &UserId, friend: &UserId) -> Result<Deed, Failure> {
        let found = self.friend(owner, friend).await?;
        let commit = Commit::at(self.clock.now())
            .require(unchanged(&found))
            .write(Write::Discard(RecordKey::friend(owner, friend)))
            .touch(VersionLog::Friends(found.owner.clone()), found.friend.as_str(), Touch::Deleted);
        let Friend { owner, friend, .. } = found;
        let notice = FriendNotice::Removed {
            owner: owner.clone(),
            friend: friend.clone(),
            version: Version::default(),
        };
        let outgoing = told(notice, &owner, &friend, Keep::Nothing);
        Ok(Deed::of(commit)
            .tell(Action::Friend(FriendAction::Remove(FriendPair { owner, friend })))
            .notify(outgoing))
    }

    /// Rules are asked before anybody looks whether the two are friends, but not before permission was looked at
    /// (callback sheet 4.5).
    pub(super) async fn remark_friend(
        &self,
        caller: &Caller,
        owner: UserId,
        friend: UserId,
        remark: String,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &owner)?;
        note("the remark", &remark)?;
        let (owner, friend) = self.both_as_registered(&owner, &friend).await?;
        let asked = self.ask_about_remark(caller, FriendRemark { owner, friend, remark }).await?;
        self.decide_and_do(caller, || self.remarking(&asked)).await?;
        Ok(Outcome::Done)
    }

    async fn ask_about_remark(&self, caller: &Caller, named: FriendRemark) -> Result<FriendRemark, Failure> {
        match self.ask_about(caller, Action::Friend(FriendAction::Remark(named))).await? {
            Action::Friend(FriendAction::Remark(changed)) => Ok(changed),
            _ => Err(another_subject()),
        }
    }

    async fn remarking(&self, asked: &FriendRemark) -> Result<Deed, Failure> {
        let found = self.friend(&asked.owner, &asked.friend).await?;
        let named = Friend { remark: asked.remark.clone(), ..found.clone() };
        let Friend { owner, friend, .. } = found.clone();
        let commit = changed(Commit::at(self.clock.now()), &found, named);
        let commit = commit.touch(VersionLog::Friends(owner.clone()), version::ORDER, Touch::Updated);
        let notice = FriendNotice::Remarked {
            owner: owner.clone(),
            friend: friend.clone(),
            version: Version::default(),
        };
        let outgoing = told(notice, &owner, &friend, Keep::Nothing);
        let action = FriendRemark { owner, friend, remark: asked.remark.clone() };
        Ok(Deed::of(commit).tell(Action::Friend(FriendAction::Remark(action))).notify(outgoing))
    }

    pub(super) async fn update_friends(
        &self,
        caller: &Caller,
        owner: UserId,
        friends: Vec<UserId>,
        wanted: Wanted,
    ) -> Result<Outcome, Failure> {
        only_self(&caller.actor, &owner)?;
        check_named(&friends)?;
        note("ex", wanted.ex.as_deref().unwrap_or_default())?;
        note("the remark", wanted.remark.as_deref().unwrap_or_default())?;
        // Strangers are not asked about.
        let found = self.friends_named(&owner, &friends).await?;
        let remarks = match &wanted.remark {
            None => Vec::new(),
            Some(remark) => {
                let named = |friend: Friend| FriendRemark {
                    owner: friend.owner,
                    friend: friend.friend,
                    remark: remark.clone(),
                };
                let named: Vec<FriendRemark> = found.into_iter().map(named).collect();
                let asking = named.into_iter().map(|named| self.ask_about_remark(caller, named));
                stream::iter(asking).buffered(limits::QUESTIONS_OF_ONE_CALL).try_collect().await?
            }
        };
        self.decide_and_do(caller, || self.updating(&owner, &friends, &wanted, &remarks)).await?;
        Ok(Outcome::Done)
    }

    /// `remarks` has one for each friend, or none.
    async fn updating(
        &self,
        owner: &UserId,
        friends: &[UserId],
        wanted: &Wanted,
        remarks: &[FriendRemark],
    ) -> Result<Deed, Failure> {
        let found = self.friends_named(owner, friends).await?;
        let owner = found.first().map_or_else(|| owner.clone(), |friend| friend.owner.clone());
        let ids: Vec<UserId> = found.iter().map(|friend| friend.friend.clone()).collect();
        let mut commit = Commit::at(self.clock.now());
        let mut actions = Vec::new();
        let mut remarks = remarks.iter();
        for friend in found {
            let mut new = friend.clone();
            new.pinned = wanted.pinned.unwrap_or(new.pinned);
            if let Some(ex) = &wanted.ex {
                new.ex.clone_from(ex);
            }
            if let Some(asked) = remarks.next() {
                new.remark.clone_from(&asked.remark);
                let named = FriendRemark {
                    owner: new.owner.clone(),
                    friend: new.friend.clone(),
                    remark: new.remark.clone(),
                };
                actions.push(Action::Friend(FriendAction::Remark(named)));
            }
            commit = changed(commit, &friend, new);
        }
        if wanted.pinned.is_some() || wanted.remark.is_some() {
            commit = commit.touch(VersionLog::Friends(owner.clone()), version::ORDER, Touch::Updated);
        }
        let notice =
            FriendNotice::Updated { owner: owner.clone(), friends: ids, version: Version::default() };
        let notices = vec![told(notice, &owner, &owner, Keep::Nothing)];
        Ok(Deed { commit, actions, notices })
    }

    async fn friend(&self, owner: &UserId, friend: &UserId) -> Result<Friend, Failure> {
        let found = self.store.records(&[RecordKey::friend(owner, friend)]).await?;
        let found = found.into_iter().next().and_then(as_friend);
        found.ok_or_else(|| no_friend(owner, friend).into())
    }

    /// All of these, in their order.
    async fn friends_named(&self, owner: &UserId, friends: &[UserId]) -> Result<Vec<Friend>, Failure> {
        let keys: Vec<RecordKey> = friends.iter().map(|friend| RecordKey::friend(owner, friend)).collect();
        let found = self.store.records(&keys).await?.into_iter().map(as_friend);
        let found = found.zip(friends).map(|(found, id)| found.ok_or_else(|| no_friend(owner, id)));
        Ok(found.collect::<Result<_, Refusal>>()?)
    }
}

/// A friend becomes another, and the list's followers will know.
fn changed(commit: Commit, old: &Friend, new: Friend) -> Commit {
    let list = VersionLog::Friends(new.owner.clone());
    let commit = commit.require(unchanged(old)).touch(list, new.friend.as_str(), Touch::Updated);
    commit.write(Write::Keep(Box::new(Record::Friend(new))))
}

fn check_named(friends: &[UserId]) -> Result<(), Refusal> {
    if friends.is_empty() {
        return Err(bad("nobody is named"));
    }
    at_most("the list of friends", friends.len(), limits::LIST_ITEMS)?;
    let folded: Vec<String> = friends.iter().map(UserId::folded).collect();
    match repeated(&folded) {
        Some(twice) => Err(bad(format!("{twice} is named twice"))),
        None => Ok(()),
    }
}
