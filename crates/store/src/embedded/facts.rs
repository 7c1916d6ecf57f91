//! What sends ask about users, blocks and groups, in memory: a send between people who talk needs no trip to the
//! tables.
//!
//! The writer keeps it right. What a transaction changed is forgotten after it became durable and before anybody is
//! told of it, so whoever was told meets nothing older. A reader's findings are taken in only where nothing was
//! forgotten since before it looked ([`Facts::versions`]); else it might bring back what has just gone.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringback_model::commit::{Require, Write};
use ringback_model::conversation::Target;
use ringback_model::group::{Group, GroupStatus, Member};
use ringback_model::ids::{GroupId, UserId};
use ringback_model::limits;
use ringback_model::ports::SendFacts;
use ringback_model::user::User;

/// Keys share so many versions: a change keeps one in so many readers from taking in what it found.
const VERSIONS: usize = 256;

/// What a fact is about. User ids are folded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    User(String),
    /// The first blocks the second.
    Block(String, String),
    Group(GroupId),
    Member(GroupId, String),
}

/// What the tables say; also that there is nothing.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    User(Option<User>),
    Block(bool),
    /// A group and all its members, by folded id.
    Group(Option<(Group, Arc<[UserId]>)>),
    Member(Option<Member>),
}

impl Key {
    /// What has to be known before a message is sent.
    pub(super) fn of_send(sender: &UserId, target: &Target) -> Vec<Self> {
        let sender = sender.folded();
        match target {
            Target::User(user) | Target::Notice(user) => {
                let user = user.folded();
                vec![Self::Block(user.clone(), sender.clone()), Self::User(user), Self::User(sender)]
            }
            Target::Group(group) | Target::Room(group) => {
                let membership = Self::Member(group.clone(), sender.clone());
                vec![Self::Group(group.clone()), membership, Self::User(sender)]
            }
        }
    }

    /// What a write changes of what is known here.
    pub(super) fn changed_by(write: &Write) -> Vec<Self> {
        let member = |group: &GroupId, user: &UserId| {
            vec![Self::Group(group.clone()), Self::Member(group.clone(), user.folded())]
        };
        match write {
            Write::PutUser(user) => vec![Self::User(user.id.folded())],
            Write::PutGroup(group) => vec![Self::Group(group.id.clone())],
            Write::PutMember(new) => member(&new.group, &new.user),
            Write::RemoveMember(group, user) => member(group, user),
            Write::PutBlock(block) => vec![Self::Block(block.owner.folded(), block.blocked.folded())],
            Write::RemoveBlock(owner, blocked) => vec![Self::Block(owner.folded(), blocked.folded())],
            Write::PutPassword { .. }
            | Write::PutToken(_)
            | Write::KickTokens { .. }
            | Write::MarkRead { .. } => Vec::new(),
        }
    }

    /// What a requirement is about, where that is kept here.
    pub(super) fn required_by(requirement: &Require) -> Option<Self> {
        Some(match requirement {
            Require::User(user) | Require::NoUser(user) => Self::User(user.folded()),
            Require::LiveGroup(group) | Require::NoGroup(group) => Self::Group(group.clone()),
            Require::InGroup(group, user) | Require::NotInGroup(group, user) => {
                Self::Member(group.clone(), user.folded())
            }
            Require::NotBlocked(owner, user) => Self::Block(owner.folded(), user.folded()),
            Require::TokenValid(..) => return None,
        })
    }
}

impl Fact {
    /// Whether a requirement about it holds.
    fn allows(&self, requirement: &Require) -> Option<bool> {
        Some(match (self, requirement) {
            (Self::User(user), Require::User(_)) => user.is_some(),
            (Self::User(user), Require::NoUser(_)) => user.is_none(),
            (Self::Group(group), Require::LiveGroup(_)) => {
                group.as_ref().is_some_and(|(group, _)| group.status != GroupStatus::Dismissed)
            }
            (Self::Group(group), Require::NoGroup(_)) => group.is_none(),
            (Self::Member(member), Require::InGroup(..)) => member.is_some(),
            (Self::Member(member), Require::NotInGroup(..)) => member.is_none(),
            (Self::Block(blocked), Require::NotBlocked(..)) => !blocked,
            _ => return None,
        })
    }

    /// Bytes that it holds in memory, roughly, its key included.
    fn weight(&self) -> usize {
        const FIXED: usize = 256;
        const PER_MEMBER: usize = 40;
        let texts = match self {
            Self::User(Some(user)) => user.nickname.len() + user.face_url.len() + user.ex.len(),
            Self::Group(Some((group, members))) => {
                let shown = group.name.len() + group.face_url.len() + group.ex.len();
                let told = group.notification.len() + group.introduction.len();
                shown + told + PER_MEMBER * members.len()
            }
            Self::Member(Some(member)) => {
                member.nickname.len() + member.face_url.len() + member.operator.len() + member.ex.len()
            }
            Self::User(None) | Self::Block(_) | Self::Group(None) | Self::Member(None) => 0,
        };
        FIXED + texts
    }
}

/// Puts together what was found about a send. `None` unless all of it was.
pub(super) fn assemble(target: &Target, found: Vec<Fact>) -> Option<SendFacts> {
    let mut facts = SendFacts::default();
    let mut users = Vec::with_capacity(2);
    for fact in found {
        match fact {
            Fact::User(user) => users.push(user),
            Fact::Block(blocked) => facts.blocked = blocked,
            Fact::Group(Some((group, members))) => {
                facts.group = Some(group);
                facts.members = members;
            }
            Fact::Group(None) => {}
            Fact::Member(member) => facts.membership = member,
        }
    }
    // The order of [`Key::of_send`]: the sender comes last.
    facts.sender = users.pop()?;
    match target {
        Target::User(_) | Target::Notice(_) => facts.recipient = users.pop()?,
        Target::Group(_) | Target::Room(_) if facts.group.is_none() => facts.membership = None,
        Target::Group(_) | Target::Room(_) => {}
    }
    Some(facts)
}

