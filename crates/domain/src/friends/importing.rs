//! Friends that an administrator makes, without anybody being asked.

use ringback_model::action::{Action, FriendAction, FriendImport};
use ringback_model::command::Outcome;
use ringback_model::commit::Commit;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::FriendNotice;
use ringback_model::record::RecordKey;
use ringback_model::version::Version;

use super::{as_friend, told, unchanged};
use crate::actions::{Deed, another_subject};
use crate::caller::Caller;
use crate::notices::Keep;
use crate::{Im, at_most, bad, only_admin, repeated};

/// He came onto the list because an administrator said so. Source: callback sheet 5.5.
const IMPORTED: i32 = 1;

impl Im {
    /// Rules are asked after the list was found good (callback sheet 4.5), and what they make of it has to be good as
    /// well.
    pub(super) async fn import_friends(
        &self,
        caller: &Caller,
        owner: UserId,
        friends: Vec<UserId>,
    ) -> Result<Outcome, Failure> {
        only_admin(&caller.actor)?;
        let import = self.checked_import(FriendImport { owner, friends }).await?;
        let action = Action::Friend(FriendAction::Import(import));
        let Action::Friend(FriendAction::Import(import)) = self.ask_about(caller, action).await? else {
            return Err(another_subject());
        };
        self.decide_and_do(caller, || self.importing(caller, &import)).await?;
        Ok(Outcome::Done)
    }

    /// The import with ids as they were registered.
    pub(crate) async fn checked_import(&self, import: FriendImport) -> Result<FriendImport, Failure> {
        let FriendImport { owner, friends } = import;
        at_most("the list of friends", friends.len(), limits::LIST_ITEMS)?;
        let folded: Vec<String> = friends.iter().map(UserId::folded).collect();
        if let Some(twice) = repeated(&folded) {
            return Err(bad(format!("{twice} is named twice")).into());
        }
        if folded.contains(&owner.folded()) {
            return Err(Refusal::new(RefusalCode::CannotAddYourself, "nobody befriends himself").into());
        }
        let everybody: Vec<UserId> = std::iter::once(owner).chain(friends).collect();
        let mut registered = self.registered(&everybody).await?;
        let owner = registered.remove(0);
        Ok(FriendImport { owner, friends: registered })
    }

    async fn importing(&self, caller: &Caller, import: &FriendImport) -> Result<Deed, Failure> {
        let FriendImport { owner, friends } = import;
        let his = friends.iter().map(|friend| RecordKey::friend(owner, friend));
        let theirs = friends.iter().map(|friend| RecordKey::friend(friend, owner));
        let keys: Vec<RecordKey> = his.chain(theirs).collect();
        let mut his: Vec<_> = self.store.records(&keys).await?.into_iter().map(as_friend).collect();
        let theirs = his.split_off(friends.len());
        self.room_for_friends(owner, his.iter().filter(|found| found.is_none()).count()).await?;
        let mut commit = Commit::at(self.clock.now());
        let mut notices = Vec::new();
        for ((friend, mine), other) in friends.iter().zip(his).zip(theirs) {
            let known = mine.is_some() && other.is_some();
            for (of, who, found) in [(owner, friend, mine), (friend, owner, other)] {
                commit = match found {
                    Some(found) => commit.require(unchanged(&found)),
                    None => self.befriend(commit, caller, of, who, IMPORTED),
                };
            }
            if known {
                continue;
            }
            let notice = FriendNotice::Joined {
                owner: owner.clone(),
                friend: friend.clone(),
                version: Version::default(),
            };
            notices.push(told(notice, friend, owner, Keep::Said));
        }
        Ok(Deed { commit, actions: vec![Action::Friend(FriendAction::Import(import.clone()))], notices })
    }
}
