//! What must hold before a commit is written. Only reads.

use ringback_model::commit::{Commit, CommitError, Require};
use ringback_model::hashing::FastSet;
use ringback_model::time::UnixMs;
use rusqlite::{Connection, OptionalExtension, Params};

use super::facts::{Facts, Key};
use super::sends::{self, Sends};
use super::sql::{Broken, Outcome};
use super::{directory, records};
use crate::shape::{self, SendKey};

/// Why a commit is not carried out.
pub(super) enum Stop {
    /// It may not be; nothing was written.
    Refused(Box<CommitError>),
    /// Reading or writing failed, perhaps halfway.
    Broken(Broken),
}

impl From<CommitError> for Stop {
    fn from(error: CommitError) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl<E: Into<Broken>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// What spares a check the tables.
pub(super) struct Memory<'a> {
    pub(super) sends: &'a Sends,
    pub(super) facts: &'a Facts,
    /// What the running transaction has changed: of this the facts do not know yet.
    pub(super) changed: &'a FastSet<Key>,
}

impl Memory<'_> {
    /// Whether a requirement holds, where that is known without the tables.
    fn allows(&self, requirement: &Require) -> Option<bool> {
        let key = Key::required_by(requirement)?;
        if self.changed.contains(&key) {
            return None;
        }
        self.facts.allow(&key, requirement)
    }
}

/// Checks shape, duplicates and requirements, in this order. Answers the hash of each event's key, where it has one.
pub(super) fn check(
    connection: &Connection,
    memory: &Memory<'_>,
    commit: &Commit,
    at: UnixMs,
) -> Result<Vec<Option<u64>>, Stop> {
    shape::check(commit).map_err(CommitError::from)?;
    let keys: Vec<_> = commit.events.iter().map(shape::send_key).collect();
    for key in keys.iter().flatten() {
        let candidates = memory.sends.candidates(key, at);
        if let Some(earlier) = sends::find(connection, &candidates, key, at)? {
            return Err(CommitError::Duplicate(earlier).into());
        }
    }
    for requirement in &commit.require {
        let holds = memory.allows(requirement).map_or_else(|| holds(connection, requirement), Ok)?;
        if !holds {
            return Err(CommitError::Broken(requirement.clone()).into());
        }
    }
    Ok(keys.iter().map(|key| key.as_ref().map(SendKey::hash)).collect())
}

fn holds(connection: &Connection, requirement: &Require) -> Outcome<bool> {
    let exists =
        |sql: &str, parameters: &[&str]| exists(connection, sql, rusqlite::params_from_iter(parameters));
    let is_user = |user: &str| exists("SELECT 1 FROM users WHERE folded = ?1", &[user]);
    let is_member = |group: &str, user: &str| {
        exists("SELECT 1 FROM members WHERE chat_group = ?1 AND user = ?2", &[group, user])
    };
    Ok(match requirement {
        Require::User(user) => is_user(&user.folded())?,
        Require::ActiveUser(user) => {
            directory::user(connection, user)?.is_some_and(|user| !user.standing.deactivated)
        }
        Require::NoUser(user) => !is_user(&user.folded())?,
        Require::LiveGroup(group) => {
            exists("SELECT 1 FROM chat_groups WHERE id = ?1 AND live = 1", &[group.as_str()])?
        }
        Require::NoGroup(group) => !exists("SELECT 1 FROM chat_groups WHERE id = ?1", &[group.as_str()])?,
        Require::InGroup(group, user) => is_member(group.as_str(), &user.folded())?,
        Require::NotInGroup(group, user) => !is_member(group.as_str(), &user.folded())?,
        Require::NotBlocked(owner, user) => {
            let sql = "SELECT 1 FROM blocks WHERE owner = ?1 AND blocked = ?2";
            !exists(sql, &[&owner.folded(), &user.folded()])?
        }
        Require::TokenValid(user, id) => {
            let sql = "SELECT 1 FROM tokens WHERE user = ?1 AND id = ?2 AND kicked = 0";
            exists(sql, &[&user.folded(), id])?
        }
        Require::Kept(key) => records::one(connection, key)?.is_some(),
        Require::NotKept(key) => records::one(connection, key)?.is_none(),
        Require::Unchanged(record) => records::one(connection, &record.key())?.as_ref() == Some(&**record),
        Require::SameGroup(group) => {
            let kept = directory::group(connection, &group.id)?;
            kept.is_some_and(|kept| shape::same_group(&kept, group))
        }
        Require::SameMember(member) => {
            directory::member(connection, &member.group, &member.user)?.as_ref() == Some(&**member)
        }
        Require::SameUser(user) => directory::user(connection, &user.id)?.as_ref() == Some(&**user),
        Require::NotListed(user, conversation) => {
            let sql = "SELECT 1 FROM views JOIN lanes ON lanes.id = lane_id WHERE user = ?1 AND key = ?2";
            !exists(sql, &[&user.folded(), &conversation.to_string()])?
        }
    })
}

fn exists(connection: &Connection, sql: &str, parameters: impl Params) -> Outcome<bool> {
    Ok(connection.prepare_cached(sql)?.query_row(parameters, |_| Ok(())).optional()?.is_some())
}
