//! Who is in a group or room, listed for administrators.

use std::collections::HashSet;

use ringback_model::command::{Actor, Outcome};
use ringback_model::failure::Failure;
use ringback_model::group::Member;
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;

use crate::{Im, at_most, bad, only_admin};

/// Members read at once while some are passed over.
const PAGE: usize = limits::LIST_ITEMS;

impl Im {
    pub(crate) async fn members(
        &self,
        actor: &Actor,
        group: &GroupId,
        mut skip: usize,
        limit: usize,
    ) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        at_most("a page", limit, limits::LIST_ITEMS)?;
        self.live_group(group).await?;
        let mut after = None;
        while skip > 0 {
            let step = skip.min(PAGE);
            let passed = self.store.members(group, after.as_ref(), step).await?;
            skip -= step;
            let short = passed.len() < step;
            after = passed.into_iter().next_back().map(|member| member.user).or(after);
            if short {
                return self.members_outcome(group, Vec::new()).await;
            }
        }
        let page =
            if limit == 0 { Vec::new() } else { self.store.members(group, after.as_ref(), limit).await? };
        self.members_outcome(group, page).await
    }

    pub(crate) async fn members_outcome(
        &self,
        group: &GroupId,
        members: Vec<Member>,
    ) -> Result<Outcome, Failure> {
        Ok(Outcome::Members { group: Box::new(self.group(group).await?), members })
    }
}

pub(crate) fn check_named(users: &[UserId]) -> Result<(), Failure> {
    if users.is_empty() {
        return Err(bad("users is empty").into());
    }
    Ok(at_most("users", users.len(), limits::LIST_ITEMS)?)
}

/// Each user once, where he is named first.
pub(crate) fn without_repeats(users: Vec<UserId>) -> Vec<UserId> {
    let mut seen = HashSet::new();
    users.into_iter().filter(|user| seen.insert(user.folded())).collect()
}
