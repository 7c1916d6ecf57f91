//! Groups and rooms, found by id.

use ringback_model::command::Outcome;
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::group::{Group, GroupKind, GroupStatus};
use ringback_model::ids::GroupId;
use ringback_model::limits;

use crate::{Im, at_most};

impl Im {
    pub(crate) async fn groups(&self, ids: &[GroupId]) -> Result<Outcome, Failure> {
        at_most("groupIDs", ids.len(), limits::LIST_ITEMS)?;
        Ok(Outcome::Groups(self.store.groups(ids).await?.into_iter().flatten().collect()))
    }

    /// A group or room, dismissed ones included.
    pub(crate) async fn group(&self, id: &GroupId) -> Result<Group, Failure> {
        let found = self.store.groups(std::slice::from_ref(id)).await?.into_iter().next().flatten();
        found.ok_or_else(|| unknown_group(id).into())
    }

    /// A group or room that was not dismissed.
    pub(crate) async fn live_group(&self, id: &GroupId) -> Result<Group, Failure> {
        let found = self.group(id).await?;
        if found.status == GroupStatus::Dismissed {
            let detail = format!("group {id} was dismissed");
            return Err(Refusal::new(RefusalCode::GroupDismissed, detail).into());
        }
        Ok(found)
    }

    /// A group, or a room, that was not dismissed.
    pub(crate) async fn live_one(&self, kind: GroupKind, id: &GroupId) -> Result<Group, Failure> {
        let found = self.live_group(id).await?;
        if found.kind == kind { Ok(found) } else { Err(unknown_group(id).into()) }
    }
}

pub(crate) fn unknown_group(id: &GroupId) -> Refusal {
    Refusal::new(RefusalCode::GroupNotFound, format!("group {id} does not exist"))
}

/// Whether so many more fit; a bound of 0 is none.
pub(crate) fn check_room_for(max_members: u32, there: u32, more: usize) -> Result<(), Refusal> {
    let wanted = usize::try_from(there).unwrap_or(usize::MAX).saturating_add(more);
    if max_members == 0 || wanted <= usize::try_from(max_members).unwrap_or(usize::MAX) {
        return Ok(());
    }
    let detail = format!("at most {max_members} members are allowed here, there would be {wanted}");
    Err(Refusal::new(RefusalCode::TooManyMembers, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_takes_as_many_as_it_says() {
        let cases = [
            (0, 0, 1000, true),
            (0, u32::MAX, 1, true),
            (3, 0, 3, true),
            (3, 0, 4, false),
            (3, 2, 1, true),
            (3, 2, 2, false),
            (3, 3, 0, true),
            (3, 3, 1, false),
            (1, u32::MAX, usize::MAX, false),
        ];
        for (most, there, more, fits) in cases {
            assert_eq!(check_room_for(most, there, more).is_ok(), fits, "{there} and {more} of {most}");
        }
    }
}
