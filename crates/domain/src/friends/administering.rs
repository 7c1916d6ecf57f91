//! What administrators do with lists of users: both sides of a friendship at once, many blocks at once, and long lists
//! in pieces.

use ringback_model::action::{Action, Blocking, FriendAction, FriendPair};
use ringback_model::command::{Actor, FriendOutcome, Outcome};
use ringback_model::commit::{Commit, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::FriendNotice;
use ringback_model::record::{Record, RecordKind};
use ringback_model::user::{Block, User};
use ringback_model::version::{Touch, Version, VersionLog};

use super::{as_friend, told, unchanged};
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::notices::Keep;
use crate::{Im, at_most, bad, only_admin};

impl Im {
    /// Nobody is asked or told where the two are friends already.
    pub(super) async fn befriend_at_once(
        &self,
        caller: &Caller,
        owner: UserId,
        friend: UserId,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        let (owner, other) = self.both_users(&owner, &friend).await?;
        if !matches!(self.friendship(&owner.id, &other.id).await?, (Some(_), Some(_))) {
            self.import_friends(caller, owner.id, vec![other.id.clone()]).await?;
        }
        Ok(Outcome::Users(vec![other]))
    }

    /// All for whom there is room at once, so that rules are asked and told once.
    pub(super) async fn befriend_many(
        &self,
        caller: &Caller,
        owner: &UserId,
        users: Vec<UserId>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        at_most("the list of users", users.len(), limits::LIST_ITEMS)?;
        let owner = self.registered(std::slice::from_ref(owner)).await?.remove(0);
        let found = self.store.users(&users).await?;
        let (mut done, mut new) = (Vec::new(), Vec::new());
        let (mut unknown, mut no_room, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (asked, found) in users.into_iter().zip(found) {
            let Some(user) = found.map(|user| user.id) else {
                unknown.push(asked);
                continue;
            };
            if user.folded() == owner.folded() {
                others.push(user);
            } else if matches!(self.friendship(&owner, &user).await?, (Some(_), Some(_))) {
                done.push(user);
            } else {
                match self.room_for_friends(&owner, new.len() + 1).await {
                    Ok(()) => new.push(user),
                    Err(Failure::Refused(refusal)) if refusal.code == RefusalCode::TooManyFriends => {
                        no_room.push(user);
                    }
                    Err(failure) => return Err(failure),
                }
            }
        }
        if !new.is_empty() {
            self.import_friends(caller, owner, new.clone()).await?;
            done.extend(new);
        }
        Ok(Outcome::OfFriend(FriendOutcome::Befriended { done, unknown, no_room, others }))
    }

    /// Rules are told once, however many of the two lists change.
    pub(super) async fn part_friends(
        &self,
        caller: &Caller,
        owner: &UserId,
        friend: &UserId,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        let (owner, other) = self.both_users(owner, friend).await?;
        self.decide_and_do(caller, || self.parting(&owner.id, &other.id)).await?;
        Ok(Outcome::Users(vec![other]))
    }

    async fn parting(&self, owner: &UserId, friend: &UserId) -> Result<Deed, Failure> {
        let (mine, his) = self.friendship(owner, friend).await?;
        let mut deed = Deed::of(Commit::at(self.clock.now()));
        if mine.is_some() || his.is_some() {
            let pair = FriendPair { owner: owner.clone(), friend: friend.clone() };
            deed = deed.tell(Action::Friend(FriendAction::Remove(pair)));
        }
        for found in [mine, his].into_iter().flatten() {
            let (of, gone) = (found.owner.clone(), found.friend.clone());
            let notice = FriendNotice::Removed {
                owner: of.clone(),
                friend: gone.clone(),
                version: Version::default(),
            };
            deed.commit = deed
                .commit
                .require(unchanged(&found))
                .touch(VersionLog::Friends(of.clone()), gone.as_str(), Touch::Deleted)
                .write(Write::Discard(Record::Friend(found).key()));
            deed = deed.notify(told(notice, &of, &gone, Keep::Nothing));
        }
        Ok(deed)
    }

    /// Rules are asked about everybody who is not blocked yet, before anything is done.
    pub(super) async fn block_many(
        &self,
        caller: &Caller,
        owner: &UserId,
        users: &[UserId],
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        at_most("the list of users", users.len(), limits::LIST_ITEMS)?;
        if users.iter().any(|user| user.folded() == owner.folded()) {
            return Err(bad("nobody can block himself").into());
        }
        let owner = self.registered(std::slice::from_ref(owner)).await?.remove(0);
        let mut wanted = self.registered(users).await?;
        let there = self.store.blocks_of(&owner).await?;
        wanted.retain(|user| there.iter().all(|block| block.blocked.folded() != user.folded()));
        if there.len() + wanted.len() > limits::BLOCKS {
            let detail = format!("{owner} may block {} users at most", limits::BLOCKS);
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        let mut asked = Vec::with_capacity(wanted.len());
        for blocked in wanted {
            let action = Action::Friend(FriendAction::Block(Blocking { owner: owner.clone(), blocked }));
            let Action::Friend(FriendAction::Block(answered)) = self.ask_about(caller, action).await? else {
                return Err(another_subject());
            };
            asked.push(answered);
        }
        // What rules made of it may name others.
        let owners: Vec<UserId> = asked.iter().map(|one| one.owner.clone()).collect();
        let owners = self.registered(&owners).await?;
        let blocked: Vec<UserId> = asked.into_iter().map(|one| one.blocked).collect();
        let blocked = self.registered(&blocked).await?;
        let now = self.clock.now();
        let mut deed = Deed::of(Commit::at(now));
        for (owner, blocked) in owners.into_iter().zip(blocked) {
            let (by, ex) = (caller.actor.user.clone(), String::new());
            let block = Block { owner: owner.clone(), blocked: blocked.clone(), at: now, by, ex };
            deed.commit.writes.push(Write::PutBlock(block));
            let notice = FriendNotice::Blocked { owner: owner.clone(), blocked: blocked.clone() };
            deed = deed
                .notify(told(notice, &owner, &blocked, Keep::Nothing))
                .tell(Action::Friend(FriendAction::Block(Blocking { owner, blocked })));
        }
        self.carry_out_deed(caller, deed).await.map_err(crate::users::commit_failure)?;
        Ok(Outcome::Done)
    }

    pub(super) async fn unblock_and_show(
        &self,
        caller: &Caller,
        owner: &UserId,
        blocked: &UserId,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        let (owner, blocked) = self.both_users(owner, blocked).await?;
        self.unblock(caller, owner.id, blocked.id.clone()).await?;
        Ok(Outcome::Users(vec![blocked]))
    }

    pub(super) async fn friends_after(
        &self,
        actor: &Actor,
        owner: &UserId,
        after: Option<UserId>,
        limit: Option<usize>,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        let owner = self.registered(std::slice::from_ref(owner)).await?.remove(0);
        let after = after.map(|user| user.folded()).unwrap_or_default();
        let most = limit.unwrap_or(limits::FRIENDS).min(limits::FRIENDS);
        let records = self.store.records_of(RecordKind::Friend, &owner.folded(), &after, most + 1).await?;
        let more = records.len() > most;
        let friends: Vec<_> = records.into_iter().take(most).filter_map(|one| as_friend(Some(one))).collect();
        let next = friends.last().filter(|_| more).map(|last| last.friend.clone());
        Ok(Outcome::OfFriend(FriendOutcome::After(friends, next)))
    }

    pub(super) async fn blocks_after(
        &self,
        actor: &Actor,
        owner: &UserId,
        after: Option<UserId>,
        limit: Option<usize>,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        let owner = self.registered(std::slice::from_ref(owner)).await?.remove(0);
        let mut blocks = self.store.blocks_of(&owner).await?;
        if let Some(after) = after.map(|user| user.folded()) {
            blocks.retain(|block| block.blocked.folded() > after);
        }
        let most = limit.unwrap_or(limits::BLOCKS);
        let more = blocks.len() > most;
        blocks.truncate(most);
        let next = blocks.last().filter(|_| more).map(|last| last.blocked.clone());
        Ok(Outcome::OfFriend(FriendOutcome::BlocksAfter(blocks, next)))
    }

    /// Two users who exist.
    async fn both_users(&self, one: &UserId, other: &UserId) -> Result<(User, User), Failure> {
        if one.folded() == other.folded() {
            return Err(Refusal::new(RefusalCode::CannotAddYourself, "nobody is on his own list").into());
        }
        let mut found = self.store.users(&[one.clone(), other.clone()]).await?;
        match (found.pop().flatten(), found.pop().flatten()) {
            (Some(other), Some(one)) => Ok((one, other)),
            (Some(_), None) => Err(Refusal::no_such_users(&[one.as_str()]).into()),
            (None, _) => Err(Refusal::no_such_users(&[other.as_str()]).into()),
        }
    }
}
