//! When administrators were logged out. Their tokens are not kept, so the time at which one was made says whether it is
//! still good.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use ringback_model::ids::UserId;
use ringback_model::record::{AdminLogout, Record, RecordKey};
use ringback_model::time::UnixMs;

/// The last logout of each administrator, as it is kept; there are as many as the settings name.
#[derive(Debug, Default)]
pub(crate) struct AdminLogouts {
    last: RwLock<HashMap<UserId, UnixMs>>,
}

impl AdminLogouts {
    /// Where the last logouts of these users are kept.
    pub(crate) fn keys<'a>(admins: impl Iterator<Item = &'a UserId>) -> Vec<RecordKey> {
        admins.map(RecordKey::admin_logout).collect()
    }

    /// Those that were kept.
    pub(crate) fn of(kept: Vec<Option<Record>>) -> Self {
        let logouts = Self::default();
        for record in kept.into_iter().flatten() {
            if let Record::AdminLogout(AdminLogout { user, at }) = record {
                logouts.note(user, at);
            }
        }
        logouts
    }

    /// One more, which is kept already.
    pub(crate) fn note(&self, user: UserId, at: UnixMs) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        let known = last.entry(user).or_insert(at);
        *known = at.max(*known);
    }

    /// Whether a token that was made then has ended. Tokens know whole seconds: those of the same second have.
    pub(crate) fn ended(&self, user: &UserId, issued_at: UnixMs) -> bool {
        self.last_of(user).is_some_and(|last| issued_at.seconds() <= last.seconds())
    }

    /// The time that a new token is to say: after the logout also where it is made in the same second.
    pub(crate) fn issued_at(&self, user: &UserId, now: UnixMs) -> UnixMs {
        match self.last_of(user) {
            Some(last) => now.max(UnixMs((last.seconds() + 1) * 1000)),
            None => now,
        }
    }

    fn last_of(&self, user: &UserId) -> Option<UnixMs> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).get(user).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_the_second_of_the_logout_has_ended_and_a_new_one_says_the_next() {
        let (root, other) = (UserId::parse("root").unwrap(), UserId::parse("other").unwrap());
        let kept = Record::AdminLogout(AdminLogout { user: root.clone(), at: UnixMs(5_300) });
        let logouts = AdminLogouts::of(vec![None, Some(kept)]);
        for (issued_at, ended) in [(4_999, true), (5_000, true), (5_999, true), (6_000, false)] {
            assert_eq!(logouts.ended(&root, UnixMs(issued_at)), ended, "{issued_at}");
            assert!(!logouts.ended(&other, UnixMs(issued_at)));
        }
        for (now, says) in [(5_301, 6_000), (5_999, 6_000), (6_000, 6_000), (7_200, 7_200)] {
            assert_eq!(logouts.issued_at(&root, UnixMs(now)), UnixMs(says));
            assert!(!logouts.ended(&root, logouts.issued_at(&root, UnixMs(now))));
        }
        logouts.note(root.clone(), UnixMs(4_000));
        assert!(logouts.ended(&root, UnixMs(5_000)), "an earlier one changes nothing");
    }
}
