//! Numbers about users that operators look at.

use ringback_model::command::{Actor, Outcome, UserOutcome};
use ringback_model::failure::Failure;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::page::Page;
use ringback_model::statistics::Period;
use ringback_model::user::User;

use crate::statistics::Busy;
use crate::{Im, at_most, only_admin};

impl Im {
    pub(super) async fn users_made(&self, actor: &Actor, period: Period) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        Ok(Outcome::OfUser(UserOutcome::Made(self.store.users_made(period).await?)))
    }

    /// Whole days: those that the period touches.
    pub(super) async fn busy_users(
        &self,
        actor: &Actor,
        period: Period,
        groups: bool,
        ascending: bool,
        page: Page,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        at_most("a page", page.limit, limits::LIST_ITEMS)?;
        let Busy { messages, days, by: mut said } = self.busy_by_user(period, groups).await?;
        let users = said.len() as u64;
        if ascending {
            said.reverse();
        }
        let (ids, counts): (Vec<UserId>, Vec<u64>) = page.of(said).into_iter().unzip();
        let found = self.store.users(&ids).await?;
        let busiest: Vec<(User, u64)> =
            found.into_iter().zip(counts).filter_map(|(user, count)| Some((user?, count))).collect();
        Ok(Outcome::OfUser(UserOutcome::Busy { messages, users, days, busiest }))
    }
}
