//! What administrators forbid users: to log in, and to speak.

use std::time::Duration;

use ringback_model::command::{AccountOutcome, MuteFor, Outcome};
use ringback_model::commit::{Commit, CommitError, Require, Write};
use ringback_model::failure::{Failure, Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;
use ringback_model::presence::CutReason;
use ringback_model::record::{MutedUser, ONE_OWNER, Record, RecordKey, RecordKind};
use ringback_model::time::UnixMs;
use ringback_model::user::{Platform, Standing, User};

use super::only_ordinary;
use crate::tokens::PLATFORMS;
use crate::users::commit_failure;
use crate::{Im, at_most};

/// How long somebody is to be muted, kind by kind.
pub(super) struct Mutes {
    pub(super) to_users: MuteFor,
    pub(super) in_groups: MuteFor,
    pub(super) in_rooms: MuteFor,
}

impl Im {
    /// A user who is deactivated loses his tokens and connections with it.
    pub(super) async fn set_active(&self, user: &UserId, active: bool) -> Result<User, Failure> {
        let changed = self
            .change_standing(user, |im, user, standing, commit| {
                only_ordinary(im, user)?;
                if !active {
                    let kick = |platform| Write::KickTokens { user: user.id.clone(), platform, except: None };
                    commit.writes.extend(PLATFORMS.map(Platform).map(kick));
                }
                Ok(Standing { deactivated: !active, ..standing })
            })
            .await?;
        if !active {
            self.cut_everywhere(user);
        }
        Ok(changed)
    }

    pub(super) fn cut_everywhere(&self, user: &UserId) {
        for platform in PLATFORMS.map(Platform) {
            self.sessions.kick(user, platform, None, CutReason::Administrator);
        }
    }

    pub(super) async fn mute_account(&self, user: &UserId, mutes: Mutes) -> Result<Outcome, Failure> {
        let Mutes { to_users, in_groups, in_rooms } = mutes;
        self.change_standing(user, |_, user, standing, commit| {
            let now = commit.at;
            let standing = Standing {
                muted_to_users: until(standing.muted_to_users, to_users, now),
                muted_in_groups: until(standing.muted_in_groups, in_groups, now),
                muted_in_rooms: until(standing.muted_in_rooms, in_rooms, now),
                ..standing
            };
            let note = MutedUser { user: user.id.clone() };
            commit.writes.push(if standing.is_muted(now) {
                Write::Keep(Box::new(Record::MutedUser(note)))
            } else {
                Write::Discard(RecordKey::muted_user(&user.id))
            });
            Ok(standing)
        })
        .await?;
        Ok(Outcome::Done)
    }

    /// Decides anew where somebody has changed the user meanwhile, at most [`limits::DECISIONS`] times.
    async fn change_standing(
        &self,
        user: &UserId,
        change: impl Fn(&Self, &User, Standing, &mut Commit) -> Result<Standing, Refusal> + Send + Sync,
    ) -> Result<User, Failure> {
        let mut tries = 1;
        loop {
            let found = self.account(user).await?;
            let mut commit = Commit::at(self.clock.now());
            let standing = change(self, &found, found.standing, &mut commit)?;
            let changed = User { standing, ..found.clone() };
            let commit =
                commit.require(Require::SameUser(Box::new(found))).write(Write::PutUser(changed.clone()));
            match self.store.commit(commit).await {
                Ok(_) => return Ok(changed),
                Err(CommitError::Broken(_)) if tries < limits::DECISIONS => tries += 1,
                Err(error) => return Err(commit_failure(error)),
            }
        }
    }

    pub(super) async fn standing(&self, user: &UserId) -> Result<Outcome, Failure> {
        let found = self.account(user).await?;
        let users = vec![(found.id, found.standing)];
        let at = self.clock.now();
        Ok(Outcome::OfAccount(AccountOutcome::Standings { users, next: None, at }))
    }

    /// Those whose time is over are left out, so that a page may hold fewer than it could.
    pub(super) async fn muted_accounts(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Outcome, Failure> {
        at_most("a page", limit, limits::LIST_ITEMS)?;
        let after = after.map(UserId::folded).unwrap_or_default();
        let (kind, one_more) = (RecordKind::MutedUser, limit.saturating_add(1));
        let noted = self.store.records_of(kind, ONE_OWNER, &after, one_more).await?;
        let more = noted.len() > limit;
        let noted = noted.into_iter().take(limit).filter_map(|record| match record {
            Record::MutedUser(noted) => Some(noted.user),
            _ => None,
        });
        let ids: Vec<UserId> = noted.collect();
        let at = self.clock.now();
        let found = self.store.users(&ids).await?.into_iter().flatten();
        let muted = found.filter(|user| user.standing.is_muted(at));
        let users = muted.map(|user| (user.id, user.standing)).collect();
        let next = ids.into_iter().next_back().filter(|_| more);
        Ok(Outcome::OfAccount(AccountOutcome::Standings { users, next, at }))
    }
}

fn until(now_until: UnixMs, wanted: MuteFor, now: UnixMs) -> UnixMs {
    match wanted {
        MuteFor::Unchanged => now_until,
        MuteFor::Nothing => UnixMs(0),
        MuteFor::Seconds(seconds) => now.plus(Duration::from_secs(seconds)),
        MuteFor::Ever => Standing::FOR_EVER,
    }
}

/// One whom administrators do not let log in.
pub(crate) fn deactivated() -> Refusal {
    Refusal::new(RefusalCode::UserDeactivated, "user not activated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mute_counts_from_now_and_may_have_no_end() {
        let (before, now) = (UnixMs(77), UnixMs(1_000));
        for (wanted, expected) in [
            (MuteFor::Unchanged, before),
            (MuteFor::Nothing, UnixMs(0)),
            (MuteFor::Seconds(2), UnixMs(3_000)),
            (MuteFor::Seconds(u64::MAX), Standing::FOR_EVER),
            (MuteFor::Ever, Standing::FOR_EVER),
        ] {
            assert_eq!(until(before, wanted, now), expected, "{wanted:?}");
        }
    }
}