/// What is known.
pub(super) struct Facts {
    hasher: RandomState,
    /// Never held while the tables are asked.
    known: Mutex<Known>,
}

struct Known {
    facts: HashMap<Key, Fact>,
    /// What they weigh.
    bytes: usize,
    /// How often something of these keys was forgotten.
    versions: [u64; VERSIONS],
}

impl Default for Facts {
    fn default() -> Self {
        let known = Known { facts: HashMap::new(), bytes: 0, versions: [0; VERSIONS] };
        Self { hasher: RandomState::new(), known: Mutex::new(known) }
    }
}

impl Facts {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, key: &Key) -> usize {
        // The remainder is below the number of versions.
        usize::try_from(self.hasher.hash_one(key) % VERSIONS as u64).unwrap_or(0)
    }

    /// All of these, as they are at one moment; `None` where one is not known.
    pub(super) fn all(&self, keys: &[Key]) -> Option<Vec<Fact>> {
        let known = self.lock();
        keys.iter().map(|key| known.facts.get(key).cloned()).collect()
    }

    /// Whether a requirement holds, where that is known.
    pub(super) fn allow(&self, key: &Key, requirement: &Require) -> Option<bool> {
        self.lock().facts.get(key)?.allows(requirement)
    }

    /// To be asked before the tables are, for [`Self::take_in`].
    pub(super) fn versions(&self, keys: &[Key]) -> Vec<u64> {
        let places: Vec<_> = keys.iter().map(|key| self.place(key)).collect();
        let known = self.lock();
        places.into_iter().map(|place| known.versions[place]).collect()
    }

    /// Notes what the tables say. Where there is no room, everything else is forgotten: what is in use is soon back.
    pub(super) fn take_in(&self, keys: Vec<Key>, versions: &[u64], found: &[Fact]) {
        let mut dropped = HashMap::new();
        for ((key, version), fact) in keys.into_iter().zip(versions).zip(found) {
            let (place, weight) = (self.place(&key), fact.weight());
            let mut known = self.lock();
            if known.versions[place] != *version {
                continue;
            }
            if known.bytes + weight > limits::DIRECTORY_CACHE_BYTES {
                dropped = std::mem::take(&mut known.facts);
                known.bytes = 0;
            }
            known.bytes += weight;
            if let Some(before) = known.facts.insert(key, fact.clone()) {
                known.bytes -= before.weight();
            }
        }
        // Freed without the lock: there may be a hundred thousand of them.
        drop(dropped);
    }

    /// Forgets what was changed.
    pub(super) fn forget(&self, changed: impl Iterator<Item = Key>) {
        for key in changed {
            let place = self.place(&key);
            let known = &mut *self.lock();
            known.versions[place] += 1;
            if let Some(gone) = known.facts.remove(&key) {
                known.bytes -= gone.weight();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::time::UnixMs;
    use ringback_model::user::AccountLevel;

    use super::*;

    fn block(number: usize) -> Key {
        Key::Block(format!("owner-{number}"), "somebody".to_owned())
    }

    #[test]
    fn what_was_read_before_a_change_is_not_taken_in_after_it() {
        let facts = Facts::default();
        let key = || vec![block(1)];
        let before = facts.versions(&key());
        facts.take_in(key(), &before, &[Fact::Block(false)]);
        assert!(facts.all(&key()).is_some());
        facts.forget(key().into_iter());
        assert!(facts.all(&key()).is_none());
        facts.take_in(key(), &before, &[Fact::Block(false)]);
        assert!(facts.all(&key()).is_none(), "it is older than the change");
        facts.take_in(key(), &facts.versions(&key()), &[Fact::Block(true)]);
        let requirement = Require::NotBlocked(UserId::parse("a").unwrap(), UserId::parse("b").unwrap());
        assert_eq!(facts.allow(&block(1), &requirement), Some(false));
    }

    #[test]
    fn what_is_known_is_bounded_in_bytes() {
        let facts = Facts::default();
        let someone = Fact::User(Some(User {
            id: UserId::parse("someone").unwrap(),
            nickname: String::new(),
            face_url: String::new(),
            ex: "x".repeat(1024 * 1024),
            created_at: UnixMs(0),
            level: AccountLevel::ORDINARY,
            receive_option: 0,
        }));
        let (key, weight) = (|number: usize| Key::User(number.to_string()), someone.weight());
        let room = limits::DIRECTORY_CACHE_BYTES / weight;
        for number in 0..=room {
            let versions = facts.versions(&[key(number)]);
            // Twice: what replaces something weighs nothing more.
            for _ in 0..2 {
                facts.take_in(vec![key(number)], &versions, std::slice::from_ref(&someone));
            }
            let known = facts.lock();
            assert!(known.bytes <= limits::DIRECTORY_CACHE_BYTES);
            assert_eq!(known.bytes, known.facts.len() * weight);
        }
        assert!(facts.all(&[key(room)]).is_some(), "the newest is there");
        assert!(facts.all(&[key(0)]).is_none(), "the oldest made room");
        facts.forget((0..=room).map(key));
        assert_eq!(facts.lock().bytes, 0);
    }
}
