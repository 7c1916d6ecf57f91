//! Numbers about users that operators look at.

use std::collections::{BTreeMap, HashMap};

use ringback_model::command::{Actor, Outcome, UserOutcome};
use ringback_model::conversation::Target;
use ringback_model::failure::Failure;
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::message::{ContentClass, Message};
use ringback_model::page::Page;
use ringback_model::statistics::{DAY_MS, Period};
use ringback_model::user::User;

use crate::{Im, at_most, only_admin};

impl Im {
    pub(super) async fn users_made(&self, actor: &Actor, period: Period) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        Ok(Outcome::OfUser(UserOutcome::Made(self.store.users_made(period).await?)))
    }

    /// Counts what the log still holds.
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
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        let mut said: HashMap<UserId, u64> = HashMap::new();
        let mut at = self.store.position_at(period.from).await?;
        let end = self.store.position_at(period.to).await?;
        let mut left = limits::STATISTICS_EVENTS;
        while at < end && left > 0 {
            let events = self.store.read(at, limits::LIST_ITEMS.min(left)).await?;
            let Some(last) = events.last() else { break };
            (at, left) = (last.pos, left.saturating_sub(events.len()));
            for event in events.iter().filter(|event| event.pos <= end) {
                let Some(sent) = event.sent() else { continue };
                if counts(&sent.message, groups) {
                    *days.entry(event.at.0.div_euclid(DAY_MS)).or_default() += 1;
                    *said.entry(sent.message.sender.clone()).or_default() += 1;
                }
            }
        }
        let (messages, users) = (said.values().sum(), said.len() as u64);
        let mut all: Vec<(UserId, u64)> = said.into_iter().collect();
        all.sort_by(|(one, few), (other, many)| many.cmp(few).then_with(|| one.cmp(other)));
        if ascending {
            all.reverse();
        }
        let (ids, counts): (Vec<UserId>, Vec<u64>) = page.of(all).into_iter().unzip();
        let found = self.store.users(&ids).await?;
        let busiest: Vec<(User, u64)> =
            found.into_iter().zip(counts).filter_map(|(user, count)| Some((user?, count))).collect();
        Ok(Outcome::OfUser(UserOutcome::Busy { messages, users, days, busiest }))
    }
}

/// Whether a user has said it. What the server says in his name is no word of his.
fn counts(message: &Message, groups: bool) -> bool {
    let there = match message.target {
        Target::User(_) => true,
        Target::Group(_) => groups,
        Target::Room(_) | Target::Notice(_) => false,
    };
    there && message.handling.store && message.content.class != ContentClass::Notification
}
