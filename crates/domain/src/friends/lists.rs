//! Friend lists and block lists, as their owners read them.

use std::collections::HashMap;

use ringback_model::command::{Actor, FriendOutcome, FriendShown, Outcome, Relation};
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::page::{Found, Page, RecordQuery};
use ringback_model::record::{Friend, Record, RecordKey, RecordKind};
use ringback_model::user::{Block, User};
use ringback_model::version::{Version, VersionLog};

use super::as_friend;
use crate::{Im, at_most, only_self};

impl Im {
    pub(super) async fn friend_list(
        &self,
        actor: &Actor,
        owner: &UserId,
        page: Page,
    ) -> Result<Outcome, Failure> {
        only_self(actor, owner)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let query = RecordQuery::of_user(RecordKind::Friend, owner);
        let Found { total, items } = self.store.find_records(&query, page).await?;
        let friends = items.into_iter().filter_map(|record| as_friend(Some(record))).collect();
        let items = self.friends_shown(friends).await?;
        Ok(Outcome::OfFriend(FriendOutcome::Friends(Found { total, items })))
    }

    pub(super) async fn friends_among(
        &self,
        actor: &Actor,
        owner: &UserId,
        ids: &[UserId],
    ) -> Result<Outcome, Failure> {
        only_self(actor, owner)?;
        at_most("the list of friends", ids.len(), limits::LIST_ITEMS)?;
        let items = self.friends_shown(self.friends_of(owner, ids).await?).await?;
        let total = items.len() as u64;
        Ok(Outcome::OfFriend(FriendOutcome::Friends(Found { total, items })))
    }

    /// The version is read first: whatever changes after that is told again.
    pub(super) async fn friend_ids(
        &self,
        actor: &Actor,
        owner: &UserId,
        hash: u64,
    ) -> Result<Outcome, Failure> {
        only_self(actor, owner)?;
        let owner = self.as_registered(owner).await?;
        let now = self.list_version(&VersionLog::Friends(owner.clone())).await?;
        let mut friends = self.all_friends(&owner).await?;
        // As clients show them: those at the top first, then the oldest.
        friends.sort_by_cached_key(|friend| (!friend.pinned, friend.since, friend.friend.folded()));
        let ids = friends.into_iter().map(|friend| friend.friend).collect();
        Ok(Outcome::OfFriend(FriendOutcome::Ids { now, ids, hash }))
    }

    pub(super) async fn friend_changes(
        &self,
        actor: &Actor,
        owner: UserId,
        known: Option<Version>,
    ) -> Result<Outcome, Failure> {
        only_self(actor, &owner)?;
        let owner = self.as_registered(&owner).await?;
        let delta = self.delta(&VersionLog::Friends(owner.clone()), known).await?;
        let ids: Vec<UserId> =
            delta.inserted.iter().chain(&delta.updated).filter_map(|id| UserId::parse(id).ok()).collect();
        let shown = self.friends_shown(self.friends_of(&owner, &ids).await?).await?;
        let shown: HashMap<String, FriendShown> =
            shown.into_iter().map(|one| (one.friend.friend.to_string(), one)).collect();
        Ok(Outcome::OfFriend(FriendOutcome::Changes(delta.filled(|id| shown.get(id).cloned()))))
    }

    pub(super) async fn are_friends(
        &self,
        actor: &Actor,
        one: &UserId,
        other: &UserId,
    ) -> Result<Outcome, Failure> {
        only_self(actor, one).or_else(|_| only_self(actor, other))?;
        let (mine, his) = self.friendship(one, other).await?;
        let (one_has_other, other_has_one) = (mine.is_some(), his.is_some());
        Ok(Outcome::OfFriend(FriendOutcome::Mutual { one_has_other, other_has_one }))
    }

    pub(super) async fn relations(
        &self,
        actor: &Actor,
        owner: &UserId,
        ids: &[UserId],
    ) -> Result<Outcome, Failure> {
        only_self(actor, owner)?;
        at_most("the list of users", ids.len(), limits::LIST_ITEMS)?;
        let users: Vec<User> = self.store.users(ids).await?.into_iter().flatten().collect();
        let friends = self.friends_of(owner, ids).await?.into_iter();
        let mut friends: HashMap<String, Friend> = friends.map(|one| (one.friend.folded(), one)).collect();
        let blocks = self.store.blocks_of(owner).await?.into_iter();
        let mut blocks: HashMap<String, Block> = blocks.map(|one| (one.blocked.folded(), one)).collect();
        let relations = users.into_iter().map(|user| {
            let folded = user.id.folded();
            Relation { friend: friends.remove(&folded), block: blocks.remove(&folded), user }
        });
        Ok(Outcome::OfFriend(FriendOutcome::Relations(relations.collect())))
    }

    pub(super) async fn block_list(
        &self,
        actor: &Actor,
        owner: &UserId,
        page: Page,
    ) -> Result<Outcome, Failure> {
        only_self(actor, owner)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let found = self.store.find_blocks(owner, page).await?;
        self.blocks_shown(found).await
    }

    pub(super) async fn blocks_among(
        &self,
        actor: &Actor,
        owner: &UserId,
        ids: &[UserId],
    ) -> Result<Outcome, Failure> {
        only_self(actor, owner)?;
        at_most("the list of users", ids.len(), limits::LIST_ITEMS)?;
        let wanted: std::collections::HashSet<String> = ids.iter().map(UserId::folded).collect();
        let mut items = self.store.blocks_of(owner).await?;
        items.retain(|block| wanted.contains(&block.blocked.folded()));
        self.blocks_shown(Found { total: items.len() as u64, items }).await
    }

    async fn blocks_shown(&self, found: Found<Block>) -> Result<Outcome, Failure> {
        let Found { total, items } = found;
        let ids: Vec<UserId> = items.iter().map(|block| block.blocked.clone()).collect();
        let users = self.store.users(&ids).await?;
        let shown = items.into_iter().zip(users).filter_map(|(block, user)| Some((block, user?)));
        Ok(Outcome::OfFriend(FriendOutcome::Blocks(Found { total, items: shown.collect() })))
    }

    /// Those of `ids` who are on the list, in their order.
    async fn friends_of(&self, owner: &UserId, ids: &[UserId]) -> Result<Vec<Friend>, Fault> {
        let keys: Vec<RecordKey> = ids.iter().map(|id| RecordKey::friend(owner, id)).collect();
        Ok(self.store.records(&keys).await?.into_iter().filter_map(as_friend).collect())
    }

    async fn friends_shown(&self, friends: Vec<Friend>) -> Result<Vec<FriendShown>, Fault> {
        let ids: Vec<UserId> = friends.iter().map(|friend| friend.friend.clone()).collect();
        let profiles = self.store.users(&ids).await?;
        let shown = friends.into_iter().zip(profiles);
        Ok(shown.filter_map(|(friend, profile)| Some(FriendShown { friend, profile: profile? })).collect())
    }

    async fn all_friends(&self, owner: &UserId) -> Result<Vec<Friend>, Fault> {
        let (owner, step) = (owner.folded(), limits::LIST_ITEMS);
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let records = self.store.records_of(RecordKind::Friend, &owner, &after, step).await?;
            let short = records.len() < step;
            after = records.last().map(|record: &Record| record.key().about).unwrap_or_default();
            all.extend(records.into_iter().filter_map(|record| as_friend(Some(record))));
            if short {
                return Ok(all);
            }
        }
    }
}
