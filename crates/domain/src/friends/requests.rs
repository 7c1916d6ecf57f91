//! Requests for friendship, as those concerned read them.

use std::collections::{HashMap, HashSet};

use ringback_model::command::{Actor, FriendOutcome, Outcome, RequestShown};
use ringback_model::failure::{Failure, Fault};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::page::{Found, Page, RecordQuery, Shelf};
use ringback_model::record::{FriendRequest, Handled, RecordKey, RecordKind};
use ringback_model::time::UnixMs;
use ringback_model::user::User;

use super::as_request;
use crate::{Im, at_most, only_self};

impl Im {
    pub(super) async fn received_requests(
        &self,
        actor: &Actor,
        user: &UserId,
        handled: Vec<Handled>,
        page: Page,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        let query = RecordQuery { handled, ..RecordQuery::of_user(RecordKind::FriendRequest, user) };
        self.friend_requests(&query, page).await
    }

    pub(super) async fn sent_requests(
        &self,
        actor: &Actor,
        user: &UserId,
        handled: Vec<Handled>,
        page: Page,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        let shelf = Shelf::About(user.folded());
        let query = RecordQuery { handled, ..RecordQuery::all(RecordKind::FriendRequest, shelf) };
        self.friend_requests(&query, page).await
    }

    pub(super) async fn request_of(
        &self,
        actor: &Actor,
        from: &UserId,
        to: &UserId,
    ) -> Result<Outcome, Failure> {
        only_self(actor, from).or_else(|_| only_self(actor, to))?;
        let found = self.store.records(&[RecordKey::friend_request(from, to)]).await?;
        let items: Vec<_> = found.into_iter().filter_map(as_request).collect();
        let found = Found { total: items.len() as u64, items };
        Ok(Outcome::OfFriend(FriendOutcome::Requests(self.requests_shown(found).await?)))
    }

    pub(super) async fn open_requests(
        &self,
        actor: &Actor,
        user: &UserId,
        since: UnixMs,
    ) -> Result<Outcome, Failure> {
        only_self(actor, user)?;
        let received = RecordQuery::of_user(RecordKind::FriendRequest, user);
        let query = RecordQuery { handled: vec![Handled::Open], since, ..received };
        let found = self.store.find_records(&query, Page { skip: 0, limit: 0 }).await?;
        Ok(Outcome::OfFriend(FriendOutcome::Count(found.total)))
    }

    async fn friend_requests(&self, query: &RecordQuery, page: Page) -> Result<Outcome, Failure> {
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let Found { total, items } = self.store.find_records(query, page).await?;
        let items = items.into_iter().filter_map(|record| as_request(Some(record))).collect();
        let shown = self.requests_shown(Found { total, items }).await?;
        Ok(Outcome::OfFriend(FriendOutcome::Requests(shown)))
    }

    async fn requests_shown(&self, found: Found<FriendRequest>) -> Result<Found<RequestShown>, Fault> {
        let Found { total, items } = found;
        let everybody: HashSet<&UserId> = items.iter().flat_map(|one| [&one.from, &one.to]).collect();
        let ids: Vec<UserId> = everybody.into_iter().cloned().collect();
        let found = self.store.users(&ids).await?;
        let users: HashMap<String, User> =
            found.into_iter().flatten().map(|user| (user.id.folded(), user)).collect();
        let shown = items.into_iter().filter_map(|request| {
            let from = users.get(&request.from.folded())?.clone();
            let to = users.get(&request.to.folded())?.clone();
            Some(RequestShown { request, from, to })
        });
        Ok(Found { total, items: shown.collect() })
    }
}
