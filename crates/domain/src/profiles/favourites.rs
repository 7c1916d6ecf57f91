//! Small things that a user keeps.

use ringback_model::command::{Actor, FavouriteChange, FavouriteName, NewFavourite, Outcome, UserOutcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::notice::UserNotice;
use ringback_model::page::{Page, RecordQuery};
use ringback_model::record::{Favourite, Record, RecordKey, RecordKind};

use super::editing::to_himself;
use crate::actions::Deed;
use crate::caller::Caller;
use crate::users::commit_failure;
use crate::{Im, note, only_self};

impl Im {
    pub(super) async fn add_favourite(&self, caller: &Caller, new: NewFavourite) -> Result<Outcome, Failure> {
        let NewFavourite { name, value, ex } = new;
        let FavouriteName { user, kind, id } = self.his_own(caller, name).await?;
        check_texts(&id, &value, &ex)?;
        let all = RecordQuery::of_user(RecordKind::Favourite, &user);
        let there = self.store.find_records(&all, Page { skip: 0, limit: 0 }).await?.total;
        if there >= limits::FAVOURITES as u64 {
            let detail = format!("{user} may keep {} at most", limits::FAVOURITES);
            return Err(Refusal::new(RefusalCode::NoPermission, detail).into());
        }
        let at = self.clock.now();
        let record = Record::Favourite(Favourite { user: user.clone(), kind, id: id.clone(), at, value, ex });
        let commit =
            Commit::at(at).require(Require::NotKept(record.key())).write(Write::Keep(Box::new(record)));
        let deed = Deed::of(commit).notify(to_himself(UserNotice::FavouriteAdded(user.clone()), caller));
        match self.carry_out_deed(caller, deed).await {
            Ok(_) => Ok(Outcome::Done),
            Err(CommitError::Broken(_)) => {
                let detail = format!("{user} keeps {id:?} of type {kind} already");
                Err(Refusal::new(RefusalCode::Duplicate, detail).into())
            }
            Err(error) => Err(commit_failure(error)),
        }
    }

    pub(super) async fn change_favourite(
        &self,
        caller: &Caller,
        change: FavouriteChange,
    ) -> Result<Outcome, Failure> {
        let name = self.his_own(caller, change.name).await?;
        let change = FavouriteChange { name, ..change };
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        check_texts("", &text(&change.value), &text(&change.ex))?;
        self.decide_and_do(caller, || self.changing_favourite(caller, &change)).await?;
        Ok(Outcome::Done)
    }

    async fn changing_favourite(&self, caller: &Caller, change: &FavouriteChange) -> Result<Deed, Failure> {
        let old = self.favourite(&change.name).await?;
        let mut new = old.clone();
        new.value = change.value.clone().unwrap_or(new.value);
        new.ex = change.ex.clone().unwrap_or(new.ex);
        let commit = Commit::at(self.clock.now())
            .require(Require::Unchanged(Box::new(Record::Favourite(old))))
            .write(Write::Keep(Box::new(Record::Favourite(new))));
        let notice = UserNotice::FavouriteChanged(change.name.user.clone());
        Ok(Deed::of(commit).notify(to_himself(notice, caller)))
    }

    pub(super) async fn remove_favourite(
        &self,
        caller: &Caller,
        name: FavouriteName,
    ) -> Result<Outcome, Failure> {
        let name = self.his_own(caller, name).await?;
        let key = RecordKey::favourite(&name.user, name.kind, &name.id);
        let commit =
            Commit::at(self.clock.now()).require(Require::Kept(key.clone())).write(Write::Discard(key));
        let notice = UserNotice::FavouriteRemoved(name.user.clone());
        let deed = Deed::of(commit).notify(to_himself(notice, caller));
        match self.carry_out_deed(caller, deed).await {
            Ok(_) => Ok(Outcome::Done),
            Err(CommitError::Broken(_)) => Err(not_kept(&name).into()),
            Err(error) => Err(commit_failure(error)),
        }
    }

    pub(super) async fn favourites(
        &self,
        actor: &Actor,
        user: &UserId,
        kind: Option<i32>,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        let all = Page { skip: 0, limit: limits::FAVOURITES };
        let query = RecordQuery::of_user(RecordKind::Favourite, user);
        let found = self.store.find_records(&query, all).await?.items.into_iter();
        let kept = found.filter_map(|record| match record {
            Record::Favourite(one) if kind.is_none_or(|kind| one.kind == kind) => Some(one),
            _ => None,
        });
        Ok(Outcome::OfUser(UserOutcome::Favourites(kept.collect())))
    }

    async fn favourite(&self, name: &FavouriteName) -> Result<Favourite, Failure> {
        let key = RecordKey::favourite(&name.user, name.kind, &name.id);
        match self.store.records(&[key]).await?.into_iter().next().flatten() {
            Some(Record::Favourite(found)) => Ok(found),
            _ => Err(not_kept(name).into()),
        }
    }

    /// The name with the user as he was registered, if the caller may speak for him.
    async fn his_own(&self, caller: &Caller, name: FavouriteName) -> Result<FavouriteName, Failure> {
        only_self(&caller.actor, &name.user)?;
        let mut found = self.registered(std::slice::from_ref(&name.user)).await?;
        Ok(FavouriteName { user: found.pop().unwrap_or(name.user), ..name })
    }
}

fn check_texts(id: &str, value: &str, ex: &str) -> Result<(), Refusal> {
    if id.len() > limits::CLIENT_MESSAGE_ID_BYTES {
        return Err(crate::bad(format!("the id is longer than {} bytes", limits::CLIENT_MESSAGE_ID_BYTES)));
    }
    note("the value", value)?;
    note("ex", ex)
}

fn not_kept(name: &FavouriteName) -> Refusal {
    let FavouriteName { user, kind, id } = name;
    Refusal::new(RefusalCode::NotFound, format!("{user} keeps no {id:?} of type {kind}"))
}
